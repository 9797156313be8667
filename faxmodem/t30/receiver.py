"""Every move of the station that wants the document.

T.30 (09/2005) §5.2 figures 5-2a to 5-2f, as tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30 import events
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import STAY, Action, Call, Entry, Rows, bits_of, give_up, goto, left, move
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import PageRefused, PageStarted, PageStored, Trained

REPEAT_WINDOW_S = 8.0
"""A post-message command without a page before it is a repeat if it comes within this time of our answer: T4 of 3.45 s
at most, a preamble of 1.15 s, the frame, and what the modems need. Later, it follows a page that we never heard."""

_PLAIN = {Fcf.PRI_MPS: Fcf.MPS, Fcf.PRI_EOM: Fcf.EOM, Fcf.PRI_EOP: Fcf.EOP}
"Nobody is here whom the far end's operator could talk to: its interrupt requests are answered like the plain commands."

_ANSWERS = {
    events.Verdict.GOOD: Fcf.MCF,
    events.Verdict.POOR: Fcf.RTP,
    events.Verdict.BAD: Fcf.RTN,
}
_ACCEPTED = (Fcf.MCF, Fcf.RTP)

# --- on entering a state ---------------------------------------------------------------------------------------------


def _send_dis(call: Call) -> None:
    if Timer.T1 not in call.timers:
        call.start(Timer.T1, call.limits.t1_s)
    dis = call.frame(Fcf.DIS, call.settings.offer().to_bits())
    if call.settings.station_id:
        call.send(call.frame(Fcf.CSI, StationId(call.settings.station_id), final=False), dis)
    else:
        call.send(dis)


def _await_dcs(call: Call) -> None:
    if Timer.T1 not in call.timers:
        call.start(Timer.T1, call.limits.t1_s)
    if call.last_sent[-1].fcf is Fcf.DIS:
        call.start(Timer.T4, call.limits.dis_wait_s)
    else:  # after FTT the sender's own T4 comes first, or its DCS and our DIS would meet
        call.start(Timer.T2, call.limits.t2_s)
    call.do(events.Listen())


def _receive_tcf(call: Call) -> None:
    call.stop(Timer.T1)
    call.start(Timer.T2, call.limits.tcf_wait_s)
    call.do(events.ReceiveTraining(call.chosen.modulation))


def _send_cfr(call: Call) -> None:
    call.send(call.frame(Fcf.CFR))


def _send_ftt(call: Call) -> None:
    call.send(call.frame(Fcf.FTT))


def _receive_page(call: Call) -> None:
    call.start(Timer.T2, call.limits.t2_s)
    call.tell(PageStarted(call.page))
    call.do(events.ReceivePage(call.page, call.chosen))


def _await_command(call: Call) -> None:
    call.start(Timer.T2, call.limits.t2_s)
    call.do(events.Listen())


def _store_page(call: Call) -> None:
    call.do(events.StorePage(call.page, call.chosen))


def _send_answer(call: Call) -> None:
    if call.answer is None:
        raise RuntimeError("no post-message command has come that could be answered")
    call.stop(Timer.T1)
    call.send(call.frame(call.answer))


def _await_dcn(call: Call) -> None:
    call.end_with(Outcome.OK)  # every page is confirmed; nothing that comes now can change that
    _await_command(call)


ENTRIES: Mapping[State, Entry] = {
    State.SENDING_DIS: _send_dis,
    State.AWAIT_DCS: _await_dcs,
    State.RECEIVING_TCF: _receive_tcf,
    State.SENDING_CFR: _send_cfr,
    State.SENDING_FTT: _send_ftt,
    State.RECEIVING_PAGE: _receive_page,
    State.AWAIT_COMMAND: _await_command,
    State.STORING_PAGE: _store_page,
    State.SENDING_ANSWER: _send_answer,
    State.AWAIT_DCN: _await_dcn,
}

# --- phase B ---------------------------------------------------------------------------------------------------------


def _selected(call: Call, frame: Frame | None) -> State:
    """DCS: take what it selects. What our DIS did not offer must not be there, and could not be received."""
    try:
        parameters = Parameters.from_bits(bits_of(frame))
    except RemoteProtocolError:
        return give_up(Outcome.PROTOCOL_ERROR)(call, frame)
    if parameters.modulation not in call.settings.receives:
        return give_up(Outcome.PROTOCOL_ERROR)(call, frame)
    call.parameters, call.answer, call.page_waiting = parameters, None, False
    return State.RECEIVING_TCF


def _trained(call: Call, _frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=True))
    return State.SENDING_CFR


def _untrained(call: Call, _frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=False))
    return State.SENDING_FTT


def _nobody_identified(call: Call, frame: Frame | None) -> State:
    """T1: after EOM the documents so far are whole, and some machines just go away then."""
    if call.post_command is Fcf.EOM and call.answer in _ACCEPTED:
        return give_up(Outcome.OK)(call, frame)
    return give_up(Outcome.NO_RESPONSE if call.heard_frames else Outcome.NOT_A_FAX)(call, frame)


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
            call.answer = Fcf.RTN  # the page before this command never reached us
            call.tell(PageRefused(call.page))
        return State.SENDING_ANSWER

    return action


def _eom_again(call: Call, _frame: Frame | None) -> State | None:
    """EOM in phase B: our answer to it, which took us here, was lost."""
    return State.SENDING_ANSWER if call.answer is not None else None


def stored(call: Call, page: events.PageStored) -> None:
    """Note how the page was judged."""
    call.page_waiting = False
    call.answer = _ANSWERS[page.verdict]
    if call.answer in _ACCEPTED:
        call.pages_done = call.page
        call.tell(PageStored(call.page, page.size))
        call.page += 1
        call.start(Timer.PROGRESS, call.limits.progress_s)
    else:
        call.tell(PageRefused(call.page))


def _answered(call: Call, _frame: Frame | None) -> State:
    call.answered_at = call.now
    if call.post_command is Fcf.EOP and call.answer in _ACCEPTED:
        return State.AWAIT_DCN
    if call.answer is not Fcf.MCF:
        return State.AWAIT_COMMAND  # a new DCS follows RTN and RTP, or DCN
    return State.SENDING_DIS if call.post_command is Fcf.EOM else State.RECEIVING_PAGE


def _repeat_training_answer(call: Call, _frame: Frame | None) -> State:
    """CRP in phase B: what the sender did not understand is our FTT, or our DIS."""
    return State.SENDING_FTT if call.last_sent[-1].fcf is Fcf.FTT else State.SENDING_DIS


def _repeat_answer(call: Call, _frame: Frame | None) -> State | None:
    """CRP: our last response was not understood. Where a page has followed it, that is not what is meant."""
    if call.page_waiting or not _no_page_since(call):
        return None
    return State.SENDING_ANSWER if call.answer is not None else State.SENDING_CFR


def _not_understood(call: Call, _frame: Frame | None) -> None:
    """A damaged frame shows a sender that is there. If it was a DCS, TCF and T4 pass before it comes again."""
    call.start(Timer.T2, call.limits.tcf_wait_s + call.limits.t4_s)


def _fast_carrier(call: Call, frame: Frame | None) -> None:
    """A page, or a TCF, crosses the line unheard: the command that comes behind it repeats none before it."""
    call.answered_at = -inf
    _not_understood(call, frame)


def _no_command(call: Call, frame: Frame | None) -> State:
    """T2: after EOM the sender may take any answer of ours for the way back to phase B, and wait for our DIS there."""
    if call.post_command is Fcf.EOM and call.answer is not None and not call.page_waiting:
        return State.SENDING_DIS
    return give_up(Outcome.NO_COMMAND)(call, frame)


_DCN, _FTT, _AWAIT, _ANSWER = State.SENDING_DCN, State.SENDING_FTT, State.AWAIT_COMMAND, State.SENDING_ANSWER

_COMMANDS = {Signal[fcf.name]: _PLAIN.get(fcf, fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP, *_PLAIN)}

ROWS: Rows = {
    (State.SENDING_DIS, Signal.SENT): goto(State.AWAIT_DCS),
    (State.SENDING_DIS, Signal.T1): move(_nobody_identified, _DCN),
    (State.AWAIT_DCS, Signal.DCS): move(_selected, State.RECEIVING_TCF, _DCN),
    (State.AWAIT_DCS, Signal.DTC): move(give_up(Outcome.NOTHING_TO_POLL), _DCN),
    (State.AWAIT_DCS, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_DCS, Signal.CRP): move(_repeat_training_answer, State.SENDING_DIS, _FTT),
    (State.AWAIT_DCS, Signal.T2): goto(State.SENDING_DIS),
    (State.AWAIT_DCS, Signal.T4): goto(State.SENDING_DIS),
    (State.AWAIT_DCS, Signal.T1): move(_nobody_identified, _DCN),
    (State.RECEIVING_TCF, Signal.TRAINED): move(_trained, State.SENDING_CFR),
    (State.RECEIVING_TCF, Signal.UNTRAINED): move(_untrained, _FTT),
    (State.RECEIVING_TCF, Signal.NO_CARRIER): move(_untrained, _FTT),
    (State.RECEIVING_TCF, Signal.T2): move(_untrained, _FTT),
    (State.RECEIVING_TCF, Signal.WRONG_CARRIER): goto(State.AWAIT_DCS),  # the sender is back in V.21: DCS again
    (State.RECEIVING_TCF, Signal.MOVED): STAY,
    (State.SENDING_CFR, Signal.SENT): goto(State.RECEIVING_PAGE),
    (State.SENDING_FTT, Signal.SENT): goto(State.AWAIT_DCS),
    (State.RECEIVING_PAGE, Signal.MOVED): move(_moved),
    (State.RECEIVING_PAGE, Signal.PAGE_RECEIVED): move(_data_came, _AWAIT),
    (State.RECEIVING_PAGE, Signal.WRONG_CARRIER): goto(_AWAIT),  # V.21: the sender missed our CFR or MCF
    (State.RECEIVING_PAGE, Signal.NO_CARRIER): goto(_AWAIT),
    (State.RECEIVING_PAGE, Signal.T2): goto(_AWAIT),
    (State.AWAIT_COMMAND, Signal.DCS): move(_selected, State.RECEIVING_TCF, _DCN),
    (State.AWAIT_COMMAND, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_COMMAND, Signal.CRP): move(_repeat_answer, _ANSWER, State.SENDING_CFR),
    (State.AWAIT_COMMAND, Signal.DAMAGED): move(_not_understood),
    (State.AWAIT_COMMAND, Signal.WRONG_CARRIER): move(_fast_carrier),
    (State.AWAIT_COMMAND, Signal.T2): move(_no_command, State.SENDING_DIS, _DCN),
    (State.STORING_PAGE, Signal.PAGE_STORED): goto(_ANSWER),
    (State.SENDING_ANSWER, Signal.SENT): move(
        _answered, State.RECEIVING_PAGE, State.SENDING_DIS, State.AWAIT_DCN, _AWAIT
    ),
    (State.AWAIT_DCN, Signal.DCN): goto(State.HANGING_UP),
    (State.AWAIT_DCN, Signal.T2): goto(State.HANGING_UP),
    (State.AWAIT_DCN, Signal.CRP): goto(_ANSWER),
    **{(_AWAIT, signal): move(_commanded(fcf), State.STORING_PAGE, _ANSWER) for signal, fcf in _COMMANDS.items()},
    **{(State.AWAIT_DCS, signal): move(_eom_again, _ANSWER) for signal, fcf in _COMMANDS.items() if fcf is Fcf.EOM},
    **{(State.AWAIT_DCN, signal): goto(_ANSWER) for signal, fcf in _COMMANDS.items() if fcf is Fcf.EOP},
}
