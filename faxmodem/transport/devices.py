"""Which serial devices the machine has now, and what is known about each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where the system keeps what is known about its ports; a test brings a tree of its own."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    locks: tuple[Path, ...] = (Path("/var/lock"), Path("/run/lock"))
    "Folders for lock files of ports; the first that exists is used (FHS 3.0 §5.9)."


THIS_MACHINE: Final = Machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbIdentity:
    """What a USB device says it is. Two sticks of one make may say the same."""

    vendor: int
    product: int
    serial_number: str | None = None
    interface: str | None = None
    "Two hexadecimal digits; None: not known."

    @property
    def id(self) -> str:
        """Vendor and product as '0572:1340'."""
        return f"{self.vendor:04x}:{self.product:04x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A serial device that exists now."""

    path: str
    "What to open, e.g. '/dev/ttyACM0'."
    description: str = ""
    usb: UsbIdentity | None = None
    by_id: str | None = None
    "The link that names it by what it says it is."
    by_path: str | None = None
    "The link that names it by the socket in which it is plugged."


def list_devices(machine: Machine = THIS_MACHINE) -> list[Device]:
    """All serial devices, by path; none of them is opened. What is no hardware (consoles, ptys) is left out."""
    ttys = machine.sys / "class/tty"
    if ttys.is_dir():
        return sorted(_from_sysfs(ttys, machine), key=lambda device: device.path)
    from serial.tools.list_ports import comports  # not Linux

    return sorted(map(_from_pyserial, comports()), key=lambda device: device.path)


def named_device(path: str, machine: Machine = THIS_MACHINE) -> Device | None:
    """The serial device with this path; None if there is none, or it is no hardware."""
    return next((device for device in list_devices(machine) if device.path == path), None)


def read_text(file: Path) -> str:
    """The line that a file of the kernel holds, without what a terminal might obey; empty if there is none."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "".join(character for character in text.strip() if character.isprintable())


def _from_sysfs(ttys: Path, machine: Machine) -> Iterator[Device]:
    by_id, by_path = (_links(machine.dev / "serial" / kind) for kind in ("by-id", "by-path"))
    for entry in ttys.iterdir():
        if not (entry / "device").exists() or read_text(entry / "type") == "0":  # 0: a UART that is not there
            continue
        path = str(machine.dev / entry.name)
        usb, description = _usb_of((entry / "device").resolve())
        real = os.path.realpath(path)
        yield Device(path=path, description=description, usb=usb, by_id=by_id.get(real), by_path=by_path.get(real))


def _links(folder: Path) -> dict[str, str]:
    """By real device, the shortest of the links to it."""
    try:
        links = sorted(folder.iterdir(), key=lambda link: (len(link.name), link.name), reverse=True)
    except OSError:
        return {}
    return {os.path.realpath(link): str(link) for link in links}


def _usb_of(node: Path) -> tuple[UsbIdentity | None, str]:
    """What the USB device above a tty says, and its name."""
    above = (node, *node.parents)
    device = next((folder for folder in above if (folder / "idVendor").is_file()), None)
    if device is None:
        return None, ""
    interface = next((text for folder in above if (text := read_text(folder / "bInterfaceNumber"))), None)
    try:
        vendor, product = (int(read_text(device / name), 16) for name in ("idVendor", "idProduct"))
    except ValueError:
        return None, ""
    usb = UsbIdentity(
        vendor=vendor, product=product, serial_number=read_text(device / "serial") or None, interface=interface
    )
    return usb, _joined(read_text(device / "manufacturer"), read_text(device / "product"))


def _from_pyserial(port: ListPortInfo) -> Device:
    usb = None
    if port.vid is not None:
        usb = UsbIdentity(vendor=port.vid, product=port.pid, serial_number=port.serial_number)
    return Device(path=port.device, description=_joined(port.manufacturer, port.product, port.description), usb=usb)


def _joined(*names: str | None) -> str:
    return " ".join(dict.fromkeys(name for name in names if name and name != "n/a"))
