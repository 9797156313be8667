"""A picture of a call: strips of time, our carriers above the line and the far end's below it, as SVG.

A short call is one strip. A longer one is cut into strips, as on the paper of a seismograph, so that a frame of a
second stays visible in a call of half an hour.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from faxmodem.call.report.plain import printable
from faxmodem.call.report.report import Report
from faxmodem.call.report.story import Kind, Mark, Moment, Span, Story, describe
from faxmodem.call.report.text import heading
from faxmodem.t30.transitions import Phase

WIDTH: Final = 1280
LEFT: Final = 76
RIGHT: Final = 24
ROOM: Final = WIDTH - LEFT - RIGHT
"Pixels that a strip of time is long."
STRIP: Final = 132
AXIS: Final = 62
"The line of time, below the top of its strip."
LANE: Final = 30
"A carrier's height."
HEAD: Final = 106
FONT: Final = 11
LETTER: Final = 0.6 * FONT
"Pixels of a letter, on the safe side."
STRIP_S: Final = 60.0
"About the most that a strip holds while there are not too many of them."
MOST_STRIPS: Final = 40
LEAST_PX: Final = 1.5
"Nothing is drawn narrower, and nothing is drawn on top of what is already there."
TICKS_S: Final = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
TICK_PX: Final = 64

PHASES: Final = {
    Phase.A: "#e9eef5",
    Phase.B: "#fdf1d0",
    Phase.C: "#dff1e2",
    Phase.D: "#f1e3f6",
    Phase.E: "#e6e6e6",
}
OURS: Final = "#1f5fa8"
THEIRS: Final = "#b4510f"
DATA_OURS: Final = "#6d9fdb"
DATA_THEIRS: Final = "#e6a267"
GOOD: Final = "#2b8a4b"
BAD: Final = "#c62828"
UNKNOWN: Final = "#8a8f98"
RESULTS: Final = {True: GOOD, False: BAD, None: UNKNOWN}

_STYLE: Final = f"""\
text {{ font-family: 'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif; font-size: {FONT}px; fill: #222; }}
.on {{ fill: #fff; font-size: 10px; }} .dark {{ fill: #13263c; }} .quiet {{ fill: #666; font-size: 10px; }}
.title {{ font-size: 17px; font-weight: bold; }} .bad {{ fill: {BAD}; }} .strong {{ font-weight: bold; }}
"""
_HATCH: Final = (
    '<defs><pattern id="again" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="3" height="7" fill="#fff" fill-opacity="0.55"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a moment lies on the paper."""

    seconds: float
    "Of one strip."
    strips: int

    @classmethod
    def for_call(cls, seconds: float) -> _Scale:
        seconds = max(seconds, 1.0)
        per_strip = _round_up(seconds / min(math.ceil(seconds / STRIP_S), MOST_STRIPS))
        return cls(per_strip, math.ceil(seconds / per_strip))

    def x(self, at: float) -> float:
        return LEFT + at / self.seconds * ROOM

    def cut(self, begin: float, end: float) -> Iterator[tuple[int, float, float]]:
        """The pieces of a stretch of time: strip, and left and right edge in pixels."""
        strip = min(int(begin // self.seconds), self.strips - 1)
        while strip < self.strips:
            start = strip * self.seconds
            yield strip, self.x(max(begin - start, 0.0)), self.x(min(end - start, self.seconds))
            strip += 1
            if end <= strip * self.seconds:
                return

    @property
    def tick_s(self) -> float:
        """Between two marks on the line of time."""
        return next((s for s in TICKS_S if s / self.seconds * ROOM >= TICK_PX), TICKS_S[-1])


def _round_up(seconds: float) -> float:
    """A little more than `seconds`, so that the end does not lie on the edge."""
    step = next((s for s in TICKS_S if s * 12 >= seconds), TICKS_S[-1])
    return math.ceil(seconds * 1.01 / step) * step


def draw(report: Report) -> str:
    """The SVG document."""
    story, scale = report.story, _Scale.for_call(report.story.end)
    words = textwrap.wrap(printable(f"{report.diagnosis.cause} {report.diagnosis.advice}"), 170)[:3]
    height = HEAD + scale.strips * STRIP + 18 * len(words) + 20
    size = f'width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{_safe(heading(report)[0])}</title><style>{_STYLE}</style>{_HATCH}",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_head(report),
        *(part for strip in range(scale.strips) for part in _sides(strip)),
        *_bands(story, scale),
        *(part for strip in range(scale.strips) for part in _axis(story, scale, strip)),
        *_carriers(story, scale),
        *_marks(story, scale),
        *(
            _text(LEFT, HEAD + scale.strips * STRIP + 18 * (row + 1), line, "strong" if row == 0 else "")
            for row, line in enumerate(words)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# --- pieces ----------------------------------------------------------------------------------------------------------


def _safe(text: str) -> str:
    return escape(printable(text), quote=True)


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    kind = f' class="{style}"' if style else ""
    where = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}{where}>{_safe(text)}</text>'


def _box(left: float, top: float, right: float, height: float, fill: str, *, hint: str = "", more: str = "") -> str:
    title = f"<title>{_safe(hint)}</title>" if hint else ""
    width = max(right - left, LEAST_PX)
    shape = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {shape} fill="{fill}"{more}>{title}</rect>'


def _head(report: Report) -> Iterator[str]:
    title, *more = heading(report)
    yield _text(LEFT, 28, title[:120], "title")
    times = report.facts.times
    about = [f"{times.connected_s:.1f} s connected, {times.image_s:.1f} s of image"]
    about += [f"{times.repeated_s:.1f} s of repeats"] if times.repeated_s else []
    about += [f"{times.overhead_share:.0%} over the image time"] if times.overhead_share is not None else []
    yield _text(LEFT, 48, "; ".join([", ".join(about), *more])[:180], "quiet")
    yield from _legend()


def _legend() -> Iterator[str]:
    x, y = float(LEFT), 66
    for phase, colour in PHASES.items():
        yield _box(x, y, x + 14, 12, colour, more=' stroke="#bbb"')
        yield _text(x + 19, y + 10, phase.name, "quiet")
        x += 42
    for name, colour, hatched in (
        ("frames, ours", OURS, False),
        ("frames, far end", THEIRS, False),
        ("page, ours", DATA_OURS, False),
        ("page, far end", DATA_THEIRS, False),
        ("sent again", DATA_OURS, True),
        ("training good", GOOD, False),
        ("bad", BAD, False),
        ("no result", UNKNOWN, False),
    ):
        yield _box(x, y, x + 14, 12, colour)
        if hatched:
            yield _box(x, y, x + 14, 12, "url(#again)")
        yield _text(x + 19, y + 10, name, "quiet")
        x += 34 + 6.2 * len(name)
    yield f'<path d="M{x:.1f} {y + 12} l5 -10 l5 10 z" fill="{BAD}"/>'
    yield _text(x + 15, y + 10, "a timer ran out, or trouble", "quiet")


def _top(strip: int) -> float:
    return HEAD + strip * STRIP


def _sides(strip: int) -> Iterator[str]:
    top = _top(strip)
    yield _text(LEFT - 8, top + AXIS - LANE / 2 + 2, "we", "quiet", "end")
    yield _text(LEFT - 8, top + AXIS + LANE / 2 + 6, "far end", "quiet", "end")


def _bands(story: Story, scale: _Scale) -> Iterator[str]:
    """The phases, behind everything."""
    for phase, begin, end in story.phase_times():
        for strip, left, right in scale.cut(begin, end):
            if right - left < 0.1:
                continue
            top = _top(strip)
            yield _box(left, top + 6, right, STRIP - 36, PHASES[phase], hint=f"phase {phase.name}: {phase.value}")
            if right - left > 3 * LETTER:
                yield _text(left + 4, top + 18, phase.name, "quiet")


def _axis(story: Story, scale: _Scale, strip: int) -> Iterator[str]:
    top, start = _top(strip), strip * scale.seconds
    end = min(scale.seconds, max(story.end - start, 0.0))
    y = top + AXIS
    yield f'<path d="M{LEFT} {y} H{scale.x(end):.1f}" stroke="#555"/>'
    for tick in range(math.floor(end / scale.tick_s) + 1):
        x = scale.x(tick * scale.tick_s)
        yield f'<path d="M{x:.1f} {top + STRIP - 30} v4" stroke="#999"/>'
        yield _text(x, top + STRIP - 16, _clock(start + tick * scale.tick_s, scale.tick_s), "quiet", "middle")


def _clock(at: float, step: float) -> str:
    minutes, seconds = divmod(at, 60)
    return f"{int(minutes)}:{seconds:04.1f}" if step < 1 else f"{int(minutes)}:{int(seconds):02d}"


def _carriers(story: Story, scale: _Scale) -> Iterator[str]:
    drawn: dict[tuple[int, bool], float] = {}
    for span in story.spans:
        for strip, left, right in scale.cut(span.begin, span.end):
            if right - drawn.get((strip, span.ours), -1.0) < LEAST_PX / 2:
                continue
            drawn[strip, span.ours] = max(right, left + LEAST_PX)
            yield from _carrier(span, strip, left, right)


def _carrier(span: Span, strip: int, left: float, right: float) -> Iterator[str]:
    axis = _top(strip) + AXIS
    y = axis - LANE if span.ours else axis
    hint = f"{span.begin:.2f} s to {span.end:.2f} s, {'we' if span.ours else 'far end'}: {describe(span)}"
    edge = f' stroke="{BAD}" stroke-dasharray="4 2"' if not span.whole else ""
    yield _box(left, y, right, LANE, _colour(span), hint=hint, more=edge + ' rx="1.5"')
    if span.again:
        yield _box(left, y, right, LANE, "url(#again)")
    label = _fitting(_labels(span), right - left - 2)
    if label:
        style = "dark" if span.kind is Kind.DATA else "on"
        yield _text((left + right) / 2, y + LANE / 2 + 4, label, style, "middle")


def _colour(span: Span) -> str:
    if span.kind is Kind.TRAINING:
        return RESULTS[span.good]
    if span.kind is Kind.DATA:
        return DATA_OURS if span.ours else DATA_THEIRS
    return BAD if span.good is False else OURS if span.ours else THEIRS


def _labels(span: Span) -> Sequence[str]:
    """What may stand in a carrier, the longest first."""
    if span.kind is Kind.FRAMES:
        names = [str(frame).split()[0] for frame in span.frames] or ["damaged"]
        return " ".join(names), names[-1]
    if span.kind is Kind.TRAINING:
        rate = str(span.modulation).removesuffix(" bit/s")
        return f"TCF {rate}", "TCF"
    page, block = f"page {span.page}", "" if span.block is None else f" block {span.block}"
    about = [str(span.modulation), f"{span.seconds:.1f} s"]
    about += [f"{span.count} frames"] if span.count is not None else []
    about += [f"{span.octets} octets"] if span.octets is not None else []
    again = " again" if span.again else ""
    return f"{page}{block}{again}: {', '.join(about)}", f"{page}{block}{again}", page + block, page, str(span.page)


def _fitting(labels: Sequence[str], room: float) -> str:
    return next((label for label in map(printable, labels) if len(label) * LETTER <= room), "")


_SHOWN: Final = (Moment.TIMER, Moment.TROUBLE, Moment.CALL, Moment.END)


def _marks(story: Story, scale: _Scale) -> Iterator[str]:
    taken: dict[int, float] = {}
    for mark in story.marks:
        if mark.moment not in _SHOWN or (mark.moment is Moment.CALL and not mark.bad):
            continue
        strip = min(int(mark.at // scale.seconds), scale.strips - 1)
        x, top = scale.x(mark.at - strip * scale.seconds), _top(strip)
        yield from _mark(mark, x, top)
        label = _short(mark)
        wide = len(label) * LETTER
        begin = x + 8 if x + 8 + wide <= WIDTH - RIGHT else x - 8 - wide
        if begin > taken.get(strip, 0.0):
            yield _text(begin, top + STRIP - 36, label, "bad" if mark.bad else "strong")
            taken[strip] = begin + wide + 6


def _mark(mark: Mark, x: float, top: float) -> Iterator[str]:
    hint = f"<title>{_safe(f'{mark.at:.2f} s: {mark.text}')}</title>"
    if mark.moment is Moment.END:
        yield f'<path d="M{x:.1f} {top + 6} v{STRIP - 36}" stroke="#111" stroke-width="2">{hint}</path>'
    else:
        yield f'<path d="M{x - 5:.1f} {top + STRIP - 32} l5 -11 l5 11 z" fill="{BAD}">{hint}</path>'


def _short(mark: Mark) -> str:
    if mark.moment is Moment.TIMER:
        return printable(mark.text.split(" ran out")[0])
    text = mark.text.removeprefix("on hook: ") if mark.moment is Moment.END else mark.text
    return printable(text)[:40]
