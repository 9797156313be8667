"""Pages from the line to the DTE, which gets their data as they come, and settles what they are answered with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import anyio

from faxmodem.call.blocks import coded_frame, is_rcp
from faxmodem.call.desk import Actions, Desk
from faxmodem.call.receiving import AFTER_RCP_S
from faxmodem.codec.coding import decode
from faxmodem.codec.fcs import REVERSED
from faxmodem.codec.geometry import Coding
from faxmodem.codec.hdlc import Decoder
from faxmodem.emulator.class2.codes import LATE_RECEPTION, OVERFLOW
from faxmodem.emulator.class2.damage import spoils, spoilt
from faxmodem.emulator.class2.dialect import CLASS_2, ppm_code
from faxmodem.emulator.class2.front_end import signal_for
from faxmodem.emulator.class2.lines import BlocksFromLine, FromLine, Reshaper
from faxmodem.emulator.class2.sending import PAGE_REVERSED
from faxmodem.emulator.dle import DLE_ETX, stuff
from faxmodem.emulator.results import Result
from faxmodem.modem.base import Heard
from faxmodem.modem.quirks import Quirk
from faxmodem.t30 import events
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.parameters import Parameters

if TYPE_CHECKING:
    from faxmodem.emulator.class2.session import FaxSession

DC2_WITHIN_S: Final = 30.0
"How long a DTE may take to say that it takes data. After that the session ends."

_HEARD: Final[Mapping[Heard, events.Event]] = {
    Heard.NO_CARRIER: events.NoCarrier(),
    Heard.WRONG_CARRIER: events.WrongCarrier(),
}
_VERDICTS: Final = {
    1: events.Verdict.GOOD,
    2: events.Verdict.BAD,
    3: events.Verdict.POOR,
    4: events.Verdict.BAD,
    5: events.Verdict.POOR,
}


class PageTarget:
    """One page on its way to the DTE."""

    def __init__(self, session: FaxSession, parameters: Parameters) -> None:
        self._session = session
        self.parameters = parameters
        settings = session.core.settings
        mirrored = session.dialect is CLASS_2 and settings.has(Quirk.MIRRORED_PAGES)
        self._reversed = mirrored or bool(session.parameters[session.dialect.bit_order] & PAGE_REVERSED)
        self._spoils = spoils(settings, parameters)
        self._reshaper: Reshaper = (
            BlocksFromLine()
            if parameters.coding is Coding.MMR
            else FromLine(
                tagged=parameters.coding is Coding.MR,
                aligned=bool(session.parameters[session.dialect.aligned]),
            )
        )
        self._room = settings.receive_buffer + 2 * BLOCK_FRAMES * parameters.ecm_octets
        "Blocks come at once: the one that the DTE is being given, and the next."
        self._held = bytearray()
        "What the DTE does not take yet."
        self.came = bytearray()
        "As it came off the line."

    def write(self, octets: bytes) -> None:
        """Take in data from the line."""
        if self._spoils:
            octets = spoilt(octets)
        self.came += octets
        self._give(self._reshaper.feed(octets))

    def finish(self) -> None:
        """The page is over."""
        self._give(self._reshaper.finish())

    def _give(self, octets: bytes) -> None:
        session = self._session
        if self._reversed:
            octets = octets.translate(REVERSED)
        self._held += stuff(octets)
        self.flush()
        if len(self._held) + session.core.dte.waiting > self._room:
            session.kill(OVERFLOW)

    def flush(self) -> None:
        """Give the DTE what is there, if it takes it."""
        if self._session.floor.started:
            self._session.core.dte.put(bytes(self._held))
            self._held.clear()

    @property
    def lines(self) -> int:
        """How many lines came."""
        return self._reshaper.lines

    def judged(self) -> tuple[int, int, int, int]:
        """+FPTS: of the page, its lines, bad lines, and the longest run of bad lines."""
        session, parameters = self._session, self.parameters
        checks = bool(session.parameters["+FCQ"])
        if not checks and self.lines:
            return 1, self.lines, 0, 0
        page = decode(bytes(self.came), parameters.coding, width=parameters.width, resolution=parameters.resolution)
        lines, bad, run = page.bitmap.lines, page.bad_lines, page.longest_bad_run
        refuses = checks and not parameters.ecm
        return (2 if refuses and self._is_bad(lines, bad, run) else 1), lines, bad, run

    def _is_bad(self, lines: int, bad: int, run: int) -> bool:
        """By the DTE's own thresholds. SP-2388-A §8.5.2.7; T.32 (08/95) §8.5.2.3."""
        parameters = self._session.parameters
        if not lines:
            return True
        if self._session.dialect is CLASS_2:
            consecutive, multiplier = parameters["+FBADLIN"], parameters["+FBADMUL"]
            return bool(consecutive and run > consecutive) or bool(multiplier and bad * multiplier > lines)
        good_percent, consecutive = parameters.values("+FRQ")
        return bool(consecutive and run > consecutive) or (lines - bad) * 100 < good_percent * lines


