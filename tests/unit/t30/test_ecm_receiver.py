"""The station that receives blocks, with error correction, with literal times (T.30 Annex A)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage, PartialPageRequest
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import CallEnded, PageRefused, PageStarted, PageStored
from tests.unit.t30.helpers import (
    CORRECTED,
    Station,
    called,
    came,
    dcs,
    from_caller,
    pps,
    reach,
    sent_fcfs,
    storing_page,
    walked,
)

SENT = events.Sent()
LISTEN = [events.Listen()]
ALL = came(0, 1, 2, 3)
STORED = events.BlockStored()
GOOD, POOR, BAD = (events.PageStored(verdict, 1000) for verdict in events.Verdict)
RR, CRP, DCN = from_caller(Fcf.RR), from_caller(Fcf.CRP), from_caller(Fcf.DCN)
PRI = {Fcf.MPS: Fcf.PRI_MPS, Fcf.EOM: Fcf.PRI_EOM, Fcf.EOP: Fcf.PRI_EOP}
COMMANDS = tuple(PRI)


def receiving() -> Station:
    """A station that waits for the carrier of its first block."""
    begun: list[events.Event] = [events.CallConnected(), SENT, dcs(CORRECTED), events.TrainingReceived(good=True), SENT]
    station = walked(called(), begun)
    assert station.state is State.RECEIVING_BLOCK
    station.transitions()
    return station


def answered(*happened: events.Event) -> Station:
    """A station whose answer to all this has just gone out."""
    station = receiving()
    station.hear(*happened)
    assert station.state is State.ANSWERING_PPS
    station.hear(SENT)
    return station


def page_done(command: Fcf = Fcf.MPS) -> Station:
    """A station that has confirmed its first page."""
    return answered(ALL, pps(command), STORED, GOOD)


def wanted(commands: list[events.Command]) -> frozenset[int]:
    """The frames that the PPR among these commands asks for; it is all there is."""
    (command,) = commands
    assert isinstance(command, events.SendFrames)
    (frame,) = command.frames
    record = frame.record()
    assert isinstance(record, PartialPageRequest), f"{frame} is no PPR"
    return record.frames


def behind(last: int) -> frozenset[int]:
    """The bits of a PPR that mean nothing."""
    return frozenset(range(last, 256))


def ctc(modulation: Modulation) -> events.Event:
    return from_caller(Fcf.CTC, ContinueToCorrect.at(modulation))


def eor(command: Fcf | None = Fcf.MPS) -> events.Event:
    return from_caller(Fcf.EOR, EndOfRetransmission(int(command or 0)))


# --- blocks that come whole ------------------------------------------------------------------------------------------


def test_a_page_of_one_block() -> None:
    begun: list[events.Event] = [events.CallConnected(), SENT, dcs(CORRECTED), events.TrainingReceived(good=True)]
    station = walked(called(), begun)
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, CORRECTED, again=False, long_training=False)]
    assert PageStarted(1) in station.transitions()
    assert station.due_in() == 6.0
    assert station.hear(ALL, after=1.2) == LISTEN
    assert station.due_in() == 6.0
    assert station.hear(pps(Fcf.MPS), after=1.3) == [events.StoreBlock(1, 0, 4)]
    assert station.hear(STORED) == [events.StorePage(1, CORRECTED)]
    mcf = events.SendFrames((Frame.of(Fcf.MCF),))
    assert station.hear(GOOD) == [mcf]
    assert PageStored(1, 1000) in station.transitions()
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, CORRECTED, again=False, long_training=False)]
    assert PageStarted(2) in station.transitions()


def test_a_page_of_two_blocks() -> None:
    station = receiving()
    station.hear(came(*range(256)))
    assert station.hear(pps(None, frames=256)) == [events.StoreBlock(1, 0, 256)]
    assert sent_fcfs(station.hear(STORED)) == [Fcf.MCF]
    assert station.hear(SENT) == [events.ReceiveBlock(1, 1, CORRECTED, again=False, long_training=False)]
    assert station.hear(came(0, 1), pps(Fcf.EOP, block=1, frames=2))[-1:] == [events.StoreBlock(1, 1, 2)]
    assert station.hear(STORED) == [events.StorePage(1, CORRECTED)]
    assert sent_fcfs(station.hear(GOOD)) == [Fcf.MCF]
    assert station.hear(SENT) == LISTEN
    assert station.state is State.AWAIT_DCN
    station.hear(DCN)
    assert station.end() == CallEnded(Outcome.OK, 1)


@pytest.mark.parametrize("spelling", [dict[Fcf, Fcf](), PRI], ids=["plain", "PRI"])
@pytest.mark.parametrize(
    ("command", "state"),
    [(Fcf.MPS, State.RECEIVING_BLOCK), (Fcf.EOM, State.SENDING_DIS), (Fcf.EOP, State.AWAIT_DCN)],
)
def test_what_follows_mcf(command: Fcf, state: State, spelling: dict[Fcf, Fcf]) -> None:
    assert page_done(spelling.get(command, command)).state is state


def test_frames_in_any_order_and_twice() -> None:
    station = receiving()
    station.hear(came(3, 1), pps(Fcf.MPS), SENT, came(1, 0))
    assert wanted(station.hear(pps(Fcf.MPS, frames=2))) == {2} | behind(4)
    station.hear(SENT, came(0, 2))
    assert station.hear(pps(Fcf.MPS, frames=1)) == [events.StoreBlock(1, 0, 4)]


def test_a_carrier_stops_t2() -> None:
    for sign in (events.Moved(), events.FlagsHeard()):
        station = receiving()
        station.hear(sign, after=5.0)
        assert station.due_in() > 100.0, "flags may go on for minutes"


def test_an_unknown_second_fcf_is_not_answered() -> None:
    station = receiving()
    station.hear(ALL)
    for frame in (from_caller(Fcf.PPS, PartialPage(0x55, 0, 0, 4)), from_caller(Fcf.EOR, EndOfRetransmission(0xFA))):
        assert station.hear(frame) == []
    assert station.hear(pps(Fcf.MPS)) == [events.StoreBlock(1, 0, 4)]


# --- frames that are missing -----------------------------------------------------------------------------------------


def test_ppr_asks_for_what_is_missing_and_all_behind_the_end() -> None:
    station = receiving()
    station.hear(came(0, 2, 3))
    assert wanted(station.hear(pps(Fcf.MPS, frames=6))) == {1, 4, 5} | behind(6)
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, CORRECTED, again=True, long_training=False)]
    station.hear(came(1, 4, 5))
    assert station.hear(pps(Fcf.MPS, frames=3)) == [events.StoreBlock(1, 0, 6)]
    assert not [said for said in station.transitions() if isinstance(said, PageRefused)]


def test_a_lost_last_frame_shows_in_the_count_only() -> None:
    station = receiving()
    station.hear(came(0, 1, 2))
    assert wanted(station.hear(pps(Fcf.MPS))) == {3} | behind(4)


@pytest.mark.parametrize("ended", [events.NoCarrier(), events.WrongCarrier(), came()])
def test_a_burst_that_is_lost_as_a_whole(ended: events.Event) -> None:
    station = receiving()
    station.hear(ended)
    assert wanted(station.hear(pps(Fcf.MPS, frames=6))) == frozenset(range(256))
    station.hear(SENT, came(*range(6)))
    assert station.hear(pps(Fcf.MPS, frames=6)) == [events.StoreBlock(1, 0, 6)]


@pytest.mark.parametrize("count", [1, 256])
def test_a_count_of_nothing_is_ambiguous(count: int) -> None:
    """Some senders say 1 for a burst without frames, and some 256; the frames decide (hazard of the count's coding)."""
    station = receiving()
    station.hear(came())
    assert wanted(station.hear(pps(Fcf.MPS, frames=count))) == frozenset(range(256))
    station.hear(SENT, came(*range(36)))
    assert station.hear(pps(Fcf.MPS, frames=36)) == [events.StoreBlock(1, 0, 36)]


@pytest.mark.parametrize("count", [1, 256])
def test_such_a_count_does_not_change_the_size_of_a_block(count: int) -> None:
    station = receiving()
    station.hear(came(0, 1, 2), pps(Fcf.MPS, frames=6), SENT, came())
    assert wanted(station.hear(pps(Fcf.MPS, frames=count))) == {3, 4, 5} | behind(6)


def test_a_full_block_whose_first_burst_was_lost() -> None:
    station = receiving()
    station.hear(came(), pps(Fcf.MPS, frames=256), SENT, came(*range(200)))
    assert wanted(station.hear(pps(Fcf.MPS, frames=256))) == behind(200)


def test_a_block_of_one_frame_that_was_lost() -> None:
    station = receiving()
    station.hear(came(), pps(Fcf.EOP, frames=1), SENT, came(0))
    assert station.hear(pps(Fcf.EOP, frames=1)) == [events.StoreBlock(1, 0, 1)]


def test_the_count_of_a_burst_does_not_make_the_block_smaller() -> None:
    station = receiving()
    station.hear(came(0, 1, 2), pps(Fcf.MPS, frames=6), SENT, came(3))
    assert wanted(station.hear(pps(Fcf.MPS, frames=3))) == {4, 5} | behind(6)


def test_frames_that_came_are_not_left_out_whatever_the_count() -> None:
    station = receiving()
    station.hear(came(0, 1, 5), pps(Fcf.MPS, frames=4), SENT, came(2, 3))
    assert wanted(station.hear(pps(Fcf.MPS, frames=4))) == {4} | behind(6)
    station.hear(SENT, came(4))
    assert station.hear(pps(Fcf.MPS, frames=4)) == [events.StoreBlock(1, 0, 6)]


def test_a_sender_that_names_the_size_of_the_block_in_every_pps() -> None:
    station = receiving()
    station.hear(came(0, 1, 2), pps(Fcf.MPS, frames=6), SENT, came(4))
    assert wanted(station.hear(pps(Fcf.MPS, frames=6))) == {3, 5} | behind(6)


def test_ppr_goes_on_after_the_fourth() -> None:
    """A sender that just repeats itself instead of CTC or EOR is borne for a while."""
    station = receiving()
    station.hear(came(0, 1, 2))
    for _ in range(16):
        assert wanted(station.hear(pps(Fcf.MPS))) == {3} | behind(4)
        station.hear(SENT, came(0))
    assert sent_fcfs(station.hear(pps(Fcf.MPS))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.STALLED, 0)


def test_each_new_frame_is_progress() -> None:
    station = receiving()
    for number in range(40):
        assert wanted(station.hear(came(number), pps(Fcf.MPS, frames=60))[-1:]) == behind(number + 1)
        station.hear(SENT)
    assert station.state is State.RECEIVING_BLOCK


# --- CTC and EOR -----------------------------------------------------------------------------------------------------


def test_ctc_changes_the_rate_and_the_next_training_is_long() -> None:
    station = receiving()
    station.hear(came(0, 1, 2), pps(Fcf.MPS), SENT, events.WrongCarrier())
    ctr = events.SendFrames((Frame.of(Fcf.CTR),))
    assert station.hear(ctc(Modulation.V17_12000)) == [ctr]
    slower = replace(CORRECTED, modulation=Modulation.V17_12000)
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, slower, again=True, long_training=True)]
    station.hear(came(), pps(Fcf.MPS, frames=1))
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, slower, again=True, long_training=False)]
    station.hear(came(3), pps(Fcf.MPS, frames=1), STORED)
    assert station.hear(GOOD) == [events.SendFrames((Frame.of(Fcf.MCF),))]
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, slower, again=False, long_training=False)]


