"""Serial ports by device name or URL, through pySerial."""

from __future__ import annotations

import errno
import os
import re
import socket
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from io import UnsupportedOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from anyio import CancelScope, to_thread

from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow
from faxmodem.transport.descriptor import DescriptorTransport
from faxmodem.transport.pump import Pump

if TYPE_CHECKING:
    from serial import Serial

T = TypeVar("T")

SCHEMES: Final = ("socket", "rfc2217", "loop")
"URL schemes beside a plain device name."

LINGER_S: Final = 0.5
"How long closing waits for bytes that flow control holds back; the kernel alone would wait for 30 s."

NO_SUCH_LINE: Final = (errno.ENOTTY, errno.EINVAL)
"What a pty answers when asked for a control line."

WHY_NOT_OPENED: Final[Mapping[int, str]] = {
    errno.ENOENT: "there is no such port; `faxmodem ports` lists those that exist",
    errno.ENXIO: "there is nothing behind this port; see that the modem is plugged in and powered",
    errno.ENODEV: "there is nothing behind this port; see that the modem is plugged in and powered",
    errno.EIO: "there is nothing behind this port; `faxmodem ports` lists those that are real",
    errno.EBUSY: "another program uses this port; end it or choose another port",
    errno.EAGAIN: "another program uses this port; end it or choose another port",
    errno.ENOTTY: "this is no serial port; `faxmodem ports` lists those that are",
    errno.EISDIR: "this is a folder and no serial port; `faxmodem ports` lists those that are",
    errno.ETIMEDOUT: "no answer from this host; see that it is up and that host and port are right",
    socket.EAI_NONAME: "this host is not known; see that its name is right",
    socket.EAI_AGAIN: "this host's name cannot be looked up now; see that the network is up",
    errno.ECONNREFUSED: "nobody listens at this address; see that the port server is up and the port is right",
    errno.EHOSTUNREACH: "this host cannot be reached; see that host and port are right",
    errno.ENETUNREACH: "this host cannot be reached; see that host and port are right",
}

_ADDRESS: Final = re.compile(r"[^:]+://[^/?#]+:[0-9]+")
_PORT_FAULTS: Final = (OSError, termios.error, ValueError)  # ValueError: what an RFC 2217 server rejected


async def open_serial(url: str, *, baud: int = 115200, flow: Flow = Flow.NONE) -> SerialTransport:
    """Open a serial port for this program alone.

    `url`: a device (`/dev/ttyACM0`), or `socket://host:port`, `rfc2217://host:port`, `loop://`. `baud` and `flow` mean
    nothing on a plain socket. The port is raw, 8 bits without parity, and does not heed carrier detect (CLOCAL).

    Raises `PortError`: no such port, no permission, in use by another program, not a serial port, a URL scheme that is
    not known, or nobody who listens at the address.
    """
    port = await to_thread.run_sync(partial(_open, url, baud, flow))
    return SerialTransport(port, url)


class SerialTransport(DescriptorTransport):
    """An open port of pySerial. Made by `open_serial`."""

    def __init__(self, port: Serial, url: str) -> None:
        self._port = port
        self._pump: Pump | None = None
        try:
            descriptor = port.fileno()
        except UnsupportedOperation:
            self._pump = Pump(port)
            descriptor = self._pump.fileno()
        super().__init__(descriptor, url)
        self._has_lines = not url.lower().startswith("socket:")

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control in the tty, both ways."""
        await self._ask(partial(_set_flow, self._port, flow))

    async def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR, where there is one."""
        await self._ask(partial(_line, partial(setattr, self._port, "dtr", on)))

    async def set_rts(self, on: bool) -> None:
        """Raise or drop RTS, where there is one."""
        await self._ask(partial(_line, partial(setattr, self._port, "rts", on)))

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
            with anyio.move_on_after(LINGER_S):
                while self._pending():  # noqa: ASYNC110 - no event tells that a tty has sent everything
                    await anyio.sleep(0.005)
            await to_thread.run_sync(self._close)

    def _pending(self) -> int:
        """Bytes that the kernel holds for a tty; a socket's or RFC 2217 server's are out of our hands."""
        try:
            return self._port.out_waiting
        except (AttributeError, OSError):
            return 0

    def _close(self) -> None:
        if self._pending():
            with suppress(*_PORT_FAULTS):
                self._port.reset_output_buffer()
        if self._pump is not None:
            self._pump.close()
        else:
            self._port.close()

    async def _ask(self, question: Callable[[], T]) -> T:
        """Let pySerial do something that may block: USB adapters and remote ports take their time over settings."""
        self._check()
        try:
            return await to_thread.run_sync(question)
        except _PORT_FAULTS as error:
            raise self._gone(str(error)) from error


def _open(url: str, baud: int, flow: Flow) -> Serial:
    """Open in the calling thread: a remote port may take seconds."""
    from serial import serial_for_url

    scheme = url.partition("://")[0].lower() if "://" in url else ""
    try:
        if scheme:
            _check_url(url, scheme)
        port = serial_for_url(url, do_not_open=True, baudrate=baud)
        if not scheme:
            port.exclusive = True
            port.inter_byte_timeout = 0.0  # pySerial's way to VMIN 1: an empty tty is told from one that is gone
        _set_flow(port, flow)
        port.open()
    except PortError:
        raise
    except _PORT_FAULTS as error:
        raise PortError(f"{url}: {_why_not_opened(url, error)}") from error
    if scheme == "socket":
        _send_at_once(port.fileno())
    return port


def _check_url(url: str, scheme: str) -> None:
    if scheme not in SCHEMES:
        raise PortError(f"{url}: a port is a device, or a URL that starts with one of {', '.join(SCHEMES)}, then ://")
    if scheme != "loop" and not _ADDRESS.match(url):
        raise PortError(f"{url}: expected {scheme}://HOST:PORT")


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


def _why_not_opened(url: str, error: BaseException) -> str:
    number = _error_number(error)
    if number in (errno.EACCES, errno.EPERM):
        return f"no permission to open this port; {_who_may_open(url)}"
    return WHY_NOT_OPENED.get(number, f"this port cannot be opened ({error})")


def _error_number(error: BaseException | None) -> int:
    """The system's number for an error; pySerial drops it often, but then the error that it came from still has it."""
    while error is not None:
        match error:
            case TimeoutError():
                return errno.ETIMEDOUT
            case OSError(errno=int(number)) | termios.error(args=(int(number), *_)):
                return number
        error = error.__cause__ or error.__context__
    return 0


def _who_may_open(device: str) -> str:
    try:
        group = Path(device).group()
    except (OSError, KeyError):
        return "ask the administrator for it"
    return f"its group is {group}: `sudo usermod -a -G {group} $USER`, then log in again"
