"""Decoding MR as it came off the line: whole, damaged, cut short, hostile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, DecodedPage, Resolution
from faxmodem.codec.lines import MAX_LINES
from faxmodem.codec.mr import mr_decode, mr_encode
from faxmodem.errors import CodecError
from tests.unit.codec import libtiff
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden
from tests.unit.codec.plain import EOL, EOL_0, EOL_1, HORIZONTAL, PASS, RTC, RTC_1, V, line, link, run, unlink

WIDTH = 1728
# Three lines that differ: by themselves, and in horizontal mode, in which they look the same whatever is above.
A1, B1, C1 = line(100, 28, 1600), line(0, 1728), line(1000, 700, 28)
A2 = HORIZONTAL + run(0, 100) + run(1, 28) + HORIZONTAL + run(0, 1600) + run(1, 0)
B2 = HORIZONTAL + run(0, 0) + run(1, 1728)
C2 = HORIZONTAL + run(0, 1000) + run(1, 700) + HORIZONTAL + run(0, 28) + run(1, 0)
SAME = V[0] * 3
"The line above once more, if that is A or C."


def decode(bits: str) -> DecodedPage:
    return mr_decode(link(bits), width=WIDTH, resolution=Resolution.FINE)


def one(*lines: str) -> str:
    """Lines with EOLs that announce one dimension."""
    return "".join(EOL_1 + data for data in lines)


def two(*lines: str) -> str:
    """Lines with EOLs that announce two dimensions."""
    return "".join(EOL_0 + data for data in lines)


def shown(page: DecodedPage) -> str:
    """The page's lines by their letters; W is white."""
    pels = np.zeros((4, WIDTH), np.bool_)
    pels[0, 100:128] = pels[1, :] = pels[2, 1000:1700] = True
    looks = {row.tobytes(): letter for row, letter in zip(np.packbits(pels, axis=1), "ABCW", strict=True)}
    return "".join(looks[row.tobytes()] for row in page.bitmap.rows)


@given(page=bitmaps(), k=st.integers(1, 5), min_line_bits=st.sampled_from([0, 24, 96, 577]))
def test_round_trip(page: Bitmap, k: int, min_line_bits: int) -> None:
    data = mr_encode(page, k=k, min_line_bits=min_line_bits)
    decoded = mr_decode(data, width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, ended=True)


@given(page=bitmaps(), k=st.integers(1, 5))
def test_round_trip_of_a_strip_without_rtc(page: Bitmap, k: int) -> None:
    decoded = mr_decode(mr_encode(page, k=k, rtc=False), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, ended=False)


@pytest.mark.parametrize("aligned", [False, True], ids=["packed", "aligned"])
@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_read_what_libtiff_codes(picture: str, width: int, k: int, aligned: bool) -> None:
    pels = PICTURES[picture](20, width)
    strip = libtiff.encode_mr(pels, k=k, aligned=aligned)
    decoded = mr_decode(strip, width=width, resolution=Resolution.STANDARD)
    assert decoded == DecodedPage(bitmap=Bitmap.from_pels(pels, Resolution.STANDARD), ended=False)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("number", [1, 2, 4, 6, 7])
def test_charts_survive(number: int, k: int) -> None:
    page = chart(number)
    decoded = mr_decode(libtiff.encode_mr(page.pels(), k=k), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, ended=False)


def test_the_letters_are_what_they_should_be() -> None:
    page = decode(one(A1, B1, C1) + two(A2, B2, C2, A2, SAME, C2, SAME) + RTC_1)
    assert (shown(page), page.bad_lines, page.first_bad_line, page.ended) == ("ABCABCAACC", 0, None, True)


def test_width_must_be_positive() -> None:
    with pytest.raises(CodecError, match="at least 1 pel, not 0"):
        mr_decode(b"", width=0, resolution=Resolution.FINE)


@pytest.mark.parametrize("before", ["", "0" * 99, "1011" * 30, A1, "1" + "0" * 10 + "1"])
def test_bits_before_the_first_eol_are_skipped(before: str) -> None:
    page = decode(before + one(A1) + two(B2) + RTC_1)
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("fill", range(0, 40, 3))
def test_any_fill_is_taken(fill: int) -> None:
    page = decode(one(A1 + "0" * fill) + two(B2 + "0" * fill, C2 + "0" * (fill + 1000)) + one(A1) + "0" * fill + RTC_1)
    assert (shown(page), page.bad_lines) == ("ABCA", 0)


