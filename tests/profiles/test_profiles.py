"""Every file of firmware_profiles, and what is wrong in files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.errors import ProfileError
from faxmodem.modem import profile as profiles
from faxmodem.modem.identify import modulations
from faxmodem.modem.profile import Profile, load_profile, profile_folders, profile_names
from faxmodem.transport.base import Flow

SHIPPED = sorted(profile_folders()[-1].glob("*.toml"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of our own, so that the real one does not matter."""
    folder = tmp_path / "own"
    folder.mkdir()
    shipped = profile_folders()[-1]
    monkeypatch.setattr(profiles, "profile_folders", lambda: [folder, shipped])
    return folder


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


def load_text(name: str) -> str:
    return (profile_folders()[-1] / f"{name}.toml").read_text()


MINE = 'inherits = "class1"\nid = "mine"\n'
ONE_NUMBER = "at.dial: Value error, must hold {number} once"
FAULTS = {
    MINE + "[timing]\nframes_s = 1": "timing.frames_s is unknown; allowed there are frame_s, ",
    MINE + "speed = 1": "speed is unknown; allowed there are format, id, name, ",
    MINE + '[at]\nreset = [{ comand = "ATZ" }]': "at.reset.0.comand is unknown; allowed there are command, optional",
    MINE + '[at]\nreset = ["ATZ\\rATD1"]': "at.reset.0.command: ",
    MINE + '[at]\ndial = "ATDT"': ONE_NUMBER,
    MINE + '[at]\ndial = "ATDT{number}{0}"': ONE_NUMBER,
    MINE + '[flow]\nwhile_sending = "both"': "Input should be 'none', 'xonxoff' or 'rtscts', not 'both'",
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
