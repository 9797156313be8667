"""The DIS and DTC: what they say, and what is made of them for a page."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import PREFERENCE, Capabilities, PageInfo, PageLength, Parameters, candidates, select
from faxmodem.t30.modulations import Modulation
from tests.unit.t30.examples import EVERYTHING, deterministic, offered

M, R = Modulation, Resolution
CODINGS = frozenset(Coding)
FLAGS = {
    "receives": 10,
    "has_document": 9,
    "v8": 6,
    "ecm": 27,
    "ecm_prefers_64": 7,
    "polled_subaddress": 35,
    "inch_preferred": 44,
    "metric_preferred": 45,
    "superfine_halves": 46,
    "selective_polling": 47,
    "subaddress": 49,
    "password": 50,
}


def set_bits(capabilities: Capabilities) -> set[int]:
    sent = int.from_bytes(capabilities.to_bits().encode(), "little")
    return {number for number in range(1, 129) if sent >> (number - 1) & 1}


# --- both ways -------------------------------------------------------------------------------------------------------

LEAST = Capabilities(receives=False, modulations=frozenset({M.V27TER_2400}), scan_times=0)


@pytest.mark.parametrize(("flag", "number"), FLAGS.items())
def test_every_flag_is_its_bit(flag: str, number: int) -> None:
    extends = set(range(24, number, 8))
    change: dict[str, Any] = {flag: True}
    assert set_bits(replace(LEAST, **change)) == {number} | extends


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({"codings": {Coding.MH, Coding.MR}}, {16}),
        ({"codings": CODINGS, "ecm": True}, {16, 24, 27, 31}),
        ({"codings": CODINGS, "ecm": False}, {16}),  # never MMR without error correction
        ({"resolutions": {R.STANDARD, R.FINE}}, {15}),
        ({"resolutions": {R.STANDARD, R.INCH_200}}, {15}),
        ({"resolutions": {R.STANDARD, R.SUPERFINE}}, {24, 32, 40, 41}),
        ({"resolutions": {R.STANDARD, R.INCH_300}}, {24, 32, 40, 42}),
        ({"resolutions": {R.STANDARD, R.INCH_400}}, {24, 32, 40, 43}),
        ({"resolutions": frozenset(R)}, {15, 24, 32, 40, 41, 42, 43}),
        ({"widths": WIDTHS[:2]}, {17}),
        ({"widths": WIDTHS}, {18}),
        ({"lengths": (PageLength.A4, PageLength.B4)}, {19}),
        ({"lengths": tuple(PageLength)}, {20}),
        ({"lengths": (PageLength.A4, PageLength.LEGAL)}, {24, 32, 40, 48, 56, 64, 72, 77}),
        ({"lengths": (PageLength.A4, PageLength.LEGAL, PageLength.B4)}, {19, 24, 32, 40, 48, 56, 64, 72, 77}),
        ({"modulations": frozenset(M)}, {11, 12, 14}),
        ({"scan_times": 0b101}, {21, 23}),
    ],
)
def test_the_bits_that_are_set(change: dict[str, Any], numbers: set[int]) -> None:
    assert set_bits(replace(LEAST, **change)) == numbers


TWINS = ({R.FINE, R.INCH_200}, {R.SUPERFINE, R.INCH_200X400}, {R.R16, R.INCH_400}, {R.INCH_300})


@st.composite
def capabilities(draw: st.DrawFn) -> Capabilities:
    bits = draw(st.sampled_from((0b0000, 0b0100, 0b1000, 0b1100, 0b1101)))
    ecm = draw(st.booleans())
    finer = draw(st.sets(st.sampled_from(range(len(TWINS)))))
    lengths = draw(st.sampled_from([(), (PageLength.LEGAL,), (PageLength.B4,), (PageLength.LEGAL, PageLength.B4)]))
    flags = draw(st.fixed_dictionaries({flag: st.booleans() for flag in FLAGS}))
    flags["ecm"] = ecm
    return Capabilities(
        modulations=offered(rates=bits).modulations,
        codings=frozenset({Coding.MH} | draw(st.sets(st.sampled_from(list(Coding) if ecm else [Coding.MR])))),
        resolutions=frozenset({R.STANDARD}).union(*(TWINS[place] for place in finer)),
        widths=WIDTHS[: draw(st.integers(1, 3))],
        lengths=draw(st.sampled_from([(PageLength.A4, *lengths), tuple(PageLength)])),
        scan_times=draw(st.integers(0, 7)),
        **flags,
    )


@deterministic
@given(capabilities())
def test_both_ways(ours: Capabilities) -> None:
    assert Capabilities.from_bits(Bits.parse(BitsKind.CAPABILITIES, ours.to_bits().encode())) == ours


def test_modulations_that_no_dis_can_name() -> None:
    with pytest.raises(ValueError, match=r"V\.27ter at 2400"):
        Capabilities(modulations=frozenset({M.V17_14400})).to_bits()


# --- what a DIS may bring --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "codings"),
    [
        ((), {Coding.MH}),
        (("two_dimensional",), {Coding.MH, Coding.MR}),
        (("ecm",), {Coding.MH}),
        (("t6", "ecm"), {Coding.MH, Coding.MMR}),
        (("t6",), {Coding.MH}),
        (("t6", "two_dimensional"), {Coding.MH, Coding.MR}),
    ],
)
def test_codings(fields: tuple[str, ...], codings: set[Coding]) -> None:
    assert offered(**dict.fromkeys(fields, 1)).codings == codings


@pytest.mark.parametrize(("bits", "widths"), [(0b00, 1), (0b10, 2), (0b01, 3), (0b11, 3)])
def test_widths(bits: int, widths: int) -> None:
    remote = offered(widths=bits)
    assert remote.widths == WIDTHS[:widths]
    assert all(remote.widths_at(resolution) == resolution.widths[:widths] for resolution in R)


@pytest.mark.parametrize(
    ("bits", "legal", "lengths"),
    [
        (0b00, 0, (PageLength.A4,)),
        (0b00, 1, (PageLength.A4, PageLength.LEGAL)),
        (0b10, 0, (PageLength.A4, PageLength.B4)),
        (0b10, 1, (PageLength.A4, PageLength.LEGAL, PageLength.B4)),
        (0b01, 0, tuple(PageLength)),
        (0b01, 1, tuple(PageLength)),
        (0b11, 0, tuple(PageLength)),
    ],
)
def test_lengths(bits: int, legal: int, lengths: tuple[PageLength, ...]) -> None:
    assert offered(lengths=bits, legal=legal).lengths == lengths


def test_a_resolution_and_its_twin_have_one_bit() -> None:
    assert offered().resolutions == {R.STANDARD}
    assert offered(fine_or_200=1).resolutions == {R.STANDARD, R.FINE, R.INCH_200}
    assert offered(superfine_or_200x400=1).resolutions == {R.STANDARD, R.SUPERFINE, R.INCH_200X400}
    assert offered(r300=1).resolutions == {R.STANDARD, R.INCH_300}
    assert offered(r16_or_400=1).resolutions == {R.STANDARD, R.R16, R.INCH_400}


def test_a_far_end_that_only_sends() -> None:
    assert not offered(receives=0, has_document=1).receives
    assert offered(has_document=1).has_document


@pytest.mark.parametrize("octets", range(18))
def test_any_length(octets: int) -> None:
    whole = EVERYTHING.to_bits().encode().ljust(18, b"\0")
    remote = Capabilities.from_bits(Bits.parse(BitsKind.CAPABILITIES, whole[:octets]))
    assert remote.modulations == (EVERYTHING.modulations if octets >= 2 else {M.V27TER_2400})
    assert remote.widths == (WIDTHS if octets >= 3 else WIDTHS[:1])
    assert remote.ecm is (octets >= 4)
    assert (R.INCH_300 in remote.resolutions) is (octets >= 6)


@deterministic
@given(st.binary(max_size=20))
def test_arbitrary_bits_are_read(fif: bytes) -> None:
    remote = Capabilities.from_bits(Bits.parse(BitsKind.CAPABILITIES, fif))
    assert remote.modulations
    assert R.STANDARD in remote.resolutions
    assert Coding.MH in remote.codings
    assert remote.ecm or Coding.MMR not in remote.codings
    for resolution in R:
        page = PageInfo(width=resolution.widths[2], resolution=resolution, lines=4000)
        for chosen in candidates(remote, page, M.V29_9600, codings=CODINGS):
            sent = Bits.parse(BitsKind.SELECTION, chosen.to_bits().encode())
            ours = replace(remote, modulations=frozenset(M))
            assert Parameters.from_bits(sent, ours) == chosen  # the receiver takes what is made of its DIS


# --- scan times ------------------------------------------------------------------------------------------------------

DIS_CODES = (0b000, 0b100, 0b010, 0b110, 0b001, 0b101, 0b011, 0b111)
SCAN_TIMES_MS = [
    # resolutions, bit 46, the DCS's milliseconds for each code in the order above
    ((R.STANDARD,), 0, (20, 5, 10, 20, 40, 40, 10, 0)),
    ((R.STANDARD,), 1, (20, 5, 10, 20, 40, 40, 10, 0)),
    ((R.FINE, R.INCH_200), 0, (20, 5, 10, 10, 40, 20, 5, 0)),
    ((R.FINE, R.INCH_200, R.INCH_300), 1, (20, 5, 10, 10, 40, 20, 5, 0)),
    ((R.SUPERFINE, R.R16, R.INCH_200X400, R.INCH_400, R.INCH_300), 0, (20, 5, 10, 10, 40, 20, 5, 0)),
    ((R.SUPERFINE, R.R16, R.INCH_200X400, R.INCH_400), 1, (10, 5, 5, 5, 20, 10, 5, 0)),
]


@pytest.mark.parametrize(("resolutions", "halves", "expected"), SCAN_TIMES_MS)
def test_scan_times(resolutions: tuple[Resolution, ...], halves: int, expected: tuple[int, ...]) -> None:
    every = dict.fromkeys(("fine_or_200", "superfine_or_200x400", "r300", "r16_or_400"), 1)
    for resolution, (code, ms) in product(resolutions, zip(DIS_CODES, expected, strict=True)):
        remote = offered(rates=0b1100, scan_times=code, superfine_halves_scan_time=halves, ecm=1, **every)
        assert remote.scan_time_ms(resolution) == ms
        page = PageInfo(width=1728, resolution=resolution, lines=1000)
        assert select(remote, page, M.V29_9600).scan_time_ms == ms
        assert select(remote, page, M.V29_9600, ecm=True).scan_time_ms == 0


# --- the page --------------------------------------------------------------------------------------------------------


def kept(page: Resolution, sent: Resolution) -> float:
    """The share of the page's detail that is left, across times down."""
    return min(1.0, sent.x_dpi / page.x_dpi) * min(1.0, sent.y_dpi / page.y_dpi)