def test_ctc_again_because_ctr_was_lost() -> None:
    station = receiving()
    station.hear(came(0), pps(Fcf.MPS), SENT, events.WrongCarrier(), ctc(Modulation.V17_12000), SENT)
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(ctc(Modulation.V17_12000))) == [Fcf.CTR]
    (command,) = station.hear(SENT)
    assert isinstance(command, events.ReceiveBlock)
    assert command.long_training


def test_ctc_makes_room_for_more_pprs() -> None:
    station = receiving()
    station.hear(came(0))
    for _ in range(16):
        station.hear(pps(Fcf.MPS), SENT, came(0))
    station.hear(ctc(Modulation.V27TER_2400), SENT, came(0))
    assert sent_fcfs(station.hear(pps(Fcf.MPS))) == [Fcf.PPR]


def test_ctc_with_a_rate_that_our_modem_lacks() -> None:
    slow = frozenset({Modulation.V27TER_2400, Modulation.V27TER_4800})
    way = replace(CORRECTED, modulation=Modulation.V27TER_4800)
    begun: list[events.Event] = [
        events.CallConnected(),
        SENT,
        dcs(way),
        events.TrainingReceived(good=True),
        SENT,
        came(0),
    ]
    station = walked(called(receives=slow), begun)
    assert sent_fcfs(station.hear(ctc(Modulation.V17_12000))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.PROTOCOL_ERROR


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_eor_takes_the_block_as_it_is(command: Fcf | None) -> None:
    station = receiving()
    station.hear(came(0, 3), pps(command, frames=6), SENT, events.WrongCarrier())
    assert station.hear(eor(command)) == [events.StoreBlock(1, 0, 6)]
    if command is not None:
        assert station.hear(STORED) == [events.StorePage(1, CORRECTED)]
    assert sent_fcfs(station.hear(STORED if command is None else GOOD)) == [Fcf.ERR]
    station.hear(SENT)
    assert station.state is {
        None: State.RECEIVING_BLOCK,
        Fcf.MPS: State.RECEIVING_BLOCK,
        Fcf.EOM: State.SENDING_DIS,
        Fcf.EOP: State.AWAIT_DCN,
    }.get(command)


def test_eor_where_no_pps_was_heard() -> None:
    station = receiving()
    station.hear(came(0, 2))
    assert station.hear(eor()) == [events.StoreBlock(1, 0, 3)]


def test_eor_for_the_next_block_too() -> None:
    station = receiving()
    station.hear(came(0), pps(None), SENT, events.WrongCarrier(), eor(None), STORED, SENT)
    station.hear(came(1), pps(None, block=1), SENT, events.WrongCarrier())
    assert station.hear(eor(None)) == [events.StoreBlock(1, 1, 4)]
    station.hear(STORED, SENT, came(0, 1))
    assert station.hear(eor(None)) == [events.StoreBlock(1, 2, 2)]


def test_eor_again_because_err_was_lost() -> None:
    station = receiving()
    station.hear(came(0), pps(Fcf.MPS), SENT, events.WrongCarrier(), eor(), STORED, GOOD, SENT)
    station.hear(events.WrongCarrier())
    station.transitions()
    assert sent_fcfs(station.hear(eor())) == [Fcf.ERR]
    assert not station.transitions()


@pytest.mark.parametrize("command", [Fcf.EOM, Fcf.EOP])
def test_eor_again_at_the_end_of_a_document(command: Fcf) -> None:
    station = receiving()
    station.hear(came(0), pps(command), SENT, events.WrongCarrier(), eor(command), STORED, GOOD, SENT)
    if station.state is State.SENDING_DIS:
        station.hear(SENT)
    assert sent_fcfs(station.hear(eor(command), after=2.0)) == [Fcf.ERR]
    station.hear(SENT)
    assert station.session._call.pages_done == 1


def test_after_eor_a_call_does_not_end_well() -> None:
    """The page is there as far as it came, and whoever has it shall know that."""
    station = receiving()
    station.hear(came(0), pps(Fcf.EOP), SENT, events.WrongCarrier(), eor(Fcf.EOP), STORED, GOOD, SENT, DCN)
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 1)


