"""What a port may be called, and which device that is now.

Beside a device and a URL: a link that names the device in a lasting way, or what the device says on USB, as
`usb:SERIAL`, `usb:VID:PID` or `usb:VID:PID:SERIAL`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from faxmodem.errors import PortError
from faxmodem.transport.devices import THIS_MACHINE, Device, Machine, UsbIdentity, list_devices, named_device

MAX_NAME: Final = 512
"Characters; the longest links by path have about 100."

_USB: Final = re.compile(
    r"usb:(?:(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})(?::(?P<serial>.+))?|(?P<only>.+))", re.IGNORECASE
)


_NO_RATE: Final = ("ttyACM", "cu.usbmodem", "tty.usbmodem")
"Names of USB modems that are asked through CDC: what is said of the rate there changes nothing."


def find_port(name: str, machine: Machine = THIS_MACHINE) -> str:
    """The device that a name means now, or the name itself if it is a URL. Whether the device exists shows on opening.

    Raises `PortError` for a name that fits no USB device, or more than one, and for one that no port can have.
    """
    check_name(name)
    if is_url(name):
        return name
    if name.lower().startswith("usb:"):
        return _find_usb(name, list_devices(machine))
    path = Path(name)
    if not path.is_symlink():
        return name
    real = os.path.realpath(path)
    if path.parent.name == "by-id":
        _refuse_twins(name, real, list_devices(machine))
    return real


def usb_id(name: str, machine: Machine = THIS_MACHINE) -> str:
    """Vendor and product of the device that a port's name means now, as '0572:1340'; empty if it is not on USB."""
    try:
        device = named_device(find_port(name, machine), machine)
    except PortError:
        return ""
    return device.usb.id if device is not None and device.usb is not None else ""


def check_name(name: str) -> None:
    """Raise `PortError` for a name that is empty or too long, or holds characters that no name has."""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise PortError(f"a port's name has 1 to {MAX_NAME} printable characters; this has not: {name[:40]!r}")


def is_url(name: str) -> bool:
    """Whether a name is a URL and no device of this machine."""
    return "://" in name


def has_rate(name: str, machine: Machine = THIS_MACHINE) -> bool:
    """Whether the rate of a port is one on a wire, and so may be wrong: not that of a socket, a pty, or USB's CDC."""
    if is_url(name):
        return name.lower().startswith("rfc2217:")
    try:
        device = find_port(name, machine)
    except PortError:  # unplugged meanwhile
        return False
    return not (is_pty(device) or Path(device).name.startswith(_NO_RATE))


def is_pty(device: str) -> bool:
    """Whether a device is a pseudo-terminal: its name, a number, may be another program's terminal the next moment."""
    return Path(device).parent.name == "pts"


def stable_name(device: Device, among: Iterable[Device]) -> str:
    """The name by which to open a device tomorrow, too.

    Where another device says the same of itself on USB, it is the socket that tells them apart.
    """
    if device.usb is None:
        return device.path
    alone = sum(other.usb == device.usb for other in among) <= 1
    if alone and device.by_id is not None:
        return device.by_id
    if device.by_path is not None:
        return device.by_path
    if alone and device.usb.serial_number is not None and device.usb.interface in (None, "00"):
        return f"usb:{device.usb.id}:{device.usb.serial_number}"
    return device.path


def lasting_name(name: str, machine: Machine = THIS_MACHINE) -> str | None:
    """The name under which a port that is there now will come back when it is unplugged; None if it will not."""
    if name.lower().startswith("loop:"):
        return None
    if is_url(name) or name.lower().startswith("usb:") or Path(name).is_symlink():
        return name
    devices = list_devices(machine)
    if (device := next((device for device in devices if device.path == name), None)) is not None:
        return stable_name(device, devices)
    return name if Path(name).exists() and not is_pty(name) else None


def _find_usb(name: str, devices: list[Device]) -> str:
    if (wanted := _USB.fullmatch(name)) is None:
        raise PortError(f"{name}: expected usb:SERIAL, usb:VID:PID or usb:VID:PID:SERIAL, as in usb:0572:1329")
    fitting = [device for device in devices if device.usb is not None and _fits(device.usb, wanted)]
    if not fitting:
        present = ", ".join(f"{device.path} ({device.usb.id})" for device in devices if device.usb is not None)
        raise PortError(f"no port fits {name}; on USB there is {present or 'no port at all: plug the modem in'}")
    if len(fitting) > 1:
        raise PortError(_ambiguity(name, fitting, devices))
    return fitting[0].path


def _fits(usb: UsbIdentity, wanted: re.Match[str]) -> bool:
    if wanted["only"] is not None:
        return usb.serial_number == wanted["only"]
    same_product = usb.id == f"{wanted['vendor']}:{wanted['product']}".lower()
    return same_product and wanted["serial"] in (None, usb.serial_number)


def _refuse_twins(name: str, real: str, devices: list[Device]) -> None:
    """A link by id leads to any one of several devices that say the same of themselves."""
    usb = next((device.usb for device in devices if os.path.realpath(device.path) == real), None)
    twins = [device for device in devices if usb is not None and device.usb == usb]
    if len(twins) > 1:
        raise PortError(_ambiguity(name, twins, devices))


def _ambiguity(name: str, fitting: list[Device], devices: list[Device]) -> str:
    same = len({device.usb for device in fitting}) == 1
    why = ", which say the same of themselves, so that only the socket tells them apart" if same else ""
    names = "; ".join(f"{device.path} as {stable_name(device, devices)}" for device in fitting)
    return f"{name} fits {len(fitting)} ports{why}: name {names}"
