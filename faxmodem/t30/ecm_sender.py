"""Every move of the station that sends blocks, with error correction.

T.30 (09/2005) Annex A, figures A.7 to A.12, as tables; Annex F for V.34.
"""

from __future__ import annotations

from collections.abc import Mapping

from faxmodem.t30 import events
from faxmodem.t30.blocks import SentBlock
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage, PartialPageRequest
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import STAY, Action, Call, Entry, Rows, give_up, goto, left, move
from faxmodem.t30.sender import await_response, confirmed, confirmed_retrain, page_sent, refused, step_down
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import BlockRepeated, PageRefused, PageStarted

V34_TRIES = 3
"""How many times as many PPRs are borne in V.34. It has no CTC: where a lower rate is due, our modem is told to settle
one with the other."""

# --- on entering a state ---------------------------------------------------------------------------------------------


def _send_block(call: Call) -> None:
    block = call.sent_block
    if block.burst:
        call.tell(BlockRepeated(call.page, block.number, len(block.burst)))
    elif block.number == 0:
        call.tell(PageStarted(call.page))
    call.do(
        events.SendBlock(
            call.page_in_document,
            block.number,
            block.burst,
            call.chosen,
            call.long_training,
            slower=call.v34 and block.requests > 0 and block.requests % call.limits.block_tries == 0,
        )
    )


def _send_pps(call: Call) -> None:
    call.tries += 1
    block = call.sent_block
    pps = PartialPage(int(call.post_command or 0), call.page_counter, block.number, block.burst_size)
    call.send(call.frame(Fcf.PPS, pps))


def _send_rr(call: Call) -> None:
    call.tries += 1
    call.send(call.frame(Fcf.RR))


def _send_ctc(call: Call) -> None:
    call.tries += 1
    call.send(call.frame(Fcf.CTC, ContinueToCorrect.at(call.chosen.modulation)))


def _send_eor(call: Call) -> None:
    call.tries += 1
    call.sent_block.given_up = True
    call.send(call.frame(Fcf.EOR, EndOfRetransmission(int(call.post_command or 0))))


ENTRIES: Mapping[State, Entry] = {
    State.SENDING_BLOCK: _send_block,
    State.SENDING_PPS: _send_pps,
    State.AWAIT_BLOCK_ANSWER: await_response,
    State.SENDING_RR: _send_rr,
    State.AWAIT_READY: await_response,
    State.SENDING_CTC: _send_ctc,
    State.AWAIT_CTR: await_response,
    State.SENDING_EOR: _send_eor,
    State.AWAIT_ERR: await_response,
}

# --- what the receiver says ------------------------------------------------------------------------------------------


def block_sent(call: Call, event: events.BlockSent) -> None:
    """Note how big the block was, and what follows it."""
    block = call.sent_block
    block.frames, block.more = event.frames, event.more
    call.long_training = False
    if event.more:
        call.post_command = None  # PPS-NULL: the page goes on
    else:
        page_sent(call, event)


def _next_block(call: Call, frame: Frame | None) -> State:
    """MCF: the block is there, and with its last block the page. Behind EOR it can say no more than ERR."""
    call.stop(Timer.T5)
    block = call.sent_block
    if block.given_up:
        return _given_up(call, frame)
    if not block.more:
        return confirmed(call, frame)
    call.sent_block, call.tries = SentBlock(block.number + 1), 0
    call.start(Timer.PROGRESS, call.limits.progress_s)
    return State.SENDING_BLOCK


def _retrain(call: Call, frame: Frame | None) -> State:
    """RTP has no place here. It says that what came is good; in the middle of a page that is all that can be heeded."""
    call.stop(Timer.T5)
    block = call.sent_block
    return _next_block(call, frame) if block.more or block.given_up else confirmed_retrain(call, frame)


def _refused(call: Call, frame: Frame | None) -> State:
    call.stop(Timer.T5)
    return refused(call, frame)


def _frames_wanted(call: Call, frame: Frame | None) -> State:
    """PPR: send what is missing, four times; then something must change (§A.4.1).

    Bits beyond the end of the block are set by the standard and mean nothing. A request for no frame at all asks for a
    decision: PPS is repeated, and the page is confirmed by MCF or not at all.
    """
    call.stop(Timer.T5)
    block = call.sent_block
    record = frame.record() if frame else None
    wanted = sorted(record.frames & set(range(block.frames))) if isinstance(record, PartialPageRequest) else []
    block.requests, call.tries = block.requests + 1, 0
    block.burst = tuple(wanted) or block.burst
    patience = call.limits.block_tries * (V34_TRIES if call.v34 else 1)
    if block.requests >= patience:
        return _change(call, len(wanted))
    return State.SENDING_BLOCK if wanted else State.SENDING_PPS


