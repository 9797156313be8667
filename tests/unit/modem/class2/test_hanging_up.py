"""The end of a call, from whatever the modem is at."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.errors import LocalProtocolError, ModemTimeout
from faxmodem.modem.base import Answering, SessionEnded
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.t30.fcf import Fcf
from tests.unit.modem.class2.dce import (
    CALLED,
    CALLER,
    CAN,
    DLE_ETX,
    FINE_PAGE,
    PAGE,
    PROFILES,
    XON,
    Told,
    conversing,
    in_turn,
    prepares,
    steps,
)
from tests.unit.modem.dce import Script

DLE_CAN = b"\x10\x18"
DIALS = in_turn(prepares("2"), steps("ATDT123", "+FCON|+FDIS:1,5,0,2,0,0,0,0|OK"))
BEGINS = in_turn(DIALS, steps("AT+FDT", "+FDCS:1,5,0,0,0,0,0,0|CONNECT", b"<" + XON))
LEFT = steps("ATH0", "OK")


async def dialled(modem: Class2Modem) -> None:
    await modem.prepare(CALLER)
    await modem.dial("123", Told())


@pytest.mark.parametrize(("name", "abort", "report"), [("2", "AT+FK", "+FHNG:2"), ("2.0", "AT+FKS", "+FHS:02")])
def test_a_session_is_aborted_before_the_modem_goes_on_hook(name: str, abort: str, report: str) -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        await modem.hang_up()
        await modem.hang_up()

    said = "+FCON|+FDIS:1,5,0,2,0,0,0,0|OK" if name == "2" else "+FCO|+FIS:1,5,0,2,0,0,0,0|OK"
    script = in_turn(prepares(name), steps("ATDT123", said, abort, 3.0, report, "OK"), LEFT, LEFT)
    conversing(driver, script, profile=PROFILES[name])


@pytest.mark.parametrize("answer", [steps("ERROR"), steps("NO CARRIER")])
def test_whatever_it_says_to_that(answer: Script) -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        await modem.hang_up()

    conversing(driver, in_turn(DIALS, steps("AT+FK"), answer, LEFT))


def test_a_session_that_has_ended_is_not_aborted() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(CALLER)
        with pytest.raises(SessionEnded):
            await modem.dial("123", Told())
        await modem.hang_up()

    conversing(driver, in_turn(prepares("2"), steps("ATDT123", "+FCON|+FHNG:21|OK"), LEFT))


def test_a_page_is_cut_off_and_the_line_left() -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        await modem.send_page(bytes(100), await modem.begin_page(FINE_PAGE, Told()))
        await modem.hang_up()

    conversing(driver, in_turn(BEGINS, steps(bytes(100) + DLE_CAN, "+FHNG:2|OK", "AT", "OK"), LEFT))


def test_a_modem_that_minds_no_abort_has_its_page_ended() -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        await modem.begin_page(FINE_PAGE, Told())
        await modem.hang_up()

    conversing(driver, in_turn(BEGINS, steps(DLE_CAN, 5.0, DLE_CAN, 5.0, DLE_ETX, "OK", "AT", "OK"), LEFT))


def test_a_reception_is_cut_off() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(CALLED)
        await modem.answer(Told())
        with anyio.move_on_after(10.0):
            await modem.receive_page(Told(), lambda _parameters: None, lambda _data: None)
        await modem.hang_up()

    script = in_turn(
        prepares("2", station=CALLED),
        steps("ATA", "+FCON|+FDCS:1,5,0,0,0,0,0,0|OK", "AT+FDR", "CONNECT", b"\x12", b"<" + bytes(500)),
        steps(DLE_CAN, b"<" + DLE_ETX, "+FHNG:2|OK", "AT", "OK"),
    )
    conversing(driver, in_turn(script, LEFT))


def test_a_modem_that_waits_for_the_far_end_may_call_the_page_off() -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        await modem.begin_page(PAGE, Told())

    script = in_turn(DIALS, steps("AT+FDIS=0,5,0,0,0,0,0,0", "OK", "AT+FDT", b"<" + CAN, CAN, "+FHNG:20|OK"))
    with pytest.raises(SessionEnded):
        conversing(driver, script)


def test_dialling_is_broken_off() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(CALLER)
        with anyio.move_on_after(10.0):
            await modem.dial("123", Told())
        await modem.hang_up()

    script = in_turn(prepares("2"), steps("ATDT123", 10.0, CAN, "NO CARRIER", "AT", "OK"))
    conversing(driver, in_turn(script, LEFT))


def test_a_modem_that_falls_silent() -> None:
    async def driver(modem: Class2Modem) -> None:
        await dialled(modem)
        with pytest.raises(ModemTimeout):
            await modem.begin_page(FINE_PAGE, Told())

    conversing(driver, in_turn(DIALS, steps("AT+FDT")))


def test_without_a_call_there_are_no_pages() -> None:
    async def driver(modem: Class2Modem) -> None:
        for act in (
            lambda: modem.begin_page(PAGE, Told()),
            lambda: modem.send_page(b"", PAGE),
            lambda: modem.end_page(Fcf.EOP, Told()),
            lambda: modem.receive_page(Told(), lambda _parameters: None, lambda _data: None),
            lambda: modem.answer_page(Fcf.MCF),
        ):
            with pytest.raises(LocalProtocolError):
                await act()

    conversing(driver, steps())


def test_a_call_that_is_answered_adaptively_is_prepared_once() -> None:
    async def driver(modem: Class2Modem) -> list[str]:
        told = Told()
        await modem.prepare(CALLED)
        await modem.pick_up(Answering.ADAPTIVE)
        await modem.prepare(CALLED)
        await modem.answer(told)
        return told.names

    script = in_turn(
        prepares("2", station=CALLED),
        *(steps(command, "OK") for command in PROFILES["2"].at.adaptive_in("2")),
        steps("ATA", "FAX|+FCON", 2.0, "+FDCS:1,5,0,0,0,0,0,0|OK"),
    )
    assert conversing(driver, script) == ["DCS"]
