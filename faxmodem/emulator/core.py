"""What every action of the DCE works with: the DTE, the line, the registers, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio

from faxmodem.emulator.clock import Bell
from faxmodem.emulator.dle import DLE_EOT, DLE_ETX
from faxmodem.emulator.dte import DteLink
from faxmodem.emulator.ear import Ear
from faxmodem.emulator.line import Carrier, Progress, Subscriber
from faxmodem.emulator.registers import Registers
from faxmodem.emulator.results import Result
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.signals import Signal
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Transport

CAN: Final = 0x18


class Aborted(Exception):
    """The DTE sent an octet while the DCE was waiting for the line."""


class Core:
    """The parts of one DCE and the few things that all actions do with them."""

    def __init__(self, transport: Transport, end: Subscriber, settings: DceSettings) -> None:
        self.settings: Final = settings
        self.end: Final = end
        self.clock: Final = end.line.clock
        self.bell: Final = Bell(self.clock)
        self.fax_bell: Final = Bell(self.clock)
        "As `bell`, for the task of the fax procedure in the service classes 2, 2.0 and 2.1."
        self.registers: Final = Registers(settings.flow)
        self.dte: Final = DteLink(
            transport,
            self.clock,
            self.registers,
            on_typed=self.ring,
            size=settings.transmit_buffer,
            most_waiting=settings.receive_buffer,
            loses=settings.loses,
            stops=not settings.has(Quirk.SMALL_BUFFER),
            baud=settings.baud,
        )
        self.ear: Final = Ear(frame_queue=settings.frame_queue, grace_s=settings.training_grace_s)
        self.progress: Progress | None = None
        "What the exchange last said about the call."
        self.aborted = False
        "The DTE has ended the present command."
        self.blocked: Final[set[str]] = set()
        "Numbers that are not dialled again."
        self._lifted = anyio.Event()
        self._tail = b""
        "What ends received data; goes out with the result code that says why they ended."

    def now(self) -> float:
        """Line time in seconds."""
        return self.clock.now()

    def ring(self) -> None:
        """Something has happened: wake whoever waits for that."""
        self.bell.ring()
        self.fax_bell.ring()

    # -- what the DTE is told

    async def report(self, result: Result) -> None:
        """Give a result code to the DTE, in the form that V, Q, S3 and S4 ask for."""
        await self.clock.sleep(self.settings.result_latency_s)
        text = b""
        if not self.registers["Q"]:
            verbose = self._crlf + result.verbose.encode() + self._crlf
            text = verbose if self.registers["V"] else result.numeric.encode() + self._crlf[:1]
        self.dte.put(self._tail + text)
        self._tail = b""

    def end_data(self) -> None:
        """Let <DLE><ETX> go before the next result code, in one piece with it: some DTEs do not wait between them."""
        self._tail = DLE_ETX

    def end_session(self) -> None:
        """Let <DLE><EOT> go before the next result code: V.34 is over, and not because the DTE said so."""
        self._tail = DLE_EOT

    def lock_rate(self, quirk: Quirk) -> None:
        """Where the firmware has this quirk, the port goes over to another rate with the next `follow_baud`."""
        if self.settings.has(quirk):
            self.registers.lock(round(self.settings.measure(quirk)))
            self.dte.flow_changed()

    def tell(self, text: str) -> None:
        """Give an information text to the DTE."""
        self.dte.put((self._crlf if self.registers["V"] else b"") + text.encode() + self._crlf)

    @property
    def _crlf(self) -> bytes:
        return bytes((self.registers["S3"], self.registers["S4"]))

    # -- waiting, with an ear on the DTE

    async def listen(self, until: float | None = None) -> None:
        """Wait until something happens on the line, at most until line time `until`.

        Raises `Aborted` as soon as the DTE sends anything but XON and XOFF.
        """
        await self._heed_dte()
        await self.bell.wait(until)
        await self._heed_dte()

    async def _heed_dte(self) -> None:
        """Stop waiting for the line if the DTE says so."""
        octet = self.dte.take_abort()
        if octet == CAN and self.settings.has(Quirk.CAN_HANGS):
            await self.report(Result.CONNECT)
            await anyio.sleep_forever()
        if octet is not None:
            self.aborted = True
            raise Aborted

    async def pause(self, seconds: float) -> None:
        """Let time pass; raises `Aborted` like `listen`."""
        until = self.now() + seconds
        while not self.clock.reached(until):
            await self.listen(until)

    # -- the line

    @contextmanager
    def transmitting(self, signal: Signal) -> Iterator[Carrier]:
        """Send `signal` for as long as the context lasts, deaf meanwhile."""
        self.ear.cover()
        try:
            with self.end.send(signal) as carrier:
                yield carrier
        finally:
            self.ear.uncover(self.now())

    def go_off_hook(self) -> None:
        """Take the line, if we do not have it yet."""
        if not self.end.off_hook:
            self.progress = None
            self.ear.forget(self.now())
            self.end.lift()
            self._lifted.set()

    def go_on_hook(self) -> None:
        """Give the line back."""
        self.end.hang_up()
        if self._lifted.is_set():
            self._lifted = anyio.Event()
        self.ear.forget(self.now())

    async def wait_off_hook(self) -> None:
        """Wait until the line is taken, if it is not."""
        await self._lifted.wait()
