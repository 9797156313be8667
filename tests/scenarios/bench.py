"""Our stacks on an emulated telephone line, in virtual time: what a whole call needs, and what is left of it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

import anyio
import numpy as np

from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, poll_fax, receive_fax, send_fax
from faxmodem.call.sink import CopyQuality
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.faults import Fate, Fault
from faxmodem.emulator.history import CallStep, FramePassed, Record, SignalPassed
from faxmodem.emulator.line import Line, LineSettings
from faxmodem.emulator.settings import DceSettings
from faxmodem.errors import DocumentError
from faxmodem.jobs.notification import Notifier
from faxmodem.jobs.status import FaxJobStatus
from faxmodem.modem.base import Modem
from faxmodem.modem.opening import open_on
from faxmodem.modem.profile import Profile, ServiceClass, load_profile
from faxmodem.t30.fcf import X_BIT, Fcf
from faxmodem.t30.frames import CONTROL_FINAL, Frame
from faxmodem.transport.base import DEFAULT_BAUD
from faxmodem.transport.memory import MemoryTransport, null_modem_pair

CALLER: Final = "100"
CALLED: Final = "200"
EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
PROFILE: Final = load_profile("class1")
LISTENERS_GRACE_S: Final = 10.0

SENT_WELL: Final = "PENDING INITIALIZING DIALING TRANSMITTING CALL_COMPLETED COMPLETED/CALL_COMPLETED"
RECEIVED_WELL: Final = "INITIALIZING ANSWERED RECEIVING CALL_COMPLETED ROUTING/CALL_COMPLETED"
SENT_AND_POLLED_WELL: Final = (
    "PENDING INITIALIZING DIALING TRANSMITTING RECEIVING CALL_COMPLETED COMPLETED/CALL_COMPLETED"
)
POLLED_WELL: Final = "INITIALIZING DIALING ANSWERED RECEIVING CALL_COMPLETED ROUTING/CALL_COMPLETED"
SERVED_WELL: Final = "INITIALIZING ANSWERED TRANSMITTING CALL_COMPLETED ROUTING/CALL_COMPLETED"


def page(
    lines: int = 60, *, width: int = 1728, resolution: Resolution = Resolution.FINE, seed: int = 0, runs: int = 60
) -> Bitmap:
    """A page with about `runs` runs of pels in each line, different in each line and for each seed."""
    dice = np.random.default_rng((seed, lines, width))
    turns = dice.random((lines, width)) < runs / width
    return Bitmap.from_pels(np.cumsum(turns, axis=1) % 2 == 1, resolution)


class Document:
    """Pages in memory; one that is None cannot be drawn."""

    def __init__(self, pages: Sequence[Bitmap | None]) -> None:
        self._pages = pages
        self.pages = len(pages)
        self.closed = False

    def bitmaps(self) -> Iterator[Bitmap]:
        for number, bitmap in enumerate(self._pages, 1):
            if bitmap is None:
                raise DocumentError(f"page {number} cannot be drawn")
            yield bitmap

    def close(self) -> None:
        self.closed = True


class Stack(ABC):
    """One of our stacks above some modem, and what became of its call."""

    def __init__(self, settings: CallSettings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.clock = clock
        self.stop = anyio.Event()
        self.statuses: list[FaxJobStatus] = []
        self.sent: dict[int, Bitmap] = {}
        "The pages as they went on the line last."
        self.result: FaxResult | None = None

    @abstractmethod
    async def open_modem(self) -> Modem:
        """The modem, set up."""

    async def send(
        self,
        pages: Sequence[Bitmap | None],
        number: str = CALLED,
        *,
        poll_into: Path | None = None,
        quality: CopyQuality | None = None,
    ) -> None:
        """Send pages in one call; `poll_into`: where what is polled afterwards goes."""
        fax = Outgoing(job_id="out", number=number, open_document=lambda: Document(pages), on_page=self._note_page)
        with self._notified() as notifier:
            self.result = await send_fax(
                fax,
                self.open_modem,
                self.settings,
                notifier=notifier,
                clock=self.clock,
                poll_into=poll_into,
                quality=quality,
                stop=self.stop,
            )

    async def poll(self, path: Path, number: str = CALLED, *, quality: CopyQuality | None = None) -> None:
        """Fetch a far end's document in one call."""
        with self._notified() as notifier:
            self.result = await poll_fax(
                number,
                path,
                self.open_modem,
                self.settings,
                job_id="in",
                notifier=notifier,
                clock=self.clock,
                quality=quality,
                stop=self.stop,
            )

    async def receive(
        self, path: Path, *, serves: Sequence[Bitmap | None] = (), quality: CopyQuality | None = None
    ) -> None:
        """Answer the next call and store its fax, or give the pages that it serves to whoever polls."""
        modem = await self.open_modem()
        try:
            with self._notified() as notifier:
                ring = await modem.wait_for_ring()
                self.result = await receive_fax(
                    modem,
                    ring,
                    path,
                    self.settings,
                    job_id="in",
                    notifier=notifier,
                    clock=self.clock,
                    serve=(lambda: Document(serves)) if serves else None,
                    quality=quality,
                    stop=self.stop,
                )
        finally:
            with anyio.CancelScope(shield=True):
                await modem.aclose()

    @contextmanager
    def _notified(self) -> Iterator[Notifier]:
        """Statuses are kept."""
        notifier = Notifier(on_status=self.statuses.append)
        try:
            yield notifier
        finally:
            assert notifier.close(LISTENERS_GRACE_S)

    @property
    def chain(self) -> str:
        """Status and extended status of the job, each pair once for as long as it stood.

        `DIALING` is short for `INPROGRESS/DIALING`, `PENDING` for `PENDING/NONE`.
        """
        pairs = [f"{s.status.name}/{getattr(s.extended_status_code, 'name', '')}" for s in self.statuses]
        return " ".join(pair.removeprefix("INPROGRESS/").removesuffix("/NONE") for pair, _ in groupby(pairs))

    def _note_page(self, number: int, bitmap: Bitmap) -> None:
        self.sent[number] = bitmap


