"""A recorded call played again: where would the session act differently now?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final

from faxmodem.call.report.journal import Cancel, Expiry, Start, Step
from faxmodem.call.report.plain import printable, words_of
from faxmodem.call.report.report import Report
from faxmodem.call.report.story import parameters_in_words
from faxmodem.errors import LocalProtocolError
from faxmodem.t30.frames import Frame
from faxmodem.t30.parameters import Parameters
from faxmodem.t30.session import Session

SAME_S: Final = 1e-6
"Times that differ by less are the same."


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a session does now what it did not do then."""

    at: float
    number: int
    "Of the entry in the journal, from 0."
    what: str
    "The input, in words."
    state: str
    "Where the call stood then."
    then: str
    now: str
    fatal: bool = False
    "What came then cannot come now: the replay ends here."

    def __str__(self) -> str:
        return f"at {self.at:.3f} s, {self.state}, upon {self.what}: then {self.then}; now {self.now}"


def replay(report: Report) -> list[Difference]:
    """Make a new session with the report's settings, give it the report's inputs at their times, and compare.

    After a difference it goes on for as long as the inputs can happen: what the far end would have done instead nobody
    knows. An input that could not happen then either, and was refused, is refused again.
    """
    return list(_differences(report))


def _differences(report: Report) -> Iterator[Difference]:
    session = Session(report.settings)
    before = session.state.label
    for number, step in enumerate(report.steps):
        error = _feed(session, step)
        pairs = list(_compared(session, step, error))
        for then, now in pairs:
            yield Difference(step.at, number, input_in_words(step), before, then, now, fatal=bool(error))
        if error and not step.error:
            return
        before = step.state.label


def _feed(session: Session, step: Step) -> str:
    """Give the session one input; what it raised for one that cannot happen."""
    try:
        _FEEDS.get(type(step.what), _receive)(session, step, step.at)
        if step.until is not None:
            _receive(session, step, step.until)
    except LocalProtocolError as error:
        return str(error)
    return ""


def _receive(session: Session, step: Step, at: float) -> None:
    if isinstance(step.what, Start | Expiry | Cancel):
        raise TypeError(f"{step.what} is no event")
    session.receive(step.what, at)


_FEEDS: Mapping[type, Callable[[Session, Step, float], None]] = {
    Start: lambda session, _step, at: session.start(at),
    Expiry: lambda session, _step, at: session.expire(at),
    Cancel: lambda session, _step, at: session.cancel(at),
}


def _compared(session: Session, step: Step, error: str) -> Iterator[tuple[str, str]]:
    """What was said and done then, and now, where that differs."""
    commands, transitions = tuple(session.commands()), tuple(session.transitions())
    if bool(error) != bool(step.error):
        yield (
            f"that was refused ({step.error})" if step.error else "that could happen",
            f"it cannot happen ({error}); the replay stops here" if error else "it can happen",
        )
        return
    if commands != step.commands:
        yield in_words(step.commands, "no command"), in_words(commands, "no command")
    if transitions != step.transitions:
        yield in_words(step.transitions, "nothing was told"), in_words(transitions, "nothing is told")
    if session.state is not step.state and commands == step.commands:
        yield f"the call was {step.state.label}", f"it is {session.state.label}"
    if not _same_time(session.deadline(), step.deadline) and session.state is step.state:
        yield _waits(step, step.deadline), _waits(step, session.deadline())


def _same_time(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < SAME_S


def _waits(step: Step, deadline: float | None) -> str:
    since = step.until if step.until is not None else step.at
    return "no time limit" if deadline is None else f"a wait of {deadline - since:.3f} s"


# --- in words --------------------------------------------------------------------------------------------------------


def input_in_words(step: Step) -> str:
    """One input."""
    match step.what:
        case Start():
            return "the start"
        case Cancel():
            return "a cancellation"
        case Expiry(timers):
            return f"{', '.join(timer.value for timer in timers)} running out"
    return in_words(step.what) + (f" ({step.count} times)" if step.count > 1 else "")


def in_words(value: Any, nothing: str = "-") -> str:  # noqa: ANN401 - any record or collection of them
    """Records as short text: `SendFrames DCS: V.17 14400 ...`."""
    match value:
        case Frame():
            return words_of(value)
        case Parameters():
            return f"({parameters_in_words(value)})"
        case Enum():
            return str(getattr(value, "label", None) or value.name)
        case tuple() | list() | frozenset():
            return _list(value, nothing)
        case _ if is_dataclass(value):
            parts = [in_words(getattr(value, f.name)) for f in fields(value)]
            return " ".join([type(value).__name__, *parts])
    return printable(str(value))


MOST_ITEMS: Final = 8


def _list(items: Sequence[Any] | frozenset[Any], nothing: str) -> str:
    ordered = sorted(items, key=str) if isinstance(items, frozenset) else list(items)
    text = ", ".join(in_words(item) for item in ordered[:MOST_ITEMS])
    return (text + (f" and {len(ordered) - MOST_ITEMS} more" if len(ordered) > MOST_ITEMS else "")) or nothing
