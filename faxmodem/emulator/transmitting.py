"""+FTM and +FTH: from the DTE to the line."""

from __future__ import annotations

from typing import Final

from faxmodem.emulator.core import Core
from faxmodem.emulator.line import Carrier
from faxmodem.emulator.results import Result
from faxmodem.emulator.signals import Signal
from faxmodem.modem.quirks import Quirk

FINAL: Final = 0x10
"Bit of the control field that marks the last frame, in link order."


async def transmit_data(core: Core, signal: Signal) -> Result:
    """Train, send what the DTE gives until <DLE><ETX>, drop the carrier. T.31 (08/95) §8.3.3."""
    with core.transmitting(signal) as carrier:
        early_s = core.settings.measure(Quirk.EARLY_CONNECT)
        if early_s or not core.settings.connect_when_training:
            await core.clock.sleep_until(carrier.free_at - early_s)
        await core.report(Result.CONNECT)
        if early_s:
            await _lose_data(core, carrier)
        result = await _send_stream(core, carrier)
        await carrier.send_data(b"\xff" * round(core.settings.turn_off_s * signal.rate_bps / 8))
    core.dte.discard_typed()
    return result


async def _lose_data(core: Core, carrier: Carrier) -> None:
    """Take what the DTE gives before the training is over, as fast as the line would, and do nothing with it."""
    octets_per_s = carrier.signal.rate_bps / 8
    since = core.now()
    while not core.clock.reached(carrier.free_at):
        until = min(since + core.settings.slice_s, carrier.free_at)
        await core.clock.sleep_until(until)
        core.dte.take_data(round((until - since) * octets_per_s), pairs=bool(core.registers["+FDD"]))
        since = until


async def _send_stream(core: Core, carrier: Carrier) -> Result:
    """Send data as they come.

    Before the first octet the line carries ones. Later, a DTE that falls behind after an octet of zeros is waited
    for with zeros (fill, in T.4); after any other octet its data are taken to be complete. TIA-578-A. Neither happens
    before the line has been empty for `DceSettings.starving_s`: what comes until then follows as if it had been there.
    """
    most = max(1, round(carrier.signal.rate_bps * core.settings.slice_s / 8))
    fill = b"\xff"
    give_up_at = core.now() + core.settings.dte_silence_s
    while True:
        octets, ended = core.dte.take_data(most, pairs=bool(core.registers["+FDD"]))
        if octets:
            fill = b"\x00" if octets[-1] == 0 else b""
            await carrier.send_data(octets)
            give_up_at = core.now() + core.settings.dte_silence_s
        if ended:
            return Result.OK
        if octets:
            continue
        starved_at = carrier.free_at + core.settings.starving_s
        if not fill and core.clock.reached(starved_at):
            return Result.OK
        if core.clock.reached(give_up_at):
            return Result.ERROR
        next_fill_at = max(starved_at, core.now()) + core.settings.slice_s
        await core.bell.wait(min(give_up_at, next_fill_at if fill else starved_at))
        late_s = core.now() - starved_at
        await carrier.send_data(fill * max(0, int(late_s * carrier.signal.rate_bps / 8)))


async def transmit_frames(core: Core) -> Result:
    """Send V.21 flags and the frames that the DTE gives, up to a final one. T.31 (08/95) §8.3.5."""
    with core.transmitting(Signal.V21) as carrier:
        if core.settings.connect_when_flagging:
            await core.report(Result.CONNECT)
        await core.clock.sleep_until(carrier.begin + core.settings.preamble_s)
        if not core.settings.connect_when_flagging:
            await core.report(Result.CONNECT)
        result = await _send_frames(core, carrier)
    core.dte.discard_typed()
    return result


async def _send_frames(core: Core, carrier: Carrier) -> Result:
    while True:
        frame = await _frame_from_dte(core)
        if frame is None:
            return Result.ERROR
        if not frame:
            return Result.OK
        await carrier.send_frame(frame)
        if len(frame) > 1 and frame[1] & FINAL:
            return Result.OK
        await core.report(Result.CONNECT)


async def _frame_from_dte(core: Core) -> bytes | None:
    """A frame up to its <DLE><ETX>; None when the DTE falls silent."""
    frame = bytearray()
    give_up_at = core.now() + core.settings.dte_silence_s
    while not core.clock.reached(give_up_at):
        octets, ended = core.dte.take_data(core.settings.transmit_buffer, pairs=bool(core.registers["+FDD"]))
        frame += octets
        if ended:
            return bytes(frame)
        if octets:
            give_up_at = core.now() + core.settings.dte_silence_s
        await core.bell.wait(give_up_at)
    return None


async def stop_and_pause(core: Core, units: int) -> Result:
    """Be silent for `units` of 10 ms. T.31 (08/95) §8.3.1."""
    await core.clock.sleep(units * 0.01)
    return Result.OK
