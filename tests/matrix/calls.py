"""Whole calls between two of our stacks on modems of any class and firmware, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.line import Line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.profile import Profile, ServiceClass, load_profile
from tests.scenarios.bench import CALLED, CALLER, Side, page, running

GENERIC: Final = load_profile("generic")
END_S: Final = 1800.0
PAGES: Final = [
    page(30, resolution=Resolution.FINE, seed=1, runs=40),
    page(20, resolution=Resolution.FINE, seed=2, runs=40),
    page(25, resolution=Resolution.FINE, seed=3, runs=40),
]


@dataclass(frozen=True)
class End:
    """A modem, and what its driver thinks of it."""

    service_class: ServiceClass | None = None
    modem: Profile = GENERIC
    "The firmware that the emulated modem shows."
    driver: Profile | None = None
    "What the driver takes it for; None: the same."

    def __str__(self) -> str:
        return f"{self.modem.id}-{self.service_class or 'auto'}"


@dataclass
class Came:
    """What came of a call."""

    sent: FaxResult | None = None
    received: FaxResult | None = None
    pages: list[Bitmap] = field(default_factory=list)
    on_hook: tuple[bool, bool] = (False, False)
    took_s: float = 0.0


def call(
    sender: End,
    receiver: End,
    folder: Path,
    *,
    pages: list[Bitmap] | None = None,
    settings: CallSettings | None = None,
) -> Came:
    """Send pages, three if not said otherwise, from one to the other."""
    came = Came()

    async def main() -> None:
        line = Line()
        sides = [
            Side(
                line,
                number,
                settings=settings or CallSettings(station_id=number),
                dce=DceSettings.of_profile(end.modem),
                profile=end.driver or end.modem,
                service_class=end.service_class,
            )
            for number, end in ((CALLER, sender), (CALLED, receiver))
        ]
        caller, called = sides
        with anyio.fail_after(END_S):
            async with running(*sides):
                async with anyio.create_task_group() as calls:
                    calls.start_soon(partial(called.receive, folder / "fax.tif"))
                    calls.start_soon(partial(caller.send, pages or PAGES))
                came.took_s = anyio.current_time()
        came.sent, came.received = caller.result, called.result
        came.on_hook = caller.left_on_hook, called.left_on_hook

    run_virtual(main)
    if came.received is not None and came.received.path is not None:
        came.pages = list(read_pages(came.received.path))
    return came
