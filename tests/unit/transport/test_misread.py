"""Bytes that are read at another rate than they were sent at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.transport.misread import misread

BAUDS = (9600, 19200, 38400, 57600, 115200)


@given(st.binary(max_size=60), st.sampled_from(BAUDS))
def test_at_equal_rates_everything_arrives(data: bytes, baud: int) -> None:
    assert misread(data, baud, baud) == data


@given(st.binary(max_size=60), st.sampled_from((0.97, 0.99, 1.01, 1.03)))
def test_clocks_that_are_a_little_off_do_no_harm(data: bytes, off: float) -> None:
    assert misread(data, 100_000, round(100_000 * off)) == data


@pytest.mark.parametrize("sent", BAUDS)
@pytest.mark.parametrize("read", BAUDS)
def test_no_command_survives_another_rate(sent: int, read: int) -> None:
    heard = misread(b"ATE0Q0V1\r", sent, read)
    assert heard
    assert (b"AT" in heard) is (sent == read)


def test_a_start_bit_that_is_twice_as_long_begins_a_byte_with_a_zero() -> None:
    # sent: 0 10000010 1, the bits of 41h (A) after the start bit, the lowest first
    # read at twice the rate: 0 01100000 0 and so on
    assert misread(b"A", 9600, 19200)[0] == 0b00000110


def test_a_slow_reader_finds_fewer_bytes_and_a_fast_one_more() -> None:
    assert len(misread(bytes(range(100)), 115200, 9600)) < 20
    assert len(misread(bytes(range(100)), 9600, 115200)) > 500
