"""What the drivers of all service classes have in common: set-up, waiting for a ring, and going on hook."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Final

import anyio

from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem import recovery
from faxmodem.modem.at import Result, ResultCode, Text
from faxmodem.modem.base import ModemIdentity, Ring
from faxmodem.modem.callerid import caller_id
from faxmodem.modem.dialogue import Dialogue
from faxmodem.modem.profile import Profile
from faxmodem.transport.base import Transport

MAX_RING_LINES: Final = 32
"Lines that are kept between rings for what they may tell of the caller."


class AtModem:
    """A modem that takes AT commands."""

    CLASSES: ClassVar[tuple[str, ...]]
    "The service classes that the driver knows; the first goes with a profile that prefers none of them."

    def __init__(self, transport: Transport, profile: Profile, service_class: str | None = None) -> None:
        """`service_class`: one of `CLASSES`; None: the one of them that the profile prefers."""
        preferred = next((name for name in profile.classes.prefer if name in self.CLASSES), self.CLASSES[0])
        self.service_class: Final = service_class or preferred
        self._transport = transport
        self._profile = profile
        self._timing = profile.timing
        self._dialogue = Dialogue(transport, profile)
        self._identity = ModemIdentity()
        self._off_hook = False

    @property
    def identity(self) -> ModemIdentity:
        """What `set_up` found out."""
        return self._identity

    async def _configure(self) -> None:
        """Find the modem, reset it, and bring it into its service class."""
        at = self._profile.at
        await self._transport.set_dtr(True)
        await recovery.revive(self._dialogue)
        await self._dialogue.run(at.reset)
        await anyio.sleep(self._timing.after_reset_s)
        await recovery.revive(self._dialogue)
        await self._dialogue.run(at.init)
        await self._select_class()
        await self._dialogue.run((*at.configure, *self._profile.flow.setup))

    async def _select_class(self) -> None:
        select = f"AT+FCLASS={self.service_class}"
        if not (await self._dialogue.ask(select)).ok:
            classes = " ".join((await self._dialogue.ask(self._profile.at.classes)).lines)
            raise ModemError(
                f"the modem refuses {select}, so it is no Class {self.service_class} fax modem; "
                f"the classes that it lists are {classes or 'none'}"
            )

    async def settle(self) -> None:
        """Bring the modem back to command state after an action that was cancelled. Raises `ModemTimeout`."""
        await recovery.settle(self._dialogue)

    async def wait_for_ring(self, rings: int = 1) -> Ring:
        """Wait until the telephone has rung `rings` times from now on."""
        await self.settle()
        await self._dialogue.forget()  # a ring that waited in the port belongs to a caller who may have given up
        lines: deque[str] = deque(maxlen=MAX_RING_LINES)
        heard = 0
        while heard < rings:
            try:
                event = await self._dialogue.event(self._timing.ring_gap_s if heard else None)
            except ModemTimeout:
                heard = 0
                lines.clear()
                continue
            if isinstance(event, Result | Text):
                lines.append(event.text)
            if isinstance(event, Result) and event.code is ResultCode.RING:
                heard += 1
        return Ring(caller_id=caller_id(lines))

    async def hang_up(self) -> None:
        """Leave the modem on hook, whatever it was doing. Raises `ModemTimeout` if it cannot be reached."""
        with anyio.CancelScope(shield=True):  # a line left open costs its owner money; every wait in here is bounded
            self._off_hook = False
            await recovery.hang_up(self._dialogue)

    async def aclose(self) -> None:
        """Hang up if a call may be up, and close the port."""
        try:
            if self._off_hook:
                await self.hang_up()
        finally:
            with anyio.CancelScope(shield=True):
                await self._transport.aclose()
