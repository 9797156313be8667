from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.errors import DialError
from faxmodem.modem.dial import DIALABLE, DIGITS, MAX_LENGTH, dial_string


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("5551234", "5551234"),
        ("+49 (30) 123-45.67", "+49301234567"),
        ("9w,*70#12a", "9W,*70#12A"),
        ("T0@12!p34", "T0@12!P34"),
        ("w+49 30 1", "W+49301"),
        ("1" * MAX_LENGTH, "1" * MAX_LENGTH),
        ("(1) " * MAX_LENGTH, "1" * MAX_LENGTH),
    ],
)
def test_what_is_dialled(number: str, dialled: str) -> None:
    assert dial_string(number) == dialled


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "*#",
        "W,",
        "1;H1",
        "123\r",
        "123\rATZ",
        "1\n2",
        "12x",
        "12/34",
        "12&F",
        "\u0661\u0662",
        "12\u0131",
        "1" * 41,
        "1\0",
        "12T3",
        "PT1",
        "1,P",
        "1+2",
    ],
)
def test_what_is_refused(number: str) -> None:
    with pytest.raises(DialError):
        dial_string(number)


@given(st.text(st.sampled_from(string.printable) | st.characters()))
def test_nothing_else_reaches_a_modem(number: str) -> None:
    try:
        dialled = dial_string(number)
    except DialError:
        return
    assert set(dialled) <= DIALABLE
    assert set(dialled) & DIGITS
    assert len(dialled) <= MAX_LENGTH
