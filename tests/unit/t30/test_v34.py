"""A call in V.34 half duplex, as far as the session sees it (T.30 Annex F): no TCF, no CTC, always in blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.codec.geometry import Coding
from faxmodem.t30 import events
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings, bits_of
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import CallEnded, Negotiated
from tests.unit.t30.helpers import (
    ANY,
    CORRECTED,
    CORRECTING,
    PAGE,
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
    ppr,
    pps,
    sent_fcfs,
)

SENT = events.Sent()
V34 = replace(CORRECTED, modulation=Modulation.V34)


def connected(settings: Settings) -> Station:
    station = Station.started(settings)
    station.hear(events.CallConnected(v34=True))
    station.transitions()
    return station


def asked(burst: events.BlockSent) -> Station:
    """A sender that waits for what is said of its first block."""
    station = connected(calling())
    station.hear(dis(CORRECTING), SENT, far(Fcf.CFR), burst, SENT)
    assert station.state is State.AWAIT_BLOCK_ANSWER
    return station


def receiving() -> Station:
    station = connected(called())
    station.hear(SENT, dcs(V34), SENT)
    assert station.state is State.RECEIVING_BLOCK
    return station


# --- sending ---------------------------------------------------------------------------------------------------------


def test_dcs_names_no_rate_and_no_tcf_follows() -> None:
    station = connected(calling())
    (command,) = station.hear(dis(CORRECTING))
    assert isinstance(command, events.SendFrames)
    bits = bits_of(command.frames[-1])
    assert bits["rate"] == 0
    assert bits["ecm"]
    assert Negotiated(V34) in station.transitions()
    assert station.hear(SENT) == [events.Listen()]
    assert station.state is State.AWAIT_CFR
    assert station.due_in() == 3.0
    assert station.hear(far(Fcf.CFR)) == [events.SendBlock(1, 0, (), V34, long_training=False)]


@pytest.mark.parametrize("settings", [calling(ecm=False), calling(max_rate_bps=2400)])
def test_v34_means_error_correction_whatever_else_is_said(settings: Settings) -> None:
    station = connected(settings)
    (command,) = station.hear(dis(ANY))
    assert isinstance(command, events.SendFrames)
    parameters = Parameters.from_bits(bits_of(command.frames[-1]), v34=True)
    assert (parameters.modulation, parameters.ecm_octets) == (Modulation.V34, 256)


def test_dcs_is_repeated_without_a_cfr() -> None:
    station = connected(calling())
    station.hear(dis(CORRECTING), SENT)
    for _ in range(2):
        assert sent_fcfs(station.run_out()) == [Fcf.DCS]
        station.hear(SENT)
    assert sent_fcfs(station.run_out()) == [Fcf.DCN]
    assert station.end().outcome is Outcome.NO_RESPONSE


def test_ftt_cannot_be_heeded() -> None:
    station = connected(calling())
    station.hear(dis(CORRECTING), SENT)
    assert sent_fcfs(station.hear(far(Fcf.FTT))) == [Fcf.DCN]
    assert station.end().outcome is Outcome.TRAINING_FAILED


def test_the_modems_see_to_the_rate_so_there_is_no_ctc() -> None:
    station = asked(block_sent())
    for request in range(1, 12):
        slower = request in (4, 8)  # but the modems can be told
        assert station.hear(ppr(1, 2)) == [events.SendBlock(1, 0, (1, 2), V34, long_training=False, slower=slower)]
        station.hear(block_sent(), SENT)
    assert sent_fcfs(station.hear(ppr(1, 2))) == [Fcf.EOR]
    station.hear(SENT, far(Fcf.ERR))
    assert station.end() == CallEnded(Outcome.PAGE_REFUSED, 0)


def test_a_refused_page_is_sent_again_at_whatever_rate_the_modems_have() -> None:
    station = asked(block_sent(PAGE))
    assert sent_fcfs(station.hear(far(Fcf.RTN))) == [Fcf.DCS]
    station.hear(SENT)
    assert station.hear(far(Fcf.CFR)) == [events.SendBlock(1, 0, (), V34, long_training=False)]


def test_being_polled() -> None:
    station = connected(called(PAGE))
    station.hear(SENT)
    assert sent_fcfs(station.hear(dtc(CORRECTING))) == [Fcf.DCS]
    assert station.hear(SENT) == [events.Listen()]
    assert station.hear(far(Fcf.CFR, x=True)) == [events.SendBlock(1, 0, (), V34, long_training=False)]


# --- receiving -------------------------------------------------------------------------------------------------------


def test_dcs_is_confirmed_at_once() -> None:
    station = connected(called())
    station.hear(SENT)
    assert sent_fcfs(station.hear(dcs(V34))) == [Fcf.CFR]
    assert Timer.T1 not in station.session._call.timers
    assert station.hear(SENT) == [events.ReceiveBlock(1, 0, V34, again=False, long_training=False)]


def test_a_dcs_that_forgets_error_correction_has_it_all_the_same() -> None:
    station = connected(called())
    station.hear(SENT)
    assert sent_fcfs(station.hear(dcs(replace(V34, ecm_octets=0, coding=Coding.MH)))) == [Fcf.CFR]
    (command,) = station.hear(SENT)
    assert isinstance(command, events.ReceiveBlock)
    assert command.parameters.ecm_octets == 256


def test_dcs_again_because_cfr_was_lost() -> None:
    station = receiving()
    station.hear(events.WrongCarrier())
    assert sent_fcfs(station.hear(dcs(V34))) == [Fcf.CFR]


def test_a_block() -> None:
    station = receiving()
    station.hear(came(0, 1, 2, 3), pps(Fcf.EOP), events.BlockStored())
    assert sent_fcfs(station.hear(events.PageStored(events.Verdict.GOOD, 1))) == [Fcf.MCF]
    station.hear(SENT, from_caller(Fcf.DCN))
    assert station.end() == CallEnded(Outcome.OK, 1)


def test_ctc_is_answered_and_changes_nothing() -> None:
    station = receiving()
    station.hear(came(0), pps(Fcf.MPS), SENT, events.WrongCarrier())
    ctc = from_caller(Fcf.CTC, ContinueToCorrect.at(Modulation.V27TER_2400))
    assert sent_fcfs(station.hear(ctc)) == [Fcf.CTR]
    (command,) = station.hear(SENT)
    assert isinstance(command, events.ReceiveBlock)
    assert command.parameters == V34


def test_our_dis_offers_v8_where_our_modem_has_v34() -> None:
    for receives, bit in ((frozenset(Modulation), 1), (frozenset(Modulation) - {Modulation.V34}, 0)):
        station = connected(called(receives=receives))
        assert bits_of(station.session._call.last_sent[-1])["v8"] == bit
