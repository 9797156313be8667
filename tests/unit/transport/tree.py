"""A machine with serial ports, as a tree of files."""

import os
from pathlib import Path

from faxmodem.transport.devices import Machine


class Tree:
    """`/dev`, `/sys`, `/proc` and the lock folder of a machine that does not exist."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine = Machine(dev=root / "dev", sys=root / "sys", proc=root / "proc", locks=(root / "lock",))
        for folder in (self.machine.dev, self.machine.sys / "class/tty", self.machine.proc, self.locks):
            folder.mkdir(parents=True)

    @property
    def locks(self) -> Path:
        return self.root / "lock"

    def path(self, name: str) -> str:
        return str(self.machine.dev / name)

    def add_uart(self, name: str, kind: int = 4) -> None:
        """A built-in port; of kind 0 if the chip is not there."""
        entry = self._add_tty(name, self.machine.sys / "devices/platform/serial8250")
        (entry / "type").write_text(f"{kind}\n")

    def add_console(self, name: str) -> None:
        (self.machine.sys / "class/tty" / name).mkdir()

    def add_modem(
        self, name: str, *, serial: str | None = "12345678", ids: str = "0572:1329", socket: str = "1-1", by: str = ""
    ) -> None:
        """A USB modem. `by`: what its links are named after; without, udev has made none."""
        usb = self.plug_in(ids, socket, serial=serial)
        self._add_tty(name, usb)
        if by:
            self._link("by-id", f"usb-{by}-if00", name)
            self._link("by-path", f"pci-0000:00:14.0-usbv2-0:{socket}:1.0", name)
            self._link("by-path", f"pci-0000:00:14.0-usb-0:{socket}:1.0", name)

    def plug_in(self, ids: str, socket: str = "1-1", *, serial: str | None = None, driver: bool = True) -> Path:
        """A USB modem as the bus shows it; gives the folder of its interface."""
        device = self.machine.sys / "devices/pci0000:00/usb1" / socket
        interface = device / f"{socket}:1.0"
        interface.mkdir(parents=True)
        vendor, _, product = ids.partition(":")
        facts = {"idVendor": vendor, "idProduct": product, "manufacturer": "Conexant", "product": "USB Modem"}
        for name, text in (facts | ({"serial": serial} if serial else {})).items():
            (device / name).write_text(f"{text}\n")
        for name, text in {"bInterfaceNumber": "00", "bInterfaceClass": "02", "bInterfaceSubClass": "02"}.items():
            (interface / name).write_text(f"{text}\n")
        if driver:
            (interface / "driver").mkdir()
        bus = self.machine.sys / "bus/usb/devices"
        bus.mkdir(parents=True, exist_ok=True)
        (bus / interface.name).symlink_to(interface)
        return interface

    def unplug(self, name: str) -> None:
        (self.machine.dev / name).unlink()
        entry = self.machine.sys / "class/tty" / name
        (entry / "device").unlink()
        entry.rmdir()

    def run(self, pid: int, name: str, *devices: str) -> None:
        """A program that has some devices open."""
        descriptors = self.machine.proc / str(pid) / "fd"
        descriptors.mkdir(parents=True)
        (descriptors.parent / "comm").write_text(f"{name}\n")
        (descriptors / "0").symlink_to("/dev/null")
        for number, device in enumerate(devices, start=3):
            (descriptors / str(number)).symlink_to(os.path.realpath(self.path(device)))

    def _add_tty(self, name: str, device: Path) -> Path:
        entry = self.machine.sys / "class/tty" / name
        entry.mkdir()
        device.mkdir(parents=True, exist_ok=True)
        (entry / "device").symlink_to(device)
        (self.machine.dev / name).touch()
        return entry

    def _link(self, kind: str, link: str, name: str) -> None:
        folder = self.machine.dev / "serial" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / link).unlink(missing_ok=True)  # udev lets one of two have it
        (folder / link).symlink_to(f"../../{name}")
