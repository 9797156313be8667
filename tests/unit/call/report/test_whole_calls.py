"""Whole calls of our stacks over emulated modems: each report can be shown, and replayed without a difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.call import fax
from faxmodem.call.report.journal import RecordedSession
from faxmodem.call.report.ladder import ladder
from faxmodem.call.report.picture import draw
from faxmodem.call.report.replay import replay
from faxmodem.call.report.report import Report
from faxmodem.t30.procedure import Settings
from tests.scenarios.runner import Play, Scenario, scenarios
from tests.unit.call.report.calls import BEGAN

BOTH = [scenario for scenario in scenarios() if len(scenario.near) == 2]


@pytest.mark.parametrize("scenario", BOTH[::6], ids=str)
def test_the_reports_of_a_call(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[RecordedSession] = []

    class Recorded(RecordedSession):
        def __init__(self, settings: Settings) -> None:
            super().__init__(settings)
            made.append(self)

    for name in ("Session", "RecordedSession"):  # whichever the calls are made with
        monkeypatch.setattr(fax, name, Recorded, raising=False)
    Play(scenario, tmp_path).run()
    for session in made:
        if not session.journal:
            continue
        report = Report.of(session, began=BEGAN)
        again = Report.from_json(report.to_json())
        assert again == report
        assert replay(again) == []
        assert report.facts.outcome is session.outcome
        assert report.diagnosis.cause
        assert draw(report)
        assert ladder(report.story)
    assert made
