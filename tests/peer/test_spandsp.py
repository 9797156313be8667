"""Whole calls with spandsp's fax machine through spandsp's Class 1 modem: real signals, virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.call.sink import CopyQuality
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.modulations import Modulation
from tests.peer.spandsp.call import (
    Call,
    MakeCall,
    Wire,
    call_time,
    machine_to_machine,
    receive_from_machine,
    send_to_machine,
)
from tests.peer.spandsp.library import Modems, missing
from tests.peer.spandsp.line import Impairments
from tests.peer.spandsp.pages import blots
from tests.peer.spandsp.terminal import TerminalSettings

pytestmark = [pytest.mark.peer, pytest.mark.skipif(bool(missing()), reason=missing())]

SYSTEMS: Final = {
    "V.27ter": (Modems.V27TER, 4800),
    "V.29": (Modems.V27TER | Modems.V29, 9600),
    # without V.29, so that the way down goes through V.17 at 9600 and 7200
    "V.17": (Modems.V27TER | Modems.V17, 14400),
}
"What a machine has that uses these modulations, and the highest rate that our DIS may offer it."


@dataclass(frozen=True, slots=True)
class Combination:
    """What a call is to use."""

    coding: Coding
    ecm: bool
    resolution: Resolution
    modulation: Modulation

    def __str__(self) -> str:
        ecm = "ecm" if self.ecm else "plain"
        rate = f"{self.modulation.system} {self.modulation.rate_bps}"
        return f"{self.coding.value} {ecm} {self.resolution.label} {rate}"

    @property
    def machine(self) -> TerminalSettings:
        """A machine that leaves no other choice, but of the rate."""
        modems, _ = SYSTEMS[self.modulation.system]
        return TerminalSettings(ecm=self.ecm, codings=frozenset({Coding.MH, self.coding}), modems=modems)


COMBINATIONS: Final = [
    Combination(coding, ecm, resolution, modulation)
    for (coding, ecm), resolution, modulation in product(
        [(Coding.MH, False), (Coding.MR, False), (Coding.MH, True), (Coding.MR, True), (Coding.MMR, True)],
        [Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE],
        [modulation for modulation in Modulation if modulation is not Modulation.V34],
    )
]

each_combination = pytest.mark.parametrize("combination", [pytest.param(each, id=str(each)) for each in COMBINATIONS])
each_direction = pytest.mark.parametrize("make_call", [send_to_machine, receive_from_machine])


def check(call: Call, pages: list[Bitmap]) -> None:
    """Both sides say that all is well, and what arrived is what was sent."""
    assert (call.ours.ok, call.terminal.ok) == (True, True), call.story()
    assert call.pages == pages, call.story()


def check_use(call: Call, combination: Combination) -> None:
    """The machine confirms what the call has used."""
    assert call.terminal.modulation() is combination.modulation, call.story()
    for page in call.terminal.pages:
        assert (page.coding, page.ecm, page.bad_lines) == (combination.coding, combination.ecm, 0), call.story()


@each_combination
def test_every_combination_is_sent(combination: Combination, tmp_path: Path) -> None:
    pages = [blots(combination.resolution)]
    settings = CallSettings(max_rate_bps=combination.modulation.rate_bps)
    only = frozenset({combination.modulation})
    call = send_to_machine(pages, tmp_path, settings, combination.machine, modulations=only)
    check(call, pages)
    check_use(call, combination)


@each_combination
def test_every_combination_is_received(combination: Combination, tmp_path: Path) -> None:
    pages = [blots(combination.resolution)]
    rate_bps = combination.modulation.rate_bps
    _, offered_bps = SYSTEMS[combination.modulation.system]
    # A machine that has V.27ter at 4800 only steps down from it; a DIS can say that 2400 is all there is.
    highest_bps = rate_bps if combination.modulation is Modulation.V27TER_2400 else offered_bps
    call = receive_from_machine(
        pages,
        tmp_path,
        CallSettings(max_rate_bps=highest_bps),
        combination.machine,
        wire=Wire(modem_receives_at_most_bps=rate_bps),
    )
    check(call, pages)
    check_use(call, combination)


PLAIN: Final = TerminalSettings(codings=frozenset({Coding.MH}))
LETTER: Final = [blots(seed=number) for number in range(3)]


def test_several_pages_and_both_names_are_sent(tmp_path: Path) -> None:
    call = send_to_machine(LETTER, tmp_path, CallSettings(station_id="+1 555 0100"), PLAIN)
    check(call, LETTER)
    assert (call.terminal.ident, call.ours.remote_id, call.ours.pages) == ("+1 555 0100", "200", 3)


def test_several_pages_and_both_names_are_received(tmp_path: Path) -> None:
    call = receive_from_machine(LETTER, tmp_path, CallSettings(station_id="+1 555 0100"), PLAIN)
    check(call, LETTER)
    assert (call.terminal.ident, call.ours.remote_id, call.ours.pages) == ("+1 555 0100", "200", 3)


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_wide_pages_go_both_ways(width: int, tmp_path: Path) -> None:
    pages = [blots(width=width)]
    for make_call in (send_to_machine, receive_from_machine):
        check(make_call(pages, tmp_path, CallSettings(), PLAIN), pages)


@pytest.mark.parametrize("scan_ms", [10, 20, 40])
def test_a_machine_gets_the_time_that_it_needs_for_a_line(scan_ms: int, tmp_path: Path) -> None:
    pages = [blots(Resolution.STANDARD)]
    call = send_to_machine(
        pages, tmp_path, CallSettings(), TerminalSettings(codings=PLAIN.codings, minimum_scan_ms=scan_ms)
    )
    check(call, pages)
    [page] = call.terminal.pages
    assert page.octets >= pages[0].lines * scan_ms * page.rate_bps / 8000


NOISE: Final = Impairments(noise_dbm0=-66, attenuation_db=10)
SATELLITE: Final = Impairments(delay_s=0.6)
ECHO: Final = Impairments(echo_db=30, echo_delay_s=0.6, delay_s=0.3)
WEAK: Final = Impairments(noise_dbm0=-58, attenuation_db=24)
POOR: Final = Impairments(noise_dbm0=-54, attenuation_db=24)


@each_direction
@pytest.mark.parametrize("way", [NOISE, SATELLITE, ECHO], ids=["noise", "satellite", "echo"])
def test_lines_that_are_good_enough(make_call: MakeCall, way: Impairments, tmp_path: Path) -> None:
    pages = [blots()]
    call = make_call(pages, tmp_path, CallSettings(), PLAIN, wire=Wire(to_terminal=way, to_modem=way))
    check(call, pages)
    assert call.terminal.modulation() is Modulation.V17_14400


@each_direction
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", [WEAK, POOR], ids=["weak", "poor"])
def test_on_a_weak_line_both_go_down_and_what_is_confirmed_is_there(
    make_call: MakeCall, way: Impairments, seed: int, tmp_path: Path
) -> None:
    pages = [blots()]
    call = make_call(pages, tmp_path, CallSettings(), PLAIN, wire=Wire(to_terminal=way, to_modem=way, seed=seed))
    assert call.terminal.modulation().rate_bps < 14400, call.story()
    assert call.ours.ok, call.story()
    assert damaged(call.pages[0], pages[0]) <= CopyQuality().poor_share * pages[0].lines, call.story()


def damaged(arrived: Bitmap, sent: Bitmap) -> int:
    """How many lines of a page did not arrive as they were sent: those that are left when the rest is matched."""
    matcher = SequenceMatcher(
        None, [row.tobytes() for row in sent.rows], [row.tobytes() for row in arrived.rows], autojunk=False
    )
    return sent.lines - sum(block.size for block in matcher.get_matching_blocks())


CHOICES: Final = [
    ({Coding.MH}, False, Coding.MH),
    ({Coding.MH, Coding.MR}, False, Coding.MR),
    ({Coding.MH}, True, Coding.MH),
    ({Coding.MH, Coding.MR}, True, Coding.MR),
    ({Coding.MH, Coding.MR, Coding.MMR}, True, Coding.MMR),
    ({Coding.MH, Coding.MR, Coding.MMR}, False, Coding.MR),
]
"What we want to use, with or without error correction, and what comes of it with a machine that can do everything."


@each_direction
@pytest.mark.parametrize(("ours", "ecm", "used"), CHOICES)
def test_what_we_do_not_want_is_not_used(
    make_call: MakeCall, ours: set[Coding], ecm: bool, used: Coding, tmp_path: Path
) -> None:
    pages = [blots()]
    call = make_call(pages, tmp_path, CallSettings(ecm=ecm, codings=frozenset(ours)), TerminalSettings(ecm=True))
    check(call, pages)
    assert {(page.coding, page.ecm) for page in call.terminal.pages} == {(used, ecm)}


LOSSY: Final = Impairments(loss_share=0.02, loss_burst=2, from_s=11)
SEEDS: Final = 4


@each_direction
@pytest.mark.parametrize("coding", Coding)
def test_error_correction_mends_what_the_line_loses(make_call: MakeCall, coding: Coding, tmp_path: Path) -> None:
    machine = TerminalSettings(ecm=True, codings=frozenset({Coding.MH, coding}))
    delivered = asked_again = 0
    for seed in range(SEEDS):
        wire = Wire(to_terminal=LOSSY, seed=seed) if make_call is send_to_machine else Wire(to_modem=LOSSY, seed=seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        call = make_call(LETTER, folder, CallSettings(), machine, wire=wire)
        asked_again += sum(frame.fcf is Fcf.PPR for frame in call.terminal.frames)
        if call.ours.ok:
            check(call, LETTER)
            delivered += 1
        else:  # too many PPS were lost: what came of the last page may be kept
            assert call.pages[:-1] == LETTER[: max(0, len(call.pages) - 1)], call.story()
    assert delivered >= SEEDS / 2
    assert asked_again >= delivered


@pytest.mark.parametrize("times", [1, 4])
def test_a_machine_that_is_not_ready_is_waited_for(times: int, tmp_path: Path) -> None:
    call = send_to_machine(LETTER, tmp_path, CallSettings(), TerminalSettings(ecm=True, not_ready=times))
    check(call, LETTER)
    assert sum(frame.fcf is Fcf.RNR for frame in call.terminal.frames) == times


@pytest.mark.parametrize("ecm", [False, True])
def test_two_machines_need_as_long_as_their_pages(ecm: bool, tmp_path: Path) -> None:
    machine = TerminalSettings(ecm=ecm)
    times_s = []
    for count in (1, 3):
        folder = tmp_path / str(count)
        folder.mkdir()
        times_s.append(call_time(LETTER[:count], folder, machine))
    assert 12 < times_s[0] < times_s[1] < 60


@pytest.mark.parametrize(("ecm", "coding"), [(False, Coding.MR), (True, Coding.MMR)])
def test_two_machines_agree_on_the_best_coding(ecm: bool, coding: Coding, tmp_path: Path) -> None:
    machine = TerminalSettings(ecm=ecm)
    call = machine_to_machine(LETTER, tmp_path, machine, machine)
    assert call.pages == LETTER
    assert [(page.ecm, page.coding) for page in call.called.pages] == [(ecm, coding)] * 3


def test_a_call_with_one_seed_is_always_the_same(tmp_path: Path) -> None:
    ladders = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        wire = Wire(to_terminal=POOR, to_modem=POOR, seed=5)
        ladders.append(send_to_machine([blots()], folder, CallSettings(), PLAIN, wire=wire).terminal.ladder())
    assert ladders[0] == ladders[1]
