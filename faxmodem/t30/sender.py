"""Every move of the station that has the document.

T.30 (09/2005) §5.2 figures 5-2a to 5-2f, as tables.
"""

from __future__ import annotations

from collections.abc import Mapping

from faxmodem.t30 import events
from faxmodem.t30.capabilities import Capabilities, ladder, select
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import STAY, Call, Entry, Rows, bits_of, give_up, goto, left, move
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import PageConfirmed, PageRefused, PageStarted, Trained

# --- on entering a state ---------------------------------------------------------------------------------------------


def _await_dis(call: Call) -> None:
    call.start(Timer.T1, call.limits.t1_s)
    call.do(events.Listen())


def _send_dcs(call: Call) -> None:
    call.tries += 1
    dcs = call.frame(Fcf.DCS, call.chosen.to_bits())
    if call.settings.station_id:
        call.send(call.frame(Fcf.TSI, StationId(call.settings.station_id), final=False), dcs)
    else:
        call.send(dcs)


def _send_tcf(call: Call) -> None:
    call.do(events.SendTraining(call.chosen.modulation))


def _send_page(call: Call) -> None:
    call.tell(PageStarted(call.page))
    call.do(events.SendPage(call.page, call.chosen))


def _send_command(call: Call) -> None:
    call.tries += 1
    if call.post_command is None:
        raise RuntimeError("no page has been sent that a command could follow")
    call.send(call.frame(call.post_command))


def _await_response(call: Call) -> None:
    call.start(Timer.T4, call.limits.t4_s)
    call.do(events.Listen())


ENTRIES: Mapping[State, Entry] = {
    State.AWAIT_DIS: _await_dis,
    State.SENDING_DCS: _send_dcs,
    State.SENDING_TCF: _send_tcf,
    State.AWAIT_CFR: _await_response,
    State.SENDING_PAGE: _send_page,
    State.SENDING_COMMAND: _send_command,
    State.AWAIT_CONFIRMATION: _await_response,
}

# --- phase B ---------------------------------------------------------------------------------------------------------


def _negotiate(call: Call, frame: Frame | None) -> State:
    """DIS: choose parameters, at the rate that this call has come down to."""
    if call.page_info is None:
        raise RuntimeError("there is no page to send")
    remote = Capabilities.from_bits(bits_of(frame))
    steps = ladder(remote.modulations & call.settings.transmits, call.settings.max_rate_bps)
    if call.steps:  # a later document of the same call: never faster than before
        steps = tuple(step for step in steps if step.rate_bps <= call.steps[0].rate_bps)
    if not remote.receives or not steps:
        return give_up(Outcome.INCOMPATIBLE)(call, frame)
    call.stop(Timer.T1)
    call.remote, call.steps, call.tries = remote, steps, 0
    call.parameters = select(remote, call.page_info, steps[0])
    return State.SENDING_DCS


def _nobody_identified(call: Call, _frame: Frame | None) -> State:
    call.end_with(Outcome.NO_RESPONSE if call.heard_frames else Outcome.NOT_A_FAX)
    return State.SENDING_DCN


def _confirmed_to_receive(call: Call, _frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=True))
    call.tries = 0
    return State.SENDING_PAGE


def _step_down(call: Call) -> bool:
    """Go to the next modulation; False if this was the lowest."""
    if len(call.steps) < 2 or call.remote is None or call.page_info is None:
        return False
    call.steps = call.steps[1:]
    call.parameters = select(call.remote, call.page_info, call.steps[0])
    return True


def _failed_to_train(call: Call, frame: Frame | None) -> State:
    call.tell(Trained(call.chosen.modulation, good=False))
    call.tries = 0
    return State.SENDING_DCS if _step_down(call) else give_up(Outcome.TRAINING_FAILED)(call, frame)


def _train_again(call: Call, frame: Frame | None) -> State:
    """No response, or a far end that shows that it missed our DCS: the same once more, three times in all."""
    return State.SENDING_DCS if call.tries < call.limits.tries else give_up(Outcome.NO_RESPONSE)(call, frame)


# --- phases C and D --------------------------------------------------------------------------------------------------


