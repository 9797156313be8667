"""The built-in test page: one A4 sheet that shows what a line, a modem and a far end make of a fax.

It is drawn in millimetres on a gray sheet, then brought to the page's raster like any other document.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import WIDTHS, Resolution
from faxmodem.documents.bilevel import to_bilevel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from faxmodem.codec.bitmap import Bitmap

PELS_PER_MM = 16.08
"The sheet's own raster, square: twice the pels of a fax line."
LENGTH_MM = 297.0
LEFT_MM, RIGHT_MM = 18.0, 197.0
PT_MM = 25.4 / 72

WORDS = (
    "The quick brown fox jumps over the lazy dog. " * 2 + "Pack my box with five dozen liquor jugs: 0123456789."
).split()
SIZES_PT = (6, 7, 8, 9, 10, 12, 14, 18)
RULES_PT = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
LINES_PER_MM = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
"Line pairs per millimetre; 4 is what 8 pels/mm can show."
GRAYS = 11


def sample_page(resolution: Resolution) -> Bitmap:
    """Draw the test page: letters, thin lines, resolution wedges, a scale, gray steps and a picture."""
    from PIL import Image

    sheet = _Sheet()
    _head(sheet, resolution)
    _letters(sheet, 42.5)
    _rules(sheet, 97.0)
    _wedges(sheet, 97.0)
    _geometry(sheet, 141.0)
    _grays(sheet, 190.0)
    _picture(sheet, 212.0, 66.0)
    _foot(sheet)
    # The line is as long as the sheet, or a little longer where it is counted in inches.
    across = round(sheet.image.width / PELS_PER_MM * resolution.pels_per_mm)
    page = Image.new("L", (resolution.widths[0], int(LENGTH_MM * resolution.lines_per_mm)), 255)
    drawn = sheet.image.resize((across, page.height), Image.Resampling.BOX)
    page.paste(drawn, ((page.width - across) // 2, 0))
    return to_bilevel(page, resolution)


@lru_cache(maxsize=32)
def _font(size_mm: float) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size_mm * PELS_PER_MM)


class _Sheet:
    """A sheet to draw on in millimetres from its upper left corner."""

    def __init__(self) -> None:
        from PIL import Image, ImageDraw

        self.image: Image.Image = Image.new("L", (WIDTHS[0] * 2, round(LENGTH_MM * PELS_PER_MM)), 255)
        self._draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, size_mm: float, anchor: str = "ls", fill: int = 0) -> None:
        """Write a line; `anchor` as Pillow has it, "ls" for the left end of the baseline."""
        place = x * PELS_PER_MM, y * PELS_PER_MM
        self._draw.text(place, text, fill=fill, font=_font(size_mm), anchor=anchor)

    def box(self, x: float, y: float, width: float, height: float, fill: int = 0) -> None:
        """Fill a rectangle."""
        left, top = round(x * PELS_PER_MM), round(y * PELS_PER_MM)
        right, bottom = round((x + width) * PELS_PER_MM), round((y + height) * PELS_PER_MM)
        self._draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=fill)

    def circle(self, x: float, y: float, radius: float, line_mm: float) -> None:
        """Draw a circle around a centre."""
        corners = [(value * PELS_PER_MM) for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(corners, outline=0, width=max(1, round(line_mm * PELS_PER_MM)))

    def polygon(self, points: NDArray[np.float64]) -> None:
        """Fill a polygon; `points` of shape (n, 2)."""
        self._draw.polygon([(float(x), float(y)) for x, y in points * PELS_PER_MM], fill=0)

    def paste(self, x: float, y: float, gray: NDArray[np.uint8]) -> None:
        """Put a picture on the sheet, pel for pel."""
        from PIL import Image

        self.image.paste(Image.fromarray(gray), (round(x * PELS_PER_MM), round(y * PELS_PER_MM)))


def _caption(sheet: _Sheet, x: float, y: float, text: str) -> None:
    sheet.text(x, y, text, 9 * PT_MM)


def _head(sheet: _Sheet, resolution: Resolution) -> None:
    sheet.box(LEFT_MM, 13.0, RIGHT_MM - LEFT_MM, 19.0)
    sheet.text(LEFT_MM + 5, 26.6, "faxmodem", 12.5, fill=255)
    sheet.text(RIGHT_MM - 5, 21.2, "Test page, A4", 4.6, anchor="rs", fill=255)
    density = f"{resolution.label}: {resolution.pels_per_mm:g} pels/mm, {resolution.lines_per_mm:g} lines/mm"
    if resolution.is_inch:
        density = f"{resolution.x_dpi} pels/inch, {resolution.y_dpi} lines/inch"
    sheet.text(RIGHT_MM - 5, 28.0, density, 4.0, anchor="rs", fill=255)
    for mm in range(int(RIGHT_MM - LEFT_MM) + 1):
        height = 4.0 if mm % 10 == 0 else 2.8 if mm % 5 == 0 else 1.7
        sheet.box(LEFT_MM + mm, 34.5, 0.13, height)
        if mm % 10 == 0 and mm < RIGHT_MM - LEFT_MM - 5:
            sheet.text(LEFT_MM + mm + 0.8, 40.0, f"{mm // 10}", 2.9)


def _letters(sheet: _Sheet, top: float) -> None:
    y = top
    for size in SIZES_PT:
        height = size * PT_MM
        y += height * 1.15 + 0.6
        sheet.text(LEFT_MM, y, f"{size} pt", 7 * PT_MM)
        sheet.text(LEFT_MM + 12, y, " ".join(_words_within(RIGHT_MM - LEFT_MM - 12, height)), height)


def _words_within(width_mm: float, size_mm: float) -> list[str]:
    """As many of the sample's words as a line holds."""
    ends = accumulate(_font(size_mm).getlength(f"{word} ") for word in WORDS)
    return [word for word, end in zip(WORDS, ends, strict=True) if end <= width_mm * PELS_PER_MM]


