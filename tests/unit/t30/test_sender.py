"""The station that has the document, with literal times."""

from __future__ import annotations

import pytest

from faxmodem.codec.geometry import Resolution
from faxmodem.t30 import events
from faxmodem.t30.bits import Bits
from faxmodem.t30.capabilities import Capabilities, PageInfo, PageLength, Parameters, ladder
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import NonStandard, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.states import State
from faxmodem.t30.transitions import (
    CallEnded,
    PageConfirmed,
    PageRefused,
    PageStarted,
    RemoteIdentified,
    Trained,
)
from tests.unit.t30.helpers import ANY, COARSE, FASTEST, PAGE, WIDE, Station, calling, dis, dtc, far, reach, sent_fcfs

SENT = events.Sent()
LISTEN = [events.Listen()]


def dcs_of(commands: list[events.Command]) -> Parameters:
    """What the DCS among these commands selects."""
    (command,) = commands
    assert isinstance(command, events.SendFrames)
    bits = command.frames[-1].record()
    assert isinstance(bits, Bits)
    return Parameters.from_bits(bits)


def waiting_for_dis(settings: Settings | None = None) -> Station:
    station = Station.started(settings or calling())
    station.hear(events.CallConnected())
    station.transitions()
    return station


def waiting_for_cfr(settings: Settings | None = None, capabilities: Capabilities = ANY) -> Station:
    station = waiting_for_dis(settings)
    station.hear(dis(capabilities), SENT, SENT)
    assert station.state is State.AWAIT_CFR
    return station


def page_sent(
    following: PageInfo | None, settings: Settings | None = None, capabilities: Capabilities = ANY
) -> Station:
    """A station that waits for the confirmation of its first page."""
    station = waiting_for_cfr(settings, capabilities)
    station.hear(far(Fcf.CFR), events.PageSent(following), SENT)
    assert station.state is State.AWAIT_CONFIRMATION
    station.transitions()
    return station


def refuse(station: Station) -> list[events.Command]:
    """RTN; gives the commands that came of it."""
    return station.hear(far(Fcf.RTN))


def send_page_again(station: Station, following: PageInfo | None) -> None:
    """From a DCS being sent to the next wait for a confirmation."""
    station.hear(SENT, SENT, far(Fcf.CFR), events.PageSent(following), SENT)
    assert station.state is State.AWAIT_CONFIRMATION


def ended(station: Station) -> Outcome:
    return station.end().outcome


# --- phase A ---------------------------------------------------------------------------------------------------------


def test_dials() -> None:
    station = Station.started(calling(), now=100.0)
    assert station.commands() == [events.Dial("5550123")]
    assert station.session.deadline() == 165.0


def test_t0_ends_a_call_that_nobody_answers() -> None:
    station = Station.started(calling())
    station.commands()
    assert station.run_out() == [events.HangUp()]
    assert station.now == 65.0
    assert ended(station) is Outcome.NO_ANSWER


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_DIAL_TONE, Outcome.NO_ANSWER])
def test_the_modem_says_why_there_is_no_call(outcome: Outcome) -> None:
    station = Station.started(calling())
    station.commands()
    assert station.hear(events.CallNotConnected(outcome)) == [events.HangUp()]
    assert ended(station) is outcome


# --- identification --------------------------------------------------------------------------------------------------


def test_silence_for_t1_is_not_a_fax() -> None:
    station = waiting_for_dis()
    assert station.due_in() == 35.0
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.now == 35.0
    assert ended(station) is Outcome.NOT_A_FAX


def test_a_fax_that_never_says_dis_is_a_fax_all_the_same() -> None:
    station = waiting_for_dis()
    station.hear(far(Fcf.NSF, NonStandard(0xB5, b""), final=False), after=10.0)
    assert station.due_in() == 25.0
    station.run_out()
    assert ended(station) is Outcome.NO_RESPONSE


def test_damaged_frames_alone_are_no_fax() -> None:
    station = waiting_for_dis()
    station.hear(events.FrameDamaged(), after=10.0)
    station.run_out()
    assert ended(station) is Outcome.NOT_A_FAX


