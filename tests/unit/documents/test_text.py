from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import Resolution
from faxmodem.documents import text as text_module
from faxmodem.documents.document import open_document
from faxmodem.documents.text import COLUMNS, LINES, decode, is_text, paginate
from faxmodem.errors import DocumentError

FINE = Resolution.FINE


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Größe €".encode(), "Größe €"),
        ("Größe €".encode("utf-8-sig"), "Größe €"),
        ("Größe €".encode("utf-16"), "Größe €"),
        (b"\xfe\xff" + "Größe".encode("utf-16-be"), "Größe"),
        ("Größe “x” €".encode("cp1252"), "Größe “x” €"),
        (b"caf\xe9", "café"),
    ],
)
def test_encodings(data: bytes, text: str) -> None:
    assert is_text(data)
    assert decode(data) == text


@pytest.mark.parametrize("data", [b"", b"\0abc", bytes(range(256)), b"\x7fELF\x02\x01\x01" + bytes(9)])
def test_binary_data_is_no_text(data: bytes) -> None:
    assert not is_text(data)


def test_tabs_form_feeds_and_line_ends() -> None:
    assert paginate("a\tb\r\n12345678\tc\rd\fsecond\n") == [["a       b", "12345678        c", "d"], ["second"]]


def test_control_characters_are_harmless() -> None:
    assert paginate("a\x00b\x1b[31mred\x07\x08\u200b\u202e") == [["ab[31mred"]]


def test_long_lines_are_wrapped_at_a_blank_or_broken() -> None:
    (lines,) = paginate("word " * 40 + "\n" + "x" * 200 + "\n    " + "y" * 90)
    assert lines[:3] == [("word " * 16).strip(), ("word " * 16).strip(), ("word " * 8).strip()]
    assert lines[3:6] == ["x" * 80, "x" * 80, "x" * 40]
    assert lines[6:] == ["    " + "y" * 76, "y" * 14]


def test_wide_letters_take_two_columns() -> None:
    assert paginate("漢" * 41) == [["漢" * 40, "漢"]]


def test_pages_are_full_then_the_next_begins() -> None:
    assert [len(page) for page in paginate("x\n" * 130)] == [LINES, LINES, 10]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_text_breaks_into_lines_that_fit(text: str) -> None:
    lines = [line for page in paginate(text) for line in page]
    assert all(len(line) <= COLUMNS or not line.isascii() for line in lines)
    assert all("\t" not in line and "\n" not in line for line in lines)


@given(st.text(alphabet="ab c\t", max_size=600))
def test_wrapping_loses_no_letter(text: str) -> None:
    lines = [line for page in paginate(text) for line in page]
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_huge_single_line_is_quick() -> None:
    assert len(paginate("x" * 1_000_000)) == -(-1_000_000 // COLUMNS // LINES)


def test_pages_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / "note"
    file.write_text("Hello\n\n\tthere\f\f second")
    with open_document(file, resolution=FINE) as document:
        first, empty, second = document.bitmaps()
    assert (first.width, first.lines) == (1728, 2286)
    rows = np.flatnonzero(first.rows.any(axis=1)) / FINE.lines_per_mm
    assert rows[0] == pytest.approx(19.4, abs=0.7)  # the capital's top on the first line
    columns = np.flatnonzero(first.pels().any(axis=0)) / FINE.pels_per_mm
    assert columns[0] == pytest.approx(20.1 + 2.45, abs=0.6)  # the left margin, on a line 4.9 mm longer than A4 is wide
    assert not empty.rows.any()
    assert second.rows.any()


def test_eighty_columns_fit_on_the_sheet(tmp_path: Path) -> None:
    file = tmp_path / "wide.txt"
    file.write_text("H" * 80)
    with open_document(file, resolution=FINE) as document:
        (page,) = document.bitmaps()
    columns = np.flatnonzero(page.pels().any(axis=0)) / FINE.pels_per_mm
    assert columns[-1] - columns[0] == pytest.approx(80 * 6 * 25.4 / 72, abs=0.7)
    assert columns[-1] < 195


def test_letters_that_no_font_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "SYSTEM_FONTS", ("no-such-font.ttf",))
    file = tmp_path / "greek.txt"
    file.write_text("Ελληνικά", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"greek\.txt: no font here can draw 8 of the text's 8 letters"):
        open_document(file, resolution=FINE)


def test_a_few_of_them_become_question_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "SYSTEM_FONTS", ())
    odd, plain = tmp_path / "odd.txt", tmp_path / "plain.txt"
    odd.write_text("x" * 70 + "\u03a9", encoding="utf-8")
    plain.write_text("x" * 70 + "?", encoding="utf-8")
    with open_document(odd, resolution=FINE) as one, open_document(plain, resolution=FINE) as other:
        assert list(one.bitmaps()) == list(other.bitmaps())


def test_another_script_takes_a_font_of_the_system(tmp_path: Path) -> None:
    file = tmp_path / "greek.txt"
    file.write_text("Ελληνικά, Русский", encoding="utf-8")
    try:
        document = open_document(file, resolution=FINE)
    except DocumentError:
        pytest.skip(f"none of these fonts is installed: {', '.join(text_module.SYSTEM_FONTS)}")
    with document:
        (page,) = document.bitmaps()
    assert page.rows.any()


def test_right_to_left_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hebrew.txt"
    file.write_text("שלום עולם", encoding="utf-8")
    with pytest.raises(DocumentError, match="send the text as a PDF"):
        open_document(file, resolution=FINE)


@pytest.mark.parametrize(("data", "match"), [(b" \n\t\n\f ", "empty"), (b"x" * ((4 << 20) + 1), "4 MiB")])
def test_empty_and_endless_text(tmp_path: Path, data: bytes, match: str) -> None:
    file = tmp_path / "text"
    file.write_bytes(data)
    with pytest.raises(DocumentError, match=match):
        open_document(file, resolution=FINE)
