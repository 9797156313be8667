"""Every move of the station that has the document, without error correction; phase B is common to both ways.

T.30 (09/2005) §5.2 figures 5-2a to 5-2f, as tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from faxmodem.t30 import events
from faxmodem.t30.blocks import SentBlock
from faxmodem.t30.capabilities import Capabilities, Parameters, ladder
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.polling import ask_for_document, may_ask
from faxmodem.t30.procedure import STAY, Call, Entry, Rows, bits_of, give_up, goto, left, move
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Negotiated, PageConfirmed, PageRefused, PageStarted, Trained

# --- on entering a state ---------------------------------------------------------------------------------------------


def _await_dis(call: Call) -> None:
    call.start(Timer.T1, call.limits.t1_s)
    call.do(events.Listen())


def _choose(call: Call) -> None:
    if call.page_info is None:
        raise RuntimeError("there is no page to send")
    call.do(events.Choose(call.candidates(call.page_info, call.steps[0]), call.page_in_document))


def _send_dcs(call: Call) -> None:
    call.tries += 1
    ours, remote = call.settings, call.remote
    said = {
        Fcf.TSI: ours.station_id,
        Fcf.SUB: ours.addressing.subaddress if remote and remote.subaddress else "",
        # A DTC says with bit 50 that a password comes with it, and nothing of ours.
        Fcf.SID: ours.addressing.password if ours.calling and remote and remote.password else "",
    }
    parameters = replace(call.chosen, subaddress=bool(said[Fcf.SUB]), sender_id=bool(said[Fcf.SID]))
    call.send(*call.texts(said), call.frame(Fcf.DCS, parameters.to_bits()))


def _send_tcf(call: Call) -> None:
    call.do(events.SendTraining(call.chosen.modulation))


def _send_page(call: Call) -> None:
    call.tell(PageStarted(call.page))
    call.do(events.SendPage(call.page_in_document, call.chosen))


def _send_command(call: Call) -> None:
    call.tries += 1
    if call.post_command is None:
        raise RuntimeError("no page has been sent that a command could follow")
    call.send(call.frame(call.post_command))


def await_response(call: Call) -> None:
    """Listen for the response to our command, for as long as T4 lets us."""
    call.start(Timer.T4, call.limits.t4_s)
    call.do(events.Listen())


ENTRIES: Mapping[State, Entry] = {
    State.AWAIT_DIS: _await_dis,
    State.CHOOSING: _choose,
    State.SENDING_DCS: _send_dcs,
    State.SENDING_TCF: _send_tcf,
    State.AWAIT_CFR: await_response,
    State.SENDING_PAGE: _send_page,
    State.SENDING_COMMAND: _send_command,
    State.AWAIT_CONFIRMATION: await_response,
}

# --- phase B ---------------------------------------------------------------------------------------------------------


def negotiate(call: Call, frame: Frame | None) -> State:
    """DIS, or the DTC of a poller: choose parameters, at the rate that this call has come down to."""
    call.remote = Capabilities.from_bits(bits_of(frame))
    call.stop(Timer.T1)
    if call.page_info is None:
        return ask_for_document(call, frame)
    return State.CHOOSING if can_send(call, frame) else give_up(Outcome.INCOMPATIBLE)(call, frame)


def can_send(call: Call, frame: Frame | None) -> bool:
    """Settle the rates that are left in this call; False if the station of this DIS or DTC cannot take our document."""
    remote = call.remote
    if remote is None:
        return False
    usable = remote.modulations & call.settings.transmits
    steps = (Modulation.V34,) if call.v34 else ladder(usable, call.settings.max_rate_bps)
    if call.steps:  # a later document of the same call: never faster than before
        steps = tuple(step for step in steps if step.rate_bps <= call.steps[0].rate_bps)
    receives = remote.receives or (frame is not None and frame.fcf is Fcf.DTC)  # who asks for a document can take it
    if not receives or not steps or (call.settings.addressing.subaddress and not remote.subaddress):
        return False
    call.steps, call.tries = steps, 0
    return True


def chosen(call: Call, choice: events.Chosen) -> None:
    """Note how the pages will be sent; nothing faster is tried later."""
    call.parameters = choice.parameters
    call.steps = tuple(step for step in call.steps if step.rate_bps <= choice.parameters.modulation.rate_bps)
    call.tell(Negotiated(choice.parameters, choice.seconds))


def _nobody_identified(call: Call, _frame: Frame | None) -> State:
    call.end_with(Outcome.NO_RESPONSE if call.heard_frames else Outcome.NOT_A_FAX)
    return State.SENDING_DCN


def _selected(call: Call, _frame: Frame | None) -> State:
    """DCS is out: V.34 has trained already when the call was set up (§F.3)."""
    return State.AWAIT_CFR if call.v34 else State.SENDING_TCF


def next_page(call: Call) -> State:
    """Start with the page that is due."""
    call.sent_block = SentBlock()
    return State.SENDING_BLOCK if call.chosen.ecm else State.SENDING_PAGE


def _confirmed_to_receive(call: Call, _frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=True))
    call.tries = call.trainings = 0
    return next_page(call)


def step_down(call: Call) -> bool:
    """Go to the next modulation; False if this was the lowest."""
    if len(call.steps) < 2:
        return False
    call.steps = call.steps[1:]
    call.parameters = replace(call.chosen, modulation=call.steps[0])
    return True


def _failed_to_train(call: Call, frame: Frame | None) -> State:
    """FTT: the next lower rate. Below the lowest there is none, but a burst of noise may have spoilt just one TCF.

    In V.34 nothing was trained that could be trained again.
    """
    call.tell(Trained(call.chosen.modulation, good=False))
    call.tries = 0
    call.trainings = 0 if step_down(call) else call.trainings + 1
    if call.v34 or call.trainings >= call.limits.tries:
        return give_up(Outcome.TRAINING_FAILED)(call, frame)
    return State.SENDING_DCS


def _train_again(call: Call, frame: Frame | None) -> State:
    """No response, or a far end that shows that it missed our DCS: the same once more, three times in all."""
    return State.SENDING_DCS if call.tries < call.limits.tries else give_up(Outcome.NO_RESPONSE)(call, frame)


# --- phases C and D --------------------------------------------------------------------------------------------------


def page_sent(call: Call, following: events.PageSent | events.BlockSent) -> None:
    """Note what follows the page that has just gone out, and with which command that is said."""
    follow(call, following, call.chosen)


def follow(call: Call, following: events.PageSent | events.BlockSent, present: Parameters) -> None:
    """Note what follows a page that was sent with the `present` parameters."""
    call.next_page, call.tries = following.next_page, 0
    if following.command is not None:
        call.post_command = following.command
    elif call.next_page is None:
        call.post_command = Fcf.EOM if may_ask(call) else Fcf.EOP  # whoever wants to poll needs another phase B
    elif any(present.page_alike(way) for way in call.candidates(call.next_page, present.modulation)):
        call.post_command = Fcf.MPS
    else:
        call.post_command = Fcf.EOM  # other parameters need a new DCS, and that a new phase B


def page_accepted(call: Call) -> None:
    """Count the page that the receiver has confirmed, and go to the next."""
    call.tell(PageConfirmed(call.page))
    call.pages_done, call.page_tries, call.tries = call.pages_done + 1, 0, 0
    call.start(Timer.PROGRESS, call.progress_s)
    if call.post_command is Fcf.EOP:
        call.end_with(Outcome.NOTHING_TO_POLL if call.settings.polls else Outcome.OK)
    else:
        call.page, call.page_info = call.page + 1, call.next_page


def confirmed(call: Call, _frame: Frame | None) -> State:
    """MCF."""
    command = call.post_command
    page_accepted(call)
    if command is Fcf.EOP:
        return State.SENDING_DCN
    return next_page(call) if command is Fcf.MPS else State.AWAIT_DIS


def confirmed_retrain(call: Call, _frame: Frame | None) -> State:
    """RTP: the page is good, the next one wants a new training."""
    command = call.post_command
    page_accepted(call)
    if command is Fcf.EOP:
        return State.SENDING_DCN
    if call.page_info is None:  # only the poll is left, and that begins with the far end's DIS
        return State.AWAIT_DIS
    return State.SENDING_DCS if command is Fcf.MPS else State.CHOOSING  # after EOM the page is of another shape


def refused(call: Call, frame: Frame | None) -> State:
    """RTN or PIN: the page is bad. Train at a lower rate and send it again, but not for ever."""
    call.tell(PageRefused(call.page))
    call.page_tries += 1
    if call.page_tries >= call.limits.page_tries:
        return give_up(Outcome.PAGE_REFUSED)(call, frame)
    step_down(call)
    call.tries = 0
    return State.SENDING_DCS


def _ask_again(call: Call, frame: Frame | None) -> State:
    """No response to the post-message command, or CRP, or DIS.

    DIS comes from a receiver that is back in phase B. It may have answered EOM before, but with what? A page counts
    only when its own response is heard, and that is given again.
    """
    return State.SENDING_COMMAND if call.tries < call.limits.tries else give_up(Outcome.NO_RESPONSE)(call, frame)


_DIS, _DCS, _DCN, _CHOOSE = State.AWAIT_DIS, State.SENDING_DCS, State.SENDING_DCN, State.CHOOSING

ROWS: Rows = {
    (State.AWAIT_DIS, Signal.DIS): move(negotiate, _CHOOSE, State.SENDING_DTC, _DCN),
    (State.AWAIT_DIS, Signal.DTC): move(negotiate, _CHOOSE, State.SENDING_DTC, _DCN),
    (State.AWAIT_DIS, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_DIS, Signal.T1): move(_nobody_identified, _DCN),
    (State.CHOOSING, Signal.CHOSEN): goto(_DCS),
    (State.SENDING_DCS, Signal.SENT): move(_selected, State.SENDING_TCF, State.AWAIT_CFR),
    (State.SENDING_TCF, Signal.SENT): goto(State.AWAIT_CFR),
    (State.AWAIT_CFR, Signal.CFR): move(_confirmed_to_receive, State.SENDING_PAGE, State.SENDING_BLOCK),
    (State.AWAIT_CFR, Signal.FTT): move(_failed_to_train, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.DIS): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.DTC): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.CRP): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.T4): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.DCN): move(left, State.HANGING_UP),
    (State.SENDING_PAGE, Signal.PAGE_SENT): goto(State.SENDING_COMMAND),
    (State.SENDING_PAGE, Signal.MOVED): STAY,
    (State.SENDING_COMMAND, Signal.SENT): goto(State.AWAIT_CONFIRMATION),
    (State.AWAIT_CONFIRMATION, Signal.MCF): move(confirmed, State.SENDING_PAGE, _DIS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.PIP): move(confirmed, State.SENDING_PAGE, _DIS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.RTP): move(confirmed_retrain, _DCS, _CHOOSE, _DIS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.RTN): move(refused, _DCS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.PIN): move(refused, _DCS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.CRP): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.T4): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.DIS): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.DTC): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.DCN): move(left, State.HANGING_UP),
}
