"""Pels to runs and back, for a whole page at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Bitmap


def runs_of(bitmap: Bitmap) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Measure the runs of every line, the first of each being white (0 pels when the line starts black).

    Returns all runs in one array, and for each line the index of its first run.
    """
    before: NDArray[np.uint8] = np.right_shift(bitmap.rows, 1, dtype=np.uint8)
    before[:, 1:] |= bitmap.rows[:, :-1] << 7
    # One column more than there are pels: the end of the line ends its last run.
    ends = np.unpackbits(np.bitwise_xor(bitmap.rows, before), axis=1, count=bitmap.width + 1).view(np.bool_)
    ends[:, bitmap.width] = True
    places = np.flatnonzero(ends)
    runs = np.diff(places, prepend=-1)
    line_ends = np.arange(1, bitmap.lines + 1) * (bitmap.width + 1) - 1
    firsts = np.concatenate(([0], np.searchsorted(places, line_ends[:-1]) + 1))[: bitmap.lines]
    runs[firsts] -= 1  # the column that was added stands between the lines
    return runs, firsts


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
