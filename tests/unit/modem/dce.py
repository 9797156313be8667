"""A modem played from a script: what it must hear, and what it then says, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

import anyio

from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import PortError
from faxmodem.modem.at import stuff
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import Profile, load_profile
from faxmodem.transport.memory import MemoryTransport, null_modem_pair

T = TypeVar("T")
Script = Callable[["Dce"], Coroutine[Any, Any, None]]  # Any: as anyio's start_soon has it

PROFILE: Final = load_profile("class1")
DLE_ETX: Final = b"\x10\x03"
CAN: Final = b"\x18"
PATIENCE_S: Final = 1000.0

CFR: Final = bytes.fromhex("ff 13 84")
CFR_WITH_FCS: Final = bytes.fromhex("ff 13 84 ea 7d")
DCS, EOP, MPS = (bytes.fromhex(frame) for frame in ("ff 13 83", "ff 13 2f", "ff 13 4f"))
MCF_WITH_FCS: Final = bytes.fromhex("ff 13 8c a2 f1")

SET_UP: Final = [
    *("ATE0Q0V1", "ATZ", "ATE0Q0V1", "ATE0Q0V1", "ATS0=0", "ATS7=60", "ATX4", "AT&C1", "AT&D2"),
    *("AT+FCLASS=1", "AT&K4", "ATI0", "ATI3", "AT+FMI?", "AT+FMM?", "AT+FMR?"),
    *("AT+FCLASS=?", "AT+FTM=?", "AT+FRM=?"),
]
"The commands of a set-up by the generic profile."


class Dce:
    """The modem's end of the cable."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport
        self._heard = b""

    async def hears(self, *commands: str) -> None:
        """Each command line comes, and nothing before it."""
        for command in commands:
            await self.hears_bytes(command.encode() + b"\r")

    async def hears_bytes(self, expected: bytes) -> None:
        """These bytes come, and no others before them."""
        with anyio.fail_after(PATIENCE_S):
            while len(self._heard) < len(expected) and expected.startswith(self._heard):
                self._heard += await self.transport.receive()
        assert self._heard[: len(expected)] == expected
        self._heard = self._heard[len(expected) :]

    async def hears_up_to(self, marker: bytes) -> bytes:
        """What comes until these bytes do, without them."""
        with anyio.fail_after(PATIENCE_S):
            while marker not in self._heard:
                self._heard += await self.transport.receive()
        before, _, self._heard = self._heard.partition(marker)
        return before

    async def hears_for(self, seconds: float) -> bytes:
        """All that comes in a while."""
        with anyio.move_on_after(seconds):
            while True:
                self._heard += await self.transport.receive()
        heard, self._heard = self._heard, b""
        return heard

    async def hears_nothing(self, for_s: float) -> None:
        """Nothing comes for a while."""
        assert await self.hears_for(for_s) == b""

    async def says(self, *texts: str) -> None:
        """Say result codes or information texts."""
        for text in texts:
            await self.transport.send(b"\r\n" + text.encode() + b"\r\n")

    async def sends(self, data: bytes) -> None:
        """Send bytes as they are."""
        await self.transport.send(data)

    async def does(self, *commands: str) -> None:
        """Each command line comes and is answered OK."""
        for command in commands:
            await self.hears(command)
            await self.says("OK")

    async def is_aborted(self) -> None:
        """The driver ends what the modem is at, and makes sure that commands are taken."""
        await self.hears_bytes(CAN)
        await self.says("OK")
        await self.does("AT")


async def transmits(dce: Dce, *frames: bytes) -> None:
    """Frames come by +FTH, one after the other."""
    await dce.hears("AT+FTH=3")
    await dce.says("CONNECT")
    for frame in frames:
        await dce.hears_bytes(stuff(frame) + DLE_ETX)
        await dce.says("OK" if frame[1] & 0x10 else "CONNECT")


def played(*steps: str | bytes | float) -> Script:
    """A script: "AT..." is heard, other text is said, bytes are sent, a number of seconds is waited."""

    async def script(dce: Dce) -> None:
        for step in steps:
            if isinstance(step, bytes):
                await dce.sends(step)
            elif isinstance(step, str):
                await (dce.hears(step) if step.startswith("AT") else dce.says(step))
            else:
                await anyio.sleep(step)

    return script


async def frame_comes(dce: Dce) -> None:
    """A CFR is received by +FRH."""
    await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)


async def page_goes(dce: Dce, code: int, data: bytes) -> None:
    """Data come by +FTM, whole and not a byte more."""
    await dce.hears(f"AT+FTM={code}")
    await dce.says("CONNECT")
    await dce.hears_bytes(stuff(data) + DLE_ETX)
    await dce.says("OK")


async def deaf_until_dtr_drops(dce: Dce) -> None:
    """A modem that takes commands again one second after DTR was low for some time."""
    for on in (True, False):
        since = anyio.current_time()
        while (await dce.transport.control_lines()).dsr is on:  # noqa: ASYNC110 - the line tells nobody
            await anyio.sleep(0.05)
    assert anyio.current_time() - since >= 0.25
    await dce.transport.discard()
    await dce.hears_nothing(0.9)


def converse(
    driver: Callable[[Class1Modem], Awaitable[T]],
    script: Script,
    *,
    profile: Profile = PROFILE,
) -> T:
    """Run the driver against the script; gives what the driver gives, once the script has run to its end.

    What either raises comes out, the driver's if both do. At the end the script must have heard everything.
    """

    async def main() -> T:
        dte_end, dce_end = null_modem_pair()
        dce = Dce(dce_end)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(script, dce)
                result = await driver(Class1Modem(dte_end, profile))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        with suppress(PortError):  # the driver may have closed the port
            await dce.hears_nothing(0.001)
        return result

    return run_virtual(main)