def test_what_is_no_page_at_all_is_not_taken_even_after_eor() -> None:
    station = receiving()
    station.hear(came(), pps(Fcf.EOP), SENT, events.WrongCarrier(), eor(Fcf.EOP), STORED)
    assert sent_fcfs(station.hear(BAD)) == [Fcf.RTN]
    assert PageRefused(1) in station.transitions()


# --- answers that get lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [events.WrongCarrier(), events.NoCarrier(), came()])
def test_pps_again_because_mcf_was_lost(ended: events.Event) -> None:
    station = page_done()
    station.transitions()
    station.hear(ended, after=3.0)
    assert sent_fcfs(station.hear(pps(Fcf.MPS), after=1.3)) == [Fcf.MCF]
    assert not [said for said in station.transitions() if isinstance(said, PageStored)]
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, CORRECTED, again=False, long_training=False)]
    station.hear(ALL)
    assert station.hear(pps(Fcf.MPS, page=1)) == [events.StoreBlock(2, 0, 4)]


def test_pps_null_again_because_mcf_was_lost() -> None:
    station = answered(ALL, pps(None), STORED)
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(pps(None))) == [Fcf.MCF]
    assert station.hear(SENT) == [events.ReceiveBlock(1, 1, CORRECTED, again=False, long_training=False)]


