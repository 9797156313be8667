"""The picture: well-formed, harmless, and of a size that can be looked at, for a call of any length."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from faxmodem.call.report.picture import BAD, DATA_OURS, GOOD, MOST_STRIPS, PHASES, STRIP, WIDTH, draw
from faxmodem.call.report.report import Report
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from tests.unit.call.report.calls import Play, good_call
from tests.unit.t30.helpers import calling, dis

SVG = "{http://www.w3.org/2000/svg}"


def drawn(report: Report) -> ET.Element:
    return ET.fromstring(draw(report))  # noqa: S314 - our own


def texts(svg: ET.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def boxes(svg: ET.Element, colour: str) -> list[ET.Element]:
    """The boxes of one colour, but for that of the legend."""
    return [box for box in svg.iter(f"{SVG}rect") if box.get("fill") == colour and box.find(f"{SVG}title") is not None]


def long_call(minutes: int) -> Report:
    play = Play().identified().answered(Fcf.CFR)
    for _ in range(minutes):
        for _ in range(12):
            play(events.Moved(), after=4.9)
    return play(events.LineLost()).end()


def test_carriers_phases_and_results_are_there() -> None:
    svg = drawn(Play().identified().answered(Fcf.FTT).trained_to().answered(Fcf.CFR).page().answered(Fcf.MCF).end())
    assert len(boxes(svg, GOOD)) == len(boxes(svg, BAD)) == len(boxes(svg, DATA_OURS)) == 1
    assert all(boxes(svg, colour) for colour in PHASES.values())
    assert {"DIS", "CFR", "FTT", "MCF", "DCN"} <= {word for text in texts(svg) for word in text.split()}
    assert any(text.startswith("page 1") for text in texts(svg))
    assert "ok, 1 page" in texts(svg)


def test_our_carriers_lie_above_the_far_ends() -> None:
    svg = drawn(good_call())
    labels = {text.text: float(text.get("y", 0)) for text in svg.iter(f"{SVG}text")}
    assert labels["MCF"] > labels["DCN"]


def test_a_repeat_is_hatched() -> None:
    svg = drawn(Play().identified().answered(Fcf.CFR).page().asked_again(1).page().answered(Fcf.MCF).end())
    hatched = [box for box in svg.iter(f"{SVG}rect") if box.get("fill") == "url(#again)"]
    assert len(hatched) == 2, "one in the legend"


def test_a_timer_has_its_mark() -> None:
    svg = drawn(Play()(events.CallConnected()).expire().end())
    assert "T1" in texts(svg)


@pytest.mark.parametrize(("minutes", "strips"), [(0, 1), (1, 2), (5, 6), (30, 30), (120, MOST_STRIPS)])
def test_a_long_call_is_cut_into_strips(minutes: int, strips: int) -> None:
    svg = drawn(long_call(minutes))
    height = float(svg.get("height", 0))
    assert height == pytest.approx(strips * STRIP, abs=2 * STRIP)
    for box in svg.iter(f"{SVG}rect"):
        assert 0 <= float(box.get("x", 0)) <= WIDTH
        assert float(box.get("x", 0)) + float(box.get("width", 0)) <= WIDTH + 2
        assert 0 <= float(box.get("y", 0)) <= height


def test_a_call_of_thousands_of_frames_stays_a_picture() -> None:
    play = Play()(events.CallConnected())
    flags: list[events.Event] = [events.FlagsHeard(), events.FrameDamaged()]
    for _ in range(4000):
        play(*flags, after=0.001)
    assert len(draw(play.report())) < 300_000


def test_what_came_over_the_line_is_text_in_it() -> None:
    name = StationId('<script>"&')
    play = Play(calling(station_id="<us&>"))(events.CallConnected())
    play(events.FrameReceived(Frame.of(Fcf.CSI, name, final=False)), dis()).trained_to()
    svg = drawn(play.report("a\x00 <detail>"))
    assert svg.find(f".//{SVG}script") is None
    assert any('<us&> called <script>"&' in text for text in texts(svg))


def test_an_empty_report_is_a_picture_as_well() -> None:
    assert drawn(replace(good_call(), steps=())).tag == f"{SVG}svg"
