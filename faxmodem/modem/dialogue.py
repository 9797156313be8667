"""One command at a time over a transport: write it, await what the modem says, know what is still going on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import anyio

from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem.at import EOT, Decoder, DleCommand, Event, Result, ResultCode, Text
from faxmodem.modem.callerid import MAX_LINES, is_report
from faxmodem.modem.profile import Profile, Step
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Flow, Transport

WRITE_S: Final = 5.0
"For the port to take a command line; longer, and flow control holds what it must not hold."
DRAIN_S: Final = 2.0
"For a modem to fall silent that says more than it should."
NEW_BAUD_S: Final = 0.02
"After a change of the port's rate, which with some adapters takes effect late."

INTERMEDIATE: Final = frozenset({ResultCode.CONNECT, ResultCode.RING, ResultCode.FAX, ResultCode.FRH_3, ResultCode.V34})
"Results that do not end a command."

STATE_CHANGES: Final = frozenset({ResultCode.NO_CARRIER, ResultCode.BUSY, ResultCode.NO_DIAL_TONE})
STATE_CHANGING: Final = ("AT+FCLASS=", "ATH", "ATZ")
"Results, and beginnings of commands whatever their result, after which a modem is in another state."


class Busy(Enum):
    """What the modem was told to do and has not reported the end of."""

    IDLE = auto()
    COMMAND = auto()
    RECEIVE = auto()
    "It receives, waits for a signal, dials or answers: any byte ends that."
    TRANSMIT = auto()
    "It sends: <DLE><ETX> ends that."
    DUPLEX = auto()
    "It is in a V.34 session: <DLE><EOT> ends that."
    PAGE = auto()
    "It runs T.30 itself, and sends or receives a page: CAN ends that, and the call."


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command."""

    result: Result
    lines: tuple[str, ...] = ()
    "Information text before the result."

    @property
    def ok(self) -> bool:
        """True for OK."""
        return self.result.code is ResultCode.OK


