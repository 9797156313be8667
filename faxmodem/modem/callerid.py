"""Who calls and whom he has dialled, from what a DCE says beside RING. Every maker has a wording of his own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 259
"Characters of the CallerId property of a job status; nothing that is told here is longer."
MAX_LINES: Final = 32
"Of a report; what is longer is none."

RING_UNIT_S: Final = 0.1
"Of DRON and DROF (V.253)."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerInfo:
    """What a modem told of a call before it was answered; "" for what it did not tell. No control characters."""

    number: str = ""
    "The caller's."
    name: str = ""
    "The caller's."
    called: str = ""
    "The number that the caller has dialled, or its last digits (DID, MSN)."
    date: str = ""
    "As the exchange told it, usually MMDD."
    time: str = ""
    "As the exchange told it, usually HHMM."
    withheld: str = ""
    'Why there is no number: "private", "out of area", or as the exchange worded it.'
    ring: str = ""
    "Which distinctive ring it is, as the modem numbers them: 1, A."
    cadence: tuple[float, ...] = ()
    "Of the ring: seconds of ringing and of silence in turn, as far as the modem reports them."
    lines: tuple[str, ...] = ()
    "The lines that said so."

    @property
    def best(self) -> str:
        """The number, or else the name, or ""."""
        return self.number or self.name

    @property
    def is_told(self) -> bool:
        """Whether the report about the caller has come: who he is, or that this is not told."""
        return bool(self.number or self.name or self.withheld)


_WHY_WITHHELD: Final = {
    "O": "out of area",
    "P": "private",
    "OUT OF AREA": "out of area",
    "OUT_OF_AREA": "out of area",
    "PRIVATE": "private",
    "UNAVAILABLE": "out of area",
    "UNKNOWN": "out of area",
    "<NONE>": "not told",
    "NONE": "not told",
    "": "not told",
}
"What stands in place of a number or name that is not told."

_LABELS: Final = {
    "number": r"NMBR|NBR|ANID|CID|CALLERID|CALLER(?:'S)? NUMBER",
    "name": r"NAME|CALLER NAME",
    "called": r"NDID|DDN_NMBR|DAD|CALLED NUMBER",
    "date": r"DATE",
    "time": r"TIME",
    "withheld": r"REASON FOR NO CALLER (?:NUMBER|NAME)",
    "message": r"MESG",
    "on": r"DRON",
    "off": r"DROF",
    "other": r"USER|PASS|CDID|DIVERTING NUMBER",
}
"By what they tell: the words before a value, then = or : with or without blanks."

_SHAPES: Final = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        *(rf"(?:{words})\s*[=:]\s*(?P<{field}>.*)" for field, words in _LABELS.items()),
        r'\+CLIP:\s*"?(?P<number>[^",]*).*',
        r"FM:\s*(?P<number>[^/\s]*)\S*(?:\s+TO:\s*(?P<called>[^/\s]*).*)?",
        r"RING;(?P<number>[^;]*)(?:;(?P<called>[^;]*).*)?",
        r"RING/(?P<called>.*)",
        r"RING: (?P<ring>\S+) DN\S* (?P<number>\S+)",
        r"RING (?P<ring>[0-9A-Z])",
        r"DTMF(?P<called>[0-9A-D*#]+)",
        r"(?P<number>\+?[0-9]{3,20})",
    )
)
"The shapes of lines; each line has the first that fits."

# Parameters of a caller's message: a type, a count of octets, so many octets of ASCII (ETSI EN 300 659-3, GR-30-CORE).
_DATE_AND_TIME, _WHY_NO_NUMBER, _NAME, _WHY_NO_NAME, _WHOLE_MESSAGE = 0x01, 0x04, 0x07, 0x08, 0x80
_NUMBERS: Final = (0x02, 0x03)


def caller_info(lines: Iterable[str]) -> CallerInfo:
    """What the lines tell; of two that tell the same the first counts, and those that tell nothing are left out."""
    told: dict[str, str] = {}
    cadence: list[float] = []
    kept: list[str] = []
    for line in lines:
        fields = _fields(line)
        if not fields or len(kept) == MAX_LINES:
            continue
        kept.append(_clean(line))
        for field, value in fields:
            if field in ("on", "off"):
                _add_to_cadence(cadence, field, value)
            elif field in ("number", "name") and value.upper() in _WHY_WITHHELD:
                if field == "number":
                    told.setdefault("withheld", _WHY_WITHHELD[value.upper()])
            elif value:
                told.setdefault(field, value)
    if "number" in told:
        told.pop("withheld", None)
    told.pop("other", None)
    return CallerInfo(**told, cadence=tuple(cadence), lines=tuple(kept))


def is_report(line: str) -> bool:
    """Whether a line tells something of a call."""
    return bool(_fields(line))


def _clean(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_LENGTH]


def _fields(line: str) -> list[tuple[str, str]]:
    """What one line tells: field and value."""
    clean = _clean(line)
    for shape in _SHAPES:
        if match := shape.fullmatch(clean):
            found = [(field, value.strip()) for field, value in match.groupdict().items() if value is not None]
            return list(_message(found[0][1])) if found[0][0] == "message" else found
    return []


def _message(text: str) -> Iterator[tuple[str, str]]:
    """What a message tells that a modem passes on undecoded, as two hexadecimal digits for each octet."""
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        return
    at = 2 if octets[:1] == bytes((_WHOLE_MESSAGE,)) else 0
    while at + 2 <= len(octets):
        kind, size = octets[at], octets[at + 1]
        value = _clean(octets[at + 2 : at + 2 + size].decode("ascii", "ignore"))
        at += 2 + size
        if kind == _DATE_AND_TIME:
            yield from (("date", value[:4]), ("time", value[4:8]))
        elif kind in _NUMBERS:
            yield "number", value
        elif kind == _NAME:
            yield "name", value
        elif kind in (_WHY_NO_NUMBER, _WHY_NO_NAME):
            yield "number" if kind == _WHY_NO_NUMBER else "name", value


def _add_to_cadence(cadence: list[float], field: str, value: str) -> None:
    """Add a time of ringing or of silence; the silence before the first ring, which V.253 reports too, is none."""
    is_due = field == ("on", "off")[len(cadence) % 2]
    if is_due and value.isdecimal() and len(value) <= 4 and len(cadence) < MAX_LINES:
        cadence.append(round(int(value) * RING_UNIT_S, 1))
