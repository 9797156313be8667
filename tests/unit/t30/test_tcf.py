"""The receiver's verdict on a TCF."""

from __future__ import annotations

import random

import pytest

from faxmodem.t30.modulations import Modulation
from faxmodem.t30.tcf import GOOD_RUN_S, is_good, tcf_octets


def zeros(modulation: Modulation, seconds: float) -> bytes:
    return bytes(round(seconds * modulation.rate_bps / 8))


def noise(modulation: Modulation, seconds: float) -> bytes:
    """Octets as random as a wrong equaliser makes them."""
    return random.Random(7).randbytes(round(seconds * modulation.rate_bps / 8))


each_modulation = pytest.mark.parametrize("modulation", Modulation)


@each_modulation
def test_error_correction_bears_a_hit_in_the_middle(modulation: Modulation) -> None:
    hit = zeros(modulation, 0.75) + b"\x01" + zeros(modulation, 0.75)
    assert is_good(hit, modulation, ecm=True)
    assert not is_good((zeros(modulation, 0.3) + b"\x01") * 5, modulation, ecm=True)


@each_modulation
def test_a_second_and_a_half_of_zeros(modulation: Modulation) -> None:
    assert tcf_octets(modulation) == 1.5 * modulation.rate_bps / 8
    assert is_good(bytes(tcf_octets(modulation)), modulation)


@each_modulation
def test_ones_before_the_zeros_do_not_count(modulation: Modulation) -> None:
    assert is_good(b"\xff" * modulation.rate_bps + zeros(modulation, 1.5), modulation)


@each_modulation
def test_noise_behind_a_whole_tcf_does_not_count(modulation: Modulation) -> None:
    assert is_good(zeros(modulation, 1.5) + noise(modulation, 2.0), modulation)


@each_modulation
def test_the_shortest_that_t30_allows(modulation: Modulation) -> None:
    assert is_good(zeros(modulation, 1.35) + noise(modulation, 1.0), modulation)


@each_modulation
def test_a_second_is_enough_and_less_is_not(modulation: Modulation) -> None:
    assert is_good(zeros(modulation, GOOD_RUN_S), modulation)
    assert not is_good(zeros(modulation, GOOD_RUN_S)[:-1], modulation)
    assert not is_good(zeros(modulation, 0.9), modulation)


@each_modulation
def test_a_short_one_may_not_be_noisy_as_well(modulation: Modulation) -> None:
    assert is_good(zeros(modulation, 1.1) + noise(modulation, 0.1), modulation)
    assert not is_good(zeros(modulation, 1.1) + noise(modulation, 0.3), modulation)


@each_modulation
def test_a_burst_in_the_middle(modulation: Modulation) -> None:
    hit = b"\x80"
    assert is_good(zeros(modulation, 0.2) + hit + zeros(modulation, 1.3), modulation)
    assert is_good(zeros(modulation, 1.1) + hit + zeros(modulation, 0.4), modulation)
    assert not is_good(zeros(modulation, 0.75) + hit + zeros(modulation, 0.75), modulation)


@each_modulation
def test_one_wrong_bit_in_each_tenth_of_a_second(modulation: Modulation) -> None:
    assert not is_good((zeros(modulation, 0.1) + b"\x01") * 15, modulation)


@pytest.mark.parametrize("data", [b"", b"\xff" * 4000, b"\x55" * 4000], ids=["nothing", "ones", "pattern"])
@each_modulation
def test_what_is_no_tcf(data: bytes, modulation: Modulation) -> None:
    assert not is_good(data, modulation)


def test_a_page_instead_of_a_tcf() -> None:
    blank_lines = (b"\x00\x10\x20\x4d\x9a" + bytes(20)) * 200  # EOL, a white line, fill bits
    assert not is_good(blank_lines, Modulation.V17_14400)


def test_zeros_at_another_rate_are_not_enough() -> None:
    assert not is_good(bytes(tcf_octets(Modulation.V27TER_4800)), Modulation.V17_14400)
