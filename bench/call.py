"""What do whole calls cost in virtual time: two drivers, two emulated modems, the line?"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio

from bench.measure import environment, row
from bench.pages import pages
from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, receive_fax, send_fax
from faxmodem.codec.bitmap import Bitmap
from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.virtual import run_virtual
from faxmodem.jobs.notification import Notifier
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import load_profile
from faxmodem.transport.base import Transport
from faxmodem.transport.memory import null_modem_pair


@dataclass
class Sheets:
    """Pages in memory as a document."""

    sheets: Sequence[Bitmap]

    @property
    def pages(self) -> int:
        """How many there are."""
        return len(self.sheets)

    def bitmaps(self) -> Iterable[Bitmap]:
        """The pages."""
        return iter(self.sheets)

    def close(self) -> None:
        """Nothing to let go of."""


async def _opened(transport: Transport) -> Class1Modem:
    modem = Class1Modem(transport, load_profile())
    await modem.set_up()
    return modem


def _clock() -> datetime:
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=anyio.current_time())


async def _call(sheets: Sequence[Bitmap], folder: Path) -> tuple[FaxResult, float]:
    near, near_dce = null_modem_pair()
    far, far_dce = null_modem_pair()
    settings, notifier = CallSettings(), Notifier()
    fax = Outgoing(job_id="bench", number="200", open_document=lambda: Sheets(sheets))

    async def answer() -> None:
        modem = await _opened(far)
        ring = await modem.wait_for_ring()
        path = folder / f"{time.monotonic_ns()}.tif"
        await receive_fax(modem, ring, path, settings, job_id="in", notifier=notifier, clock=_clock)
        await modem.aclose()

    async with emulated_line(near_dce, far_dce), anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        result = await send_fax(fax, partial(_opened, near), settings, notifier=notifier, clock=_clock)
    return result, anyio.current_time()


def main() -> None:
    """Print a line for each kind and number of pages."""
    environment("anyio", "numpy", "faxmodem")
    kinds = dict(pages())
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (("white", 10), ("text", 1), ("text", 10), ("sample", 10)):
            began = time.process_time()
            result, line_s = run_virtual(partial(_call, [kinds[name]] * count, Path(folder)))
            cpu_s = time.process_time() - began
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            row(case=f"call, {count} x {name}", ok=result.ok, cpu_s=cpu_s, line_s=line_s, peak_kib=memory)


if __name__ == "__main__":
    main()