def test_a_dis_that_has_begun_when_t1_runs_out_is_waited_for() -> None:
    station = waiting_for_dis()
    station.hear(events.FlagsHeard(), after=34.0)
    assert station.due_in() == 5.0
    station.hear(far(Fcf.CSI, StationId("1"), final=False), after=4.0)
    assert station.due_in() == 5.0
    assert Fcf.DCS in sent_fcfs(station.hear(dis(), after=1.0))


def test_the_called_station_is_named_once() -> None:
    station = waiting_for_dis()
    for text in ("", "+49 30 1", "+49 30 1", ""):
        station.hear(far(Fcf.CSI, StationId(text), final=False))
    assert station.transitions() == [RemoteIdentified("+49 30 1")]
    assert station.session.remote_id == "+49 30 1"


def test_an_answering_machine_without_receiver() -> None:
    station = waiting_for_dis()
    sender_only = Capabilities(receives=False, has_document=True, modulations=frozenset(Modulation))
    assert sent_fcfs(station.hear(dis(sender_only))) == [Fcf.DCN]
    assert ended(station) is Outcome.INCOMPATIBLE


def test_no_common_modulation() -> None:
    station = waiting_for_dis(calling(transmits=frozenset({Modulation.V17_14400})))
    slow = Capabilities(modulations=frozenset({Modulation.V27TER_2400, Modulation.V27TER_4800}))
    assert sent_fcfs(station.hear(dis(slow))) == [Fcf.DCN]
    assert ended(station) is Outcome.INCOMPATIBLE


@pytest.mark.parametrize("octets", [0, 1, 2])
def test_a_dis_too_short_to_say_what_the_receiver_can(octets: int) -> None:
    station = waiting_for_dis()
    station.hear(events.FrameReceived(Frame(int(Fcf.DIS), b"\0" * octets)))
    assert ended(station) is Outcome.INCOMPATIBLE


def test_a_dis_of_two_octets_says_enough() -> None:
    station = waiting_for_dis()
    parameters = dcs_of(station.hear(events.FrameReceived(Frame(int(Fcf.DIS), bytes.fromhex("00 6E")))))
    assert parameters.modulation is Modulation.V17_14400
    assert (parameters.resolution, parameters.length) == (Resolution.FINE, PageLength.A4)


@pytest.mark.parametrize("state", [State.AWAIT_DIS, State.AWAIT_CFR])
def test_a_far_end_that_says_dtc_can_receive_all_the_same(state: State) -> None:
    """It wants to poll what we have, and we want it to have that."""
    assert dcs_of(reach(state).hear(dtc())) == FASTEST


# --- training --------------------------------------------------------------------------------------------------------


def test_dcs_with_our_id_then_tcf() -> None:
    station = waiting_for_dis(calling(station_id="+1 555"))
    dcs = Frame.of(Fcf.DCS, FASTEST.to_bits(), x=True)
    tsi = Frame.of(Fcf.TSI, StationId("+1 555"), x=True, final=False)
    assert station.hear(dis()) == [events.SendFrames((tsi, dcs))]
    assert station.hear(SENT) == [events.SendTraining(Modulation.V17_14400)]
    assert station.hear(SENT) == LISTEN
    assert station.due_in() == 3.0


def test_without_an_id_there_is_no_tsi() -> None:
    assert sent_fcfs(waiting_for_dis().hear(dis())) == [Fcf.DCS]


def test_the_caller_sets_the_x_bit() -> None:
    (command,) = waiting_for_dis(calling(station_id="1")).hear(dis())
    assert isinstance(command, events.SendFrames)
    assert all(frame.x for frame in command.frames)
    assert [frame.final for frame in command.frames] == [False, True]


