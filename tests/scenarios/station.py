"""A fax machine that does as a script says, straight on the emulated line: no AT command, no T.30 session of ours.

A script is a list of lines, each a list of turns divided by ";". A turn is who (`near`: the stack under test, `far`:
this machine) and what it says in one go:

    "near DCS TCF@14400; far FTT"
    "6x near DCS TCF; far FTT"              # the line, six times
    "forever far DCS TCF; near CFR"         # until the near end leaves

    DCS  DIS(00 6e 7a)  RAW(ff 13)          a frame, with its FIF in link order; RAW: any octets
    TCF  page                               what a fast carrier brings; @14400: at this rate
    page-without-RTC
    tone                                    1 s of 2100 Hz
    nothing(5)                              silence for 5 s
    hangs-up

The near end must do just what the script says: whatever else it says fails the scenario. When the script is over the
far end stays silent until the near end has hung up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import anyio

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.emulator.hdlc import FCS_OCTETS, is_whole
from faxmodem.emulator.line import CarrierOff, CarrierOn, DataHeard, FrameHeard, Progress, Ring, Sound, Subscriber
from faxmodem.emulator.signals import Signal
from faxmodem.t30.bits import Bits
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation

PATIENCE_S: Final = 100.0
"For what the near end has to do next."
ANSWER_AFTER_S: Final = 2.0
DIAL_AFTER_S: Final = 2.0
"The near end is waiting for a ring by then."
PREAMBLE_S: Final = 1.0
PAUSE_S: Final = 0.075
"Between a signal of the near end and ours."
TCF_S: Final = 1.5
STATION_ID: Final = b"DNE RAF".ljust(20)
"As it lies in a FIF: the last character first (T.30 (09/2005) §5.3.6.2.4)."

RATE_BITS: Final = {14400: 0x20, 12000: 0x28, 9600: 0x04, 7200: 0x0C, 4800: 0x08, 2400: 0x00}
"Bits 11 to 14 of a DCS, as they lie in its second octet in link order (T.30 (09/2005) table 2)."
MODULATIONS: Final = {
    14400: Modulation.V17_14400,
    12000: Modulation.V17_12000,
    9600: Modulation.V29_9600,
    7200: Modulation.V29_7200,
    4800: Modulation.V27TER_4800,
    2400: Modulation.V27TER_2400,
}
DIS: Final = bytes.fromhex("00 6e 7a")
"V.17, V.29, V.27ter; 7.7 lines/mm; A3; any length; no minimum scan time."
_COMMANDS: Final = ("nothing", "hangs-up", "tone", "TCF", "page", "page-without-RTC")


class Deviation(Exception):
    """The near end did not do what the script says."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is said."""

    name: str
    rate: int | None = None
    argument: str = ""

    def __str__(self) -> str:
        return self.name + (f"@{self.rate}" if self.rate else "") + (f"({self.argument})" if self.argument else "")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one end says in one go."""

    near: bool
    items: tuple[Item, ...]

    def __str__(self) -> str:
        return " ".join(("near" if self.near else "far", *map(str, self.items)))


_ITEM: Final = re.compile(r"([\w-]+)(?:@(\d+))?(?:\(([^)]*)\))?\s*")
_LINE: Final = re.compile(r"(?:(\d+)x |(forever) )?(.*)")


def parse(script: Iterable[str]) -> Iterator[Turn]:
    """The turns of a script. Raises ValueError for one that nobody can play."""
    for line in script:
        match = _LINE.fullmatch(line)
        assert match is not None
        turns = [_turn(text.strip()) for text in match[3].split(";")]
        for _ in repeat(None) if match[2] else range(int(match[1] or 1)):
            yield from turns


def _turn(text: str) -> Turn:
    who, _, rest = text.partition(" ")
    matches = list(_ITEM.finditer(rest))
    if who not in ("near", "far") or "".join(match[0] for match in matches) != rest or not matches:
        raise ValueError(f"{text!r} is no turn of a script")
    items = tuple(Item(match[1], int(match[2]) if match[2] else None, match[3] or "") for match in matches)
    for item in items:
        if item.name not in (*_COMMANDS, "RAW"):
            _fcf(item)
    return Turn(who == "near", items)


class Station:
    """The far end of a call: `calls` and has `pages` to send, or is called and keeps the pages that it gets."""

    def __init__(
        self, end: Subscriber, script: Sequence[str], *, calls: str | None = None, pages: Sequence[Bitmap] = ()
    ) -> None:
        """`calls`: the number to dial; None: answer."""
        self.received: list[Bitmap] = []
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
        self._pages = pages
        self._page = 0
        "Which of them comes next; after RTN it is the last one again."
        self._parameters: Parameters | None = None
        self._rate = 14400
        self._on = False
        "A carrier of the near end is on the line."
        self._sent: tuple[bytes, ...] = ()

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
            if item.name in _COMMANDS:
                await self._send_frames(frames)
                await self._do(item)
            else:
                frames.append(item)
        await self._send_frames(frames)

    async def _do(self, item: Item) -> None:
        match item.name:
            case "nothing":
                await self._clock.sleep(float(item.argument))
            case "tone":
                with self._end.send(Signal.CED):
                    await self._clock.sleep(1.0)
            case "hangs-up":
                self._end.hang_up()
            case _:
                await self._send_data(item)

    async def _send_frames(self, items: list[Item]) -> None:
        """Send what there is in one transmission; its last frame, and no other, is final."""
        if not items:
            return
        frames = [self._frame(item, final=place == len(items)) for place, item in enumerate(items, 1)]
        items.clear()
        self._sent = tuple(frames)
        await self._silence()
        with self._end.send(Signal.V21) as carrier:
            await self._clock.sleep_until(carrier.begin + PREAMBLE_S)
            for frame in frames:
                await carrier.send_frame(frame)

    def _frame(self, item: Item, *, final: bool) -> bytes:
        if item.name == "RAW":
            return bytes.fromhex(item.argument)
        fcf = _fcf(item)
        if fcf is Fcf.DCS:
            self._rate = item.rate or self._rate
        usual = {
            Fcf.DIS: DIS,
            Fcf.DCS: bytes((0x00, 0x42 | RATE_BITS[self._rate], 0x78)),  # fine, any length, no minimum scan time
            Fcf.CSI: STATION_ID,
            Fcf.TSI: STATION_ID,
        }
        fif = bytes.fromhex(item.argument) or usual.get(fcf, b"")
        x = self._number is not None and fcf is not Fcf.DIS
        return Frame(int(fcf) | int(x), fif, final).build()

    async def _send_data(self, item: Item) -> None:
        await self._silence()
        self._rate = item.rate or self._rate
        if item.name == "TCF":
            octets = bytes(int(TCF_S * self._rate / 8))
        else:
            octets = mh_encode(self._pages[self._page], rtc=item.name == "page")
            self._page += 1
        with self._end.send(_signal(self._rate, short=item.name != "TCF")) as carrier:
            for begin in range(0, len(octets), self._rate // 40):
                await carrier.send_data(octets[begin : begin + self._rate // 40])

    async def _silence(self) -> None:
        """Let the near end stop, and a moment pass."""
        while self._on:
            await self._sound()
        await self._clock.sleep(PAUSE_S)

    # -- what the near end says

    async def _hear(self, items: Sequence[Item]) -> None:
        for item in items:
            match item.name:
                case "nothing":
                    await self._hear_nothing(float(item.argument))
                case "hangs-up":
                    with suppress(_Cleared):
                        while True:
                            self._refuse(await self._sound(), "hanging up")
                    self._end.hang_up()
                case "TCF" | "page":
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
        while True:
            sound = await self._sound()
            if not isinstance(sound, FrameHeard) or not is_whole(sound.octets):
                continue
            octets = sound.octets[:-FCS_OCTETS]
            frame = Frame.parse(octets)
            if octets in self._sent or not frame.final:  # an echo, or TSI
                continue
            if frame.fcf is Fcf.DCN and self._forever:
                raise _Cleared
            if frame.fcf is not _fcf(item) or (item.argument and frame.fif != bytes.fromhex(item.argument)):
                raise Deviation(f"the near end sent {frame} instead of {item}")
            self._page -= frame.fcf is Fcf.RTN
            if frame.fcf is Fcf.DCS and isinstance(bits := frame.record(), Bits):
                self._parameters = Parameters.from_bits(bits)
            return

    async def _hear_data(self, item: Item) -> None:
        data = bytearray()
        while not isinstance(sound := await self._sound(), CarrierOn) or sound.carrier.signal.modulation is None:
            self._refuse(sound, str(item))
        parameters, signal = self._parameters, sound.carrier.signal
        assert parameters is not None
        wanted = _signal(item.rate or parameters.modulation.rate_bps, short=item.name == "page")
        if signal is not wanted:
            raise Deviation(f"the near end sent {signal.title} instead of {item} in {wanted.title}")
        while not isinstance(sound := await self._sound(), CarrierOff):
            if isinstance(sound, DataHeard):
                data += sound.octets
        if item.name == "page":
            page = mh_decode(bytes(data), width=parameters.width, resolution=parameters.resolution)
            self.received.append(page.bitmap)
        elif data.strip(b"\xff") != bytes(int(TCF_S * signal.rate_bps / 8)):
            raise Deviation(f"the near end's TCF is not {TCF_S} s of zeros")

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


def _fcf(item: Item) -> Fcf:
    """The frame's code. Raises ValueError for a name that is neither a frame nor a command."""
    try:
        return Fcf[item.name.replace("-", "_")]
    except KeyError:
        raise ValueError(f"{item.name} is neither a frame nor a command of a script") from None


def _signal(rate: int, *, short: bool) -> Signal:
    modulation = MODULATIONS[rate]
    kinds = [signal for signal in Signal if signal.modulation is modulation]
    return next((signal for signal in kinds if signal.is_short is short), kinds[0])
