"""Which serial ports there are, and behind which of them a fax modem is likely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from faxmodem.transport.devices import THIS_MACHINE, Device, Machine, list_devices
from faxmodem.transport.holders import holders
from faxmodem.transport.locks import lock_owner
from faxmodem.transport.naming import stable_name

MODEM_MAKERS: Final[Mapping[int, str]] = {
    0x0572: "Conexant",
    0x0586: "ZyXEL",
    0x05CC: "ELSA",
    0x06E0: "Multi-Tech",
    0x0803: "Zoom",
    0x0BAF: "U.S. Robotics",
}
"By USB vendor id (usb.ids), makers whose serial devices are telephone modems; for others their profile tells."

_MOBILE = re.compile(r"\b([345]G|GSM|UMTS|HSPA|LTE|WWAN|GNSS|mobile|broadband)\b", re.IGNORECASE)
_MODEM = re.compile(r"modem|fax", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortInfo:
    """A serial port that exists now."""

    device: str
    "What it is called now, e.g. '/dev/ttyACM0'."
    name: str
    "What to open it by: the next time it is plugged in as well, if it is on USB."
    description: str
    "What the port says about itself; empty if nothing."
    usb_id: str | None
    "Vendor and product as '0572:1340'; None if the port is not on USB."
    serial_number: str | None
    "Not always one of its own: many modems of one make share a number."
    likely_modem: bool
    "Whether a fax modem is behind it, as far as its id and name tell; False also for a modem on an adapter."
    reason: str
    "Why `likely_modem` is what it is, as a phrase."
    used_by: tuple[str, ...]
    "Programs that have it open, as 'ModemManager (pid 612)'; those of other users are seen by root only."
    locked_by: str | None
    "Whose lock file there is for it."


def list_ports(known: Mapping[str, str] | None = None, machine: Machine = THIS_MACHINE) -> list[PortInfo]:
    """All serial ports of a machine; likely modems first, then by device. Opens none of them.

    `known`: USB ids of fax modems ('0572:1340') with what they are, beside those of makers of little else.
    """
    devices = list_devices(machine)
    ports = [_describe(device, devices, known or {}, machine) for device in devices]
    return sorted(ports, key=lambda port: (not port.likely_modem, port.device))


def _describe(device: Device, devices: list[Device], known: Mapping[str, str], machine: Machine) -> PortInfo:
    likely, reason = _judge(device, known)
    return PortInfo(
        device=device.path,
        name=stable_name(device, devices),
        description=device.description,
        usb_id=None if device.usb is None else device.usb.id,
        serial_number=None if device.usb is None else device.usb.serial_number,
        likely_modem=likely,
        reason=reason,
        used_by=tuple(map(str, holders(device.path, machine))),
        locked_by=lock_owner(device.path, machine),
    )


def _judge(device: Device, known: Mapping[str, str]) -> tuple[bool, str]:
    if (usb := device.usb) is not None:
        if name := known.get(usb.id):
            return True, f"USB id of a modem that is known: {name}"
        if maker := MODEM_MAKERS.get(usb.vendor):
            return True, f"USB id of a {maker} modem"
    if _MOBILE.search(device.description):
        return False, "a mobile modem, which has no fax"
    if _MODEM.search(device.description):
        return True, "calls itself a modem"
    if usb is not None:
        return False, "a USB adapter; a modem may be connected to it"
    return False, "a built-in port; a modem may be connected to it"
