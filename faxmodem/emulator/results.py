"""Result codes of the DCE, in words and in numbers."""

from __future__ import annotations

from enum import Enum


class Result(Enum):
    """A result code: `(verbose, numeric)`. V.250 §5.7.1, T.31 (08/95)."""

    OK = ("OK", "0")
    CONNECT = ("CONNECT", "1")
    RING = ("RING", "2")
    NO_CARRIER = ("NO CARRIER", "3")
    ERROR = ("ERROR", "4")
    NO_DIALTONE = ("NO DIALTONE", "6")
    BUSY = ("BUSY", "7")
    NO_ANSWER = ("NO ANSWER", "8")
    DATA = ("DATA", "13")
    FAX = ("FAX", "15")
    DELAYED = ("DELAYED 00:59:02", "24")
    FCERROR = ("+FCERROR", "+F4")
    FRH3 = ("+FRH:3", "+FRH:3")
    "With +FAR=1: V.21 is heard instead of the carrier asked for, and +FRH=3 goes on from here."

    def __init__(self, verbose: str, numeric: str) -> None:
        self.verbose = verbose
        self.numeric = numeric
