"""Calls with a modem that runs T.30 itself: what is above `call` cannot tell it from another."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import anyio
import pytest

from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, poll_fax, receive_fax, send_fax
from faxmodem.call.report.replay import replay
from faxmodem.call.report.report import Report
from faxmodem.codec.bitmap import Bitmap, Coding, Resolution
from faxmodem.codec.coding import decode, encode
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemTimeout, PortError
from faxmodem.jobs.notification import Notifier
from faxmodem.jobs.status import FaxJobStatus, JobStatus
from faxmodem.modem.base import (
    Answering,
    CallFailed,
    LineDropped,
    ModemIdentity,
    PageModem,
    Ring,
    SessionEnded,
    Station,
    Told,
)
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.capabilities import Capabilities, PageLength, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import Record, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import CallEnded, Canceling, Note, PageConfirmed, PageStored, Transition
from tests.scenarios.bench import RECEIVED_WELL, SENT_WELL, Document, page

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FAR_END = Capabilities(
    modulations=frozenset(Modulation) - {Modulation.V34},
    codings=frozenset(Coding),
    ecm=True,
    resolutions=frozenset(Resolution),
    lengths=tuple(PageLength),
)
COMING = Parameters(modulation=Modulation.V17_14400, resolution=Resolution.FINE)
PAGES = [page(10, seed=1), page(12, seed=2), page(8, seed=3)]
LONG_S = 3600.0
Trouble = Exception | Callable[[], Awaitable[None]]


def frame(fcf: Fcf, record: Record | None = None) -> Frame:
    return Frame.of(fcf, record)


def ended(outcome: Outcome = Outcome.OK, code: str = "+FHNG:0") -> SessionEnded:
    return SessionEnded(outcome, code, f"the modem ended the session ({code})")


class Scripted(PageModem):
    """A modem with a far end that does everything right, except where there is to be trouble."""

    def __init__(
        self,
        *,
        far_end: Capabilities = FAR_END,
        answers: Sequence[Fcf] = (),
        coming: Sequence[tuple[bytes, Fcf]] = (),
        parameters: Parameters = COMING,
        settles_on: Parameters | None = None,
        asks: Sequence[Frame] = (),
        abilities: Capabilities | None = None,
        at: int = -1,
        trouble: Trouble | None = None,
    ) -> None:
        """`at`: the number of the action that is troubled. `asks`: what a poller tells instead of a DCS."""
        self.done: list[str] = []
        self.stations: list[Station] = []
        self.sent: list[tuple[Parameters, bytes]] = []
        self.answered: list[Fcf] = []
        self.after: list[SessionEnded] = []
        "What comes once nothing else does."
        self._far_end = far_end
        self._answers = list(answers)
        self._coming = list(coming)
        self._parameters = parameters
        self._settles_on = settles_on
        self._asks = list(asks)
        self._identity = ModemIdentity(abilities=abilities)
        self._at = at
        self._trouble = trouble

    @property
    def identity(self) -> ModemIdentity:
        return self._identity

    @property
    def service_class(self) -> str:
        return "2"

    @property
    def descriptor(self) -> int | None:
        return None

    async def _do(self, action: str) -> None:
        self.done.append(action)
        if len(self.done) - 1 == self._at and self._trouble is not None:
            if isinstance(self._trouble, Exception):
                raise self._trouble
            await self._trouble()
        await anyio.sleep(0.5)

    async def set_up(self) -> ModemIdentity:
        return self.identity

    async def wait_for_ring(self, rings: object = 1) -> Ring:  # noqa: ARG002
        return Ring()

    async def pick_up(self, how: Answering) -> None:
        raise AssertionError(f"nobody asks for {how}")

    async def prepare(self, station: Station) -> None:
        await self._do("prepare")
        self.stations.append(station)

    async def dial(self, number: str, told: Told) -> None:
        assert number == "200"
        await self._do("dial")
        told(frame(Fcf.CSI, StationId("5550123")))
        told(frame(Fcf.DIS, self._far_end.to_bits()))

    async def answer(self, told: Told) -> None:
        await self._do("answer")
        told(frame(Fcf.TSI, StationId("5550100")))
        if self._asks:
            for ask in self._asks:
                told(ask)
        else:
            told(frame(Fcf.SUB, StationId("12")))
            told(frame(Fcf.DCS, self._parameters.to_bits()))

    async def poll_next(self) -> None:
        self.done.append("poll next")

    async def begin_page(self, parameters: Parameters, told: Told) -> Parameters:
        await self._do("begin")
        settled = self._settles_on or parameters
        told(frame(Fcf.DCS, settled.to_bits()))
        return settled

    async def send_page(
        self, data: bytes, parameters: Parameters, *, on_progress: Callable[[int], None] = lambda _sent: None
    ) -> None:
        await self._do("send")
        for sent in range(0, len(data), 256):
            on_progress(sent)
            await anyio.sleep(256 * 8 / parameters.modulation.rate_bps)
        on_progress(len(data))
        self.sent.append((parameters, data))

    async def end_page(self, command: Fcf, told: Told) -> Frame:  # noqa: ARG002
        await self._do(command.name)
        return frame(self._answers.pop(0) if self._answers else Fcf.MCF)

    async def receive_page(
        self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
    ) -> Frame:
        await self._do("receive")
        if not self._coming:
            raise self.after.pop(0) if self.after else ended()
        data, command = self._coming.pop(0)
        if self.stations[-1].polls:
            told(frame(Fcf.DCS, self._parameters.to_bits()))
        on_begin(self._parameters)
        for start in range(0, len(data), 100):
            on_data(data[start : start + 100])
            await anyio.sleep(0.1)
        return frame(command)

    async def answer_page(self, answer: Fcf) -> None:
        await self._do(answer.name)
        self.answered.append(answer)

    async def hang_up(self) -> None:
        await self._do("hang up")

    async def aclose(self) -> None:
        self.done.append("close")


SENDING = ["prepare", "dial", "begin", "send", "MPS", "begin", "send", "MPS", "begin", "send", "EOP", "hang up"]
RECEIVING = ["prepare", "answer", "receive", "MCF", "receive", "MCF", "receive", "MCF", "receive", "hang up"]


@dataclass
class Came:
    """What came of a call."""

    modem: Scripted
    transitions: list[Transition] = field(default_factory=list)
    statuses: list[FaxJobStatus] = field(default_factory=list)
    result: FaxResult | None = None
    took_s: float = 0.0

    @property
    def outcome(self) -> Outcome:
        assert self.result is not None
        return self.result.outcome

    @property
    def chain(self) -> str:
        pairs = [f"{s.status.name}/{getattr(s.extended_status_code, 'name', '')}" for s in self.statuses]
        kept = pairs[:1] + [after for before, after in pairwise(pairs) if after != before]
        return " ".join(pair.removeprefix("INPROGRESS/").removesuffix("/NONE") for pair in kept)


def call(modem: Scripted, make: Callable[..., Awaitable[FaxResult]], *, stop_at: float = math.inf) -> Came:
    """Have the call made; it must end with one `CallEnded`, its modem on hook, and a report that plays again."""
    came = Came(modem)

    async def main() -> None:
        stop = anyio.Event()

        async def stopping() -> None:
            await anyio.sleep_until(stop_at)
            stop.set()

        notifier = Notifier(on_status=came.statuses.append)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stopping)
            came.result = await make(
                notifier=notifier,
                clock=lambda: EPOCH + timedelta(seconds=anyio.current_time()),
                stop=stop,
                on_transition=came.transitions.append,
            )
            tasks.cancel_scope.cancel()
        came.took_s = anyio.current_time()
        assert notifier.close(10.0)

    run_virtual(main)
    assert came.result is not None
    ends = [transition for transition in came.transitions if isinstance(transition, CallEnded)]
    assert ends == came.transitions[-1:]
    if came.result.report is not None:
        assert "hang up" in modem.done
        assert replay(came.result.report) == []
        again = Report.from_json(came.result.report.to_json())
        assert again == came.result.report
        assert replay(again) == []
    return came


def send(
    modem: Scripted,
    pages: Sequence[Bitmap] = PAGES,
    *,
    settings: CallSettings | None = None,
    poll_into: Path | None = None,
    stop_at: float = math.inf,
) -> Came:
    async def open_modem() -> Scripted:
        return modem

    async def make(**ways: object) -> FaxResult:
        fax = Outgoing(job_id="out", number="200", open_document=lambda: Document(pages))
        own = settings or CallSettings(station_id="100")
        return await send_fax(fax, open_modem, own, poll_into=poll_into, **ways)  # type: ignore[arg-type]

    return call(modem, make, stop_at=stop_at)


def receive(
    modem: Scripted,
    folder: Path,
    *,
    settings: CallSettings | None = None,
    serves: Sequence[Bitmap] = (),
    stop_at: float = math.inf,
) -> Came:
    async def make(**ways: object) -> FaxResult:
        own = settings or CallSettings(station_id="100")
        serve = (lambda: Document(serves)) if serves else None
        return await receive_fax(modem, Ring(), folder / "fax.tif", own, job_id="in", serve=serve, **ways)  # type: ignore[arg-type]

    return call(modem, make, stop_at=stop_at)


def poll(modem: Scripted, folder: Path, *, settings: CallSettings | None = None) -> Came:
    async def open_modem() -> Scripted:
        return modem

    async def make(**ways: object) -> FaxResult:
        own = settings or CallSettings(station_id="100")
        return await poll_fax("200", folder / "fax.tif", open_modem, own, job_id="in", **ways)  # type: ignore[arg-type]

    return call(modem, make)


def incoming(pages: Sequence[Bitmap] = PAGES, parameters: Parameters = COMING) -> list[tuple[bytes, Fcf]]:
    """Pages as such a modem hands them out, without the mark of their end."""
    commands = [Fcf.MPS] * (len(pages) - 1) + [Fcf.EOP]
    data = [encode(bitmap, parameters.coding, marks_end=False) for bitmap in pages]
    return list(zip(data, commands, strict=True))


def stored(folder: Path, name: str = "fax.tif") -> list[Bitmap]:
    return list(read_pages(folder / name))


def coming_to(*, at: int = -1, trouble: Trouble | None = None) -> Scripted:
    return Scripted(coming=incoming(), at=at, trouble=trouble)


# --- calls that go well ----------------------------------------------------------------------------------------------


def test_three_pages_are_sent() -> None:
    came = send(Scripted())
    assert came.modem.done == [*SENDING, "close"]
    assert (came.outcome, came.chain) == (Outcome.OK, SENT_WELL)
    assert came.result is not None
    assert (came.result.pages_sent, came.result.remote_id, came.result.message) == (
        3,
        "5550123",
        came.result.explanation.sentence,
    )


def test_what_the_modem_gets_is_the_page_without_a_mark_of_its_end() -> None:
    came = send(Scripted())
    for (parameters, data), sent in zip(came.modem.sent, PAGES, strict=True):
        back = decode(data, parameters.coding, width=parameters.width, resolution=parameters.resolution)
        assert (back.bitmap, back.bad_lines, back.ended) == (sent, 0, False)


def test_a_page_is_coded_as_the_modem_has_settled_on() -> None:
    settled = Parameters(modulation=Modulation.V27TER_4800, resolution=Resolution.STANDARD, scan_time_ms=20)
    came = send(Scripted(settles_on=settled), PAGES[:1])
    ((parameters, data),) = came.modem.sent
    assert parameters == settled
    back = decode(data, Coding.MH, width=1728, resolution=Resolution.STANDARD)
    assert back.bitmap.lines == PAGES[0].lines // 2
    assert came.result is not None
    assert came.result.parameters == settled


def test_the_modem_is_told_who_we_are() -> None:
    addressing = Addressing(subaddress="7")
    settings = CallSettings(station_id="100", max_rate_bps=9600, addressing=addressing)
    modem = Scripted(far_end=replace(FAR_END, subaddress=True))
    (station,) = send(modem, settings=settings).modem.stations
    assert (station.calling, station.station_id, station.max_rate_bps) == (True, "100", 9600)
    assert (station.addressing, station.polls, station.offers.has_document) == (addressing, False, False)


def test_only_what_the_modem_can_be_told_is_offered_and_used() -> None:
    able = Capabilities(codings=frozenset({Coding.MH}), resolutions=frozenset({Resolution.STANDARD, Resolution.FINE}))
    came = send(Scripted(abilities=able))
    assert {parameters.coding for parameters, _ in came.modem.sent} == {Coding.MH}
    assert not any(parameters.ecm for parameters, _ in came.modem.sent)
    (station,) = came.modem.stations
    assert (station.offers.ecm, station.offers.resolutions) == (False, able.resolutions)


@pytest.mark.parametrize(
    "parameters",
    [
        COMING,
        replace(COMING, coding=Coding.MR),
        replace(COMING, ecm_octets=256),
        replace(COMING, coding=Coding.MMR, ecm_octets=256),
    ],
    ids=str,
)
def test_pages_are_stored_and_answered(parameters: Parameters, tmp_path: Path) -> None:
    came = receive(Scripted(coming=incoming(parameters=parameters), parameters=parameters), tmp_path)
    assert came.modem.done == RECEIVING
    assert (came.outcome, came.chain) == (Outcome.OK, RECEIVED_WELL)
    assert stored(tmp_path) == PAGES
    assert came.result is not None
    assert (came.result.remote_id, came.result.notes) == ("5550100", {Note.SUBADDRESS: "12"})
    assert came.result.report is not None
    facts = came.result.report.facts.pages
    assert [(came.lines, came.bad_lines) for came in facts] == [(sent.lines, 0) for sent in PAGES]


def test_a_page_is_on_disk_before_the_modem_may_answer_it(tmp_path: Path) -> None:
    seen: list[list[Bitmap]] = []

    class Watched(Scripted):
        async def answer_page(self, answer: Fcf) -> None:
            seen.append(stored(tmp_path, "fax.partial.tif"))
            await super().answer_page(answer)

    receive(Watched(coming=incoming()), tmp_path)
    assert seen == [PAGES[:1], PAGES[:2], PAGES]


def test_a_bad_page_is_refused(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 4
    modem = Scripted(coming=[(noise, Fcf.EOP), *incoming(PAGES[:1])])
    came = receive(modem, tmp_path)
    assert modem.answered == [Fcf.RTN, Fcf.MCF]
    assert (came.outcome, stored(tmp_path)) == (Outcome.OK, PAGES[:1])


def test_a_refused_page_is_sent_again_more_slowly() -> None:
    came = send(Scripted(answers=[Fcf.RTN]), PAGES[:1])
    assert came.outcome is Outcome.OK
    first, second = (parameters for parameters, _ in came.modem.sent)
    assert second.modulation.rate_bps < first.modulation.rate_bps


def test_a_page_that_is_refused_each_time() -> None:
    came = send(Scripted(answers=[Fcf.RTN] * 3), PAGES[:1])
    assert (came.outcome, len(came.modem.sent)) == (Outcome.PAGE_REFUSED, 3)
    assert came.result is not None
    assert came.result.report is not None
    assert "refused" in came.result.report.diagnosis.cause


def test_pages_of_two_shapes_go_in_two_documents() -> None:
    came = send(Scripted(), [PAGES[0], page(8, resolution=Resolution.STANDARD)])
    assert [step for step in came.modem.done if step.startswith("E")] == ["EOM", "EOP"]
    assert came.outcome is Outcome.OK


# --- polling ---------------------------------------------------------------------------------------------------------


def test_a_document_is_polled(tmp_path: Path) -> None:
    modem = Scripted(far_end=replace(FAR_END, has_document=True), coming=incoming())
    came = poll(modem, tmp_path)
    assert (came.outcome, stored(tmp_path)) == (Outcome.OK, PAGES)
    assert modem.stations[0].polls


def test_nothing_to_poll(tmp_path: Path) -> None:
    assert poll(Scripted(), tmp_path).outcome is Outcome.NOTHING_TO_POLL


def test_a_document_is_sent_and_another_polled(tmp_path: Path) -> None:
    modem = Scripted(far_end=replace(FAR_END, has_document=True), coming=incoming())
    came = send(modem, PAGES[:1], poll_into=tmp_path / "fax.tif")
    assert (came.outcome, stored(tmp_path)) == (Outcome.OK, PAGES)
    (station,) = modem.stations
    assert (station.sends, station.polls) == (True, True)
    assert came.result is not None
    assert (came.result.pages_sent, came.result.pages_received) == (1, 3)


def test_the_modem_learns_of_the_poll_with_the_last_page(tmp_path: Path) -> None:
    modem = Scripted(far_end=replace(FAR_END, has_document=True), coming=incoming())
    came = send(modem, PAGES, poll_into=tmp_path / "fax.tif")
    begins = [number for number, step in enumerate(modem.done) if step == "begin"]
    assert modem.done.index("poll next") == begins[2] - 1
    assert modem.done.count("poll next") == 1
    assert came.outcome is Outcome.OK


def test_a_modem_that_does_not_poll_is_not_told_to() -> None:
    modem = send(Scripted()).modem
    assert "poll next" not in modem.done
    assert (modem.stations[0].sends, modem.stations[0].polls) == (True, False)


DTC = frame(Fcf.DTC, FAR_END.to_bits())


def test_a_poller_is_served(tmp_path: Path) -> None:
    came = receive(Scripted(asks=[DTC]), tmp_path, serves=PAGES)
    assert (came.outcome, len(came.modem.sent)) == (Outcome.OK, 3)
    assert came.result is not None
    assert came.result.served
    assert came.modem.stations[0].offers.has_document


@pytest.mark.parametrize(("word", "outcome"), [("1234", Outcome.OK), ("4321", Outcome.POLL_REFUSED)])
def test_a_poller_has_to_say_the_word(word: str, outcome: Outcome, tmp_path: Path) -> None:
    settings = CallSettings(door=Door(selective="1234"))
    modem = Scripted(asks=[frame(Fcf.SEP, StationId(word)), DTC])
    came = receive(modem, tmp_path, serves=PAGES, settings=settings)
    assert came.outcome is outcome


# --- trouble at every step -------------------------------------------------------------------------------------------

TROUBLES: list[tuple[Exception, Outcome]] = [
    (ended(), Outcome.FAR_END_DISCONNECTED),
    (ended(Outcome.TRAINING_FAILED, "+FHNG:27"), Outcome.TRAINING_FAILED),
    (PortError("the port is gone"), Outcome.PORT_LOST),
    (ModemTimeout("the modem is silent"), Outcome.MODEM_FAILED),
    (LineDropped("on hook"), Outcome.FAR_END_HUNG_UP),
    (ZeroDivisionError("a bug"), Outcome.INTERNAL_ERROR),
]


@pytest.mark.parametrize(("trouble", "outcome"), TROUBLES, ids=lambda value: str(value))
@pytest.mark.parametrize("at", range(len(SENDING) - 1))
def test_trouble_while_sending(at: int, trouble: Exception, outcome: Outcome) -> None:
    came = send(Scripted(at=at, trouble=trouble))
    confirmed = sum(step in ("MPS", "EOP") for step in SENDING[:at])
    assert came.modem.done == [*SENDING[: at + 1], "hang up", "close"]
    assert came.outcome is outcome
    assert came.transitions[-1] == CallEnded(outcome, confirmed)
    assert sum(isinstance(t, PageConfirmed) for t in came.transitions) == confirmed
    assert came.result is not None
    assert str(trouble) in came.result.message


@pytest.mark.parametrize(("trouble", "outcome"), TROUBLES, ids=lambda value: str(value))
@pytest.mark.parametrize("at", range(len(RECEIVING) - 1))
def test_trouble_while_receiving(at: int, trouble: Exception, outcome: Outcome, tmp_path: Path) -> None:
    came = receive(coming_to(at=at, trouble=trouble), tmp_path)
    kept = sum(step == "MCF" for step in RECEIVING[: at + 1])  # a page is stored before it is answered
    assert came.modem.done == [*RECEIVING[: at + 1], "hang up"]
    whole = at == len(RECEIVING) - 2
    assert came.outcome is (Outcome.OK if whole else outcome)
    assert sum(isinstance(t, PageStored) for t in came.transitions) == kept
    assert came.result is not None
    if kept:
        assert came.result.path == tmp_path / ("fax.tif" if whole else "fax.partial.tif")
        assert stored(tmp_path, came.result.path.name) == PAGES[:kept]


async def _silence() -> None:
    await anyio.sleep(LONG_S)


@pytest.mark.parametrize("at", range(len(SENDING)))
def test_a_modem_that_falls_silent_while_sending(at: int) -> None:
    came = send(Scripted(at=at, trouble=_silence))
    expected = {0: Outcome.NO_ANSWER, 1: Outcome.NO_ANSWER, len(SENDING) - 1: Outcome.OK}
    assert came.outcome in (expected.get(at, Outcome.MODEM_FAILED), Outcome.STALLED)
    assert came.took_s < 400


@pytest.mark.parametrize("at", range(len(RECEIVING)))
def test_a_modem_that_falls_silent_while_receiving(at: int, tmp_path: Path) -> None:
    came = receive(coming_to(at=at, trouble=_silence), tmp_path)
    whole = at >= len(RECEIVING) - 2
    assert came.outcome in ((Outcome.OK,) if whole else (Outcome.MODEM_FAILED, Outcome.STALLED))
    assert came.took_s < 400


@pytest.mark.parametrize("tenths", range(1, 80, 3))
def test_canceled_while_sending(tenths: int) -> None:
    came = send(Scripted(), stop_at=tenths / 10)
    assert came.modem.done[-2:] == ["hang up", "close"]
    assert came.modem.done.count("hang up") == 1
    if came.outcome is not Outcome.OK:
        assert (came.outcome, Canceling() in came.transitions) == (Outcome.CANCELED, True)
        assert came.statuses[-1].status is JobStatus.CANCELED


@pytest.mark.parametrize("tenths", range(1, 80, 3))
def test_canceled_while_receiving(tenths: int, tmp_path: Path) -> None:
    came = receive(coming_to(), tmp_path, stop_at=tenths / 10)
    assert came.modem.done.count("hang up") == 1
    assert came.outcome in (Outcome.CANCELED, Outcome.OK)
    assert came.result is not None
    kept = came.result.pages_received
    assert came.result.path is None or stored(tmp_path, came.result.path.name)[:kept] == PAGES[:kept]


def test_a_call_that_is_not_answered() -> None:
    came = send(Scripted(at=1, trouble=CallFailed(Outcome.BUSY, "busy")))
    assert (came.outcome, came.modem.done) == (Outcome.BUSY, ["prepare", "dial", "hang up", "close"])


def test_a_hang_up_that_tells_of_the_end_is_one() -> None:
    came = send(Scripted(at=len(SENDING) - 1, trouble=ended()))
    assert came.outcome is Outcome.OK
    assert came.result is not None
    assert came.result.detail == ""


def test_a_bug_of_a_driver_that_tells_nonsense_ends_the_call(tmp_path: Path) -> None:
    class Nonsense(Scripted):
        async def receive_page(
            self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
        ) -> Frame:
            on_begin(COMING)
            on_begin(COMING)
            return await super().receive_page(told, on_begin, on_data)

    came = receive(Nonsense(), tmp_path)
    assert came.outcome is Outcome.INTERNAL_ERROR
