"""A call as a ladder of text: we stand on the left, the far end on the right, time goes down."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from faxmodem.call.report.plain import printable
from faxmodem.call.report.story import Kind, Mark, Moment, Span, Story, describe

NARROW: Final = 72
"Below this width both sides begin at the same column."
LEAST: Final = 40
SILENCE_S: Final = 2.0
"A silence on the line that is worth a line of text; turning round takes less."
TIME: Final = 9
"Columns of the time."


class Tone(Enum):
    """What a line of the ladder tells of, for those who have colours."""

    OURS = "ours"
    THEIRS = "theirs"
    PHASE = "phase"
    QUIET = "quiet"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    text: str
    tone: Tone


def ladder(story: Story, width: int = 100) -> list[Line]:
    """The ladder, in lines of at most `width` columns (and at least 40)."""
    width = max(width, LEAST)
    return [line for item in _in_order(story) for line in _lines(item, width)]


@dataclass(frozen=True, slots=True)
class _Silence:
    begin: float
    end: float


_Item = Span | Mark | _Silence


def _in_order(story: Story) -> list[_Item]:
    """Carriers, marks and silences by the time at which each is told: a carrier when it begins."""
    items: list[tuple[float, int, int, _Item]] = []
    told: list[_Item] = [*story.marks, *story.spans, *_silences(story)]
    for number, item in enumerate(told):
        at = item.at if isinstance(item, Mark) else item.begin
        items.append((at, _rank(item), number, item))
    return [item for *_, item in sorted(items, key=lambda entry: entry[:3])]


def _rank(item: _Item) -> int:
    """At the same moment: what was told of when it was over, marks as they were made, what begins, and the end."""
    if isinstance(item, Mark):
        return 2 if item.moment is Moment.END else 0
    return -1 if item.begin == item.end else 1


def _silences(story: Story) -> Iterator[_Silence]:
    """When the call was up and nobody sent."""
    quiet_since = story.connected
    if quiet_since is None or story.by_reports:
        return
    for span in sorted(story.spans, key=lambda span: span.begin):
        if span.begin - quiet_since >= SILENCE_S:
            yield _Silence(quiet_since, span.begin)
        quiet_since = max(quiet_since, span.end)
    if story.end - quiet_since >= SILENCE_S:
        yield _Silence(quiet_since, story.end)


def _lines(item: _Item, width: int) -> Iterable[Line]:
    match item:
        case Span():
            return _carrier(item, width)
        case Mark(at, moment, text, bad):
            if moment is Moment.PHASE:
                return [
                    Line(f"{at:{TIME}.3f} {f'-- {printable(text)} '.ljust(width - TIME - 1, '-')}"[:width], Tone.PHASE)
                ]
            mark = "!" if bad else "*"
            tone = Tone.BAD if bad else Tone.GOOD if moment in (Moment.PAGE, Moment.END) else Tone.QUIET
            return _wrapped(at, f"{mark} ", printable(text), width, tone)
        case _Silence(begin, end):
            return _wrapped(begin, "  ", f"({end - begin:.1f} s of silence)", width, Tone.QUIET)


def _carrier(span: Span, width: int) -> list[Line]:
    tone = Tone.BAD if span.good is False else Tone.OURS if span.ours else Tone.THEIRS
    shaft = "-" if span.kind is Kind.FRAMES else "="
    texts = [describe(span)] if len(span.frames) < 2 else describe(span).split("; ")
    lines: list[Line] = []
    for number, text in enumerate(texts):
        at = span.begin if number == 0 else None
        lines += (_wide if width >= NARROW else _narrow)(at, text, shaft, span.ours, width, tone)
    return lines


def _narrow(at: float | None, text: str, shaft: str, ours: bool, width: int, tone: Tone) -> list[Line]:
    arrow = f"{shaft * 2}> " if ours else f"<{shaft * 2} "
    return _wrapped(at, arrow, text, width, tone)


def _wide(at: float | None, text: str, shaft: str, ours: bool, width: int, tone: Tone) -> list[Line]:
    """The text on its sender's side, an arrow from there to the other; what is too long goes on below it."""
    room = width - TIME - 3
    first, *rest = textwrap.wrap(text, max(room - 8, 16)) or [""]
    if ours:
        rows = [f"{first} ".ljust(room - 1, shaft) + ">", *rest]
    else:
        rows = ["<" + f" {first}".rjust(room - 1, shaft), *(row.rjust(room) for row in rest)]
    return [
        Line(f"{_time(at if number == 0 else None)} |{row[:room].ljust(room)}|", tone)
        for number, row in enumerate(rows)
    ]


def _wrapped(at: float | None, lead: str, text: str, width: int, tone: Tone) -> list[Line]:
    rows = textwrap.wrap(text, max(width - TIME - 1 - len(lead), 16)) or [""]
    return [
        Line(f"{_time(at if number == 0 else None)} {lead if number == 0 else ' ' * len(lead)}{row}", tone)
        for number, row in enumerate(rows)
    ]


def _time(at: float | None) -> str:
    return " " * TIME if at is None else f"{at:{TIME}.3f}"
