"""The code words of one-dimensional coding, and the tables that coder and decoder make of them.

T.4 (07/2003) §4.1.1, tables 2, 3a and 3b. Words stand as the standard prints them: the leftmost bit goes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import in_link_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_WHITE_TERMINATING: Final = """
    00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011
    0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010
    00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100
    00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000
    01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100
"""
_BLACK_TERMINATING: Final = """
    0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000
    0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111
    00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 000001101011
    000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010
    000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 000001100101 000001010010 000001010011
    000000100100 000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100
    000001011010 000001100110 000001100111
"""
_WHITE_MAKE_UP: Final = """
    11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010
    011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001
    010011010 011000 010011011
"""
_BLACK_MAKE_UP: Final = """
    0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101
    0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101
    0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011
    0000001100100 0000001100101
"""
_LONG_MAKE_UP: Final = """
    00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111
    000000011100 000000011101 000000011110 000000011111
"""

LONGEST_MAKE_UP: Final = 2560
"Pels of the longest make-up code; a longer run takes it as often as needed."
EOL: Final = "000000000001"
"End of line; more zeros before it are fill. No legal code words hold eleven zeros in a row."
EOL_BITS: Final = len(EOL)
WINDOW_BITS: Final = 13
"Bits of the longest code word, and so the least that a decoder must see to know the next one."


def _words(terminating: str, make_up: str) -> dict[int, str]:
    runs = [*range(64), *range(64, LONGEST_MAKE_UP + 1, 64)]
    return dict(zip(runs, f"{terminating} {make_up} {_LONG_MAKE_UP}".split(), strict=True))


WHITE: Final[Mapping[int, str]] = _words(_WHITE_TERMINATING, _WHITE_MAKE_UP)
"Run length to code word, for runs of white; from 64 on these are make-up codes."
BLACK: Final[Mapping[int, str]] = _words(_BLACK_TERMINATING, _BLACK_MAKE_UP)
"The same for runs of black."


@dataclass(frozen=True, slots=True)
class RunCodes:
    """For the coder: one entry for each `(colour, symbol)`, white before black.

    Symbols 0 to 2623 are runs with their make-up and terminating code joined; symbol `MAKE_UP_ALONE` is the make-up
    code for 2560 pels and nothing behind it.
    """

    code: NDArray[np.uint64]
    "Code words in link order, shape `(2, SYMBOLS)`."
    bits: NDArray[np.int64]
    "How long they are, same shape."


MAKE_UP_ALONE: Final = LONGEST_MAKE_UP + 64
SYMBOLS: Final = MAKE_UP_ALONE + 1


@cache
def run_codes() -> RunCodes:
    """Give the coder's table."""
    words = [
        [(colour[run - run % 64] if run >= 64 else "") + colour[run % 64] for run in range(MAKE_UP_ALONE)]
        + [colour[LONGEST_MAKE_UP]]
        for colour in (WHITE, BLACK)
    ]
    return RunCodes(
        code=np.array([[in_link_order(word) for word in colour] for colour in words], dtype=np.uint64),
        bits=np.array([[len(word) for word in colour] for colour in words], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class WindowCodes:
    """For the decoder: all code words that lie whole in a window of bits, for each `(state, window)`.

    The index is `state << WINDOW_BITS | window`, the window's first bit being its least significant. Bit 0 of a
    state is the colour whose code comes next, 1 for black; bit 1 (`PENDING`) says that a make-up code came before,
    so that a terminating code is still owed.
    """

    bits: NDArray[np.int64]
    "Bits of those words. 0: no code starts like this, but fill, EOL or the extension code does."
    pels: NDArray[np.int64]
    "Pels of those words."
    state: NDArray[np.int64]
    "The state after them, shifted left by `WINDOW_BITS`."
    turns: NDArray[np.int64]
    "How many runs end among them."
    ends: NDArray[np.int64]
    "Where those runs end, in pels from the window's start; shape `(most turns, entries)`."


PENDING: Final = 2 << WINDOW_BITS


@cache
def window_codes() -> WindowCodes:
    """Give the decoder's table."""
    span = 1 << WINDOW_BITS
    word_bits, word_run = np.zeros((2, span), np.int64), np.zeros((2, span), np.int64)
    for colour, words in enumerate((WHITE, BLACK)):
        for run, word in words.items():
            matching = slice(in_link_order(word), None, 1 << len(word))
            word_bits[colour, matching] = len(word)
            word_run[colour, matching] = run

    state, window = np.divmod(np.arange(4 * span), span)
    bits, pels, turns = np.zeros_like(window), np.zeros_like(window), np.zeros_like(window)
    ends = np.zeros((WINDOW_BITS // 2, window.size), np.int64)  # no code word is shorter than 2 bits
    while True:
        index = (state & 1, window >> bits)
        added = word_bits[index]
        whole = (added > 0) & (bits + added <= WINDOW_BITS)
        if not whole.any():
            break
        bits += np.where(whole, added, 0)
        pels += np.where(whole, word_run[index], 0)
        turn = whole & (word_run[index] < 64)
        ends[turns[turn], np.flatnonzero(turn)] = pels[turn]
        turns += turn
        state = np.where(turn, (state & 1) ^ 1, np.where(whole, state | 2, state))
    return WindowCodes(bits=bits, pels=pels, state=state << WINDOW_BITS, turns=turns, ends=ends[: turns.max()])
