"""Phases C and D of the station that wants the document, without error correction: pages, and the commands behind them.

T.30 (09/2005) §5.2 figures 5-2c to 5-2f, as tables. Phase B is in `identification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from faxmodem.t30 import events
from faxmodem.t30.blocks import HeardBlock
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.identification import (
    ACCEPTED,
    IDENTIFYING,
    SELECTED,
    begin_again,
    not_understood,
    selected,
    what_came,
)
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Action, Call, Entry, Rows, give_up, goto, left, move
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import PageRefused, PageStarted, PageStored

REPEAT_WINDOW_S = 8.0
"""A post-message command without a page before it is a repeat if it comes within this time of our answer: T4 of 3.45 s
at most, a preamble of 1.15 s, the frame, and what the modems need. Later, it follows a page that we never heard."""

PLAIN = {Fcf.PRI_MPS: Fcf.MPS, Fcf.PRI_EOM: Fcf.EOM, Fcf.PRI_EOP: Fcf.EOP}
"Nobody is here whom the far end's operator could talk to: its interrupt requests are answered like the plain commands."

_ANSWERS = {
    events.Verdict.GOOD: Fcf.MCF,
    events.Verdict.POOR: Fcf.RTP,
    events.Verdict.BAD: Fcf.RTN,
}

# --- on entering a state ---------------------------------------------------------------------------------------------


def _receive_page(call: Call) -> None:
    call.start(Timer.T2, call.limits.t2_s)
    call.tell(PageStarted(call.page))
    call.do(events.ReceivePage(call.page, call.chosen))


def await_command(call: Call) -> None:
    """Listen for the sender's next command, for as long as T2 lets us."""
    call.start(Timer.T2, call.limits.t2_s)
    call.do(events.Listen())


def _store_page(call: Call) -> None:
    if call.chosen.ecm:
        call.start(Timer.BUSY, call.limits.busy_s)
    call.do(events.StorePage(call.page, call.chosen))


def send_answer(call: Call) -> None:
    """Give our answer to the command that came."""
    if call.answer is None:
        raise RuntimeError("no post-message command has come that could be answered")
    call.stop(Timer.T1)
    call.send(call.frame(call.answer, call.answer_record))


def _await_dcn(call: Call) -> None:
    call.end_with(what_came(call))  # nothing that comes now can change that
    await_command(call)


ENTRIES: Mapping[State, Entry] = {
    State.RECEIVING_PAGE: _receive_page,
    State.AWAIT_COMMAND: await_command,
    State.STORING_PAGE: _store_page,
    State.SENDING_ANSWER: send_answer,
    State.AWAIT_DCN: _await_dcn,
}

# --- phases C and D --------------------------------------------------------------------------------------------------


def _data_came(call: Call, _frame: Frame | None) -> State:
    call.page_waiting = True
    return State.AWAIT_COMMAND


def _moved(call: Call, _frame: Frame | None) -> None:
    """The page carrier is there: T2 has done its work."""
    call.stop(Timer.T2)


def _no_page_since(call: Call) -> bool:
    """True if no page can have crossed the line since our last answer: only an MCF lets one follow without a DCS."""
    return call.answer is not Fcf.MCF or call.now - call.answered_at <= REPEAT_WINDOW_S


def _commanded(fcf: Fcf) -> Action:
    """A post-message command: judge the page that came, or answer a repeated command as before."""

    def action(call: Call, _frame: Frame | None) -> State:
        repeated = call.post_command is fcf and _no_page_since(call)
        call.post_command = fcf
        if call.page_waiting:
            return State.STORING_PAGE
        if call.answer is None or not repeated:
            call.respond(Fcf.RTN)  # the page before this command never reached us
            call.tell(PageRefused(call.page))
        return State.SENDING_ANSWER

    return action


def _eom_again(call: Call, _frame: Frame | None) -> State | None:
    """EOM in phase B: our answer to it, which took us here, was lost."""
    return State.SENDING_ANSWER if call.answer is not None else None


def _answer_to(call: Call, verdict: events.Verdict) -> Fcf:
    """What we answer to a page of this quality. A poor line is no matter where it is corrected."""
    if verdict is events.Verdict.BAD or not call.chosen.ecm:
        return _ANSWERS[verdict]
    return Fcf.ERR if call.heard_block.given_up else Fcf.MCF


def stored(call: Call, page: events.PageStored) -> None:
    """Note how the page was judged."""
    call.page_waiting = False
    call.respond(_answer_to(call, page.verdict))
    if call.answer in ACCEPTED:
        call.pages_done += 1
        call.tell(PageStored(call.page, page.size))
        call.page += 1
    else:
        call.tell(PageRefused(call.page))
    call.heard_block = HeardBlock()


