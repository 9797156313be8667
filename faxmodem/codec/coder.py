"""A page of changing elements to bits: the way that MH, MR and MMR share.

Each element of a band gets a code word, or none, and stays where it is in its array; so nothing is moved about, and
where the words go is one cumulative sum. The last element of a line, which is never coded, carries what ends the line:
fill and EOL. Words that come in unknown numbers, and seldom, stand before an element's own as its prefixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import BitWriter, in_link_order
from faxmodem.codec.changes import Changes
from faxmodem.codec.tables import BLACK, LONGEST_MAKE_UP, MAKE_UP_ALONE, SYMBOLS, run_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Bitmap
    from faxmodem.codec.changes import Band

_LONGEST_MAKE_UP_WORD: Final = BLACK[LONGEST_MAKE_UP]  # the same for both colours


class Codes:
    """The code words of a band's elements."""

    def __init__(self, elements: int) -> None:
        self.code = np.zeros(elements, np.uint64)
        "The element's own word in link order; at most 32 bits of it may be set."
        self.bits = np.zeros(elements, np.int64)
        "How long that is."
        self.lead = np.zeros(elements, np.int64)
        "How many bits stand before it."
        self._prefixes: list[tuple[NDArray[np.int64], NDArray[np.int64], int]] = []

    def prefix(self, element: NDArray[np.int64], word: str, count: NDArray[np.int64]) -> None:
        """Put `word`, `count` times each, before all that stands before ascending elements so far."""
        total = int(count.sum())
        nth_from_last = np.repeat(np.cumsum(count), count) - np.arange(total)
        distance = np.repeat(self.lead[element], count) + nth_from_last * len(word)
        self._prefixes.append((np.repeat(element, count), distance, in_link_order(word)))
        self.lead[element] += count * len(word)

    def put_runs(self, element: NDArray[np.int64], run: NDArray[np.int64]) -> None:
        """Give elements the words for the runs that end with them; white ends with an even one."""
        table = run_codes()
        far = np.flatnonzero(run >= MAKE_UP_ALONE)
        if far.size:
            # Beyond the longest code: the longest make-up code alone as often as needed, and the rest.
            make_ups, rest = np.divmod(run[far], LONGEST_MAKE_UP)
            run = run.copy()
            run[far] = rest
            self.prefix(element[far], _LONGEST_MAKE_UP_WORD, make_ups)
        symbol = run + SYMBOLS * (element & 1)
        self.code[element] = table.code.ravel()[symbol]
        self.bits[element] = table.bits.ravel()[symbol]

    def write(self, out: BitWriter) -> None:
        """Write all words."""
        behind = np.cumsum(self.bits + self.lead)
        own = behind - self.bits
        out.extend(int(behind[-1]))
        out.put(own, self.code)
        for element, distance, word in self._prefixes:
            out.put(own[element] - distance, np.full(element.size, word, np.uint64))


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands around the lines of a page."""

    code: NDArray[np.uint64]
    "What stands before each line, and last what ends the last one, as words in link order; shape `(1 + lines,)`."
    bits: NDArray[np.int64]
    "How long these are."
    ending: str = ""
    "The bits behind all that."


def write_page(
    bitmap: Bitmap, framing: Framing, code_band: Callable[[Band, Codes], None], *, min_line_bits: int = 0
) -> bytes:
    """Code a page; `code_band` gives the elements of a band, those of the line above apart, their words.

    `min_line_bits`: least bits of a line's data, fill and what ends it.
    """
    out = BitWriter()
    out.extend(int(framing.bits[0]))
    out.put(np.zeros(1, np.int64), framing.code[:1])
    for band in Changes(bitmap.rows, bitmap.width).bands():
        codes = Codes(band.place.size)
        code_band(band, codes)
        lines = slice(band.first + 1, band.first + 1 + band.lines)
        last = band.ends[1:] - 1
        codes.code[last] = framing.code[lines]
        codes.bits[last] = framing.bits[lines]
        if min_line_bits:
            _fill(codes, band, min_line_bits)
        codes.write(out)
    ones = np.flatnonzero(np.frombuffer(framing.ending.encode(), np.uint8) == ord("1"))
    out.extend(len(framing.ending))
    out.put(ones, np.ones(ones.size, np.uint64))
    return out.finish()


def _fill(codes: Codes, band: Band, min_line_bits: int) -> None:
    """Lengthen lines that are too short by zeros before what ends them."""
    last = band.ends[1:] - 1
    behind = np.cumsum(codes.bits + codes.lead)[last]
    missing = min_line_bits - np.diff(behind, prepend=0)
    codes.lead[last] += np.maximum(missing, 0) * (codes.bits[last] > 0)


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of some lines of a band, as the coders of a line's data want them."""

    index: NDArray[np.int64]
    "Which elements of the band, ascending."
    place: NDArray[np.int64]
    "Their places."
    run: NDArray[np.int64]
    "Pels from the element before, or from the line's start."
    first: NDArray[np.int64]
    "Where the first one of each line stands in these arrays."
    behind_end: NDArray[np.int64]
    "Where those behind the lines' ends stand in these arrays; not in order."

    @classmethod
    def of(cls, band: Band, lines: NDArray[np.bool_]) -> Elements:
        """Take the band's `lines`, at least one."""
        counts = np.diff(band.ends)
        index = band.ends[0] + np.flatnonzero(np.repeat(lines, counts))
        place = band.place[index]
        ends = np.cumsum(counts[lines])
        first = np.concatenate(([0], ends[:-1]))
        run = np.diff(place, prepend=0)
        run[first] = place[first] % band.stride
        third = ends - 3
        behind_end = np.concatenate((third[place[third] == place[third - 1]], ends - 2, ends - 1))
        return cls(index, place, run, first, behind_end)


def code_runs(band: Band, codes: Codes, lines: NDArray[np.bool_]) -> None:
    """Give the elements of the band's `lines` their words of one-dimensional coding.

    T.4 (07/2003) §4.1.1.
    """
    if lines.any():
        elements = Elements.of(band, lines)
        codes.put_runs(elements.index, elements.run)
        codes.bits[elements.index[elements.behind_end]] = 0
        codes.code[elements.index[elements.behind_end]] = 0
