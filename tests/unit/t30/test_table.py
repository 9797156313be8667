"""The table of moves as a whole: every state with every signal, every target, every way out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from itertools import product
from math import inf

import pytest

from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.addressing import Door
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.blocks import HeardBlock, SentBlock
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Call
from faxmodem.t30.release import DCN_LIMIT_S, HANG_UP_LIMIT_S
from faxmodem.t30.session import CARRIER_LEVEL
from faxmodem.t30.states import FRAME_SIGNALS, LISTENING, Signal, State, signal_of
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import CallEnded
from tests.unit.t30.helpers import (
    ANY,
    CORRECTED,
    CORRECTING,
    FASTEST,
    LIMITS,
    PAGE,
    SENDING_PATHS,
    STATES,
    WIDE,
    Station,
    block_sent,
    called,
    came,
    dcs,
    dis,
    dtc,
    far,
    from_caller,
    polling,
    ppr,
    pps,
    quick_frames,
    reach,
)

_NO_RATE = ContinueToCorrect(Bits.parse(BitsKind.SELECTION, b"\0\x38"))


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with quick_frames():
        yield


_NO_COMMAND = from_caller(Fcf.PPS, PartialPage(0x55, 0, 0, 4))
_SENT = events.Sent()
OWN = Frame.of(Fcf.PID)
"A frame that a test declares to be our own, where nothing has been sent yet."

EVENTS: dict[Signal, tuple[events.Event, ...]] = {
    Signal.DIS: (dis(), dis(CORRECTING), dis(receives=0), dis(has_document=1)),
    Signal.DTC: (dtc(), dtc(receives=0), dtc(has_document=1)),
    Signal.DCS: (dcs(), dcs(CORRECTED), dcs(jbig=1)),
    **{
        signal: (from_caller(Fcf[signal.name]),)
        for signal in FRAME_SIGNALS - {Signal.DIS, Signal.DTC, Signal.DCS, Signal.ECHO, Signal.OTHER_FRAME}
    },
    Signal.PPS: (pps(Fcf.MPS), pps(Fcf.EOP), pps(), pps(Fcf.EOM), pps(Fcf.EOP, frames=6), _NO_COMMAND),
    Signal.PPR: (ppr(0, 1, 2), ppr()),
    Signal.CTC: (from_caller(Fcf.CTC), from_caller(Fcf.CTC, _NO_RATE)),
    Signal.EOR: (from_caller(Fcf.EOR), from_caller(Fcf.EOR, EndOfRetransmission(0x55))),
    Signal.OTHER_FRAME: (from_caller(Fcf.TNR), events.FrameReceived(Frame(0x10))),
    Signal.ECHO: (events.FrameReceived(OWN),),
    Signal.DAMAGED: (events.FrameDamaged(), events.FrameReceived(Frame(int(Fcf.PPS)))),
    Signal.FLAGS: (events.FlagsHeard(),),
    Signal.CONNECTED: (events.CallConnected(), events.CallConnected(v34=True)),
    Signal.CHOSEN: (events.Chosen(FASTEST),),
    Signal.NOT_CONNECTED: (events.CallNotConnected(Outcome.BUSY),),
    Signal.SENT: (_SENT,),
    Signal.NO_CARRIER: (events.NoCarrier(),),
    Signal.WRONG_CARRIER: (events.WrongCarrier(),),
    Signal.PAGE_SENT: (events.PageSent(PAGE), events.PageSent(WIDE), events.PageSent(None)),
    Signal.BLOCK_SENT: (block_sent(PAGE), block_sent(WIDE), block_sent(), block_sent(more=True)),
    Signal.TRAINED: (events.TrainingReceived(good=True),),
    Signal.UNTRAINED: (events.TrainingReceived(good=False),),
    Signal.PAGE_RECEIVED: (events.PageReceived(),),
    Signal.BLOCK_RECEIVED: (came(0, 1, 2, 3), came(0, 1), came()),
    Signal.BLOCK_STORED: (events.BlockStored(),),
    Signal.PAGE_STORED: tuple(events.PageStored(verdict, 1) for verdict in events.Verdict),
    Signal.MOVED: (events.Moved(),),
    Signal.LINE_LOST: (events.LineLost(),),
    Signal.FAILED: (events.Failed(Outcome.MODEM_FAILED), events.Failed(Outcome.DOCUMENT_FAILED)),
    Signal.PAGE_BEGUN: (events.PageBegun(FASTEST),),
    Signal.RELEASED: (events.Released(Outcome.OK, "0"),),
    Signal.HUNG_UP: (events.HungUp(),),
}
TIMERS = {Signal[timer.name]: timer for timer in Timer}

MOVES, ENTRIES = CARRIER_LEVEL.moves, CARRIER_LEVEL.entries

_COMMANDS = (Fcf.MPS, Fcf.EOM, Fcf.EOP)
Facts = dict[str, object]
POLLS, SERVES = polling(), called(PAGE)
LOCKED = called(PAGE, door=Door(selective="1"))
LOWEST = (Modulation.V27TER_2400,)
CONFIRMATIONS: list[Facts] = [
    {"post_command": fcf, "page_tries": page_tries, "tries": tries, **what}
    for fcf, page_tries, tries in product(_COMMANDS, (0, 2), (1, 3))
    for what in ({}, {"next_page": None, "page_info": None})
]


def asked(**facts: object) -> SentBlock:
    """A block of four frames that the receiver has been asked about."""
    return SentBlock(frames=4, **facts)  # type: ignore[arg-type]


BLOCK_ANSWERS: list[Facts] = [
    *CONFIRMATIONS,
    {"sent_block": asked(requests=3, missing=1), "steps": LOWEST},
    {"sent_block": asked(requests=3, missing=1), "steps": (*LOWEST, *LOWEST)},
    {"sent_block": asked(more=True)},
]
COMMANDED: list[Facts] = [
    {"post_command": fcf, "answer": answer, "page_waiting": waiting, "answered_at": at}
    for fcf, answer, waiting, at in product(
        _COMMANDS, (None, Fcf.MCF, Fcf.RTN, Fcf.RTP), (False, True), (-inf, 0.0, 10.0)
    )
]
FACTS: dict[State, list[Facts]] = {
    # facts that a state can be met with, beside those of the straight path to it
    State.AWAIT_DIS: [{"page_info": None, "settings": POLLS}],
    State.SENDING_DCS: [{"v34": True}],
    State.AWAIT_CFR: [{"tries": 3}, {"steps": LOWEST, "trainings": 2}, {"parameters": CORRECTED}],
    State.AWAIT_CONFIRMATION: CONFIRMATIONS,
    State.AWAIT_BLOCK_ANSWER: BLOCK_ANSWERS,
    State.AWAIT_READY: [*BLOCK_ANSWERS, {"sent_block": asked(given_up=True)}],
    State.AWAIT_CTR: [{"tries": 3}],
    State.AWAIT_ERR: [{"tries": 3}],
    State.AWAIT_DCS: [
        {"last_sent": (Frame.of(Fcf.FTT),)},
        {"post_command": Fcf.EOM, "answer": Fcf.MCF, "pages_done": 1},
        {"post_command": Fcf.EOP, "answer": Fcf.MCF, "pages_done": 1},
        {"post_command": Fcf.EOM, "answer": Fcf.RTN},
        {"post_command": Fcf.EOM, "answer": Fcf.MCF, "confirmed_block": (0, 0)},
        {"polling": True, "remote": ANY, "settings": POLLS},
        {"polling": True, "remote": ANY, "settings": POLLS, "tries": 3},
        {"page_info": PAGE, "settings": SERVES},
        {"page_info": PAGE, "settings": LOCKED},
        {"v34": True},
    ],
    State.RECEIVING_TCF: [{"trainings": 11}],
    State.SENDING_CFR: [{"parameters": CORRECTED}],
    State.STORING_PAGE: [{"parameters": CORRECTED}],
    State.AWAIT_COMMAND: [
        *COMMANDED,
        {"post_command": Fcf.EOM, "answer": Fcf.RTN, "page_waiting": False, "polling": True, "remote": ANY},
        {"v34": True},
    ],
    State.SENDING_ANSWER: [
        {"post_command": fcf, "answer": answer, **poll}
        for fcf, answer in product(_COMMANDS, (Fcf.MCF, Fcf.RTN, Fcf.RTP))
        for poll in ({}, {"polling": True, "remote": ANY})
    ],
    State.AWAIT_DCN: [{"answer": Fcf.RTP}, {"answer": Fcf.MCF, "confirmed_block": (0, 0)}],
    State.AWAIT_PPS: [
        {"heard_block": HeardBlock(), "answer": None},
        {"heard_block": HeardBlock(), "answer": Fcf.ERR, "confirmed_block": (0, 0)},
        {"heard_block": HeardBlock(requests=16)},
        {"heard_block": HeardBlock(have={0}, burst_came=True, requests=16)},
        {"v34": True},
    ],
    State.STORING_BLOCK: [{"post_command": None}, {"post_command": None, "heard_block": HeardBlock(given_up=True)}],
    State.ANSWERING_PPS: [
        {"post_command": fcf, "answer": answer, **poll}
        for fcf, answer in product((None, *_COMMANDS), (Fcf.MCF, Fcf.RTN, Fcf.PPR, Fcf.ERR))
        for poll in ({}, {"polling": True, "remote": ANY})
    ],
    State.AWAIT_RR: [{"answer": Fcf.MCF}],
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
        station.chooses = False
        for name, value in facts.items():
            setattr(station.session._call, name, deepcopy(value))  # what it is met with may be changed there
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


@pytest.mark.parametrize("state", STATES)
def test_every_signal_in_this_state(state: State) -> None:
    """Each row leads where it says, and nowhere else."""
    for signal in Signal:
        row = MOVES.get((state, signal))
        if row is not None:
            reached = set()
            for station, event in cases(state, signal):
                drive(station, signal, event)
                reached.add(station.state)
            assert reached - row.targets <= {state}
            assert row.targets - reached == NEVER_CHOSEN.get((state, signal), set()), f"{signal}: not {row.targets}"


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.ENDED])
def test_every_other_signal_leaves_no_trace(state: State) -> None:
    station = reach(state)
    call = station.session._call
    before = _facts(call)
    for signal in Signal:
        for event in happenings(signal) if (state, signal) not in MOVES else ():
            call.last_sent = (OWN,) if signal is Signal.ECHO else before[_KEPT.index("last_sent")]  # type: ignore[assignment]
            with pytest.raises(LocalProtocolError, match="cannot happen while"):
                drive(station, signal, event)
            assert station.state is state
    assert _facts(call) == before
    assert not station.commands()
    assert not station.transitions()


def test_what_comes_late_is_nobodys_fault() -> None:
    station = reach(State.ENDED)
    for signal in Signal:
        for event in happenings(signal):
            if event is not None:
                drive(station, signal, event)
    assert station.session.done
    assert not station.transitions()


_KEPT = [item.name for item in fields(Call) if item.name not in ("settings", "now", "timers")]


def _facts(call: Call) -> list[object]:
    return [deepcopy(getattr(call, name)) for name in _KEPT]


def test_every_state_has_something_to_do_on_entry() -> None:
    assert {target for row in MOVES.values() for target in row.targets} <= set(ENTRIES)


def test_every_listening_state_takes_every_frame() -> None:
    for state, signal in product(LISTENING, FRAME_SIGNALS | {Signal.DAMAGED, Signal.FLAGS, Signal.NO_CARRIER}):
        assert (state, signal) in MOVES


def test_nothing_but_a_listening_state_takes_a_frame() -> None:
    assert not [state for state, signal in MOVES if signal in FRAME_SIGNALS and state not in LISTENING]


def test_dcn_ends_every_wait() -> None:
    for state in LISTENING:
        station = reach(state)
        station.hear(far(Fcf.DCN) if state in SENDING_PATHS else from_caller(Fcf.DCN))
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
    assert _reachable(State.IDLE, ways) == set(STATES)
    for state in STATES:
        assert State.ENDED in _reachable(state, ways)
    assert not ways[State.ENDED]


def test_the_two_sides_meet_in_no_state_but_the_release_and_where_a_poll_turns_them() -> None:
    ways, release = _ways(), {State.SENDING_DCN, State.HANGING_UP, State.ENDED}
    ways[State.AWAIT_DIS] -= {State.SENDING_DTC}
    ways[State.AWAIT_DCS] -= {State.CHOOSING}
    assert _reachable(State.AWAIT_DIS, ways) & _reachable(State.SENDING_DIS, ways) == release


# --- no state can hang -----------------------------------------------------------------------------------------------

BOUND_S = LIMITS.call_s + DCN_LIMIT_S + HANG_UP_LIMIT_S
UNDER_WAY = tuple(state for state in STATES if state not in (State.IDLE, State.ENDED))


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


SENDS: dict[type[events.Command], events.Event] = {events.SendFrames: _SENT, events.SendTraining: _SENT}
_RECEIVES = (events.ReceivePage, events.ReceiveBlock, events.ReceiveTraining)
MODEMS: dict[str, dict[type[events.Command], events.Event]] = {
    "says nothing": {},
    "hears nothing": SENDS,
    "sends, and hears nothing": SENDS | {events.SendPage: events.PageSent(PAGE), events.SendBlock: block_sent(PAGE)},
    "finds no carrier": SENDS | {events.HangUp: events.HungUp()} | dict.fromkeys(_RECEIVES, events.NoCarrier()),
    "finds the wrong carrier": SENDS | dict.fromkeys(_RECEIVES, events.WrongCarrier()),
    "finds a carrier with nothing on it": SENDS | {events.ReceiveBlock: came()},
    "is gone": dict.fromkeys(
        (events.SendFrames, events.SendTraining, events.SendPage, events.SendBlock, events.Listen, events.HangUp),
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


_BY_FCF = [signal for signal in Signal if signal in FRAME_SIGNALS - {Signal.ECHO, Signal.OTHER_FRAME}]
PESTS: dict[str, events.Event] = {
    "flags": events.FlagsHeard(),
    "noise": events.FrameDamaged(),
    "fast carriers": events.WrongCarrier(),
    "no carrier": events.NoCarrier(),
    "identification": events.FrameReceived(Frame(int(Fcf.NSF), b"\xad\0", final=False)),
    **{
        signal.name: EVENTS[signal][0]
        for signal in Signal
        if signal in FRAME_SIGNALS - {Signal.ECHO, Signal.OTHER_FRAME}
    },
    "PPS of a block that never gets whole": pps(Fcf.EOP, frames=200),
    "PPR for nothing": ppr(),
}
TIRELESS: dict[type[events.Command], events.Event] = SENDS | {
    events.SendPage: events.PageSent(PAGE),
    events.SendBlock: block_sent(PAGE),
    events.ReceiveTraining: events.TrainingReceived(good=False),
    events.ReceivePage: events.PageReceived(),
    events.ReceiveBlock: came(0),
    events.StoreBlock: events.BlockStored(),
    events.StorePage: events.PageStored(events.Verdict.BAD, 1),
    events.HangUp: events.HungUp(),
}


@pytest.mark.parametrize("pest", PESTS.values(), ids=PESTS.keys())
@pytest.mark.parametrize("state", [state for state in State if state in LISTENING])
def test_a_far_end_that_says_one_thing_for_ever_cannot_hold_the_call(state: State, pest: events.Event) -> None:
    """Each listening is answered with the same thing after two seconds, all else succeeds after three."""
    station = reach(state)
    commands: list[events.Command] = []
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
