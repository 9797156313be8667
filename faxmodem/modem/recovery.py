"""Back to command state and back on hook, from whatever the modem was doing. Bounded in time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import anyio

from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem.at import CAN, DLE_CAN, DLE_EOT, DLE_ETX, XON, ResultCode
from faxmodem.modem.dialogue import INTERMEDIATE, Busy, Dialogue
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.advice import power_cycle
from faxmodem.transport.base import Flow

END_OF_VOICE: Final = b"\x10^"
"Of a stream both ways (V.253 (02/98))."
TRIES: Final = 3
"Of AT: the first may be taken for an abort, the second find the rest of the first before it."
BAUD_TRIES: Final = 2
BAUD_S: Final = 0.5
"For an answer at another rate; at 300 bit/s a probe and its answer take as long."
QUIET_S: Final = 0.1
"After the OK to AT, if the abort got no answer of its own: that may still come."
NO_ABORT_OK_S: Final = 0.2
"For a modem that returns to command state without a word."


async def settle(dialogue: Dialogue) -> None:
    """End what a cancelled action has left going on. Raises `ModemTimeout` if the modem does not answer after that."""
    if dialogue.busy is Busy.IDLE:
        return
    busy = dialogue.busy
    ended = await _ENDINGS[busy](dialogue)
    if dialogue.busy is Busy.DUPLEX is not busy:  # V.34 came up just before the abort
        ended = await _end_duplex(dialogue)
    if not await _resume(dialogue, ended=ended):
        raise ModemTimeout(f"the modem does not return to command state on {dialogue.transport.name}")


async def revive(dialogue: Dialogue) -> None:
    """Bring a modem to command state that may be in any. Raises `ModemTimeout` if it stays silent."""
    await _discard(dialogue)
    for rouse in _LADDER.values():
        with suppress(ModemError):
            await rouse(dialogue)
        if await _responds(dialogue, TRIES, dialogue.profile.timing.probe_s):
            return
        if rouse is _nothing and await _responds_at_another_baud(dialogue):
            return
    *others, last = ("", *map(str, dialogue.other_bauds))
    tried = f", neither at the port's rate nor at {', '.join(filter(None, others))}{' or ' * any(others)}{last} bit/s"
    raise ModemTimeout(
        f"no modem answers {dialogue.profile.at.probe} on {dialogue.transport.name}{tried * bool(last)}; "
        "check that it is the right port, that the modem is on, and that no other program uses it. "
        f"{', '.join(_LADDER)} were tried; what is left is to {power_cycle(dialogue.transport.name)}"
    )


async def _responds(dialogue: Dialogue, tries: int, within_s: float) -> bool:
    """Whether the modem answers its probe; then what else it says is thrown away."""
    for _ in range(tries):
        if await dialogue.answers(dialogue.profile.at.probe, within_s):
            await dialogue.drain(QUIET_S)
            return True
    return False


async def _responds_at_another_baud(dialogue: Dialogue) -> bool:
    """Look for a modem that talks at another rate than the port; the port keeps the one at which it is found."""
    before = dialogue.baud
    for baud in dialogue.other_bauds:
        await dialogue.set_baud(baud)
        await dialogue.forget()
        if await _responds(dialogue, BAUD_TRIES, BAUD_S):
            return True
    await dialogue.set_baud(before)
    return False


async def hang_up(dialogue: Dialogue) -> None:
    """Put the modem on hook: by command, after XON, by DTR, by +++. Raises `ModemTimeout` if nothing helps."""
    try:
        await settle(dialogue)
        if await _hang_up_by_command(dialogue):
            return
    except ModemError:
        with suppress(ModemError):
            if await _responds_at_another_baud(dialogue) and await _hang_up_by_command(dialogue):
                return
    for rouse in (_let_go, _drop_dtr, _escape):
        with suppress(ModemError):
            await rouse(dialogue)
            if await _resume(dialogue, ended=False):
                await _hang_up_by_command(dialogue)  # some say ERROR when on hook already
                return
    raise ModemTimeout(
        f"the modem on {dialogue.transport.name} answers neither ATH nor a drop of DTR nor +++, and may still "
        f"hold the line; {power_cycle(dialogue.transport.name)}"
    )


async def _hang_up_by_command(dialogue: Dialogue) -> bool:
    for command in dialogue.profile.at.hang_up:
        reply = await dialogue.ask(command, dialogue.profile.timing.hang_up_s)
        if reply.result.code in (ResultCode.OK, ResultCode.NO_CARRIER):
            return True
    return False


async def _discard(dialogue: Dialogue) -> None:
    """Nothing may wait in the port, nor hold back what is sent next."""
    await dialogue.set_flow(Flow.NONE)
    await dialogue.forget()


async def _resume(dialogue: Dialogue, *, ended: bool) -> bool:
    """Whether the modem takes commands again. `ended`: the last action's result has come, and no other follows."""
    for _ in range(TRIES):
        if await dialogue.answers("AT"):
            if not ended:
                await dialogue.drain(QUIET_S)
            return True
    return False


