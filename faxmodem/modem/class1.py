"""A Class 1 (or 1.0) modem at carrier level: each action of T.31 (08/95) §8.3 as one call.

What it says and how long it waits stands in the profile. What the telephone line does comes back as a value
(`Heard`) or as `CallFailed` and `LineDropped`; what the modem does wrong is a `ModemError`.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import Final

import anyio

from faxmodem.errors import LocalProtocolError, ModemError, ModemTimeout
from faxmodem.modem import recovery
from faxmodem.modem.at import DLE_ETX, Data, Result, ResultCode, stuff
from faxmodem.modem.at_modem import AtModem
from faxmodem.modem.base import Answering, CarrierModem, Heard, Link, ModemIdentity
from faxmodem.modem.dialogue import INTERMEDIATE, Busy
from faxmodem.modem.hdlc import MIN_FRAME, FrameMender
from faxmodem.modem.identify import RATE_CODES, identify
from faxmodem.modem.profile import Profile, Steps
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.streaming import stream
from faxmodem.modem.v34 import V34Link
from faxmodem.modem.verdicts import ANSWER_FAILURES, DIAL_FAILURES, check_call, check_on_line, on_hook
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Flow, Transport

V21_BPS: Final = 300
FINAL_BIT: Final = 0x10
"Of the control field: no other frame follows (T.30 (09/2005) §5.3.5)."
STALE_CARRIER_S: Final = 0.2
"""V.21 is known by eight flags, 0.21 s of it: a wrong carrier that is reported earlier was on the line before the
command, one that is reported later begins a frame, which a second try would miss."""
MAX_FRAME: Final = 1024
"Octets that are kept of a received frame; T.30 has none longer than some 95 on V.21."

BLOCK_PREAMBLE_S: Final = 0.2
"Flags before the first frame of a block (T.4 (07/2003) Annex A)."

SEND_FRAMES: Final = "AT+FTH=3"
RECEIVE_FRAME: Final = "AT+FRH=3"
AWAIT_SILENCE: Final = "AT+FRS="


class _Last(Enum):
    """What the modem did last on the line: it decides which silence the next signal needs."""

    NOTHING = auto()
    RECEIVED = auto()
    SENT_FRAMES = auto()
    SENT_DATA = auto()


class _Implied(Enum):
    """An action that the modem has begun without being told."""

    SEND_FRAMES = auto()
    "After ATA and its CONNECT: flags go out."
    RECEIVE_FRAME = auto()
    "After ATD and its CONNECT: flags came."
    AWAIT_FRAME = auto()
    "After +FRH:3: its CONNECT is still to come (T.31 (08/95) §8.5.1)."


class Class1Modem(AtModem, CarrierModem):
    """`CarrierModem` over a transport, as its profile says."""

    CLASSES = ("1.0", "1")

    def __init__(self, transport: Transport, profile: Profile, service_class: str | None = None) -> None:
        super().__init__(transport, profile, service_class)
        self._mender = FrameMender()
        self._last = _Last.NOTHING
        self._implied: _Implied | None = None
        self._v34: V34Link | None = None

    @property
    def primary_rate_bps(self) -> int:
        """The rate of V.34's primary channel that the modem reported last in this call or the last one; 0 if none."""
        return self._v34.primary_rate_bps if self._v34 is not None else 0

    # Set-up and call control

    async def set_up(self) -> ModemIdentity:
        """Find, reset, configure and identify the modem. Raises `ModemError` if it has no Class 1."""
        self._implied = None
        await self._configure()
        identity = await identify(self._dialogue, v34=self.service_class == "1.0")
        self._identity = replace(identity, tells_late_s=self._profile.measure(Quirk.LATE_FLAGS))
        return self._identity

    async def dial(self, number: str) -> Link:
        """Call `number`; returns when the far end's V.21 carrier is there. "": the call has been dialled already."""
        command = await self._dial_command(number)
        self._off_hook = True
        self._last = _Last.RECEIVED
        await self._dialogue.write(command, Busy.RECEIVE, data_follow=True)
        result = await self._await_link(self._timing.dial_s)
        if result.code is ResultCode.OK and self._may_go_on_without_v34():
            return Link.V21  # off hook, and to be told to receive
        check_call(DIAL_FAILURES, result)
        if self._v34 is not None:
            return Link.V34
        if result.code is ResultCode.CONNECT:
            self._implied = _Implied.RECEIVE_FRAME
        # else +FCERROR: someone is there, with another carrier for now
        return Link.V21

    async def answer(self) -> Link:
        """Take the call; returns when the modem sends flags, ready for the first frame."""
        picked_up, self._picked_up = self._picked_up, None
        self._last = _Last.NOTHING
        if picked_up is Answering.SILENT:
            self._v34 = None
            return Link.V21  # off hook, and to be told to send
        if picked_up is None:
            await self.settle()
            self._off_hook = True
            await self._dialogue.write(self._profile.at.answer, Busy.RECEIVE)
        result = await self._await_link(self._timing.answer_s)
        check_call(ANSWER_FAILURES, result)
        if self._v34 is not None:
            return Link.V34
        if result.code is ResultCode.CONNECT:
            self._dialogue.busy = Busy.TRANSMIT
            self._implied = _Implied.SEND_FRAMES
            self._last = _Last.SENT_FRAMES
        # else OK: off hook, and to be told to send
        return Link.V21

    async def _pick_up_silently(self) -> None:
        check_call(ANSWER_FAILURES, (await self._dialogue.ask(self._profile.at.off_hook)).result)

    async def _await_link(self, within_s: float) -> Result:
        """The result that a call's set-up ends with; before it a modem with V.34 says if it has come to that."""
        self._v34 = None
        result = await self._dialogue.result(within_s, skip={ResultCode.FAX})
        if result.code is not ResultCode.V34:
            return result
        rates = result.text
        result = await self._dialogue.result(within_s, skip={ResultCode.FAX, ResultCode.V34})
        if result.code is ResultCode.CONNECT:
            self._v34 = V34Link(self._dialogue, rates)
        return result

    async def hang_up(self) -> None:
        """Leave the modem on hook, whatever it was doing. Raises `ModemTimeout` if it cannot be reached."""
        self._implied = None
        if self._v34 is not None:
            self._v34.end("hung up")
        await super().hang_up()

    def _may_go_on_without_v34(self) -> bool:
        return Modulation.V34 in self._identity.transmits and self._profile.has(Quirk.OK_MEANS_NO_V34)

    # Frames

    async def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send frames in one V.21 transmission, after the silence that the last action makes necessary."""
        _check_frames(frames)
        if self._v34 is not None:
            await self._v34.send_frames(frames)
            return
        if not self._take_over(_Implied.SEND_FRAMES):
            await self.settle()
            await self._keep_silent(self._silence_before_frames(frames[0]))
            self._last = _Last.SENT_FRAMES
            await self._start_sending(SEND_FRAMES)
        for position, frame in enumerate(frames):
            await self._dialogue.send(stuff(frame) + DLE_ETX)
            result = await self._dialogue.result(self._timing.frame_s + len(frame) * 10 / V21_BPS)
            check_on_line(SEND_FRAMES, result)
            if result.code is ResultCode.OK and position + 1 < len(frames):
                await self._start_sending(SEND_FRAMES)  # it dropped the carrier between two frames

    async def receive_frame(self, on_flags: Callable[[], None] = lambda: None) -> bytes | Heard:
        """Listen for the next V.21 frame; `on_flags` is called as soon as flags are heard."""
        if self._v34 is not None:
            return await self._v34.receive_frame(on_flags)
        result = await self._start_receiving_frame()
        octets = b""
        if result.code is ResultCode.CONNECT:
            on_flags()
            octets, result = await self._collect_frame(on_flags)
            if result.code is ResultCode.NO_CARRIER and self._profile.has(Quirk.CONNECT_ON_ANY_CARRIER):
                result = Result(ResultCode.FCERROR, result.text)
        if octets:
            return self._mender.mend(octets, trusted=result.code is ResultCode.OK) or Heard.DAMAGED
        await anyio.sleep(self._timing.retry_pause_s)  # so that who asks again at once leaves the modem time to listen
        return Heard.WRONG_CARRIER if result.code is ResultCode.FCERROR else Heard.NO_CARRIER

    async def _start_receiving_frame(self) -> Result:
        """Give +FRH=3, if the modem is not at it already, and await its first result."""
        if self._take_over(_Implied.RECEIVE_FRAME):
            return Result(ResultCode.CONNECT, "CONNECT")
        if self._take_over(_Implied.AWAIT_FRAME):
            return await self._await_carrier()
        await self.settle()
        self._last = _Last.RECEIVED
        for _ in range(self._profile.retries.on_hook + 1):
            await self._dialogue.write(RECEIVE_FRAME, Busy.RECEIVE, data_follow=True)
            result = await self._await_carrier()
            if result.code is not ResultCode.ERROR:
                return result
            await anyio.sleep(self._timing.retry_pause_s)
        raise on_hook(RECEIVE_FRAME, result)

    async def _await_carrier(self) -> Result:
        return await self._dialogue.result(self._timing.carrier_s, skip={ResultCode.FRH_3})

    async def _collect_frame(self, on_flags: Callable[[], None]) -> tuple[bytes, Result]:
        """Read the octets after CONNECT, and the modem's verdict; NO CARRIER if it gives none.

        Some modems say nothing when a carrier breaks off, and CONNECT again when the next one comes.
        """
        octets = bytearray()
        with anyio.move_on_after(self._timing.frame_s) as patience:
            while True:
                event = await self._dialogue.event(None)
                if isinstance(event, Data):
                    octets += event.data[: MAX_FRAME - len(octets)]
                elif isinstance(event, Result) and event.code is ResultCode.CONNECT:
                    octets.clear()
                    patience.deadline = anyio.current_time() + self._timing.frame_s
                    on_flags()
                elif isinstance(event, Result) and event.code not in INTERMEDIATE:
                    return bytes(octets), event
        await self.settle()
        return bytes(octets), Result(ResultCode.NO_CARRIER, "nothing")

    # Data

    async def send_data(
        self,
        modulation: Modulation,
        data: bytes,
        *,
        short: bool = False,
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        """Train, send `data` and drop the carrier; returns when the modem has sent everything."""
        self._check_link(modulation, block=False)
        command = f"AT+FTM={RATE_CODES[modulation][short]}"
        await self.settle()
        await self._keep_silent(self._silence_before_data())
        self._last = _Last.SENT_DATA
        await self._start_sending(command)
        await anyio.sleep(self._profile.measure(Quirk.EARLY_CONNECT))
        begun = anyio.current_time()
        await self._dialogue.set_flow(self._profile.flow.while_sending)
        octets_per_s = modulation.rate_bps / 8
        until = partial(self._dialogue.result, None, skip=INTERMEDIATE)
        result, sent = await stream(self._dialogue, data, octets_per_s, on_progress, until=until, ending=DLE_ETX)
        if result is None:
            left_s = max(0.0, begun + len(data) / octets_per_s - anyio.current_time())
            result = await self._dialogue.result(left_s + self._timing.sent_ok_s, skip=INTERMEDIATE)
        await self._dialogue.set_flow(Flow.NONE)  # not before: it also holds back what still waits in the port
        check_on_line(command, result)
        if sent < len(data):
            raise ModemError(f"the modem ended {command} with {result.text} after {sent} of {len(data)} octets")

    async def receive_data(
        self, modulation: Modulation, on_data: Callable[[bytes], None], *, short: bool = False
    ) -> Heard:
        """Wait for a carrier of `modulation` and hand its data to `on_data` in pieces; returns why they ended."""
        self._check_link(modulation, block=False)
        await self.settle()
        self._last = _Last.RECEIVED
        result = await self._start_receiving_data(f"AT+FRM={RATE_CODES[modulation][short]}")
        while result.code is ResultCode.CONNECT:
            try:
                event = await self._dialogue.event(self._timing.data_gap_s)
            except ModemTimeout:  # the carrier went away and the modem did not notice
                await self.settle()
                break
            if isinstance(event, Data):
                on_data(event.data)
            elif isinstance(event, Result) and event.code not in INTERMEDIATE:
                result = event
        wrong = result.code in (ResultCode.FCERROR, ResultCode.FRH_3, ResultCode.ERROR)
        return Heard.WRONG_CARRIER if wrong else Heard.NO_CARRIER

    async def _start_receiving_data(self, command: str) -> Result:
        """Give +FRM until it does not find the wrong carrier, or has found it often enough."""
        tries_left = self._profile.retries.wrong_carrier
        while True:
            await self._dialogue.write(command, Busy.RECEIVE, data_follow=True)
            asked_at = anyio.current_time()
            result = await self._await_training()
            if result.code is ResultCode.FRH_3:
                self._implied = _Implied.AWAIT_FRAME
            stale = result.code is ResultCode.FCERROR and anyio.current_time() - asked_at <= STALE_CARRIER_S
            if not stale or tries_left == 0:
                return result
            tries_left -= 1
            await self._keep_silent(self._profile.silence.before_retry)

    async def _await_training(self) -> Result:
        """The first result of +FRM; +FCERROR where none comes that would tell another carrier from none."""
        patience_s = self._profile.measure(Quirk.FRM_SILENT)
        try:
            return await self._dialogue.result(patience_s or self._timing.carrier_s)
        except ModemTimeout:
            if not patience_s:
                raise
        await self.settle()
        return Result(ResultCode.FCERROR, "nothing")

    # Blocks

    async def send_block(
        self,
        modulation: Modulation,
        frames: Sequence[bytes],
        *,
        short: bool = False,
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        """Train, send `frames` as HDLC on the message channel and drop the carrier, as `send_data` does."""
        self._check_link(modulation, block=True)
        if self._v34 is not None:
            await self._v34.send_block(frames, on_progress)
            return
        from faxmodem.codec import hdlc  # here, because it needs numpy

        # Whole before CONNECT: a modem that has to wait ends the transmission.
        block = hdlc.encode(frames, opening_flags=math.ceil(BLOCK_PREAMBLE_S * modulation.rate_bps / 8))
        await self.send_data(
            modulation,
            block.octets,
            short=short,
            on_progress=lambda sent: on_progress(bisect_right(block.frame_ends, sent)),
        )

    async def receive_block(
        self,
        modulation: Modulation,
        on_frame: Callable[[bytes | None], None],
        *,
        short: bool = False,
        on_carrier: Callable[[], None] = lambda: None,
    ) -> Heard:
        """Wait for a carrier of `modulation` and hand each frame on it to `on_frame`, as `receive_data` does data.

        Flags may come for as long as the sender likes, before and between the frames.
        """
        self._check_link(modulation, block=True)
        if self._v34 is not None:
            return await self._v34.receive_block(on_frame, on_carrier)
        from faxmodem.codec import hdlc  # here, because it needs numpy

        decoder = hdlc.Decoder()
        begun = False

        def on_data(octets: bytes) -> None:
            nonlocal begun
            if not begun:
                begun = True
                on_carrier()
            for frame in decoder.feed(octets):
                on_frame(frame)

        return await self.receive_data(modulation, on_data, short=short)

    # V.34

    async def slow_down(self) -> None:
        """Have the modems settle on a lower rate: by a quarter, as V.17's steps are about."""
        await self.limit_primary_rate(self.primary_rate_bps * 3 // 4)

    async def limit_primary_rate(self, rate_bps: int) -> None:
        """Have the modems settle on at most `rate_bps` for the blocks to come, when the line does not bear the rate."""
        self._check_link(Modulation.V34, block=True)
        if self._v34 is not None:
            await self._v34.limit_rate(rate_bps)

    def _check_link(self, modulation: Modulation, *, block: bool) -> None:
        """Raises `LocalProtocolError` for what cannot cross the link that the modems have agreed on."""
        if self._v34 is not None and not (block and modulation is Modulation.V34):
            raise LocalProtocolError(f"a V.34 link carries blocks on its primary channel, not {modulation} by itself")
        if self._v34 is None and modulation is Modulation.V34:
            raise LocalProtocolError("the link is not V.34: dial or answer gave another one")

    # Between the actions

    async def settle(self) -> None:
        """Bring the modem to command state if a cancelled action has left it elsewhere, as each action does itself."""
        self._implied = None
        await recovery.settle(self._dialogue)

    def _take_over(self, implied: _Implied) -> bool:
        """Whether the modem is at this action already; from now on it is the caller's."""
        if self._implied is not implied:
            return False
        self._implied = None
        return True

    async def _start_sending(self, command: str) -> None:
        """Give +FTH or +FTM and await CONNECT."""
        for _ in range(self._profile.retries.on_hook + 1):
            await self._dialogue.write(command, Busy.TRANSMIT)
            result = await self._dialogue.result(self._timing.transmit_connect_s)
            if result.code is ResultCode.CONNECT:
                return
            if result.code is not ResultCode.ERROR:
                break
            await anyio.sleep(self._timing.retry_pause_s)
        raise on_hook(command, result)

    async def _keep_silent(self, steps: Steps) -> None:
        """Make or await a silence. Where the modem does neither, a pause of ours has to do."""
        for step in steps:
            if step.command is not None and not await self._has_silence(step.command):
                await anyio.sleep(_silence_s(step.command))
            await anyio.sleep(step.pause_s)

    async def _has_silence(self, command: str) -> bool:
        """Whether the modem makes or awaits a silence; on a noisy line, where there is none, it is done without."""
        if command.startswith(AWAIT_SILENCE) and self._profile.has(Quirk.FRS_RESETS):
            return False
        await self._dialogue.write(command, Busy.RECEIVE)
        try:
            result = await self._dialogue.result(self._timing.silence_s)
        except ModemTimeout:
            await self.settle()
            return True
        return result.code is not ResultCode.ERROR

    def _silence_before_data(self) -> Steps:
        silence = self._profile.silence
        return silence.after_receiving if self._last is _Last.RECEIVED else silence.before_data

    def _silence_before_frames(self, first: bytes) -> Steps:
        silence = self._profile.silence
        if self._last is _Last.NOTHING:
            return ()
        if self._last is _Last.RECEIVED:
            return silence.after_receiving
        eop = Fcf.of(first[2]) in (Fcf.EOP, Fcf.PRI_EOP)
        return silence.before_eop if eop else silence.before_frames


def _silence_s(command: str) -> float:
    """How long a silence is that a command makes or awaits; 0 for any other command."""
    units = re.fullmatch(r"AT\+F[TR]S=(\d+)", command)
    return int(units[1]) * 0.01 if units else 0.0


def _check_frames(frames: Sequence[bytes]) -> None:
    """Raises `LocalProtocolError` unless exactly the last frame says that it is the last."""
    finals = [len(frame) >= MIN_FRAME and bool(frame[1] & FINAL_BIT) for frame in frames]
    if not finals or any(finals[:-1]) or not finals[-1] or any(len(frame) < MIN_FRAME for frame in frames):
        shown = ", ".join(frame.hex(" ") for frame in frames) or "none"
        raise LocalProtocolError(
            f"of the frames of a transmission the last, and no other, must be final; these are {shown}"
        )
