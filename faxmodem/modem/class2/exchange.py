"""What is said between a command and its result while a modem runs T.30: reports, told on as they come."""

from __future__ import annotations

from typing import Final

import anyio

from faxmodem.errors import ModemTimeout
from faxmodem.modem.at import CAN, Control, Event, Result, ResultCode, Text
from faxmodem.modem.base import SessionEnded, Told
from faxmodem.modem.class2.dialect import Dialect
from faxmodem.modem.class2.hang_up_codes import ending_of
from faxmodem.modem.class2.reports import Reports
from faxmodem.modem.class2.subparameters import modulations_at
from faxmodem.modem.dialogue import Busy, Dialogue
from faxmodem.modem.profile import Profile
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.verdicts import on_hook
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome

GATHER_S: Final = 0.3
"Reports of one moment come together: they are told when no other has come for a while."

_NEVER_LAST: Final = frozenset({ResultCode.RING, ResultCode.FAX})


def untold(_frame: Frame) -> None:
    """For frames that nobody wants to know of."""


class Exchange:
    """Commands to a modem that may end the session at any of them."""

    def __init__(self, dialogue: Dialogue, profile: Profile, dialect: Dialect) -> None:
        self.dialogue = dialogue
        self.dialect = dialect
        self.profile = profile
        self.able = frozenset(Modulation)
        "What our modem can."
        self.answers = False
        "The call is one that comes in."
        self.polls = False
        "The far end's document is wanted."
        self.begin()

    def begin(self) -> None:
        """A new session."""
        self.usable = self.able
        "What both ends can, as far as it is known."
        self.chosen: Parameters | None = None
        "What the last DCS said."
        self.ended: SessionEnded | None = None
        "How the session has ended."
        self._command = ""

    def reports(self) -> Reports:
        """Where reports are taken down."""
        return Reports(self.dialect, self.usable)

    async def command(
        self, command: str, within_s: float, told: Told = untold, *, busy: Busy = Busy.PAGE, data_follow: bool = False
    ) -> tuple[Result, Reports]:
        """Give a command of the session; CONNECT is a result as any other. Raises `SessionEnded` if it has ended."""
        self.check_alive()
        await self.write(command, busy, data_follow=data_follow)
        reports = self.reports()
        return await self.result(reports, within_s, told), reports

    async def write(self, command: str, busy: Busy, *, data_follow: bool = False) -> None:
        """Give a command whose result is awaited later."""
        self._command = command
        await self.dialogue.write(command, busy, data_follow=data_follow)

    async def result(
        self, reports: Reports, within_s: float, told: Told = untold, *, connect_ends: bool = True
    ) -> Result:
        """The result of the command, and what is reported before it. Raises `ModemTimeout`.

        `connect_ends`: else it does so only when all has been told that the far end wants or can.
        """
        until = anyio.current_time() + (within_s if reports.hang_up is None else self.profile.timing.command_s)
        result: Result | None = None
        while result is None:
            now = anyio.current_time()
            try:
                event = await self.dialogue.event(min(GATHER_S, until - now) if reports.has_frames else until - now)
            except ModemTimeout:
                self.tell(reports, told)
                if anyio.current_time() < until:
                    continue
                if reports.hang_up is None:
                    raise ModemTimeout(f"the modem did not answer {self._command} within {within_s:.0f} s") from None
                result = Result(ResultCode.OK, "nothing")  # it has said that it is done, in another way
                continue
            await self.take(event, reports)
            if reports.hang_up is not None:
                until = min(until, anyio.current_time() + self.profile.timing.command_s)
            result = _final(event, connect_ends=connect_ends or bool(reports.lists))
        self.tell(reports, told)
        self.note(reports)
        return result

    async def take(self, event: Event, reports: Reports) -> None:
        """Take down a report. A modem that wants no more data is told that there are none."""
        if isinstance(event, Text):
            reports.take(event.text)
            if reports.connected and self.answers:
                await self.dialogue.follow_lock(Quirk.RATE_LOCKED_ON_ANSWER)
        elif event == Control(CAN[0]):
            await self.dialogue.send(CAN)

    def check_alive(self) -> None:
        """Raises `SessionEnded` if the session has ended."""
        if self.ended is not None:
            raise self.ended

    def check(self, result: Result) -> None:
        """Raises `SessionEnded` if the session has ended, `LineDropped` for a result that says so too."""
        self.check_alive()
        if result.code not in (ResultCode.OK, ResultCode.CONNECT):
            self.ended = SessionEnded(Outcome.FAR_END_HUNG_UP, result.text, str(on_hook(self._command, result)))
            raise on_hook(self._command, result)

    def end(self, code: str, outcome: Outcome | None = None) -> SessionEnded:
        """Note with what code the session has ended; `outcome`, if something else is known of it than its code says."""
        ending = ending_of(code, polls=self.polls)
        self.ended = SessionEnded(outcome or ending.outcome, code, ending.sentence)
        return self.ended

    def tell(self, reports: Reports, told: Told) -> None:
        """Tell on what is new."""
        for frame in reports.frames():
            told(frame)

    def note(self, reports: Reports) -> None:
        """Keep what goes on to count after this command."""
        for fcf in (Fcf.DIS, Fcf.DTC):
            if (said := reports.lists.get(fcf)) is not None:
                self.usable = self.able & modulations_at(said.br)
        self.chosen = reports.chosen or self.chosen
        if reports.hang_up is not None and self.ended is None:
            self.end(reports.hang_up)


def _final(event: Event, *, connect_ends: bool) -> Result | None:
    """The event, if it is a result that ends a command."""
    if not isinstance(event, Result) or event.code in _NEVER_LAST:
        return None
    return event if connect_ends or event.code is not ResultCode.CONNECT else None
