"""Which serial ports there are, and behind which of them a fax modem is likely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

# USB ids from usb.ids: makers whose serial devices are telephone modems, then modems of makers of much else.
MODEM_MAKERS: Final[Mapping[int, str]] = {
    0x0572: "Conexant",
    0x0586: "ZyXEL",
    0x05CC: "ELSA",
    0x06E0: "Multi-Tech",
    0x0803: "Zoom",
    0x0BAF: "U.S. Robotics",
}
MODEMS: Final[Mapping[tuple[int, int], str]] = {
    (0x047E, 0xBAD1): "Lucent",
    (0x047E, 0xF101): "Lucent",
    (0x0483, 0x7554): "SmartLink",
    (0x04C1, 0x0020): "U.S. Robotics",
    (0x04C1, 0x0022): "U.S. Robotics",
    (0x04C1, 0x3021): "U.S. Robotics",
    (0x0506, 0x3021): "U.S. Robotics",
    (0x05AC, 0x1401): "Apple",
    (0x07E1, 0x5201): "Ambient",
    (0x0ACE, 0x1602): "ZyXEL",
    (0x0ACE, 0x1608): "ZyXEL",
    (0x0ACE, 0x1611): "ZyXEL",
    (0x17EF, 0x7000): "Lenovo",
}

_MOBILE = re.compile(r"\b([345]G|GSM|UMTS|HSPA|LTE|WWAN|GNSS|mobile|broadband)\b", re.IGNORECASE)
_MODEM = re.compile(r"modem|fax", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortInfo:
    """A serial port that exists now."""

    device: str
    "What to open, e.g. '/dev/ttyACM0'."
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


def list_ports() -> list[PortInfo]:
    """All serial ports of this machine; likely modems first, then by device. Opens none of them."""
    from serial.tools.list_ports import comports

    return sorted(map(_describe, comports()), key=lambda port: (not port.likely_modem, port.device))


def _describe(port: ListPortInfo) -> PortInfo:
    names = (port.manufacturer, port.product, port.description)
    description = " ".join(dict.fromkeys(name for name in names if name not in (None, "", "n/a")))
    likely, reason = _judge(port, description)
    return PortInfo(
        device=port.device,
        description=description,
        usb_id=None if port.vid is None else f"{port.vid:04x}:{port.pid:04x}",
        serial_number=port.serial_number,
        likely_modem=likely,
        reason=reason,
    )


def _judge(port: ListPortInfo, description: str) -> tuple[bool, str]:
    if maker := MODEM_MAKERS.get(port.vid) or MODEMS.get((port.vid, port.pid)):
        return True, f"USB id of a {maker} modem"
    if _MOBILE.search(description):
        return False, "a mobile modem, which has no fax"
    if _MODEM.search(description):
        return True, "calls itself a modem"
    if port.vid is not None:
        return False, "a USB adapter; a modem may be connected to it"
    return False, "a built-in port; a modem may be connected to it"
