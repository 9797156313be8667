"""How numbers are dialled by the rules of a place, and which are not dialled at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.errors import DialError, SettingError
from faxmodem.modem import dial_rules
from faxmodem.modem.dial import DIALABLE, MAX_LENGTH, dial_string
from faxmodem.modem.dial_rules import EMERGENCY, DialRules, NumberBlocked, load_dial_rules

BERLIN = DialRules(country="49", area="30", international="00", long_distance="0")
OFFICE = BERLIN.model_copy(update={"outside": "0W", "extension_digits": 3})
NEW_YORK = DialRules(country="1", area="212", international="011", long_distance="1", local_with_area=True)
PULSES = DialRules(dialling="pulse", outside="9,", suffix="#")


@pytest.mark.parametrize(
    ("rules", "number", "dialled"),
    [
        (DialRules(), "030 123-4567", "0301234567"),
        (DialRules(), "+49 30 1234567", "+49301234567"),
        (BERLIN, "+49 30 1234567", "1234567"),
        (BERLIN, "+49 (89) 1234567", "0891234567"),
        (BERLIN, "+44 20 7946 0123", "00442079460123"),
        (BERLIN, "089 1234567", "0891234567"),
        (BERLIN, "+49 30 1234567,,12", "1234567,,12"),
        (NEW_YORK, "+1 212 555 0100", "2125550100"),
        (NEW_YORK, "+1 415 555 0100", "14155550100"),
        (NEW_YORK, "+49 30 1234567", "01149301234567"),
        (OFFICE, "+49 30 1234567", "0W1234567"),
        (OFFICE, "1234567", "0W1234567"),
        (OFFICE, "234", "234"),
        (OFFICE, "0W1234567", "0W1234567"),
        (OFFICE, "P+49 30 1234567", "P0W1234567"),
        (PULSES, "1234567", "P9,1234567#"),
        (PULSES, "T1234567", "T9,1234567#"),
        (DialRules(dialling="tone"), "1234567", "T1234567"),
    ],
)
def test_what_is_dialled(rules: DialRules, number: str, dialled: str) -> None:
    assert rules.dial_string(number) == dialled


@pytest.mark.parametrize(
    "number",
    [
        *("112", "911", "999", "110", "118", "1-1-2", "+112", "P112", "T911"),
        *("9,911", "0W112", "9,W911", "0,1,1,2", "1!1@2", "91,1", "0W0W112", "9,P911", "9911", "0112"),
        *("*67911", "#31#112", "*31#112", "9,*67911", "112#", "911,123", "1*1*2"),
    ],
)
def test_emergency_numbers_are_not_dialled(number: str) -> None:
    for rules in (DialRules(), BERLIN, OFFICE, NEW_YORK, PULSES):
        with pytest.raises(NumberBlocked, match=r"emergency"):
            rules.dial_string(number)


@pytest.mark.parametrize("number", ["+49 112", "0049 112", "+49 30 112", "030 112", "0 0 112"])
def test_an_emergency_number_is_seen_behind_known_prefixes(number: str) -> None:
    with pytest.raises(NumberBlocked):
        OFFICE.dial_string(number)


@pytest.mark.parametrize(
    "number",
    [
        "0301234567,,112",
        "1125550",
        "9112345",
        "0891100",
        "5550112",
        "+44 999",
        "18005550100,911",
        "917",
        "015",
        "100",
        "234",
    ],
)
def test_numbers_that_only_look_like_it_are_dialled(number: str) -> None:
    assert DialRules().dial_string(number) == dial_string(number)


MODIFIERS = st.text("W,@!", max_size=3)


@given(st.sampled_from(EMERGENCY), st.lists(MODIFIERS, min_size=6, max_size=6), st.sampled_from(["", "0W", "88,"]))
def test_no_pauses_and_no_outside_line_hide_an_emergency_number(digits: str, between: list[str], before: str) -> None:
    hidden = before + "".join(digit + pause for digit, pause in zip(digits, between, strict=False))
    for rules in (DialRules(), OFFICE):
        with pytest.raises(NumberBlocked):
            rules.dial_string(hidden)


@given(st.from_regex(r"[0-9]{7,20}", fullmatch=True))
def test_a_plain_number_of_many_digits_is_dialled(number: str) -> None:
    assert DialRules().dial_string(number) == number


@given(
    st.sampled_from([DialRules(), BERLIN, OFFICE, NEW_YORK, PULSES]),
    st.text(st.sampled_from("0123456789+PTW,@!*# -();\r\nx"), max_size=45),
)
def test_nothing_but_a_dial_string_comes_out(rules: DialRules, number: str) -> None:
    try:
        dialled = rules.dial_string(number)
    except DialError:
        return
    assert set(dialled) <= DIALABLE
    assert len(dialled) <= MAX_LENGTH
    assert dial_string(dialled) == dialled


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_canonical_number_is_dialled_in_one_of_three_forms(number: str) -> None:
    try:
        dialled = OFFICE.dial_string(number)
    except NumberBlocked:
        return
    digits = dialled.removeprefix("0W")
    assert number in ("+4930" + digits, "+49" + digits.removeprefix("0"), "+" + digits.removeprefix("00"))


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("0900*", "0900 1234567"),
        ("0900*", "+49 900 1234567"),
        ("0900*", "0W0900 1234567"),
        ("+49900*", "0900 1234567"),
        ("+44*", "0044 20 7946 0123"),
        ("+493012?", "123"),
        ("12345", "+49 30 12345"),
    ],
)
def test_blocked_patterns_know_every_form_of_a_number(pattern: str, number: str) -> None:
    rules = OFFICE.model_copy(update={"blocked": (pattern,), "extension_digits": 0})
    with pytest.raises(NumberBlocked, match="`blocked` of the dial rules"):
        rules.dial_string(number)
    assert rules.model_copy(update={"allowed": ("*",)}).dial_string(number)


def test_an_extension_may_be_allowed_by_name_but_not_by_a_wild_card() -> None:
    assert DialRules(allowed=("9112",)).dial_string("9112") == "9112"
    with pytest.raises(NumberBlocked):
        DialRules(allowed=("*",)).dial_string("9112")
    assert DialRules(emergency=()).dial_string("112") == "112"


def test_rules_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('country = "49"\narea = "30"\ninternational = "00"\nlong_distance = "0"\nblocked = ["0900*"]\n')
    assert load_dial_rules(file) == BERLIN.model_copy(update={"blocked": ("0900*",)})


def test_without_a_file_there_are_no_rules_but_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial_rules, "user_dial_rules", lambda: tmp_path / "dial_rules.toml")
    assert load_dial_rules() == DialRules()
    (tmp_path / "dial_rules.toml").write_text('outside = "0W"\n')
    assert load_dial_rules() == DialRules(outside="0W")


def test_the_user_s_rules_lie_in_his_configuration() -> None:
    assert dial_rules.user_dial_rules().name == "dial_rules.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outsid = '0'", "outsid is unknown; allowed are country, area"),
        ("area = '30'", "area needs country"),
        ("country = '49'", "country needs international"),
        ("dialling = 'morse'", "dialling: Input should be 'modem', 'tone' or 'pulse', not 'morse'"),
        ("outside = '0;H'", "outside: String should match"),
        ("= 1", "cannot be read as TOML"),
    ],
)
def test_a_file_with_a_mistake_says_which(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        load_dial_rules(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        load_dial_rules(tmp_path / "none.toml")
