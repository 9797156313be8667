"""One fax, from the open port to its last status: what is around a call that sends, receives, polls or is polled."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio
from anyio import to_thread

from faxmodem.call.carrier_level import carrier_actions
from faxmodem.call.carrying import Carried, Clock
from faxmodem.call.carrying import OnTransition as OnTransition
from faxmodem.call.desk import Actions, Desk
from faxmodem.call.feed import Heading, OnPage, PageFeed
from faxmodem.call.page_level import page_actions
from faxmodem.call.progress import OnProgress, Progress
from faxmodem.call.report.journal import RecordedSession
from faxmodem.call.result import FaxResult as FaxResult
from faxmodem.call.runner import Runner
from faxmodem.call.sink import CopyQuality, PageSink
from faxmodem.call.taking import HandOver, picks_up
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.errors import DialError, DocumentError, ModemError, PortError
from faxmodem.jobs.notification import Notifier, announced
from faxmodem.jobs.status import JobType
from faxmodem.jobs.tracker import Tracker
from faxmodem.modem.base import Answering, Modem, PageModem, Ring, Station
from faxmodem.modem.dial_rules import DialRules, NumberBlocked
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import Initializing

log = logging.getLogger("faxmodem.call")


class Document(Protocol):
    """What a call asks of a document."""

    pages: int

    def bitmaps(self) -> Iterable[Bitmap]:
        """The pages, drawn one at a time, each with a width and resolution of its own."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


OpenModem = Callable[[], Awaitable[Modem]]
"Opens a port and sets its modem up. Raises `PortError`, `ModemError`."

OpenDocument = Callable[[], Document]
"Opens and checks a document. Raises `DocumentError`."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """What all directions have in common."""

    station_id: str = ""
    max_rate_bps: int = 14400
    modulations: frozenset[Modulation] = frozenset(Modulation)
    "To send pages by, of those that the modem has. A modem of Class 2 chooses by itself, up to the highest rate."
    ecm: bool = True
    "Error correction, where the far end has it too."
    codings: frozenset[Coding] = frozenset(Coding)
    "What we send and receive; MH is always among them."
    addressing: Addressing = field(default_factory=Addressing)
    "Calling: for whom the document is, or which one is to be polled."
    door: Door = field(default_factory=Door)
    "Answering: who may poll our document."
    limits: Limits = field(default_factory=Limits)
    dial_rules: DialRules = field(default_factory=DialRules)
    "Calling: how numbers are dialled from here, and which are not."
    device_id: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A fax to be sent."""

    job_id: str
    number: str | None
    "None: a person has dialled it, and the call is up already."
    open_document: OpenDocument
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
    poll_into: Path | None = None,
    quality: CopyQuality | None = None,
    stop: anyio.Event | None = None,
    on_progress: OnProgress | None = None,
    on_transition: OnTransition | None = None,
) -> FaxResult:
    """Send one fax in one call, and leave the modem on hook and its port closed.

    `poll_into`: when all is sent, the far end is asked for a document of its own, in the same call, which is stored in
    this file, or beside it with another ending if it is not complete. Setting `stop` ends the call in an orderly way.
    What goes wrong is told by the result; only a bug raises.
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
        call = Carried(tell, stop, on_transition, clock)
        if document is None:
            call.end(Outcome.DOCUMENT_FAILED, problem)
        else:
            feed = _feed(document, settings, fax.heading, fax.on_page)
            sink = PageSink(poll_into, clock=clock, quality=quality) if poll_into else None
            out = _Out(call, fax.number, open_modem, settings, on_progress)
            try:
                await call.carry(partial(out.call, feed, sink), sink)
            finally:
                document.close()
    return call.result(fax.job_id, tracker)


