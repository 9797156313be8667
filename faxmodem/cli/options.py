"""Options that several verbs share, each with its one line of help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Port = Annotated[
    str,
    typer.Option(
        "--port",
        envvar="FAXMODEM_PORT",
        metavar="PORT",
        help="serial port of the modem: a device, usb:VID:PID, usb:SERIAL, or a URL (socket://HOST:PORT, rfc2217://...)",
    ),
]
StationId = Annotated[
    str,
    typer.Option(
        "--station-id", envvar="FAXMODEM_STATION_ID", metavar="ID", help="our own number, at most 20 characters"
    ),
]
MaxRate = Annotated[int, typer.Option("--max-rate", metavar="BPS", help="highest rate to use, in bit/s")]
Json = Annotated[bool, typer.Option("--json", help="print each status of the job as a line of JSON")]
Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="write the dialogue with the modem to FILE, as text"),
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        envvar="FAXMODEM_PROFILE",
        metavar="NAME",
        help="firmware profile: a name (`faxmodem profiles` lists them) or a TOML file; auto: the modem is asked",
    ),
]
DIALLING = "Dialling"
"Heading in the help."
Number = Annotated[
    str | None, typer.Option("--to", metavar="NUMBER", help="number to dial; digits, and W , @ ! for pauses")
]
OpenCall = Annotated[
    bool,
    typer.Option(
        "--open-call",
        rich_help_panel=DIALLING,
        help="instead of --to: somebody has dialled and hears a fax",
    ),
]
DialRules = Annotated[
    Path | None,
    typer.Option(
        "--dial-rules",
        envvar="FAXMODEM_DIAL_RULES",
        rich_help_panel=DIALLING,
        metavar="FILE",
        help="TOML file: country and area, prefixes, outside line, blocked numbers; default: the user's own",
    ),
]
Baud = Annotated[
    int | None,
    typer.Option(
        "--baud",
        metavar="RATE",
        min=300,
        help="speed of the serial port, in bit/s; default: the profile's, else 115200",
    ),
]


class ModemClass(StrEnum):
    """Service classes that may be asked for."""

    AUTO = "auto"
    CLASS_1 = "1"
    CLASS_1_0 = "1.0"
    CLASS_2 = "2"
    CLASS_2_0 = "2.0"
    CLASS_2_1 = "2.1"


Class = Annotated[
    ModemClass,
    typer.Option("--class", help="service class to use; auto: the first that the profile prefers and the modem has"),
]


class ResolutionName(StrEnum):
    """The names of the resolutions, as in `faxmodem.codec.geometry`."""

    STANDARD = "standard"
    FINE = "fine"
    SUPERFINE = "superfine"
    R16 = "R16"
    INCH_200 = "200x200"
    INCH_200X400 = "200x400"
    INCH_300 = "300x300"
    INCH_400 = "400x400"


Resolution = Annotated[
    ResolutionName,
    typer.Option("--resolution", help="how dense the page is drawn; a TIFF that is a fax keeps its own"),
]
Ecm = Annotated[bool, typer.Option("--ecm/--no-ecm", help="error correction, where the far end has it too")]


class CodingName(StrEnum):
    """The names of the codings."""

    MH = "MH"
    MR = "MR"
    MMR = "MMR"


Codings = Annotated[
    list[CodingName] | None,
    typer.Option("--coding", help="a coding that may be used, besides MH; may be repeated; default: all"),
]
MaxBadLines = Annotated[
    float,
    typer.Option(
        "--max-bad-lines", metavar="PERCENT", min=0, max=100, help="a page with more damaged lines is refused (RTN)"
    ),
]
MaxBadRun = Annotated[
    float,
    typer.Option("--max-bad-run", metavar="MM", min=0, help="so is one whose damaged lines lie together this high"),
]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="write the report of the call to FILE, as JSON")
]
Subaddress = Annotated[str, typer.Option("--subaddress", metavar="SUB", help="mailbox or the like behind the far end")]
Password = Annotated[str, typer.Option("--password", envvar="FAXMODEM_PASSWORD", metavar="PWD", help="what opens it")]
Selective = Annotated[str, typer.Option("--selective", metavar="SEP", help="which document is to be polled")]


def number(to: str | None, *, open_call: bool) -> str | None:
    """The number to dial, None for a call that somebody has dialled. Raises `typer.BadParameter`."""
    if open_call is (to is not None):
        raise typer.BadParameter("either --to NUMBER or --open-call must be given, and not both")
    return to


def codings(names: list[CodingName] | None) -> list[str]:
    """The codings that the options ask for."""
    return [name.value for name in names or CodingName]


class RenderingName(StrEnum):
    """How gray becomes black and white."""

    AUTO = "auto"
    TEXT = "text"
    PHOTO = "photo"


Rendering = Annotated[
    RenderingName, typer.Option("--rendering", help="auto: dither photographs and keep text crisp; or force one")
]
