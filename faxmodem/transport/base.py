"""What the rest of the house asks of a port: bytes in, bytes out, and the few control lines that matter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, runtime_checkable

DEFAULT_BAUD: Final = 115200
"Where nobody says otherwise: nearly every modem recognises it, and it is fast enough for V.34."


class Flow(Enum):
    """Who may stop whom, and how."""

    NONE = "none"
    XONXOFF = "xonxoff"
    RTSCTS = "rtscts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLines:
    """The control lines that a port sees now. None: the port does not have that line (a pty, a raw socket)."""

    cts: bool | None = None
    dsr: bool | None = None
    ri: bool | None = None
    cd: bool | None = None


class Transport(Protocol):
    """One end of a serial connection. One task may receive while another sends; neither is re-entrant.

    Every method raises `PortError` once the port is gone or closed.
    """

    @property
    def name(self) -> str:
        """What people call it: the URL or device path."""
        ...

    @property
    def latency_s(self) -> float | None:
        """How long a round trip to the port takes, measured when it was opened; None: it is a local one."""
        return None

    async def receive(self) -> bytes:
        """Wait for bytes and give all that are there, at least one. Cancelling loses nothing."""
        ...

    async def send(self, data: bytes) -> None:
        """Give bytes to the port, and wait as long as flow control of the other end says so.

        Cancelled half way, an unknown part of `data` has gone out.
        """
        ...

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control for what is sent from now on. With `Flow.NONE`, XON and XOFF are plain data."""
        ...

    async def set_baud(self, baud: int | None) -> None:
        """Change the rate both ways, in bit/s, once what was sent is out. None: the one at which it was opened.

        Changes nothing where the port has no rate of its own (a raw socket).
        """
        ...

    async def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR. Does nothing where the port has no such line."""
        ...

    async def set_rts(self, on: bool) -> None:
        """Raise or drop RTS (an emulated DCE's way to stop its DTE). Does nothing where the port has no such line."""
        ...

    async def send_break(self) -> None:
        """Send a break: a space longer than any byte. Does nothing where the port has no line for it."""
        ...

    async def control_lines(self) -> ControlLines:
        """What the input lines show now."""
        ...

    async def discard(self) -> None:
        """Throw away bytes that are received but not read, and bytes accepted but not yet on the wire."""
        ...

    async def aclose(self) -> None:
        """Close the port; safe to call twice. A task that waits in `receive` gets `PortError`."""
        ...


@runtime_checkable
class HasDescriptor(Protocol):
    """A transport over a descriptor, which another program can be given for a while."""

    def fileno(self) -> int:
        """The descriptor. Raises `io.UnsupportedOperation`, an `OSError`, if there is none after all."""
        ...