class Side(Stack):
    """One of our stacks with its emulated modem, and what became of both."""

    def __init__(
        self,
        line: Line,
        number: str,
        *,
        settings: CallSettings,
        dce: DceSettings | None = None,
        words: Mapping[str, str] | None = None,
        profile: Profile = PROFILE,
        service_class: ServiceClass | None = None,
    ) -> None:
        """`words`: result codes that this modem words in its own way. `profile`: what the driver thinks it has."""
        loop = asyncio.get_running_loop()  # not anyio.current_time: pages are stored in a thread
        super().__init__(settings, lambda: EPOCH + timedelta(seconds=loop.time()))
        self.end = line.subscribe(number)
        self.dte, port = null_modem_pair(name=number, bauds=(DEFAULT_BAUD, None))
        if words:
            self.dte = _Rewording(self.dte, words)
        self.dce = Dce(port, self.end, settings=dce)
        self.left_on_hook = False
        self._profile = profile
        self._class = service_class

    async def open_modem(self) -> Modem:
        return await open_on(self.dte, profile=self._profile, service_class=self._class)


class _Rewording(MemoryTransport):
    """A DTE's end behind a modem that words some of its result codes differently."""

    def __init__(self, transport: MemoryTransport, words: Mapping[str, str]) -> None:
        super().__init__(transport._end, transport._peer)
        self._words = {f"\r\n{old}\r\n".encode(): f"\r\n{new}\r\n".encode() for old, new in words.items()}

    async def receive(self) -> bytes:
        data = await super().receive()
        for old, new in self._words.items():
            data = data.replace(old, new)
        return data


class _History(list[Record]):
    """A line's history that tells of each record as it is written."""

    def __init__(self, tell: Callable[[Record], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, record: Record) -> None:
        super().append(record)
        self._tell(record)


@asynccontextmanager
async def running(*sides: Side) -> AsyncIterator[None]:
    """The modems of these sides are switched on for as long as the context lasts."""
    async with anyio.create_task_group() as modems:
        for side in sides:
            modems.start_soon(side.dce.run)
        yield
        for side in sides:
            side.left_on_hook = not side.end.off_hook
        modems.cancel_scope.cancel()


def watched_line(
    on_record: Callable[[Record], None] = lambda _record: None,
    *,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    delay_s: float = LineSettings().delay_s,
) -> Line:
    """A telephone line; `on_record` is told of each step on it."""
    line = Line(faults=faults, seed=seed, settings=LineSettings(delay_s=delay_s))
    line.history = _History(on_record)
    return line


def name_of(record: Record) -> str | None:
    """What a record of a line's history is called in scenarios; None for one that these do not tell of.

    A frame after which its sender listens is `DCS` or `PPS-EOP`, and `DCS!` if it did not arrive whole; a fast carrier
    is its rate; a step of the call is `dialled`, `answered` ...
    """
    match record:
        case FramePassed(frame=octets, fate=fate) if octets[1] == CONTROL_FINAL:
            return _name(Frame.parse(octets)) + ("!" if fate in (Fate.LOST, Fate.DAMAGED) else "")
        case SignalPassed(signal=signal) if signal.modulation is not None:
            return str(signal.rate_bps)
        case CallStep(step=step):
            return step.value
        case _:
            return None


def _name(frame: Frame) -> str:
    """What a frame is called; PPS and EOR with the command that they hold."""
    name = str(frame).split()[0]
    if frame.fcf not in (Fcf.PPS, Fcf.EOR) or not frame.fif:
        return name
    inner = frame.fif[0] & ~X_BIT
    return f"{name}-{Fcf(inner).name.replace('_', '-') if inner else 'NULL'}"
