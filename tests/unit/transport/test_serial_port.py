import errno
import fcntl
import logging
import os
import socket
import struct
import termios
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from faxmodem.emulator.pty import PtyTransport
from faxmodem.errors import PortError
from faxmodem.transport import locks, serial_port
from faxmodem.transport.base import ControlLines, Flow, Transport
from faxmodem.transport.serial_port import open_serial
from tests.unit.transport.contract import receive_exactly, run_real
from tests.unit.transport.tree import Tree

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
            with pytest.raises(PortError, match="uses this port; end it or choose another port"):
                await open_serial(dce.slave_path)

    run_real(main)


def test_a_modem_that_vanishes_is_an_error_for_the_task_that_waits() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):

            async def wait() -> None:
                with pytest.raises(PortError, match=r"was unplugged \(.*\); plug the modem in and try again"):
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


TIOCGEXCL = 0x80045440  # whether TIOCEXCL is in force; the standard library has no name for it


def is_exclusive(descriptor: int) -> bool:
    return bool(struct.unpack("i", fcntl.ioctl(descriptor, TIOCGEXCL, bytes(4)))[0])


@pytest.fixture
def hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a pty for what it stands for."""
    for module in (serial_port, locks):
        monkeypatch.setattr(module, "is_pty", lambda _device: False)


@pytest.mark.usefixtures("hardware")
def test_a_port_is_locked_and_exclusive_while_it_is_open(tree: Tree) -> None:
    async def main() -> None:
        dce = PtyTransport()
        watch = os.open(dce.slave_path, os.O_RDWR | os.O_NOCTTY)
        dte = await open_serial(dce.slave_path, machine=tree.machine)
        assert [file.name for file in tree.locks.iterdir()] == [f"LCK..{Path(dce.slave_path).name}"]
        assert is_exclusive(watch)
        assert termios.tcgetattr(watch)[2] & termios.HUPCL
        assert termios.tcgetattr(watch)[2] & termios.CLOCAL
        with pytest.raises(PortError, match="in use by this program itself"):
            await open_serial(dce.slave_path, machine=tree.machine)
        await dte.aclose()
        assert list(tree.locks.iterdir()) == []
        assert not is_exclusive(watch)
        os.close(watch)
        await dce.aclose()

    run_real(main)


@pytest.mark.usefixtures("hardware")
def test_a_port_that_cannot_be_opened_is_not_left_locked(tree: Tree) -> None:
    async def main() -> None:
        for name in (os.devnull, tree.path("ttyNONE0")):
            with pytest.raises(PortError):
                await open_serial(name, machine=tree.machine)
            assert list(tree.locks.iterdir()) == []

    run_real(main)


@pytest.mark.usefixtures("hardware")
def test_a_port_that_another_program_has_open_is_warned_of(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        dce = PtyTransport()
        tree.run(7, "minicom", dce.slave_path)
        with caplog.at_level(logging.WARNING):
            dte = await open_serial(dce.slave_path, machine=tree.machine)
        assert f"{dce.slave_path} is also open in minicom (pid 7)" in caplog.text
        await dte.aclose()
        await dce.aclose()

    run_real(main)


def test_a_pty_stays_open_to_others_when_we_are_gone(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        dce = PtyTransport()
        tree.run(7, "emulator", dce.slave_path)
        watch = os.open(dce.slave_path, os.O_RDWR | os.O_NOCTTY)
        with caplog.at_level(logging.WARNING):
            dte = await open_serial(dce.slave_path, machine=tree.machine)
        assert caplog.text == ""
        assert not is_exclusive(watch)
        assert list(tree.locks.iterdir()) == []
        await dte.aclose()
        os.close(watch)
        await dce.aclose()

    run_real(main)


def test_a_port_is_opened_by_what_it_says_on_usb(tree: Tree) -> None:
    node = tree.machine.dev / "ttyACM0"
    tree.add_modem(node.name, serial="A1")
    node.unlink()

    async def main() -> None:
        dce = PtyTransport(link=node)
        dte = await open_serial("usb:A1", machine=tree.machine)
        assert dte.name == "usb:A1"
        await dte.send(b"AT\r")
        assert await receive_exactly(dce, 3) == b"AT\r"
        await dte.aclose()
        await dce.aclose()

    run_real(main)


def test_files_and_folders_are_no_ports(tmp_path: Path) -> None:
    file = tmp_path / "fax.pdf"
    file.touch()
    assert "this is a file and no serial port" in refusal(str(file))
    assert "this is a folder" in refusal(str(tmp_path))
    assert "this is no serial port" in refusal(os.devnull)


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


def test_the_rate_is_set_in_the_tty_and_set_back() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):
            tty = os.open(dce.slave_path, os.O_RDWR | os.O_NOCTTY)

            def speeds() -> list[int]:
                return termios.tcgetattr(tty)[4:6]

            await dte.set_baud(19200)
            assert speeds() == [termios.B19200] * 2
            await dte.set_baud(None)
            assert speeds() == [termios.B115200] * 2
            os.close(tty)

    run_real(main)


def test_what_was_sent_goes_out_before_the_rate_changes() -> None:
    async def main() -> None:
        async with port_on_pty() as (dte, dce):
            await dce.set_baud(19200)
            await dte.set_baud(19200)
            await dte.send(b"AT+FCLASS=2\r")
            assert await receive_exactly(dce, 12) == b"AT+FCLASS=2\r"
            await dte.set_baud(57600)
            await dte.send(b"AT\r")
            assert await dce.receive() != b"AT\r"

    run_real(main)
