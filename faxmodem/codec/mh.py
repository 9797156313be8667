"""Modified Huffman, the one-dimensional coding that every fax machine knows.

T.4 (07/2003) §4.1. Coded bytes are in the order of the DTE-DCE link: the first bit on the line is the least
significant of byte 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bitmap import Bitmap, DecodedPage
from faxmodem.codec.runs import paint, runs_of
from faxmodem.codec.tables import (
    EOL_BITS,
    LONGEST_MAKE_UP,
    MAKE_UP_ALONE,
    PENDING,
    SYMBOLS,
    WINDOW_BITS,
    run_codes,
    window_codes,
)
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Resolution

RTC_EOLS: Final = 6
"EOLs of a return to control (T.4 (07/2003) §4.1.4); the first of them ends the last line."
MAX_LINES: Final = 65_536
"Lines at which a page is cut: 4 m of paper at the highest density. Data of a few bits a line would fill the memory."
_WINDOW: Final = (1 << WINDOW_BITS) - 1
_BLOCK: Final = 4096  # lines decoded at a time, which bounds the working memory


def mh_encode(bitmap: Bitmap, *, min_line_bits: int = 0, rtc: bool = True) -> bytes:
    """Code a page: each line begins with an EOL, and RTC ends the page.

    `min_line_bits`: least bits of a line's data, fill and the EOL that ends it (bit rate times minimum scan line time).
    Without `rtc` the last line ends with its data, as in a TIFF strip. Zeros fill the last byte.

    T.4 (07/2003) §4.1.1 to §4.1.4.
    """
    symbols, firsts = _symbols(bitmap)
    table = run_codes()
    lengths = table.bits.ravel()[symbols]
    ends = np.cumsum(lengths)
    before_line = (ends - lengths)[firsts]
    data_bits = np.diff(before_line, append=ends[-1:])
    line_bits = np.maximum(data_bits + EOL_BITS, min_line_bits)
    # Where each line's data start; one entry more for the place behind the last line's EOL.
    starts = EOL_BITS + np.concatenate(([0], np.cumsum(line_bits)))
    if rtc:
        eols = np.concatenate((starts, starts[-1] + EOL_BITS * np.arange(1, RTC_EOLS)))
        total = int(eols[-1])
    else:
        eols = starts[:-1]
        total = int(starts[-2] + data_bits[-1]) if bitmap.lines else 0

    words = np.zeros(total // 32 + 2, np.uint32)
    counts = np.diff(firsts, append=symbols.size)
    _put(words, ends - lengths + np.repeat(starts[:-1] - before_line, counts), table.code.ravel()[symbols])
    _put(words, eols - 1, np.ones(eols.size, np.uint64))
    return words.astype("<u4").tobytes()[: (total + 7) // 8]


def _symbols(bitmap: Bitmap) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the indices into the flat code table of all lines, and where each line's begin."""
    runs, firsts = runs_of(bitmap)
    counts = np.diff(firsts, append=runs.size)
    black = (np.arange(runs.size) - np.repeat(firsts, counts)) & 1
    symbols = runs + SYMBOLS * black
    if runs.max(initial=0) < MAKE_UP_ALONE:
        return symbols, firsts
    # Runs beyond the longest code: the longest make-up code alone, as often as needed, stands before the rest.
    extra = runs // LONGEST_MAKE_UP
    shift = np.cumsum(extra)
    wide = np.full(runs.size + int(shift[-1]), MAKE_UP_ALONE, np.int64)
    wide[np.arange(runs.size) + shift] = symbols - LONGEST_MAKE_UP * extra
    return wide, firsts + (shift - extra)[firsts]


def _put(words: NDArray[np.uint32], starts: NDArray[np.int64], codes: NDArray[np.uint64]) -> None:
    """Set the bits of `codes`, of at most 32 bits each, at the ascending bit positions `starts`."""
    if not starts.size:
        return
    where, shift = starts >> 5, (starts & 31).astype(np.uint64)
    groups = np.flatnonzero(np.diff(where, prepend=-1))
    bits = np.bitwise_or.reduceat(codes << shift, groups)
    words[where[groups]] |= bits.astype(np.uint32)
    words[where[groups] + 1] |= (bits >> np.uint64(32)).astype(np.uint32)


