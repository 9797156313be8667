"""Whole calls in virtual time: each scenario ends as it says, and leaves the modem on hook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from faxmodem.jobs.outcomes import explain
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.runner import Play, Scenario, scenario, scenarios

SCENARIOS = list(scenarios())

WITHOUT_A_SCENARIO = {
    Outcome.INTERNAL_ERROR: "no far end, modem or document brings a bug about",
}


@pytest.mark.parametrize("call", SCENARIOS, ids=str)
def test_scenario(call: Scenario, tmp_path: Path) -> None:
    played = Play(call, tmp_path)
    played.run()
    station = played.station
    if station is not None:
        assert station.deviation == "", f"in the turn {str(station.turn)!r}"
    assert {name: played.ending(name) for name in call.near} == call.endings
    if call.line:
        assert played.line() == call.line
    assert station is None or station.over, f"the call was over in the turn {str(station.turn)!r}"
    if not any(ending.outcome != "ok" or ending.bad_lines for ending in call.endings.values()):
        assert played.arrived() == played.sent()
    if call.arrived:
        shapes = [f"{p.resolution.label} {p.width}x{p.lines}" for p in played.arrived()]
        assert shapes == call.arrived


def test_every_outcome_has_a_scenario() -> None:
    shown = {ending.outcome for one in SCENARIOS for ending in one.endings.values()}
    assert shown == {outcome.value for outcome in Outcome if outcome not in WITHOUT_A_SCENARIO}


def test_exit_codes_are_those_of_the_outcomes() -> None:
    for one in SCENARIOS:
        for ending in one.endings.values():
            assert ending.exit_code == explain(Outcome(ending.outcome)).exit_code, str(one)


# -- the tests of the tests


@pytest.mark.parametrize(
    ("far", "words"),
    [
        ("far DIS; near CFR", "sent DCS"),
        ("far DIS; near DCS(00 00 00) TCF", "sent DCS"),
        ("far DIS; near DCS TCF@9600", "V.17 14400 long instead of TCF@9600"),
        ("far DIS; near DCS page", "V.17 14400 long instead of page"),
        ("far DIS; near DCS DCN", "instead of DCN"),
        ("far DIS; near nothing(5)", "sent V.21"),
        ("far DIS; near hangs-up", "instead of hanging up"),
    ],
)
def test_a_near_end_that_does_something_else_is_noticed(far: str, words: str, tmp_path: Path) -> None:
    played = Play(scenario("wrong", about="", near="sender", far=[far]), tmp_path)
    played.run()
    assert played.station is not None
    assert words in played.station.deviation
    assert played.ending("sender") != played.scenario.endings["sender"]


@pytest.mark.parametrize(
    "table",
    [
        {"colour": "red"},
        {"pages": ["purple"]},
        {"near": "sender", "far": ["far DISS"]},
        {"near": "sender", "far": ["nobody DIS"]},
        {"near": "sender", "far": ["far DIS)"]},
        {"faults": [{"kind": "Echo", "speed": 3}]},
        {"act": {"do": "cancel", "to": "nobody", "at": "DIS"}},
        {"act": {"do": "cancel", "to": "sender", "at": "DIS+1 or so"}},
        {"sender": {"outcome": "ok", "colour": "red"}},
    ],
    ids=str,
)
def test_a_misspelt_scenario_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        scenario("misspelt", about="", **table)
