"""+FRH and +FTH: frames each way, against a modem that plays its part."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from faxmodem.errors import LocalProtocolError, ModemTimeout
from faxmodem.modem.base import Heard, LineDropped
from faxmodem.modem.class1 import Class1Modem
from tests.unit.modem.dce import (
    CAN,
    CFR,
    CFR_WITH_FCS,
    DCS,
    DLE_ETX,
    MCF_WITH_FCS,
    PROFILE,
    Dce,
    converse,
    frame_comes,
    played,
    transmits,
)

TSI = bytes.fromhex("ff 03 43")


async def receive_frame(modem: Class1Modem) -> bytes | Heard:
    return await modem.receive_frame()


@pytest.mark.parametrize(
    ("steps", "heard"),
    [
        (["CONNECT", CFR_WITH_FCS + DLE_ETX, "OK"], CFR),
        (["CONNECT", CFR_WITH_FCS + DLE_ETX, "ERROR"], CFR),
        (["CONNECT", CFR_WITH_FCS + DLE_ETX, "NO CARRIER"], CFR),
        (["CONNECT", CFR + DLE_ETX, "OK"], CFR),
        (["CONNECT", CFR + DLE_ETX, "ERROR"], Heard.DAMAGED),
        (["CONNECT", CFR_WITH_FCS[:4] + DLE_ETX, "NO CARRIER"], Heard.DAMAGED),
        (["CONNECT", b"\xff" + DLE_ETX, "OK"], Heard.DAMAGED),
        (["CONNECT", DLE_ETX, "NO CARRIER"], Heard.NO_CARRIER),
        (["CONNECT", DLE_ETX, "ERROR"], Heard.NO_CARRIER),
        (["CONNECT", "NO CARRIER"], Heard.NO_CARRIER),
        (["CONNECT", "+FCERROR"], Heard.WRONG_CARRIER),
        ([40.0, "NO CARRIER"], Heard.NO_CARRIER),
        (["OK"], Heard.NO_CARRIER),
        (["+FCERROR"], Heard.WRONG_CARRIER),
        (["FCERROR"], Heard.WRONG_CARRIER),
        (["ERROR", "AT+FRH=3", "ERROR", "AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK"], CFR),
    ],
)
def test_what_comes_of_a_frame(steps: Sequence[str | bytes | float], heard: bytes | Heard) -> None:
    assert converse(receive_frame, played("AT+FRH=3", *steps)) == heard


def test_flags_are_told_at_once() -> None:
    async def driver(modem: Class1Modem) -> list[float]:
        times: list[float] = []
        await modem.receive_frame(lambda: times.append(anyio.current_time()))
        return [*times, anyio.current_time()]

    script = played("AT+FRH=3", 2.0, "CONNECT", 1.0, CFR_WITH_FCS + DLE_ETX, "OK")
    assert converse(driver, script) == [2.0, 3.0]


def test_a_frame_is_followed_up_without_delay() -> None:
    async def driver(modem: Class1Modem) -> list[bytes | Heard]:
        return [await modem.receive_frame(), await modem.receive_frame()]

    async def script(dce: Dce) -> None:
        for octets in (CFR_WITH_FCS, MCF_WITH_FCS):
            await dce.hears("AT+FRH=3")
            assert anyio.current_time() == 0.0
            await dce.says("CONNECT")
            await dce.sends(octets + DLE_ETX)
            await dce.says("OK")

    assert converse(driver, script) == [CFR, MCF_WITH_FCS[:3]]


@pytest.mark.parametrize("said", [["NO CARRIER"], ["+FCERROR"], ["CONNECT", "NO CARRIER"]])
def test_a_modem_that_hears_nothing_is_not_asked_in_a_hot_loop(said: list[str]) -> None:
    async def driver(modem: Class1Modem) -> float:
        for _ in range(5):
            assert isinstance(await modem.receive_frame(), Heard)
        return anyio.current_time()

    assert converse(driver, played(*(["AT+FRH=3", *said] * 5))) == pytest.approx(5 * PROFILE.timing.retry_pause_s)


def test_on_hook_is_a_dropped_line() -> None:
    with pytest.raises(LineDropped, match=r"answered AT\+FRH=3 with ERROR"):
        converse(receive_frame, played(*(["AT+FRH=3", "ERROR"] * 3)))


@pytest.mark.parametrize("command", ["AT+FRH=3", "AT+FTH=3"])
def test_on_hook_is_believed_after_some_time(command: str) -> None:
    async def driver(modem: Class1Modem) -> float:
        with pytest.raises(LineDropped):
            await (modem.receive_frame() if command == "AT+FRH=3" else modem.send_frames([DCS]))
        return anyio.current_time()

    assert converse(driver, played(*([command, "ERROR"] * 3))) >= 2 * PROFILE.timing.retry_pause_s


def test_a_modem_that_never_answers_is_a_modem_error() -> None:
    with pytest.raises(ModemTimeout, match=r"did not answer AT\+FRH=3 within 65.0 s"):
        converse(receive_frame, played("AT+FRH=3", 100.0))


def test_a_frame_that_never_ends_is_aborted() -> None:
    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.says("CONNECT")
        await dce.sends(b"\xff" * 5000)
        await dce.is_aborted()

    assert converse(receive_frame, script) is Heard.DAMAGED


def test_a_frame_may_be_waited_for_again_after_cancelling() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.move_on_after(3.0) as t4:
            await modem.receive_frame()
        assert t4.cancelled_caught
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)

    assert converse(driver, script) == CFR


def test_cancelled_inside_a_frame_the_rest_of_it_is_not_taken_for_the_next() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.move_on_after(3.0):
            await modem.receive_frame()
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.says("CONNECT")
        await dce.sends(b"\xff\x13\x10")
        await dce.hears_bytes(CAN)
        await dce.sends(b"\x10\x84" + DLE_ETX)
        await dce.says("OK")
        await dce.does("AT")
        await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)

    assert converse(driver, script) == CFR


def test_abort_without_an_ok_of_its_own() -> None:
    """The A of the next AT ends the wait, its T is an error; only the second AT counts."""

    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.move_on_after(3.0):
            await modem.receive_frame()
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.hears_bytes(CAN)
        await dce.hears("AT")
        await dce.says("OK")
        await anyio.sleep(0.05)
        await dce.says("ERROR")
        await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)

    assert converse(driver, script) == CFR


def test_a_modem_that_never_says_ok_to_an_abort_is_not_waited_for() -> None:
    timing = PROFILE.timing.model_copy(update={"abort_ok_s": 0.0})

    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.move_on_after(3.0):
            await modem.receive_frame()
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.hears_bytes(CAN)
        await dce.hears_nothing(0.19)
        await dce.does("AT")
        await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)

    assert converse(driver, script, profile=PROFILE.model_copy(update={"timing": timing})) == CFR


def test_an_answer_given_twice_is_not_the_next_one() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_frame()
        await modem.send_frames([DCS])

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await dce.hears("AT+FRS=7")
        await dce.sends(b"\r\nOK\r\n\r\nOK\r\n")
        await transmits(dce, DCS)

    converse(driver, script)


def test_a_modem_lost_after_an_abort_is_a_modem_error() -> None:
    async def driver(modem: Class1Modem) -> float:
        with anyio.move_on_after(3.0):
            await modem.receive_frame()
        with pytest.raises(ModemTimeout, match="does not return to command state on null modem A"):
            await modem.receive_frame()
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.hears_bytes(CAN)
        await dce.hears("AT", "AT", "AT")
        await anyio.sleep(10)

    assert converse(driver, script) < 7.0


def test_frames_go_out_in_one_transmission() -> None:
    frames = [b"\xff\x03\x20\x10\x03\x13\x11", TSI, DCS]

    async def driver(modem: Class1Modem) -> None:
        await modem.send_frames(frames)

    async def script(dce: Dce) -> None:
        await transmits(dce, *frames)

    converse(driver, script)


def test_a_carrier_dropped_between_frames_is_raised_again() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_frames([TSI, DCS])

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FTH=3")
        await dce.says("CONNECT")
        await dce.hears_bytes(TSI + DLE_ETX)
        await dce.says("OK")
        await transmits(dce, DCS)

    converse(driver, script)


@pytest.mark.parametrize("frames", [[], [TSI], [DCS, DCS], [TSI, b"\xff\x13"], [b"", DCS]])
def test_frames_that_do_not_end_as_they_must_are_refused(frames: list[bytes]) -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(LocalProtocolError, match="must be final"):
            await modem.send_frames(frames)

    converse(driver, played(1.0))


@pytest.mark.parametrize("steps", [["NO CARRIER"], ["ERROR"] + ["AT+FTH=3", "ERROR"] * 2])
def test_frames_cannot_be_sent_on_hook(steps: list[str]) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_frames([DCS])

    with pytest.raises(LineDropped):
        converse(driver, played("AT+FTH=3", *steps))


def test_line_lost_while_frames_are_sent() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.send_frames([DCS])

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FTH=3")
        await dce.says("CONNECT")
        await dce.hears_bytes(DCS + DLE_ETX)
        await dce.says("NO CARRIER")

    with pytest.raises(LineDropped, match="NO CARRIER"):
        converse(driver, script)


def test_cancelled_between_frames_the_transmission_is_ended() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        with anyio.move_on_after(2.0):
            await modem.send_frames([TSI, DCS])
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FTH=3")
        await dce.says("CONNECT")
        await dce.hears_bytes(TSI + DLE_ETX)
        await dce.hears_bytes(DLE_ETX)
        await dce.says("CONNECT")  # to the TSI
        await dce.hears_bytes(DLE_ETX)
        await dce.says("OK")
        await dce.does("AT")
        await played("AT+FRH=3", "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")(dce)

    assert converse(driver, script) == CFR


def test_settling_an_idle_modem_says_nothing() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.settle()

    converse(driver, played(1.0))
