"""What is around a call: document, port, folder, and a job that ends with a status whatever goes wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from faxmodem.call import fax, forecast
from faxmodem.call.fax import CallSettings, FaxResult, OnTransition, Outgoing, receive_fax, send_fax
from faxmodem.call.feed import PREPARED_PAGES
from faxmodem.codec.bitmap import Bitmap, Coding, DecodedPage, Resolution
from faxmodem.codec.coding import decode
from faxmodem.emulator.history import CallStep, Record, Step
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import DocumentError, ModemError, PortError
from faxmodem.jobs.notification import Notifier
from faxmodem.jobs.status import JobStatus
from faxmodem.modem.base import Modem
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import CallEnded, Initializing, PageStarted, Transition
from tests.scenarios.bench import CALLED, CALLER, Side, page, running, watched_line
from tests.unit.call.test_runner import FarEnd


class Document:
    """Page after page, where an exception is raised in its turn."""

    def __init__(self, *pages: Bitmap | Exception) -> None:
        self._pages = pages
        self.pages = len(pages)
        self.closed = 0

    def bitmaps(self) -> Iterator[Bitmap]:
        for item in self._pages:
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        self.closed += 1


class Sent:
    """One fax, sent to a receiver of ours."""

    def __init__(
        self,
        document: Document | Exception,
        folder: Path,
        *,
        modem: Exception | None = None,
        number: str = CALLED,
        on_page: Callable[[int, Bitmap], object] | None = None,
        on_transition: OnTransition | None = None,
        stopped: bool = False,
    ) -> None:
        self._document = document
        self._modem = modem
        self._stopped = stopped
        self._on_transition = on_transition
        self._folder = folder
        self._fax = Outgoing(job_id="out", number=number, open_document=self._open_document, on_page=on_page)
        self.result, self.history = run_virtual(self._main)
        self.steps = [record.step for record in self.history if isinstance(record, CallStep)]

    def _open_document(self) -> Document:
        if isinstance(self._document, Exception):
            raise self._document
        return self._document

    async def _main(self) -> tuple[FaxResult, list[Record]]:
        line = watched_line()
        near = Side(line, CALLER, settings=CallSettings())
        far = Side(line, CALLED, settings=CallSettings())
        if self._stopped:
            near.stop.set()

        async def open_modem() -> Modem:
            if self._modem is not None:
                raise self._modem
            return await near.open_modem()

        async with running(near, far), anyio.create_task_group() as tasks:
            tasks.start_soon(far.receive, self._folder / "fax.tif")
            notifier = Notifier()
            result = await send_fax(
                self._fax,
                open_modem,
                near.settings,
                notifier=notifier,
                clock=near.clock,
                stop=near.stop,
                on_transition=self._on_transition,
            )
            await anyio.sleep(20)
            tasks.cancel_scope.cancel()
        assert near.left_on_hook
        return result, line.history


def test_the_document_is_closed_after_the_call(tmp_path: Path) -> None:
    document = Document(page())
    assert Sent(document, tmp_path).result.ok
    assert document.closed == 1


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (DocumentError("the file is encrypted"), "the file is encrypted"),
        (Document(DocumentError("page 1 is damaged")), "page 1 is damaged"),
        (Document(), "no pages"),
    ],
)
def test_a_document_without_a_first_page_calls_nobody(
    document: Document | Exception, words: str, tmp_path: Path
) -> None:
    sent = Sent(document, tmp_path)
    assert (sent.result.outcome, sent.result.status.status) == (Outcome.DOCUMENT_FAILED, JobStatus.RETRIES_EXCEEDED)
    assert words in sent.result.message
    assert sent.history == []
    assert isinstance(document, Exception) or document.closed == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(PortError("in use"), Outcome.PORT_UNAVAILABLE), (ModemError("no class 1"), Outcome.MODEM_NOT_FOUND)],
)
def test_a_modem_that_is_not_to_be_had(error: Exception, outcome: Outcome, tmp_path: Path) -> None:
    document = Document(page())
    sent = Sent(document, tmp_path, modem=error)
    assert (sent.result.outcome, sent.result.detail, sent.history) == (outcome, str(error), [])
    assert document.closed == 1


def test_a_bug_before_the_call_ends_the_job(tmp_path: Path) -> None:
    sent = Sent(Document(page()), tmp_path, modem=ZeroDivisionError("a bug"))
    assert (sent.result.outcome, sent.result.detail) == (Outcome.INTERNAL_ERROR, "ZeroDivisionError: a bug")
    assert sent.result.status.status is JobStatus.RETRIES_EXCEEDED


@pytest.mark.parametrize("broken", [0, 1, PREPARED_PAGES - 1])
@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), DocumentError("a torn page")])
def test_a_page_that_cannot_be_drawn_is_found_before_the_call(broken: int, error: Exception, tmp_path: Path) -> None:
    pages: list[Bitmap | Exception] = [page(3, seed=number) for number in range(PREPARED_PAGES)]
    pages[broken] = error
    sent = Sent(Document(*pages), tmp_path)
    expected = Outcome.DOCUMENT_FAILED if isinstance(error, DocumentError) else Outcome.INTERNAL_ERROR
    assert (sent.result.outcome, sent.result.pages, sent.history) == (expected, 0, [])
    assert str(error) in sent.result.detail


@pytest.mark.parametrize("behind", [0, 1])
def test_a_page_that_cannot_be_drawn_in_the_call_ends_it(behind: int, tmp_path: Path) -> None:
    pages: list[Bitmap | Exception] = [page(3, seed=number) for number in range(PREPARED_PAGES + behind)]
    sent = Sent(Document(*pages, ZeroDivisionError("a bug")), tmp_path)
    assert (sent.result.outcome, sent.result.detail) == (Outcome.INTERNAL_ERROR, "ZeroDivisionError: a bug")
    assert sent.result.pages == PREPARED_PAGES + behind - 1
    assert sent.steps.count(Step.HUNG_UP) == 1


def test_a_modem_that_has_not_said_so_is_not_trusted_with_v34() -> None:
    for calling in (True, False):
        first = PageInfo(width=1728, resolution=Resolution.FINE, lines=1)
        settings = fax._session(CallSettings(), FarEnd([]), first, calling=calling)._call.settings
        assert settings.receives == settings.transmits == frozenset(Modulation) - {Modulation.V34}


def test_a_codec_that_is_broken_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(data: bytes, coding: Coding, *, width: int, resolution: Resolution) -> DecodedPage:
        return replace(decode(data, coding, width=width, resolution=resolution), bad_lines=1)

    monkeypatch.setattr(forecast, "decode", wrong)
    sent = Sent(Document(page()), tmp_path)
    assert (sent.result.outcome, sent.history) == (Outcome.INTERNAL_ERROR, [])
    assert "this is a bug" in sent.result.detail


def test_a_callback_that_raises_ends_the_call(tmp_path: Path) -> None:
    def show(_number: int, _page: Bitmap) -> None:
        raise ZeroDivisionError("somebody else's bug")

    sent = Sent(Document(page()), tmp_path, on_page=show)
    assert sent.result.outcome is Outcome.INTERNAL_ERROR
    assert "somebody else's bug" in sent.result.message


def test_each_transition_is_told(tmp_path: Path) -> None:
    told: list[Transition] = []
    assert Sent(Document(page()), tmp_path, on_transition=told.append).result.ok
    assert (told[0], told[-1]) == (Initializing(), CallEnded(Outcome.OK, pages=1))


@pytest.mark.parametrize("kind", [Initializing, PageStarted, CallEnded])
def test_who_is_told_of_transitions_cannot_harm_the_call(kind: type[Transition], tmp_path: Path) -> None:
    told: list[Transition] = []

    def raises(transition: Transition) -> None:
        told.append(transition)
        if isinstance(transition, kind):
            raise ZeroDivisionError("somebody else's bug")

    sent = Sent(Document(page()), tmp_path, on_transition=raises)
    assert (sent.result.outcome, sent.result.status.status) == (Outcome.OK, JobStatus.COMPLETED)
    assert isinstance(told[-1], kind)


def test_a_wish_to_stop_from_before_calls_nobody(tmp_path: Path) -> None:
    sent = Sent(Document(page()), tmp_path, stopped=True)
    assert (sent.result.outcome, sent.result.status.status) == (Outcome.CANCELED, JobStatus.CANCELED)
    assert sent.history == []


def test_a_fax_without_a_place_is_not_answered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def main() -> tuple[FaxResult, list[Record]]:
        line = watched_line()
        near, far = Side(line, CALLER, settings=CallSettings()), Side(line, CALLED, settings=CallSettings())
        async with running(near, far), anyio.create_task_group() as tasks:
            tasks.start_soon(near.send, [page()])
            modem = await far.open_modem()
            ring = await modem.wait_for_ring()
            result = await receive_fax(
                modem,
                ring,
                tmp_path / "file" / "fax.tif",
                far.settings,
                job_id="in",
                notifier=Notifier(),
                clock=far.clock,
            )
            near.stop.set()
        return result, line.history

    result, history = run_virtual(main)
    assert (result.outcome, result.path, result.pages) == (Outcome.STORAGE_FAILED, None, 0)
    assert result.status.status is JobStatus.FAILED
    assert not any(isinstance(record, CallStep) and record.step is Step.ANSWERED for record in history)