def _change(call: Call, missing: int) -> State:
    """Go on at a lower rate; at the lowest, as long as that halves what is missing."""
    block = call.sent_block
    helps = 2 * missing <= min(block.missing, block.frames)
    if block.given_up or call.v34 or not missing or not (step_down(call) or helps):
        return State.SENDING_EOR
    block.requests, block.missing = 0, missing
    return State.SENDING_CTC


def _continue(call: Call, _frame: Frame | None) -> State:
    """CTR: the frames that are missing, trained anew."""
    call.long_training, call.tries = True, 0
    return State.SENDING_BLOCK


def _is_busy(call: Call, _frame: Frame | None) -> State:
    """RNR: ask until the receiver is ready, or T5 runs out."""
    if Timer.T5 not in call.timers:
        call.start(Timer.T5, call.limits.t5_s)
    call.tries = 0
    return State.SENDING_RR


def _given_up(call: Call, frame: Frame | None) -> State:
    """ERR, or whatever else answers EOR: the page is damaged, and nobody shall think that it was sent."""
    call.stop(Timer.T5)
    call.tell(PageRefused(call.page))
    return give_up(Outcome.PAGE_REFUSED)(call, frame)


def _again(state: State) -> Action:
    """No answer, or one that shows that ours was not understood: the same once more, three times in all."""

    def action(call: Call, frame: Frame | None) -> State:
        return state if call.tries < call.limits.tries else give_up(Outcome.NO_RESPONSE)(call, frame)

    return action


_BLOCK, _PPS, _DCN = State.SENDING_BLOCK, State.SENDING_PPS, State.SENDING_DCN
_AFTER_PAGE = (_BLOCK, State.AWAIT_DIS, _DCN)
_ASKED = {
    State.AWAIT_BLOCK_ANSWER: State.SENDING_PPS,
    State.AWAIT_READY: State.SENDING_RR,
    State.AWAIT_CTR: State.SENDING_CTC,
    State.AWAIT_ERR: State.SENDING_EOR,
}
"What is repeated when no answer comes."
_OF_BLOCKS = (State.AWAIT_BLOCK_ANSWER, State.AWAIT_READY)

ROWS: Rows = {
    (_BLOCK, Signal.BLOCK_SENT): goto(_PPS),
    (_BLOCK, Signal.MOVED): STAY,
    **{(sending, Signal.SENT): goto(waiting) for waiting, sending in _ASKED.items()},
    **{(state, Signal.MCF): move(_next_block, *_AFTER_PAGE) for state in _OF_BLOCKS},
    **{(state, Signal.PIP): move(_next_block, *_AFTER_PAGE) for state in _OF_BLOCKS},
    **{(state, Signal.RTP): move(_retrain, *_AFTER_PAGE, State.SENDING_DCS, State.CHOOSING) for state in _OF_BLOCKS},
    **{
        (state, signal): move(_refused, State.SENDING_DCS, _DCN)
        for state in _OF_BLOCKS
        for signal in (Signal.RTN, Signal.PIN)
    },
    **{
        (state, Signal.PPR): move(_frames_wanted, _BLOCK, _PPS, State.SENDING_CTC, State.SENDING_EOR)
        for state in _OF_BLOCKS
    },
    **{(state, Signal.RNR): move(_is_busy, State.SENDING_RR) for state in (*_OF_BLOCKS, State.AWAIT_ERR)},
    (State.AWAIT_READY, Signal.ERR): move(_given_up, _DCN),
    **{
        (State.AWAIT_ERR, signal): move(_given_up, _DCN)
        for signal in (Signal.ERR, Signal.MCF, Signal.PIP, Signal.RTP, Signal.RTN, Signal.PIN)
    },
    **{(state, Signal.T5): move(give_up(Outcome.STALLED), _DCN) for state in (State.SENDING_RR, State.AWAIT_READY)},
    (State.AWAIT_CTR, Signal.CTR): move(_continue, _BLOCK),
    **{
        (waiting, signal): move(_again(sending), sending, _DCN)
        for waiting, sending in _ASKED.items()
        for signal in (Signal.T4, Signal.CRP, Signal.DIS, Signal.DTC)
    },
    **{(state, Signal.DCN): move(left, State.HANGING_UP) for state in _ASKED},
}
