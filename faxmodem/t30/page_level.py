"""Every move of a session whose modem runs T.30 itself (Class 2, 2.0 and 2.1).

Frames are here what the modem tells of the procedure, after it has crossed the line. What the modem decides by itself
(trainings and their rates, repeats, error correction, DCN) is noted; what is left to decide is which page goes out next
and how, whether one that came is good, and what it all comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30 import events, receiver, release, sender
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.identification import ACCEPTED, what_came
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.polling import hand_over, hindrance_to_ask, hindrance_to_serve, take_over
from faxmodem.t30.procedure import STAY, Action, Call, Entry, Procedure, Rows, bits_of, break_off, goto, move
from faxmodem.t30.states import FRAME_SIGNALS, Signal, State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Answered, Dialing, Negotiated, PageRefused, PageStarted, Trained

REPORT_S: Final = 10.0
"T1's tolerance (35 +-5 s), and what a modem needs to say that it has run out."
ANSWER_LIMIT_S: Final = 140.0
"""From off hook to the caller's first frame: an answering tone and T1, twice over for modems that try it again. The
driver has a limit of its own below this, which its profile names."""
NEGOTIATION_LIMIT_S: Final = 150.0
"""DCS, TCF and FTT take some 7 s, and there are eight rates; a modem that hears nothing waits for T4 in between. It
gives up by itself before that; this is for one that does not."""

# --- on entering a state ---------------------------------------------------------------------------------------------


def _dial(call: Call) -> None:
    # nothing is told before the far end's first frame
    call.start(Timer.T0, call.limits.t0_s + call.limits.t1_s + REPORT_S)
    call.tell(Dialing())
    call.do(events.Dial(call.settings.number))


def _answer(call: Call) -> None:
    call.start(Timer.STEP, ANSWER_LIMIT_S)
    call.do(events.Answer())


def _identify(call: Call) -> None:
    """Dialling, or answering, goes on."""
    call.start(Timer.STEP, NEGOTIATION_LIMIT_S)  # some modems train before they say that the call is up


def _begin_page(call: Call) -> None:
    if call.asked is None:
        raise RuntimeError("nobody has chosen yet how the page is to go out")
    call.start(Timer.STEP, NEGOTIATION_LIMIT_S)
    call.do(events.BeginPage(call.page_in_document, call.asked))


def _end_page(call: Call) -> None:
    if call.post_command is None:
        raise RuntimeError("no page has been sent that a command could follow")
    call.start(Timer.PROGRESS, call.progress_s)
    call.do(events.EndPage(call.post_command))


def _await_page(call: Call) -> None:
    call.start(Timer.STEP, NEGOTIATION_LIMIT_S)
    call.do(events.AwaitPage(call.page))


def _await_next_page(call: Call) -> None:
    call.start(Timer.PROGRESS, call.progress_s)
    call.do(events.AwaitPage(call.page))


def _receive_page(call: Call) -> None:
    """AwaitPage goes on."""
    call.tell(PageStarted(call.page))


def _store_page(call: Call) -> None:
    call.do(events.StorePage(call.page, call.chosen))


def _answer_page(call: Call) -> None:
    if call.answer is None:
        raise RuntimeError("no page has come that could be answered")
    call.do(events.AnswerPage(call.answer))


def _await_release(call: Call) -> None:
    """Only now does the modem answer the last page, and we hear no more of that answer than how the session ends.

    If it does not reach the sender he will send again; the pages are ours all the same, and he has said that they are
    all.
    """
    call.end_with(what_came(call))
    call.do(events.AwaitPage(call.page))


ENTRIES: Mapping[State, Entry] = {
    State.DIALING: _dial,
    State.ANSWERING: _answer,
    State.IDENTIFYING: _identify,
    State.CHOOSING: sender.ENTRIES[State.CHOOSING],
    State.NEGOTIATING: _begin_page,
    State.BEGINNING_PAGE: _begin_page,
    State.SENDING_PAGE: sender.ENTRIES[State.SENDING_PAGE],
    State.ENDING_PAGE: _end_page,
    State.AWAITING_PAGE: _await_page,
    State.AWAITING_NEXT_PAGE: _await_next_page,
    State.RECEIVING_PAGE: _receive_page,
    State.STORING_PAGE: _store_page,
    State.ANSWERING_PAGE: _answer_page,
    State.AWAITING_RELEASE: _await_release,
    State.HANGING_UP: release.ENTRIES[State.HANGING_UP],
    State.ENDED: release.ENTRIES[State.ENDED],
}

# --- what the modem tells --------------------------------------------------------------------------------------------


def _call_is_up(call: Call, _frame: Frame | None) -> State:
    """The first word of the far end."""
    call.stop(Timer.T0)
    call.tell(Answered())
    call.start(Timer.PROGRESS, call.progress_s)
    return State.IDENTIFYING


def _said(call: Call, frame: Frame | None) -> None:
    """DIS or DTC: what the far end can do, as far as our modem can make use of it."""
    if frame is not None and frame.fcf is Fcf.DIS and not call.settings.calling:
        return  # two stations that both answer have nothing to say
    remote = Capabilities.from_bits(bits_of(frame))
    usable = remote.resolutions & call.settings.offer().resolutions
    call.said, call.remote = frame, replace(remote, resolutions=usable)
    if call.settings.calling and call.page_info is None and not call.polling and not hindrance_to_ask(call):
        take_over(call)  # some modems ask at once, and tell of the DCS that comes for it before the call is up


def _selected(call: Call, frame: Frame | None) -> State | None:
    """DCS, ours or the far end's: the modems train with it. One that comes again, and slower, follows FTT."""
    try:
        parameters = Parameters.from_bits(bits_of(frame))
    except RemoteProtocolError:
        return _GIVE_UP_ON_IT(call, frame)
    before = call.parameters
    if call.dcs_came and before is not None and parameters.modulation.rate_bps < before.modulation.rate_bps:
        call.tell(Trained(before.modulation, good=False))
    elif not call.dcs_came:
        call.start(Timer.PROGRESS, call.progress_s)
    call.parameters, call.dcs_came = parameters, True
    call.answer, call.page_waiting = None, False
    call.tell(Negotiated(parameters, call.forecast_s))
    return None


