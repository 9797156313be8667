"""+FRM, +FRH and +FRS: from the line to the DTE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from faxmodem.codec.fcs import FCS_OCTETS, is_whole
from faxmodem.emulator.core import Aborted, Core
from faxmodem.emulator.dle import DLE_ETX, stuff
from faxmodem.emulator.results import Result
from faxmodem.emulator.signals import Signal
from faxmodem.emulator.transmitting import FINAL
from faxmodem.modem.quirks import Quirk

CARRIER_LOSS_UNIT_S: Final = 0.1


async def receive_frame(core: Core) -> Result:
    """Wait for V.21 and give one frame to the DTE. T.31 (08/95) §8.3.6."""
    core.ear.tune(Signal.V21, core.now())
    failed = await await_flags(core)
    if failed is not None:
        return failed
    await core.report(Result.CONNECT)
    return await deliver_frame(core)


async def await_flags(core: Core, *, refused: Callable[[], Result | None] = lambda: None) -> Result | None:
    """Wait for V.21, at most S7 seconds; None when it is there, else why not. `refused` may end it earlier."""
    ear = core.ear
    until = core.now() + core.registers["S7"]
    late_s = core.settings.measure(Quirk.LATE_FLAGS)
    while True:
        if (why := refused()) is not None:
            return why
        if ear.frames:
            return None
        wake_at = until
        if ear.carrier is not None:
            told_at = ear.recognised_at + late_s
            if core.clock.reached(told_at):
                passes = ear.carrier.signal is Signal.V21 or core.settings.has(Quirk.CONNECT_ON_ANY_CARRIER)
                return None if passes else Result.FCERROR
            wake_at = min(until, told_at)
        if core.clock.reached(until):
            return Result.NO_CARRIER
        await core.listen(wake_at)


async def deliver_frame(core: Core) -> Result:
    """Give the next V.21 frame to the DTE: octets, FCS, <DLE><ETX>, and then what to think of it."""
    ear = core.ear
    try:
        while not ear.frames:
            if ear.carrier is None or ear.carrier.signal is not Signal.V21:
                return Result.NO_CARRIER
            await core.listen()
    except Aborted:
        core.end_data()
        raise
    octets = ear.frames.popleft()
    shown = octets if core.settings.fcs_delivered else octets[:-FCS_OCTETS]
    core.dte.put(stuff(shown, pairs=bool(core.registers["+FDD"])) + DLE_ETX)
    if not is_whole(octets):
        return Result.ERROR
    if core.settings.hold_final_ok and octets[1] & FINAL:
        while ear.carrier is not None and ear.carrier.signal is Signal.V21:
            await core.listen()
    return Result.OK


async def receive_data(core: Core, wanted: Signal) -> Result:
    """Wait for the carrier `wanted` and give its data to the DTE until it is lost. T.31 (08/95) §8.3.4."""
    core.ear.tune(wanted, core.now())
    failed = await _await_training(core, wanted)
    if failed is Result.FRH3:
        core.tell(Result.FRH3.verbose)
        return await receive_frame(core)
    while failed is not None and core.settings.has(Quirk.FRM_SILENT):
        await core.listen()
    if failed is not None:
        return failed
    await core.report(Result.CONNECT)
    return await _deliver_data(core)


async def _await_training(core: Core, wanted: Signal) -> Result | None:
    """Wait until `wanted` is trained, at most S7 seconds; None when it is, else why not.

    A carrier of the same modulation whose training does not serve (it is the other kind, or its beginning was
    missed) is silence to the DTE; another modulation is reported.
    """
    ear = core.ear
    until = core.now() + core.registers["S7"]
    while True:
        wake_at = until
        if ear.is_decodable:
            if core.clock.reached(ear.trained_at):
                return None
            wake_at = min(until, ear.trained_at)
        elif ear.carrier is not None and ear.carrier.signal.modulation is not wanted.modulation:
            if core.clock.reached(ear.recognised_at):
                adapts = core.registers["+FAR"] and ear.carrier.signal is Signal.V21
                return Result.FRH3 if adapts else Result.FCERROR
            wake_at = min(until, ear.recognised_at)
        if core.clock.reached(until):
            return Result.NO_CARRIER
        await core.listen(wake_at)


async def _deliver_data(core: Core) -> Result:
    """Give data to the DTE until the carrier is gone for longer than +FCL, or the DTE has had enough."""
    ear = core.ear
    carrier = ear.train()
    pairs = bool(core.registers["+FDD"])
    patience_s = core.registers["+FCL"] * CARRIER_LOSS_UNIT_S
    try:
        while True:
            if ear.has_data:
                core.dte.put_data(stuff(ear.take_data(), pairs=pairs))
            if ear.carrier is carrier and carrier is not None:
                await core.listen()
            elif ear.carrier is None and not core.clock.reached(ear.silent_since + patience_s):
                await core.listen(ear.silent_since + patience_s)
            else:
                return Result.NO_CARRIER
    finally:  # also when the DTE aborts it and when the far end hangs up
        core.end_data()


async def await_silence(core: Core, units: int) -> Result:
    """Wait until the line has been silent for `units` of 10 ms. T.31 (08/95) §8.3.2."""
    ear = core.ear
    begun = core.now()
    if core.settings.has(Quirk.FRS_RESETS):
        core.registers.service_class = "0"
        return Result.OK
    while True:
        until = max(begun, ear.silent_since) + units * 0.01 if ear.is_silent else None
        if until is not None and core.clock.reached(until):
            return Result.OK
        await core.listen(until)
