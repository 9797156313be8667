import json
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from faxmodem.transport import ports
from faxmodem.transport.ports import PortInfo
from tests.unit.cli.command import faxmodem

MODEM = PortInfo(
    device="/dev/ttyACM0",
    name="/dev/serial/by-id/usb-A-if00",
    description="Conexant USB Modem",
    usb_id="0572:1340",
    serial_number="12345678",
    likely_modem=True,
    reason="USB id of a Conexant modem",
    used_by=("ModemManager (pid 612)",),
    locked_by="cu (pid 7)",
)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[PortInfo]:
    there: list[PortInfo] = []

    def list_ports(known: dict[str, str]) -> list[PortInfo]:
        assert all(name for name in known.values())
        return there

    monkeypatch.setattr(ports, "list_ports", list_ports)
    monkeypatch.setenv("COLUMNS", "200")
    return there


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_port_is_shown_with_the_name_that_lasts_and_who_uses_it(found: list[PortInfo], tmp_path: Path) -> None:
    found.append(MODEM)
    shown = faxmodem("ports", cwd=tmp_path)
    assert shown.returncode == 0
    row = next(line for line in shown.stdout.splitlines() if "/dev/ttyACM0" in line)
    for text in (MODEM.name, "0572:1340", "likely: USB id", "ModemManager (pid 612), locked by cu (pid 7)"):
        assert text in row


def test_ports_for_programs(found: list[PortInfo], tmp_path: Path) -> None:
    found.append(MODEM)
    (line,) = faxmodem("ports", "--json", cwd=tmp_path).stdout.splitlines()
    port = json.loads(line)
    assert (port["device"], port["name"], port["usb_id"]) == ("/dev/ttyACM0", MODEM.name, "0572:1340")
    assert (port["used_by"], port["locked_by"]) == (["ModemManager (pid 612)"], "cu (pid 7)")


@pytest.mark.usefixtures("found")
def test_a_machine_without_ports(tmp_path: Path) -> None:
    assert faxmodem("ports", cwd=tmp_path).stdout.startswith("No serial port was found. Plug the modem in")


def test_one_port_is_tried(terminal: str, tmp_path: Path) -> None:
    link = tmp_path / "modem"
    link.symlink_to(terminal)
    assert faxmodem("ports", link, cwd=tmp_path).stdout == f"{link} can be opened; it is {terminal}\n"
    assert json.loads(faxmodem("ports", terminal, "--json", cwd=tmp_path).stdout) == {
        "name": terminal,
        "device": terminal,
        "latency_s": None,
    }


def test_one_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    shown = faxmodem("ports", tmp_path, cwd=tmp_path)
    assert shown.returncode == 40
    assert shown.stderr == (
        f"faxmodem: {tmp_path}: this is a folder and no serial port; `faxmodem ports` lists those that are\n"
    )
