"""UUCP lock files: how programs tell each other that a serial port is in use.

`LCK..ttyACM0` in the system's lock folder holds the number of the process that uses the port, as ten characters
and a newline (HDB UUCP, FHS 3.0 §5.9). Programs that know nothing of them are kept away by opening exclusively.
"""

from __future__ import annotations

import logging
import os
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faxmodem.errors import PortError
from faxmodem.transport.devices import THIS_MACHINE, Machine
from faxmodem.transport.holders import program
from faxmodem.transport.naming import is_pty

if sys.platform != "win32":
    import fcntl

log = logging.getLogger("faxmodem.transport")

WRITING_S: Final = 10.0
"An empty lock file younger than this belongs to a program that is about to write its number into it."
TRIES: Final = 3
"A stale lock file that is removed may be followed by another one at once."

_held: Final[set[Path]] = set()
"Lock files of this process; another one with our number is left over from a process that had it before us."


@dataclass(frozen=True, slots=True)
class Owner:
    """Who made a lock file."""

    pid: int | None
    "None: the file does not tell."
    stale: bool
    "It belongs to nobody any more."
    inode: int


class PortLock:
    """Lock files that are ours, until `release`."""

    def __init__(self) -> None:
        self._files: dict[Path, int] = {}

    @property
    def paths(self) -> list[Path]:
        """The files; none where the system has no place for them."""
        return list(self._files)

    def add(self, path: Path) -> None:
        """Keep a file that we have just made."""
        self._files[path] = path.stat().st_ino
        _held.add(path)

    def release(self) -> None:
        """Remove the files, unless they were replaced meanwhile. Safe to call twice."""
        for path, inode in self._files.items():
            _held.discard(path)
            with suppress(OSError):
                if path.stat().st_ino == inode:
                    path.unlink()
        self._files.clear()


def lock_port(device: str, name: str, machine: Machine = THIS_MACHINE) -> PortLock:
    """Lock a device for this process, under its own name and under the one that was used for it.

    Raises `PortError` if another program has locked it. Where no lock file can be made this is only logged.
    """
    lock = PortLock()
    if sys.platform == "win32" or is_pty(device):
        return lock
    if (folder := lock_folder(machine)) is None:
        log.warning("%s is not locked: there is no folder %s", name, " or ".join(map(str, machine.locks)))
        return lock
    paths = (device, name) if name.startswith("/") else (device,)
    files = tuple(dict.fromkeys(folder / f"LCK..{Path(path).name}" for path in paths))
    try:
        for path in (*files, *_numbered(folder, device)):
            _refuse_if_held(path, name, machine)
        for path in files:
            _take(lock, path, name, machine)
    except BaseException:
        lock.release()
        raise
    return lock


def lock_owner(device: str, machine: Machine = THIS_MACHINE) -> str | None:
    """Who has locked a device, in words; None if nobody has."""
    if sys.platform == "win32" or is_pty(device) or (folder := lock_folder(machine)) is None:
        return None
    for path in (folder / f"LCK..{Path(device).name}", *_numbered(folder, device)):
        if (owner := read_lock(path)) is not None and not owner.stale:
            return _who(owner, machine)
    return None


def lock_folder(machine: Machine = THIS_MACHINE) -> Path | None:
    """Where lock files belong; None where the system has no such folder."""
    return next((folder for folder in machine.locks if folder.is_dir()), None)


def read_lock(path: Path) -> Owner | None:
    """Who made a lock file; None if it does not exist. One that cannot be read, or understood, counts as in use."""
    try:
        found = path.stat()
    except OSError:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return Owner(None, stale=False, inode=found.st_ino)
    pid = parse_pid(data)
    if pid is not None:
        return Owner(pid, stale=not _lives(pid, path), inode=found.st_ino)
    return Owner(None, stale=not data and _now(path.parent) - found.st_mtime > WRITING_S, inode=found.st_ino)


def parse_pid(data: bytes) -> int | None:
    """The number in a lock file: in digits, maybe with more words after it, or as the four octets of an int."""
    if len(data) == 4 and 0 in data:  # no text; no system has as many processes as would fill four octets
        return max(0, int(struct.unpack("=i", data)[0])) or None
    words = data.split()
    if words and words[0].isdigit() and len(words[0]) <= 10:
        return int(words[0]) or None
    return None


def _lives(pid: int, path: Path) -> bool:
    if pid == os.getpid():
        return path in _held
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _now(folder: Path) -> float:
    """The time on the clock that stamps the files of a folder; never is where nothing can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0.0


def _take(lock: PortLock, path: Path, name: str, machine: Machine) -> None:
    """Make a lock file. Raises `PortError` if another program was first."""
    try:
        with _turn(path.parent), _written(path.parent) as ours:
            for _ in range(TRIES):
                try:
                    path.hardlink_to(ours)  # unlike opening it, this shows the file to others with its content
                except FileExistsError:
                    if (left := _refuse_if_held(path, name, machine)) is not None:
                        log.info("removing the lock file %s, which process %s left behind", path, left.pid)
                        _remove(path, left.inode)
                else:
                    lock.add(path)
                    return
    except PortError:
        raise
    except OSError as error:
        log.warning("%s is not locked: %s cannot be made (%s)", name, path, error.strerror or error)


def _remove(path: Path, inode: int) -> None:
    """Remove a lock file that is stale; if another program was faster and made its own, that one is put back."""
    aside = path.with_name(f"LTMP.{os.getpid()}.{path.name}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if aside.stat().st_ino != inode:
        with suppress(FileExistsError):
            path.hardlink_to(aside)
    aside.unlink()


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One process of ours at a time looks at the lock files, so that no two remove the same one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system can
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _written(folder: Path) -> Iterator[Path]:
    """A file with our number, to be linked to."""
    descriptor, name = tempfile.mkstemp(prefix="LTMP.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"%10d\n" % os.getpid())
            os.fchmod(file.fileno(), 0o644)
        yield Path(name)
    finally:
        Path(name).unlink()


def _numbered(folder: Path, device: str) -> Iterator[Path]:
    """Lock files named by device number, as SVR4 and liblockdev have them: heeded, and not made."""
    try:
        node = os.stat(device)  # noqa: PTH116 - a name
    except OSError:
        return
    major, minor = os.major(node.st_rdev), os.minor(node.st_rdev)
    yield folder / f"LK.{os.major(node.st_dev):03}.{major:03}.{minor:03}"
    yield folder / f"LCK.{major:03}.{minor:03}"


def _who(owner: Owner, machine: Machine) -> str:
    if owner.pid is None:
        return "a program that does not say which"
    return "this program itself" if owner.pid == os.getpid() else str(program(owner.pid, machine))


def _refuse_if_held(path: Path, name: str, machine: Machine) -> Owner | None:
    """Raise `PortError` if a lock file belongs to somebody; else give what was left behind, if anything."""
    owner = read_lock(path)
    if owner is None or owner.stale:
        return owner
    advice = "end it or choose another port"
    if owner.pid is None:
        advice = "remove that file if no program uses the port"
    raise PortError(f"{name}: this port is in use by {_who(owner, machine)}, as {path} says; {advice}")
