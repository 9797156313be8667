"""From what happens in a call to the status of its job: the one place where statuses are made.

The rule of publication: the tracker looks at the pair of phase and status after each transition, and
publishes the status when the pair differs from the one before. So there is a snapshot for each entry into another phase
of the call, even where no property changes, and one for each change of any property. History keeps the pairs.

Snapshots never go back. A state is followed only by those that `MOVES` allows; `extended_status_code` of a
running job only rises in the order of `_PROGRESS`; within an attempt `current_page`, `pages` and `size` never fall, a
station id is not lost again, and the two times stay as they were set. After a state without a way on nothing follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from faxmodem.jobs.outcomes import final_status
from faxmodem.jobs.status import (
    FaxJobStatus,
    JobExtendedStatus,
    JobOperations,
    JobStatus,
    JobType,
    _snapshot,
    printable,
)
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import (
    Answered,
    CallEnded,
    Canceling,
    Dialing,
    Initializing,
    Note,
    PageConfirmed,
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Unpack

    from faxmodem.jobs.status import _Properties

MOVES: Mapping[JobType, Mapping[JobStatus, tuple[JobStatus, ...]]] = {
    JobType.SEND: {
        JobStatus.PENDING: (JobStatus.INPROGRESS, JobStatus.RETRIES_EXCEEDED, JobStatus.CANCELED),
        JobStatus.INPROGRESS: (
            JobStatus.RETRYING,
            JobStatus.RETRIES_EXCEEDED,
            JobStatus.COMPLETED,
            JobStatus.CANCELING,
            JobStatus.CANCELED,
        ),
        JobStatus.RETRYING: (JobStatus.INPROGRESS, JobStatus.CANCELED),
        JobStatus.CANCELING: (JobStatus.CANCELED, JobStatus.COMPLETED),
        # Windows lets a user restart this one: here that is a new job.
        JobStatus.RETRIES_EXCEEDED: (),
        JobStatus.CANCELED: (),
        JobStatus.COMPLETED: (),
    },
    JobType.RECEIVE: {
        JobStatus.INPROGRESS: (JobStatus.FAILED, JobStatus.CANCELING, JobStatus.ROUTING),
        JobStatus.CANCELING: (JobStatus.CANCELED, JobStatus.ROUTING),
        JobStatus.FAILED: (),
        JobStatus.CANCELED: (),
        JobStatus.ROUTING: (),
    },
}
"""The states of a job and those that may follow each, in Microsoft's two state diagrams ("Fax Job Status", send and
receive); of a job in routing, only what a reception ends in."""

_DELETE = JobOperations.DELETE
_VIEW_ALL = JobOperations.VIEW | JobOperations.RECIPIENT_INFO | JobOperations.SENDER_INFO

OPERATIONS: Mapping[JobType, Mapping[JobStatus, JobOperations]] = {
    JobType.SEND: {
        JobStatus.PENDING: _VIEW_ALL | JobOperations.PAUSE | _DELETE,
        JobStatus.INPROGRESS: _VIEW_ALL | _DELETE,
        JobStatus.RETRYING: _VIEW_ALL | JobOperations.PAUSE | _DELETE,
        JobStatus.RETRIES_EXCEEDED: _VIEW_ALL | JobOperations.RESTART | _DELETE,
        JobStatus.CANCELING: _VIEW_ALL,
        JobStatus.CANCELED: _VIEW_ALL,
        JobStatus.COMPLETED: _VIEW_ALL,
    },
    JobType.RECEIVE: {
        JobStatus.INPROGRESS: _DELETE,
        JobStatus.FAILED: JobOperations(0),
        JobStatus.CANCELING: JobOperations(0),
        JobStatus.CANCELED: JobOperations(0),
        JobStatus.ROUTING: JobOperations.VIEW,
    },
}
"What each state lets a user do. [MS-FAX] FAX_SetJob for pause, restart and delete; what can be viewed is our choice."

_PROGRESS = (
    JobExtendedStatus.NONE,
    JobExtendedStatus.INITIALIZING,
    JobExtendedStatus.DIALING,
    JobExtendedStatus.ANSWERED,
    JobExtendedStatus.TRANSMITTING,
    JobExtendedStatus.RECEIVING,
    JobExtendedStatus.CALL_COMPLETED,
)
"The extended statuses of a running job, in their order."

_AT_WORK = (JobStatus.INPROGRESS, JobStatus.CANCELING)
"The states in which a device is attached."

_CONNECTED = (Answered, RemoteIdentified, Trained, PageStarted)
"What can only happen when the call is up."


class Entry(NamedTuple):
    """One line of a job's history."""

    phase: Phase | None
    "Phase of the call; None: it has entered none yet."
    status: FaxJobStatus


