"""Pages of a PDF file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faxmodem.documents.bilevel import to_bilevel
from faxmodem.documents.geometry import lay_out
from faxmodem.documents.rasterise import MM_PER_POINT, PDFIUM, rasterise
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from pathlib import Path

    from faxmodem.codec.bitmap import Bitmap
    from faxmodem.documents.geometry import Layout
    from faxmodem.documents.target import Target

HEAD_BYTES = 1024
"Where `%PDF-` may stand: readers have always searched the first kilobyte (PDF 1.7, implementation note 13)."
TAIL_BYTES = 65536
"Where `%%EOF` is looked for: the end, with room for what some programs append."


class PdfPages:
    """The pages of a PDF file; PDFium reads the file piece by piece as they are asked for."""

    def __init__(self, path: Path) -> None:
        import pypdfium2

        _require_end(path)
        with PDFIUM:
            try:
                self._pdf = pypdfium2.PdfDocument(path)
            except pypdfium2.PdfiumError as error:
                raise DocumentError(_why(error)) from error
            try:
                self._pdf.init_forms()
                self._sizes = [self._pdf.get_page_size(page) for page in range(len(self._pdf))]
            except pypdfium2.PdfiumError as error:
                self._pdf.close()
                raise DocumentError("it is damaged: its list of pages cannot be read") from error
        self.pages = len(self._sizes)

    def check(self, index: int, target: Target) -> None:
        """Raise DocumentError for a page whose size cannot be faxed."""
        self._layout(index, target)

    def render(self, index: int, target: Target) -> Bitmap:
        """Draw one page."""
        import pypdfium2

        layout = self._layout(index, target)
        with PDFIUM:
            try:
                page = self._pdf[index]
            except pypdfium2.PdfiumError as error:
                raise DocumentError("it is damaged and cannot be drawn") from error
            try:
                form = self._pdf.formenv
                gray = rasterise(page.raw, layout, target.resolution, form and form.raw)
            finally:
                page.close()
        return to_bilevel(gray, target.resolution, target.rendering)

    def close(self) -> None:
        """Let go of the file."""
        with PDFIUM:
            self._pdf.close()

    def _layout(self, index: int, target: Target) -> Layout:
        width_pt, height_pt = self._sizes[index]
        return lay_out(width_pt * MM_PER_POINT, height_pt * MM_PER_POINT, target.resolution, target.width)


def _require_end(path: Path) -> None:
    """Refuse a file that was cut off: PDFium would repair it and silently show what is left."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        if b"%%EOF" not in file.read():
            raise DocumentError("the PDF is incomplete: its end mark %%EOF is missing; fetch or export it again")


def _why(error: Exception) -> str:
    import pypdfium2.raw as pdfium

    if getattr(error, "err_code", None) in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
        return "the PDF is encrypted and asks for a password: save it without one"
    return "the PDF is damaged, or has no pages"