def test_dcs_is_sent_three_times() -> None:
    station = waiting_for_cfr()
    for _ in range(2):
        assert station.due_in() == 3.0
        assert sent_fcfs(station.run_out()) == [Fcf.DCS]
        station.hear(SENT, SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.now == 9.0
    assert ended(station) is Outcome.NO_RESPONSE


def test_flags_give_a_response_five_seconds() -> None:
    station = waiting_for_cfr()
    station.hear(events.FlagsHeard(), after=2.9)
    assert station.due_in() == 5.0
    assert station.hear(far(Fcf.CFR), after=4.9) == [events.SendPage(1, FASTEST)]


def test_flags_do_not_shorten_t1() -> None:
    station = waiting_for_dis()
    station.hear(events.FlagsHeard(), after=1.0)
    assert station.due_in() == 34.0


@pytest.mark.parametrize("event", [dis(), far(Fcf.CRP)], ids=["DIS", "CRP"])
def test_a_receiver_that_missed_the_dcs_gets_it_three_times_in_all(event: events.Event) -> None:
    station = waiting_for_cfr()
    for _ in range(2):
        assert dcs_of(station.hear(event, after=1.0)) == FASTEST
        station.hear(SENT, SENT)
    assert sent_fcfs(station.hear(event)) == [Fcf.DCN]
    assert ended(station) is Outcome.NO_RESPONSE


def test_ftt_leads_down_to_2400_and_then_out() -> None:
    station = waiting_for_cfr()
    station.transitions()
    rates = []
    while (commands := station.hear(far(Fcf.FTT))) and sent_fcfs(commands) == [Fcf.DCS]:
        rates.append(dcs_of(commands).modulation)
        assert station.hear(SENT) == [events.SendTraining(rates[-1])]
        station.hear(SENT)
    lowest = Modulation.V27TER_2400
    assert tuple(rates) == (*ladder(Modulation)[1:], lowest, lowest)
    assert sent_fcfs(commands) == [Fcf.DCN]
    trained = [said for said in station.transitions() if isinstance(said, Trained)]
    assert trained == [Trained(rate, good=False) for rate in (*ladder(Modulation), lowest, lowest)]
    assert ended(station) is Outcome.TRAINING_FAILED


def test_each_rate_has_its_own_three_tries() -> None:
    station = waiting_for_cfr()
    for _ in range(2):
        station.run_out()
        station.hear(SENT, SENT)
    station.hear(far(Fcf.FTT), SENT, SENT)
    for _ in range(2):
        assert sent_fcfs(station.run_out()) == [Fcf.DCS]
        station.hear(SENT, SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]


def test_no_rate_above_the_limit() -> None:
    assert dcs_of(waiting_for_dis(calling(max_rate_bps=9600)).hear(dis())).modulation is Modulation.V29_9600


def test_a_frame_that_cannot_be_read_is_a_damaged_one() -> None:
    station = waiting_for_cfr()
    assert station.hear(events.FrameReceived(Frame(int(Fcf.PPR), b"\0"))) == []
    assert station.due_in() == 3.0


# --- our own frames from the line ------------------------------------------------------------------------------------


def test_the_echo_of_our_own_frames_is_ignored() -> None:
    station = waiting_for_dis(calling(station_id="1"))
    (command,) = station.hear(dis())
    assert isinstance(command, events.SendFrames)
    station.hear(SENT, SENT)
    for frame in command.frames:
        assert station.hear(events.FrameReceived(frame), after=0.5) == []
    assert station.state is State.AWAIT_CFR
    assert station.due_in() == 2.0
    assert station.session.remote_id == ""


def test_the_echo_of_a_post_message_command_is_ignored() -> None:
    station = page_sent(None)
    assert station.hear(events.FrameReceived(Frame.of(Fcf.EOP, x=True))) == []
    assert station.state is State.AWAIT_CONFIRMATION


# --- post-message ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("following", "command"),
    [(PAGE, Fcf.MPS), (WIDE, Fcf.EOM), (COARSE, Fcf.EOM), (None, Fcf.EOP)],
)
def test_the_command_says_what_follows(following: PageInfo | None, command: Fcf) -> None:
    station = waiting_for_cfr()
    station.hear(far(Fcf.CFR))
    assert station.hear(events.PageSent(following)) == [events.SendFrames((Frame.of(command, x=True),))]


