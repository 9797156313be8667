"""Each firmware by its canned answers; look-alikes, half answers and garbage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.errors import ProfileError
from faxmodem.modem.matching import Answers, Choice, answers_of, choose, next_query, usable_classes
from faxmodem.modem.profile import IDENTIFYING, Profile, all_profiles, load_profile, profile_folders
from faxmodem.modem.quirks import Quirk

SHIPPED = {file.stem: load_profile(file) for file in sorted(profile_folders()[-1].glob("*.toml"))}
RECOGNISED = [profile for profile in SHIPPED.values() if profile.match]
GENERIC = {"generic", "class1", "class1.0", "class2", "class2.0", "class2.1"}

LOOKALIKES = {
    "conexant-smartacf": {"rockwell-k56"},
    "devolo-elsa-class1": {"elsa-class2"},
    "ti-oem": {"usr-courier-sportster"},
    "zyxel-1496-2864": {"intel-400e"},
}
"What remains of a firmware's answer when its end is missing is what another says in full."


def usb_of(profile: Profile) -> str:
    return next((usb for match in profile.match for usb in match.usb), "")


def interviewed(profiles: Mapping[str, Profile], told: Answers, usb: str) -> dict[str, tuple[str, ...]]:
    """The answers that are asked for one after the other."""
    answers = {command: told[command] for command in ("ATI0", "ATI3", "+FCLASS=?")}
    while (command := next_query(profiles, answers, usb)) is not None:
        assert command not in answers
        answers[command] = told[command]
    return answers


@pytest.fixture(params=RECOGNISED, ids=lambda profile: profile.id)
def firmware(request: pytest.FixtureRequest) -> Profile:
    profile: Profile = request.param
    return profile


def test_only_generic_profiles_and_families_are_never_recognised() -> None:
    inherited = {
        line.split('"')[1]
        for file in profile_folders()[-1].glob("*.toml")
        for line in file.read_text().splitlines()
        if line.startswith("inherits")
    }
    assert {name for name, profile in SHIPPED.items() if not profile.match} <= GENERIC | inherited


def test_its_answers_select_it_and_nothing_else(firmware: Profile) -> None:
    assert firmware.identity
    assert set(firmware.identity) & set(IDENTIFYING)
    choice = choose(SHIPPED, answers_of(firmware), firmware.classes.listed, usb_of(firmware))
    assert choice.profile is firmware
    assert choice.known


def test_the_commands_that_are_asked_are_enough(firmware: Profile) -> None:
    answers = interviewed(SHIPPED, answers_of(firmware), usb_of(firmware))
    assert choose(SHIPPED, answers, firmware.classes.listed, usb_of(firmware)).profile is firmware


def test_half_an_answer_is_not_taken_for_another_firmware(firmware: Profile) -> None:
    told = answers_of(firmware)
    expected = {firmware.id, *GENERIC, *LOOKALIKES.get(firmware.id, ())}
    for command, lines in told.items():
        for line in lines[-1:]:
            for length in range(len(line)):
                half = {**told, command: (*lines[:-1], line[:length])}
                assert choose(SHIPPED, half, firmware.classes.listed, usb_of(firmware)).profile.id in expected


@given(
    answers=st.dictionaries(
        st.sampled_from(IDENTIFYING), st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126))).map(tuple)
    ),
    classes=st.lists(st.text()),
    usb=st.text(),
)
def test_garbage_is_unknown(answers: dict[str, tuple[str, ...]], classes: list[str], usb: str) -> None:
    alien = {command: tuple(f"~{line}" for line in lines) for command, lines in answers.items()}
    choice = choose(SHIPPED, alien, classes, usb)
    assert not choice.known
    assert choice.profile.id in GENERIC
    choose(SHIPPED, answers, classes, usb)  # not a word on what it gives, but that it does


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        (("0", "1", "1.0", "2", "8"), "class1.0"),
        (("0", "1", "2"), "class1"),
        (("0", "2", "2.0", "2.1"), "class2.1"),
        (("2.0",), "class2.0"),
        (("2",), "class2"),
        (("0",), "generic"),
        ((), "generic"),
    ],
)
def test_an_unknown_modem_has_the_profile_of_its_best_class(listed: tuple[str, ...], name: str) -> None:
    choice = choose(SHIPPED, {"ATI0": ("0815",)}, listed)
    assert choice.profile.id == name
    assert choice.reason.startswith("unknown: ")


# -- the rules


def made(name: str, *, confidence: str = "high", **match: object) -> Profile:
    """A profile with one way to be recognised."""
    keys = SHIPPED["class1"].model_dump()
    return Profile.model_validate({**keys, "id": name, "confidence": confidence, "match": [match]})


def among(*profiles: Profile) -> dict[str, Profile]:
    return {**{name: SHIPPED[name] for name in GENERIC}, **{profile.id: profile for profile in profiles}}


def chosen(profiles: Iterable[Profile], answers: Answers, usb: str = "") -> Choice:
    return choose(among(*profiles), answers, usb=usb)


TOLD: Answers = {"ATI0": ("56000",), "ATI3": ("ACME", "V2")}
ONE = made("one", answers={"ATI0": "^56000$"})
TWO = made("two", answers={"ATI0": "^56000$", "ATI3": "^V2$"})
USB = made("usb", answers={"ATI0": "^56000$"}, usb=["1234:5678"])
NOT = made("not", answers={"ATI0": "^56000$"}, unless={"ATI3": "^V1"})
LOW = made("low", answers={"ATI0": "^56000$", "ATI3": "^V2$"}, confidence="low")


def test_the_match_with_most_terms_wins() -> None:
    choice = chosen([ONE, TWO], TOLD)
    assert choice.profile is TWO
    assert choice.reason == "ATI0 and ATI3 agree with it"
    assert chosen([ONE, TWO], {**TOLD, "ATI3": ("V1",)}).profile is ONE


def test_the_usb_id_counts_like_an_answer_and_decides_between_equals() -> None:
    assert chosen([ONE, USB], TOLD, "1234:5678").profile is USB
    assert chosen([ONE, USB], TOLD).profile is ONE
    assert chosen([TWO, USB], TOLD, "1234:5678").profile is USB


def test_what_an_answer_must_not_hold() -> None:
    assert chosen([ONE, NOT], TOLD).profile is NOT
    assert chosen([ONE, NOT], {**TOLD, "ATI3": ("V1.7",)}).profile is ONE
    with pytest.raises(ProfileError):
        chosen([ONE, NOT], {**TOLD, "ATI3": ()})  # a refused query says nothing for it


def test_a_profile_of_low_confidence_gives_way_to_any_other() -> None:
    assert chosen([ONE, LOW], TOLD).profile is ONE
    assert chosen([LOW], TOLD).profile is LOW
    low_usb = made("low-usb", usb=["1234:5678"], answers={"ATI0": "^56000$"}, confidence="low")
    assert chosen([ONE, low_usb], TOLD, "1234:5678").profile is low_usb  # its USB id leaves no doubt


def test_two_that_match_equally_well_are_an_error() -> None:
    other = made("other", answers={"ATI0": "^56", "ATI3": "ACME"})
    other = other.model_copy(update={"identity": {"ATI0": ("56000",), "ATI6": ("1",)}})
    mine = TWO.model_copy(update={"identity": {"ATI0": ("56000",), "ATI6": ("2",)}})
    with pytest.raises(
        ProfileError, match=r"equally well: two \(by ATI0 and ATI3\) and other .* answers to ATI6 differ"
    ):
        chosen([mine, other], TOLD)


def test_nothing_is_asked_that_cannot_change_the_choice() -> None:
    everyone = among(ONE, TWO, USB)
    assert next_query(everyone, {}) == "ATI0"
    assert next_query(everyone, {"ATI0": ("56000",)}) == "ATI3"
    assert next_query(everyone, {"ATI0": ("14400",)}) is None
    assert next_query(everyone, TOLD) is None


# -- profiles of one's own


def test_a_profile_of_ones_own_goes_before_a_shipped_one(own_folder: Path) -> None:
    firmware = RECOGNISED[0]
    text = f'inherits = "class1"\nid = "{firmware.id}"\nname = "mine"\n[[match]]\nanswers = {{ ATI0 = "^mine$" }}'
    (own_folder / f"{firmware.id}.toml").write_text(text)
    everyone = all_profiles()
    assert choose(everyone, {"ATI0": ("mine",)}).profile.name == "mine"
    assert choose(everyone, answers_of(firmware), usb=usb_of(firmware)).profile.name != firmware.name


def test_a_profile_of_ones_own_may_not_claim_what_a_shipped_one_claims(own_folder: Path) -> None:
    match = '[[match]]\nanswers = { ATI0 = "^14400$", ATI3 = "^faxmodem emulated" }'
    (own_folder / "mine.toml").write_text(f'inherits = "class1"\nid = "mine"\nconfidence = "high"\n{match}')
    with pytest.raises(ProfileError, match=r"faxmodem .* and mine"):
        choose(all_profiles(), answers_of(SHIPPED["faxmodem"]))


# -- classes


def test_the_classes_that_the_modem_lists_are_used_in_the_order_of_the_profile() -> None:
    generic = SHIPPED["generic"]
    assert usable_classes(generic, ("0", "2", "1")) == ("1", "2")
    assert usable_classes(generic, ("0", "8")) == ()
    assert usable_classes(generic, ()) == generic.classes.prefer


def test_a_class_that_the_modem_has_and_does_not_list() -> None:
    unlisted = next(profile for profile in RECOGNISED if profile.has(Quirk.CLASS_UNLISTED))
    assert usable_classes(unlisted, ("0",)) == unlisted.classes.prefer
