"""`faxmodem poll`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options


def poll(
    port: options.Port,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="folder for the document that is fetched")],
    to: options.Number = None,
    selective: options.Selective = "",
    subaddress: options.Subaddress = "",
    password: options.Password = "",
    max_bad_lines: options.MaxBadLines = 15.0,
    max_bad_run: options.MaxBadRun = 3.0,
    ecm: options.Ecm = True,
    coding: options.Codings = None,
    station_id: options.StationId = "",
    max_rate: options.MaxRate = 14400,
    modem_class: options.Class = options.ModemClass.AUTO,
    profile: options.Profile = "auto",
    baud: options.Baud = None,
    as_json: options.Json = False,
    record: options.Record = None,
    report: options.Report = None,
    open_call: options.OpenCall = False,
    dial_rules: options.DialRules = None,
) -> None:
    """Call a fax machine and fetch the document that it holds, as a TIFF file whose path is printed.

    A document that breaks off is kept as well, in a file that ends in .partial.tif.
    """
    from faxmodem.api import poll_async
    from faxmodem.call.sink import CopyQuality
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run

    number = options.number(to, open_call=open_call)
    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            result = await poll_async(
                port,
                number,
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
                dial_rules=dial_rules,
                profile=profile,
                service_class=modem_class.value,
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