def test_a_page_that_the_receiver_takes_alike_needs_no_new_dcs() -> None:
    only_standard = Capabilities(modulations=ANY.modulations)
    station = waiting_for_cfr(capabilities=only_standard)
    station.hear(far(Fcf.CFR))
    a4 = PageInfo(width=1728, resolution=Resolution.STANDARD, lines=1100)
    assert sent_fcfs(station.hear(events.PageSent(a4))) == [Fcf.MPS]


def test_mcf_after_mps() -> None:
    station = page_sent(PAGE)
    assert station.hear(far(Fcf.MCF)) == [events.SendPage(2, FASTEST)]
    assert PageConfirmed(1) in station.transitions()


@pytest.mark.parametrize("response", [Fcf.MCF, Fcf.RTP, Fcf.PIP])
def test_every_good_response_to_eop_ends_the_call(response: Fcf) -> None:
    station = page_sent(None)
    assert sent_fcfs(station.hear(far(response))) == [Fcf.DCN]
    assert station.session.outcome is Outcome.OK
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_pip_after_mps_is_like_mcf() -> None:
    assert page_sent(PAGE).hear(far(Fcf.PIP)) == [events.SendPage(2, FASTEST)]


def test_mcf_after_eom_leads_back_to_phase_b() -> None:
    station = page_sent(WIDE)
    assert station.hear(far(Fcf.MCF)) == LISTEN
    assert station.state is State.AWAIT_DIS
    assert station.due_in() == 35.0
    assert station.hear(far(Fcf.MCF)) == [], "the same MCF once more is no DIS"
    assert dcs_of(station.hear(dis())).width == 2432
    station.hear(SENT, SENT, far(Fcf.CFR))
    assert PageStarted(2) in station.transitions()


def test_after_eom_the_rate_does_not_rise_again() -> None:
    station = waiting_for_cfr()
    station.hear(far(Fcf.FTT), SENT, SENT, far(Fcf.FTT), SENT, SENT)
    station.hear(far(Fcf.CFR), events.PageSent(WIDE), SENT, far(Fcf.MCF))
    assert dcs_of(station.hear(dis())).modulation is Modulation.V29_9600


def test_dis_after_eom_is_no_confirmation() -> None:
    """A receiver that refused the page goes to phase B as well, T2 after its RTN."""
    station = page_sent(WIDE)
    assert sent_fcfs(station.hear(dis(), after=1.0)) == [Fcf.EOM]
    assert not [said for said in station.transitions() if isinstance(said, PageConfirmed)]
    station.hear(SENT)
    assert station.hear(far(Fcf.MCF)) == LISTEN
    assert PageConfirmed(1) in station.transitions()


@pytest.mark.parametrize("following", [PAGE, WIDE, None])
def test_a_post_message_command_is_sent_three_times(following: PageInfo | None) -> None:
    station = page_sent(following)
    command = station.session._call.post_command
    for _ in range(2):
        assert station.due_in() == 3.0
        assert sent_fcfs(station.run_out()) == [command]
        station.hear(SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NO_RESPONSE, 0)


def test_crp_after_a_post_message_command() -> None:
    station = page_sent(None)
    for _ in range(2):
        assert sent_fcfs(station.hear(far(Fcf.CRP))) == [Fcf.EOP]
        station.hear(SENT)
    assert sent_fcfs(station.hear(far(Fcf.CRP))) == [Fcf.DCN]


def test_rtp_after_mps_trains_again_at_the_same_rate() -> None:
    station = page_sent(PAGE)
    assert dcs_of(station.hear(far(Fcf.RTP))) == FASTEST
    assert PageConfirmed(1) in station.transitions()
    station.hear(SENT, SENT)
    assert station.hear(far(Fcf.CFR)) == [events.SendPage(2, FASTEST)]