def test_the_preference_is_total_and_loses_nothing_needlessly() -> None:
    assert set(PREFERENCE) == set(R)
    for page, order in PREFERENCE.items():
        assert order[0] is page
        assert order[-1] is R.STANDARD
        allowed = {sent for sent in R if sent.x_dpi * sent.y_dpi <= 1.01 * page.x_dpi * page.y_dpi}
        assert set(order) == allowed, "all that have no more pels than the page, but for the twin's hundredth"
        for better, worse in pairwise(order):
            assert kept(page, worse) <= 1.2 * kept(page, better)
        for better, worse in pairwise([sent for sent in order if sent.is_inch == page.is_inch]):
            assert kept(page, better) > kept(page, worse)


@pytest.mark.parametrize(
    ("page", "fields", "chosen"),
    [
        (R.FINE, ("fine_or_200",), R.FINE),
        (R.FINE, ("fine_or_200", "prefers_inch"), R.FINE),
        (R.FINE, ("superfine_or_200x400", "r300", "r16_or_400"), R.STANDARD),
        (R.INCH_200, ("fine_or_200", "prefers_metric"), R.INCH_200),
        (R.SUPERFINE, ("fine_or_200", "r300"), R.FINE),
        (R.INCH_300, ("r300", "r16_or_400"), R.INCH_300),
        (R.INCH_300, ("fine_or_200", "superfine_or_200x400", "r16_or_400"), R.INCH_200X400),
        (R.INCH_300, ("fine_or_200", "r16_or_400"), R.INCH_200),
        (R.INCH_400, ("r300", "superfine_or_200x400", "fine_or_200"), R.INCH_300),
        (R.R16, ("r300", "superfine_or_200x400"), R.SUPERFINE),
        (R.R16, ("r300",), R.INCH_300),
        (R.R16, (), R.STANDARD),
    ],
)
def test_the_best_resolution(page: Resolution, fields: tuple[str, ...], chosen: Resolution) -> None:
    remote = offered(**dict.fromkeys(fields, 1))
    info = PageInfo(width=page.widths[0], resolution=page, lines=100)
    assert remote.best_for(info) == (chosen, chosen.widths[0], PageLength.A4)