class Tracker:
    """Folds the transitions of a job's calls into snapshots of its status. Belongs to one task."""

    def __init__(
        self,
        *,
        job_id: str,
        job_type: JobType,
        clock: Callable[[], datetime],
        station_id: str = "",
        device_id: int = 0,
        pages: int = 0,
        size: int = 0,
        caller_id: str = "",
        routing_information: str = "",
        scheduled_time: datetime | None = None,
        retries: int = 0,
        retries_left: int = 0,
    ) -> None:
        """Begin a job's history: PENDING for a send job, INPROGRESS for a reception.

        `clock` gives aware times. `station_id` is our own. `pages` and `size` are those of the document, 0 where not
        known or still to come. `retries` counts the attempts after the first one so far, `retries_left` those that
        may still follow. Raises ValueError for a routing job, which has no call.
        """
        if job_type not in MOVES:
            raise ValueError(f"a tracker follows a send or a receive job, not {job_type.name}: that has no call")
        self.job_id = job_id
        self.job_type = job_type
        self._clock = clock
        self._device_id = device_id
        self._retries_left = retries_left
        self._phase: Phase | None = None
        self._sends = sending = job_type is JobType.SEND
        self._pages_of_the_other = 0
        state = JobStatus.PENDING if sending else JobStatus.INPROGRESS
        first = _snapshot(
            available_operations=OPERATIONS[job_type][state],
            caller_id=caller_id,
            csid="" if sending else station_id,
            current_page=0,
            device_id=0 if sending else device_id,
            extended_status="",
            extended_status_code=JobExtendedStatus.NONE if sending else JobExtendedStatus.INITIALIZING,
            job_type=job_type,
            pages=pages,
            retries=retries,
            routing_information=routing_information,
            scheduled_time=scheduled_time,
            size=size,
            status=state,
            transmission_end=None,
            transmission_start=None,
            tsid=station_id if sending else "",
        )
        self._history = [Entry(None, first)]

    @property
    def status(self) -> FaxJobStatus:
        """How the job stands now."""
        return self._history[-1].status

    @property
    def history(self) -> tuple[Entry, ...]:
        """Every snapshot so far with its phase of the call; the first is that of the job's beginning."""
        return tuple(self._history)

    @property
    def ended(self) -> bool:
        """The job has its last status: no transition changes it any more."""
        return not self._moves

    def apply(self, transition: Transition) -> tuple[FaxJobStatus, ...]:
        """Take note of `transition`; the snapshots to publish because of it, in order, often none.

        What cannot be true in the job's present state is ignored: a call that has ended says nothing more.
        """
        known = len(self._history)
        state = self.status.status
        if state == JobStatus.RETRYING:
            if isinstance(transition, Canceling):
                self._end(Outcome.CANCELED)
        elif not self.ended:
            self._take(transition)
        return tuple(entry.status for entry in self._history[known:])

    def retry(self) -> tuple[FaxJobStatus, ...]:
        """Begin the next attempt of a job that is RETRYING. Raises ValueError for any other.

        The new call counts its pages from the start.
        """
        if self.status.status != JobStatus.RETRYING:
            raise ValueError(
                f"only a job that is RETRYING begins another attempt, not one that is {self.status.status!r}"
            )
        self._retries_left -= 1
        self._phase = None
        self._sends, self._pages_of_the_other = True, 0
        self._publish(
            status=JobStatus.INPROGRESS,
            extended_status_code=JobExtendedStatus.INITIALIZING,
            current_page=0,
            csid="",
            retries=self.status.retries + 1,
            transmission_start=None,
            transmission_end=None,
        )
        return (self.status,)

    def _take(self, transition: Transition) -> None:
        match transition:
            case CallEnded(outcome, pages):
                self._end(outcome, pages)
            case Canceling():
                self._cancel()
            case _:
                self._advance(transition)

    def _advance(self, transition: Transition) -> None:
        match transition:
            case PhaseEntered(phase):
                self._phase = phase
            case Turned(sends):
                self._sends = sends
            case PageConfirmed() | PageStored() if self._goes_the_other_way:
                self._pages_of_the_other += 1
        changes = self._facts(transition)
        changes["extended_status_code"] = self._progress(transition)
        if isinstance(transition, _CONNECTED) and self.status.transmission_start is None:
            changes["transmission_start"] = self._clock()
        if self.status.status == JobStatus.PENDING:  # whatever a call tells, it has begun
            changes["status"] = JobStatus.INPROGRESS
        self._publish(**changes)

    def _facts(self, transition: Transition) -> _Properties:
        """What `transition` says about pages and the far end."""
        now = self.status
        receiving = self.job_type is JobType.RECEIVE
        match transition:
            case RemoteIdentified(station_id) if printable(station_id):
                return {"tsid": station_id} if receiving else {"csid": station_id}
            case RemoteTold(Note.SUBADDRESS, text) if receiving and printable(text):
                number = now.routing_information.partition("|")[0] or now.csid
                return {"routing_information": f"{number}|{text}"}
            case _ if self._goes_the_other_way:
                return {}
            case PageStarted(page):
                return {"current_page": max(now.current_page, page - self._pages_of_the_other)}
            case PageStored(page, size) if receiving:
                return {"pages": max(now.pages, page - self._pages_of_the_other), "size": max(now.size, size)}
            case _:
                return {}

    @property
    def _goes_the_other_way(self) -> bool:
        """What crosses the line now is polled, and not what the job is about: its pages are not the job's."""
        return self._sends is not (self.job_type is JobType.SEND)

    def _progress(self, transition: Transition) -> JobExtendedStatus | int:
        """What the device is doing after `transition`, if that is further on than what it did before."""
        receiving = self.job_type is JobType.RECEIVE
        transferring = JobExtendedStatus.TRANSMITTING if self._sends else JobExtendedStatus.RECEIVING
        code = JobExtendedStatus.INITIALIZING
        match transition:
            case Dialing():
                code = JobExtendedStatus.DIALING
            case Answered() if receiving:
                code = JobExtendedStatus.ANSWERED
            case Trained(good=good) if good or not receiving:
                code = transferring
            case PageStarted():
                code = transferring
        return max(self.status.extended_status_code, code, key=_PROGRESS.index)

    def _cancel(self) -> None:
        if self.status.status == JobStatus.PENDING:
            self._end(Outcome.CANCELED)
        else:
            self._publish(status=JobStatus.CANCELING)

    def _end(self, outcome: Outcome, pages: int = 0) -> None:
        before = self.status
        receiving = self.job_type is JobType.RECEIVE
        stored = max(before.pages, pages - self._pages_of_the_other) if receiving else before.pages
        if before.status == JobStatus.CANCELING and outcome is not Outcome.OK:
            outcome = Outcome.CANCELED  # in whichever way the call came apart after that
        goal, code = final_status(outcome, self.job_type, pages_stored=stored, retries_left=self._retries_left)
        if outcome is Outcome.CANCELED and before.status not in _AT_WORK:
            code = JobExtendedStatus.NONE  # there was no call to abort
        if goal not in self._moves:
            between = next(state for state in self._moves if goal in MOVES[self.job_type][state])
            self._publish(status=between, extended_status_code=self._progress(Initializing()))
        last: _Properties = {"extended_status_code": code, "pages": stored}
        if before.transmission_start is not None and before.transmission_end is None:
            last["transmission_end"] = max(before.transmission_start, self._clock())
        if code == JobExtendedStatus.CALL_COMPLETED:
            self._publish(**last)  # clients look for this code while the job is still running
        last["status"] = goal
        self._publish(**last)

    @property
    def _moves(self) -> tuple[JobStatus, ...]:
        return MOVES[self.job_type][self.status.status]

    def _publish(self, **changes: Unpack[_Properties]) -> None:
        """Make the next snapshot, if it or the phase differs from the last."""
        state = changes.get("status", self.status.status)
        changes["available_operations"] = OPERATIONS[self.job_type][state]
        changes["device_id"] = self._device_id if state in _AT_WORK else 0
        entry = Entry(self._phase, _snapshot(self.status, **changes))
        if entry != self._history[-1]:
            self._history.append(entry)
