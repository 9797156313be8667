"""Two emulated modems on two ptys, and efax, an independent Class 1 program, at both: in real time."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import anyio
import pytest
from PIL import Image

from faxmodem.emulator.history import SignalPassed
from faxmodem.emulator.pair import Exchange, emulated_line
from faxmodem.emulator.pty import PtyTransport
from faxmodem.emulator.signals import Signal

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("efax") is None, reason="efax is not installed (Debian package efax)"),
]

WIDTH, ROWS = 1728, 700
HEADER_REACHES = 8
"Rows at the top of a page that efax's header may write over."
LIMIT_S = 240


def draw_page(path: Path, seed: int) -> Image.Image:
    """A page of bars in a PBM file, which efax codes itself."""
    dice = random.Random(seed)
    page = Image.new("1", (WIDTH, ROWS), 1)
    for _ in range(150):
        left, top = dice.randrange(WIDTH), dice.randrange(ROWS)
        page.paste(dice.randrange(2), (left, top, left + dice.randrange(1, 300), top + dice.randrange(1, 60)))
    page.save(path, format="PPM")
    return page


async def efax(port: str, *arguments: str) -> str:
    """Run efax, and give what it says; fails with that if it does."""
    with anyio.fail_after(LIMIT_S):
        done = await anyio.run_process(["efax", "-d", port, *arguments], check=False, stderr=-2)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said
    return said


async def call(folder: Path, pages: list[str]) -> tuple[Exchange, str, str]:
    """One call from the first modem to the second: the line, and what each efax said."""
    near, far = PtyTransport(), PtyTransport()
    said = {}

    async def answer() -> None:
        options = ["-o1", "-l", "200", "-vewinchr", "-iE&D2S7=120", "-iS0=1", "-kH", "-w"]
        said["answer"] = await efax(far.slave_path, *options, "-r", f"{folder}/got")

    async def send() -> None:
        await anyio.sleep(1.0)
        options = ["-o1", "-l", "100", "-vewincht", "-iZ", "-i&FE&D2S7=120", "-kH"]
        said["send"] = await efax(near.slave_path, *options, "-t", "T200", *pages)

    async with emulated_line(near, far) as exchange, anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        tasks.start_soon(send)
    await near.aclose()
    await far.aclose()
    return exchange, said["send"], said["answer"]


def test_two_pages_from_efax_to_efax(tmp_path: Path) -> None:
    drawn = [draw_page(tmp_path / f"page{n}.pbm", seed=n) for n in (1, 2)]
    exchange, sent, received = anyio.run(call, tmp_path, [f"{tmp_path}/page1.pbm", f"{tmp_path}/page2.pbm"])
    counts = re.findall(r"received (\d+) lines, (\d+) errors", received)
    assert [bad for _, bad in counts] == ["0", "0"], received
    assert "sent FTT" not in received
    assert "sent RTN" not in received
    assert "flow control did not work" not in sent
    for n, page in enumerate(drawn, start=1):
        with Image.open(tmp_path / f"got.{n:03}") as got:
            added = got.height - ROWS  # efax puts a line with date and page number above
            assert 0 < added < 60
            arrived = got.convert("1").crop((0, added + HEADER_REACHES, WIDTH, got.height))
            assert arrived.tobytes() == page.crop((0, HEADER_REACHES, WIDTH, ROWS)).tobytes()
    carriers = [r.signal for r in exchange.line.history if isinstance(r, SignalPassed) and not r.signal.is_tone]
    assert carriers.count(Signal.V17_14400_LONG) == 1
    assert carriers.count(Signal.V17_14400_SHORT) == 2