@pytest.mark.parametrize(
    ("remote_widths", "width", "chosen"),
    [
        (0b00, 1728, 1728),
        (0b00, 2432, 1728),
        (0b10, 1728, 1728),
        (0b10, 1800, 2048),
        (0b10, 2432, 2048),
        (0b01, 2048, 2048),
        (0b01, 2100, 2432),
        (0b01, 100, 1728),
        (0b01, 9999, 2432),
    ],
)
def test_the_narrowest_width_that_holds_the_page(remote_widths: int, width: int, chosen: int) -> None:
    page = PageInfo(width=width, resolution=R.FINE, lines=100)
    assert offered(widths=remote_widths).best_for(page)[1] == chosen


@pytest.mark.parametrize(("widths", "place"), [(0b00, 0), (0b10, 1), (0b01, 2)])
def test_a_width_is_one_of_paper_whatever_the_resolution(widths: int, place: int) -> None:
    for resolution in R:
        page = PageInfo(width=resolution.widths[2], resolution=resolution, lines=100)
        every = dict.fromkeys(("fine_or_200", "superfine_or_200x400", "r300", "r16_or_400"), 1)
        assert offered(widths=widths, **every).best_for(page)[:2] == (resolution, resolution.widths[place])
        assert offered(widths=widths).best_for(page)[:2] == (R.STANDARD, WIDTHS[place])


