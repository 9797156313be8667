"""What a session commands, carried out by a modem that leaves T.30 to us."""

from __future__ import annotations

import logging

import anyio

from faxmodem.call.desk import Actions, Desk
from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import OnProgress
from faxmodem.call.receiving import HEARD, Receiving
from faxmodem.call.sending import Sending
from faxmodem.call.sink import PageSink
from faxmodem.errors import RemoteProtocolError
from faxmodem.modem.base import CarrierModem, Heard, Link
from faxmodem.t30 import events, tcf
from faxmodem.t30.frames import Frame

log = logging.getLogger("faxmodem.call")


def carrier_actions(
    desk: Desk,
    modem: CarrierModem,
    *,
    feed: PageFeed | None = None,
    sink: PageSink | None = None,
    on_progress: OnProgress | None = None,
) -> Actions:
    """How each command is carried out.

    `feed`, `sink`: where pages come from and go to; a call may send, receive, or do one after the other.
    """
    progress = on_progress or (lambda _progress: None)
    actions = Signals(modem, desk).actions()
    if feed is not None:
        actions = {**actions, **Sending(modem, feed, desk, on_progress=progress).actions()}
    if sink is not None:
        actions = {**actions, **Receiving(modem, sink, desk, on_progress=progress).actions()}
    return actions


class Signals:
    """What is not about pages: the call itself, frames, and training."""

    def __init__(self, modem: CarrierModem, desk: Desk) -> None:
        self._modem = modem
        self._desk = desk

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {
            events.Dial: self.dial,
            events.Answer: self.answer,
            events.SendFrames: self.send_frames,
            events.Listen: self.listen,
            events.SendTraining: self.send_training,
            events.ReceiveTraining: self.receive_training,
            events.HangUp: self.hang_up,
        }

    async def dial(self, command: events.Dial) -> events.Event:
        """Call the far end."""
        return events.CallConnected(await self._modem.dial(command.number) is Link.V34)

    async def answer(self, _command: events.Answer) -> events.Event:
        """Take the call."""
        return events.CallConnected(await self._modem.answer() is Link.V34)

    async def send_frames(self, command: events.SendFrames) -> events.Event:
        """Send frames in one transmission."""
        await self._modem.send_frames([frame.build() for frame in command.frames])
        return events.Sent()

    async def listen(self, _command: events.Listen) -> events.Event:
        """Await one frame."""
        heard = await self._modem.receive_frame(lambda: self._desk.note(events.FlagsHeard()))
        if isinstance(heard, Heard):
            return HEARD[heard]
        try:
            return events.FrameReceived(Frame.parse(heard))
        except RemoteProtocolError as error:
            log.debug("%s", error)
            return events.FrameDamaged()

    async def send_training(self, command: events.SendTraining) -> events.Event:
        """Send a TCF."""
        await self._modem.send_data(command.modulation, bytes(tcf.tcf_octets(command.modulation)))
        return events.Sent()

    async def receive_training(self, command: events.ReceiveTraining) -> events.Event:
        """Receive and judge a TCF."""
        data = bytearray()
        ended = Heard.NO_CARRIER

        def collect(piece: bytes) -> None:
            if not data:
                self._desk.note(events.Moved())
            data.extend(piece)
            if len(data) > tcf.MAX_OCTETS:  # no training: a sender that goes straight to its page
                enough.cancel()

        with anyio.CancelScope() as enough:
            ended = await self._modem.receive_data(command.modulation, collect)
        if not data:
            return HEARD[ended]
        return events.TrainingReceived(tcf.is_good(bytes(data), command.modulation, ecm=command.ecm))

    async def hang_up(self, _command: events.HangUp) -> events.Event:
        """Go on hook."""
        await self._modem.hang_up()
        return events.HungUp()
