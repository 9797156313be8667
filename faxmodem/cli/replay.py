"""`faxmodem replay`."""

from __future__ import annotations

import typer

from faxmodem.cli.explain import ReportFile

DIFFERS = 60
"Exit code where the session acts differently now."


def replay(report: ReportFile) -> None:
    """Play a call again from its report and say where this program would act differently; exit with 60 if it would."""
    from faxmodem.call.report.replay import replay as play
    from faxmodem.call.report.report import Report

    told = Report.read(report)
    differences = play(told)
    for difference in differences:
        typer.echo(str(difference))
    if differences:
        raise typer.Exit(DIFFERS)
    typer.echo(f"the same: {len(told.steps)} steps, each answered as it was then")
