import errno
import logging
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faxmodem.errors import PortError
from faxmodem.transport.locks import PortLock, lock_owner, lock_port, parse_pid
from tests.unit.transport.tree import Tree

ALIVE = 1
OURS = f"{os.getpid():>10}\n"


@pytest.fixture(scope="module")
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def device(tree: Tree) -> str:
    tree.add_uart("ttyS0")
    tree.run(ALIVE, "init")
    return tree.path("ttyS0")


def files(tree: Tree) -> list[str]:
    return sorted(path.name for path in tree.locks.iterdir())


def refusal(tree: Tree, device: str) -> str:
    with pytest.raises(PortError) as failure:
        lock_port(device, device, tree.machine)
    return str(failure.value)


def test_a_lock_is_a_file_in_hdb_format_for_as_long_as_it_is_held(tree: Tree, device: str) -> None:
    lock = lock_port(device, device, tree.machine)
    assert files(tree) == ["LCK..ttyS0"]
    file = tree.locks / "LCK..ttyS0"
    assert file.read_text() == OURS
    assert len(OURS) == 11
    assert file.stat().st_mode & 0o777 == 0o644
    lock.release()
    lock.release()
    assert files(tree) == []


def test_a_port_is_locked_under_the_name_that_was_used_as_well(tree: Tree, device: str) -> None:
    lock = lock_port(device, tree.path("modem"), tree.machine)
    assert files(tree) == ["LCK..modem", "LCK..ttyS0"]
    lock.release()
    lock = lock_port(device, "usb:0572:1329", tree.machine)
    assert files(tree) == ["LCK..ttyS0"]
    lock.release()
    assert files(tree) == []


def test_a_port_that_another_program_has_locked_is_refused(tree: Tree, device: str) -> None:
    (tree.locks / "LCK..ttyS0").write_text(f"{ALIVE:>10}\n")
    assert refusal(tree, device) == (
        f"{device}: this port is in use by init (pid 1), as {tree.locks}/LCK..ttyS0 says; end it or choose another port"
    )
    assert lock_owner(device, tree.machine) == "init (pid 1)"
    assert files(tree) == ["LCK..ttyS0"]


def test_nothing_stays_locked_when_one_of_the_names_is_taken(tree: Tree, device: str) -> None:
    (tree.locks / "LCK..modem").write_text(f"{ALIVE:>10}\n")
    with pytest.raises(PortError, match=r"LCK\.\.modem says"):
        lock_port(device, tree.path("modem"), tree.machine)
    assert files(tree) == ["LCK..modem"]


