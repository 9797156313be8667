"""A modem on the bench: one command at a time, each with its times."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import anyio

from faxmodem.check.card import Finding, Grade, Suggestion
from faxmodem.errors import ModemError
from faxmodem.modem import recovery
from faxmodem.modem.at import CAN, DLE_ETX, Data, Result, ResultCode, stuff
from faxmodem.modem.base import ModemIdentity
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.dialogue import INTERMEDIATE, Busy, Dialogue
from faxmodem.modem.identify import RATE_CODES
from faxmodem.modem.profile import Profile, QuirkNote
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.streaming import stream
from faxmodem.t30.line_time import training_s
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Flow, Transport

ANSWER_S: Final = 10.0
"For any result: longer than a good modem takes for anything that is measured here."
SETTLE_S: Final = 0.3
"Between two measurements."
MOST_OCTETS: Final = 65536
"Of what a modem delivers in one reception, as far as that is kept."

_SAID: Final = {ResultCode.FCERROR: "+FCERROR", ResultCode.FRH_3: "+FRH:3", ResultCode.V34: "+F34"}
"What is not said as it is named."

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Timed:
    """A result, and how long it took."""

    code: ResultCode | None
    "None: there was none."
    seconds: float

    def __str__(self) -> str:
        if self.code is None:
            return f"nothing within {self.seconds:.0f} s"
        return _SAID.get(self.code, self.code.name.replace("_", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A transmission of data."""

    modulation: Modulation
    short: bool
    connect: Timed
    end: Timed
    "From CONNECT on."
    ended_at: float

    @property
    def connected_at(self) -> float:
        """When CONNECT came."""
        return self.ended_at - self.end.seconds

    @property
    def training_left_s(self) -> float:
        """How much of the training can be said to follow the CONNECT."""
        return max(0.0, training_s(self.modulation, short=self.short) - self.connect.seconds)

    @property
    def on_line_s(self) -> float:
        """How long data were on the line, at most."""
        return max(0.0, self.end.seconds - self.training_left_s)


