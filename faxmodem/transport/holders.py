"""Which programs use a device, as far as the system tells."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faxmodem.transport.devices import THIS_MACHINE, Machine, read_text

MODEM_MANAGER: Final = "ModemManager"


@dataclass(frozen=True, slots=True)
class Program:
    """A running program."""

    pid: int
    name: str
    "Empty if not known."

    def __str__(self) -> str:
        return f"{self.name or 'a program'} (pid {self.pid})"


def holders(device: str, machine: Machine = THIS_MACHINE) -> list[Program]:
    """The other programs that have a device open. Those of other users are seen by root only."""
    real = os.path.realpath(device)
    return [
        program(pid, machine) for pid in _pids(machine) if pid != os.getpid() and _has_open(machine.proc, pid, real)
    ]


def modem_manager(machine: Machine = THIS_MACHINE) -> Program | None:
    """ModemManager, if it runs: it sends AT commands to every modem that appears."""
    return next((found for pid in _pids(machine) if (found := program(pid, machine)).name == MODEM_MANAGER), None)


def program(pid: int, machine: Machine = THIS_MACHINE) -> Program:
    """The program with a number."""
    return Program(pid, read_text(machine.proc / str(pid) / "comm"))


def _pids(machine: Machine) -> Iterator[int]:
    with suppress(OSError):
        yield from sorted(int(entry.name) for entry in machine.proc.iterdir() if entry.name.isdecimal())


def _has_open(proc: Path, pid: int, real: str) -> bool:
    try:
        descriptors = list((proc / str(pid) / "fd").iterdir())
    except OSError:  # another user's, or it has ended
        return False
    for descriptor in descriptors:
        with suppress(OSError):
            if str(descriptor.readlink()) == real:
                return True
    return False
