"""A call in numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from faxmodem.call.report.journal import Step
from faxmodem.call.report.story import Kind, Span, Story
from faxmodem.t30 import events
from faxmodem.t30 import transitions as told
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One TCF."""

    at: float
    ours: bool
    modulation: Modulation
    good: bool | None
    "None: nobody said."


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """One page, and all its crossings of the line."""

    page: int
    ours: bool
    modulations: tuple[str, ...]
    "The rates that it crossed the line at, in order."
    coding: str
    resolution: str
    width: int
    ecm: bool
    octets: int | None
    "Of the last crossing; with error correction, of all blocks. None: not known."
    seconds: float
    "Time on the line, repeats included."
    bursts: int
    "How many carriers that took."
    blocks: int
    requests: int
    "PPRs."
    repeated_frames: int
    refusals: int
    lines: int | None
    bad_lines: int | None
    done: bool
    "Confirmed, or stored."


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Where the seconds of a call went."""

    total_s: float
    connected_s: float
    "From the far end's answer to the end."
    phases_s: Mapping[str, float]
    image_s: float
    "Page data on the line for the first time."
    repeated_s: float
    "Page data on the line again."
    overhead_s: float
    "All the rest of the connected time, repeats included."
    overhead_share: float | None
    "Of the connected time over the image time: 0.25 is a quarter more than the pages took. None: no image."
    forecast_s: float | None
    "How long the pages were to take on the line."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What can be counted and measured in a journal."""

    calling: bool
    number: str
    station_id: str
    remote_id: str
    remote_told: Mapping[str, str]
    "What else the far end told, by frame."
    outcome: Outcome | None
    "None: the journal stops before the end."
    pages_done: int
    trainings: tuple[Training, ...]
    pages: tuple[PageFacts, ...]
    times: Times


def told_of(steps: Sequence[Step], kind: type[T]) -> Iterator[T]:
    """The transitions of one kind, in order."""
    for step in steps:
        for transition in step.transitions:
            if isinstance(transition, kind):
                yield transition


def gather(settings: Settings, steps: Sequence[Step], story: Story) -> Facts:
    """The facts of a call."""
    ended = next(told_of(steps, told.CallEnded), None)
    done = {t.page for t in told_of(steps, told.PageConfirmed)} | {t.page for t in told_of(steps, told.PageStored)}
    return Facts(
        calling=settings.calling,
        number=settings.number,
        station_id=settings.station_id,
        remote_id=next((t.station_id for t in _backwards(steps, told.RemoteIdentified)), ""),
        remote_told={t.note.value: t.text for t in told_of(steps, told.RemoteTold)},
        outcome=ended.outcome if ended else None,
        pages_done=ended.pages if ended else len(done),
        trainings=tuple(
            Training(at=round(span.begin, 3), ours=span.ours, modulation=span.modulation, good=span.good)
            for span in story.of(Kind.TRAINING)
            if span.modulation is not None
        ),
        pages=tuple(_pages(steps, story, done)),
        times=_times(steps, story),
    )


def _backwards(steps: Sequence[Step], kind: type[T]) -> list[T]:
    return list(told_of(steps, kind))[::-1]


def _times(steps: Sequence[Step], story: Story) -> Times:
    phases: dict[str, float] = defaultdict(float)
    for phase, begin, end in story.phase_times():
        phases[phase.name] += end - begin
    data = story.of(Kind.DATA)
    image = sum(span.seconds for span in data if not span.again)
    repeated = sum(span.seconds for span in data if span.again)
    connected = story.end - story.connected if story.connected is not None else 0.0
    forecasts = [t.forecast_s for t in told_of(steps, told.Negotiated) if t.forecast_s]
    return Times(
        total_s=round(story.end, 3),
        connected_s=round(connected, 3),
        phases_s={name: round(seconds, 3) for name, seconds in phases.items()},
        image_s=round(image, 3),
        repeated_s=round(repeated, 3),
        overhead_s=round(connected - image, 3),
        overhead_share=round((connected - image) / image, 4) if image else None,
        forecast_s=round(forecasts[0], 3) if forecasts else None,
    )


def _pages(steps: Sequence[Step], story: Story, done: set[int]) -> Iterator[PageFacts]:
    crossings: dict[int, list[Span]] = {}
    for span in story.of(Kind.DATA):
        crossings.setdefault(span.page, []).append(span)
    refusals: dict[int, int] = defaultdict(int)
    for refused in told_of(steps, told.PageRefused):
        refusals[refused.page] += 1
    judged = _judgements(steps)
    for page, spans in crossings.items():
        parameters = spans[-1].parameters
        if parameters is None:
            continue
        again = [span for span in spans if span.again]
        octets = [span.octets for span in spans if span.octets is not None]
        ecm = parameters.ecm
        yield PageFacts(
            page=page,
            ours=spans[0].ours,
            modulations=_changes([str(span.modulation) for span in spans]),
            coding=parameters.coding.value,
            resolution=parameters.resolution.label,
            width=parameters.width,
            ecm=ecm,
            octets=(max(octets) if ecm else octets[-1]) if octets else None,
            seconds=round(sum(span.seconds for span in spans), 3),
            bursts=len(spans),
            blocks=len({span.block for span in spans if span.block is not None}),
            requests=sum(span.block is not None for span in again),
            repeated_frames=sum(span.count or 0 for span in again),
            refusals=refusals[page],
            lines=judged[page].lines if page in judged else None,
            bad_lines=judged[page].bad_lines if page in judged else None,
            done=page in done,
        )


def _changes(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[:1]) + tuple(after for before, after in pairwise(names) if after != before)


def _judgements(steps: Sequence[Step]) -> dict[int, events.PageStored]:
    """How each received page was judged last."""
    page, judged = 0, {}
    for step in steps:
        if isinstance(step.what, events.PageStored):
            judged[page] = step.what
        for transition in step.transitions:
            if isinstance(transition, told.PageStarted):
                page = transition.page
    return judged
