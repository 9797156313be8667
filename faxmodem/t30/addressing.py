"""For whom a document is, and whether somebody may have it: what a user states beside the number.

T.30 (09/2005) §5.3.6.1.3 and §5.3.6.1.4, table 2 notes on bits 35, 47, 49 and 50.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressing:
    """What goes along with our DCS (sending) or DTC (polling), of at most 20 characters each; "" is left out."""

    subaddress: str = ""
    "Within the far end: SUB with a DCS, PSA with a DTC."
    password: str = ""
    "SID with a DCS, PWD with a DTC."
    selective: str = ""
    "Which of the far end's documents is wanted: SEP with a DTC."


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who may poll the document that we hold."""

    password: str = ""
    "Must come as PWD; empty: none is asked for."
    selective: str = ""
    "Must come as SEP; empty: any will do."