def _begun(call: Call, event: events.PageBegun) -> None:
    """Note how the page crosses the line, which may have been told by a DCS, or not."""
    if event.parameters != call.parameters:
        call.parameters = event.parameters
        call.tell(Negotiated(event.parameters, call.forecast_s))
    rate_bps = event.parameters.modulation.rate_bps
    if call.steps:
        call.steps = tuple(m for m in call.steps if m.rate_bps <= rate_bps) or (event.parameters.modulation,)
    call.start(Timer.PROGRESS, call.progress_s)


def _released_with(call: Call, event: events.Released) -> None:
    call.released = event.outcome


def _chosen(call: Call, choice: events.Chosen) -> None:
    call.asked, call.forecast_s = choice.parameters, choice.seconds


def _page_sent(call: Call, following: events.PageSent) -> None:
    """What the modem made of our wish for this page it would make of the same wish for the next."""
    sender.follow(call, following, call.asked or call.chosen)


# --- phase B ---------------------------------------------------------------------------------------------------------


def _up(call: Call, frame: Frame | None) -> State | None:
    """Dialling, or answering, is done."""
    if call.said is None:
        return _UNTOLD(call, frame) if call.settings.calling else State.AWAITING_PAGE
    if not call.settings.calling:
        return _polled(call, call.said)
    return _ask(call, frame) if call.page_info is None else _offer(call, frame)


def _offer(call: Call, frame: Frame | None) -> State:
    """The far end takes documents, and we have one."""
    return State.CHOOSING if sender.can_send(call, call.said) else break_off(Outcome.INCOMPATIBLE)(call, frame)


def _ask(call: Call, frame: Frame | None) -> State:
    """We want the far end's document: the modem sends DTC, and waits for what comes."""
    if call.polling:
        return State.AWAITING_PAGE
    if hindrance := hindrance_to_ask(call):
        return break_off(hindrance)(call, frame)
    take_over(call)
    return State.AWAITING_PAGE


