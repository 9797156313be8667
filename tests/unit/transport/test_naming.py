import os

import pytest
from serial.tools.list_ports_common import ListPortInfo

from faxmodem.errors import PortError
from faxmodem.transport.devices import Device, UsbIdentity, list_devices
from faxmodem.transport.naming import find_port, has_rate, lasting_name, stable_name, usb_id
from tests.unit.transport.tree import Tree


def refusal(name: str, tree: Tree) -> str:
    with pytest.raises(PortError) as failure:
        find_port(name, tree.machine)
    return str(failure.value)


def names(tree: Tree) -> list[str]:
    devices = list_devices(tree.machine)
    return [stable_name(device, devices).removeprefix(f"{tree.machine.dev}/") for device in devices]


# -- what there is


def test_a_usb_modem_is_known_by_what_it_says(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="Conexant_USB_Modem_12345678")
    assert list_devices(tree.machine) == [
        Device(
            path=tree.path("ttyACM0"),
            description="Conexant USB Modem",
            usb=UsbIdentity(vendor=0x0572, product=0x1329, serial_number="12345678", interface="00"),
            by_id=tree.path("serial/by-id/usb-Conexant_USB_Modem_12345678-if00"),
            by_path=tree.path("serial/by-path/pci-0000:00:14.0-usb-0:1-1:1.0"),
        )
    ]


def test_what_is_no_hardware_is_no_port(tree: Tree) -> None:
    tree.add_console("tty1")
    tree.add_uart("ttyS0")
    tree.add_uart("ttyS1", kind=0)
    assert [device.path for device in list_devices(tree.machine)] == [tree.path("ttyS0")]


def test_what_a_device_says_cannot_steer_a_terminal(tree: Tree) -> None:
    tree.add_modem("ttyACM0", serial="\x1b[2J12")
    (device,) = list_devices(tree.machine)
    assert device.usb is not None
    assert device.usb.serial_number == "[2J12"


