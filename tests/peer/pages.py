"""Pages to send: light ones, that take five seconds at 14400 bit/s, and a dense one to be in the middle of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.document import open_documents
from tests.unit.documents.pdfs import make_pdf

WIDTH: Final = 1728
DENSE_LINES: Final = 700


def pdf(path: Path, pages: int) -> Path:
    """An A4 document of a few words a page."""
    words = [
        f"BT /F 24 Tf 72 {700 - 40 * n} Td (Page {n} of {pages}: five wine quacks) Tj ET" for n in range(1, pages + 1)
    ]
    path.write_bytes(make_pdf([(210, 297, text) for text in words]))
    return path


def drawn(path: Path, resolution: Resolution) -> list[Bitmap]:
    """The pages of a document as they go out without a header."""
    with open_documents([path], resolution=resolution) as document:
        return list(document.bitmaps())


def light_page(number: int, resolution: Resolution = Resolution.FINE, *, lines: int = 2200) -> Bitmap:
    """A white page with a frame, and bars that tell its number."""
    pels = np.zeros((lines, WIDTH), dtype=np.bool_)
    pels[[8, lines - 9], 40:-40] = True
    pels[8:-8, [40, WIDTH - 41]] = True
    for bar in range(number):
        pels[lines // 4 : lines // 2, 200 + 100 * bar : 250 + 100 * bar] = True
    return Bitmap.from_pels(pels, resolution)


def dense_page() -> Bitmap:
    """A short page of checks that takes well over half a minute at 14400 bit/s."""
    row, column = np.indices((DENSE_LINES, WIDTH)) // 16
    return Bitmap.from_pels((row + column) % 2 == 0, Resolution.FINE)
