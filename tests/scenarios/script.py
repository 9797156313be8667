"""The language of scripts, in which a scenario says what a far end does and what it wants of the near end.

A script is a list of lines, each a list of turns divided by ";". A turn is who (`near`: the stack under test, `far`:
the scripted machine) and what it says in one go:

    "near DCS TCF@14400; far FTT"
    "6x near DCS TCF; far FTT"              # the line, six times
    "forever far DCS TCF; near CFR"         # until the near end leaves

    DCS  DIS(00 6e 7a)  RAW(ff 13)          a frame, with its FIF in link order; RAW: any octets
    DIS(ecm t6)  DCS(ecm !t6 scan_time=4)   with these fields of `faxmodem.t30.bits`: beside the usual ones if the far
                                            end says it; among others, "!" for not set, if the near end does
    PWD('1234')  CSI                        a text; frames of the near end that are not the last of a transmission
                                            count only where the script names them
    PPS-EOP  PPS-NULL(0 1 256)  EOR-EOP     the command inside; page, block and number of frames, if not the right ones
    PPR(2 5-7)  PPR()                       frame numbers; the far end's without any asks for none
    CTC@9600                                to go on at this rate
    TCF  page                               what a fast carrier brings; @14400: at this rate
    page-without-RTC
    block  block(2 5-7)  block(- 2)         frames of a block of the page: all, these in this order, all but these,
                                            which are lost on the way; again after a block that was not confirmed.
                                            long-block: trained long
    block(none)                             no frame at all, but RCP
    flags(60)                               so many seconds of flags in front of the block that follows
    one-RCP no-RCP                          how the block that follows ends
    at-once                                 what follows does not wait until the near end is silent
    tone                                    1 s of 2100 Hz
    nothing(5)                              silence for 5 s
    hangs-up
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from faxmodem.t30.fcf import Fcf

FAST: Final = ("TCF", "page", "page-without-RTC", "block", "long-block")
"What a fast carrier brings."
ACTIONS: Final = ("nothing", "hangs-up", "tone", "flags", "one-RCP", "no-RCP", "at-once", *FAST)
"What is no frame of V.21."
INNER: Final = {
    "NULL": 0,
    **{fcf.name.replace("_", "-"): int(fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP)},
    **{fcf.name.replace("_", "-"): int(fcf) for fcf in (Fcf.PRI_MPS, Fcf.PRI_EOM, Fcf.PRI_EOP)},
}
"What PPS and EOR may hold."

_ITEM: Final = re.compile(r"([\w-]+)(?:@(\d+))?(\([^)]*\))?\s*")
_HEX: Final = re.compile(r"[0-9a-f]{2}( [0-9a-f]{2})*")
_LINE: Final = re.compile(r"(?:(\d+)x |(forever) )?(.*)")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is said."""

    name: str
    rate: int | None = None
    argument: str | None = None

    def __str__(self) -> str:
        argument = "" if self.argument is None else f"({self.argument})"
        return self.name + (f"@{self.rate}" if self.rate else "") + argument

    @property
    def fcf(self) -> Fcf:
        """The frame. Raises ValueError for a name that is neither a frame nor an action."""
        outer, _, inner = self.name.partition("-")
        if outer in ("PPS", "EOR") and inner in INNER:
            return Fcf[outer]
        try:
            return Fcf[self.name.replace("-", "_")]
        except KeyError:
            raise ValueError(f"{self.name} is neither a frame nor an action of a script") from None

    @property
    def inner(self) -> int:
        """The command inside PPS or EOR."""
        return INNER[self.name.partition("-")[2]]

    @property
    def octets(self) -> bytes | None:
        """The FIF, if the script has it octet for octet."""
        counts = self.name.startswith(("PPS", "PPR"))
        return None if counts or not _HEX.fullmatch(self.argument or "") else bytes.fromhex(self.argument or "")

    @property
    def text(self) -> str | None:
        """The text in quotes."""
        quoted = self.argument is not None and self.argument.startswith("'")
        return (self.argument or "").strip("'") if quoted else None

    @property
    def words(self) -> list[str]:
        """What stands in the brackets."""
        return (self.argument or "").split()

    def numbers(self, size: int = 0) -> list[int]:
        """Frame numbers: "2 5-7"; "- 2" for all of `size` but this; nothing in brackets, or no brackets, for all."""
        numbers: list[int] = []
        but = self.words[:1] == ["-"]
        for word in self.words[but:]:
            if word != "none":
                first, _, last = word.partition("-")
                numbers += range(int(first), int(last or first) + 1)
        return [number for number in range(size) if number not in numbers] if but or not self.words else numbers


@dataclass(frozen=True, slots=True)
class Turn:
    """What one end says in one go."""

    near: bool
    items: tuple[Item, ...]

    def __str__(self) -> str:
        return " ".join(("near" if self.near else "far", *map(str, self.items)))


def parse(script: Iterable[str]) -> Iterator[Turn]:
    """The turns of a script. Raises ValueError for one that nobody can play."""
    for line in script:
        match = _LINE.fullmatch(line)
        assert match is not None
        turns = [_turn(text.strip()) for text in match[3].split(";")]
        for _ in repeat(None) if match[2] else range(int(match[1] or 1)):
            yield from turns


def check(script: Iterable[str]) -> None:
    """Raise ValueError for a script that nobody can play."""
    for _ in parse(line.removeprefix("forever ") for line in script):
        pass


def _turn(text: str) -> Turn:
    who, _, rest = text.partition(" ")
    matches = list(_ITEM.finditer(rest))
    if who not in ("near", "far") or "".join(match[0] for match in matches) != rest or not matches:
        raise ValueError(f"{text!r} is no turn of a script")
    items = tuple(Item(m[1], int(m[2]) if m[2] else None, m[3][1:-1] if m[3] else None) for m in matches)
    for item in items:
        if item.name not in (*ACTIONS, "RAW"):
            _ = item.fcf
    return Turn(who == "near", items)