async def poll_fax(
    number: str | None,
    path: Path,
    open_modem: OpenModem,
    settings: CallSettings,
    *,
    job_id: str,
    notifier: Notifier,
    clock: Clock,
    quality: CopyQuality | None = None,
    stop: anyio.Event | None = None,
    on_progress: OnProgress | None = None,
    on_transition: OnTransition | None = None,
) -> FaxResult:
    """Call a far end and fetch the document that it holds for those who poll it; otherwise as `receive_fax`.

    Leaves the modem on hook and its port closed.
    """
    tracker = _reception(job_id, settings, clock)
    sink = PageSink(path, clock=clock, quality=quality)
    with announced(tracker, notifier) as tell:
        call = Carried(tell, stop, on_transition, clock)
        out = _Out(call, number, open_modem, settings, on_progress)
        await call.carry(partial(out.call, None, sink), sink)
    return call.result(job_id, tracker)


async def receive_fax(
    modem: Modem,
    ring: Ring,
    path: Path,
    settings: CallSettings,
    *,
    job_id: str,
    notifier: Notifier,
    clock: Clock,
    answering: Answering | None = None,
    hand_over: HandOver | None = None,
    serve: OpenDocument | None = None,
    heading: Heading | None = None,
    quality: CopyQuality | None = None,
    stop: anyio.Event | None = None,
    on_progress: OnProgress | None = None,
    on_transition: OnTransition | None = None,
) -> FaxResult:
    """Answer a call that rings and store the fax at `path`, or beside it with another ending if it is not complete.

    `answering`: in another way than with a tone, as a fax; with ADAPTIVE, a call that is none goes to `hand_over`.
    `serve` opens the document that is given to whoever polls, and `settings.door` tells that apart; if it cannot be
    opened the call is answered without it. Leaves the modem on hook and its port open. What goes wrong is told by the
    result; only a bug raises.
    """
    tracker = _reception(job_id, settings, clock, ring)
    sink = PageSink(path, clock=clock, quality=quality)

    async def answer() -> None:
        document = None if serve is None else await _to_serve(serve)
        try:
            feed = None if document is None else _feed(document, settings, heading)
            first_page = None if feed is None else await _served_first(feed)
            session = _session(settings, modem, first_page, calling=False)
            station = _station(session.settings)
            if answering is None or await picks_up(call, modem, answering, station, hand_over):
                await _carry_out(call, session, modem, feed, sink, on_progress)
        finally:
            if document is not None:
                document.close()

    with announced(tracker, notifier) as tell:
        call = Carried(tell, stop, on_transition, clock)
        await call.carry(answer, sink)
    return call.result(job_id, tracker)


def _reception(job_id: str, settings: CallSettings, clock: Clock, ring: Ring | None = None) -> Tracker:
    return Tracker(
        job_id=job_id,
        job_type=JobType.RECEIVE,
        clock=clock,
        station_id=settings.station_id,
        device_id=settings.device_id,
        caller_id=ring.caller_id if ring else "",
        routing_information=ring.info.called if ring else "",
    )


def _feed(
    document: Document, settings: CallSettings, heading: Heading | None, on_page: OnPage | None = None
) -> PageFeed:
    codings = settings.codings | {Coding.MH}
    return PageFeed(document.bitmaps(), total=document.pages, codings=codings, heading=heading, on_page=on_page)


def _session(
    settings: CallSettings,
    modem: Modem,
    first_page: PageInfo | None,
    *,
    calling: bool,
    number: str = "",
    polls: bool = False,
) -> RecordedSession:
    # V.34 is more than a modulation to pick from: only a modem that has said so is trusted to do it.
    any_modulation = frozenset(Modulation) - {Modulation.V34}
    able = modem.identity.abilities
    return RecordedSession(
        Settings(
            calling=calling,
            first_page=first_page,
            polls=polls,
            addressing=settings.addressing,
            door=settings.door,
            number=number,
            station_id=settings.station_id,
            transmits=(modem.identity.transmits or any_modulation) & settings.modulations,
            receives=modem.identity.receives or any_modulation,
            max_rate_bps=settings.max_rate_bps,
            codings=settings.codings & able.codings if able else settings.codings,
            resolutions=able.resolutions if able else frozenset(Resolution),
            ecm=settings.ecm and (able is None or able.ecm),
            page_level=isinstance(modem, PageModem),
            limits=settings.limits.told_late(modem.identity.tells_late_s),
        )
    )


