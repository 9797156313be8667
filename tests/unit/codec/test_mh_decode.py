"""Decoding a page as it came off the line: whole, damaged, cut short, hostile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, DecodedPage, Resolution
from faxmodem.codec.lines import MAX_LINES
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.codec.tables import BLACK, WHITE
from faxmodem.errors import CodecError
from tests.unit.codec import libtiff
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden
from tests.unit.codec.plain import EOL, RTC, line, link, unlink

WIDTH = 1728
# Three lines that differ, and what each looks like.
LINES = [line(100, 28, 1600), line(0, 1728), line(1000, 700, 28)]
A, B, C = LINES


def decode(bits: str) -> DecodedPage:
    return mh_decode(link(bits), width=WIDTH, resolution=Resolution.FINE)


def shown(page: DecodedPage) -> str:
    """The page's lines by their letters; W is white."""
    looks = {
        pels: letter
        for letter, bits in zip("ABC", LINES, strict=True)
        for pels in [decode(EOL + bits + RTC).bitmap.rows.tobytes()]
    }
    looks[bytes(WIDTH // 8)] = "W"
    return "".join(looks[row.tobytes()] for row in page.bitmap.rows)


@given(page=bitmaps(), min_line_bits=st.sampled_from([0, 24, 96, 577]))
def test_round_trip(page: Bitmap, min_line_bits: int) -> None:
    data = mh_encode(page, min_line_bits=min_line_bits)
    decoded = mh_decode(data, width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, bad_lines=0, longest_bad_run=0, ended=True)


@given(page=bitmaps())
def test_round_trip_of_a_strip_without_rtc(page: Bitmap) -> None:
    decoded = mh_decode(mh_encode(page, rtc=False), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, bad_lines=0, longest_bad_run=0, ended=False)


@pytest.mark.parametrize("aligned", [False, True], ids=["packed", "aligned"])
@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_read_what_libtiff_codes(picture: str, width: int, aligned: bool) -> None:
    pels = PICTURES[picture](20, width)
    decoded = mh_decode(libtiff.encode(pels, aligned=aligned), width=width, resolution=Resolution.STANDARD)
    assert decoded == DecodedPage(bitmap=Bitmap.from_pels(pels, Resolution.STANDARD), ended=False)


@pytest.mark.parametrize("number", [1, 2, 4, 6, 7])
def test_charts_survive(number: int) -> None:
    page = chart(number)
    decoded = mh_decode(mh_encode(page), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page)


def test_more_lines_than_are_decoded_at_a_time() -> None:
    page = Bitmap.from_pels(PICTURES["noise"](5000, 24), Resolution.SUPERFINE)
    assert mh_decode(mh_encode(page), width=24, resolution=Resolution.SUPERFINE).bitmap == page


def test_a_white_and_a_black_line() -> None:
    page = decode(EOL + "01001101100110101" + EOL + "0011010100000011001010000110111" + RTC)
    assert page.bitmap.pels().all(axis=1).tolist() == [False, True]
    assert page.bad_lines == 0


def test_width_must_be_positive() -> None:
    with pytest.raises(CodecError, match="at least 1 pel, not 0"):
        mh_decode(b"", width=0, resolution=Resolution.FINE)


@pytest.mark.parametrize("before", ["", "0" * 99, "1011" * 30, A, "1" + "0" * 10 + "1"])
def test_bits_before_the_first_eol_are_skipped(before: str) -> None:
    page = decode(before + EOL + A + EOL + B + RTC)
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("fill", range(0, 40, 3))
def test_any_fill_is_taken(fill: int) -> None:
    page = decode(EOL + A + "0" * fill + EOL + B + "0" * (fill + 1000) + EOL + C + "0" * fill + RTC)
    assert (shown(page), page.bad_lines) == ("ABC", 0)


@pytest.mark.parametrize(
    "bits",
    [
        line(864, 0, 864),
        line(1728, 0),
        line(0, 0, 1728),
        WHITE[832] + line(896),
    ],
    ids=["black of 0 within", "black of 0 at the end", "both of 0 at the start", "two make-up codes"],
)
def test_odd_ways_to_say_white(bits: str) -> None:
    page = decode(EOL + A + EOL + bits + EOL + B + RTC)
    assert (shown(page), page.bad_lines) == ("AWB", 0)


BAD = {
    "too short": line(100, 28, 1599),
    "too long": line(100, 28, 1601),
    "longer by a run": line(100, 28, 1600, 1),
    "far too long": line(100, 28, 2560, 64, 2560),
    "no data": "",
    "terminating code of the other colour": line(0) + BLACK[1728] + WHITE[0],
    "make-up code at the end": WHITE[1728],
    "extension code": line(100, 28) + "000000001111" + line(1600),
    "nine zeros": line(100, 29) + "0000000001" + line(1599),
    "a one in the fill": A + "0000000000100000",
    "eternal runs of 0": line(*[0] * 5000),
    "uncoded": "1" * 100,
    "EOL too early": line(100, 28),
    "last word cut by the EOL": line(1718, 10).removesuffix("00"),
}


@pytest.mark.parametrize("bits", BAD.values(), ids=BAD)
def test_a_bad_line_shows_the_last_good_one(bits: str) -> None:
    page = decode(EOL + A + EOL + B + EOL + bits + EOL + C + RTC)
    assert (shown(page), page.bad_lines, page.longest_bad_run, page.ended) == ("ABBC", 1, 1, True)
    assert page.first_bad_line == 2


def test_bad_lines_before_the_first_good_one_are_white() -> None:
    page = decode(EOL + "1" + EOL + "11" + EOL + A + RTC)
    assert (shown(page), page.bad_lines, page.longest_bad_run) == ("WWA", 2, 2)


def test_the_longest_run_of_bad_lines_is_counted() -> None:
    page = decode(EOL + EOL.join([A, "1", B, "1", "", "1", C, "1", "1"]) + RTC)
    assert (shown(page), page.bad_lines, page.longest_bad_run) == ("AABBBBCCC", 6, 3)


def test_all_lines_bad() -> None:
    page = decode(EOL + EOL.join(["1"] * 7) + RTC)
    assert (shown(page), page.bad_lines, page.longest_bad_run, page.ended) == ("W" * 7, 7, 7, True)


@pytest.mark.parametrize("eols", [2, 3, 4, 5, 6, 7, 50])
def test_a_page_ends_with_two_or_more_eols(eols: int) -> None:
    page = decode(EOL + A + EOL + B + EOL * eols + "000000")
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("noise", ["1", A + EOL + B + EOL, "10110" * 40 + EOL + "1" + EOL * 3 + A + RTC])
def test_what_follows_rtc_is_dropped(noise: str) -> None:
    page = decode(EOL + A + EOL + B + RTC + noise)
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


def test_two_eols_and_part_of_a_line_end_the_page() -> None:
    page = decode(EOL + A + EOL + B + EOL * 2 + "10110")
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("fill", ["", "0" * 500], ids=["at once", "a dropout"])
def test_one_empty_line_does_not_end_the_page(fill: str) -> None:
    page = decode(EOL + A + EOL + fill + EOL + B + RTC)
    assert (shown(page), page.bad_lines, page.ended) == ("AAB", 1, True)


@pytest.mark.parametrize("part", ["", "0" * 70, B[:-1], B + "1", EOL[:-1]])
def test_without_rtc_a_part_of_a_line_is_dropped(part: str) -> None:
    page = decode(EOL + A + EOL + part)
    assert (shown(page), page.bad_lines, page.ended) == ("A", 0, False)


@pytest.mark.parametrize("fill", [0, 3, 10, 100])
def test_without_rtc_a_whole_last_line_is_kept(fill: int) -> None:
    page = decode(EOL + A + EOL + "" + EOL + B + "0" * fill)
    assert (shown(page), page.bad_lines, page.ended) == ("AAB", 1, False)


def test_a_last_word_that_needs_bits_beyond_the_data_is_not_whole() -> None:
    octets = link("111" + EOL + line(7, 10)[:-2])  # black 10 ends with two zeros; these fill three octets
    page = mh_decode(octets, width=17, resolution=Resolution.FINE)
    assert page.bitmap.lines == 0


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\x08", b"\0\x08", bytes(999), b"\xff" * 999, link(EOL), link("0" + EOL)]
)
def test_no_page_at_all(data: bytes) -> None:
    page = mh_decode(data, width=WIDTH, resolution=Resolution.FINE)
    assert (page.bitmap.rows.shape, page.bad_lines, page.longest_bad_run, page.ended) == ((0, 216), 0, 0, False)


@given(data=st.binary(max_size=2000), width=st.sampled_from([1, 8, 1728, 2432]))
def test_noise_is_taken(data: bytes, width: int) -> None:
    page = mh_decode(data, width=width, resolution=Resolution.FINE)
    assert page.bitmap.width == width
    assert page.bitmap.lines <= 8 * len(data) // 12
    assert page.longest_bad_run <= page.bad_lines <= page.bitmap.lines


@given(
    words=st.lists(st.sampled_from([EOL, "0", "1", "11", line(0), line(0, 0), line(1), line(2560), A, B, C, EOL * 2])),
)
def test_pieces_of_code_in_any_order_are_taken(words: list[str]) -> None:
    page = decode("".join(words))
    assert page.longest_bad_run <= page.bad_lines <= page.bitmap.lines <= sum(word.count(EOL) for word in words) + 9
    assert page.bitmap.rows.shape == (page.bitmap.lines, WIDTH // 8)


@given(data=st.data())
def test_one_wrong_bit_costs_two_lines_at_most(data: st.DataObject) -> None:
    page = golden()
    bits = unlink(mh_encode(page, min_line_bits=70))
    at = data.draw(st.integers(0, len(bits) - 1))
    decoded = mh_decode(link(bits[:at] + str(1 - int(bits[at])) + bits[at + 1 :]), width=64, resolution=page.resolution)
    # An EOL that is lost joins two lines, one that appears splits one; one lost from RTC leaves two odd lines behind.
    assert page.lines - 1 <= decoded.bitmap.lines <= page.lines + 2
    assert decoded.bad_lines <= 2
    assert decoded.ended
    if decoded.bitmap.lines == page.lines:
        assert np.count_nonzero((decoded.bitmap.rows != page.rows).any(axis=1)) <= 2


@given(flips=st.lists(st.integers(0, 10**6), max_size=40))
def test_many_wrong_bits(flips: list[int]) -> None:
    page = golden()
    bits = list(unlink(mh_encode(page)))
    for flip in flips:
        at = flip % len(bits)
        bits[at] = "10"[int(bits[at])]
    decoded = mh_decode(link("".join(bits)), width=64, resolution=page.resolution)
    assert decoded.bitmap.lines <= page.lines + 5 + len(flips)
    assert decoded.longest_bad_run <= decoded.bad_lines <= decoded.bitmap.lines


def test_a_page_of_tiny_lines_is_cut() -> None:
    page = decode((EOL + "1") * (MAX_LINES + 100) + RTC)
    assert (page.bitmap.lines, page.bad_lines, page.ended) == (MAX_LINES, MAX_LINES, False)
