"""The card of emulated modems in virtual time: of one by the book, and of each with a quirk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from faxmodem.check.card import Card, Finding, Grade
from faxmodem.emulator.settings import DceSettings
from faxmodem.modem.profile import Profile, load_profile
from faxmodem.modem.quirks import MEASURED, Quirk
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Flow
from tests.unit.check.bench import PROFILE, Port, checked
from tests.unit.quirks.harness import quirks_below

FAST: Final = set(Modulation) - {Modulation.V34}

SHOWN: Final[Mapping[Quirk, tuple[float, float]]] = {
    # the quirk's measure, and by how much what is suggested may be another
    Quirk.WAITS_BETWEEN_COMMANDS: (0.1, 0.0),
    Quirk.DEAF_AFTER_STATE_CHANGE: (0.2, 0.0),
    Quirk.CLASS_UNLISTED: (0.0, 0.0),
    Quirk.EARLY_CONNECT: (0.4, 0.05),
    Quirk.LATE_FLAGS: (0.4, 0.05),
    Quirk.CONNECT_ON_ANY_CARRIER: (0.0, 0.0),
    Quirk.FRM_SILENT: (3.0, 1.5),  # how long it is silent cannot be measured: that is for ever
    Quirk.CAN_HANGS: (0.0, 0.0),
    Quirk.LATE_FCERROR: (0.0, 0.0),
    Quirk.FRS_RESETS: (0.0, 0.0),
    Quirk.SMALL_BUFFER: (1024.0, 64.0),
    Quirk.SOFT_FLOW_BROKEN: (0.0, 0.0),
    Quirk.HARD_FLOW_BROKEN: (0.0, 0.0),
}
NOT_SHOWN: Final = {
    Quirk.DIAL_BLOCKING: "a number would have to fail first",
    Quirk.NO_AT_SIGN: "no number with an @ is dialled",
    Quirk.OK_MEANS_NO_V34: "V.34 is left out of it",
}
FLOW: Final = {Quirk.SOFT_FLOW_BROKEN: Flow.RTSCTS, Quirk.SMALL_BUFFER: Flow.NONE}
"What is suggested to send with instead."


def firmware(quirk: Quirk) -> DceSettings:
    """A modem with one quirk."""
    value = SHOWN[quirk][0]
    listed = ("0", "1") if quirk is Quirk.CLASS_UNLISTED else ()
    if quirk is Quirk.SMALL_BUFFER:
        return DceSettings(quirks={quirk: value}, transmit_buffer=round(value), connect_when_training=False)
    return DceSettings(quirks={quirk: value}, listed=listed)


def book(quirk: Quirk) -> Profile:
    """What is known of the modem before."""
    return load_profile("class1.0") if quirk is Quirk.CLASS_UNLISTED else PROFILE


@cache
def card_of(quirk: Quirk) -> Card:
    """The card of a modem with one quirk."""
    return checked(firmware(quirk), profile=book(quirk))


def suggested(card: Card, folder: Path, inherits: str = "class1") -> Profile:
    """The profile that a card suggests, by way of its file."""
    path = folder / "measured.toml"
    path.write_text(
        "\n".join((f'inherits = "{inherits}"', 'id = "measured"', 'name = "measured"', *card.profile_lines()))
    )
    return load_profile(path)


def grades(card: Card, topic: str) -> set[Grade]:
    return {finding.grade for finding in card.findings if finding.topic == topic}


@cache
def by_the_book() -> Card:
    """The card of a modem without quirks, with all that there is to measure."""
    told: list[Finding] = []
    card = checked(quick=False, told=told)
    assert tuple(told) == card.findings
    return card


def test_a_modem_by_the_book_is_good_and_gets_no_suggestion() -> None:
    card = by_the_book()
    assert card.worst is Grade.GOOD
    assert card.suggestions == ()
    assert {finding.topic for finding in card.findings} == {
        *("port", "silence", "sending", "flow control", "leaving off", "frames", "data", "carriers", "calls")
    }
    assert json.loads(json.dumps(card.to_json()))["worst"] == "good"


def test_every_modulation_is_measured_both_ways() -> None:
    card = by_the_book()
    for way in ("to the far modem", "from the far modem"):
        for modulation in FAST:
            short = (" short",) * modulation.has_short_training
            for training in ("", *short):
                (found,) = (f for f in card.findings if f.what == f"{modulation}{training} {way}")
                assert found.measured.startswith("all right")
            (call,) = (f for f in card.findings if f.what == f"{way}, {modulation}")
            assert call.measured.startswith(f"identical, {modulation}, ")
        (call,) = (f for f in card.findings if f.what == f"{way}, any modulation, ECM")
        assert call.grade is Grade.GOOD


def test_no_quirk_of_class_1_is_forgotten() -> None:
    assert {*SHOWN, *NOT_SHOWN} == quirks_below("Command line and port", "Class 1 and 1.0")


@pytest.mark.parametrize("quirk", SHOWN, ids=lambda quirk: quirk.value)
def test_a_quirk_is_suggested_and_nothing_else(quirk: Quirk, tmp_path: Path) -> None:
    base, card = book(quirk), card_of(quirk)
    value, tolerance = SHOWN[quirk]
    profile = suggested(card, tmp_path, base.id)
    assert {found for found in Quirk if profile.has(found)} == {found for found in Quirk if base.has(found)} | {quirk}
    if quirk in MEASURED:
        assert profile.measure(quirk) == pytest.approx(value, abs=tolerance + 1e-9)
    tables = {suggestion.table for suggestion in card.suggestions}
    assert tables == {f"quirks.{quirk.value}"} | ({"flow"} if quirk in FLOW else set())
    assert profile.flow.while_sending is FLOW.get(quirk, base.flow.while_sending)


@pytest.mark.parametrize("quirk", SHOWN, ids=lambda quirk: quirk.value)
def test_calls_go_through_with_what_is_suggested(quirk: Quirk) -> None:
    assert grades(card_of(quirk), "calls") == {Grade.GOOD}


@pytest.mark.soak
@pytest.mark.parametrize("quirk", SHOWN, ids=lambda quirk: quirk.value)
def test_what_the_profile_says_already_is_not_suggested(quirk: Quirk, tmp_path: Path) -> None:
    base, card = book(quirk), card_of(quirk)
    again = checked(firmware(quirk), profile=suggested(card, tmp_path, base.id))
    assert again.suggestions == ()
    assert again.worst is not Grade.BAD


@pytest.mark.parametrize(
    ("settings", "topic", "words"),
    [
        (DceSettings(fcs_delivered=False), "frames", "without their FCS"),
        (DceSettings(connect_when_training=False), "sending", "CONNECT after 1.4"),
        (DceSettings(result_latency_s=0.1), "port", "within 100 ms"),
        (DceSettings(transmits=(24, 48)), "data", "V.27ter 4800"),
    ],
)
def test_what_a_modem_may_do_is_told_and_not_blamed(settings: DceSettings, topic: str, words: str) -> None:
    card = checked(settings)
    assert any(words in f"{found.what}: {found.measured}" for found in card.findings if found.topic == topic)
    assert card.worst is not Grade.BAD
    assert card.suggestions == ()


def test_alone_there_are_neither_frames_nor_calls() -> None:
    card = checked(alone=True)
    assert card.worst is Grade.GOOD
    assert not {"frames", "data", "carriers", "calls"} & {finding.topic for finding in card.findings}


def test_a_far_modem_with_a_quirk_is_not_the_near_ones_fault() -> None:
    card = checked(far=firmware(Quirk.EARLY_CONNECT))
    assert card.suggestions == ()
    assert card.worst is Grade.POOR
    assert any("missing" in finding.measured for finding in card.findings if finding.topic == "data")


def test_a_far_modem_of_class_2_takes_part_in_calls() -> None:
    card = checked(far=DceSettings(classes=("0", "2")), far_class="2")
    assert {finding.topic for finding in card.findings} == {
        *("port", "silence", "sending", "flow control", "leaving off", "calls")
    }
    assert grades(card, "calls") == {Grade.GOOD}


def test_without_an_exchange_where_there_is_one_the_numbers_are_asked_for() -> None:
    card = checked(numbers=(None, None))
    (failed,) = (finding for finding in card.findings if finding.topic == "pair")
    assert "if there is an exchange between the modems, give their numbers" in failed.measured
    assert grades(card, "calls") == {Grade.BAD}
    assert card.suggestions == ()


class FlowControlled(Port):
    """A port whose driver takes XON and XOFF for itself all the time."""

    async def receive(self) -> bytes:
        return (await super().receive()).translate(None, b"\x11\x13")


def test_a_port_that_eats_what_belongs_to_a_frame() -> None:
    card = checked(port=FlowControlled)
    there, back = (finding for finding in card.findings if "V.21 frames" in finding.what)
    assert (there.grade, back.grade) == (Grade.BAD, Grade.GOOD)
    assert "flow control eats them" in there.measured


class Distant(Port):
    """A port at the other end of a network."""

    latency_s = 0.06


def test_the_way_to_a_remote_port_is_a_part_of_the_reaction() -> None:
    card = checked(port=Distant, alone=True)
    (reaction,) = (finding for finding in card.findings if finding.what == "this computer reacts")
    assert reaction.grade is Grade.POOR
    assert reaction.value == pytest.approx(0.06, abs=0.005)
    assert "60 ms of it the network" in reaction.measured


def test_a_class_2_modem_shows_its_calls() -> None:
    card = checked(DceSettings(classes=("0", "2")), profile=load_profile("class2"), classes=("2",), listed=("0", "2"))
    (line,) = (finding for finding in card.findings if finding.topic == "line")
    assert "runs T.30 by itself" in line.measured
    assert grades(card, "calls") == {Grade.GOOD}
    assert grades(card, "port") == {Grade.GOOD}
    assert card.service_class == "2"
