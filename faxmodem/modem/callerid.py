"""Who calls, from the lines that a DCE sends with RING. Every maker has a wording of his own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_LENGTH: Final = 259
"Characters of the CallerId property of a job status."

_NUMBERS: Final = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?:NMBR|NBR|ANID|CID|CALLERID|CALLER(?:'S)? NUMBER)\s*[=:]\s*(.*)",
        r"\+CLIP:\s*\"?([^\",]*).*",
        r"FM:\s*([^/ ]*).*",
        r"RING;([^;]*).*",
        r"RING: \S+ DN\S+ (\S+)",
    )
)
_NAMES: Final = (re.compile(r"(?:NAME|CALLER NAME)\s*[=:]\s*(.*)", re.IGNORECASE),)

_WITHHELD: Final = frozenset({"O", "P"})
"Out of area, private: what stands in place of a number or name that is not told."


def caller_id(lines: Iterable[str]) -> str:
    """The caller's number, or else the name, or "" if neither is told; no control characters, at most 259 long."""
    told = list(lines)
    for shapes in (_NUMBERS, _NAMES):
        for line in told:
            if value := _field(line, shapes):
                return value
    return ""


def _field(line: str, shapes: Iterable[re.Pattern[str]]) -> str:
    """What the first fitting shape finds in a line."""
    clean = "".join(character for character in line if character.isprintable()).strip()
    for shape in shapes:
        if match := shape.fullmatch(clean):
            value = match[1].strip()
            return "" if value in _WITHHELD else value[:MAX_LENGTH]
    return ""
