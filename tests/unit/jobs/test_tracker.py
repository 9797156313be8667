from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.jobs.status import FaxJobStatus, JobStatus, JobType
from faxmodem.jobs.status import JobExtendedStatus as Code
from faxmodem.jobs.tracker import MOVES, OPERATIONS, Entry, Tracker
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from faxmodem.t30.transitions import (
    Answered,
    BlockRepeated,
    CallEnded,
    Canceling,
    Dialing,
    Initializing,
    Negotiated,
    Note,
    PageConfirmed,
    PageRefused,
    PageStarted,
    PageStored,
    Phase,
    PhaseEntered,
    RemoteIdentified,
    RemoteTold,
    Trained,
    Transition,
    Turned,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ticking(step_s: float = 1.0) -> Callable[[], datetime]:
    """A clock that is a second further on each time it is read."""

    def times() -> Iterator[datetime]:
        now = START
        while True:
            yield now
            now += timedelta(seconds=step_s)

    return times().__next__


def send_job(*, pages: int = 3, retries_left: int = 0, step_s: float = 1.0) -> Tracker:
    return Tracker(
        job_id="s1",
        job_type=JobType.SEND,
        station_id="+49 30 1234",
        device_id=4,
        pages=pages,
        size=9000,
        retries_left=retries_left,
        clock=ticking(step_s),
    )


def receive_job() -> Tracker:
    return Tracker(
        job_id="r1",
        job_type=JobType.RECEIVE,
        station_id="+49 30 1234",
        device_id=4,
        caller_id="+1 555 0100",
        routing_information="+49 30 1234|0815",
        clock=ticking(),
    )


def chain(tracker: Tracker, *transitions: Transition) -> list[FaxJobStatus]:
    """Every snapshot of the job, that of its beginning included."""
    return [tracker.status, *(status for transition in transitions for status in tracker.apply(transition))]


def steps(statuses: Sequence[FaxJobStatus]) -> list[tuple[JobStatus, int, int]]:
    """State, extended code and page, without the repeats that come of a mere change of phase."""
    triples = [(status.status, status.extended_status_code, status.current_page) for status in statuses]
    return [triples[0], *(after for before, after in pairwise(triples) if after != before)]


TRAINED = Trained(Modulation.V17_14400, good=True)
UNTRAINED = Trained(Modulation.V17_14400, good=False)
A, B, C, D, E = (PhaseEntered(phase) for phase in Phase)
DIALED: tuple[Transition, ...] = (Initializing(), A, Dialing())
CONNECTED: tuple[Transition, ...] = (*DIALED, Answered(), B, RemoteIdentified("+1 555 0100"), TRAINED)
ANSWERED: tuple[Transition, ...] = (Initializing(), A, Answered(), B, RemoteIdentified("+1 555 0100"), TRAINED)


def sent_page(page: int) -> tuple[Transition, ...]:
    return (C, PageStarted(page), D, PageConfirmed(page))


def stored_page(page: int) -> tuple[Transition, ...]:
    return (C, PageStarted(page), D, PageStored(page, page * 1000))


PENDING = (JobStatus.PENDING, Code.NONE, 0)
INITIALIZING = (JobStatus.INPROGRESS, Code.INITIALIZING, 0)
DIALING = (JobStatus.INPROGRESS, Code.DIALING, 0)


def transmitting(page: int) -> tuple[JobStatus, int, int]:
    return JobStatus.INPROGRESS, Code.TRANSMITTING, page


def receiving(page: int) -> tuple[JobStatus, int, int]:
    return JobStatus.INPROGRESS, Code.RECEIVING, page


# --- sending ---------------------------------------------------------------------------------------------------------


def test_a_good_send_of_three_pages() -> None:
    tracker = send_job()
    pages = [transition for page in (1, 2, 3) for transition in sent_page(page)]
    statuses = chain(tracker, *CONNECTED, *pages, E, CallEnded(Outcome.OK, 3))
    assert steps(statuses) == [
        PENDING,
        INITIALIZING,
        DIALING,
        transmitting(0),
        transmitting(1),
        transmitting(2),
        transmitting(3),
        (JobStatus.INPROGRESS, Code.CALL_COMPLETED, 3),
        (JobStatus.COMPLETED, Code.CALL_COMPLETED, 3),
    ]
    assert {(status.pages, status.size, status.tsid, status.retries) for status in statuses} == {
        (3, 9000, "+49 30 1234", 0)
    }
    assert tracker.ended
    assert tracker.status is statuses[-1]


def test_a_snapshot_for_every_phase_transition() -> None:
    tracker = send_job(pages=2)
    chain(tracker, *CONNECTED, *sent_page(1), *sent_page(2), E, CallEnded(Outcome.OK, 2))
    phases = [entry.phase for entry in tracker.history]
    assert [phases[0], *(after for before, after in pairwise(phases) if after is not before)] == [
        None,
        *(Phase[letter] for letter in "ABCDCDE"),
    ]
    assert tracker.apply(D) == ()


def test_a_phase_transition_publishes_even_what_has_not_changed() -> None:
    tracker = send_job()
    chain(tracker, *CONNECTED, C, PageStarted(1))
    before = tracker.status
    assert tracker.apply(D) == (before,)
    assert tracker.history[-2:] == (Entry(Phase.C, before), Entry(Phase.D, before))
    assert tracker.apply(D) == ()
    assert tracker.apply(PageConfirmed(1)) == ()


def test_the_far_end_s_csid_is_filled_before_training() -> None:
    tracker = send_job()
    chain(tracker, *DIALED, Answered(), B)
    assert tracker.status.csid == ""
    (status,) = tracker.apply(RemoteIdentified("    +1 555 0100"))
    assert (status.csid, status.tsid, status.extended_status_code) == ("+1 555 0100", "+49 30 1234", Code.DIALING)
    assert tracker.apply(RemoteIdentified("  \x1b")) == ()


def test_times_are_those_of_the_connection() -> None:
    tracker = send_job(pages=1)
    chain(tracker, *DIALED)
    assert tracker.status.transmission_start is None
    (status,) = tracker.apply(Answered())
    assert (status.transmission_start, status.transmission_end) == (START, None)
    chain(tracker, TRAINED, *sent_page(1))
    assert tracker.status.transmission_end is None
    completed, final = tracker.apply(CallEnded(Outcome.OK, 1))
    assert (final.transmission_start, final.transmission_end) == (START, START + timedelta(seconds=1))
    assert completed.transmission_end == final.transmission_end


def test_a_call_does_not_end_before_it_starts_though_the_clock_is_set_back() -> None:
    tracker = send_job(step_s=-3600)
    chain(tracker, *CONNECTED, CallEnded(Outcome.FAR_END_HUNG_UP, 0))
    assert tracker.status.transmission_end == tracker.status.transmission_start == START


def test_busy() -> None:
    statuses = chain(send_job(), *DIALED, E, CallEnded(Outcome.BUSY, 0))
    assert steps(statuses) == [PENDING, INITIALIZING, DIALING, (JobStatus.RETRIES_EXCEEDED, Code.BUSY, 0)]
    assert (statuses[-1].transmission_start, statuses[-1].transmission_end) == (None, None)


def test_busy_and_the_next_attempt() -> None:
    tracker = send_job(retries_left=1)
    chain(tracker, *DIALED, E, CallEnded(Outcome.BUSY, 0))
    waiting = tracker.status
    assert (waiting.status, waiting.extended_status_code, waiting.device_id) == (JobStatus.RETRYING, Code.BUSY, 0)
    assert not tracker.ended
    assert tracker.apply(CallEnded(Outcome.BUSY, 0)) == ()
    assert tracker.apply(Dialing()) == ()
    (again,) = tracker.retry()
    assert (again.status, again.extended_status_code, again.retries) == (JobStatus.INPROGRESS, Code.INITIALIZING, 1)
    chain(tracker, *DIALED, CallEnded(Outcome.NO_ANSWER, 0))
    assert (tracker.status.status, tracker.status.retries) == (JobStatus.RETRIES_EXCEEDED, 1)


def test_the_next_attempt_counts_its_own_pages_and_times() -> None:
    tracker = send_job(retries_left=1)
    chain(tracker, *CONNECTED, *sent_page(1), CallEnded(Outcome.FAR_END_HUNG_UP, 1))
    assert tracker.status.current_page == 1
    assert tracker.status.transmission_end is not None
    (again,) = tracker.retry()
    assert (again.current_page, again.csid, again.transmission_start, again.transmission_end) == (0, "", None, None)
    assert tracker.history[-1].phase is None


def test_only_a_retrying_job_has_another_attempt() -> None:
    with pytest.raises(ValueError, match="only a job that is RETRYING begins another attempt"):
        send_job(retries_left=1).retry()


def test_a_port_that_cannot_be_opened() -> None:
    assert steps(chain(send_job(), CallEnded(Outcome.PORT_UNAVAILABLE, 0))) == [
        PENDING,
        (JobStatus.RETRIES_EXCEEDED, Code.LINE_UNAVAILABLE, 0),
    ]
    assert steps(chain(send_job(retries_left=1), CallEnded(Outcome.PORT_UNAVAILABLE, 0))) == [
        PENDING,
        INITIALIZING,
        (JobStatus.RETRYING, Code.LINE_UNAVAILABLE, 0),
    ]


def test_a_page_that_is_refused_and_repeated_stays_the_current_page() -> None:
    refused = (C, PageStarted(2), D, PageRefused(2))
    again = (B, UNTRAINED, TRAINED, *refused)
    statuses = chain(send_job(), *CONNECTED, *sent_page(1), *refused, *again, CallEnded(Outcome.PAGE_REFUSED, 1))
    assert steps(statuses) == [
        PENDING,
        INITIALIZING,
        DIALING,
        transmitting(0),
        transmitting(1),
        transmitting(2),
        (JobStatus.RETRIES_EXCEEDED, Code.FATAL_ERROR, 2),
    ]


def test_the_device_is_shown_while_it_is_at_work() -> None:
    tracker = send_job(pages=1)
    statuses = chain(tracker, *CONNECTED, *sent_page(1), E, CallEnded(Outcome.OK, 1))
    assert {(status.status, status.device_id) for status in statuses} == {
        (JobStatus.PENDING, 0),
        (JobStatus.INPROGRESS, 4),
        (JobStatus.COMPLETED, 0),
    }


def test_port_lost_in_the_middle_of_a_page() -> None:
    tracker = send_job(retries_left=1)
    chain(tracker, *CONNECTED, C, PageStarted(1), CallEnded(Outcome.PORT_LOST, 0))
    status = tracker.status
    assert (status.status, status.extended_status_code) == (JobStatus.RETRYING, Code.LINE_UNAVAILABLE)
    assert status.device_id == 0


# --- canceling a send job --------------------------------------------------------------------------------------------


def test_cancel_before_the_call() -> None:
    tracker = send_job()
    assert steps(chain(tracker, Canceling())) == [PENDING, (JobStatus.CANCELED, Code.NONE, 0)]
    assert tracker.apply(CallEnded(Outcome.CANCELED, 0)) == ()


def test_cancel_between_two_attempts() -> None:
    tracker = send_job(retries_left=1)
    chain(tracker, *DIALED, CallEnded(Outcome.BUSY, 0))
    (status,) = tracker.apply(Canceling())
    assert (status.status, status.extended_status_code) == (JobStatus.CANCELED, Code.NONE)


@pytest.mark.parametrize(
    ("before", "code", "page"),
    [
        ((Initializing(),), Code.INITIALIZING, 0),
        (DIALED, Code.DIALING, 0),
        ((*DIALED, Answered(), B), Code.DIALING, 0),
        (CONNECTED, Code.TRANSMITTING, 0),
        ((*CONNECTED, C, PageStarted(1)), Code.TRANSMITTING, 1),
        ((*CONNECTED, *sent_page(1)), Code.TRANSMITTING, 1),
    ],
)
def test_cancel_on_the_line(before: tuple[Transition, ...], code: Code, page: int) -> None:
    tracker = send_job()
    chain(tracker, *before)
    statuses = chain(tracker, Canceling(), E, CallEnded(Outcome.CANCELED, 0))
    assert steps(statuses)[1:] == [
        (JobStatus.CANCELING, code, page),
        (JobStatus.CANCELED, Code.CALL_ABORTED, page),
    ]


def test_a_second_cancel_changes_nothing() -> None:
    tracker = send_job()
    chain(tracker, *DIALED, Canceling())
    assert tracker.apply(Canceling()) == ()


def test_the_last_confirmation_wins_over_cancel() -> None:
    tracker = send_job(pages=1)
    chain(tracker, *CONNECTED, C, PageStarted(1))
    statuses = chain(tracker, Canceling(), D, PageConfirmed(1), E, CallEnded(Outcome.OK, 1))
    assert steps(statuses)[1:] == [
        (JobStatus.CANCELING, Code.TRANSMITTING, 1),
        (JobStatus.CANCELING, Code.CALL_COMPLETED, 1),
        (JobStatus.COMPLETED, Code.CALL_COMPLETED, 1),
    ]


@pytest.mark.parametrize("outcome", [Outcome.FAR_END_HUNG_UP, Outcome.MODEM_FAILED])
def test_a_canceled_call_that_comes_apart_is_canceled(outcome: Outcome) -> None:
    tracker = send_job(retries_left=5)
    chain(tracker, *CONNECTED, Canceling(), CallEnded(outcome, 0))
    assert (tracker.status.status, tracker.status.extended_status_code) == (JobStatus.CANCELED, Code.CALL_ABORTED)


# --- receiving -------------------------------------------------------------------------------------------------------


def test_a_good_reception_of_two_pages() -> None:
    tracker = receive_job()
    statuses = chain(tracker, *ANSWERED, *stored_page(1), *stored_page(2), E, CallEnded(Outcome.OK, 2))
    assert steps(statuses) == [
        INITIALIZING,
        (JobStatus.INPROGRESS, Code.ANSWERED, 0),
        receiving(0),
        receiving(1),
        receiving(2),
        (JobStatus.INPROGRESS, Code.CALL_COMPLETED, 2),
        (JobStatus.ROUTING, Code.CALL_COMPLETED, 2),
    ]
    assert sorted({(status.pages, status.size) for status in statuses}) == [(0, 0), (1, 1000), (2, 2000)]
    assert {(status.csid, status.caller_id, status.routing_information) for status in statuses} == {
        ("+49 30 1234", "+1 555 0100", "+49 30 1234|0815")
    }
    final = statuses[-1]
    assert (final.tsid, final.job_type, final.device_id) == ("+1 555 0100", JobType.RECEIVE, 0)
    assert final.transmission_start == START
    assert final.transmission_end == START + timedelta(seconds=1)


def test_a_training_that_fails_is_not_yet_a_reception() -> None:
    tracker = receive_job()
    chain(tracker, Answered(), B, UNTRAINED)
    assert tracker.status.extended_status_code == Code.ANSWERED
    assert tracker.apply(TRAINED)[0].extended_status_code == Code.RECEIVING


def test_a_partial_reception_is_kept() -> None:
    statuses = chain(receive_job(), *ANSWERED, *stored_page(1), C, PageStarted(2), CallEnded(Outcome.NO_COMMAND, 1))
    assert steps(statuses)[-2:] == [receiving(2), (JobStatus.ROUTING, Code.PARTIALLY_RECEIVED, 2)]
    assert (statuses[-1].pages, statuses[-1].size) == (1, 1000)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.NOT_A_FAX, Code.NOT_FAX_CALL),
        (Outcome.FAR_END_HUNG_UP, Code.DISCONNECTED),
        (Outcome.PROTOCOL_ERROR, Code.FATAL_ERROR),
        (Outcome.PORT_LOST, Code.LINE_UNAVAILABLE),
    ],
)
def test_a_reception_without_a_page(outcome: Outcome, code: Code) -> None:
    statuses = chain(receive_job(), *ANSWERED, C, PageStarted(1), CallEnded(outcome, 0))
    assert steps(statuses)[-2:] == [receiving(1), (JobStatus.FAILED, code, 1)]


