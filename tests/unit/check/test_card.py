"""The card as plain data and as a profile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from faxmodem.check.card import Card, Finding, Grade, Suggestion
from faxmodem.modem.profile import load_profile
from faxmodem.modem.quirks import Quirk


def card(*findings: Finding) -> Card:
    return Card(port="COM3", modem="X", profile="class1", service_class="1", findings=findings)


def finding(grade: Grade = Grade.GOOD, *suggests: Suggestion) -> Finding:
    return Finding(topic="port", what="AT", measured="10 ms", grade=grade, suggests=suggests)


EARLY = [
    Suggestion(table="quirks.early_connect", key="value", value=value, why=f'"{value}" s') for value in (0.25, 0.4)
]
FLOW = Suggestion(table="flow", key="while_sending", value="rtscts", why="XOFF is not heeded")
RESETS = Suggestion(table="quirks.frs_resets", key="applies", value=True, why="it says class 0")


@pytest.mark.parametrize(
    ("grades", "worst"),
    [
        ((), Grade.GOOD),
        ((Grade.NOTE,), Grade.GOOD),
        ((Grade.POOR, Grade.GOOD, Grade.NOTE), Grade.POOR),
        ((Grade.BAD, Grade.POOR), Grade.BAD),
    ],
)
def test_the_worst_grade_counts(grades: tuple[Grade, ...], worst: Grade) -> None:
    assert card(*map(finding, grades)).worst is worst


def test_of_two_words_on_a_setting_the_last_one_counts() -> None:
    made = card(finding(Grade.BAD, EARLY[0]), finding(Grade.BAD, EARLY[1], FLOW))
    assert made.suggestions == (EARLY[1], FLOW)


def test_json_says_all_and_reads_back() -> None:
    made = card(finding(Grade.BAD, EARLY[1]), finding())
    told = json.loads(json.dumps(made.to_json()))
    assert list(told) == [
        *("port", "modem", "profile", "service_class", "far_port", "findings", "worst", "suggestions")
    ]
    assert told["worst"] == "bad"
    assert told["suggestions"] == [{"table": "quirks.early_connect", "key": "value", "value": 0.4, "why": '"0.4" s'}]
    assert list(told["findings"][1]) == [
        *("topic", "what", "measured", "value", "unit", "allowed", "grade", "suggests")
    ]
    assert told["findings"][1]["grade"] == "good"


def test_the_suggestions_are_a_part_of_a_profile(tmp_path: Path) -> None:
    made = card(finding(Grade.BAD, *EARLY, FLOW, RESETS))
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(['id = "mine"', 'inherits = "class1"', 'name = "Mine"', *made.profile_lines()]))
    profile = load_profile(path)
    assert profile.measure(Quirk.EARLY_CONNECT) == 0.4
    assert profile.quirks[Quirk.EARLY_CONNECT].why == '"0.4" s'
    assert profile.has(Quirk.FRS_RESETS)
    assert profile.flow.while_sending.value == "rtscts"
    assert card().profile_lines() == []
