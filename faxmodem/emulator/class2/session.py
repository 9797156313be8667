"""One fax session of the DCE: T.30 on its line, the DTE's commands and reports on its port."""

from __future__ import annotations

from typing import Final

import anyio

from faxmodem.call.desk import Actions, Desk
from faxmodem.call.runner import Runner
from faxmodem.emulator.class2.codes import LATE_RECEPTION, Where, code_of, written
from faxmodem.emulator.class2.dialect import CAN, GOOD_PPRS, Dialect
from faxmodem.emulator.class2.floor import Floor, Go, Mode
from faxmodem.emulator.class2.front_end import FrontEnd
from faxmodem.emulator.class2.negotiation import DceSession, session_settings
from faxmodem.emulator.class2.parameters import FaxParameters
from faxmodem.emulator.class2.receiving import Receiving
from faxmodem.emulator.class2.sending import Sending
from faxmodem.emulator.class2.signalling import Signalling
from faxmodem.emulator.class2.stream import holds_end
from faxmodem.emulator.core import Core
from faxmodem.emulator.dle import DLE_ETX
from faxmodem.emulator.results import Result
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.transitions import (
    Answered,
    PageConfirmed,
    PageRefused,
    Phase,
    PhaseEntered,
    Transition,
    Turned,
)

PATIENCE_S: Final = 40.0
"How long the DTE may take to say how to go on; the far end's own timers are shorter, and end most calls before."
STREAM_ENDS_S: Final = 5.0
"For how long a DTE that was asked by CAN to end its page is waited for."

_PHASES: Final = {
    # the phases of a sender and of a receiver
    True: {Phase.B: Where.SENDER_B, Phase.C: Where.SENDER_C, Phase.D: Where.SENDER_D},
    False: {Phase.B: Where.RECEIVER_B, Phase.C: Where.RECEIVER_C, Phase.D: Where.RECEIVER_D},
}
_CALL_FAILED: Final = {
    Outcome.BUSY: Result.BUSY,
    Outcome.NO_ANSWER: Result.NO_ANSWER,
    Outcome.NO_DIAL_TONE: Result.NO_DIALTONE,
}