def test_port_lost_after_a_page() -> None:
    statuses = chain(receive_job(), *ANSWERED, *stored_page(1), CallEnded(Outcome.PORT_LOST, 1))
    assert steps(statuses)[-1] == (JobStatus.ROUTING, Code.PARTIALLY_RECEIVED, 1)


@pytest.mark.parametrize("told", [True, False])
def test_a_canceled_reception_passes_through_canceling(told: bool) -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, *stored_page(1))
    cancel = (Canceling(),) if told else ()
    assert steps(chain(tracker, *cancel, E, CallEnded(Outcome.CANCELED, 1)))[1:] == [
        (JobStatus.CANCELING, Code.RECEIVING, 1),
        (JobStatus.CANCELED, Code.CALL_ABORTED, 1),
    ]


def test_a_reception_that_was_complete_when_it_was_canceled() -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, *stored_page(1), Canceling(), CallEnded(Outcome.OK, 1))
    assert (tracker.status.status, tracker.status.extended_status_code) == (JobStatus.ROUTING, Code.CALL_COMPLETED)


def test_a_routing_job_has_no_call() -> None:
    with pytest.raises(ValueError, match="follows a send or a receive job, not ROUTING"):
        Tracker(job_id="x", job_type=JobType.ROUTING, clock=ticking())


