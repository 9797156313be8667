"""A fax DCE in software: AT commands on one side, a telephone line on the other."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

import anyio

from faxmodem.emulator.calls import answer
from faxmodem.emulator.class2.service import FaxService
from faxmodem.emulator.core import Core
from faxmodem.emulator.interpreter import execute
from faxmodem.emulator.line import Progress, Ring, Subscriber
from faxmodem.emulator.results import Result
from faxmodem.emulator.settings import DceSettings
from faxmodem.errors import PortError
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Transport

RINGS_BELONG_TOGETHER_S: Final = 8.0
"S1 goes back to 0 when the telephone has not rung for so long. V.250 §6.3.8."
DTR_LOOK_S: Final = 0.25
_HANGS_UP_WITHOUT_DTR: Final = (2, 3)

STATE_CHANGES: Final = frozenset({Result.NO_CARRIER, Result.BUSY, Result.NO_DIALTONE})
STATE_CHANGING: Final = ("+FCLASS=", "H", "Z")
"Results, and beginnings of command lines, after which firmware may need some time for itself."
LATE_S: Final = 0.05
"Between a result and one that should have come before it."


class Dce:
    """A modem: `transport` leads to its DTE, `end` is its telephone socket.

    It belongs to the fax classes 1 and 1.0 of T.31, with V.34 in 1.0, to 2, 2.0 and 2.1, in which it runs T.30 itself,
    and to class 0 as far as commands go: a data call it dials or answers never gets a carrier.
    """

    def __init__(self, transport: Transport, end: Subscriber, *, settings: DceSettings | None = None) -> None:
        self._core = Core(transport, end, settings or DceSettings())
        self._fax = FaxService(self._core)
        self._transport = transport
        self._doing: anyio.CancelScope | None = None
        self._life = anyio.CancelScope()
        self._cleared = False
        self._command = ""
        "The command line that was carried out last, from after its AT."
        self._rings_to_report = 0
        self._caller = ""
        self._last_ring_at = 0.0
        self._idle_since = 0.0

    async def run(self) -> None:
        """Be a modem until cancelled, or until the port to the DTE is gone."""
        try:
            with self._life:
                await self._live()
            await anyio.sleep_forever()  # frozen
        except* PortError:
            pass
        finally:
            self._core.go_on_hook()

    def freeze(self) -> None:
        """For tests: the firmware dies. Signals stop, the line stays taken, the DTE gets no answer any more."""
        self._life.cancel()

    # -- tasks

    async def _live(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._core.dte.read)
            tasks.start_soon(self._core.dte.write)
            tasks.start_soon(self._fax.run)
            tasks.start_soon(self._hear)
            tasks.start_soon(self._watch_dtr)
            await self._serve()

    async def _hear(self) -> None:
        core = self._core
        while True:
            sound = await core.end.hear()
            if isinstance(sound, Ring):
                self._rings_to_report += 1
                self._caller = sound.caller
            elif sound is Progress.CLEARED and self._fax.in_session:
                self._fax.line_cleared()
            elif sound is Progress.CLEARED:
                self._end_call()
            elif isinstance(sound, Progress):
                core.progress = sound
            else:
                core.ear.hear(sound, core.now())
            core.ring()

    async def _watch_dtr(self) -> None:
        """Hang up when the DTE drops DTR, if the port has such a line and &D says so. V.250 §6.2.9."""
        core = self._core
        was_on = False
        while (is_on := (await self._transport.control_lines()).dsr) is not None:
            if was_on and not is_on and core.registers["&D"] in _HANGS_UP_WITHOUT_DTR:
                self._fax.drop()
                self._end_call()
            was_on = is_on
            await core.clock.sleep(DTR_LOOK_S)
            await core.wait_off_hook()

    def _end_call(self) -> None:
        """The call is over without the DTE's ATH: whatever is being done ends."""
        self._cleared = True
        if self._doing is not None:
            self._doing.cancel()
        self._core.bell.ring()

    async def _serve(self) -> None:
        """What happens between commands, and the commands."""
        core = self._core
        while True:
            if self._cleared:
                await self._hang_up_cleared(tell=core.settings.reports_idle_hang_up)
            elif (line := core.dte.read_line()) is not None:
                await self._obey(self._do(line))
            elif self._rings_to_report:
                await self._ring()
            elif self._is_forgotten():
                self._give_up()
            else:
                await core.bell.wait(self._forgotten_at())

    async def _do(self, line: str) -> Result:
        """Carry out a command line, given from after its AT."""
        self._command = line
        core, command = self._core, f"AT{line}"
        if command in core.settings.unblock:
            core.blocked.clear()
            return Result.OK
        result = await execute(core, self._fax, line)
        if result is not Result.ERROR or command not in core.settings.commands:
            return result
        core.registers.choose_flow(core.settings.commands[command] or core.registers.flow)
        core.dte.flow_changed()
        return Result.OK

    async def _obey(self, action: Awaitable[Result]) -> None:
        """Do something that ends with a result code, or with the call."""
        self._core.aborted = False
        result: Result | None = None
        with anyio.CancelScope() as self._doing:
            result = await action
        self._doing = None
        if result is None:
            self._core.dte.discard_typed()
            await self._hang_up_cleared(tell=True)
        else:
            await self._end_command(result)
        if not self._fax.in_session:
            self._core.ear.tune(None, self._core.now())
        self._idle_since = self._core.now()

    async def _hang_up_cleared(self, *, tell: bool) -> None:
        self._cleared = False
        if self._core.end.off_hook:
            self._core.go_on_hook()
            if tell:
                await self._end_command(Result.NO_CARRIER)

    async def _end_command(self, result: Result) -> None:
        """Give a result, and go on as some firmware does."""
        core, settings = self._core, self._core.settings
        await core.report(result)
        core.dte.follow_baud()
        core.dte.deafen(settings.measure(Quirk.WAITS_BETWEEN_COMMANDS))
        if core.aborted or result in STATE_CHANGES or self._command.startswith(STATE_CHANGING):
            core.dte.deafen(settings.measure(Quirk.DEAF_AFTER_STATE_CHANGE))
        if core.aborted and settings.has(Quirk.LATE_FCERROR):
            await core.clock.sleep(LATE_S)
            await core.report(Result.FCERROR)

    async def _ring(self) -> None:
        """The telephone rings: say so, count, and answer if S0 says so. V.250 §6.3.8."""
        core = self._core
        self._rings_to_report -= 1
        if core.end.off_hook:
            return
        goes_on = core.now() - self._last_ring_at < RINGS_BELONG_TOGETHER_S
        core.registers.ring(core.registers["S1"] + 1 if goes_on else 1)
        self._last_ring_at = core.now()
        await core.report(Result.RING)
        if core.registers["+VCID"] and core.registers["S1"] == 1:
            core.tell(f"NMBR = {self._caller}")
        if 0 < core.registers["S0"] <= core.registers["S1"]:
            await self._obey(self._fax.answer() if self._fax.applies else answer(core))

    # -- +FIT: a DTE that forgets the telephone

    def _forgotten_at(self) -> float | None:
        limit_s = self._core.registers["+FIT"]
        return self._idle_since + limit_s if limit_s and self._core.end.off_hook else None

    def _is_forgotten(self) -> bool:
        at = self._forgotten_at()
        return at is not None and self._core.clock.reached(at)

    def _give_up(self) -> None:
        """Go on hook by ourselves. T.31 (08/95) §8.5.4."""
        self._core.go_on_hook()
        if self._core.registers.values("+FIT")[1] == 0:
            self._core.registers.enter("0")
            self._core.dte.follow_baud()
