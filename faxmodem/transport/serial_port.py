"""Serial ports by device name or URL, through pySerial."""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import UnsupportedOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

import anyio
from anyio import CancelScope, to_thread

from faxmodem.errors import PortError
from faxmodem.transport.advice import PORT_FAULTS, why_not_opened
from faxmodem.transport.base import DEFAULT_BAUD, ControlLines, Flow
from faxmodem.transport.descriptor import DescriptorTransport
from faxmodem.transport.devices import THIS_MACHINE, Machine
from faxmodem.transport.holders import holders
from faxmodem.transport.locks import PortLock, lock_port
from faxmodem.transport.naming import check_name, find_port, is_pty, is_url
from faxmodem.transport.pump import Pump

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from serial import Serial

    from faxmodem.transport.remote import RemoteSerial

T = TypeVar("T")

log = logging.getLogger("faxmodem.transport")

SCHEMES: Final = ("socket", "rfc2217", "loop")
"URL schemes beside a plain device name."

LINGER_S: Final = 0.5
"""How long closing, and a change of the rate, wait for bytes that flow control holds back; the kernel alone would wait
for 30 s."""

MAX_LATENCY_S: Final = 0.055
"""What a round trip to a modem may take if the session is run on this side of it, as in class 1.

From the end of DCS the far end waits 75 ms, give or take 20, before it trains (T.30 (09/2005) §5, note 3). By then the
modem's result must have come here, and the next command gone there, or the modem does not listen yet.
"""
ROUND_TRIPS: Final = 3

NO_SUCH_LINE: Final = (errno.ENOTTY, errno.EINVAL)
"What a pty answers when asked for a control line."

_ADDRESS: Final = re.compile(r"[^:]+://[^/?#]+:[0-9]+")
_TCP_INFO_RTT: Final = struct.Struct("=68xI")
"Where Linux tells how long a round trip takes, in microseconds (struct tcp_info in linux/tcp.h)."


async def open_serial(
    name: str, *, baud: int = DEFAULT_BAUD, flow: Flow = Flow.NONE, machine: Machine = THIS_MACHINE
) -> SerialTransport:
    """Open a serial port for this program alone.

    `name`: a device (`/dev/ttyACM0`), a link to one, `usb:SERIAL`, `usb:VID:PID[:SERIAL]`, or `socket://host:port`,
    `rfc2217://host:port`, `loop://`. `baud` and `flow` mean nothing on a plain socket. The port is raw, 8 bits without
    parity, does not heed carrier detect (CLOCAL), and drops DTR when it is closed or the program dies (HUPCL).

    Raises `PortError`: no such port, no permission, in use by another program, not a serial port, a URL scheme that is
    not known, or nobody who listens at the address.
    """
    port, lock = await to_thread.run_sync(partial(_open, name, baud, flow, machine))
    transport = SerialTransport(port, name, lock)
    try:
        transport.latency_s = await _measure_latency(port, name)
    except BaseException:
        with CancelScope(shield=True):
            await transport.aclose()
        raise
    if transport.latency_s is not None and transport.latency_s > MAX_LATENCY_S:
        log.warning(
            "%s is %.0f ms away, there and back; a fax modem in class 1 bears %.0f ms, as its far end waits no longer "
            "between two signals; training may fail. A modem that runs the session itself (class 2) bears more",
            name,
            transport.latency_s * 1000,
            MAX_LATENCY_S * 1000,
        )
    return transport


