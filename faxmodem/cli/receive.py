"""`faxmodem receive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options


def receive(
    port: options.Port,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="folder for the received faxes")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="calls to answer before ending")] = 1,
    rings: Annotated[int, typer.Option("--rings", metavar="N", min=1, help="rings before answering")] = 1,
    serve: Annotated[
        list[Path] | None,
        typer.Option("--serve", metavar="FILE", help="give this to whoever calls to poll; may be repeated"),
    ] = None,
    selective: options.Selective = "",
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
) -> None:
    """Answer calls and store each fax as a TIFF file, whose path is printed.

    A fax that breaks off is kept as well, in a file that ends in .partial.tif.
    """
    from faxmodem.api import receive_async
    from faxmodem.call.sink import CopyQuality
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run

    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            results = await receive_async(
                port,
                output,
                count=count,
                rings=rings,
                serve=serve or (),
                selective=selective,
                password=password,
                quality=CopyQuality(poor_share=max_bad_lines / 100, longest_run_mm=max_bad_run),
                ecm=ecm,
                codings=options.codings(coding),
                station_id=station_id,
                max_rate=max_rate,
                profile=profile,
                baud=baud,
                record=sink,
                on_fax=shown.result,
                listeners=shown.listeners,
                on_transition=shown.transition,
                on_progress=shown.page,
                stop=stop,
            )
            codes = [result.explanation.exit_code for result in results]
            codes += [130] if len(results) < count else []
            return next((code for code in codes if code), 0)

        code = run(work)
    raise typer.Exit(code)
