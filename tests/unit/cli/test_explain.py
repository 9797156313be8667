"""`faxmodem explain` and `faxmodem replay` as people and programs meet them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from faxmodem.call.report.report import Report
from faxmodem.cli.replay import DIFFERS
from faxmodem.jobs.outcomes import TABLE
from faxmodem.t30 import events
from tests.unit.call.report.calls import Play, good_call
from tests.unit.cli.command import faxmodem
from tests.unit.t30.helpers import calling

SVG = "{http://www.w3.org/2000/svg}svg"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "fax.json"
    good_call(pages=2).write(path)
    return path


def test_a_call_is_explained(report: Path, tmp_path: Path) -> None:
    done = faxmodem("explain", report, "--picture", "call.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in (
        "+1 555 0123 called +49 30 1234",
        "phase B",
        "CSI",
        "page 2 is confirmed",
        "The call went as it should.",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120
    assert ET.parse(tmp_path / "call.svg").getroot().tag == SVG  # noqa: S314 - our own


def test_a_failure_is_explained(tmp_path: Path) -> None:
    Play()(events.CallConnected()).expire().end().write(tmp_path / "call.json")
    done = faxmodem("explain", "call.json", cwd=tmp_path)
    assert done.returncode == 0, "the report was shown, whatever it says"
    assert "T1 ran out" in done.stdout
    assert "What to try" in done.stdout


def test_programs_get_the_facts(report: Path, tmp_path: Path) -> None:
    done = faxmodem("explain", "--json", report, cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told == Report.read(report).summary()
    assert told["facts"]["outcome"] == "OK"


def test_a_replay_that_goes_as_before(report: Path, tmp_path: Path) -> None:
    done = faxmodem("replay", report, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("the same: ")


def test_a_replay_that_goes_differently(report: Path, tmp_path: Path) -> None:
    other = replace(Report.read(report), settings=calling(station_id="+1 555 0123", max_rate_bps=9600))
    other.write(tmp_path / "other.json")
    done = faxmodem("replay", "other.json", cwd=tmp_path)
    assert done.returncode == DIFFERS
    assert "then" in done.stdout
    assert "9600" in done.stdout


def test_the_exit_code_of_a_difference_is_no_outcomes() -> None:
    assert DIFFERS not in {row.exit_code for row in TABLE.values()} | {0, 1, 2}


@pytest.mark.parametrize("verb", ["explain", "replay"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("hello", "no call report"),
        ('{"kind": "faxmodem call report", "format": 99, "program": "9.9"}', "newer program"),
        ('{"kind": "faxmodem call report", "format": 1, "program": "9.9"}', "damaged"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(verb: str, content: str | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "call.json").write_text(content)
    done = faxmodem(verb, "call.json", cwd=tmp_path)
    assert done.returncode == 50
    assert words in done.stderr
    assert "call.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_that_cannot_be_written(report: Path, tmp_path: Path) -> None:
    done = faxmodem("explain", report, "--picture", "no/folder/call.svg", cwd=tmp_path)
    assert done.returncode == 50
    assert "call.svg cannot be written" in done.stderr
