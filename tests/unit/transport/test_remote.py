"""Ports of a terminal server by RFC 2217, on loopback: pySerial's own server side in front of a looped plug."""

import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import anyio
import pytest
from serial import SerialException, rfc2217
from serial.urlhandler import protocol_loop

from faxmodem.errors import PortError
from faxmodem.transport import serial_port
from faxmodem.transport.base import Flow
from faxmodem.transport.serial_port import SerialTransport, open_serial
from tests.unit.transport.contract import receive_exactly, run_real

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pySerial's own thread


class PortServer:
    """Serves one connection. `delay_s`: how much later than they come it takes and gives octets."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.deaf = False
        "Takes no notice of settings any more."
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self._server.getsockname()[1]}"
        self.port = protocol_loop.Serial("loop://")
        self.breaks = 0
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def vanish(self) -> None:
        """Break the connection off."""
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is None:  # nobody came
            socket.create_connection(self._server.getsockname()).close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def write(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(data)

    def _serve(self) -> None:
        with self._server, self.port:
            connection, _ = self._server.accept()
            with connection:
                self._connection = connection
                manager = rfc2217.PortManager(self.port, self)  # type: ignore[arg-type] # the stubs ask for too much
                while data := self._receive(connection):
                    if self.deaf:
                        continue
                    connection.sendall(b"".join(manager.escape(b"".join(manager.filter(data)))))
                    self.breaks += self.port.break_condition

    def _receive(self, connection: socket.socket) -> bytes:
        try:
            data = connection.recv(1024)
        except OSError:
            return b""
        threading.Event().wait(self.delay_s)
        return data


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PortServer]:
    """pySerial's client sleeps while it negotiates and after it closed, so that the server can get over it."""
    real_sleep = time.sleep
    monkeypatch.setattr("serial.rfc2217.time.sleep", lambda seconds: real_sleep(min(seconds, 0.002)))
    server = PortServer()
    yield server
    server.close()


def run_on(server: PortServer, main: Callable[[SerialTransport], Awaitable[None]]) -> None:
    async def opened() -> None:
        port = await open_serial(server.url, baud=19200)
        try:
            await main(port)
        finally:
            await port.aclose()

    run_real(opened)


def test_bytes_and_lines(server: PortServer) -> None:
    async def main(port: SerialTransport) -> None:
        await port.send(b"AT\xff\r")  # 0xFF is telnet's own escape
        assert await receive_exactly(port, 4) == b"AT\xff\r"
        await port.set_dtr(on=False)
        assert (await port.control_lines()).cd is not None
        await port.discard()

    run_on(server, main)


def test_a_setting_is_in_force_as_soon_as_the_server_says_so(
    server: PortServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_every_50_ms(_seconds: float) -> None:
        raise AssertionError("pySerial's way to wait")

    async def main(port: SerialTransport) -> None:
        with monkeypatch.context() as patience:
            patience.setattr("serial.rfc2217.time.sleep", look_every_50_ms)
            for flow in (Flow.XONXOFF, Flow.RTSCTS, Flow.NONE):
                await port.set_flow(flow)
                assert (server.port.xonxoff, server.port.rtscts) == (flow is Flow.XONXOFF, flow is Flow.RTSCTS)
            await port.set_dtr(on=True)
            await port.discard()

    run_on(server, main)


def test_a_server_that_lacks_a_setting_is_not_gone(server: PortServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(_port: object, _value: bytes) -> None:
        raise ValueError("remote rejected value for option 'control'")

    async def main(port: SerialTransport) -> None:
        with monkeypatch.context() as server_of_little:
            server_of_little.setattr("faxmodem.transport.remote.RemoteSerial.rfc2217_set_control", reject)
            with pytest.raises(PortError, match="refuses a setting: remote rejected"):
                await port.set_flow(Flow.RTSCTS)

    run_on(server, main)


def test_a_break_goes_out(server: PortServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.serialutil.time.sleep", lambda _seconds: None)

    async def main(port: SerialTransport) -> None:
        await port.send_break()
        assert server.breaks == 1

    run_on(server, main)


def test_how_far_away_a_port_is(server: PortServer, caplog: pytest.LogCaptureFixture) -> None:
    async def main(port: SerialTransport) -> None:
        assert port.latency_s is not None
        assert 0 < port.latency_s < 0.03

    with caplog.at_level(logging.WARNING):
        run_on(server, main)
    assert caplog.text == ""


def test_one_that_is_too_far_away_is_warned_of(
    server: PortServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.delay_s = 0.006
    monkeypatch.setattr(serial_port, "MAX_LATENCY_S", 0.005)

    async def main(port: SerialTransport) -> None:
        assert port.latency_s is not None
        assert 0.006 <= port.latency_s < 0.1

    with caplog.at_level(logging.WARNING):
        run_on(server, main)
    assert "ms away, there and back; a fax modem in class 1 bears 5 ms" in caplog.text


def test_a_server_that_goes_away_is_an_error_for_all_that_wait(server: PortServer) -> None:
    async def main(port: SerialTransport) -> None:
        async def wait() -> None:
            with pytest.raises(PortError, match="see that the port server is up"):
                await port.receive()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.01)
            server.vanish()
        asked: list[Callable[[], Awaitable[None]]] = [
            partial(port.set_flow, Flow.RTSCTS),
            partial(port.set_dtr, on=True),
            port.discard,
        ]
        for ask in asked:
            with pytest.raises(PortError, match="is gone"):
                await ask()

    run_on(server, main)


def test_a_server_that_goes_away_in_the_middle_of_a_setting(server: PortServer) -> None:
    async def main(port: SerialTransport) -> None:
        server.deaf = True

        async def wait() -> None:
            with pytest.raises(PortError, match="does not answer"):
                await port.set_flow(Flow.RTSCTS)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.01)
            server.vanish()

    run_on(server, main)


def test_a_server_that_does_not_tell_is_used_all_the_same(
    server: PortServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_port: object) -> None:
        raise SerialException("the port server does not answer")

    monkeypatch.setattr("faxmodem.transport.remote.RemoteSerial.make_round_trip", fail)

    async def main(port: SerialTransport) -> None:
        assert port.latency_s is None
        await port.send(b"AT")
        assert await receive_exactly(port, 2) == b"AT"

    with caplog.at_level(logging.WARNING):
        run_on(server, main)
    assert "cannot be measured (the port server does not answer)" in caplog.text


def test_a_plain_socket_tells_how_far_away_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.urlhandler.protocol_socket.time.sleep", lambda _seconds: None)

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = await open_serial(f"socket://127.0.0.1:{server.getsockname()[1]}")
            assert port.latency_s is not None
            assert 0 < port.latency_s < 0.05
            await port.aclose()

    run_real(main)


def test_the_rate_is_the_servers(server: PortServer) -> None:
    async def main(port: SerialTransport) -> None:
        assert server.port.baudrate == 19200
        await port.set_baud(57600)
        assert server.port.baudrate == 57600
        await port.set_flow(Flow.XONXOFF)
        assert (server.port.baudrate, server.port.xonxoff) == (57600, True)
        await port.set_baud(None)
        assert server.port.baudrate == 19200
        await port.send(b"AT\r")
        assert await receive_exactly(port, 3) == b"AT\r"

    run_on(server, main)