class SerialTransport(DescriptorTransport):
    """An open port of pySerial. Made by `open_serial`."""

    def __init__(self, port: Serial, url: str, lock: PortLock | None = None) -> None:
        self._port = port
        self._lock = lock
        self._pump: Pump | None = None
        try:
            descriptor = port.fileno()
        except UnsupportedOperation:
            self._pump = Pump(port)
            descriptor = self._pump.fileno()
        super().__init__(descriptor, url)
        self._has_lines = not url.lower().startswith("socket:")
        self._opened_at: Final[int] = port.baudrate

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control in the tty, both ways."""
        await self._ask(partial(_set_flow, self._port, flow))

    async def set_baud(self, baud: int | None) -> None:
        """Change the rate, once what was sent is out; if flow control holds it back for long, it is not waited for."""
        self._check()
        await self._send_out()
        if not self._pending():
            await self._ask(self._port.flush)  # what the UART itself holds
        await self._ask(partial(setattr, self._port, "baudrate", baud or self._opened_at))

    async def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR, where there is one."""
        await self._ask(partial(_line, partial(setattr, self._port, "dtr", on)))

    async def set_rts(self, on: bool) -> None:
        """Raise or drop RTS, where there is one."""
        await self._ask(partial(_line, partial(setattr, self._port, "rts", on)))

    async def send_break(self) -> None:
        """Hold the line at space for 0.1 to 0.25 s, where there is a line; no byte can be that long."""
        self._check()
        if self._has_lines:
            await self._ask(partial(_line, self._port.send_break))

    async def control_lines(self) -> ControlLines:
        """What the input lines show now; all None on a pty or a plain socket."""
        self._check()
        return await self._ask(partial(_control_lines, self._port)) if self._has_lines else ControlLines()

    async def discard(self) -> None:
        """Throw away what has arrived, and what waits on the way out."""
        await self._ask(self._port.reset_output_buffer)
        if self._pump is None:  # a pump leaves nothing in the port
            await self._ask(self._port.reset_input_buffer)
        self._drain()

    async def aclose(self) -> None:
        """Close the port, once what was sent is out; if flow control holds it back for long, that is thrown away."""
        if not self._retire():
            return
        with CancelScope(shield=True):
            await self._send_out()
            await to_thread.run_sync(self._close)

    async def _send_out(self) -> None:
        """Wait, but not for long, until the kernel has passed on all that was sent."""
        with anyio.move_on_after(LINGER_S):
            while self._pending():  # noqa: ASYNC110 - no event tells that a tty has sent everything
                await anyio.sleep(0.005)

    def _pending(self) -> int:
        """Bytes that the kernel holds for a tty; a socket's or RFC 2217 server's are out of our hands."""
        try:
            return self._port.out_waiting
        except (AttributeError, OSError):
            return 0

    def _close(self) -> None:
        if self._pending():
            with suppress(*PORT_FAULTS):
                self._port.reset_output_buffer()
        if self._pump is not None:
            self._pump.close()
        else:
            with suppress(*PORT_FAULTS):
                _let_others_open(self._port.fileno())
            self._port.close()
        if self._lock is not None:
            self._lock.release()

    async def _ask(self, question: Callable[[], T]) -> T:
        """Let pySerial do something that may block: USB adapters and remote ports take their time over settings."""
        self._check()
        try:
            return await to_thread.run_sync(question)
        except ValueError as error:  # what a terminal server says to a setting that it does not have
            raise PortError(f"{self._name} refuses a setting: {error}") from error
        except PORT_FAULTS as error:
            raise self._gone(str(error)) from error

    def _gone(self, why: str = "end of file") -> PortError:
        if is_url(self._name):
            return PortError(
                f"{self._name} is gone ({why}); see that the port server is up and reached, then try again"
            )
        if not Path(self._name).exists() and not self._name.startswith("usb:"):
            return PortError(f"{self._name} was unplugged ({why}); plug the modem in and try again")
        return super()._gone(why)


def _open(name: str, baud: int, flow: Flow, machine: Machine) -> tuple[Serial, PortLock | None]:
    """Open in the calling thread: a remote port may take seconds."""
    check_name(name)
    if is_url(name):
        return _open_url(name, baud, flow), None
    device = find_port(name, machine)
    lock = lock_port(device, name, machine)
    try:
        return _open_device(name, device, baud, flow, machine), lock
    except BaseException:
        lock.release()
        raise


