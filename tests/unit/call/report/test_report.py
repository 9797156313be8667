"""The file: whole or not there, the same when it is read, and harmless when it is foreign."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxmodem.call.report import report as module
from faxmodem.call.report.ladder import ladder
from faxmodem.call.report.picture import draw
from faxmodem.call.report.report import FORMAT, KIND, Report
from faxmodem.errors import ReportError
from faxmodem.t30 import events
from faxmodem.t30.addressing import Addressing
from faxmodem.t30.fcf import Fcf
from tests.unit.call.report.calls import BEGAN, ECM, Play, good_call
from tests.unit.t30.helpers import PAGE, called, calling, dcs, deterministic, from_caller

GOOD = good_call(pages=2)


def test_a_report_is_the_same_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "fax.json"
    GOOD.write(path)
    again = Report.read(path)
    assert again == GOOD
    assert (again.facts, again.diagnosis) == (GOOD.facts, GOOD.diagnosis)
    assert [file.name for file in tmp_path.iterdir()] == ["fax.json"]


def test_a_report_can_be_read_by_programs_that_know_nothing_of_it() -> None:
    data = json.loads(GOOD.to_json())
    assert data["kind"] == KIND
    assert datetime.fromisoformat(data["began"]) == BEGAN
    facts = data["facts"]
    assert (facts["outcome"], facts["pages_done"], facts["remote_id"]) == ("OK", 2, "+49 30 1234")
    assert [page["octets"] for page in facts["pages"]] == [20_000, 20_000]
    assert facts["trainings"][0]["good"] is True
    assert data["diagnosis"]["cause"] == "The call went as it should."
    assert any(
        "words" in command["frames"][0]
        for step in data["journal"]
        for command in step.get("commands", ())
        if "frames" in command
    )


def test_numbers_of_a_call_add_up() -> None:
    times = GOOD.facts.times
    assert sum(times.phases_s.values()) == pytest.approx(times.total_s, abs=0.01)
    assert times.image_s == pytest.approx(22.0)
    assert times.repeated_s == 0
    assert times.overhead_s == pytest.approx(times.connected_s - times.image_s, abs=0.01)
    assert times.forecast_s == 10.0


def test_a_page_that_was_repeated() -> None:
    play = Play().identified().answered(Fcf.FTT).trained_to().answered(Fcf.CFR)
    report = play.page().asked_again(3, 5).page(octets=512).answered(Fcf.MCF).end()
    (page,) = report.facts.pages
    assert (page.bursts, page.blocks, page.requests, page.repeated_frames) == (2, 1, 1, 2)
    assert (page.octets, page.ecm, page.coding, page.done) == (20_000, True, "MMR", True)
    assert report.facts.times.repeated_s == pytest.approx(11.0)
    assert [training.good for training in report.facts.trainings] == [False, True]


def test_a_received_page_shows_its_bad_lines() -> None:
    play = (
        Play(called(station_id="us"))(events.CallConnected()).obey()(dcs(), events.TrainingReceived(good=True)).obey()
    )
    play(events.Moved(), events.Moved(), events.PageReceived(), from_caller(Fcf.EOP))
    play(events.PageStored(events.Verdict.GOOD, 5000, lines=1000, bad_lines=12)).obey()
    report = play(from_caller(Fcf.DCN)).end()
    (page,) = report.facts.pages
    assert (page.ours, page.lines, page.bad_lines, page.done) == (False, 1000, 12, True)
    assert any("12 of 1000 lines bad" in line.text for line in ladder(report.story))


def test_passwords_are_not_in_a_report() -> None:
    secret = calling(PAGE, addressing=Addressing(password="SECRET99", subaddress="42"))  # noqa: S106 - of nobody
    report = Play(secret).identified(ECM, subaddress=1, password=1).answered(Fcf.DCN).end()
    text = report.to_json()
    assert "SECRET99" not in text
    assert b"SECRET99"[::-1].hex(" ") not in text
    assert "42" in report.to_json()
    assert "SECRET99" not in draw(report)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "something else"}, "no call report"),
        ({"format": FORMAT + 1, "program": "99.0"}, "99.0.*newer program"),
        ({"format": True}, "format"),
        ({"format": "1"}, "format"),
        ({"began": "yesterday"}, "began"),
        ({"began": "2026-01-01T00:00:00"}, "zone"),
        ({"settings": None}, "settings"),
        ({"settings": {"calling": True, "first_page": None}}, "has something to send"),
        ({"journal": {}}, "journal"),
        ({"journal": [{"at": -1.0, "what": {"type": "Start"}, "state": "IDLE"}]}, "journal.0."),
        ({"journal": [{"at": 1e9, "what": {"type": "Start"}, "state": "IDLE"}]}, "no call has a moment"),
        ({"journal": [{"at": 0, "what": {"type": "Start"}, "state": "ASLEEP"}]}, "ASLEEP"),
        ({"journal": [17]}, "journal.0."),
        ({"detail": 5}, "detail"),
    ],
)
def test_a_foreign_report_is_refused_in_a_sentence(change: dict[str, Any], words: str) -> None:
    data = json.loads(GOOD.to_json()) | change
    with pytest.raises(ReportError, match=words):
        Report.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "NaN", '{"kind": NaN}', "[" * 100_000, "\x00", b"\xff\xfe\xff"]
)
def test_what_is_no_report(text: str | bytes) -> None:
    with pytest.raises(ReportError, match="no call report"):
        Report.from_json(text)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReportError, match="No such file"):
        Report.read(tmp_path / "none.json")
    with pytest.raises(ReportError, match="cannot be read"):
        Report.read(tmp_path)
    monkeypatch.setattr(module, "MAX_OCTETS", 100)
    GOOD.write(tmp_path / "fax.json")
    with pytest.raises(ReportError, match="larger than any"):
        Report.read(tmp_path / "fax.json")


def test_a_place_that_takes_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written"):
        GOOD.write(tmp_path / "no" / "folder" / "fax.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        GOOD.write(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@settings(deterministic, max_examples=25)
@given(data=st.data())
def test_a_damaged_report_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is changed in it: a report that can be shown, or the one documented error."""
    plain = json.loads(GOOD.to_json())
    step = data.draw(st.sampled_from(plain["journal"]))
    key = data.draw(st.sampled_from(sorted(step)))
    simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    step[key] = data.draw(st.recursive(simple, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
    try:
        report = Report.from_json(json.dumps(plain))
    except ReportError:
        return
    assert draw(report)
    assert ladder(report.story)
    assert report.diagnosis.cause
