from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from faxmodem.jobs.enumerations import ServerEventsType
from faxmodem.jobs.notification import QUEUE_LIMIT, JobEvents, JobListener, Notifier, announced
from faxmodem.jobs.status import FaxJobStatus, JobExtendedStatus, JobStatus, JobType
from faxmodem.jobs.tracker import Tracker
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import Answered, CallEnded, Dialing, PageStarted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE_S = 20.0
"Longer than any machine takes; nothing here waits for it."


class Recorder(JobEvents):
    """Notes every event as it comes, by its name in IFaxServerNotify."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.statuses: list[FaxJobStatus] = []
        self.threads: set[threading.Thread] = set()

    def note(self, event: str, job_id: str, status: FaxJobStatus | None = None) -> None:
        self.events.append((event, job_id))
        self.threads.add(threading.current_thread())
        if status is not None:
            self.statuses.append(status)

    def on_incoming_job_added(self, job_id: str) -> None:
        self.note("OnIncomingJobAdded", job_id)

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        self.note("OnIncomingJobChanged", job_id, status)

    def on_incoming_job_removed(self, job_id: str) -> None:
        self.note("OnIncomingJobRemoved", job_id)

    def on_outgoing_job_added(self, job_id: str) -> None:
        self.note("OnOutgoingJobAdded", job_id)

    def on_outgoing_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        self.note("OnOutgoingJobChanged", job_id, status)

    def on_outgoing_job_removed(self, job_id: str) -> None:
        self.note("OnOutgoingJobRemoved", job_id)


class Slow(Recorder):
    """Holds on to its first event until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = threading.Event()
        self.go_on = threading.Event()

    def note(self, event: str, job_id: str, status: FaxJobStatus | None = None) -> None:
        super().note(event, job_id, status)
        self.busy.set()
        assert self.go_on.wait(PATIENCE_S)


@contextmanager
def held(*others: JobListener) -> Iterator[tuple[Notifier, Slow]]:
    """A notifier with a slow listener; at the end that one is let go and everything delivered."""
    slow = Slow()
    notifier = Notifier(slow, *others)
    try:
        yield notifier, slow
    finally:
        slow.go_on.set()
        assert notifier.close(PATIENCE_S)


def job(job_type: JobType = JobType.SEND, *, retries_left: int = 0) -> Tracker:
    return Tracker(job_id="j1", job_type=job_type, pages=9, retries_left=retries_left, clock=lambda: NOON)


def pages(count: int) -> list[FaxJobStatus]:
    tracker = job()
    return [status for page in range(1, count + 1) for status in tracker.apply(PageStarted(page))]


def stages(statuses: list[FaxJobStatus]) -> list[tuple[JobStatus, int]]:
    return [(status.status, status.extended_status_code) for status in statuses]


def test_a_send_job_from_added_to_removed() -> None:
    recorder, seen = Recorder(), list[FaxJobStatus]()
    notifier = Notifier(recorder, on_status=seen.append)
    with announced(job(), notifier) as tell:
        tell(Dialing())
        tell(PageStarted(1))
        tell(CallEnded(Outcome.OK, 1))
    assert notifier.close(PATIENCE_S)
    assert recorder.events == [
        ("OnOutgoingJobAdded", "j1"),
        *[("OnOutgoingJobChanged", "j1")] * 5,
        ("OnOutgoingJobRemoved", "j1"),
    ]
    assert stages(recorder.statuses) == [
        (JobStatus.PENDING, JobExtendedStatus.NONE),
        (JobStatus.INPROGRESS, JobExtendedStatus.DIALING),
        (JobStatus.INPROGRESS, JobExtendedStatus.TRANSMITTING),
        (JobStatus.INPROGRESS, JobExtendedStatus.CALL_COMPLETED),
        (JobStatus.COMPLETED, JobExtendedStatus.CALL_COMPLETED),
    ]
    assert seen == recorder.statuses


