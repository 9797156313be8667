"""`faxmodem profiles`: the list, one in full, and the check of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.modem.profile import all_profiles, load_profile
from tests.unit.cli.command import faxmodem

MINE = 'inherits = "class1"\nid = "mine"\nname = "my modem"\n'


def test_all_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = faxmodem("profiles", cwd=tmp_path)
    assert done.returncode == 0
    rows = {
        cells[1].strip(): cells for cells in (line.split("│") for line in done.stdout.splitlines()) if len(cells) > 1
    }
    for profile in all_profiles().values():
        _, _, name, classes, confidence, quirks, _ = rows[profile.id]
        assert (name.strip(), classes.strip()) == (profile.name, ", ".join(profile.classes.prefer))
        assert confidence.strip() == profile.confidence
        assert int(quirks.strip() or 0) == sum(note.applies for note in profile.quirks.values())


def test_one_is_shown_in_full(tmp_path: Path) -> None:
    profile = next(profile for profile in all_profiles().values() if profile.quirks and profile.match)
    done = faxmodem("profiles", profile.id, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{profile.id}: {profile.name}\n")
    for quirk, note in profile.quirks.items():
        assert quirk.value in done.stdout
        assert note.why in done.stdout
        assert f"evidence {note.evidence}: {note.source}" in done.stdout
    for match in profile.match:
        assert all(pattern in done.stdout for pattern in match.answers.values())


def check(folder: Path, text: str) -> tuple[int, str]:
    (folder / "mine.toml").write_text(text)
    done = faxmodem("profiles", "check", "mine.toml", cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_a_valid_file(tmp_path: Path) -> None:
    code, text = check(tmp_path, MINE + '[[match]]\nanswers = { ATI3 = "^mine$" }\n[identity]\nATI3 = ["mine"]')
    assert (code, text) == (0, "mine.toml is valid: my modem, classes 1\n")


def test_a_file_with_a_fault(tmp_path: Path) -> None:
    code, text = check(tmp_path, MINE + "speed = 1")
    assert code == 2
    assert text.startswith("faxmodem: mine.toml: speed is unknown; allowed there are ")


def test_a_file_that_would_never_be_chosen(tmp_path: Path) -> None:
    _, text = check(tmp_path, MINE + '[[match]]\nanswers = { ATI3 = "mine" }\n[identity]\nATI3 = ["yours"]')
    assert "note: a modem with the answers of its [identity] is taken for class1\n" in text


def test_a_file_that_claims_another_firmware(tmp_path: Path) -> None:
    other = load_profile("faxmodem")
    terms = ", ".join(f'{command} = "{lines[0]}"' for command, lines in other.identity.items())
    lines = "\n".join(f'{command} = ["{lines[0]}"]' for command, lines in other.identity.items())
    text = f'{MINE}confidence = "high"\n[[match]]\nanswers = {{ {terms} }}\n[identity]\n{lines}'
    code, told = check(tmp_path, text)
    assert code == 2
    assert "two firmware profiles match this modem equally well: faxmodem " in told


@pytest.mark.parametrize("words", [["check"], ["class1", "class2"], ["check", "a", "b"]])
def test_other_words_are_wrong_usage(words: list[str], tmp_path: Path) -> None:
    assert faxmodem("profiles", *words, cwd=tmp_path).returncode == 2


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    done = faxmodem("profiles", "conexant-cx9300y", cwd=tmp_path)
    assert done.returncode == 2
    assert "conexant-cx9300x" in done.stderr
