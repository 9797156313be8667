"""A received page that consists of lines between EOLs: where they lie, where the page ends, what replaces bad lines.

T.4 (07/2003) §4.1.2 to §4.1.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bitmap import Bitmap, DecodedPage
from faxmodem.codec.tables import EOL_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from faxmodem.codec.bitmap import Resolution

RTC_EOLS: Final = 6
"EOLs of a return to control (T.4 (07/2003) §4.1.4); the first of them ends the last line."
MAX_LINES: Final = 65_536
"Lines at which a page is cut: 4 m of paper at the highest density. Data of a few bits a line would fill the memory."

_ZEROS_BEFORE_ONE = np.array([8] + [(octet & -octet).bit_length() - 1 for octet in range(1, 256)], np.int64)
_ZEROS_AFTER_ONE = np.array([8 - octet.bit_length() for octet in range(256)], np.int64)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a page lie, as bit positions; the last one is what follows the last EOL."""

    start: NDArray[np.int64]
    "The first bit behind the EOL."
    earliest: NDArray[np.int64]
    "The bit behind the last one before the next EOL: the data of a whole line reach at least to here."
    latest: NDArray[np.int64]
    "The first of the eleven zeros of the next EOL: the data of a whole line reach at most to here."

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> Lines:
        """Give some of the lines."""
        return Lines(self.start[which], self.earliest[which], self.latest[which])

    def are_whole(self, behind: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say whether nothing but fill follows the bit `behind` each line's last code."""
        return (behind >= self.earliest) & (behind <= self.latest)


def split(data: bytes) -> Lines:
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
    return Lines(
        start=eols + 1,
        earliest=np.append(behind_previous[is_eol], behind_one[-1:])[1:],
        latest=np.append(eols - (EOL_BITS - 1), 8 * len(data))[1:],
    )


def read_page(
    lines: Lines,
    empty: NDArray[np.bool_],
    read: Callable[[Lines], tuple[NDArray[np.bool_], NDArray[np.uint8]]],
    width: int,
    resolution: Resolution,
) -> DecodedPage:
    """Find the end of the page, have its lines read, and conceal the bad ones.

    `empty`: which lines are nothing but their EOL. `read` gives which lines are good, and the packed rows of all.

    The page ends at the first of three EOLs in a row, or of two if nothing whole follows: not all senders give six,
    and a dropout that wipes out a single line must not end the page. What comes later is noise. Without such an end
    the last line counts if it is whole; a part of a line is dropped and not counted as bad.
    """
    in_a_row = np.flatnonzero(empty[:-1] & empty[1:])
    ended = in_a_row.size > 0
    count = int(in_a_row[0]) if ended else empty.size
    too_long = count > MAX_LINES
    good, rows = read(lines[: min(count, MAX_LINES)])
    if too_long:
        ended = False
    elif not ended and count and not good[-1]:
        count -= 1  # the part of a line at the end
        ended = bool(count and empty[count - 1])
        count -= ended
    return _conceal(rows[:count], good[:count], width, resolution, ended=ended)


def _conceal(
    rows: NDArray[np.uint8], good: NDArray[np.bool_], width: int, resolution: Resolution, *, ended: bool
) -> DecodedPage:
    """Show the last good line again in place of each bad one, white before the first, and count those."""
    if good.all():
        return DecodedPage(bitmap=Bitmap(rows=rows, width=width, resolution=resolution), ended=ended)
    numbers = np.arange(good.size)
    source = np.maximum.accumulate(np.where(good, numbers, -1))
    shown = rows[source]
    shown[source < 0] = 0
    return DecodedPage(
        bitmap=Bitmap(rows=shown, width=width, resolution=resolution),
        bad_lines=int(np.count_nonzero(~good)),
        longest_bad_run=int((numbers - source).max()),
        ended=ended,
        first_bad_line=int(np.argmin(good)),
    )
