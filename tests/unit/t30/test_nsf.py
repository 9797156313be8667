"""Whose a non-standard frame is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import NonStandard, decode
from faxmodem.t30.nsf import COUNTRIES, Maker, country_code, describe, mirrored
from tests.unit.t30.examples import deterministic


def from_link(octets: bytes) -> Maker | None:
    """What an NSF tells that came so over the link."""
    record = decode(Fcf.NSF, octets)
    assert isinstance(record, NonStandard)
    return describe(record)


def test_bits_mirrored() -> None:
    assert mirrored(b"\x01\xb5\xf0\xff") == b"\x80\xad\x0f\xff"


@pytest.mark.parametrize(
    ("link", "maker"),
    [
        (bytes.fromhex("20 81 70"), Maker("mgetty", "Germany", "")),  # as it sends it
        (bytes.fromhex("20 81 70 01 02"), Maker("mgetty", "Germany", "")),
        (mirrored(bytes.fromhex("B5 00 AA 01 02") + b"attic"), Maker("HylaFAX", "United States", "attic")),
        (bytes.fromhex("04 81 0E 01 02"), Maker("mgetty", "Germany", "")),
        (bytes.fromhex("04 81 0E"), Maker("mgetty", "Germany", "")),  # the other order
        (mirrored(bytes.fromhex("B5 00 AA")), Maker("HylaFAX", "United States", "")),
        (bytes.fromhex("B5 00 AA"), Maker("HylaFAX", "United States", "")),
        (bytes.fromhex("B5 00 AB"), Maker("", "United States", "")),
        (mirrored(b"\x3d\x12\x34Front desk"), Maker("", "France", "Front desk")),
        (b"\x3d\x12\x34Front desk", Maker("", "France", "Front desk")),
        (b"\xbc\x12\x34\x00\x01  Room 12  \x00abcd", Maker("", "France", "Room 12")),
        (b"\xbc\x12\x34abc", Maker("", "France", "")),
        (b"\xbc\x12\x34 ab ", Maker("", "France", "")),
        (b"\x11\x12\x34name", Maker("", "", "name")),
        (b"\xbc", Maker("", "France", "")),
        (b"\xbc\x12", Maker("", "France", "")),
    ],
)
def test_what_a_frame_tells(link: bytes, maker: Maker) -> None:
    assert from_link(link) == maker


def test_a_frame_that_tells_nothing() -> None:
    assert from_link(b"\x11\x00\x00\x01\x02") is None


def test_in_words() -> None:
    assert str(Maker("mgetty", "Germany", "Front desk")) == "mgetty, 'Front desk', Germany"
    assert str(Maker("", "Germany", "")) == "Germany"


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_country_in_both_orders(code: int) -> None:
    assert country_code(mirrored(bytes((code,)))[0]) == code
    if mirrored(bytes((code,)))[0] not in COUNTRIES:
        assert country_code(code) == code


@deterministic
@given(st.binary(min_size=1, max_size=90))
def test_never_raises(link: bytes) -> None:
    maker = from_link(link)
    if maker is not None:
        assert str(maker)
        assert maker.station.isprintable()
        assert maker.station == "" or len(maker.station) >= 4
