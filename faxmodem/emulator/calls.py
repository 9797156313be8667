"""ATD, ATA and ATH: the call itself, with the tones that go before V.21."""

from __future__ import annotations

from typing import Final

import anyio

from faxmodem.emulator import v8, v34
from faxmodem.emulator.at_commands import DialPlan
from faxmodem.emulator.core import Aborted, Core
from faxmodem.emulator.line import Progress
from faxmodem.emulator.receiving import await_flags, deliver_frame
from faxmodem.emulator.results import Result
from faxmodem.emulator.signals import Signal, V34Rates
from faxmodem.emulator.transmitting import transmit_frames
from faxmodem.modem.quirks import Quirk

CNG_ON_S: Final = 0.5
CNG_OFF_S: Final = 3.0
"T.30 (09/2005) §4.2."
ADAPTIVE_S: Final = 7.0
"Adaptive answering: two CNG fit into that. No data modem is emulated: CONNECT to such a caller is all there is to it."
PULSED_DIGIT_S: Final = 1.2
X_WAITS_FOR_DIAL_TONE: Final = (2, 4)
X_KNOWS_BUSY: Final = (3, 4)


async def dial(core: Core, text: str) -> Result:
    """Dial, send CNG, wait for V.21, and give its first frame to the DTE: +FRH=3 is implied. T.31 (08/95).

    With V.34 turned on, an invitation to V.8 is taken up instead, and the call may become a V.34 session.
    """
    plan = DialPlan.parse(text)
    if "@" in text and core.settings.has(Quirk.NO_AT_SIGN):
        return Result.ERROR
    found: Result | V34Rates
    try:
        core.go_off_hook()  # all there is to do if somebody else has dialled, or will
        failed = await _place_call(core, plan) if plan.number else None
        if failed is None and plan.stays_in_command:
            return Result.OK
        found = failed or await _await_fax(core, may_ring=bool(plan.number))
    except Aborted:
        found = Result.NO_CARRIER
    if isinstance(found, V34Rates):
        return await v34.converse(core, found)
    if found is Result.OK:
        return found  # off hook, and to be told to receive
    if found is not Result.CONNECT:
        core.go_on_hook()
        if plan.number:
            core.blocked.add(plan.number)
        return found
    await core.report(Result.CONNECT)
    try:
        return await deliver_frame(core)
    except Aborted:  # of the reception, not of the call
        return Result.OK


async def _place_call(core: Core, plan: DialPlan) -> Result | None:
    """Dial the number; None, or why it cannot be done."""
    if plan.number in core.blocked and core.settings.has(Quirk.DIAL_BLOCKING):
        return Result.DELAYED
    digit_s = PULSED_DIGIT_S if plan.pulse else core.settings.digit_s
    await core.pause(core.settings.dial_tone_s + plan.pauses * core.registers["S8"] + len(plan.number) * digit_s)
    if core.end.dial(plan.number):
        return None
    return Result.NO_DIALTONE if core.registers["X"] in X_WAITS_FOR_DIAL_TONE else Result.NO_CARRIER


async def _await_fax(core: Core, *, may_ring: bool) -> Result | V34Rates:
    """Wait for the far end's fax signals: CONNECT for V.21, the rates for V.34, else why there is none."""
    if core.registers.service_class == "0":
        await core.pause(core.registers["S7"])  # a data call: nobody here answers it
        return Result.NO_CARRIER
    core.ear.tune(Signal.V21, core.now())
    wanted = v8.wanted_rates(core)
    failed = await _call_out(core, may_ring=may_ring, invitable=wanted is not None)
    if failed is Result.FAX and wanted is not None:
        if (rates := await v8.respond(core, wanted)) is not None:
            return rates
        failed = await await_flags(core, refused=lambda: _refused(core))
    if failed is None and wanted is not None and core.settings.has(Quirk.OK_MEANS_NO_V34):
        return Result.OK
    return failed or Result.CONNECT


async def _call_out(core: Core, *, may_ring: bool, invitable: bool) -> Result | None:
    """Send CNG now and then until V.21 is there; None when it is, FAX for an invitation to V.8, else why not."""
    failed: Result | None = None
    async with anyio.create_task_group() as tones:
        tones.start_soon(_send_cng, core)
        try:
            failed = await await_flags(core, refused=lambda: _refused(core) or _invited(core, invitable=invitable))
            if failed is Result.NO_CARRIER and may_ring and core.progress is None:
                failed = Result.NO_ANSWER
        except Aborted:  # caught here, as it would leave the task group in a group of exceptions
            failed = Result.NO_CARRIER
        tones.cancel_scope.cancel()
    return failed


def _refused(core: Core) -> Result | None:
    if core.progress is not Progress.BUSY:
        return None
    return Result.BUSY if core.registers["X"] in X_KNOWS_BUSY else Result.NO_CARRIER


def _invited(core: Core, *, invitable: bool) -> Result | None:
    return Result.FAX if invitable and core.ear.hears(Signal.ANSAM) is not None else None


async def _send_cng(core: Core) -> None:
    """The calling tone; the DCE listens all the while. T.30 (09/2005) §4.2."""
    while True:
        with core.end.send(Signal.CNG):
            await core.clock.sleep(CNG_ON_S)
        await core.clock.sleep(CNG_OFF_S)


async def is_fax(core: Core) -> bool:
    """Whether the caller sends CNG or V.21; of one who does neither it is thought that he is a data modem."""
    until = core.now() + ADAPTIVE_S
    while core.ear.hears(Signal.CNG) is None and core.ear.carrier is None:
        if core.clock.reached(until):
            return False
        await core.listen(until)
    return True


async def answer(core: Core) -> Result:
    """Answer, send CED, and take frames from the DTE: +FTH=3 is implied. T.31 (08/95).

    With V.34 turned on, the tone invites the caller to V.8, and the call may become a V.34 session.
    """
    core.go_off_hook()
    try:
        if core.registers.service_class == "0" and (core.registers["+FAE"] or core.registers["+FAA"]):
            if not await is_fax(core):
                await core.report(Result.DATA)
                return Result.CONNECT
            core.registers.service_class = "1" if core.registers["+FAE"] else "1.0"
            await core.report(Result.FAX)
        await core.pause(core.settings.answer_silence_s)
        if (wanted := v8.wanted_rates(core)) is None:
            with core.transmitting(Signal.CED):
                await core.pause(core.settings.ced_s)
        elif (rates := await v8.invite(core, wanted)) is not None:
            return await v34.converse(core, rates)
        if core.registers.service_class == "0":
            await core.pause(core.registers["S7"])  # a data call: no data modem calls here
            core.go_on_hook()
            return Result.NO_CARRIER
        await core.pause(core.settings.after_ced_s)
    except Aborted:
        core.go_on_hook()
        return Result.NO_CARRIER
    return await transmit_frames(core)
