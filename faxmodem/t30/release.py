"""The moves that every call has in common: how it begins, how it is broken off, and how it ends on hook.

T.30 (09/2005) §5.1 phases A and E; the limits above T.30's own are this project's.
"""

from __future__ import annotations

from collections.abc import Mapping

from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import STAY, Action, Call, Entry, Move, Rows, break_off, give_up, goto, move
from faxmodem.t30.states import CONNECTED, FRAME_SIGNALS, LISTENING, Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Answered, CallEnded, Canceling, Dialing

DCN_LIMIT_S = 15.0
"Silence, preamble and one frame take 2 s; a modem that has to be brought back to command state first, some more."
HANG_UP_LIMIT_S = 45.0
"The driver has a ladder of ways to get a modem on hook and bounds it itself; this is for a driver that does not."


def _dial(call: Call) -> None:
    call.start(Timer.T0, call.limits.t0_s)
    call.tell(Dialing())
    call.do(events.Dial(call.settings.number))


def _answer(call: Call) -> None:
    call.do(events.Answer())


def _send_dcn(call: Call) -> None:
    call.timers.clear()
    call.start(Timer.STEP, DCN_LIMIT_S)
    call.send(call.frame(Fcf.DCN))


def _hang_up(call: Call) -> None:
    call.timers.clear()
    call.start(Timer.STEP, HANG_UP_LIMIT_S)
    call.do(events.HangUp())


def _ended(call: Call) -> None:
    call.timers.clear()
    call.tell(CallEnded(call.outcome or Outcome.INTERNAL_ERROR, call.pages_done))


ENTRIES: Mapping[State, Entry] = {
    State.DIALING: _dial,
    State.ANSWERING: _answer,
    State.SENDING_DCN: _send_dcn,
    State.HANGING_UP: _hang_up,
    State.ENDED: _ended,
}


def connected(call: Call, event: events.CallConnected) -> None:
    """Note what the modems have agreed on."""
    call.v34 = event.v34


def _begin(state: State) -> Action:
    """The call is up: phase B begins."""

    def action(call: Call, _frame: Frame | None) -> State:
        call.stop(Timer.T0)
        call.tell(Answered())
        call.start(Timer.PROGRESS, call.progress_s)
        return state

    return action


def settled(_call: Call, _frame: Frame | None) -> State:
    """The outcome was settled by the event itself."""
    return State.HANGING_UP


def _failed(call: Call, _frame: Frame | None) -> State:
    """A page that cannot be drawn or stored leaves a modem that works: the far end is told. A dead modem cannot."""
    modem_works = call.outcome in (Outcome.DOCUMENT_FAILED, Outcome.STORAGE_FAILED)
    return State.SENDING_DCN if modem_works else State.HANGING_UP


def _cancel(call: Call, frame: Frame | None) -> State:
    call.tell(Canceling())
    return give_up(Outcome.CANCELED)(call, frame)


def cancel_at_once(call: Call, frame: Frame | None) -> State:
    """Our own wish, where no DCN is to be sent by us."""
    call.tell(Canceling())
    return break_off(Outcome.CANCELED)(call, frame)


_ON_HOOK, _DCN = State.HANGING_UP, State.SENDING_DCN
_PHASE_A = (State.DIALING, State.ANSWERING)

_EVERY_CALL: Mapping[Signal, Move] = {
    Signal.LINE_LOST: move(break_off(Outcome.FAR_END_HUNG_UP), _ON_HOOK),
    Signal.FAILED: move(_failed, _DCN, _ON_HOOK),
    Signal.CANCEL: move(_cancel, _DCN),
    Signal.PROGRESS: move(give_up(Outcome.STALLED), _DCN),
    Signal.CALL: move(give_up(Outcome.TOO_LONG), _DCN),
    Signal.STEP: move(break_off(Outcome.MODEM_FAILED), _ON_HOOK),
}
_UNEVENTFUL = (
    *FRAME_SIGNALS,
    Signal.DAMAGED,
    Signal.FLAGS,
    Signal.NO_CARRIER,
    Signal.WRONG_CARRIER,
)
"While we listen, what has no row of its own is not for us: go on listening until the timer ends it."

ROWS: Rows = {
    (State.IDLE, Signal.CANCEL): move(cancel_at_once, _ON_HOOK),
    (State.DIALING, Signal.CONNECTED): move(_begin(State.AWAIT_DIS), State.AWAIT_DIS),
    (State.ANSWERING, Signal.CONNECTED): move(_begin(State.SENDING_DIS), State.SENDING_DIS),
    **{(state, Signal.NOT_CONNECTED): move(settled, _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.LINE_LOST): move(break_off(Outcome.FAR_END_HUNG_UP), _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.FAILED): move(settled, _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.CANCEL): move(cancel_at_once, _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.CALL): move(break_off(Outcome.TOO_LONG), _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.STEP): move(break_off(Outcome.MODEM_FAILED), _ON_HOOK) for state in _PHASE_A},
    (State.DIALING, Signal.T0): move(break_off(Outcome.NO_ANSWER), _ON_HOOK),
    **{(state, signal): STAY for state in LISTENING for signal in _UNEVENTFUL},
    **{  # what goes on beside the end of the call
        (state, signal): STAY for state in (_DCN, _ON_HOOK) for signal in (Signal.BLOCK_STORED, Signal.PAGE_STORED)
    },
    **{(state, signal): what for state in CONNECTED for signal, what in _EVERY_CALL.items()},
    (_DCN, Signal.SENT): goto(_ON_HOOK),
    (_DCN, Signal.LINE_LOST): goto(_ON_HOOK),
    (_DCN, Signal.FAILED): goto(_ON_HOOK),
    (_DCN, Signal.STEP): goto(_ON_HOOK),
    (_DCN, Signal.CANCEL): STAY,
    (_ON_HOOK, Signal.HUNG_UP): goto(State.ENDED),
    (_ON_HOOK, Signal.LINE_LOST): goto(State.ENDED),
    (_ON_HOOK, Signal.FAILED): goto(State.ENDED),
    (_ON_HOOK, Signal.STEP): goto(State.ENDED),
    (_ON_HOOK, Signal.CANCEL): STAY,
    (State.ENDED, Signal.CANCEL): STAY,
}
