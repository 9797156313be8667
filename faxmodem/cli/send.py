"""`faxmodem send`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options


def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PDF, TIFF, PNG, JPEG or plain text")],
    port: options.Port,
    to: Annotated[str, typer.Option("--to", metavar="NUMBER", help="number to dial")],
    resolution: options.Resolution = options.ResolutionName.FINE,
    rendering: options.Rendering = options.RenderingName.AUTO,
    station_id: options.StationId = "",
    header: Annotated[bool, typer.Option("--header/--no-header", help="draw a header line on top of each page")] = True,
    max_rate: options.MaxRate = 14400,
    modem_class: options.Class = options.ModemClass.AUTO,  # noqa: ARG001 - Class 1 is the only one yet
    profile: options.Profile = "class1",
    baud: options.Baud = 115200,
    as_json: options.Json = False,
    record: options.Record = None,
) -> None:
    """Send files as one fax; exit with 0 only if every page was confirmed."""
    from faxmodem.api import send_async
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run

    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            result = await send_async(
                port,
                to,
                files,
                station_id=station_id,
                resolution=resolution.value,
                rendering=rendering.value,
                header=header,
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
