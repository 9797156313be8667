"""Who is told of a job, and how: listeners in the shape of Windows' IFaxServerNotify, each in a thread of its own.

The order of a job's events is: added, changed as often as there is something to tell, removed. A call that
succeeds tells CALL_COMPLETED, then COMPLETED (or ROUTING), then is removed; one that fails tells its last status, too,
before it is removed. `announced` keeps to this.

A listener may raise or block: the call goes on, and so do the other listeners.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from faxmodem.jobs.enumerations import ServerEventsType
from faxmodem.jobs.status import JobStatus, JobType
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import CallEnded, Canceling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faxmodem.jobs.status import FaxJobStatus
    from faxmodem.jobs.tracker import Tracker
    from faxmodem.t30.transitions import Transition

_log = logging.getLogger("faxmodem.jobs")

QUEUE_LIMIT = 256
"Events that may wait for one listener: those of a fax of about sixty pages."

JOB_EVENTS = ServerEventsType.IN_QUEUE | ServerEventsType.OUT_QUEUE


class JobListener(Protocol):
    """The job events of IFaxServerNotify. They come one at a time, in order, in a thread of the listener's own."""

    def on_incoming_job_added(self, job_id: str) -> None:
        """A receive job exists."""
        ...

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        """A receive job has this status now, or its call is in another phase."""
        ...

    def on_incoming_job_removed(self, job_id: str) -> None:
        """Nothing more comes about this receive job."""
        ...

    def on_outgoing_job_added(self, job_id: str) -> None:
        """A send job exists."""
        ...

    def on_outgoing_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        """A send job has this status now, or its call is in another phase."""
        ...

    def on_outgoing_job_removed(self, job_id: str) -> None:
        """Nothing more comes about this send job."""
        ...


class JobEvents:
    """A `JobListener` that does nothing: subclass it and write the methods you want."""

    def on_incoming_job_added(self, job_id: str) -> None:
        """A receive job exists."""

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        """A receive job has this status now, or its call is in another phase."""

    def on_incoming_job_removed(self, job_id: str) -> None:
        """Nothing more comes about this receive job."""

    def on_outgoing_job_added(self, job_id: str) -> None:
        """A send job exists."""

    def on_outgoing_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        """A send job has this status now, or its call is in another phase."""

    def on_outgoing_job_removed(self, job_id: str) -> None:
        """Nothing more comes about this send job."""


class _StatusCallback(JobEvents):
    """A listener made of a function that takes each status."""

    def __init__(self, on_status: Callable[[FaxJobStatus], object]) -> None:
        self._on_status = on_status

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:  # noqa: ARG002
        self._on_status(status)

    def on_outgoing_job_changed(self, job_id: str, status: FaxJobStatus) -> None:  # noqa: ARG002
        self._on_status(status)


class _Event(NamedTuple):
    job_id: str
    deliver: Callable[[JobListener], None]
    is_change: bool = False


class _Mailbox:
    """The events that wait for one listener, and the thread that takes them to it."""

    def __init__(self, listener: JobListener, events: ServerEventsType, changed: threading.Condition) -> None:
        self.events = events
        self.finished = False
        self.closing = False
        self._listener = listener
        self._changed = changed
        self._waiting: deque[_Event] = deque()
        self._complained = False
        self.thread = threading.Thread(target=self._run, name=f"faxmodem {type(listener).__qualname__}", daemon=True)
        self.thread.start()

    def put(self, event: _Event) -> None:
        """Queue `event`; the caller holds the lock. Of a full queue an older status goes that a newer one replaces."""
        if len(self._waiting) >= QUEUE_LIMIT:
            del self._waiting[self._expendable(event)]
        self._waiting.append(event)

    def _expendable(self, coming: _Event) -> int:
        """Index of the oldest change that a later one of its job replaces, so that each job's last status stays."""
        replaced, found = set[str](), 0
        for index, event in reversed([*enumerate(self._waiting), (-1, coming)]):
            if event.is_change and event.job_id in replaced:
                found = index
            elif event.is_change:
                replaced.add(event.job_id)
        return found

    def _run(self) -> None:
        while (event := self._next()) is not None:
            self._deliver(event)
        with self._changed:
            self.finished = True
            self._changed.notify_all()

    def _next(self) -> _Event | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.closing)
            return self._waiting.popleft() if self._waiting else None

    def _deliver(self, event: _Event) -> None:
        try:
            event.deliver(self._listener)
        except BaseException:  # noqa: BLE001 -- foreign code in a thread of its own: even its sys.exit() ends nothing
            if not self._complained:
                _log.warning(
                    "a job listener (%s) raised an error; it gets further events, but its further errors are not shown",
                    type(self._listener).__qualname__,
                    exc_info=True,
                )
            self._complained = True


