"""`faxmodem explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faxmodem.errors import ReportError

if TYPE_CHECKING:
    from faxmodem.call.report.report import Report

ReportFile = Annotated[Path, typer.Argument(metavar="REPORT", help="the JSON file that was written beside a fax")]


def explain(
    report: ReportFile,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.svg", help="draw the call as well, as SVG")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print facts and diagnosis as JSON instead")] = False,
) -> None:
    """Show a call from its report: a ladder of what crossed the line, the numbers, and why it ended so."""
    import json

    from faxmodem.call.report.picture import draw
    from faxmodem.call.report.report import Report

    told = Report.read(report)
    if as_json:
        typer.echo(json.dumps(told.summary(), indent=2, ensure_ascii=False))
    else:
        _show(told)
    if picture is not None:
        try:
            picture.write_text(draw(told), encoding="utf-8")
        except OSError as error:
            raise ReportError(f"the picture {picture} cannot be written: {error.strerror}") from error


def _show(told: Report) -> None:
    from rich.console import Console
    from rich.text import Text

    from faxmodem.call.report import text
    from faxmodem.call.report.ladder import Tone, ladder

    styles = {
        Tone.OURS: "blue",
        Tone.THEIRS: "magenta",
        Tone.PHASE: "bold",
        Tone.QUIET: "dim",
        Tone.GOOD: "green",
        Tone.BAD: "red",
    }
    console = Console(highlight=False)

    def put(line: str, style: str = "") -> None:
        console.print(Text(line, style=style), soft_wrap=True)

    for line in text.heading(told):
        put(line, "bold")
    for rung in ladder(told.story, console.width):
        put(rung.text, styles[rung.tone])
    for line in (*text.numbers(told.facts), *text.verdict(told)):
        put(line)
