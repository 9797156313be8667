"""Coding a page: against the standard's examples, against a plain coder, against libtiff."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, Resolution
from faxmodem.codec.mh import mh_encode
from tests.unit.codec import libtiff, plain
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden

# The formula picture by an independent coder, verified by libtiff; the most significant bit goes first here.
GOLDEN = """
    00135ed5abad5abad5abad5a1c004d54274e9d4284e9d3a8509d3a750a13a74e0038b95172a2e545c800610eb90eb10eb90eb10eb90eb10eb9
    000ba2142214221423800cfd7d7d780019fafafaf00030875c8758875c8758875c8758875c8007d86c361b7001f61b0d86dc00610eb90eb10e
    b90eb10eb90eb10eb9000cfd7d7d780019fafafaf0002e8850885088508e0030875c8758875c8758875c8758875c8007172a2e545ca8b90008
    0080080080080080
"""


def test_golden_page() -> None:
    bits = "".join(f"{octet:08b}" for octet in bytes.fromhex("".join(GOLDEN.split())))
    assert mh_encode(golden()) == plain.link(bits)


@pytest.mark.parametrize(("number", "size"), [(1, 37414), (2, 34358), (4, 108066), (6, 51162), (7, 106411)])
def test_size_of_the_test_charts(number: int, size: int) -> None:
    page = chart(number)
    strip = mh_encode(page, rtc=False)
    assert len(strip) == size  # by libtiff
    assert np.array_equal(libtiff.decode(strip, lines=page.lines, width=page.width), page.pels())


@given(page=bitmaps(), min_line_bits=st.sampled_from([0, 24, 96, 576]))
def test_equal_to_the_plain_coder(page: Bitmap, min_line_bits: int) -> None:
    assert mh_encode(page, min_line_bits=min_line_bits) == plain.link(plain.encode(page, min_line_bits=min_line_bits))


@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_libtiff_reads_what_we_code(picture: str, width: int) -> None:
    pels = PICTURES[picture](20, width)
    strip = mh_encode(Bitmap.from_pels(pels, Resolution.STANDARD), rtc=False)
    assert np.array_equal(libtiff.decode(strip, lines=20, width=width), pels)


@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_code_what_libtiff_codes(picture: str, width: int) -> None:
    pels = PICTURES[picture](20, width)
    assert mh_encode(Bitmap.from_pels(pels, Resolution.STANDARD), rtc=False) == libtiff.encode(pels, aligned=False)


def test_a_page_without_lines_is_rtc() -> None:
    empty = Bitmap.from_pels(np.zeros((0, 1728), np.bool_), Resolution.FINE)
    assert mh_encode(empty) == plain.link(plain.RTC)
    assert mh_encode(empty, rtc=False) == b""


def test_fill_stands_before_each_eol_that_ends_a_line_and_nowhere_else() -> None:
    page = Bitmap.from_pels(np.zeros((2, 1728), np.bool_), Resolution.FINE)
    white = plain.line(1728)
    padded = white + "0" * (96 - len(white) - 12) + plain.EOL
    assert plain.unlink(mh_encode(page, min_line_bits=96)) == plain.EOL + padded + padded + plain.EOL * 5
    strip = plain.EOL + padded + white
    assert plain.unlink(mh_encode(page, min_line_bits=96, rtc=False)).rstrip("0") == strip.rstrip("0")
