"""Two emulated modems that can call each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio

from faxmodem.emulator.dce import Dce
from faxmodem.emulator.faults import Fault
from faxmodem.emulator.line import Line, LineSettings
from faxmodem.emulator.settings import DceSettings
from faxmodem.transport.base import Transport


class Exchange:
    """What `emulated_line` gives: the line, and its modems in the order of their transports."""

    def __init__(self, line: Line, dces: Sequence[Dce]) -> None:
        self.line = line
        self.dces = tuple(dces)
        self.gone = tuple(anyio.Event() for _ in dces)
        "Set when a modem has lost the port to its DTE."

    async def live(self, place: int) -> None:
        """Be the modem at `place`, for as long as it has a port."""
        await self.dces[place].run()
        self.gone[place].set()


@asynccontextmanager
async def emulated_line(
    *transports: Transport,
    numbers: Sequence[str] = ("100", "200"),
    pace: float = 1.0,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    settings: DceSettings | Sequence[DceSettings] | None = None,
    line_settings: LineSettings | None = None,
) -> AsyncIterator[Exchange]:
    """A modem at the DCE's end of each transport, all on one telephone line, for as long as the context lasts.

    With two of them each reaches the other whatever it dials. `pace`: how many times as fast as real time the line
    and the modems run. `settings`: for all of them, or one each.
    """
    line = Line(pace=pace, faults=faults, seed=seed, settings=line_settings)
    each = [settings or DceSettings()] * len(transports) if not isinstance(settings, Sequence) else settings
    dces = [
        Dce(transport, line.subscribe(number), settings=own.paced(pace))
        for transport, number, own in zip(transports, numbers, each, strict=True)
    ]
    async with anyio.create_task_group() as tasks:
        exchange = Exchange(line, dces)
        for place in range(len(dces)):
            tasks.start_soon(exchange.live, place)
        yield exchange
        tasks.cancel_scope.cancel()