def _station(settings: Settings) -> Station:
    """Who we are, for a modem that runs T.30 itself."""
    return Station(
        calling=settings.calling,
        station_id=settings.station_id,
        offers=settings.offer(),
        max_rate_bps=settings.max_rate_bps,
        sends=settings.calling and settings.first_page is not None,
        polls=settings.polls,
        addressing=settings.addressing,
    )


def _carried_out_by(
    modem: Modem, settings: Settings, feed: PageFeed | None, sink: PageSink | None, on_progress: OnProgress
) -> Callable[[Desk], Actions]:
    """How this modem carries out what a session commands."""
    if not isinstance(modem, PageModem):
        return partial(carrier_actions, modem=modem, feed=feed, sink=sink, on_progress=on_progress)
    station = _station(settings)
    return partial(page_actions, modem=modem, station=station, feed=feed, sink=sink, on_progress=on_progress)


async def _carry_out(
    call: Carried,
    session: RecordedSession,
    modem: Modem,
    feed: PageFeed | None,
    sink: PageSink | None,
    onward: OnProgress | None,
) -> None:
    """Carry the call through, and let its report know how many octets of a page are on the line."""

    def progress(moved: Progress) -> None:
        session.note(octets=moved.octets)
        if onward is not None:
            onward(moved)

    actions = _carried_out_by(modem, session.settings, feed, sink, progress)
    runner = Runner(session, actions, on_transition=call.on_transition)
    await call.run(session, runner, modem.service_class)


@dataclass(frozen=True, slots=True)
class _Out:
    """A call that we make."""

    carried: Carried
    number: str | None
    open_modem: OpenModem
    settings: CallSettings
    on_progress: OnProgress | None

    async def call(self, feed: PageFeed | None, sink: PageSink | None) -> None:
        """Send what `feed` has, then poll into `sink`."""
        first_page: PageInfo | None = None
        try:
            number = "" if self.number is None else self.settings.dial_rules.dial_string(self.number)
            if feed is not None:
                first_page = await feed.prepare()
        except NumberBlocked as error:
            return self.carried.end(Outcome.BLACKLISTED, error)
        except DialError as error:
            return self.carried.end(Outcome.BAD_NUMBER, error)
        except DocumentError as error:
            return self.carried.end(Outcome.DOCUMENT_FAILED, error)
        if feed is not None and first_page is None:
            return self.carried.end(Outcome.DOCUMENT_FAILED, "the document has no pages")
        self.carried.on_transition(Initializing())
        modem = await self._opened()
        if modem is None:
            return None
        try:
            polls = sink is not None
            session = _session(self.settings, modem, first_page, calling=True, number=number, polls=polls)
            await _carry_out(self.carried, session, modem, feed, sink, self.on_progress)
        finally:
            await modem.aclose()

    async def _opened(self) -> Modem | None:
        try:
            return await self.open_modem()
        except PortError as error:
            self.carried.end(Outcome.PORT_UNAVAILABLE, error)
        except ModemError as error:
            self.carried.end(Outcome.MODEM_NOT_FOUND, error)
        return None


async def _to_serve(serve: OpenDocument) -> Document | None:
    try:
        return await to_thread.run_sync(serve)
    except DocumentError as error:
        log.warning("the document that is to be polled cannot be opened; the call is answered without it: %s", error)
    return None


async def _served_first(feed: PageFeed) -> PageInfo | None:
    try:
        return await feed.prepare()
    except DocumentError as error:
        log.warning("the document that is to be polled cannot be drawn; the call is answered without it: %s", error)
    return None
