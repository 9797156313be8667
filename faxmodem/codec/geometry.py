"""Widths and resolutions of a page: the vocabulary that codec, T.30 and documents share, without an array in sight.

T.4 (07/2003) §2 and table 1.
"""

from __future__ import annotations

from enum import Enum

WIDTHS = (1728, 2048, 2432)
"Pels of a line at R8: A4/letter/legal (215 mm), B4 (255 mm), A3 (303 mm)."


class Resolution(Enum):
    """How dense the pels lie: `(name, pels/mm, lines/mm, TIFF dots/inch x, TIFF dots/inch y)`."""

    STANDARD = ("standard", 8.04, 3.85, 204, 98)
    FINE = ("fine", 8.04, 7.7, 204, 196)
    SUPERFINE = ("superfine", 8.04, 15.4, 204, 391)

    def __init__(self, label: str, pels_per_mm: float, lines_per_mm: float, x_dpi: int, y_dpi: int) -> None:
        self.label = label
        self.pels_per_mm = pels_per_mm
        self.lines_per_mm = lines_per_mm
        self.x_dpi = x_dpi
        self.y_dpi = y_dpi
