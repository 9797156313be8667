"""A DTE typed by hand at an emulated Class 2 modem, and our Class 1 stack, or a second such DTE, at the far end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import anyio
import numpy as np

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.coding import decode, k_of
from faxmodem.codec.geometry import Coding
from faxmodem.codec.mh import mh_encode
from faxmodem.codec.mmr import mmr_encode
from faxmodem.codec.mr import mr_encode
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.faults import Fault
from faxmodem.emulator.line import Line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.memory import null_modem_pair
from tests.scenarios.bench import Side, page
from tests.unit.emulator.dialogue import Dte

ALL_CLASSES = ("0", "1", "1.0", "2", "2.0", "2.1")
HERE, THERE = "5551000", "5552000"
Program = Coroutine[Any, Any, None]

END_OF_DATA = b"\x10\x03"


def dce_settings(*quirks: Quirk, measure: float = 0.0, **settings: object) -> DceSettings:
    return DceSettings(classes=ALL_CLASSES, quirks=dict.fromkeys(quirks, measure), **settings)  # type: ignore[arg-type]


class HandDte(Dte):
    """A DTE at a Class 2 modem."""

    def __init__(self, line: Line, number: str, settings: DceSettings) -> None:
        transport, port = null_modem_pair(name=number)
        super().__init__(transport, line.clock.now)
        self.end = line.subscribe(number)
        self.dce = Dce(port, self.end, settings=settings)

    async def set_up(self, service_class: str, *commands: str) -> None:
        await self.send("ATE0&K0<CR>")
        await self.expect("ATE0&K0<CR>{OK}")
        await self.at(f"+FCLASS={service_class}")
        for command in commands:
            await self.at(command)

    async def data(self, octets: bytes, end: bytes) -> None:
        """Page data and what ends them."""
        await self.transport.send(octets.replace(b"\x10", b"\x10\x10") + end)

    async def page(self, starter: str = "<12>") -> bytes:
        """A received page, after its CONNECT."""
        await self.send(starter)
        got = await self.receive_until("<10 03>")
        while got.endswith(b"\x10") and (len(got) - len(got.rstrip(b"\x10"))) % 2:
            got += END_OF_DATA + await self.receive_until("<10 03>")
        return got.replace(b"\x10\x10", b"\x10")


class Desk:
    """A line with a hand-typed DTE at one end."""

    def __init__(self, settings: DceSettings, faults: Sequence[Fault], seed: int) -> None:
        self.line = Line(faults=faults, seed=seed)
        self.dte = HandDte(self.line, HERE, settings)

    def side(self, settings: CallSettings | None = None, dce: DceSettings | None = None) -> Side:
        """Our Class 1 stack."""
        return Side(self.line, THERE, settings=settings or CallSettings(station_id="200 200"), dce=dce)

    def second(self, settings: DceSettings | None = None) -> HandDte:
        """Another hand-typed DTE."""
        return HandDte(self.line, THERE, settings or dce_settings())


def at_desk(
    test: Callable[[Desk], Awaitable[None]],
    *,
    settings: DceSettings | None = None,
    faults: Sequence[Fault] = (),
    seed: int = 0,
) -> None:
    """Run a test in virtual time."""

    async def main() -> None:
        await test(Desk(settings or dce_settings(), faults, seed))

    run_virtual(main)


async def with_far_end(
    desk: Desk, far: Side | HandDte, here: Callable[[HandDte], Program], there: Callable[[], Program]
) -> None:
    """Both ends do what is said; the modems are switched off when they have done it."""
    async with anyio.create_task_group() as modems:
        modems.start_soon(desk.dte.dce.run)
        modems.start_soon(far.dce.run)
        async with anyio.create_task_group() as programs:
            programs.start_soon(there)
            programs.start_soon(here, desk.dte)
        modems.cancel_scope.cancel()
    assert not desk.dte.end.off_hook


async def with_second(desk: Desk, *programs: Callable[[], Program], others: Sequence[HandDte] = ()) -> None:
    """Modems without a stack behind them, for as long as what is said is done."""
    async with anyio.create_task_group() as modems:
        for dte in (desk.dte, *others):
            modems.start_soon(dte.dce.run)
        async with anyio.create_task_group() as tasks:
            for program in programs:
                tasks.start_soon(program)
        modems.cancel_scope.cancel()


def bare(page: Bitmap, coding: Coding = Coding.MH) -> bytes:
    """The page as a DTE gives it, without RTC or EOFB."""
    if coding is Coding.MH:
        return mh_encode(page, rtc=False)
    return mr_encode(page, k=k_of(page.resolution), rtc=False) if coding is Coding.MR else mmr_encode(page, eofb=False)


def read(data: bytes, page: Bitmap, coding: Coding = Coding.MH) -> Bitmap:
    """What a DTE makes of a received page."""
    return decode(data, coding, width=page.width, resolution=page.resolution).bitmap


def drawn(lines: int, seed: int, *, runs: int = 60) -> Bitmap:
    """A page whose lines are like those above them, so that each coding is denser than the one before."""
    dense = page(lines=-(-lines // 6), runs=runs, seed=seed)
    return Bitmap(rows=np.repeat(dense.rows, 6, axis=0)[:lines], width=dense.width, resolution=dense.resolution)


def stored(side: Side) -> list[Bitmap]:
    """The pages of the fax that our stack has received."""
    assert side.result is not None
    return [] if side.result.path is None else list(read_pages(side.result.path))
