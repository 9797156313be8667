"""One fax, from the open port to its last status: what is around a call, outgoing and incoming."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio
from anyio import to_thread

from faxmodem.call.feed import Heading, OnPage, PageFeed
from faxmodem.call.runner import Progress, Runner
from faxmodem.call.sink import CopyQuality, PageSink
from faxmodem.call.stop import stoppable
from faxmodem.codec.bitmap import Bitmap
from faxmodem.errors import DialError, DocumentError, ModemError, PortError
from faxmodem.jobs.notification import Notifier, announced
from faxmodem.jobs.outcomes import Row, explain
from faxmodem.jobs.status import FaxJobStatus, JobType
from faxmodem.jobs.tracker import Tracker
from faxmodem.modem.base import CarrierModem, Ring
from faxmodem.modem.dial import dial_string
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import Session
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import CallEnded, Canceling, Initializing, Transition

log = logging.getLogger("faxmodem.call")

OnTransition = Callable[[Transition], object]
"Is told what happens in the call, in the task of the call: it should be quick."

Clock = Callable[[], datetime]
"Gives the present time of day, with its zone."


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxResult:
    """How a fax ended."""

    outcome: Outcome
    status: FaxJobStatus
    "The job's last status."
    job_id: str
    pages: int
    "Pages confirmed by the receiver, or pages stored."
    remote_id: str = ""
    "Station id that the far end told."
    path: Path | None = None
    "Receiving: the file; None when not even a part of a page came."
    detail: str = ""
    "What exactly went wrong on this side."

    @property
    def ok(self) -> bool:
        """True only if every page was confirmed (sending) or the sender said that it was the last (receiving)."""
        return self.outcome is Outcome.OK

    @property
    def explanation(self) -> Row:
        """What happened, why as a rule, and what to try."""
        return explain(self.outcome)

    @property
    def message(self) -> str:
        """What happened, in a sentence or two."""
        return self.detail or self.explanation.sentence


class Document(Protocol):
    """What a call asks of a document."""

    pages: int

    def bitmaps(self) -> Iterable[Bitmap]:
        """The pages, drawn one at a time."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


OpenModem = Callable[[], Awaitable[CarrierModem]]
"Opens a port and sets its modem up. Raises `PortError`, `ModemError`."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """What both directions have in common."""

    station_id: str = ""
    max_rate_bps: int = 14400
    limits: Limits = field(default_factory=Limits)
    device_id: int = 1