def mh_decode(data: bytes, *, width: int, resolution: Resolution) -> DecodedPage:
    """Decode a page as it came off the line, with any damage; nothing in `data` makes this raise.

    A line is what stands between two EOLs. One whose codes are not legal, or whose runs do not add up to `width`, is
    bad: it shows the last good line again (white before the first), and decoding goes on behind the next EOL.
    Bits before the first EOL are skipped.

    The page ends at the first of three EOLs in a row, or of two if nothing whole follows: not all senders give six,
    and a dropout that wipes out a single line must not end the page. What comes later is noise. Without such an end
    the last line counts if it is whole; a part of a line is dropped and not counted as bad.

    Raises `CodecError` for a width below 1.

    T.4 (07/2003) §4.1.1 to §4.1.4.
    """
    if width < 1:
        raise CodecError(f"a line has at least 1 pel, not {width}")
    lines = _split(data)
    empty = lines.earliest == lines.start
    in_a_row = np.flatnonzero(empty[:-1] & empty[1:])
    ended = in_a_row.size > 0
    count = int(in_a_row[0]) if ended else empty.size
    too_long = count > MAX_LINES
    good, rows = _decode_lines(data, lines.first(min(count, MAX_LINES)), width)
    if too_long:
        ended = False
    elif not ended and count and not good[-1]:
        count -= 1  # the part of a line at the end
        ended = bool(count and empty[count - 1])
        count -= ended
    return _conceal(rows[:count], good[:count], width, resolution, ended=ended)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where the lines of a page lie, as bit positions; the last one is what follows the last EOL."""

    start: NDArray[np.int64]
    "The first bit behind the EOL."
    earliest: NDArray[np.int64]
    "The bit behind the last one before the next EOL: the data of a whole line reach at least to here."
    latest: NDArray[np.int64]
    "The first of the eleven zeros of the next EOL: the data of a whole line reach at most to here."

    def first(self, count: int) -> _Lines:
        """Give the first `count` of the lines."""
        return _Lines(self.start[:count], self.earliest[:count], self.latest[:count])


_ZEROS_BEFORE_ONE = np.array([8] + [(octet & -octet).bit_length() - 1 for octet in range(1, 256)], np.int64)
_ZEROS_AFTER_ONE = np.array([8 - octet.bit_length() for octet in range(256)], np.int64)


def _split(data: bytes) -> _Lines:
    """Find the EOLs: since no legal codes hold eleven zeros in a row, every such place is one."""
    octets = np.frombuffer(data, np.uint8)
    # Eleven zeros leave room for the one behind them only where it is the first one of its octet.
    places = np.flatnonzero(octets)
    octets = octets[places]
    first_one = 8 * places + _ZEROS_BEFORE_ONE[octets]
    behind_one = 8 * places + 8 - _ZEROS_AFTER_ONE[octets]
    behind_previous = np.concatenate(([0], behind_one[:-1]))[: places.size]
    is_eol = first_one - behind_previous >= EOL_BITS - 1
    eols = first_one[is_eol]
    return _Lines(
        start=eols + 1,
        earliest=np.append(behind_previous[is_eol], behind_one[-1:])[1:],
        latest=np.append(eols - (EOL_BITS - 1), 8 * len(data))[1:],
    )


def _decode_lines(data: bytes, lines: _Lines, width: int) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Give which lines are good, and the packed rows of all lines; those that are not good are white."""
    good = np.zeros(lines.start.size, np.bool_)
    rows = np.zeros((lines.start.size, (width + 7) // 8), np.uint8)
    octets = np.frombuffer(data + bytes(4), np.uint8).astype(np.uint32)
    # What a window may need, from each octet on: 7 bits before its first bit, and the window.
    windows = octets[:-2] | octets[1:-1] << np.uint32(8) | octets[2:] << np.uint32(16)
    for begin in range(0, good.size, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        trace = _follow(windows, lines.start[block], width)
        good[block] = (
            (trace.pels == width)
            & (trace.state < PENDING)
            & (trace.behind >= lines.earliest[block])
            & (trace.behind <= lines.latest[block])
        )
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


def _conceal(
    rows: NDArray[np.uint8], good: NDArray[np.bool_], width: int, resolution: Resolution, *, ended: bool
) -> DecodedPage:
    """Show the last good line again in place of each bad one, and count those."""
    if good.all():
        return DecodedPage(bitmap=Bitmap(rows=rows, width=width, resolution=resolution), ended=ended)
    numbers = np.arange(good.size)
    source = np.maximum.accumulate(np.where(good, numbers, -1))
    # A bad line's row is white, which is right before the first good line.
    shown = rows[np.where(source < 0, numbers, source)]
    return DecodedPage(
        bitmap=Bitmap(rows=shown, width=width, resolution=resolution),
        bad_lines=int(np.count_nonzero(~good)),
        longest_bad_run=int((numbers - source).max()),
        ended=ended,
    )