def test_a_receive_job_from_added_to_removed() -> None:
    recorder, seen = Recorder(), list[FaxJobStatus]()
    notifier = Notifier(recorder, on_status=seen.append)
    with announced(job(JobType.RECEIVE), notifier) as tell:
        tell(Answered())
        tell(CallEnded(Outcome.NOT_A_FAX, 0))
    assert notifier.close(PATIENCE_S)
    assert [event.removeprefix("OnIncomingJob") for event, _ in recorder.events] == [
        "Added",
        "Changed",
        "Changed",
        "Changed",
        "Removed",
    ]
    assert seen == recorder.statuses


def test_a_failed_job_has_its_last_status_before_it_is_removed() -> None:
    recorder = Recorder()
    notifier = Notifier(recorder)
    with announced(job(), notifier) as tell:
        tell(CallEnded(Outcome.BUSY, 0))
    assert notifier.close(PATIENCE_S)
    assert stages(recorder.statuses)[-1] == (JobStatus.RETRIES_EXCEEDED, JobExtendedStatus.BUSY)
    assert [event for event, _ in recorder.events][-2:] == ["OnOutgoingJobChanged", "OnOutgoingJobRemoved"]


def test_a_job_that_an_error_breaks_off_is_not_removed_without_a_word() -> None:
    recorder = Recorder()
    notifier = Notifier(recorder)

    def broken_call() -> None:
        with announced(job(), notifier) as tell:
            tell(Dialing())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_call()
    assert notifier.close(PATIENCE_S)
    assert stages(recorder.statuses)[-1] == (JobStatus.RETRIES_EXCEEDED, JobExtendedStatus.FATAL_ERROR)


def test_a_job_that_nobody_tries_again_is_canceled() -> None:
    recorder = Recorder()
    notifier = Notifier(recorder)
    with announced(job(retries_left=2), notifier) as tell:
        tell(CallEnded(Outcome.BUSY, 0))
    assert notifier.close(PATIENCE_S)
    assert [status.status for status in recorder.statuses][-2:] == [JobStatus.RETRYING, JobStatus.CANCELED]


def test_each_listener_has_one_thread_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Recorder(), Recorder()
    notifier = Notifier(first, second)
    for status in pages(20):
        notifier.changed("j1", status)
    assert notifier.close(PATIENCE_S)
    assert len(first.threads) == len(second.threads) == 1
    assert len(first.threads | second.threads | {threading.current_thread()}) == 3
    assert all(thread.daemon for thread in first.threads)
    assert not caplog.records


def test_a_listener_may_ask_for_one_direction() -> None:
    incoming, outgoing = Recorder(), Recorder()
    notifier = Notifier()
    notifier.add(incoming, ServerEventsType.IN_QUEUE)
    notifier.add(outgoing, ServerEventsType.OUT_QUEUE)
    for job_id, job_type in (("s", JobType.SEND), ("r", JobType.RECEIVE)):
        notifier.added(job_id, job_type)
        notifier.removed(job_id, job_type)
    assert notifier.close(PATIENCE_S)
    assert [incoming.events, outgoing.events] == [
        [("OnIncomingJobAdded", "r"), ("OnIncomingJobRemoved", "r")],
        [("OnOutgoingJobAdded", "s"), ("OnOutgoingJobRemoved", "s")],
    ]


