"""The three dialects of modems that run T.30 themselves, as data.

SP-2388-A (08/91) for Class 2; T.32 (08/95) and TIA-592 for Class 2.0, whose words Class 2.1 has as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from faxmodem.modem.at import DLE_ETX
from faxmodem.modem.profile import Step
from faxmodem.t30.fcf import Fcf
from faxmodem.transport.base import Flow

DC1: Final = b"\x11"
DC2: Final = b"\x12"


@dataclass(frozen=True, slots=True)
class PageEnd:
    """How the modem is told what follows a page."""

    octets: bytes
    "Behind the page data."
    command: str = ""
    'To give after the OK to those; "": they have said it all.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one service class words things."""

    service_class: str
    hexadecimal: bool
    "Session parameters and hang-up codes; decimal otherwise."
    identify: tuple[str, ...]
    abilities: str
    "Asked for ranges, set for what the station offers."
    session: str
    "What the next page, DIS or DTC is to be like."
    station_id: str
    polling_id: str
    polls: str
    "Asks the far end for its document."
    has_document: str
    "Lays a document ready to be polled."
    page_status: str
    "The answer to a page that came."
    status_query: str = ""
    'Asked after a page has gone out and its status was not told; "": it always is.'
    abort: str
    settings: tuple[Step, ...]
    "Before each call."
    quality: tuple[str, str]
    "The modem confirms every page; it refuses what it finds bad itself."
    flow: Mapping[Flow, str]
    addressing: tuple[str, str, str] | None = None
    "Subaddress, selector of a document to be polled, password; None: the class has none of them."
    asks_for_data: bool
    "XON comes behind the CONNECT of a page to be sent."
    page_ends: Mapping[Fcf, PageEnd]
    post_page: Mapping[int, Fcf]
    "Codes of the post-page command that came."


_POST_PAGE: Final = {0: Fcf.MPS, 1: Fcf.EOM, 2: Fcf.EOP}

CLASS_2: Final = Dialect(
    service_class="2",
    hexadecimal=False,
    identify=("+FMFR?", "+FMDL?", "+FREV?"),
    abilities="+FDCC",
    session="+FDIS",
    station_id="+FLID",
    polling_id="+FCIG",
    polls="+FSPL",
    has_document="+FLPL",
    page_status="+FPTS",
    abort="AT+FK",
    settings=(
        Step(command="AT+FCR=1", optional=True),
        Step(command="AT+FBOR=0", optional=True),
        Step(command="AT+FPHCTO=255", optional=True),  # 25.5 s, the most: a page may take a while to draw
    ),
    quality=("AT+FCQ=0", "AT+FCQ=1"),
    flow={},
    asks_for_data=True,
    page_ends={fcf: PageEnd(DLE_ETX, f"AT+FET={code}") for code, fcf in _POST_PAGE.items()},
    post_page=_POST_PAGE | {4: Fcf.PRI_MPS, 5: Fcf.PRI_EOM, 6: Fcf.PRI_EOP},
)

CLASS_2_0: Final = Dialect(
    service_class="2.0",
    hexadecimal=True,
    identify=("+FMI?", "+FMM?", "+FMR?"),
    abilities="+FCC",
    session="+FIS",
    station_id="+FLI",
    polling_id="+FPI",
    polls="+FSP",
    has_document="+FLP",
    page_status="+FPS",
    status_query="AT+FPS?",
    abort="AT+FKS",
    settings=(
        Step(command="AT+FCR=1", optional=True),
        Step(command="AT+FBO=0", optional=True),
        Step(command="AT+FNR=1,1,1,0", optional=True),  # some take this form only, and some the next
        Step(command="AT+FNR=1,1,1,1", optional=True),
        Step(command="AT+FIE=0", optional=True),
        Step(command="AT+FCT=60", optional=True),  # seconds, or 96 where it is read as hexadecimal
        Step(command="AT+FAP=1,1,1", optional=True),
    ),
    quality=("AT+FCQ=0,0", "AT+FCQ=1,0"),
    flow={Flow.NONE: "AT+FLO=0", Flow.XONXOFF: "AT+FLO=1", Flow.RTSCTS: "AT+FLO=2"},
    addressing=("+FSA", "+FPA", "+FPW"),
    asks_for_data=False,
    page_ends={Fcf.MPS: PageEnd(b"\x10\x2c"), Fcf.EOM: PageEnd(b"\x10\x3b"), Fcf.EOP: PageEnd(b"\x10\x2e")},
    post_page=_POST_PAGE | {3: Fcf.PRI_MPS, 4: Fcf.PRI_EOM, 5: Fcf.PRI_EOP},
)

CLASS_2_1: Final = replace(CLASS_2_0, service_class="2.1")

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.service_class: dialect for dialect in (CLASS_2_1, CLASS_2_0, CLASS_2)}

ANSWERS: Final = {0: Fcf.RTN, 1: Fcf.MCF, 2: Fcf.RTN, 3: Fcf.RTP, 4: Fcf.PIN, 5: Fcf.PIP}
"Page status by its code, in all classes. 0 is PPR, which no page ends with: the page did not come through."
STATUS_CODES: Final = {Fcf.MCF: 1, Fcf.RTN: 2, Fcf.RTP: 3}
