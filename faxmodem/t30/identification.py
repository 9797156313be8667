"""Phase B of the station that wants the document: DIS, or DTC, until DCS comes, and the training.

T.30 (09/2005) §5.2 figures 5-2a and 5-2b, as tables.
"""

from __future__ import annotations

from collections.abc import Mapping

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30 import events
from faxmodem.t30.blocks import HeardBlock
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.polling import hand_over, hindrance_to_serve
from faxmodem.t30.procedure import Call, Entry, Rows, bits_of, break_off, give_up, goto, move
from faxmodem.t30.sender import negotiate
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Negotiated, Trained

ACCEPTED = (Fcf.MCF, Fcf.RTP, Fcf.ERR)
"Answers after which the page is ours."

# --- on entering a state ---------------------------------------------------------------------------------------------


def _send_dis(call: Call) -> None:
    if Timer.T1 not in call.timers:
        call.start(Timer.T1, call.limits.t1_s)
    dis = call.frame(Fcf.DIS, call.settings.offer().to_bits())
    call.send(*call.texts({Fcf.CSI: call.settings.station_id}), dis)


def _await_dcs(call: Call) -> None:
    if Timer.T1 not in call.timers:
        call.start(Timer.T1, call.limits.t1_s)
    if call.last_sent[-1].fcf in (Fcf.DIS, Fcf.DTC):
        call.start(Timer.T4, call.limits.dis_wait_s)
    else:  # after FTT the sender's own T4 comes first, or its DCS and our DIS would meet
        call.start(Timer.T2, call.limits.t2_s)
    call.do(events.Listen())


def _receive_tcf(call: Call) -> None:
    call.stop(Timer.T1)
    call.start(Timer.T2, call.limits.tcf_wait_s)
    call.do(events.ReceiveTraining(call.chosen.modulation, call.chosen.ecm))


def _send_cfr(call: Call) -> None:
    call.send(call.frame(Fcf.CFR))


def _send_ftt(call: Call) -> None:
    call.send(call.frame(Fcf.FTT))


ENTRIES: Mapping[State, Entry] = {
    State.SENDING_DIS: _send_dis,
    State.AWAIT_DCS: _await_dcs,
    State.RECEIVING_TCF: _receive_tcf,
    State.SENDING_CFR: _send_cfr,
    State.SENDING_FTT: _send_ftt,
}

# --- what the sender says --------------------------------------------------------------------------------------------


def selected(call: Call, frame: Frame | None) -> State:
    """DCS: take what it selects. What our DIS did not offer must not be there, and could not be received."""
    try:
        parameters = Parameters.from_bits(bits_of(frame), call.settings.offer(), v34=call.v34)
    except RemoteProtocolError:
        return give_up(Outcome.PROTOCOL_ERROR)(call, frame)
    call.parameters, call.page_waiting = parameters, False
    call.answer = call.answer_record = call.confirmed_block = None
    call.heard_block, call.long_training = HeardBlock(), False
    call.tell(Negotiated(parameters))
    if call.v34:  # trained when the call was set up
        call.stop(Timer.T1)
        return State.SENDING_CFR
    return State.RECEIVING_TCF


def _polled(call: Call, frame: Frame | None) -> State:
    """DTC: the caller wants our document."""
    if hindrance := hindrance_to_serve(call):
        return give_up(hindrance)(call, frame)
    hand_over(call)
    return negotiate(call, frame)


def _gone(call: Call, frame: Frame | None) -> State:
    """DCN where DCS was due: to our first DTC it says that this document is not for us."""
    refused = call.page_in_document == 1 and call.last_sent[-1].fcf is Fcf.DTC
    return break_off(Outcome.POLL_REFUSED if refused else Outcome.FAR_END_DISCONNECTED)(call, frame)


def _trained(call: Call, _frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=True))
    call.trainings = 0
    return State.SENDING_CFR


def _tcf_begins(call: Call, _frame: Frame | None) -> None:
    """Data of the TCF come: some senders are late with it."""
    call.timers[Timer.T2] = max(call.timers[Timer.T2], call.now + call.limits.tcf_rest_s)


def _untrained(call: Call, frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=False))
    call.trainings += 1
    if call.trainings >= call.limits.trainings:
        return give_up(Outcome.TRAINING_FAILED)(call, frame)
    return State.SENDING_FTT


def identification(call: Call) -> State:
    """With what we begin phase B, and begin it again."""
    return State.SENDING_DTC if call.polling else State.SENDING_DIS


