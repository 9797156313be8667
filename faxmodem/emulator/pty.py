"""The DCE's end of a pseudo-terminal: any program that can open a serial port can sit at the other."""

from __future__ import annotations

import os
import re
import termios
import tty
from pathlib import Path
from typing import Final

from anyio import Event

from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow
from faxmodem.transport.descriptor import DescriptorTransport
from faxmodem.transport.memory import XOFF, XON
from faxmodem.transport.misread import misread

CHUNK_BYTES: Final = 512
"Written at once, so that an XOFF in between is heeded."

_BAUDS: Final = {getattr(termios, name): int(name[1:]) for name in dir(termios) if re.fullmatch("B[1-9][0-9]*", name)}
_OSPEED: Final = 5
"Where `termios.tcgetattr` gives the rate."


class PtyTransport(DescriptorTransport):
    """An emulated modem's side of a pty; the DTE opens `slave_path`, and may close and open it again.

    A pty has no control lines. What stops the DTE is that its bytes are not received here: the kernel holds some
    thousands of them, then the DTE's write waits. With `Flow.XONXOFF`, XON and XOFF from the DTE start and stop what we
    send and are no data, for which some task has to `receive`; an XOFF for the DTE is sent like any other byte.
    """

    def __init__(self, *, link: Path | None = None) -> None:
        """Make the pty and, at `link`, a symbolic link to its slave. An old link there is replaced.

        Raises `PortError` if there is something else at `link`, or the system has no pty left.
        """
        try:
            master, self._slave = os.openpty()
        except OSError as error:
            raise PortError(f"no pseudo-terminal to be had: {error.strerror}") from error
        # Kept open: without a slave that is open the master only gives errors, so the modem would not outlive its DTE.
        tty.setraw(self._slave)
        os.set_blocking(master, False)
        self.slave_path = os.ttyname(self._slave)
        "The device that the DTE opens."
        self._link = link
        self._flow = Flow.NONE
        self._baud: int | None = None
        self._may_send = Event()
        self._may_send.set()
        super().__init__(master, str(link or self.slave_path))
        if link is not None:
            try:
                _make_link(link, self.slave_path)
            except OSError as error:
                self._close()
                raise PortError(f"{link} cannot be made: {error.strerror}") from error

    async def receive(self) -> bytes:
        """Wait for bytes of the DTE and give all that are there, at least one."""
        while True:
            data = self._across(await super().receive(), from_dte=True)
            if self._flow is Flow.XONXOFF and (XON in data or XOFF in data):
                self._stop_or_start(stop=data.rfind(XOFF) > data.rfind(XON))
                data = data.translate(None, XON + XOFF)
            if data:
                return data

    async def send(self, data: bytes) -> None:
        """Give bytes to the DTE; waits while it stops us, or does not read."""
        self._check()
        data = self._across(data, from_dte=False)
        for start in range(0, len(data), CHUNK_BYTES):
            await self._may_send.wait()
            await super().send(data[start : start + CHUNK_BYTES])

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control; leaving XON/XOFF also ends a stop."""
        self._check()
        self._flow = flow
        if flow is not Flow.XONXOFF:
            self._stop_or_start(stop=False)

    async def set_baud(self, baud: int | None) -> None:
        """Talk at this rate alone: a DTE that has set its port to another one reads and sends garbage. None: any."""
        self._check()
        self._baud = baud

    async def set_dtr(self, on: bool) -> None:  # noqa: ARG002 - no such line
        """Do nothing: a pty has no lines."""
        self._check()

    async def set_rts(self, on: bool) -> None:  # noqa: ARG002 - no such line
        """Do nothing: a pty has no lines."""
        self._check()

    async def control_lines(self) -> ControlLines:
        """No line at all."""
        self._check()
        return ControlLines()

    async def discard(self) -> None:
        """Throw away what the DTE has sent, and what it has not read yet."""
        self._check()
        termios.tcflush(self._slave, termios.TCIOFLUSH)
        self._drain()

    async def aclose(self) -> None:
        """Close both sides of the pty and remove the link; a DTE that has it open gets an error, and no more data."""
        if self._retire():
            self._may_send.set()
            if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == self.slave_path:
                self._link.unlink()
            self._close()

    def _across(self, data: bytes, *, from_dte: bool) -> bytes:
        """What comes over between our rate and the one that the DTE has set its port to."""
        theirs = _BAUDS.get(termios.tcgetattr(self._slave)[_OSPEED]) if self._baud is not None else None
        if self._baud is None or theirs is None:
            return data
        return misread(data, theirs, self._baud) if from_dte else misread(data, self._baud, theirs)

    def _close(self) -> None:
        os.close(self._descriptor)
        os.close(self._slave)

    def _stop_or_start(self, *, stop: bool) -> None:
        if not stop:
            self._may_send.set()
        elif self._may_send.is_set():
            self._may_send = Event()


def _make_link(link: Path, target: str) -> None:
    if link.is_symlink():
        link.unlink()  # of a modem that did not end well
    link.symlink_to(target)
