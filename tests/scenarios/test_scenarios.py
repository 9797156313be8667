"""Whole calls in virtual time: each scenario ends as it says, and leaves the modem on hook."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.jobs.outcomes import explain
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.runner import Play, Scenario, scenarios

SCENARIOS = list(scenarios())

WITHOUT_A_SCENARIO = {
    Outcome.INTERNAL_ERROR: "no far end, modem or document brings a bug about",
    Outcome.PROTOCOL_ERROR: "the session has a way on from everything that a far end may do",
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    played = Play(scenario, tmp_path)
    played.run()
    station = played.station
    if station is not None:
        assert station.deviation == "", f"in the turn {str(station.turn)!r}"
    assert {name: played.ending(name) for name in scenario.near} == scenario.endings
    if scenario.line:
        assert played.line() == scenario.line
    assert station is None or station.over, f"the call was over in the turn {str(station.turn)!r}"
    if not any(ending.outcome != "ok" or ending.bad_lines for ending in scenario.endings.values()):
        assert played.arrived() == played.sent()
    if scenario.arrived:
        shapes = [f"{p.resolution.label} {p.width}x{p.lines}" for p in played.arrived()]
        assert shapes == scenario.arrived


def test_every_outcome_has_a_scenario() -> None:
    shown = {ending.outcome for scenario in SCENARIOS for ending in scenario.endings.values()}
    assert shown == {outcome.value for outcome in Outcome if outcome not in WITHOUT_A_SCENARIO}


def test_exit_codes_are_those_of_the_outcomes() -> None:
    for scenario in SCENARIOS:
        for ending in scenario.endings.values():
            assert ending.exit_code == explain(Outcome(ending.outcome)).exit_code, str(scenario)
