"""Whole calls over V.34 half duplex: sessions, drivers and emulated modems of Class 1.0 at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.faults import BitErrors, Fault, NoV8, V34Limit
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import load_profile
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.bench import CALLED, CALLER, Side, page, running, watched_line

PROFILE = load_profile("class1.0")
PAGES = [page(400, seed=number) for number in range(3)]
END_S = 900.0


class FastSide(Side):
    """A stack whose modem is asked for V.34."""

    async def open_modem(self) -> Class1Modem:
        modem = Class1Modem(self.dte, PROFILE)
        await modem.set_up()
        return modem


@dataclass(frozen=True)
class Ends:
    sender: FaxResult
    receiver: FaxResult
    kept: Sequence[Bitmap]


def call(folder: Path, *faults: Fault, settings: CallSettings | None = None) -> Ends:
    path = folder / "fax.tif"
    sides: dict[str, FastSide] = {}

    async def main() -> None:
        line = watched_line(faults=faults, seed=3)
        for number in (CALLER, CALLED):
            own = replace(settings or CallSettings(), station_id=number)
            sides[number] = FastSide(line, number, settings=own)
        with anyio.fail_after(END_S):
            async with running(*sides.values()), anyio.create_task_group() as calls:
                calls.start_soon(sides[CALLED].receive, path)
                calls.start_soon(sides[CALLER].send, PAGES)

    run_virtual(main)
    sender, receiver = sides[CALLER].result, sides[CALLED].result
    assert sender is not None
    assert receiver is not None
    assert all(side.left_on_hook for side in sides.values())
    return Ends(sender, receiver, [] if receiver.path is None else list(read_pages(receiver.path)))


def test_pages_cross_the_primary_channel(tmp_path: Path) -> None:
    ends = call(tmp_path)
    assert (ends.sender.outcome, ends.receiver.outcome) == (Outcome.OK, Outcome.OK)
    assert ends.kept == PAGES
    assert ends.sender.parameters is not None
    assert ends.sender.parameters.modulation is Modulation.V34
    assert ends.sender.parameters.ecm


def test_error_correction_cannot_be_refused(tmp_path: Path) -> None:
    ends = call(tmp_path, settings=CallSettings(ecm=False))
    assert ends.sender.ok
    assert ends.kept == PAGES


@pytest.mark.parametrize("share", [1e-5, 1e-4])
def test_damaged_frames_go_again(share: float, tmp_path: Path) -> None:
    ends = call(tmp_path, BitErrors(sender=CALLER, share=share))
    assert ends.sender.ok
    assert ends.kept == PAGES


def test_a_rate_that_changes_in_mid_call(tmp_path: Path) -> None:
    ends = call(tmp_path, V34Limit(rate_bps=9600, from_s=15.0))
    assert ends.sender.ok
    assert ends.kept == PAGES


def test_without_v8_the_call_goes_on_in_v21_and_v17(tmp_path: Path) -> None:
    ends = call(tmp_path, NoV8())
    assert ends.sender.ok
    assert ends.kept == PAGES
    assert ends.sender.parameters is not None
    assert ends.sender.parameters.modulation is Modulation.V17_14400


def test_noise_that_nothing_survives_is_told(tmp_path: Path) -> None:
    ends = call(tmp_path, BitErrors(sender=CALLER, share=2e-2))
    assert ends.sender.outcome is Outcome.PAGE_REFUSED
    assert ends.sender.pages == 0
    assert not ends.receiver.ok
