"""Coding a page in MR: against the standard's examples, against a plain coder, against libtiff."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, Resolution
from faxmodem.codec.mr import mr_encode
from faxmodem.errors import CodecError
from tests.unit.codec import libtiff, plain
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden
from tests.unit.codec.plain import EOL_0, EOL_1, RTC_1

# The formula picture with K = 4 by an independent coder, verified by libtiff; the most significant bit goes first here.
GOLDEN = """
    0019af6ad5d6ad5d6ad5d6ad0e002a082653a04542082653a04542082653a04542082653a80085842290b0845216108a42c2115001041791d041
    791d041791d0417800dd10a110a110a11c0042731139889cc44e70017fc00461022b8a1cac2872b8a1cac2872b8a1cac2872ba003f61b0d86dc0
    05ff001184115c50e5614395c50e5614395c50e5614395d0010897c4444be22225f11112fb001cfd7d7d78001174271184271184271184300132
    872b8124ca1cae04932872b8124ca1cae80087c47c47c47c006003001800c0060030
"""


def test_golden_page() -> None:
    bits = "".join(f"{octet:08b}" for octet in bytes.fromhex("".join(GOLDEN.split())))
    assert mr_encode(golden(), k=4) == plain.link(bits)


@pytest.mark.parametrize(
    ("number", "k", "size"),
    [
        (1, 2, 29915),
        (2, 2, 24662),
        (4, 2, 90446),
        (6, 2, 35944),
        (7, 2, 89610),
        (1, 4, 25958),
        (2, 4, 19646),
        (4, 4, 81805),
        (6, 4, 28235),
        (7, 4, 81456),
    ],
)
def test_size_of_the_test_charts(number: int, k: int, size: int) -> None:
    page = chart(number)
    strip = mr_encode(page, k=k, rtc=False)
    assert len(strip) == size  # by libtiff
    assert np.array_equal(libtiff.decode_mr(strip, lines=page.lines, width=page.width), page.pels())


@given(page=bitmaps(), k=st.integers(1, 5), min_line_bits=st.sampled_from([0, 24, 96, 576]))
def test_equal_to_the_plain_coder(page: Bitmap, k: int, min_line_bits: int) -> None:
    expected = plain.encode_mr(page, k=k, min_line_bits=min_line_bits)
    assert mr_encode(page, k=k, min_line_bits=min_line_bits) == plain.link(expected)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_libtiff_reads_what_we_code(picture: str, width: int, k: int) -> None:
    pels = PICTURES[picture](20, width)
    strip = mr_encode(Bitmap.from_pels(pels, Resolution.STANDARD), k=k, rtc=False)
    assert np.array_equal(libtiff.decode_mr(strip, lines=20, width=width), pels)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_code_what_libtiff_codes(picture: str, width: int, k: int) -> None:
    pels = PICTURES[picture](20, width)
    assert mr_encode(Bitmap.from_pels(pels, Resolution.STANDARD), k=k, rtc=False) == libtiff.encode_mr(pels, k=k)


def test_bands_join_without_a_seam() -> None:
    page = Bitmap.from_pels(PICTURES["noise"](300, 1000), Resolution.FINE)  # some 150,000 elements
    assert mr_encode(page, k=4, rtc=False) == libtiff.encode_mr(page.pels(), k=4)


def test_a_page_without_lines_is_rtc() -> None:
    empty = Bitmap.from_pels(np.zeros((0, 1728), np.bool_), Resolution.FINE)
    assert mr_encode(empty, k=4) == plain.link(RTC_1)
    assert mr_encode(empty, k=4, rtc=False) == b""


def test_each_eol_says_how_the_next_line_is_coded() -> None:
    page = Bitmap.from_pels(np.zeros((5, 1728), np.bool_), Resolution.FINE)
    white = plain.line(1728)
    expected = (EOL_1 + white + EOL_0 + "1") * 2 + EOL_1 + white + RTC_1
    assert mr_encode(page, k=2) == plain.link(expected)


def test_fill_stands_before_each_eol_that_ends_a_line_and_nowhere_else() -> None:
    page = Bitmap.from_pels(np.zeros((2, 1728), np.bool_), Resolution.FINE)
    first = plain.line(1728) + "0" * (96 - 17 - 13) + EOL_0
    second = "1" + "0" * (96 - 1 - 13) + EOL_1
    assert mr_encode(page, k=2, min_line_bits=96) == plain.link(EOL_1 + first + second + EOL_1 * 5)
    assert mr_encode(page, k=2, min_line_bits=96, rtc=False) == plain.link(EOL_1 + first + "1")


def test_k_must_be_positive() -> None:
    with pytest.raises(CodecError, match="K=0"):
        mr_encode(golden(), k=0)
