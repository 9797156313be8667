"""Bits 11 to 14 of DIS and DCS, and the way down."""

from __future__ import annotations

from itertools import chain, combinations, pairwise, product

import pytest

from faxmodem.t30.modulations import BY_DCS_BITS, Modulation, ladder, offer, offered_by

M = Modulation
V27_FALLBACK = {M.V27TER_2400}
V27 = {M.V27TER_2400, M.V27TER_4800}
V29 = {M.V29_7200, M.V29_9600}
V17 = {M.V17_7200, M.V17_9600, M.V17_12000, M.V17_14400}

ALL_SETS = [frozenset(some) for some in chain.from_iterable(combinations(M, size) for size in range(len(M) + 1))]
LIMITS_BPS = (2400, 4800, 7200, 9600, 12000, 14400, 33600)


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
    assert offered_by(bits) == modulations


def test_rates_of_a_dcs() -> None:
    assert BY_DCS_BITS == {
        0b0000: M.V27TER_2400,
        0b0100: M.V27TER_4800,
        0b1000: M.V29_9600,
        0b1100: M.V29_7200,
        0b0001: M.V17_14400,
        0b0101: M.V17_12000,
        0b1001: M.V17_9600,
        0b1101: M.V17_7200,
    }
    assert M.V34.dcs_bits == 0


def test_rates() -> None:
    assert {m.name: m.rate_bps for m in M if m is not M.V34} == {
        m.name: int(m.name.split("_")[1]) for m in BY_DCS_BITS.values()
    }
    assert M.V34.rate_bps == 33600


def test_what_is_offered_is_within_what_we_have_and_as_much_as_can_be_said() -> None:
    sayable = [offered_by(bits) for bits in (0b0000, 0b0100, 0b1000, 0b1100, 0b1101)]
    for ours in ALL_SETS:
        possible = [group for group in sayable if group <= ours]
        if possible:
            assert offered_by(offer(ours)) == max(possible, key=len)
        else:
            with pytest.raises(ValueError, match=r"V\.27ter at 2400"):
                offer(ours)


def test_the_way_down() -> None:
    assert ladder(M) == (M.V17_14400, M.V17_12000, M.V29_9600, M.V29_7200, M.V27TER_4800, M.V27TER_2400)
    assert ladder(V17) == (M.V17_14400, M.V17_12000, M.V17_9600, M.V17_7200)
    assert ladder(V17 | {M.V29_9600}) == (M.V17_14400, M.V17_12000, M.V29_9600, M.V17_7200)
    assert ladder(M, 9600) == (M.V29_9600, M.V29_7200, M.V27TER_4800, M.V27TER_2400)
    assert ladder([]) == ()
    assert ladder(V17, 4800) == ()


def test_v34_is_no_step_of_the_ladder() -> None:
    assert ladder({M.V34}, 33600) == ()
    assert ladder(M, 33600) == ladder(M)


def test_every_ladder_falls_and_stays_within_what_both_have() -> None:
    theirs = [offered_by(bits) for bits in range(16)]
    for common, limit in product({have & ours for have in theirs for ours in ALL_SETS}, LIMITS_BPS):
        steps = ladder(common, limit)
        usable = {modulation for modulation in common if modulation.rate_bps <= limit}
        assert set(steps) <= usable
        assert all(before.rate_bps > after.rate_bps for before, after in pairwise(steps))
        assert {step.rate_bps for step in steps} == {modulation.rate_bps for modulation in usable}


@pytest.mark.parametrize(
    ("modulation", "text"), [(M.V17_14400, "V.17 14400 bit/s"), (M.V27TER_2400, "V.27ter 2400 bit/s"), (M.V34, "V.34")]
)
def test_in_words(modulation: Modulation, text: str) -> None:
    assert str(modulation) == text
    assert modulation.has_short_training is (modulation.system == "V.17")
