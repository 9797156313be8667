"""What does a page cost from a PDF to a bitmap, beside PDFium alone? And does memory grow with the document?"""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import pypdfium2

from bench.measure import environment, row, seconds
from faxmodem.codec.bitmap import Resolution
from faxmodem.documents.document import open_document

PAGES = 200


def main() -> None:
    """Print a line for each resolution, and one for a long document."""
    environment("pypdfium2", "pillow", "faxmodem")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.txt"
        path.write_text(
            "\f".join(f"Page {n}\n" + "The quick brown fox jumps over the lazy dog. " * 60 for n in range(PAGES))
        )
        pdf = Path(folder) / "page.pdf"
        _make_pdf(pdf)
        for resolution in Resolution:
            with open_document(pdf, resolution=resolution) as document:
                ours, best = seconds(lambda document=document: list(document.bitmaps()))
            theirs, _ = seconds(lambda resolution=resolution: _pdfium(pdf, resolution))
            row(case=f"pdf page {resolution.label}", median_s=ours, min_s=best, pdfium_s=theirs, ratio=ours / theirs)
        with open_document(path, resolution=Resolution.FINE) as document:
            drawn = iter(document.bitmaps())
            next(drawn)
            first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for _ in drawn:
                pass
        last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        row(case=f"peak memory, page {PAGES} over page 1", first_kib=first, last_kib=last, ratio=last / first)


def _make_pdf(path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(595, 842)
    font = pypdfium2.raw.FPDFText_LoadStandardFont(document, b"Helvetica")
    for line in range(60):
        text = pypdfium2.raw.FPDFPageObj_CreateTextObj(document, font, 10.0)
        words = (f"Line {line}: the quick brown fox jumps over the lazy dog, 0123456789" + "\0").encode("utf-16-le")
        pypdfium2.raw.FPDFText_SetText(text, (pypdfium2.raw.FPDF_WCHAR * (len(words) // 2)).from_buffer_copy(words))
        pypdfium2.raw.FPDFPageObj_Transform(text, 1, 0, 0, 1, 60, 780 - 12 * line)
        pypdfium2.raw.FPDFPage_InsertObject(page, text)
    pypdfium2.raw.FPDFPage_GenerateContent(page)
    document.save(path)
    document.close()


def _pdfium(path: Path, resolution: Resolution) -> None:
    document = pypdfium2.PdfDocument(path)
    for page in document:
        page.render(scale=resolution.y_dpi / 72, grayscale=True).to_numpy()
        page.close()
    document.close()


if __name__ == "__main__":
    main()
