"""Dialogues of a DTE with its DCE as text, and a player that holds a DCE to them.

One exchange a line: `TIME WHO OCTETS`, e.g.

    0.00  DTE AT+FTH=3<CR>
    1.01  DCE <CR><LF>CONNECT<CR><LF>
    -     DTE <FF 13 2F><DLE><ETX>
    -     DCE {OK}

TIME is line time in seconds: when the DTE sends (`-`: at once), when the DCE's first octet must come (`-`: any time).
`<..>` are octets in hexadecimal, `<00 x 450>` repeats them; `{TEXT}` is a verbose result; `{frame ..}` is a received
V.21 frame with its FCS and <DLE><ETX>. What follows ` # ` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from faxmodem.codec.fcs import fcs
from faxmodem.emulator.faults import Fault
from faxmodem.emulator.line import Line, LineSettings
from faxmodem.emulator.pair import Exchange, emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.transport.base import Transport
from faxmodem.transport.memory import MemoryTransport, null_modem_pair

NAMED = {"CR": b"\r", "LF": b"\n", "DLE": b"\x10", "ETX": b"\x03", "CAN": b"\x18", "XON": b"\x11", "XOFF": b"\x13"}
TOLERANCE_S = 0.03
CLEAN = DceSettings(turn_off_s=0.0)
"A modem whose carriers end with the last octet of data, so that tests can say what arrives."
PATIENCE_S = 200.0

_TOKEN = re.compile(r"<([^>]+)>|\{([^}]+)\}|([^<{]+)")


@dataclass(frozen=True)
class Exchanged:
    at: float | None
    who: str
    octets: bytes


def parse(text: str) -> list[Exchanged]:
    lines = (line.split(" # ")[0].strip() for line in text.strip().splitlines())
    found = []
    for line in lines:
        if line:
            at, who, rest = line.split(maxsplit=2)
            found.append(Exchanged(None if at == "-" else float(at), who, octets(rest)))
    return found


def octets(text: str) -> bytes:
    out = b""
    for angle, brace, plain in _TOKEN.findall(text):
        if angle:
            out += _angle(angle)
        elif brace.startswith("frame"):
            out += received(bytes.fromhex(brace.removeprefix("frame")))
        elif brace:
            out += f"\r\n{brace}\r\n".encode()
        else:
            out += plain.encode()
    return out


def _angle(text: str) -> bytes:
    if text in NAMED:
        return NAMED[text]
    digits, _, times = text.partition(" x ")
    return bytes.fromhex(digits) * int(times or 1)


def received(frame: bytes) -> bytes:
    """A V.21 frame as the DTE gets it."""
    return (frame + fcs(frame)).replace(b"\x10", b"\x10\x10") + b"\x10\x03"


class Dte:
    """A program at the DTE's end of a cable that does what a test says, and looks at every octet."""

    def __init__(self, transport: Transport, now: Callable[[], float]) -> None:
        self.transport = transport
        self.now = now
        self._unread = b""

    async def send(self, text: str) -> None:
        await self.transport.send(octets(text))

    async def expect(self, text: str, *, within: float = PATIENCE_S) -> float:
        """The next octets must be these; gives the line time of the first."""
        return await self.expect_octets(octets(text), within=within)

    async def expect_octets(self, wanted: bytes, *, within: float = PATIENCE_S) -> float:
        began: float | None = None
        with anyio.move_on_after(within):
            while len(self._unread) < len(wanted):
                if self._unread and began is None:
                    began = self.now()
                if not wanted.startswith(self._unread):
                    break
                self._unread += await self.transport.receive()
        got, self._unread = self._unread[: len(wanted)], self._unread[len(wanted) :]
        if got != wanted:  # a bare comparison would have pytest explain pages of octets
            same = next(n for n in range(len(wanted) + 1) if got[:n] != wanted[:n]) - 1
            shown = f"{got[same : same + 60]!r} ({len(got)} in all) is not {wanted[same : same + 60]!r} ({len(wanted)})"
            raise AssertionError(f"at {self.now():.3f}, after {same} octets as expected: {shown}")
        return began if began is not None else self.now()

    async def receive_until(self, end: str) -> bytes:
        """All octets that come before `end`."""
        mark = octets(end)
        while mark not in self._unread:
            self._unread += await self.transport.receive()
        got, _, self._unread = self._unread.partition(mark)
        return got

    async def expect_nothing(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            self._unread += await self.transport.receive()
        assert not self._unread, f"at {self.now():.3f}: {self._unread!r}"

    async def at(self, command: str, answer: str = "{OK}") -> float:
        """A command line without echo, and what must come back."""
        await self.send(f"AT{command}<CR>")
        return await self.expect(answer)

    async def play(self, text: str) -> None:
        for step in parse(text):
            if step.who == "DTE":
                if step.at is not None:
                    await anyio.sleep(max(0.0, step.at - self.now()))
                await self.transport.send(step.octets)
            else:
                came = await self.expect_octets(step.octets)
                if step.at is not None:
                    assert abs(came - step.at) < TOLERANCE_S, f"{step.octets[:40]!r} came at {came:.3f}, not {step.at}"


@dataclass(frozen=True)
class Bench:
    """Two modems on a line, a DTE at each, echo off and class 1 at both."""

    caller: Dte
    called: Dte
    exchange: Exchange
    cables: tuple[MemoryTransport, MemoryTransport]
    "The ends of the cables at the modems."
    fcs_delivered: bool

    @property
    def line(self) -> Line:
        return self.exchange.line

    async def connect(self) -> None:
        """Set up a call; ends with a first final frame handed to the caller and both in command state."""
        await self.caller.send("ATD200<CR>")
        await self.called.expect("{RING}")
        await self.called.at("A", "{CONNECT}")
        await self.called.send("<FF 13 80><DLE><ETX>")
        await self.called.expect("{OK}")
        await self.caller.expect("{CONNECT}")
        await self.caller.expect("{frame FF1380}" if self.fcs_delivered else "<FF 13 80><DLE><ETX>")
        await self.caller.expect("{OK}")


def on_bench(
    test: Callable[[Bench], Awaitable[None]],
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    settings: DceSettings = CLEAN,
    line_settings: LineSettings | None = None,
    pace: float = 1.0,
    set_up: str = "E0&K0+FCLASS=1",
) -> None:
    """Run a test in virtual time between two modems."""

    async def main() -> None:
        caller, a = null_modem_pair(name="caller")
        called, b = null_modem_pair(name="called")
        async with emulated_line(
            a, b, pace=pace, faults=faults, seed=seed, settings=settings, line_settings=line_settings
        ) as exchange:
            now = exchange.line.clock.now
            bench = Bench(Dte(caller, now), Dte(called, now), exchange, (a, b), settings.fcs_delivered)
            for dte in (bench.caller, bench.called):
                if set_up:
                    await dte.send(f"AT{set_up}<CR>")
                    await dte.expect(f"AT{set_up}<CR>" + "{OK}")
            await test(bench)

    run_virtual(main)


async def together(*plays: tuple[Dte, str]) -> None:
    """Play several dialogues at the same time."""
    async with anyio.create_task_group() as tasks:
        for dte, text in plays:
            tasks.start_soon(dte.play, text)
