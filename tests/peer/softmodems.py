"""Two soft modems on one telephone line, in real time: `iaxmodem` processes that call each other over UDP on loopback.

Either modem reaches the other by any number. Between the two stands a relay of ours: joined directly, about one call in
fifteen fails with the caller deaf. The relay is this file run as a program; it starts the modems as its children and
ends them, and itself, as soon as its standard input ends: no modem outlives the test, however that dies.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

START_S: Final = 20.0
"For both modems to answer AT; a tenth of that is usual."
END_S: Final = 5.0
MAX_DEVICE_PATH: Final = 63
"Letters of a pty's name that iaxmodem keeps."
HEARS_CALLS_AGAIN_S: Final = 5.5
"After ATZ, ATH or the end of a call an iaxmodem refuses calls for 5 s: its caller sees NO DIALTONE."
LOCALHOST: Final = "127.0.0.1"


def missing(*packages: str) -> str:
    """Which of these Debian packages have to be installed, as one would say it; "" if their programs are all there."""
    absent = [package for package in packages if shutil.which(package) is None]
    return f"needs the Debian package {' and '.join(absent)}" if absent else ""


class SoftModems:
    """A pair of modems that is up. Made by `soft_modems`."""

    def __init__(self, folder: Path, orders: IO[bytes]) -> None:
        self.a, self.b = (str(folder / name) for name in "ab")
        "The ports."
        self._orders = orders

    def cut_line(self) -> None:
        """Let nothing pass between the modems from now on, not even that a call ends."""
        self._orders.write(b"cut\n")
        self._orders.flush()


@contextmanager
def soft_modems() -> Iterator[SoftModems]:
    """Two modems that answer AT, on raw ttys, in a folder of their own."""
    with TemporaryDirectory(prefix="line-") as name, ExitStack() as ending:
        folder = Path(name)
        log = ending.enter_context((folder / "relay.log").open("wb"))
        command = [sys.executable, __file__, name]
        relay = ending.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        )
        assert relay.stdin is not None
        assert relay.stdout is not None
        ending.callback(relay.wait, 3 * END_S)
        ending.callback(relay.stdin.close)
        if relay.stdout.readline() != b"up\n":
            said = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
            raise RuntimeError(f"the soft modems did not come up:\n{said}")
        yield SoftModems(folder, relay.stdin)


# --- the relay -------------------------------------------------------------------------------------------------------


def _relay(folder: Path) -> None:
    """Start the modems, say `up`, and join them until standard input ends."""
    with ExitStack() as ending:
        towards = {name: ending.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for name in "ab"}
        for end in towards.values():
            end.bind((LOCALHOST, 0))
        ports = dict(zip("ab", _free_ports(2), strict=True))
        for name in "ab":
            ending.callback(_end, _start(name, folder, ports[name], towards[name].getsockname()[1]))
        for name in "ab":
            _wait_for(folder / name)
        sys.stdout.write("up\n")
        sys.stdout.flush()
        _forward(towards["a"], towards["b"], ports["a"], ports["b"])
    shutil.rmtree(folder, ignore_errors=True)  # nobody else may be left to do it


def _forward(a: socket.socket, b: socket.socket, port_a: int, port_b: int) -> None:
    """Pass on each datagram that comes from one modem to the other, until told to stop."""
    orders = sys.stdin.fileno()
    ways = {a.fileno(): (a, b, port_b), b.fileno(): (b, a, port_a)}
    cut = False
    while True:
        for ready in select.select([orders, *ways], [], [])[0]:
            if ready == orders:
                if not os.read(orders, 64):
                    return
                cut = True
                continue
            source, way_out, port = ways[ready]
            data = source.recv(4096)
            if not cut:
                way_out.sendto(data, (LOCALHOST, port))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as closing:
        ends = [closing.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
        for end in ends:
            end.bind(("0.0.0.0", 0))  # noqa: S104 - as iaxmodem does
        return [int(end.getsockname()[1]) for end in ends]


def _start(name: str, folder: Path, port: int, server: int) -> subprocess.Popen[bytes]:
    device = folder / name
    if len(str(device)) > MAX_DEVICE_PATH:
        raise ValueError(f"{device} is too long a name for a device of iaxmodem; set TMPDIR to a shorter one")
    settings = {
        "device": device,
        "owner": "root:root",
        "mode": "600",
        "port": port,
        "refresh": 0,  # there is no PBX to register with
        "server": f"{LOCALHOST}:{server}",
        "peername": name,
        "secret": "none",
        "cidname": name,
        "cidnumber": {"a": "100", "b": "200"}[name],
        "codec": "slinear",
    }
    conf = folder / f"{name}.conf"
    conf.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    command = ["iaxmodem", f"../..{conf}"]  # it looks in /etc/iaxmodem
    if os.geteuid() != 0:  # it wants to give its device an owner
        command = ["unshare", "--map-root-user", *command]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(device: Path) -> None:
    """Until the modem answers; its tty is raw then, so that what it says is not echoed to it."""
    due = time.monotonic() + START_S
    while not (device.exists() and _answers(device)):
        if time.monotonic() > due:
            raise TimeoutError(f"the modem at {device} does not answer")
        time.sleep(0.05)


def _answers(device: Path) -> bool:
    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(descriptor)
        termios.tcflush(descriptor, termios.TCIOFLUSH)
        os.write(descriptor, b"AT\r")
        heard = b""
        while b"OK\r\n" not in heard and select.select([descriptor], [], [], 0.5)[0]:
            heard += os.read(descriptor, 256)
        return b"OK\r\n" in heard
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    _relay(Path(sys.argv[1]))
