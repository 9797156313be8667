"""What a session commands of the station that wants the document, carried out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import anyio

from faxmodem.call.blocks import coded_frame, is_rcp
from faxmodem.call.desk import Actions, Desk
from faxmodem.call.progress import OnProgress, Progress
from faxmodem.call.sink import PageSink
from faxmodem.modem.base import CarrierModem, Heard
from faxmodem.t30 import events

LONGEST_LINE_S: Final = 10.0
"""Where a sender's computer has gone, its modem may send fill for ever. T.4 (07/2003) §3.2: a receiver hangs up when a
line takes longer than 5 s; twice that spares a computer that is only slow."""

AFTER_RCP_S: Final = 1.0
"""A carrier goes within 50 ms of its last RCP (T.4 (07/2003) Annex A). Where it stays, or the modem does not see it go,
the command that follows must not be missed. One RCP is enough: some senders leave out the other two."""

HEARD: Final[Mapping[Heard, events.Event]] = {
    Heard.DAMAGED: events.FrameDamaged(),
    Heard.NO_CARRIER: events.NoCarrier(),
    Heard.WRONG_CARRIER: events.WrongCarrier(),
}


class Storing:
    """Stores the pages that come into a sink."""

    def __init__(self, sink: PageSink, desk: Desk, *, on_progress: OnProgress) -> None:
        self._sink = sink
        self._desk = desk
        self._on_progress = on_progress

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {events.StorePage: self.store_page}

    async def store_page(self, command: events.StorePage) -> events.Event:
        """Have the page stored beside the commands that follow: the sender is answered while the disk is slow."""
        self._sink.sender = self._desk.remote_id

        async def store(_command: events.StorePage) -> events.Event:
            return await self._sink.store()

        return await self._desk.beside(command, store)

    def _moved(self, page: int) -> None:
        self._on_progress(Progress(page, self._sink.received, None))
        self._desk.note(events.Moved())


class Receiving(Storing):
    """Receives pages into a sink, whole or in blocks, with a modem that leaves T.30 to us."""

    def __init__(self, modem: CarrierModem, sink: PageSink, desk: Desk, *, on_progress: OnProgress) -> None:
        super().__init__(sink, desk, on_progress=on_progress)
        self._modem = modem

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {
            **super().actions(),
            events.ReceivePage: self.page,
            events.ReceiveBlock: self.block,
            events.StoreBlock: self.store_block,
        }

    async def page(self, command: events.ReceivePage) -> events.Event:
        """Receive a page without error correction."""
        sink, modulation = self._sink, command.parameters.modulation
        sink.begin(command.parameters)
        ended = Heard.NO_CARRIER
        line_began = math.inf

        def collect(piece: bytes) -> None:
            nonlocal line_began
            if piece.strip(b"\0") or not sink.received:
                line_began = anyio.current_time()
            elif anyio.current_time() - line_began > LONGEST_LINE_S:
                endless.cancel()
            sink.write(piece)
            self._moved(command.page)

        with anyio.CancelScope() as endless:
            ended = await self._modem.receive_data(modulation, collect, short=modulation.has_short_training)
        return events.PageReceived() if sink.received else HEARD[ended]

    async def block(self, command: events.ReceiveBlock) -> events.Event:
        """Receive frames of a block."""
        sink, modulation = self._sink, command.parameters.modulation
        sink.begin_block(command.parameters, command.block, again=command.again)
        ended = Heard.NO_CARRIER
        came: set[int] = set()
        carrier = False

        def begun() -> None:
            nonlocal carrier
            carrier = True
            self._desk.note(events.Moved())  # once: flags and damaged frames show a sender, but no progress

        def take(octets: bytes | None) -> None:
            if octets is None:
                return
            if is_rcp(octets):
                listening.deadline = anyio.current_time() + AFTER_RCP_S
            elif (frame := coded_frame(octets)) is not None:
                came.add(frame.number)
                if sink.add_frame(frame):
                    self._moved(command.page)

        with anyio.CancelScope() as listening:
            short = modulation.has_short_training and not command.long_training
            ended = await self._modem.receive_block(modulation, take, short=short, on_carrier=begun)
        return events.BlockReceived(frozenset(came)) if carrier else HEARD[ended]

    async def store_block(self, command: events.StoreBlock) -> events.Event:
        """Add a block to its page."""
        self._sink.store_block(command.frames)
        return events.BlockStored()
