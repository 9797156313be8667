"""The modem is pulled out, at any moment: a pty whose master is closed does what a USB port does then."""

import os
import subprocess
import sys
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from faxmodem.errors import PortError
from faxmodem.transport.base import Flow
from faxmodem.transport.comeback import wait_for_port
from faxmodem.transport.serial_port import SerialTransport, open_serial
from tests.unit.transport.contract import run_real
from tests.unit.transport.tree import Tree

Ask = Callable[[SerialTransport], Awaitable[object]]

OPERATIONS: dict[str, Ask] = {
    "receive": lambda port: port.receive(),
    "send": lambda port: port.send(b"AT\r"),
    "send more than fits": lambda port: port.send(bytes(1_000_000)),
    "set_flow": lambda port: port.set_flow(Flow.XONXOFF),
    "discard": lambda port: port.discard(),
}


class Stick:
    """What is plugged in: the master of a pty that nothing else holds."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave

    def unplug(self) -> None:
        os.close(self.master)

    def let_go(self) -> None:
        os.close(self._slave)


async def exhaust(port: SerialTransport) -> None:
    while True:
        assert await port.receive()


@asynccontextmanager
async def plugged_in() -> AsyncIterator[tuple[Stick, SerialTransport]]:
    stick = Stick()
    port = await open_serial(stick.path)
    stick.let_go()
    try:
        yield stick, port
    finally:
        await port.aclose()


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_asked_after_it_fails(name: str) -> None:
    async def main() -> None:
        async with plugged_in() as (stick, port):
            stick.unplug()
            for _ in range(2):
                with pytest.raises(PortError, match=f"{stick.path} was unplugged"):
                    await OPERATIONS[name](port)

    run_real(main)


@pytest.mark.parametrize("name", ["receive", "send more than fits"])
def test_what_is_going_on_fails_at_once(name: str) -> None:
    async def main() -> None:
        async with plugged_in() as (stick, port):
            failed_at = []

            async def ask() -> None:
                with pytest.raises(PortError, match="was unplugged"):
                    await OPERATIONS[name](port)
                failed_at.append(anyio.current_time())

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                await anyio.sleep(0.01)
                unplugged_at = anyio.current_time()
                stick.unplug()
            assert failed_at[0] - unplugged_at < 0.1

    run_real(main)


def test_what_had_come_before_may_be_read_or_not_but_then_it_fails() -> None:
    async def main() -> None:
        async with plugged_in() as (stick, port):
            os.write(stick.master, b"NO CARRIER\r\n")
            stick.unplug()
            with pytest.raises(PortError, match="was unplugged"):
                await exhaust(port)

    run_real(main)


def test_several_that_wait_are_all_told() -> None:
    async def main() -> None:
        async with plugged_in() as (stick, port):

            async def ask(name: str) -> None:
                with pytest.raises(PortError):
                    await OPERATIONS[name](port)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, "receive")
                tasks.start_soon(ask, "send more than fits")
                await anyio.sleep(0.005)
                stick.unplug()

    run_real(main)


def test_closing_what_is_gone_is_quick_and_leaves_nothing(tree: Tree) -> None:
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is asked for

    async def main() -> None:
        async with plugged_in() as (stick, port):
            with anyio.move_on_after(0.02):
                await port.send(bytes(1_000_000))
            stick.unplug()
            began = anyio.current_time()
            await port.aclose()
            assert anyio.current_time() - began < 0.2

    run_real(main)
    assert set(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208
    assert list(tree.locks.iterdir()) == []


# -- coming back


def wait_for(name: str, tree: Tree, then: Callable[[], object]) -> None:
    """Wait for a port; `then` happens once it was looked for in vain."""

    async def main() -> None:
        back = False

        async def wait() -> None:
            nonlocal back
            await wait_for_port(name, tree.machine, look_s=0.001)
            back = True

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.01)
            assert not back
            then()

    run_real(main)


def test_a_port_comes_back_under_another_device_name(tree: Tree) -> None:
    tree.add_modem("ttyACM0", by="A", socket="1-1")
    tree.unplug("ttyACM0")
    link = tree.path("serial/by-id/usb-A-if00")
    wait_for(link, tree, lambda: tree.add_modem("ttyACM1", by="A", socket="1-2"))


def test_a_port_comes_back_by_its_serial_number(tree: Tree) -> None:
    wait_for("usb:A1", tree, lambda: tree.add_modem("ttyACM0", serial="A1"))


def test_a_port_is_waited_for_until_its_twin_is_gone(tree: Tree) -> None:
    tree.add_modem("ttyACM0", socket="1-1")
    tree.add_modem("ttyACM1", socket="1-2")
    wait_for("usb:0572:1329", tree, lambda: tree.unplug("ttyACM0"))


def test_a_port_is_waited_for_until_it_may_be_opened(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.add_modem("ttyACM0", serial="A1")
    with monkeypatch.context() as udev:
        udev.setattr(os, "access", lambda *_: False)
        wait_for("usb:A1", tree, udev.undo)


def test_a_remote_port_is_taken_to_be_there(tree: Tree) -> None:
    run_real(partial(wait_for_port, "socket://localhost:1", tree.machine))


# -- elsewhere


def test_other_systems_can_import_it(tmp_path: Path) -> None:
    """Without the modules that only Unix has; anyio and pySerial look for them on their own."""
    program = """
import sys, asyncio, logging, subprocess, tempfile, anyio, anyio.to_thread, serial
for name in ("fcntl", "termios", "grp", "pwd", "tty"):
    sys.modules[name] = None
sys.platform = "win32"
import faxmodem.transport.serial_port, faxmodem.transport.ports, faxmodem.transport.comeback
from faxmodem.transport.locks import lock_port
print(lock_port("COM3", "COM3").paths)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
