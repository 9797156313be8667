"""How near do our calls come to the least time that T.30 lets them take, and to those of an independent program?

Eight pages with error correction, in the coding that takes the least (mostly MMR), on a clean line at 14400 bit/s, from
the first flag before DIS to the end of DCN. The least: 1 s of flags before V.21 frames, 75 ms between two signals, the
trainings, 1.5 s of TCF, 200 ms of flags before a block, three RCP, and every bit of the frames themselves.
"""

from __future__ import annotations

import re
import tempfile
import time
from binascii import crc_hqx
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice, pairwise
from pathlib import Path

import anyio

from bench.measure import environment, row
from bench.pages import charts, pages
from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap, Coding
from faxmodem.codec.coding import encode
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.history import FramePassed, Record, SignalPassed
from faxmodem.emulator.line import LineSettings
from faxmodem.emulator.signals import Signal
from faxmodem.emulator.virtual import run_virtual
from faxmodem.t30.frames import Frame
from faxmodem.t30.line_time import BLOCK_FLAGS_S, PREAMBLE_S, RCPS, SILENCE_S, V21_BPS, training_s
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.tcf import TCF_S
from tests.scenarios.bench import CALLED, CALLER, Side, running, watched_line

PAGES = 8
MODULATION = Modulation.V17_14400
FRAME_OCTETS, BLOCK_FRAMES = 256, 256
FLAG_BITS = 8
SETTINGS = CallSettings(station_id="+1 555 0100")


COURSE = re.compile(r"CSI DIS,TSI DCS,TCF,CFR,(block,PPS,MCF,)+DCN")
"On a clean line nothing is sent that need not be."

FRAMES = "CONNECT until the first octet, the second flag between frames"
CARRIER = "what the modem sends behind the data"
SAME_END = "OK, AT+FTS until OK, AT+FTM or AT+FTH"
TURN = f"the way ({1000 * LineSettings().delay_s:.0f} ms), OK or NO CARRIER, AT+FRS until OK, AT+FTM or AT+FTH"


@dataclass(frozen=True, slots=True)
class Span:
    """A signal, or the silence between two, as it was and as it had to be."""

    what: str
    excess: str
    "What takes more time than it must."
    actual_s: float
    least_s: float


def main() -> None:
    """Print a line for each document, and for each thing in it that takes longer than it must."""
    environment("numpy", "faxmodem")
    for name, sheets in documents():
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            coding, history = call(sheets, Path(folder))
            spans = list(measured([encode(sheet, coding) for sheet in sheets], history))
            cpu_s = time.process_time() - began
            least_s = sum(span.least_s for span in spans)
            row(
                case=f"call, {PAGES} x {name}",
                coding=coding.value,
                line_s=least_s + excess_s(spans),
                least_s=least_s,
                excess_percent=100 * excess_s(spans) / least_s,
                way_s=LineSettings().delay_s * sum(span.excess == TURN for span in spans),
                cpu_s=cpu_s,
                **spandsp(sheets, Path(folder)),
            )
            kinds = {(span.what, span.excess) for span in spans}
            alike = [[span for span in spans if (span.what, span.excess) == kind] for kind in kinds]
            for some in sorted(alike, key=excess_s, reverse=True):
                each_ms = 1000 * excess_s(some) / len(some)
                row(
                    what=some[0].what,
                    count=len(some),
                    excess_s=excess_s(some),
                    each_ms=each_ms,
                    **{"for": some[0].excess},
                )


def excess_s(spans: Sequence[Span]) -> float:
    """What they take beyond what they must."""
    return sum(span.actual_s - span.least_s for span in spans)


def documents() -> Iterator[tuple[str, list[Bitmap]]]:
    """Eight pages each."""
    for name, sheet in pages():
        if name in ("white", "text", "sample"):
            yield name, [sheet] * PAGES
    if all_charts := [sheet for _, sheet in charts()]:
        yield "CCITT charts", list(islice(cycle(all_charts), PAGES))


def call(sheets: Sequence[Bitmap], folder: Path) -> tuple[Coding, list[Record]]:
    """How one of our stacks sends these pages to the other one, and what crosses the line then."""
    history: list[Record] = []
    codings: list[Coding] = []

    async def work() -> None:
        line = watched_line(history.append)
        sender, receiver = (Side(line, number, settings=SETTINGS) for number in (CALLER, CALLED))
        async with running(sender, receiver), anyio.create_task_group() as tasks:
            tasks.start_soon(receiver.receive, folder / "ours.tif")
            tasks.start_soon(sender.send, sheets)
        result = sender.result
        if result is None or result.parameters is None or not result.ok:
            raise SystemExit(f"the call failed: {result.message if result else 'no result'}")
        codings.append(result.parameters.coding)

    run_virtual(work)
    must(list(read_pages(folder / "ours.tif")) == list(sheets), "the pages did not arrive as they were sent")
    return codings[0], history


