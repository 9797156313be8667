"""What the owner of a port can do when it cannot be opened, or when the modem behind it does not answer."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from faxmodem.transport.devices import THIS_MACHINE, Machine, list_devices, named_device, read_text
from faxmodem.transport.holders import MODEM_MANAGER, holders, modem_manager
from faxmodem.transport.naming import is_url, usb_id

if sys.platform != "win32":
    import grp
    import pwd
    import termios

    PORT_FAULTS: Final = (OSError, termios.error, ValueError)
else:
    PORT_FAULTS: Final = (OSError, ValueError)
"What pySerial lets through; ValueError is for what an RFC 2217 server rejected."

RULES_FILE: Final = "/etc/udev/rules.d/70-faxmodem.rules"
MAY_USE: Final = stat.S_IRGRP | stat.S_IWGRP

_PLUGGED_IN = "see that the modem is plugged in and powered"
_REAL_PORTS = "`faxmodem ports` lists those that are"
_WHY: Final[Mapping[int, str]] = {
    errno.ENXIO: f"there is nothing behind this port; {_PLUGGED_IN}",
    errno.ENODEV: f"there is nothing behind this port; {_PLUGGED_IN}",
    errno.EIO: "there is nothing behind this port; `faxmodem ports` lists those that are real",
    errno.EISDIR: f"this is a folder and no serial port; {_REAL_PORTS}",
    errno.ENOTDIR: f"this is no serial port; {_REAL_PORTS}",
    errno.ELOOP: "this link leads to itself; `faxmodem ports` lists the ports that exist",
    errno.ETIMEDOUT: "no answer from this host; see that it is up and that host and port are right",
    socket.EAI_NONAME: "this host is not known; see that its name is right",
    socket.EAI_AGAIN: "this host's name cannot be looked up now; see that the network is up",
    errno.ECONNREFUSED: "nobody listens at this address; see that the port server is up and the port is right",
    errno.ECONNRESET: "the port server broke the connection off; see that nobody else is connected to that port",
    errno.EHOSTUNREACH: "this host cannot be reached; see that host and port are right",
    errno.ENETUNREACH: "this host cannot be reached; see that host and port are right",
}


def why_not_opened(device: str, error: BaseException, machine: Machine = THIS_MACHINE) -> str:
    """One or two sentences for what went wrong when a device or URL was opened."""
    number = error_number(error)
    if not is_url(device) and number in _ASK_THE_MACHINE:
        return _ASK_THE_MACHINE[number](device, machine)
    return _WHY.get(number, f"this port cannot be opened ({error})")


def error_number(error: BaseException | None) -> int:
    """The system's number for an error; pySerial drops it often, but then the error that it came from still has it."""
    while error is not None:
        match error:
            case TimeoutError():
                return errno.ETIMEDOUT
            case OSError(errno=int(number)):
                return number
            case Exception(args=(int(number), *_)) if isinstance(error, PORT_FAULTS):  # termios.error
                return number
        error = error.__cause__ or error.__context__
    return 0


def keep_modem_manager_away(device: str, machine: Machine = THIS_MACHINE) -> str:
    """The udev rule that makes ModemManager leave this device alone."""
    found = named_device(device, machine)
    which = f'KERNEL=="{Path(device).name}"'
    if found is not None and (usb := found.usb) is not None:
        which = f'ATTRS{{idVendor}}=="{usb.vendor:04x}", ATTRS{{idProduct}}=="{usb.product:04x}"'
    return f'{which}, ENV{{ID_MM_DEVICE_IGNORE}}="1"'


def power_cycle(name: str, machine: Machine = THIS_MACHINE) -> str:
    """What is left to do about a modem that no command, no break and no drop of DTR helps."""
    if usb := usb_id(name, machine):
        return f"pull it out of its USB socket and put it in again, or try `sudo usbreset {usb}`"
    return "switch it off and on"


def undriven_modems(machine: Machine = THIS_MACHINE) -> list[str]:
    """USB ids of modems that are plugged in, and which the kernel has no driver for."""
    found = []
    for interface in sorted((machine.sys / "bus/usb/devices").glob("*:*")):
        kind = read_text(interface / "bInterfaceClass"), read_text(interface / "bInterfaceSubClass")
        if kind == ("02", "02") and not (interface / "driver").exists():  # CDC, abstract control model
            device = interface.resolve().parent
            found.append(f"{read_text(device / 'idVendor')}:{read_text(device / 'idProduct')}")
    return found


def _missing(_device: str, machine: Machine) -> str:
    if undriven := undriven_modems(machine):
        return f"the modem {undriven[0]} is plugged in, but the kernel has no driver for it: `sudo modprobe cdc_acm`"
    ports = ", ".join(device.path for device in list_devices(machine)) or "none"
    return f"there is no such port; if it was there before, it was unplugged. Ports that exist: {ports}"


def _no_port(device: str, _machine: Machine) -> str:
    return f"this is {'a file and ' * Path(device).is_file()}no serial port; {_REAL_PORTS}"


def _busy(device: str, machine: Machine) -> str:
    programs = holders(device, machine)
    if any(program.name == MODEM_MANAGER for program in programs) or (not programs and modem_manager(machine)):
        whether = "uses this port" if programs else "is running and may be using this port"
        return (
            f"{MODEM_MANAGER} {whether}; to keep it away, put the line {keep_modem_manager_away(device, machine)} into "
            f"{RULES_FILE}, then `sudo udevadm control --reload && sudo udevadm trigger`, and plug the modem in again"
        )
    who = " and ".join(map(str, programs)) or "another program"
    return f"{who} {'use' if len(programs) > 1 else 'uses'} this port; end it or choose another port"


def _forbidden(device: str, _machine: Machine) -> str:
    return f"no permission to open this port; {_who_may_open(device)}"


def _who_may_open(device: str) -> str:
    """Only asked on systems with groups: others know no such error."""
    try:
        node = Path(device).stat()
        group = grp.getgrgid(node.st_gid)
    except (OSError, KeyError):
        return "ask the administrator for it"
    if node.st_mode & MAY_USE != MAY_USE:
        return (
            "only its owner may; a udev rule changes that: "
            f'KERNEL=="{Path(device).name}", GROUP="dialout", MODE="0660" in {RULES_FILE}'
        )
    if node.st_gid in (os.getegid(), *os.getgroups()):
        return f"although you are in its group {group.gr_name}: a container or a security module forbids it"
    if _user() in group.gr_mem:
        return f"you are in its group {group.gr_name}, but were not yet when you logged in: log out and in again"
    return f"its group is {group.gr_name}: `sudo usermod -aG {group.gr_name} $USER`, then log out and in again"


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


_ASK_THE_MACHINE: Final[Mapping[int, Callable[[str, Machine], str]]] = {
    errno.ENOENT: _missing,
    errno.ENOTTY: _no_port,
    errno.EBUSY: _busy,
    errno.EAGAIN: _busy,
    errno.EACCES: _forbidden,
    errno.EPERM: _forbidden,
}
