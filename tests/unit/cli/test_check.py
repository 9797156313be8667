"""`faxmodem check`: the card that it prints, the files that it writes, and its end by Ctrl-C."""

from __future__ import annotations

import asyncio
import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from faxmodem import api
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.line import Line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.profile import load_profile
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.unit.check.bench import NUMBERS, Port
from tests.unit.cli.command import faxmodem

LIMIT_S = 60.0
PROGRAM = "import sys; from faxmodem.cli.main import main; sys.argv[0] = 'faxmodem'; main()"
BOTH = ("--far", "COM2", "--number", NUMBERS[1], "--back", NUMBERS[0], "--quick")
CLASS_1 = DceSettings(classes=("0", "1"))

PlugIn = Callable[..., list[Dce]]


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> PlugIn:
    """Puts emulated modems behind COM1 and COM2, on one line in virtual time."""

    def plug(*settings: DceSettings) -> list[Dce]:
        async def open_serial(port: str, **_settings: object) -> MemoryTransport:
            if not ports:
                line = Line()
                for place, own in enumerate(settings):
                    dte, cable = null_modem_pair(name=f"COM{place + 1}")
                    ports[f"COM{place + 1}"] = Port(dte)
                    dces.append(Dce(cable, line.subscribe(NUMBERS[place]), settings=own))
                    tasks.append(asyncio.create_task(dces[-1].run()))
            return ports[port]

        monkeypatch.setattr(api, "open_serial", open_serial)
        return dces

    ports: dict[str, Port] = {}
    dces: list[Dce] = []
    tasks: list[asyncio.Task[None]] = []
    virtual = SimpleNamespace(run=run_virtual, Event=anyio.Event, open_signal_receiver=anyio.open_signal_receiver)
    monkeypatch.setattr(importlib.import_module("faxmodem.cli.running"), "anyio", virtual)
    return plug


def test_a_good_pair(plug_in: PlugIn, tmp_path: Path) -> None:
    plug_in(CLASS_1, CLASS_1)
    done = faxmodem("check", "COM1", *BOTH, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "good calls: from the far modem, V.17 14400 bit/s: identical" in done.stderr
    assert "faxmodem Emulated fax DCE 1 at COM1" in done.stdout
    assert "CTS falls" in done.stdout
    assert done.stdout.endswith("Good: calls will go through.\n")


def test_a_bad_modem_with_its_files(plug_in: PlugIn, tmp_path: Path) -> None:
    plug_in(DceSettings(classes=("0", "1"), quirks={Quirk.EARLY_CONNECT: 0.4}))
    done = faxmodem("check", "COM1", "--quick", "--report", "card.json", "--save-profile", "mine.toml", cwd=tmp_path)
    assert done.returncode == 61
    assert "[quirks.early_connect]\nvalue = 0.4\n" in done.stdout
    assert json.loads((tmp_path / "card.json").read_text())["worst"] == "bad"
    profile = load_profile(tmp_path / "mine.toml")
    assert profile.measure(Quirk.EARLY_CONNECT) == 0.4
    assert profile.identity["ATI3"] == ("faxmodem emulated DCE",)


def test_json_and_nothing_else_on_standard_output(plug_in: PlugIn, tmp_path: Path) -> None:
    plug_in(CLASS_1)
    done = faxmodem("check", "COM1", "--quick", "--json", "--profile", "class1", cwd=tmp_path)
    card = json.loads(done.stdout)
    assert (card["port"], card["profile"], card["service_class"], card["worst"]) == ("COM1", "class1", "1", "good")
    assert done.returncode == 0


def test_a_class_2_modem_alone(plug_in: PlugIn, tmp_path: Path) -> None:
    plug_in(DceSettings(classes=("0", "2")))
    done = faxmodem("check", "COM1", "--json", cwd=tmp_path)
    card = json.loads(done.stdout)
    assert card["service_class"] == "2"
    assert "in class 2 the modem runs T.30 by itself" in done.stderr
    assert done.returncode == 0


def test_the_class_that_is_asked_for(plug_in: PlugIn, tmp_path: Path) -> None:
    plug_in(DceSettings(classes=("0", "1", "2")))
    done = faxmodem("check", "COM1", "--class", "2", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["service_class"] == "2"
    assert "signals without a call: cannot be measured" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--number", "5"), 2, "need a second modem"),
        (("--far", "COM2", "--number", "5"), 2, "--number and --back go together"),
        (("--save-profile", "Mine.toml"), 2, "with small letters"),
        (("--far", "COM2", "--number", "112", "--back", "5"), 13, "emergency"),
        (("--profile", "nobody"), 2, "there is no firmware profile 'nobody'"),
        (("--quick", "--report", "none/card.json"), 50, "cannot be written"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    plug_in: PlugIn, args: tuple[str, ...], code: int, words: str, tmp_path: Path
) -> None:
    plug_in(CLASS_1, CLASS_1)
    done = faxmodem("check", "COM1", *args, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def emulating(folder: Path) -> Iterator[None]:
    """A modem on a pty, at the link `modem`."""
    told = ["emulate", "--pty", "modem"]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *told], cwd=folder) as process:
        try:
            until = time.monotonic() + LIMIT_S
            while not (folder / "modem").is_symlink():
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)
            yield
        finally:
            process.terminate()
            try:
                process.wait(LIMIT_S)
            finally:
                process.kill()


def test_ctrl_c_leaves_a_modem_that_can_be_used(tmp_path: Path) -> None:
    told = ["check", "modem", "--profile", "class1"]
    with (
        emulating(tmp_path),
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *told], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            assert process.stderr is not None
            for line in process.stderr:  # one a finding
                if "silence" in line:
                    process.send_signal(signal.SIGINT)
                    break
            assert "Traceback" not in process.communicate(timeout=LIMIT_S)[1]
        finally:
            process.kill()
        assert process.returncode == 130
        assert faxmodem("probe", "modem", cwd=tmp_path).returncode == 0
