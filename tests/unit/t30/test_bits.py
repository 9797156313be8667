"""DIS, DTC and DCS: every bit by its number, whatever the length of the frame."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.t30.bits import FIELD_NAMES, MAX_OCTETS, Bits, BitsKind
from tests.unit.t30.examples import deterministic

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


# T.30 table 2: number, name in DIS, name in DCS ("-": none). Fields of several bits are further below.
_TABLE = """
1 t37_store_and_forward t37_store_and_forward   3 t38_real_time t38_real_time   4 mobile_3g mobile_3g
6 v8 -   7 prefers_64_octets -   9 has_document -   10 receives receives   15 fine_or_200 fine_or_200
16 two_dimensional two_dimensional   26 uncompressed uncompressed   27 ecm ecm   28 - ecm_64_octets   31 t6 t6
33 field_not_valid field_not_valid   34 multiple_selective_polling -   35 polled_subaddress -   36 t43 t43
37 plane_interleave plane_interleave   38 g726 g726   39 extended_voice -
41 superfine_or_200x400 superfine_or_200x400   42 r300 r300   43 r16_or_400 r16_or_400   44 prefers_inch inch
45 prefers_metric -   46 superfine_halves_scan_time -   47 selective_polling -   49 subaddress subaddress
50 password sender_id   51 has_data_file -   53 bft bft   54 dtm dtm   55 edi edi   57 btm btm
59 has_character_document -   60 character_mode character_mode   62 mixed_mode mixed_mode   65 processable_mode_26 -
66 digital_network digital_network   67 duplex duplex   68 jpeg jpeg   69 full_colour full_colour
70 - preferred_huffman_tables   71 twelve_bit_components twelve_bit_components   73 no_subsampling no_subsampling
74 custom_illuminant custom_illuminant   75 custom_gamut custom_gamut   76 letter letter   77 legal legal
78 jbig jbig   79 jbig_any_stripe jbig_any_stripe   81 hkm hkm   82 rsa rsa   83 override override   84 hfx40 hfx40
85 cipher_2 cipher_2   86 cipher_3 cipher_3   87 hfx40i_hash hfx40i_hash   89 hash_2 hash_2   90 hash_3 hash_3
95 mrc_page_stripe mrc_page_stripe   97 colour_300_or_400 colour_300_or_400   98 colour_100 colour_100
99 simple_bft simple_bft   100 extended_bft -   101 isp -   102 ira ira   105 r600 r600   106 r1200 r1200
107 r300x600 r300x600   108 r400x800 r400x800   109 r600x1200 r600x1200   110 colour_600 colour_600
111 colour_1200 colour_1200   113 double_sided_alternate double_sided_alternate
114 double_sided_continuous double_sided_continuous   115 bw_mrc -   116 t45 t45   119 mrc_ycc mrc_ycc
121 t38_flow_control -   122 large_k -   123 internet_aware internet_aware   127 sycc_jpeg sycc_jpeg
"""
NAMED = {
    int(number): (capability, selected)
    for number, capability, selected in zip(*[iter(_TABLE.split())] * 3, strict=True)
}
NAMED |= {number: (f"extend_{number}",) * 2 for number in EXTEND_BITS}
OF_SEVERAL = {*range(11, 15), *range(17, 24), *range(92, 95), *(117, 118), *range(124, 127)}


@pytest.mark.parametrize("number", sorted(set(BIT_NUMBERS) - OF_SEVERAL))
def test_the_name_of_every_bit(number: int) -> None:
    for kind, name in zip(BitsKind, NAMED.get(number, ("-", "-")), strict=True):
        expected = f"bit_{number}" if name == "-" else name
        assert Bits.parse(kind, one_bit(number)).names() == (expected,)


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
