"""The serial side of the DCE: what the DTE typed, what goes to it, and who stops whom."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, TypeVar

from faxmodem.emulator.clock import Bell, LineClock
from faxmodem.emulator.dle import take_duplex, unstuff
from faxmodem.emulator.registers import Registers
from faxmodem.transport.base import Flow, Transport

T = TypeVar("T")

XON: Final = 0x11
XOFF: Final = 0x13
LF: Final = 0x0A
LONGEST_LINE: Final = 255
_BACKSPACE: Final = b"\b \b"


class DteLink:
    """Two tasks (`read`, `write`) move octets between the transport and buffers; all else here takes no time.

    Towards the DTE, flow control works on the level of `typed`; where neither XOFF nor RTS stops the DTE, the
    transport is no longer read. From the DTE, XOFF holds what is written. V.250 §6.2.12.
    """

    def __init__(
        self,
        transport: Transport,
        clock: LineClock,
        registers: Registers,
        *,
        on_typed: Callable[[], None],
        size: int,
        most_waiting: int,
        loses: Collection[Flow] = (),
        stops: bool = True,
        baud: int | None = None,
    ) -> None:
        """`loses`: the kinds of flow control with which what the DTE sends too much is lost; `stops`: it is stopped.

        `baud`: the only rate that there is; None: that of the DTE.
        """
        self.typed = bytearray()
        self._transport = transport
        self._clock = clock
        self._on_typed = on_typed
        self._registers = registers
        self._size = size
        self._most_waiting = most_waiting
        self._loses = loses
        self._stops = stops
        self._stop_above = size * 3 // 4
        self._deaf_until = 0.0
        self._waiting = bytearray()
        self._only_baud = self._wanted_baud = baud
        self._baud: int | None = None
        self._flow = Flow.NONE
        self._asked_to_stop = False
        self._rts = True
        self._held = False
        self._room = Bell(clock)
        self._work = Bell(clock)
        self._line: bytearray | None = None
        "The command line so far, from after its A; None: no A yet."
        self._last_line = ""
        self._after_cr = False

    # -- the two tasks

    async def read(self) -> None:
        """Take what the DTE sends, for as long as there is room. Raises `PortError` when the port is gone."""
        while True:
            octets = await self._transport.receive()
            if not self._clock.reached(self._deaf_until):
                continue
            self.typed += octets
            self._regulate()
            if self._registers.flow in self._loses:
                del self.typed[self._stop_above if self._stops else self._size :]
            self._on_typed()
            while len(self.typed) >= self._size:
                await self._room.wait()

    async def write(self) -> None:
        """Send what waits, then change the rate; move RTS. Raises `PortError` when the port is gone."""
        while True:
            await self._follow_flow()
            if self._waiting and not self._held:
                octets = bytes(self._waiting)
                self._waiting.clear()
                await self._transport.send(octets)
                self._on_typed()
                continue
            if self._baud != self._wanted_baud and not self._waiting:
                self._baud = self._wanted_baud
                await self._transport.set_baud(self._baud)
                continue
            await self._work.wait()

    # -- to the DTE

    def put(self, octets: bytes) -> None:
        """Send to the DTE."""
        self._waiting += octets
        self._work.ring()

    def put_data(self, octets: bytes) -> None:
        """Send received data to the DTE; what a DTE that takes nothing makes overflow is lost."""
        room = self._most_waiting - len(self._waiting)
        if room > 0:
            self.put(octets[:room])

    def put_frame(self, octets: bytes) -> None:
        """Send a frame to the DTE; one for which there is no room is lost."""
        if len(octets) <= self._most_waiting - len(self._waiting):
            self.put(octets)

    def flow_changed(self) -> None:
        """The registers name another flow control."""
        self._work.ring()

    def follow_baud(self) -> None:
        """Talk at the rate that the registers name, once what has been put is out."""
        self._wanted_baud = self._only_baud or self._registers.baud
        self._work.ring()

    # -- from the DTE

    def take_data(self, most: int, *, pairs: bool) -> tuple[bytes, bool]:
        """Up to about `most` octets of transparent data, and whether they end with <DLE><ETX>."""
        octets, ended = unstuff(self.typed, most, pairs=pairs)
        self._regulate()
        return octets, ended

    def take(self, taker: Callable[[bytearray], T]) -> T:
        """What `taker` takes off the front of what the DTE sent."""
        taken = taker(self.typed)
        self._regulate()
        return taken

    def take_controls(self) -> bytes:
        """All that the DTE sent while it receives data; XON and XOFF also hold and let go."""
        octets = bytes(self.typed)
        self.discard_typed()
        for octet in octets:
            self._is_flow(octet)
        return octets

    @property
    def waiting(self) -> int:
        """How many octets the DTE has not taken yet."""
        return len(self._waiting)

    def take_duplex(self) -> bytes | int | None:
        """The next thing of a V.34 stream: data, the code of a command, or None. XON and XOFF only hold and let go."""
        shielded = self.typed[:1] == b"\x10"
        taken = take_duplex(self.typed)
        self._regulate()
        if isinstance(taken, bytes) and not shielded and self._registers.flow is Flow.XONXOFF:
            return bytes(octet for octet in taken if not self._is_flow(octet))
        return taken

    def discard_typed(self) -> None:
        """Forget what the DTE sent and nobody took."""
        self.typed.clear()
        self._regulate()

    def take_abort(self) -> int | None:
        """The octet that ends a reception, if the DTE sent one. XON and XOFF only hold and let go."""
        while self.typed:
            octet = self.typed.pop(0)
            if not self._is_flow(octet) and not self._belongs_to_cr(octet):
                self._regulate()
                return octet
        return None

    def deafen(self, seconds: float) -> None:
        """Lose what the DTE sends for some time."""
        self._deaf_until = max(self._deaf_until, self._clock.now() + seconds)

    def read_line(self) -> str | None:
        """A whole command line from after AT, if there is one; echoes and edits. `A/` gives the last line again.

        V.250 §5.2. Nothing is looked at before what waits for the DTE is on its way: an XOFF is too late for that.
        """
        while self.typed and (self._held or not self._waiting):
            octet = self.typed.pop(0) & 0x7F
            if self._is_flow(octet) or self._belongs_to_cr(octet):
                continue
            line = self._edit(octet)
            if line is not None:
                self._regulate()
                return line
        self._regulate()
        return None

    def _edit(self, octet: int) -> str | None:
        """Take one character of a command line; the line, if that ended it."""
        letter = chr(octet).upper()
        if self._line is None:
            if letter == "A":
                self._echo(octet)
                self._line = bytearray()
            return None
        self._echo(octet)
        if not self._line:  # after A
            if letter == "/":
                self._line = None
                return self._last_line
            if letter == "T":
                self._line += b"T"
            elif letter != "A":
                self._line = None
            return None
        if octet == self._registers["S3"]:
            self._last_line = self._line[1:].decode("ascii")
            self._line = None
            self._after_cr = True
            return self._last_line
        if octet == self._registers["S5"]:
            del self._line[max(1, len(self._line) - 1) :]
        elif len(self._line) <= LONGEST_LINE:
            self._line.append(octet)
        return None

    def _echo(self, octet: int) -> None:
        if self._registers["E"]:
            self.put(_BACKSPACE if octet == self._registers["S5"] else bytes((octet,)))

    def _is_flow(self, octet: int) -> bool:
        """Whether this is XON or XOFF; obeys it if flow control says so."""
        if octet not in (XON, XOFF):
            return False
        if self._registers.flow is Flow.XONXOFF:
            self._held = octet == XOFF
            self._work.ring()
        return True

    def _belongs_to_cr(self, octet: int) -> bool:
        """Whether this is the line feed that some DTEs put after the carriage return that ends a command line."""
        after_cr, self._after_cr = self._after_cr, False
        return after_cr and octet == LF

    # -- flow control towards the DTE

    def _regulate(self) -> None:
        """Stop the DTE above three quarters of the buffer, let it go on below half of it."""
        level = len(self.typed)
        if level < self._size:
            self._room.ring()
        if not self._asked_to_stop and self._stops and level > self._stop_above:
            self._ask_to_stop(stop=True)
        elif self._asked_to_stop and level < self._size // 2:
            self._ask_to_stop(stop=False)

    def _ask_to_stop(self, *, stop: bool) -> None:
        self._asked_to_stop = stop
        if self._registers.flow is Flow.XONXOFF:
            self.put(bytes((XOFF if stop else XON,)))
        self._work.ring()

    async def _follow_flow(self) -> None:
        """Take up the flow control that the registers name; XON and XOFF are handled here, not by the transport."""
        if self._flow is not self._registers.flow:
            self._flow = self._registers.flow
            self._held = False
            await self._transport.set_flow(Flow.RTSCTS if self._flow is Flow.RTSCTS else Flow.NONE)
        wanted = not (self._flow is Flow.RTSCTS and self._asked_to_stop)
        if wanted != self._rts:
            self._rts = wanted
            await self._transport.set_rts(wanted)
