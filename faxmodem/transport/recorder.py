"""A transport that writes down what passes through it."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import UnsupportedOperation
from typing import Final, TextIO

from faxmodem.transport.base import ControlLines, Flow, HasDescriptor, Transport
from faxmodem.transport.transcript import Exchange, Party, format_exchange

PENDING_BYTES: Final = 4096
"So much of an exchange is kept before it is written."

# Where an exchange ends although the other side has not spoken: after a line of text, and after <DLE><ETX>.
_DATA = rb"(?:[^\x10]++|\x10[^\x03])*+\x10\x03"
_WHOLE = {
    Party.DTE: re.compile(rb"[ -~]+\r|" + _DATA, re.DOTALL),
    Party.DCE: re.compile(rb"[\r\n]*[ -~]+\r*\n|" + _DATA, re.DOTALL),
}


class Recorder:
    """Another transport, with a transcript of it in `sink` (`faxmodem.transport.transcript`).

    What is written does not depend on the pieces in which bytes come and go. It is complete after `aclose`, which
    leaves `sink` open.
    """

    def __init__(self, inner: Transport, sink: TextIO, *, clock: Callable[[], float], party: Party = Party.DTE) -> None:
        """`clock` gives the seconds to write, best from 0 on. `party`: who we are, and so what sending means."""
        self._inner = inner
        self._sink = sink
        self._clock = clock
        self._party = party
        self._other = Party.DCE if party is Party.DTE else Party.DTE
        self._speaker = party
        self._pending = bytearray()
        self._began = 0.0
        self._lines: ControlLines | None = None

    @property
    def name(self) -> str:
        """What people call the port."""
        return self._inner.name

    @property
    def latency_s(self) -> float | None:
        """How long a round trip to the port takes, if it is a remote one."""
        return self._inner.latency_s

    def fileno(self) -> int:
        """The port's descriptor, if it has one. What crosses it by another program is not written down."""
        if isinstance(self._inner, HasDescriptor):
            return self._inner.fileno()
        raise UnsupportedOperation(f"{self.name} has no descriptor")

    async def receive(self) -> bytes:
        """Wait for bytes, as the port does."""
        data = await self._inner.receive()
        self._write(self._other, data)
        return data

    async def send(self, data: bytes) -> None:
        """Send as the port does; all of `data` is written down, at the time when sending began."""
        self._write(self._party, data)
        await self._inner.send(data)

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control."""
        self._note(self._party, f"flow {flow.value}")
        await self._inner.set_flow(flow)

    async def set_baud(self, baud: int | None) -> None:
        """Change the rate."""
        self._note(self._party, f"baud {'default' if baud is None else baud}")
        await self._inner.set_baud(baud)

    async def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR."""
        self._note(self._party, f"DTR {_state(on)}")
        await self._inner.set_dtr(on)

    async def set_rts(self, on: bool) -> None:
        """Raise or drop RTS."""
        self._note(self._party, f"RTS {_state(on)}")
        await self._inner.set_rts(on)

    async def send_break(self) -> None:
        """Send a break."""
        self._note(self._party, "break sent")
        await self._inner.send_break()

    async def control_lines(self) -> ControlLines:
        """What the input lines show; a change since the last look is written down."""
        lines = await self._inner.control_lines()
        if self._lines is not None:
            for name in ("cts", "dsr", "ri", "cd"):
                if (now := getattr(lines, name)) != getattr(self._lines, name):
                    self._note(self._other, f"{name.upper()} {_state(now)}")
        self._lines = lines
        return lines

    async def discard(self) -> None:
        """Throw away what is unread and unsent; that it was thrown away is written down."""
        self._note(self._party, "buffers discarded")
        await self._inner.discard()

    async def aclose(self) -> None:
        """Finish the transcript and close the port."""
        self._emit(len(self._pending))
        self._sink.flush()
        await self._inner.aclose()

    def _write(self, speaker: Party, data: bytes) -> None:
        now = self._clock()
        if speaker is not self._speaker:
            self._emit(len(self._pending))
            self._speaker = speaker
        if not self._pending:
            self._began = now
        self._pending += data
        while self._pending:
            if whole := _WHOLE[speaker].match(self._pending, 0, PENDING_BYTES):
                self._emit(whole.end())
                self._began = now
            elif len(self._pending) >= PENDING_BYTES:
                self._emit(PENDING_BYTES)
            else:
                break

    def _note(self, party: Party, event: str) -> None:
        self._emit(len(self._pending))
        self._sink.write(format_exchange(Exchange(time_s=self._clock(), party=party, event=event)))

    def _emit(self, size: int) -> None:
        if size:
            data = bytes(self._pending[:size])
            del self._pending[:size]
            self._sink.write(format_exchange(Exchange(time_s=self._began, party=self._speaker, data=data)))


def _state(on: bool | None) -> str:
    return {True: "on", False: "off", None: "gone"}[on]
