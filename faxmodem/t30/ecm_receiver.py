"""Every move of the station that receives blocks, with error correction.

T.30 (09/2005) Annex A, figures A.7 to A.12, as tables; Annex F for V.34.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from faxmodem.t30 import events
from faxmodem.t30.blocks import BLOCK_FRAMES, HeardBlock
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage, PartialPageRequest
from faxmodem.t30.frames import Frame
from faxmodem.t30.identification import ACCEPTED, IDENTIFYING, SELECTED, begin_again, not_understood, selected
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Call, Entry, Rows, give_up, goto, left, move
from faxmodem.t30.receiver import PLAIN, await_command, send_answer
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import PageRefused, PageStarted

REQUESTS = 16
"PPRs in a row that bring no frame that was missing: four times what a sender bears before it changes something."

# --- on entering a state ---------------------------------------------------------------------------------------------


def _receive_block(call: Call) -> None:
    block = call.heard_block
    block.burst_came = False
    call.start(Timer.T2, call.limits.t2_s)
    if block.number == 0 and not block.begun:
        call.tell(PageStarted(call.page))
    call.do(events.ReceiveBlock(call.page, block.number, call.chosen, block.begun, call.long_training))


def _await_pps(call: Call) -> None:
    call.long_training = False  # that was for the burst behind CTR; whatever comes next is asked for by PPR
    await_command(call)


def _store_block(call: Call) -> None:
    block = call.heard_block
    call.do(events.StoreBlock(call.page, block.number, max(block.expected, block.reach)))


def _send_rnr(call: Call) -> None:
    call.send(call.frame(Fcf.RNR))


ENTRIES: Mapping[State, Entry] = {
    State.RECEIVING_BLOCK: _receive_block,
    State.AWAIT_PPS: _await_pps,
    State.STORING_BLOCK: _store_block,
    State.ANSWERING_PPS: send_answer,
    State.SENDING_RNR: _send_rnr,
    State.AWAIT_RR: await_command,
}

# --- what the sender says --------------------------------------------------------------------------------------------


def block_received(call: Call, event: events.BlockReceived) -> None:
    """Note which frames came."""
    call.heard_block.take(event.frames)


def _moved(call: Call, _frame: Frame | None) -> None:
    """The carrier is there: T2 has done its work."""
    call.stop(Timer.T2)


def _is_repeated(call: Call, told: tuple[int, int]) -> bool:
    """True if a command is about the block that is done with: our answer to it was lost."""
    return not call.heard_block.have and told == call.confirmed_block and call.answer is not None


def _partial_page(call: Call, frame: Frame | None) -> State | None:
    """PPS: take the block, or ask for what is missing.

    The counters serve to know a repeated PPS. Beyond that the frames are believed more than the numbers: some senders
    count pages from the last EOM.
    """
    pps = frame.record() if frame else None
    if not isinstance(pps, PartialPage) or pps.command not in _FOLLOWING:
        return None
    told, block = (pps.page, pps.block), call.heard_block
    if _is_repeated(call, told):
        block.begun = False
        return State.ANSWERING_PPS
    block.told(pps.frames)
    if block.missing:
        return _ask_for_missing(call)
    call.confirmed_block = told
    return _take(call, pps.command)


def _take(call: Call, command: int) -> State:
    """Take the block, and note what PPS or EOR says to follow it."""
    call.post_command = _FOLLOWING[command]
    call.answer = call.answer_record = None
    return State.STORING_BLOCK


def _ask_for_missing(call: Call) -> State:
    """PPR; the bits behind the block's last frame are set (T.4 (07/2003) §A.4.4)."""
    block = call.heard_block
    block.begun = True
    block.requests += 1
    if block.requests > REQUESTS:
        return give_up(Outcome.STALLED)(call, None)
    behind = frozenset(range(block.expected, BLOCK_FRAMES)) if block.expected else frozenset()
    call.respond(Fcf.PPR, PartialPageRequest(block.missing | behind))
    return State.ANSWERING_PPS


