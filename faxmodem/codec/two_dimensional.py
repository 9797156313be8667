"""Two-dimensional coding of a line: by where its changing elements lie beside those of the line above.

T.4 (07/2003) §4.2.1, which T.6 (11/88) §2.2 takes over. With a0 the place from where a line is coded on, a1 and a2 the
next elements, b1 the first element above that is right of a0 and of a1's kind, and b2 the one after it:

- b2 is left of a1: *pass mode*, a0 goes to below b2;
- a1 is within three pels of b1: *vertical mode*, a0 goes to a1;
- otherwise *horizontal mode*: the runs a0a1 and a1a2, as in one-dimensional coding, and a0 goes to a2.

The coder does that for all elements at once. Passes apart, a0 is always the element before a1. So b1, and with it mode
and number of passes, follow for each element from two counts on the line above: of elements up to a0, and left of
a1. Only horizontal mode leaves an element out: of those that would begin with it, one after the other, each second one
was coded as the a2 of the one before.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import in_link_order
from faxmodem.codec.coder import Elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from faxmodem.codec.changes import Band
    from faxmodem.codec.coder import Codes

PASS: Final = "0001"  # noqa: S105 (a mode, not a password)
HORIZONTAL: Final = "001"
VERTICAL: Final[Mapping[int, str]] = {
    -3: "0000010",
    -2: "000010",
    -1: "010",
    0: "1",
    1: "011",
    2: "000011",
    3: "0000011",
}
"Pels that a1 is right of b1, to code word. T.4 (07/2003) table 4."
_FARTHEST: Final = max(VERTICAL)


@cache
def _vertical() -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Give words and their lengths, for 4 pels left of b1 to 4 pels right; there is none for 4."""
    words = ["", *(VERTICAL[right] for right in range(-_FARTHEST, _FARTHEST + 1)), ""]
    code = np.array([in_link_order(word or "0") for word in words], np.uint64)
    return code, np.array([len(word) for word in words], np.int64)


def code_modes(band: Band, codes: Codes, lines: NDArray[np.bool_]) -> None:
    """Give the elements of the band's `lines` their words of two-dimensional coding."""
    if not lines.any():
        return
    elements = Elements.of(band, lines)
    a1, index = elements.place, elements.index
    b1, passes = _references(band, elements, lines)
    right = a1 - band.stride - band.place[b1]
    code, bits = (table.take(right + _FARTHEST + 1, mode="clip") for table in _vertical())
    begins = _every_other(np.flatnonzero(bits == 0))
    # What is behind an end has one above like itself, so that it has V(0) by now, and no passes.
    bits[elements.behind_end] = 0
    code[elements.behind_end] = 0
    codes.code[index], codes.bits[index] = code, bits

    run = elements.run[begins]
    passed = np.flatnonzero(passes[begins])
    after_pass = begins[passed]
    run[passed] = right[after_pass] + (band.place[b1[after_pass]] - band.place[b1[after_pass] - 1])
    codes.put_runs(index[begins + 1], elements.run[begins + 1])
    codes.put_runs(index[begins], run)
    codes.prefix(index[begins], HORIZONTAL, np.ones(begins.size, np.int64))
    passes[begins + 1] = 0
    passing = np.flatnonzero(passes)
    codes.prefix(index[passing], PASS, passes[passing])


def _references(
    band: Band, elements: Elements, lines: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each element's b1, as an index into the band's elements, and how many passes lead to it."""
    word = (elements.place >> 6) - band.words.shape[1]
    up_to_a1 = band.words.ravel()[word] >> (63 - (elements.place & 63)).view(np.uint64)
    right_of_a1 = band.before[word] + np.bitwise_count(up_to_a1)
    not_left_of_a1 = right_of_a1 - (up_to_a1 & np.uint64(1)).view(np.int64)
    right_of_a0 = np.empty_like(right_of_a1)
    right_of_a0[1:] = right_of_a1[:-1]
    right_of_a0[elements.first] = np.concatenate(([0], band.ends[:-2]))[lines]
    # Both to the next one of a1's kind: what is right of a0 to the right, what passes may leave behind to the left.
    earliest = right_of_a0 + ((right_of_a0 ^ elements.index) & 1)
    b1 = np.maximum(not_left_of_a1 - ((not_left_of_a1 ^ elements.index) & 1), earliest)
    return b1, (b1 - earliest) >> 1


def _every_other(elements: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of elements one after the other, leave out each second one."""
    number = np.arange(elements.size)
    starts = np.maximum.accumulate(np.where(np.diff(elements, prepend=-2) != 1, number, 0))
    every_other: NDArray[np.int64] = elements[(number - starts) & 1 == 0]
    return every_other
