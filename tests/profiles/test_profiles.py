"""Every file of firmware_profiles, and what is wrong in files that are not there."""

from __future__ import annotations

import ast
import inspect
import os
from itertools import pairwise
from pathlib import Path

import pytest

from faxmodem.errors import ProfileError
from faxmodem.modem import quirks
from faxmodem.modem.identify import modulations
from faxmodem.modem.profile import Profile, all_profiles, load_profile, profile_folders, profile_names
from faxmodem.modem.quirks import MEASURED, Quirk
from faxmodem.transport.base import Flow

SHIPPED = sorted(profile_folders()[-1].glob("*.toml"))


@pytest.fixture(params=SHIPPED, ids=lambda file: file.stem)
def shipped(request: pytest.FixtureRequest) -> Profile:
    file: Path = request.param
    return load_profile(file)


def test_class1_is_shipped() -> None:
    assert "class1" in {file.stem for file in SHIPPED}


def test_is_found_by_name(shipped: Profile) -> None:
    assert load_profile(shipped.id) == shipped


def test_asks_for_verbose_results_before_anything_else(shipped: Profile) -> None:
    assert "V1" in shipped.at.probe
    assert "E0" in shipped.at.probe


def test_waits_longer_than_the_modem(shipped: Profile) -> None:
    s7 = next(int(step.command[5:]) for step in shipped.at.init if step.command and step.command.startswith("ATS7="))
    assert shipped.timing.carrier_s > s7
    assert shipped.timing.dial_s > s7


def test_says_of_each_quirk_why_and_how_that_is_known(shipped: Profile) -> None:
    for quirk, note in shipped.quirks.items():
        assert note.why, quirk
        assert note.source, quirk
        assert "evidence" in note.model_fields_set, quirk


def test_prefers_classes_that_the_firmware_has(shipped: Profile) -> None:
    if shipped.classes.listed and not shipped.has(Quirk.CLASS_UNLISTED):
        assert set(shipped.classes.prefer) <= set(shipped.classes.listed)


def test_assumes_rates_that_exist(shipped: Profile) -> None:
    assert len(modulations(shipped.at.assumed_rates)) == len(shipped.at.assumed_rates)


@pytest.mark.parametrize("flow", Flow)
def test_sets_up_the_flow_control_that_it_sends_with(shipped: Profile, flow: Flow) -> None:
    changed = shipped.flow.model_copy(update={"while_sending": flow})
    assert changed.setup == getattr(shipped.flow, flow.value)


def write(folder: Path, text: str, name: str = "mine") -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file


def test_own_profile_states_only_what_differs(own_folder: Path) -> None:
    write(own_folder, 'inherits = "class1"\nid = "mine"\n[timing]\nsilence_s = 0.4\n[at]\nhang_up = ["ATH"]')
    mine, base = load_profile("mine"), load_profile("class1")
    assert mine.timing.silence_s == 0.4
    assert mine.at.hang_up == ("ATH",)
    assert mine.at.model_copy(update={"hang_up": base.at.hang_up}) == base.at
    assert "mine" in profile_names()


def test_own_profile_hides_the_shipped_one(own_folder: Path) -> None:
    write(own_folder, load_text("class1").replace("generic Class 1", "my own"), "class1")
    assert load_profile("class1").name == "my own fax modem"


def test_all_profiles_are_those_that_have_names(own_folder: Path) -> None:
    write(own_folder, 'inherits = "class1"\nid = "mine"\nname = "my own"')
    everyone = all_profiles()
    assert list(everyone) == profile_names()
    assert everyone["mine"].name == "my own"


def test_a_changed_file_is_read_again(own_folder: Path) -> None:
    file = write(own_folder, 'inherits = "class1"\nid = "mine"\nname = "before"')
    assert load_profile("mine").name == "before"
    file.write_text(file.read_text().replace("before", "later"))
    os.utime(file, ns=(1, 1))
    assert load_profile("mine").name == "later"


def test_a_firmware_inherits_from_its_family_all_but_how_it_is_recognised(own_folder: Path) -> None:
    family = """
        inherits = "class1"\nid = "family"
        [classes]\nprefer = ["2.0", "1"]
        [[match]]\nanswers = { ATI0 = "^1$" }
        [identity]\nATI0 = ["1"]
        [quirks.no_2d]\nwhy = "it does"\nsource = "bench"\nevidence = "A"
        [quirks.no_mmr]\nwhy = "it does"\nsource = "bench"\nevidence = "A"
    """
    write(own_folder, family, "family")
    write(own_folder, 'inherits = "family"\nid = "mine"\n[quirks.no_mmr]\napplies = false\n[identity]\nATI3 = ["V2"]')
    mine = load_profile("mine")
    assert mine.classes.prefer == ("2.0", "1")
    assert mine.match == ()
    assert mine.identity == {"ATI0": ("1",), "ATI3": ("V2",)}
    assert mine.has(Quirk.NO_2D)
    assert not mine.has(Quirk.NO_MMR)


