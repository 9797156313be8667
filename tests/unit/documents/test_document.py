from __future__ import annotations

import os
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents import document as document_module
from faxmodem.documents import pdf, rasterise
from faxmodem.documents.document import open_document, open_documents
from faxmodem.errors import DocumentError
from tests.unit.documents.pdfs import MM, encrypted_pdf, make_pdf

FINE, STANDARD = Resolution.FINE, Resolution.STANDARD

A4 = (210.0, 297.0)
BOX = f"0 g {20 * MM:.3f} {247 * MM:.3f} {50 * MM:.3f} {30 * MM:.3f} re f"
"20 mm from the left and the top, 50 mm wide, 30 mm high, on an A4 sheet."

USUAL = (Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE)
RESOLUTIONS = [pytest.param(r, marks=() if r in USUAL else pytest.mark.soak) for r in Resolution]


def pages_of(file: Path, resolution: Resolution = FINE, width: int | None = None) -> list[Bitmap]:
    with open_document(file, resolution=resolution, width=width) as document:
        return list(document.bitmaps())


@pytest.fixture
def pdf_file(tmp_path: Path) -> Path:
    file = tmp_path / "letter.dat"
    file.write_bytes(make_pdf([(*A4, BOX), (215.9, 355.6, ""), (257.0, 364.0, ""), (297.0, 420.0, "")]))
    return file


@pytest.mark.parametrize(
    ("resolution", "lines"),
    [
        (STANDARD, (1143, 1369, 1401, 1617)),
        (FINE, (2286, 2738, 2802, 3234)),
        (Resolution.SUPERFINE, (4573, 5476, 5605, 6468)),
    ],
)
def test_pdf_geometry(pdf_file: Path, resolution: Resolution, lines: tuple[int, ...]) -> None:
    pages = pages_of(pdf_file, resolution)
    assert [page.width for page in pages] == [1728, 1728, 2048, 2432]
    assert all(abs(page.lines - wanted) <= 1 for page, wanted in zip(pages, lines, strict=True))
    assert {page.resolution for page in pages} == {resolution}


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_pdf_is_drawn_at_true_scale(tmp_path: Path, resolution: Resolution) -> None:
    file = tmp_path / "letter.pdf"
    file.write_bytes(make_pdf([(*A4, BOX)]))
    (page,) = pages_of(file, resolution)
    pels = page.pels()
    rows, columns = np.flatnonzero(pels.any(axis=1)), np.flatnonzero(pels.any(axis=0))
    left_mm = (pels.shape[1] / resolution.pels_per_mm - 210) / 2
    assert columns[0] / resolution.pels_per_mm - left_mm == pytest.approx(20, abs=0.2)
    assert len(columns) / resolution.pels_per_mm == pytest.approx(50, abs=0.2)
    assert rows[0] / resolution.lines_per_mm == pytest.approx(20, abs=0.3)
    assert len(rows) / resolution.lines_per_mm == pytest.approx(30, abs=0.3)


def test_thin_lines_of_a_pdf_live_at_standard(tmp_path: Path) -> None:
    file = tmp_path / "lines.pdf"
    strokes = [f"50 {100 + step * 10.07:.2f} m 500 {100 + step * 10.07:.2f} l S" for step in range(60)]
    file.write_bytes(make_pdf([(*A4, "0.25 w " + " ".join(strokes))]))
    (page,) = pages_of(file, STANDARD)
    rows = page.pels()[:, 700:900].all(axis=1)
    starts = np.flatnonzero(rows & ~np.roll(rows, 1))
    assert len(starts) == 60


def test_a_landscape_pdf_is_turned_its_top_to_the_left(tmp_path: Path) -> None:
    file = tmp_path / "wide.pdf"
    file.write_bytes(make_pdf([(297.0, 210.0, f"0 {180 * MM} {297 * MM} {30 * MM} re f")]))
    (page,) = pages_of(file)
    assert (page.width, page.lines) == (1728, 2286)
    columns = page.pels().mean(axis=0)
    assert columns[25:255].min() > 0.99
    assert columns[270:].max() == 0.0


def test_a_forced_width(pdf_file: Path) -> None:
    assert {page.width for page in pages_of(pdf_file, STANDARD, 1728)} == {1728}
    with pytest.raises(DocumentError, match="not 1700"):
        open_document(pdf_file, resolution=FINE, width=1700)


