"""The page as the rest of the house sees it: packed bilevel rows, and the same page coded.

Widths and resolutions are those of `faxmodem.codec.geometry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.geometry import WIDTHS as WIDTHS
from faxmodem.codec.geometry import Coding as Coding
from faxmodem.codec.geometry import Resolution as Resolution
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bitmap:
    """One bilevel page."""

    rows: NDArray[np.uint8]
    "Packed pels, shape `(lines, ceil(width / 8))`: bit 1 is black, the most significant bit is leftmost, padding is 0."
    width: int
    "Pels of a line."
    resolution: Resolution

    def __post_init__(self) -> None:
        if self.rows.dtype != np.uint8 or self.rows.ndim != 2 or self.rows.shape[1] != (self.width + 7) // 8:
            raise CodecError(
                f"a bitmap of {self.width} pels needs uint8 rows of {(self.width + 7) // 8} bytes, "
                f"not {self.rows.dtype} of shape {self.rows.shape}"
            )

    @property
    def lines(self) -> int:
        """How many scan lines the page has."""
        return int(self.rows.shape[0])

    @classmethod
    def from_pels(cls, pels: NDArray[np.bool_], resolution: Resolution) -> Bitmap:
        """Pack pels of shape `(lines, width)`, True for black."""
        return cls(rows=np.packbits(pels, axis=1), width=int(pels.shape[1]), resolution=resolution)

    def pels(self) -> NDArray[np.bool_]:
        """The pels unpacked, shape `(lines, width)`, True for black."""
        return np.unpackbits(self.rows, axis=1, count=self.width).view(np.bool_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bitmap):
            return NotImplemented
        same = (self.width, self.resolution) == (other.width, other.resolution)
        return same and np.array_equal(self.rows, other.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedPage:
    """One page as it goes over the line."""

    data: bytes
    "Coded bits in the order of the DTE-DCE link: the first bit on the line is the least significant of byte 0."
    coding: Coding
    lines: int
    width: int
    resolution: Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPage:
    """What came out of a received page, with the damage counted."""

    bitmap: Bitmap
    bad_lines: int = 0
    "Lines that were damaged and had to be concealed."
    longest_bad_run: int = 0
    "The longest run of damaged lines, one after the other."
    ended: bool = True
    "An end-of-page mark (RTC, EOFB) was there; False: the data just stopped."
    first_bad_line: int | None = None
    "The first damaged line, counted from 0; None: there is none. In MMR nothing from there on can be trusted."