class _Call:
    """What has become of a call, and how to end it at its present stage."""

    def __init__(self, tell: OnTransition, stop: anyio.Event | None, also_tell: OnTransition | None) -> None:
        self._tell = tell
        self._also_tell = also_tell
        self._stop = stop
        self._scope = anyio.CancelScope()
        self._runner: Runner | None = None
        self.outcome = Outcome.INTERNAL_ERROR
        self.pages = 0
        self.detail = ""
        self.remote_id = ""

    def on_transition(self, transition: Transition) -> None:
        """Pass a transition on to the tracker, and remember the end."""
        if isinstance(transition, CallEnded):
            self.outcome, self.pages = transition.outcome, transition.pages
        self._tell(transition)
        if self._also_tell is None:
            return
        try:
            self._also_tell(transition)
        except Exception:  # foreign code: the call goes on, as it does with a listener that raises
            log.exception("on_transition raised an error; it is told nothing more of this call")
            self._also_tell = None

    def end(self, outcome: Outcome, why: Exception | str) -> None:
        """End a job that did not come to a call."""
        self.detail = str(why)
        self.on_transition(CallEnded(outcome, 0))

    async def carry(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`, and end it in an orderly way if `stop` is set meanwhile. A bug ends the job, too."""
        try:
            with self._scope:
                await stoppable(work, self._stop, self._end_it)
        except Exception as error:
            log.exception("faxmodem has a bug; the job is ended because of it")
            self.end(Outcome.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
        if self._scope.cancelled_caught:
            self.on_transition(Canceling())
            self.end(Outcome.CANCELED, "")

    async def run(self, session: Session, runner: Runner) -> None:
        """Carry the call itself through."""
        self._runner = runner
        try:
            await runner.run()
        finally:
            self.detail, self.remote_id = runner.detail, session.remote_id

    def _end_it(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
        else:
            self._scope.cancel()


def _session(settings: CallSettings, modem: CarrierModem, first_page: PageInfo | None, number: str = "") -> Session:
    any_modulation = frozenset(Modulation)
    return Session(
        Settings(
            calling=first_page is not None,
            first_page=first_page,
            number=number,
            station_id=settings.station_id,
            transmits=modem.identity.transmits or any_modulation,
            receives=modem.identity.receives or any_modulation,
            max_rate_bps=settings.max_rate_bps,
            limits=settings.limits,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A fax to be sent."""

    job_id: str
    number: str
    open_document: Callable[[], Document]
    "Opens and checks the document; raises `DocumentError`."
    heading: Heading | None = None
    on_page: OnPage | None = None
    size: int = 0
    "Bytes of the document's files."


async def send_fax(
    fax: Outgoing,
    open_modem: OpenModem,
    settings: CallSettings,
    *,
    notifier: Notifier,
    clock: Clock,
    stop: anyio.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_transition: OnTransition | None = None,
) -> FaxResult:
    """Send one fax in one call, and leave the modem on hook and its port closed.

    Setting `stop` ends the call in an orderly way. What goes wrong is told by the result; only a bug raises.
    """
    document: Document | None = None
    problem = ""
    try:
        document = await to_thread.run_sync(fax.open_document)
    except DocumentError as error:
        problem = str(error)
    tracker = Tracker(
        job_id=fax.job_id,
        job_type=JobType.SEND,
        clock=clock,
        station_id=settings.station_id,
        device_id=settings.device_id,
        pages=document.pages if document else 0,
        size=fax.size,
    )
    with announced(tracker, notifier) as tell:
        call = _Call(tell, stop, on_transition)

        async def attempt(document: Document) -> None:
            feed = PageFeed(document.bitmaps(), total=document.pages, heading=fax.heading, on_page=fax.on_page)
            await _send(fax, feed, call, open_modem, settings, on_progress)

        if document is None:
            call.end(Outcome.DOCUMENT_FAILED, problem)
        else:
            try:
                await call.carry(partial(attempt, document))
            finally:
                document.close()
    return FaxResult(
        outcome=call.outcome,
        status=tracker.status,
        job_id=fax.job_id,
        pages=call.pages,
        remote_id=call.remote_id,
        detail=call.detail,
    )


async def _send(
    fax: Outgoing,
    feed: PageFeed,
    call: _Call,
    open_modem: OpenModem,
    settings: CallSettings,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    try:
        dial_string(fax.number)
        first_page = await feed.first()
    except DialError as error:
        return call.end(Outcome.BAD_NUMBER, error)
    except DocumentError as error:
        return call.end(Outcome.DOCUMENT_FAILED, error)
    if first_page is None:
        return call.end(Outcome.DOCUMENT_FAILED, "the document has no pages")
    call.on_transition(Initializing())
    modem = await _opened(open_modem, call)
    if modem is None:
        return None
    try:
        session = _session(settings, modem, first_page, fax.number)
        runner = Runner(session, modem, pages=feed, on_transition=call.on_transition, on_progress=on_progress)
        await call.run(session, runner)
    finally:
        await modem.aclose()


async def _opened(open_modem: OpenModem, call: _Call) -> CarrierModem | None:
    try:
        return await open_modem()
    except PortError as error:
        call.end(Outcome.PORT_UNAVAILABLE, error)
    except ModemError as error:
        call.end(Outcome.MODEM_NOT_FOUND, error)
    return None


async def receive_fax(
    modem: CarrierModem,
    ring: Ring,
    path: Path,
    settings: CallSettings,
    *,
    job_id: str,
    notifier: Notifier,
    clock: Clock,
    quality: CopyQuality | None = None,
    stop: anyio.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_transition: OnTransition | None = None,
) -> FaxResult:
    """Answer a call that rings and store the fax at `path`, or beside it with another ending if it is not complete.

    Leaves the modem on hook and its port open. What goes wrong is told by the result; only a bug raises.
    """
    tracker = Tracker(
        job_id=job_id,
        job_type=JobType.RECEIVE,
        clock=clock,
        station_id=settings.station_id,
        device_id=settings.device_id,
        caller_id=ring.caller_id,
    )
    sink = PageSink(path, clock=clock, quality=quality)
    stored: Path | None = None
    with announced(tracker, notifier) as tell:
        call = _Call(tell, stop, on_transition)
        session = _session(settings, modem, None)
        runner = Runner(session, modem, pages=sink, on_transition=call.on_transition, on_progress=on_progress)
        try:
            await sink.open()
            await call.carry(partial(call.run, session, runner))
        except DocumentError as error:
            call.end(Outcome.STORAGE_FAILED, error)
        finally:
            with anyio.CancelScope(shield=True):
                stored = await sink.finish(complete=call.outcome is Outcome.OK)
    return FaxResult(
        outcome=call.outcome,
        status=tracker.status,
        job_id=job_id,
        pages=tracker.status.pages,
        remote_id=call.remote_id,
        path=stored,
        detail=call.detail,
    )
