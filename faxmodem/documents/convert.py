"""A page for a far end that cannot take it as it is: other widths, other resolutions, shorter pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.bilevel import dither_tones
from faxmodem.documents.raster import to_image

if TYPE_CHECKING:
    from collections.abc import Iterator

SHRINK_TO = 0.7
"A page that is too long is reduced to as little as this; below, it is cut into several."

BLACK_SHARE = 0.45
"""How dark a pel has to be to come out black, as a share of what a line one pel thick can give to it: one that falls
between two pels still gives 0.5 to each, and lives on."""

SEAM_SHARE = 0.1
"The last part of a cut page in which a white line is looked for, to cut between two lines of text."


def convert(bitmap: Bitmap, *, width: int, resolution: Resolution) -> Bitmap:
    """Bring a page to another width and resolution.

    A wider line takes the page at its size, centred. A shorter line has the page reduced to it, its height likewise;
    of lines for the same paper, that in inches is longer by 2 %.
    """
    page = _with_whole_lines(bitmap, resolution)
    across = page.width * resolution.pels_per_mm / page.resolution.pels_per_mm
    down = page.lines * resolution.lines_per_mm / page.resolution.lines_per_mm
    scale = min(1.0, width / across)
    size = round(across * scale), max(min(1, page.lines), round(down * scale))
    if page.resolution is not resolution or size != (page.width, page.lines):
        page = _resize(page, *size, resolution)
    return _pad(page, width)


def fit(bitmap: Bitmap, *, width: int, resolution: Resolution, max_lines: int | None) -> list[Bitmap]:
    """Convert a page; if it is longer than `max_lines`, make it shorter or several.

    White at its end is given up first. Then it is reduced and centred, when 0.7 of its size is enough; what is
    longer still is cut into pages, between two lines of text where there is such a place. `max_lines` counts lines of
    `resolution`; None: any length will do.
    """
    page = convert(bitmap, width=width, resolution=resolution)
    if max_lines is None or page.lines <= max_lines:
        return [page]
    inked = np.flatnonzero(page.rows.any(axis=1))
    page = _cut(page, 0, max(max_lines, int(inked[-1]) + 1 if inked.size else 0))
    if max_lines >= page.lines * SHRINK_TO:
        across = max(1, round(page.width * max_lines / page.lines))
        return [_pad(_resize(page, across, max_lines, resolution), page.width)]
    return list(_parts(page, max_lines))


def _with_whole_lines(bitmap: Bitmap, resolution: Resolution) -> Bitmap:
    """Double lines, or join them, where that is all there is to do to a page, or brings it nearer.

    A joined line is black where any of its lines was, so no thin line is lost.
    """
    old, new = bitmap.resolution, resolution
    if new.pels_per_mm != old.pels_per_mm or new is old:
        return bitmap
    if new.lines_per_mm > old.lines_per_mm:
        rows = bitmap.rows.repeat(round(new.lines_per_mm / old.lines_per_mm), axis=0)
    else:
        step = round(old.lines_per_mm / new.lines_per_mm)
        rows = np.bitwise_or.reduceat(bitmap.rows, np.arange(0, bitmap.lines, step), axis=0)
    return Bitmap(rows=rows, width=bitmap.width, resolution=resolution)


def _pad(bitmap: Bitmap, width: int) -> Bitmap:
    if width == bitmap.width:
        return bitmap
    left = (width - bitmap.width) // 2
    pels = np.zeros((bitmap.lines, width), dtype=np.bool_)
    pels[:, left : left + bitmap.width] = bitmap.pels()
    return Bitmap.from_pels(pels, bitmap.resolution)


def _cut(bitmap: Bitmap, first: int, end: int) -> Bitmap:
    return Bitmap(rows=bitmap.rows[first:end], width=bitmap.width, resolution=bitmap.resolution)


def _resize(bitmap: Bitmap, width: int, lines: int, resolution: Resolution) -> Bitmap:
    """Bring a page to another raster: thin lines stay black, and what was dithered is dithered anew."""
    from PIL import Image

    share = np.asarray(to_image(bitmap).convert("L").resize((width, lines), Image.Resampling.BILINEAR))
    dark = 255 - share
    black = dark >= 255 * BLACK_SHARE * min(1.0, width / bitmap.width, lines / bitmap.lines)
    dither_tones(black, dark, resolution)
    return Bitmap.from_pels(black, resolution)


def _parts(page: Bitmap, max_lines: int) -> Iterator[Bitmap]:
    white = (page.rows == 0).all(axis=1)
    first = 0
    while page.lines - first > max_lines:
        limit = first + max_lines
        earliest = limit - int(max_lines * SEAM_SHARE)
        seams = np.flatnonzero(white[earliest:limit])
        end = earliest + int(seams[-1]) + 1 if seams.size else limit
        yield _cut(page, first, end)
        first = end
    yield _cut(page, first, page.lines)
