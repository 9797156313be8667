"""Two sessions back to back, without error correction: good lines, and lines that lose, damage, repeat and echo."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import (
    Answered,
    CallEnded,
    Dialing,
    Negotiated,
    PageConfirmed,
    PageStarted,
    PageStored,
    Phase,
    PhaseEntered,
    RemoteIdentified,
    Trained,
)
from tests.unit.t30.ends import GOOD_LINE, Faults, pages_of
from tests.unit.t30.helpers import COARSE, FASTEST, PAGE, WIDE, called, calling, plain, quick_frames
from tests.unit.t30.pair import Pair, outcomes
from tests.unit.t30.pair import call as make

DOCUMENTS: dict[str, tuple[PageInfo, ...]] = {
    "one page": (PAGE,),
    "three pages alike": (PAGE, PAGE, PAGE),
    "every page another shape": (PAGE, WIDE, COARSE),
    "two and two": (PAGE, PAGE, COARSE, COARSE),
}
ONE_FAULT_AT_A_TIME = {
    "transmissions are lost": Faults(lose=0.2, rest=6),
    "frames are damaged": Faults(damage=0.2, rest=6),
    "everything echoes": Faults(echo=0.8),
    "frames come twice": Faults(repeat=0.5),
    "trainings fail": Faults(bad_tcf=0.3, rest=6),
    "pages are bad": Faults(bad_page=0.3, rest=6),
    "pages are poor": Faults(poor_page=0.5),
    "pages are poor and frames damaged": Faults(poor_page=0.6, damage=0.2, rest=4),
    "pages are poor and transmissions lost": Faults(poor_page=0.6, lose=0.2, rest=4),
    "page carriers are lost": Faults(lose_page=0.4, rest=6),
    "modems do not notice V.21": Faults(lose=0.2, deaf_to_v21=1.0, rest=6),
    "modems do not notice fast carriers": Faults(damage=0.2, poor_page=0.4, deaf_to_fast=1.0, rest=6),
}
ROUGH_LINES = {
    "lossy": Faults(lose=0.15, damage=0.1),
    "noisy": Faults(damage=0.15, bad_tcf=0.3, bad_page=0.3, poor_page=0.2),
    "echoing": Faults(echo=0.6, repeat=0.3, damage=0.05),
    "without page carriers": Faults(lose_page=0.3, bad_tcf=0.2),
    "modems do not notice V.21": Faults(lose=0.15, deaf_to_v21=1.0),
    "modems hear only what they wait for": Faults(damage=0.2, deaf_to_fast=1.0, deaf_to_v21=1.0),
    "dead after a while": Faults(lose=0.5),
    "all of it": Faults(
        lose=0.08, damage=0.08, repeat=0.1, echo=0.2, bad_tcf=0.2, bad_page=0.15, poor_page=0.15, lose_page=0.1
    ),
}


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with quick_frames():
        yield


def call(document: Sequence[PageInfo], faults: Faults = GOOD_LINE, seed: int = 0) -> Pair:
    """A call without error correction."""
    caller = plain(calling(document[0], station_id="+1 555 0123"))
    return make(document, faults, seed, caller=caller, receiver=plain(called(station_id="+49 30 1234")))


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_good_line(document: tuple[PageInfo, ...]) -> None:
    pair = call(document, Faults(), 0)
    assert outcomes(pair) == [Outcome.OK, Outcome.OK]
    assert pages_of(pair.called) == list(range(1, len(document) + 1))
    assert pair.caller.session.remote_id == "+49 30 1234"
    assert pair.called.session.remote_id == "+1 555 0123"


def test_all_that_is_told_of_a_call_with_two_pages() -> None:
    pair = call((PAGE, PAGE), Faults(), 0)
    v17 = Modulation.V17_14400
    phases = {phase: PhaseEntered(phase) for phase in Phase}
    assert pair.caller.said == [
        phases[Phase.A],
        Dialing(),
        Answered(),
        phases[Phase.B],
        RemoteIdentified("+49 30 1234"),
        Negotiated(FASTEST, 60.0),
        Trained(v17, good=True),
        phases[Phase.C],
        PageStarted(1),
        phases[Phase.D],
        PageConfirmed(1),
        phases[Phase.C],
        PageStarted(2),
        phases[Phase.D],
        PageConfirmed(2),
        phases[Phase.E],
        CallEnded(Outcome.OK, 2),
    ]
    assert pair.called.said == [
        phases[Phase.A],
        Answered(),
        phases[Phase.B],
        RemoteIdentified("+1 555 0123"),
        Negotiated(FASTEST),
        Trained(v17, good=True),
        phases[Phase.C],
        PageStarted(1),
        phases[Phase.D],
        PageStored(1, 1000),
        phases[Phase.C],
        PageStarted(2),
        phases[Phase.D],
        PageStored(2, 2000),
        phases[Phase.E],
        CallEnded(Outcome.OK, 2),
    ]


def test_the_frames_of_a_call_with_a_change_of_shape() -> None:
    pair = call((PAGE, WIDE, WIDE), Faults(), 0)
    start, page, eom = [Fcf.TSI, Fcf.DCS], [Fcf.MPS], [Fcf.EOM]
    assert pair.called.heard == [*start, *eom, *start, *page, Fcf.EOP, Fcf.DCN]
    identified = [Fcf.CSI, Fcf.DIS, Fcf.CFR, Fcf.MCF]
    assert pair.caller.heard == [*identified, *identified, Fcf.MCF]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("faults", ONE_FAULT_AT_A_TIME.values(), ids=ONE_FAULT_AT_A_TIME.keys())
def test_a_line_with_one_fault_at_a_time_delivers_every_page_once(faults: Faults, seed: int) -> None:
    document = tuple(DOCUMENTS.values())[seed % 4]
    pair = call(document, faults, seed)
    assert outcomes(pair) == [Outcome.OK, Outcome.OK]
    assert pages_of(pair.called) == list(range(1, len(document) + 1))


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("faults", ROUGH_LINES.values(), ids=ROUGH_LINES.keys())
def test_a_rough_line_never_makes_a_false_report(faults: Faults, seed: int) -> None:
    call(tuple(DOCUMENTS.values())[seed % 4], faults, seed)


@pytest.mark.parametrize("seed", range(40))
def test_the_line_is_dropped_at_any_moment(seed: int) -> None:
    at = random.Random(seed).uniform(0.0, 110.0)
    pair = call(DOCUMENTS["three pages alike"], Faults(hang_up_at=at), seed)
    for end in pair.ends:
        assert end.session.outcome in (Outcome.OK, Outcome.FAR_END_HUNG_UP)


@pytest.mark.parametrize("seed", range(40))
def test_one_side_cancels_at_any_moment(seed: int) -> None:
    at = random.Random(seed).uniform(0.0, 110.0)
    pair = call(DOCUMENTS["every page another shape"], Faults(cancel_at=at), seed)
    gone = {Outcome.FAR_END_DISCONNECTED, Outcome.FAR_END_HUNG_UP, Outcome.NO_ANSWER, Outcome.NOT_A_FAX}
    for end, other in (pair.ends, pair.ends[::-1]):
        if end.session.outcome is Outcome.CANCELED:
            assert other.session.outcome in gone | {Outcome.OK}
            assert other.session.outcome is not Outcome.OK or other is pair.called
    assert set(outcomes(pair)) <= gone | {Outcome.OK, Outcome.CANCELED}


@pytest.mark.parametrize("seed", range(20))
def test_cancelled_on_a_rough_line(seed: int) -> None:
    rough = Faults(lose=0.15, damage=0.1, echo=0.2, cancel_at=random.Random(seed).uniform(0.0, 110.0))
    call(DOCUMENTS["two and two"], rough, seed)


def test_modems_that_have_little_in_common() -> None:
    ours = frozenset({Modulation.V17_14400, Modulation.V17_12000, Modulation.V27TER_2400})
    pair = make((PAGE,), caller=calling(transmits=ours), receiver=called(max_rate_bps=7200))
    assert outcomes(pair) == [Outcome.OK, Outcome.OK]
    assert pair.called.told(Trained) == [Trained(Modulation.V27TER_2400, good=True)]


def test_modems_that_have_nothing_in_common() -> None:
    theirs = calling(transmits=frozenset({Modulation.V17_14400}))
    pair = make((PAGE,), caller=theirs, receiver=called(max_rate_bps=7200))
    assert outcomes(pair) == [Outcome.INCOMPATIBLE, Outcome.FAR_END_DISCONNECTED]


def test_a_line_that_carries_nothing() -> None:
    assert outcomes(call((PAGE,), Faults(lose=1.0))) == [Outcome.NO_ANSWER, Outcome.NOT_A_FAX]
