"""The session with a journal: it does what the plain one does, and misses nothing."""

from __future__ import annotations

import inspect

import pytest

from faxmodem.call.report.journal import FOLD_S, Cancel, Expiry, RecordedSession, Start
from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.session import Session
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer
from tests.unit.call.report.calls import Play, good_call
from tests.unit.t30.helpers import calling, far


def test_every_way_into_a_session_is_written_down() -> None:
    ways = {
        name
        for name, function in inspect.getmembers(Session, inspect.isfunction)
        if not name.startswith("_") and "now" in inspect.signature(function).parameters
    }
    assert ways == {"start", "receive", "expire", "cancel"}
    assert ways <= set(vars(RecordedSession))


def test_inputs_and_outputs_stand_in_order() -> None:
    play = Play()(events.CallConnected(), far(Fcf.DCN))
    journal = play.session.journal
    assert [step.what for step in journal] == [Start(), events.CallConnected(), far(Fcf.DCN)]
    assert [step.at for step in journal] == [0.0, 1.0, 2.0]
    assert [step.commands for step in journal] == [
        (events.Dial("5550123"),),
        (events.Listen(),),
        (events.HangUp(),),
    ]
    assert journal[-1].state is State.HANGING_UP


def test_what_is_written_down_is_handed_out_as_well() -> None:
    session = RecordedSession(calling())
    plain = Session(calling())
    for each in (session, plain):
        each.start(0.0)
        each.receive(events.CallConnected(), 3.0)
    assert session.commands() == plain.commands() == [events.Dial("5550123"), events.Listen()]
    assert session.commands() == []
    assert session.transitions() == plain.transitions() != []
    assert session.deadline() == plain.deadline()


def test_times_are_those_of_the_callers_clock() -> None:
    play = Play(now=1e6)
    due = play.session.deadline()
    assert due is not None
    play.session.expire(due - 1.0)
    assert len(play.session.journal) == 1, "nothing was due"
    play.expire()
    assert play.session.journal[-1].what == Expiry((Timer.T0,))
    assert play.session.journal[-1].at == pytest.approx(due - 1e6)


def test_a_timer_runs_out_at_its_time_however_the_sums_are_rounded() -> None:
    for number in range(200):
        session = RecordedSession(calling())
        now = 1e5 / 7 + number * 0.123456789
        session.start(now)
        session.receive(events.CallConnected(), now + number / 3)
        due = session.deadline()
        assert due is not None
        session.expire(due)
        assert session.state is State.SENDING_DCN


def test_a_refused_input_is_written_down_and_raised() -> None:
    play = Play()
    with pytest.raises(LocalProtocolError):
        play(events.PageReceived())
    assert "cannot happen" in play.session.journal[-1].error
    assert play.session.state is State.DIALING


def test_a_cancellation_is_written_down() -> None:
    assert Play().cancel().session.journal[-1].what == Cancel()


def test_moved_bytes_in_a_row_are_one_entry() -> None:
    play = Play().identified().answered(Fcf.CFR)
    before = len(play.session.journal)
    for octets in (100, 200, 300):
        play.session.note(octets=octets)
        play(events.Moved(), after=0.5)
    (entry,) = play.session.journal[before:]
    assert (entry.count, entry.noted) == (3, {"octets": 300})
    assert entry.until == pytest.approx(entry.at + 1.0)
    assert entry.deadline is not None
    play(events.Moved(), after=FOLD_S + 1)
    assert len(play.session.journal) == before + 2, "a line that stalls stays visible"


def test_a_page_of_many_pieces_costs_few_entries() -> None:
    assert len(good_call(pages=3).steps) < 40


def test_a_note_goes_with_the_next_input() -> None:
    play = Play()
    play.session.note(octets=5)
    play(events.CallConnected())
    assert play.session.journal[-1].noted == {"octets": 5}
    play(events.FlagsHeard())
    assert play.session.journal[-1].noted == {}
