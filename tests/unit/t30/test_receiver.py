"""The station that wants the document, with literal times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.t30 import events
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings, bits_of
from faxmodem.t30.receiver import REPEAT_WINDOW_S
from faxmodem.t30.states import State
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import CallEnded, PageRefused, PageStarted, PageStored, RemoteIdentified, Trained
from tests.unit.t30.helpers import (
    ANY,
    CORRECTING,
    FASTEST,
    Station,
    called,
    dcs,
    dis,
    far,
    from_caller,
    reach,
    sent_fcfs,
)

SENT = events.Sent()
LISTEN = [events.Listen()]
GOOD, POOR, BAD = (events.PageStored(verdict, 1000) for verdict in events.Verdict)
COMMANDS = (Fcf.MPS, Fcf.EOM, Fcf.EOP)
PRI = {Fcf.MPS: Fcf.PRI_MPS, Fcf.EOM: Fcf.PRI_EOM, Fcf.EOP: Fcf.PRI_EOP}


def waiting_for_dcs(settings: Settings | None = None) -> Station:
    """A station whose DIS has just gone out."""
    station = Station.started(settings or called())
    station.hear(events.CallConnected(), SENT)
    assert station.state is State.AWAIT_DCS
    return station


def receiving() -> Station:
    """A station that waits for the carrier of its first page."""
    station = waiting_for_dcs()
    station.hear(dcs(), events.TrainingReceived(good=True), SENT)
    assert station.state is State.RECEIVING_PAGE
    station.transitions()
    return station


def answered(command: Fcf, judged: events.PageStored) -> Station:
    """A station that has just answered the command after its first page."""
    station = receiving()
    station.hear(events.PageReceived(), from_caller(command), judged)
    station.hear(SENT)
    return station


def unanswered(station: Station) -> list[Fcf | None]:
    """What is sent when nothing comes any more, until the call ends."""
    sent: list[Fcf | None] = []
    while station.state not in (State.HANGING_UP, State.ENDED):
        sent += sent_fcfs(station.run_out())
        if station.state in (State.SENDING_DIS, State.SENDING_ANSWER, State.SENDING_DCN):
            station.hear(SENT, after=2.0)
    return sent


# --- identification --------------------------------------------------------------------------------------------------


def test_answers_and_sends_dis() -> None:
    station = Station.started(called(station_id="+49 30 1"))
    assert station.commands() == [events.Answer()]
    (command,) = station.hear(events.CallConnected())
    assert isinstance(command, events.SendFrames)
    csi, offer = command.frames
    assert csi == Frame.of(Fcf.CSI, StationId("+49 30 1"), final=False)
    all_of_dis = frozenset(Modulation) - {Modulation.V34}
    assert Capabilities.from_bits(bits_of(offer)) == replace(
        CORRECTING, modulations=all_of_dis, v8=True, subaddress=True, password=True
    )
    assert station.hear(SENT) == LISTEN


def test_the_called_station_clears_the_x_bit() -> None:
    station = receiving()
    station.hear(events.PageReceived(), from_caller(Fcf.EOP))
    assert station.hear(GOOD) == [events.SendFrames((Frame.of(Fcf.MCF, x=False),))]


def test_dis_is_repeated_until_t1() -> None:
    station = Station.started(called())
    station.hear(events.CallConnected())
    station.hear(SENT, after=2.0)
    assert station.due_in() == 3.4
    sent = unanswered(station)
    assert sent == [Fcf.DIS] * 6 + [Fcf.DCN]
    assert station.now == 35.0 + 2.0
    assert station.end() == CallEnded(Outcome.NOT_A_FAX, 0)


def test_a_caller_that_only_names_itself() -> None:
    station = waiting_for_dcs()
    station.hear(events.FrameReceived(Frame.of(Fcf.TSI, StationId("+1 555"), x=True, final=False)))
    assert station.due_in() == 5.0, "a DCS is to follow"
    assert RemoteIdentified("+1 555") in station.transitions()
    unanswered(station)
    assert station.end().outcome is Outcome.NO_RESPONSE


def test_two_receivers() -> None:
    station = waiting_for_dcs()
    other = Capabilities(modulations=frozenset({Modulation.V27TER_2400}))
    assert station.hear(dis(other)) == []
    assert station.hear(dis()) == [], "the same as ours: an echo"
    assert station.due_in() == 3.4


def test_flags_while_t4_runs() -> None:
    station = waiting_for_dcs()
    station.hear(events.FlagsHeard(), after=3.3)
    assert station.due_in() == 5.0


def test_crp_asks_for_dis_again() -> None:
    assert sent_fcfs(waiting_for_dcs().hear(from_caller(Fcf.CRP))) == [Fcf.DIS]


def test_a_caller_that_wants_to_poll() -> None:
    station = waiting_for_dcs()
    assert sent_fcfs(station.hear(far(Fcf.DTC, ANY.to_bits()))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.NOTHING_TO_POLL


# --- DCS -------------------------------------------------------------------------------------------------------------


def test_dcs_is_followed_by_tcf() -> None:
    station = waiting_for_dcs()
    assert station.hear(dcs(), after=1.0) == [events.ReceiveTraining(Modulation.V17_14400)]
    assert station.due_in() == 4.5


def test_a_dcs_decides_how_the_page_comes() -> None:
    parameters = Parameters(modulation=Modulation.V29_7200, resolution=Resolution.SUPERFINE, width=2432, scan_time_ms=0)
    station = waiting_for_dcs()
    station.hear(dcs(parameters), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceivePage(1, parameters)]


COARSEST = replace(FASTEST, resolution=Resolution.STANDARD)


@pytest.mark.parametrize("field", ["ecm", "two_dimensional", "t6", "jbig", "r300"])
def test_a_dcs_that_selects_what_we_did_not_offer(field: str) -> None:
    standard = frozenset({Resolution.STANDARD})
    station = waiting_for_dcs(called(ecm=False, codings=frozenset({Coding.MH}), resolutions=standard))
    assert sent_fcfs(station.hear(dcs(COARSEST, **{field: 1}))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.PROTOCOL_ERROR


def test_a_dcs_with_an_unknown_rate() -> None:
    station = waiting_for_dcs()
    bits = Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": 0b1110})
    assert sent_fcfs(station.hear(far(Fcf.DCS, bits, x=True))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.PROTOCOL_ERROR


def test_a_dcs_with_a_rate_that_our_modem_lacks() -> None:
    station = waiting_for_dcs(called(receives=frozenset({Modulation.V27TER_2400, Modulation.V27TER_4800})))
    assert sent_fcfs(station.hear(dcs())) == [Fcf.DCN]
    assert station.end().outcome is Outcome.PROTOCOL_ERROR


# --- training --------------------------------------------------------------------------------------------------------


def test_a_good_tcf() -> None:
    station = reach(State.RECEIVING_TCF)
    assert sent_fcfs(station.hear(events.TrainingReceived(good=True))) == [Fcf.CFR]
    assert station.transitions() == [Trained(Modulation.V17_14400, good=True)]
    assert station.hear(SENT) == [events.ReceivePage(1, FASTEST)]
    assert station.due_in() == 6.0


@pytest.mark.parametrize("event", [events.TrainingReceived(good=False), events.NoCarrier()], ids=["bad", "none"])
def test_a_bad_tcf(event: events.Event) -> None:
    station = reach(State.RECEIVING_TCF)
    assert sent_fcfs(station.hear(event)) == [Fcf.FTT]
    assert station.transitions() == [Trained(Modulation.V17_14400, good=False)]
    assert station.hear(SENT) == LISTEN
    assert station.hear(dcs(), after=3.0) == [events.ReceiveTraining(Modulation.V17_14400)]


def test_a_tcf_that_does_not_come() -> None:
    station = reach(State.RECEIVING_TCF)
    assert station.due_in() == 4.5
    assert sent_fcfs(station.run_out()) == [Fcf.FTT]


def test_a_tcf_that_begins_late() -> None:
    station = reach(State.RECEIVING_TCF)
    station.hear(events.Moved(), after=1.0)
    assert station.due_in() == 3.5
    station.hear(events.Moved(), after=3.0)
    assert station.due_in() == 3.0
    assert sent_fcfs(station.hear(events.TrainingReceived(good=True), after=2.0)) == [Fcf.CFR]


def test_a_tcf_whose_dcs_was_lost_is_not_met_by_a_dis() -> None:
    """The sender cannot hear while it sends, and its DCS comes again T4 after the TCF."""
    station = waiting_for_dcs()
    assert station.hear(events.WrongCarrier(), after=1.0) == []
    assert station.due_in() == 9.0
    assert station.hear(dcs(), after=8.0) == [events.ReceiveTraining(Modulation.V17_14400)]


def test_a_modem_that_takes_silence_for_a_carrier_does_not_keep_dis_back() -> None:
    station = Station.started(called())
    station.hear(events.CallConnected())
    sent: list[Fcf | None] = []
    while Fcf.DCN not in sent:
        if station.due_in() <= 0.5:
            sent += sent_fcfs(station.run_out())
        else:
            event = events.WrongCarrier() if station.state is State.AWAIT_DCS else SENT
            station.hear(event, after=0.5)
    assert sent == [Fcf.DIS] * 3 + [Fcf.DCN]


def test_after_ftt_the_sender_has_the_first_word() -> None:
    """Its T4 is 3 s: a DIS of ours after 3 s would meet its DCS."""
    station = reach(State.SENDING_FTT)
    station.hear(SENT)
    assert station.due_in() == 6.0
    assert sent_fcfs(station.run_out()) == [Fcf.DIS]
    station.hear(SENT)
    assert station.due_in() == 3.4


def test_crp_after_ftt_asks_for_ftt_again() -> None:
    station = reach(State.SENDING_FTT)
    station.hear(SENT)
    assert sent_fcfs(station.hear(from_caller(Fcf.CRP))) == [Fcf.FTT]


def test_the_sender_is_back_in_v21_instead_of_tcf() -> None:
    station = reach(State.RECEIVING_TCF)
    assert station.hear(events.WrongCarrier()) == LISTEN
    assert station.hear(dcs()) == [events.ReceiveTraining(Modulation.V17_14400)]


def test_a_sender_that_trains_for_ever_at_one_rate() -> None:
    station = waiting_for_dcs()
    for _ in range(11):
        assert sent_fcfs(station.hear(dcs(), events.TrainingReceived(good=False), after=5.0)) == [Fcf.FTT]
        station.hear(SENT)
    assert sent_fcfs(station.hear(dcs(), events.TrainingReceived(good=False))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.TRAINING_FAILED, 0)


def test_only_bad_trainings_in_a_row_count() -> None:
    station = waiting_for_dcs()
    for good in [*[False] * 11, True]:
        station.hear(dcs(), events.TrainingReceived(good=good), SENT)
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(dcs(), events.TrainingReceived(good=False))) == [Fcf.FTT]


def test_tcf_data_is_no_progress() -> None:
    station = Station.started(called(limits=Limits(trainings=100)))
    station.hear(events.CallConnected(), SENT)
    while station.state is State.AWAIT_DCS:
        station.hear(dcs(), events.Moved(), events.TrainingReceived(good=False), after=5.0)
        station.hear(SENT, after=5.0)
        if station.due_in() < 5.0:
            station.run_out()
    assert station.now == 180.0
    assert station.end().outcome is Outcome.STALLED


# --- CFR was lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [events.WrongCarrier(), events.NoCarrier()])
def test_dcs_again_because_cfr_was_lost(event: events.Event) -> None:
    station = receiving()
    assert station.hear(event, after=3.5) == LISTEN
    assert station.hear(dcs(), after=2.0) == [events.ReceiveTraining(Modulation.V17_14400)]
    assert sent_fcfs(station.hear(events.TrainingReceived(good=True))) == [Fcf.CFR]
    assert station.hear(SENT) == [events.ReceivePage(1, FASTEST)]


def test_crp_after_cfr_asks_for_cfr_again() -> None:
    station = receiving()
    station.hear(events.WrongCarrier(), after=2.0)
    assert sent_fcfs(station.hear(from_caller(Fcf.CRP), after=1.0)) == [Fcf.CFR]
    assert station.hear(SENT) == [events.ReceivePage(1, FASTEST)]


# --- the page --------------------------------------------------------------------------------------------------------


def test_a_page_and_its_confirmation() -> None:
    station = receiving()
    station.hear(events.Moved(), after=2.0)
    assert station.due_in() == 180.0, "T2 has done its work"
    assert station.hear(events.PageReceived(), after=30.0) == LISTEN
    assert station.due_in() == 6.0
    assert station.hear(from_caller(Fcf.MPS), after=1.5) == [events.StorePage(1, FASTEST)]
    assert sent_fcfs(station.hear(GOOD, after=0.5)) == [Fcf.MCF]
    assert PageStored(1, 1000) in station.transitions()
    assert station.hear(SENT) == [events.ReceivePage(2, FASTEST)]
    assert PageStarted(2) in station.transitions()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("stored", [GOOD, POOR, BAD], ids=["MCF", "RTP", "RTN"])
def test_an_operator_is_not_to_be_had(command: Fcf, stored: events.PageStored) -> None:
    plain, interrupt = answered(command, stored), answered(PRI[command], stored)
    assert interrupt.state is plain.state
    assert interrupt.commands() == plain.commands()
    assert interrupt.transitions() == plain.transitions()


@pytest.mark.parametrize(
    ("command", "stored", "state"),
    [
        (Fcf.MPS, GOOD, State.RECEIVING_PAGE),
        (Fcf.EOM, GOOD, State.SENDING_DIS),
        (Fcf.EOP, GOOD, State.AWAIT_DCN),
        (Fcf.MPS, POOR, State.AWAIT_COMMAND),
        (Fcf.EOM, POOR, State.AWAIT_COMMAND),
        (Fcf.EOP, POOR, State.AWAIT_DCN),
        (Fcf.MPS, BAD, State.AWAIT_COMMAND),
        (Fcf.EOM, BAD, State.AWAIT_COMMAND),
        (Fcf.EOP, BAD, State.AWAIT_COMMAND),
    ],
)
def test_what_follows_an_answer(command: Fcf, stored: events.PageStored, state: State) -> None:
    assert answered(command, stored).state is state


def test_a_bad_page_comes_again_under_its_number() -> None:
    station = receiving()
    station.hear(events.PageReceived(), from_caller(Fcf.MPS))
    assert sent_fcfs(station.hear(BAD)) == [Fcf.RTN]
    assert PageRefused(1) in station.transitions()
    station.hear(SENT, dcs(), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceivePage(1, FASTEST)]


def test_a_poor_page_is_kept_and_the_line_trained_again() -> None:
    station = receiving()
    station.hear(events.PageReceived(), from_caller(Fcf.MPS))
    assert sent_fcfs(station.hear(POOR)) == [Fcf.RTP]
    assert PageStored(1, 1000) in station.transitions()
    station.hear(SENT, dcs(), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceivePage(2, FASTEST)]


def test_a_page_that_cannot_be_stored_is_not_confirmed() -> None:
    station = reach(State.STORING_PAGE)
    assert sent_fcfs(station.hear(events.Failed(Outcome.STORAGE_FAILED))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.STORAGE_FAILED, 0)


def test_storing_has_a_limit() -> None:
    station = reach(State.STORING_PAGE)
    assert station.due_in() == 60.0
    assert station.run_out() == [events.HangUp()]


# --- commands that come again, and pages that do not come ------------------------------------------------------------


def test_mps_again_because_mcf_was_lost() -> None:
    station = answered(Fcf.MPS, GOOD)
    station.transitions()
    station.hear(events.WrongCarrier(), after=3.0)
    assert sent_fcfs(station.hear(from_caller(Fcf.MPS), after=1.3)) == [Fcf.MCF]
    assert station.hear(SENT) == [events.ReceivePage(2, FASTEST)]
    assert not [said for said in station.transitions() if isinstance(said, PageStored | PageRefused)]


@pytest.mark.parametrize(("seconds", "answer"), [(REPEAT_WINDOW_S, Fcf.MCF), (REPEAT_WINDOW_S + 0.1, Fcf.RTN)])
def test_mps_is_a_repeat_only_for_so_long(seconds: float, answer: Fcf) -> None:
    station = answered(Fcf.MPS, GOOD)
    station.hear(events.NoCarrier())
    assert sent_fcfs(station.hear(from_caller(Fcf.MPS), after=seconds)) == [answer]


def test_another_command_is_no_repeat() -> None:
    station = answered(Fcf.MPS, GOOD)
    station.hear(events.WrongCarrier(), after=3.0)
    station.transitions()
    assert sent_fcfs(station.hear(from_caller(Fcf.EOP), after=1.3)) == [Fcf.RTN]
    assert station.transitions()[-1] == PageRefused(2)


def test_a_page_that_passes_unheard_is_not_confirmed_however_short_it_is() -> None:
    station = answered(Fcf.MPS, GOOD)
    station.hear(events.NoCarrier(), after=1.0)
    station.hear(events.WrongCarrier(), after=0.5)
    assert sent_fcfs(station.hear(from_caller(Fcf.MPS), after=3.0)) == [Fcf.RTN]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_lost_as_a_whole_is_refused(command: Fcf) -> None:
    station = receiving()
    assert station.run_out() == LISTEN
    assert sent_fcfs(station.hear(from_caller(command), after=1.0)) == [Fcf.RTN]
    assert station.transitions()[-1] == PageRefused(1)
    assert station.hear(SENT) == LISTEN


def test_a_long_page_that_passes_unheard_does_not_end_the_call() -> None:
    station = receiving()
    station.run_out()
    for _ in range(10):
        station.hear(events.WrongCarrier(), after=5.0)
    assert sent_fcfs(station.hear(from_caller(Fcf.MPS), after=5.0)) == [Fcf.RTN]


@pytest.mark.parametrize("stored", [POOR, BAD], ids=["RTP", "RTN"])
@pytest.mark.parametrize("command", [Fcf.MPS, Fcf.EOM])
def test_a_command_after_rtp_or_rtn_is_a_repeat_however_late(stored: events.PageStored, command: Fcf) -> None:
    """No page can come between: it needs a DCS first."""
    station = answered(command, stored)
    answer = station.session._call.answer
    station.hear(events.FrameDamaged(), after=5.0)
    station.transitions()
    assert sent_fcfs(station.hear(from_caller(command), after=8.0)) == [answer]
    assert not station.transitions()


@pytest.mark.parametrize(
    ("command", "stored", "answer"),
    [(Fcf.EOM, GOOD, Fcf.MCF), (Fcf.EOP, GOOD, Fcf.MCF), (Fcf.EOP, POOR, Fcf.RTP)],
)
@pytest.mark.parametrize("spelling", [dict[Fcf, Fcf](), PRI], ids=["plain", "PRI"])
def test_eom_and_eop_again(command: Fcf, stored: events.PageStored, answer: Fcf, spelling: dict[Fcf, Fcf]) -> None:
    station = answered(command, stored)
    if station.state is State.SENDING_DIS:
        station.hear(SENT)
    again = from_caller(spelling.get(command, command))
    assert sent_fcfs(station.hear(again, after=3.0)) == [answer]
    station.hear(SENT)
    assert station.session._call.pages_done == 1


@pytest.mark.parametrize("other", [Fcf.MPS, Fcf.EOM])
def test_after_eop_no_other_command_counts(other: Fcf) -> None:
    station = reach(State.AWAIT_DCN)
    assert station.hear(from_caller(other)) == []


# --- CRP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stored", "answer"), [(GOOD, Fcf.MCF), (POOR, Fcf.RTP), (BAD, Fcf.RTN)])
def test_crp_asks_for_the_answer_again(stored: events.PageStored, answer: Fcf) -> None:
    station = answered(Fcf.MPS, stored)
    if station.state is State.RECEIVING_PAGE:
        station.hear(events.WrongCarrier(), after=2.0)
    assert sent_fcfs(station.hear(from_caller(Fcf.CRP), after=1.0)) == [answer]


def test_crp_after_eop() -> None:
    assert sent_fcfs(reach(State.AWAIT_DCN).hear(from_caller(Fcf.CRP))) == [Fcf.MCF]


def test_crp_after_another_page_does_not_confirm_that() -> None:
    station = answered(Fcf.MPS, GOOD)
    station.hear(events.PageReceived(), after=5.0)
    assert station.hear(from_caller(Fcf.CRP), after=1.0) == []
    station.hear(from_caller(Fcf.MPS))
    assert station.state is State.STORING_PAGE, "the page is still there"


def test_crp_long_after_mcf_does_not_confirm_a_page_that_was_lost() -> None:
    station = answered(Fcf.MPS, GOOD)
    station.run_out()
    assert station.hear(from_caller(Fcf.CRP), after=5.0) == []


# --- silence ---------------------------------------------------------------------------------------------------------


def test_no_command_after_the_page() -> None:
    station = receiving()
    station.hear(events.PageReceived())
    assert station.due_in() == 6.0
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NO_COMMAND, 0)


def test_no_page_after_cfr() -> None:
    station = receiving()
    assert station.run_out() == LISTEN
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.now == 12.0
    assert station.end().outcome is Outcome.NO_COMMAND


def test_flags_and_damaged_frames_are_a_sender_that_is_there() -> None:
    station = receiving()
    station.hear(events.PageReceived())
    station.hear(events.FlagsHeard(), after=5.0)
    assert station.due_in() == 5.0
    station.hear(events.FrameDamaged(), after=1.0)
    assert station.due_in() == 9.0, "if it was a DCS: the TCF, and T4"


def test_no_dcn_after_eop_is_no_matter() -> None:
    station = reach(State.AWAIT_DCN)
    assert station.session.outcome is Outcome.OK
    assert station.due_in() == 6.0
    assert station.run_out() == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.OK, 1)


@pytest.mark.parametrize("command", [Fcf.MPS, Fcf.EOM])
def test_dcn_before_the_end(command: Fcf) -> None:
    station = answered(command, GOOD)
    station.hear(SENT if station.state is State.SENDING_DIS else events.WrongCarrier())
    assert station.hear(from_caller(Fcf.DCN)) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 1)


def test_dcn_after_eop() -> None:
    station = reach(State.AWAIT_DCN)
    assert station.hear(from_caller(Fcf.DCN)) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_dcn_instead_of_eop() -> None:
    station = reach(State.AWAIT_COMMAND)
    station.hear(from_caller(Fcf.DCN))
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 0)


# --- after EOM -------------------------------------------------------------------------------------------------------


def test_after_eom_phase_b_begins_again_with_a_t1_of_its_own() -> None:
    station = answered(Fcf.EOM, GOOD)
    assert station.state is State.SENDING_DIS
    began = station.now
    station.hear(SENT, after=2.0)
    assert unanswered(station)[-1] is Fcf.DCN
    assert station.now - began == pytest.approx(35.0 + 2.0)
    assert station.end() == CallEnded(Outcome.OK, 1), "some senders just leave after EOM; every page is stored"


def test_a_sender_that_vanishes_in_the_training_after_eom_owes_a_page() -> None:
    station = answered(Fcf.EOM, GOOD)
    station.hear(SENT, dcs(), events.TrainingReceived(good=False), SENT)
    unanswered(station)
    assert station.end() == CallEnded(Outcome.NO_RESPONSE, 1)


@pytest.mark.parametrize(("stored", "outcome"), [(POOR, Outcome.OK), (BAD, Outcome.NO_RESPONSE)])
def test_a_sender_may_wait_for_dis_after_eom_whatever_the_answer(stored: events.PageStored, outcome: Outcome) -> None:
    station = answered(Fcf.EOM, stored)
    assert station.due_in() == 6.0
    assert sent_fcfs(station.run_out()) == [Fcf.DIS]
    station.hear(SENT)
    again = station.session._call.answer
    assert sent_fcfs(station.hear(from_caller(Fcf.EOM))) == [again]
    station.hear(SENT)
    unanswered(station)
    assert station.end().outcome is outcome


# --- echo ------------------------------------------------------------------------------------------------------------


def test_the_echo_of_our_own_frames_is_ignored() -> None:
    station = Station.started(called(station_id="+49 30 1"))
    *_, command = station.hear(events.CallConnected())
    assert isinstance(command, events.SendFrames)
    station.hear(SENT)
    for frame in command.frames:
        assert station.hear(events.FrameReceived(frame), after=0.5) == []
    assert station.due_in() == 2.4
    unanswered(station)
    assert station.end().outcome is Outcome.NOT_A_FAX, "nobody but ourselves has been heard"


@pytest.mark.parametrize(("stored", "answer"), [(POOR, Fcf.RTP), (BAD, Fcf.RTN)])
def test_the_echo_of_an_answer_is_ignored(stored: events.PageStored, answer: Fcf) -> None:
    station = answered(Fcf.MPS, stored)
    assert station.hear(events.FrameReceived(Frame.of(answer)), after=0.5) == []
    assert station.due_in() == 5.5
