from __future__ import annotations

from collections.abc import Callable

import pytest

from faxmodem.jobs.outcomes import TABLE, Row, explain, final_status, to_markdown
from faxmodem.jobs.status import JobExtendedStatus as Code
from faxmodem.jobs.status import JobStatus, JobType
from faxmodem.t30.outcomes import Outcome

EXIT_CODES = {
    Outcome.OK: 0,
    Outcome.BUSY: 10,
    Outcome.NO_ANSWER: 11,
    Outcome.NO_DIAL_TONE: 12,
    Outcome.BAD_NUMBER: 13,
    Outcome.DELAYED: 14,
    Outcome.BLACKLISTED: 15,
    Outcome.NOT_A_FAX: 16,
    Outcome.FAR_END_HUNG_UP: 20,
    Outcome.FAR_END_DISCONNECTED: 21,
    Outcome.INCOMPATIBLE: 22,
    Outcome.NOTHING_TO_POLL: 23,
    Outcome.TRAINING_FAILED: 24,
    Outcome.NO_RESPONSE: 25,
    Outcome.PAGE_REFUSED: 26,
    Outcome.NO_COMMAND: 27,
    Outcome.PROTOCOL_ERROR: 28,
    Outcome.POLL_REFUSED: 29,
    Outcome.STALLED: 30,
    Outcome.TOO_LONG: 31,
    Outcome.PORT_UNAVAILABLE: 40,
    Outcome.PORT_LOST: 41,
    Outcome.MODEM_NOT_FOUND: 42,
    Outcome.MODEM_FAILED: 43,
    Outcome.DOCUMENT_FAILED: 50,
    Outcome.STORAGE_FAILED: 51,
    Outcome.INTERNAL_ERROR: 70,
    Outcome.CANCELED: 130,
}
"Scripts compare these: a number once given away stays."

RETRYABLE = {
    Code.LINE_UNAVAILABLE,
    Code.NO_ANSWER,
    Code.NO_DIAL_TONE,
    Code.DISCONNECTED,
    Code.BUSY,
    Code.NOT_FAX_CALL,
    Code.FATAL_ERROR,
}
"Microsoft's list of the extended codes after which a send job may be tried again."

FAILURES = [outcome for outcome in Outcome if outcome not in (Outcome.OK, Outcome.CANCELED)]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_row(outcome: Outcome) -> None:
    row = explain(outcome)
    assert (row.outcome, row.code, row.exit_code) == (outcome, outcome.value, EXIT_CODES[outcome])
    assert all(text.endswith(".") for text in (row.sentence, row.cause, row.advice))
    assert "|" not in row.sentence + row.cause + row.advice


def test_rows_can_be_told_apart() -> None:
    columns: tuple[Callable[[Row], str | int], ...] = (
        lambda row: row.sentence,
        lambda row: row.cause,
        lambda row: row.exit_code,
    )
    for column in columns:
        assert len({column(row) for row in TABLE.values()}) == len(Outcome)
    assert not {1, 2} & {row.exit_code for row in TABLE.values()}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_may_be_tried_again_is(outcome: Outcome) -> None:
    if explain(outcome).retry:
        assert explain(outcome).extended in RETRYABLE


@pytest.mark.parametrize(
    "outcome",
    [Outcome.BAD_NUMBER, Outcome.DELAYED, Outcome.BLACKLISTED, Outcome.DOCUMENT_FAILED, Outcome.INTERNAL_ERROR],
)
def test_a_send_job_that_would_fail_again_is_not_tried_again(outcome: Outcome) -> None:
    status, _code = final_status(outcome, JobType.SEND, pages_stored=0, retries_left=3)
    assert status == JobStatus.RETRIES_EXCEEDED


@pytest.mark.parametrize("retries_left", [0, 1])
@pytest.mark.parametrize("outcome", FAILURES)
def test_a_send_job_that_fails(outcome: Outcome, retries_left: int) -> None:
    row = explain(outcome)
    again = row.retry and retries_left > 0
    expected = JobStatus.RETRYING if again else JobStatus.RETRIES_EXCEEDED
    assert final_status(outcome, JobType.SEND, pages_stored=2, retries_left=retries_left) == (expected, row.extended)


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_reception_that_fails(outcome: Outcome) -> None:
    nothing = final_status(outcome, JobType.RECEIVE, pages_stored=0, retries_left=9)
    some = final_status(outcome, JobType.RECEIVE, pages_stored=1, retries_left=9)
    assert nothing == (JobStatus.FAILED, explain(outcome).extended)
    assert some == (JobStatus.ROUTING, Code.PARTIALLY_RECEIVED)


@pytest.mark.parametrize("pages", [0, 1])
def test_success_and_cancel(pages: int) -> None:
    def final(outcome: Outcome, job_type: JobType) -> tuple[JobStatus, Code]:
        return final_status(outcome, job_type, pages_stored=pages, retries_left=1)

    assert final(Outcome.OK, JobType.SEND) == (JobStatus.COMPLETED, Code.CALL_COMPLETED)
    assert final(Outcome.OK, JobType.RECEIVE) == (JobStatus.ROUTING, Code.CALL_COMPLETED)
    assert final(Outcome.CANCELED, JobType.SEND) == (JobStatus.CANCELED, Code.CALL_ABORTED)
    assert final(Outcome.CANCELED, JobType.RECEIVE) == (JobStatus.CANCELED, Code.CALL_ABORTED)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.BUSY, Code.BUSY),
        (Outcome.NO_ANSWER, Code.NO_ANSWER),
        (Outcome.NO_DIAL_TONE, Code.NO_DIAL_TONE),
        (Outcome.BAD_NUMBER, Code.BAD_ADDRESS),
        (Outcome.DELAYED, Code.CALL_DELAYED),
        (Outcome.BLACKLISTED, Code.CALL_BLACKLISTED),
        (Outcome.NOT_A_FAX, Code.NOT_FAX_CALL),
        (Outcome.FAR_END_HUNG_UP, Code.DISCONNECTED),
        (Outcome.FAR_END_DISCONNECTED, Code.DISCONNECTED),
        (Outcome.NO_COMMAND, Code.DISCONNECTED),
        (Outcome.INCOMPATIBLE, Code.FATAL_ERROR),
        (Outcome.TRAINING_FAILED, Code.FATAL_ERROR),
        (Outcome.PAGE_REFUSED, Code.FATAL_ERROR),
        (Outcome.PORT_UNAVAILABLE, Code.LINE_UNAVAILABLE),
        (Outcome.PORT_LOST, Code.LINE_UNAVAILABLE),
    ],
)
def test_extended_codes(outcome: Outcome, code: Code) -> None:
    assert explain(outcome).extended is code


def test_the_manual_has_a_line_for_each_outcome() -> None:
    table, rule = to_markdown().split("\n\n")
    lines = table.splitlines()
    assert len(lines) == 2 + len(Outcome)
    assert {line.count(" | ") for line in lines} == {6}
    assert lines[3] == (
        "| 10 | `busy` | The line of the other side is busy. | It is in a call, or several senders want it at the same "
        "time. | Try again in some minutes. | BUSY | again |"
    )
    assert "RETRIES_EXCEEDED" in rule
