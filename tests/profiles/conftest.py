"""A user's folder of our own for profiles, so that the real one does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.modem import profile as profiles
from faxmodem.modem.profile import profile_folders


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    shipped = profile_folders()[-1]
    monkeypatch.setattr(profiles, "profile_folders", lambda: [folder, shipped])
    return folder
