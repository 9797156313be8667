"""A fax machine that does as a script says, straight on the emulated line: no AT command, no T.30 session of ours.

The near end must do just what the script says: whatever else it says fails the scenario. When the script is over the
far end stays silent until the near end has hung up. `tests.scenarios.script` tells what a script may say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import anyio

from faxmodem.codec import hdlc
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.fcs import FCS_OCTETS, is_whole
from faxmodem.emulator.line import CarrierOff, CarrierOn, DataHeard, FrameHeard, Progress, Ring, Sound, Subscriber
from faxmodem.emulator.signals import Signal
from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import (
    ContinueToCorrect,
    EndOfRetransmission,
    PartialPage,
    PartialPageRequest,
    Record,
    StationId,
    encode,
)
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from tests.scenarios.blocks import RCPS, Incoming, Outgoing
from tests.scenarios.script import ACTIONS, Item, Turn, parse

PATIENCE_S: Final = 100.0
"For what the near end has to do next."
ANSWER_AFTER_S: Final = 2.0
DIAL_AFTER_S: Final = 2.0
"The near end is waiting for a ring by then."
PREAMBLE_S: Final = 1.0
PAUSE_S: Final = 0.075
"Between a signal of the near end and ours."
TCF_S: Final = 1.5
FLAGS_S: Final = 0.2
"Of flags before a block (T.4 (07/2003) §A.3.1)."
NAME: Final = "FAR END"

MODULATIONS: Final = {
    14400: Modulation.V17_14400,
    12000: Modulation.V17_12000,
    9600: Modulation.V29_9600,
    7200: Modulation.V29_7200,
    4800: Modulation.V27TER_4800,
    2400: Modulation.V27TER_2400,
}
FIELDS: Final = {
    Fcf.DIS: {"receives": 1, "rates": 0b1101, "fine_or_200": 1, "widths": 0b01, "lengths": 0b01, "scan_times": 7},
    Fcf.DCS: {"receives": 1, "fine_or_200": 1, "length": 0b01, "scan_time": 7},
}
"""What a DIS and a DCS usually say: V.17, V.29, V.27ter; 7.7 lines/mm; A3; any length; no minimum scan time. Of these
the DCS selects A4 at 7.7 lines/mm."""


class Deviation(Exception):
    """The near end did not do what the script says."""


class Station:
    """The far end of a call: `calls` or is called; has `pages` to send, and keeps those that it gets."""

    def __init__(
        self, end: Subscriber, script: Sequence[str], *, calls: str | None = None, pages: Sequence[Bitmap] = ()
    ) -> None:
        """`calls`: the number to dial; None: answer."""
        self.over = not script
        "The script has been played to its end."
        self.deviation = ""
        "What the near end did instead of what the script says."
        self.turn: Turn | None = None
        "The turn that is being, or was last, played."
        self._end = end
        self._clock = end.line.clock
        self._script = parse(script)
        self._forever = any(line.startswith("forever") for line in script)
        self._number = calls
        self._outgoing = Outgoing(pages)
        self._incoming = Incoming()
        self._rate = 14400
        "Of our own fast carriers."
        self._near_rate = 14400
        "What was agreed on for those of the near end."
        self._flags_s, self._rcps = FLAGS_S, RCPS
        self._waits = True
        "Before we say something we let the near end be silent."
        self._on = False
        "A carrier of the near end is on the line."
        self._sent: tuple[bytes, ...] = ()

    @property
    def received(self) -> list[Bitmap]:
        """The pages that came from the near end."""
        return self._incoming.pages

    async def run(self) -> None:
        """Play the script; how far it came is to be seen at `over` and `deviation`."""
        await self._connect()
        try:
            for turn in self._script:
                self.turn = turn
                await (self._hear(turn.items) if turn.near else self._say(turn.items))
            self.over = True
            while self._end.off_hook:
                await self._sound(math.inf)
        except Deviation as deviation:
            self.deviation = str(deviation)
        except _Cleared:
            self.over = self.over or self._forever
        finally:
            self._end.hang_up()

    async def _connect(self) -> None:
        if self._number is None:
            while not isinstance(await self._end.hear(), Ring):
                pass
            self._end.lift()
            await self._clock.sleep(ANSWER_AFTER_S)
            return
        await self._clock.sleep(DIAL_AFTER_S)
        self._end.lift()
        assert self._end.dial(self._number)
        while await self._end.hear() is not Progress.ANSWERED:
            pass

    # -- what the far end says

    async def _say(self, items: Sequence[Item]) -> None:
        frames: list[Item] = []
        for item in items:
            if item.name in ACTIONS:
                await self._send_frames(frames)
                await self._do(item)
            else:
                frames.append(item)
        await self._send_frames(frames)

    async def _do(self, item: Item) -> None:
        match item.name:
            case "nothing":
                await self._clock.sleep(float(item.words[0]))
            case "tone":
                with self._end.send(Signal.CED):
                    await self._clock.sleep(1.0)
            case "hangs-up":
                self._end.hang_up()
            case "flags":
                self._flags_s = float(item.words[0])
            case "one-RCP" | "no-RCP":
                self._rcps = 1 if item.name == "one-RCP" else 0
            case "at-once":
                self._waits = False
            case _:
                await self._send_data(item)

    async def _send_frames(self, items: list[Item]) -> None:
        """Send what there is in one transmission; its last frame, and no other, is final."""
        if not items:
            return
        frames = [self._compose(item, final=place == len(items)) for place, item in enumerate(items, 1)]
        items.clear()
        self._sent = tuple(frames)
        await self._silence()
        with self._end.send(Signal.V21) as carrier:
            await self._clock.sleep_until(carrier.begin + PREAMBLE_S)
            for frame in frames:
                await carrier.send_frame(frame)

    def _compose(self, item: Item, *, final: bool) -> bytes:
        if item.name == "RAW":
            return item.octets or b""
        fcf = item.fcf
        fif = encode(fcf, self._record(item, fcf)) if item.octets is None else item.octets
        x = self._number is not None and fcf is not Fcf.DIS
        frame = Frame(int(fcf) | int(x), fif, final)
        if fcf in (Fcf.MCF, Fcf.RTP, Fcf.PIP, Fcf.ERR):
            self._incoming.confirm()
        self._follow(frame)
        return frame.build()

    def _record(self, item: Item, fcf: Fcf) -> Record:
        """What the frame carries: what the script says, or what is right."""
        match fcf:
            case Fcf.DIS | Fcf.DTC | Fcf.DCS:
                return self._bits(item, fcf)
            case Fcf.PPS:
                return PartialPage(item.inner, *(map(int, item.words) if item.words else self._outgoing.told))
            case Fcf.EOR:
                return EndOfRetransmission(item.inner)
            case Fcf.CTC:
                self._rate = item.rate or self._rate
                return ContinueToCorrect.at(MODULATIONS[self._rate])
            case Fcf.PPR:
                wanted = frozenset(item.numbers())
                self._incoming.wants_again(wanted)
                return PartialPageRequest(wanted | self._incoming.beyond if wanted else wanted)
            case Fcf.CSI | Fcf.TSI | Fcf.CIG:
                return StationId(NAME if item.text is None else item.text)
            case _ if item.text is not None:
                return StationId(item.text)
            case _:
                return Frame.of(fcf).record()

    def _bits(self, item: Item, fcf: Fcf) -> Bits:
        said = {name: int(value or "1") for name, _, value in (word.partition("=") for word in item.words)}
        if fcf is not Fcf.DCS:
            return Bits.compose(BitsKind.CAPABILITIES, FIELDS[Fcf.DIS] | said)
        self._rate = item.rate or self._rate
        rate = {"rate": MODULATIONS[self._rate].dcs_bits}
        return Bits.compose(BitsKind.SELECTION, FIELDS[Fcf.DCS] | rate | said)

    def _follow(self, frame: Frame) -> None:
        """A DCS, ours or theirs: pages begin anew with it, and go on at its rate."""
        if frame.fcf is not Fcf.DCS or not isinstance(bits := frame.record(), Bits):
            return
        with suppress(RemoteProtocolError):  # it says what we could not do either; the near end is to refuse it
            parameters = Parameters.from_bits(bits)
            self._near_rate = parameters.modulation.rate_bps
            self._outgoing.begin(parameters)
            self._incoming.begin(parameters)

    async def _send_data(self, item: Item) -> None:
        self._rate = item.rate or self._rate
        match item.name:
            case "TCF":
                octets = bytes(int(TCF_S * self._rate / 8))
            case "block" | "long-block":
                burst = self._outgoing.burst(item, rcps=self._rcps)
                flags = round(self._flags_s * self._rate / 8)
                octets = hdlc.encode(burst, opening_flags=flags).octets if burst else hdlc.FLAG * flags
                self._flags_s, self._rcps = FLAGS_S, RCPS
            case _:
                octets = self._outgoing.page(rtc=item.name == "page")
        await self._silence()
        with self._end.send(_signal(self._rate, short=_trains_short(item))) as carrier:
            for begin in range(0, len(octets), self._rate // 40):
                await carrier.send_data(octets[begin : begin + self._rate // 40])

    async def _silence(self) -> None:
        """Let the near end stop, and a moment pass."""
        while self._on and self._waits:
            await self._sound()
        self._waits = True
        await self._clock.sleep(PAUSE_S)

    # -- what the near end says

    async def _hear(self, items: Sequence[Item]) -> None:
        for item in items:
            match item.name:
                case "nothing":
                    await self._hear_nothing(float(item.words[0]))
                case "hangs-up":
                    with suppress(_Cleared):
                        while True:
                            self._refuse(await self._sound(), "hanging up")
                    self._end.hang_up()
                case "TCF" | "page" | "block" | "long-block":
                    await self._hear_data(item)
                case _:
                    await self._hear_frame(item)

    async def _hear_nothing(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while True:
                sound = await self._sound()
                if isinstance(sound, CarrierOn) and not sound.carrier.signal.is_tone:
                    raise Deviation(f"the near end sent {sound.carrier.signal.title} instead of nothing")

    async def _hear_frame(self, item: Item) -> None:
        fcf = item.fcf
        while True:
            sound = await self._sound()
            if not isinstance(sound, FrameHeard) or not is_whole(sound.octets):
                continue
            octets = sound.octets[:-FCS_OCTETS]
            frame = Frame.parse(octets)
            if octets in self._sent or not (frame.final or frame.fcf is fcf):  # an echo, or TSI
                continue
            if frame.fcf is Fcf.DCN and self._forever:
                raise _Cleared
            if frame.fcf is not fcf or not self._is_meant(item, frame):
                raise Deviation(f"the near end sent {frame} instead of {item}")
            self._take(frame)
            return

    def _is_meant(self, item: Item, frame: Frame) -> bool:
        """True if a frame of the right kind says what the script wants it to say."""
        if item.octets is not None:
            return frame.fif == item.octets
        match record := frame.record():
            case PartialPageRequest(frames):
                block = range(self._outgoing.frames_due)
                return item.argument is None or sorted(frames & set(block)) == item.numbers()
            case PartialPage() | EndOfRetransmission():
                told = [record.page, record.block, record.frames] if isinstance(record, PartialPage) else []
                return record.command == item.inner and (not item.words or [*map(int, item.words)] == told)
            case ContinueToCorrect():
                return item.rate is None or record.modulation is MODULATIONS[item.rate]
            case StationId(text):
                return item.text is None or text == item.text
            case Bits():
                return all(_holds(record, word) for word in item.words)
            case _:
                return True

    def _take(self, frame: Frame) -> None:
        """Follow what a frame of the near end means for the pages."""
        self._follow(frame)
        self._outgoing.answered(frame.fcf)
        record = frame.record()
        if isinstance(record, PartialPage | EndOfRetransmission):
            self._incoming.told(record)
        elif isinstance(record, ContinueToCorrect) and record.modulation is not None:
            self._near_rate = record.modulation.rate_bps

    async def _hear_data(self, item: Item) -> None:
        data = bytearray()
        while not isinstance(sound := await self._sound(), CarrierOn) or sound.carrier.signal.modulation is None:
            self._refuse(sound, str(item))
        signal = sound.carrier.signal
        wanted = _signal(item.rate or self._near_rate, short=_trains_short(item))
        if signal is not wanted:
            raise Deviation(f"the near end sent {signal.title} instead of {item} in {wanted.title}")
        while not isinstance(sound := await self._sound(), CarrierOff):
            if isinstance(sound, DataHeard):
                data += sound.octets
        try:
            self._take_data(item, bytes(data), signal.rate_bps)
        except ValueError as error:
            raise Deviation(f"the near end sent {error}") from error

    def _take_data(self, item: Item, octets: bytes, rate_bps: int) -> None:
        match item.name:
            case "page":
                self._incoming.page(octets)
            case "TCF" if octets.strip(b"\xff") != bytes(int(TCF_S * rate_bps / 8)):
                raise ValueError(f"a TCF that is not {TCF_S} s of zeros")
            case "block" | "long-block":
                came = self._incoming.burst(octets)
                if item.words and came != item.numbers():
                    raise ValueError(f"the frames {came} instead of {item}")

    def _refuse(self, sound: Sound, awaited: str) -> None:
        if isinstance(sound, FrameHeard) and sound.octets[:-FCS_OCTETS] not in self._sent:
            raise Deviation(f"the near end sent {Frame.parse(sound.octets[:-FCS_OCTETS])} instead of {awaited}")

    async def _sound(self, patience_s: float = PATIENCE_S) -> Sound:
        """What is heard next. Raises `_Cleared` when the call is over."""
        with anyio.move_on_after(patience_s):
            sound = await self._end.hear()
            if sound is Progress.CLEARED:
                raise _Cleared
            if isinstance(sound, CarrierOn | CarrierOff) and not sound.carrier.signal.is_tone:
                self._on = isinstance(sound, CarrierOn)
            return sound
        raise Deviation(f"the near end was silent for {patience_s:.0f} s")


class _Cleared(Exception):
    """The near end has hung up, or the line is lost."""


def _holds(bits: Bits, word: str) -> bool:
    """True if "ecm" is set, "!ecm" is not, "scan_time=4" is 4."""
    name, _, value = word.removeprefix("!").partition("=")
    return bits[name] == int(value) if value else bool(bits[name]) is not word.startswith("!")


def _trains_short(item: Item) -> bool:
    return item.name not in ("TCF", "long-block")


def _signal(rate: int, *, short: bool) -> Signal:
    modulation = MODULATIONS[rate]
    kinds = [signal for signal in Signal if signal.modulation is modulation]
    return next((signal for signal in kinds if signal.is_short is short), kinds[0])
