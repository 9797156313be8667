"""Two of our drivers, each with an emulated modem, on one telephone line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.base import Heard, LineDropped
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.identify import RATE_CODES
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.memory import null_modem_pair
from tests.unit.modem.dce import PROFILE

CSI, TSI = (bytes.fromhex(head) + b"%20s" % b"4321 03" for head in ("ff 03 40", "ff 03 43"))
DIS, DCS = bytes.fromhex("ff 13 80 00 6e 78"), bytes.fromhex("ff 13 83 00 22 00")
CFR, MCF, EOP, DCN = (bytes.fromhex(frame) for frame in ("ff 13 84", "ff 13 8c", "ff 13 2f", "ff 13 fb"))
PAGE = bytes(range(256)) * 20 + b"\x10\x03\x10\x10\x11\x13" + bytes(300)

DCES = {
    "strict": DceSettings(),
    "flags late, training silent": DceSettings(connect_when_training=False, connect_when_flagging=True),
    "no FCS, OK at once": DceSettings(fcs_delivered=False, hold_final_ok=False, frame_queue=0),
}


@asynccontextmanager
async def two_modems(settings: DceSettings | None = None) -> AsyncIterator[tuple[Class1Modem, Class1Modem]]:
    """A calling and a called modem, set up."""
    (a, a_dce), (b, b_dce) = null_modem_pair(), null_modem_pair()
    async with emulated_line(a_dce, b_dce, settings=settings):
        calling, called = Class1Modem(a, PROFILE), Class1Modem(b, PROFILE)
        await calling.set_up()
        await called.set_up()
        yield calling, called


async def receive_all(modem: Class1Modem, modulation: Modulation, *, short: bool) -> bytes:
    pieces: list[bytes] = []
    assert await modem.receive_data(modulation, pieces.append, short=short) is Heard.NO_CARRIER
    return b"".join(pieces)


async def listens(modem: Class1Modem, heard: list[bytes | Heard] | None = None) -> None:
    while True:
        frame = await modem.receive_frame()
        if heard is not None:
            heard.append(frame)


async def send_fax(modem: Class1Modem, modulation: Modulation) -> None:
    await modem.dial("200")
    assert [await modem.receive_frame(), await modem.receive_frame()] == [CSI, DIS]
    await modem.send_frames([TSI, DCS])
    await modem.send_data(modulation, bytes(modulation.rate_bps * 3 // 16))
    assert await modem.receive_frame() == CFR
    await modem.send_data(modulation, PAGE, short=modulation.has_short_training)
    await modem.send_frames([EOP])
    assert await modem.receive_frame() == MCF
    await modem.send_frames([DCN])
    await modem.hang_up()


async def receive_fax(modem: Class1Modem, modulation: Modulation) -> None:
    await modem.wait_for_ring()
    await modem.answer()
    await modem.send_frames([CSI, DIS])
    assert [await modem.receive_frame(), await modem.receive_frame()] == [TSI, DCS]
    assert (await receive_all(modem, modulation, short=False)).count(0) >= modulation.rate_bps // 8
    await modem.send_frames([CFR])
    assert PAGE in await receive_all(modem, modulation, short=modulation.has_short_training)
    assert await modem.receive_frame() == EOP
    await modem.send_frames([MCF])
    assert await modem.receive_frame() == DCN
    with pytest.raises(LineDropped):
        await listens(modem)
    await modem.hang_up()


@pytest.mark.parametrize("modulation", RATE_CODES)
def test_page_at_each_modulation(modulation: Modulation) -> None:
    fax_goes_through(modulation, DceSettings())


@pytest.mark.parametrize("dce", DCES)
def test_page_with_each_kind_of_modem(dce: str) -> None:
    fax_goes_through(Modulation.V29_9600, DCES[dce])


def fax_goes_through(modulation: Modulation, settings: DceSettings) -> None:
    async def main() -> None:
        async with two_modems(settings) as (calling, called), anyio.create_task_group() as group:
            group.start_soon(receive_fax, called, modulation)
            await send_fax(calling, modulation)

    run_virtual(main)


async def sends_frames(modem: Class1Modem) -> None:
    await modem.send_frames([TSI, DCS])


async def sends_data(modem: Class1Modem) -> None:
    await modem.send_data(Modulation.V29_9600, bytes(10_000))


async def receives_data(modem: Class1Modem) -> None:
    await modem.receive_data(Modulation.V29_9600, lambda _: None)


@pytest.mark.parametrize("cancelled_after_s", [0.0, 0.005, 0.02, 0.08, 0.1, 0.5, 1.1, 1.3, 2.0, 4.0])
@pytest.mark.parametrize("action", [listens, sends_frames, sends_data, receives_data])
def test_after_any_cancelled_action_frames_get_through(
    action: Callable[[Class1Modem], Awaitable[None]], cancelled_after_s: float
) -> None:
    heard: list[bytes | Heard] = []

    async def answers_and_listens(modem: Class1Modem) -> None:
        await modem.wait_for_ring()
        await modem.answer()
        await modem.send_frames([DIS])
        with pytest.raises(LineDropped):
            await listens(modem, heard)

    async def main() -> None:
        async with two_modems() as (calling, called), anyio.create_task_group() as group:
            group.start_soon(answers_and_listens, called)
            await calling.dial("200")
            assert await calling.receive_frame() == DIS
            with anyio.move_on_after(cancelled_after_s):
                await action(calling)
            await calling.send_frames([DCN])
            await calling.hang_up()

    run_virtual(main)
    assert DCN in heard


@pytest.mark.parametrize("cancelled_after_s", [0.0, 0.4, 0.6, 1.0, 3.0, 4.5, 5.0, 8.0])
def test_cancelled_dialling_leaves_the_line_free(cancelled_after_s: float) -> None:
    async def main() -> None:
        async with two_modems() as (calling, called), anyio.create_task_group() as group:
            with anyio.move_on_after(cancelled_after_s):
                await calling.dial("200")
            await calling.hang_up()
            await anyio.sleep(20)
            group.start_soon(receive_fax, called, Modulation.V29_9600)
            await send_fax(calling, Modulation.V29_9600)

    run_virtual(main)
