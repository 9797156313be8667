"""`faxmodem probe`: what is printed of a modem that is known, of one that is not, and of one that has no fax."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from faxmodem import api
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.profile import load_profile
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.unit.cli.command import faxmodem
from tests.unit.modem.firmware import Firmware, said

Modem = Callable[..., None]


@pytest.fixture
def modem(monkeypatch: pytest.MonkeyPatch) -> Modem:
    """Puts a modem behind whatever port is opened."""

    def plug_in(answers: Mapping[str, bytes], refused: frozenset[str] = frozenset()) -> None:
        async def open_serial(_port: str, **_settings: object) -> MemoryTransport:
            dte, dce = null_modem_pair()
            tasks.append(asyncio.create_task(Firmware(answers, refused).live(dce)))
            return dte

        monkeypatch.setattr(api, "open_serial", open_serial)

    tasks: list[asyncio.Task[None]] = []
    monkeypatch.setattr(importlib.import_module("faxmodem.cli.probe"), "anyio", SimpleNamespace(run=run_virtual))
    return plug_in


CX93001 = {
    "+FCLASS=?": said("0,1,1.0,2,8"),
    "ATI0": said("56000"),
    "ATI3": said("CX93001-EIS_V0.2013-V92"),
    "+FTM=?": said("24,48,72,96"),
    "+FRM=?": said("24,48"),
}
STRANGER = {"+FCLASS=?": said("0,1"), "ATI0": said("4711"), "ATI3": said("Zeta Modem (rev. 2)", "of 1997")}


def test_a_known_modem(modem: Modem, tmp_path: Path) -> None:
    modem(CX93001)
    profile = load_profile("conexant-cx9300x")
    done = faxmodem("probe", "COM1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"profile    {profile.id} ({profile.name}): ATI0 and ATI3 agree with it\n" in done.stdout
    assert f"class      {profile.classes.prefer[0]}: the first of " in done.stdout
    assert profile.classes.why in done.stdout
    assert "classes    0, 1, 1.0, 2, 8\n" in done.stdout
    assert "transmits  V.27ter 2400 bit/s, V.27ter 4800 bit/s, V.29 7200 bit/s, V.29 9600 bit/s" in done.stdout
    assert "receives   V.27ter 2400 bit/s, V.27ter 4800 bit/s\n" in done.stdout
    assert "ATI3       CX93001-EIS_V0.2013-V92\n" in done.stdout
    assert "No profile knows" not in done.stdout


def test_the_same_as_json(modem: Modem, tmp_path: Path) -> None:
    modem(CX93001)
    found = json.loads(faxmodem("probe", "COM1", "--json", cwd=tmp_path).stdout)
    assert (found["port"], found["usb"]) == ("COM1", "")
    assert (found["profile"]["id"], found["profile"]["known"]) == ("conexant-cx9300x", True)
    assert found["service_class"] in load_profile("conexant-cx9300x").classes.prefer
    assert found["classes"] == ["0", "1", "1.0", "2", "8"]
    assert found["receives"] == ["V.27ter 2400 bit/s", "V.27ter 4800 bit/s"]
    assert found["answers"]["ATI3"] == ["CX93001-EIS_V0.2013-V92"]
    assert found["answers"]["ATI7"] == []


def test_a_modem_that_nobody_knows_becomes_a_profile(modem: Modem, tmp_path: Path) -> None:
    modem(STRANGER)
    done = faxmodem("probe", "COM1", "--save", "zeta.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "profile    class1 (generic Class 1 fax modem): unknown: " in done.stdout
    assert "No profile knows this modem" in done.stdout
    assert load_profile(tmp_path / "zeta.toml").identity["ATI3"] == ("Zeta Modem (rev. 2)", "of 1997")
    checked = faxmodem("profiles", "check", "zeta.toml", cwd=tmp_path)
    assert (checked.returncode, checked.stdout.count("\n")) == (0, 1), checked.stdout
    again = faxmodem("probe", "COM1", "--profile", "zeta.toml", cwd=tmp_path)
    assert "profile    zeta (Zeta Modem (rev. 2)): it was named\n" in again.stdout


def test_a_class_that_is_asked_for(modem: Modem, tmp_path: Path) -> None:
    modem(CX93001)
    assert "class      1: it was asked for" in faxmodem("probe", "COM1", "--class", "1", cwd=tmp_path).stdout
    modem(CX93001, frozenset({"AT+FCLASS=1.0", "AT+FCLASS=1"}))
    done = faxmodem("probe", "COM1", "--class", "1", cwd=tmp_path)
    assert done.returncode == 42
    assert "refuses AT+FCLASS=1" in done.stderr
    assert "ATI0       56000" in done.stdout


def test_a_modem_without_fax(modem: Modem, tmp_path: Path) -> None:
    modem({"+FCLASS=?": said("0,8"), "ATI0": said("4711")})
    done = faxmodem("probe", "COM1", cwd=tmp_path)
    assert done.returncode == 42
    assert "classes    0, 8\n" in done.stdout
    assert "none of them is of use for fax" in done.stderr


@pytest.mark.parametrize(("name", "code"), [("My Modem.toml", 2), ("modem.txt", 2), ("no/such/modem.toml", 50)])
def test_a_profile_that_cannot_be_saved(modem: Modem, name: str, code: int, tmp_path: Path) -> None:
    modem(STRANGER)
    done = faxmodem("probe", "COM1", "--save", name, cwd=tmp_path)
    assert done.returncode == code
    assert name.split("/")[0] in done.stderr
