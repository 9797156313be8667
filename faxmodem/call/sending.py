"""What a session commands of the station that has the document, carried out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from faxmodem.call.blocks import Block
from faxmodem.call.desk import Actions, Desk
from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import OnProgress, Progress
from faxmodem.modem.base import CarrierModem
from faxmodem.t30 import events
from faxmodem.t30.parameters import Parameters

log = logging.getLogger("faxmodem.call")

_FIRST_FRAME = (0,)


Transmit = Callable[[bytes, Parameters, Callable[[int], None]], Awaitable[None]]
"Has a modem send a page's octets, and is told of each piece that it has taken."


class WholePages:
    """Sends the pages of a feed, each in one piece."""

    def __init__(
        self, feed: PageFeed, desk: Desk, transmit: Transmit, *, marks_end: bool, on_progress: OnProgress
    ) -> None:
        """`marks_end`: with RTC or EOFB, which modems that run T.30 themselves add by themselves."""
        self._marks_end = marks_end
        self._feed = feed
        self._desk = desk
        self._transmit = transmit
        self._on_progress = on_progress

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {events.Choose: self.choose, events.SendPage: self.page}

    async def choose(self, command: events.Choose) -> events.Event:
        """Find the quickest of several ways to send the pages."""
        return events.Chosen(*await self._feed.choose(command.candidates, command.page))

    async def page(self, command: events.SendPage) -> events.Event:
        """Send a page."""
        data = await self._feed.coded(command.page, command.parameters, marks_end=self._marks_end)

        def moved(octets: int) -> None:
            self._on_progress(Progress(command.page, octets, len(data)))
            self._desk.note(events.Moved())

        self._desk.meanwhile(partial(self._work_ahead, command.parameters))
        await self._transmit(data, command.parameters, moved)
        return events.PageSent(await self._feed.look_ahead())

    async def _work_ahead(self, parameters: Parameters) -> None:
        try:
            await self._feed.work_ahead(parameters, marks_end=self._marks_end)
        except Exception:
            log.debug("the next page will fail when it is due", exc_info=True)


class Sending(WholePages):
    """Sends pages of a feed, whole or in blocks, with a modem that leaves T.30 to us."""

    def __init__(self, modem: CarrierModem, feed: PageFeed, desk: Desk, *, on_progress: OnProgress) -> None:
        super().__init__(feed, desk, self._send_data, marks_end=True, on_progress=on_progress)
        self._modem = modem
        self._last: events.SendBlock | None = None

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {**super().actions(), events.SendBlock: self.block}

    async def _send_data(self, data: bytes, parameters: Parameters, moved: Callable[[int], None]) -> None:
        modulation = parameters.modulation
        await self._modem.send_data(modulation, data, short=modulation.has_short_training, on_progress=moved)

    async def block(self, command: events.SendBlock) -> events.Event:
        """Send frames of a block; all of them, for the first time."""
        modulation = command.parameters.modulation
        octets = command.parameters.ecm_octets
        again = bool(command.block or command.frames)
        data = await self._feed.coded(command.page, command.parameters, again=again)
        block = Block.of(data, command.block, octets)

        def moved(frames: int) -> None:
            if not command.frames:  # what is repeated was counted before
                gone = block.begin + min(frames, len(block.pieces)) * octets
                self._on_progress(Progress(command.page, min(gone, len(data)), len(data)))
            self._desk.note(events.Moved())

        if not again:
            self._desk.meanwhile(partial(self._work_ahead, command.parameters))
        if command.slower:
            await self._modem.slow_down()
        await self._modem.send_block(
            modulation,
            block.burst(command.frames, twice=self._not_heard(command)),
            short=modulation.has_short_training and not command.long_training,
            on_progress=moved,
        )
        next_page = None if block.more else await self._feed.look_ahead()
        return events.BlockSent(len(block.pieces), block.more, next_page)

    def _not_heard(self, command: events.SendBlock) -> bool:
        """True if the first frame, and no other, is asked for a second time.

        Some receivers lose what follows the training at once. Others dislike frames that come twice.
        """
        last, self._last = self._last, command
        if last is None or not command.frames == last.frames == _FIRST_FRAME:
            return False
        return (last.page, last.block) == (command.page, command.block)