# --- what holds always -----------------------------------------------------------------------------------------------


def test_operations_are_those_of_the_state() -> None:
    numbers = {
        JobType.SEND: {
            JobStatus.PENDING: 0x73,
            JobStatus.INPROGRESS: 0x71,
            JobStatus.RETRYING: 0x73,
            JobStatus.RETRIES_EXCEEDED: 0x79,
            JobStatus.CANCELING: 0x61,
            JobStatus.CANCELED: 0x61,
            JobStatus.COMPLETED: 0x61,
        },
        JobType.RECEIVE: {
            JobStatus.INPROGRESS: 0x10,
            JobStatus.FAILED: 0x00,
            JobStatus.CANCELING: 0x00,
            JobStatus.CANCELED: 0x00,
            JobStatus.ROUTING: 0x01,
        },
    }
    assert numbers == OPERATIONS


PAGES = st.integers(-1, 5)
TRANSITIONS: st.SearchStrategy[Transition] = st.one_of(
    st.sampled_from([Initializing(), Dialing(), Answered(), TRAINED, UNTRAINED]),
    st.builds(PhaseEntered, st.sampled_from(Phase)),
    st.builds(RemoteIdentified, st.text(max_size=20)),
    st.builds(PageStarted, PAGES),
    st.builds(PageConfirmed, PAGES),
    st.builds(PageRefused, PAGES),
    st.builds(PageStored, PAGES, st.integers(-1, 9999)),
    st.just(Canceling()),
    st.builds(CallEnded, st.sampled_from(Outcome), PAGES),
)


