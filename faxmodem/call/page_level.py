"""What a session commands, carried out by a modem that runs T.30 itself."""

from __future__ import annotations

from collections.abc import Callable

from faxmodem.call.desk import Actions, Desk
from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import OnProgress
from faxmodem.call.receiving import Storing
from faxmodem.call.sending import WholePages
from faxmodem.call.sink import PageSink
from faxmodem.modem.base import PageModem, Station, Told
from faxmodem.t30 import events
from faxmodem.t30.frames import Frame
from faxmodem.t30.parameters import Parameters


def page_actions(
    desk: Desk,
    modem: PageModem,
    *,
    station: Station,
    feed: PageFeed | None = None,
    sink: PageSink | None = None,
    on_progress: OnProgress | None = None,
) -> Actions:
    """How each command is carried out.

    `station`: what the modem is told before the call. `feed`, `sink`: where pages come from and go to; a call may send,
    receive, or do one after the other.
    """
    progress = on_progress or (lambda _progress: None)
    actions = Calling(modem, desk, station).actions()
    if feed is not None:
        polls_then = station.sends and station.polls
        actions = {**actions, **Giving(modem, feed, desk, polls_then=polls_then, on_progress=progress).actions()}
    if sink is not None:
        actions = {**actions, **Taking(modem, sink, desk, on_progress=progress).actions()}
    return actions


def _teller(desk: Desk) -> Told:
    """Tells the session of each frame that the modem tells of."""
    return lambda frame: desk.note(events.FrameReceived(frame))


class Calling:
    """What is not about pages: how the call begins and ends."""

    def __init__(self, modem: PageModem, desk: Desk, station: Station) -> None:
        self._modem = modem
        self._desk = desk
        self._station = station
        self._heard = False

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {events.Dial: self.dial, events.Answer: self.answer, events.HangUp: self.hang_up}

    async def dial(self, command: events.Dial) -> events.Event:
        """Call the far end."""
        await self._modem.prepare(self._station)
        await self._modem.dial(command.number, self._told)
        return events.CallConnected()

    async def answer(self, _command: events.Answer) -> events.Event:
        """Take the call."""
        await self._modem.prepare(self._station)
        await self._modem.answer(self._told)
        return events.CallConnected()

    async def hang_up(self, _command: events.HangUp) -> events.Event:
        """Go on hook."""
        await self._modem.hang_up()
        return events.HungUp()

    def _told(self, frame: Frame) -> None:
        """Where a frame has come, flags were before it: the call is up."""
        if not self._heard:
            self._heard = True
            self._desk.note(events.FlagsHeard())
        self._desk.note(events.FrameReceived(frame))


class Giving(WholePages):
    """Gives the modem the pages of a feed, and says what goes before and behind each."""

    def __init__(
        self, modem: PageModem, feed: PageFeed, desk: Desk, *, polls_then: bool, on_progress: OnProgress
    ) -> None:
        """`polls_then`: behind the last page the far end's document is wanted."""
        super().__init__(feed, desk, self._send_page, marks_end=False, on_progress=on_progress)
        self._modem = modem
        self._polls_then = polls_then
        self._told = _teller(desk)

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {**super().actions(), events.BeginPage: self.begin_page, events.EndPage: self.end_page}

    async def begin_page(self, command: events.BeginPage) -> events.Event:
        """Have a page negotiated, and wait until the modem takes its data."""
        if self._polls_then and await self._feed.is_last(command.page):
            await self._modem.poll_next()
            self._polls_then = False
        return events.PageBegun(await self._modem.begin_page(command.parameters, self._told))

    async def end_page(self, command: events.EndPage) -> events.Event:
        """Have it said what follows the page; gives the answer to that."""
        return events.FrameReceived(await self._modem.end_page(command.command, self._told))

    async def _send_page(self, data: bytes, parameters: Parameters, moved: Callable[[int], None]) -> None:
        await self._modem.send_page(data, parameters, on_progress=moved)


class Taking(Storing):
    """Takes pages from the modem into a sink, and tells it what to answer."""

    def __init__(self, modem: PageModem, sink: PageSink, desk: Desk, *, on_progress: OnProgress) -> None:
        super().__init__(sink, desk, on_progress=on_progress)
        self._modem = modem
        self._told = _teller(desk)

    def actions(self) -> Actions:
        """The commands that this carries out."""
        return {**super().actions(), events.AwaitPage: self.page, events.AnswerPage: self.answer_page}

    async def page(self, command: events.AwaitPage) -> events.Event:
        """Receive what comes, up to the command behind it."""

        def begun(parameters: Parameters) -> None:
            self._sink.begin(parameters, end_told=True)
            self._desk.note(events.PageBegun(parameters))

        def take(piece: bytes) -> None:
            self._sink.write(piece)
            self._moved(command.page)

        return events.FrameReceived(await self._modem.receive_page(self._told, begun, take))

    async def answer_page(self, command: events.AnswerPage) -> events.Event:
        """Settle the answer to a page."""
        await self._modem.answer_page(command.answer)
        return events.Sent()