class FaxSession:
    """A session from off hook to on hook, and all that its parts share."""

    def __init__(
        self,
        core: Core,
        front: FrontEnd,
        dialect: Dialect,
        service_class: str,
        parameters: FaxParameters,
        *,
        number: str | None,
    ) -> None:
        """`number`: what was typed after D; None: a call is answered."""
        self.core = core
        self.front = front
        self.dialect = dialect
        self.service_class = service_class
        self.parameters = parameters
        self.floor = Floor(core, front)
        self.settings: DceSession = session_settings(
            parameters,
            dialect,
            service_class,
            number=number,
            speed_is_minimum=core.settings.has(Quirk.SPEED_IS_MINIMUM),
        )
        self.ended = anyio.Event()
        self.remote: Capabilities | None = None
        "What the far end's DIS or DTC says."
        self.command: Fcf | None = None
        "The last post-page command; None: the DTE has not said yet what follows the page that it sends."
        self.response = 0
        "The far end's last answer to a page, as +FPTS: tells it; or what ours is to be."
        self.in_page = False
        "The DTE is being given a page."
        self.forced: int | None = None
        "The code that the session will end with, whatever comes of it."
        self._due = Result.OK
        self._where = Where.SETTING_UP
        self._sends = self.settings.calling and self.settings.first_page is not None
        self._connected = False
        self._after_eom = False
        self._muted = False
        self._asked_to_stop = False
        self._runner = Runner(Session(self.settings), self._actions, on_transition=self._on_transition)

    def _actions(self, desk: Desk) -> Actions:
        return {
            **Signalling(self, desk).actions(),
            **Sending(self, desk).actions(),
            **Receiving(self, desk).actions(),
        }

    # -- from the DTE's commands

    @property
    def is_connected(self) -> bool:
        """Whether the far end is there."""
        return self._connected

    @property
    def is_dropped(self) -> bool:
        """Whether the DTE has hung up."""
        return self._muted

    def kill(self, code: int) -> None:
        """End the session in an orderly way, with this code."""
        if self.forced is None:
            self.forced = code
        self._runner.cancel()

    def drop(self) -> None:
        """The DTE has hung up: nothing more is told."""
        self._muted = True
        self.front.clear()
        self.floor.tell()

    def line_cleared(self) -> None:
        """The far end is gone."""
        self.front.clear()
        self.floor.tell()

    # -- the session's life

    async def run(self) -> None:
        """Carry the session through, and tell the DTE of its end."""
        try:
            async with anyio.create_task_group() as beside:
                beside.start_soon(self._watch_for_the_end)
                outcome = await self._runner.run()
                beside.cancel_scope.cancel()
            if not self._muted:
                await self._tell_end(outcome)
        finally:
            self.parameters.session_over()
            self.core.go_on_hook()
            self.ended.set()

    async def _watch_for_the_end(self) -> None:
        """When the DCE is switched off its session ends at once, without the DCN of an orderly end."""
        try:
            await anyio.sleep_forever()
        finally:
            self.front.clear()

    async def _tell_end(self, outcome: Outcome) -> None:
        if not self._connected and (result := _CALL_FAILED.get(outcome)) is not None:
            self.floor.settle(result)
            return
        if self.floor.mode is Mode.STREAM:
            self.stop_stream()
            await self._await_stream_end()
        if self.in_page:
            self.core.dte.put(DLE_ETX)
        code = self.forced
        if code is None:
            after_eom = self._after_eom
            code = code_of(
                outcome, self._where, calling=self.settings.calling, command=self.command, after_eom=after_eom
            )
        self.parameters.last_code = written(code, hexadecimal=self.dialect.hexadecimal)
        self.floor.say(f"{self.dialect.ended}:{self.parameters.last_code}")
        self.floor.settle(Result.OK)

    def stop_stream(self) -> None:
        """Ask the DTE to end its page."""
        if not self._asked_to_stop:
            self._asked_to_stop = True
            self.core.dte.put(bytes((CAN,)))

    async def _await_stream_end(self) -> None:
        """Wait until the DTE ends its page, as it was asked to."""
        core = self.core
        heard = b""
        until = core.now() + STREAM_ENDS_S * core.clock.pace
        while not core.clock.reached(until):
            came = bytes(core.dte.typed)
            core.dte.discard_typed()
            if came:
                heard = (heard + came)[-4096:]
                until = core.now() + STREAM_ENDS_S * core.clock.pace
            elif holds_end(heard, self.dialect.ppm_in_stream):
                return
            await core.fax_bell.wait(min(until, core.now() + 0.1))

    def _on_transition(self, transition: Transition) -> None:
        match transition:
            case Answered():
                self._connected = True
                self.floor.mode = Mode.WAITING
            case PhaseEntered(phase) if phase in _PHASES[True]:
                self._where = _PHASES[self._sends][phase]
            case Turned(sends):
                self._sends = sends
                self._where = _PHASES[sends][Phase.B]
                if sends:  # the DTE that waits for pages has to be told, and to give its own
                    self.floor.go = None
            case PageConfirmed():
                self._page_answered(good=True)
            case PageRefused() if self._sends:
                self._page_answered(good=False)
            case _:
                pass

    def _page_answered(self, *, good: bool) -> None:
        """The far end has answered our page: the DTE's command that ended it gets its result."""
        floor = self.floor
        self._after_eom = self.command is Fcf.EOM
        floor.go = None
        if self.dialect.xon and not good and self.core.settings.has(Quirk.REFUSED_PAGE_ENDS_OK):
            self.kill(0)
            return
        if self.dialect.xon:
            floor.say(f"{self.dialect.status}:{self.response}")
        self._due = Result.OK if good or self.dialect.xon else Result.ERROR
        if not (good and self.command is Fcf.EOP):
            floor.settle(self._due)

    # -- what the parts of the session need of the DTE

    def may(self, go: Go) -> bool:
        """Whether the DTE may tell the session this now."""
        turns = self._sends and bool(self.parameters[self.dialect.poll])
        wanted = (Go.SEND,) if self._sends and not turns else (Go.RECEIVE, Go.SEND) if turns else (Go.RECEIVE,)
        return self.floor.go is None and go in wanted

    async def need(self, go: Go, *, late: int) -> bool:
        """Let the DTE go on until it tells the session to `go` on; False if it has said so before.

        If that takes too long the session ends with the code `late`.
        """
        floor = self.floor
        if floor.go is go:
            return False
        self.settle_command()
        until = self.core.now() + PATIENCE_S * self.core.clock.pace
        while floor.go is not go:
            if not await floor.news(until) and floor.go is not go:
                await self.give_up(late)
        return True

    def document_begins(self) -> None:
        """The far end has said what it will send. A DTE that has not asked for pages yet is to do so now."""
        if self.floor.go is None:
            self.settle_command()

    def settle_command(self) -> None:
        """Let the DTE's command that is open have its result."""
        self.floor.settle(self._due)
        self._due = Result.OK

    async def give_up(self, code: int) -> None:
        """End the session; what is being done is cancelled."""
        self.kill(code)
        await anyio.sleep_forever()

    def page_received(self, status: int) -> None:
        """A page has been given to the DTE: its next command settles what it is answered with."""
        self.response = status
        self._after_eom = self.command is Fcf.EOM
        self.floor.go = None
        self._due = Result.OK if self.dialect.xon or status in GOOD_PPRS else Result.ERROR

    async def await_release(self) -> None:
        """Hold the answer to a page until the DTE lets it go."""
        await self.need(Go.RECEIVE, late=LATE_RECEPTION)
