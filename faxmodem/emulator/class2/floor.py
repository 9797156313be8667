"""Who has the floor: the conversation of one fax session with its DTE.

The session runs beside the DTE's commands. A command of the DTE that has to do with the session gives it a go-ahead
and waits until the session settles the command's result; the session, where it needs the DTE to go on, settles what
is open and waits for the next go-ahead. What it has to report while no command is open waits for the next one.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import anyio

from faxmodem.emulator.class2.dialect import CAN, DC1, DC2
from faxmodem.emulator.class2.front_end import FrontEnd
from faxmodem.emulator.core import Core
from faxmodem.emulator.results import Result


class Go(Enum):
    """What the DTE has told the session to do."""

    SEND = "+FDT"
    RECEIVE = "+FDR"


class Mode(Enum):
    """What octets of the DTE are, while a command of its own is open."""

    DIALLING = "any octet ends the attempt"
    WAITING = "CAN ends the session"
    STREAM = "page data"


_STARTERS: Final = (DC1, DC2)


class Floor:
    """The DTE's side of a session."""

    def __init__(self, core: Core, front: FrontEnd) -> None:
        self._core = core
        self._front = front
        self._open = False
        self._result: Result | None = None
        self._reports: list[str] = []
        self._news = anyio.Event()
        self.mode = Mode.DIALLING
        self.go: Go | None = None
        "What the DTE has told the session to do and is not done yet."
        self.reported = False
        "Something had to be told to the DTE when it gave its last command."
        self.started = False
        "The DTE takes page data: it has sent DC1 or DC2."

    # -- the DTE's commands

    def begin(self) -> None:
        """The DTE gives a command that the session will settle, or would have."""
        self._open, self._result = True, None
        self.reported = bool(self._reports)
        for text in self._reports:
            self._core.tell(text)
        self._reports.clear()

    def withdraw(self) -> None:
        """The DTE's command is none that can be given now."""
        self._open = False

    async def settled(self) -> Result | None:
        """Wait for the result; None for an octet that ends the session, or its attempt."""
        while self._result is None:
            if not self._heed():
                return None
            if self._result is None:
                await self._core.bell.wait()
        result, self._result = self._result, None
        return result

    def _heed(self) -> bool:
        """Take in what the DTE sends while its command is open; False when that ends the session."""
        dte = self._core.dte
        if self.mode is Mode.STREAM:
            return True
        if self.mode is Mode.DIALLING:
            return not dte.take_abort()
        octets = dte.take_controls()
        if not self.started and any(octet in _STARTERS for octet in octets):
            self.started = True
            self.tell()
        return CAN not in octets

    def allow(self, go: Go) -> None:
        """Let the session go on."""
        self.go = go
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for the DTE."""
        self._news.set()
        self._news = anyio.Event()
        self._core.ring()

    # -- the session

    @property
    def is_open(self) -> bool:
        """Whether a command of the DTE waits for its result."""
        return self._open

    def say(self, text: str) -> None:
        """Report something: now, if a command is open, else when the next one is."""
        if self._open:
            self._core.tell(text)
        else:
            self._reports.append(text)

    def settle(self, result: Result) -> None:
        """Give the DTE's command its result, if one is open."""
        if self._open:
            self._open, self._result = False, result
            self._core.bell.ring()

    async def news(self, until: float) -> bool:
        """Wait until the DTE has done something; False when line time `until` came first.

        Raises `LineDropped` when the call is over.
        """
        self._front.check()
        with anyio.move_on_after(max(0.0, (until - self._core.now()) / self._core.clock.pace)) as patience:
            await self._news.wait()
        self._front.check()
        return not patience.cancelled_caught
