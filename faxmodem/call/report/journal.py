"""A session that writes down all that goes into it and all that comes out, so that it can be played again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from faxmodem.t30 import events
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import Session
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Transition

FOLD_S: Final = 5.0
"Bytes of a page that follow each other within this time are one entry: a line that stalls for longer stays visible."
TICKS: Final = 6
"Decimal places of the times: a microsecond is far below what a modem can do."


@dataclass(frozen=True, slots=True)
class Start:
    """The session was started."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """Time ran out."""

    timers: tuple[Timer, ...]
    "Those that were due, the earliest first; it may have stopped those behind it."


@dataclass(frozen=True, slots=True)
class Cancel:
    """This side was told to end the call."""


Input = Start | Expiry | Cancel | events.Event
"What can go into a session."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One input, and what the session made of it. Times are seconds from the start of the call."""

    at: float
    what: Input
    state: State
    "Where the call stands after it."
    deadline: float | None = None
    "When time runs out next."
    commands: tuple[events.Command, ...] = ()
    transitions: tuple[Transition, ...] = ()
    error: str = ""
    "What the session raised: the input could not happen then."
    count: int = 1
    "So many `Moved` in a row, the last of them at `until`."
    until: float | None = None
    noted: Mapping[str, int] = field(default_factory=dict)
    "What the modem and the documents know beside it, as `octets` of the page data so far."


class RecordedSession(Session):
    """A session with a journal. Everything it does is what the plain session does at the same inputs.

    Inside, time counts from the first input, so that a replay at the journal's times is the same to the last bit.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.settings = settings
        self.journal: list[Step] = []
        self._began: float | None = None
        self._commands: list[events.Command] = []
        self._transitions: list[Transition] = []
        self._noted: dict[str, int] = {}

    def note(self, **facts: int) -> None:
        """Keep what the session need not know, such as `octets` on the line or `bad_lines`, with the next input."""
        self._noted |= facts

    def start(self, now: float) -> None:
        """Begin the call."""
        at = self._passed(now)
        self._record(at, Start(), lambda: super(RecordedSession, self).start(at))

    def receive(self, event: events.Event, now: float) -> None:
        """Take in what happened. Raises `LocalProtocolError` for an event that cannot happen in this state."""
        at = self._passed(now)
        self._record(at, event, lambda: super(RecordedSession, self).receive(event, at))

    def expire(self, now: float) -> None:
        """Let the timers run out that are due at `now`, the earliest first."""
        at = self._passed(now)
        due = super().deadline()
        if due is not None and self._passed(now) < due <= self._passed(now) + 10**-TICKS:
            at = due  # what is due on the caller's clock is due on ours, however the sums were rounded
        timers = sorted((moment, timer.name) for timer, moment in self._call.timers.items() if moment <= at)
        what = Expiry(tuple(Timer[name] for _, name in timers))
        if timers:
            self._record(at, what, lambda: super(RecordedSession, self).expire(at))

    def cancel(self, now: float) -> None:
        """End the call in an orderly way; a call that is already ending ends as it would have."""
        at = self._passed(now)
        self._record(at, Cancel(), lambda: super(RecordedSession, self).cancel(at))

    def deadline(self) -> float | None:
        """When to call `expire`; None: nothing is awaited."""
        due = super().deadline()
        return None if due is None else (self._began or 0.0) + due

    def commands(self) -> list[events.Command]:
        """What the modem is to do now; drains."""
        drained, self._commands = self._commands, []
        return drained

    def transitions(self) -> list[Transition]:
        """What has happened, for status and log; drains."""
        drained, self._transitions = self._transitions, []
        return drained

    # --- inside ------------------------------------------------------------------------------------------------------

    def _passed(self, now: float) -> float:
        if self._began is None:
            self._began = now
        return round(now - self._began, TICKS)

    def _record(self, at: float, what: Input, take_in: Callable[[], None]) -> None:
        error = ""
        try:
            take_in()
        except Exception as raised:
            error = str(raised) or type(raised).__name__
            raise
        finally:
            commands, transitions = super().commands(), super().transitions()
            self._commands += commands
            self._transitions += transitions
            step = Step(
                at=at,
                what=what,
                state=self.state,
                deadline=super().deadline(),
                commands=tuple(commands),
                transitions=tuple(transitions),
                error=error,
                noted=self._noted,
            )
            self._noted = {}
            self._append(step)

    def _append(self, step: Step) -> None:
        """Write a step down, or add it to the one before where that makes no difference to a replay.

        All that `Moved` does in a state that it leaves as it is, is to set timers anew: the last one counts.
        """
        last = self.journal[-1] if self.journal else None
        if last is not None and _only_moved(last, step) and step.at - (last.until or last.at) < FOLD_S:
            self.journal[-1] = replace(
                last,
                until=step.at,
                count=last.count + 1,
                deadline=step.deadline,
                noted={**last.noted, **step.noted},
            )
        else:
            self.journal.append(step)


def _only_moved(last: Step, step: Step) -> bool:
    said = step.commands or step.transitions or step.error or last.error
    return (
        isinstance(step.what, events.Moved)
        and isinstance(last.what, events.Moved)
        and step.state is last.state
        and not said
    )
