"""DIS, DTC and DCS: every bit by its number, whatever the length of the frame."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.t30.bits import FIELD_NAMES, MAX_OCTETS, Bits, BitsKind
from tests.unit.t30.helpers import deterministic

BIT_NUMBERS = range(1, 8 * MAX_OCTETS + 1)
EXTEND_BITS = range(24, 129, 8)


def one_bit(number: int) -> bytes:
    """A field of 16 octets in which only bit `number` is set; bit 1 is the least significant of octet 1."""
    return (1 << (number - 1)).to_bytes(MAX_OCTETS, "little")


@pytest.mark.parametrize("kind", BitsKind)
def test_every_bit_both_ways(kind: BitsKind) -> None:
    seen = set()
    for number in BIT_NUMBERS:
        fif = one_bit(number)
        bits = Bits.parse(kind, fif)
        assert bits.encode() == fif
        (name,) = bits.names()
        seen.add(name)
        composed = Bits.compose(kind, {name: bits[name]})
        assert composed[name] == bits[name]
        assert Bits.parse(kind, composed.encode()) == composed
    assert seen == FIELD_NAMES[kind]


@pytest.mark.parametrize("kind", BitsKind)
def test_a_composed_field_announces_each_of_its_octets(kind: BitsKind) -> None:
    for number in BIT_NUMBERS:
        parsed = Bits.parse(kind, one_bit(number))
        (name,) = parsed.names()
        fif = Bits.compose(kind, {name: parsed[name]}).encode()
        needed = max(3, min(16, (number + 7) // 8 + (number in EXTEND_BITS)))
        assert len(fif) == needed
        extends = sum(1 << (8 * octet - 1) for octet in range(3, needed))
        assert int.from_bytes(fif, "little") == (1 << (number - 1)) | extends


# (first bit, name in DIS, name in DCS) of the fields this program acts on, from T.30 table 2
NAMED = [
    (6, "v8", "bit_6"),
    (9, "has_document", "bit_9"),
    (10, "receives", "receives"),
    (15, "fine_or_200", "fine_or_200"),
    (16, "two_dimensional", "two_dimensional"),
    (27, "ecm", "ecm"),
    (28, "bit_28", "ecm_64_octets"),
    (31, "t6", "t6"),
    (41, "superfine_or_200x400", "superfine_or_200x400"),
    (42, "r300", "r300"),
    (43, "r16_or_400", "r16_or_400"),
    (44, "prefers_inch", "inch"),
    (46, "superfine_halves_scan_time", "bit_46"),
    (49, "subaddress", "subaddress"),
    (50, "password", "sender_id"),
    (68, "jpeg", "jpeg"),
    (78, "jbig", "jbig"),
    (105, "r600", "r600"),
    (106, "r1200", "r1200"),
    (128, "extend_128", "extend_128"),
]


@pytest.mark.parametrize(("number", "capability", "selected"), NAMED)
def test_named_bits(number: int, capability: str, selected: str) -> None:
    assert Bits.parse(BitsKind.CAPABILITIES, one_bit(number)).names() == (capability,)
    assert Bits.parse(BitsKind.SELECTION, one_bit(number)).names() == (selected,)


@pytest.mark.parametrize(
    ("first", "width", "capability", "selected"),
    [
        (11, 4, "rates", "rate"),
        (17, 2, "widths", "width"),
        (19, 2, "lengths", "length"),
        (21, 3, "scan_times", "scan_time"),
        (92, 3, "mrc_mode", "mrc_mode"),
        (117, 2, "shared_memory", "shared_memory"),
        (124, 3, "jbig2_profile", "jbig2_profile"),
    ],
)
def test_fields_of_several_bits_are_read_in_order_of_bit_number(
    first: int, width: int, capability: str, selected: str
) -> None:
    for printed in product("01", repeat=width):
        value = int("".join(printed), 2)
        number = sum(1 << (first - 1 + place) for place, bit in enumerate(printed) if bit == "1")
        fif = number.to_bytes(MAX_OCTETS, "little")
        for kind, name in ((BitsKind.CAPABILITIES, capability), (BitsKind.SELECTION, selected)):
            assert Bits.parse(kind, fif)[name] == value
            composed = int.from_bytes(Bits.compose(kind, {name: value}).encode(), "little")
            assert composed & sum(1 << (first - 1 + place) for place in range(width)) == number


@pytest.mark.parametrize("octets", range(21))
@pytest.mark.parametrize("kind", BitsKind)
def test_any_length(kind: BitsKind, octets: int) -> None:
    fif = bytes(range(0x91, 0x91 + octets))
    bits = Bits.parse(kind, fif)
    assert bits.octets == min(octets, MAX_OCTETS)
    assert bits.encode() == fif[:MAX_OCTETS]
    assert bits == Bits.parse(kind, fif)


@pytest.mark.parametrize("kind", BitsKind)
def test_octets_that_were_not_sent_count_as_zero(kind: BitsKind) -> None:
    short, long = Bits.parse(kind, b"\0\x62"), Bits.parse(kind, b"\0\x62" + bytes(14))
    assert short.fields == long.fields
    assert not any(Bits.parse(kind, b"").fields.values())


@deterministic
@given(st.sampled_from(BitsKind), st.binary(max_size=24))
def test_arbitrary_fields_survive(kind: BitsKind, fif: bytes) -> None:
    assert Bits.parse(kind, fif).encode() == fif[:MAX_OCTETS]


def test_nothing_is_three_octets() -> None:
    assert Bits.compose(BitsKind.SELECTION, {}).encode() == bytes(3)


def test_a_name_of_the_other_column_is_refused() -> None:
    with pytest.raises(KeyError, match="SELECTION has no field has_document"):
        Bits.compose(BitsKind.SELECTION, {"has_document": 1})


def test_names_come_in_order_of_bit_number() -> None:
    bits = Bits.compose(BitsKind.CAPABILITIES, {"t6": 1, "receives": 1, "ecm": 1})
    assert bits.names() == ("receives", "extend_24", "ecm", "t6")