def _polled(call: Call, frame: Frame | None) -> State | None:
    """DTC: the caller wants our document."""
    if call.settings.calling:
        return None
    _said(call, frame)
    if hindrance := hindrance_to_serve(call):
        return break_off(hindrance)(call, frame)
    hand_over(call)
    return _offer(call, frame)


def _data(target: State, *, training: bool) -> Action:
    """Page data begin. `training`: there was one before them, even if nothing was told of it."""

    def action(call: Call, _frame: Frame | None) -> State:
        if training or call.dcs_came:
            call.tell(Trained(call.chosen.modulation, good=True))
        call.dcs_came = False
        return target

    return action


# --- sending: phases C and D -----------------------------------------------------------------------------------------


def _confirmed(call: Call, frame: Frame | None) -> State:
    """MCF. After the last page the modem sends DCN by itself."""
    command = call.post_command
    sender.page_accepted(call)
    if command is Fcf.EOP:
        return State.HANGING_UP
    return State.BEGINNING_PAGE if command is Fcf.MPS else _again_from_phase_b(call, frame)


def _confirmed_retrain(call: Call, frame: Frame | None) -> State:
    """RTP: the page is good, the next one wants a new training."""
    following = _confirmed(call, frame)
    return State.NEGOTIATING if following is State.BEGINNING_PAGE else following


def _again_from_phase_b(call: Call, frame: Frame | None) -> State:
    """EOM: the next page is of another shape, or only the poll is left."""
    return _ask(call, frame) if call.page_info is None else _offer(call, frame)


def _refused(call: Call, frame: Frame | None) -> State:
    """RTN or PIN: the page is bad. Train at a lower rate and send it again, but not for ever."""
    call.tell(PageRefused(call.page))
    call.page_tries += 1
    if call.page_tries >= call.limits.page_tries or call.asked is None:
        return break_off(Outcome.PAGE_REFUSED)(call, frame)
    call.steps = call.steps[1:] or call.steps
    call.asked = replace(call.asked, modulation=call.steps[0])
    return State.NEGOTIATING


# --- receiving: phases C and D ---------------------------------------------------------------------------------------


def _page_came(fcf: Fcf) -> Action:
    def action(call: Call, _frame: Frame | None) -> State:
        call.post_command, call.page_waiting = fcf, True
        call.start(Timer.PROGRESS, call.progress_s)
        return State.STORING_PAGE

    return action


def _no_page_came(fcf: Fcf) -> Action:
    """A post-message command, and not an octet of the page before it."""

    def action(call: Call, _frame: Frame | None) -> State:
        call.post_command = fcf
        call.respond(Fcf.RTN)
        call.tell(PageRefused(call.page))
        return State.ANSWERING_PAGE

    return action


def _judged(call: Call, _frame: Frame | None) -> State:
    call.start(Timer.PROGRESS, call.progress_s)
    return State.ANSWERING_PAGE


def _answered(call: Call, _frame: Frame | None) -> State:
    """The modem knows its answer, and gives it when it is to receive what comes next."""
    call.answered_at = call.now
    if call.post_command is Fcf.EOP and call.answer in ACCEPTED:
        return State.AWAITING_RELEASE
    goes_on = call.post_command is Fcf.MPS and call.answer is Fcf.MCF
    return State.AWAITING_NEXT_PAGE if goes_on else State.AWAITING_PAGE


# --- the modem ends the session --------------------------------------------------------------------------------------

_LEFT = (Outcome.OK, Outcome.FAR_END_DISCONNECTED)
"The session came to an end by DCN."
_SILENT = (Outcome.NO_RESPONSE, Outcome.NO_COMMAND)


def _released(call: Call, frame: Frame | None) -> State:
    """What the modem takes for a good end is none before the last page was confirmed."""
    outcome = call.released or Outcome.OK
    return break_off(Outcome.FAR_END_DISCONNECTED if outcome is Outcome.OK else outcome)(call, frame)


