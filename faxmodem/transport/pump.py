"""A file descriptor for serial ports that have none of their own (RFC 2217, pySerial's loop)."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from serial import Serial

POLL_S: Final = 0.1
"How soon the reading thread sees that it is to end; data does not wait for this."

BUFFER_BYTES: Final = 4096
"Asked of each socket, so that a sender feels flow control about as early as with a tty."


class Pump:
    """Two threads that carry bytes between a blocking port and one end of a socket pair; the other end is ours.

    A port that fails shows as end of file.
    """

    def __init__(self, port: Serial) -> None:
        self._port = port
        self._port.timeout = POLL_S
        self._ours, self._inner = socket.socketpair()
        for end in (self._ours, self._inner):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._ours.settimeout(0)
        self._writer = Thread(target=self._write, name=f"writes to {port.port}", daemon=True)
        self._reader = Thread(target=self._read, name=f"reads from {port.port}", daemon=True)
        self._writer.start()
        self._reader.start()

    def fileno(self) -> int:
        """The non-blocking descriptor to read from and write to."""
        return self._ours.fileno()

    def close(self) -> None:
        """End both threads once what was sent is written, and close the port. Blocks meanwhile."""
        self._ours.shutdown(socket.SHUT_RDWR)
        self._writer.join()
        self._reader.join()
        self._port.close()
        self._ours.close()
        self._inner.close()

    def _write(self) -> None:
        with suppress(OSError):
            while data := self._inner.recv(BUFFER_BYTES):
                self._port.write(data)

    def _read(self) -> None:
        with suppress(OSError):
            # To the end of writing, even when nobody takes what comes: a port that is its own far end fills up else.
            while self._writer.is_alive():
                if data := self._port.read(1):
                    self._pass_on(data + self._port.read(self._port.in_waiting))
        self._inner.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, data: bytes) -> None:
        with suppress(BrokenPipeError):
            self._inner.sendall(data)
