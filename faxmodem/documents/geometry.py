"""Where a sheet of paper comes to lie on a fax page.

A fax line has one of three lengths (T.4 (07/2003) §2.1.1 and its table 1): 1728 pels are 215 mm, 2048 are 255 mm
and 2432 are 303 mm. A sheet is reproduced at true scale on the shortest line that takes its width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faxmodem.codec.bitmap import WIDTHS
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from faxmodem.codec.bitmap import Resolution

MM_PER_INCH = 25.4
A4_WIDTH_MM = 210.0

WIDEST_SHEET_MM = dict(zip(WIDTHS, (219.0, 260.0, 306.0), strict=True))
"""The widest sheet that goes at true scale on a line of so many pels: a little wider than the line, because US letter
is 216 mm and JIS B4 257 mm wide. Half of what hangs over is cut off on each side, where no printer prints either."""

MIN_SHEET_MM = 0.5
MAX_SHEET_MM = 5100.0
"A sheet's longest side before it is scaled: PDF 1.7 ends at 14400 units, 5.08 m."
MAX_LENGTH_MM = 1200.0
"The longest page that goes out in one piece, about four A4 sheets."


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A fax page and the place of the sheet on it."""

    width: int
    "Pels of a line."
    lines: int
    "Lines of the page; the sheet fills them all."
    left: int
    "First pel of the sheet; negative when the sheet hangs over the line's ends."
    across: int
    "Pels that the sheet takes across."
    turned: bool
    "The sheet lies a quarter turn counter-clockwise: its top edge is at the left."


def lay_out(width_mm: float, height_mm: float, resolution: Resolution, width: int | None = None) -> Layout:
    """Place a sheet on the shortest line that takes it at true scale, centred.

    A sheet wider than tall is turned when that brings it onto a shorter line, or spares it being reduced: landscape
    A4 goes out on 1728 pels, landscape A5 stays upright. What no line takes is reduced to the longest.
    `width` forces the line; a wider sheet is then reduced to it.

    Raises DocumentError for a sheet of absurd size and for a `width` that fax does not know.
    """
    if width is not None and width not in WIDEST_SHEET_MM:
        raise DocumentError(f"a fax line has {', '.join(map(str, WIDTHS))} pels, not {width}")
    if not MIN_SHEET_MM <= min(width_mm, height_mm) <= max(width_mm, height_mm) <= MAX_SHEET_MM:
        raise DocumentError(
            f"a sheet of {width_mm:.4g} by {height_mm:.4g} mm cannot be faxed: "
            f"each side has to measure {MIN_SHEET_MM:g} to {MAX_SHEET_MM:g} mm"
        )
    turned = width_mm > height_mm and _cost(height_mm, width) < _cost(width_mm, width)
    if turned:
        width_mm, height_mm = height_mm, width_mm
    width = width or _line_for(width_mm)
    fits = width_mm <= WIDEST_SHEET_MM[width]
    length_mm = height_mm if fits else height_mm * width / (width_mm * resolution.pels_per_mm)
    if length_mm > MAX_LENGTH_MM:
        raise DocumentError(f"a page of {length_mm / 1000:.1f} m is too long: {MAX_LENGTH_MM / 1000:g} m at most")
    across = round(width_mm * resolution.pels_per_mm) if fits else width
    return Layout(
        width=width,
        lines=max(1, int(length_mm * resolution.lines_per_mm + 1e-6)),
        left=(width - across) // 2,
        across=across,
        turned=turned,
    )


def _line_for(width_mm: float) -> int:
    return next((width for width, widest_mm in WIDEST_SHEET_MM.items() if width_mm <= widest_mm), WIDTHS[-1])


def _cost(width_mm: float, width: int | None) -> tuple[int, float]:
    """What it takes to lay a sheet across: the line's pels, then how much the sheet would have to be reduced."""
    line = width or _line_for(width_mm)
    return line, max(0.0, width_mm - WIDEST_SHEET_MM[line])
