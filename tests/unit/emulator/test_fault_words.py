"""Faults as a user writes them."""

from __future__ import annotations

import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.emulator import faults
from faxmodem.emulator.fault_words import KINDS, parse_fault
from faxmodem.emulator.faults import (
    BitErrors,
    Echo,
    Fate,
    Fault,
    FrameFault,
    HangUp,
    NoV8,
    Refusal,
    Refused,
)
from faxmodem.errors import SettingError

NUMBERS = {"modem": "100", "station": "200"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("bit-errors:share=1e-4", BitErrors(share=1e-4)),
        ("bit-errors: share=0.001 , from_s=3, until_s=inf", BitErrors(share=0.001, from_s=3.0, until_s=math.inf)),
        ("hang-up:at_s=20,sender=station", HangUp(at_s=20.0, sender="200")),
        ("frame-fault:fate=lost,nth=1;3,sender=modem", FrameFault(fate=Fate.LOST, nth=(1, 3), sender="100")),
        ("refusal:refused=busy,attempts=2", Refusal(refused=Refused.BUSY, attempts=2)),
        ("echo:delay_s=0.5,call=1", Echo(delay_s=0.5, call=1)),
        ("no-v8", NoV8()),
    ],
)
def test_a_kind_and_its_fields(text: str, fault: Fault) -> None:
    assert parse_fault(text, NUMBERS) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bit-erors:share=1", "there is no fault 'bit-erors'; known are bit-errors, "),
        ("", "there is no fault ''"),
        ("gap:at=2", "a fault gap has no 'at=2'; known are at_s, "),
        ("gap:at_s", "each as name=value"),
        ("gap:at_s=two", "at_s: Input should be a valid number"),
        ("echo", "delay_s: Field required"),
        ("frame-fault:fate=eaten", "fate: Input should be 'whole', 'damaged', 'lost' or 'repeated'"),
        ("hang-up:sender=me", "modem or station, not 'me'"),
    ],
)
def test_what_cannot_be_says_what_can(text: str, words: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_fault(text, NUMBERS)
    assert words in str(caught.value)


def test_every_fault_of_the_line_has_a_name() -> None:
    kinds = {kind for kind in vars(faults).values() if isinstance(kind, type) and issubclass(kind, Fault)}
    assert set(KINDS.values()) == kinds - {Fault}


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.sampled_from(["at_s", "share", "nth", "call", "fate"]), st.text(max_size=5)),
)
def test_any_text_is_a_fault_or_a_sentence(kind: str, values: dict[str, str]) -> None:
    try:
        fault = parse_fault(f"{kind}:" + ",".join(f"{key}={value}" for key, value in values.items()), NUMBERS)
    except SettingError:
        return
    assert {field.name for field in fields(fault)} >= {"sender", "call"}
