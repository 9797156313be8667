"""Telephone numbers, checked before anything of them reaches a modem."""

from __future__ import annotations

import re
from typing import Final

from faxmodem.errors import DialError

MAX_LENGTH: Final = 40
"What the dialling buffers of fax modems hold at least."

DIGITS: Final = frozenset("0123456789")
PAUSES: Final = frozenset("W,@!")
"Wait for a dial tone, wait some seconds, wait for silence, hook flash."
DIALABLE: Final = DIGITS | PAUSES | frozenset("ABCD*#+PT")
"V.250 (07/2003) §6.3.1, without `;` and line ends, which would end the command and begin another."
COSMETIC: Final = frozenset(" -().")
"Written between digits by people, skipped by modems."

_MISPLACED_MODE: Final = re.compile(r"(?<=[^W,@!])[PT]|[PT](?=[PT]|$)")
_MISPLACED_PLUS: Final = re.compile(r"(?<=[^W,@!PT])\+")


def dial_string(number: str) -> str:
    """What to dial for a number as people write it: upper case, without spaces, hyphens, dots and parentheses.

    Raises `DialError` for any character that no dial string may hold, for P, T or + where they mean nothing, for a
    number without digits, and for a long one.
    """
    dialled = "".join(character for character in number if character not in COSMETIC)
    for character in dialled:
        # Compared before upper(): the capital of some letters beyond ASCII is an ASCII letter.
        if not character.isascii() or character.upper() not in DIALABLE:
            raise DialError(
                f"the telephone number {number!r} holds {character!r}; allowed are digits, * # + A-D, "
                "W , @ ! P T, and spaces, hyphens, dots and parentheses"
            )
    dialled = dialled.upper()
    if not DIGITS.intersection(dialled):
        raise DialError(f"the telephone number {number!r} has no digit")
    if _MISPLACED_MODE.search(dialled):
        raise DialError(
            f"the telephone number {number!r} holds T (tones) or P (pulses) in the middle; "
            "they stand at its beginning or after a pause (W , @ !), with something to dial behind them"
        )
    if _MISPLACED_PLUS.search(dialled):
        raise DialError(f"the telephone number {number!r} holds a + in the middle; it stands before a country code")
    if len(dialled) > MAX_LENGTH:
        raise DialError(
            f"the telephone number {number!r} has {len(dialled)} characters; at most {MAX_LENGTH} are dialled"
        )
    return dialled
