"""Negotiation: the tables of T.30's DIS and DCS, the way down, and what is chosen for a page."""

from __future__ import annotations

from itertools import chain, combinations, cycle, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.geometry import WIDTHS, Resolution
from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities, PageInfo, PageLength, Parameters, ladder, select
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.procedure import Settings
from tests.unit.t30.helpers import ANY, deterministic

M = Modulation
V27_FALLBACK = {M.V27TER_2400}
V27 = {M.V27TER_2400, M.V27TER_4800}
V29 = {M.V29_7200, M.V29_9600}
V17 = {M.V17_7200, M.V17_9600, M.V17_12000, M.V17_14400}

ALL_SETS = [frozenset(some) for some in chain.from_iterable(combinations(M, size) for size in range(len(M) + 1))]
LIMITS_BPS = (2400, 4800, 7200, 9600, 12000, 14400)


def offered(**values: int) -> Capabilities:
    """What a DIS with these fields says."""
    return Capabilities.from_bits(Bits.compose(BitsKind.CAPABILITIES, {"receives": 1} | values))


# --- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "modulations"),
    [
        (0b0000, V27_FALLBACK),
        (0b0100, V27),
        (0b1000, V29),
        (0b1100, V27 | V29),
        (0b1101, V27 | V29 | V17),
        (0b1110, V27 | V29),
        # undefined: every bit for the modulation it stands for, and what every machine has
        (0b0001, V27_FALLBACK | V17),
        (0b0010, V27_FALLBACK),
        (0b0011, V27_FALLBACK | V17),
        (0b0101, V27 | V17),
        (0b0110, V27),
        (0b0111, V27 | V17),
        (0b1001, V27_FALLBACK | V29 | V17),
        (0b1010, V27_FALLBACK | V29),
        (0b1011, V27_FALLBACK | V29 | V17),
        (0b1111, V27 | V29 | V17),
    ],
)
def test_rates_of_a_dis(bits: int, modulations: set[Modulation]) -> None:
    assert offered(rates=bits).modulations == modulations


@pytest.mark.parametrize(
    ("modulation", "bits"),
    [
        (M.V27TER_2400, 0b0000),
        (M.V27TER_4800, 0b0100),
        (M.V29_9600, 0b1000),
        (M.V29_7200, 0b1100),
        (M.V17_14400, 0b0001),
        (M.V17_12000, 0b0101),
        (M.V17_9600, 0b1001),
        (M.V17_7200, 0b1101),
    ],
)
def test_rates_of_a_dcs(modulation: Modulation, bits: int) -> None:
    parameters = Parameters(modulation=modulation)
    assert parameters.to_bits()["rate"] == bits
    assert Parameters.from_bits(parameters.to_bits()) == parameters


