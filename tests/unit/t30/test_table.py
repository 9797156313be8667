"""The table of moves as a whole: every state with every signal, every target, every way out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from math import inf

import pytest

from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Call, Settings
from faxmodem.t30.release import DCN_LIMIT_S, HANG_UP_LIMIT_S
from faxmodem.t30.session import ENTRIES, MOVES
from faxmodem.t30.states import FRAME_SIGNALS, LISTENING, Signal, State, signal_of
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import CallEnded
from tests.unit.t30.helpers import (
    ANY,
    LIMITS,
    PAGE,
    RECEIVING_PATHS,
    SENDING_PATHS,
    WIDE,
    Station,
    called,
    calling,
    dcs,
    dis,
    far,
    from_caller,
    reach,
)

OWN = Frame.of(Fcf.PID)
"A frame that a test declares to be our own, where nothing has been sent yet."

EVENTS: dict[Signal, tuple[events.Event, ...]] = {
    Signal.DIS: (dis(), dis(Capabilities(modulations=ANY.modulations, receives=False))),
    Signal.DTC: (far(Fcf.DTC, Bits.compose(BitsKind.CAPABILITIES, {})),),
    Signal.DCS: (dcs(), dcs(ecm=1)),
    **{
        signal: (from_caller(Fcf[signal.name]),)
        for signal in FRAME_SIGNALS - {Signal.DIS, Signal.DTC, Signal.DCS, Signal.ECHO, Signal.OTHER_FRAME}
    },
    Signal.OTHER_FRAME: (from_caller(Fcf.RR), events.FrameReceived(Frame(0x10))),
    Signal.ECHO: (events.FrameReceived(OWN),),
    Signal.DAMAGED: (events.FrameDamaged(), events.FrameReceived(Frame(int(Fcf.PPS)))),
    Signal.FLAGS: (events.FlagsHeard(),),
    Signal.CONNECTED: (events.CallConnected(),),
    Signal.NOT_CONNECTED: (events.CallNotConnected(Outcome.BUSY),),
    Signal.SENT: (events.Sent(),),
    Signal.NO_CARRIER: (events.NoCarrier(),),
    Signal.WRONG_CARRIER: (events.WrongCarrier(),),
    Signal.PAGE_SENT: (events.PageSent(PAGE), events.PageSent(WIDE), events.PageSent(None)),
    Signal.TRAINED: (events.TrainingReceived(good=True),),
    Signal.UNTRAINED: (events.TrainingReceived(good=False),),
    Signal.PAGE_RECEIVED: (events.PageReceived(),),
    Signal.PAGE_STORED: tuple(events.PageStored(verdict, 1) for verdict in events.Verdict),
    Signal.MOVED: (events.Moved(),),
    Signal.LINE_LOST: (events.LineLost(),),
    Signal.FAILED: (events.Failed(Outcome.MODEM_FAILED), events.Failed(Outcome.DOCUMENT_FAILED)),
    Signal.HUNG_UP: (events.HungUp(),),
}
TIMERS = {Signal[timer.name]: timer for timer in Timer}

_COMMANDS = (Fcf.MPS, Fcf.EOM, Fcf.EOP)
Facts = dict[str, object]
FACTS: dict[State, list[Facts]] = {
    # facts that a state can be met with, beside those of the straight path to it
    State.DIALING: [{"page_info": None}],
    State.ANSWERING: [{"page_info": PAGE}],
    State.AWAIT_CFR: [{"tries": 3}, {"steps": (Modulation.V27TER_2400,)}],
    State.AWAIT_CONFIRMATION: [
        {"post_command": fcf, "page_tries": page_tries, "tries": tries}
        for fcf, page_tries, tries in product(_COMMANDS, (0, 2), (1, 3))
    ],
    State.AWAIT_DCS: [
        {"last_sent": (Frame.of(Fcf.FTT),)},
        {"post_command": Fcf.EOM, "answer": Fcf.MCF, "pages_done": 1},
        {"post_command": Fcf.EOM, "answer": Fcf.RTN},
    ],
    State.AWAIT_COMMAND: [
        {"post_command": fcf, "answer": answer, "page_waiting": waiting, "answered_at": at}
        for fcf, answer, waiting, at in product(
            _COMMANDS, (None, Fcf.MCF, Fcf.RTN, Fcf.RTP), (False, True), (-inf, 0.0, 10.0)
        )
    ],
    State.SENDING_ANSWER: [
        {"post_command": fcf, "answer": answer} for fcf, answer in product(_COMMANDS, (Fcf.MCF, Fcf.RTN, Fcf.RTP))
    ],
    State.AWAIT_DCN: [{"answer": Fcf.RTP}],
}


NEVER_CHOSEN = {
    # a row of every call, whose other target is for a call that is not settled yet: here it is, as OK
    (State.AWAIT_DCN, Signal.FAILED): {State.SENDING_DCN},
}


def drive(station: Station, signal: Signal, event: events.Event | None) -> None:
    """Let a signal happen through the public door for it."""
    call = station.session._call
    if event is not None:
        station.hear(event)
    elif signal is Signal.CANCEL:
        station.cancel()
    else:
        call.timers = {TIMERS[signal]: station.now}
        station.session.expire(station.now)
        station._drain()


def stations(state: State) -> Iterator[Station]:
    """A station in `state`, with each set of facts that it can have there."""
    for facts in ({}, *FACTS.get(state, [])):
        station = reach(state)
        for name, value in facts.items():
            setattr(station.session._call, name, value)
        yield station


def happenings(signal: Signal) -> tuple[events.Event | None, ...]:
    return EVENTS.get(signal, (None,))


def cases(state: State, signal: Signal) -> Iterator[tuple[Station, events.Event | None]]:
    """Every way in which this signal can meet this state; where it may change it, with all facts."""
    row = MOVES.get((state, signal))
    for event in happenings(signal):
        for station in stations(state) if row is not None and row.targets else [reach(state)]:
            if signal is Signal.ECHO:
                station.session._call.last_sent = (OWN,)
            yield station, event


def test_the_events_are_what_they_stand_for() -> None:
    assert EVENTS.keys() | TIMERS.keys() | {Signal.CANCEL} == set(Signal)
    for signal in FRAME_SIGNALS - {Signal.ECHO}:
        for event in EVENTS[signal]:
            assert isinstance(event, events.FrameReceived)
            assert signal_of(event.frame.fcf) is signal


@pytest.mark.parametrize("state", State)
def test_every_signal_in_this_state(state: State) -> None:
    """A row, which leads where it says and nowhere else, or `LocalProtocolError` and no trace."""
    for signal in Signal:
        row, reached = MOVES.get((state, signal)), set()
        for station, event in cases(state, signal):
            if state is State.ENDED and event is not None:
                drive(station, signal, event)  # what comes late is nobody's fault
                assert station.session.done
                assert not station.transitions()
            elif row is None:
                before = _facts(station.session._call)
                with pytest.raises(LocalProtocolError, match="cannot happen while"):
                    drive(station, signal, event)
                assert station.state is state
                assert _facts(station.session._call) == before
            else:
                drive(station, signal, event)
                reached.add(station.state)
        if row is not None:
            stayed = reached - row.targets
            assert stayed <= {state}
            assert row.targets - reached == NEVER_CHOSEN.get((state, signal), set()), f"{signal}: not {row.targets}"


def _facts(call: Call) -> tuple[object, ...]:
    return (call.outcome, call.heard_frames, call.remote_id, call.page, call.pages_done, call.answer, call.tries)


def test_every_state_has_something_to_do_on_entry() -> None:
    assert set(ENTRIES) == set(State) - {State.IDLE}


def test_every_listening_state_takes_every_frame() -> None:
    for state, signal in product(LISTENING, FRAME_SIGNALS | {Signal.DAMAGED, Signal.FLAGS, Signal.NO_CARRIER}):
        assert (state, signal) in MOVES


def test_nothing_but_a_listening_state_takes_a_frame() -> None:
    assert not [state for state, signal in MOVES if signal in FRAME_SIGNALS and state not in LISTENING]


def test_dcn_ends_every_wait() -> None:
    for state in LISTENING:
        station = reach(state)
        station.hear(from_caller(Fcf.DCN) if state in RECEIVING_PATHS else far(Fcf.DCN))
        assert station.state is State.HANGING_UP, "DCN is not answered"


def _ways() -> dict[State, set[State]]:
    ways: dict[State, set[State]] = defaultdict(set)
    for (state, _signal), row in MOVES.items():
        ways[state] |= row.targets
    ways[State.IDLE] |= {State.DIALING, State.ANSWERING}  # `start`
    return ways


def _reachable(start: State, ways: dict[State, set[State]]) -> set[State]:
    seen, todo = {start}, [start]
    while todo:
        for target in ways[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return seen


def test_every_state_is_reached_and_leads_to_the_end() -> None:
    ways = _ways()
    assert _reachable(State.IDLE, ways) == set(State)
    for state in State:
        assert State.ENDED in _reachable(state, ways)
    assert not ways[State.ENDED]


def test_the_two_sides_meet_in_no_state_but_the_release() -> None:
    ways, release = _ways(), {State.SENDING_DCN, State.HANGING_UP, State.ENDED}
    for side, other in ((State.AWAIT_DIS, State.SENDING_DIS), (State.SENDING_DIS, State.AWAIT_DIS)):
        assert _reachable(side, ways) & _reachable(other, ways) == release


# --- no state can hang -----------------------------------------------------------------------------------------------

BOUND_S = LIMITS.call_s + DCN_LIMIT_S + HANG_UP_LIMIT_S
UNDER_WAY = tuple(state for state in (*SENDING_PATHS, *RECEIVING_PATHS) if state is not State.ENDED)


@pytest.mark.parametrize("state", UNDER_WAY)
def test_every_state_leaves_a_deadline(state: State) -> None:
    for station in stations(state):
        assert station.session.deadline() is not None


def test_nothing_is_awaited_before_and_after_the_call() -> None:
    for state in (State.IDLE, State.ENDED):
        assert reach(state).session.deadline() is None


def _walk(station: Station, answer: dict[type[events.Command], events.Event]) -> None:
    """Let timers run out, with a modem that says the same thing to each command or nothing at all."""
    began = station.now
    commands: list[events.Command] = []
    for _ in range(2000):
        event = answer.get(type(commands[-1])) if commands else None
        commands = station.hear(event, after=0.01) if event is not None else station.run_out()
        if station.session.done:
            break
    assert station.session.done
    assert station.now - began <= BOUND_S
    assert isinstance(station.transitions()[-1], CallEnded)


MODEMS: dict[str, dict[type[events.Command], events.Event]] = {
    "says nothing": {},
    "hears nothing": {events.SendFrames: events.Sent(), events.SendTraining: events.Sent()},
    "finds no carrier": {
        events.SendFrames: events.Sent(),
        events.SendTraining: events.Sent(),
        events.ReceivePage: events.NoCarrier(),
        events.ReceiveTraining: events.NoCarrier(),
        events.HangUp: events.HungUp(),
    },
    "finds the wrong carrier": {
        events.SendFrames: events.Sent(),
        events.SendTraining: events.Sent(),
        events.ReceivePage: events.WrongCarrier(),
        events.ReceiveTraining: events.WrongCarrier(),
    },
    "is gone": dict.fromkeys(
        (events.SendFrames, events.SendTraining, events.SendPage, events.Listen, events.HangUp),
        events.Failed(Outcome.PORT_LOST),
    ),
}


@pytest.mark.parametrize("modem", MODEMS.values(), ids=MODEMS.keys())
@pytest.mark.parametrize("state", UNDER_WAY)
def test_a_modem_that_does_nothing_more_cannot_hold_the_call(
    state: State, modem: dict[type[events.Command], events.Event]
) -> None:
    for station in stations(state):
        _walk(station, modem)


PESTS: dict[str, events.Event] = {
    "flags": events.FlagsHeard(),
    "noise": events.FrameDamaged(),
    "fast carriers": events.WrongCarrier(),
    "no carrier": events.NoCarrier(),
    "identification": events.FrameReceived(Frame(int(Fcf.NSF), b"\xad\0", final=False)),
    **{fcf.name: far(fcf) for fcf in (Fcf.CFR, Fcf.FTT, Fcf.MCF, Fcf.RTN, Fcf.RTP, Fcf.PIN, Fcf.PIP)},
    **{fcf.name: from_caller(fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP, Fcf.PRI_EOP, Fcf.CRP)},
    "DIS": dis(),
    "DCS": dcs(),
}
TIRELESS: dict[type[events.Command], events.Event] = {
    events.SendFrames: events.Sent(),
    events.SendTraining: events.Sent(),
    events.SendPage: events.PageSent(PAGE),
    events.ReceiveTraining: events.TrainingReceived(good=False),
    events.ReceivePage: events.PageReceived(),
    events.StorePage: events.PageStored(events.Verdict.BAD, 1),
    events.HangUp: events.HungUp(),
}


@pytest.mark.parametrize("pest", PESTS.values(), ids=PESTS.keys())
@pytest.mark.parametrize("settings", [calling(), called()], ids=["sender", "receiver"])
def test_a_far_end_that_says_one_thing_for_ever_cannot_hold_the_call(settings: Settings, pest: events.Event) -> None:
    """Each listening is answered with the same thing after two seconds, all else succeeds after three."""
    station = Station.started(settings)
    commands = station.hear(events.CallConnected())
    for _ in range(5000):
        if station.session.done:
            break
        due = station.session.deadline()
        assert due is not None
        listening = station.state in LISTENING
        event = pest if listening else TIRELESS.get(type(commands[-1])) if commands else None
        if event is None or due <= station.now + 3.0:
            commands = station.run_out() or commands
        else:
            commands = station.hear(event, after=2.0 if listening else 3.0) or commands
    assert station.session.done
    assert station.now <= BOUND_S
