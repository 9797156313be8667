"""The one loop that carries out what a session commands, and the only one that knows the time.

How a command is carried out stands elsewhere: `carrier_level` for modems that leave T.30 to us, `page_level` for those
that run it themselves.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import anyio

from faxmodem.call.desk import Action, Actions, Desk, Work
from faxmodem.errors import DocumentError, ModemError, PortError
from faxmodem.modem.base import CallFailed, LineDropped, SessionEnded
from faxmodem.t30 import events
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.transitions import Transition

log = logging.getLogger("faxmodem.call")


class Runner(Desk):
    """Carries out what a session commands, and tells it what came of it."""

    def __init__(
        self,
        session: Session,
        actions: Callable[[Desk], Actions],
        *,
        on_transition: Callable[[Transition], None],
    ) -> None:
        """`actions`: how each command is carried out, at the desk that it is given."""
        self._session = session
        self._on_transition = on_transition
        self._scope = anyio.CancelScope()
        self._command: events.Command | None = None
        self._actions = actions(self)
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
        except SessionEnded as error:
            if self._session.outcome is None:
                self.detail = str(error)
            return events.Released(error.outcome, error.code)
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

    # --- what an action may do beside its command --------------------------------------------------------------------

    @property
    def remote_id(self) -> str:
        """The far end's station id, "" until it has told one."""
        return self._session.remote_id

    def note(self, event: events.Event) -> None:
        """Tell the session of something that happens while its command goes on, and is still wanted."""
        if not self._scope.cancel_called:
            self._session.receive(event, anyio.current_time())
            self._change_over()

    def meanwhile(self, work: Work) -> None:
        """Start what goes on beside the commands that follow, and ends with the call at the latest."""
        self._meanwhile.start_soon(work)

    async def beside(self, command: events.Command, action: Action) -> events.Event:
        """Do `action` beside this command and those that follow; what comes of it may move the session on."""
        self._meanwhile.start_soon(self._beside, command, action)
        await anyio.sleep_forever()
        raise AssertionError("not reached")

    async def _beside(self, command: events.Command, action: Action) -> None:
        event = await self._attempt(command, action)
        if isinstance(event, events.Failed) and self._session.outcome is not None:
            return  # the call is ending already, and the page was not confirmed
        self._session.receive(event, anyio.current_time())
        self._change_over()


_STORING = (events.StorePage, events.StoreBlock, events.ReceivePage, events.ReceiveBlock, events.AwaitPage)


def _blame(command: events.Command, error: PortError | ModemError | DocumentError) -> Outcome:
    if isinstance(error, DocumentError):
        stores = isinstance(command, _STORING)
        return Outcome.STORAGE_FAILED if stores else Outcome.DOCUMENT_FAILED
    return Outcome.PORT_LOST if isinstance(error, PortError) else Outcome.MODEM_FAILED