def _released_identifying(call: Call, frame: Frame | None) -> State:
    """A modem that is to poll, or is polled, finds out by itself that there is nothing, and ends the call."""
    hindrance = None
    if call.said is not None and not call.settings.calling:
        hindrance = hindrance_to_serve(call)
    elif call.said is not None and call.page_info is None:
        hindrance = None if call.polling else hindrance_to_ask(call)
    return break_off(hindrance)(call, frame) if hindrance else _released_waiting(call, frame)


def _released_unconfirmed(call: Call, frame: Frame | None) -> State:
    """No training followed, and so no repeat of a page that was refused: for the receiver that was the last word."""
    refused = call.page_tries > 0 and call.released in _LEFT
    return break_off(Outcome.PAGE_REFUSED)(call, frame) if refused else _released(call, frame)


def _released_waiting(call: Call, frame: Frame | None) -> State:
    """No page came: to our DTC, DCN says that this document is not for us.

    After EOM the documents so far are whole, and some machines just go away then.
    """
    if call.post_command is Fcf.EOM and call.answer in ACCEPTED and call.released in (*_LEFT, *_SILENT):
        return break_off(what_came(call))(call, frame)
    if call.polling and call.page_in_document == 1 and not call.dcs_came and call.released in _LEFT:
        return break_off(Outcome.POLL_REFUSED)(call, frame)
    return _released(call, frame)


_GIVE_UP_ON_IT = break_off(Outcome.PROTOCOL_ERROR)
_UNTOLD = break_off(Outcome.MODEM_FAILED)
"The modem says that the call is up, and not a word of what the far end can do."

_ON_HOOK, _WAITING, _ENDING = State.HANGING_UP, State.AWAITING_PAGE, State.ENDING_PAGE
_PHASE_A = (State.DIALING, State.ANSWERING)
_RELEASE = (State.IDLE, *_PHASE_A, _ON_HOOK, State.ENDED)
"States that go as they do with any modem."
UNDER_WAY = frozenset(ENTRIES) - set(_RELEASE)
"States in which a call is up."
TOLD = UNDER_WAY - {State.CHOOSING, State.SENDING_PAGE, State.STORING_PAGE, State.ANSWERING_PAGE}
"States in which the modem tells of frames: any may come."

_AFTER_EOM = (State.CHOOSING, _WAITING, _ON_HOOK)
_CONFIRMED = (State.BEGINNING_PAGE, *_AFTER_EOM)
_COMMANDS = {Signal[fcf.name]: receiver.PLAIN.get(fcf, fcf) for fcf in (Fcf.MPS, Fcf.EOM, Fcf.EOP, *receiver.PLAIN)}
_EVERY_CALL = {
    Signal.LINE_LOST: move(break_off(Outcome.FAR_END_HUNG_UP), _ON_HOOK),
    Signal.RELEASED: move(_released, _ON_HOOK),
    Signal.FAILED: move(release.settled, _ON_HOOK),
    Signal.CANCEL: move(release.cancel_at_once, _ON_HOOK),
    Signal.PROGRESS: move(break_off(Outcome.STALLED), _ON_HOOK),
    Signal.CALL: move(break_off(Outcome.TOO_LONG), _ON_HOOK),
    Signal.STEP: move(break_off(Outcome.MODEM_FAILED), _ON_HOOK),
}