def test_pps_again_because_ppr_was_lost() -> None:
    station = answered(came(0, 1), pps(Fcf.MPS))
    station.hear(events.WrongCarrier())
    assert wanted(station.hear(pps(Fcf.MPS))) == {2, 3} | behind(4)
    station.hear(SENT, came(2, 3))
    assert station.hear(pps(Fcf.MPS, frames=2)) == [events.StoreBlock(1, 0, 4)]


def test_a_new_block_is_no_repeat_whatever_its_numbers() -> None:
    """Frames that came whole are believed more than the counters of a sender that does not count."""
    station = page_done()
    station.hear(ALL)
    assert station.hear(pps(Fcf.MPS)) == [events.StoreBlock(2, 0, 4)]


def test_a_block_lost_as_a_whole_is_told_from_a_repeat_by_its_number() -> None:
    station = page_done()
    station.hear(events.WrongCarrier())
    assert wanted(station.hear(pps(Fcf.MPS, page=1))) == frozenset(range(256))


@pytest.mark.parametrize("command", [Fcf.EOM, Fcf.EOP])
def test_pps_again_at_the_end_of_a_document(command: Fcf) -> None:
    station = page_done(command)
    if station.state is State.SENDING_DIS:
        station.hear(SENT)
    for again in (pps(command), pps(PRI[command]), RR):
        station.transitions()
        assert sent_fcfs(station.hear(again, after=2.0)) == [Fcf.MCF]
        station.hear(SENT)
        if station.state is State.SENDING_DIS:
            station.hear(SENT)
    assert station.session._call.pages_done == 1


