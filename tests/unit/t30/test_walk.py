"""One session among random events that its state allows: it keeps its books, and comes to an end."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import CARRIER_LEVEL
from faxmodem.t30.states import Signal, State
from faxmodem.t30.transitions import CallEnded, PageConfirmed, PageStored, Transition
from tests.unit.t30.helpers import PAGE, STATES, Station, called, calling, dis, dtc, polling, quick_frames, sent_fcfs
from tests.unit.t30.test_table import BOUND_S, EVENTS

STRAIGHT: dict[Signal, int] = {
    # what leads on, and how many of its events do: drawn often, or no walk would come far
    **dict.fromkeys((Signal.CONNECTED, Signal.CFR, Signal.SENT, Signal.MCF, Signal.RTN, Signal.TRAINED), 1),
    **dict.fromkeys((Signal.PAGE_RECEIVED, Signal.PAGE_STORED, Signal.MPS, Signal.EOM, Signal.EOP), 1),
    **dict.fromkeys((Signal.BLOCK_RECEIVED, Signal.BLOCK_STORED, Signal.CTR), 1),
    **dict.fromkeys((Signal.DIS, Signal.DCS, Signal.PPR), 2),
    Signal.PAGE_SENT: 1,
    Signal.PPS: 2,
    Signal.BLOCK_SENT: 4,
}
FINAL = frozenset({Signal.DCN, Signal.LINE_LOST, Signal.FAILED, Signal.NOT_CONNECTED, Signal.DTC})
"What ends the call at once: drawn seldom."
WALKERS = {
    "sends": calling(),
    "sends slowly": calling(max_rate_bps=2400),
    "receives": called(),
    "polls": polling(),
    "is polled": called(PAGE),
}


def _weight(state: State, signal: Signal) -> int:
    if signal in FINAL:
        return 0
    leads_on = signal in STRAIGHT and CARRIER_LEVEL.moves[state, signal].targets - {State.SENDING_DCN}
    return 100 if leads_on and (state is State.AWAIT_DIS or signal is not Signal.DIS) else 10


ALLOWED = {
    state: [
        event
        for signal, choices in sorted(EVENTS.items(), key=lambda item: item[0].name)  # not by hash: lots are repeatable
        if (state, signal) in CARRIER_LEVEL.moves and signal is not Signal.ECHO
        for event in (*choices, *choices[: STRAIGHT.get(signal, 1)] * _weight(state, signal))
    ]
    for state in STATES
}
POLLS: dict[tuple[bool, State], list[events.Event]] = {
    (True, State.AWAIT_DIS): [dis(has_document=1)] * 100,
    (False, State.AWAIT_DCS): [dtc()] * 100,
}
"What a caller hears that polls, and a called station that is polled, lest nothing comes of it."


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with quick_frames():
        yield


def _check(station: Station, commands: list[events.Command]) -> None:
    """What is confirmed has been judged and is stored, frame for frame."""
    call = station.session._call
    if {Fcf.MCF, Fcf.RTP} & set(sent_fcfs(commands)):
        assert not call.page_waiting, "a page is confirmed before it is judged"
        assert call.pages_done or call.post_command is None
    for command in commands:
        if isinstance(command, events.StoreBlock):
            assert set(range(command.frames)) == call.heard_block.have or call.heard_block.given_up


def walk(settings: Settings, seed: int, seen: set[State] | None = None) -> tuple[Station, list[Transition]]:
    """A call of which every step is drawn by lot; the states that it comes through are added to `seen`."""
    lots = random.Random(seed)
    stores = 0
    may_poll = settings.polls or (not settings.calling and settings.first_page is not None)
    station, said = Station.started(settings), list[Transition]()
    for _ in range(10_000):
        due = station.session.deadline()
        assert due is not None
        pause = lots.choice((0.05, 0.3, 1.5, 3.0))
        if station.now + pause >= due:
            commands = station.run_out()
        else:
            polls = POLLS.get((settings.calling, station.state), []) if may_poll else []
            event = lots.choice([*ALLOWED[station.state], *polls])
            if isinstance(event, events.PageStored | events.BlockStored):
                if not stores:
                    continue
                stores -= 1
            commands = station.hear(event, after=pause)
        if seen is not None:
            seen.add(station.state)
        stores += sum(isinstance(command, events.StorePage | events.StoreBlock) for command in commands)
        _check(station, commands)
        said += station.transitions()
        if station.session.done:
            break
    assert station.session.done
    assert station.now <= BOUND_S
    return station, said


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("settings", WALKERS.values(), ids=WALKERS.keys())
def test_a_session_reports_what_it_knows(settings: Settings, seed: int) -> None:
    station, said = walk(settings, seed)
    booked = [told.page for told in said if isinstance(told, PageConfirmed | PageStored)]
    assert booked == list(range(1, len(booked) + 1))
    last = said[-1]
    assert isinstance(last, CallEnded)
    assert last.pages == len(booked)
    if last.outcome is Outcome.OK:
        assert booked
        assert not station.session._call.has_gaps
        assert station.session._call.post_command in (Fcf.EOP, Fcf.EOM)


def test_walks_go_everywhere() -> None:
    """The lots are not so bad that they never come to the later states."""
    outcomes: set[Outcome | None] = set()
    states: set[State] = set()
    for seed in range(60):
        for settings in WALKERS.values():
            station, _said = walk(settings, seed, states)
            outcomes.add(station.session.outcome)
    assert {
        Outcome.OK,
        Outcome.FAR_END_DISCONNECTED,
        Outcome.NO_RESPONSE,
        Outcome.PAGE_REFUSED,
        Outcome.NO_COMMAND,
    } <= outcomes
    passed = {State.IDLE, State.DIALING, State.ANSWERING, State.CHOOSING}
    assert set(STATES) - states == passed, "a Station passes these"
