"""Pages to measure with: the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.sample import sample_page

LINES, WIDTH = 2292, 1728


def pages() -> Iterator[tuple[str, Bitmap]]:
    """(name, page) at fine resolution."""
    rng = np.random.default_rng(30)
    white = np.zeros((LINES, WIDTH), np.bool_)
    yield "white", Bitmap.from_pels(white, Resolution.FINE)
    yield "text", Bitmap.from_pels(_text(rng), Resolution.FINE)
    yield "sample", sample_page(Resolution.FINE)
    yield "noise", Bitmap.from_pels(rng.random((LINES, WIDTH)) < 0.5, Resolution.FINE)
    yield from charts()


def charts() -> Iterator[tuple[str, Bitmap]]:
    """The CCITT test charts, where there are any."""
    from faxmodem.documents.document import open_document

    folder = os.environ.get("FAXMODEM_CHARTS")
    for path in sorted(Path(folder).glob("ccitt*.tif")) if folder else ():
        with open_document(path, resolution=Resolution.FINE) as document:
            yield path.stem, next(iter(document.bitmaps()))


def _text(rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Something as dense as a typed page: words of strokes, 60 lines of them."""
    page = np.zeros((LINES, WIDTH), np.bool_)
    for top in range(150, LINES - 150, 34):
        left = 150
        while left < WIDTH - 200:
            for _ in range(rng.integers(2, 10)):
                letter = rng.random((20, 13)) < 0.35
                page[top : top + 20, left : left + 13] |= np.repeat(letter[:, ::3], 3, axis=1)[:, :13]
                left += 15
            left += 12
    return page
