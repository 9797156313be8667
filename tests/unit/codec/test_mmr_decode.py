"""Decoding MMR: whole pages, what ends them, and data that nobody should have sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, DecodedPage, Resolution
from faxmodem.codec.lines import MAX_LINES
from faxmodem.codec.mmr import mmr_decode, mmr_encode
from faxmodem.errors import CodecError
from tests.unit.codec import libtiff
from tests.unit.codec.pictures import PICTURES, bitmaps, chart, golden
from tests.unit.codec.plain import EOFB, EOL, EOL_1, HORIZONTAL, PASS, RTC, V, link, run, unlink

WIDTH = 64


def decode(bits: str, width: int = WIDTH) -> DecodedPage:
    return mmr_decode(link(bits), width=width, resolution=Resolution.FINE)


def horizontal(*runs: int) -> str:
    """Pairs of runs in horizontal mode, white first."""
    return "".join(
        HORIZONTAL + run(0, white) + run(1, black) for white, black in zip(runs[::2], runs[1::2], strict=True)
    )


def looks(page: DecodedPage) -> list[list[int]]:
    """For each line the places where its colour turns."""
    pels = np.pad(page.bitmap.pels(), ((0, 0), (1, 0)))
    return [np.flatnonzero(line).tolist() for line in pels[:, 1:] ^ pels[:, :-1]]


A = horizontal(10, 10) + V[0]
"A line with black from 10 to 19, below any that has nothing right of 19."


@given(page=bitmaps())
def test_round_trip(page: Bitmap) -> None:
    decoded = mmr_decode(mmr_encode(page), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page, ended=True)


@given(page=bitmaps(min_lines=1), right=st.integers(-5, 5))
def test_round_trip_of_lines_that_are_alike(page: Bitmap, right: int) -> None:
    pels = np.concatenate([np.roll(page.pels(), right * times, axis=1) for times in range(4)])
    order = np.arange(len(pels)).reshape(4, -1).T.ravel()
    alike = Bitmap.from_pels(pels[order], page.resolution)
    assert mmr_decode(mmr_encode(alike), width=page.width, resolution=page.resolution) == DecodedPage(bitmap=alike)


@pytest.mark.parametrize("width", [1, 7, *WIDTHS, 4864])
@pytest.mark.parametrize("picture", PICTURES)
def test_we_read_what_libtiff_codes(picture: str, width: int) -> None:
    pels = PICTURES[picture](20, width)
    decoded = mmr_decode(libtiff.encode_mmr(pels), width=width, resolution=Resolution.STANDARD)
    assert decoded == DecodedPage(bitmap=Bitmap.from_pels(pels, Resolution.STANDARD))


@pytest.mark.parametrize("number", [1, 2, 4, 6, 7])
def test_charts_survive(number: int) -> None:
    page = chart(number)
    decoded = mmr_decode(libtiff.encode_mmr(page.pels()), width=page.width, resolution=page.resolution)
    assert decoded == DecodedPage(bitmap=page)


def test_golden_page() -> None:
    assert mmr_decode(mmr_encode(golden()), width=64, resolution=Resolution.FINE) == DecodedPage(bitmap=golden())


def test_more_lines_than_are_painted_at_a_time() -> None:
    page = Bitmap.from_pels(PICTURES["noise"](1500, 24), Resolution.SUPERFINE)
    assert mmr_decode(mmr_encode(page), width=24, resolution=Resolution.SUPERFINE).bitmap == page


def test_width_must_be_positive() -> None:
    with pytest.raises(CodecError, match="at least 1 pel, not 0"):
        mmr_decode(b"", width=0, resolution=Resolution.FINE)


def test_modes_by_hand() -> None:
    page = decode(
        A
        + (V[1] + V[-2] + V[0])  # 11, 18
        + (PASS + horizontal(30, 20) + V[0])  # from below 18 on
        + EOFB,
        width=100,
    )
    assert looks(page) == [[10, 20], [11, 18], [48, 68]]


@pytest.mark.parametrize("behind", ["", "0" * 7, "0" * 999, "1", "1" * 99, A, RTC, "0000000"])
def test_what_follows_eofb_is_dropped(behind: str) -> None:
    page = decode(A + V[0] * 3 + EOFB + behind)
    assert (looks(page), page.bad_lines, page.ended, page.first_bad_line) == ([[10, 20]] * 2, 0, True, None)


@pytest.mark.parametrize("fill", range(0, 30, 5))
def test_fill_before_eofb_is_forgiven(fill: int) -> None:
    page = decode(A + "0" * fill + EOFB)
    assert (looks(page), page.bad_lines, page.ended) == ([[10, 20]], 0, True)


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_an_empty_page_is_eofb_alone(lines: int) -> None:
    page = decode("1" * lines + EOFB)
    assert page == DecodedPage(
        bitmap=Bitmap(rows=np.zeros((lines, 8), np.uint8), width=WIDTH, resolution=Resolution.FINE), ended=True
    )


@pytest.mark.parametrize("rest", ["", "0" * 7, "0" * 4000, EOL, EOFB[:-1], EOFB[:5], A[:-1], "00100", PASS])
def test_data_that_just_stop_are_no_damage(rest: str) -> None:
    page = decode(A + rest)
    assert (looks(page), page.bad_lines, page.ended, page.first_bad_line) == ([[10, 20]], 0, False, None)


BAD = {
    "extension code": "0000001111" + "01" * 9,
    "one-dimensional extension code": "0000000010" + "01" * 9,
    "extension code within the line": V[0] + "0000001111" + "01" * 9,
    "ten vertical zeros, then an extension code": V[0] + "0000001000" + "11" * 9,
    "an EOL within the line": V[0] + EOL + "11" * 9,
    "one EOL alone": EOL + "11" * 9,
    "EOL with tag bit": EOL_1 + EOL_1 + V[0],
    "end of facsimile block within the line": V[0] + EOFB,
    "no such run": HORIZONTAL + "00000000" + "11" * 9,
    "second run missing at the end": HORIZONTAL + run(0, 64) + EOFB,
    "EOL too short": "00000001" + EOL,
    "no such second run": HORIZONTAL + run(0, 5) + "0000000011" + "11" * 9,
    "first run too long": HORIZONTAL + run(0, 65) + run(1, 2) + "11" * 9,
    "second run too long": HORIZONTAL + run(0, 5) + run(1, 60) + "11" * 9,
    "a make-up code too many": HORIZONTAL + run(0, 2560 * 5) + "11" * 9,
    "pass beyond the end": V[0] * 2 + PASS + "11" * 9,
    "pass up to the end": PASS + PASS + "11" * 9,
    "beyond the end": V[0] * 2 + V[1] + "11" * 9,
    "back to the last pel": horizontal(5, 4) + V[-1] + "11" * 9,
    "back over the last pel": horizontal(5, 4) + V[-3] + "11" * 9,
}


@pytest.mark.parametrize("bits", BAD.values(), ids=BAD)
def test_a_bad_line_ends_the_page(bits: str) -> None:
    page = decode(A + V[0] * 3 + bits + V[0] * 30 + EOFB)
    assert (page.bad_lines, page.longest_bad_run, page.first_bad_line, page.ended) == (1, 1, 2, False)
    assert looks(page) == [[10, 20]] * 2


@given(page=bitmaps(min_lines=1), cut=st.integers(0, 10**6))
def test_data_cut_anywhere_give_the_lines_above(page: Bitmap, cut: int) -> None:
    data = mmr_encode(page)
    decoded = mmr_decode(data[: cut % len(data)], width=page.width, resolution=page.resolution)
    assert (decoded.bad_lines, decoded.ended) == (0, False)
    assert np.array_equal(decoded.bitmap.rows, page.rows[: decoded.bitmap.lines])


def test_a_last_word_that_needs_bits_beyond_the_data_is_not_whole() -> None:
    bits = HORIZONTAL + run(0, 29) + run(1, 10)[:-2]  # black 10 ends with two zeros; these fill two octets
    page = decode(bits, width=39)
    assert (page.bitmap.lines, page.bad_lines, page.ended) == (0, 0, False)


def test_left_of_the_first_pel_is_bad() -> None:
    page = decode(horizontal(2, 10) + V[0] + V[-3] + V[0] * 30 + EOFB)
    assert (looks(page), page.bad_lines, page.first_bad_line) == ([[2, 12]], 1, 1)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (horizontal(0, 5) + V[0], [0, 5]),
        (horizontal(5, 0) + V[0], []),
        (horizontal(5, 5, 0, 5) + V[0], [5, 15]),
        (horizontal(5, 0, 5, 5) + V[0], [10, 15]),
        (horizontal(0, 0) * 9 + horizontal(4, 4) + V[0], [4, 8]),
        (horizontal(64, 0), []),
        (horizontal(5, 59), [5]),
        (horizontal(5, 5, 54, 0), [5, 10]),
    ],
)
def test_runs_of_no_pels(bits: str, expected: list[int]) -> None:
    """These take back an element; the line below must not trip over one that is not there."""
    page = decode(bits + V[0] * (len(expected) + 1) + EOFB)
    assert (looks(page), page.bad_lines, page.ended) == ([expected] * 2, 0, True)


def test_runs_of_no_pels_do_not_go_on_for_ever() -> None:
    page = decode(horizontal(*[0] * 20_000))
    assert (page.bitmap.lines, page.bad_lines, page.ended) == (0, 0, False)


@pytest.mark.parametrize("data", [b"", b"\0", bytes(999)])
def test_no_page_at_all(data: bytes) -> None:
    page = mmr_decode(data, width=1728, resolution=Resolution.FINE)
    assert (page.bitmap.rows.shape, page.bad_lines, page.ended) == ((0, 216), 0, False)


def test_a_page_of_tiny_lines_is_cut() -> None:
    page = mmr_decode(b"\xff" * (MAX_LINES // 8 + 9), width=1728, resolution=Resolution.FINE)
    assert (page.bitmap.lines, page.bad_lines, page.ended) == (MAX_LINES, 0, False)


@given(data=st.binary(max_size=2000), width=st.sampled_from([1, 8, 1728, 2432]))
def test_noise_is_taken(data: bytes, width: int) -> None:
    page = mmr_decode(data, width=width, resolution=Resolution.FINE)
    assert page.bitmap.width == width
    assert page.bitmap.lines <= 8 * len(data)
    assert page.bad_lines == page.longest_bad_run == (page.first_bad_line is not None)
    assert page.first_bad_line in {None, page.bitmap.lines}


WORDS = [
    *V.values(),
    PASS,
    HORIZONTAL,
    horizontal(3, 4),
    horizontal(0, 0),
    horizontal(60, 4),
    run(0, 64),
    EOL,
    EOFB,
    "0",
]


@given(words=st.lists(st.sampled_from(WORDS)), width=st.sampled_from([1, 2, 5, WIDTH]))
def test_words_in_any_order_are_taken(words: list[str], width: int) -> None:
    page = decode("".join(words), width)
    assert page.bitmap.rows.shape == (page.bitmap.lines, (width + 7) // 8)
    # What was taken is what the far end meant: it is coded to a page that gives the same.
    assert mmr_decode(mmr_encode(page.bitmap), width=width, resolution=Resolution.FINE).bitmap == page.bitmap


@given(flips=st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_lines_above_the_damage_are_right(flips: list[int]) -> None:
    page = golden()
    bits = list(unlink(mmr_encode(page)))
    places = [flip % len(bits) for flip in flips]
    for at in places:
        bits[at] = "10"[int(bits[at])]
    decoded = mmr_decode(link("".join(bits)), width=64, resolution=page.resolution)
    whole = [len(unlink(mmr_encode(_top(page, lines), eofb=False))) - 8 for lines in range(1, page.lines + 1)]
    safe = sum(end <= min(places) - 8 for end in whole)
    assert np.array_equal(decoded.bitmap.rows[: max(safe - 1, 0)], page.rows[: max(safe - 1, 0)])


def _top(page: Bitmap, lines: int) -> Bitmap:
    return Bitmap(rows=page.rows[:lines], width=page.width, resolution=page.resolution)
