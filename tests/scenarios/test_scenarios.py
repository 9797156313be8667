"""Whole calls in virtual time: each scenario ends as it says, and leaves the modem on hook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from faxmodem.call.report.replay import replay
from faxmodem.call.report.report import Report
from faxmodem.documents.tiff import read_pages
from faxmodem.jobs.outcomes import explain
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.known_hazards import HAZARDS, Hazard
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
    assert_no_bad_page_was_confirmed(played)
    for side in played.sides.values():
        assert side.result is not None
        if side.result.report is not None:
            assert replay(Report.from_json(side.result.report.to_json())) == [], "the session is not its inputs alone"


def assert_no_bad_page_was_confirmed(played: Play) -> None:
    """Without error correction no page with more bad lines than are allowed counts as received."""
    for name, side in played.sides.items():
        result = side.result
        if result is None or result.path is None or result.parameters is None or result.parameters.ecm:
            continue
        bad_lines = played.ending(name).bad_lines
        pages = list(read_pages(result.path))[: result.pages_received]
        for bitmap, bad in zip(pages, bad_lines or [0] * len(pages), strict=False):
            assert bad <= played.scenario.quality.poor_share * bitmap.lines


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 120
    assert len({call.about for call in SCENARIOS}) > 0.9 * len(SCENARIOS)


def test_every_outcome_has_a_scenario() -> None:
    shown = {ending.outcome for one in SCENARIOS for ending in one.endings.values()}
    assert shown == {outcome.value for outcome in Outcome if outcome not in WITHOUT_A_SCENARIO}


def test_exit_codes_are_those_of_the_outcomes() -> None:
    for one in SCENARIOS:
        for ending in one.endings.values():
            assert ending.exit_code == explain(Outcome(ending.outcome)).exit_code, str(one)


# -- hazards


def test_scenarios_show_hazards_that_are_known() -> None:
    assert {number for call in SCENARIOS for number in call.hazards} <= HAZARDS.keys()


@pytest.mark.parametrize(
    ("number", "hazard"), HAZARDS.items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_hazard_is_shown(number: str, hazard: Hazard) -> None:
    by_scenarios = any(number in call.hazards for call in SCENARIOS)
    if hazard.test:
        path, _, name = hazard.test.partition("::")
        assert re.search(rf"^def {name}\(", Path(path).read_text(encoding="utf-8"), re.MULTILINE), hazard.test
    assert by_scenarios + bool(hazard.test) + bool(hazard.not_here) == 1


# -- the tests of the tests


@pytest.mark.parametrize(
    ("far", "words"),
    [
        ("far DIS; near CFR", "sent DCS"),
        ("far DIS; near DCS(00 00 00) TCF", "sent DCS"),
        ("far DIS; near DCS(ecm) TCF", "sent DCS"),
        ("far DIS; near DCS(!fine_or_200) TCF", "sent DCS"),
        ("far DIS; near DCS(scan_time=3) TCF", "sent DCS"),
        ("far DIS; near TSI('SOMEBODY') DCS", "sent TSI"),
        ("far DIS; near SUB DCS", "instead of SUB"),
        ("far DIS; near DCS TCF@9600", "V.17 14400 long instead of TCF@9600"),
        ("far DIS; near DCS page", "V.17 14400 long instead of page"),
        ("far DIS; near DCS DCN", "instead of DCN"),
        ("far DIS; near nothing(5)", "sent V.21"),
        ("far DIS; near hangs-up", "instead of hanging up"),
        ("far DIS(ecm); near DCS TCF; far CFR; near block(0-3) PPS", "sent the frames [0, 1, 2, 3, 4, 5]"),
        ("far DIS(ecm); near DCS TCF; far CFR; near long-block", "V.17 14400 short instead of long-block"),
        ("far DIS(ecm); near DCS TCF; far CFR; near block PPS-MPS", "instead of PPS-MPS"),
        ("far DIS(ecm); near DCS TCF; far CFR; near block PPS-EOP(0 0 5)", "instead of PPS-EOP(0 0 5)"),
        ("far DIS(ecm); near DCS TCF; far CFR; near block PPS-EOP; far PPR(1); near block(2)", "sent the frames [1]"),
    ],
)
def test_a_near_end_that_does_something_else_is_noticed(far: str, words: str, tmp_path: Path) -> None:
    table = {"near": "sender", "pages": ["fine 1728x20"], "call": {"ecm": True}}
    played = Play(scenario("wrong", about="", far=[far], **table), tmp_path)
    played.run()
    assert played.station is not None
    assert words in played.station.deviation
    assert played.ending("sender") != played.scenario.endings["sender"]


@pytest.mark.parametrize(
    ("far", "words"),
    [
        ("near DIS(v8)", "instead of DIS(v8)"),
        ("near DIS; far DCS(ecm) TCF; near FTT", "instead of FTT"),
        ("near DIS; far DCS(ecm) TCF; near CFR; far block(- 2) PPS-EOP; near PPR(1)", "instead of PPR(1)"),
        ("near DIS; far DCS(ecm) TCF; near CFR; far block(- 2) PPS-EOP; near MCF", "instead of MCF"),
    ],
)
def test_a_receiver_that_does_something_else_is_noticed(far: str, words: str, tmp_path: Path) -> None:
    table = {"near": "receiver", "pages": ["fine 1728x20"], "call": {"ecm": True}}
    played = Play(scenario("wrong", about="", far=[far], **table), tmp_path)
    played.run()
    assert played.station is not None
    assert words in played.station.deviation


def test_a_page_that_arrives_otherwise_is_noticed(tmp_path: Path) -> None:
    """The far end leaves out the last frames, and does not say so."""
    far = "near DIS; far DCS(ecm) TCF; near CFR; far block(0-3) PPS-EOP; near MCF; far DCN"
    table = {"near": "receiver", "pages": ["fine 1728x20"], "call": {"ecm": True}}
    played = Play(scenario("short", about="", far=[far], **table), tmp_path)
    played.run()
    assert played.ending("receiver") == played.scenario.endings["receiver"]
    assert played.arrived() != played.sent()


@pytest.mark.parametrize(
    "table",
    [
        {"colour": "red"},
        {"pages": ["purple"]},
        {"near": "sender", "far": ["far DISS"]},
        {"near": "sender", "far": ["nobody DIS"]},
        {"near": "sender", "far": ["far DIS)"]},
        {"near": "sender", "far": ["far PPS-DIS"]},
        {"faults": [{"kind": "Echo", "speed": 3}]},
        {"act": {"do": "cancel", "to": "nobody", "at": "DIS"}},
        {"act": {"do": "cancel", "to": "sender", "at": "DIS+1 or so"}},
        {"sender": {"outcome": "ok", "colour": "red"}},
        {"quality": {"colour": 1}},
        {"call": {"codings": ["JBIG"]}},
        {"polls": "before"},
    ],
    ids=str,
)
def test_a_misspelt_scenario_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        scenario("misspelt", about="", **table)
