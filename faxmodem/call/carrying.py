"""What becomes of a call while it is carried through, and how to end it at its present stage."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import anyio

from faxmodem.call.report.journal import RecordedSession
from faxmodem.call.report.report import Report
from faxmodem.call.result import FaxResult
from faxmodem.call.runner import Runner
from faxmodem.call.sink import PageSink
from faxmodem.call.stop import stoppable
from faxmodem.errors import DocumentError
from faxmodem.jobs.tracker import Tracker
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from faxmodem.t30.transitions import (
    CallEnded,
    Canceling,
    Negotiated,
    Note,
    PageConfirmed,
    PageStored,
    RemoteTold,
    Transition,
    Turned,
)

log = logging.getLogger("faxmodem.call")

_WHOLE = (Outcome.OK, Outcome.NOTHING_TO_POLL, Outcome.POLL_REFUSED)
"What was received by then is all that was to be sent: who polls after sending has sent all."

OnTransition = Callable[[Transition], object]
"Is told what happens in the call, in the task of the call: it should be quick."


Clock = Callable[[], datetime]
"Gives the present time of day, with its zone."


class Carried:
    """One call, from the job's begin to its end."""

    def __init__(
        self, tell: OnTransition, stop: anyio.Event | None, also_tell: OnTransition | None, clock: Clock
    ) -> None:
        self._clock = clock
        self._report: Report | None = None
        self._tell = tell
        self._also_tell = also_tell
        self._stop = stop
        self._scope = anyio.CancelScope()
        self._runner: Runner | None = None
        self._outcome = Outcome.INTERNAL_ERROR
        self._detail = ""
        self._remote_id = ""
        self._pages_sent = 0
        self._pages_received = 0
        self._received_whole = False
        self._notes: dict[Note, str] = {}
        self._parameters: Parameters | None = None
        self._forecast_s = 0.0
        self._path: Path | None = None

    def on_transition(self, transition: Transition) -> None:
        """Pass a transition on to the tracker, and remember what the result tells."""
        self._remember(transition)
        self._tell(transition)
        if self._also_tell is None:
            return
        try:
            self._also_tell(transition)
        except Exception:  # foreign code: the call goes on, as it does with a listener that raises
            log.exception("on_transition raised an error; it is told nothing more of this call")
            self._also_tell = None

    def _remember(self, transition: Transition) -> None:
        match transition:
            case CallEnded(outcome):
                self._outcome = outcome
                self._received_whole |= outcome in _WHOLE
            case Turned(sends=True):
                self._received_whole = True
            case PageConfirmed():
                self._pages_sent += 1
            case PageStored():
                self._pages_received += 1
            case RemoteTold(note, text):
                self._notes[note] = text
            case Negotiated(parameters, forecast_s):
                self._parameters, self._forecast_s = parameters, forecast_s

    def end(self, outcome: Outcome, why: Exception | str) -> None:
        """End a job that did not come to a call."""
        self._detail = str(why)
        self.on_transition(CallEnded(outcome, 0))

    async def carry(self, work: Callable[[], Awaitable[None]], sink: PageSink | None = None) -> None:
        """Do `work`, and end it in an orderly way if `stop` is set meanwhile. A bug ends the job, too.

        `sink`: where received pages go. It is opened before and finished afterwards; if there is no place for it the
        job ends without the work.
        """
        try:
            if sink is not None:
                await sink.open()
            await self._until_stopped(work)
        except DocumentError as error:
            self.end(Outcome.STORAGE_FAILED, error)
        finally:
            if sink is not None:
                with anyio.CancelScope(shield=True):
                    self._path = await sink.finish(complete=self._received_whole)

    async def _until_stopped(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            with self._scope:
                await stoppable(work, self._stop, self._end_it)
        except Exception as error:
            log.exception("faxmodem has a bug; the job is ended because of it")
            self.end(Outcome.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        if self._scope.cancelled_caught:
            self.on_transition(Canceling())
            self.end(Outcome.CANCELED, "")

    async def run(self, session: RecordedSession, runner: Runner, service_class: str = "") -> None:
        """Carry the call itself through, with a modem in this service class."""
        self._runner = runner
        began = self._clock()
        try:
            await runner.run()
        finally:
            self._detail, self._remote_id = runner.detail, session.remote_id
            self._report = Report.of(session, began=began, detail=self._detail, service_class=service_class)

    def result(self, job_id: str, tracker: Tracker) -> FaxResult:
        """What came of it."""
        return FaxResult(
            outcome=self._outcome,
            status=tracker.status,
            job_id=job_id,
            pages_sent=self._pages_sent,
            pages_received=self._pages_received,
            remote_id=self._remote_id,
            path=self._path,
            detail=self._detail,
            notes=self._notes,
            parameters=self._parameters,
            forecast_s=self._forecast_s,
            report=self._report,
        )

    def _end_it(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
        else:
            self._scope.cancel()
