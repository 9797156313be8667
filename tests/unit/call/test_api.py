"""The library's face: settings, results, counts and rings, in virtual time over two emulated modems."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from faxmodem import api
from faxmodem.call.fax import FaxResult
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.emulator.history import CallStep, SignalPassed, Step
from faxmodem.emulator.pair import Exchange, emulated_line
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemTimeout, PortError, ProfileError, SettingError
from faxmodem.jobs.status import FaxJobStatus, JobStatus, JobType
from faxmodem.modem.class1 import Class1Modem
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from faxmodem.transport.recorder import Recorder
from tests.scenarios.bench import EPOCH, page

PAGES = [page(20, seed=number) for number in range(2)]
NEAR, FAR, MISSING = "/dev/near", "/dev/far", "/dev/missing"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.tif"
    write_pages(path, PAGES)
    return path


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


class Bench:
    """Two ports with a modem each, where the library looks for serial ports."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.ports: dict[str, MemoryTransport] = {}

    def run(self, test: Callable[[Exchange], Awaitable[None]]) -> None:
        run_virtual(lambda: self._main(test))

    async def _main(self, test: Callable[[Exchange], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        self._monkeypatch.setattr(api, "open_serial", self._open)
        self._monkeypatch.setattr(api, "now", lambda: EPOCH + timedelta(seconds=loop.time()))
        (near, near_dce), (far, far_dce) = null_modem_pair(name="near"), null_modem_pair(name="far")
        self.ports = {NEAR: near, FAR: far}
        async with emulated_line(near_dce, far_dce) as exchange:
            await test(exchange)

    async def _open(self, port: str, *, baud: int) -> MemoryTransport:
        assert baud == 115200
        if port not in self.ports:
            raise PortError(f"{port}: no such port")
        return self.ports[port]


async def both(sending: Awaitable[FaxResult], receiving: Awaitable[list[FaxResult]]) -> tuple[FaxResult, FaxResult]:
    """One fax from end to end."""
    received: list[FaxResult] = []

    async def receive() -> None:
        received.extend(await receiving)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(receive)
        sent = await sending
    return sent, received[0]


# -- one fax


def test_a_fax_from_end_to_end(bench: Bench, document: Path, tmp_path: Path) -> None:
    size = document.stat().st_size

    async def test(_exchange: Exchange) -> None:
        sent, received = await both(
            api.send_async(NEAR, "0200", document, station_id=" +1 555 0100 ", header=False),
            api.receive_async(FAR, tmp_path / "in", station_id="+1 555 0200"),
        )
        assert (sent.outcome, sent.ok, sent.path) == (Outcome.OK, True, None)
        assert (sent.pages, sent.remote_id) == (2, "+1 555 0200")
        assert (received.ok, received.pages, received.remote_id) == (True, 2, "+1 555 0100")
        assert sent.message == received.message == sent.explanation.sentence
        assert (sent.status.job_type, sent.status.status) == (JobType.SEND, JobStatus.COMPLETED)
        assert (received.status.job_type, received.status.status) == (JobType.RECEIVE, JobStatus.ROUTING)
        assert (sent.status.size, sent.status.pages) == (size, 2)
        assert sent.status.transmission_start is not None
        assert EPOCH < sent.status.transmission_start < EPOCH + timedelta(seconds=10)
        assert received.path is not None
        assert received.path.parent == tmp_path / "in"
        assert received.job_id in received.path.name
        assert received.job_id.startswith("20260101-00000")
        assert list(read_pages(received.path)) == PAGES

    bench.run(test)


def test_the_header_line_is_drawn_unless_it_is_not_wanted(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        shown: dict[int, Bitmap] = {}
        sent, received = await both(
            api.send_async(NEAR, "200", [document, document], on_page=shown.__setitem__),
            api.receive_async(FAR, tmp_path / "in"),
        )
        assert sent.pages == 4
        assert received.path is not None
        arrived = list(read_pages(received.path))
        assert arrived == list(shown.values())
        assert all(page.lines > PAGES[0].lines for page in arrived)
        assert arrived[0] != arrived[2]  # another page number

    bench.run(test)


def test_resolution_and_highest_rate_are_kept_to(bench: Bench, tmp_path: Path) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("A letter.\n")

    async def test(exchange: Exchange) -> None:
        _, received = await both(
            api.send_async(NEAR, "200", text, resolution="standard", max_rate=4800),
            api.receive_async(FAR, tmp_path / "in"),
        )
        assert received.path is not None
        assert [page.resolution for page in read_pages(received.path)] == [Resolution.STANDARD]
        rates = [record.signal.rate_bps for record in exchange.line.history if isinstance(record, SignalPassed)]
        assert max(rates) == 4800

    bench.run(test)


def test_everybody_who_wants_to_know_is_told(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        statuses: list[FaxJobStatus] = []
        progress: list[int] = []
        faxes: list[FaxResult] = []
        record = io.StringIO()
        sent, received = await both(
            api.send_async(
                NEAR,
                "200",
                document,
                record=record,
                on_status=statuses.append,
                on_progress=lambda moved: progress.append(moved.page),
            ),
            api.receive_async(FAR, tmp_path / "in", on_fax=faxes.append),
        )
        assert faxes == [received]
        assert statuses[-1] == sent.status
        assert sorted(set(progress)) == [1, 2]
        assert "DTE ATDT200<CR>" in record.getvalue()

    bench.run(test)


def test_without_a_port_the_result_says_so(bench: Bench, document: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        sent = await api.send_async(MISSING, "200", document)
        assert (sent.outcome, sent.message) == (Outcome.PORT_UNAVAILABLE, f"{MISSING}: no such port")
        assert sent.explanation.exit_code == 40
        assert sent.status.status is JobStatus.RETRIES_EXCEEDED
        before = threading.active_count()
        with pytest.raises(PortError, match="no such port"):
            await api.receive_async(MISSING, "in", on_status=lambda _status: None)
        assert threading.active_count() == before  # no listener waits for a call that cannot come

    bench.run(test)


def test_without_a_modem_the_port_is_closed_again(bench: Bench, document: Path) -> None:
    async def test(exchange: Exchange) -> None:
        for dce in exchange.dces:
            dce.freeze()
        sent = await api.send_async(NEAR, "200", document)
        assert sent.outcome is Outcome.MODEM_NOT_FOUND
        with pytest.raises(ModemTimeout):
            await api.receive_async(FAR, "in")
        for port in bench.ports.values():
            with pytest.raises(PortError, match="closed"):
                await port.send(b"AT\r")

    bench.run(test)


def test_a_document_that_cannot_be_opened_ends_the_job_before_the_port(bench: Bench, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        sent = await api.send_async(MISSING, "200", tmp_path / "none.pdf")
        assert (sent.outcome, sent.status.status) == (Outcome.DOCUMENT_FAILED, JobStatus.RETRIES_EXCEEDED)
        assert "none.pdf" in sent.message

    bench.run(test)


# -- settings


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"station_id": "x" * 21}, "20 plain letters"),
        ({"station_id": "Zürich"}, "Zürich"),
        ({"station_id": "a\nb"}, "plain"),
        ({"max_rate": 9601}, "2400, 4800, 7200, 9600, 12000, 14400"),
        ({"resolution": "best"}, "standard, fine, superfine"),
        ({"rendering": "nice"}, "auto, text, photo"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(
    setting: dict[str, Any], words: str, bench: Bench, document: Path
) -> None:
    async def test(_exchange: Exchange) -> None:
        with pytest.raises(SettingError, match=words):
            await api.send_async(NEAR, "200", document, **setting)

    bench.run(test)


@pytest.mark.parametrize("setting", [{"count": 0}, {"rings": 0}, {"max_rate": 1}, {"station_id": "x" * 21}])
def test_a_receiver_refuses_settings_too(setting: dict[str, Any], bench: Bench, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        with pytest.raises(SettingError):
            await api.receive_async(FAR, tmp_path, **setting)

    bench.run(test)


def test_received_faxes_do_not_go_into_a_file(bench: Bench, document: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        with pytest.raises(SettingError, match="is a file"):
            await api.receive_async(FAR, document)

    bench.run(test)


def test_a_profile_that_does_not_exist_is_refused(bench: Bench, document: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        with pytest.raises(ProfileError, match="class1"):
            await api.send_async(NEAR, "200", document, profile="none")

    bench.run(test)


@pytest.mark.parametrize("station_id", ["", "+1 555 010 0200", "x" * 20, "  padded  "])
def test_a_station_id_is_what_a_frame_can_carry(station_id: str) -> None:
    assert api.check_station_id(station_id) == station_id.strip()


def test_job_ids_sort_by_time_and_do_not_repeat() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    ids = [api.new_job_id(at + timedelta(seconds=n // 10)) for n in range(100)]
    assert len(set(ids)) == 100
    assert [job_id[:15] for job_id in ids] == sorted(job_id[:15] for job_id in ids)


def test_the_functions_that_wait_raise_and_are_documented_like_the_others() -> None:
    with pytest.raises(SettingError):
        api.send("/dev/none", "200", [], max_rate=1)
    with pytest.raises(SettingError):
        api.receive("/dev/none", "in", count=0)
    for waited_for in (api.send, api.receive):
        assert waited_for.__doc__ is not None
        assert waited_for.__doc__.startswith(f"As `{waited_for.__name__}_async`")


def test_a_recording_is_made_only_if_it_is_wanted(bench: Bench) -> None:
    async def test(_exchange: Exchange) -> None:
        plain = await api.open_modem(NEAR)
        assert isinstance(plain, Class1Modem)
        assert not isinstance(plain._transport, Recorder)
        await plain.aclose()

    bench.run(test)


# -- several calls


def test_so_many_calls_are_answered(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        received: list[FaxResult] = []

        async def receive() -> None:
            received.extend(await api.receive_async(FAR, tmp_path / "in", count=2))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            near = bench.ports[NEAR]
            bench.ports[NEAR] = _Reopened(near._end, near._peer)
            for _ in range(2):
                assert (await api.send_async(NEAR, "200", document, header=False)).ok
                await anyio.sleep(30)
        assert [result.ok for result in received] == [True, True]
        assert len({result.job_id for result in received}) == len({result.path for result in received}) == 2
        for result in received:
            assert result.path is not None
            assert list(read_pages(result.path)) == PAGES

    bench.run(test)


class _Reopened(MemoryTransport):
    """An end of a null modem that can be opened again, as a serial port can: it is closed in name only."""

    async def aclose(self) -> None:
        await self.discard()


@pytest.mark.parametrize("rings", [1, 3])
def test_the_call_is_answered_after_so_many_rings(rings: int, bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(exchange: Exchange) -> None:
        sent, _ = await both(
            api.send_async(NEAR, "200", document), api.receive_async(FAR, tmp_path / "in", rings=rings)
        )
        assert sent.ok
        steps = {record.step: record.at for record in exchange.line.history if isinstance(record, CallStep)}
        waited = steps[Step.ANSWERED] - steps[Step.RANG]
        settings = exchange.line.settings
        assert waited == pytest.approx(settings.first_ring_s + (rings - 1) * settings.ring_interval_s, abs=0.1)

    bench.run(test)


def test_stop_ends_the_waiting(bench: Bench, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        stop = anyio.Event()
        asyncio.get_running_loop().call_later(1000.0, stop.set)
        assert await api.receive_async(FAR, tmp_path / "in", stop=stop) == []
        assert anyio.current_time() == pytest.approx(1000.0, abs=1.0)
        with pytest.raises(PortError, match="closed"):
            await bench.ports[FAR].send(b"AT\r")

    bench.run(test)


def test_stop_ends_a_call_and_the_waiting_for_others(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(exchange: Exchange) -> None:
        stop = anyio.Event()
        asyncio.get_running_loop().call_later(12.0, stop.set)
        sent, received = await both(
            api.send_async(NEAR, "200", document), api.receive_async(FAR, tmp_path / "in", count=5, stop=stop)
        )
        assert (sent.ok, received.outcome) == (False, Outcome.CANCELED)
        assert received.status.status is JobStatus.CANCELED
        assert not any(dce._core.end.off_hook for dce in exchange.dces)

    bench.run(test)


def test_a_modem_that_died_is_looked_for_before_the_next_call(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test(exchange: Exchange) -> None:
        faxes: list[FaxResult] = []

        async def receive() -> None:
            with pytest.raises(ModemTimeout):
                await api.receive_async(FAR, tmp_path / "in", count=2, on_fax=faxes.append)

        asyncio.get_running_loop().call_later(12.0, exchange.dces[1].freeze)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            sent = await api.send_async(NEAR, "200", document)
        assert not sent.ok
        assert [result.outcome for result in faxes] == [Outcome.MODEM_FAILED]

    bench.run(test)
