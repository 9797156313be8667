"""A null-modem cable inside one process: two transports, no port, no clock."""

from __future__ import annotations

import re
from typing import Final

from anyio import Event
from anyio.lowlevel import checkpoint

from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow
from faxmodem.transport.misread import misread

XON: Final = b"\x11"
XOFF: Final = b"\x13"
BREAK: Final = b"\0"

_FLOW_CHARACTERS = re.compile(b"([\x11\x13])")


def null_modem_pair(
    *, name: str = "null modem", capacity: int = 4096, bauds: tuple[int | None, int | None] = (None, None)
) -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends of a null-modem cable: what one sends the other receives.

    RTS of one end is CTS of the other, DTR of one is DSR and CD of the other; all are on at first.
    `capacity`: how many bytes an end holds unread before the other end's `send` waits. `bauds`: the rates at which they
    are opened; None: an end that takes on the other's. Between ends at different rates goes only garbage.
    """
    if capacity < 1:
        raise ValueError(f"an end of a null modem must hold at least 1 byte, not {capacity}")
    a, b = _End(f"{name} A", capacity, bauds[0]), _End(f"{name} B", capacity, bauds[1])
    return MemoryTransport(a, b), MemoryTransport(b, a)


class MemoryTransport:
    """One end of a `null_modem_pair`. Bytes are there as soon as they are sent, whatever the rate.

    With `Flow.XONXOFF`, XON and XOFF act the moment they arrive, ahead of unread data, as in a tty.
    """

    latency_s: float | None = None
    "As if the port were a remote one, where a test sets it."

    def __init__(self, end: _End, peer: _End) -> None:
        self._end = end
        self._peer = peer

    @property
    def name(self) -> str:
        """What people call this end."""
        return self._end.name

    async def receive(self) -> bytes:
        """Wait for bytes and give all that are there. Raises `PortError` once there will be no more."""
        await checkpoint()
        while True:
            self._end.check()
            if self._end.unread:
                break
            self._check_peer()
            await self._end.readable.wait()
        data = bytes(self._end.unread)
        self._end.unread.clear()
        self._peer.writable.ring()
        return data

    async def send(self, data: bytes) -> None:
        """Give bytes to the other end; waits while it has no room, or while flow control stops us."""
        await checkpoint()
        data = self._as_read(data)
        sent = 0
        while True:
            self._end.check()
            self._check_peer()
            if not self._held():
                sent += self._peer.take(data[sent:])
            if sent == len(data):
                return
            await self._end.writable.wait()

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control; leaving XON/XOFF also ends a stop, as in a tty."""
        self._end.check()
        self._end.flow = flow
        if flow is not Flow.XONXOFF:
            self._end.stopped = False
        self._end.writable.ring()

    async def set_baud(self, baud: int | None) -> None:
        """Change the rate of this end."""
        self._end.check()
        self._end.baud = self._end.opened_at if baud is None else baud

    async def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR: DSR and CD at the other end."""
        self._end.check()
        self._end.dtr = on

    async def set_rts(self, on: bool) -> None:
        """Raise or drop RTS: CTS at the other end, whose `send` waits while it is down if it has `Flow.RTSCTS`."""
        self._end.check()
        self._end.rts = on
        self._peer.writable.ring()

    async def send_break(self) -> None:
        """Send a break: the other end reads it as one NUL, as from a UART that does not report framing errors."""
        self._end.check()
        self._check_peer()
        self._peer.take(BREAK)

    async def control_lines(self) -> ControlLines:
        """CTS, DSR and CD as the other end drives them; a null-modem cable has no RI."""
        self._end.check()
        return ControlLines(cts=self._peer.rts, dsr=self._peer.dtr, cd=self._peer.dtr)

    async def discard(self) -> None:
        """Throw away what is unread at this end. Nothing waits on the way out: `send` keeps that itself."""
        self._end.check()
        self._end.unread.clear()
        self._peer.writable.ring()

    async def aclose(self) -> None:
        """Close this end: its lines drop, and the other end gets `PortError` once it has read what is left."""
        self._end.fail(f"{self.name} is closed")
        self._end.dtr = self._end.rts = False
        self._peer.readable.ring()
        self._peer.writable.ring()

    def unplug(self) -> None:
        """Pull the cable: both ends raise `PortError` from now on, as if the port had vanished."""
        for end in (self._end, self._peer):
            end.fail(f"{end.name} was unplugged; plug it in and open it again")

    def _as_read(self, data: bytes) -> bytes:
        """What the other end gets to see of what is sent."""
        ours, theirs = self._end.baud, self._peer.baud
        return data if ours is None or theirs is None else misread(data, ours, theirs)

    def _held(self) -> bool:
        """Whether flow control keeps this end from sending."""
        if self._end.flow is Flow.RTSCTS:
            return not self._peer.rts
        return self._end.stopped

    def _check_peer(self) -> None:
        if self._peer.fault is not None:
            raise PortError(f"{self.name}: the other end of the cable was closed")


class _End:
    """What is at one end of the cable: the lines that it drives, and the bytes that have arrived."""

    def __init__(self, name: str, capacity: int, baud: int | None) -> None:
        self.name = name
        self.opened_at: Final = baud
        self.baud = baud
        "None: that of the other end."
        self.fault: str | None = None
        "Why this end can no longer be used."
        self.dtr = self.rts = True
        self.flow = Flow.NONE
        self.stopped = False
        "An XOFF came, and no XON since."
        self.unread = bytearray()
        self.readable = _Bell()
        self.writable = _Bell()
        self._capacity = capacity

    def take(self, data: bytes) -> int:
        """Take from the front of `data` what there is room for; gives how many bytes that was."""
        if self.flow is not Flow.XONXOFF:
            return self._store(data)
        taken = 0
        for part in _FLOW_CHARACTERS.split(data):
            if part in (XON, XOFF):  # needs no room: a full receiver can still be started and stopped
                self.stopped = part == XOFF
                self.writable.ring()
                taken += 1
                continue
            stored = self._store(part)
            taken += stored
            if stored < len(part):
                break
        return taken

    def fail(self, fault: str) -> None:
        """Put this end out of use, for good; the first reason stays."""
        self.fault = self.fault or fault
        self.unread.clear()
        self.readable.ring()
        self.writable.ring()

    def check(self) -> None:
        """Raise `PortError` if this end is out of use."""
        if self.fault is not None:
            raise PortError(self.fault)

    def _store(self, data: bytes) -> int:
        piece = data[: self._capacity - len(self.unread)]
        if piece:
            self.unread += piece
            self.readable.ring()
        return len(piece)


class _Bell:
    """Wakes whoever waits at that moment; costs next to nothing when nobody does."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: Event | None = None

    async def wait(self) -> None:
        if self._event is None:
            self._event = Event()
        await self._event.wait()

    def ring(self) -> None:
        if self._event is not None:
            self._event.set()
            self._event = None
