"""The DCS: what it says, what is refused in it, and what is tolerated."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.errors import LocalProtocolError, RemoteProtocolError
from faxmodem.t30.bits import FIELD_NAMES, MAX_OCTETS, NEEDS_ECM, Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.parameters import PageLength, Parameters
from tests.unit.t30.examples import EVERYTHING, deterministic, offered, selected

M, R = Modulation, Resolution
PLAIN = Parameters(modulation=M.V29_9600)
SLOWEST = Parameters(modulation=M.V27TER_2400, scan_time_ms=20)
"Its bits are all 0 but for bit 10."


def as_bits(octets: str) -> Bits:
    return Bits.parse(BitsKind.SELECTION, bytes.fromhex(octets))


# --- both ways -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "parameters"),
    [
        # link bytes as other programs send them
        ("00 46 70", Parameters(modulation=M.V29_9600, resolution=R.FINE)),
        (
            "00 62 F8 44",
            Parameters(
                modulation=M.V17_14400,
                coding=Coding.MMR,
                ecm_octets=256,
                resolution=R.FINE,
                length=PageLength.UNLIMITED,
            ),
        ),
    ],
)
def test_frames_of_other_programs(octets: str, parameters: Parameters) -> None:
    assert Parameters.from_bits(as_bits(octets)) == parameters
    assert parameters.to_bits().encode() == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({}, {10}),
        ({"modulation": M.V34, "ecm_octets": 256}, {10, 21, 22, 23, 24, 27}),
        ({"coding": Coding.MR}, {10, 16}),
        ({"coding": Coding.MH, "ecm_octets": 256}, {10, 21, 22, 23, 24, 27}),
        ({"coding": Coding.MR, "ecm_octets": 64}, {10, 16, 21, 22, 23, 24, 27, 28}),
        ({"coding": Coding.MMR, "ecm_octets": 256}, {10, 21, 22, 23, 24, 27, 31}),
        ({"resolution": R.FINE}, {10, 15}),
        ({"resolution": R.INCH_200}, {10, 15, 24, 32, 40, 44}),
        ({"resolution": R.SUPERFINE}, {10, 24, 32, 40, 41}),
        ({"resolution": R.INCH_200X400}, {10, 24, 32, 40, 41, 44}),
        ({"resolution": R.INCH_300, "width": 2592}, {10, 24, 32, 40, 42, 44}),
        ({"resolution": R.R16, "width": 3456}, {10, 24, 32, 40, 43}),
        ({"resolution": R.INCH_400, "width": 3456}, {10, 24, 32, 40, 43, 44}),
        ({"resolution": R.INCH_400, "width": 4096}, {10, 17, 24, 32, 40, 43, 44}),
        ({"resolution": R.INCH_300, "width": 3648}, {10, 18, 24, 32, 40, 42, 44}),
        ({"length": PageLength.B4}, {10, 19}),
        ({"length": PageLength.UNLIMITED}, {10, 20}),
        ({"length": PageLength.LEGAL}, {10, 24, 32, 40, 48, 56, 64, 72, 77}),
        ({"subaddress": True}, {10, 24, 32, 40, 48, 49}),
        ({"sender_id": True}, {10, 24, 32, 40, 48, 50}),
        ({"internet_address": True}, {10, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 102}),
    ],
)
def test_the_bits_that_are_set(change: dict[str, Any], numbers: set[int]) -> None:
    parameters = replace(SLOWEST, **change)
    sent = int.from_bytes(parameters.to_bits().encode(), "little")
    assert {number for number in range(1, 129) if sent >> (number - 1) & 1} == numbers


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    modulation, resolution = draw(st.sampled_from(M)), draw(st.sampled_from(R))
    octets = draw(st.sampled_from([64, 256] if modulation is M.V34 else [0, 64, 256]))
    codings = [coding for coding in Coding if octets or coding is not Coding.MMR]
    return Parameters(
        modulation=modulation,
        coding=draw(st.sampled_from(codings)),
        ecm_octets=octets,
        resolution=resolution,
        width=draw(st.sampled_from(resolution.widths)),
        length=draw(st.sampled_from(PageLength)),
        scan_time_ms=0 if octets else draw(st.sampled_from([0, 5, 10, 20, 40])),
        subaddress=draw(st.booleans()),
        sender_id=draw(st.booleans()),
        internet_address=draw(st.booleans()),
    )


@deterministic
@given(parameters())
def test_both_ways(chosen: Parameters) -> None:
    bits = Bits.parse(BitsKind.SELECTION, chosen.to_bits().encode())
    assert Parameters.from_bits(bits, EVERYTHING, v34=chosen.modulation is M.V34) == chosen


def test_what_no_dcs_can_say() -> None:
    with pytest.raises(LocalProtocolError, match="MMR may be sent with error correction only"):
        Parameters(modulation=M.V29_9600, coding=Coding.MMR).to_bits()
    with pytest.raises(LocalProtocolError, match="a line at R16 has never 1728 pels"):
        Parameters(modulation=M.V29_9600, resolution=R.R16).to_bits()


# --- what follows from them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "ms", "bits"),
    [(M.V29_9600, 20, 192), (M.V27TER_2400, 5, 12), (M.V17_14400, 10, 144), (M.V29_7200, 0, 0), (M.V17_12000, 40, 480)],
)
def test_bits_of_the_shortest_line(rate: Modulation, ms: int, bits: int) -> None:
    assert Parameters(modulation=rate, scan_time_ms=ms).min_line_bits == bits
    assert Parameters(modulation=rate, scan_time_ms=ms, ecm_octets=256).min_line_bits == 0


@pytest.mark.parametrize(
    ("change", "alike"),
    [
        ({"modulation": M.V27TER_2400}, True),
        ({"scan_time_ms": 40}, True),
        ({"subaddress": True, "sender_id": True, "internet_address": True}, True),
        ({"coding": Coding.MR}, False),
        ({"ecm_octets": 64}, False),
        ({"resolution": R.FINE}, False),
        ({"width": 2048}, False),
        ({"length": PageLength.B4}, False),
    ],
)
def test_what_needs_a_new_dcs(change: dict[str, Any], alike: bool) -> None:
    other = replace(PLAIN, **change)
    assert PLAIN.page_alike(other) is alike
    assert other.page_alike(PLAIN) is alike


def test_most_lines_of_a_page() -> None:
    assert PageLength.A4.max_lines(R.FINE) == 2401
    assert PageLength.B4.max_lines(R.STANDARD) == 1471
    assert PageLength.LEGAL.max_lines(R.FINE) == 2875
    assert PageLength.A4.max_lines(R.INCH_300) == 3683
    assert PageLength.UNLIMITED.max_lines(R.SUPERFINE) is None


# --- what a DCS may bring --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ms"),
    [(0b000, 20), (0b100, 5), (0b010, 10), (0b001, 40), (0b111, 0), (0b110, 20), (0b101, 40), (0b011, 10)],
)
def test_scan_times(code: int, ms: int) -> None:
    assert Parameters.from_bits(selected(scan_time=code)).scan_time_ms == ms
    assert Parameters.from_bits(selected(scan_time=code, ecm=1)).scan_time_ms == 0


@pytest.mark.parametrize(
    ("fields", "resolution"),
    [
        ((), R.STANDARD),
        (("inch",), R.STANDARD),
        (("fine_or_200",), R.FINE),
        (("fine_or_200", "inch"), R.INCH_200),
        (("superfine_or_200x400",), R.SUPERFINE),
        (("superfine_or_200x400", "fine_or_200"), R.SUPERFINE),
        (("superfine_or_200x400", "inch"), R.INCH_200X400),
        (("r300",), R.INCH_300),
        (("r300", "inch", "fine_or_200"), R.INCH_300),
        (("r16_or_400",), R.R16),
        (("r16_or_400", "inch"), R.INCH_400),
        (("r16_or_400", "superfine_or_200x400", "fine_or_200", "inch"), R.INCH_400),
    ],
)
def test_resolutions(fields: tuple[str, ...], resolution: Resolution) -> None:
    for place, code in enumerate((0b00, 0b10, 0b01)):
        read = Parameters.from_bits(selected(width=code, **dict.fromkeys(fields, 1)))
        assert (read.resolution, read.width) == (resolution, resolution.widths[place])


def test_invalid_width_and_length_are_read_as_the_largest() -> None:
    read = Parameters.from_bits(selected(width=0b11, length=0b11))
    assert (read.width, read.length) == (WIDTHS[-1], PageLength.UNLIMITED)


@pytest.mark.parametrize(("fields", "length"), [(("letter",), PageLength.A4), (("legal",), PageLength.LEGAL)])
def test_north_american_lengths(fields: tuple[str, ...], length: PageLength) -> None:
    assert Parameters.from_bits(selected(**dict.fromkeys(fields, 1))).length is length
    assert Parameters.from_bits(selected(length=0b01, **dict.fromkeys(fields, 1))).length is PageLength.UNLIMITED


def test_mmr_goes_before_mr() -> None:
    assert Parameters.from_bits(selected(two_dimensional=1, t6=1, ecm=1)).coding is Coding.MMR


def test_mmr_without_the_bit_of_error_correction_has_it() -> None:
    read = Parameters.from_bits(selected(t6=1, ecm_64_octets=1, scan_time=0b000), EVERYTHING)
    assert (read.coding, read.ecm_octets, read.scan_time_ms) == (Coding.MMR, 256, 0)


def test_frame_size_without_error_correction_means_nothing() -> None:
    assert Parameters.from_bits(selected(ecm_64_octets=1)).ecm_octets == 0


@pytest.mark.parametrize("rate", range(16))
def test_v34_names_no_rate_and_corrects_errors(rate: int) -> None:
    read = Parameters.from_bits(selected(rate=rate), v34=True)
    assert (read.modulation, read.ecm_octets) == (M.V34, 256)
    assert Parameters.from_bits(selected(rate=rate), MODEST, v34=True) == read  # whose DIS has no error correction
    assert Parameters.from_bits(selected(rate=0)).modulation is M.V27TER_2400


@pytest.mark.parametrize("bits", [0b0010, 0b0011, 0b0110, 0b0111, 0b1010, 0b1011, 0b1110, 0b1111])
def test_an_unknown_rate_is_refused(bits: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"unknown rate {bits:04b}"):
        Parameters.from_bits(selected(rate=bits))


@pytest.mark.parametrize("octets", range(1, MAX_OCTETS + 2))
def test_any_length(octets: int) -> None:
    read = Parameters.from_bits(Bits.parse(BitsKind.SELECTION, bytes.fromhex("00 46 70").ljust(17, b"\0")[:octets]))
    assert read.modulation is (M.V27TER_2400 if octets == 1 else M.V29_9600)
    assert read.resolution is (R.STANDARD if octets == 1 else R.FINE)


def test_no_octet_at_all_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="without a single octet"):
        Parameters.from_bits(as_bits(""))


NEVER_OFFERED = {
    "JBIG": ("jbig", "jbig_any_stripe"),
    "JBIG2": ("jbig2_profile",),
    "T.43": ("t43",),
    "JPEG": ("jpeg", "sycc_jpeg"),
    "mixed raster content": ("mrc_mode",),
    "T.45": ("t45",),
    "colour": ("colour_100", "colour_300_or_400", "colour_600", "colour_1200"),
    "voice": ("g726",),
    "binary file transfer": ("bft", "simple_bft"),
    "basic transfer mode": ("btm",),
    "document transfer mode": ("dtm",),
    "EDI": ("edi",),
    "character mode": ("character_mode",),
    "mixed mode": ("mixed_mode",),
    "encryption": ("hfx40", "cipher_2", "cipher_3"),
    "600x600": ("r600",),
    "1200x1200": ("r1200",),
    "300x600": ("r300x600",),
    "400x800": ("r400x800",),
    "600x1200": ("r600x1200",),
}


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, fields in NEVER_OFFERED.items() for field in fields]
)
def test_what_our_dis_never_offers(name: str, field: str) -> None:
    assert not EVERYTHING.to_bits()[field]
    for more in ({}, {"ecm": 1}, {"ecm": 1, "t6": 1}):  # the last with JBIG: what a Dex 855 sends
        with pytest.raises(RemoteProtocolError, match=f"selects {name}, which our DIS does not offer"):
            Parameters.from_bits(selected(**more, **{field: 1}))


MODEST = offered(rates=0b1100)


@pytest.mark.parametrize(
    ("fields", "offer", "name"),
    [
        ({"ecm": 1}, MODEST, "error correction"),
        ({"t6": 1}, MODEST, "error correction"),
        ({"t6": 1}, offered(rates=0b1100, ecm=1), "MMR"),
        ({"two_dimensional": 1}, MODEST, "MR"),
        ({"two_dimensional": 1}, offered(rates=0b1100, ecm=1, t6=1), "MR"),
        ({"fine_or_200": 1}, MODEST, "fine"),
        ({"fine_or_200": 1, "inch": 1}, MODEST, "200x200"),
        ({"superfine_or_200x400": 1}, offered(rates=0b1100, fine_or_200=1), "superfine"),
        ({"r300": 1}, offered(rates=0b1100, r16_or_400=1), "300x300"),
        ({"r16_or_400": 1}, offered(rates=0b1100, r300=1), "R16"),
        ({"width": 0b10}, MODEST, "lines of 2048 pels"),
        ({"width": 0b01}, offered(rates=0b1100, widths=0b10), "lines of 2432 pels"),
        ({"width": 0b01, "r300": 1}, offered(rates=0b1100, r300=1), "lines of 3648 pels"),
        ({"rate": 0b0001}, MODEST, r"V\.17 14400 bit/s"),
        ({"rate": 0b1000}, offered(rates=0b0100), r"V\.29 9600 bit/s"),
    ],
)
def test_what_this_dis_did_not_offer(fields: dict[str, int], offer: Capabilities, name: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"selects {name}, which our DIS does not offer"):
        Parameters.from_bits(selected(**fields), offer)
    assert Parameters.from_bits(selected(**fields), EVERYTHING) == Parameters.from_bits(selected(**fields))


def test_a_resolution_and_its_twin_are_one_offer() -> None:
    ours = Capabilities(modulations=frozenset(M), resolutions=frozenset({R.STANDARD, R.FINE, R.R16}))
    assert Parameters.from_bits(selected(fine_or_200=1, inch=1), ours).resolution is R.INCH_200
    assert Parameters.from_bits(selected(r16_or_400=1, inch=1), ours).resolution is R.INCH_400


@pytest.mark.parametrize(
    "field",
    [
        *("inch", "subaddress", "sender_id", "ira", "letter", "legal", "uncompressed", "field_not_valid"),
        "bit_45",
        "duplex",
    ],
)
def test_what_does_no_harm(field: str) -> None:
    assert Parameters.from_bits(selected(**{field: 1}), EVERYTHING).modulation is M.V29_9600


def test_every_bit_alone_is_taken_or_refused_by_name() -> None:
    for number in range(1, 129):
        fif = (1 << (number - 1)).to_bytes(MAX_OCTETS, "little")
        for extra in (bytes(16), bytes.fromhex("00 22")):
            bits = Bits.parse(
                BitsKind.SELECTION, bytes(a | b for a, b in zip(fif, extra.ljust(16, b"\0"), strict=True))
            )
            try:
                read = Parameters.from_bits(bits, EVERYTHING)
            except RemoteProtocolError as error:
                assert "selects" in str(error)  # noqa: PT017 - either is right, by the bit
            else:
                assert Parameters.from_bits(read.to_bits()) == read


def test_what_needs_error_correction() -> None:
    numbers = {31, 36, 38, 51, 53, 54, 55, 57, 59, 60, 62, 65, 68, 78, 79, 115, 116, 127, 92, 93, 94}
    found = set()
    for kind, number in product(BitsKind, range(1, 129)):
        bits = Bits.parse(kind, (1 << (number - 1)).to_bytes(MAX_OCTETS, "little"))
        if bits.needs_ecm():
            found.add(number)
    assert found == numbers
    assert FIELD_NAMES[BitsKind.CAPABILITIES] >= NEEDS_ECM


@deterministic
@given(st.binary(max_size=20), st.booleans(), st.sampled_from([None, EVERYTHING, MODEST]))
def test_arbitrary_bits_are_read_or_refused(fif: bytes, v34: bool, offer: Capabilities | None) -> None:
    try:
        read = Parameters.from_bits(Bits.parse(BitsKind.SELECTION, fif), offer, v34=v34)
    except RemoteProtocolError:
        return
    assert Parameters.from_bits(read.to_bits(), v34=v34) == read
