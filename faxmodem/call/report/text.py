"""What a report says besides its ladder, in lines of text: who, what, how long, why."""

from __future__ import annotations

import json
from collections.abc import Iterator

from faxmodem.call.report.facts import Facts, PageFacts
from faxmodem.call.report.plain import printable
from faxmodem.call.report.report import Report
from faxmodem.call.report.story import counted


def parties(report: Report) -> str:
    """Who called whom."""
    facts = report.facts
    us = printable(facts.station_id) or "this station"
    far = printable(facts.remote_id or facts.number) or "an unknown station"
    return f"{us} called {far}" if facts.calling else f"{far} called {us}"


def heading(report: Report) -> list[str]:
    """Who called whom, when, and how it ended."""
    facts = report.facts
    outcome = facts.outcome.value if facts.outcome else "end unknown"
    told = [f"{name} {printable(text)}" for name, text in facts.remote_told.items()]
    first = f"{parties(report)} at {report.began:%Y-%m-%d %H:%M:%S %z}: {outcome}, {counted(facts.pages_done, 'page')}."
    return [first, *_modem(report), *(["The far end told: " + ", ".join(told) + "."] if told else [])]


def _modem(report: Report) -> Iterator[str]:
    """How the modem was used, where that is known and limits what can be known of the call."""
    if report.settings.page_level:
        name = f"Class {printable(report.service_class)}" if report.service_class else "Class 2"
        yield f"The modem ran the procedure itself ({name}): frames are shown when it told of them."


def numbers(facts: Facts) -> Iterator[str]:
    """Pages, trainings, and where the time went."""
    for page in facts.pages:
        yield _page(page)
    for training in facts.trainings:
        result = {True: "good", False: "bad", None: "no result"}[training.good]
        yield f"training at {training.at:.1f} s, {training.modulation}: {result}"
    times = facts.times
    phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.phases_s.items())
    yield f"time: {times.total_s:.1f} s in all; by phase: {phases}"
    if times.overhead_share is not None:
        yield (
            f"image: {times.image_s:.1f} s on the line; {times.repeated_s:.1f} s of repeats; "
            f"all of the call is {times.overhead_share:.0%} over the image"
        )
    if times.forecast_s is not None:
        yield f"forecast: {times.forecast_s:.1f} s for the pages; actually {times.image_s + times.repeated_s:.1f} s"


def _page(page: PageFacts) -> str:
    parts = [
        f"{page.coding}{' ECM' if page.ecm else ''}",
        page.resolution,
        f"{page.width} pels",
        ", then ".join(page.modulations),
        f"{page.seconds:.1f} s",
    ]
    parts += [f"{page.octets} octets"] if page.octets is not None else []
    parts += [counted(page.blocks, "block")] if page.blocks > 1 else []
    parts += [f"{counted(page.requests, 'PPR')} for {counted(page.repeated_frames, 'frame')}"] if page.requests else []
    parts += [f"refused {counted(page.refusals, 'time')}"] if page.refusals else []
    parts += [f"{page.bad_lines} of {page.lines} lines bad"] if page.bad_lines is not None else []
    done = ("confirmed" if page.ours else "stored") if page.done else "NOT " + ("confirmed" if page.ours else "stored")
    return f"page {page.page} {'sent' if page.ours else 'received'}: {', '.join(parts)}; {done}"


def verdict(report: Report) -> Iterator[str]:
    """Why it ended so, on what evidence, and what to change."""
    diagnosis = report.diagnosis
    yield diagnosis.cause
    for entry in diagnosis.evidence:
        yield f"  {entry.at:9.3f}  {printable(entry.text)}"
    if report.detail:
        yield f"This side said: {printable(report.detail)}"
    if diagnosis.advice:
        yield f"What to try: {diagnosis.advice}"
    if diagnosis.change:
        yield f"Settings for that: {json.dumps(diagnosis.change)}"
