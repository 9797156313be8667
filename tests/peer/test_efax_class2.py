"""efax, an independent program that speaks Class 2 and 2.0, at an emulated modem of these classes: in real time."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from faxmodem.call.fax import CallSettings
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.line import Line
from faxmodem.emulator.pty import PtyTransport
from faxmodem.emulator.settings import DceSettings
from tests.peer import emulated
from tests.scenarios.bench import Side

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("efax") is None, reason="efax is not installed (Debian package efax)"),
]

WIDTH, ROWS = 1728, 400
HEADER_REACHES = 8
"Rows at the top of a page that efax's header may write over."
SPURIOUS_ROWS = 1
"Now and then a page from efax has a damaged line behind its last one; it is not known yet who puts it there."
LIMIT_S = 180
CLASS_2, CLASS_2_0 = "-o2", "-o0"
NUMBERS = ("5551000", "5552000")


def draw(seed: int) -> Image.Image:
    """A page of bars."""
    dice = random.Random(seed)
    page = Image.new("1", (WIDTH, ROWS), 1)
    for _ in range(100):
        left, top = dice.randrange(WIDTH), dice.randrange(ROWS)
        page.paste(dice.randrange(2), (left, top, left + dice.randrange(1, 300), top + dice.randrange(1, 60)))
    return page


async def efax(port: str, *arguments: str) -> str:
    """Run efax, and give what it says; fails with that if it does."""
    with anyio.fail_after(LIMIT_S):
        done = await anyio.run_process(["efax", "-d", port, *arguments], check=False, stderr=-2)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said
    return said


class Call:
    """efax's modem on a pty, and our Class 1 stack at the other end of the line."""

    def __init__(self) -> None:
        line = Line()
        self.port = PtyTransport()
        settings = DceSettings(classes=("0", "1", "1.0", "2", "2.0", "2.1"))
        self.dce = Dce(self.port, line.subscribe(NUMBERS[0]), settings=settings)
        self.far = Side(line, NUMBERS[1], settings=CallSettings(station_id="555 2000"))
        self.said = ""

    async def efax(self, *arguments: str) -> None:
        self.said = await efax(self.port.slave_path, "-l", "555 1000", "-vewinchmr", *arguments)


@pytest.mark.parametrize("dialect", [CLASS_2, CLASS_2_0])
def test_efax_sends(dialect: str, tmp_path: Path) -> None:
    drawn = [draw(seed) for seed in (1, 2)]
    for number, page in enumerate(drawn):
        page.save(tmp_path / f"page{number}.pbm", format="PPM")

    async def main() -> Call:
        call = Call()
        files = [str(tmp_path / f"page{number}.pbm") for number in range(len(drawn))]
        async with anyio.create_task_group() as modems:
            modems.start_soon(call.dce.run)
            modems.start_soon(call.far.dce.run)
            async with anyio.create_task_group() as programs:
                programs.start_soon(call.far.receive, tmp_path / "got.tif")
                programs.start_soon(call.efax, dialect, "-iZ", "-i&FE&D2S7=120", "-kH", "-t", NUMBERS[1], *files)
            modems.cancel_scope.cancel()
        await call.port.aclose()
        return call

    call = anyio.run(main)
    assert call.far.result is not None
    assert call.far.result.outcome.value == "ok", call.said
    assert call.far.result.remote_id == "555 1000"
    for got, page in zip(read_pages(tmp_path / "got.tif"), drawn, strict=True):
        assert any(_same_below_header(got.pels()[: got.lines - extra], page) for extra in (0, SPURIOUS_ROWS))


def _same_below_header(pels: NDArray[np.bool_], page: Image.Image) -> bool:
    added = len(pels) - ROWS  # efax puts a line with date and page number above
    return 0 <= added < 60 and np.array_equal(pels[added + HEADER_REACHES :], ~np.asarray(page)[HEADER_REACHES:])


@pytest.mark.parametrize("dialect", [CLASS_2, CLASS_2_0])
def test_efax_receives(dialect: str, tmp_path: Path) -> None:
    """In the order of bits that it expects of any modem which does not say that it is another."""
    pages = [emulated.draw(tmp_path / f"{number}.pbm", number) for number in (1, 2)]
    files = [argument for number in (1, 2) for argument in ("--send", str(tmp_path / f"{number}.tif"))]
    for number in (1, 2):
        Image.open(tmp_path / f"{number}.pbm").save(tmp_path / f"{number}.tif", dpi=(204, 196))
    options = ("--call", emulated.MODEM_NUMBER, *files)
    with emulated.emulated(tmp_path, *options, pace="1") as (command, device):  # the call must not come before efax
        set_up = ("-l", "555 1000", "-vewinchmr", dialect, "-iZ", "-i&FE&D2S7=120", "-iS0=1", "-kH", "-w")
        said = emulated.run(["efax", "-d", device, *set_up, "-r", f"{tmp_path}/got"], tmp_path)
        assert command.end().code == 0, said
    assert [bad for _, bad in re.findall(r"received (\d+) lines, (\d+) errors", said)] == ["0", "0"]
    for number, page in enumerate(pages, start=1):
        with Image.open(tmp_path / f"got.{number:03}") as got:
            assert emulated.same_below_header(~np.asarray(got.convert("1")), page)
