"""`faxmodem ports`."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

if TYPE_CHECKING:
    from faxmodem.transport.ports import PortInfo

OnePort = Annotated[
    str | None,
    typer.Argument(metavar="[PORT]", help="open this port instead, and say what it is and how far away"),
]


def ports(
    port: OnePort = None,
    as_json: Annotated[bool, typer.Option("--json", help="print each port as a line of JSON")] = False,
) -> None:
    """List the serial ports: which are likely to be modems, what to call them, and who uses them."""
    from faxmodem.transport.ports import list_ports

    if port is not None:
        _try(port, as_json=as_json)
        return
    found = list_ports(_known_modems())
    if as_json:
        for info in found:
            typer.echo(json.dumps(dataclasses.asdict(info)))
    elif found:
        _show(found)
    else:
        typer.echo("No serial port was found. Plug the modem in; a remote one is given as socket:// or rfc2217:// URL.")


def _known_modems() -> dict[str, str]:
    """By USB id, the modems that a profile is for."""
    from faxmodem.errors import ProfileError
    from faxmodem.modem.profile import all_profiles

    try:
        profiles = all_profiles().values()
    except ProfileError as error:  # the list of ports can do without
        typer.echo(f"faxmodem: {error}", err=True)
        return {}
    return {usb: profile.name for profile in profiles for match in profile.match for usb in match.usb}


def _show(found: list[PortInfo]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Port", "Modem?", "What it is", "VID:PID", "In use", "Name that lasts")
    for info in found:
        modem = f"{'likely' if info.likely_modem else 'no'}: {info.reason}"
        users = [*info.used_by, *([f"locked by {info.locked_by}"] if info.locked_by else [])]
        table.add_row(info.device, modem, info.description, info.usb_id, ", ".join(users), info.name)
    Console().print(table)


def _try(name: str, *, as_json: bool) -> None:
    """Open one port and close it again. Raises `PortError`, which says why it cannot be opened."""
    from faxmodem.transport.naming import find_port
    from faxmodem.transport.serial_port import open_serial

    async def opened() -> tuple[str, float | None]:
        transport = await open_serial(name)
        await transport.aclose()
        return find_port(name), transport.latency_s

    device, latency_s = anyio.run(opened)
    if as_json:
        typer.echo(json.dumps({"name": name, "device": device, "latency_s": latency_s}))
        return
    typer.echo(f"{name} can be opened" + f"; it is {device}" * (device != name))
    if latency_s is not None:
        typer.echo(f"a round trip takes {latency_s * 1000:.1f} ms")