def spandsp(sheets: Sequence[Bitmap], folder: Path) -> dict[str, float]:
    """Seconds from the connection to the end of the same call between two spandsp machines, and with ours for one."""
    from tests.peer.spandsp.library import missing

    if missing():
        return {}
    from tests.peer.spandsp.call import call_time, receive_from_machine, send_to_machine
    from tests.peer.spandsp.terminal import TerminalSettings

    machine = TerminalSettings(ecm=True)
    caller = replace(machine, ident=SETTINGS.station_id)
    theirs_s = call_time(sheets, _new(folder / "theirs"), caller, machine)
    taken = {"spandsp_s": theirs_s}
    for way, make_call in (("sending", send_to_machine), ("receiving", receive_from_machine)):
        made = make_call(sheets, _new(folder / way), SETTINGS, machine)
        must(made.ours.ok and made.pages == list(sheets), made.story())
        taken |= {f"{way}_s": made.line_s, f"{way}_ratio": made.line_s / theirs_s}
    return taken


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def measured(coded: Sequence[bytes], history: Sequence[Record]) -> Iterator[Span]:
    """Each signal and each silence from DIS to DCN."""
    signals = sorted(
        (r for r in history if isinstance(r, SignalPassed) and not r.signal.is_tone), key=lambda r: r.begin
    )
    frames = [r for r in history if isinstance(r, FramePassed)]
    blocks = block_bits(coded)
    spans: list[tuple[SignalPassed, str, float]] = []
    for signal in signals:
        if signal.signal is Signal.V21:
            inside = [f.frame for f in frames if f.who == signal.who and signal.begin <= f.begin <= signal.end]
            names = " ".join(str(Frame.parse(frame)).split()[0] for frame in inside)
            bits = sum(frame_bits(frame) + FLAG_BITS for frame in inside)
            spans.append((signal, names, PREAMBLE_S + bits / V21_BPS))
        elif not any(name == "TCF" for _, name, _ in spans):
            spans.append((signal, "TCF", training_s(MODULATION) + TCF_S))
        else:
            sent_s = next(blocks) / MODULATION.rate_bps
            spans.append((signal, "block", training_s(MODULATION, short=True) + BLOCK_FLAGS_S + sent_s))
    must(next(blocks, None) is None, "fewer blocks crossed the line than there are")
    course = ",".join(name for _, name, _ in spans)
    must(COURSE.fullmatch(course) is not None, f"more was sent than need be: {course}")
    for signal, name, least_s in spans:
        why = FRAMES if signal.signal is Signal.V21 else CARRIER
        yield Span(name, why, signal.end - signal.begin, least_s)
    for (before, name, _), (after, following, _) in pairwise(spans):
        why = SAME_END if before.who == after.who else TURN
        yield Span(f"{name} > {following}", why, after.begin - before.end, SILENCE_S)


def must(holds: bool, why: str) -> None:
    if not holds:
        raise SystemExit(why)


def block_bits(coded: Sequence[bytes]) -> Iterator[int]:
    """The bits of each block of these pages between its first flags and its end."""
    rcp = frame_bits(b"\xff\x03\x86") + FLAG_BITS
    for data in coded:
        pieces = [data[at : at + FRAME_OCTETS].ljust(FRAME_OCTETS, b"\0") for at in range(0, len(data), FRAME_OCTETS)]
        for at in range(0, len(pieces), BLOCK_FRAMES):
            framed = (bytes((0xFF, 0x03, 0x06, n)) + piece for n, piece in enumerate(pieces[at : at + BLOCK_FRAMES]))
            yield sum(frame_bits(frame) + FLAG_BITS for frame in framed) + RCPS * rcp


def frame_bits(frame: bytes) -> int:
    """The bits of a frame between its flags: with its FCS, and a zero behind every five ones."""
    mirrored = bytes(int(f"{octet:08b}"[::-1], 2) for octet in frame)
    check = crc_hqx(mirrored, 0xFFFF) ^ 0xFFFF
    bits = "".join(f"{octet:08b}" for octet in mirrored) + f"{check:016b}"
    return len(re.sub("11111", "111110", bits))


if __name__ == "__main__":
    main()
