"""Pages from the DTE to the line, as the data come: nothing of a page is kept but the block that may be repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from faxmodem.call.blocks import RCP
from faxmodem.call.desk import Actions, Desk
from faxmodem.codec import hdlc
from faxmodem.codec.fcs import REVERSED
from faxmodem.codec.geometry import Coding
from faxmodem.emulator.class2.codes import ABORTED, LATE_COMMAND
from faxmodem.emulator.class2.damage import spoils, spoilt
from faxmodem.emulator.class2.dialect import XON
from faxmodem.emulator.class2.floor import Go, Mode
from faxmodem.emulator.class2.front_end import signal_for
from faxmodem.emulator.class2.lines import BlocksToLine, Reshaper, ToLine
from faxmodem.emulator.class2.negotiation import SOME_PAGE
from faxmodem.emulator.class2.stream import Taken, take
from faxmodem.emulator.line import Carrier
from faxmodem.emulator.results import Result
from faxmodem.modem.quirks import Quirk
from faxmodem.t30 import events
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.frames import Frame
from faxmodem.t30.line_time import BLOCK_FLAGS_S, RCPS
from faxmodem.t30.parameters import Parameters

if TYPE_CHECKING:
    from faxmodem.emulator.class2.session import FaxSession

PAGE_REVERSED: Final = 1
"The bit of +FBOR that is for pages."

Idle = Callable[[], Awaitable[None]]
"Keeps the line busy for a moment, until there may be data again."


class PageSource:
    """The page that the DTE gives, as it is to cross the line."""

    def __init__(self, session: FaxSession, parameters: Parameters) -> None:
        self._session = session
        self._reversed = bool(session.parameters[session.dialect.bit_order] & PAGE_REVERSED)
        self._spoils = spoils(session.core.settings, parameters)
        settings = session.core.settings
        self.reshaper: Reshaper = (
            BlocksToLine()
            if parameters.coding is Coding.MMR
            else ToLine(
                tagged=parameters.coding is Coding.MR,
                min_line_bits=parameters.min_line_bits,
                adds_rtc=not settings.has(Quirk.NO_RTC),
                padding=round(settings.measure(Quirk.FIRST_LINE_LOST)),
            )
        )
        self._waiting = bytearray()
        self._stream_over = False
        self._over = False
        self._due = session.core.now() + self._limit_s

    @property
    def _limit_s(self) -> float:
        dialect = self._session.dialect
        return self._session.parameters[dialect.timeout] * dialect.timeout_unit_s * self._session.core.clock.pace

    async def next(self, most: int, idle: Idle) -> bytes:
        """Up to `most` octets for the line; none when the page is over, and what follows it is known."""
        while not self._waiting and not self._over:
            came = not self._stream_over and self._take(most)
            if self._stream_over and self._session.command is not None:
                self._finish()
            elif not came:
                await self._await_dte(idle)
        octets = bytes(self._waiting[:most])
        del self._waiting[:most]
        return octets

    async def has_more(self, idle: Idle) -> bool:
        """Whether `next` would give anything."""
        self._waiting[:0] = await self.next(1, idle)
        return bool(self._waiting)

    def _take(self, most: int) -> bool:
        """Take what the DTE has given; False if that is nothing."""
        session = self._session
        taken: Taken = session.core.dte.take(lambda typed: take(typed, most, session.dialect.ppm_in_stream))
        if taken.data:
            self._due = session.core.now() + self._limit_s
            octets = taken.data.translate(REVERSED) if self._reversed else taken.data
            octets = self.reshaper.feed(octets)
            self._waiting += spoilt(octets) if self._spoils else octets
        if taken.aborted:
            session.floor.mode = Mode.WAITING
            session.kill(ABORTED)
        elif taken.ended:
            self._stream_over = True
            session.floor.mode = Mode.WAITING
            if taken.command is not None:
                session.command = taken.command
        return bool(taken.data) or taken.ended

    def _finish(self) -> None:
        self._over = True
        self._waiting += self.reshaper.finish()

    async def _await_dte(self, idle: Idle) -> None:
        """Nothing is there: the DTE has some time to go on."""
        session = self._session
        if self._stream_over and session.floor.is_open:
            session.floor.settle(Result.OK)  # all that it gave is on the line
            self._due = session.core.now() + self._limit_s
        if session.core.clock.reached(self._due):
            if not session.dialect.xon:
                await session.give_up(ABORTED)
            if not self._stream_over:
                session.stop_stream()
            session.forced = LATE_COMMAND
            session.command = Fcf.EOP
            self._stream_over = True
            return
        await idle()


class Sending:
    """Sends pages of the DTE, whole or in blocks."""

    def __init__(self, session: FaxSession, desk: Desk) -> None:
        self._session = session
        self._desk = desk
        self._source: PageSource | None = None
        self._block: list[bytes] = []

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {events.SendPage: self.page, events.SendBlock: self.block}

    async def page(self, command: events.SendPage) -> events.Event:
        """Send a page without error correction."""
        session, parameters = self._session, command.parameters
        await session.need(Go.SEND, late=ABORTED)
        await session.front.quiet()
        with session.front.sending(signal_for(parameters.modulation, short=True)) as carrier:
            source = await self._begin(parameters)

            async def idle() -> None:
                began = carrier.free_at
                await session.front.wait(session.core.now() + session.core.settings.slice_s)
                late_s = session.core.now() - began
                await carrier.send_data(source.reshaper.fill(max(0, int(late_s * carrier.rate_bps / 8))))

            most = self._slice(carrier)
            while octets := await source.next(most, idle):
                await self._put(carrier, octets)
            await session.front.turn_off(carrier)
        return events.PageSent(self._end(), session.command)

    async def block(self, command: events.SendBlock) -> events.Event:
        """Send frames of a block; all of them, as they come from the DTE, for the first time."""
        session, parameters = self._session, command.parameters
        if not command.block and not command.frames:
            await session.need(Go.SEND, late=ABORTED)
        await session.front.quiet()
        signal = signal_for(parameters.modulation, short=not command.long_training)
        more = False
        with session.front.sending(signal) as carrier:
            flags = hdlc.FLAG * max(1, round(BLOCK_FLAGS_S * carrier.rate_bps / 8))
            await carrier.send_data(flags)
            if command.frames:
                for number in command.frames:
                    await self._put(carrier, self._frame(number))
                more = self._source is not None
            else:
                more = await self._new_block(carrier, parameters, first=command.block == 0)
            for _ in range(RCPS):
                await carrier.send_data(_on_line(RCP))
        following = None if more else self._end()
        return events.BlockSent(len(self._block), more, following, None if more else session.command)

    async def _new_block(self, carrier: Carrier, parameters: Parameters, *, first: bool) -> bool:
        """Send frames as the DTE gives their data; True if another block must follow."""
        session = self._session
        source = await self._begin(parameters) if first or self._source is None else self._source

        async def idle() -> None:
            began = carrier.free_at
            await session.front.wait(session.core.now() + session.core.settings.slice_s)
            late_s = session.core.now() - began
            await carrier.send_data(hdlc.FLAG * max(0, int(late_s * carrier.rate_bps / 8)))

        self._block.clear()
        while len(self._block) < BLOCK_FRAMES:
            piece = b""
            while len(piece) < parameters.ecm_octets:
                octets = await source.next(parameters.ecm_octets - len(piece), idle)
                if not octets:
                    break
                piece += octets
            if not piece and self._block:
                return False
            self._block.append(piece.ljust(parameters.ecm_octets, b"\0"))
            await self._put(carrier, self._frame(len(self._block) - 1))
            if len(piece) < parameters.ecm_octets:
                return False
        return await source.has_more(idle)

    def _frame(self, number: int) -> bytes:
        return _on_line(Frame.of(Fcf.FCD, CodedFrame(number, self._block[number]), final=False))

    async def _begin(self, parameters: Parameters) -> PageSource:
        """Let the DTE know that it may give its page."""
        session = self._session
        session.command = None
        session.floor.mode = Mode.STREAM
        self._source = PageSource(session, parameters)
        await session.core.report(Result.CONNECT)
        if session.dialect.xon and not session.core.settings.has(Quirk.NO_XON):
            session.core.dte.put(XON)
        return self._source

    def _end(self) -> PageInfo | None:
        """The page is out; what follows it, as far as that is known. Behind EOM a poll may follow."""
        session = self._session
        self._source = None
        polls = session.command is Fcf.EOM and session.parameters[session.dialect.poll]
        return None if session.command is Fcf.EOP or polls else SOME_PAGE

    def _slice(self, carrier: Carrier) -> int:
        return max(1, round(carrier.rate_bps * self._session.core.settings.slice_s / 8))

    async def _put(self, carrier: Carrier, octets: bytes) -> None:
        await carrier.send_data(octets)
        self._session.front.check()
        self._desk.note(events.Moved())


def _on_line(frame: Frame) -> bytes:
    return hdlc.encode([frame.build()], opening_flags=1, closing_flags=1).octets
