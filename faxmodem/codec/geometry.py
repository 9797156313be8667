"""Codings, widths and resolutions of a page: the words that codec, T.30 and documents share, without an array in sight.

T.4 (07/2003) §2 and table 1; T.30 (09/2005) table 2 for the widths at each resolution.
"""

from __future__ import annotations

from enum import Enum


class Coding(Enum):
    """How a page's bits are coded on the line."""

    MH = "MH"
    "One-dimensional (T.4 (07/2003) §4.1)."
    MR = "MR"
    "Two-dimensional, with a one-dimensional line at least every K lines (T.4 (07/2003) §4.2)."
    MMR = "MMR"
    "Two-dimensional throughout (T.6); only where no bit can be wrong."


class Resolution(Enum):
    """How dense the pels lie: `(name, pels/mm, lines/mm, TIFF dots/inch x, TIFF dots/inch y, pels of an A4 line)`."""

    STANDARD = ("standard", 8.04, 3.85, 204, 98, 1728)
    FINE = ("fine", 8.04, 7.7, 204, 196, 1728)
    SUPERFINE = ("superfine", 8.04, 15.4, 204, 391, 1728)
    R16 = ("R16", 16.08, 15.4, 408, 391, 3456)
    INCH_200 = ("200x200", 200 / 25.4, 200 / 25.4, 200, 200, 1728)
    INCH_200X400 = ("200x400", 200 / 25.4, 400 / 25.4, 200, 400, 1728)
    INCH_300 = ("300x300", 300 / 25.4, 300 / 25.4, 300, 300, 2592)
    INCH_400 = ("400x400", 400 / 25.4, 400 / 25.4, 400, 400, 3456)

    def __init__(
        self, label: str, pels_per_mm: float, lines_per_mm: float, x_dpi: int, y_dpi: int, a4_width: int
    ) -> None:
        self.label = label
        self.pels_per_mm = pels_per_mm
        self.lines_per_mm = lines_per_mm
        self.x_dpi = x_dpi
        self.y_dpi = y_dpi
        self.widths = (a4_width, a4_width * 2048 // 1728, a4_width * 2432 // 1728)
        "Pels of a line: A4/letter/legal (215 mm), B4 (255 mm), A3 (303 mm)."

    @property
    def is_inch(self) -> bool:
        """Counted in pels and lines to the inch, not to the millimetre."""
        return self.label[0].isdigit()


WIDTHS = Resolution.STANDARD.widths
"Pels of a line at R8: A4/letter/legal (215 mm), B4 (255 mm), A3 (303 mm)."