class Notifier:
    """Takes the events of jobs to listeners. Its methods may be called from any thread and return at once."""

    def __init__(self, *listeners: JobListener, on_status: Callable[[FaxJobStatus], object] | None = None) -> None:
        """`on_status` is the short way for who wants nothing but each status."""
        self._changed = threading.Condition()
        self._mailboxes: list[_Mailbox] = []
        self._closed = False
        for listener in listeners:
            self.add(listener)
        if on_status is not None:
            self.add(_StatusCallback(on_status))

    def add(self, listener: JobListener, events: ServerEventsType = JOB_EVENTS) -> None:
        """Tell `listener` of what happens from now on: incoming jobs, outgoing jobs, or both."""
        with self._changed:
            if not self._closed:
                self._mailboxes.append(_Mailbox(listener, events, self._changed))

    def added(self, job_id: str, job_type: JobType) -> None:
        """Tell that a job exists."""
        if job_type is JobType.SEND:
            self._put(job_type, _Event(job_id, lambda to: to.on_outgoing_job_added(job_id)))
        else:
            self._put(job_type, _Event(job_id, lambda to: to.on_incoming_job_added(job_id)))

    def changed(self, job_id: str, status: FaxJobStatus) -> None:
        """Tell how a job stands now."""
        if status.job_type is JobType.SEND:
            self._put(
                status.job_type, _Event(job_id, lambda to: to.on_outgoing_job_changed(job_id, status), is_change=True)
            )
        else:
            self._put(
                status.job_type, _Event(job_id, lambda to: to.on_incoming_job_changed(job_id, status), is_change=True)
            )

    def removed(self, job_id: str, job_type: JobType) -> None:
        """Tell that nothing more comes about a job."""
        if job_type is JobType.SEND:
            self._put(job_type, _Event(job_id, lambda to: to.on_outgoing_job_removed(job_id)))
        else:
            self._put(job_type, _Event(job_id, lambda to: to.on_incoming_job_removed(job_id)))

    def close(self, timeout_s: float) -> bool:
        """Take no more events, and wait until those there are have been delivered; False: `timeout_s` was not enough.

        Blocks. A listener that closes its own notifier is not waited for.
        """
        with self._changed:
            self._closed = True
            for mailbox in self._mailboxes:
                mailbox.closing = True
            self._changed.notify_all()
            others = [mailbox for mailbox in self._mailboxes if mailbox.thread is not threading.current_thread()]
            return self._changed.wait_for(lambda: all(mailbox.finished for mailbox in others), timeout_s)

    def _put(self, job_type: JobType, event: _Event) -> None:
        kind = ServerEventsType.OUT_QUEUE if job_type is JobType.SEND else ServerEventsType.IN_QUEUE
        with self._changed:
            for mailbox in self._mailboxes:
                if kind in mailbox.events and not self._closed:
                    mailbox.put(event)
            self._changed.notify_all()


@contextmanager
def announced(tracker: Tracker, notifier: Notifier) -> Iterator[Callable[[Transition], None]]:
    """Add the job, give what takes its call's transitions to `tracker` and the snapshots to `notifier`, remove the job.

    No job goes without a last word: one that is left before its call has ended failed by an internal error, and one
    that still waits for another attempt is canceled.
    """

    def tell(transition: Transition) -> None:
        for status in tracker.apply(transition):
            notifier.changed(tracker.job_id, status)

    notifier.added(tracker.job_id, tracker.job_type)
    notifier.changed(tracker.job_id, tracker.status)
    try:
        yield tell
    finally:
        waiting = tracker.status.status == JobStatus.RETRYING
        tell(Canceling() if waiting else CallEnded(Outcome.INTERNAL_ERROR, pages=0))  # no news to a job that has ended
        notifier.removed(tracker.job_id, tracker.job_type)
