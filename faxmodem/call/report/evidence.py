"""What a diagnosis looks at: a call's frames, timers and carriers, found by what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from faxmodem.call.report.facts import Facts
from faxmodem.call.report.journal import Step
from faxmodem.call.report.plain import words_of
from faxmodem.call.report.story import Kind, Mark, Moment, Span, Story, describe
from faxmodem.errors import ProtocolError
from faxmodem.t30 import events
from faxmodem.t30.bits import Bits
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import LADDER
from faxmodem.t30.procedure import Settings
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer

RATES = sorted({modulation.rate_bps for modulation in LADDER}, reverse=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of evidence."""

    at: float
    text: str


@dataclass(frozen=True)
class Evidence:
    """A call, as far as it is known."""

    settings: Settings
    steps: Sequence[Step]
    story: Story
    facts: Facts
    detail: str = ""

    @cached_property
    def heard(self) -> list[tuple[float, Frame]]:
        """The far end's frames, and when they came; echoes of our own left out."""
        spans = [span for span in self.story.of(Kind.FRAMES) if not span.ours and not span.echo]
        return [(span.end, frame) for span in spans for frame in span.frames]

    @cached_property
    def sent(self) -> list[tuple[float, Frame]]:
        """Our frames, and when they had gone."""
        return [(span.end, frame) for span in self.story.of(Kind.FRAMES) if span.ours for frame in span.frames]

    @cached_property
    def last_state(self) -> State:
        """Where the call stood when its end was settled."""
        state = State.IDLE
        for step in self.steps:
            if step.state in (State.SENDING_DCN, State.HANGING_UP, State.ENDED):
                break
            state = step.state
        return state

    @cached_property
    def settled_at(self) -> float:
        """When its end was settled."""
        over = (State.SENDING_DCN, State.HANGING_UP, State.ENDED)
        return next((step.at for step in self.steps if step.state in over), self.story.end)

    def heard_of(self, *signals: Fcf) -> list[Entry]:
        """The far end's frames with one of these signals."""
        return [Entry(at, f"the far end: {words_of(frame)}") for at, frame in self.heard if frame.fcf in signals]

    def sent_of(self, *signals: Fcf) -> list[Entry]:
        """Our frames with one of these signals."""
        return [Entry(at, f"we: {words_of(frame)}") for at, frame in self.sent if frame.fcf in signals]

    def timeouts(self, *timers: Timer) -> list[Entry]:
        """The timers of these that ran out."""
        names = {timer.value for timer in timers}
        marks = [mark for mark in self.story.marks if mark.moment is Moment.TIMER]
        return [Entry(mark.at, mark.text) for mark in marks if names & set(mark.text.split(" ran out")[0].split(", "))]

    def marks(self, *moments: Moment, bad: bool = True) -> list[Entry]:
        """The marks of these kinds that bode ill; all of them where `bad` is False."""
        return [entry_of(mark) for mark in self.story.marks if mark.moment in moments and (mark.bad or not bad)]

    def damaged(self) -> list[Entry]:
        """The frames that came damaged."""
        spans = [span for span in self.story.of(Kind.FRAMES) if span.good is False]
        return [Entry(span.end, "a damaged frame came") for span in spans]

    def flags(self) -> list[Entry]:
        """The times that V.21 flags were heard."""
        return [Entry(step.at, "V.21 flags came") for step in self.steps if isinstance(step.what, events.FlagsHeard)]

    def failed_trainings(self) -> list[Span]:
        """The trainings since the last good one, each of them bad or without an answer."""
        spans = self.story.of(Kind.TRAINING)
        last_good = max((place for place, span in enumerate(spans) if span.good), default=-1)
        return [span for span in spans[last_good + 1 :] if span.whole]

    def last_offer(self) -> Bits | None:
        """The bits of the last DIS or DTC that came."""
        for _, frame in reversed(self.heard):
            if frame.fcf in (Fcf.DIS, Fcf.DTC):
                try:
                    record = frame.record()
                except ProtocolError:
                    continue
                return record if isinstance(record, Bits) else None
        return None

    def offers(self, field: str) -> bool:
        """True if the far end's last DIS or DTC has this bit."""
        bits = self.last_offer()
        return bits is not None and bool(bits[field])

    def answer_delays(self) -> Iterator[Entry]:
        """How long after our own carrier each of the far end's answers began, if that was long."""
        ours_ended: float | None = None
        for span in self.story.spans:
            if span.ours:
                ours_ended = span.end
            elif ours_ended is not None and span.kind is Kind.FRAMES and not span.echo:
                if (delay := span.begin - ours_ended) >= SLOW_ANSWER_S:
                    yield Entry(span.begin, f"answered {delay:.1f} s after our carrier: {describe(span)}")
                ours_ended = None


SLOW_ANSWER_S = 2.2
"T4 is 3 s, and most machines answer within a third of it."


def entry_of(mark: Mark) -> Entry:
    """A mark as evidence."""
    return Entry(mark.at, mark.text)


def entries_of(spans: Sequence[Span]) -> list[Entry]:
    """Carriers as evidence."""
    return [Entry(span.end, f"{'we' if span.ours else 'the far end'}: {describe(span)}") for span in spans]


def slower_than(rate_bps: int) -> int | None:
    """The next lower rate; None below the lowest."""
    return next((rate for rate in RATES if rate < rate_bps), None)
