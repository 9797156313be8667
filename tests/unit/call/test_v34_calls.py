"""Whole calls over V.34 half duplex: sessions, drivers and emulated modems of Class 1.0 at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from faxmodem.api import CallOptions, send
from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.emulator.faults import BitErrors, Fault, NoV8, V34Limit
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemError
from faxmodem.modem.base import Modem
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.opening import open_on
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


@pytest.mark.soak
def test_noise_that_nothing_survives_is_told(tmp_path: Path) -> None:
    ends = call(tmp_path, BitErrors(sender=CALLER, share=2e-2))
    assert ends.sender.outcome is Outcome.PAGE_REFUSED
    assert ends.sender.pages == 0
    assert not ends.receiver.ok


@pytest.mark.parametrize("v34", [True, False])
def test_a_modem_may_be_told_to_do_without(v34: bool) -> None:
    offered: list[bool] = []

    async def main() -> None:
        side = Side(watched_line(), CALLER, settings=CallSettings())
        async with running(side):
            modem = await open_on(side.dte, profile=PROFILE, v34=v34)
            offered.append(Modulation.V34 in modem.identity.transmits)
            await modem.aclose()

    run_virtual(main)
    assert offered == [v34]


@pytest.mark.parametrize(
    ("options", "v34"),
    [({}, True), ({"max_rate": 9600}, False), ({"ecm": False}, False), ({"max_rate": 14400, "ecm": True}, True)],
)
def test_who_limits_the_rate_or_wants_no_error_correction_gets_no_v34(
    options: CallOptions, v34: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []

    async def refuse(_port: str, **told: object) -> Modem:
        asked.append(told["v34"])
        raise ModemError("no modem here")

    monkeypatch.setattr("faxmodem.api.open_modem", refuse)
    write_pages(tmp_path / "fax.tif", PAGES[:1])
    send("port", "200", tmp_path / "fax.tif", **options)
    assert asked == [v34]
