"""One call drawn by lot, over a line that flips bits: what it has to do, how long it may take, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

import anyio
import numpy as np
from PIL import Image, ImageSequence
from PIL.TiffImagePlugin import TiffImageFile

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap, Coding, Resolution
from faxmodem.documents.tiff import Tag, read_pages
from faxmodem.emulator.faults import BitErrors, Fate, Fault, FrameFault
from faxmodem.emulator.history import FramePassed, Record, SignalPassed
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.class1 import Class1Modem
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.timers import Limits
from tests.scenarios.bench import CALLED, CALLER, PROFILE, Side, page, running, watched_line

LIMITS: Final = Limits()
RATES: Final = (2400, 4800, 7200, 9600, 12000, 14400)
LINES: Final = (60, 200)
RESOLUTIONS: Final = (Resolution.STANDARD, Resolution.FINE)
FRAME_BITS: Final = 64
"Of a V.21 frame with its FCS, between a command without parameters and a DCS."
FLAG_BITS: Final = 16
"A frame is not noticed at all when its first flags are spoilt."
PREFERS_64: Final = 0x40
"Bit 7 of a DIS, in link order."


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried. The seed decides about all that is not given."""

    share: float
    "Of the bits that are flipped."
    ecm: bool
    seed: int

    def __str__(self) -> str:
        return f"{self.share:g}-{'ecm' if self.ecm else 'plain'}-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page in the receiver's file."""

    bitmap: Bitmap
    bad_lines: int
    longest_bad_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a call."""

    pages: Sequence[Bitmap]
    sender: FaxResult
    receiver: FaxResult
    kept: Sequence[Page]
    on_hook: bool
    seconds: float
    "From the first ring until both ends are done."
    history: Sequence[Record]

    @property
    def commands(self) -> set[Fcf | None]:
        """What was said in V.21."""
        return {Fcf.of(r.frame[2]) for r in self.history if isinstance(r, FramePassed)}

    @property
    def longest_silence_s(self) -> float:
        """For how long nothing was on the line between two signals."""
        signals = sorted((r.begin, r.end) for r in self.history if isinstance(r, SignalPassed))
        return max((after[0] - before[1] for before, after in pairwise(signals)), default=0.0)

    def story(self) -> str:
        """What happened, for who looks at a failed test."""
        ends = f"sender: {self.sender.outcome.name}, {self.sender.message} ({self.sender.pages_sent} confirmed)\n"
        ends += f"receiver: {self.receiver.outcome.name}, {self.receiver.message} ({len(self.kept)} kept)\n"
        return ends + "\n".join(map(str, self.history))


def play(trial: Trial) -> Played:
    """Make the call, in virtual time; `TimeoutError` if it takes longer than its protocol lets it."""
    dice = Random(str(trial))
    pages = [_page(dice) for _ in range(dice.randint(1, 3))]
    ours = frozenset(list(Coding)[: dice.randint(1, 3)])
    settings = CallSettings(
        max_rate_bps=dice.choice(RATES), ecm=trial.ecm, codings=ours, station_id=f"{trial.seed}", limits=LIMITS
    )
    prefers_64 = dice.random() < 0.5

    played: list[Played] = []

    async def main() -> None:
        line = watched_line(faults=_faults(trial.share), seed=trial.seed)
        sender = Side(line, CALLER, settings=settings)
        receiver = _Receiver(line, CALLED, settings=settings)
        receiver.prefers_64 = prefers_64
        with TemporaryDirectory() as folder, anyio.fail_after(_bound_s(pages)):
            async with running(sender, receiver):
                began = anyio.current_time()
                async with anyio.create_task_group() as calls:
                    calls.start_soon(receiver.receive, Path(folder) / "fax.tif")
                    calls.start_soon(sender.send, pages)
                seconds = anyio.current_time() - began
            assert sender.result is not None
            assert receiver.result is not None
            played.append(
                Played(
                    pages=pages,
                    sender=sender.result,
                    receiver=receiver.result,
                    kept=_kept(receiver.result.path),
                    on_hook=sender.left_on_hook and receiver.left_on_hook,
                    seconds=seconds,
                    history=line.history,
                )
            )

    run_virtual(main)
    return played[0]  # not the result of `main`: asyncio takes the time to print that to nobody


class _Receiver(Side):
    """A station that may ask for frames of 64 octets, as ours by itself never does."""

    prefers_64 = False

    async def open_modem(self) -> Class1Modem:
        modem = _Prefers64(self.dte, PROFILE) if self.prefers_64 else Class1Modem(self.dte, PROFILE)
        await modem.set_up()
        return modem


class _Prefers64(Class1Modem):
    async def send_frames(self, frames: Sequence[bytes]) -> None:
        await super().send_frames([_asking_for_64(frame) if frame[2] == Fcf.DIS else frame for frame in frames])


def _asking_for_64(dis: bytes) -> bytes:
    return dis[:3] + bytes([dis[3] | PREFERS_64]) + dis[4:]


def _page(dice: Random) -> Bitmap:
    """Groups of lines alike but for their edges, so that every coding and every mode of it has something to do."""
    lines, alike = dice.randint(*LINES), dice.choice((1, 3, 8))
    pels = np.repeat(
        page(-(-lines // alike), seed=dice.randrange(8), runs=dice.choice((4, 30, 60))).pels(), alike, axis=0
    )
    shift = np.arange(lines) % 3
    columns = (np.arange(pels.shape[1]) + shift[:, None]) % pels.shape[1]
    return Bitmap.from_pels(np.take_along_axis(pels[:lines], columns, axis=1), dice.choice(RESOLUTIONS))


def _faults(share: float) -> list[Fault]:
    """The share of flipped bits on every carrier, in V.21 as what it does to frames: they fail, or go unnoticed."""
    return [
        BitErrors(share=share),
        FrameFault(fate=Fate.LOST, share=_hit(share, FLAG_BITS)),
        FrameFault(fate=Fate.DAMAGED, share=_hit(share, FRAME_BITS)),
    ]


def _hit(share: float, bits: int) -> float:
    """How likely it is that one of so many bits is flipped."""
    return 1 - (1 - share) ** bits


def _kept(path: Path | None) -> list[Page]:
    """The pages of the receiver's file, with what it says of their damage."""
    if path is None:
        return []
    with Image.open(path, formats=["TIFF"]) as image:
        assert isinstance(image, TiffImageFile)
        damage = [
            (int(image.tag_v2[Tag.BAD_FAX_LINES]), int(image.tag_v2[Tag.CONSECUTIVE_BAD_FAX_LINES]))
            for _ in ImageSequence.Iterator(image)
        ]
    return [
        Page(bitmap=bitmap, bad_lines=bad, longest_bad_run=run)
        for bitmap, (bad, run) in zip(read_pages(path), damage, strict=True)
    ]


def _bound_s(pages: Sequence[Bitmap]) -> float:
    """The most that a call may take in which every count of T.30 runs out, and which still goes on.

    Pages cross at the lowest rate, in as many octets as they have uncoded.
    """
    exchange_s = LIMITS.tries * (LIMITS.flagged_s + LIMITS.t4_s + LIMITS.flagged_s)
    training_s = exchange_s + LIMITS.tries * LIMITS.tcf_wait_s
    total_s = LIMITS.t0_s + 2 * LIMITS.t1_s + LIMITS.trainings * training_s
    for bitmap in pages:
        page_s = 8 * bitmap.rows.size / min(RATES) + LIMITS.tcf_wait_s + exchange_s
        bursts = LIMITS.block_tries * (len(Modulation) + BLOCK_FRAMES.bit_length())
        total_s += bursts * page_s + LIMITS.page_tries * training_s
    return min(total_s, LIMITS.call_s)