@given(
    st.sampled_from([JobType.SEND, JobType.RECEIVE]),
    st.integers(0, 2),
    st.lists(TRANSITIONS, max_size=30),
    st.floats(-9, 9),
)
def test_snapshots_never_go_back(
    job_type: JobType, retries_left: int, transitions: list[Transition], step_s: float
) -> None:
    tracker = Tracker(
        job_id="x", job_type=job_type, station_id="us", device_id=1, retries_left=retries_left, clock=ticking(step_s)
    )
    published = [tracker.status]
    for transition in transitions:
        ended = tracker.ended
        new = tracker.apply(transition)
        assert not (ended and new)
        published += new
        if tracker.status.status == JobStatus.RETRYING:
            published += tracker.retry()
    assert [entry.status for entry in tracker.history] == published
    for before, after in pairwise(tracker.history):
        assert before != after
        check_step(before.status, after.status)
    assert tracker.status.retries <= retries_left


def check_step(before: FaxJobStatus, after: FaxJobStatus) -> None:
    moves = MOVES[before.job_type]
    assert after.status == before.status or after.status in moves[before.status]
    assert moves[before.status], "nothing follows the last state"
    assert after.available_operations == OPERATIONS[after.job_type][after.status]
    assert after.device_id == (after.status in (JobStatus.INPROGRESS, JobStatus.CANCELING))
    assert (before.job_type, before.scheduled_time) == (after.job_type, after.scheduled_time)
    assert (after.csid if after.job_type is JobType.RECEIVE else after.tsid) == "us"
    if after.transmission_end is not None:
        assert after.transmission_start is not None
        assert after.transmission_end >= after.transmission_start
    if after.status in (JobStatus.COMPLETED, JobStatus.ROUTING) and after.extended_status_code == Code.CALL_COMPLETED:
        assert before.extended_status_code == Code.CALL_COMPLETED
    assert after.retries - before.retries in (0, 1)
    if after.retries == before.retries:
        assert after.current_page >= before.current_page
        assert after.pages >= before.pages
        assert after.size >= before.size
        assert not before.csid or after.csid
        assert not before.tsid or after.tsid
        assert before.transmission_start in (None, after.transmission_start)
        assert before.transmission_end in (None, after.transmission_end)


