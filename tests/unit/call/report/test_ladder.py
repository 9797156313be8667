"""The ladder: everything in its order, each on its side, within the width."""

from __future__ import annotations

import pytest

from faxmodem.call.report import text
from faxmodem.call.report.ladder import LEAST, NARROW, Tone, ladder
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from tests.unit.call.report.calls import Play, good_call
from tests.unit.t30.helpers import dis

GOOD = good_call(pages=2)


def lines(width: int = 100) -> list[str]:
    return [line.text for line in ladder(GOOD.story, width)]


@pytest.mark.parametrize("width", [10, LEAST, 64, NARROW, 80, 132, 300])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, lines(width))) <= max(width, LEAST)


def test_we_stand_on_the_left() -> None:
    told = lines()
    ours = next(line for line in told if "DCS: V.17 14400" in line)
    theirs = next(line for line in told if "CFR" in line)
    assert ours.index("DCS") < ours.index("-->")
    assert ours.endswith(">|")
    assert theirs.endswith("CFR|")
    assert "|<--" in theirs


def test_a_narrow_terminal_has_arrows_in_front() -> None:
    told = lines(60)
    assert any("--> DCS" in line for line in told)
    assert any("<-- CFR" in line for line in told)
    assert any("==> page 1 block 0" in line for line in told)


def test_the_order_is_that_of_the_call() -> None:
    told = "\n".join(lines())
    landmarks = ["phase A", "phase B", "CSI '+49 30 1234'", "DCS", "TCF", "CFR", "phase C", "page 1", "PPS-MPS", "MCF"]
    landmarks += ["page 1 is confirmed", "page 2", "PPS-EOP", "phase E", "DCN", "on hook: ok, 2 pages"]
    places = [told.index(landmark, 0) for landmark in landmarks]
    assert places == sorted(places)


def test_a_page_shows_its_time_and_octets() -> None:
    assert any("page 1 block 0: V.17 14400 bit/s, 11.0 s, 80 frames, 20000 octets" in line for line in lines())


def test_timers_silences_and_damage_are_shown() -> None:
    play = Play()(events.CallConnected(), events.FrameDamaged()).expire()
    told = ladder(play.end().story)
    assert any("T1 ran out while waiting for DIS" in line.text and line.tone is Tone.BAD for line in told)
    assert any("a frame, damaged" in line.text and line.tone is Tone.BAD for line in told)
    assert any("s of silence" in line.text for line in told)


def test_an_echo_is_called_one() -> None:
    play = Play().identified()
    commands = [command for step in play.session.journal for command in step.commands]
    sent = next(command for command in reversed(commands) if isinstance(command, events.SendFrames))
    play(events.FrameReceived(sent.frames[-1]))
    assert any("our own echo" in line.text for line in ladder(play.report().story))


def test_what_was_broken_off_is_marked() -> None:
    play = Play().identified().answered(Fcf.CFR)(events.Moved(), events.LineLost())
    assert any("broken off" in line.text for line in ladder(play.report().story))


def test_nothing_from_the_line_moves_the_cursor() -> None:
    play = Play()(events.CallConnected())
    play(events.FrameReceived(Frame.of(Fcf.CSI, StationId("a\x1b[2Jb"), final=False)), dis())
    report = play.report()
    told = [line.text for line in ladder(report.story)] + text.heading(report)
    assert all(line.isprintable() for line in told)


def test_the_text_around_it() -> None:
    assert text.heading(GOOD) == ["+1 555 0123 called +49 30 1234 at 2026-01-02 03:04:05 +0000: ok, 2 pages."]
    numbers = "\n".join(text.numbers(GOOD.facts))
    assert "page 2 sent: MMR ECM, fine, 1728 pels, V.17 14400 bit/s, 11.0 s, 20000 octets; confirmed" in numbers
    assert "V.17 14400 bit/s: good" in numbers
    assert "forecast: 10.0 s for the pages; actually 22.0 s" in numbers
    assert list(text.verdict(GOOD)) == ["The call went as it should."]


def test_the_verdict_on_a_failure_names_evidence_and_settings() -> None:
    report = Play()(events.CallConnected()).expire().end()
    told = list(text.verdict(report))
    assert any("T1 ran out" in line for line in told[1:])
    assert told[-1] == 'Settings for that: {"needs": "number"}'
