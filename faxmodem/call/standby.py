"""A modem that waits for calls, also past the moment when somebody pulls it out and puts it in again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import anyio
from anyio import to_thread

from faxmodem.call.stop import stoppable
from faxmodem.errors import ModemError, PortError
from faxmodem.modem.base import Modem
from faxmodem.transport.comeback import wait_for_port
from faxmodem.transport.naming import lasting_name

log = logging.getLogger("faxmodem.call")

REOPEN_S: Final = 5.0
"Between attempts to open a port that was lost."

T = TypeVar("T")


Opener = Callable[[], Awaitable[Modem]]
"Opens a port and sets its modem up. Raises `PortError`, `ModemError`."


class Standby:
    """The modem at a port. Use `start` first; `modem` is then another object each time that the port came back."""

    modem: Modem

    def __init__(self, port: str, opener: Callable[[str], Opener], stop: anyio.Event | None) -> None:
        """`opener`: gives what opens a port. `stop`: being set, it ends all waiting."""
        self.port = port
        self._opener = opener
        self._open = opener(port)
        self._stop = stop
        self._lasting: str | None = None

    async def start(self) -> None:
        """Open the port. Raises `PortError`, `ModemError`."""
        self.modem = await self._open()
        self._lasting = await to_thread.run_sync(lasting_name, self.port)

    async def until_call(self, wait: Callable[[Modem], Awaitable[T]], *, doubtful: bool) -> T | None:
        """What `wait` gives for the modem; None when `stop` was set. `doubtful`: it must show first that it is alive.

        A port that is lost is waited for. Raises `PortError` if it is one that does not come back, and `ModemError`.
        """
        while True:
            try:
                if doubtful:
                    await self.modem.set_up()
                return await self._unless_stopped(lambda: wait(self.modem))
            except PortError as lost:
                if self._lasting is None:
                    raise
                log.warning("%s. Waiting for %s to come back", lost, self._lasting)
                if (modem := await self._come_back(self._lasting)) is None:
                    return None
            self.modem, self.port, doubtful = modem, self._lasting, False

    async def aclose(self) -> None:
        """Close the port."""
        with anyio.CancelScope(shield=True):
            await self.modem.aclose()

    async def _come_back(self, port: str) -> Modem | None:
        with suppress(PortError, ModemError):  # there is nothing to hang up any more
            await self.aclose()

        opener = self._opener(port)

        async def reopen() -> Modem:
            while True:
                await wait_for_port(port)
                try:
                    return await opener()
                except PortError as error:  # pulled out again, or taken by another program
                    log.info("%s", error)
                    await anyio.sleep(REOPEN_S)

        return await self._unless_stopped(reopen)

    async def _unless_stopped(self, work: Callable[[], Awaitable[T]]) -> T | None:
        with anyio.CancelScope() as waiting:
            return await stoppable(work, self._stop, waiting.cancel)
        return None
