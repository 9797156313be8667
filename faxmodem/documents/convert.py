"""A page for a far end that cannot take it as it is: other widths, other resolutions, shorter pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.bilevel import dither_tones
from faxmodem.documents.raster import to_image

if TYPE_CHECKING:
    from collections.abc import Iterator

RANK = {Resolution.STANDARD: 1, Resolution.FINE: 2, Resolution.SUPERFINE: 4}
"Lines that each resolution has where standard has one."

SHRINK_TO = 0.7
"A page that is too long is reduced to as little as this; below, it is cut into several."

BLACK_SHARE = 0.32
"""How dark a reduced pel has to be to come out black. No step reduces below 0.7, so a thin line that falls between two
pels still gives 0.35 to each and lives on."""

SEAM_SHARE = 0.1
"The last part of a cut page in which a white line is looked for, to cut between two lines of text."


def convert(bitmap: Bitmap, *, width: int, resolution: Resolution) -> Bitmap:
    """Bring a page to another width and resolution.

    A wider line takes the page at its size, centred. A shorter line has the page reduced to it, its height likewise.
    """
    page = _revalue(bitmap, resolution)
    if width < page.width:
        return _reduce(page, width, max(1, round(page.lines * width / page.width)))
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
        return [_pad(_reduce(page, across, max_lines), page.width)]
    return list(_parts(page, max_lines))


def _revalue(bitmap: Bitmap, resolution: Resolution) -> Bitmap:
    """Double lines, or join them: a joined line is black where any of its lines was, so no thin line is lost."""
    old, new = RANK[bitmap.resolution], RANK[resolution]
    if new == old:
        return bitmap
    if new > old:
        rows = bitmap.rows.repeat(new // old, axis=0)
    else:
        rows = np.bitwise_or.reduceat(bitmap.rows, np.arange(0, bitmap.lines, old // new), axis=0)
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


def _reduce(bitmap: Bitmap, width: int, lines: int) -> Bitmap:
    """Reduce a page: thin lines stay black, and what was dithered is dithered anew."""
    from PIL import Image

    share = np.asarray(to_image(bitmap).convert("L").resize((width, lines), Image.Resampling.BILINEAR))
    dark = 255 - share
    black = dark >= 255 * BLACK_SHARE
    dither_tones(black, dark, bitmap.resolution)
    return Bitmap.from_pels(black, bitmap.resolution)


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