def _open_url(url: str, baud: int, flow: Flow) -> Serial:
    from serial import serial_for_url

    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise PortError(f"{url}: a port is a device, or a URL that starts with one of {', '.join(SCHEMES)}, then ://")
    if scheme != "loop" and not _ADDRESS.match(url):
        raise PortError(f"{url}: expected {scheme}://HOST:PORT")
    try:
        port = _remote(url, baud) if scheme == "rfc2217" else serial_for_url(url, do_not_open=True, baudrate=baud)
        _set_flow(port, flow)
        port.open()
    except PORT_FAULTS as error:
        raise PortError(f"{url}: {why_not_opened(url, error)}") from error
    if scheme == "socket":
        _send_at_once(port.fileno())
    return port


def _remote(url: str, baud: int) -> Serial:
    from faxmodem.transport.remote import RemoteSerial

    port = RemoteSerial(None, baudrate=baud)
    port.port = url
    return cast("Serial", port)  # the same methods, but no common base in the stubs


def _open_device(name: str, device: str, baud: int, flow: Flow, machine: Machine) -> Serial:
    from serial import Serial

    port = Serial(None, exclusive=True)
    port.port = device
    port.inter_byte_timeout = 0.0  # pySerial's way to VMIN 1: an empty tty is told from one that is gone
    try:
        port.baudrate = baud
        _set_flow(port, flow)
        port.open()
        _keep_others_out(port)
    except PORT_FAULTS as error:
        port.close()
        raise PortError(f"{name}: {why_not_opened(device, error, machine)}") from error
    if not is_pty(device) and (others := holders(device, machine)):
        log.warning("%s is also open in %s, which may take bytes away", name, " and ".join(map(str, others)))
    return port


def _keep_others_out(port: Serial) -> None:
    """Beside pySerial's flock, which binds only programs that ask for it. And hang up when we die.

    Not a pty: whoever made it keeps it open, so that it would stay closed to others when we are gone.
    """
    if sys.platform == "win32" or port.port is None or is_pty(port.port):
        return
    fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    attributes = termios.tcgetattr(port.fileno())
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)


def _let_others_open(descriptor: int) -> None:
    """For a program that has had the port open all the time, as a getty does."""
    if sys.platform != "win32":
        fcntl.ioctl(descriptor, termios.TIOCNXCL)


def _set_flow(port: Serial, flow: Flow) -> None:
    port.xonxoff = flow is Flow.XONXOFF
    port.rtscts = flow is Flow.RTSCTS


def _control_lines(port: Serial) -> ControlLines:
    return ControlLines(**{name: _line(partial(getattr, port, name)) for name in ("cts", "dsr", "ri", "cd")})


def _line(question: Callable[[], T]) -> T | None:
    """Ask about a control line; None if the port has none."""
    try:
        return question()
    except OSError as error:
        if error.errno in NO_SUCH_LINE:
            return None
        raise


def _send_at_once(descriptor: int) -> None:
    """No waiting for more: a command is short, and every reply of T.30 is due within milliseconds."""
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def _measure_latency(port: Serial, url: str) -> float | None:
    """Seconds that a round trip to a remote port takes; None for a local one, and where there is no telling."""
    scheme = url.partition("://")[0].lower()
    if scheme == "rfc2217":
        return await _measure_round_trips(cast("RemoteSerial", port))
    if scheme == "socket" and sys.platform == "linux":
        with socket.socket(fileno=os.dup(port.fileno())) as connection:
            answer = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_RTT.size)
        return float(_TCP_INFO_RTT.unpack(answer)[0]) / 1e6
    return None


async def _measure_round_trips(port: RemoteSerial) -> float | None:
    """The shortest of a few: what the network, and the server, need at least."""
    took = []
    for _ in range(ROUND_TRIPS):
        began = anyio.current_time()
        try:
            await to_thread.run_sync(port.make_round_trip)
        except PORT_FAULTS as error:
            log.warning("%s: how long a round trip takes cannot be measured (%s)", port.port, error)
            return None
        took.append(anyio.current_time() - began)
    return min(took)