def _identify_again(call: Call, frame: Frame | None) -> State:
    """No command came. DIS is repeated until T1 ends it, DTC three times, as every other command."""
    if call.polling and call.tries >= call.limits.tries:
        return give_up(Outcome.NO_RESPONSE)(call, frame)
    return identification(call)


def _dis_again(call: Call, frame: Frame | None) -> State | None:
    """DIS: to a poller it says that its DTC was missed. Two stations that both answer have nothing to say."""
    return _identify_again(call, frame) if call.polling else None


def _ready_to_receive(call: Call, _frame: Frame | None) -> State:
    return State.RECEIVING_BLOCK if call.chosen.ecm else State.RECEIVING_PAGE


def _nobody_identified(call: Call, frame: Frame | None) -> State:
    """T1: after EOM the documents so far are whole, and some machines just go away then."""
    if call.post_command is Fcf.EOM and call.answer in ACCEPTED:
        return give_up(what_came(call))(call, frame)
    return give_up(Outcome.NO_RESPONSE if call.heard_frames else Outcome.NOT_A_FAX)(call, frame)


def _repeat_training_answer(call: Call, _frame: Frame | None) -> State:
    """CRP in phase B: what the sender did not understand is our FTT, or our DIS."""
    return State.SENDING_FTT if call.last_sent[-1].fcf is Fcf.FTT else identification(call)


def not_understood(call: Call, _frame: Frame | None) -> None:
    """A damaged frame, or a fast carrier, shows a sender that is there. If it was DCS or TCF, DCS will come again."""
    call.stop(Timer.T4)
    call.start(Timer.T2, call.limits.quiet_s)


def _tcf_passes(call: Call, frame: Frame | None) -> None:
    """A fast carrier in phase B: we have missed a DCS. Some modems say so of silence; DIS goes out all the same."""
    if Timer.T4 in call.timers or call.last_sent[-1].fcf not in (Fcf.DIS, Fcf.DTC):
        not_understood(call, frame)


def begin_again(call: Call) -> State:
    """EOM is answered: back to phase B. Whoever polls asks anew."""
    call.tries = 0
    return identification(call)


def what_came(call: Call) -> Outcome:
    """How it ends when the sender has no more: well, unless it has left out a part of a page."""
    return Outcome.PAGE_REFUSED if call.has_gaps else Outcome.OK


_DCN, _FTT = State.SENDING_DCN, State.SENDING_FTT
IDENTIFYING = (State.SENDING_DIS, State.SENDING_DTC)
"How phase B begins."
SELECTED = (State.RECEIVING_TCF, State.SENDING_CFR, _DCN)
"Where a DCS leads."

ROWS: Rows = {
    (State.SENDING_DIS, Signal.SENT): goto(State.AWAIT_DCS),
    (State.SENDING_DIS, Signal.T1): move(_nobody_identified, _DCN),
    (State.SENDING_DTC, Signal.T1): move(_nobody_identified, _DCN),
    (State.AWAIT_DCS, Signal.DCS): move(selected, *SELECTED),
    (State.AWAIT_DCS, Signal.DTC): move(_polled, State.CHOOSING, _DCN),
    (State.AWAIT_DCS, Signal.DIS): move(_dis_again, State.SENDING_DTC, _DCN),
    (State.AWAIT_DCS, Signal.WRONG_CARRIER): move(_tcf_passes),
    (State.AWAIT_DCS, Signal.DCN): move(_gone, State.HANGING_UP),
    (State.AWAIT_DCS, Signal.CRP): move(_repeat_training_answer, *IDENTIFYING, _FTT),
    (State.AWAIT_DCS, Signal.T2): move(_identify_again, *IDENTIFYING, _DCN),
    (State.AWAIT_DCS, Signal.T4): move(_identify_again, *IDENTIFYING, _DCN),
    (State.AWAIT_DCS, Signal.T1): move(_nobody_identified, _DCN),
    (State.RECEIVING_TCF, Signal.TRAINED): move(_trained, State.SENDING_CFR),
    **{
        (State.RECEIVING_TCF, signal): move(_untrained, _FTT, _DCN)
        for signal in (Signal.UNTRAINED, Signal.NO_CARRIER, Signal.T2)
    },
    (State.RECEIVING_TCF, Signal.WRONG_CARRIER): goto(State.AWAIT_DCS),  # the sender is back in V.21: DCS again
    (State.RECEIVING_TCF, Signal.MOVED): move(_tcf_begins),
    (State.SENDING_CFR, Signal.SENT): move(_ready_to_receive, State.RECEIVING_PAGE, State.RECEIVING_BLOCK),
    (State.SENDING_FTT, Signal.SENT): goto(State.AWAIT_DCS),
}