def test_nothing_stays_locked_when_one_of_the_names_is_taken_meanwhile(
    tree: Tree, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Path.hardlink_to

    def late(path: Path, target: Path) -> None:
        if path.name == "LCK..modem":
            path.write_text(f"{ALIVE:>10}\n")
        link(path, target)

    monkeypatch.setattr(Path, "hardlink_to", late)
    with pytest.raises(PortError, match="in use by init"):
        lock_port(device, tree.path("modem"), tree.machine)
    assert files(tree) == ["LCK..modem"]


def test_this_program_locks_a_port_once(tree: Tree, device: str) -> None:
    lock = lock_port(device, device, tree.machine)
    assert "in use by this program itself" in refusal(tree, device)
    lock.release()
    lock_port(device, device, tree.machine).release()


@pytest.mark.parametrize("form", ["{:>10}\n", "{}", "{:>10} minicom root\n", "binary"])
def test_a_lock_of_a_process_that_has_ended_is_replaced(tree: Tree, device: str, form: str, gone: int) -> None:
    stale = tree.locks / "LCK..ttyS0"
    stale.write_bytes(struct.pack("=i", gone) if form == "binary" else form.format(gone).encode())
    assert lock_owner(device, tree.machine) is None
    lock = lock_port(device, device, tree.machine)
    assert stale.read_text() == OURS
    lock.release()
    assert files(tree) == []


def test_a_lock_with_our_number_that_we_did_not_make_is_of_one_who_had_it_before(tree: Tree, device: str) -> None:
    (tree.locks / "LCK..ttyS0").write_text(OURS)
    lock_port(device, device, tree.machine).release()
    assert files(tree) == []


def test_a_lock_that_is_being_written_is_not_stale_and_an_old_empty_one_is(tree: Tree, device: str) -> None:
    file = tree.locks / "LCK..ttyS0"
    file.touch()
    assert "remove that file if no program uses the port" in refusal(tree, device)
    os.utime(file, (0, 0))
    lock_port(device, device, tree.machine).release()
    assert files(tree) == []


def test_a_lock_that_cannot_be_understood_is_heeded(tree: Tree, device: str) -> None:
    file = tree.locks / "LCK..ttyS0"
    file.write_text("locked by hand")
    os.utime(file, (0, 0))
    assert "a program that does not say which" in refusal(tree, device)


def test_locks_by_device_number_are_heeded(tree: Tree, device: str) -> None:
    node = os.stat(device)  # noqa: PTH116 - as the code under test
    names = (
        f"LCK.{os.major(node.st_rdev):03}.{os.minor(node.st_rdev):03}",
        f"LK.{os.major(node.st_dev):03}.{os.major(node.st_rdev):03}.{os.minor(node.st_rdev):03}",
    )
    for name in names:
        file = tree.locks / name
        file.write_text(f"{ALIVE:>10}\n")
        assert name in refusal(tree, device)
        assert lock_owner(device, tree.machine) == "init (pid 1)"
        file.unlink()


def test_a_lock_that_was_replaced_meanwhile_is_left_alone(tree: Tree, device: str) -> None:
    lock = lock_port(device, device, tree.machine)
    file = tree.locks / "LCK..ttyS0"
    file.rename(tree.locks / "moved")  # keeps the number of the file from being used again
    file.write_text(f"{ALIVE:>10}\n")
    lock.release()
    assert file.read_text() == f"{ALIVE:>10}\n"


def test_of_many_that_find_a_stale_lock_one_gets_the_port(tree: Tree, device: str, gone: int) -> None:
    for _ in range(20):
        (tree.locks / "LCK..ttyS0").write_text(f"{gone:>10}\n")
        locks: list[PortLock] = []
        refused: list[PortError] = []
        start = threading.Barrier(4)

        def contend(
            start: threading.Barrier = start, locks: list[PortLock] = locks, refused: list[PortError] = refused
        ) -> None:
            start.wait()
            try:
                locks.append(lock_port(device, device, tree.machine))
            except PortError as error:
                refused.append(error)

        threads = [threading.Thread(target=contend) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(locks), len(refused)) == (1, 3)
        locks[0].release()
        assert files(tree) == []


def test_a_fresh_lock_that_took_the_place_of_the_stale_one_is_put_back(
    tree: Tree, device: str, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program, which does not take turns with us, is faster between our look and our removal."""
    file = tree.locks / "LCK..ttyS0"
    file.write_text(f"{gone:>10}\n")
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        if path == file:
            monkeypatch.undo()
            rename(path, tree.locks / "elsewhere")
            path.write_text(f"{ALIVE:>10}\n")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert "in use by init" in refusal(tree, device)
    assert file.read_text() == f"{ALIVE:>10}\n"
    assert files(tree) == ["LCK..ttyS0", "elsewhere"]


def test_a_port_goes_unlocked_where_there_is_no_folder(
    tree: Tree, device: str, caplog: pytest.LogCaptureFixture
) -> None:
    tree.locks.rmdir()
    with caplog.at_level(logging.WARNING):
        assert lock_port(device, device, tree.machine).paths == []
    assert f"{device} is not locked: there is no folder {tree.locks}" in caplog.text
    assert lock_owner(device, tree.machine) is None


def test_a_port_goes_unlocked_where_nothing_can_be_written(
    tree: Tree, device: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> tuple[int, str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)  # root, who runs CI, may write everywhere
    with caplog.at_level(logging.WARNING):
        assert lock_port(device, device, tree.machine).paths == []
    assert "cannot be made (Permission denied)" in caplog.text


def test_a_lock_of_another_is_heeded_where_nothing_can_be_written(
    tree: Tree, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> tuple[int, str]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    (tree.locks / "LCK..ttyS0").write_text(f"{ALIVE:>10}\n")
    assert "in use by init" in refusal(tree, device)


def test_a_terminal_is_not_locked(tree: Tree) -> None:
    assert lock_port("/dev/pts/0", "/tmp/modem", tree.machine).paths == []  # noqa: S108 - nothing is made there
    assert lock_owner("/dev/pts/0", tree.machine) is None
    assert files(tree) == []


@given(st.integers(min_value=1, max_value=4194304))
def test_numbers_are_read_in_all_forms(pid: int) -> None:
    for data in (b"%10d\n" % pid, b"%d" % pid, b"%05d cu uucp\n" % pid, struct.pack("=i", pid)):
        assert parse_pid(data) == pid


@given(st.binary(max_size=30))
@example(b"")
@example(b"0")
@example(b"\x00\x00\x00\x00")
@example(b"-1")
@example(b"9" * 5000)
def test_whatever_a_lock_file_holds_is_a_number_or_none(data: bytes) -> None:
    pid = parse_pid(data)
    assert pid is None or pid > 0