def test_bitmaps_can_be_drawn_again(pdf_file: Path) -> None:
    with open_document(pdf_file, resolution=STANDARD) as document:
        assert (document.name, document.pages) == ("letter.dat", 4)
        assert list(document.bitmaps()) == list(document.bitmaps())
    document.close()


def test_pages_are_drawn_when_asked_for_and_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "long.pdf"
    file.write_bytes(make_pdf([(*A4, BOX)] * 1000))
    drawn = 0
    original = rasterise.rasterise

    def counted(page: object, layout: object, resolution: object, form: object = None) -> object:
        nonlocal drawn
        drawn += 1
        return original(page, layout, resolution, form)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(pdf, "rasterise", counted)
    with open_document(file, resolution=STANDARD) as document:
        assert document.pages == 1000
        bitmaps = document.bitmaps()
        assert drawn == 0
        next(bitmaps)
        assert drawn == 1
        tracemalloc.start()
        next(bitmaps)
        _, first = tracemalloc.get_traced_memory()
        for _ in range(5):
            next(bitmaps)
        _, more = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert drawn == 7
    assert more < first * 1.1


def test_several_files_are_one_sequence(tmp_path: Path, pdf_file: Path) -> None:
    note, picture = tmp_path / "note.txt", tmp_path / "picture.png"
    note.write_text("hello")
    Image.new("L", (100, 100), 0).save(picture)
    with open_documents([pdf_file, note, picture], resolution=STANDARD) as documents:
        assert documents.pages == 6
        assert documents.name == "letter.dat, note.txt, picture.png"
        assert [page.width for page in documents.bitmaps()] == [1728, 1728, 2048, 2432, 1728, 1728]


def test_all_files_are_checked_before_the_first_page(tmp_path: Path, pdf_file: Path) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(bytes(100))
    with pytest.raises(DocumentError, match=r"^bad\.bin: "):
        open_documents([pdf_file, bad], resolution=STANDARD)
    with pytest.raises(DocumentError, match="nothing to send"):
        open_documents([], resolution=STANDARD)


def test_too_many_pages(tmp_path: Path, pdf_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "MAX_PAGES", 7)
    with pytest.raises(DocumentError, match="8 pages together"):
        open_documents([pdf_file, pdf_file], resolution=STANDARD)
    file = tmp_path / "long.txt"
    file.write_text("x\f" * 8)
    with pytest.raises(DocumentError, match=r"long\.txt: the file has 8 pages: at most 7"):
        open_document(file, resolution=STANDARD)


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "binary": (bytes(range(256)) * 10, "format is unknown"),
    "zip": (b"PK\x03\x04" + bytes(50), "print it to a PDF"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "print it to a PDF"),
    "rtf": (b"{\\rtf1 hello}", "print it to a PDF"),
    "postscript": (b"%!PS-Adobe-3.0\nshowpage\n", "print it to a PDF"),
    "encrypted": (encrypted_pdf(), "encrypted"),
    "truncated": (make_pdf([(*A4, BOX)])[:400], "incomplete"),
    "garbage": (b"%PDF-1.4\n" + bytes(range(128, 256)) * 9 + b"\n%%EOF\n", "damaged"),
    "no pages": (make_pdf([]), "no pages"),
    "metres": (make_pdf([(*A4, ""), (210.0, 5000.0, "")]), "page 2: a page of 5.0 m is too long"),
    "speck": (make_pdf([(0.3, 50.0, "")]), "page 1: a sheet of 0.3 by 50 mm"),
    "cut off": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged|format is unknown"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_when_opened(tmp_path: Path, name: str) -> None:
    data, match = BAD_FILES[name]
    file = tmp_path / f"{name}.pdf"
    file.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DocumentError, match=rf"^{name}\.pdf: .*({match})"):
            open_document(file, resolution=FINE)


def test_a_page_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "holes.pdf"
    file.write_bytes(make_pdf([(*A4, BOX)] * 3, missing=[1]))
    with pytest.raises(DocumentError, match=r"holes\.pdf(, page 2 of 3|: .*page)"):
        pages_of(file, STANDARD)


def test_no_such_file_a_folder_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^nothing\.pdf: there is no such file"):
        open_document(tmp_path / "nothing.pdf", resolution=FINE)
    with pytest.raises(DocumentError, match="this is a folder"):
        open_document(tmp_path, resolution=FINE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="not a regular file"):
        open_document(tmp_path / "pipe", resolution=FINE)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read anything
    with pytest.raises(DocumentError, match=r"^secret\.txt: the file cannot be read \(Permission denied\)"):
        open_document(file, resolution=FINE)
