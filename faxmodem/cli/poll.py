"""`faxmodem poll`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options


def poll(
    port: options.Port,
    to: Annotated[str, typer.Option("--to", metavar="NUMBER", help="number to dial")],
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="folder for the document that is fetched")],
    selective: options.Selective = "",
    subaddress: options.Subaddress = "",
    password: options.Password = "",
    max_bad_lines: options.MaxBadLines = 15.0,
    max_bad_run: options.MaxBadRun = 3.0,
    ecm: options.Ecm = True,
    coding: options.Codings = None,
    station_id: options.StationId = "",
    max_rate: options.MaxRate = 14400,
    modem_class: options.Class = options.ModemClass.AUTO,  # noqa: ARG001 - Class 1 is the only one yet
    profile: options.Profile = "class1",
    baud: options.Baud = 115200,
    as_json: options.Json = False,
    record: options.Record = None,
    report: options.Report = None,
) -> None:
    """Call a fax machine and fetch the document that it holds, as a TIFF file whose path is printed.

    A document that breaks off is kept as well, in a file that ends in .partial.tif.
    """
    from faxmodem.api import poll_async
    from faxmodem.call.sink import CopyQuality
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run

    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            result = await poll_async(
                port,
                to,
                output,
                selective=selective,
                subaddress=subaddress,
                password=password,
                report=report,
                quality=CopyQuality(poor_share=max_bad_lines / 100, longest_run_mm=max_bad_run),
                ecm=ecm,
                codings=options.codings(coding),
                station_id=station_id,
                max_rate=max_rate,
                profile=profile,
                baud=baud,
                record=sink,
                listeners=shown.listeners,
                on_transition=shown.transition,
                on_progress=shown.page,
                stop=stop,
            )
            shown.result(result)
            return result.explanation.exit_code

        code = run(work)
    raise typer.Exit(code)