def _rules(sheet: _Sheet, top: float) -> None:
    _caption(sheet, LEFT_MM, top, "Lines, points")
    for number, points in enumerate(RULES_PT):
        y = top + 5 + number * 5
        sheet.text(LEFT_MM, y + 0.8, f"{points:g}", 7 * PT_MM)
        sheet.box(LEFT_MM + 9, y, 36.0, points * PT_MM)
        sheet.box(LEFT_MM + 50 + number * 3.5, top + 4, points * PT_MM, 32.0)


def _wedges(sheet: _Sheet, top: float) -> None:
    """Groups of lines, as many per millimetre as is written beside them, across and down."""
    x = 99.0
    _caption(sheet, x, top, "Resolution, line pairs per millimetre")
    for number, pairs in enumerate(LINES_PER_MM):
        left = x + number * 14.0
        sheet.text(left + 5.5, top + 5.5, f"{pairs:g}", 7 * PT_MM, anchor="ms")
        pitch = 1 / pairs
        for line in range(int(11 * pairs)):
            sheet.box(left + line * pitch, top + 7.0, pitch / 2, 13.0)
            sheet.box(left, top + 22.0 + line * pitch, 11.0, pitch / 2)


def _geometry(sheet: _Sheet, top: float) -> None:
    """A grid, circles that have to be round, and a star that shows where lines run together."""
    _caption(sheet, LEFT_MM, top, "Grid of 5 mm")
    for step in range(9):
        sheet.box(LEFT_MM + step * 5, top + 3, 0.2, 40.0)
        sheet.box(LEFT_MM, top + 3 + step * 5, 40.2, 0.2)
    _caption(sheet, 74.0, top, "Circles")
    for number, radius in enumerate((20.0, 16.0, 12.0, 8.0, 4.0)):
        sheet.circle(94.0, top + 23, radius, (0.13, 0.25, 0.5, 1.0, 2.0)[number])
    _caption(sheet, 130.0, top, "Star of 36 rays")
    for ray in range(36):
        angle = np.radians([ray * 10.0, ray * 10.0 + 5.0])
        rim = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 20.0
        sheet.polygon(np.vstack([np.zeros((1, 2)), rim]) + np.array([150.0, top + 23.0]))
    for number, side in enumerate((4.0, 2.0, 1.0, 0.5)):
        y = top + 3 + number * 10.25
        cells = round(8 / side)
        for row in range(cells):
            for column in range(row % 2, cells, 2):
                sheet.box(180.0 + column * side, y + row * side, side, side)
        sheet.text(190.5, y + 5.0, f"{side:g}", 7 * PT_MM)


