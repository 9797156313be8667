"""What a call looks like while it goes on: progress for people, lines of JSON for programs."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from faxmodem.call.progress import Progress as PageProgress
from faxmodem.call.result import FaxResult
from faxmodem.jobs.notification import JobEvents, JobListener
from faxmodem.jobs.status import FaxJobStatus, JobType, to_json
from faxmodem.jobs.tracker import MOVES
from faxmodem.t30.transitions import (
    Answered,
    BlockRepeated,
    CallEnded,
    Canceling,
    Dialing,
    Initializing,
    Negotiated,
    Note,
    PageConfirmed,
    PageRefused,
    PageStarted,
    PageStored,
    PhaseEntered,
    RemoteIdentified,
    RemoteTold,
    Trained,
    Transition,
    Turned,
)

DELIVERY_S = 2.0
"How long the end of a job waits for the events before it, which come from another thread."


class Display(Protocol):
    """Shows the calls of one command."""

    @property
    def listeners(self) -> Sequence[JobListener]:
        """What is to listen to the jobs."""
        ...

    def transition(self, transition: Transition) -> None:
        """Something has happened in the call."""
        ...

    def page(self, progress: PageProgress) -> None:
        """A page has moved on."""
        ...

    def result(self, result: FaxResult) -> None:
        """A call has ended."""
        ...


class JsonLines(JobEvents):
    """One status a line; the last one of a job carries what came of it under `result`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._removed = threading.Event()
        self.listeners = (self,)

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        """Print a status, unless it is the last one, which waits for its result."""
        if MOVES[status.job_type][status.status]:
            self._print({"job_id": job_id, **to_json(status)})

    on_outgoing_job_changed = on_incoming_job_changed

    def on_incoming_job_removed(self, job_id: str) -> None:  # noqa: ARG002 - one job at a time
        """Know that every status of the job has been printed."""
        self._removed.set()

    on_outgoing_job_removed = on_incoming_job_removed

    def transition(self, transition: Transition) -> None:
        """Programs see the statuses."""

    def page(self, progress: PageProgress) -> None:
        """Programs see the pages in the statuses."""

    def result(self, result: FaxResult) -> None:
        """Print the last status of a job with what came of it."""
        self._removed.wait(DELIVERY_S)
        self._removed.clear()
        row = result.explanation
        outcome = {
            "ok": result.ok,
            "outcome": row.code,
            "exit_code": row.exit_code,
            "message": result.message,
            "advice": row.advice,
            "pages": result.pages,
            "pages_sent": result.pages_sent,
            "pages_received": result.pages_received,
            "told": {note.value: text for note, text in result.notes.items() if note not in _SECRET},
            "remote_id": result.remote_id,
            "path": str(result.path) if result.path else None,
        }
        self._print({"job_id": result.job_id, **to_json(result.status), "result": outcome})

    def _print(self, line: object) -> None:
        typer.echo(json.dumps(line, ensure_ascii=False), file=self._out)


_WORDS: Mapping[type[Transition], Callable[[Any], str]] = {
    # Any: each row takes the transition that it stands under
    Initializing: lambda _: "setting up the modem",
    Dialing: lambda _: "dialing",
    Answered: lambda _: "the call is up",
    PhaseEntered: lambda entered: f"phase {entered.phase.name}: {entered.phase.value}",
    RemoteIdentified: lambda far_end: f"the far end is {far_end.station_id}",
    RemoteTold: lambda told: f"the far end tells {told.note.value}{_shown(told)}",
    Turned: lambda turned: "this side sends from now on" if turned.sends else "this side receives from now on",
    Negotiated: lambda chosen: f"{chosen.parameters}{_forecast(chosen.forecast_s)}",
    BlockRepeated: lambda block: f"{block.frames} frames of block {block.block} of page {block.page} go again",
    Trained: lambda training: f"training at {training.modulation} {'succeeded' if training.good else 'failed'}",
    PageStarted: lambda page: f"page {page.page} begins",
    PageConfirmed: lambda page: f"page {page.page} is confirmed",
    PageRefused: lambda page: f"page {page.page} is refused",
    PageStored: lambda page: f"page {page.page} is on disk ({page.size} bytes in all)",
    Canceling: lambda _: "canceling",
    CallEnded: lambda _: "on hook",
}


_SECRET = frozenset({Note.PASSWORD, Note.SENDER_ID})
"A screen, and a log that is made of it, are no place for passwords."


def _shown(told: RemoteTold) -> str:
    return f" of {len(told.text)} characters" if told.note in _SECRET else f" {told.text!r}"


def _forecast(seconds: float) -> str:
    return f", about {seconds:.0f} s" if seconds else ""


class Terminal:
    """A line for each step of the call, and a bar for the page that is on the line."""

    listeners: Sequence[JobListener] = ()

    def __init__(self, console: Console, bars: Progress, who: str = "") -> None:
        self._console = console
        self._bars = bars
        self._who = f"{who:<9}" if who else ""
        self._bar: TaskID | None = None

    def transition(self, transition: Transition) -> None:
        """Print what happened."""
        text = _WORDS[type(transition)](transition)
        self._console.print(f"{self._who}{text}", highlight=False, markup=False, soft_wrap=True)

    def page(self, progress: PageProgress) -> None:
        """Move the bar."""
        name = f"{self._who}page {progress.page}"
        if self._bar is None:
            self._bar = self._bars.add_task(name, total=None)
        total = progress.total if progress.total else None
        self._bars.update(self._bar, description=name, completed=progress.octets, total=total)

    def result(self, result: FaxResult) -> None:
        """Say what came of the call, why and what to try."""
        if self._bar is not None:
            self._bars.remove_task(self._bar)
            self._bar = None
        row = result.explanation
        mark = "[green]ok[/green]" if result.ok else "[red]failed[/red]"
        self._console.print(f"{self._who}{mark}: {row.sentence} {_pages(result)}.", highlight=False, soft_wrap=True)
        if not result.ok:
            why = result.detail or f"{row.cause} {row.advice}"
            self._console.print(f"{self._who}{why}", highlight=False, markup=False, soft_wrap=True)
        if result.path:
            typer.echo(result.path)


def _pages(result: FaxResult) -> str:
    """How many pages went which way."""
    sending = result.status.job_type is JobType.SEND or result.served
    counts = {"confirmed": result.pages_sent if sending else 0, "stored": result.pages_received}
    told = [f"{count} page{'' if count == 1 else 's'} {done}" for done, count in counts.items() if count]
    return ", ".join(told) or f"0 pages {'confirmed' if sending else 'stored'}"


@contextmanager
def display(*, as_json: bool) -> Iterator[Display]:
    """What shows one command's calls: JSON on standard output, or progress on standard error."""
    if as_json:
        yield JsonLines(sys.stdout)
        return
    with bars() as (console, progress):
        yield Terminal(console, progress)


@contextmanager
def bars() -> Iterator[tuple[Console, Progress]]:
    """A console for people and room for bars below what it prints."""
    console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} octets"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=False,
    )
    with progress:
        yield console, progress
