"""Bytes of a file descriptor, moved by the event loop: what serial ports, sockets and ptys have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from faxmodem.errors import PortError

READ_SIZE: Final = 65536
"More than any tty holds, so that one call takes all."


class DescriptorTransport:
    """`receive` and `send` over a non-blocking descriptor; a subclass opens and closes it and knows its lines.

    No thread stands between the kernel and the task that waits, so that a reply is out within a fraction of a
    millisecond, and a cancelled `send` leaves nothing behind that still writes.
    """

    latency_s: float | None = None
    "How long a round trip to a remote port takes; None: it is a local one."

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name
        self._closed = False

    @property
    def name(self) -> str:
        """What people call the port: its URL or device path."""
        return self._name

    def fileno(self) -> int:
        """The descriptor, which is non-blocking."""
        self._check()
        return self._descriptor

    async def receive(self) -> bytes:
        """Wait for bytes and give all that are there, at least one."""
        await checkpoint()
        while True:
            with suppress(BlockingIOError), self._port_errors():
                await anyio.wait_readable(self._descriptor)
                return self._read()

    async def send(self, data: bytes) -> None:
        """Give bytes to the kernel, and wait whenever it has no room because flow control stops it."""
        await checkpoint()
        self._check()
        rest = memoryview(data)
        while rest:
            with suppress(BlockingIOError), self._port_errors():
                await anyio.wait_writable(self._descriptor)
                rest = rest[os.write(self._descriptor, rest) :]

    async def send_break(self) -> None:
        """Do nothing: only a serial line can be held at space."""
        self._check()

    def _read(self) -> bytes:
        data = os.read(self._descriptor, READ_SIZE)
        if not data:
            raise self._gone()
        return data

    def _drain(self) -> None:
        """Throw away what can be read at once."""
        with suppress(BlockingIOError), self._port_errors():
            while True:
                self._read()

    def _retire(self) -> bool:
        """Take the descriptor out of use and wake who waits for it; False if that was done before."""
        if self._closed:
            return False
        self._closed = True
        anyio.notify_closing(self._descriptor)
        return True

    def _check(self) -> None:
        if self._closed:
            raise PortError(f"{self._name} is closed")

    def _gone(self, why: str = "end of file") -> PortError:
        return PortError(f"{self._name} is gone ({why}); see that the modem is plugged in and powered, then try again")

    @contextmanager
    def _port_errors(self) -> Iterator[None]:
        """Turn what the system says into `PortError`, except that a call would block."""
        self._check()
        try:
            yield
        except (BlockingIOError, PortError):
            raise
        except anyio.ClosedResourceError:
            raise PortError(f"{self._name} is closed") from None
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from error
