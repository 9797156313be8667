"""+FTM and +FRM: training and page data each way, against a modem that plays its part."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from faxmodem.errors import ModemError, ModemTimeout, PortError
from faxmodem.modem.base import Heard, LineDropped
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import QuirkNote
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Flow
from faxmodem.transport.memory import MemoryTransport
from tests.unit.modem.dce import (
    CAN,
    CFR,
    CFR_WITH_FCS,
    DLE_ETX,
    MPS,
    PROFILE,
    Dce,
    converse,
    frame_comes,
    page_goes,
    played,
    transmits,
)

V29, V17 = Modulation.V29_9600, Modulation.V17_14400


def test_data_are_stuffed_and_counted() -> None:
    data = bytes(range(256)) * 5 + b"\x10"
    progress: list[int] = []

    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, data, on_progress=progress.append)

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await page_goes(dce, 96, data)

    converse(driver, script)
    assert progress == [256, 512, 768, 1024, 1280, 1281]


XOFF, XON = b"\x13", b"\x11"


def test_flow_control_is_on_only_while_data_flow() -> None:
    """An XOFF is heeded while data go out, and is nothing special before and after."""
    data = bytes(20_000)

    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, data)
        await modem.send_frames([MPS])

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FTS=7")
        await dce.sends(XOFF)
        await dce.says("OK")
        await dce.hears("AT+FTM=96")
        await dce.sends(XOFF)
        await dce.says("CONNECT")
        await dce.hears_bytes(data[:256])
        await dce.sends(XOFF)
        first = await dce.hears_for(5)
        assert len(first) < 10_000
        await dce.sends(XON)
        assert data[:256] + first + await dce.hears_up_to(DLE_ETX) == data
        await dce.sends(XOFF)
        await dce.says("OK")
        await dce.does("AT+FTS=7")
        await transmits(dce, MPS)

    converse(driver, script)


@pytest.mark.parametrize(("flow", "held"), [(Flow.RTSCTS, True), (Flow.NONE, False)])
def test_flow_control_is_the_one_of_the_profile(flow: Flow, held: bool) -> None:
    profile = PROFILE.model_copy(update={"flow": PROFILE.flow.model_copy(update={"while_sending": flow})})

    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, bytes(20_000))

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(bytes(256))
        await dce.sends(XOFF)
        await dce.transport.set_rts(False)
        first = await dce.hears_for(5)
        assert first.endswith(DLE_ETX) is not held
        await dce.transport.set_rts(True)
        if held:
            await dce.hears_up_to(DLE_ETX)
        await dce.says("OK")

    converse(driver, script, profile=profile)


def test_a_slow_modem_holds_the_data_back() -> None:
    data = bytes(20_000)
    progress: list[float] = []

    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, data, on_progress=lambda _: progress.append(anyio.current_time()))

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        for _ in range(200):
            await dce.hears_bytes(bytes(100))
            await anyio.sleep(100 / 1200)
        await dce.hears_bytes(DLE_ETX)
        await dce.says("OK")

    converse(driver, script)
    assert 9.0 < progress[-1] < 20_000 / 1200


def test_stuck_flow_control_is_a_modem_error() -> None:
    async def driver(modem: Class1Modem) -> float:
        with pytest.raises(ModemError, match=r"took no data for 17 s during AT\+FTM=96: its flow control is stuck"):
            await modem.send_data(V29, bytes(20_000))
        await modem.hang_up()
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(bytes(200))
        await dce.sends(b"\x13")
        await anyio.sleep(16)
        await dce.hears_up_to(DLE_ETX)
        await dce.says("OK")
        await dce.does("AT", "ATH0")

    assert converse(driver, script) < 18


@pytest.mark.parametrize("said", ["NO CARRIER", "ERROR"])
def test_line_lost_while_data_are_sent(said: str) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, bytes(100_000))

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(bytes(1000))
        await dce.says(said)

    with pytest.raises(LineDropped, match=rf"answered AT\+FTM=96 with {said}"):
        converse(driver, script)


def test_data_ended_by_the_modem_itself_are_its_error() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, bytes(100_000))

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(bytes(1000))
        await dce.says("OK")

    with pytest.raises(ModemError, match=r"ended AT\+FTM=96 with OK after \d+ of 100000 octets"):
        converse(driver, script)


def test_a_modem_that_never_has_sent_all_is_waited_for_as_long_as_the_data_last() -> None:
    async def driver(modem: Class1Modem) -> float:
        with pytest.raises(ModemTimeout, match=r"did not answer AT\+FTM=96 within"):
            await modem.send_data(V29, bytes(2400))
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_bytes(bytes(2400) + DLE_ETX)
        await anyio.sleep(100)

    assert converse(driver, script) == pytest.approx(2 + PROFILE.timing.sent_ok_s)


def test_cancelled_data_are_cut_off() -> None:
    async def driver(modem: Class1Modem) -> None:
        with anyio.move_on_after(5):
            await modem.send_data(V29, bytes(100_000))
        await modem.send_frames([MPS])

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await anyio.sleep(5.1)
        assert 0 < len(await dce.hears_up_to(DLE_ETX)) < 10_000
        await dce.says("OK")
        await dce.does("AT", "AT+FTS=7")
        await transmits(dce, MPS)

    converse(driver, script)


def test_early_data_are_held_back_for_a_modem_that_needs_it() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, b"\1")

    async def script(dce: Dce) -> None:
        await dce.does("AT+FTS=7")
        await dce.hears("AT+FTM=96")
        await dce.says("CONNECT")
        await dce.hears_nothing(0.39)
        await dce.hears_bytes(b"\1" + DLE_ETX)
        await dce.says("OK")

    quirks = {Quirk.EARLY_CONNECT: QuirkNote(value=0.4)}
    converse(driver, script, profile=PROFILE.model_copy(update={"quirks": quirks}))


def test_an_error_of_the_caller_comes_out_as_it_is() -> None:
    def fail(_sent: int) -> None:
        raise ZeroDivisionError

    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, bytes(100), on_progress=fail)

    with pytest.raises(ZeroDivisionError):
        converse(driver, played("AT+FTS=7", "OK", "AT+FTM=96", "CONNECT", 1.0))


def test_port_lost_while_data_are_sent() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_data(V29, bytes(100_000))

    async def script(dce: Dce) -> None:
        await played("AT+FTS=7", "OK", "AT+FTM=96", "CONNECT", 1.0)(dce)
        end: MemoryTransport = dce.transport
        end.unplug()

    with pytest.raises(PortError, match="unplugged"):
        converse(driver, script)


async def receive_all(modem: Class1Modem) -> tuple[bytes, Heard]:
    pieces: list[bytes] = []
    heard = await modem.receive_data(V17, pieces.append, short=True)
    return b"".join(pieces), heard


@pytest.mark.parametrize(
    ("steps", "data", "heard"),
    [
        (["CONNECT", b"ab\x10\x10c", 1.0, b"d" + DLE_ETX, "NO CARRIER"], b"ab\x10cd", Heard.NO_CARRIER),
        (["CONNECT", b"ab" + DLE_ETX, "OK"], b"ab", Heard.NO_CARRIER),
        (["CONNECT", b"ab" + DLE_ETX + b"\xfe~garbage", 3.0, "NO CARRIER"], b"ab", Heard.NO_CARRIER),
        (["CONNECT", DLE_ETX, "NO CARRIER"], b"", Heard.NO_CARRIER),
        ([30.0, "NO CARRIER"], b"", Heard.NO_CARRIER),
        (["ERROR"], b"", Heard.WRONG_CARRIER),
        (["+FCERROR"] + ["AT+FRS=1", "OK", "AT+FRM=146", "+FCERROR"] * 2, b"", Heard.WRONG_CARRIER),
        (
            ["+FCERROR", "AT+FRS=1", "OK", "AT+FRM=146", "CONNECT", b"x" + DLE_ETX, "NO CARRIER"],
            b"x",
            Heard.NO_CARRIER,
        ),
    ],
)
def test_what_comes_of_data(steps: Sequence[str | bytes | float], data: bytes, heard: Heard) -> None:
    assert converse(receive_all, played("AT+FRM=146", *steps)) == (data, heard)


def test_adaptive_reception_goes_on_with_the_frame() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        assert await receive_all(modem) == (b"", Heard.WRONG_CARRIER)
        return await modem.receive_frame()

    script = played("AT+FRM=146", "+FRH:3", 0.5, "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")
    assert converse(driver, script) == CFR


def test_data_that_just_stop_are_ended() -> None:
    async def script(dce: Dce) -> None:
        await played("AT+FRM=146", "CONNECT", b"abc")(dce)
        await dce.is_aborted()

    assert converse(receive_all, script) == (b"abc", Heard.NO_CARRIER)


def test_data_not_wanted_any_more_are_aborted() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.CancelScope() as enough:
            await modem.receive_data(V17, lambda _: enough.cancel(), short=True)
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await played("AT+FRM=146", "CONNECT", b"abc")(dce)
        await dce.hears_bytes(CAN)
        await dce.sends(b"def" + DLE_ETX)
        await dce.says("OK")
        await dce.does("AT")
        await frame_comes(dce)

    assert converse(driver, script) == CFR


def test_data_come_as_they_are_received() -> None:
    async def driver(modem: Class1Modem) -> list[tuple[float, bytes]]:
        came: list[tuple[float, bytes]] = []
        await modem.receive_data(V17, lambda piece: came.append((anyio.current_time(), piece)))
        return came

    script = played("AT+FRM=145", 1.0, "CONNECT", b"ab", 1.0, b"c", 1.0, DLE_ETX, "NO CARRIER")
    assert converse(driver, script) == [(1.0, b"ab"), (2.0, b"c")]