async def _end_command(dialogue: Dialogue) -> bool:
    return await _ends(dialogue, dialogue.profile.timing.probe_s)


async def _end_receive(dialogue: Dialogue) -> bool:
    profile = dialogue.profile
    if profile.has(Quirk.CAN_HANGS):
        return False  # the AT that follows ends it as well
    await dialogue.send(CAN)
    wait_s = profile.timing.abort_ok_s
    if wait_s == 0:
        await anyio.sleep(NO_ABORT_OK_S)
        return False
    ended = await _ends(dialogue, wait_s)
    dialogue.expect_deaf(Quirk.DEAF_AFTER_STATE_CHANGE)
    return ended and not profile.has(Quirk.LATE_FCERROR)


async def _end_transmit(dialogue: Dialogue) -> bool:
    """Up to three times: it may come to lie behind half a DLE pair, or end a frame that others were to follow."""
    await _discard(dialogue)
    for _ in range(TRIES):
        await dialogue.send(DLE_ETX)
        with suppress(ModemTimeout):
            await dialogue.result(dialogue.profile.timing.end_data_ok_s)
        if dialogue.busy is Busy.IDLE:
            return True
    return False


async def _end_page(dialogue: Dialogue) -> bool:
    """By an abort, which among page data is shielded as they are, and may come to lie behind half a DLE pair.

    Where that does not help, the page is ended, and the session may go on.
    """
    await _discard(dialogue)
    for ending in (DLE_CAN, DLE_CAN, DLE_ETX):
        await dialogue.send(ending)
        if await _ends(dialogue, dialogue.profile.timing.end_data_ok_s):
            return True
    return False


async def _end_duplex(dialogue: Dialogue) -> bool:
    """Up to two times: it may come to lie behind half a DLE pair. Some give no result at all, so not more often."""
    if dialogue.flow is not Flow.NONE:  # a block is cut off: what still waits of it goes nowhere
        await _discard(dialogue)
    for within_s in (dialogue.profile.timing.hang_up_s, dialogue.profile.timing.probe_s):
        await dialogue.send(DLE_EOT)
        if await _ends(dialogue, within_s):
            return True
    return False


async def _ends(dialogue: Dialogue, within_s: float) -> bool:
    """Whether a final result comes."""
    try:
        await dialogue.result(within_s, skip=INTERMEDIATE)
    except ModemTimeout:
        return False
    return True


async def _nothing(_dialogue: Dialogue) -> None:
    """A modem in command state needs nothing."""


async def _end_anything(dialogue: Dialogue) -> None:
    """A modem that a stray XOFF keeps from answering is let go first; one may even be in a voice stream."""
    await dialogue.send(XON + DLE_EOT + DLE_ETX + END_OF_VOICE + CAN)


async def _let_go(dialogue: Dialogue) -> None:
    """Data that a modem takes for commands, as the call has ended meanwhile, may hold an XOFF."""
    await dialogue.send(XON)


async def _drop_dtr(dialogue: Dialogue) -> None:
    timing = dialogue.profile.timing
    await dialogue.transport.set_dtr(False)
    await anyio.sleep(timing.dtr_low_s)
    await dialogue.transport.set_dtr(True)
    await anyio.sleep(timing.after_dtr_s)


async def _break(dialogue: Dialogue) -> None:
    """What some modems take for attention in any state."""
    await dialogue.transport.send_break()


async def _escape(dialogue: Dialogue) -> None:
    guard_s = dialogue.profile.timing.escape_guard_s
    await anyio.sleep(guard_s)
    await dialogue.send(b"+++")
    await anyio.sleep(guard_s)


async def _escape_and_reset(dialogue: Dialogue) -> None:
    """A modem whose settings keep it from answering takes commands all the same."""
    await _escape(dialogue)
    await dialogue.answers("ATH")
    await dialogue.answers("ATZ")
    await anyio.sleep(dialogue.profile.timing.after_reset_s)


_LADDER: Final[dict[str, Callable[[Dialogue], Awaitable[None]]]] = {
    "AT": _nothing,
    "the end of all data": _end_anything,
    "a break": _break,
    "a drop of DTR": _drop_dtr,
    "+++ with ATH and ATZ": _escape_and_reset,
}
"What is done to a modem that does not answer, the gentlest first, and what that is called."

_ENDINGS: Final[dict[Busy, Callable[[Dialogue], Awaitable[bool]]]] = {
    Busy.COMMAND: _end_command,
    Busy.RECEIVE: _end_receive,
    Busy.TRANSMIT: _end_transmit,
    Busy.DUPLEX: _end_duplex,
    Busy.PAGE: _end_page,
}
