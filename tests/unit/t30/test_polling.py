"""The document goes the other way: polling, being polled, both in one call, and what must be said for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import Address, NonStandard, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings, bits_of
from faxmodem.t30.states import State
from faxmodem.t30.transitions import (
    CallEnded,
    Note,
    PageConfirmed,
    PageStarted,
    PageStored,
    RemoteIdentified,
    RemoteTold,
    Turned,
)
from tests.unit.t30.helpers import (
    CORRECTED,
    CORRECTING,
    FASTEST,
    PAGE,
    WIDE,
    Station,
    block_sent,
    called,
    calling,
    came,
    dcs,
    dis,
    dtc,
    far,
    from_caller,
    polling,
    pps,
    sent_fcfs,
)

KEY = "34"
SENT = events.Sent()
GOOD = events.PageStored(events.Verdict.GOOD, 1000)
TRAINED = events.TrainingReceived(good=True)
OFFERS_DOCUMENT = dis(CORRECTING, has_document=1, password=1, selective_polling=1, polled_subaddress=1, subaddress=1)


def connected(settings: Settings) -> Station:
    """A station whose call is up, and whose DIS has gone out if it answers."""
    station = Station.started(settings)
    station.hear(events.CallConnected())
    if not settings.calling:
        station.hear(SENT)
    station.transitions()
    return station


def told(fcf: Fcf, text: str) -> events.FrameReceived:
    return far(fcf, StationId(text), x=True, final=False)


def frames_of(commands: list[events.Command]) -> tuple[Frame, ...]:
    (command,) = commands
    assert isinstance(command, events.SendFrames)
    return command.frames


def receive_page(station: Station, command: Fcf, page: int = 0) -> None:
    """From DTC being sent to the answer behind one page having gone out."""
    station.hear(SENT, dcs(CORRECTED), TRAINED, SENT, came(0, 1, 2, 3), pps(command, page=page), events.BlockStored())
    station.hear(GOOD, SENT)


# --- we poll ---------------------------------------------------------------------------------------------------------


def test_polls() -> None:
    station = connected(polling(station_id="+1 555"))
    cig, dtc_frame = frames_of(station.hear(OFFERS_DOCUMENT))
    assert cig == Frame.of(Fcf.CIG, StationId("+1 555"), final=False)
    assert dtc_frame.fcf is Fcf.DTC
    says = Capabilities.from_bits(bits_of(dtc_frame))
    assert says.receives
    assert not says.has_document
    assert not any((says.password, says.selective_polling, says.polled_subaddress)), "nothing of that kind is sent"
    assert station.transitions() == [Turned(sends=False)]
    assert station.hear(SENT) == [events.Listen()]
    assert station.due_in() == 3.4
    assert station.hear(dcs(CORRECTED)) == [events.ReceiveTraining(CORRECTED.modulation, ecm=True)]
    assert sent_fcfs(station.hear(TRAINED)) == [Fcf.CFR]
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, CORRECTED, again=False, long_training=False)]
    station.hear(came(0, 1, 2, 3), pps(Fcf.EOP), events.BlockStored())
    (mcf,) = frames_of(station.hear(GOOD))
    assert mcf.x, "the caller has received the DIS, whoever sends the document (5.3.6.1)"
    station.hear(SENT, from_caller(Fcf.DCN))
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_what_goes_along_with_dtc() -> None:
    wanted = Addressing(subaddress="12", password=KEY, selective="56")
    station = connected(polling(station_id="1", addressing=wanted))
    frames = frames_of(station.hear(OFFERS_DOCUMENT))
    assert [frame.fcf for frame in frames] == [Fcf.CIG, Fcf.PWD, Fcf.SEP, Fcf.PSA, Fcf.DTC]
    assert [frame.record() for frame in frames[1:4]] == [StationId(KEY), StationId("56"), StationId("12")]
    assert [frame.final for frame in frames] == [False] * 4 + [True]
    bits = bits_of(frames[-1])
    assert bits["password"]
    assert bits["selective_polling"]
    assert bits["polled_subaddress"]


def test_a_password_that_is_not_understood_is_not_sent() -> None:
    station = connected(polling(addressing=Addressing(password=KEY)))
    assert sent_fcfs(station.hear(dis(has_document=1))) == [Fcf.DTC]


@pytest.mark.parametrize("wanted", [Addressing(subaddress="12"), Addressing(selective="56")])
def test_a_document_that_cannot_be_named_is_not_polled(wanted: Addressing) -> None:
    station = connected(polling(addressing=wanted))
    assert sent_fcfs(station.hear(dis(has_document=1))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.INCOMPATIBLE


def test_nothing_to_poll() -> None:
    station = connected(polling())
    assert sent_fcfs(station.hear(dis())) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 0)


def test_dtc_is_sent_three_times() -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT)
    for _ in range(2):
        station.hear(SENT)
        assert sent_fcfs(station.run_out()) == [Fcf.DTC]
    station.hear(SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end().outcome is Outcome.NO_RESPONSE


def test_dis_again_shows_that_dtc_was_missed() -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT)
    for _ in range(2):
        station.hear(SENT)
        assert sent_fcfs(station.hear(OFFERS_DOCUMENT, after=1.0)) == [Fcf.DTC]
    station.hear(SENT)
    assert sent_fcfs(station.hear(OFFERS_DOCUMENT)) == [Fcf.DCN]


@pytest.mark.parametrize("settings", [polling(), called()], ids=["DTC", "DIS"])
def test_t1_does_not_wait_for_a_frame_of_ours_to_be_out(settings: Settings) -> None:
    station = connected(settings)
    if settings.calling:
        station.hear(OFFERS_DOCUMENT, SENT)
    for _ in range(7):
        station.hear(events.FlagsHeard(), after=4.0)
    station.run_out()
    assert station.state in (State.SENDING_DTC, State.SENDING_DIS)
    station.commands()
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end().outcome is (Outcome.NO_RESPONSE if settings.calling else Outcome.NOT_A_FAX)


def test_crp_asks_for_dtc_again() -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT, SENT)
    assert sent_fcfs(station.hear(far(Fcf.CRP))) == [Fcf.DTC]


def test_dcn_instead_of_the_document() -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT, SENT)
    assert station.hear(far(Fcf.DCN)) == [events.HangUp()]
    assert station.end() == CallEnded(Outcome.POLL_REFUSED, 0)


def test_several_documents() -> None:
    """EOM leads the poller back to phase B, which for it begins with DTC."""
    station = connected(polling(addressing=Addressing(password=KEY)))
    station.hear(OFFERS_DOCUMENT)
    receive_page(station, Fcf.EOM)
    assert station.state is State.SENDING_DTC
    assert [frame.fcf for frame in station.session._call.last_sent] == [Fcf.PWD, Fcf.DTC]
    receive_page(station, Fcf.EOP, page=1)
    station.hear(from_caller(Fcf.DCN))
    said = station.transitions()
    assert [told.page for told in said if isinstance(told, PageStored)] == [1, 2]
    assert [told for told in said if isinstance(told, Turned)] == [Turned(sends=False)]
    assert said[0] == Turned(sends=False)
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_each_document_has_its_own_three_dtcs() -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT, SENT)
    station.run_out()
    receive_page(station, Fcf.EOM)
    for _ in range(2):
        station.hear(SENT)
        assert sent_fcfs(station.run_out()) == [Fcf.DTC]


@pytest.mark.parametrize(
    ("event", "outcome"),
    [(far(Fcf.DCN), Outcome.FAR_END_DISCONNECTED), (None, Outcome.NO_RESPONSE)],
    ids=["DCN", "none"],
)
def test_a_polled_station_that_leaves_after_eom_owes_a_document(event: events.Event | None, outcome: Outcome) -> None:
    station = connected(polling())
    station.hear(OFFERS_DOCUMENT)
    receive_page(station, Fcf.EOM)
    station.hear(SENT)
    while event is None and station.state is not State.SENDING_DCN:
        station.run_out()
        if station.state is State.SENDING_DTC:
            station.hear(SENT)
    if event is not None:
        station.hear(event)
    assert station.end() == CallEnded(outcome, 1)


def test_only_a_caller_polls() -> None:
    with pytest.raises(LocalProtocolError, match="only the station that calls can poll"):
        Settings(calling=False, first_page=None, polls=True)
    with pytest.raises(LocalProtocolError, match="has something to send, or polls"):
        Settings(calling=True, first_page=None)


# --- we are polled ---------------------------------------------------------------------------------------------------


def test_is_polled() -> None:
    station = connected(called(PAGE, station_id="+49 30"))
    assert bits_of(station.session._call.last_sent[-1])["has_document"]
    station.hear(told(Fcf.CIG, "+1 555"))
    assert station.transitions() == [RemoteIdentified("+1 555")]
    tsi, selection = frames_of(station.hear(dtc(CORRECTING)))
    assert (tsi.fcf, selection.fcf) == (Fcf.TSI, Fcf.DCS)
    assert not any((tsi.x, selection.x)), "the called station has received no DIS"
    assert station.transitions()[0] == Turned(sends=True)
    assert station.hear(SENT) == [events.SendTraining(CORRECTED.modulation)]
    station.hear(SENT)
    assert station.hear(far(Fcf.CFR, x=True)) == [events.SendBlock(1, 0, (), CORRECTED, long_training=False)]
    station.hear(block_sent(), SENT)
    assert sent_fcfs(station.hear(from_caller(Fcf.MCF))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_nothing_to_be_polled() -> None:
    station = connected(called())
    assert not bits_of(station.session._call.last_sent[-1])["has_document"]
    assert sent_fcfs(station.hear(dtc())) == [Fcf.DCN]
    assert station.end().outcome is Outcome.NOTHING_TO_POLL


@pytest.mark.parametrize(
    ("door", "says", "opens"),
    [
        (Door(), {}, True),
        (Door(), {Fcf.PWD: KEY, Fcf.SEP: "2"}, True),
        (Door(password=KEY), {Fcf.PWD: KEY}, True),
        (Door(password=KEY), {Fcf.PWD: "2"}, False),
        (Door(password=KEY), {}, False),
        (Door(password=KEY), {Fcf.SEP: KEY}, False),
        (Door(selective="2"), {Fcf.SEP: "2"}, True),
        (Door(selective="2"), {Fcf.SEP: "12"}, False),
        (Door(password=KEY, selective="2"), {Fcf.PWD: KEY, Fcf.SEP: "2"}, True),
        (Door(password=KEY, selective="2"), {Fcf.PWD: KEY}, False),
        (Door(password=KEY, selective="2"), {Fcf.PWD: "2", Fcf.SEP: "1"}, False),
    ],
)
def test_who_may_have_the_document(door: Door, says: dict[Fcf, str], opens: bool) -> None:
    station = connected(called(PAGE, door=door))
    station.hear(*[told(fcf, text) for fcf, text in says.items()])
    assert sent_fcfs(station.hear(dtc())) == [Fcf.DCS if opens else Fcf.DCN]
    if not opens:
        assert station.end() == CallEnded(Outcome.POLL_REFUSED, 0)


@pytest.mark.parametrize(("door", "bit"), [(Door(), 0), (Door(selective="2"), 1), (Door(password=KEY), 0)])
def test_the_dis_offers_selective_polling_where_there_is_something_to_select(door: Door, bit: int) -> None:
    bits = bits_of(connected(called(PAGE, door=door)).session._call.last_sent[-1])
    assert bits["selective_polling"] == bit
    assert bits["password"]
    assert not bits["polled_subaddress"]


def test_a_poller_that_does_not_say_that_it_receives() -> None:
    """It asks for a document: what else can it want?"""
    assert sent_fcfs(connected(called(PAGE)).hear(dtc(receives=0))) == [Fcf.DCS]


def test_a_station_with_a_document_takes_one_too() -> None:
    station = connected(called(PAGE))
    assert station.hear(dcs(FASTEST)) == [events.ReceiveTraining(FASTEST.modulation)]
    station.hear(TRAINED, SENT, events.PageReceived(), from_caller(Fcf.EOP), GOOD, SENT, from_caller(Fcf.DCN))
    assert not [said for said in station.transitions() if isinstance(said, Turned)]
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_dtc_again_because_our_dcs_was_missed() -> None:
    station = connected(called(PAGE))
    station.hear(dtc(), SENT, SENT)
    assert sent_fcfs(station.hear(dtc())) == [Fcf.DCS]


def test_being_polled_for_several_documents() -> None:
    station = connected(called(PAGE))
    station.hear(dtc(CORRECTING), SENT, SENT, far(Fcf.CFR, x=True), block_sent(WIDE), SENT)
    assert station.hear(from_caller(Fcf.MCF)) == [events.Listen()]
    assert station.state is State.AWAIT_DIS
    assert sent_fcfs(station.hear(dtc(CORRECTING))) == [Fcf.DCS]
    assert [said for said in station.transitions() if isinstance(said, Turned)] == [Turned(sends=True)]
    station.hear(SENT, SENT, far(Fcf.CFR, x=True))
    assert PageStarted(2) in station.transitions()
    station.hear(block_sent(), SENT, from_caller(Fcf.MCF))
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_a_polled_station_tells_no_password_of_its_own() -> None:
    """Bit 50 of a DTC says that a PWD comes with it. It is no offer to take SID."""
    station = connected(called(PAGE, addressing=Addressing(password=KEY)))
    assert sent_fcfs(station.hear(dtc(password=1))) == [Fcf.DCS]


# --- both in one call ------------------------------------------------------------------------------------------------


def test_sends_and_polls_in_one_call() -> None:
    station = connected(calling(polls=True))
    assert sent_fcfs(station.hear(OFFERS_DOCUMENT)) == [Fcf.DCS]
    station.hear(SENT, SENT, far(Fcf.CFR))
    (pps_frame,) = frames_of(station.hear(block_sent()))
    assert pps_frame == Frame.of(Fcf.PPS, pps(Fcf.EOM).frame.record(), x=True), "not EOP: there must be another phase B"
    station.hear(SENT)
    assert station.hear(far(Fcf.MCF)) == [events.Listen()]
    assert station.due_in() == 35.0
    (dtc_frame,) = frames_of(station.hear(OFFERS_DOCUMENT))
    assert dtc_frame.fcf is Fcf.DTC
    assert not bits_of(dtc_frame)["has_document"], "ours is gone, and was not for being polled"
    station.hear(SENT, dcs(CORRECTED), TRAINED)
    assert station.hear(SENT) == [events.ReceiveBlock(2, 0, CORRECTED, again=False, long_training=False)]
    station.hear(came(0, 1, 2, 3), pps(Fcf.EOP), events.BlockStored(), GOOD, SENT, from_caller(Fcf.DCN))
    said = station.transitions()
    assert [told for told in said if isinstance(told, PageConfirmed | Turned | PageStored)] == [
        PageConfirmed(1),
        Turned(sends=False),
        PageStored(2, 1000),
    ]
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_receives_and_is_polled_in_one_call() -> None:
    station = connected(called(PAGE))
    station.hear(dcs(CORRECTED), TRAINED, SENT, came(0, 1, 2, 3), pps(Fcf.EOM), events.BlockStored(), GOOD, SENT)
    assert station.state is State.SENDING_DIS
    station.hear(SENT)
    station.hear(dtc(CORRECTING), SENT, SENT)
    station.hear(far(Fcf.CFR, x=True))
    (pps_frame,) = frames_of(station.hear(block_sent()))
    assert pps_frame == Frame.of(Fcf.PPS, pps(Fcf.EOP).frame.record()), "page 0 of this direction"
    station.hear(SENT, from_caller(Fcf.MCF))
    said = station.transitions()
    assert [told for told in said if isinstance(told, PageConfirmed | Turned | PageStored)] == [
        PageStored(1, 1000),
        Turned(sends=True),
        PageConfirmed(2),
    ]
    assert station.end() == CallEnded(Outcome.OK, 2)


def test_a_far_end_without_a_document_gets_ours_all_the_same() -> None:
    station = connected(calling(polls=True))
    station.hear(dis(CORRECTING), SENT, SENT, far(Fcf.CFR))
    (pps_frame,) = frames_of(station.hear(block_sent()))
    assert pps_frame == Frame.of(Fcf.PPS, pps(Fcf.EOP).frame.record(), x=True)
    station.hear(SENT, far(Fcf.MCF))
    assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 1)


def test_a_document_that_is_gone_when_it_is_our_turn() -> None:
    station = connected(calling(polls=True))
    station.hear(OFFERS_DOCUMENT, SENT, SENT, far(Fcf.CFR), block_sent(), SENT, far(Fcf.MCF))
    assert sent_fcfs(station.hear(dis(CORRECTING))) == [Fcf.DCN]
    assert station.end() == CallEnded(Outcome.NOTHING_TO_POLL, 1)


def test_a_poll_that_is_refused_after_our_document_has_gone() -> None:
    station = connected(calling(polls=True))
    station.hear(OFFERS_DOCUMENT, SENT, SENT, far(Fcf.CFR), block_sent(), SENT, far(Fcf.MCF))
    station.hear(OFFERS_DOCUMENT, SENT, far(Fcf.DCN))
    assert station.end() == CallEnded(Outcome.POLL_REFUSED, 1)


def test_a_refused_page_before_the_poll_is_sent_again() -> None:
    station = connected(calling(polls=True))
    station.hear(OFFERS_DOCUMENT, SENT, SENT, far(Fcf.CFR), block_sent(), SENT)
    assert sent_fcfs(station.hear(far(Fcf.RTN))) == [Fcf.DCS]


def test_rtp_before_the_poll() -> None:
    """There is nothing to train for: the poll begins with DIS."""
    station = connected(calling(polls=True))
    station.hear(OFFERS_DOCUMENT, SENT, SENT, far(Fcf.CFR), block_sent(), SENT)
    assert station.hear(far(Fcf.RTP)) == [events.Listen()]
    assert station.state is State.AWAIT_DIS


# --- what goes along with a document ---------------------------------------------------------------------------------


def test_sub_and_sid_go_with_dcs_where_they_are_offered() -> None:
    station = connected(calling(station_id="1", addressing=Addressing(subaddress="12", password=KEY)))
    frames = frames_of(station.hear(OFFERS_DOCUMENT))
    assert [frame.fcf for frame in frames] == [Fcf.TSI, Fcf.SUB, Fcf.SID, Fcf.DCS]
    assert [frame.record() for frame in frames[1:3]] == [StationId("12"), StationId(KEY)]
    bits = bits_of(frames[-1])
    assert bits["subaddress"]
    assert bits["sender_id"]


def test_sid_is_left_out_where_it_is_not_understood() -> None:
    station = connected(calling(addressing=Addressing(password=KEY)))
    (selection,) = frames_of(station.hear(dis()))
    assert not bits_of(selection)["sender_id"]


def test_a_document_for_a_subaddress_is_not_given_to_somebody_else() -> None:
    station = connected(calling(addressing=Addressing(subaddress="12")))
    assert sent_fcfs(station.hear(dis())) == [Fcf.DCN]
    assert station.end().outcome is Outcome.INCOMPATIBLE


@pytest.mark.parametrize(
    ("fcf", "note"),
    [
        (Fcf.SUB, Note.SUBADDRESS),
        (Fcf.SID, Note.SENDER_ID),
        (Fcf.PWD, Note.PASSWORD),
        (Fcf.SEP, Note.SELECTIVE_POLLING),
        (Fcf.PSA, Note.POLLED_SUBADDRESS),
    ],
)
def test_what_the_far_end_tells_is_passed_on_once(fcf: Fcf, note: Note) -> None:
    station = connected(called())
    station.hear(told(fcf, "12"), told(fcf, ""), told(fcf, "12"))
    assert station.transitions() == [RemoteTold(note, "12")]
    station.hear(told(fcf, "13"))
    assert station.transitions() == [RemoteTold(note, "13")]


def test_an_address_and_a_maker_are_passed_on_too() -> None:
    station = connected(called())
    station.hear(far(Fcf.TSA, Address(1, b"a@example.org\x00"), x=True, final=False))
    station.hear(far(Fcf.NSF, NonStandard(0xB5, b"\x12\x34"), final=False))
    assert station.transitions() == [
        RemoteTold(Note.CALLER_ADDRESS, "a@example.org."),
        RemoteTold(Note.MAKER, "United States"),
    ]


def test_a_dcs_with_sub_says_so() -> None:
    station = connected(called())
    station.hear(told(Fcf.SUB, "12"))
    assert station.hear(dcs(replace(FASTEST, subaddress=True))) == [events.ReceiveTraining(FASTEST.modulation)]