class Dialogue:
    """The DTE's side of the talk with one modem.

    Any method may be cancelled: `busy` then says what has to be ended before the next command may be written
    (`faxmodem.modem.recovery.settle`). A command written earlier would be taken for the abort of the one before,
    and its first letter be lost.
    """

    def __init__(self, transport: Transport, profile: Profile) -> None:
        self.transport = transport
        self.profile = profile
        self.busy = Busy.IDLE
        self.flow = Flow.NONE
        self.locked = False
        "The modem holds the port at a rate and a flow control of its own."
        self.baud: int | None = None
        "The port's rate in bit/s, where it is another than the one at which it was opened."
        self.other_bauds: Sequence[int] = profile.locks
        "At which the modem may be talking if it does not answer at that one."
        self._decoder = Decoder()
        self.overheard: deque[tuple[float, Result | Text]] = deque(maxlen=MAX_LINES)
        "What the modem told of a call that rings, while it was asked other things; with the time."
        self.looked_at = -math.inf
        "When the port was last read or watched: what waits in it came after that."
        self._events: deque[Event] = deque()
        self._command = ""
        self._deaf_until = 0.0
        "Until then the modem takes no command, by its quirks."

    async def write(self, command: str, busy: Busy = Busy.COMMAND, *, data_follow: bool = False) -> None:
        """Send a command line; what came before it is forgotten. `data_follow`: data come after CONNECT."""
        await anyio.sleep(max(0.0, self._deaf_until - anyio.current_time()))
        self.busy = busy
        self._command = command
        while self._events:
            self._overhear(self._events.popleft())
        self._decoder.sent(command, data_follow=data_follow)
        await self.send(command.encode("ascii") + b"\r")

    async def send(self, data: bytes, within_s: float = WRITE_S) -> None:
        """Give bytes to the port. Raises `ModemError` if it does not take them in time."""
        try:
            with anyio.fail_after(within_s):
                await self.transport.send(data)
        except TimeoutError as error:
            raise ModemError(
                f"the modem took no data for {within_s:.0f} s during {self._command}: its flow control is stuck; "
                "try another flow.while_sending in the profile"
            ) from error

    async def event(self, within_s: float | None) -> Event:
        """The next thing that the modem says. Raises `ModemTimeout`."""
        try:
            with anyio.fail_after(within_s):
                while not self._events:
                    self._events.extend(self._decoder.feed(await self.transport.receive()))
        except TimeoutError as error:
            raise ModemTimeout(f"the modem said nothing for {within_s:g} s after {self._command}") from error
        finally:
            self.looked_at = anyio.current_time()
        event = self._events.popleft()
        self.busy = _busy_after(event, self.busy)
        self._overhear(event)
        self._note_deafness(event)
        return event

    def expect_deaf(self, quirk: Quirk) -> None:
        """The modem takes no command for the measure of this quirk, if it has it."""
        self._deaf_until = max(self._deaf_until, anyio.current_time() + self.profile.measure(quirk))

    def _note_deafness(self, event: Event) -> None:
        if not isinstance(event, Result) or event.code in INTERMEDIATE:
            return
        self.expect_deaf(Quirk.WAITS_BETWEEN_COMMANDS)
        if event.code in STATE_CHANGES or self._command.startswith(STATE_CHANGING):
            self.expect_deaf(Quirk.DEAF_AFTER_STATE_CHANGE)

    def unread(self, event: Event) -> None:
        """Let an event be the next one once more."""
        self._events.appendleft(event)

    def _overhear(self, event: Event) -> None:
        match event:
            case Result(code=ResultCode.RING):
                self.overheard.append((anyio.current_time(), event))
            case Text(text) if is_report(text) and not text.isdecimal():  # digits alone may answer ATI
                self.overheard.append((anyio.current_time(), event))

    async def result(
        self, within_s: float | None, *, skip: Iterable[ResultCode] = (), lines: list[str] | None = None
    ) -> Result:
        """The next result code that is none of `skip` and no RING; text goes to `lines`. Raises `ModemTimeout`."""
        skipped = {ResultCode.RING, *skip}
        try:
            with anyio.fail_after(within_s):
                while True:
                    event = await self.event(None)
                    if isinstance(event, Result) and event.code not in skipped:
                        return event
                    if isinstance(event, Text) and lines is not None:
                        lines.append(event.text)
        except TimeoutError as error:
            raise ModemTimeout(f"the modem did not answer {self._command} within {within_s:.1f} s") from error

    async def ask(self, command: str, within_s: float | None = None) -> Reply:
        """Give a command that does nothing on the line, and await its final result. Raises `ModemTimeout`."""
        lines: list[str] = []
        await self.write(command)
        limit = self.profile.timing.command_s if within_s is None else within_s
        return Reply(await self.result(limit, skip=INTERMEDIATE, lines=lines), tuple(lines))

    async def run(self, steps: Iterable[Step]) -> None:
        """Do the steps. Raises `ModemError` if a command that is not optional is refused."""
        for step in steps:
            if step.command is not None:
                reply = await self.ask(step.command)
                if not reply.ok and not step.optional:
                    raise ModemError(f"the modem answered {step.command} with {reply.result.text!r} instead of OK")
            await anyio.sleep(step.pause_s)

    async def answers(self, command: str, within_s: float | None = None) -> bool:
        """Whether the modem says OK to a command, in the time of a probe if not said otherwise."""
        try:
            return (await self.ask(command, self.profile.timing.probe_s if within_s is None else within_s)).ok
        except ModemTimeout:
            return False

    async def drain(self, quiet_s: float) -> None:
        """Throw away what the modem still has to say, until it is quiet for a while."""
        with anyio.move_on_after(DRAIN_S):
            while True:
                try:
                    await self.event(quiet_s)
                except ModemTimeout:
                    return

    async def forget(self) -> None:
        """Throw away what the modem has said so far, and what the port has not sent yet."""
        self._events.clear()
        await self.transport.discard()

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control of the port, if it is another."""
        if flow is not self.flow:
            self.flow = flow
            await self.transport.set_flow(flow)

    async def set_baud(self, baud: int | None) -> None:
        """Change the port's rate, if it is another. None: the one at which it was opened."""
        if baud != self.baud:
            self.baud = baud
            await self.transport.set_baud(baud)
            await anyio.sleep(NEW_BAUD_S)

    @property
    def flow_of_data(self) -> Flow:
        """The flow control with which page data are sent."""
        return Flow.XONXOFF if self.locked else self.profile.flow.while_sending

    async def unlock(self) -> None:
        """Go back to the rate and the flow control of the profile."""
        self.locked = False
        await self.set_baud(self.profile.port.baud)

    async def follow_lock(self, quirk: Quirk) -> None:
        """Go with a modem that by this quirk, if it has it, now talks at a rate and with a flow control of its own."""
        if self.profile.has(quirk):
            self.locked = True
            await self.set_baud(round(self.profile.measure(quirk)))


def _busy_after(event: Event, busy: Busy) -> Busy:
    """What the modem is doing once it has said this."""
    match event:
        case Result(code=ResultCode.V34):
            return Busy.DUPLEX
        case Result(code=code) if code not in INTERMEDIATE:
            return Busy.IDLE
        case DleCommand(code=code) if code == EOT:
            return Busy.COMMAND  # a result is still to come
    return busy