ROWS: Rows = {
    **{key: row for key, row in release.ROWS.items() if key[0] in _RELEASE},
    **{(state, Signal.FLAGS): move(_call_is_up, State.IDENTIFYING) for state in _PHASE_A},
    **{(state, Signal.CONNECTED): move(_UNTOLD, _ON_HOOK) for state in _PHASE_A},
    **{(state, Signal.RELEASED): move(_released, _ON_HOOK) for state in _PHASE_A},
    **{(state, signal): what for state in UNDER_WAY for signal, what in _EVERY_CALL.items()},
    **{(state, signal): STAY for state in TOLD for signal in (*FRAME_SIGNALS - {Signal.ECHO}, Signal.DAMAGED)},
    # phase B
    (State.IDENTIFYING, Signal.NOT_CONNECTED): move(release.settled, _ON_HOOK),
    (State.IDENTIFYING, Signal.CONNECTED): move(_up, State.CHOOSING, _WAITING, _ON_HOOK),
    (State.IDENTIFYING, Signal.RELEASED): move(_released_identifying, _ON_HOOK),
    **{
        (state, signal): move(_said)
        for state in (State.IDENTIFYING, State.NEGOTIATING, State.BEGINNING_PAGE, _ENDING)
        for signal in (Signal.DIS, Signal.DTC)
    },
    **{
        (state, Signal.DCS): move(_selected, _ON_HOOK)
        for state in (
            *(State.IDENTIFYING, State.NEGOTIATING, State.BEGINNING_PAGE),
            *(_WAITING, State.AWAITING_NEXT_PAGE),
        )
    },
    (State.CHOOSING, Signal.CHOSEN): goto(State.NEGOTIATING),
    # sending
    (State.NEGOTIATING, Signal.PAGE_BEGUN): move(_data(State.SENDING_PAGE, training=True), State.SENDING_PAGE),
    (State.NEGOTIATING, Signal.RELEASED): move(_released_unconfirmed, _ON_HOOK),
    (State.BEGINNING_PAGE, Signal.PAGE_BEGUN): move(_data(State.SENDING_PAGE, training=False), State.SENDING_PAGE),
    (State.SENDING_PAGE, Signal.MOVED): STAY,
    (State.SENDING_PAGE, Signal.PAGE_SENT): goto(_ENDING),
    (_ENDING, Signal.MCF): move(_confirmed, *_CONFIRMED),
    (_ENDING, Signal.PIP): move(_confirmed, *_CONFIRMED),
    (_ENDING, Signal.RTP): move(_confirmed_retrain, State.NEGOTIATING, *_AFTER_EOM),
    (_ENDING, Signal.RTN): move(_refused, State.NEGOTIATING, _ON_HOOK),
    (_ENDING, Signal.PIN): move(_refused, State.NEGOTIATING, _ON_HOOK),
    # receiving
    (_WAITING, Signal.DTC): move(_polled, State.CHOOSING, _ON_HOOK),
    (_WAITING, Signal.PAGE_BEGUN): move(_data(State.RECEIVING_PAGE, training=True), State.RECEIVING_PAGE),
    (_WAITING, Signal.RELEASED): move(_released_waiting, _ON_HOOK),
    (State.AWAITING_NEXT_PAGE, Signal.PAGE_BEGUN): move(
        _data(State.RECEIVING_PAGE, training=False), State.RECEIVING_PAGE
    ),
    (State.RECEIVING_PAGE, Signal.MOVED): STAY,
    (State.STORING_PAGE, Signal.PAGE_STORED): move(_judged, State.ANSWERING_PAGE),
    (State.ANSWERING_PAGE, Signal.SENT): move(_answered, State.AWAITING_RELEASE, State.AWAITING_NEXT_PAGE, _WAITING),
    **{
        (state, signal): move(_no_page_came(fcf), State.ANSWERING_PAGE)
        for state in (_WAITING, State.AWAITING_NEXT_PAGE)
        for signal, fcf in _COMMANDS.items()
    },
    **{(State.RECEIVING_PAGE, signal): move(_page_came(fcf), State.STORING_PAGE) for signal, fcf in _COMMANDS.items()},
    **{(State.AWAITING_RELEASE, signal): goto(_ON_HOOK) for signal in _COMMANDS},
    # the end
    (State.AWAITING_RELEASE, Signal.RELEASED): goto(_ON_HOOK),
    (State.AWAITING_RELEASE, Signal.PAGE_BEGUN): goto(_ON_HOOK),
    (_ON_HOOK, Signal.RELEASED): goto(State.ENDED),
}

PAGE_LEVEL: Final = Procedure(
    moves=ROWS,
    entries=ENTRIES,
    takes={
        events.Chosen: _chosen,
        events.PageBegun: _begun,
        events.PageSent: _page_sent,
        events.PageStored: receiver.stored,
        events.Released: _released_with,
    },
    unbounded=frozenset({State.DIALING, State.SENDING_PAGE, _ENDING, State.AWAITING_NEXT_PAGE, State.RECEIVING_PAGE}),
)
"The modem runs T.30 itself."