class BenchModem:
    """A modem in class 1, off hook or on, to which commands are given by hand."""

    def __init__(self, transport: Transport, profile: Profile) -> None:
        self.transport = transport
        self.profile = profile
        self.dialogue = Dialogue(transport, profile)
        self.service_class = ""

    async def set_up(self, service_class: str) -> ModemIdentity:
        """Reset, identify and configure the modem, as for a call. Raises `ModemError`."""
        identity = await Class1Modem(self.transport, self.profile, service_class).set_up()
        self.service_class = service_class
        for quirk in (Quirk.WAITS_BETWEEN_COMMANDS, Quirk.DEAF_AFTER_STATE_CHANGE):
            self.dialogue.expect_deaf(quirk)  # the last command was another dialogue's
        return identity

    # -- what is found out of it

    def learn(self, quirk: Quirk, why: str, value: float | None = None) -> tuple[Suggestion, ...]:
        """What to suggest for a quirk that shows: nothing if the profile has it. From now on the modem is known to."""
        if self.profile.has(quirk) and (value is None or value <= self.profile.measure(quirk)):
            return ()
        self._know({"quirks": {**self.profile.quirks, quirk: QuirkNote(value=value, why=why)}})
        key, setting = ("applies", True) if value is None else ("value", value)
        return (Suggestion(table=f"quirks.{quirk.value}", key=key, value=setting, why=why),)

    def abort_answered_within(self, seconds: float, why: str) -> tuple[Suggestion, ...]:
        """What to suggest for a modem that answers an abort so late; 0: not at all."""
        if seconds == self.profile.timing.abort_ok_s:
            return ()
        self._know({"timing": self.profile.timing.model_copy(update={"abort_ok_s": seconds})})
        return (Suggestion(table="timing", key="abort_ok_s", value=seconds, why=why),)

    def send_with(self, flow: Flow, why: str) -> tuple[Suggestion, ...]:
        """What to suggest for a modem that has to be sent data with this flow control."""
        if flow is self.profile.flow.while_sending:
            return ()
        self._know({"flow": self.profile.flow.model_copy(update={"while_sending": flow})})
        return (Suggestion(table="flow", key="while_sending", value=flow.value, why=why),)

    def _know(self, update: dict[str, object]) -> None:
        self.profile = self.dialogue.profile = self.profile.model_copy(update=update)

    # -- what is said to it

    async def ask(self, command: str, within_s: float = ANSWER_S) -> Timed:
        """Give a command that ends by itself; how long until its final result."""
        await self.dialogue.write(command)
        return await self.finish(within_s)

    async def start(self, command: str, busy: Busy, *, data_follow: bool = False, within_s: float = ANSWER_S) -> Timed:
        """Give an action; how long until its first result. Without one it goes on."""
        await self.dialogue.write(command, busy, data_follow=data_follow)
        return await self._timed(partial(self.dialogue.result, None), within_s)

    async def finish(self, within_s: float = ANSWER_S) -> Timed:
        """How long from now until the final result of what goes on."""
        return await self._timed(partial(self.dialogue.result, None, skip=INTERMEDIATE), within_s, settles=True)

    async def hears(self, within_s: float) -> Timed:
        """A result that nobody asked for, if one comes."""
        return await self._timed(partial(self.dialogue.result, None), within_s)

    async def abort(self, within_s: float = 2.0) -> Timed:
        """Send CAN; how long until a result, and which. Data that still come do not count."""
        await self.dialogue.send(CAN)
        return await self._timed(partial(self.dialogue.result, None), within_s)

    async def transmit(
        self, modulation: Modulation, data: bytes, *, short: bool = False, flow: Flow = Flow.NONE, wait_s: float = 0.0
    ) -> Sent:
        """Send data by +FTM as a driver does, `wait_s` after CONNECT. Raises `ModemError`."""

        async def give() -> Timed:
            await anyio.sleep(wait_s)
            await self.dialogue.set_flow(flow)
            octets_per_s = modulation.rate_bps / 8
            until = partial(self.dialogue.result, None, skip=INTERMEDIATE)
            result, _ = await stream(self.dialogue, data, octets_per_s, lambda _sent: None, until=until, ending=DLE_ETX)
            return Timed(result.code, 0.0) if result else await self.finish(len(data) / octets_per_s + ANSWER_S)

        return await self._transmit(modulation, give, short=short)

    async def transmit_at_once(self, modulation: Modulation, data: bytes, *, wait_s: float = 0.0) -> Sent:
        """Send data by +FTM in one piece, whoever wants to stop us. Raises `ModemError`."""

        async def give() -> Timed:
            await anyio.sleep(wait_s)
            await self.dialogue.send(stuff(data) + DLE_ETX, ANSWER_S)
            return await self.finish(len(data) * 8 / modulation.rate_bps + ANSWER_S)

        return await self._transmit(modulation, give)

    async def _transmit(
        self, modulation: Modulation, give: Callable[[], Awaitable[Timed]], *, short: bool = False
    ) -> Sent:
        connect = await self.start(f"AT+FTM={RATE_CODES[modulation][short]}", Busy.TRANSMIT)
        begun = anyio.current_time()
        end = connect
        if connect.code is ResultCode.CONNECT:
            try:
                end = await give()
            finally:
                await self.dialogue.set_flow(Flow.NONE)
        else:
            await self.settle()
        now = anyio.current_time()
        return Sent(modulation=modulation, short=short, connect=connect, end=Timed(end.code, now - begun), ended_at=now)

    async def collect(self, within_s: float) -> tuple[bytes, Timed]:
        """The data that come until the result behind them, or until the time is up."""
        octets = bytearray()

        async def data() -> Result:
            while True:
                event = await self.dialogue.event(None)
                if isinstance(event, Data):
                    octets.extend(event.data[: MOST_OCTETS - len(octets)])
                elif isinstance(event, Result) and event.code not in INTERMEDIATE:
                    return event

        ended = await self._timed(data, within_s, settles=True)
        return bytes(octets), ended

    async def settle(self) -> None:
        """Back to command state, whatever went on. Raises `ModemTimeout`."""
        await self.dialogue.set_flow(Flow.NONE)
        await recovery.settle(self.dialogue)
        await anyio.sleep(SETTLE_S)

    async def hang_up(self) -> None:
        """Back on hook. Raises `ModemTimeout`."""
        with anyio.CancelScope(shield=True):
            await recovery.hang_up(self.dialogue)

    async def _timed(self, result: Callable[[], Awaitable[Result]], within_s: float, *, settles: bool = False) -> Timed:
        begun = anyio.current_time()
        with anyio.move_on_after(within_s):
            code = (await result()).code
            return Timed(code, anyio.current_time() - begun)
        if settles:
            await self.settle()
        return Timed(None, within_s)


async def attempted(topic: str, measurement: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """A measurement; a modem that fails in it has failed in that alone."""
    try:
        return await measurement()
    except ModemError as error:
        return [Finding(topic=topic, what="a measurement", measured=f"failed: {error}", grade=Grade.BAD)]


def refused(topic: str, what: str, came: Timed, grade: Grade = Grade.BAD) -> Finding:
    """That something did not come about."""
    return Finding(topic=topic, what=what, measured=f"the modem said {came}", grade=grade)


async def together(first: Callable[[], Awaitable[A]], second: Callable[[], Awaitable[B]]) -> tuple[A, B]:
    """Do both at once. An exception of either ends both, and comes out as it is."""
    done: list[A] = []

    async def run_first() -> None:
        done.append(await first())

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_first)
            other = await second()
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    return done[0], other


def _first(error: BaseException) -> BaseException:
    """Of what may have failed at once, one: the rest is as a rule the same trouble seen from the other side."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def rounded_up(seconds: float) -> float:
    """To the next 0.05 s, as a setting: what is measured is a result's latency short of what is."""
    return math.ceil(round(seconds / 0.05, 3)) / 20
