"""A transcript as a modem: says what the DCE said, when it said it, and has to hear what the DTE said.

The whole stack above the port runs against it, in virtual time; only opening the port is left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final, TypeVar

import anyio

from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, receive_fax, send_fax
from faxmodem.codec.bitmap import Resolution
from faxmodem.documents.document import open_documents
from faxmodem.emulator.virtual import run_virtual
from faxmodem.jobs.notification import Notifier
from faxmodem.jobs.status import FaxJobStatus
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import load_profile
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from faxmodem.transport.recorder import Recorder
from faxmodem.transport.transcript import Exchange, Party, parse_transcript
from tests.peer.pages import light_page

T = TypeVar("T")

TRANSCRIPTS: Final = Path(__file__).parent
OUR_ID: Final = "+1 555 0100"
PAGE_LINES: Final = 240
PAGES: Final = [light_page(number, lines=PAGE_LINES) for number in (1, 2, 3)]
LISTENERS_S: Final = 5.0
PATIENCE_S: Final = 100.0
"Virtual seconds that the DTE has for what it said in the transcript."


def transcript(name: str) -> list[Exchange]:
    """A transcript of this folder."""
    return parse_transcript((TRANSCRIPTS / f"{name}.txt").read_text())


def said_by_dte(exchanges: Iterable[Exchange]) -> list[bytes | str]:
    """Data and events of the DTE in their order; data with no event of its own between them are one."""
    said: list[bytes | str] = []
    for exchange in exchanges:
        if exchange.party is Party.DCE:
            continue
        if exchange.event is not None:
            said.append(exchange.event)
        elif said and isinstance(said[-1], bytes):
            said[-1] += exchange.data
        else:
            said.append(exchange.data)
    return said


async def play_dce(exchanges: Iterable[Exchange], dce: MemoryTransport) -> None:
    """Be the modem of a transcript. Each thing it says comes as long after the DTE's last as it did then."""
    heard = b""
    heard_at = anyio.current_time()
    recorded_at = 0.0
    for exchange in exchanges:
        if exchange.party is Party.DCE:
            due = heard_at + exchange.time_s - recorded_at
            await anyio.sleep(max(0.0, due - anyio.current_time()))
            await dce.send(exchange.data)
            continue
        with anyio.fail_after(PATIENCE_S):
            while len(heard) < len(exchange.data) and exchange.data.startswith(heard):
                heard += await dce.receive()
        assert heard[: len(exchange.data)] == exchange.data, f"at {exchange.time_s:.3f} s of the transcript"
        heard = heard[len(exchange.data) :]
        heard_at, recorded_at = anyio.current_time(), exchange.time_s


def replay(
    exchanges: list[Exchange], call: Callable[[Class1Modem, Notifier], Awaitable[FaxResult]]
) -> tuple[FaxResult, list[FaxJobStatus], list[Exchange]]:
    """Make a call at the modem of a transcript; gives its result, its statuses, and a transcript of the call itself."""
    statuses: list[FaxJobStatus] = []
    written = StringIO()

    async def main() -> FaxResult:
        dte, dce = null_modem_pair()
        modem = Class1Modem(Recorder(dte, written, clock=anyio.current_time), load_profile("class1"))
        notifier = Notifier(on_status=statuses.append)
        async with anyio.create_task_group() as group:
            group.start_soon(play_dce, exchanges, dce)
            result = await call(modem, notifier)
        await modem.aclose()
        notifier.close(LISTENERS_S)
        return result

    return run_virtual(main), statuses, parse_transcript(written.getvalue())


async def send(path: Path, number: str, modem: Class1Modem, notifier: Notifier) -> FaxResult:
    """Send a document, as `faxmodem send --no-header` does once the port is open."""

    async def open_modem() -> Class1Modem:
        await modem.set_up()
        return modem

    fax = Outgoing(
        job_id="replayed",
        number=number,
        open_document=partial(open_documents, [path], resolution=Resolution.FINE),
    )
    return await send_fax(fax, open_modem, CallSettings(station_id=OUR_ID), notifier=notifier, clock=_noon)


async def receive(path: Path, modem: Class1Modem, notifier: Notifier) -> FaxResult:
    """Wait for one call and store its fax, as `faxmodem receive` does once the port is open."""
    await modem.set_up()
    ring = await modem.wait_for_ring()
    settings = CallSettings(station_id=OUR_ID)
    return await receive_fax(modem, ring, path, settings, job_id="replayed", notifier=notifier, clock=_noon)


def _noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)