BAD_IN_TWO = {
    "too short": HORIZONTAL + run(0, 100) + run(1, 28),
    "too long": HORIZONTAL + run(0, 1000) + run(1, 729),
    "longer by a code": SAME + V[0],
    "no data": "",
    "fill only": "0" * 50,
    "extension code": V[0] + "0000001111" + V[0] * 2,
    "pass beyond the end": PASS + PASS,
    "a one in the fill": SAME + "0000000000100000",
    "eternal runs of 0": (HORIZONTAL + run(0, 0) + run(1, 0)) * 2000,
    "last word cut by the EOL": HORIZONTAL + run(0, 1718) + run(1, 10).removesuffix("00"),
    "coded by itself": A1,
}


@pytest.mark.parametrize("bits", BAD_IN_TWO.values(), ids=BAD_IN_TWO)
def test_a_bad_line_spoils_the_next_ones_up_to_one_in_one_dimension(bits: str) -> None:
    page = decode(one(A1) + two(C2, bits, B2, A2) + one(B1) + two(A2) + RTC_1)
    assert (shown(page), page.bad_lines, page.longest_bad_run, page.ended) == ("ACCCCBA", 3, 3, True)
    assert page.first_bad_line == 2


@pytest.mark.parametrize("bits", ["", "11", line(1727), line(1729), WIDTH * "1"])
def test_a_bad_line_in_one_dimension_spoils_the_next_ones_too(bits: str) -> None:
    page = decode(one(A1, bits) + two(B2, C2) + one(bits) + two(B2) + one(C1) + two(SAME) + RTC_1)
    assert (shown(page), page.bad_lines, page.longest_bad_run) == ("AAAAAACC", 5, 5)
    assert page.first_bad_line == 1


def test_each_spoilt_group_counts() -> None:
    page = decode(one(A1) + two("", B2) + one(B1) + two(C2) + one(C1) + two(PASS) + one(A1) + RTC_1)
    assert (shown(page), page.bad_lines, page.longest_bad_run, page.first_bad_line) == ("AAABCCCA", 3, 2, 1)


def test_nothing_can_be_known_before_the_first_line_in_one_dimension() -> None:
    page = decode(two(B2, A2) + one(A1) + two(SAME) + RTC_1)
    assert (shown(page), page.bad_lines, page.first_bad_line) == ("WWAA", 2, 0)


@pytest.mark.parametrize("eol", [EOL, EOL_0, EOL_1])
@pytest.mark.parametrize("eols", [2, 3, 4, 5, 6, 7, 50])
def test_a_page_ends_with_two_or_more_eols_of_any_kind(eol: str, eols: int) -> None:
    page = decode(one(A1) + two(B2) + eol * eols + "000000")
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("noise", ["1", one(A1) + two(B2), "10110" * 40 + RTC, "10110" * 40 + one("1", A1) + RTC_1])
@pytest.mark.parametrize("rtc", [RTC, RTC_1])
def test_what_follows_rtc_is_dropped(rtc: str, noise: str) -> None:
    page = decode(one(A1) + two(B2) + rtc + noise)
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


def test_two_eols_and_part_of_a_line_end_the_page() -> None:
    page = decode(one(A1) + two(B2) + EOL_1 * 2 + "10110")
    assert (shown(page), page.bad_lines, page.ended) == ("AB", 0, True)


@pytest.mark.parametrize("fill", ["", "0" * 500], ids=["at once", "a dropout"])
def test_one_empty_line_does_not_end_the_page(fill: str) -> None:
    page = decode(one(A1) + two(fill, B2) + one(C1) + RTC_1)
    assert (shown(page), page.bad_lines, page.ended) == ("AAAC", 2, True)


@pytest.mark.parametrize("part", ["", "0" * 70, A2[:-1], V[0], V[0] * 4, EOL[:-1]])
def test_without_rtc_a_part_of_a_line_is_dropped(part: str) -> None:
    page = decode(one(A1) + two(SAME, part))
    assert (shown(page), page.bad_lines, page.ended) == ("AA", 0, False)


def test_without_rtc_a_whole_last_line_is_kept() -> None:
    page = decode(one(A1) + two(SAME, B2))
    assert (shown(page), page.bad_lines, page.ended) == ("AAB", 0, False)


