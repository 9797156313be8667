"""A call that is canceled at any moment: the modem comes back, hangs up, and takes the next call."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import FaxModemError
from faxmodem.modem.base import SessionEnded
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.t30.fcf import Fcf
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.unit.modem.class2.dce import CALLED, CALLER, FINE_PAGE, PROFILES, Told

DATA = bytes(range(256)) * 64
STUFFED = DATA.replace(b"\x10", b"\x10\x10")
DLE_ETX = b"\x10\x03"
CAN = b"\x18"
DLE_CAN = b"\x10\x18"
STEP_S = 0.61
LAST_S = 30.0


class _Modem:
    """A modem with a fax machine at the other end, of which it is known whether it holds the line.

    As a modem does, it takes any octet that comes while it dials or answers for an abort, and CAN during a page.
    """

    def __init__(self, port: MemoryTransport) -> None:
        self._port = port
        self._heard = b""
        self.off_hook = False
        self.pages = 0

    async def run(self) -> None:
        while True:
            command = await self._up_to(b"\r")
            await self._obey(command.decode("latin-1").strip().upper())

    async def _up_to(self, *ends: bytes) -> bytes:
        while True:
            found = [(self._heard.index(end), end) for end in ends if end in self._heard]
            if found:
                at, end = min(found)
                before, self._heard = self._heard[:at], self._heard[at + len(end) :]
                return before if end == b"\r" else end
            self._heard += await self._port.receive()

    async def _say(self, *texts: str) -> None:
        for text in texts:
            await self._port.send(f"\r\n{text}\r\n".encode())

    async def _obey(self, command: str) -> None:
        two = {"AT+FDT": self._send, "AT+FDR": self._receive, "AT+FET=2": self._end}
        if command.startswith(("ATD", "ATA")):
            await self._connect(answers=command == "ATA")
        elif command in two and not self.off_hook:
            await self._say("ERROR")
        elif command in two:
            await two[command]()
        elif command.startswith(("ATH", "ATZ", "AT+FK")):
            self.off_hook = False
            await self._say("OK")
        elif command.startswith("AT"):
            await self._say("OK")

    async def _connect(self, *, answers: bool) -> None:
        self.off_hook = True
        if await self._aborted(5.0):
            self.off_hook = False
            await self._say("NO CARRIER")
            return
        said = "+FDCS:1,5,0,0,0,0,0,0" if answers else "+FDIS:1,5,0,2,0,0,0,0"
        await self._say("+FCON", said, "OK")

    async def _aborted(self, within_s: float) -> bool:
        if self._heard:
            self._heard = b""
            return True
        with anyio.move_on_after(within_s):
            self._heard = await self._port.receive()
            self._heard = b""
            return True
        return False

    async def _abort(self) -> None:
        self.off_hook = False
        await self._say("+FHNG:2", "OK")

    async def _send(self) -> None:
        if await self._aborted(4.0):
            return await self._abort()
        await self._say("+FDCS:1,5,0,0,0,0,0,0", "CONNECT")
        await self._port.send(b"\x11")
        if await self._up_to(DLE_CAN, DLE_ETX) == DLE_CAN:
            return await self._abort()
        if await self._aborted(5.0):
            return await self._abort()
        return await self._say("OK")

    async def _end(self) -> None:
        if await self._aborted(3.0):
            return await self._abort()
        self.off_hook = False
        return await self._say("+FPTS:1", "+FHNG:0", "OK")

    async def _receive(self) -> None:
        if self.pages:
            self.off_hook = False
            return await self._say("+FHNG:0", "OK")
        if await self._aborted(3.0):
            return await self._abort()
        await self._say("CONNECT")
        if await self._up_to(CAN, b"\x12") == CAN:
            return await self._abort()
        for at in range(0, len(STUFFED), 1024):
            await self._port.send(STUFFED[at : at + 1024])
            if await self._aborted(0.5):
                await self._port.send(DLE_ETX)
                return await self._abort()
        self.pages += 1
        await self._port.send(DLE_ETX)
        return await self._say("+FPTS:1", "+FET:2", "OK")


async def sends(modem: Class2Modem) -> bool:
    told = Told()
    await modem.prepare(CALLER)
    await modem.dial("123", told)
    chosen = await modem.begin_page(FINE_PAGE, told)
    await modem.send_page(DATA, chosen)
    return (await modem.end_page(Fcf.EOP, told)).fcf is Fcf.MCF


async def receives(modem: Class2Modem) -> bool:
    told, data = Told(), bytearray()
    await modem.prepare(CALLED)
    await modem.answer(told)
    await modem.receive_page(told, lambda _parameters: None, data.extend)
    await modem.answer_page(Fcf.MCF)
    with suppress(SessionEnded):
        await modem.receive_page(told, lambda _parameters: None, data.extend)
    return bytes(data) == DATA


@pytest.mark.parametrize("call", [sends, receives])
@pytest.mark.parametrize("rest", ["hang up", "go on"])
def test_a_call_canceled_at_any_moment_leaves_the_line(call: object, rest: str) -> None:
    assert call in (sends, receives)
    act = sends if call is sends else receives
    over: set[bool] = set()
    for number in range(int(LAST_S / STEP_S)):
        at = number * STEP_S

        async def main(at: float = at) -> bool:
            dte, dce = null_modem_pair()
            played = _Modem(dce)
            modem = Class2Modem(dte, PROFILES["2"])
            done = False
            async with anyio.create_task_group() as group:
                group.start_soon(played.run)
                with anyio.move_on_after(at):
                    done = await act(modem)
                if rest == "go on" and not done:  # the next action finds the modem, whatever became of the call
                    with suppress(FaxModemError):
                        await modem.begin_page(FINE_PAGE, Told())
                await modem.hang_up()
                assert not played.off_hook
                played.pages = 0
                assert await act(modem)
                await modem.hang_up()
                assert not played.off_hook
                group.cancel_scope.cancel()
            return done

        try:
            over.add(run_virtual(main))
        except Exception as error:
            raise AssertionError(f"cut at {at:.2f} s: {error!r}") from error
    assert over == {True, False}