def test_a_device_that_vanishes_while_it_is_looked_at_is_one_without_usb(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    (tree.machine.sys / "devices/pci0000:00/usb1/1-1/idProduct").write_text("")
    (device,) = list_devices(tree.machine)
    assert device.usb is None


def test_without_sysfs_pyserial_is_asked(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ListPortInfo("COM3", skip_link_detection=True)
    port.vid, port.pid, port.serial_number, port.manufacturer = 0x0572, 0x1340, "1", "Conexant"
    monkeypatch.setattr(
        "serial.tools.list_ports.comports", lambda: [port, ListPortInfo("COM1", skip_link_detection=True)]
    )
    (tree.machine.sys / "class/tty").rmdir()
    assert [(device.path, device.description) for device in list_devices(tree.machine)] == [
        ("COM1", ""),
        ("COM3", "Conexant"),
    ]
    assert find_port("usb:0572:1340", tree.machine) == "COM3"


# -- what lasts


def test_a_port_is_named_by_what_it_is(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="Conexant_USB_Modem_12345678")
    tree.add_uart("ttyS0")
    assert names(tree) == ["serial/by-id/usb-Conexant_USB_Modem_12345678-if00", "ttyS0"]


def test_twins_are_named_by_where_they_are(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="Conexant_USB_Modem_12345678", socket="1-1")
    tree.add_modem("ttyACM1", by="Conexant_USB_Modem_12345678", socket="1-2")
    assert names(tree) == [f"serial/by-path/pci-0000:00:14.0-usb-0:{socket}:1.0" for socket in ("1-1", "1-2")]


def test_without_udev_the_serial_number_is_the_name(tree: Tree) -> None:
    tree.add_modem("ttyACM0", serial="A1")
    tree.add_modem("ttyACM1", serial=None, socket="1-2")
    assert names(tree) == ["usb:0572:1329:A1", "ttyACM1"]


@pytest.mark.parametrize("name", ["socket://localhost:7000", "rfc2217://host:1", "usb:0572:1329", os.devnull])
def test_a_name_that_lasts_is_kept(name: str, tree: Tree) -> None:
    assert lasting_name(name, tree.machine) == name


def test_a_usb_device_comes_back_under_another_name(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="X")
    assert lasting_name(tree.path("ttyACM0"), tree.machine) == tree.path("serial/by-id/usb-X-if00")


def test_a_terminal_does_not_come_back_but_a_link_to_one_does(tree: Tree) -> None:
    assert lasting_name(tree.path("ttyNONE0"), tree.machine) is None
    assert lasting_name("/dev/pts/ptmx", tree.machine) is None
    assert lasting_name("/dev/pts/7", tree.machine) is None
    assert lasting_name("loop://", tree.machine) is None
    link = tree.machine.dev / "modem"
    link.symlink_to("/dev/pts/7")
    assert lasting_name(str(link), tree.machine) == str(link)


# -- which device a name means


@pytest.mark.parametrize("name", ["usb:A1", "usb:0572:1329:A1", "usb:0572:1329", "USB:0572:1329"])
def test_a_usb_name_means_the_device_that_fits(name: str, tree: Tree) -> None:
    tree.add_modem("ttyACM0", serial="A1")
    tree.add_modem("ttyACM1", serial="B2", ids="0baf:0303", socket="1-2")
    assert find_port(name, tree.machine) == tree.path("ttyACM0")


def test_a_serial_number_may_look_like_an_address(tree: Tree) -> None:
    tree.add_modem("ttyACM0", serial="00:11:22:33")
    assert find_port("usb:00:11:22:33", tree.machine) == tree.path("ttyACM0")


def test_a_device_or_url_is_taken_as_it_is(tree: Tree) -> None:
    for name in ("/dev/ttyS0", "COM3", "rfc2217://host:7000"):
        assert find_port(name, tree.machine) == name


def test_a_link_means_the_device_behind_it(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="X")
    assert find_port(tree.path("serial/by-id/usb-X-if00"), tree.machine) == tree.path("ttyACM0")


def test_two_that_fit_are_refused_with_what_tells_them_apart(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="Conexant", socket="1-1")
    tree.add_modem("ttyACM1", by="Conexant", socket="1-2")
    one, other = (tree.path(f"serial/by-path/pci-0000:00:14.0-usb-0:{socket}:1.0") for socket in ("1-1", "1-2"))
    for name in ("usb:12345678", "usb:0572:1329", tree.path("serial/by-id/usb-Conexant-if00")):
        assert refusal(name, tree) == (
            f"{name} fits 2 ports, which say the same of themselves, so that only the socket tells them apart: name "
            f"{tree.path('ttyACM0')} as {one}; {tree.path('ttyACM1')} as {other}"
        )
    assert find_port(other, tree.machine) == tree.path("ttyACM1")


def test_two_of_one_product_are_told_apart_by_their_numbers(tree: Tree) -> None:
    tree.add_modem("ttyACM0", serial="A1", by="A1")
    tree.add_modem("ttyACM1", serial="B2", by="B2", socket="1-2")
    message = refusal("usb:0572:1329", tree)
    assert "the same of themselves" not in message
    assert "by-id/usb-A1-if00" in message
    assert "by-id/usb-B2-if00" in message


def test_none_that_fits_is_told_with_those_that_there_are(tree: Tree) -> None:
    assert refusal("usb:0572:1329", tree).endswith("on USB there is no port at all: plug the modem in")
    tree.add_modem("ttyACM0")
    assert refusal("usb:0baf:0303", tree) == (
        f"no port fits usb:0baf:0303; on USB there is {tree.path('ttyACM0')} (0572:1329)"
    )


def test_a_usb_name_says_something(tree: Tree) -> None:
    assert "expected usb:SERIAL" in refusal("usb:", tree)


@pytest.mark.parametrize("name", ["", "x" * 513, "/dev/tty\nS0", "/dev/\x1b[2J", "/dev/\0", "usb:\x7f", "\ud800"])
def test_names_that_no_port_has(name: str, tree: Tree) -> None:
    message = refusal(name, tree)
    assert message.isprintable()
    assert len(message) < 150


def test_the_ids_of_a_named_port(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="X")
    tree.add_uart("ttyS0")
    for name in (tree.path("ttyACM0"), tree.path("serial/by-id/usb-X-if00"), "usb:12345678"):
        assert usb_id(name, tree.machine) == "0572:1329"
    for name in (tree.path("ttyS0"), "usb:none", "socket://localhost:1", os.devnull):
        assert usb_id(name, tree.machine) == ""


def test_the_rate_means_something_on_a_wire_only(tree: Tree) -> None:
    for name in ("ttyS0", "ttyUSB0"):
        assert has_rate(tree.path(name), tree.machine)
    assert has_rate("rfc2217://127.0.0.1:7000")
    tree.add_modem("ttyACM0", serial="12345678")
    for name in (tree.path("ttyACM0"), "usb:12345678", "/dev/pts/3", "socket://127.0.0.1:7000", "loop://"):
        assert not has_rate(name, tree.machine)
