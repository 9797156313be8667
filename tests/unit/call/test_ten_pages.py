"""A long call between two of our stacks, and the same call again: virtual time makes them the same to the last bit."""

from __future__ import annotations

from pathlib import Path

import anyio

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.faults import BitErrors, Fate, FrameFault
from faxmodem.emulator.history import Record
from faxmodem.emulator.virtual import run_virtual
from faxmodem.jobs.status import FaxJobStatus
from tests.scenarios.bench import CALLED, CALLER, RECEIVED_WELL, SENT_WELL, Side, page, running, watched_line

NOISE = [
    BitErrors(share=2e-6, sender=CALLER),
    FrameFault(sender=CALLED, fate=Fate.LOST, share=0.1),
    FrameFault(sender=CALLER, fate=Fate.DAMAGED, share=0.1),
]


def call(pages: list[Bitmap], path: Path, *, seed: int | None = None) -> tuple[Side, Side]:
    """A call on a good line or, with a seed, on a noisy one."""

    async def main() -> tuple[Side, Side]:
        line = watched_line(faults=NOISE if seed is not None else (), seed=seed or 0)
        sender = Side(line, CALLER, settings=CallSettings(station_id="SENDER"))
        receiver = Side(line, CALLED, settings=CallSettings(station_id="RECEIVER"))
        async with running(sender, receiver), anyio.create_task_group() as calls:
            calls.start_soon(receiver.receive, path)
            calls.start_soon(sender.send, pages)
        return sender, receiver

    return run_virtual(main)


def seen(sides: tuple[Side, Side]) -> tuple[list[Record], list[FaxJobStatus], list[FaxJobStatus]]:
    """All that can be seen of a call, times included."""
    sender, receiver = sides
    return list(sender.end.line.history), sender.statuses, receiver.statuses


def test_ten_pages_go_through_twice_in_the_same_way(tmp_path: Path) -> None:
    pages = [page(300, seed=number) for number in range(10)]
    first = call(pages, tmp_path / "1.tif")
    assert (first[0].chain, first[1].chain) == (SENT_WELL, RECEIVED_WELL)
    assert list(read_pages(tmp_path / "1.tif")) == pages
    assert seen(call(pages, tmp_path / "2.tif")) == seen(first)
    assert (tmp_path / "1.tif").read_bytes() == (tmp_path / "2.tif").read_bytes()


def test_a_noisy_line_harms_in_the_same_way_with_the_same_seed(tmp_path: Path) -> None:
    pages = [page(seed=number) for number in range(5)]
    runs = [call(pages, tmp_path / f"{number}.tif", seed=seed) for number, seed in enumerate((7, 7, 8))]
    assert seen(runs[0]) == seen(runs[1])
    assert seen(runs[0]) != seen(runs[2])
