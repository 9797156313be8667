import errno
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from serial import rfc2217
from serial.urlhandler import protocol_loop

from faxmodem.emulator.pty import PtyTransport
from faxmodem.errors import PortError
from faxmodem.transport import serial_port
from faxmodem.transport.base import ControlLines, Flow, Transport
from faxmodem.transport.serial_port import open_serial
from tests.unit.transport.contract import receive_exactly, run_real

XOFF, XON = b"\x13", b"\x11"


@asynccontextmanager
async def port_on_pty(flow: Flow = Flow.NONE) -> AsyncIterator[tuple[Transport, PtyTransport]]:
    dce = PtyTransport()
    dte = await open_serial(dce.slave_path, flow=flow)
    try:
        yield dte, dce
    finally:
        await dte.aclose()
        await dce.aclose()


def refusal(url: str) -> str:
    """What a user reads when `url` cannot be opened."""

    async def main() -> None:
        await open_serial(url)

    with pytest.raises(PortError) as failure:
        run_real(main)
    return str(failure.value)


def test_the_name_is_what_was_opened() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):
            assert dte.name == dce.slave_path

    run_real(main)


def test_an_answer_is_back_within_a_few_milliseconds() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce), anyio.create_task_group() as tasks:

            async def echo() -> None:
                while True:
                    await dce.send(await dce.receive())

            tasks.start_soon(echo)
            took: list[float] = []
            for _ in range(20):
                began = anyio.current_time()
                await dte.send(b"AT\r")
                await receive_exactly(dte, 3)
                took.append(anyio.current_time() - began)
            tasks.cancel_scope.cancel()
        assert sorted(took)[len(took) // 2] < 0.01

    run_real(main)


def test_a_pty_has_no_control_lines_and_that_is_no_error() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, _):
            await dte.set_dtr(on=False)
            await dte.set_rts(on=False)
            assert await dte.control_lines() == ControlLines()

    run_real(main)


def test_xoff_of_the_modem_holds_back_what_is_sent_until_xon() -> None:
    async def main() -> None:
        async with port_on_pty(Flow.XONXOFF) as (dte, dce):
            await dce.send(XOFF + b"OK")
            assert await dte.receive() == b"OK"
            with anyio.move_on_after(0.02) as scope:
                await dte.send(b"held")
            assert scope.cancelled_caught
            await dce.send(XON)
            await dte.send(b"free")
            assert (await receive_exactly(dce, 4)) == b"free"

    run_real(main)


def test_a_sender_stopped_by_xoff_is_let_go_by_cancelling_at_once() -> None:
    async def main() -> None:
        async with port_on_pty(Flow.XONXOFF) as (dte, dce):
            await dce.send(XOFF + b"!")
            await dte.receive()
            with anyio.CancelScope() as scope:
                scope.deadline = anyio.current_time() + 0.02
                await dte.send(bytes(10_000))
            assert anyio.current_time() - scope.deadline < 0.3

    run_real(main)


def test_the_port_is_ours_alone() -> None:
    async def main() -> None:
        async with port_on_pty() as (_, dce):
            with pytest.raises(PortError, match="another program uses this port"):
                await open_serial(dce.slave_path)

    run_real(main)


def test_a_modem_that_vanishes_is_an_error_for_the_task_that_waits() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):

            async def wait() -> None:
                with pytest.raises(PortError, match=r"is gone \(.*\); see that the modem is plugged in"):
                    await dte.receive()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await anyio.sleep(0.01)
                await dce.aclose()
            with pytest.raises(PortError):
                await dte.send(b"x")
            with pytest.raises(PortError):
                await dte.set_flow(Flow.XONXOFF)

    run_real(main)


def test_an_error_has_the_number_of_the_system_as_its_cause() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):
            await dce.aclose()
            with pytest.raises(PortError) as failure:
                await dte.send(b"x")
            cause = failure.value.__cause__
            assert isinstance(cause, OSError)
            assert cause.errno == errno.EIO

    run_real(main)


