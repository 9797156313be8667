"""A report played again: the same program does the same, another one says where it differs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.call.report.replay import replay
from faxmodem.call.report.report import Report
from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.states import State
from faxmodem.t30.timers import Limits
from tests.unit.call.report.calls import Play, good_call
from tests.unit.t30.helpers import calling


def reread(report: Report) -> Report:
    return Report.from_json(report.to_json())


def test_a_good_call_is_the_same_again() -> None:
    assert replay(reread(good_call(pages=3))) == []


def test_a_call_with_timers_and_repeats_is_the_same_again() -> None:
    play = Play(now=12345.678901234).identified()
    play.expire().trained_to().answered(Fcf.FTT).trained_to().answered(Fcf.CFR).page().asked_again(1, 2).page()
    report = play.expire().obey().answered(Fcf.MCF).end()
    assert replay(reread(report)) == []


def test_a_refused_input_is_refused_again() -> None:
    play = Play()
    with pytest.raises(LocalProtocolError):
        play(events.PageReceived())
    assert replay(reread(play(events.CallConnected()).cancel().end())) == []


def test_another_wait_is_a_difference() -> None:
    report = Play().identified().expire().report()
    longer = replace(report, settings=calling(station_id="+1 555 0123", limits=Limits(t4_s=4.5)))
    first = replay(longer)[0]
    assert (first.then, first.now) == ("a wait of 3.000 s", "a wait of 4.500 s")
    assert first.state == State.SENDING_TCF.label
    assert "then a wait of 3.000 s; now a wait of 4.500 s" in str(first)


def test_another_command_is_a_difference_in_words() -> None:
    report = good_call()
    slower = replace(report, settings=calling(station_id="+1 555 0123", max_rate_bps=9600))
    differences = replay(slower)
    first = differences[0]
    assert "14400" in first.then
    assert "14400" not in first.now
    assert "9600" in first.now
    assert "DIS" in first.what
    assert first.number == next(n for n, step in enumerate(report.steps) if step.state is State.CHOOSING)
    assert not any(difference.fatal for difference in differences)


def test_an_input_that_cannot_happen_now_ends_the_replay() -> None:
    report = good_call()
    number = next(n for n, step in enumerate(report.steps) if isinstance(step.what, events.BlockSent))
    steps = (*report.steps[:number], replace(report.steps[number], what=events.PageReceived()), *report.steps[number:])
    (difference,) = replay(replace(report, steps=steps))
    assert difference.fatal
    assert "cannot happen" in difference.now
    assert difference.number == number


def test_an_input_that_was_refused_and_is_not_now() -> None:
    report = good_call()
    steps = (replace(report.steps[0], error="not yet"), *report.steps[1:])
    (difference,) = replay(replace(report, steps=steps))
    assert "not yet" in difference.then
    assert difference.now == "it can happen"
