"""What a call looks like while it goes on: progress for people, lines of JSON for programs."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from faxmodem.call.fax import FaxResult
from faxmodem.call.runner import Progress as PageProgress
from faxmodem.jobs.notification import JobEvents
from faxmodem.jobs.status import FaxJobStatus, JobExtendedStatus, JobStatus, JobType, to_json

DELIVERY_S = 2.0
"How long the end of a job waits for the events before it, which come from another thread."

_LAST = (JobStatus.COMPLETED, JobStatus.CANCELED, JobStatus.RETRIES_EXCEEDED, JobStatus.FAILED, JobStatus.ROUTING)


class Display(Protocol):
    """Shows the calls of one command."""

    @property
    def listener(self) -> JobEvents:
        """What is to listen to the jobs."""
        ...

    def page(self, progress: PageProgress) -> None:
        """A page has moved on."""
        ...

    def result(self, result: FaxResult) -> None:
        """A call has ended."""
        ...


class _Events(JobEvents):
    """Takes the events of both directions alike, and knows when a job has had its last."""

    def __init__(self) -> None:
        self.removed = threading.Event()

    def changed(self, job_id: str, status: FaxJobStatus) -> None:
        """A job has a new status."""

    def on_incoming_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        self.changed(job_id, status)

    def on_outgoing_job_changed(self, job_id: str, status: FaxJobStatus) -> None:
        self.changed(job_id, status)

    def on_incoming_job_removed(self, job_id: str) -> None:  # noqa: ARG002 - one job at a time
        self.removed.set()

    def on_outgoing_job_removed(self, job_id: str) -> None:  # noqa: ARG002 - one job at a time
        self.removed.set()

    def wait(self) -> None:
        """Wait until the job's events have all been shown."""
        self.removed.wait(DELIVERY_S)
        self.removed.clear()


class JsonLines(_Events):
    """One status a line; the last one of a job carries what came of it under `result`."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    @property
    def listener(self) -> JobEvents:
        """This object itself listens."""
        return self

    def changed(self, job_id: str, status: FaxJobStatus) -> None:
        """Print a status, unless it is the last one, which waits for its result."""
        if status.status not in _LAST:
            self._print({"job_id": job_id, **to_json(status)})

    def page(self, progress: PageProgress) -> None:
        """Programs see the pages in the statuses."""

    def result(self, result: FaxResult) -> None:
        """Print the last status of a job with what came of it."""
        self.wait()
        row = result.explanation
        outcome = {
            "ok": result.ok,
            "outcome": row.code,
            "exit_code": row.exit_code,
            "message": result.message,
            "advice": row.advice,
            "pages": result.pages,
            "remote_id": result.remote_id,
            "path": str(result.path) if result.path else None,
        }
        self._print({"job_id": result.job_id, **to_json(result.status), "result": outcome})

    def _print(self, line: object) -> None:
        typer.echo(json.dumps(line, ensure_ascii=False), file=self._out)


_DOING = {
    JobExtendedStatus.INITIALIZING: "setting up the modem",
    JobExtendedStatus.DIALING: "dialing",
    JobExtendedStatus.ANSWERED: "answered",
    JobExtendedStatus.TRANSMITTING: "sending",
    JobExtendedStatus.RECEIVING: "receiving",
    JobExtendedStatus.CALL_COMPLETED: "call completed",
}


class Terminal(_Events):
    """A line for each step of the call, and a bar for the page that is on the line."""

    def __init__(self, console: Console, bars: Progress, who: str = "") -> None:
        super().__init__()
        self._console = console
        self._bars = bars
        self._who = f"{who:<9}" if who else ""
        self._bar: TaskID | None = None
        self._shown = ""

    @property
    def listener(self) -> JobEvents:
        """This object itself listens."""
        return self

    def changed(self, job_id: str, status: FaxJobStatus) -> None:  # noqa: ARG002 - one job at a time
        """Print what a status says, where it says something new."""
        text = _in_words(status)
        if text and text != self._shown:
            self._shown = text
            self._console.print(f"{self._who}[dim]{status.status.name:<17}[/dim]{text}", highlight=False)

    def page(self, progress: PageProgress) -> None:
        """Move the bar."""
        name = f"{self._who}page {progress.page}"
        if self._bar is None:
            self._bar = self._bars.add_task(name, total=None)
        total = progress.total if progress.total else None
        self._bars.update(self._bar, description=name, completed=progress.octets, total=total)

    def result(self, result: FaxResult) -> None:
        """Say what came of the call, why and what to try."""
        self.wait()
        if self._bar is not None:
            self._bars.remove_task(self._bar)
            self._bar = None
        row = result.explanation
        pages = f"{result.pages} page{'' if result.pages == 1 else 's'}"
        done = "confirmed" if result.status.job_type is JobType.SEND else "stored"
        mark = "[green]ok[/green]" if result.ok else "[red]failed[/red]"
        self._console.print(f"{self._who}{mark}: {row.sentence} {pages} {done}.", highlight=False)
        if result.detail:
            self._console.print(f"{self._who}{result.detail}", highlight=False, markup=False)
        if not result.ok:
            self._console.print(f"{self._who}{row.cause} {row.advice}", highlight=False, markup=False)
        if result.path:
            typer.echo(result.path)


def _in_words(status: FaxJobStatus) -> str:
    code = status.extended_status_code
    doing = _DOING.get(code, "") if isinstance(code, JobExtendedStatus) else ""
    if not doing or status.status != JobStatus.INPROGRESS:
        return ""
    far_end = status.csid if status.job_type is JobType.SEND else status.tsid
    at_page = f" page {status.current_page}" if status.current_page else ""
    of_pages = f" of {status.pages}" if at_page and status.job_type is JobType.SEND and status.pages else ""
    with_whom = f" ({far_end})" if far_end else ""
    return f"{doing}{at_page}{of_pages}{with_whom}"


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