RANK = [Code.NONE, Code.INITIALIZING, Code.DIALING, Code.ANSWERED, Code.TRANSMITTING, Code.RECEIVING]


@given(st.sampled_from([JobType.SEND, JobType.RECEIVE]), st.lists(TRANSITIONS, max_size=30))
def test_the_extended_code_of_a_running_job_only_rises(job_type: JobType, transitions: list[Transition]) -> None:
    tracker = Tracker(job_id="x", job_type=job_type, clock=ticking())
    chain(tracker, *(transition for transition in transitions if not isinstance(transition, CallEnded | Canceling)))
    ranks = [RANK.index(Code(entry.status.extended_status_code)) for entry in tracker.history]
    assert ranks == sorted(ranks)


# --- polling ---------------------------------------------------------------------------------------------------------


def test_pages_that_are_polled_after_sending_are_not_the_job_s() -> None:
    tracker = send_job(pages=2)
    chain(tracker, *CONNECTED, *sent_page(1), *sent_page(2), Turned(sends=False), B, *stored_page(3), *stored_page(4))
    assert (tracker.status.current_page, tracker.status.pages, tracker.status.size) == (2, 2, 9000)
    assert tracker.status.extended_status_code is Code.RECEIVING
    chain(tracker, E, CallEnded(Outcome.OK, 4))
    assert (tracker.status.status, tracker.status.pages) == (JobStatus.COMPLETED, 2)


