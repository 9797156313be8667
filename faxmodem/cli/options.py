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
        help="serial port of the modem: a device or a URL (socket://HOST:PORT, rfc2217://HOST:PORT)",
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
Profile = Annotated[str, typer.Option("--profile", metavar="NAME", help="firmware profile: a name or a TOML file")]
Baud = Annotated[int, typer.Option("--baud", metavar="RATE", help="speed of the serial port, in bit/s")]


class ModemClass(StrEnum):
    """Service classes that may be asked for."""

    AUTO = "auto"
    CLASS_1 = "1"


Class = Annotated[ModemClass, typer.Option("--class", help="service class of the modem")]


class ResolutionName(StrEnum):
    """Lines per millimetre."""

    STANDARD = "standard"
    FINE = "fine"
    SUPERFINE = "superfine"


Resolution = Annotated[
    ResolutionName, typer.Option("--resolution", help="3.85, 7.7 or 15.4 lines/mm; a TIFF that is a fax keeps its own")
]


class RenderingName(StrEnum):
    """How gray becomes black and white."""

    AUTO = "auto"
    TEXT = "text"
    PHOTO = "photo"


Rendering = Annotated[
    RenderingName, typer.Option("--rendering", help="auto: dither photographs and keep text crisp; or force one")
]
