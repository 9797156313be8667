"""Modified Huffman, the one-dimensional coding that every fax machine knows.

T.4 (07/2003) §4.1. Coded bytes are in the order of the DTE-DCE link: the first bit on the line is the least
significant of byte 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import in_link_order, windows
from faxmodem.codec.changes import paint
from faxmodem.codec.coder import Framing, code_runs, write_page
from faxmodem.codec.lines import RTC_EOLS, read_page, split
from faxmodem.codec.tables import EOL, PENDING, WINDOW_BITS, window_codes
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Bitmap, DecodedPage, Resolution
    from faxmodem.codec.changes import Band
    from faxmodem.codec.coder import Codes
    from faxmodem.codec.lines import Lines

_WINDOW: Final = (1 << WINDOW_BITS) - 1
_BLOCK: Final = 4096  # lines decoded at a time, which bounds the working memory


def mh_encode(bitmap: Bitmap, *, min_line_bits: int = 0, rtc: bool = True) -> bytes:
    """Code a page: each line begins with an EOL, and RTC ends the page.

    `min_line_bits`: least bits of a line's data, fill and the EOL that ends it (bit rate times minimum scan line time).
    Without `rtc` the last line ends with its data, as in a TIFF strip. Zeros fill the last byte.

    T.4 (07/2003) §4.1.1 to §4.1.4.
    """
    code = np.full(bitmap.lines + 1, in_link_order(EOL), np.uint64)
    bits = np.full(bitmap.lines + 1, len(EOL))
    if not rtc:
        code[-1] = bits[-1] = 0
    framing = Framing(code, bits, EOL * (RTC_EOLS - 1) if rtc else "")
    return write_page(bitmap, framing, _code_band, min_line_bits=min_line_bits)


def _code_band(band: Band, codes: Codes) -> None:
    code_runs(band, codes, np.ones(band.lines, np.bool_))


def mh_decode(data: bytes, *, width: int, resolution: Resolution) -> DecodedPage:
    """Decode a page as it came off the line, with any damage; nothing in `data` makes this raise.

    A line is what stands between two EOLs. One whose codes are not legal, or whose runs do not add up to `width`, is
    bad: it shows the last good line again (white before the first), and decoding goes on behind the next EOL.
    Bits before the first EOL are skipped; `read_page` says where the page ends.

    Raises `CodecError` for a width below 1.

    T.4 (07/2003) §4.1.1 to §4.1.4.
    """
    if width < 1:
        raise CodecError(f"a line has at least 1 pel, not {width}")
    lines = split(data)
    return read_page(
        lines, lines.earliest == lines.start, lambda some: decode_lines(data, some, width), width, resolution
    )


def decode_lines(data: bytes, lines: Lines, width: int) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Give which lines are good, and the packed rows of all lines; those that are not good are white."""
    good = np.zeros(lines.start.size, np.bool_)
    rows = np.zeros((lines.start.size, (width + 7) // 8), np.uint8)
    octets = windows(data)
    for begin in range(0, good.size, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        some = lines[block]
        trace = _follow(octets, some.start, width)
        good[block] = (trace.pels == width) & (trace.state < PENDING) & some.are_whole(trace.behind)
        rows[block] = paint(good[block].size, width, *trace.turns(good[block]))
    return good, rows


@dataclass(frozen=True, slots=True)
class _Trace:
    """What the decoder saw on its way through a block of lines."""

    behind: NDArray[np.int64]
    "For each line the bit behind its last legal code, or behind the one that led beyond the width."
    pels: NDArray[np.int64]
    "For each line the sum of its runs."
    state: NDArray[np.int64]
    "For each line the state after its last code, as in `WindowCodes`."
    steps: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]
    "What was looked up: lines, pels of the line so far, entries of the table."

    def turns(self, good: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give line and pel of every place where the colour turns, for the good lines."""
        table = window_codes()
        line, pel, entry = (np.concatenate(column) for column in zip(*self.steps, strict=True))
        where, ends = [], []
        keep = good[line]
        for turn, end in enumerate(table.ends):
            keep &= table.turns[entry] > turn
            line, pel, entry, keep = line[keep], pel[keep], entry[keep], keep[keep]
            where.append(line)
            ends.append(pel + end[entry])
        return np.concatenate(where), np.concatenate(ends)


def _follow(windows: NDArray[np.uint32], start: NDArray[np.int64], width: int) -> _Trace:
    """Decode all lines side by side, one look into the table at a time.

    A line is left alone once no code fits any more or its runs exceed `width`; runs of 0 pels, which could go on for
    ever, are why the number of steps is limited as well.
    """
    table = window_codes()
    trace = _Trace(start.copy(), np.zeros_like(start), np.zeros_like(start), [])
    line, bit, pel, state = np.arange(start.size), start, np.zeros_like(start), np.zeros_like(start)
    for step in range(2 * width + 16):
        entry = state + (windows[bit >> 3] >> (bit & 7) & _WINDOW)
        bits = table.bits[entry]
        trace.steps.append((line, pel, entry))
        bit, pel, state = bit + bits, pel + table.pels[entry], table.state[entry]
        if step % 8 == 0:
            trace.behind[line], trace.pels[line], trace.state[line] = bit, pel, state
            runs_on = (bits > 0) & (pel <= width)
            line, bit, pel, state = line[runs_on], bit[runs_on], pel[runs_on], state[runs_on]
            if not line.size:
                break
    return trace
