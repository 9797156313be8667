"""Each hang-up code of Class 2, 2.0 and 2.1, from the modem's report to job status and exit code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.jobs.outcomes import explain, final_status
from faxmodem.jobs.status import JobStatus, JobType
from faxmodem.modem.class2.hang_up_codes import ENDINGS, ending_of
from faxmodem.t30.outcomes import Outcome

CLASS_2 = [
    *(0, 1, 2, 3, 10, 11, *range(20, 29), 40, 43, *range(50, 59), *range(70, 75)),
    *(90, 91, 93, 94, *range(100, 104)),
]
"SP-2388-A (08/91)."
CLASS_2_0 = [
    *(*range(0x06), 0x10, 0x11, *range(0x20, 0x29), *range(0x40, 0x48), *range(0x50, 0x59), *range(0x70, 0x75)),
    *(*range(0x90, 0x94), *range(0xA0, 0xA4)),
]
"T.32 (08/95) §8.5.2."
VENDORS = [*(str(code) for code in range(128, 136)), "E0", *(str(code) for code in range(12, 17))]
ALL = [*map(str, CLASS_2), *(f"{code:02X}" for code in CLASS_2_0), *VENDORS]


@pytest.mark.parametrize("code", ALL)
def test_each_code_has_status_sentence_and_exit_code(code: str) -> None:
    ending = ending_of(code)
    assert ending.code in ENDINGS
    assert ending.sentence.endswith(".")
    assert "\n" not in ending.sentence
    assert len(ending.sentence) < 120
    row = explain(ending.outcome)
    ok = ending.outcome is Outcome.OK
    assert (ending.code == "00") is ok
    assert (row.exit_code == 0) is ok
    status, extended = final_status(ending.outcome, JobType.SEND, pages_stored=0, retries_left=0)
    assert status is (JobStatus.COMPLETED if ok else JobStatus.RETRIES_EXCEEDED)
    assert extended is row.extended


def test_the_table_has_nothing_that_is_not_listed() -> None:
    assert {ending_of(code).code for code in ALL} == set(ENDINGS)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("0", Outcome.OK),
        ("000", Outcome.OK),
        ("3", Outcome.NO_DIAL_TONE),
        ("11", Outcome.NO_ANSWER),
        ("21", Outcome.INCOMPATIBLE),
        ("25", Outcome.NO_RESPONSE),
        ("27", Outcome.TRAINING_FAILED),
        ("43", Outcome.MODEM_FAILED),
        ("58", Outcome.PAGE_REFUSED),
        ("73", Outcome.NO_COMMAND),
        ("91", Outcome.FAR_END_HUNG_UP),
        ("103", Outcome.FAR_END_DISCONNECTED),
        ("a3", Outcome.FAR_END_DISCONNECTED),
        (" A0 ", Outcome.NO_COMMAND),
        ("100", Outcome.NO_COMMAND),
        ("e0", Outcome.MODEM_FAILED),
    ],
)
def test_outcomes(code: str, outcome: Outcome) -> None:
    assert ending_of(code).outcome is outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("08", Outcome.MODEM_FAILED),
        ("19", Outcome.NO_ANSWER),
        ("29", Outcome.NO_RESPONSE),
        ("4F", Outcome.MODEM_FAILED),
        ("59", Outcome.NO_RESPONSE),
        ("79", Outcome.NO_COMMAND),
        ("9f", Outcome.FAR_END_HUNG_UP),
        ("109", Outcome.NO_COMMAND),
        ("A9", Outcome.NO_COMMAND),
        ("141", Outcome.MODEM_FAILED),
        ("88", Outcome.MODEM_FAILED),
        ("", Outcome.MODEM_FAILED),
    ],
)
def test_an_unknown_code_goes_by_its_group_and_is_told(code: str, outcome: Outcome) -> None:
    ending = ending_of(code)
    assert ending.outcome is outcome
    assert (code or "empty") in ending.sentence


@given(st.text(max_size=10))
def test_no_code_makes_it_raise(code: str) -> None:
    assert ending_of(code).sentence
