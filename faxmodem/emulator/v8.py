"""V.8 as far as two fax modems need it: do both want V.34 half duplex, and which rates?

ANSam, CM, JM and CJ cross the line as signals of plausible length. Choice: the rates cross with CM and JM, where real
modems exchange them in MPh after their training; so one look at a history shows what was agreed on when.

V.8 (11/2000) §8; T.30 (09/2005) Annex F.
"""

from __future__ import annotations

from typing import Final

from faxmodem.emulator.core import Core
from faxmodem.emulator.signals import Signal, V34Rates

PRIMARY_STEP_BPS: Final = 2400
CONTROL_STEP_BPS: Final = 1200
ANSAM_HEARD_S: Final = 1.0
"How long the caller hears ANSam before its CM. V.8 §8.1.1: at least half a second."
MENU_TWICE_S: Final = 0.4
"Two CM or JM of some 60 bits at 300 bit/s: so many in a row, alike, are believed."
CJ_S: Final = 0.1
"Three octets."
MENU_LIMIT_S: Final = 5.0
"For CJ after the first JM, and for JM after the first CM."
SILENCE_S: Final = 0.075


def wanted_rates(core: Core) -> V34Rates | None:
    """The rates that the DTE wants in V.34; None if it does not want V.34, or is not in class 1.0. T.31 Amd 1 §B.6.1.

    The control channel runs at 1200 bit/s unless both DTEs prefer 2400. The rates for the other direction, which half
    duplex does not have, are stored and have no effect.
    """
    most, least, control, *_ = core.registers.values("+F34")
    if core.registers.service_class != "1.0" or not core.settings.takes_v34 or most == 0:
        return None
    return V34Rates(
        primary_bps=most * PRIMARY_STEP_BPS,
        least_bps=max(1, least) * PRIMARY_STEP_BPS,
        control_bps=max(1, control) * CONTROL_STEP_BPS,
    )


async def invite(core: Core, wanted: V34Rates) -> V34Rates | None:
    """As the called DCE: send ANSam, and JM in answer to CM. The rates agreed on; None: go on in V.21.

    Raises `Aborted` when the DTE sends anything.
    """
    agreed: V34Rates | None = None
    with core.end.send(Signal.ANSAM):
        until = core.now() + core.settings.ansam_s
        while not core.clock.reached(until) and agreed is None:
            await core.listen(until)
            if (cm := core.ear.hears(Signal.CM)) is not None and cm.rates is not None:
                agreed = wanted.common(cm.rates)
        if agreed is not None:
            await core.pause(MENU_TWICE_S)
    if agreed is None:
        return None
    with core.end.send(Signal.JM, rates=agreed):
        if not await _hears(core, Signal.CJ):
            return None
        await core.pause(CJ_S)
    await core.pause(SILENCE_S)
    return agreed


async def respond(core: Core, wanted: V34Rates) -> V34Rates | None:
    """As the calling DCE, which hears ANSam: send CM, and CJ in answer to JM. Gives and raises as `invite` does."""
    await core.pause(ANSAM_HEARD_S)
    with core.end.send(Signal.CM, rates=wanted):
        if not await _hears(core, Signal.JM):
            return None
        await core.pause(MENU_TWICE_S)
    jm = core.ear.hears(Signal.JM)
    if jm is None or jm.rates is None:
        return None
    with core.end.send(Signal.CJ, rates=jm.rates):
        await core.pause(CJ_S)
    await core.pause(SILENCE_S)
    return jm.rates


async def _hears(core: Core, menu: Signal) -> bool:
    """Whether the other end says this, and can be understood. The caller stops waiting when the called one has."""
    until = core.now() + MENU_LIMIT_S
    while not core.clock.reached(until):
        heard = core.ear.hears(menu)
        if heard is not None and heard.rates is not None:
            return True
        if menu is Signal.JM and heard is None and core.ear.hears(Signal.ANSAM) is None:
            return False
        await core.listen(until)
    return False