@pytest.mark.parametrize("state", [State.AWAIT_DCS, State.AWAIT_DCN])
def test_a_pps_for_another_block_has_no_place_after_the_end(state: State) -> None:
    station = page_done(Fcf.EOP if state is State.AWAIT_DCN else Fcf.EOM)
    if station.state is State.SENDING_DIS:
        station.hear(SENT)
    assert station.state is state
    assert station.hear(pps(Fcf.MPS, page=1)) == []


def test_dcs_again_because_cfr_was_lost() -> None:
    station = receiving()
    station.hear(events.WrongCarrier(), after=3.5)
    assert station.hear(dcs(CORRECTED), after=2.0) == [events.ReceiveTraining(Modulation.V17_14400, ecm=True)]
    assert sent_fcfs(station.hear(events.TrainingReceived(good=True))) == [Fcf.CFR]


def test_dcs_in_the_middle_of_a_page_begins_it_anew() -> None:
    station = answered(ALL, pps(None), STORED)
    station.hear(events.WrongCarrier(), dcs(CORRECTED), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, CORRECTED, again=False, long_training=False)]
    station.hear(ALL)
    assert station.hear(pps(None)) == [events.StoreBlock(1, 0, 4)], "no repeat: the training lies between"


# --- a slow disk -----------------------------------------------------------------------------------------------------


