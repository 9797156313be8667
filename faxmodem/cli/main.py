"""The `faxmodem` command: its verbs, and what becomes of an error."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import faxmodem
from faxmodem.cli.check import check
from faxmodem.cli.emulate import emulate
from faxmodem.cli.explain import explain
from faxmodem.cli.loopback import loopback
from faxmodem.cli.poll import poll
from faxmodem.cli.ports import ports
from faxmodem.cli.probe import probe
from faxmodem.cli.profiles import profiles
from faxmodem.cli.receive import receive
from faxmodem.cli.replay import replay
from faxmodem.cli.send import send
from faxmodem.errors import DialError, DocumentError, FaxModemError, ModemError, PortError, ReportError

EPILOG = (
    "Exit codes: 0 every page confirmed; 2 wrong usage; 10 busy; 11 no answer; 12 no dial tone; 13 bad number; "
    "16 not a fax; 20 to 28 the two machines did not come to an end; 40 to 43 port and modem; 50 document "
    "or report; 51 disk; 60 a replayed call goes differently; 61 a checked modem is bad; 130 canceled. The README "
    "lists them all."
)

app = typer.Typer(
    name="faxmodem",
    help="Send and receive faxes through a serial fax modem.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (loopback, emulate, send, receive, poll, ports, probe, check, profiles, explain, replay):
    app.command()(verb)

_EXIT_CODES: tuple[tuple[type[FaxModemError], int], ...] = (
    (PortError, 40),
    (ModemError, 42),
    (DocumentError, 50),
    (ReportError, 50),
    (DialError, 13),
    (FaxModemError, 2),
)
"What an error before or between calls ends the program with; for calls see `faxmodem.jobs.outcomes`."


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"faxmodem {faxmodem.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="show the version and exit", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error is one sentence on standard error and an exit code."""
    try:
        app()
    except FaxModemError as error:
        typer.echo(f"faxmodem: {error}", err=True)
        sys.exit(next(code for kind, code in _EXIT_CODES if isinstance(error, kind)))
    except KeyboardInterrupt:
        sys.exit(130)
