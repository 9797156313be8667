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
    to: options.Number = None,
    resolution: options.Resolution = options.ResolutionName.FINE,
    rendering: options.Rendering = options.RenderingName.AUTO,
    station_id: options.StationId = "",
    header: Annotated[bool, typer.Option("--header/--no-header", help="draw a header line on top of each page")] = True,
    subaddress: options.Subaddress = "",
    password: options.Password = "",
    then_poll: Annotated[
        Path | None,
        typer.Option("--then-poll", metavar="DIR", help="fetch the far end's document in the same call, into DIR"),
    ] = None,
    page_tries: Annotated[
        int, typer.Option("--page-tries", metavar="N", min=1, help="how often a page that is refused (RTN) is sent")
    ] = 3,
    ecm: options.Ecm = True,
    coding: options.Codings = None,
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
    """Send files as one fax; exit with 0 only if every page was confirmed."""
    from faxmodem.api import send_async
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run
    from faxmodem.t30.timers import Limits

    number = options.number(to, open_call=open_call)
    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            result = await send_async(
                port,
                number,
                files,
                station_id=station_id,
                resolution=resolution.value,
                rendering=rendering.value,
                header=header,
                subaddress=subaddress,
                password=password,
                poll_into=then_poll,
                report=report,
                limits=Limits(page_tries=page_tries),
                ecm=ecm,
                codings=options.codings(coding),
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
