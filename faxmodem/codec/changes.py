"""Pels to changing elements and back, for many lines at once.

A changing element is a pel whose colour is not that of the pel to its left; an imaginary white pel stands before each
line (T.4 (07/2003) §4.2.1.1). Here a line lies in 64-bit words, first pel on top, a set bit being a changing element.
Three or four more follow behind the last pel, so that no line has to be looked at by itself:

- the first of them is the line's end, which is coded like any other element;
- whoever looks for an element behind a line's end finds the end again;
- they make the number of elements even, so that an element's colour is the parity of its index, whatever its line:
  what is even turns black.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MOST_PADS: Final = 4
_BAND: Final = 32_768  # elements worked on at a time: what is made of so many stays in a second-level cache
_ONE: Final = np.uint64(1)


@dataclass(frozen=True, slots=True)
class Band:
    """Some lines of a page, one after the other, and above them the one that the first of them refers to."""

    first: int
    "Which line of the page is the first one (the one above not counted)."
    words: NDArray[np.uint64]
    "Changing elements as bits, shape `(1 + lines, words of a line)`."
    place: NDArray[np.int64]
    "For each element its bit in `words`; those behind a line's end have the end's."
    ends: NDArray[np.int64]
    "For each line, from the one above on, the index behind its last element."
    before: NDArray[np.int64]
    "For each word how many elements come before it; flat."

    @property
    def lines(self) -> int:
        """How many lines there are, without the one above."""
        return len(self.words) - 1

    @property
    def stride(self) -> int:
        """Bits from one line to the next."""
        return 64 * int(self.words.shape[1])


class Changes:
    """The changing elements of packed rows, with a white line above them."""

    def __init__(self, rows: NDArray[np.uint8], width: int) -> None:
        self._width = width
        octets = np.zeros((rows.shape[0] + 1, (width + _MOST_PADS + 63) // 64 * 8), np.uint8)
        octets[1:, : rows.shape[1]] = rows
        pels = octets.view(">u8").astype(np.uint64)
        # Whole words at once: the pads are white, so that no pel gets into the next line.
        changes = pels.ravel() >> _ONE
        changes[1:] |= pels.ravel()[:-1] << np.uint64(63)
        changes ^= pels.ravel()
        self._words = changes.reshape(pels.shape)
        self._pad()
        counts = np.bitwise_count(self._words).sum(axis=1, dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(counts)))

    def _pad(self) -> None:
        word, bit = divmod(self._width, 64)
        # A last pel that is black has made its end a changing element already: an odd number, with the two an even one.
        is_even = ~self._words[:, word] >> np.uint64(63 - bit) & _ONE
        always = np.ones_like(is_even)
        for pad, needed in enumerate((always, always, always, is_even)):
            word, bit = divmod(self._width + pad, 64)
            self._words[:, word] |= needed << np.uint64(63 - bit)

    def bands(self) -> Iterator[Band]:
        """Give the page in bands that are quick to work on."""
        first, lines = 1, self._words.shape[0]
        while first < lines:
            behind = int(np.searchsorted(self._starts, self._starts[first] + _BAND))
            yield self._band(first, min(behind, lines))
            first = behind

    def _band(self, first: int, behind: int) -> Band:
        words = self._words[first - 1 : behind]
        counts = np.bitwise_count(words.ravel())
        held = np.flatnonzero(counts)
        bits = np.unpackbits(words.ravel()[held].astype(">u8").view(np.uint8)).view(np.bool_)
        place = np.flatnonzero(bits)
        place = (held << 6)[place >> 6] + (place & 63)
        ends = self._starts[first : behind + 1] - self._starts[first - 1]
        line_end = np.arange(ends.size) * (64 * words.shape[1]) + self._width
        for pad in range(1, _MOST_PADS):
            place[ends - pad] = line_end
        before = np.cumsum(counts, dtype=np.int64) - counts
        return Band(first - 1, words, place, ends, before)


def paint(lines: int, width: int, line: NDArray[np.int64], pel: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Make packed rows of the places where the colour turns, in any order; each line starts white.

    `pel[i]`, 0 to `width`, is where colour turns in `line[i]`; two turns at one place cancel out.
    """
    words = width // 64 + 1
    turns = np.zeros(lines * words * 64, np.uint8)
    np.add.at(turns, line * (words * 64) + pel, np.uint8(1))
    turns &= 1
    bits = np.packbits(turns).view(">u8").astype(np.uint64).reshape(lines, words)
    # Each pel is the parity of the turns up to it: first within words of 64 pels, then from word to word.
    for shift in (1, 2, 4, 8, 16, 32):
        bits ^= bits >> np.uint64(shift)
    odd = np.bitwise_xor.accumulate(bits & np.uint64(1), axis=1)
    bits[:, 1:] ^= np.uint64(0) - odd[:, :-1]
    rows = bits.astype(">u8").view(np.uint8)[:, : (width + 7) // 8].copy()
    rows[:, -1] &= 0xFF << (-width % 8) & 0xFF
    return rows
