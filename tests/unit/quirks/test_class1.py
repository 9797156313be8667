"""Each quirk of the command line and of Class 1 and 1.0, in a whole call: its harm, and that the driver averts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.emulator.faults import Fate, FrameFault, Gap, Refusal, Refused
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.timers import Limits
from tests.scenarios.bench import CALLED, CALLER, page
from tests.unit.quirks.harness import (
    PLAIN,
    Case,
    check,
    ends_with,
    fails,
    goes_without,
    page_lost,
    quirks_below,
    repeats,
)

NO_CFR: Final = FrameFault(sender=CALLED, fate=Fate.LOST, nth=(1,))
"The answer to the first DCS is lost; before it the receiver has sent its DIS."
LONG: Final = (page(lines=300, seed=1), page(lines=300, seed=2))
"Pages that no modem's buffer holds."

CASES: Final = (
    # Command line and port
    Case(quirk=Quirk.WAITS_BETWEEN_COMMANDS, value=0.1, harm=ends_with(Outcome.MODEM_NOT_FOUND)),
    Case(quirk=Quirk.DEAF_AFTER_STATE_CHANGE, value=0.1, harm=ends_with(Outcome.MODEM_NOT_FOUND)),
    Case(
        quirk=Quirk.CLASS_UNLISTED,
        base="class1.0",
        firmware={"classes": {"listed": ["0", "1"]}},
        far="class1.0",
        settings=CallSettings(),
        harm=goes_without("33600"),
    ),
    Case(
        quirk=Quirk.DIAL_BLOCKING,
        cure={"at": {"unblock": ["AT%TCB"]}},
        faults=(Refusal(sender=CALLER, attempts=1, refused=Refused.BUSY),),
        calls=2,
        harm=ends_with(Outcome.DELAYED),
    ),
    Case(quirk=Quirk.NO_AT_SIGN, number=f"@{CALLED}", harm=ends_with(Outcome.BAD_NUMBER)),
    # Class 1 and 1.0
    Case(quirk=Quirk.EARLY_CONNECT, value=0.4, harm=page_lost),
    Case(quirk=Quirk.LATE_FLAGS, value=0.4, delay_s=1.2, harm=fails),
    Case(  # the second page's carrier is missed: T2, then V.21 is listened for while it is still there
        quirk=Quirk.CONNECT_ON_ANY_CARRIER,
        receives=True,
        pages=(page(seed=1), page(lines=150, seed=2), page(seed=3)),
        faults=(Gap(sender=CALLER, carrier=4, duration_s=0.3),),
        settings=replace(PLAIN, limits=Limits(t2_s=5.0)),
        harm=page_lost,
    ),
    Case(quirk=Quirk.FRM_SILENT, value=3.0, receives=True, faults=(NO_CFR,), harm=repeats("DCS", 3)),
    Case(quirk=Quirk.CAN_HANGS, faults=(NO_CFR,), harm=fails),
    Case(quirk=Quirk.LATE_FCERROR, faults=(NO_CFR,), harm=fails),
    Case(quirk=Quirk.FRS_RESETS, harm=fails),
    Case(quirk=Quirk.OK_MEANS_NO_V34, base="class1.0", harm=ends_with(Outcome.NO_ANSWER)),
    Case(quirk=Quirk.SMALL_BUFFER, value=1024, cure={"flow": {"while_sending": "none"}}, pages=LONG, harm=fails),
    Case(quirk=Quirk.SOFT_FLOW_BROKEN, cure={"flow": {"while_sending": "rtscts"}}, pages=LONG, harm=fails),
    Case(
        quirk=Quirk.HARD_FLOW_BROKEN,
        firmware={"flow": {"while_sending": "rtscts"}},
        cure={"flow": {"while_sending": "xonxoff"}},
        pages=LONG,
        harm=fails,
    ),
)


def test_no_quirk_is_left_out() -> None:
    assert {case.quirk for case in CASES} == quirks_below("Command line and port", "Class 1 and 1.0")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.quirk.value)
def test_harm_and_cure(case: Case) -> None:
    check(case)
