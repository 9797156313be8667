"""The contract, held by every transport that there is."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import StringIO, UnsupportedOperation

import anyio
import pytest
from serial.urlhandler import protocol_socket

from faxmodem.emulator.pty import PtyTransport
from faxmodem.emulator.virtual import run_virtual
from faxmodem.transport.base import ControlLines, Flow, Transport
from faxmodem.transport.descriptor import DescriptorTransport
from faxmodem.transport.memory import null_modem_pair
from faxmodem.transport.recorder import Recorder
from faxmodem.transport.serial_port import SerialTransport, open_serial
from tests.unit.transport.contract import Pair, TransportContract, closing_both


class TestNullModem(TransportContract):
    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        yield null_modem_pair()

    def run(self, main: Callable[[Transport, Transport], Awaitable[None]]) -> None:
        run_virtual(lambda: main(*null_modem_pair()))


class TestNullModemOfSmallBuffers(TestNullModem):
    def run(self, main: Callable[[Transport, Transport], Awaitable[None]]) -> None:
        run_virtual(lambda: main(*null_modem_pair(capacity=256)))


class TestRecordedNullModem(TestNullModem):
    def run(self, main: Callable[[Transport, Transport], Awaitable[None]]) -> None:
        async def recorded() -> None:
            a, b = (Recorder(end, StringIO(), clock=anyio.current_time) for end in null_modem_pair())
            await main(a, b)

        run_virtual(recorded)


class TestSerialPortOnPty(TransportContract):
    """pySerial on the slave, the emulated modem's end on the master, which outlives its DTE."""

    far_end_sees_closing = False

    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        dce = PtyTransport()
        async with closing_both(await open_serial(dce.slave_path), dce) as pair:
            yield pair


class TestPtyUnderSerialPort(TransportContract):
    """The same pair seen from the modem; when a pty's master is closed the kernel drops what was on the way."""

    far_end_reads_on = False

    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        dce = PtyTransport()
        async with closing_both(dce, await open_serial(dce.slave_path)) as pair:
            yield pair


@pytest.fixture
def impatient_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """pySerial sleeps for 0.3 s after it closed a socket, so that the server can get over it."""
    monkeypatch.setattr("serial.urlhandler.protocol_socket.time.sleep", lambda _seconds: None)


@pytest.mark.usefixtures("impatient_sockets")
class TestSerialPortOnSocket(TransportContract):
    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = await open_serial(f"socket://127.0.0.1:{server.getsockname()[1]}")
            far = SocketEnd(server.accept()[0])
        async with closing_both(port, far) as pair:
            yield pair


@pytest.mark.usefixtures("impatient_sockets")
class TestPumpedSerialPort(TransportContract):
    """A port without a descriptor, as RFC 2217 is one: pySerial's socket port that keeps its descriptor to itself."""

    @asynccontextmanager
    async def pair(self) -> AsyncIterator[Pair]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"socket://127.0.0.1:{server.getsockname()[1]}"
            port = SerialTransport(PortWithoutDescriptor(address), address)  # type: ignore[arg-type] # no common stub
            far = SocketEnd(server.accept()[0])
        async with closing_both(port, far) as pair:
            yield pair


class PortWithoutDescriptor(protocol_socket.Serial):
    def fileno(self) -> int:
        raise UnsupportedOperation


class SocketEnd(DescriptorTransport):
    """What a terminal server holds: bytes, and not one line."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self._connection = connection
        super().__init__(connection.fileno(), "far end")

    async def set_flow(self, flow: Flow) -> None:  # noqa: ARG002 - no such thing
        self._check()

    async def set_baud(self, baud: int | None) -> None:  # noqa: ARG002 - no such thing
        self._check()

    async def set_dtr(self, on: bool) -> None:  # noqa: ARG002 - no such line
        self._check()

    async def set_rts(self, on: bool) -> None:  # noqa: ARG002 - no such line
        self._check()

    async def control_lines(self) -> ControlLines:
        self._check()
        return ControlLines()

    async def discard(self) -> None:
        self._drain()

    async def aclose(self) -> None:
        if self._retire():
            self._connection.close()