def _grays(sheet: _Sheet, top: float) -> None:
    step = (RIGHT_MM - LEFT_MM) / GRAYS
    for number in range(GRAYS):
        share = number / (GRAYS - 1)
        sheet.text(LEFT_MM + (number + 0.5) * step, top, f"{share:.0%}", 7 * PT_MM, anchor="ms")
        sheet.box(LEFT_MM + number * step, top + 2, step, 7.0, fill=round(255 * (1 - share)))
    width = round((RIGHT_MM - LEFT_MM) * PELS_PER_MM)
    ramp = np.linspace(255, 0, width).astype(np.uint8)
    sheet.paste(LEFT_MM, top + 9, np.tile(ramp, (round(7 * PELS_PER_MM), 1)))


def _picture(sheet: _Sheet, top: float, height_mm: float) -> None:
    """A lake among mountains at sunrise: soft tones, sharp edges, and fine waves."""
    width, height = round((RIGHT_MM - LEFT_MM) * PELS_PER_MM), round(height_mm * PELS_PER_MM)
    shore = round(height * 0.64)
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, shore)[:, None]
    away = np.hypot((x - 0.68) * width / shore, y - 0.5)
    land = 0.45 + 0.40 * y + 0.55 * np.exp(-away * 4)
    land[away < 0.1] = 1.0
    rng = np.random.default_rng(4)
    for layer, (base, rough, tone) in enumerate(((0.52, 0.28, 0.66), (0.70, 0.22, 0.47), (0.86, 0.13, 0.26))):
        ridge = base + rough * _ridge(rng, x, layer)
        mist = np.clip((y - ridge) / (1.02 - base), 0, 1)
        land = np.where(y > ridge, tone + 0.30 * mist**1.5, land)
    depth = np.linspace(0, 1, height - shore)[:, None]
    waves = np.sin(90 * np.sqrt(depth + 0.02) * 3 + 9 * np.sin(x * 17 + depth * 8)) * (0.03 + 0.10 * depth)
    mirrored = land[::-1][np.minimum((depth[:, 0] * shore * 0.9).astype(int), shore - 1)]
    lake = mirrored * (0.82 - 0.25 * depth) + waves
    picture = np.vstack([land, lake])
    sheet.paste(LEFT_MM, top, (np.clip(picture, 0.02, 1) * 255).astype(np.uint8))


def _ridge(rng: np.random.Generator, x: NDArray[np.float64], layer: int) -> NDArray[np.float64]:
    """A mountain range's outline: noise of many wavelengths, the nearer the rougher."""
    outline = np.zeros_like(x)
    for octave in range(8):
        knots = 4 + layer + 2 ** (octave + 1)
        outline += np.interp(x, np.linspace(0, 1, knots), rng.uniform(-1, 1, knots)) / 1.9**octave
    return outline / 2


def _foot(sheet: _Sheet) -> None:
    sheet.box(LEFT_MM, 282.0, RIGHT_MM - LEFT_MM, 0.25)
    sheet.text(
        LEFT_MM, 286.5, "The scale at the top counts centimetres; circles are round when the page kept its shape.", 2.9
    )
    sheet.text(RIGHT_MM, 286.5, "End of page", 2.9, anchor="rs")