def test_a_listener_with_a_subset_of_the_methods() -> None:
    removed = list[str]()

    class Listener(JobEvents):
        def on_outgoing_job_removed(self, job_id: str) -> None:
            removed.append(job_id)

    notifier = Notifier(Listener())
    for job_type in JobType:
        with_status = pages(1) if job_type is JobType.SEND else [job(JobType.RECEIVE).status]
        notifier.added("j1", job_type)
        notifier.changed("j1", with_status[0])
        notifier.removed("j1", job_type)
    assert notifier.close(PATIENCE_S)
    assert removed == ["j1"]


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_a_listener_that_raises_is_reported_once_and_goes_on(
    caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    seen = list[FaxJobStatus]()

    def on_status(status: FaxJobStatus) -> None:
        seen.append(status)
        raise error("the disk of the listener is full")

    other = Recorder()
    with caplog.at_level(logging.WARNING, "faxmodem.jobs"):
        notifier = Notifier(other, on_status=on_status)
        for status in pages(3):
            notifier.changed("j1", status)
        assert notifier.close(PATIENCE_S)
    assert seen == other.statuses == pages(3)
    (record,) = caplog.records
    assert "a job listener (_StatusCallback) raised an error" in record.getMessage()
    assert "the disk of the listener is full" in caplog.text


def test_a_blocked_listener_harms_nobody_else() -> None:
    delivered = threading.Event()

    class Other(JobEvents):
        def on_outgoing_job_removed(self, job_id: str) -> None:
            assert job_id == "j1"
            delivered.set()

    with held(Other()) as (notifier, slow):
        notifier.added("j1", JobType.SEND)
        assert slow.busy.wait(PATIENCE_S)
        notifier.removed("j1", JobType.SEND)
        assert delivered.wait(PATIENCE_S)
        assert notifier.close(0.0) is False
        assert slow.events == [("OnOutgoingJobAdded", "j1")]
    assert slow.events[-1] == ("OnOutgoingJobRemoved", "j1")


def test_a_slow_listener_misses_the_middle_and_never_the_end() -> None:
    statuses = pages(3 * QUEUE_LIMIT)
    with held() as (notifier, slow):
        notifier.added("j1", JobType.SEND)
        assert slow.busy.wait(PATIENCE_S)
        for status in statuses:
            notifier.changed("j1", status)
        notifier.removed("j1", JobType.SEND)
    assert slow.events[0] == ("OnOutgoingJobAdded", "j1")
    assert slow.events[-1] == ("OnOutgoingJobRemoved", "j1")
    assert len(slow.events) == 1 + QUEUE_LIMIT
    assert slow.statuses == statuses[-(QUEUE_LIMIT - 1) :]


def test_what_goes_first_is_what_a_newer_status_replaces() -> None:
    statuses = pages(QUEUE_LIMIT)
    with held() as (notifier, slow):
        notifier.added("short", JobType.SEND)
        assert slow.busy.wait(PATIENCE_S)
        notifier.changed("short", statuses[-1])
        notifier.removed("short", JobType.SEND)
        notifier.added("long", JobType.SEND)
        for status in statuses:
            notifier.changed("long", status)
    assert slow.events[:4] == [
        ("OnOutgoingJobAdded", "short"),
        ("OnOutgoingJobChanged", "short"),
        ("OnOutgoingJobRemoved", "short"),
        ("OnOutgoingJobAdded", "long"),
    ]
    assert slow.statuses == [statuses[-1], *statuses[3:]]


def test_a_queue_that_holds_nothing_replaceable_is_bounded_all_the_same() -> None:
    with held() as (notifier, slow):
        notifier.added("first", JobType.SEND)
        assert slow.busy.wait(PATIENCE_S)
        for number in range(2 * QUEUE_LIMIT):
            notifier.added(str(number), JobType.SEND)
    assert [job_id for _, job_id in slow.events] == ["first", *map(str, range(QUEUE_LIMIT, 2 * QUEUE_LIMIT))]


def test_nothing_comes_after_close() -> None:
    class Late(Recorder):
        pass

    recorder, late = Recorder(), Late()
    notifier = Notifier(recorder)
    assert notifier.close(PATIENCE_S)
    notifier.add(late)
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("Late")]
    notifier.added("j1", JobType.SEND)
    assert notifier.close(PATIENCE_S)
    assert recorder.events == late.events == []


def test_close_wakes_a_listener_that_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    idle, main = threading.Event(), threading.current_thread()

    class Watched(threading.Condition):
        """Tells when a listener's thread begins to wait; it holds the lock until it really does."""

        def wait(self, timeout: float | None = None) -> bool:
            if threading.current_thread() is not main:
                idle.set()
            return super().wait(timeout)

    monkeypatch.setattr(threading, "Condition", Watched)
    notifier = Notifier(Recorder())
    assert idle.wait(PATIENCE_S)
    assert notifier.close(PATIENCE_S)


def test_a_listener_may_close_its_own_notifier() -> None:
    answers = list[bool]()

    class Closer(JobEvents):
        def on_outgoing_job_removed(self, job_id: str) -> None:
            assert job_id == "j1"
            answers.append(notifier.close(PATIENCE_S))

    notifier = Notifier(Closer())
    notifier.removed("j1", JobType.SEND)
    assert notifier.close(PATIENCE_S)
    assert answers == [True]
