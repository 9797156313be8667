"""`faxmodem probe`."""

from __future__ import annotations

import json
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options


def probe(
    port: Annotated[str, typer.Argument(metavar="PORT", help="serial port: a device or a URL")],
    profile: options.Profile = "class1",
    baud: options.Baud = 115200,
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
    record: options.Record = None,
) -> None:
    """Ask the modem at a port who it is and what it can do."""
    from faxmodem.api import open_modem
    from faxmodem.cli.running import recording
    from faxmodem.modem.base import ModemIdentity

    async def ask() -> ModemIdentity:
        modem = await open_modem(port, profile=profile, baud=baud, record=sink)
        try:
            return modem.identity
        finally:
            await modem.aclose()

    with recording(record) as sink:
        identity = anyio.run(ask)
    transmits = sorted(identity.transmits, key=lambda modulation: modulation.rate_bps)
    receives = sorted(identity.receives, key=lambda modulation: modulation.rate_bps)
    if as_json:
        found = {
            "port": port,
            "title": identity.title,
            "classes": identity.classes,
            "transmits": [str(modulation) for modulation in transmits],
            "receives": [str(modulation) for modulation in receives],
            "answers": identity.answers,
        }
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    typer.echo(f"modem      {identity.title}")
    typer.echo(f"classes    {', '.join(identity.classes) or 'not told'}")
    typer.echo(f"transmits  {', '.join(map(str, transmits))}")
    typer.echo(f"receives   {', '.join(map(str, receives))}")
    for command, answer in identity.answers.items():
        typer.echo(f"{command:<10} {answer}")
