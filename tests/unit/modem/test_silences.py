"""+FRS and +FTS: what stands between two signals."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.modem.base import CallFailed
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import Step
from faxmodem.t30.modulations import Modulation
from tests.unit.modem.dce import (
    CAN,
    DCS,
    EOP,
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


def test_each_signal_is_preceded_by_its_silence() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_frame()
        await modem.send_frames([DCS])
        await modem.send_data(V17, b"\0\0")
        await modem.receive_frame()
        await modem.send_data(V17, b"\1", short=True)
        await modem.send_frames([MPS])
        await modem.receive_frame()
        await modem.send_data(V17, b"\2", short=True)
        await modem.send_frames([EOP])

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await dce.does("AT+FRS=7")
        await transmits(dce, DCS)
        await dce.does("AT+FTS=7")
        await page_goes(dce, 145, b"\0\0")
        await frame_comes(dce)
        await dce.does("AT+FRS=7")
        await page_goes(dce, 146, b"\1")
        await dce.does("AT+FTS=7")
        await transmits(dce, MPS)
        await frame_comes(dce)
        await dce.does("AT+FRS=7")
        await page_goes(dce, 146, b"\2")
        await dce.does("AT+FTS=9")
        await transmits(dce, EOP)

    converse(driver, script)


def test_what_was_received_must_have_ended_whatever_it_was() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_data(V17, lambda _: None)
        await modem.send_frames([DCS])
        with anyio.move_on_after(1.0):
            await modem.receive_frame()
        await modem.send_frames([DCS])
        with anyio.move_on_after(1.0):
            await modem.receive_frame()
        await modem.receive_data(V17, lambda _: None)
        with pytest.raises(CallFailed):
            await modem.dial("1")
        await modem.send_data(V17, b"")
        with anyio.move_on_after(1.0):
            await modem.receive_frame()
        await modem.send_data(V17, b"")

    async def script(dce: Dce) -> None:
        await played("AT+FRM=145", "NO CARRIER")(dce)
        await dce.does("AT+FRS=7")
        await transmits(dce, DCS)
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await dce.does("AT+FRS=7")
        await transmits(dce, DCS)
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await played("AT+FRM=145", "NO CARRIER", "ATDT1", "NO CARRIER")(dce)
        await dce.does("AT+FRS=7")
        await page_goes(dce, 145, b"")
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await dce.does("AT+FRS=7")
        await page_goes(dce, 145, b"")

    converse(driver, script)


def test_without_silence_on_the_line_it_is_sent_all_the_same() -> None:
    async def driver(modem: Class1Modem) -> float:
        await modem.receive_frame()
        await modem.send_frames([DCS])
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await dce.hears("AT+FRS=7")
        await dce.is_aborted()
        await transmits(dce, DCS)

    assert converse(driver, script) == pytest.approx(1.0)


@pytest.mark.parametrize("said", ["ERROR", "NO CARRIER"])
def test_a_refused_silence_is_done_without(said: str) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_frame()
        await modem.send_frames([DCS])

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await dce.hears("AT+FRS=7")
        await dce.says(said)
        await transmits(dce, DCS)

    converse(driver, script)


def test_a_silence_may_be_a_pause() -> None:
    silence = PROFILE.silence.model_copy(update={"after_receiving": (Step(pause_s=0.07),)})

    async def driver(modem: Class1Modem) -> float:
        await modem.receive_frame()
        await modem.send_frames([DCS])
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await transmits(dce, DCS)

    assert converse(driver, script, profile=PROFILE.model_copy(update={"silence": silence})) == pytest.approx(0.07)


def test_a_modem_that_cannot_be_kept_from_awaiting_silence_is_waited_for() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_frame()
        await modem.send_frames([DCS])

    async def script(dce: Dce) -> None:
        await frame_comes(dce)
        await dce.hears("AT+FRS=7")
        await dce.hears_bytes(CAN)
        await dce.hears("AT")
        await anyio.sleep(0.5)
        await dce.says("OK", "OK")  # to +FRS, and only then to what has come meanwhile
        await transmits(dce, DCS)

    converse(driver, script)


@pytest.mark.parametrize("command", ["AT+FTS=7", "AT+FRS=7"])
def test_a_refused_silence_is_kept_all_the_same(command: str) -> None:
    async def driver(modem: Class1Modem) -> float:
        if command == "AT+FRS=7":
            await modem.receive_frame()
        else:
            await modem.send_frames([DCS])
        since = anyio.current_time()
        await modem.send_frames([DCS])
        return anyio.current_time() - since

    async def script(dce: Dce) -> None:
        await (frame_comes(dce) if command == "AT+FRS=7" else transmits(dce, DCS))
        await dce.hears(command)
        await dce.says("ERROR")
        await transmits(dce, DCS)

    assert converse(driver, script) == pytest.approx(0.07)