def test_a_page_that_takes_its_time_is_answered_with_rnr() -> None:
    station = storing_page()
    assert station.due_in() == 1.5
    rnr = events.SendFrames((Frame.of(Fcf.RNR),))
    assert station.run_out() == [rnr]
    assert station.hear(SENT) == LISTEN
    assert station.due_in() == 6.0
    for again in (RR, pps(Fcf.MPS), CRP, eor()):
        assert station.hear(again, after=2.0) == [rnr]
        station.hear(SENT)
    assert station.hear(GOOD, after=2.0) == []
    assert sent_fcfs(station.hear(RR, after=1.0)) == [Fcf.MCF]
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, CORRECTED, again=False, long_training=False)]


def test_a_busy_receiver_does_not_repeat_what_it_said_of_the_page_before() -> None:
    station = page_done()
    station.hear(ALL, pps(Fcf.MPS, page=1), STORED)
    assert sent_fcfs(station.run_out()) == [Fcf.RNR]
    station.hear(SENT)
    assert sent_fcfs(station.hear(RR)) == [Fcf.RNR]


@pytest.mark.parametrize("state", [State.SENDING_RNR, State.AWAIT_RR])
def test_a_page_that_is_stored_at_last_is_progress(state: State) -> None:
    station = reach(state)
    station.hear(GOOD, after=1.0)
    assert station.session._call.timers[Timer.PROGRESS] == station.now + 180.0


def test_a_page_stored_in_time_is_answered_at_once() -> None:
    station = storing_page()
    assert sent_fcfs(station.hear(GOOD, after=1.4)) == [Fcf.MCF]


def test_a_page_stored_while_rnr_is_being_sent() -> None:
    station = reach(State.SENDING_RNR)
    assert station.hear(GOOD) == []
    assert PageStored(1, 1000) in station.transitions()
    assert station.hear(SENT) == LISTEN
    assert sent_fcfs(station.hear(RR)) == [Fcf.MCF]


@pytest.mark.parametrize("stored", [GOOD, POOR], ids=["good", "poor"])
def test_a_page_stored_while_the_call_ends(stored: events.PageStored) -> None:
    station = reach(State.AWAIT_RR)
    station.cancel()
    assert station.state is State.SENDING_DCN
    station.hear(stored)
    assert station.end() == CallEnded(Outcome.CANCELED, 1)


def test_a_page_stored_when_the_sender_has_gone() -> None:
    station = reach(State.AWAIT_RR)
    assert station.hear(DCN) == [events.HangUp()]
    station.hear(GOOD)
    assert station.end() == CallEnded(Outcome.FAR_END_DISCONNECTED, 1)


def test_a_sender_that_does_not_ask_again() -> None:
    station = reach(State.AWAIT_RR)
    assert station.due_in() == 6.0
    station.run_out()
    station.hear(GOOD)
    assert station.end() == CallEnded(Outcome.NO_COMMAND, 1)


def test_a_block_that_is_stored_while_the_call_ends() -> None:
    station = reach(State.STORING_BLOCK)
    station.cancel()
    station.hear(STORED)
    assert station.end() == CallEnded(Outcome.CANCELED, 0)