class Receiving:
    """Receives pages for the DTE, whole or in blocks."""

    def __init__(self, session: FaxSession, desk: Desk) -> None:
        self._session = session
        self._desk = desk
        self._page: PageTarget | None = None
        self._frames: dict[int, bytes] = {}

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {
            events.ReceivePage: self.page,
            events.ReceiveBlock: self.block,
            events.StoreBlock: self.store_block,
            events.StorePage: self.store_page,
        }

    async def page(self, command: events.ReceivePage) -> events.Event:
        """Receive a page without error correction."""
        session = self._session
        failed = await session.front.await_training(signal_for(command.parameters.modulation, short=True))
        if failed is not None:
            return _HEARD[failed]
        page = await self._begin(command.parameters)

        def take(octets: bytes) -> None:
            page.write(octets)
            self._desk.note(events.Moved())

        await session.front.receive_data(take)
        page.finish()
        return events.PageReceived() if page.came else events.NoCarrier()

    async def _begin(self, parameters: Parameters) -> PageTarget:
        """Let the DTE know that a page comes."""
        session = self._session
        if self._page is None:
            session.in_page, session.floor.started = True, False
            self._page = PageTarget(session, parameters)
            await session.core.report(Result.CONNECT)
        return self._page

    async def block(self, command: events.ReceiveBlock) -> events.Event:
        """Receive frames of a block; the DTE gets none before the block is whole."""
        session = self._session
        if not command.again:
            self._frames.clear()
        signal = signal_for(command.parameters.modulation, short=not command.long_training)
        failed = await session.front.await_training(signal)
        if failed is not None:
            return _HEARD[failed]
        self._desk.note(events.Moved())
        await self._begin(command.parameters)
        decoder, came = Decoder(), set[int]()
        listening = anyio.CancelScope()

        def take(octets: bytes) -> None:
            for frame in decoder.feed(octets):
                if frame is None:
                    continue
                if is_rcp(frame):
                    listening.deadline = min(listening.deadline, anyio.current_time() + AFTER_RCP_S)
                elif (coded := coded_frame(frame)) is not None:
                    came.add(coded.number)
                    if coded.number not in self._frames:
                        self._frames[coded.number] = coded.data
                        self._desk.note(events.Moved())

        with listening:
            await session.front.receive_data(take)
        return events.BlockReceived(frozenset(came))

    async def store_block(self, command: events.StoreBlock) -> events.Event:
        """Give the DTE a block."""
        if self._page is not None:
            frames = (self._frames[number] for number in range(command.frames) if number in self._frames)
            self._page.write(b"".join(frames))
        self._frames.clear()
        return events.BlockStored()

    async def store_page(self, command: events.StorePage) -> events.Event:
        """Tell what came, and hold the answer until the DTE lets it go."""
        return await self._desk.beside(command, self._hand_over)

    async def _hand_over(self, command: events.StorePage) -> events.Event:
        session = self._session
        page = self._page or PageTarget(session, command.parameters)
        if command.parameters.ecm:
            page.finish()
        await self._end(page)
        status, lines, bad, run = page.judged()
        self._tell(status, lines, bad, run)
        session.page_received(status)
        await session.await_release()
        return events.PageStored(_VERDICTS[session.response], 0, lines, bad, run)

    async def _end(self, page: PageTarget) -> None:
        """See that the DTE has got all of the page."""
        session = self._session
        until = session.core.now() + DC2_WITHIN_S * session.core.clock.pace
        while session.in_page and not session.floor.started:
            if not await session.floor.news(until):
                await session.give_up(LATE_RECEPTION)
        page.flush()
        if session.in_page:
            session.core.dte.put(DLE_ETX)
        session.in_page, self._page = False, None

    def _tell(self, status: int, lines: int, bad: int, run: int) -> None:
        session = self._session
        dialect = session.dialect
        counts = [lines, bad, run] if dialect is CLASS_2 else [lines, bad, run, 0]
        session.floor.say(f"{dialect.status}:{status},{','.join(map(dialect.number, counts))}")
        if session.command is not None:
            session.floor.say(f"+FET:{ppm_code(session.command, session.service_class)}")
