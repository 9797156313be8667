"""Two sessions back to back, with error correction: what is confirmed is on disk, frame for frame, whatever goes wrong.

`pair.check` holds for every call here: a page that the sender reports was stored whole, each was stored once and in
order, and a call that is not OK says so at the end that knows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest

from faxmodem.codec.geometry import Coding
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.transitions import BlockRepeated, Negotiated, PageConfirmed, PageRefused, Trained, Turned
from tests.unit.t30.ends import GOOD_LINE, Faults, Harm, pages_of
from tests.unit.t30.helpers import COARSE, CORRECTED, PAGE, WIDE, called, calling, polling, quick_frames
from tests.unit.t30.pair import Pair, call, outcomes

OK = [Outcome.OK, Outcome.OK]
DOCUMENTS = ((PAGE,), (PAGE, PAGE, PAGE), (PAGE, WIDE, COARSE), (PAGE, PAGE, COARSE, COARSE), (PAGE,) * 7)
SLOW = frozenset({Modulation.V27TER_2400, Modulation.V27TER_4800})
ROUGH_LINES = {
    "loses transmissions": Faults(lose=0.15, damage=0.1),
    "loses frames": Faults(lose_frames=0.2),
    "loses half the frames": Faults(lose_frames=0.5),
    "loses nearly all frames": Faults(lose_frames=0.9),
    "loses runs of frames": Faults(lose_run=0.7, lose=0.05),
    "noisy": Faults(damage=0.15, bad_tcf=0.3, lose_frames=0.3),
    "echoing": Faults(echo=0.6, repeat=0.3, damage=0.05, lose_frames=0.1),
    "without carriers": Faults(lose_page=0.3, bad_tcf=0.2),
    "modems do not notice V.21": Faults(lose=0.15, deaf_to_v21=1.0, lose_frames=0.1),
    "modems hear only what they wait for": Faults(damage=0.2, deaf_to_fast=1.0, deaf_to_v21=1.0, lose_frames=0.1),
    "dead after a while": Faults(lose=0.5),
    "slow disk": Faults(slow_disk=0.7, lose=0.1, damage=0.05, lose_frames=0.05),
    "pages that cannot be stored": Faults(bad_page=0.3, poor_page=0.3, lose_frames=0.1, lose=0.05),
    "all of it": Faults(
        lose=0.08, damage=0.08, repeat=0.1, echo=0.2, bad_tcf=0.2, bad_page=0.05, poor_page=0.15, lose_page=0.1
    ),
}
KINDS = ("sends", "sends in V.34", "has little in common", "polls", "sends and polls")


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    with quick_frames():
        yield


def call_of(kind: str, document: Sequence[PageInfo], faults: Faults = GOOD_LINE, seed: int = 0) -> Pair:
    """A call of one of the `KINDS`."""
    match kind:
        case "sends in V.34":
            return call(document, faults, seed, v34=True)
        case "has little in common":
            return call(document, faults, seed, receiver=called(receives=SLOW, codings=frozenset({Coding.MR})))
        case "polls":
            return call((), faults, seed, caller=polling(), receiver=called(document[0]), polled=document)
        case "sends and polls":
            caller, receiver = calling(document[0], polls=True), called(WIDE)
            return call(document, faults, seed, caller=caller, receiver=receiver, polled=(WIDE, COARSE))
        case _:
            return call(document, faults, seed)


# --- a good line -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("document", DOCUMENTS, ids=len)
def test_a_good_line(kind: str, document: tuple[PageInfo, ...]) -> None:
    pair = call_of(kind, document)
    assert outcomes(pair) == OK
    delivered = list(range(1, len(document) + 1))
    assert (pages_of(pair.caller), pages_of(pair.called)) == {
        "polls": (delivered, []),
        "sends and polls": ([1, 2], delivered),
    }.get(kind, ([], delivered))
    assert not pair.caller.told(BlockRepeated)


def test_the_frames_of_a_call() -> None:
    pair = call((PAGE, PAGE, WIDE))
    start = [Fcf.TSI, Fcf.DCS]
    assert pair.called.heard == [*start, *[Fcf.PPS] * 3, *start, Fcf.PPS, Fcf.DCN]
    identified = [Fcf.CSI, Fcf.DIS, Fcf.CFR]
    assert pair.caller.heard == [*identified, *[Fcf.MCF] * 3, *identified, Fcf.MCF]
    assert [(burst.page, burst.block, burst.frames) for burst in pair.caller.bursts] == [
        *[(page, block, ()) for page, block in ((1, 0), (2, 0), (2, 1), (3, 0))]
    ]


def test_the_best_that_both_have_is_chosen() -> None:
    best = call((PAGE,)).called.told(Negotiated)
    assert best == [Negotiated(CORRECTED)]
    slow = call_of("has little in common", (PAGE,)).called.told(Negotiated)
    assert slow == [Negotiated(replace(CORRECTED, modulation=Modulation.V27TER_4800, coding=Coding.MR))]


def test_v34_trains_when_the_call_is_set_up() -> None:
    pair = call_of("sends in V.34", (PAGE, WIDE))
    assert pair.called.told(Negotiated)[0] == Negotiated(replace(CORRECTED, modulation=Modulation.V34))
    assert not pair.called.told(Trained)
    phase_b, block = ("DIS", "DCS", "CFR"), ("frames", "PPS", "MCF")
    assert pair.transmissions == len((*phase_b, *block, *phase_b, *block, *block, "DCN"))


def test_turning_the_document_around() -> None:
    pair = call_of("sends and polls", (PAGE, PAGE))
    assert pair.caller.told(Turned) == [Turned(sends=False)]
    assert pair.called.told(Turned) == [Turned(sends=True)]
    assert pair.caller.numbers(PageConfirmed) == [1, 2]
    assert pair.called.numbers(PageConfirmed) == [3, 4]


# --- one fault, or two -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_single_fault_matters(kind: str) -> None:
    """Each transmission of a call is lost or spoilt in turn."""
    document = (PAGE, PAGE, WIDE)
    transmissions = call_of(kind, document).transmissions
    for place, harm in product(range(1, transmissions + 1), Harm):
        pair = call_of(kind, document, Faults(plan={place: harm}))
        assert outcomes(pair) == OK, f"transmission {place} {harm}"


def test_hardly_any_two_faults_matter() -> None:
    """Any two transmissions of a call are lost or spoilt; of two commands in a row, T2 spans only one."""
    broken = []
    for first, second in combinations(range(1, call((PAGE, PAGE)).transmissions + 5), 2):
        for harms in product(Harm, Harm):
            plan = dict(zip((first, second), harms, strict=True))
            if outcomes(call((PAGE, PAGE), Faults(plan=plan))) != OK:
                broken.append((first, second, *harms))
    pps_of_each_block, mcf_of_the_last = (6, 9, 12), 13
    twice = [(at, at + 1, Harm.LOST, Harm.LOST) for at in pps_of_each_block]
    at_the_end = [(mcf_of_the_last, mcf_of_the_last + 1, harm, Harm.LOST) for harm in Harm]
    assert broken == [*twice, *at_the_end], "a PPS and its repeat; the last MCF and the PPS that would ask for it"


# --- rough lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("faults", ROUGH_LINES.values(), ids=ROUGH_LINES.keys())
def test_a_rough_line_never_makes_a_false_report(kind: str, faults: Faults) -> None:
    for seed in range(10):
        call_of(kind, DOCUMENTS[seed % len(DOCUMENTS)], faults, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_lost_frames_alone_cost_nothing_but_time(kind: str) -> None:
    for seed in range(10):
        pair = call_of(kind, DOCUMENTS[seed % len(DOCUMENTS)], Faults(lose_frames=0.2), seed)
        assert outcomes(pair) == OK
        assert not pair.caller.told(PageRefused) + pair.called.told(PageRefused)


@pytest.mark.parametrize("kind", KINDS)
def test_the_line_is_dropped_at_any_moment(kind: str) -> None:
    for seed in range(25):
        at = random.Random(seed).uniform(0.0, 100.0)
        pair = call_of(kind, (PAGE, WIDE, WIDE), Faults(hang_up_at=at), seed)
        assert set(outcomes(pair)) <= {Outcome.OK, Outcome.FAR_END_HUNG_UP}


@pytest.mark.parametrize("kind", KINDS)
def test_one_side_cancels_at_any_moment(kind: str) -> None:
    gone = {Outcome.FAR_END_DISCONNECTED, Outcome.FAR_END_HUNG_UP, Outcome.NO_ANSWER, Outcome.NOT_A_FAX}
    for seed in range(25):
        at = random.Random(seed).uniform(0.0, 100.0)
        pair = call_of(kind, (PAGE, WIDE, WIDE), Faults(cancel_at=at, slow_disk=0.3), seed)
        assert set(outcomes(pair)) <= gone | {Outcome.OK, Outcome.CANCELED, Outcome.POLL_REFUSED, Outcome.STALLED}


def test_a_call_goes_the_same_way_every_time() -> None:
    rough = replace(ROUGH_LINES["all of it"], lose_frames=0.2, slow_disk=0.2)
    first, second = (call(DOCUMENTS[3], rough, 7) for _ in range(2))
    assert first.caller.said == second.caller.said
    assert first.called.said == second.called.said
    assert first.now == second.now
