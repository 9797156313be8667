"""The PDF rasteriser: one sheet at a time into a gray page of the fax raster.

PDFium allows one thread at a time in the whole process, so everything here happens under one lock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from faxmodem.codec.bitmap import Resolution

if TYPE_CHECKING:
    from PIL.Image import Image

    from faxmodem.documents.geometry import Layout

PDFIUM = threading.Lock()
"Hold this around every call into PDFium."

MM_PER_POINT = 25.4 / 72

# A sheet is drawn at 16.08 pels/mm by 15.4 lines/mm (in inches at 400 by 400) whatever the resolution, and reduced by
# whole numbers: glyphs and thin lines then lie where they belong to a quarter of a standard line. Only 300 is drawn at
# itself: twice as much would be more than twice the pels of 400, and show nothing that 300 can show.
REDUCTION = {
    Resolution.STANDARD: (2, 4),
    Resolution.FINE: (2, 2),
    Resolution.SUPERFINE: (2, 1),
    Resolution.R16: (1, 1),
    Resolution.INCH_200: (2, 2),
    Resolution.INCH_200X400: (2, 1),
    Resolution.INCH_300: (1, 1),
    Resolution.INCH_400: (1, 1),
}
QUARTER_TURNS = 3  # clockwise, for a sheet that lies turned counter-clockwise


def rasterise(page: Any, layout: Layout, resolution: Resolution, form: Any = None) -> Image:  # noqa: ANN401 - handles of C
    """Draw a page handle of PDFium, and the form fields of `form` on it, as a gray page. Call it under `PDFIUM`."""
    import pypdfium2.raw as pdfium
    from PIL import Image

    across, down = REDUCTION[resolution]
    gray = np.full((layout.lines * down, layout.width * across), 255, dtype=np.uint8)
    canvas = pdfium.FPDFBitmap_CreateEx(
        gray.shape[1], gray.shape[0], pdfium.FPDFBitmap_Gray, gray.ctypes.data, gray.strides[0]
    )
    try:
        place = (layout.left * across, 0, layout.across * across, gray.shape[0])
        how = (*place, QUARTER_TURNS if layout.turned else 0, pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING)
        pdfium.FPDF_RenderPageBitmap(canvas, page, *how)
        if form is not None:
            pdfium.FPDF_FFLDraw(form, canvas, page, *how)
    finally:
        pdfium.FPDFBitmap_Destroy(canvas)
    return Image.fromarray(gray).reduce((across, down))
