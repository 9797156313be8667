"""What a session commands that is not about pages: the call, frames and their reports, training."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import checkpoint

from faxmodem.call.desk import Actions, Desk
from faxmodem.codec.fcs import REVERSED
from faxmodem.emulator.class2.codes import ABORTED, CANNOT_POLL, LATE_RECEPTION
from faxmodem.emulator.class2.dialect import CLASS_2, PPR_CODES, is_wanted, report
from faxmodem.emulator.class2.floor import Go
from faxmodem.emulator.class2.front_end import signal_for
from faxmodem.emulator.class2.negotiation import agree
from faxmodem.errors import RemoteProtocolError
from faxmodem.modem.base import Heard
from faxmodem.modem.class2 import subparameters as sub
from faxmodem.modem.quirks import Quirk
from faxmodem.t30 import events, tcf
from faxmodem.t30.bits import Bits
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.fcf import X_BIT, Fcf
from faxmodem.t30.fif import EndOfRetransmission, PartialPage
from faxmodem.t30.frames import Frame
from faxmodem.t30.line_time import SILENCE_S
from faxmodem.t30.procedure import bits_of

if TYPE_CHECKING:
    from faxmodem.emulator.class2.session import FaxSession

log = logging.getLogger("faxmodem.emulator")

AFTER_HOLDING_S: Final = 0.25
"How long the line must be quiet before a frame that waited for the DTE: more than lies between DCS and TCF."

FRAMES_REVERSED: Final = 2
"The bit of +FBOR that is for frames; the other one is for pages."

_HEARD: Final[Mapping[Heard, events.Event]] = {
    Heard.DAMAGED: events.FrameDamaged(),
    Heard.NO_CARRIER: events.NoCarrier(),
    Heard.WRONG_CARRIER: events.WrongCarrier(),
}
_COMMANDS: Final = (Fcf.MPS, Fcf.EOM, Fcf.EOP, Fcf.PRI_MPS, Fcf.PRI_EOM, Fcf.PRI_EOP)
_NON_STANDARD: Final = {Fcf.DIS: Fcf.NSF, Fcf.DTC: Fcf.NSC, Fcf.DCS: Fcf.NSS}


class Signalling:
    """Carries out what is neither about sending nor about receiving pages."""

    def __init__(self, session: FaxSession, desk: Desk) -> None:
        self._session = session
        self._desk = desk
        self._told_connection = False

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {
            events.Dial: self.dial,
            events.Answer: self.answer,
            events.SendFrames: self.send_frames,
            events.Listen: self.listen,
            events.Choose: self.choose,
            events.SendTraining: self.send_training,
            events.ReceiveTraining: self.receive_training,
            events.HangUp: self.hang_up,
        }

    async def dial(self, command: events.Dial) -> events.Event:
        """Call the far end."""
        await self._session.front.dial(command.number)
        self._tell_connection()
        return events.CallConnected()

    async def answer(self, _command: events.Answer) -> events.Event:
        """Take the call."""
        await self._session.front.answer()
        return events.CallConnected()

    async def hang_up(self, _command: events.HangUp) -> events.Event:
        """Go on hook."""
        self._session.front.hang_up()
        return events.HungUp()

    def _tell_connection(self) -> None:
        if not self._told_connection:
            self._told_connection = True
            self._session.floor.say(self._session.dialect.connected)
            if not self._session.settings.calling:
                self._session.core.lock_rate(Quirk.RATE_LOCKED_ON_ANSWER)
                self._session.core.dte.follow_baud()

    # -- frames out

    async def send_frames(self, command: events.SendFrames) -> events.Event:
        """Send frames in one transmission; DCS and CFR wait for the DTE to say that it is ready for pages."""
        session = self._session
        await checkpoint()
        session.front.check()
        last = command.frames[-1].fcf
        held = False
        if last is Fcf.DCS:
            held = await session.need(Go.SEND, late=ABORTED)
        elif last is Fcf.CFR:
            held = await session.need(Go.RECEIVE, late=LATE_RECEPTION)
        elif last is Fcf.DTC and session.core.settings.has(Quirk.POLLING_BROKEN):
            await session.give_up(CANNOT_POLL)
        frames = self._with_non_standard(command.frames)
        for frame in frames:
            self._debug("+FHT", frame)
        if last is Fcf.DCS:
            self._report(frames[-1])
        if last is not Fcf.MCF or not self._never_confirms():
            built = [frame.build() for frame in frames]
            await session.front.send_frames(built, after_s=AFTER_HOLDING_S if held else SILENCE_S)
        if last is Fcf.CFR:
            session.floor.say("+FCFR")
        return events.Sent()

    def _with_non_standard(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """The frames, and before a DIS, DTC or DCS what +FNS says."""
        octets, fcf = self._session.parameters.non_standard, frames[-1].fcf
        if not octets or fcf not in _NON_STANDARD:
            return frames
        x_bit = frames[-1].code & X_BIT if fcf is Fcf.DCS else 0
        return (Frame(_NON_STANDARD[fcf] | x_bit, octets, final=False), *frames)

    def _never_confirms(self) -> bool:
        """Error correction that is claimed only: what comes with it is never confirmed."""
        session = self._session
        return session.core.settings.has(Quirk.NO_ECM) and session.parameters.current.ec > 0

    # -- frames in

    async def listen(self, _command: events.Listen) -> events.Event:
        """Await one frame, and report it."""
        heard = await self._session.front.receive_frame(self._on_flags)
        if isinstance(heard, Heard):
            return _HEARD[heard]
        try:
            frame = Frame.parse(heard)
            self._take_note(frame)
        except RemoteProtocolError as error:
            log.debug("%s", error)
            return events.FrameDamaged()
        return events.FrameReceived(frame)

    def _on_flags(self) -> None:
        self._tell_connection()
        self._desk.note(events.FlagsHeard())

    def _take_note(self, frame: Frame) -> None:
        session = self._session
        self._tell_connection()
        self._debug("+FHR", frame)
        self._report(frame)
        record = frame.record()
        if frame.fcf in (Fcf.DIS, Fcf.DTC) and isinstance(record, Bits):
            session.remote = Capabilities.from_bits(record)
            if session.remote.has_document and session.settings.calling:
                session.floor.say(session.dialect.polled)
        elif frame.fcf in PPR_CODES:
            session.response = PPR_CODES[frame.fcf]
        elif frame.fcf in _COMMANDS:
            session.command = frame.fcf
        elif isinstance(record, PartialPage | EndOfRetransmission) and record.command:
            session.command = Fcf(record.command)

    # -- reports

    def _report(self, frame: Frame) -> None:
        session = self._session
        parameters = session.parameters
        if frame.fcf is Fcf.DCS:
            chosen = Parameters.from_bits(bits_of(frame))
            parameters.current = sub.of_parameters(chosen, session.service_class)
        if session.dialect is not CLASS_2 and not is_wanted(
            frame, parameters.values("+FNR"), parameters.values("+FAP")
        ):
            return
        if frame.fcf in _NON_STANDARD.values():
            frame = replace(frame, fif=self._ordered(frame.fif))
        text = report(session.dialect, session.service_class, frame)
        if text is not None:
            session.floor.say(text)

    def _debug(self, name: str, frame: Frame) -> None:
        session = self._session
        if session.parameters[session.dialect.frame_reports]:
            session.floor.say(f"{name}:{self._ordered(frame.build()).hex(' ').upper()}")

    def _ordered(self, octets: bytes) -> bytes:
        """Octets of frames in the order of bits that +FBOR or +FBO asks for."""
        reverses = self._session.parameters[self._session.dialect.bit_order] & FRAMES_REVERSED
        return octets.translate(REVERSED) if reverses else octets

    # -- phase B

    async def choose(self, command: events.Choose) -> events.Event:
        """Wait for +FDT, and agree on what it and +FDIS say."""
        session = self._session
        await session.need(Go.SEND, late=ABORTED)
        if session.remote is None:
            return events.Chosen(command.candidates[0])
        parameters, session.parameters.current = agree(
            session.parameters.session, session.remote, session.service_class, session.settings
        )
        return events.Chosen(parameters)

    async def send_training(self, command: events.SendTraining) -> events.Event:
        """Send a TCF."""
        front = self._session.front
        await front.quiet()
        with front.sending(signal_for(command.modulation)) as carrier:
            await carrier.send_data(bytes(tcf.tcf_octets(command.modulation)))
            await front.turn_off(carrier)
        return events.Sent()

    async def receive_training(self, command: events.ReceiveTraining) -> events.Event:
        """Receive and judge a TCF. Before that the DTE learns that the far end has said what it will send."""
        session, data = self._session, bytearray()
        session.document_begins()
        failed = await session.front.await_training(signal_for(command.modulation))
        if failed is not None:
            return _HEARD[failed]
        with anyio.CancelScope() as enough:

            def collect(piece: bytes) -> None:
                if not data:
                    self._desk.note(events.Moved())
                data.extend(piece)
                if len(data) > tcf.MAX_OCTETS:
                    enough.cancel()

            await session.front.receive_data(collect)
        return events.TrainingReceived(tcf.is_good(bytes(data), command.modulation, ecm=command.ecm))