@pytest.mark.parametrize("bits", [0b0010, 0b0011, 0b0110, 0b0111, 0b1010, 0b1011, 0b1110, 0b1111])
def test_a_dcs_with_an_unknown_rate_is_refused(bits: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"unknown rate {bits:04b}"):
        Parameters.from_bits(Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": bits}))


def test_the_way_down() -> None:
    assert ladder(M) == (M.V17_14400, M.V17_12000, M.V29_9600, M.V29_7200, M.V27TER_4800, M.V27TER_2400)
    assert ladder(V17) == (M.V17_14400, M.V17_12000, M.V17_9600, M.V17_7200)
    assert ladder(V17 | {M.V29_9600}) == (M.V17_14400, M.V17_12000, M.V29_9600, M.V17_7200)
    assert ladder(M, 9600) == (M.V29_9600, M.V29_7200, M.V27TER_4800, M.V27TER_2400)
    assert ladder([]) == ()
    assert ladder(V17, 4800) == ()


def test_every_ladder_falls_and_stays_within_what_both_have() -> None:
    theirs = [offered(rates=bits).modulations for bits in range(16)]
    for common, limit in product({have & ours for have in theirs for ours in ALL_SETS}, LIMITS_BPS):
        steps = ladder(common, limit)
        usable = {modulation for modulation in common if modulation.rate_bps <= limit}
        assert set(steps) <= usable
        assert bool(steps) == bool(usable)
        assert all(before.rate_bps > after.rate_bps for before, after in pairwise(steps))
        assert {step.rate_bps for step in steps} == {modulation.rate_bps for modulation in usable}


def test_our_dis_never_offers_what_the_modem_lacks() -> None:
    for ours, limit in product(ALL_SETS, LIMITS_BPS):
        settings = Settings(calling=False, first_page=None, receives=ours, max_rate_bps=limit)
        said = Capabilities.from_bits(settings.offer().to_bits()).modulations
        assert said <= ours | V27_FALLBACK
        assert all(modulation.rate_bps <= limit for modulation in said)


@pytest.mark.parametrize("ours", [V27_FALLBACK, V27, V27 | V29, V27 | V29 | V17], ids=["2400", "V.27", "V.29", "V.17"])
def test_our_dis_offers_all_that_a_usual_modem_has(ours: set[Modulation]) -> None:
    settings = Settings(calling=False, first_page=None, receives=frozenset(ours))
    assert Capabilities.from_bits(settings.offer().to_bits()).modulations == ours


def test_modulations_that_no_dis_can_name() -> None:
    with pytest.raises(ValueError, match=r"V\.27ter at 2400"):
        Capabilities(modulations=frozenset({M.V17_14400})).to_bits()


# --- scan times ------------------------------------------------------------------------------------------------------

DIS_CODES = (0b000, 0b100, 0b010, 0b110, 0b001, 0b101, 0b011, 0b111)
SCAN_TIMES_MS = [
    # resolution, bit 46, the DCS's milliseconds for each code in the order above
    (Resolution.STANDARD, 0, (20, 5, 10, 20, 40, 40, 10, 0)),
    (Resolution.STANDARD, 1, (20, 5, 10, 20, 40, 40, 10, 0)),
    (Resolution.FINE, 0, (20, 5, 10, 10, 40, 20, 5, 0)),
    (Resolution.FINE, 1, (20, 5, 10, 10, 40, 20, 5, 0)),
    (Resolution.SUPERFINE, 0, (20, 5, 10, 10, 40, 20, 5, 0)),
    (Resolution.SUPERFINE, 1, (10, 5, 5, 5, 20, 10, 5, 0)),
]


@pytest.mark.parametrize(("resolution", "halves", "expected"), SCAN_TIMES_MS)
def test_scan_times(resolution: Resolution, halves: int, expected: tuple[int, ...]) -> None:
    for code, ms in zip(DIS_CODES, expected, strict=True):
        remote = offered(
            rates=0b1100, scan_times=code, superfine_halves_scan_time=halves, fine_or_200=1, superfine_or_200x400=1
        )
        assert remote.scan_time_ms(resolution) == ms
        page = PageInfo(width=1728, resolution=resolution, lines=1000)
        assert select(remote, page, M.V29_9600).scan_time_ms == ms


@pytest.mark.parametrize(
    ("code", "ms"),
    [(0b000, 20), (0b100, 5), (0b010, 10), (0b001, 40), (0b111, 0), (0b110, 20), (0b101, 40), (0b011, 10)],
)
def test_scan_times_of_a_dcs(code: int, ms: int) -> None:
    bits = Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": 0b1000, "scan_time": code})
    assert Parameters.from_bits(bits).scan_time_ms == ms


@pytest.mark.parametrize(
    ("rate", "ms", "bits"),
    [(M.V29_9600, 20, 192), (M.V27TER_2400, 5, 12), (M.V17_14400, 10, 144), (M.V29_7200, 0, 0), (M.V17_12000, 40, 480)],
)
def test_bits_of_the_shortest_line(rate: Modulation, ms: int, bits: int) -> None:
    assert Parameters(modulation=rate, scan_time_ms=ms).min_line_bits == bits


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "widths"), [(0b00, 1), (0b10, 2), (0b01, 3), (0b11, 3)])
def test_widths_of_a_dis(bits: int, widths: int) -> None:
    assert offered(widths=bits).widths == WIDTHS[:widths]


@pytest.mark.parametrize(
    ("bits", "lengths"),
    [
        (0b00, (PageLength.A4,)),
        (0b10, (PageLength.A4, PageLength.B4)),
        (0b01, tuple(PageLength)),
        (0b11, tuple(PageLength)),
    ],
)
def test_lengths_of_a_dis(bits: int, lengths: tuple[PageLength, ...]) -> None:
    assert offered(lengths=bits).lengths == lengths


def test_never_denser_than_the_page_nor_than_the_receiver() -> None:
    order = tuple(Resolution)
    for fine, superfine, resolution in product((0, 1), (0, 1), Resolution):
        remote = offered(fine_or_200=fine, superfine_or_200x400=superfine)
        chosen, _width, _length = remote.best_for(PageInfo(width=1728, resolution=resolution, lines=100))
        possible = [have for have in remote.resolutions if order.index(have) <= order.index(resolution)]
        assert chosen is max(possible, key=order.index)


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
    ],
)
def test_the_narrowest_width_that_holds_the_page(remote_widths: int, width: int, chosen: int) -> None:
    page = PageInfo(width=width, resolution=Resolution.FINE, lines=100)
    assert offered(widths=remote_widths).best_for(page)[1] == chosen


@pytest.mark.parametrize(
    ("remote_lengths", "millimetres", "chosen"),
    [
        (0b00, 290.0, PageLength.A4),
        (0b00, 311.0, PageLength.A4),
        (0b00, 500.0, PageLength.A4),
        (0b10, 290.0, PageLength.A4),
        (0b10, 311.0, PageLength.A4),
        (0b10, 320.0, PageLength.B4),
        (0b10, 500.0, PageLength.B4),
        (0b01, 290.0, PageLength.UNLIMITED),
        (0b01, 500.0, PageLength.UNLIMITED),
    ],
)
def test_the_shortest_length_that_holds_the_page(remote_lengths: int, millimetres: float, chosen: PageLength) -> None:
    lines = int(millimetres * Resolution.FINE.lines_per_mm)
    page = PageInfo(width=1728, resolution=Resolution.FINE, lines=lines)
    assert offered(lengths=remote_lengths).best_for(page)[2] is chosen


