"""Documents that are fetched: from a far end, by a far end, and after something was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest

from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, poll_fax, receive_fax, send_fax
from faxmodem.call.sink import PARTIAL
from faxmodem.codec.bitmap import Bitmap, Coding, Resolution
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.history import CallStep, Step
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import DocumentError, ModemError, PortError
from faxmodem.jobs.notification import Notifier
from faxmodem.jobs.status import FaxJobStatus, JobStatus, JobType
from faxmodem.jobs.status import JobExtendedStatus as Code
from faxmodem.modem.base import CarrierModem
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import Note, PageStarted, Transition, Turned
from tests.scenarios.bench import CALLED, CALLER, Document, Side, name_of, page, running, watched_line

WORD = "1234"
OURS, THEIRS = [page(seed=1), page(30, seed=2)], [page(seed=3), page(40, seed=4), page(20, seed=5)]


@dataclass
class Ends:
    """What became of a call at both ends."""

    caller: FaxResult | None = None
    called: FaxResult | None = None
    steps: list[Step] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    statuses: dict[str, list[FaxJobStatus]] = field(default_factory=lambda: {CALLER: [], CALLED: []})
    served: Document | None = None

    @property
    def results(self) -> tuple[FaxResult, FaxResult]:
        """That of the caller, and that of the called."""
        assert self.caller is not None
        assert self.called is not None
        return self.caller, self.called

    def outcomes(self) -> tuple[Outcome, Outcome]:
        return self.results[0].outcome, self.results[1].outcome


Calls = Callable[[Side, Notifier], Awaitable[FaxResult]]


def call(
    calls: Calls,
    folder: Path,
    *,
    serve: Sequence[Bitmap] | None = THEIRS,
    broken: Exception | None = None,
    settings: CallSettings | None = None,
    door: Door | None = None,
) -> Ends:
    """`calls` calls a station that answers, and that holds a document."""
    ends = Ends()
    ends.served = None if serve is None else Document(serve)

    def held() -> Document:
        if broken is not None:
            raise broken
        assert ends.served is not None
        return ends.served

    async def main() -> None:
        line = watched_line()
        both = settings or CallSettings()
        caller = Side(line, CALLER, settings=replace(both, station_id="CALLER"))
        answering = replace(both, station_id="CALLED", door=door or Door(), addressing=Addressing())
        called = Side(line, CALLED, settings=answering)
        answered = anyio.Event()

        async def answer() -> None:
            modem = await called.open_modem()
            ring = await modem.wait_for_ring()
            ends.called = await receive_fax(
                modem,
                ring,
                folder / "received.tif",
                called.settings,
                job_id="called",
                notifier=Notifier(on_status=ends.statuses[CALLED].append),
                clock=called.clock,
                serve=None if serve is None and broken is None else held,
            )
            answered.set()

        async with running(caller, called), anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            ends.caller = await calls(caller, Notifier(on_status=ends.statuses[CALLER].append))
            with anyio.move_on_after(60):
                await answered.wait()
            tasks.cancel_scope.cancel()
        assert caller.left_on_hook
        assert called.left_on_hook
        ends.steps = [record.step for record in line.history if isinstance(record, CallStep)]
        ends.frames = [name for record in line.history if (name := name_of(record))]

    run_virtual(main)
    return ends


def polls(folder: Path, number: str = CALLED) -> Calls:
    async def poll(side: Side, notifier: Notifier) -> FaxResult:
        return await poll_fax(
            number,
            folder / "polled.tif",
            side.open_modem,
            side.settings,
            job_id="caller",
            notifier=notifier,
            clock=side.clock,
        )

    return poll


def sends(pages: Sequence[Bitmap], poll_into: Path | None = None) -> Calls:
    async def send(side: Side, notifier: Notifier) -> FaxResult:
        fax = Outgoing(job_id="caller", number=CALLED, open_document=lambda: Document(pages))
        return await send_fax(
            fax, side.open_modem, side.settings, notifier=notifier, clock=side.clock, poll_into=poll_into
        )

    return send


# -- polling


@pytest.mark.parametrize("ecm", [True, False])
def test_a_document_is_fetched(ecm: bool, tmp_path: Path) -> None:
    ends = call(polls(tmp_path), tmp_path, settings=CallSettings(ecm=ecm))
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    caller, called = ends.results
    assert (caller.path, caller.pages, caller.pages_received, caller.pages_sent) == (tmp_path / "polled.tif", 3, 3, 0)
    assert list(read_pages(tmp_path / "polled.tif")) == THEIRS
    assert (called.served, called.pages_sent, called.pages, called.path) == (True, 3, 0, None)
    assert (caller.remote_id, called.remote_id) == ("CALLED", "CALLER")
    assert caller.parameters is not None
    assert caller.parameters.ecm is ecm
    assert called.forecast_s > 0
    assert ends.served is not None
    assert ends.served.closed
    assert not (tmp_path / "received.tif").exists()


def test_a_poll_is_a_job_that_receives(tmp_path: Path) -> None:
    ends = call(polls(tmp_path), tmp_path)
    caller, called = ends.results
    for result in (caller, called):
        assert (result.status.job_type, result.status.status) == (JobType.RECEIVE, JobStatus.ROUTING)
        assert result.status.extended_status_code is Code.CALL_COMPLETED
    assert (caller.status.pages, caller.status.tsid, caller.status.csid) == (3, "CALLED", "CALLER")
    assert (called.status.pages, called.status.size) == (0, 0)
    codes = [status.extended_status_code for status in ends.statuses[CALLER]]
    assert Code.DIALING in codes
    assert codes.index(Code.DIALING) < codes.index(Code.RECEIVING)
    assert Code.TRANSMITTING in [status.extended_status_code for status in ends.statuses[CALLED]]


def test_there_is_nothing_to_poll(tmp_path: Path) -> None:
    ends = call(polls(tmp_path), tmp_path, serve=None)
    caller, _ = ends.results
    assert (caller.outcome, caller.path, caller.status.status) == (Outcome.NOTHING_TO_POLL, None, JobStatus.FAILED)
    assert not ends.results[1].served
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", [DocumentError("it is torn"), None])
def test_a_document_that_cannot_be_had_leaves_a_station_that_receives(broken: Exception | None, tmp_path: Path) -> None:
    torn: list[Bitmap | None] = [None]
    serve = torn if broken is None else None
    ends = call(sends(OURS), tmp_path, serve=serve, broken=broken)  # type: ignore[arg-type]  # a page that is None
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    assert list(read_pages(tmp_path / "received.tif")) == OURS
    assert ends.served is None or ends.served.closed


def test_who_sends_to_a_station_that_serves_is_received(tmp_path: Path) -> None:
    ends = call(sends(OURS), tmp_path)
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    _, called = ends.results
    assert (called.served, called.pages, called.path) == (False, 2, tmp_path / "received.tif")


@pytest.mark.parametrize("number", ["", "12x"])
def test_a_number_that_cannot_be_dialled_polls_nobody(number: str, tmp_path: Path) -> None:
    ends = call(polls(tmp_path, number), tmp_path)
    assert ends.caller is not None
    assert (ends.caller.outcome, ends.steps) == (Outcome.BAD_NUMBER, [])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(PortError("in use"), Outcome.PORT_UNAVAILABLE), (ModemError("no class 1"), Outcome.MODEM_NOT_FOUND)],
)
def test_without_a_modem_nobody_is_polled(error: Exception, outcome: Outcome, tmp_path: Path) -> None:
    async def poll(side: Side, notifier: Notifier) -> FaxResult:
        async def no_modem() -> CarrierModem:
            raise error

        return await poll_fax(
            CALLED, tmp_path / "x.tif", no_modem, side.settings, job_id="x", notifier=notifier, clock=side.clock
        )

    ends = call(poll, tmp_path)
    assert ends.caller is not None
    assert (ends.caller.outcome, ends.caller.detail, ends.steps) == (outcome, str(error), [])


def test_a_poll_without_a_place_calls_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ends = call(polls(tmp_path / "file"), tmp_path)
    assert ends.caller is not None
    assert (ends.caller.outcome, ends.steps) == (Outcome.STORAGE_FAILED, [])


# -- passwords and selectors


def secret(password: str = "", selective: str = "") -> CallSettings:
    return CallSettings(addressing=Addressing(password=password, selective=selective))


@pytest.mark.parametrize(
    ("door", "settings", "opens"),
    [
        (Door(password=WORD), secret(WORD), True),
        (Door(password=WORD), secret("4321"), False),
        (Door(password=WORD), secret(), False),
        (Door(selective="7"), secret(selective="7"), True),
        (Door(selective="7"), secret(selective="8"), False),
        (Door(selective="7"), secret(), False),
        (Door(password=WORD, selective="7"), secret(WORD, "7"), True),
        (Door(password=WORD, selective="7"), secret(WORD), False),
        (Door(), secret(WORD), True),
    ],
)
def test_the_document_is_for_who_knows_the_words(
    door: Door, settings: CallSettings, opens: bool, tmp_path: Path
) -> None:
    ends = call(polls(tmp_path), tmp_path, settings=settings, door=door)
    caller, called = ends.results
    if opens:
        assert (caller.outcome, called.outcome) == (Outcome.OK, Outcome.OK)
        assert list(read_pages(tmp_path / "polled.tif")) == THEIRS
    else:
        assert called.outcome is Outcome.POLL_REFUSED
        assert called.status.status is JobStatus.FAILED
        assert not caller.ok
        assert caller.path is None


def test_what_the_caller_tells_is_in_the_result(tmp_path: Path) -> None:
    addressing = Addressing(subaddress="42", password=WORD)
    ends = call(sends(OURS), tmp_path, settings=CallSettings(addressing=addressing))
    _, called = ends.results
    assert called.notes[Note.SUBADDRESS] == "42"
    assert called.notes[Note.SENDER_ID] == WORD
    assert called.status.routing_information == "CALLED|42"


# -- turnaround


@pytest.mark.parametrize("ecm", [True, False])
def test_after_sending_the_far_end_is_polled_in_the_same_call(ecm: bool, tmp_path: Path) -> None:
    polled = tmp_path / "polled.tif"
    ends = call(sends(OURS, polled), tmp_path, settings=CallSettings(ecm=ecm))
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    caller, called = ends.results
    assert (caller.pages, caller.pages_sent, caller.pages_received, caller.path) == (2, 2, 3, polled)
    assert (called.pages, called.pages_sent, called.pages_received, called.served) == (2, 3, 2, True)
    assert list(read_pages(polled)) == THEIRS
    assert list(read_pages(tmp_path / "received.tif")) == OURS
    assert ends.steps.count(Step.DIALLED) == 1
    assert (caller.status.pages, caller.status.current_page, caller.status.status) == (2, 2, JobStatus.COMPLETED)
    assert (called.status.pages, called.status.current_page, called.status.status) == (2, 2, JobStatus.ROUTING)


def test_after_sending_there_may_be_nothing_to_poll(tmp_path: Path) -> None:
    ends = call(sends(OURS, tmp_path / "polled.tif"), tmp_path, serve=None)
    caller, called = ends.results
    assert (caller.outcome, caller.pages_sent, caller.pages_received) == (Outcome.NOTHING_TO_POLL, 2, 0)
    assert (called.outcome, called.path) == (Outcome.OK, tmp_path / "received.tif")


def test_what_was_received_is_whole_though_the_poll_that_followed_broke_off(tmp_path: Path) -> None:
    ends = call(sends(OURS, tmp_path / "polled.tif"), tmp_path, door=Door(password=WORD))
    caller, called = ends.results
    assert called.outcome is Outcome.POLL_REFUSED
    assert (called.path, called.pages) == (tmp_path / "received.tif", 2)
    assert not (tmp_path / ("received" + PARTIAL)).exists()
    assert caller.pages_sent == 2


@pytest.mark.parametrize("who", [CALLER, CALLED])
def test_a_poll_that_breaks_off_leaves_a_part_of_it_and_all_that_was_sent_before(who: str, tmp_path: Path) -> None:
    polled = tmp_path / "polled.tif"
    turned = False

    async def send(side: Side, notifier: Notifier) -> FaxResult:
        def watch(transition: Transition) -> None:
            nonlocal turned
            turned |= isinstance(transition, Turned)
            if turned and isinstance(transition, PageStarted) and transition.page == 4:
                if who == CALLER:
                    side.stop.set()
                elif side.end._call is not None:
                    side.end._call.drop_at(side.end.line.clock.now() + 1)

        fax = Outgoing(job_id="caller", number=CALLED, open_document=lambda: Document(OURS))
        return await send_fax(
            fax,
            side.open_modem,
            side.settings,
            notifier=notifier,
            clock=side.clock,
            poll_into=polled,
            stop=side.stop,
            on_transition=watch,
        )

    ends = call(send, tmp_path)
    caller, called = ends.results
    assert not caller.ok
    assert not called.ok
    assert (called.path, called.pages_received) == (tmp_path / "received.tif", 2)
    assert list(read_pages(tmp_path / "received.tif")) == OURS
    assert (caller.path, caller.pages_received) == (tmp_path / ("polled" + PARTIAL), 1)
    assert next(iter(read_pages(tmp_path / ("polled" + PARTIAL)))) == THEIRS[0]


# -- pages of several shapes


def test_each_page_keeps_its_own_width_and_resolution(tmp_path: Path) -> None:
    pages = [
        page(20),
        page(30, resolution=Resolution.STANDARD),
        page(20, seed=1, width=2048),
        page(20, seed=2, width=2048),
        page(40, resolution=Resolution.SUPERFINE),
    ]
    ends = call(sends(pages), tmp_path)
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    assert list(read_pages(tmp_path / "received.tif")) == pages
    assert ends.frames.count("DCS") == 4
    assert ends.steps.count(Step.DIALLED) == 1


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("ecm", [True, False])
def test_codings_are_those_of_the_settings(coding: Coding, ecm: bool, tmp_path: Path) -> None:
    white = [page(600, runs=0)]
    ends = call(sends(white), tmp_path, settings=CallSettings(codings=frozenset({coding}), ecm=ecm))
    assert ends.outcomes() == (Outcome.OK, Outcome.OK)
    assert list(read_pages(tmp_path / "received.tif")) == white
    caller, called = ends.results
    assert caller.parameters is not None
    expected = Coding.MH if coding is Coding.MMR and not ecm else coding
    assert (caller.parameters.coding, caller.parameters.ecm) == (expected, ecm)
    assert called.parameters is not None
    assert called.parameters.coding is expected
