"""How calls are begun, broken off and ended."""

from __future__ import annotations

import pytest

from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.states import CONNECTED, State
from faxmodem.t30.transitions import CallEnded, Canceling, PhaseEntered
from tests.unit.t30.helpers import STATES, Station, calling, far, reach, sent_fcfs

SENT = events.Sent()
RELEASE = {State.SENDING_DCN, State.HANGING_UP, State.ENDED}


@pytest.mark.parametrize("state", [state for state in STATES if state not in RELEASE])
def test_cancel_in_every_state(state: State) -> None:
    station = reach(state)
    station.commands()
    commands = station.cancel()
    if state in CONNECTED:
        assert sent_fcfs(commands) == [Fcf.DCN], "the far end is told"
    else:
        assert commands == [events.HangUp()]
    assert Canceling() in station.transitions()
    assert station.cancel() == [], "once is enough"
    expected = Outcome.OK if state is State.AWAIT_DCN else Outcome.CANCELED
    assert station.end().outcome is expected


@pytest.mark.parametrize("state", [state for state in State if state in RELEASE])
def test_a_call_that_is_ending_ends_as_it_would_have(state: State) -> None:
    station = reach(state)
    outcome = station.session.outcome
    assert outcome is not None
    assert station.cancel() == []
    assert station.transitions() == []
    assert station.session.outcome is outcome
    assert station.state is state


def test_a_session_that_was_cancelled_before_it_began() -> None:
    station = Station(calling())
    assert station.cancel() == [events.HangUp()]
    with pytest.raises(LocalProtocolError, match="started before"):
        station.session.start(0.0)
    station.hear(events.HungUp())
    assert station.transitions()[-1] == CallEnded(Outcome.CANCELED, 0)


def test_a_session_starts_once() -> None:
    session = Session(calling())
    session.start(0.0)
    with pytest.raises(LocalProtocolError, match="make a new one for each call"):
        session.start(1.0)


@pytest.mark.parametrize("state", [state for state in State if state in CONNECTED])
def test_the_line_is_lost(state: State) -> None:
    station = reach(state)
    station.commands()
    assert station.hear(events.LineLost()) == [events.HangUp()]
    expected = Outcome.OK if state is State.AWAIT_DCN else Outcome.FAR_END_HUNG_UP
    assert station.end().outcome is expected


@pytest.mark.parametrize("state", [state for state in State if state in CONNECTED - {State.AWAIT_DCN}])
@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.PORT_LOST, False),
        (Outcome.MODEM_FAILED, False),
        (Outcome.INTERNAL_ERROR, False),
        (Outcome.DOCUMENT_FAILED, True),
        (Outcome.STORAGE_FAILED, True),
    ],
)
def test_something_fails_on_this_side(state: State, outcome: Outcome, told: bool) -> None:
    station = reach(state)
    station.commands()
    commands = station.hear(events.Failed(outcome))
    assert sent_fcfs(commands) == ([Fcf.DCN] if told else [])
    assert station.end().outcome is outcome


@pytest.mark.parametrize("state", [State.DIALING, State.ANSWERING])
def test_the_modem_fails_before_there_is_a_call(state: State) -> None:
    station = reach(state)
    station.commands()
    assert station.hear(events.Failed(Outcome.PORT_UNAVAILABLE)) == [events.HangUp()]
    assert station.end().outcome is Outcome.PORT_UNAVAILABLE


def test_a_modem_that_never_answers_the_phone() -> None:
    station = reach(State.ANSWERING)
    assert station.due_in() == 60.0
    station.run_out()
    assert station.end().outcome is Outcome.MODEM_FAILED


@pytest.mark.parametrize("event", [SENT, events.LineLost(), events.Failed(Outcome.PORT_LOST)])
def test_dcn_is_sent_once_and_whatever_becomes_of_it_the_modem_hangs_up(event: events.Event) -> None:
    station = reach(State.SENDING_DCN)
    station.commands()
    outcome = station.session.outcome
    assert station.hear(event) == [events.HangUp()]
    assert station.end().outcome is outcome


def test_dcn_that_the_modem_never_gets_out() -> None:
    station = reach(State.SENDING_DCN)
    station.commands()
    assert station.due_in() == 15.0
    assert station.run_out() == [events.HangUp()]
    assert station.due_in() == 45.0
    assert station.run_out() == []
    assert station.session.done
    assert station.session.outcome is Outcome.NO_RESPONSE


@pytest.mark.parametrize("event", [events.HungUp(), events.LineLost(), events.Failed(Outcome.MODEM_FAILED)])
def test_on_hook_is_the_end(event: events.Event) -> None:
    station = reach(State.HANGING_UP)
    station.hear(event)
    assert station.transitions() == [CallEnded(Outcome.FAR_END_HUNG_UP, 0)]
    assert station.session.deadline() is None


def test_what_comes_after_the_end_is_ignored() -> None:
    station = reach(State.ENDED)
    for event in (SENT, events.LineLost(), far(Fcf.DCN), events.Moved(), events.TrainingReceived(good=True)):
        assert station.hear(event) == []
    station.session.expire(1e9)
    assert station.transitions() == []


def test_phases_are_told_when_they_change() -> None:
    station = reach(State.AWAIT_CFR)
    station.hear(far(Fcf.CFR), events.PageSent(None), SENT, far(Fcf.MCF))
    station.end()
    station = reach(State.SENDING_PAGE)
    station.hear(events.PageSent(None), SENT, far(Fcf.MCF), SENT, events.HungUp())
    told = [said.phase.name for said in station.transitions() if isinstance(said, PhaseEntered)]
    assert told == ["D", "E"]


def test_expiring_too_early_does_nothing() -> None:
    station = reach(State.AWAIT_DIS)
    station.commands()
    station.session.expire(station.now + 34.9)
    assert station.state is State.AWAIT_DIS
    assert station.session.commands() == []