def _end_of_retransmission(call: Call, frame: Frame | None) -> State | None:
    """EOR: the block is taken as it is."""
    eor = frame.record() if frame else None
    block = call.heard_block
    if not isinstance(eor, EndOfRetransmission) or eor.command not in _FOLLOWING:
        return None
    if not block.begun and call.answer is Fcf.ERR:
        return State.ANSWERING_PPS
    block.given_up = call.has_gaps = True
    return _take(call, eor.command)


def _continue_to_correct(call: Call, frame: Frame | None) -> State:
    """CTC: go on at the rate that it names, trained anew. It has no place in V.34, whose modems see to the rate."""
    ctc = frame.record() if frame else None
    modulation = ctc.modulation if isinstance(ctc, ContinueToCorrect) else None
    if modulation is None or modulation not in call.settings.receives:
        return give_up(Outcome.PROTOCOL_ERROR)(call, frame)
    if not call.v34:
        call.parameters = replace(call.chosen, modulation=modulation)
    call.long_training = True
    call.heard_block.requests = 0
    call.respond(Fcf.CTR)
    return State.ANSWERING_PPS


def _not_a_block(call: Call, _frame: Frame | None) -> State:
    """MPS, EOM or EOP behind a page that should have come in blocks: what came is no page. Train again, and see."""
    if call.answer is not Fcf.RTN:
        call.respond(Fcf.RTN)
        call.tell(PageRefused(call.page))
    return State.ANSWERING_PPS


def _echoed(call: Call, _frame: Frame | None) -> State | None:
    """Our own response comes back from a line that is long: it was the carrier that stood where the block is due."""
    ours = call.last_sent[-1].fcf
    if call.heard_block.burst_came or ours is Fcf.RTN:  # behind RTN a DCS is due
        return None
    call.long_training = ours is Fcf.CTR
    return State.RECEIVING_BLOCK


def _repeat(call: Call, _frame: Frame | None) -> State:
    """CRP: our last response was not understood. Behind a block some send it for PPS: ask for what is not there."""
    if call.heard_block.burst_came:
        return _ask_for_missing(call)
    return State.ANSWERING_PPS if call.answer is not None else State.SENDING_CFR


def _block_stored(call: Call, _frame: Frame | None) -> State:
    """The block's data are with the page. Behind its last block the page is stored, too, before it is confirmed."""
    if call.post_command is not None:
        return State.STORING_PAGE
    block = call.heard_block
    call.respond(Fcf.ERR if block.given_up else Fcf.MCF)
    call.heard_block = HeardBlock(block.number + 1)
    call.start(Timer.PROGRESS, call.limits.progress_s)
    return State.ANSWERING_PPS


def _answered(call: Call, _frame: Frame | None) -> State:
    call.answered_at = call.now
    if call.answer is Fcf.RTN:
        return State.AWAIT_PPS  # a new DCS follows
    if call.answer in ACCEPTED and call.post_command is Fcf.EOP:
        return State.AWAIT_DCN
    if call.answer in ACCEPTED and call.post_command is Fcf.EOM:
        return begin_again(call)
    return State.RECEIVING_BLOCK


def _repeated_at_the_end(call: Call, frame: Frame | None) -> State | None:
    """PPS where phase B or the end is due: our answer, which brought us here, was lost."""
    pps = frame.record() if frame else None
    repeated = isinstance(pps, PartialPage) and _is_repeated(call, (pps.page, pps.block))
    return State.ANSWERING_PPS if repeated else None


def _answer_again(call: Call, _frame: Frame | None) -> State | None:
    """RR or EOR where our last answer was not heard. It says nothing of what has come since."""
    unheard = call.answer is not None and not call.heard_block.burst_came
    return State.ANSWERING_PPS if unheard else None


def _is_ready(call: Call, _frame: Frame | None) -> State:
    """RR, or PPS again: the page is stored by now, or not yet."""
    return State.ANSWERING_PPS if call.answer is not None else State.SENDING_RNR


def _no_command(call: Call, frame: Frame | None) -> State:
    return give_up(Outcome.NO_COMMAND)(call, frame)


