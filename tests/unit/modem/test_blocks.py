"""Blocks of HDLC frames on the message channel: between two drivers, and against a modem that plays its part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import anyio
import pytest

from faxmodem.codec import hdlc
from faxmodem.codec.fcs import bits_on_line, fcs
from faxmodem.emulator.faults import BitErrors, BitOffset, Fault
from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemError
from faxmodem.modem.at import stuff
from faxmodem.modem.base import Heard
from faxmodem.modem.class1 import Class1Modem
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.memory import null_modem_pair
from tests.unit.modem.dce import CFR, DLE_ETX, MPS, PROFILE, Dce, converse, frame_comes, page_goes, transmits

V29, V17 = Modulation.V29_9600, Modulation.V17_14400
DIS, PPS, MCF = (bytes.fromhex(frame) for frame in ("ff 13 80 00 6e 78", "ff 13 bf 2f 00 00 ff", "ff 13 8c"))
RCP = bytes.fromhex("ff 03 86")
BLOCK = [bytes((0xFF, 0x03, 0x06, number)) + Random(number).randbytes(256) for number in range(256)] + [RCP] * 3
SMALL = [frame[:68] for frame in BLOCK[:10]] + [RCP] * 3


@asynccontextmanager
async def call(faults: Sequence[Fault] = ()) -> AsyncIterator[tuple[Class1Modem, Class1Modem]]:
    """A calling and a called modem in a call; the calling one has received DIS."""
    (a, a_dce), (b, b_dce) = null_modem_pair(), null_modem_pair()
    async with emulated_line(a_dce, b_dce, faults=faults, seed=1):
        calling, called = Class1Modem(a, PROFILE), Class1Modem(b, PROFILE)
        await calling.set_up()
        await called.set_up()

        async def answers() -> None:
            await called.wait_for_ring()
            await called.answer()
            await called.send_frames([DIS])

        async with anyio.create_task_group() as group:
            group.start_soon(answers)
            await calling.dial("200")
            assert await calling.receive_frame() == DIS
        yield calling, called


async def block_crosses(
    sender: Class1Modem, receiver: Class1Modem, modulation: Modulation, frames: Sequence[bytes], *, short: bool = False
) -> tuple[list[bytes | None], list[int]]:
    """Send a block and PPS, and answer it; gives the frames as they came and the sender's progress."""
    heard: list[bytes | None] = []
    progress: list[int] = []

    async def receives() -> None:
        assert await receiver.receive_block(modulation, heard.append, short=short) is Heard.NO_CARRIER
        assert await receiver.receive_frame() == PPS
        await receiver.send_frames([MCF])

    async with anyio.create_task_group() as group:
        group.start_soon(receives)
        await sender.send_block(modulation, frames, short=short, on_progress=progress.append)
        await sender.send_frames([PPS])
        assert await sender.receive_frame() == MCF
    return heard, progress


@pytest.mark.parametrize("modulation", [Modulation.V27TER_2400, V29, V17])
def test_full_blocks_each_way(modulation: Modulation) -> None:
    async def main() -> None:
        async with call() as (calling, called):
            for sender, receiver in ((calling, called), (called, calling)):
                for short in sorted({False, modulation.has_short_training}):
                    heard, progress = await block_crosses(sender, receiver, modulation, BLOCK, short=short)
                    assert heard == BLOCK
                    assert progress == sorted(progress)
                    assert progress[-1] == len(BLOCK)
                    assert set(progress) >= set(range(256))  # a frame is longer than what the port is given at a time

    run_virtual(main)


@pytest.mark.parametrize("bits", range(1, 8))
def test_octets_need_not_be_cut_where_we_cut_them(bits: int) -> None:
    async def main() -> list[bytes | None]:
        async with call([BitOffset(bits=bits)]) as (calling, called):
            return (await block_crosses(calling, called, V29, SMALL))[0]

    assert run_virtual(main) == SMALL