def test_nothing_is_left_behind() -> None:
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is asked for
    threads = threading.active_count()

    async def main() -> None:
        async with port_on_pty() as (dte, _):
            await dte.send(b"x")
        echo = await open_serial("loop://")
        await echo.aclose()

    run_real(main)
    for thread in threading.enumerate():
        if thread.name.startswith("AnyIO"):
            thread.join(1)
    assert set(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208
    assert threading.active_count() <= threads


def test_a_port_that_does_not_exist() -> None:
    assert refusal("/dev/ttyNONE0") == ("/dev/ttyNONE0: there is no such port; `faxmodem ports` lists those that exist")


def test_files_and_folders_are_no_ports(tmp_path: Path) -> None:
    file = tmp_path / "fax.pdf"
    file.touch()
    assert "this is no serial port" in refusal(str(file))
    assert "this is a folder" in refusal(str(tmp_path))


def test_no_permission_names_the_group_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("serial.serialposix.os.open", refuse)  # root, who runs CI, may open everything
    message = refusal(str(device))
    assert f"no permission to open this port; its group is {device.group()}" in message
    assert "usermod" in message


def test_a_scheme_that_is_not_known() -> None:
    message = refusal("http://localhost:80")
    assert message.startswith("http://localhost:80: a port is a device, or a URL that starts with")
    assert "socket, rfc2217, loop" in message


@pytest.mark.parametrize("url", ["socket://", "socket://localhost", "rfc2217://:7000", "socket://localhost:port"])
def test_an_address_that_is_not_whole(url: str) -> None:
    assert "HOST:PORT" in refusal(url)


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_nobody_listens(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    assert "nobody listens at this address" in refusal(f"{scheme}://127.0.0.1:{number}")


def test_a_baud_rate_that_no_port_has() -> None:
    dce = PtyTransport()

    async def main() -> None:
        try:
            with pytest.raises(PortError, match="cannot be opened"):
                await open_serial(dce.slave_path, baud=-1)
        finally:
            await dce.aclose()

    run_real(main)


def run_on_loop(main: Callable[[Transport], Awaitable[None]]) -> None:
    async def opened() -> None:
        port = await open_serial("loop://")
        try:
            await main(port)
        finally:
            await port.aclose()

    run_real(opened)


def test_a_loop_gives_back_what_it_is_sent() -> None:
    async def main(port: Transport) -> None:
        await port.send(b"AT\r")
        assert await receive_exactly(port, 3) == b"AT\r"

    run_on_loop(main)


def test_a_loop_has_control_lines() -> None:
    async def main(port: Transport) -> None:
        await port.set_rts(on=False)
        assert (await port.control_lines()).cts is False
        await port.set_rts(on=True)
        assert (await port.control_lines()).cts is True

    run_on_loop(main)


def test_a_loop_can_be_closed_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_port, "LINGER_S", 0.02)

    async def main(port: Transport) -> None:
        with anyio.move_on_after(0.05) as scope:
            await port.send(bytes(1_000_000))
        assert scope.cancelled_caught

    run_on_loop(main)


@pytest.fixture
def telnet_server() -> Iterator[str]:
    """A terminal server by RFC 2217 with a looped plug in its only port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve_rfc2217, args=[server])
        thread.start()
        yield f"rfc2217://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def serve_rfc2217(server: socket.socket) -> None:
    class Connection:
        def write(self, data: bytes) -> None:
            connection.sendall(data)

    connection, _ = server.accept()
    port = protocol_loop.Serial("loop://")
    with connection, port:
        manager = rfc2217.PortManager(port, Connection())  # type: ignore[arg-type] # the stubs ask for too much
        while data := connection.recv(1024):
            connection.sendall(b"".join(manager.escape(b"".join(manager.filter(data)))))


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pySerial's own thread
def test_rfc2217(telnet_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.rfc2217.time.sleep", lambda _seconds: threading.Event().wait(0.002))

    async def main() -> None:
        port = await open_serial(telnet_server, baud=19200, flow=Flow.RTSCTS)
        await port.send(b"AT\xff\r")  # 0xFF is telnet's own escape
        assert await receive_exactly(port, 4) == b"AT\xff\r"
        await port.set_dtr(on=False)
        assert (await port.control_lines()).cd is not None
        await port.aclose()

    run_real(main)
