"""Where a sheet of paper comes to lie on a fax page.

A fax line has one of three lengths (T.4 (07/2003) §2.1.1 and its table 1), about 215, 255 and 303 mm: 1728, 2048 and
2432 pels at 8 pels/mm. A sheet is reproduced at true scale on the shortest line that takes its width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from faxmodem.codec.bitmap import Resolution

MM_PER_INCH = 25.4
A4_WIDTH_MM = 210.0

WIDEST_SHEET_MM = (219.0, 260.0, 306.0)
"""The widest sheet that goes at true scale on each of `Resolution.widths`: a little wider than the line, because US
letter is 216 mm and JIS B4 257 mm wide. Half of what hangs over is cut off on each side, where no printer prints."""

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
    if width is not None and width not in resolution.widths:
        known = ", ".join(map(str, resolution.widths))
        raise DocumentError(f"a fax line has {known} pels at {resolution.label}, not {width}")
    if not MIN_SHEET_MM <= min(width_mm, height_mm) <= max(width_mm, height_mm) <= MAX_SHEET_MM:
        raise DocumentError(
            f"a sheet of {width_mm:.4g} by {height_mm:.4g} mm cannot be faxed: "
            f"each side has to measure {MIN_SHEET_MM:g} to {MAX_SHEET_MM:g} mm"
        )
    forced = None if width is None else resolution.widths.index(width)
    turned = width_mm > height_mm and _cost(height_mm, forced) < _cost(width_mm, forced)
    if turned:
        width_mm, height_mm = height_mm, width_mm
    place = _line_for(width_mm) if forced is None else forced
    width = resolution.widths[place]
    fits = width_mm <= WIDEST_SHEET_MM[place]
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
    """The place in `Resolution.widths` of the line for a sheet."""
    fitting = (place for place, widest_mm in enumerate(WIDEST_SHEET_MM) if width_mm <= widest_mm)
    return next(fitting, len(WIDEST_SHEET_MM) - 1)


def _cost(width_mm: float, forced: int | None) -> tuple[int, float]:
    """What it takes to lay a sheet across: the line, then how much the sheet would have to be reduced."""
    place = _line_for(width_mm) if forced is None else forced
    return place, max(0.0, width_mm - WIDEST_SHEET_MM[place])
