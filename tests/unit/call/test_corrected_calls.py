"""Whole calls with error correction, on lines and disks that are not at their best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from faxmodem.call import fax
from faxmodem.call.fax import CallSettings
from faxmodem.call.sink import PageSink
from faxmodem.codec.bitmap import Bitmap, Coding
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.faults import BitErrors, Fault
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import DocumentError
from faxmodem.t30.events import PageStored
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.bench import CALLED, CALLER, Side, name_of, page, running, watched_line

PAGES = [page(200), page(120, seed=1), page(400, runs=0)]


def call(
    pages: Sequence[Bitmap],
    path: Path,
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    settings: CallSettings | None = None,
) -> tuple[Side, Side, list[str]]:
    """Sender, receiver, and what crossed the line."""

    async def main() -> tuple[Side, Side, list[str]]:
        line = watched_line(faults=faults, seed=seed)
        sender = Side(line, CALLER, settings=settings or CallSettings(station_id="SENDER"))
        receiver = Side(line, CALLED, settings=settings or CallSettings(station_id="RECEIVER"))
        async with running(sender, receiver), anyio.create_task_group() as calls:
            calls.start_soon(receiver.receive, path)
            calls.start_soon(sender.send, pages)
        return sender, receiver, [name for record in line.history if (name := name_of(record))]

    return run_virtual(main)


@pytest.mark.parametrize("share", [1e-5, 1e-4, 5e-4])
@pytest.mark.parametrize("seed", range(3))
def test_on_a_noisy_line_pages_come_whole_or_not_at_all(share: float, seed: int, tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    sender, receiver, frames = call(PAGES, path, faults=[BitErrors(share=share)], seed=seed)
    assert sender.result is not None
    assert receiver.result is not None
    assert Outcome.INTERNAL_ERROR not in (sender.result.outcome, receiver.result.outcome)
    stored = receiver.result.path
    kept = list(read_pages(stored)) if stored is not None else []
    assert sender.result.pages <= receiver.result.pages <= len(kept)
    assert kept[: sender.result.pages] == PAGES[: sender.result.pages]
    assert sender.result.ok or share > 1e-5
    if sender.result.ok:
        assert kept == PAGES
    assert "PPR" in frames or share < 1e-4


class SlowSink(PageSink):
    """A disk that takes its time for each page."""

    store_s = 20.0
    full = False

    async def store(self) -> PageStored:
        await anyio.sleep(self.store_s)
        if self.full:
            raise DocumentError("no space left on device")
        return await super().store()


class FullSink(SlowSink):
    """One that, after a while, has no room."""

    full = True


def test_while_the_disk_is_slow_the_sender_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fax, "PageSink", SlowSink)
    sender, receiver, frames = call(PAGES, tmp_path / "fax.tif")
    assert sender.result is not None
    assert receiver.result is not None
    assert (sender.result.outcome, receiver.result.outcome) == (Outcome.OK, Outcome.OK)
    assert list(read_pages(tmp_path / "fax.tif")) == PAGES
    assert frames.count("RNR") >= 3
    assert frames.count("MCF") == 3
    assert sum(name.startswith("PPS") for name in frames) == 3


def test_a_disk_that_is_full_confirms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fax, "PageSink", FullSink)
    sender, receiver, frames = call(PAGES, tmp_path / "fax.tif")
    assert sender.result is not None
    assert receiver.result is not None
    assert receiver.result.outcome is Outcome.STORAGE_FAILED
    assert "no space left" in receiver.result.detail
    assert (sender.result.outcome, sender.result.pages) == (Outcome.FAR_END_DISCONNECTED, 0)
    assert "RNR" in frames
    assert "MCF" not in frames
    assert not (tmp_path / "fax.tif").exists()


def test_the_forecast_is_what_the_call_takes(tmp_path: Path) -> None:
    """Within a few percent: the modems and programs at both ends need their time, too."""
    pages = [page(600, seed=seed) for seed in range(3)]
    sender, _, _ = call(pages, tmp_path / "fax.tif", settings=CallSettings(codings=frozenset({Coding.MMR})))
    assert sender.result is not None
    history = [record for record in sender.end.line.history if name_of(record)]
    named = [(name_of(record), getattr(record, "begin", None)) for record in history]
    begins = [at for name, at in named if name == "14400"]
    hung_up = [at for name, at in named if name == "DCN"]
    assert begins[1] is not None
    assert hung_up[0] is not None
    assert sender.result.forecast_s == pytest.approx(hung_up[0] - begins[1], rel=0.03)
