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
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run

    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            results = await receive_async(
                port,
                output,
                count=count,
                rings=rings,
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