def _page_stored(call: Call, _frame: Frame | None) -> None:
    """The page is stored while its sender waits; it will be told when it asks."""
    call.start(Timer.PROGRESS, call.limits.progress_s)


_FOLLOWING = {
    0: None,  # NULL: the page goes on
    **{int(fcf): PLAIN.get(fcf, fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP, Fcf.EOS, *PLAIN)},
}
"What PPS or EOR says to follow, by its second FCF."

_DCN, _PPS, _ANSWER = State.SENDING_DCN, State.AWAIT_PPS, State.ANSWERING_PPS
_OVER = (Signal.BLOCK_RECEIVED, Signal.WRONG_CARRIER, Signal.NO_CARRIER, Signal.T2)
"What ends a burst; V.21 instead of it shows a sender that has missed our last response."
_OUTSIDE = (State.AWAIT_DCS, State.AWAIT_DCN)
"Where an answer to the last page's PPS or EOR leads."
_PLAIN_COMMANDS = (Signal.MPS, Signal.EOM, Signal.EOP, Signal.PRI_MPS, Signal.PRI_EOM, Signal.PRI_EOP)

ROWS: Rows = {
    (State.RECEIVING_BLOCK, Signal.MOVED): move(_moved),
    (State.RECEIVING_BLOCK, Signal.FLAGS): move(_moved),
    **{(State.RECEIVING_BLOCK, signal): goto(_PPS) for signal in _OVER},
    (_PPS, Signal.PPS): move(_partial_page, State.STORING_BLOCK, _ANSWER, _DCN),
    (_PPS, Signal.EOR): move(_end_of_retransmission, State.STORING_BLOCK, _ANSWER),
    (_PPS, Signal.CTC): move(_continue_to_correct, _ANSWER, _DCN),
    (_PPS, Signal.RR): move(_answer_again, _ANSWER),
    (_PPS, Signal.CRP): move(_repeat, _ANSWER, State.SENDING_CFR, _DCN),
    (_PPS, Signal.DCS): move(selected, *SELECTED),
    (_PPS, Signal.DCN): move(left, State.HANGING_UP),
    (_PPS, Signal.ECHO): move(_echoed, State.RECEIVING_BLOCK),
    (_PPS, Signal.DAMAGED): move(not_understood),
    (_PPS, Signal.WRONG_CARRIER): move(not_understood),
    (_PPS, Signal.T2): move(_no_command, _DCN),
    **{(_PPS, signal): move(_not_a_block, _ANSWER) for signal in _PLAIN_COMMANDS},
    (State.STORING_BLOCK, Signal.BLOCK_STORED): move(_block_stored, State.STORING_PAGE, _ANSWER),
    (State.STORING_PAGE, Signal.BUSY): goto(State.SENDING_RNR),
    (State.SENDING_RNR, Signal.SENT): goto(State.AWAIT_RR),
    (State.SENDING_RNR, Signal.PAGE_STORED): move(_page_stored),
    (State.AWAIT_RR, Signal.PAGE_STORED): move(_page_stored),
    (State.AWAIT_RR, Signal.RR): move(_is_ready, _ANSWER, State.SENDING_RNR),
    (State.AWAIT_RR, Signal.PPS): move(_is_ready, _ANSWER, State.SENDING_RNR),
    (State.AWAIT_RR, Signal.EOR): move(_is_ready, _ANSWER, State.SENDING_RNR),
    (State.AWAIT_RR, Signal.CRP): move(_is_ready, _ANSWER, State.SENDING_RNR),
    (State.AWAIT_RR, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_RR, Signal.DAMAGED): move(not_understood),
    (State.AWAIT_RR, Signal.T2): move(_no_command, _DCN),
    (_ANSWER, Signal.SENT): move(_answered, State.RECEIVING_BLOCK, *IDENTIFYING, State.AWAIT_DCN, _PPS),
    **{(state, Signal.PPS): move(_repeated_at_the_end, _ANSWER) for state in _OUTSIDE},
    **{(state, signal): move(_answer_again, _ANSWER) for state in _OUTSIDE for signal in (Signal.RR, Signal.EOR)},
}