@pytest.mark.parametrize("state", [State.STORING_BLOCK, State.STORING_PAGE, State.SENDING_RNR, State.AWAIT_RR])
def test_a_disk_that_is_full(state: State) -> None:
    station = storing_page() if state is State.STORING_PAGE else reach(state)
    station.commands()
    assert sent_fcfs(station.hear(events.Failed(Outcome.STORAGE_FAILED))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.STORAGE_FAILED, 0)


def test_a_disk_that_never_finishes() -> None:
    station = storing_page()
    station.run_out()
    while station.state is not State.SENDING_DCN:
        station.hear(SENT, after=1.0)
        if station.due_in() > 3.0:
            station.hear(RR, after=3.0)
        else:
            station.run_out()
    assert station.end() == CallEnded(Outcome.STALLED, 0)


# --- pages that are not good -----------------------------------------------------------------------------------------


def test_a_poor_page_is_no_matter_where_it_is_corrected() -> None:
    assert sent_fcfs(storing_page().hear(POOR)) == [Fcf.MCF]


def test_bits_that_are_no_page_are_refused() -> None:
    station = storing_page()
    assert sent_fcfs(station.hear(BAD)) == [Fcf.RTN]
    assert PageRefused(1) in station.transitions()
    assert station.hear(SENT) == LISTEN
    assert sent_fcfs(station.hear(pps(Fcf.MPS))) == [Fcf.RTN], "again, because that was lost"
    station.hear(SENT, dcs(CORRECTED), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, CORRECTED, again=False, long_training=False)]


@pytest.mark.parametrize("command", [*COMMANDS, *PRI.values()])
def test_a_plain_page_after_a_dcs_with_error_correction(command: Fcf) -> None:
    """The sender has forgotten what it chose. Its page cannot be read, and is not confirmed."""
    station = receiving()
    station.hear(events.NoCarrier())
    assert sent_fcfs(station.hear(from_caller(command))) == [Fcf.RTN]
    station.hear(SENT)
    assert sent_fcfs(station.hear(from_caller(command))) == [Fcf.RTN]
    assert [said for said in station.transitions() if isinstance(said, PageRefused)] == [PageRefused(1)]
    station.hear(SENT)
    assert station.hear(dcs()) == [events.ReceiveTraining(Modulation.V17_14400)]


# --- CRP and RR ------------------------------------------------------------------------------------------------------


def test_crp_asks_for_our_answer_again() -> None:
    station = page_done()
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(CRP)) == [Fcf.MCF]
    station = answered(came(0, 1), pps(Fcf.MPS))
    station.hear(events.WrongCarrier())
    assert wanted(station.hear(CRP)) == {2, 3} | behind(4)


def test_crp_after_cfr_asks_for_cfr_again() -> None:
    station = receiving()
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(CRP)) == [Fcf.CFR]


def test_crp_behind_a_burst_asks_for_what_is_not_there() -> None:
    """Some send it for PPS. Nobody has said yet how big the block is, so nothing is confirmed."""
    station = receiving()
    station.hear(came(0, 1, 3))
    assert wanted(station.hear(CRP)) == frozenset(range(256)) - {0, 1, 3}
    station.hear(SENT, events.WrongCarrier())
    assert wanted(station.hear(pps(Fcf.MPS, frames=256))) == frozenset(range(256)) - {0, 1, 3}
    station.hear(SENT, came(2))
    assert wanted(station.hear(pps(Fcf.MPS, frames=1))) == behind(4), "of 256, and not of the four that are there"
    station.hear(SENT, came(*range(4, 256)))
    assert station.hear(pps(Fcf.MPS, frames=252)) == [events.StoreBlock(1, 0, 256)]


def test_crp_behind_the_next_burst_does_not_confirm_it() -> None:
    station = page_done()
    station.hear(ALL)
    assert sent_fcfs(station.hear(CRP)) == [Fcf.PPR]