def test_quirks_with_a_measure_are_those_that_say_so() -> None:
    """The text below each member of `Quirk` names `value` if it has one."""
    tree = ast.parse(inspect.getsource(quirks))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Quirk")
    told = {
        before.targets[0].id
        for before, after in pairwise(body)
        if isinstance(before, ast.Assign)
        and isinstance(before.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
        and "`value`" in ast.unparse(after)
    }
    assert told == {quirk.name for quirk in MEASURED}


def load_text(name: str) -> str:
    return (profile_folders()[-1] / f"{name}.toml").read_text()


MINE = 'inherits = "class1"\nid = "mine"\n'
ONE_NUMBER = "at.dial must hold {number} once"
FAULTS = {
    MINE + "[timing]\nframes_s = 1": "timing.frames_s is unknown; allowed there are frame_s, ",
    MINE + "speed = 1": "speed is unknown; allowed there are format, id, name, ",
    MINE + '[at]\nreset = [{ comand = "ATZ" }]': "at.reset.0.comand is unknown; allowed there are command, optional",
    MINE + '[at]\nreset = ["ATZ\\rATD1"]': "at.reset.0.command: ",
    MINE + '[at]\ndial = "ATDT"': ONE_NUMBER,
    MINE + '[at]\ndial = "ATDT{number}{0}"': ONE_NUMBER,
    MINE + '[flow]\nwhile_sending = "both"': "Input should be 'none', 'xonxoff' or 'rtscts', not 'both'",
    MINE + "[quirks]\nearly_conect = { value = 1 }": "quirks.early_conect is unknown; did you mean early_connect?",
    MINE + "[quirks]\nearly_connect = {}": "quirks holds early_connect without a value, which is its measure",
    MINE + "[quirks]\nno_2d = { value = 1 }": "quirks holds no_2d with a value, and that quirk has no measure",
    MINE + '[quirks]\nno_2d = { wy = "" }': "quirks.no_2d.wy is unknown; allowed there are why, ",
    MINE + '[quirks]\nno_2d = { evidence = "D" }': "quirks.no_2d.evidence: Input should be 'A', 'B' or 'C', not 'D'",
    MINE + "[quirks]\nqqq = {}": "quirks.qqq is unknown; allowed are ",
    MINE + '[classes]\nprefer = ["3"]': "classes.prefer.0: Input should be '1', '1.0', '2', '2.0' or '2.1', not '3'",
    MINE
    + '[[match]]\nanswers = { ATI33 = "1" }': "match.0.answers.ATI33 is none of the commands that are asked: ATI0, ",
    MINE + '[[match]]\nanswers = { ATI3 = "(" }': "match.0.answers.ATI3 is no regular expression (missing ), ",
    MINE + '[[match]]\nunless = { ATI3 = "1" }': "match.0 must state an answer or a USB id",
    MINE + '[[match]]\nusb = ["572:1340"]': "match.0.usb.0: String should match pattern",
    MINE + "[timing]\nframe_s = -1": "timing.frame_s: ",
    MINE + "[timing]\nframe_s = inf": "timing.frame_s: ",
    'inherits = "class1"\nid = "other"': "id must be the file's name, 'mine', not 'other'",
    'inherits = "mine"\nid = "mine"': "inherits from itself",
    'inherits = "nobody"\nid = "mine"': "there is no firmware profile 'nobody'",
    "inherits = 1": "inherits must be the name of a profile, not 1",
    'format = 1\nid = "mine"': "at is missing",
    "= 1": "cannot be read as TOML",
}


@pytest.mark.parametrize(("text", "sentence"), FAULTS.items())
def test_fault_names_file_key_and_what_is_allowed(own_folder: Path, text: str, sentence: str) -> None:
    file = write(own_folder, text)
    with pytest.raises(ProfileError) as caught:
        load_profile("mine")
    assert sentence in str(caught.value)
    assert str(file) in str(caught.value) or "nobody" in text


@pytest.mark.parametrize("name", ["", "../class1", "no/such.toml", "nobody"])
def test_unknown_profile_is_refused(name: str) -> None:
    with pytest.raises(ProfileError):
        load_profile(name)
