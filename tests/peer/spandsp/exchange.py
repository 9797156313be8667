"""The telephone exchange between a spandsp modem and a fax machine: rings, connects, lets time pass on the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio

from tests.peer.spandsp.library import BLOCK_S, CallEvent, ModemOperation
from tests.peer.spandsp.line import AudioLine, Impairments
from tests.peer.spandsp.modem import SoftModem
from tests.peer.spandsp.terminal import Terminal

RING_EVERY_S: Final = 5.0
GOES_DEAD_S: Final = 1.0
"After one end has hung up, for the other one."
HOPELESS_SNR_DB: Final = 0.0

MakeTerminal = Callable[[Callable[[], float]], Terminal]
"Makes the machine of a call; gets the clock of the line."


class Exchange:
    """One modem, one machine, one call at a time. `run` is a task of its own."""

    def __init__(
        self,
        make_terminal: MakeTerminal,
        *,
        to_modem: Impairments,
        to_terminal: Impairments,
        seed: int = 0,
        receives_at_most_bps: int | None = None,
        verbose: bool = False,
    ) -> None:
        """`receives_at_most_bps`: faster carriers reach the modem in noise, as on a line that bears no more."""
        self.modem = SoftModem(self._on_operation, verbose=verbose)
        self._make_terminal = make_terminal
        self._to_modem, self._to_terminal = to_modem, to_terminal
        self._seed = seed
        self._limit_bps = receives_at_most_bps
        self._off_hook = anyio.Event()
        self._on_hook = anyio.Event()
        self.over = anyio.Event()
        "The first call has ended, for the machine too."
        self.terminal: Terminal | None = None
        "The machine of the present call, or of the last one."
        self.line_s = 0.0
        "Time of the line in the present call, or the last one."
        self.dialled = ""

    async def run(self) -> None:
        """Connect whenever the modem goes off hook."""
        while True:
            await self._off_hook.wait()
            self._on_hook = anyio.Event()
            await self._call(CallEvent.CONNECTED if self.dialled else CallEvent.ANSWERED)
            self._off_hook = anyio.Event()
            self.over.set()

    async def ring(self) -> None:
        """Let the machine call the modem, and return when that has answered."""
        self.dialled = ""
        while not self._off_hook.is_set():
            self.modem.tell(CallEvent.ALERTING)
            with anyio.move_on_after(RING_EVERY_S):
                await self._off_hook.wait()

    async def _call(self, event: CallEvent) -> None:
        self.line_s = 0.0
        terminal = self.terminal = self._make_terminal(lambda: self.line_s)
        line = AudioLine(self.modem, terminal, a_to_b=self._to_terminal, b_to_a=self._to_modem, seed=self._seed)
        self.modem.tell(event)
        due = anyio.current_time()
        while terminal.active and not self._on_hook.is_set():
            if self._limit_bps is not None:
                line.to_a.snr_db = HOPELESS_SNR_DB if (self.modem.receiving_bps or 0) > self._limit_bps else None
            due = await self._step(line, due)
        # What is under way still arrives, and who is left learns that the line is dead.
        last_s = self.line_s + GOES_DEAD_S + max(self._to_modem.delay_s, self._to_terminal.delay_s)
        while self.line_s < last_s:
            due = await self._step(line, due)
        terminal.drop()
        self.modem.tell(CallEvent.HANGUP)

    async def _step(self, line: AudioLine, due: float) -> float:
        line.step()
        self.line_s = line.time_s
        await anyio.sleep_until(due + BLOCK_S)
        return due + BLOCK_S

    def _on_operation(self, operation: ModemOperation, number: str) -> None:
        match operation:
            case ModemOperation.CALL:
                self.dialled = number
                self._off_hook.set()
            case ModemOperation.ANSWER:
                self._off_hook.set()
            case _:
                self._on_hook.set()
