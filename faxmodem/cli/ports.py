"""`faxmodem ports`."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer


def ports(as_json: Annotated[bool, typer.Option("--json", help="print each port as a line of JSON")] = False) -> None:
    """List the serial ports, and say which are likely to be modems."""
    from rich.console import Console
    from rich.table import Table

    from faxmodem.transport.ports import list_ports

    found = list_ports()
    if as_json:
        for port in found:
            typer.echo(json.dumps(dataclasses.asdict(port)))
        return
    if not found:
        typer.echo("No serial port was found. Plug the modem in; a remote one is given as socket:// or rfc2217:// URL.")
        return
    table = Table("Port", "Modem?", "What it is", "VID:PID", "Serial number")
    for port in found:
        modem = f"{'likely' if port.likely_modem else 'no'}: {port.reason}"
        table.add_row(port.device, modem, port.description, port.usb_id, port.serial_number)
    Console().print(table)