@given(page=bitmaps(min_lines=1), k=st.integers(1, 4), cut=st.integers(0, 10**6))
def test_data_cut_anywhere_give_the_lines_above(page: Bitmap, k: int, cut: int) -> None:
    data = mr_encode(page, k=k)
    decoded = mr_decode(data[: cut % len(data)], width=page.width, resolution=page.resolution)
    assert decoded.bad_lines == 0
    assert np.array_equal(decoded.bitmap.rows, page.rows[: decoded.bitmap.lines])


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\x08", b"\0\x08", b"\0\x18", bytes(999), b"\xff" * 999, link(EOL_1), link("0" + EOL_0)]
)
def test_no_page_at_all(data: bytes) -> None:
    page = mr_decode(data, width=WIDTH, resolution=Resolution.FINE)
    assert (page.bitmap.rows.shape, page.bad_lines, page.longest_bad_run, page.ended) == ((0, 216), 0, 0, False)


@given(data=st.binary(max_size=2000), width=st.sampled_from([1, 8, 1728, 2432]))
def test_noise_is_taken(data: bytes, width: int) -> None:
    page = mr_decode(data, width=width, resolution=Resolution.FINE)
    assert page.bitmap.width == width
    assert page.bitmap.lines <= 8 * len(data) // 12
    assert page.longest_bad_run <= page.bad_lines <= page.bitmap.lines


PIECES = [EOL, EOL_0, EOL_1, "0", "1", A1, A2, B1, B2, C2, SAME, PASS, V[3], V[-3], HORIZONTAL, line(0, 0), EOL_1 * 2]


@given(pieces=st.lists(st.sampled_from(PIECES)))
def test_pieces_of_code_in_any_order_are_taken(pieces: list[str]) -> None:
    page = decode("".join(pieces))
    assert page.longest_bad_run <= page.bad_lines <= page.bitmap.lines <= sum(piece.count(EOL) for piece in pieces) + 9
    assert page.bitmap.rows.shape == (page.bitmap.lines, WIDTH // 8)


@given(data=st.data(), k=st.sampled_from([2, 4]))
def test_one_wrong_bit_spoils_two_groups_at_most(data: st.DataObject, k: int) -> None:
    page = golden()
    bits = unlink(mr_encode(page, k=k, min_line_bits=70))
    at = data.draw(st.integers(0, len(bits) - 1))
    wrong = link(bits[:at] + str(1 - int(bits[at])) + bits[at + 1 :])
    decoded = mr_decode(wrong, width=64, resolution=page.resolution)
    # An EOL that is lost joins two lines, one that appears splits one; one lost from RTC leaves two odd lines behind.
    assert page.lines - 1 <= decoded.bitmap.lines <= page.lines + 2
    assert decoded.bad_lines <= 2 * k
    assert decoded.ended
    if decoded.bitmap.lines == page.lines:
        lines = np.flatnonzero((decoded.bitmap.rows != page.rows).any(axis=1))
        assert lines.size <= 2 * k


@given(flip=st.integers(0, 10**6), number=st.integers(0, 15))
def test_a_wrong_bit_in_a_line_spoils_nothing_beyond_its_group(flip: int, number: int) -> None:
    page, k = golden(), 4
    lines = unlink(mr_encode(page, k=k)).rstrip("0").removesuffix(RTC_1).split(EOL)[1:]
    data = list(lines[number])
    at = 1 + flip % (len(data) - 1)  # behind the tag bit
    data[at] = "10"[int(data[at])]
    bits = EOL + EOL.join([*lines[:number], "".join(data), *lines[number + 1 :]]) + RTC_1
    decoded = mr_decode(link(bits), width=64, resolution=page.resolution)
    if decoded.bitmap.lines != page.lines:
        return  # the bit made or unmade an EOL
    wrong = np.flatnonzero((decoded.bitmap.rows != page.rows).any(axis=1))
    group_end = (number // k + 1) * k
    assert all(number <= line < group_end for line in wrong)
    if decoded.first_bad_line is not None:
        assert number <= decoded.first_bad_line < group_end
        assert decoded.bad_lines == decoded.longest_bad_run == group_end - decoded.first_bad_line


@given(flips=st.lists(st.integers(0, 10**6), max_size=40))
def test_many_wrong_bits(flips: list[int]) -> None:
    page = golden()
    bits = list(unlink(mr_encode(page, k=2)))
    for flip in flips:
        at = flip % len(bits)
        bits[at] = "10"[int(bits[at])]
    decoded = mr_decode(link("".join(bits)), width=64, resolution=page.resolution)
    assert decoded.bitmap.lines <= page.lines + 5 + len(flips)
    assert decoded.longest_bad_run <= decoded.bad_lines <= decoded.bitmap.lines


def test_a_page_of_tiny_lines_is_cut() -> None:
    page = decode(two("1") * (MAX_LINES + 100) + RTC_1)
    assert (page.bitmap.lines, page.bad_lines, page.ended) == (MAX_LINES, MAX_LINES, False)