def test_most_lines_of_a_page() -> None:
    assert PageLength.A4.max_lines(Resolution.FINE) == 2401
    assert PageLength.B4.max_lines(Resolution.STANDARD) == 1471
    assert PageLength.UNLIMITED.max_lines(Resolution.SUPERFINE) is None


def test_select() -> None:
    remote = offered(rates=0b1101, fine_or_200=1, widths=0b10, lengths=0b10, scan_times=0b110)
    page = PageInfo(width=2048, resolution=Resolution.SUPERFINE, lines=5000)
    assert select(remote, page, M.V17_12000) == Parameters(
        modulation=M.V17_12000, resolution=Resolution.FINE, width=2048, length=PageLength.B4, scan_time_ms=10
    )


@pytest.mark.parametrize(
    ("change", "alike"),
    [
        ({"modulation": M.V27TER_2400}, True),
        ({"scan_time_ms": 40}, True),
        ({"resolution": Resolution.FINE}, False),
        ({"width": 2048}, False),
        ({"length": PageLength.B4}, False),
    ],
)
def test_what_needs_a_new_dcs(change: dict[str, object], alike: bool) -> None:
    one = Parameters(modulation=M.V29_9600)
    other = Parameters(**({"modulation": M.V29_9600} | change))  # type: ignore[arg-type]
    assert one.page_alike(other) is alike


# --- both ways through the bits --------------------------------------------------------------------------------------


def test_parameters_both_ways() -> None:
    times = cycle((0, 5, 10, 20, 40))
    for modulation, resolution, width, length in product(M, Resolution, WIDTHS, PageLength):
        ms = next(times)
        parameters = Parameters(
            modulation=modulation, resolution=resolution, width=width, length=length, scan_time_ms=ms
        )
        fif = parameters.to_bits().encode()
        assert Parameters.from_bits(Bits.parse(BitsKind.SELECTION, fif)) == parameters


def test_capabilities_both_ways() -> None:
    rates = [frozenset(some) for some in (V27_FALLBACK, V27, V29, V27 | V29, V27 | V29 | V17)]
    finer = [frozenset({Resolution.STANDARD, *more}) for more in ((), (Resolution.FINE,), Resolution)]
    lengths = [tuple(PageLength)[:count] for count in (1, 2, 3)]
    times_and_flags = cycle(product(range(8), (False, True), (False, True)))
    for modulations, resolutions, widths, length in product(rates, finer, range(3), lengths):
        times, halves, document = next(times_and_flags)
        capabilities = Capabilities(
            has_document=document,
            modulations=modulations,
            resolutions=resolutions,
            widths=WIDTHS[: widths + 1],
            lengths=length,
            scan_times=times,
            superfine_halves=halves,
        )
        fif = capabilities.to_bits().encode()
        assert Capabilities.from_bits(Bits.parse(BitsKind.CAPABILITIES, fif)) == capabilities


def test_a_far_end_that_only_sends() -> None:
    assert not offered(receives=0, has_document=1).receives
    assert offered(has_document=1).has_document


@pytest.mark.parametrize(
    "field",
    [
        *("two_dimensional", "ecm", "t6", "t43", "jbig", "jpeg", "mrc_mode", "t45", "jbig2_profile"),
        *("r300", "r16_or_400", "r600", "r1200", "r300x600", "r400x800", "r600x1200"),
    ],
)
def test_a_dcs_that_selects_what_we_did_not_offer(field: str) -> None:
    assert not ANY.to_bits().fields.get(field)
    bits = Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": 0b1000, field: 1})
    with pytest.raises(RemoteProtocolError, match=f"selects {field}, which our DIS does not offer"):
        Parameters.from_bits(bits)


@pytest.mark.parametrize("field", ["inch", "subaddress", "sender_id", "letter", "legal", "uncompressed"])
def test_a_dcs_with_what_does_no_harm(field: str) -> None:
    bits = Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": 0b1000, field: 1})
    assert Parameters.from_bits(bits).modulation is M.V29_9600


@deterministic
@given(st.binary(max_size=20))
def test_arbitrary_bits_are_read_or_refused(fif: bytes) -> None:
    remote = Capabilities.from_bits(Bits.parse(BitsKind.CAPABILITIES, fif))
    assert remote.modulations
    assert Resolution.STANDARD in remote.resolutions
    try:
        parameters = Parameters.from_bits(Bits.parse(BitsKind.SELECTION, fif))
    except RemoteProtocolError:
        return
    assert Parameters.from_bits(parameters.to_bits()) == parameters
