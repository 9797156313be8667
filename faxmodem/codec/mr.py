"""Modified READ: two-dimensional coding, with a one-dimensional line every few lines so that damage does not spread.

T.4 (07/2003) §4.2. Coded bytes are in the order of the DTE-DCE link: the first bit on the line is the least
significant of byte 0.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import in_link_order
from faxmodem.codec.changes import Changes
from faxmodem.codec.coder import Framing, code_runs, write_page
from faxmodem.codec.lines import RTC_EOLS, Lines, read_page, split
from faxmodem.codec.mh import decode_lines
from faxmodem.codec.reader import LineReader, Painter
from faxmodem.codec.tables import EOL
from faxmodem.codec.two_dimensional import code_modes
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Bitmap, DecodedPage, Resolution
    from faxmodem.codec.changes import Band
    from faxmodem.codec.coder import Codes
    from faxmodem.codec.reader import Line

_EOL_1: Final = EOL + "1"  # a one-dimensional line follows
_EOL_0: Final = EOL + "0"  # a two-dimensional line follows


def mr_encode(bitmap: Bitmap, *, k: int, min_line_bits: int = 0, rtc: bool = True) -> bytes:
    """Code a page: each line begins with an EOL and its tag bit, and RTC ends the page.

    `k`: of so many lines the first is coded one-dimensionally. `min_line_bits`: least bits of a line's data, fill and
    the EOL with tag that ends it (bit rate times minimum scan line time). Without `rtc` the last line ends with its
    data, as in a TIFF strip. Zeros fill the last byte.

    Raises `CodecError` for a `k` below 1.

    T.4 (07/2003) §4.2.
    """
    if k < 1:
        raise CodecError(f"at least every line is coded one-dimensionally (K=1), not K={k}")
    in_one = np.arange(bitmap.lines) % k == 0

    def code_band(band: Band, codes: Codes) -> None:
        lines = in_one[band.first : band.first + band.lines]
        code_runs(band, codes, lines)
        code_modes(band, codes, ~lines)

    eols = np.array([in_link_order(_EOL_0), in_link_order(_EOL_1)], np.uint64)
    code = eols[np.append(in_one, True).astype(np.intp)]
    bits = np.full(code.size, len(_EOL_1))
    if not rtc:
        code[-1] = bits[-1] = 0
    framing = Framing(code, bits, _EOL_1 * (RTC_EOLS - 1) if rtc else "")
    return write_page(bitmap, framing, code_band, min_line_bits=min_line_bits)


def mr_decode(data: bytes, *, width: int, resolution: Resolution) -> DecodedPage:
    """Decode a page as it came off the line, with any damage; nothing in `data` makes this raise.

    A line is what stands between two EOLs, their tag bits apart. One whose codes are not legal, or do not end at
    `width`, is bad, and so are all two-dimensional lines from there to the next good one-dimensional line: bad lines
    show the last good one again (white before the first). Bits before the first EOL are skipped; `read_page` says
    where the page ends. EOLs without tag bits end it as well.

    Raises `CodecError` for a width below 1.

    T.4 (07/2003) §4.2.
    """
    if width < 1:
        raise CodecError(f"a line has at least 1 pel, not {width}")
    lines = split(data)
    tags = lines.start
    in_one = (np.frombuffer(data + b"\0", np.uint8)[tags >> 3] >> (tags & 7) & 1).astype(np.bool_)
    lines = Lines(tags + 1, lines.earliest, lines.latest)
    return read_page(
        lines,
        lines.earliest <= lines.start,
        lambda some: _decode_lines(data, some, in_one[: some.start.size], width),
        width,
        resolution,
    )


def _decode_lines(
    data: bytes, lines: Lines, in_one: NDArray[np.bool_], width: int
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Give which lines are good, and the packed rows of all lines."""
    good = np.zeros(in_one.size, np.bool_)
    rows = np.zeros((in_one.size, (width + 7) // 8), np.uint8)
    good[in_one], rows[in_one] = decode_lines(data, lines[in_one], width)
    reader, painter = LineReader(data, width), Painter(width)
    references = _lines_of(rows[in_one], width)
    starts, earliest, latest = lines.start.tolist(), lines.earliest.tolist(), lines.latest.tolist()
    painted = []
    line: Line | None = None
    for number, is_in_one in enumerate(in_one.tolist()):
        if is_in_one:
            line = next(references)
            line = line if good[number] else None
        elif line is not None:
            line, behind = reader.read(starts[number], line)
            if line is None or not earliest[number] <= behind <= latest[number]:
                line = None
                continue
            painter.add(line)
            painted.append(number)
    good[painted] = True
    rows[painted] = painter.rows()
    return good, rows


def _lines_of(rows: NDArray[np.uint8], width: int) -> Iterator[Line]:
    """Give the changing elements of each row."""
    for band in Changes(rows, width).bands():
        pels = (band.place % band.stride).tolist()
        ends = band.ends.tolist()
        for start, end in pairwise(ends):
            yield pels[start:end]