def page_sent(call: Call, next_page: events.PageSent) -> None:
    """Note what follows the page that has just gone out, and with which command that is said."""
    call.next_page, call.tries = next_page.next_page, 0
    if call.next_page is None:
        call.post_command = Fcf.EOP
    elif call.remote and call.chosen.page_alike(select(call.remote, call.next_page, call.chosen.modulation)):
        call.post_command = Fcf.MPS
    else:
        call.post_command = Fcf.EOM  # other parameters need a new DCS, and that a new phase B


def _page_accepted(call: Call) -> None:
    call.tell(PageConfirmed(call.page))
    call.pages_done, call.page_tries, call.tries = call.page, 0, 0
    call.start(Timer.PROGRESS, call.limits.progress_s)
    if call.post_command is Fcf.EOP:
        call.end_with(Outcome.OK)
    else:
        call.page, call.page_info = call.page + 1, call.next_page


def _confirmed(call: Call, _frame: Frame | None) -> State:
    """MCF."""
    command = call.post_command
    _page_accepted(call)
    if command is Fcf.EOP:
        return State.SENDING_DCN
    return State.SENDING_PAGE if command is Fcf.MPS else State.AWAIT_DIS


def _confirmed_retrain(call: Call, _frame: Frame | None) -> State:
    """RTP: the page is good, the next one wants a new training."""
    _page_accepted(call)
    if call.post_command is Fcf.EOP:
        return State.SENDING_DCN
    if call.remote is not None and call.page_info is not None:  # after EOM the next page is of another shape
        call.parameters = select(call.remote, call.page_info, call.chosen.modulation)
    return State.SENDING_DCS


def _refused(call: Call, frame: Frame | None) -> State:
    """RTN or PIN: the page is bad. Train at a lower rate and send it again, but not for ever."""
    call.tell(PageRefused(call.page))
    call.page_tries += 1
    if call.page_tries >= call.limits.page_tries:
        return give_up(Outcome.PAGE_REFUSED)(call, frame)
    _step_down(call)
    call.tries = 0
    return State.SENDING_DCS


def _ask_again(call: Call, frame: Frame | None) -> State:
    """No response to the post-message command, or CRP, or DIS.

    DIS comes from a receiver that is back in phase B. It may have answered EOM before, but with what? A page counts
    only when its own response is heard, and that is given again.
    """
    return State.SENDING_COMMAND if call.tries < call.limits.tries else give_up(Outcome.NO_RESPONSE)(call, frame)


_DIS, _DCS, _DCN = State.AWAIT_DIS, State.SENDING_DCS, State.SENDING_DCN

ROWS: Rows = {
    (State.AWAIT_DIS, Signal.DIS): move(_negotiate, _DCS, _DCN),
    (State.AWAIT_DIS, Signal.DTC): move(give_up(Outcome.NOTHING_TO_POLL), _DCN),
    (State.AWAIT_DIS, Signal.DCN): move(left, State.HANGING_UP),
    (State.AWAIT_DIS, Signal.T1): move(_nobody_identified, _DCN),
    (State.SENDING_DCS, Signal.SENT): goto(State.SENDING_TCF),
    (State.SENDING_TCF, Signal.SENT): goto(State.AWAIT_CFR),
    (State.AWAIT_CFR, Signal.CFR): move(_confirmed_to_receive, State.SENDING_PAGE),
    (State.AWAIT_CFR, Signal.FTT): move(_failed_to_train, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.DIS): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.CRP): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.T4): move(_train_again, _DCS, _DCN),
    (State.AWAIT_CFR, Signal.DTC): move(give_up(Outcome.NOTHING_TO_POLL), _DCN),
    (State.AWAIT_CFR, Signal.DCN): move(left, State.HANGING_UP),
    (State.SENDING_PAGE, Signal.PAGE_SENT): goto(State.SENDING_COMMAND),
    (State.SENDING_PAGE, Signal.MOVED): STAY,
    (State.SENDING_COMMAND, Signal.SENT): goto(State.AWAIT_CONFIRMATION),
    (State.AWAIT_CONFIRMATION, Signal.MCF): move(_confirmed, State.SENDING_PAGE, _DIS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.PIP): move(_confirmed, State.SENDING_PAGE, _DIS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.RTP): move(_confirmed_retrain, _DCS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.RTN): move(_refused, _DCS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.PIN): move(_refused, _DCS, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.CRP): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.T4): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.DIS): move(_ask_again, State.SENDING_COMMAND, _DCN),
    (State.AWAIT_CONFIRMATION, Signal.DCN): move(left, State.HANGING_UP),
}
