"""Pages between DTE and line: fill, EOLs, RTC, EOFB, whatever pieces they come in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxmodem.codec.coding import decode, encode, k_of
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.codec.mh import mh_encode
from faxmodem.codec.mmr import mmr_encode
from faxmodem.codec.mr import mr_encode
from faxmodem.emulator.class2.lines import (
    EOL,
    RTC_EOLS,
    BlocksFromLine,
    BlocksToLine,
    FromLine,
    Reshaper,
    ToLine,
    to_bits,
    to_octets,
)
from tests.scenarios.bench import page

PAGE = page(lines=40, runs=40)


def through(reshaper: Reshaper, data: bytes, piece: int = 37) -> bytes:
    out = b"".join(reshaper.feed(data[at : at + piece]) for at in range(0, len(data), piece))
    return out + reshaper.finish()


def bare(coding: Coding) -> bytes:
    """The page as a DTE gives it, without RTC or EOFB."""
    if coding is Coding.MH:
        return mh_encode(PAGE, rtc=False)
    return mr_encode(PAGE, k=k_of(PAGE.resolution), rtc=False) if coding is Coding.MR else mmr_encode(PAGE, eofb=False)


def to_line(coding: Coding, least: int = 0) -> Reshaper:
    return BlocksToLine() if coding is Coding.MMR else ToLine(tagged=coding is Coding.MR, min_line_bits=least)


def from_line(coding: Coding, *, aligned: bool = False) -> Reshaper:
    return BlocksFromLine() if coding is Coding.MMR else FromLine(tagged=coding is Coding.MR, aligned=aligned)


@given(st.binary())
def test_bits_are_those_of_the_octets(octets: bytes) -> None:
    assert to_octets(to_bits(octets)) == octets


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("piece", [1, 37, 100_000])
def test_a_page_is_ended_for_the_line(coding: Coding, piece: int) -> None:
    on_line = through(to_line(coding), bare(coding), piece)
    got = decode(on_line, coding, width=PAGE.width, resolution=PAGE.resolution)
    assert got.ended
    assert got.bad_lines == 0
    assert got.bitmap == PAGE


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_a_dte_that_gives_rtc_itself_does_not_make_two_of_it(coding: Coding) -> None:
    assert through(to_line(coding), encode(PAGE, coding)) == encode(PAGE, coding)


def test_a_dte_that_gives_eofb_itself_does_not_make_two_of_it() -> None:
    assert through(BlocksToLine(), mmr_encode(PAGE)) == mmr_encode(PAGE)


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_lines_get_their_minimum_time(coding: Coding) -> None:
    least = 20 * 14400 // 1000
    on_line = through(to_line(coding, least), encode(PAGE, coding))
    assert on_line == encode(PAGE, coding, min_line_bits=least)


def test_eols_in_a_row_become_one() -> None:
    line = "10011011"
    data = to_octets((EOL * 4 + line + EOL * 3 + line + EOL * 2).ljust(120, "0")[:120])
    on_line = to_bits(through(ToLine(tagged=False, min_line_bits=0), data))
    assert on_line.rstrip("0") == (EOL + line + EOL + line + EOL * 6).rstrip("0")


def test_fill_goes_before_an_eol() -> None:
    reshaper = ToLine(tagged=False, min_line_bits=0)
    data = bare(Coding.MH)
    on_line = reshaper.feed(data[:500]) + reshaper.fill(20) + reshaper.feed(data[500:]) + reshaper.fill(7)
    got = decode(on_line + reshaper.finish(), Coding.MH, width=PAGE.width, resolution=PAGE.resolution)
    assert got.bitmap == PAGE


def test_without_rtc_of_its_own_the_dce_leaves_the_page_alone() -> None:
    on_line = through(ToLine(tagged=False, min_line_bits=0, adds_rtc=False), mh_encode(PAGE))
    assert on_line == mh_encode(PAGE)


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("piece", [1, 37, 100_000])
def test_a_received_page_is_ended_whatever_is_behind_it(coding: Coding, piece: int) -> None:
    reshaper = from_line(coding)
    to_dte = (
        through(reshaper, b"\xff" + encode(PAGE, coding) + bytes(60), piece)
        if coding is not Coding.MMR
        else (through(reshaper, encode(PAGE, coding) + bytes(200), piece))
    )
    got = decode(to_dte, coding, width=PAGE.width, resolution=PAGE.resolution)
    assert got.ended
    assert got.bad_lines == 0
    assert got.bitmap == PAGE
    assert to_bits(to_dte).rstrip("0") == to_bits(encode(PAGE, coding)).rstrip("0")
    assert to_dte.endswith(bytes(2))  # efax looks ahead
    assert coding is Coding.MMR or reshaper.lines == PAGE.lines


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_eols_can_end_with_an_octet(coding: Coding) -> None:
    bits = to_bits(through(from_line(coding, aligned=True), encode(PAGE, coding)))
    at = 0
    ends = []
    while (found := bits.find(EOL, at)) >= 0:
        at = found + len(EOL)
        ends.append(at % 8)
    assert set(ends[: PAGE.lines]) == {0}
    assert len(ends) == PAGE.lines + RTC_EOLS


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(max_examples=50)
def test_nothing_breaks_them(octets: bytes, piece: int) -> None:
    for coding in Coding:
        through(to_line(coding, 100), octets, piece)
        through(from_line(coding), octets, piece)


def test_data_without_an_eol_go_on_at_last() -> None:
    data = b"\x55" * 20_000
    assert data in through(ToLine(tagged=False, min_line_bits=0), data, 4096)
    assert Resolution.FINE is PAGE.resolution