@pytest.mark.parametrize(
    ("remote_lengths", "legal", "millimetres", "chosen"),
    [
        (0b00, 0, 290.0, PageLength.A4),
        (0b00, 0, 311.0, PageLength.A4),
        (0b00, 0, 500.0, PageLength.A4),
        (0b00, 1, 290.0, PageLength.A4),
        (0b00, 1, 355.0, PageLength.LEGAL),
        (0b00, 1, 500.0, PageLength.LEGAL),
        (0b10, 0, 290.0, PageLength.A4),
        (0b10, 0, 311.0, PageLength.A4),
        (0b10, 0, 320.0, PageLength.B4),
        (0b10, 1, 320.0, PageLength.LEGAL),
        (0b10, 1, 380.0, PageLength.B4),
        (0b10, 0, 500.0, PageLength.B4),
        (0b01, 0, 290.0, PageLength.UNLIMITED),
        (0b01, 0, 500.0, PageLength.UNLIMITED),
    ],
)
def test_the_shortest_length_that_holds_the_page(
    remote_lengths: int, legal: int, millimetres: float, chosen: PageLength
) -> None:
    for resolution in (R.FINE, R.INCH_300):
        lines = int(millimetres * resolution.lines_per_mm)
        page = PageInfo(width=resolution.widths[0], resolution=resolution, lines=lines)
        assert offered(lengths=remote_lengths, legal=legal, fine_or_200=1, r300=1).best_for(page)[2] is chosen


