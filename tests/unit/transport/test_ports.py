from pathlib import Path

import pytest

from faxmodem.transport.ports import PortInfo, list_ports
from tests.unit.transport.tree import Tree


def describe(tree: Tree, name: str, text: str) -> None:
    """Let the USB device behind a port call itself something."""
    device = (tree.machine.sys / "class/tty" / name / "device").resolve().parent
    (device / "manufacturer").unlink()
    (device / "product").write_text(text)


def test_a_known_usb_modem(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="Conexant_USB_Modem_12345678")
    tree.run(612, "ModemManager", "ttyACM0")
    (tree.locks / "LCK..ttyACM0").write_text("         1 root\n")
    tree.run(1, "init")
    assert list_ports(machine=tree.machine) == [
        PortInfo(
            device=tree.path("ttyACM0"),
            name=tree.path("serial/by-id/usb-Conexant_USB_Modem_12345678-if00"),
            description="Conexant USB Modem",
            usb_id="0572:1329",
            serial_number="12345678",
            likely_modem=True,
            reason="USB id of a Conexant modem",
            used_by=("ModemManager (pid 612)",),
            locked_by="init (pid 1)",
        )
    ]


def test_a_port_that_says_nothing(tree: Tree) -> None:
    tree.add_uart("ttyS0")
    (only,) = list_ports(machine=tree.machine)
    assert (only.description, only.usb_id, only.serial_number, only.likely_modem) == ("", None, None, False)
    assert (only.used_by, only.locked_by) == ((), None)
    assert "built-in" in only.reason


@pytest.mark.parametrize(
    ("product", "likely", "reason"),
    [
        ("V.92 Faxmodem", True, "calls itself a modem"),
        ("LTE Modem", False, "mobile"),
        ("Mobile Broadband Modem", False, "mobile"),
        ("FT232R USB UART", False, "adapter"),
    ],
)
def test_a_name_tells(tree: Tree, product: str, likely: bool, reason: str) -> None:
    tree.add_modem("ttyUSB0", ids="1234:0001")
    describe(tree, "ttyUSB0", product)
    (only,) = list_ports(machine=tree.machine)
    assert only.likely_modem is likely
    assert reason in only.reason


def test_a_modem_that_a_profile_is_for(tree: Tree) -> None:
    tree.add_modem("ttyUSB0", ids="1234:0001")
    describe(tree, "ttyUSB0", "UART")
    (only,) = list_ports({"1234:0001": "Acme V.92"}, tree.machine)
    assert (only.likely_modem, only.reason) == (True, "USB id of a modem that is known: Acme V.92")


def test_likely_modems_come_first(tree: Tree) -> None:
    tree.add_uart("ttyS1")
    tree.add_uart("ttyS0")
    tree.add_modem("ttyUSB9")
    assert [Path(info.device).name for info in list_ports(machine=tree.machine)] == ["ttyUSB9", "ttyS0", "ttyS1"]


def test_a_machine_without_ports(tree: Tree) -> None:
    assert list_ports(machine=tree.machine) == []
