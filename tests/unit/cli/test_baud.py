"""`--baud`: what its help says, and what it asks of a port."""

from __future__ import annotations

import asyncio
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from faxmodem import api
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.line import Line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.detect import OTHER_BAUDS
from faxmodem.modem.profile import load_profile
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.unit.cli.command import faxmodem


@pytest.mark.parametrize("verb", ["send", "receive", "poll", "probe", "check", "emulate"])
def test_the_help_says_where_the_rate_comes_from(verb: str, tmp_path: Path) -> None:
    text = re.sub(r"[│\s]+", " ", faxmodem(verb, "--help", cwd=tmp_path).stdout)
    assert "the profile's, else 115200" in text


def test_a_rate_that_no_port_has_is_wrong_usage(tmp_path: Path) -> None:
    assert faxmodem("probe", "COM1", "--baud", "20", cwd=tmp_path).returncode == 2


def test_a_profiles_minimum_is_heeded(tmp_path: Path) -> None:
    told = ("--to", "1", "--port", "COM1", "--profile", "icplus-ip568x", "--baud", "19200")
    done = faxmodem("send", *told, Path(__file__), cwd=tmp_path)
    assert done.returncode == 2
    assert "must run at 57600 bit/s or more, not at 19200" in re.sub(r"\s+", " ", done.stderr)


def test_other_rates_are_tried_where_there_is_a_wire_and_nobody_named_one() -> None:
    assert api.other_bauds("/dev/ttyUSB0", None) == OTHER_BAUDS
    assert api.other_bauds("/dev/ttyUSB0", 115200) == ()
    assert api.other_bauds("/dev/ttyACM0", None) == ()
    assert api.other_bauds("socket://127.0.0.1:7000", None) == ()


def test_a_modem_with_another_rate_is_probed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tasks: list[asyncio.Task[None]] = []

    async def open_serial(_port: str, *, baud: int) -> MemoryTransport:
        dte, dce = null_modem_pair(bauds=(baud, None))
        tasks.append(asyncio.create_task(Dce(dce, Line().subscribe("1"), settings=DceSettings(baud=9600)).run()))
        return dte

    monkeypatch.setattr(api, "open_serial", open_serial)
    monkeypatch.setattr(importlib.import_module("faxmodem.cli.probe"), "anyio", SimpleNamespace(run=run_virtual))
    done = faxmodem("probe", "COM1", "--save", "old.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rate       9600 bit/s at the port\n" in done.stdout
    assert load_profile(tmp_path / "old.toml").port.baud == 9600
    assert "neither" not in done.stdout

    done = faxmodem("probe", "COM1", "--baud", "115200", cwd=tmp_path)
    assert done.returncode == 42
    assert "no modem answers" in done.stderr
