"""A session whose modem runs T.30 itself: its table as a whole, and calls that walk through it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import product

import pytest

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.page_level import ANSWER_LIMIT_S, ENTRIES, NEGOTIATION_LIMIT_S, REPORT_S, ROWS, TOLD, UNDER_WAY
from faxmodem.t30.procedure import Settings
from faxmodem.t30.release import HANG_UP_LIMIT_S
from faxmodem.t30.states import FRAME_SIGNALS, Signal, State
from faxmodem.t30.transitions import (
    Answered,
    CallEnded,
    Canceling,
    Dialing,
    Negotiated,
    Note,
    PageConfirmed,
    PageRefused,
    PageStarted,
    PageStored,
    Phase,
    PhaseEntered,
    RemoteIdentified,
    RemoteTold,
    Trained,
    Transition,
    Turned,
)
from tests.unit.t30.helpers import (
    ANY,
    COARSE,
    CORRECTED,
    CORRECTING,
    FASTEST,
    LIMITS,
    PAGE,
    Station,
    called,
    calling,
    dcs,
    dis,
    dtc,
    far,
    from_caller,
    polling,
    quick_frames,
    walked,
)
from tests.unit.t30.test_table import EVENTS, _facts, drive, happenings


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with quick_frames():
        yield


SENDS, POLLS = calling(page_level=True), polling(page_level=True)
TAKES, SERVES = called(page_level=True), called(PAGE, page_level=True)
LOCKED = called(PAGE, page_level=True, door=Door(selective="1"))
SENDS_AND_POLLS = calling(page_level=True, polls=True)

HEARD, UP, SENT = events.FlagsHeard(), events.CallConnected(), events.Sent()
BEGUN = events.PageBegun(FASTEST)
GOOD, BAD = events.PageStored(events.Verdict.GOOD, 1000), events.PageStored(events.Verdict.BAD, 0)
MORE, LAST = events.PageSent(PAGE), events.PageSent(None)
MCF, RTN, RTP = far(Fcf.MCF), far(Fcf.RTN), far(Fcf.RTP)
MPS, EOM, EOP = from_caller(Fcf.MPS), from_caller(Fcf.EOM), from_caller(Fcf.EOP)
FOUND: list[events.Event] = [HEARD, far(Fcf.CSI, StationId("5550123"), final=False), dis(), UP]
"Dialled, and the far end can receive."
TAKEN: list[events.Event] = [HEARD, from_caller(Fcf.TSI, StationId("5550100")), dcs(), UP]
"Answered, and the caller sends."


def released(outcome: Outcome = Outcome.OK) -> events.Released:
    return events.Released(outcome, "+FHNG:0")


_TO_DATA: list[events.Event] = [*FOUND, dcs(), BEGUN]
_TO_PAGE: list[events.Event] = [*TAKEN, BEGUN]
PATHS: dict[State, tuple[Settings, list[events.Event]]] = {
    State.DIALING: (SENDS, []),
    State.ANSWERING: (TAKES, []),
    State.IDENTIFYING: (SENDS, FOUND[:1]),
    State.CHOOSING: (SENDS, FOUND),
    State.NEGOTIATING: (SENDS, FOUND),
    State.SENDING_PAGE: (SENDS, _TO_DATA),
    State.ENDING_PAGE: (SENDS, [*_TO_DATA, MORE]),
    State.BEGINNING_PAGE: (SENDS, [*_TO_DATA, MORE, MCF]),
    State.AWAITING_PAGE: (TAKES, TAKEN),
    State.RECEIVING_PAGE: (TAKES, _TO_PAGE),
    State.STORING_PAGE: (TAKES, [*_TO_PAGE, MPS]),
    State.ANSWERING_PAGE: (TAKES, [*_TO_PAGE, MPS, GOOD]),
    State.AWAITING_NEXT_PAGE: (TAKES, [*_TO_PAGE, MPS, GOOD, SENT]),
    State.AWAITING_RELEASE: (TAKES, [*_TO_PAGE, EOP, GOOD, SENT]),
    State.HANGING_UP: (SENDS, [*_TO_DATA, events.LineLost()]),
    State.ENDED: (SENDS, [*_TO_DATA, events.LineLost(), events.HungUp()]),
}
STATES = (State.IDLE, *PATHS)


def reach(state: State) -> Station:
    """A station that has come to `state` the way a call does."""
    if state is State.IDLE:
        return Station(SENDS)
    settings, path = PATHS[state]
    station = walked(settings, path, chooses=state is not State.CHOOSING)
    assert station.state is state
    station.commands()
    station.transitions()
    return station


def at_work(settings: Settings, *happened: events.Event) -> tuple[Station, list[events.Command]]:
    """A station that this has happened to, and all that it has commanded."""
    station = Station.started(settings)
    commands = station.commands()
    for event in happened:
        commands += station.hear(event, after=1.0)
    return station, commands


_COMMANDS = (Fcf.MPS, Fcf.EOM, Fcf.EOP)
FOR_POLLER = dis(has_document=1).frame
FACTS: dict[State, list[dict[str, object]]] = {
    # facts that a state can be met with, beside those of the straight path to it
    State.IDENTIFYING: [
        {"said": dis().frame, "remote": ANY},
        {"said": dis().frame, "remote": replace(ANY, receives=False)},
        {"said": FOR_POLLER, "remote": replace(ANY, has_document=True), "settings": POLLS, "page_info": None},
        {"settings": TAKES, "page_info": None},
        {"settings": SERVES, "page_info": PAGE, "said": dtc().frame},
        {"settings": LOCKED, "page_info": PAGE, "said": dtc().frame},
    ],
    State.ENDING_PAGE: [
        {"post_command": fcf, "page_tries": tries, **what}
        for fcf, tries in product(_COMMANDS, (0, 2))
        for what in (
            {},
            {"next_page": PAGE},
            {"next_page": None, "settings": SENDS_AND_POLLS, "remote": replace(ANY, has_document=True)},
        )
    ],
    State.AWAITING_PAGE: [
        {"post_command": Fcf.EOM, "answer": Fcf.MCF},
        {"polling": True, "settings": POLLS, "dcs_came": False},
        {"page_info": PAGE, "settings": SERVES},
        {"page_info": PAGE, "settings": LOCKED},
    ],
    State.ANSWERING_PAGE: [
        {"post_command": fcf, "answer": answer} for fcf, answer in product(_COMMANDS, (Fcf.MCF, Fcf.RTN, Fcf.RTP))
    ],
}


def stations(state: State) -> Iterator[Station]:
    for facts in ({}, *FACTS.get(state, [])):
        station = reach(state)
        station.chooses = False
        for name, value in facts.items():
            setattr(station.session._call, name, deepcopy(value))
        yield station


# --- the table -------------------------------------------------------------------------------------------------------

SIGNALS = [signal for signal in Signal if signal is not Signal.ECHO]
"Nothing of our own comes back: we send no frame."


@pytest.mark.parametrize("state", STATES)
def test_every_signal_in_this_state(state: State) -> None:
    """Each row leads where it says, and nowhere else."""
    for signal in SIGNALS:
        row = ROWS.get((state, signal))
        if row is None:
            continue
        reached = set()
        for event in happenings(signal):
            for station in stations(state) if row.targets else [reach(state)]:
                drive(station, signal, event)
                reached.add(station.state)
        assert reached - row.targets <= {state}
        assert row.targets <= reached, f"{signal}: not {row.targets - reached}"


@pytest.mark.parametrize("state", [state for state in STATES if state is not State.ENDED])
def test_every_other_signal_leaves_no_trace(state: State) -> None:
    station = reach(state)
    before = _facts(station.session._call)
    for signal in SIGNALS:
        for event in happenings(signal) if (state, signal) not in ROWS else ():
            with pytest.raises(LocalProtocolError, match="cannot happen while"):
                drive(station, signal, event)
            assert station.state is state
    assert _facts(station.session._call) == before
    assert not station.commands()
    assert not station.transitions()


def test_what_comes_late_is_nobodys_fault() -> None:
    station = reach(State.ENDED)
    for signal in EVENTS:
        for event in happenings(signal):
            drive(station, signal, event)
    assert station.session.done
    assert not station.transitions()


def test_every_state_is_known_reached_and_leads_to_the_end() -> None:
    ways: dict[State, set[State]] = defaultdict(set)
    for (state, _), row in ROWS.items():
        ways[state] |= row.targets
    ways[State.IDLE] |= {State.DIALING, State.ANSWERING}
    assert set(ENTRIES) | {State.IDLE} == set(STATES) == {state for state, _ in ROWS}
    assert _reachable(State.IDLE, ways) == set(STATES)
    assert all(State.ENDED in _reachable(state, ways) for state in STATES)


def _reachable(start: State, ways: dict[State, set[State]]) -> set[State]:
    seen, todo = {start}, [start]
    while todo:
        for target in ways[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return seen


def test_wherever_the_modem_tells_of_frames_it_may_tell_of_any() -> None:
    for state, signal in product(TOLD, FRAME_SIGNALS - {Signal.ECHO}):
        assert (state, signal) in ROWS
    assert not [state for state, signal in ROWS if signal in FRAME_SIGNALS and state not in TOLD]


# --- no state can hang -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in STATES if state not in (State.IDLE, State.ENDED)])
def test_a_modem_that_says_nothing_more_cannot_hold_the_call(state: State) -> None:
    for station in stations(state):
        began = station.now
        while not station.session.done:
            station.run_out()
        assert station.now - began <= LIMITS.call_s + HANG_UP_LIMIT_S
        assert isinstance(station.transitions()[-1], CallEnded)


@pytest.mark.parametrize("state", [state for state in STATES if state in UNDER_WAY | {State.DIALING, State.ANSWERING}])
def test_cancel_in_every_state(state: State) -> None:
    station = reach(state)
    assert station.cancel() == [events.HangUp()]
    assert Canceling() in station.transitions()
    assert station.cancel() == []
    assert station.end().outcome is (Outcome.OK if state is State.AWAITING_RELEASE else Outcome.CANCELED)


@pytest.mark.parametrize("state", [state for state in STATES if state in UNDER_WAY])
@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (events.LineLost(), Outcome.FAR_END_HUNG_UP),
        (events.Failed(Outcome.PORT_LOST), Outcome.PORT_LOST),
        (events.Failed(Outcome.DOCUMENT_FAILED), Outcome.DOCUMENT_FAILED),
        (released(Outcome.TRAINING_FAILED), Outcome.TRAINING_FAILED),
        (released(), Outcome.FAR_END_DISCONNECTED),
    ],
)
def test_what_breaks_the_call_off(state: State, event: events.Event, outcome: Outcome) -> None:
    station = reach(state)
    assert station.hear(event) == [events.HangUp()]
    assert station.end().outcome is (Outcome.OK if state is State.AWAITING_RELEASE else outcome)


@pytest.mark.parametrize("state", [State.DIALING, State.ANSWERING])
def test_the_modem_gives_up_before_a_frame_has_come(state: State) -> None:
    station = reach(state)
    station.hear(released(Outcome.NOT_A_FAX))
    assert station.end() == CallEnded(Outcome.NOT_A_FAX, 0)


def test_a_modem_is_waited_for_as_long_as_it_needs() -> None:
    due = {state: reach(state).due_in() for state in STATES if state not in (State.IDLE, State.ENDED)}
    assert due[State.DIALING] == LIMITS.t0_s + LIMITS.t1_s + REPORT_S
    assert due[State.ANSWERING] == ANSWER_LIMIT_S
    assert due[State.IDENTIFYING] == due[State.NEGOTIATING] == due[State.AWAITING_PAGE] == NEGOTIATION_LIMIT_S
    assert due[State.STORING_PAGE] == due[State.ANSWERING_PAGE] == LIMITS.step_s
    # four times a block of 64 KiB at 14400 bit/s, of which the DTE sees nothing
    for state in (State.SENDING_PAGE, State.ENDING_PAGE, State.AWAITING_NEXT_PAGE, State.RECEIVING_PAGE):
        assert due[state] == pytest.approx(LIMITS.progress_s + 145.64, abs=0.01)


def test_a_page_that_moves_may_take_its_time() -> None:
    for state in (State.SENDING_PAGE, State.RECEIVING_PAGE):
        station = reach(state)
        for _ in range(20):
            station.hear(events.Moved(), after=LIMITS.progress_s)
        assert station.state is state
        station.run_out()
        assert station.end().outcome is Outcome.STALLED


def test_nobody_answers() -> None:
    station = reach(State.DIALING)
    assert station.run_out() == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.NO_ANSWER, 0)


# --- the same story as that of a modem that leaves T.30 to us --------------------------------------------------------


def _story(settings: Settings, happened: Iterable[events.Event]) -> list[Transition]:
    station = walked(settings, happened)
    transitions = station.transitions()
    if station.state is State.SENDING_DCN:
        station.hear(SENT)
    station.hear(events.HungUp())
    assert station.session.done
    return transitions + station.transitions()


IDENTIFIED: list[events.Event] = [far(Fcf.CSI, StationId("5550123"), final=False), dis()]
CALLER: list[events.Event] = [from_caller(Fcf.TSI, StationId("5550100")), dcs()]


def test_sending_three_pages_tells_the_same_story() -> None:
    ours = _story(SENDS, [*FOUND, dcs(), BEGUN, MORE, MCF, BEGUN, MORE, MCF, BEGUN, LAST, MCF])
    carrier = _story(
        calling(),
        [UP, *IDENTIFIED, SENT, SENT, far(Fcf.CFR), MORE, SENT, MCF, MORE, SENT, MCF, LAST, SENT, MCF],
    )
    assert ours == carrier
    assert ours[-1] == CallEnded(Outcome.OK, 3)
    assert ours[:7] == [
        PhaseEntered(Phase.A),
        Dialing(),
        Answered(),
        PhaseEntered(Phase.B),
        RemoteIdentified("5550123"),
        Negotiated(FASTEST),
        Trained(Modulation.V17_14400, good=True),
    ]


def test_receiving_two_pages_tells_the_same_story() -> None:
    ours = _story(TAKES, [*TAKEN, BEGUN, MPS, GOOD, SENT, BEGUN, EOP, GOOD, SENT, released()])
    good = events.TrainingReceived(good=True)
    came: list[events.Event] = [events.PageReceived(), MPS, GOOD, SENT, events.PageReceived(), EOP, GOOD, SENT]
    carrier = _story(called(), [UP, SENT, *CALLER, good, SENT, *came, from_caller(Fcf.DCN)])
    assert ours == carrier
    assert ours[-1] == CallEnded(Outcome.OK, 2)


def test_a_page_that_is_sent_again_tells_the_same_story() -> None:
    slower = replace(FASTEST, modulation=Modulation.V17_12000)
    ours = _story(SENDS, [*FOUND, dcs(), BEGUN, LAST, RTN, events.PageBegun(slower), LAST, MCF])
    carrier = _story(
        calling(),
        [UP, *IDENTIFIED, SENT, SENT, far(Fcf.CFR), LAST, SENT, RTN, SENT, SENT, far(Fcf.CFR), LAST, SENT, MCF],
    )
    assert [t for t in ours if t != Negotiated(slower)] == carrier
    assert ours[-1] == CallEnded(Outcome.OK, 1)


# --- sending ---------------------------------------------------------------------------------------------------------


def test_what_the_modem_is_told_page_by_page() -> None:
    station, commands = at_work(SENDS, *FOUND)
    assert commands[1:] == [events.BeginPage(1, FASTEST)]
    assert station.hear(dcs(), BEGUN) == [events.SendPage(1, FASTEST)]
    assert station.hear(MORE) == [events.EndPage(Fcf.MPS)]
    assert station.hear(MCF) == [events.BeginPage(2, FASTEST)]
    assert station.hear(BEGUN) == [events.SendPage(2, FASTEST)]
    assert station.hear(LAST) == [events.EndPage(Fcf.EOP)]
    assert station.hear(MCF) == [events.HangUp()]


def test_a_modem_that_settles_on_something_else_gets_the_page_so() -> None:
    station = walked(SENDS, FOUND)
    other = replace(FASTEST, modulation=Modulation.V29_9600, scan_time_ms=20)
    station.transitions()
    assert station.hear(dcs(other), events.PageBegun(other)) == [events.SendPage(1, other)]
    assert station.transitions()[:2] == [Negotiated(other), Trained(Modulation.V29_9600, good=True)]
    # the same wish again: what came of it may go on
    assert station.hear(MORE) == [events.EndPage(Fcf.MPS)]
    assert station.hear(MCF) == [events.BeginPage(2, FASTEST)]


def test_a_modem_that_names_no_dcs_tells_of_it_when_the_page_begins() -> None:
    station = walked(SENDS, FOUND)
    station.transitions()
    station.hear(BEGUN)
    assert station.transitions() == [
        Negotiated(FASTEST),
        Trained(Modulation.V17_14400, good=True),
        PhaseEntered(Phase.C),
        PageStarted(1),
    ]


def test_a_slower_dcs_follows_a_training_that_failed() -> None:
    station = walked(SENDS, FOUND)
    slower = replace(FASTEST, modulation=Modulation.V17_9600)
    station.transitions()
    station.hear(dcs(), dcs(), dcs(slower), events.PageBegun(slower))
    assert [t for t in station.transitions() if isinstance(t, Trained)] == [
        Trained(Modulation.V17_14400, good=False),
        Trained(Modulation.V17_9600, good=True),
    ]


def test_a_training_between_two_pages_is_told() -> None:
    station = walked(SENDS, [*_TO_DATA, MORE, MCF])
    station.transitions()
    slower = replace(FASTEST, modulation=Modulation.V17_9600)
    station.hear(dcs(slower), events.PageBegun(slower))
    assert station.transitions() == [
        Negotiated(slower),
        Trained(Modulation.V17_9600, good=True),
        PageStarted(2),
    ]


def test_a_refused_page_goes_again_more_slowly_and_not_for_ever() -> None:
    station = walked(SENDS, [*_TO_DATA, LAST])
    for rate in (Modulation.V17_12000, Modulation.V29_9600):
        slower = replace(FASTEST, modulation=rate)
        assert station.hear(RTN) == [events.BeginPage(1, slower)]
        assert station.hear(dcs(slower), events.PageBegun(slower), LAST) == [
            events.SendPage(1, slower),
            events.EndPage(Fcf.EOP),
        ]
    assert station.hear(far(Fcf.PIN)) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_the_rate_that_a_modem_came_down_to_is_where_a_refusal_goes_down_from() -> None:
    slow = replace(FASTEST, modulation=Modulation.V27TER_4800)
    station, _ = at_work(SENDS, *FOUND, dcs(slow), events.PageBegun(slow), LAST)
    assert station.hear(RTN) == [events.BeginPage(1, replace(FASTEST, modulation=Modulation.V27TER_2400))]
    lowest = replace(slow, modulation=Modulation.V27TER_2400)
    station.hear(events.PageBegun(lowest), LAST)
    assert station.hear(RTN) == [events.BeginPage(1, replace(FASTEST, modulation=Modulation.V27TER_2400))]


def test_a_rate_that_is_in_no_ladder_is_kept() -> None:
    odd = replace(FASTEST, modulation=Modulation.V27TER_2400)
    station, _ = at_work(
        replace(SENDS, transmits=frozenset({Modulation.V29_9600})), *FOUND, events.PageBegun(odd), LAST
    )
    assert station.hear(RTN) == [events.BeginPage(1, odd)]


def test_a_modem_that_ends_after_a_refusal_does_not_repeat_the_page() -> None:
    station = walked(SENDS, [*_TO_DATA, LAST, RTN, released()])
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_rtp_keeps_the_page_and_trains() -> None:
    station = walked(SENDS, [*_TO_DATA, MORE])
    station.transitions()
    assert station.hear(RTP) == [events.BeginPage(2, FASTEST)]
    assert station.state is State.NEGOTIATING
    assert station.transitions() == [PageConfirmed(1), PhaseEntered(Phase.B)]
    station.hear(BEGUN)
    assert Trained(Modulation.V17_14400, good=True) in station.transitions()


def test_rtp_after_the_last_page_is_a_good_end() -> None:
    station = walked(SENDS, [*_TO_DATA, LAST, RTP])
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_a_page_of_another_shape_begins_with_another_phase_b() -> None:
    station, commands = at_work(SENDS, *_TO_DATA, events.PageSent(COARSE))
    assert commands[-1] == events.EndPage(Fcf.EOM)
    coarse = replace(FASTEST, resolution=Resolution.STANDARD)
    assert station.hear(MCF) == [events.BeginPage(2, coarse)]
    assert station.state is State.NEGOTIATING
    assert station.hear(dis(), dcs(coarse), events.PageBegun(coarse)) == [events.SendPage(2, coarse)]


def test_what_the_modem_cannot_be_told_is_not_chosen() -> None:
    fine = frozenset({Resolution.FINE})
    page = replace(PAGE, resolution=Resolution.SUPERFINE)
    able = replace(SENDS, first_page=page, resolutions=fine, ecm=False, codings=frozenset({Coding.MR}))
    _, commands = at_work(able, HEARD, dis(CORRECTING), UP)
    begin = commands[-1]
    assert isinstance(begin, events.BeginPage)
    asked = begin.parameters
    assert (asked.resolution, asked.coding, asked.ecm_octets) == (Resolution.FINE, Coding.MR, 0)


@pytest.mark.parametrize(
    ("happened", "settings"),
    [
        ([HEARD, dis(receives=0), UP], SENDS),
        ([HEARD, dis(), UP], calling(page_level=True, addressing=Addressing(subaddress="7"))),
    ],
)
def test_a_far_end_that_cannot_take_it(happened: list[events.Event], settings: Settings) -> None:
    station = walked(settings, happened)
    assert station.end() == CallEnded(Outcome.INCOMPATIBLE, 0)


@pytest.mark.parametrize("happened", [[UP], [HEARD, UP]])
def test_a_modem_that_calls_and_says_nothing_of_the_far_end(happened: list[events.Event]) -> None:
    station = walked(SENDS, happened)
    assert station.end() == CallEnded(Outcome.MODEM_FAILED, 0)


def test_a_call_that_fails_after_the_first_frame() -> None:
    station = walked(SENDS, [HEARD, events.CallNotConnected(Outcome.NOT_A_FAX)])
    assert station.end() == CallEnded(Outcome.NOT_A_FAX, 0)


@pytest.mark.parametrize("state", [state for state in STATES if state in UNDER_WAY and PATHS[state][0] is SENDS])
def test_no_good_end_before_the_last_page_is_confirmed(state: State) -> None:
    """A fax is never called sent unless the far end said so."""
    station = reach(state)
    station.hear(released())
    assert station.end().outcome is Outcome.FAR_END_DISCONNECTED


def test_a_good_end_after_the_last_page_is_one() -> None:
    station = walked(SENDS, [*_TO_DATA, LAST, MCF, released()])
    assert station.transitions()[-1] == CallEnded(Outcome.OK, 1)


def test_notes_of_the_far_end() -> None:
    station = walked(TAKES, [HEARD, from_caller(Fcf.SUB, StationId("12")), dcs()])
    assert RemoteTold(Note.SUBADDRESS, "12") in station.transitions()


# --- receiving -------------------------------------------------------------------------------------------------------


def test_what_the_modem_is_told_when_pages_come() -> None:
    station, commands = at_work(TAKES, *TAKEN)
    assert commands == [events.Answer(), events.AwaitPage(1)]
    assert station.hear(BEGUN) == []
    assert station.hear(events.Moved(), MPS) == [events.StorePage(1, FASTEST)]
    assert station.hear(GOOD) == [events.AnswerPage(Fcf.MCF)]
    assert station.hear(SENT) == [events.AwaitPage(2)]
    assert station.state is State.AWAITING_NEXT_PAGE
    assert station.hear(BEGUN, EOP) == [events.StorePage(2, FASTEST)]
    assert station.hear(GOOD) == [events.AnswerPage(Fcf.MCF)]
    assert station.hear(SENT) == [events.AwaitPage(3)]
    assert station.hear(released()) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_nothing_is_answered_before_it_is_stored() -> None:
    station, commands = at_work(TAKES, *_TO_PAGE, EOP)
    assert commands[-1] == events.StorePage(1, FASTEST)
    with pytest.raises(LocalProtocolError):
        station.hear(SENT)


@pytest.mark.parametrize("event", [released(Outcome.NO_RESPONSE), events.LineLost(), events.Failed(Outcome.PORT_LOST)])
def test_a_document_that_is_whole_stays_whole_however_its_last_answer_fares(event: events.Event) -> None:
    station = walked(TAKES, [*_TO_PAGE, EOP, GOOD, SENT, event])
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_a_session_that_ends_before_the_answer_is_settled_is_not_whole() -> None:
    """The modem cannot have given an answer that it did not know."""
    station = walked(TAKES, [*_TO_PAGE, EOP, GOOD, released(Outcome.NO_COMMAND)])
    assert station.end() == CallEnded(Outcome.NO_COMMAND, 1)


def test_a_bad_page_is_refused_and_comes_again() -> None:
    station, _ = at_work(TAKES, *_TO_PAGE, EOP)
    station.transitions()
    assert station.hear(BAD) == [events.AnswerPage(Fcf.RTN)]
    assert PageRefused(1) in station.transitions()
    assert station.hear(SENT) == [events.AwaitPage(1)]
    assert station.state is State.AWAITING_PAGE
    slower = replace(FASTEST, modulation=Modulation.V17_12000)
    station.hear(dcs(slower), events.PageBegun(slower), EOP, GOOD, SENT, released())
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_a_poor_page_is_kept_and_the_line_trained() -> None:
    station, commands = at_work(TAKES, *_TO_PAGE, MPS, events.PageStored(events.Verdict.POOR, 10))
    assert commands[-1] == events.AnswerPage(Fcf.RTP)
    assert station.hear(SENT) == [events.AwaitPage(2)]
    assert station.state is State.AWAITING_PAGE
    assert PageStored(1, 10) in station.transitions()


def test_a_command_without_a_page_is_answered_with_rtn() -> None:
    for state in (State.AWAITING_PAGE, State.AWAITING_NEXT_PAGE):
        station = reach(state)
        assert station.hear(from_caller(Fcf.PRI_EOP)) == [events.AnswerPage(Fcf.RTN)]
        assert any(isinstance(t, PageRefused) for t in station.transitions())


def test_pages_with_error_correction_are_answered_with_mcf_however_poor() -> None:
    station, _ = at_work(TAKES, HEARD, dcs(CORRECTED), UP, events.PageBegun(CORRECTED), EOP)
    assert station.hear(events.PageStored(events.Verdict.POOR, 10)) == [events.AnswerPage(Fcf.MCF)]


def test_a_second_document_comes_after_eom() -> None:
    station, commands = at_work(TAKES, *_TO_PAGE, EOM, GOOD, SENT)
    assert commands[-1] == events.AwaitPage(2)
    station.transitions()
    station.hear(dcs(), BEGUN)
    assert station.transitions() == [
        Negotiated(FASTEST),
        Trained(Modulation.V17_14400, good=True),
        PhaseEntered(Phase.C),
        PageStarted(2),
    ]


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.NO_COMMAND, Outcome.NO_RESPONSE])
def test_after_eom_a_sender_may_go(outcome: Outcome) -> None:
    station = walked(TAKES, [*_TO_PAGE, EOM, GOOD, SENT, released(outcome)])
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_after_eom_a_sender_that_has_begun_again_may_not() -> None:
    station = walked(TAKES, [*_TO_PAGE, EOM, GOOD, SENT, dcs(), released()])
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 1)


def test_a_dcs_whose_pages_nobody_here_can_read() -> None:
    station = walked(TAKES, [HEARD, dcs(jbig=1)])
    assert station.end() == CallEnded(Outcome.PROTOCOL_ERROR, 0)


def test_two_stations_that_both_answer_have_nothing_to_say() -> None:
    station = walked(TAKES, [HEARD, dis(), dcs(), UP])
    assert station.state is State.AWAITING_PAGE


# --- polling ---------------------------------------------------------------------------------------------------------


def test_polling() -> None:
    station, commands = at_work(POLLS, HEARD, dis(has_document=1), UP)
    assert commands[-1] == events.AwaitPage(1)
    assert Turned(sends=False) in station.transitions()
    station.hear(dcs(), BEGUN, EOP, GOOD, SENT, released())
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_nothing_to_poll() -> None:
    station = walked(POLLS, [HEARD, dis(), UP])
    assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 0)


def test_a_far_end_that_does_not_know_selectors() -> None:
    station = walked(replace(POLLS, addressing=Addressing(selective="1")), [HEARD, dis(has_document=1), UP])
    assert station.end() == CallEnded(Outcome.INCOMPATIBLE, 0)


def test_a_document_that_is_not_for_us() -> None:
    station = walked(POLLS, [HEARD, dis(has_document=1), UP, released()])
    assert station.end() == CallEnded(Outcome.POLL_REFUSED, 0)
    station = walked(POLLS, [HEARD, dis(has_document=1), UP, dcs(), released()])
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 0)


def test_a_modem_that_polls_before_it_says_that_the_call_is_up() -> None:
    station = walked(POLLS, [HEARD, dis(has_document=1), dcs(), UP])
    transitions = station.transitions()
    assert transitions.index(Turned(sends=False)) < transitions.index(Negotiated(FASTEST))
    assert transitions.count(Turned(sends=False)) == 1
    assert station.state is State.AWAITING_PAGE


@pytest.mark.parametrize(
    ("settings", "happened", "outcome"),
    [
        (POLLS, [HEARD, dis()], Outcome.NOTHING_TO_POLL),
        (POLLS, [HEARD, dis(has_document=1)], Outcome.POLL_REFUSED),
        (POLLS, [HEARD, dis(has_document=1), dcs()], Outcome.FAR_END_DISCONNECTED),
        (replace(POLLS, addressing=Addressing(selective="1")), [HEARD, dis(has_document=1)], Outcome.INCOMPATIBLE),
        (POLLS, [HEARD], Outcome.FAR_END_DISCONNECTED),
        (SENDS, [HEARD, dis()], Outcome.FAR_END_DISCONNECTED),
    ],
)
def test_a_modem_that_ends_a_poll_by_itself(settings: Settings, happened: list[events.Event], outcome: Outcome) -> None:
    station = walked(settings, [*happened, released()])
    assert station.end() == CallEnded(outcome, 0)


def test_polling_after_sending() -> None:
    station, commands = at_work(SENDS_AND_POLLS, HEARD, dis(has_document=1), UP, dcs(), BEGUN, LAST)
    assert commands[-1] == events.EndPage(Fcf.EOM)
    assert station.hear(MCF) == [events.AwaitPage(2)]
    assert Turned(sends=False) in station.transitions()
    station.hear(dcs(), BEGUN, EOP, GOOD, SENT, released())
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_nothing_to_poll_after_sending() -> None:
    station = walked(SENDS_AND_POLLS, [HEARD, dis(), UP, dcs(), BEGUN, LAST, MCF])
    assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 1)


def test_a_poller_is_served() -> None:
    station, commands = at_work(SERVES, HEARD, dtc(), UP)
    assert commands[-1] == events.BeginPage(1, FASTEST)
    assert Turned(sends=True) in station.transitions()
    station.hear(dcs(), BEGUN, LAST, MCF)
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_a_poller_for_whom_nothing_is_held() -> None:
    for event in (UP, released()):
        station = walked(TAKES, [HEARD, dtc(), event])
        assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 0)


@pytest.mark.parametrize(("selector", "outcome"), [("1", None), ("2", Outcome.POLL_REFUSED)])
def test_a_door_with_a_selector(selector: str, outcome: Outcome | None) -> None:
    station = walked(LOCKED, [HEARD, far(Fcf.SEP, StationId(selector)), dtc(), UP])
    if outcome is None:
        assert station.state is State.NEGOTIATING
    else:
        assert station.end().outcome is outcome


def test_who_holds_a_document_takes_one_too_and_gives_his_afterwards() -> None:
    station, _ = at_work(SERVES, *_TO_PAGE, EOM, GOOD, SENT)
    assert station.hear(dtc()) == [events.BeginPage(1, FASTEST)]
    station.hear(dcs(), BEGUN, LAST, MCF)
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_a_caller_is_not_polled() -> None:
    station = walked(POLLS, [HEARD, dis(has_document=1), UP, dtc()])
    assert station.state is State.AWAITING_PAGE
