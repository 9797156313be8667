"""One session among random events that its state allows: it keeps its books, and comes to an end."""

from __future__ import annotations

import random

import pytest

from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import MOVES
from faxmodem.t30.states import Signal, State
from faxmodem.t30.transitions import CallEnded, PageConfirmed, PageStored, Transition
from tests.unit.t30.helpers import Station, called, calling, sent_fcfs
from tests.unit.t30.test_table import BOUND_S, EVENTS

STRAIGHT = frozenset(
    {Signal.CONNECTED, Signal.DIS, Signal.CFR, Signal.SENT, Signal.PAGE_SENT, Signal.MCF, Signal.RTN}
    | {Signal.DCS, Signal.TRAINED, Signal.PAGE_RECEIVED, Signal.PAGE_STORED, Signal.MPS, Signal.EOM, Signal.EOP}
)
"What leads on: drawn often, or no walk would come far."
FINAL = frozenset({Signal.DCN, Signal.LINE_LOST, Signal.FAILED, Signal.NOT_CONNECTED, Signal.DTC})
"What ends the call at once: drawn seldom."


def _weight(state: State, signal: Signal) -> int:
    if signal in FINAL:
        return 0
    leads_on = signal in STRAIGHT and MOVES[state, signal].targets - {State.SENDING_DCN}
    return 200 if leads_on and (state is State.AWAIT_DIS or signal is not Signal.DIS) else 10


ALLOWED = {
    state: [
        event
        for signal, choices in sorted(EVENTS.items(), key=lambda item: item[0].name)  # not by hash: lots are repeatable
        if (state, signal) in MOVES and signal is not Signal.ECHO
        for event in (*choices, *choices[:1] * _weight(state, signal))
    ]
    for state in State
}


def walk(settings: Settings, seed: int) -> tuple[Station, list[Transition]]:
    """A call of which every step is drawn by lot."""
    lots = random.Random(seed)
    station, said = Station.started(settings), list[Transition]()
    for _ in range(10_000):
        due = station.session.deadline()
        assert due is not None
        pause = lots.choice((0.05, 0.3, 1.5, 3.0))
        if station.now + pause >= due:
            commands = station.run_out()
        else:
            commands = station.hear(lots.choice(ALLOWED[station.state]), after=pause)
        if {Fcf.MCF, Fcf.RTP} & set(sent_fcfs(commands)):
            assert not station.session.page_waiting, "a page is confirmed before it is judged"
            assert station.session._call.pages_done
        said += station.transitions()
        if station.session.done:
            break
    assert station.session.done
    assert station.now <= BOUND_S
    return station, said


@pytest.mark.parametrize("seed", range(150))
def test_a_sender_reports_what_it_was_told(seed: int) -> None:
    station, said = walk(calling(), seed)
    confirmed = [told.page for told in said if isinstance(told, PageConfirmed)]
    assert confirmed == list(range(1, len(confirmed) + 1))
    last = said[-1]
    assert isinstance(last, CallEnded)
    assert last.pages == len(confirmed)
    if last.outcome is Outcome.OK:
        assert station.session._call.post_command is Fcf.EOP
        assert confirmed


@pytest.mark.parametrize("seed", range(150))
def test_a_receiver_confirms_what_it_has_stored(seed: int) -> None:
    _station, said = walk(called(), seed)
    stored = [told.page for told in said if isinstance(told, PageStored)]
    assert stored == list(range(1, len(stored) + 1))
    last = said[-1]
    assert isinstance(last, CallEnded)
    assert last.pages == len(stored)
    assert last.outcome is not Outcome.OK or stored


def test_walks_go_everywhere() -> None:
    """The lots are not so bad that they never come to the later states."""
    seen: set[Outcome] = set()
    for seed in range(60):
        for settings in (calling(), called()):
            outcome = walk(settings, seed)[0].session.outcome
            assert outcome is not None
            seen.add(outcome)
    assert {Outcome.OK, Outcome.FAR_END_DISCONNECTED, Outcome.NO_RESPONSE, Outcome.PAGE_REFUSED} <= seen