@pytest.mark.parametrize(("modulation", "share"), [(V17, 1e-5), (V29, 1e-4), (Modulation.V27TER_4800, 5e-4)])
def test_with_bit_errors_exactly_the_undamaged_frames_arrive(modulation: Modulation, share: float) -> None:
    """The same line with the same seed makes the same errors: heard once as octets and once as frames."""

    def octets_over(faults: Sequence[Fault]) -> bytes:
        async def main() -> bytes:
            pieces: list[bytes] = []
            async with call(faults) as (calling, called), anyio.create_task_group() as group:
                group.start_soon(called.receive_data, modulation, pieces.append)
                await calling.send_block(modulation, BLOCK)
            return b"".join(pieces)

        return run_virtual(main)

    async def frames_over() -> list[bytes | None]:
        async with call([BitErrors(share=share)]) as (calling, called):
            return (await block_crosses(calling, called, modulation, BLOCK))[0]

    sent, came = octets_over([]), octets_over([BitErrors(share=share)])
    flags = -(-modulation.rate_bps // 40)
    begin = 8 * sent.index(hdlc.encode(BLOCK, opening_flags=flags).octets)
    wrong = int.from_bytes(sent, "little") ^ int.from_bytes(came, "little")
    whole = []
    place = begin + 8 * flags
    for frame in BLOCK:
        size = bits_on_line(frame + fcs(frame)) + 8
        if not wrong >> place - 8 & (1 << 8 + size) - 1:  # neither it nor a flag beside it
            whole.append(frame)
        place += size
    heard = run_virtual(frames_over)
    assert [frame for frame in heard if frame is not None] == whole
    assert 0 < heard.count(None) <= len(BLOCK) - len(whole)


# --- one driver


def test_a_block_is_sent_as_data_are() -> None:
    """The silence that the last action needs, 200 ms of flags, DLE doubled, and the short training if it is told so."""

    async def driver(modem: Class1Modem) -> None:
        await modem.send_frames([MPS])
        await modem.send_block(V17, SMALL, short=True)
        assert await modem.receive_frame() == CFR
        await modem.send_block(V29, SMALL)
        await modem.send_frames([PPS])

    async def script(dce: Dce) -> None:
        await transmits(dce, MPS)
        await dce.does("AT+FTS=7")
        await page_goes(dce, 146, hdlc.encode(SMALL, opening_flags=360).octets)
        await frame_comes(dce)
        await dce.does("AT+FRS=7")
        await page_goes(dce, 96, hdlc.encode(SMALL, opening_flags=240).octets)
        await dce.does("AT+FTS=7")
        await transmits(dce, PPS)

    converse(driver, script)


def test_a_block_that_the_modem_ends_early_is_a_modem_error() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_block(V29, BLOCK)

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(hdlc.FLAG * 240)
        await dce.says("OK")

    with pytest.raises(ModemError, match=r"ended AT\+FTM=96 with OK after"):
        converse(driver, script)


def test_a_sender_may_fill_with_flags_for_minutes() -> None:
    """A scanner feeds its page while the line is held with flags, before the first frame and between two."""
    heard: list[tuple[int, bytes | None]] = []

    async def driver(modem: Class1Modem) -> Heard:
        return await modem.receive_block(V29, lambda frame: heard.append((int(anyio.current_time()), frame)))

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRM=96")
        await dce.says("CONNECT")
        for frame in (BLOCK[0], BLOCK[1], RCP):
            for _ in range(180):
                await dce.sends(hdlc.FLAG * 1200)
                await anyio.sleep(1)
            await dce.sends(stuff(hdlc.encode([frame], opening_flags=1).octets))
        await dce.sends(DLE_ETX)
        await dce.says("NO CARRIER")

    assert converse(driver, script) is Heard.NO_CARRIER
    assert heard == [(180, BLOCK[0]), (360, BLOCK[1]), (540, RCP)]


@pytest.mark.parametrize(("result", "heard"), [("NO CARRIER", Heard.NO_CARRIER), ("ERROR", Heard.WRONG_CARRIER)])
def test_no_block_comes(result: str, heard: Heard) -> None:
    frames: list[bytes | None] = []

    async def driver(modem: Class1Modem) -> Heard:
        return await modem.receive_block(V17, frames.append, short=True)

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRM=146")
        await dce.says(result)

    assert converse(driver, script) is heard
    assert frames == []
