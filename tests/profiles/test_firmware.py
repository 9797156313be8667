"""The firmware families that come along: each is complete, and each modem finds its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from faxmodem.modem.matching import Choice, choose
from faxmodem.modem.profile import IDENTIFYING, Profile, load_profile, profile_folders
from faxmodem.modem.quirks import Quirk

SHIPPED: Final = {file.stem: load_profile(file) for file in sorted(profile_folders()[-1].glob("*.toml"))}
GENERIC: Final = {"generic", "class1", "class1.0", "class2", "class2.0", "class2.1"}
BASES: Final = {
    "agere-2x", "agere-venus", "conexant", "no-silence", "rockwell-class2", "rockwell-rc", "usr", "zyxel",
}  # fmt: skip
"What families inherit from; no modem is one of these."
FAMILIES: Final = [profile for name, profile in SHIPPED.items() if name not in GENERIC | BASES]

OTHERS: Final[list[tuple[str, dict[str, str]]]] = [
    ("conexant-cx9300x", {"ATI0": "56000", "ATI3": "CX93001-EIS_V0.2002-V92"}),
    ("conexant-smartacf", {"ATI0": "56000", "ATI3": "CX81801-V90"}),
    ("conexant-smartacf", {"ATI0": "56000", "ATI3": "LEONARDO"}),
    ("conexant-smartacf", {"ATI0": "MT5656ZDXV"}),
    ("usr-courier-sportster", {"ATI0": "5601", "ATI3": "U.S. Robotics 56K FAX INT"}),
    ("usr-courier-sportster", {"ATI0": "3366"}),
    ("ti-oem", {"ATI0": "5601", "ATI3": "Texas Instruments RK 56000 Fax Rev. 1.00"}),
    ("multitech-venus", {"ATI0": "LT V.92 1.0 MT5634ZBA"}),
    ("multitech-venus", {"+FMI?": "Multi-Tech Systems", "+FMM?": "MT5634ZBA"}),
    ("multitech-mt9234", {"ATI0": "MT9234SMI"}),
    ("multitech-mt9234", {"+FMM?": "MT9234ZPX"}),
    ("lucent-lt", {"ATI0": "Zoom V.90 USB"}),
    ("agere-ocm", {"ATI0": "AGERE OCM V.92 Ver2.7a"}),
    ("mainpine-rockforce", {"ATI3": "Mainpine Venus V.92"}),
    ("mainpine-iq", {"ATI3": "Mainpine CFAX34"}),
    ("silabs-si24xx", {"ATI0": "F", "ATI3": "18F", "ATI6": "Si2457"}),
    ("silabs-si2435-v34", {"ATI0": "F", "ATI3": "18F", "ATI6": "Si2435"}),
    ("t38modem", {"ATI3": "Frolov,Holtschneider,Davidson"}),
    ("topic-tp560", {"ATI0": "Hamlet H56XCT"}),
    ("cirrus-md", {"ATI0": "1.04"}),
    ("cirrus-md", {"ATI0": "1.02", "ATI3": "CL-MD3450"}),
    ("apple-motorola", {"ATI0": "960", "ATI3": "Motorola SM56"}),
    ("motorola-uds", {"ATI0": "960", "ATI3": "UDS FasTalk"}),
    ("motorola-uds", {"ATI0": "288", "ATI3": "Motorola", "ATI6": "RC288DPi"}),
    ("elsa-class2", {"ATI0": "645", "ATI6": "MicroLink 56k pro"}),
    ("devolo-elsa-class1", {"ATI0": "645", "ATI6": "MicroLink 56k Internet II"}),
    ("rockwell-rc32acl", {"+FMDL?": "RC32ACL"}),
    ("rockwell-rc32acl", {"ATI0": "14400", "ATI6": "RCV144DPi"}),
    ("rockwell-rc144ac", {"ATI0": "998"}),
    ("rockwell-rc144ac", {"+FMDL?": "V.32AC"}),
    ("rockwell-rc288dpi", {"ATI0": "33600", "ATI6": "RC288DPi Rev 05BA"}),
    ("rockwell-rc288dpi", {"+FMDL?": "AC/V34"}),
    ("hayes-optima-336", {"ATI0": "33600", "ATI6": "RC288DPi Rev 05BA", "+FMDL?": "OPTIMA 33600"}),
    ("rockwell-k56", {"+FMDL?": "V90"}),
    ("multitech-classic", {"+FMFR?": "Multi-Tech Systems", "+FMDL?": "MT1432BA"}),
    ("multitech-classic", {"ATI0": "247"}),
    ("att-dataport", {"+FMFR?": "AT&T Paradyne"}),
    ("att-dataport", {"+FMI?": "AT&T Paradyne"}),
    ("exar-class2", {"+FMFR?": "E-TECH", "+FMDL?": "9624,2,E,290E"}),
    ("umc-cis", {"+FMDL?": "9624,2,E,290E"}),
    ("umc-cis", {"ATI4": "UMC V.32bis/FAX/VOICE MODEM"}),
    ("umc-cis", {"+FMFR?": "CIS"}),
    ("sierra", {"+FMFR?": "SIERRA"}),
    ("sierra", {"+FMDL?": "SIERRA"}),
    ("zyxel-1496-2864", {"ATI0": "28641"}),
    ("drneuhaus", {"ATI9": "CYBERMOD"}),
    ("drneuhaus", {"ATI0": "962"}),
    ("gsm-phone", {"ATI0": "SIEMENS"}),
]
"What other modems of a family say."

AMBIGUOUS: Final = ["56000", "14400", "28800", "33600", "288", "144", "645", "960", "V.92/V.44", "D3", "F"]
"ATI0 of several families each, or of some that are none of ours: alone it says nothing."

LIKE: Final = {"multitech-mt9234": "agere-ocm"}
"Modems that another family's name fits as long as they do not tell their own."


@pytest.fixture(params=FAMILIES, ids=lambda profile: profile.id)
def family(request: pytest.FixtureRequest) -> Profile:
    profile: Profile = request.param
    return profile


def told(answers: Mapping[str, str | tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """All that a modem says that was asked for everything."""
    lines = {command: (text,) if isinstance(text, str) else text for command, text in answers.items()}
    return {command: lines.get(command, ()) for command in IDENTIFYING}


def chosen(answers: Mapping[str, str | tuple[str, ...]], classes: tuple[str, ...] = (), usb: str = "") -> Choice:
    return choose(SHIPPED, told(answers), classes, usb)


def usb_ids(profile: Profile) -> Iterator[str]:
    return (usb for match in profile.match for usb in match.usb)


def test_there_are_many() -> None:
    assert len(FAMILIES) >= 53


def test_bases_and_generic_ones_recognise_nothing() -> None:
    assert not any(SHIPPED[name].match or SHIPPED[name].identity for name in GENERIC | BASES)


def test_says_how_it_is_recognised_and_where_that_comes_from(family: Profile) -> None:
    assert family.match
    assert family.identity
    assert family.source
    assert set(family.identity) <= {*IDENTIFYING, "+GCAP"}


def test_prefers_what_it_has_and_says_why(family: Profile) -> None:
    classes = family.classes
    assert classes.why
    assert len(set(classes.prefer)) == len(classes.prefer)
    assert set(classes.prefer) <= set(classes.listed) or family.has(Quirk.CLASS_UNLISTED)


def test_class_1_0_is_where_v34_is(family: Profile) -> None:
    assert family.at.v34 is None or "1.0" in family.classes.prefer


def test_quirks_are_accounted_for(family: Profile) -> None:
    for quirk, note in family.quirks.items():
        assert note.why, quirk
        assert note.source, quirk
        assert "evidence" in note.model_fields_set, quirk


def test_unblocks_what_it_blocks(family: Profile) -> None:
    assert family.has(Quirk.DIAL_BLOCKING) is bool(family.at.unblock)


def test_commands_of_one_maker_may_be_refused(family: Profile) -> None:
    """A variant that does not know them is still a modem."""
    flow = family.flow
    steps = (*family.at.configure, *family.at.unblock, *flow.none, *flow.xonxoff, *flow.rtscts)
    assert all(step.optional for step in steps if step.command is not None)


def test_its_own_answers_select_it_alone(family: Profile) -> None:
    by_usb_only = all(match.usb for match in family.match)
    usb = next(usb_ids(family)) if by_usb_only else ""
    choice = chosen(family.identity, family.classes.listed, usb)
    assert (choice.profile.id, choice.known) == (family.id, True)


def test_its_usb_ids_go_with_its_answers(family: Profile) -> None:
    assert {chosen(family.identity, usb=usb).profile.id for usb in usb_ids(family)} <= {family.id}


def test_a_usb_id_alone_is_enough(family: Profile) -> None:
    """The modem may be one that answers no query that anybody has written down."""
    assert {chosen({}, usb=usb).profile.id for usb in usb_ids(family)} <= {family.id}


def test_half_answers_select_no_other(family: Profile) -> None:
    halves = {command: tuple(line[: len(line) // 2] for line in lines) for command, lines in family.identity.items()}
    choice = chosen(halves, family.classes.listed)
    assert not choice.known or choice.profile.id in (family.id, LIKE.get(family.id))


@pytest.mark.parametrize(("name", "answers"), OTHERS)
def test_other_modems_of_a_family_select_it(name: str, answers: dict[str, str]) -> None:
    assert chosen(answers).profile.id == name


@pytest.mark.parametrize("code", AMBIGUOUS)
def test_a_code_that_many_share_selects_nothing(code: str) -> None:
    choice = chosen({"ATI0": code}, ("0", "1"))
    assert (choice.profile.id, choice.known) == ("class1", False)


def test_every_pattern_is_found_in_something_real(family: Profile) -> None:
    said = [told(family.identity), *(told(answers) for name, answers in OTHERS if name == family.id)]
    for match in family.match:
        for command, pattern in match.answers.items():
            assert any(re.search(pattern, line) for each in said for line in each[command]), (command, pattern)


def test_no_two_are_recognised_alike() -> None:
    matches = [
        (profile.confidence == "low", match.model_dump_json()) for profile in FAMILIES for match in profile.match
    ]
    assert len(set(matches)) == len(matches)
