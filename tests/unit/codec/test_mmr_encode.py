"""Coding a page in MMR: each mode by hand, against a plain coder, against libtiff."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from faxmodem.codec.bitmap import WIDTHS, Bitmap, Resolution
from faxmodem.codec.mmr import mmr_encode
from tests.unit.codec import libtiff, plain
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden
from tests.unit.codec.plain import EOFB

# The formula picture by an independent coder, verified by libtiff; the most significant bit goes first here.
GOLDEN = """
    26b9b46d1b8da368dc6d1b46e36825a082653a04542082653a04542082653a04542082653a8b0845216108a42c2114858422a105e474105e4741
    05e474105e908b2a108b2a108b2a10b139889cc44e62273ffcc2045714395850e5714395850e5714395850e574448ec44448ec44448ec44448ed
    ffcc208ae2872b0a1cae2872b0a1cae2872b0a1cae8897c4444be22225f11112fbff9742711842711842711843650e57024994395c092650e570
    24994395d1f11f11f11f001001
"""


def from_runs(*lines: tuple[int, ...]) -> Bitmap:
    """A page of runs, white first, all lines as wide as the first one."""
    pels = [np.repeat(np.arange(len(runs)) % 2 == 1, runs) for runs in lines]
    return Bitmap.from_pels(np.array(pels), Resolution.FINE)


def test_golden_page() -> None:
    bits = "".join(f"{octet:08b}" for octet in bytes.fromhex("".join(GOLDEN.split())))
    assert mmr_encode(golden()) == plain.link(bits)


# Words as they stand in the tables of T.4 (07/2003) §4.1 and §4.2.
H = "001"
TEN_NINE = H + "00111" + "000100" + "1"  # the line (10, 9, 21) below a white one
MODES = {
    "white": ([(40,)], "1"),
    "black": ([(0, 40)], H + "00110101" + "000001101100"),
    "white below black": ([(0, 40), (40,)], H + "00110101" + "000001101100" + H + "00101001" + "0000110111"),
    "the same again": ([(10, 9, 21), (10, 9, 21)], TEN_NINE + "111"),
    "right by 1, left by 1": ([(10, 9, 21), (11, 7, 22)], TEN_NINE + "011" + "010" + "1"),
    "right by 2, left by 2": ([(10, 9, 21), (12, 5, 23)], TEN_NINE + "000011" + "000010" + "1"),
    "right by 3, left by 3": ([(10, 9, 21), (13, 3, 24)], TEN_NINE + "0000011" + "0000010" + "1"),
    "right by 4": ([(10, 9, 21), (14, 5, 21)], TEN_NINE + H + "110100" + "0011" + "1"),
    "left by 4": ([(10, 9, 21), (6, 9, 25)], TEN_NINE + H + "1110" + "000100" + "1"),
    "end left of b1": ([(36, 4), (40,)], H + "00010101" + "011" + H + "00101001" + "0000110111"),
    "pass": ([(10, 9, 21), (25, 1, 14)], TEN_NINE + "0001" + H + "1110" + "010" + "1"),
    "b2 above a1 is no pass": ([(10, 9, 21), (19, 2, 19)], TEN_NINE + H + "0001100" + "11" + "1"),
    "two passes": ([(3, 1, 3, 1, 32), (40,)], H + "1000" + "010" + H + "1000" + "010" + "1" + "0001" * 2 + "1"),
    "pass and vertical": (
        [(3, 1, 9, 2, 25), (14, 1, 25)],
        H + "1000" + "010" + H + "10100" + "11" + "1" + "0001" + "011" + "1" + "1",
    ),
    "black from the first pel, twice": ([(0, 2, 38), (0, 2, 38)], H + "00110101" + "11" + "1" + "111"),
    "first pel left of b1": ([(1, 3, 36), (0, 4, 36)], H + "000111" + "10" + "1" + "010" + "11"),
    "three horizontals": ([(40,), (5, 1, 5, 1, 5, 1, 22)], "1" + (H + "1100" + "010") * 3 + "1"),
    "black run first": (
        [(5, 20, 15), (5, 4, 9, 7, 15)],
        H + "1100" + "00001101000" + "1" + "1" + H + "011" + "10100" + "11",
    ),
    "make-up codes": ([(70, 130, 2)], H + "11011" + "1110" + "000011001000" + "11" + "1"),
    "longest make-up code twice": ([(5200, 7)], H + "000000011111" * 2 + "11011" + "101010" + "00011"),
    "pass, then the longest make-up code": (
        [(5, 1, 5194), (5193, 7)],
        H + "1100" + "010" + "1" + "0001" + H + "000000011111" * 2 + "11011" + "1000" + "00011",
    ),
}


@pytest.mark.parametrize(("lines", "bits"), MODES.values(), ids=MODES)
def test_modes_by_hand(lines: list[tuple[int, ...]], bits: str) -> None:
    assert plain.unlink(mmr_encode(from_runs(*lines)))[: len(bits + EOFB)] == bits + EOFB


@pytest.mark.parametrize(("number", "size"), [(1, 18103), (2, 10803), (4, 69275), (6, 16651), (7, 69282)])
def test_size_of_the_test_charts(number: int, size: int) -> None:
    page = chart(number)
    strip = mmr_encode(page)
    assert len(strip) == size  # by libtiff
    assert np.array_equal(libtiff.decode_mmr(strip, lines=page.lines, width=page.width), page.pels())


@given(page=bitmaps())
def test_equal_to_the_plain_coder(page: Bitmap) -> None:
    assert mmr_encode(page) == plain.link(plain.encode_mmr(page))


@given(page=bitmaps(min_lines=2))
def test_a_line_and_its_neighbours(page: Bitmap) -> None:
    """Lines that differ by few pels from the one above, so that all modes come up."""
    for right in (1, 3, 4):
        pels = np.concatenate((page.pels(), np.roll(page.pels(), right, axis=1)))[[0, page.lines, 1, page.lines + 1]]
        near = Bitmap.from_pels(pels, page.resolution)
        assert mmr_encode(near) == plain.link(plain.encode_mmr(near))


@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_libtiff_reads_what_we_code(picture: str, width: int) -> None:
    pels = PICTURES[picture](20, width)
    strip = mmr_encode(Bitmap.from_pels(pels, Resolution.STANDARD))
    assert np.array_equal(libtiff.decode_mmr(strip, lines=20, width=width), pels)


@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_code_what_libtiff_codes(picture: str, width: int) -> None:
    pels = PICTURES[picture](20, width)
    assert mmr_encode(Bitmap.from_pels(pels, Resolution.STANDARD)) == libtiff.encode_mmr(pels)


def test_bands_join_without_a_seam() -> None:
    page = Bitmap.from_pels(PICTURES["noise"](300, 1000), Resolution.FINE)  # some 150,000 elements
    assert mmr_encode(page) == libtiff.encode_mmr(page.pels())


def test_a_line_with_more_elements_than_a_band() -> None:
    page = Bitmap.from_pels(PICTURES["checks"](3, 60_000), Resolution.FINE)
    assert mmr_encode(page) == libtiff.encode_mmr(page.pels())


def test_a_page_without_lines_is_eofb() -> None:
    empty = Bitmap.from_pels(np.zeros((0, 1728), np.bool_), Resolution.FINE)
    assert mmr_encode(empty) == plain.link(EOFB)
    assert mmr_encode(empty, eofb=False) == b""


def test_without_eofb_the_data_end_with_the_last_line() -> None:
    assert mmr_encode(from_runs((40,), (40,)), eofb=False) == plain.link("11")