def test_a_page_that_is_reduced_to_narrower_paper_gets_shorter_too() -> None:
    a3 = PageInfo(width=2432, resolution=R.FINE, lines=int(420 * 7.7))
    assert offered(fine_or_200=1, lengths=0b10).best_for(a3) == (R.FINE, 1728, PageLength.A4)
    assert offered(fine_or_200=1, widths=0b01, lengths=0b10).best_for(a3) == (R.FINE, 2432, PageLength.B4)


def test_a_narrow_page_is_not_enlarged() -> None:
    narrow = PageInfo(width=1000, resolution=R.FINE, lines=int(290 * 7.7))
    assert offered(fine_or_200=1, lengths=0b10).best_for(narrow) == (R.FINE, 1728, PageLength.A4)


# --- the candidates --------------------------------------------------------------------------------------------------

FINE_PAGE = PageInfo(width=1728, resolution=R.FINE, lines=2200)


@pytest.mark.parametrize(
    ("fields", "ours", "ecm", "expected"),
    [
        ((), CODINGS, True, [(Coding.MH, 0)]),
        (("two_dimensional",), CODINGS, True, [(Coding.MR, 0), (Coding.MH, 0)]),
        (("two_dimensional",), {Coding.MH}, True, [(Coding.MH, 0)]),
        (("ecm",), CODINGS, True, [(Coding.MH, 256)]),
        (("ecm", "prefers_64_octets"), CODINGS, True, [(Coding.MH, 64)]),
        (("prefers_64_octets",), CODINGS, True, [(Coding.MH, 0)]),
        (("ecm", "t6"), CODINGS, True, [(Coding.MMR, 256), (Coding.MH, 256)]),
        (("ecm", "t6"), CODINGS, False, [(Coding.MH, 0)]),
        (("t6",), CODINGS, True, [(Coding.MH, 0)]),
        (("ecm", "t6", "two_dimensional"), CODINGS, True, [(Coding.MMR, 256), (Coding.MR, 256), (Coding.MH, 256)]),
        (("ecm", "t6", "two_dimensional"), {Coding.MMR}, True, [(Coding.MMR, 256), (Coding.MH, 256)]),
        (("ecm", "t6", "two_dimensional"), set(), True, [(Coding.MH, 256)]),
    ],
)
def test_one_candidate_for_each_common_coding(
    fields: tuple[str, ...], ours: set[Coding], ecm: bool, expected: list[tuple[Coding, int]]
) -> None:
    remote = offered(rates=0b1101, fine_or_200=1, scan_times=0b000, **dict.fromkeys(fields, 1))
    found = candidates(remote, FINE_PAGE, M.V17_14400, codings=frozenset(ours), ecm=ecm)
    assert [(each.coding, each.ecm_octets) for each in found] == expected
    assert {each.scan_time_ms for each in found} == {0 if expected[0][1] else 20}
    assert {(each.modulation, each.resolution, each.width) for each in found} == {(M.V17_14400, R.FINE, 1728)}
    assert select(remote, FINE_PAGE, M.V17_14400, codings=frozenset(ours), ecm=ecm) == found[0]


def test_v34_always_corrects_errors() -> None:
    (chosen,) = candidates(offered(scan_times=0b000), FINE_PAGE, M.V34, codings=CODINGS, ecm=False)
    assert (chosen.ecm_octets, chosen.scan_time_ms) == (256, 0)


def test_select() -> None:
    remote = offered(rates=0b1101, ecm=1, t6=1, fine_or_200=1, widths=0b10, lengths=0b10, scan_times=0b110)
    page = PageInfo(width=2048, resolution=R.SUPERFINE, lines=5000)
    assert select(remote, page, M.V17_12000) == Parameters(
        modulation=M.V17_12000, resolution=R.FINE, width=2048, length=PageLength.B4, scan_time_ms=10
    )