def test_rr_asks_for_ppr_again() -> None:
    station = answered(came(0, 1), pps(Fcf.MPS))
    station.hear(events.WrongCarrier())
    assert wanted(station.hear(RR)) == {2, 3} | behind(4)


def test_rr_asks_for_our_answer_again_but_not_behind_another_burst() -> None:
    station = page_done()
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(RR)) == [Fcf.MCF]
    station.hear(SENT, ALL)
    assert station.hear(RR) == []


# --- silence, and other things ---------------------------------------------------------------------------------------


def test_no_burst_and_no_pps() -> None:
    station = receiving()
    assert station.run_out() == LISTEN
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.now == 5.0 + 12.0
    assert station.end() == CallEnded(Outcome.NO_COMMAND, 0)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.AWAIT_PPS, events.FrameDamaged()),
        (State.AWAIT_PPS, events.WrongCarrier()),
        (State.AWAIT_RR, events.FrameDamaged()),
    ],
)
def test_a_sender_that_is_not_understood_is_waited_for(state: State, event: events.Event) -> None:
    station = reach(state)
    station.hear(event, after=5.0)
    assert station.due_in() == 9.0


@pytest.mark.parametrize("state", [State.AWAIT_PPS, State.AWAIT_RR])
def test_dcn_is_the_end(state: State) -> None:
    station = reach(state)
    assert station.hear(DCN) == [events.HangUp()]
    assert station.end().outcome is Outcome.FAR_END_DISCONNECTED


def test_our_own_echo_stood_where_the_block_is_due() -> None:
    station = answered(came(0), pps(Fcf.MPS))
    station.hear(events.WrongCarrier())
    (frame,) = station.session._call.last_sent
    (command,) = station.hear(events.FrameReceived(frame), after=0.5)
    assert isinstance(command, events.ReceiveBlock)
    assert station.due_in() == 6.0


def test_the_echo_of_ctr_stood_where_a_long_training_is_due() -> None:
    station = answered(came(0), pps(Fcf.MPS))
    station.hear(events.WrongCarrier(), ctc(Modulation.V17_12000), SENT, events.WrongCarrier())
    (frame,) = station.session._call.last_sent
    (command,) = station.hear(events.FrameReceived(frame), after=0.5)
    assert isinstance(command, events.ReceiveBlock)
    assert command.again
    assert command.long_training


def test_the_echo_of_rtn_is_no_command() -> None:
    station = answered(ALL, pps(Fcf.MPS), STORED, BAD)
    (frame,) = station.session._call.last_sent
    assert station.hear(events.FrameReceived(frame), after=0.5) == []


def test_our_own_echo_behind_a_block_is_no_command() -> None:
    station = answered(came(0), pps(Fcf.MPS))
    station.hear(events.BlockReceived(frozenset({0})))
    (frame,) = station.session._call.last_sent
    assert station.hear(events.FrameReceived(frame), after=0.5) == []
    assert station.due_in() == 5.5


def test_after_eom_phase_b_begins_again() -> None:
    station = page_done(Fcf.EOM)
    assert station.state is State.SENDING_DIS
    station.hear(SENT)
    assert station.due_in() == 3.4
    station.hear(dcs(CORRECTED), events.TrainingReceived(good=True))
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, CORRECTED, again=False, long_training=False)]
    station.hear(ALL)
    assert station.hear(pps(Fcf.EOP, page=1)) == [events.StoreBlock(2, 0, 4)]


def test_a_sender_that_counts_pages_from_the_last_eom() -> None:
    station = page_done(Fcf.EOM)
    station.hear(SENT, dcs(CORRECTED), events.TrainingReceived(good=True), SENT, events.WrongCarrier())
    assert wanted(station.hear(pps(Fcf.EOP))) == frozenset(range(256)), "page 0 again, and not the one before"
