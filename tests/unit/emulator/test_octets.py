"""HDLC and DLE: what is added to octets on their way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.fcs import bits_on_line, fcs, is_whole
from faxmodem.emulator.dle import stuff, unstuff


@pytest.mark.parametrize(
    ("frame", "check"),
    [("FF 03 86", "69 CB"), ("FF 13 FA", "13 E7")],
    ids=["RCP", "DCN"],
)
def test_fcs_of_known_frames(frame: str, check: str) -> None:
    assert fcs(bytes.fromhex(frame)) == bytes.fromhex(check)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_flipped_bit_is_seen(frame: bytes, data: st.DataObject) -> None:
    octets = frame + fcs(frame)
    assert is_whole(octets)
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    spoilt = bytearray(octets)
    spoilt[bit // 8] ^= 1 << bit % 8
    assert not is_whole(bytes(spoilt))


@pytest.mark.parametrize(
    ("octets", "bits"),
    [(b"", 0), (b"\x00\x00", 16), (b"\x1f", 9), (b"\xff", 9), (b"\xff\xff", 19), (b"\xf8\x03", 17), (b"\xf0\x01", 17)],
)
def test_zeros_inserted_after_five_ones(octets: bytes, bits: int) -> None:
    assert bits_on_line(octets) == bits


@given(st.binary(max_size=200), st.booleans(), st.integers(1, 300), st.integers(1, 50))
def test_stuffed_octets_come_back_whatever_the_pieces(octets: bytes, pairs: bool, most: int, piece: int) -> None:
    wire = stuff(octets, pairs=pairs) + b"\x10\x03"
    buffer = bytearray()
    out = b""
    ended = False
    for start in range(0, len(wire), piece):
        buffer += wire[start : start + piece]
        while not ended:
            got, ended = unstuff(buffer, most, pairs=pairs)
            out += got
            if not got:
                break
    while not ended:
        got, ended = unstuff(buffer, most, pairs=pairs)
        out += got
    assert out == octets
    assert not buffer


def test_unknown_escapes_vanish_and_what_follows_the_end_stays() -> None:
    buffer = bytearray(b"a\x10Zb\x10\x1ac\x10\x03rest")
    assert unstuff(buffer, 100) == (b"abc", True)
    assert buffer == b"rest"


def test_sub_is_two_dle_only_when_asked_for() -> None:
    assert unstuff(bytearray(b"a\x10\x1ab"), 100, pairs=True) == (b"a\x10\x10b", False)
    assert stuff(b"\x10\x10\x10", pairs=True) == b"\x10\x1a\x10\x10"
