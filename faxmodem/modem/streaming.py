"""Giving a modem data while it may stop taking them, or end by itself what it was told to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

from faxmodem.modem.at import stuff
from faxmodem.modem.dialogue import Dialogue
from faxmodem.modem.quirks import Quirk

CHUNK: Final = 256
"Octets given to the port at a time: small enough for a progress bar at 2400 bit/s."
MODEM_BUFFER: Final = 8192
"Octets that a modem may let run out, at most, between its XOFF and its XON."

T = TypeVar("T")


async def stream(
    dialogue: Dialogue,
    data: bytes,
    octets_per_s: float,
    on_progress: Callable[[int], None],
    *,
    until: Callable[[], Awaitable[T]],
    ending: bytes = b"",
    held_s: float = 0.0,
) -> tuple[T | None, int]:
    """Give the modem all data and `ending`, unless `until` comes about before; gives that, and the octets taken.

    Raises `ModemError` if the modem takes nothing for longer than a full buffer lasts on the line and, beyond that,
    `held_s`: for a modem that sends again what it has.
    """
    result: T | None = None
    sent = 0
    begun = anyio.current_time()
    ahead = dialogue.profile.measure(Quirk.SMALL_BUFFER) / 2  # any octet may be a DLE, which is given twice
    most = max(1, int(ahead // 2)) if ahead else CHUNK
    within_s = dialogue.profile.timing.stall_s + MODEM_BUFFER / octets_per_s + held_s

    async def watch() -> None:
        nonlocal result
        result = await until()
        group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            while sent < len(data):
                chunk = data[sent : sent + most]
                if ahead:  # nobody stops us: no faster than the line, then
                    await anyio.sleep_until(begun + (sent + len(chunk) - ahead) / octets_per_s)
                await dialogue.send(stuff(chunk), within_s)
                sent += len(chunk)
                on_progress(sent)
            if ending:
                await dialogue.send(ending, within_s)
            group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the other, if any, is the same port seen from the other side
    return result, sent
