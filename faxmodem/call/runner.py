"""The one loop that joins a session, a modem and the pages of a call, and the only one here that knows the time."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import anyio

from faxmodem.call.feed import PageFeed
from faxmodem.call.sink import PageSink
from faxmodem.errors import DocumentError, ModemError, PortError, RemoteProtocolError
from faxmodem.modem.base import CallFailed, CarrierModem, Heard, LineDropped
from faxmodem.t30 import events, tcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.transitions import Transition

log = logging.getLogger("faxmodem.call")


LONGEST_LINE_S: Final = 10.0
"""Where a sender's computer has gone, its modem may send fill for ever. T.4 (07/2003) §3.2: a receiver hangs up when a
line takes longer than 5 s; twice that spares a computer that is only slow."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present page is on the line."""

    page: int
    octets: int
    total: int | None
    "Octets of the page; None while it is being received."


_HEARD: Mapping[Heard, events.Event] = {
    Heard.DAMAGED: events.FrameDamaged(),
    Heard.NO_CARRIER: events.NoCarrier(),
    Heard.WRONG_CARRIER: events.WrongCarrier(),
}


class Runner:
    """Carries out what a session commands, and tells it what came of it."""

    def __init__(
        self,
        session: Session,
        modem: CarrierModem,
        *,
        pages: PageFeed | PageSink,
        on_transition: Callable[[Transition], None],
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._session = session
        self._modem = modem
        self._pages = pages
        self._on_transition = on_transition
        self._on_progress = on_progress or (lambda _progress: None)
        self._scope = anyio.CancelScope()
        self._command: events.Command | None = None
        self._actions: Mapping[type[events.Command], Callable[..., Awaitable[events.Event]]] = {
            events.Dial: self._dial,
            events.Answer: self._answer,
            events.SendFrames: self._send_frames,
            events.Listen: self._listen,
            events.SendTraining: self._send_training,
            events.ReceiveTraining: self._receive_training,
            events.SendPage: self._send_page,
            events.ReceivePage: self._receive_page,
            events.StorePage: self._store_page,
            events.HangUp: self._hang_up,
        }
        self.detail = ""
        'What exactly went wrong on this side, in a sentence; "" if nothing did.'

    def cancel(self) -> None:
        """End the call in an orderly way: DCN, on hook. `run` returns when that is done."""
        before = self._session.state
        self._session.cancel(anyio.current_time())
        if self._session.state is not before:  # a call that is ending already goes on with that
            self._scope.cancel()

    async def run(self) -> Outcome:
        """Carry the call through to its end, which comes in bounded time whatever the modem and the far end do.

        When the task is cancelled the call is ended as by `cancel`, and the cancellation goes on after that.
        """
        self._session.start(anyio.current_time())
        async with anyio.create_task_group() as self._meanwhile:
            try:
                await self._loop()
            except anyio.get_cancelled_exc_class():
                self._session.cancel(anyio.current_time())
                with anyio.CancelScope(shield=True):
                    await self._loop()
                raise
            self._meanwhile.cancel_scope.cancel()
        return self._session.outcome or Outcome.INTERNAL_ERROR

    async def _loop(self) -> None:
        session = self._session
        while True:
            for transition in session.transitions():
                self._on_transition(transition)
            if session.done:
                return
            for self._command in session.commands():
                log.debug("%s", self._command)
            event = await self._carry_out()
            now = anyio.current_time()
            if event is not None:
                session.receive(event, now)
            if (due := session.deadline()) is not None and due <= now:
                session.expire(now)

    async def _carry_out(self) -> events.Event | None:
        """Do what the present command says until it is done, its time is up (None) or the call is cancelled (None)."""
        command = self._command
        if command is None:
            raise RuntimeError("the session waits for nothing")
        with anyio.CancelScope() as self._scope:
            self._mind_the_time()
            return await self._attempt(self._actions[type(command)](command))
        return None

    async def _attempt(self, action: Awaitable[events.Event]) -> events.Event:
        """Wait for an action of the modem; what goes wrong becomes an event."""
        try:
            return await action
        except CallFailed as error:
            self.detail = str(error)
            return events.CallNotConnected(error.outcome)
        except LineDropped as error:
            self.detail = str(error)
            return events.LineLost()
        except (PortError, ModemError, DocumentError) as error:
            return self._failed(error)
        except Exception as error:
            log.exception("faxmodem has a bug; the call is ended because of it")
            self.detail = f"{type(error).__name__}: {error}"
            return events.Failed(Outcome.INTERNAL_ERROR)

    def _failed(self, error: PortError | ModemError | DocumentError) -> events.Event:
        self.detail = self.detail or str(error)
        if isinstance(error, DocumentError):
            sending = isinstance(self._pages, PageFeed)
            return events.Failed(Outcome.DOCUMENT_FAILED if sending else Outcome.STORAGE_FAILED)
        return events.Failed(Outcome.PORT_LOST if isinstance(error, PortError) else Outcome.MODEM_FAILED)

    def _mind_the_time(self) -> None:
        due = self._session.deadline()
        self._scope.deadline = math.inf if due is None else due

    def _note(self, event: events.Event) -> None:
        """Tell the session of something that happens while its command goes on."""
        self._session.receive(event, anyio.current_time())
        self._mind_the_time()

    # --- one method a command ----------------------------------------------------------------------------------------

    async def _dial(self, command: events.Dial) -> events.Event:
        await self._modem.dial(command.number)
        return events.CallConnected()

    async def _answer(self, _command: events.Answer) -> events.Event:
        await self._modem.answer()
        return events.CallConnected()

    async def _send_frames(self, command: events.SendFrames) -> events.Event:
        await self._modem.send_frames([frame.build() for frame in command.frames])
        return events.Sent()

    async def _listen(self, _command: events.Listen) -> events.Event:
        heard = await self._modem.receive_frame(lambda: self._note(events.FlagsHeard()))
        if isinstance(heard, Heard):
            return _HEARD[heard]
        try:
            return events.FrameReceived(Frame.parse(heard))
        except RemoteProtocolError as error:
            log.debug("%s", error)
            return events.FrameDamaged()

    async def _send_training(self, command: events.SendTraining) -> events.Event:
        await self._modem.send_data(command.modulation, bytes(tcf.tcf_octets(command.modulation)))
        return events.Sent()

    async def _receive_training(self, command: events.ReceiveTraining) -> events.Event:
        data = bytearray()
        ended = Heard.NO_CARRIER

        def collect(piece: bytes) -> None:
            data.extend(piece)
            if len(data) > tcf.MAX_OCTETS:  # no training: a sender that goes straight to its page
                enough.cancel()

        with anyio.CancelScope() as enough:
            ended = await self._modem.receive_data(command.modulation, collect)
        return events.TrainingReceived(tcf.is_good(bytes(data), command.modulation)) if data else _HEARD[ended]

    async def _send_page(self, command: events.SendPage) -> events.Event:
        feed, modulation = self._pages, command.parameters.modulation
        if not isinstance(feed, PageFeed):
            raise TypeError("the session sends a page, but the call has none")
        data = await feed.coded(command.page, command.parameters)

        def moved(octets: int) -> None:
            self._on_progress(Progress(command.page, octets, len(data)))
            self._note(events.Moved())

        self._meanwhile.start_soon(self._look_ahead, feed)
        await self._modem.send_data(modulation, data, short=modulation.has_short_training, on_progress=moved)
        return events.PageSent(await feed.look_ahead())

    @staticmethod
    async def _look_ahead(feed: PageFeed) -> None:
        try:
            await feed.look_ahead()
        except Exception:
            log.debug("the next page will fail when it is due", exc_info=True)

    async def _receive_page(self, command: events.ReceivePage) -> events.Event:
        sink, modulation = self._pages, command.parameters.modulation
        if not isinstance(sink, PageSink):
            raise TypeError("the session receives a page, but the call has no place for it")
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
            self._on_progress(Progress(command.page, sink.received, None))
            self._note(events.Moved())

        with anyio.CancelScope() as endless:
            ended = await self._modem.receive_data(modulation, collect, short=modulation.has_short_training)
        return events.PageReceived() if sink.received else _HEARD[ended]

    async def _store_page(self, _command: events.StorePage) -> events.Event:
        sink = self._pages
        if not isinstance(sink, PageSink):
            raise TypeError("the session stores a page, but the call has no place for it")
        sink.sender = self._session.remote_id
        verdict, size = await sink.store()
        return events.PageStored(verdict, size)

    async def _hang_up(self, _command: events.HangUp) -> events.Event:
        await self._modem.hang_up()
        return events.HungUp()
