"""Each quirk of Class 2, 2.0 and 2.1, in a whole call: its harm, and that the driver averts it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import numpy as np
import pytest

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.emulator.faults import BitErrors
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.bench import CALLED, CALLER, Side, name_of, page, running, watched_line
from tests.unit.quirks import test_class1
from tests.unit.quirks.harness import (
    LEAD_S,
    PAGES,
    PLAIN,
    Call,
    Case,
    Harm,
    carry,
    check,
    ends_with,
    fails,
    page_lost,
    quirks_below,
    repeats,
)


def regular(seed: int) -> Bitmap:
    """A page whose lines are all the same, which any coding but MH makes much smaller."""
    return Bitmap.from_pels(np.repeat(page(1, seed=seed).pels(), 300, axis=0), Resolution.FINE)


REGULAR: Final = (regular(1), regular(2))
DENSE: Final = tuple(page(resolution=Resolution.INCH_300, width=2592, seed=seed) for seed in (1, 2))
CORRECTED: Final = CallSettings()
SLOW: Final = {"rates": {"transmits": [24, 48, 72, 96], "receives": [24, 48, 72, 96]}}
"A modem without V.17."
FIRST_PAGE_DAMAGED: Final = BitErrors(sender=CALLER, share=5e-3, from_s=10.0, until_s=11.0)
LAST_PAGE_DAMAGED: Final = BitErrors(sender=CALLER, share=5e-3, from_s=14.0, until_s=16.0)
BOTH: Final = ("class2", "class2.0")


def takes_longer_than(seconds: float) -> Harm:
    """The call keeps the line busy for nothing."""
    return lambda call: call.seconds > seconds


def pages_stretched(call: Call) -> bool:
    """The pages have to be drawn for a wider paper, or for finer lines, than they are meant for."""
    return {bitmap.width for bitmap in call.pages} != {bitmap.width for bitmap in PAGES}


CASES: Final = (
    *(Case(quirk=Quirk.RATE_LOCKED, base=base, value=19200, harm=fails) for base in BOTH),
    *(Case(quirk=Quirk.RATE_LOCKED_ON_ANSWER, base=base, receives=True, value=19200, harm=fails) for base in BOTH),
    Case(quirk=Quirk.NO_XON, base="class2", harm=takes_longer_than(30.0)),
    *(Case(quirk=Quirk.NO_RTC, base=base, harm=page_lost) for base in BOTH),
    *(Case(quirk=Quirk.SESSION_BEFORE_DIAL, base=base, harm=pages_stretched) for base in BOTH),
    *(
        Case(quirk=Quirk.SPEED_IS_MINIMUM, base=base, far_firmware=SLOW, harm=ends_with(Outcome.INCOMPATIBLE))
        for base in BOTH
    ),
    *(
        Case(quirk=Quirk.NO_2D, base=base, receives=receives, pages=REGULAR, harm=repeats("RTN", 3))
        for base in BOTH
        for receives in (False, True)
    ),
    *(
        Case(
            quirk=Quirk.NO_MMR, base=base, receives=receives, settings=CORRECTED, pages=REGULAR, harm=repeats("RTN", 3)
        )
        for base in BOTH
        for receives in (False, True)
    ),
    *(
        Case(quirk=Quirk.NO_ECM, base=base, receives=True, settings=CORRECTED, harm=ends_with(Outcome.NO_RESPONSE))
        for base in BOTH
    ),
    *(
        Case(
            quirk=Quirk.NO_FINE_INCH,
            base="class2.0",
            receives=receives,
            settings=CORRECTED,
            pages=DENSE,
            harm=page_lost,
        )
        for receives in (False, True)
    ),
    *(Case(quirk=Quirk.FIRST_LINE_LOST, base=base, value=100, harm=page_lost) for base in BOTH),
    *(
        Case(quirk=Quirk.REFUSES_PAGE_STATUS, base=base, receives=True, faults=(FIRST_PAGE_DAMAGED,), harm=page_lost)
        for base in BOTH
    ),
)
"""Quirks with which everything arrives, once the driver knows of them."""

AVOIDED: Final = {Quirk.REFUSED_PAGE_ENDS_OK, Quirk.POLLING_BROKEN}
"Those of which the driver can only see to it that no fax is lost unnoticed, and no call made in vain."

FOUND_OUT: Final = {Quirk.MIRRORED_PAGES}
"Those that the driver sees from the data, whether it knows of them or not."


def test_each_quirk_is_in_one_table() -> None:
    tables = ({case.quirk for case in CASES}, AVOIDED, FOUND_OUT)
    others = {case.quirk for case in test_class1.CASES}
    assert set().union(*tables) == quirks_below("Class 2, 2.0 and 2.1")
    assert set().union(*tables, others) == set(Quirk)
    assert sum(map(len, tables)) + len(others) == len(Quirk)


def _name(case: Case) -> str:
    return f"{case.quirk.value}-{case.base}-{'receiving' if case.receives else 'sending'}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_harm_and_cure(case: Case) -> None:
    check(case)


def test_a_refused_page_is_not_taken_for_confirmed() -> None:
    case = Case(quirk=Quirk.REFUSED_PAGE_ENDS_OK, base="class2", faults=(LAST_PAGE_DAMAGED,), harm=page_lost)
    modem = DceSettings.of_profile(case.profile(told=True))
    assert case.harm(carry(case, case.profile(told=False), modem))
    told = carry(case, case.profile(told=True), modem)
    assert told.sent.outcome is Outcome.PAGE_REFUSED
    assert told.on_hook
    assert carry(case, case.profile(told=True), replace(modem, quirks={})).is_good


@pytest.mark.parametrize("base", BOTH)
@pytest.mark.parametrize("told", [False, True])
def test_no_call_is_made_for_a_poll_that_must_fail(base: str, told: bool, tmp_path: Path) -> None:
    case = Case(quirk=Quirk.POLLING_BROKEN, base=base, harm=fails)

    async def main() -> tuple[FaxResult | None, bool]:
        line = watched_line()
        knows = case.profile(told=told)
        far = Side(line, CALLED, settings=PLAIN)
        near = Side(line, CALLER, settings=PLAIN, dce=DceSettings.of_profile(case.profile(told=True)), profile=knows)
        async with running(near, far), anyio.create_task_group() as tasks:
            tasks.start_soon(partial(far.receive, tmp_path / "fax.tif", serves=PAGES))
            await anyio.sleep(LEAD_S)
            await near.poll(tmp_path / "polled.tif")
            tasks.cancel_scope.cancel()
        assert near.left_on_hook
        return near.result, "dialled" in map(name_of, line.history)

    result, dialled = run_virtual(main)
    assert result is not None
    assert dialled is not told
    if told:
        assert result.outcome is Outcome.INCOMPATIBLE
        assert "try class 1" in result.message
    else:
        assert result.outcome is Outcome.NOTHING_TO_POLL