def test_rtp_after_eom_trains_for_the_next_page() -> None:
    parameters = dcs_of(page_sent(WIDE).hear(far(Fcf.RTP)))
    assert (parameters.width, parameters.modulation) == (2432, Modulation.V17_14400)


@pytest.mark.parametrize("response", [Fcf.RTN, Fcf.PIN])
def test_a_refused_page_is_repeated_at_a_lower_rate_twice(response: Fcf) -> None:
    station = page_sent(PAGE)
    for modulation in (Modulation.V17_12000, Modulation.V29_9600):
        assert dcs_of(station.hear(far(response))).modulation is modulation
        station.transitions()
        send_page_again(station, PAGE)
        assert PageStarted(1) in station.transitions()
    assert sent_fcfs(station.hear(far(response))) == [Fcf.DCN]
    assert station.transitions()[0] == PageRefused(1)
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_a_refused_page_at_the_lowest_rate_is_repeated_at_that() -> None:
    slow = Capabilities(modulations=frozenset({Modulation.V27TER_2400}))
    station = page_sent(None, capabilities=slow)
    assert dcs_of(refuse(station)).modulation is Modulation.V27TER_2400


def test_each_page_may_be_refused_twice() -> None:
    station = page_sent(PAGE)
    for _ in range(2):
        refuse(station)
        send_page_again(station, PAGE)
    station.hear(far(Fcf.MCF), events.PageSent(None), SENT)
    station.transitions()
    for _ in range(2):
        assert sent_fcfs(refuse(station)) == [Fcf.DCS]
        send_page_again(station, None)
    station.hear(far(Fcf.MCF))
    assert station.end() == CallEnded(Outcome.OK, 2)


@pytest.mark.parametrize("fcf", [Fcf.CFR, Fcf.FTT, Fcf.MPS, Fcf.CSA, Fcf.ERR, Fcf.PPR])
def test_a_frame_out_of_place_changes_nothing(fcf: Fcf) -> None:
    station = page_sent(PAGE)
    frame = events.FrameReceived(Frame(int(fcf), bytes(32)))
    assert station.hear(frame, after=1.0) == []
    assert station.due_in() == 2.0


@pytest.mark.parametrize("state", [State.AWAIT_DIS, State.AWAIT_CFR, State.AWAIT_CONFIRMATION])
def test_dcn_where_a_response_is_due(state: State) -> None:
    station = reach(state)
    assert station.hear(far(Fcf.DCN)) == [events.HangUp()]
    assert ended(station) is Outcome.FAR_END_DISCONNECTED


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_page_that_moves_may_take_its_time() -> None:
    station = reach(State.SENDING_PAGE)
    for _ in range(10):
        station.hear(events.Moved(), after=170.0)
        assert station.due_in() == 180.0
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert ended(station) is Outcome.STALLED


def test_a_call_may_not_last_longer_than_three_hours() -> None:
    station = Station.started(calling(), now=1000.0)
    station.hear(events.CallConnected(), dis(), SENT, SENT, far(Fcf.CFR))
    while station.state is State.SENDING_PAGE and station.now < 11_790.0:
        station.hear(events.Moved(), after=100.0)
    assert station.session.deadline() == 11_800.0
    assert Fcf.DCN in sent_fcfs(station.run_out())
    assert ended(station) is Outcome.TOO_LONG


@pytest.mark.parametrize("state", [State.SENDING_DCS, State.SENDING_TCF, State.SENDING_COMMAND])
def test_a_modem_that_never_finishes(state: State) -> None:
    station = reach(state)
    assert station.due_in() == 60.0
    assert station.run_out() == [events.HangUp()]
    assert ended(station) is Outcome.MODEM_FAILED


def test_waiting_for_frames_is_no_progress() -> None:
    station = Station.started(calling())
    station.hear(events.CallConnected())
    while station.state is State.AWAIT_DIS:
        if station.due_in() > 3.0:
            station.hear(events.FlagsHeard(), after=3.0)
        else:
            station.run_out()
    assert station.now == 180.0
    assert ended(station) is Outcome.STALLED