def _judged(call: Call, _frame: Frame | None) -> State:
    call.start(Timer.PROGRESS, call.progress_s)
    return State.ANSWERING_PPS if call.chosen.ecm else State.SENDING_ANSWER


def _answered(call: Call, _frame: Frame | None) -> State:
    call.answered_at = call.now
    if call.post_command is Fcf.EOP and call.answer in ACCEPTED:
        return State.AWAIT_DCN
    if call.answer is not Fcf.MCF:
        return State.AWAIT_COMMAND  # a new DCS follows RTN and RTP, or DCN
    return begin_again(call) if call.post_command is Fcf.EOM else State.RECEIVING_PAGE


def _repeat_answer(call: Call, _frame: Frame | None) -> State | None:
    """CRP: our last response was not understood. Where a page has followed it, that is not what is meant."""
    if call.page_waiting or not _no_page_since(call):
        return None
    return State.SENDING_ANSWER if call.answer is not None else State.SENDING_CFR


def _fast_carrier(call: Call, frame: Frame | None) -> None:
    """A page, or a TCF, crosses the line unheard: the command that comes behind it repeats none before it."""
    call.answered_at = -inf
    not_understood(call, frame)


def _echoed(call: Call, _frame: Frame | None) -> State | None:
    """Our own CFR or MCF comes back from a line that is long: it was the carrier that stood where the page is due."""
    due = call.last_sent[-1].fcf is Fcf.CFR or (call.answer is Fcf.MCF and call.post_command is Fcf.MPS)
    return State.RECEIVING_PAGE if due and not call.page_waiting else None


def _no_command(call: Call, frame: Frame | None) -> State:
    """T2: after EOM the sender may take any answer of ours for the way back to phase B, and wait for our DIS there."""
    if call.post_command is Fcf.EOM and call.answer is not None and not call.page_waiting:
        return begin_again(call)
    return give_up(Outcome.NO_COMMAND)(call, frame)


_DCN, _AWAIT, _ANSWER = State.SENDING_DCN, State.AWAIT_COMMAND, State.SENDING_ANSWER

_COMMANDS = {Signal[fcf.name]: PLAIN.get(fcf, fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP, *PLAIN)}

ROWS: Rows = {
    (State.RECEIVING_PAGE, Signal.MOVED): move(_moved),
    (State.RECEIVING_PAGE, Signal.PAGE_RECEIVED): move(_data_came, _AWAIT),
    (State.RECEIVING_PAGE, Signal.WRONG_CARRIER): goto(_AWAIT),  # V.21: the sender missed our CFR or MCF
    (State.RECEIVING_PAGE, Signal.NO_CARRIER): goto(_AWAIT),
    (State.RECEIVING_PAGE, Signal.T2): goto(_AWAIT),
    (State.AWAIT_COMMAND, Signal.DCS): move(selected, *SELECTED),
    (State.AWAIT_COMMAND, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_COMMAND, Signal.CRP): move(_repeat_answer, _ANSWER, State.SENDING_CFR),
    (State.AWAIT_COMMAND, Signal.ECHO): move(_echoed, State.RECEIVING_PAGE),
    (State.AWAIT_COMMAND, Signal.DAMAGED): move(not_understood),
    (State.AWAIT_COMMAND, Signal.WRONG_CARRIER): move(_fast_carrier),
    (State.AWAIT_COMMAND, Signal.T2): move(_no_command, *IDENTIFYING, _DCN),
    (State.STORING_PAGE, Signal.PAGE_STORED): move(_judged, _ANSWER, State.ANSWERING_PPS),
    (State.SENDING_ANSWER, Signal.SENT): move(_answered, State.RECEIVING_PAGE, *IDENTIFYING, State.AWAIT_DCN, _AWAIT),
    (State.AWAIT_DCN, Signal.DCN): goto(State.HANGING_UP),
    (State.AWAIT_DCN, Signal.T2): goto(State.HANGING_UP),
    (State.AWAIT_DCN, Signal.CRP): goto(_ANSWER),
    **{(_AWAIT, signal): move(_commanded(fcf), State.STORING_PAGE, _ANSWER) for signal, fcf in _COMMANDS.items()},
    **{(State.AWAIT_DCS, signal): move(_eom_again, _ANSWER) for signal, fcf in _COMMANDS.items() if fcf is Fcf.EOM},
    **{(State.AWAIT_DCN, signal): goto(_ANSWER) for signal, fcf in _COMMANDS.items() if fcf is Fcf.EOP},
}
