"""Waiting for calls at a port that is pulled out and put in again, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from faxmodem import api
from faxmodem.call import standby
from faxmodem.call.fax import FaxResult
from faxmodem.documents.tiff import write_pages
from faxmodem.emulator.pair import Exchange
from faxmodem.errors import PortError
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.scenarios.bench import page
from tests.unit.call.test_api import FAR, NEAR, Bench

BACK_AFTER_S = 100.0


class Socket:
    """Where the receiving modem is plugged in: what is there now, and what will be."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.waited: list[str] = []
        monkeypatch.setattr(standby, "lasting_name", lambda name: {FAR: "usb:far"}.get(name))
        monkeypatch.setattr(standby, "wait_for_port", self._wait)
        self.back: Iterator[MemoryTransport] = iter(())

    async def _wait(self, name: str) -> None:
        self.waited.append(name)
        await anyio.sleep(BACK_AFTER_S)
        if (modem := next(self.back, None)) is not None:
            self.bench.ports[name] = modem


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


@pytest.fixture
def plug(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Socket:
    return Socket(bench, monkeypatch)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.tif"
    write_pages(path, [page(400, seed=1)])
    return path


async def obey(dce: MemoryTransport) -> None:
    """Be a modem that takes all commands and hears no call, until it is pulled out."""
    try:
        while True:
            if b"\r" in await dce.receive():
                await dce.send(b"\r\nOK\r\n")
    except PortError:
        pass


def test_a_port_that_comes_back_between_calls_is_used_again(
    bench: Bench, plug: Socket, document: Path, tmp_path: Path
) -> None:
    async def test(_exchange: Exchange) -> None:
        first, dce = null_modem_pair(name="first")
        real, bench.ports[FAR] = bench.ports[FAR], first
        plug.back = iter([real])
        results: list[FaxResult] = []

        async def receive() -> None:
            results.extend(await api.receive_async(FAR, tmp_path / "in", profile="class1"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(obey, dce)
            tasks.start_soon(receive)
            await anyio.sleep(60)
            first.unplug()
            await anyio.sleep(BACK_AFTER_S + 60)
            assert (await api.send_async(NEAR, "200", document, profile="class1")).ok
        assert [result.ok for result in results] == [True]
        assert plug.waited == ["usb:far"]

    bench.run(test)


def test_one_that_is_pulled_out_again_or_taken_is_tried_again(bench: Bench, plug: Socket, tmp_path: Path) -> None:
    async def test(_exchange: Exchange) -> None:
        first, dce = null_modem_pair(name="first")
        bench.ports[FAR] = first
        stop = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(obey, dce)
            tasks.start_soon(partial(api.receive_async, FAR, tmp_path / "in", profile="class1", stop=stop))
            await anyio.sleep(60)
            first.unplug()
            await anyio.sleep(3 * (BACK_AFTER_S + standby.REOPEN_S) - 1)
            assert plug.waited == ["usb:far"] * 3
            stop.set()

    bench.run(test)


def test_a_port_that_is_lost_in_a_call_ends_the_call_and_is_waited_for(
    bench: Bench, plug: Socket, document: Path, tmp_path: Path
) -> None:
    async def test(_exchange: Exchange) -> None:
        stop = anyio.Event()
        cable = bench.ports[FAR]
        results: list[FaxResult] = []

        async def receive() -> None:
            received = await api.receive_async(
                FAR,
                tmp_path / "in",
                profile="class1",
                count=2,
                stop=stop,
                ecm=False,
                on_progress=lambda *_: cable.unplug(),
            )
            results.extend(received)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            assert not (await api.send_async(NEAR, "200", document, profile="class1", ecm=False)).ok
            assert plug.waited
            stop.set()
        assert [result.outcome for result in results] == [Outcome.PORT_LOST]

    bench.run(test)


def test_a_port_that_has_no_lasting_name_is_not_waited_for(
    bench: Bench, plug: Socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(standby, "lasting_name", lambda _name: None)

    async def test(_exchange: Exchange) -> None:
        async def receive() -> None:
            with pytest.raises(PortError, match="unplugged"):
                await api.receive_async(FAR, tmp_path / "in", profile="class1")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receive)
            await anyio.sleep(60)
            bench.ports[FAR].unplug()
        assert plug.waited == []

    bench.run(test)
