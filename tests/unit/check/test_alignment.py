"""What was sent is found in what was received, wherever a receiver cuts it and whatever it loses."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.check.alignment import SURE, Alignment, align

SENT = np.random.default_rng(1).bytes(300)


def bits(octets: bytes) -> list[int]:
    """In link order."""
    return [octet >> place & 1 for octet in octets for place in range(8)]


def octets(line: list[int]) -> bytes:
    """Octets as a receiver makes them of bits; the last one is filled with ones."""
    filled = line + [1] * (-len(line) % 8)
    return bytes(sum(bit << place for place, bit in enumerate(filled[at : at + 8])) for at in range(0, len(filled), 8))


def test_what_arrives_as_it_was_sent() -> None:
    assert align(SENT, SENT) == Alignment(shift=0, lost_at_start=0, lost_at_end=0, wrong=0)
    found = align(SENT, b"\xff\xff" + SENT + b"\xff")
    assert found is not None
    assert found.is_whole


@given(
    before=st.lists(st.integers(0, 1), max_size=200),
    lost=st.integers(0, 600),
    cut=st.integers(0, 600),
    errors=st.sets(st.integers(700, 1700), max_size=12),
)
def test_every_shift_loss_and_error_is_found(before: list[int], lost: int, cut: int, errors: set[int]) -> None:
    line = bits(SENT)
    for at in errors:
        line[at] ^= 1
    received = octets(before + line[lost : len(line) - cut])
    found = align(SENT, received)
    assert found is not None
    assert found.shift == (len(before) - lost) % 8
    assert found.wrong == len(errors)
    # What stands before the data, and the filled octet behind them, may look like the next bits by chance.
    assert lost - SURE < found.lost_at_start <= lost
    assert cut - SURE < found.lost_at_end <= cut


def test_octets_with_the_most_significant_bit_first() -> None:
    turned = bytes(int(f"{octet:08b}"[::-1], 2) for octet in SENT)
    found = align(SENT, b"\xff" + turned)
    assert found is not None
    assert found.reversed
    assert (found.lost_at_start, found.lost_at_end, found.wrong) == (0, 0, 0)
    assert not found.is_whole


@given(st.binary(max_size=600))
def test_other_data_are_not_it(received: bytes) -> None:
    assert align(SENT, received) is None


def test_a_piece_that_is_lost_in_the_middle_is_no_whole() -> None:
    found = align(SENT, SENT[:200] + SENT[210:])
    assert found is not None
    assert not found.is_whole


def test_too_little_is_nothing() -> None:
    assert align(SENT, SENT[:10]) is None
    assert align(b"", SENT) is None
