"""When a call that rings is answered. No port, no clock."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from faxmodem.modem.callerid import MAX_LINES, CallerInfo, caller_info
from faxmodem.modem.dial import COSMETIC

WITHHELD: Final = "withheld"
"The pattern for callers who do not tell their number."


@dataclass(frozen=True, slots=True, kw_only=True)
class RingRules:
    """How often the telephone rings before a call is answered, and whose calls are not answered at all.

    Callers are given by patterns for number or name as the modem reports them: `*` stands for anything, `?` for one
    character, blanks, hyphens, dots and parentheses for nothing; `withheld` for those who do not tell their number.
    """

    rings: int = 1
    by_caller: tuple[tuple[str, int], ...] = ()
    "Other numbers of rings for some callers; the first pattern that fits counts."
    reject: tuple[str, ...] = ()
    "Never answered."
    did_digits: int = 0
    "On lines that tell the dialled digits, with RING or without: answered as soon as so many have come; 0: never."
    asks_for_caller: bool = False
    "The modem is told to report callers, although nothing else here needs it."

    @property
    def needs_caller(self) -> bool:
        """Whether it depends on the caller when a call is answered."""
        return bool(self.by_caller or self.reject)

    @property
    def wants_caller(self) -> bool:
        """Whether the modem is to be told to report callers."""
        return self.asks_for_caller or self.needs_caller

    def rings_for(self, caller: CallerInfo) -> float:
        """After how many rings this call is answered: 0 for at once, infinity for never."""
        if any(_fits(pattern, caller) for pattern in self.reject):
            return math.inf
        if 0 < self.did_digits <= len(caller.called):
            return 0
        return next((rings for pattern, rings in self.by_caller if _fits(pattern, caller)), self.rings)


def _fits(pattern: str, caller: CallerInfo) -> bool:
    if pattern.casefold() == WITHHELD:
        return bool(caller.withheld) and not caller.number
    wanted = _plain(pattern)
    return any(fnmatchcase(_plain(text), wanted) for text in (caller.number, caller.name) if text)


def _plain(text: str) -> str:
    return "".join(character for character in text if character not in COSMETIC).casefold()


class RingCounter:
    """Counts the rings of one call, and knows when they are enough."""

    def __init__(self, rules: RingRules, report_rings: int) -> None:
        """`report_rings`: the report about the caller has come by this ring, or does not come."""
        self._rules = rules
        self._report_rings = report_rings
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._rings = 0

    @property
    def begun(self) -> bool:
        """Whether anything of a call was heard."""
        return bool(self._lines)

    @property
    def caller(self) -> CallerInfo:
        """What is known of the caller."""
        return caller_info(self._lines)

    def hear(self, line: str, *, rings: bool) -> None:
        """Take in a line about a call; `rings`: it is a RING."""
        self._lines.append(line)
        self._rings += rings

    def forget(self) -> None:
        """The caller has given up: what comes next belongs to another call."""
        self._lines.clear()
        self._rings = 0

    @property
    def is_enough(self) -> bool:
        """Whether the call is to be answered now."""
        caller = self.caller
        wanted = self._rules.rings_for(caller)
        if self._rules.needs_caller and not caller.is_told:
            wanted = max(wanted, self._report_rings)
        return self.begun and self._rings >= wanted
