"""The station that sends blocks, with error correction, with literal times (T.30 Annex A)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.codec.geometry import Coding
from faxmodem.t30 import events
from faxmodem.t30.capabilities import Capabilities, PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage, PartialPageRequest
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.states import State
from faxmodem.t30.transitions import (
    BlockRepeated,
    CallEnded,
    PageConfirmed,
    PageRefused,
    PageStarted,
    Phase,
    PhaseEntered,
)
from tests.unit.t30.helpers import (
    COARSE,
    CORRECTED,
    CORRECTING,
    PAGE,
    WIDE,
    Station,
    block_sent,
    calling,
    dis,
    dtc,
    far,
    ppr,
    reach,
    sent_fcfs,
    walked,
)

SENT = events.Sent()
LISTEN = [events.Listen()]
LAST = block_sent()
"The last block of the last page is out."
MCF, RNR = far(Fcf.MCF), far(Fcf.RNR)
SLOWEST = replace(CORRECTING, modulations=frozenset({Modulation.V27TER_2400}))
ANSWERED = (State.AWAIT_BLOCK_ANSWER, State.AWAIT_READY, State.AWAIT_CTR, State.AWAIT_ERR)
ASKS = {
    State.AWAIT_BLOCK_ANSWER: Fcf.PPS,
    State.AWAIT_READY: Fcf.RR,
    State.AWAIT_CTR: Fcf.CTC,
    State.AWAIT_ERR: Fcf.EOR,
}


def sending(capabilities: Capabilities = CORRECTING) -> Station:
    """A station whose first block is about to go out."""
    station = walked(calling(), [events.CallConnected(), dis(capabilities), SENT, SENT, far(Fcf.CFR)])
    assert station.state is State.SENDING_BLOCK
    return station


def asked(burst: events.BlockSent = LAST, capabilities: Capabilities = CORRECTING) -> Station:
    """A station that waits for what is said of its first block."""
    station = sending(capabilities)
    station.hear(burst, SENT)
    assert station.state is State.AWAIT_BLOCK_ANSWER
    station.commands()
    station.transitions()
    return station


def pps_of(commands: list[events.Command]) -> PartialPage:
    """The PPS among these commands, which is all there is."""
    (command,) = commands
    assert isinstance(command, events.SendFrames)
    (frame,) = command.frames
    record = frame.record()
    assert isinstance(record, PartialPage)
    return record


def burst_of(commands: list[events.Command]) -> events.SendBlock:
    (command,) = commands
    assert isinstance(command, events.SendBlock)
    return command


def send_again(station: Station, burst: events.BlockSent = LAST) -> None:
    """From a burst going out to the next wait for an answer."""
    station.hear(burst, SENT)
    assert station.state is State.AWAIT_BLOCK_ANSWER


# --- the burst and its PPS -------------------------------------------------------------------------------------------


def test_the_first_burst() -> None:
    station = walked(calling(), [events.CallConnected(), dis(CORRECTING), SENT, SENT])
    assert station.hear(far(Fcf.CFR)) == [events.SendBlock(1, 0, (), CORRECTED, long_training=False)]
    assert PageStarted(1) in station.transitions()
    assert station.due_in() == 180.0 - 3.0, "T.30 bounds no burst: only progress does"
    station.hear(events.Moved(), after=10.0)
    assert station.due_in() == 180.0


@pytest.mark.parametrize(
    ("following", "command"),
    [(PAGE, Fcf.MPS), (WIDE, Fcf.EOM), (COARSE, Fcf.EOM), (None, Fcf.EOP)],
)
def test_pps_says_what_follows(following: PageInfo | None, command: Fcf) -> None:
    station = sending()
    station.commands()
    pps = events.SendFrames((Frame.of(Fcf.PPS, PartialPage(int(command), 0, 0, 36), x=True),))
    assert station.hear(block_sent(following, frames=36)) == [pps]
    assert station.hear(SENT) == LISTEN
    assert station.due_in() == 3.0


def test_the_octets_of_a_pps() -> None:
    """The second FCF has X set as the first; the count is one less than the frames."""
    station = sending()
    station.commands()
    (command,) = station.hear(block_sent(PAGE, frames=256))
    assert isinstance(command, events.SendFrames)
    assert command.frames[0].build() == bytes.fromhex("FF 13 BF 4F 00 00 FF")


def test_a_page_of_several_blocks() -> None:
    station = sending()
    station.commands()
    assert pps_of(station.hear(block_sent(more=True, frames=256))) == PartialPage(0, 0, 0, 256)
    station.hear(SENT)
    assert station.hear(MCF) == [events.SendBlock(1, 1, (), CORRECTED, long_training=False)]
    assert not [said for said in station.transitions() if isinstance(said, PageConfirmed)], "NULL ends no page"
    assert pps_of(station.hear(block_sent(frames=7))) == PartialPage(int(Fcf.EOP), 0, 1, 7)
    station.hear(SENT)
    assert sent_fcfs(station.hear(MCF)) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_a_second_page_of_several_blocks() -> None:
    station = asked(block_sent(PAGE))
    station.hear(MCF)
    assert pps_of(station.hear(block_sent(more=True))) == PartialPage(0, 1, 0, 4)


def test_mcf_after_mps_leads_to_the_next_page() -> None:
    station = asked(block_sent(PAGE))
    assert station.hear(MCF) == [events.SendBlock(2, 0, (), CORRECTED, long_training=False)]
    assert station.transitions()[-3:] == [PageConfirmed(1), PhaseEntered(Phase.C), PageStarted(2)]
    assert pps_of(station.hear(block_sent())) == PartialPage(int(Fcf.EOP), 1, 0, 4)


def test_mcf_after_eom_leads_to_phase_b_and_dis_to_new_parameters() -> None:
    station = asked(block_sent(WIDE))
    assert station.hear(MCF) == LISTEN
    assert station.due_in() == 35.0
    assert station.hear(MCF) == [], "the same MCF once more is no DIS"
    assert sent_fcfs(station.hear(dis(CORRECTING))) == [Fcf.DCS]
    station.hear(SENT, SENT)
    burst = burst_of(station.hear(far(Fcf.CFR)))
    assert (burst.page, burst.block, burst.parameters.width) == (2, 0, 2432)
    assert pps_of(station.hear(block_sent())).page == 1, "the page counter goes on after EOM"


def test_counters_are_modulo_256() -> None:
    station = sending()
    for number in range(257):
        station.commands()
        assert pps_of(station.hear(block_sent(more=True))) == PartialPage(0, 0, number % 256, 4)
        station.hear(SENT)
        assert burst_of(station.hear(MCF)).block == number + 1
    for page in range(257):
        block = 257 if page == 0 else 0
        assert pps_of(station.hear(block_sent(PAGE))) == PartialPage(int(Fcf.MPS), page % 256, block % 256, 4)
        station.hear(SENT)
        assert burst_of(station.hear(MCF)).page == page + 2
    assert station.session._call.pages_done == 257


# --- PPR -------------------------------------------------------------------------------------------------------------


def test_ppr_brings_the_frames_that_it_asks_for_and_no_others() -> None:
    station = asked(block_sent(PAGE))
    assert station.hear(ppr(1, 3)) == [events.SendBlock(1, 0, (1, 3), CORRECTED, long_training=False)]
    assert BlockRepeated(1, 0, 2) in station.transitions()
    assert pps_of(station.hear(block_sent(PAGE))) == PartialPage(int(Fcf.MPS), 0, 0, 2), "of this burst"
    station.hear(SENT)
    assert station.hear(ppr(3)) == [events.SendBlock(1, 0, (3,), CORRECTED, long_training=False)]
    send_again(station, block_sent(PAGE))
    assert burst_of(station.hear(MCF)).page == 2


def test_bits_behind_the_end_of_the_block_mean_nothing() -> None:
    station = asked(block_sent(frames=200))
    everything = far(Fcf.PPR, PartialPageRequest(frozenset(range(256))))
    assert burst_of(station.hear(everything)).frames == tuple(range(200))


def test_a_repeated_burst_is_no_new_start_of_the_page() -> None:
    station = asked()
    station.hear(ppr(0, 1, 2, 3))
    assert not [said for said in station.transitions() if isinstance(said, PageStarted)]


def test_a_ppr_with_no_bit_set_gets_pps_again() -> None:
    """The receiver may think that it has all. It is asked, until it says so with MCF."""
    station = asked(block_sent(PAGE))
    for _ in range(3):
        assert pps_of(station.hear(far(Fcf.PPR, PartialPageRequest(frozenset())))).frames == 4
        station.hear(SENT)
    assert burst_of(station.hear(MCF)).page == 2


def test_a_receiver_that_will_not_say_mcf_has_not_got_the_page() -> None:
    station = asked()
    for _ in range(3):
        station.hear(ppr(), SENT)
    assert sent_fcfs(station.hear(ppr())) == [Fcf.EOR]
    station.hear(SENT, far(Fcf.ERR))
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


# --- the fourth PPR --------------------------------------------------------------------------------------------------


def fourth_ppr(station: Station, *missing: int) -> list[events.Command]:
    for _ in range(3):
        assert burst_of(station.hear(ppr(0, 1, 2, 3))).long_training is False
        send_again(station, block_sent(PAGE))
    station.transitions()
    return station.hear(ppr(*missing))


def test_after_the_fourth_ppr_the_rate_goes_down_and_training_is_long_once() -> None:
    station = asked(block_sent(PAGE))
    ctc = Frame.of(Fcf.CTC, ContinueToCorrect.at(Modulation.V17_12000), x=True)
    assert fourth_ppr(station, 2) == [events.SendFrames((ctc,))]
    assert station.hear(SENT) == LISTEN
    assert station.due_in() == 3.0
    slower = replace(CORRECTED, modulation=Modulation.V17_12000)
    assert station.hear(far(Fcf.CTR)) == [events.SendBlock(1, 0, (2,), slower, long_training=True)]
    send_again(station, block_sent(PAGE))
    assert station.hear(ppr(2)) == [events.SendBlock(1, 0, (2,), slower, long_training=False)]
    send_again(station, block_sent(PAGE))
    assert station.hear(MCF) == [events.SendBlock(2, 0, (), slower, long_training=False)], "the rate stays"


def test_ctc_leads_down_the_ladder_and_then_out() -> None:
    station = asked(block_sent(PAGE))
    rates = [CORRECTED.modulation]
    while sent_fcfs(fourth_ppr(station, 0, 1, 2, 3)) == [Fcf.CTC]:
        station.hear(SENT)
        rates.append(burst_of(station.hear(far(Fcf.CTR))).parameters.modulation)
        send_again(station, block_sent(PAGE))
    assert [rate.rate_bps for rate in rates] == [14400, 12000, 9600, 7200, 4800, 2400]
    assert station.state is State.SENDING_EOR
    assert station.hear(SENT) == LISTEN
    assert sent_fcfs(station.hear(far(Fcf.ERR))) == [Fcf.DCN]
    assert PageRefused(1) in station.transitions()
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_at_the_lowest_rate_it_goes_on_while_that_halves_what_is_missing() -> None:
    station = asked(block_sent(PAGE), SLOWEST)
    assert sent_fcfs(fourth_ppr(station, 1, 2)) == [Fcf.CTC], "two of four"
    station.hear(SENT)
    assert burst_of(station.hear(far(Fcf.CTR))).frames == (1, 2)
    send_again(station, block_sent(PAGE))
    for _ in range(3):
        station.hear(ppr(1, 2))
        send_again(station, block_sent(PAGE))
    assert sent_fcfs(station.hear(ppr(1, 2))) == [Fcf.EOR], "two of two"


def test_eor_says_what_pps_would_have_said() -> None:
    station = asked(block_sent(PAGE), SLOWEST)
    eor = Frame.of(Fcf.EOR, EndOfRetransmission(int(Fcf.MPS)), x=True)
    assert fourth_ppr(station, 0, 1, 2) == [events.SendFrames((eor,))]


@pytest.mark.parametrize("answer", [Fcf.ERR, Fcf.MCF, Fcf.PIP, Fcf.RTP, Fcf.RTN, Fcf.PIN])
def test_whatever_the_answer_to_eor_the_page_is_not_sent(answer: Fcf) -> None:
    station = reach(State.AWAIT_ERR)
    station.hear(far(answer))
    assert PageRefused(1) in station.transitions()
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


@pytest.mark.parametrize("answer", [Fcf.ERR, Fcf.MCF, Fcf.PIP, Fcf.RTP])
def test_a_receiver_busy_with_the_rest_of_a_page_does_not_make_it_whole(answer: Fcf) -> None:
    station = reach(State.AWAIT_ERR)
    assert sent_fcfs(station.hear(RNR)) == [Fcf.RR]
    station.hear(SENT, far(answer))
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_ppr_after_eor_gets_eor_again() -> None:
    station = reach(State.AWAIT_ERR)
    station.hear(RNR, SENT)
    assert sent_fcfs(station.hear(ppr(0, 1, 2))) == [Fcf.EOR]


def test_each_block_has_its_own_four_pprs() -> None:
    station = asked(block_sent(more=True))
    for _ in range(3):
        station.hear(ppr(1))
        send_again(station, block_sent(more=True))
    station.hear(MCF)
    send_again(station)
    for _ in range(3):
        assert isinstance(burst_of(station.hear(ppr(1))), events.SendBlock)
        send_again(station)
    assert sent_fcfs(station.hear(ppr(1))) == [Fcf.CTC]


# --- a busy receiver -------------------------------------------------------------------------------------------------


def test_rnr_is_followed_by_rr_at_once() -> None:
    station = asked(block_sent(PAGE))
    assert station.hear(RNR) == [events.SendFrames((Frame.of(Fcf.RR, x=True),))]
    assert station.hear(SENT) == LISTEN
    assert station.due_in() == 3.0
    assert burst_of(station.hear(MCF)).page == 2
    assert station.due_in() == 180.0, "T5 is off"


def test_ppr_after_rnr() -> None:
    station = asked()
    station.hear(RNR, SENT)
    assert burst_of(station.hear(ppr(2))).frames == (2,)
    assert station.due_in() == pytest.approx(180.0 - 4.0), "T5 is off"


def test_a_receiver_that_is_busy_for_ever_is_left_after_t5() -> None:
    station = asked()
    station.hear(RNR)
    began = station.now
    for _ in range(11):
        station.hear(SENT, after=1.4)
        assert sent_fcfs(station.hear(RNR, after=4.0)) == [Fcf.RR]
    station.hear(SENT, after=0.3)
    assert station.due_in() == pytest.approx(began + 60.0 - station.now)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.STALLED, 0)


def test_t5_runs_out_while_rr_is_being_sent() -> None:
    station = asked()
    station.hear(RNR)
    began = station.now
    for _ in range(11):
        station.hear(SENT, after=1.4)
        station.hear(RNR, after=4.0)
    assert station.state is State.SENDING_RR
    assert station.due_in() == pytest.approx(began + 60.0 - station.now), "T5 began with the first RNR"
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end().outcome is Outcome.STALLED


def test_rr_is_repeated_like_any_command() -> None:
    station = asked()
    station.hear(RNR, SENT)
    for _ in range(2):
        assert station.due_in() == 3.0
        assert sent_fcfs(station.run_out()) == [Fcf.RR]
        station.hear(SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NO_RESPONSE, 0)


# --- what gets lost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ANSWERED)
def test_each_command_is_sent_three_times_t4_apart(state: State) -> None:
    station = reach(state)
    for _ in range(2):
        assert station.due_in() == 3.0
        assert sent_fcfs(station.run_out()) == [ASKS[state]]
        assert station.hear(SENT) == LISTEN
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NO_RESPONSE, 0)


@pytest.mark.parametrize("state", ANSWERED)
@pytest.mark.parametrize("event", [far(Fcf.CRP), dis(CORRECTING), dtc(CORRECTING)], ids=["CRP", "DIS", "DTC"])
def test_a_receiver_that_did_not_understand_is_asked_again(state: State, event: events.Event) -> None:
    station = reach(state)
    for _ in range(2):
        assert sent_fcfs(station.hear(event)) == [ASKS[state]]
        station.hear(SENT)
    assert sent_fcfs(station.hear(event)) == [Fcf.DCN]


@pytest.mark.parametrize("state", ANSWERED)
def test_flags_give_an_answer_five_seconds(state: State) -> None:
    station = reach(state)
    station.hear(events.FlagsHeard(), after=2.9)
    assert station.due_in() == 5.0


@pytest.mark.parametrize("state", ANSWERED)
def test_dcn_instead_of_an_answer(state: State) -> None:
    station = reach(state)
    assert station.hear(far(Fcf.DCN)) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 0)


@pytest.mark.parametrize("state", ANSWERED)
def test_our_own_echo_is_no_answer(state: State) -> None:
    station = reach(state)
    for frame in station.session._call.last_sent:
        assert station.hear(events.FrameReceived(frame), after=0.5) == []
    assert station.state is state
    assert station.due_in() == 2.5


@pytest.mark.parametrize("state", ANSWERED)
@pytest.mark.parametrize("fcf", [Fcf.CFR, Fcf.FTT, Fcf.CSA, Fcf.PID, Fcf.MPS, Fcf.DCS])
def test_a_frame_out_of_place_changes_nothing(state: State, fcf: Fcf) -> None:
    station = reach(state)
    assert station.hear(events.FrameReceived(Frame(int(fcf), bytes(3))), after=1.0) == []
    assert station.state is state
    assert station.due_in() == 2.0


def test_ctr_out_of_place_changes_nothing() -> None:
    station = asked()
    assert station.hear(far(Fcf.CTR)) == []


def test_a_mcf_is_told_apart_from_the_one_before_by_being_listened_for() -> None:
    """Between two commands nobody listens: an MCF that comes twice confirms one block."""
    station = asked(block_sent(more=True))
    station.hear(MCF)
    assert station.state is State.SENDING_BLOCK
    send_again(station)
    assert station.session._call.pages_done == 0


# --- answers that have no place in Annex A ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.AWAIT_BLOCK_ANSWER, State.AWAIT_READY])
@pytest.mark.parametrize("answer", [Fcf.RTN, Fcf.PIN])
def test_a_refused_page_is_sent_again_as_a_whole_at_a_lower_rate(state: State, answer: Fcf) -> None:
    station = reach(state)
    assert sent_fcfs(station.hear(far(answer))) == [Fcf.DCS]
    assert PageRefused(1) in station.transitions()
    station.hear(SENT)
    assert station.due_in() == 60.0, "T5 is off"
    station.hear(SENT)
    slower = replace(CORRECTED, modulation=Modulation.V17_12000)
    assert station.hear(far(Fcf.CFR)) == [events.SendBlock(1, 0, (), slower, long_training=False)]


def test_a_page_refused_in_the_middle_begins_with_its_first_block() -> None:
    station = asked(block_sent(more=True))
    station.hear(MCF)
    send_again(station, block_sent(more=True))
    station.hear(far(Fcf.RTN), SENT, SENT)
    assert burst_of(station.hear(far(Fcf.CFR))).block == 0


def test_rtp_trains_again_before_the_next_page() -> None:
    station = asked(block_sent(PAGE))
    assert sent_fcfs(station.hear(far(Fcf.RTP))) == [Fcf.DCS]
    assert PageConfirmed(1) in station.transitions()
    station.hear(SENT, SENT)
    assert burst_of(station.hear(far(Fcf.CFR))).page == 2


def test_rtp_in_the_middle_of_a_page_is_heeded_as_mcf() -> None:
    station = asked(block_sent(more=True))
    assert burst_of(station.hear(far(Fcf.RTP))).block == 1


def test_pip_confirms() -> None:
    station = asked()
    station.hear(far(Fcf.PIP))
    assert station.end() == CallEnded(Outcome.OK, 1)


# --- choosing --------------------------------------------------------------------------------------------------------


def test_every_coding_of_both_ends_is_to_choose_from() -> None:
    station = walked(calling(), [events.CallConnected()], chooses=False)
    (choose,) = station.hear(dis(CORRECTING))
    assert isinstance(choose, events.Choose)
    assert [way.coding for way in choose.candidates] == [Coding.MMR, Coding.MR, Coding.MH]
    assert {way.ecm_octets for way in choose.candidates} == {256}
    chosen = choose.candidates[1]
    (command,) = station.hear(events.Chosen(chosen, 42.0), after=0.8)
    assert isinstance(command, events.SendFrames)
    assert command.frames[-1] == Frame.of(Fcf.DCS, chosen.to_bits(), x=True)


def test_a_receiver_that_prefers_64_octets_gets_them() -> None:
    station = asked(block_sent(PAGE), replace(CORRECTING, ecm_prefers_64=True))
    assert burst_of(station.hear(MCF)).parameters.ecm_octets == 64


def test_choosing_is_bounded() -> None:
    station = reach(State.CHOOSING)
    assert station.due_in() == 60.0
    assert station.run_out() == [events.HangUp()]
    assert station.end().outcome is Outcome.MODEM_FAILED
