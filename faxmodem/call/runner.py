"""The one loop that joins a session, a modem and the pages of a call, and the only one here that knows the time."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import anyio

from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import OnProgress
from faxmodem.call.progress import Progress as Progress
from faxmodem.call.receiving import HEARD, Receiving
from faxmodem.call.sending import Sending, Work
from faxmodem.call.sink import PageSink
from faxmodem.errors import DocumentError, ModemError, PortError, RemoteProtocolError
from faxmodem.modem.base import CallFailed, CarrierModem, Heard, LineDropped, Link
from faxmodem.t30 import events, tcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.transitions import Transition

log = logging.getLogger("faxmodem.call")

# Any: each action takes the one kind of command that it stands for.
Action = Callable[[Any], Awaitable[events.Event]]


class Runner:
    """Carries out what a session commands, and tells it what came of it."""

    def __init__(
        self,
        session: Session,
        modem: CarrierModem,
        *,
        feed: PageFeed | None = None,
        sink: PageSink | None = None,
        on_transition: Callable[[Transition], None],
        on_progress: OnProgress | None = None,
    ) -> None:
        """`feed`, `sink`: where pages come from and go to; a call may send, receive, or do one after the other."""
        self._session = session
        self._modem = modem
        self._sink = sink
        self._on_transition = on_transition
        self._scope = anyio.CancelScope()
        self._command: events.Command | None = None
        self._actions: dict[type[events.Command], Action] = {
            events.Dial: self._dial,
            events.Answer: self._answer,
            events.SendFrames: self._send_frames,
            events.Listen: self._listen,
            events.SendTraining: self._send_training,
            events.ReceiveTraining: self._receive_training,
            events.HangUp: self._hang_up,
        }
        progress = on_progress or (lambda _progress: None)
        if feed is not None:
            self._actions |= self._actions_of_sender(feed, progress)
        if sink is not None:
            self._actions |= self._actions_of_receiver(sink, progress)
        self.detail = ""
        'What exactly went wrong on this side, in a sentence; "" if nothing did.'

    def cancel(self) -> None:
        """End the call in an orderly way: DCN, on hook. `run` returns when that is done."""
        self._session.cancel(anyio.current_time())
        self._change_over()

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
            self._take_orders()
            if session.done:
                return
            event = await self._carry_out()
            now = anyio.current_time()
            if event is not None:
                session.receive(event, now)
            if (due := session.deadline()) is not None and due <= now:
                session.expire(now)

    def _take_orders(self) -> bool:
        """Pass on what has happened, and see what is to be done; False if that is the same as before."""
        for transition in self._session.transitions():
            self._on_transition(transition)
        orders = self._session.commands()
        for self._command in orders:
            log.debug("%s", self._command)
        return bool(orders)

    def _change_over(self) -> None:
        """Leave what is being done if the session wants something else now; its timers may have moved, too."""
        if self._take_orders():
            self._scope.cancel()
        else:
            self._mind_the_time()

    async def _carry_out(self) -> events.Event | None:
        """Do what the present command says until it is done; None if its time is up or another has taken its place."""
        command = self._command
        if command is None:
            raise RuntimeError("the session waits for nothing")
        event = None
        with anyio.CancelScope() as self._scope:
            self._mind_the_time()
            event = await self._attempt(command)
        return event if self._command is command else None

    async def _attempt(self, command: events.Command, action: Action | None = None) -> events.Event:
        """Carry out a command, as it is always done or as `action` does it; what goes wrong becomes an event."""
        try:
            return await (action or self._actions[type(command)])(command)
        except CallFailed as error:
            self.detail = str(error)
            return events.CallNotConnected(error.outcome)
        except LineDropped as error:
            self.detail = str(error)
            return events.LineLost()
        except (PortError, ModemError, DocumentError) as error:
            self.detail = self.detail or str(error)
            return events.Failed(_blame(command, error))
        except Exception as error:
            log.exception("faxmodem has a bug; the call is ended because of it")
            self.detail = f"{type(error).__name__}: {error}"
            return events.Failed(Outcome.INTERNAL_ERROR)

    def _mind_the_time(self) -> None:
        due = self._session.deadline()
        self._scope.deadline = math.inf if due is None else due

    def _note(self, event: events.Event) -> None:
        """Tell the session of something that happens while its command goes on, and is still wanted."""
        if not self._scope.cancel_called:
            self._session.receive(event, anyio.current_time())
            self._mind_the_time()

    # --- one method a command ----------------------------------------------------------------------------------------

    async def _dial(self, command: events.Dial) -> events.Event:
        return events.CallConnected(await self._modem.dial(command.number) is Link.V34)

    async def _answer(self, _command: events.Answer) -> events.Event:
        return events.CallConnected(await self._modem.answer() is Link.V34)

    async def _send_frames(self, command: events.SendFrames) -> events.Event:
        await self._modem.send_frames([frame.build() for frame in command.frames])
        return events.Sent()

    async def _listen(self, _command: events.Listen) -> events.Event:
        heard = await self._modem.receive_frame(lambda: self._note(events.FlagsHeard()))
        if isinstance(heard, Heard):
            return HEARD[heard]
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
            if not data:
                self._note(events.Moved())
            data.extend(piece)
            if len(data) > tcf.MAX_OCTETS:  # no training: a sender that goes straight to its page
                enough.cancel()

        with anyio.CancelScope() as enough:
            ended = await self._modem.receive_data(command.modulation, collect)
        if not data:
            return HEARD[ended]
        return events.TrainingReceived(tcf.is_good(bytes(data), command.modulation, ecm=command.ecm))

    async def _hang_up(self, _command: events.HangUp) -> events.Event:
        await self._modem.hang_up()
        return events.HungUp()

    def _actions_of_sender(self, feed: PageFeed, on_progress: OnProgress) -> Mapping[type[events.Command], Action]:
        def meanwhile(work: Work) -> None:
            self._meanwhile.start_soon(work)

        sending = Sending(self._modem, feed, note=self._note, on_progress=on_progress, meanwhile=meanwhile)
        return {events.Choose: sending.choose, events.SendPage: sending.page, events.SendBlock: sending.block}

    def _actions_of_receiver(self, sink: PageSink, on_progress: OnProgress) -> Mapping[type[events.Command], Action]:
        receiving = Receiving(self._modem, sink, note=self._note, on_progress=on_progress)
        return {
            events.ReceivePage: receiving.page,
            events.ReceiveBlock: receiving.block,
            events.StoreBlock: receiving.store_block,
            events.StorePage: partial(self._store_page, sink),
        }

    # --- what goes on beside the command -----------------------------------------------------------------------------

    async def _store_page(self, sink: PageSink, command: events.StorePage) -> events.Event:
        """Have a page stored, and wait until that, or a command of another kind, moves the session on."""
        sink.sender = self._session.remote_id
        self._meanwhile.start_soon(self._store, sink, command)
        await anyio.sleep_forever()
        raise AssertionError("not reached")

    async def _store(self, sink: PageSink, command: events.StorePage) -> None:
        async def store(_command: events.StorePage) -> events.Event:
            return await sink.store()

        event = await self._attempt(command, store)
        if isinstance(event, events.Failed) and self._session.outcome is not None:
            return  # the call is ending already, and the page was not confirmed
        self._session.receive(event, anyio.current_time())
        self._change_over()


def _blame(command: events.Command, error: PortError | ModemError | DocumentError) -> Outcome:
    if isinstance(error, DocumentError):
        stores = isinstance(command, events.StorePage | events.StoreBlock | events.ReceivePage | events.ReceiveBlock)
        return Outcome.STORAGE_FAILED if stores else Outcome.DOCUMENT_FAILED
    return Outcome.PORT_LOST if isinstance(error, PortError) else Outcome.MODEM_FAILED