def test_the_next_attempt_sends_again() -> None:
    tracker = send_job(pages=2, retries_left=1)
    chain(tracker, *CONNECTED, *sent_page(1), Turned(sends=False), *stored_page(2), CallEnded(Outcome.NO_COMMAND, 2))
    tracker.retry()
    chain(tracker, *CONNECTED, *sent_page(1), *sent_page(2))
    assert (tracker.status.current_page, tracker.status.extended_status_code) == (2, Code.TRANSMITTING)


def test_a_caller_who_polls_us_leaves_no_page() -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, Turned(sends=True), *sent_page(1), *sent_page(2), E, CallEnded(Outcome.OK, 2))
    status = tracker.status
    assert (status.status, status.extended_status_code) == (JobStatus.ROUTING, Code.CALL_COMPLETED)
    assert (status.pages, status.current_page) == (0, 0)


def test_a_caller_who_sends_and_then_polls_us_leaves_what_he_sent() -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, *stored_page(1), Turned(sends=True), *sent_page(2), E, CallEnded(Outcome.NO_RESPONSE, 2))
    status = tracker.status
    assert (status.status, status.extended_status_code) == (JobStatus.ROUTING, Code.PARTIALLY_RECEIVED)
    assert (status.pages, status.current_page, status.size) == (1, 1, 1000)


def test_pages_are_counted_from_where_the_other_s_end() -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, Turned(sends=True), *sent_page(1), *sent_page(2), Turned(sends=False), *stored_page(3))
    assert (tracker.status.current_page, tracker.status.pages) == (1, 1)


def test_a_poll_is_a_reception_that_dials() -> None:
    tracker = receive_job()
    statuses = chain(
        tracker, *CONNECTED[:-1], Turned(sends=False), TRAINED, *stored_page(1), E, CallEnded(Outcome.OK, 1)
    )
    assert [code for _, code, _ in steps(statuses)] == [
        Code.INITIALIZING,
        Code.DIALING,
        Code.ANSWERED,
        Code.RECEIVING,
        Code.RECEIVING,
        Code.CALL_COMPLETED,
        Code.CALL_COMPLETED,
    ]
    assert (statuses[-1].status, statuses[-1].pages) == (JobStatus.ROUTING, 1)


def test_a_subaddress_is_where_the_fax_is_to_be_routed() -> None:
    tracker = receive_job()
    chain(tracker, *ANSWERED, RemoteTold(Note.SUBADDRESS, "42"), RemoteTold(Note.SENDER_ID, "secret"))
    assert tracker.status.routing_information == "+49 30 1234|42"


def test_news_without_a_place_in_a_status_change_nothing() -> None:
    tracker = send_job()
    chain(tracker, *CONNECTED)
    news = (
        Negotiated(Parameters(modulation=Modulation.V17_14400), 12.0),
        RemoteTold(Note.MAKER, "Japan"),
        BlockRepeated(1, 0, 3),
    )
    assert [tracker.apply(transition) for transition in news] == [(), (), ()]
