"""Dialling, answering, ringing, hanging up."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.errors import DialError, ModemTimeout, PortError
from faxmodem.modem.base import CallFailed, Ring
from faxmodem.modem.callerid import caller_info
from faxmodem.modem.class1 import Class1Modem
from faxmodem.t30.outcomes import Outcome
from tests.unit.modem.dce import (
    CAN,
    CFR,
    CFR_WITH_FCS,
    DLE_ETX,
    PROFILE,
    SET_UP,
    Dce,
    converse,
    deaf_until_dtr_drops,
    transmits,
)

FAILURES = {
    "BUSY": Outcome.BUSY,
    "NO CARRIER": Outcome.NO_ANSWER,
    "NO ANSWER": Outcome.NO_ANSWER,
    "OK": Outcome.NO_ANSWER,
    "NO DIALTONE": Outcome.NO_DIAL_TONE,
    "NO DIAL TONE": Outcome.NO_DIAL_TONE,
    "ERROR": Outcome.BAD_NUMBER,
    "DELAYED 00:10:00": Outcome.DELAYED,
    "BLACKLISTED": Outcome.BLACKLISTED,
    "DIALING DISABLED": Outcome.BLACKLISTED,
    "VOICE": Outcome.NOT_A_FAX,
    "DATA": Outcome.NOT_A_FAX,
}


@pytest.mark.parametrize(("said", "outcome"), FAILURES.items())
def test_failed_call_says_why(said: str, outcome: Outcome) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.dial("555-1234")

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5551234")
        await dce.says("RINGING", said)

    with pytest.raises(CallFailed) as caught:
        converse(driver, script)
    assert caught.value.outcome is outcome
    assert said in str(caught.value)


@pytest.mark.parametrize("connect", [["CONNECT"], ["FAX", "CONNECT"], ["RING", "CONNECT FAX"]])
def test_first_frame_after_dialling_needs_no_command(connect: list[str]) -> None:
    async def driver(modem: Class1Modem) -> object:
        await modem.dial("5551234")
        assert await modem.receive_frame() == CFR
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5551234")
        await anyio.sleep(30)
        await dce.says(*connect)
        await dce.sends(CFR_WITH_FCS + DLE_ETX)
        await dce.says("OK")
        await dce.hears("AT+FRH=3")
        await dce.says("CONNECT")
        await dce.sends(CFR_WITH_FCS + DLE_ETX)
        await dce.says("OK")

    assert converse(driver, script) == CFR


def test_what_came_after_dialling_must_have_ended_before_the_answer() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.dial("1")
        assert await modem.receive_frame() == CFR
        await modem.send_frames([b"\xff\x13\x80"])

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT1")
        await dce.says("CONNECT")
        await dce.sends(CFR_WITH_FCS + DLE_ETX)
        await dce.says("OK")
        await dce.does("AT+FRS=7")
        await transmits(dce, b"\xff\x13\x80")

    converse(driver, script)


def test_another_carrier_while_dialling_is_someone() -> None:
    async def driver(modem: Class1Modem) -> object:
        await modem.dial("5551234")
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5551234")
        await dce.says("+FCERROR")
        await dce.hears("AT+FRH=3")
        await dce.says("CONNECT")
        await dce.sends(CFR_WITH_FCS + DLE_ETX)
        await dce.says("OK")

    assert converse(driver, script) == CFR


def test_bad_number_does_not_reach_the_modem() -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(DialError):
            await modem.dial("555;H1")

    async def script(dce: Dce) -> None:
        await dce.hears_nothing(10)

    converse(driver, script)


def test_silent_modem_is_named_with_its_command() -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(ModemTimeout, match=r"did not answer ATDT5551234 within 180.0 s"):
            await modem.dial("5551234")
        await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5551234")
        await dce.is_aborted()
        await dce.does("ATH0")

    converse(driver, script)


def test_cancelled_dialling_is_aborted_by_hanging_up() -> None:
    async def driver(modem: Class1Modem) -> None:
        with anyio.move_on_after(5) as scope:
            await modem.dial("5551234")
        assert scope.cancelled_caught
        await modem.hang_up()
        await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5551234")
        await dce.hears_bytes(CAN)
        await dce.says("NO CARRIER")
        await dce.does("AT", "ATH0", "ATH0")

    converse(driver, script)


@pytest.mark.parametrize("connect", [["CONNECT"], ["FAX", "CONNECT"]])
def test_first_frames_after_answering_need_no_command(connect: list[str]) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.answer()
        await modem.send_frames([b"\xff\x03\x40", b"\xff\x13\x80"])
        await modem.send_frames([b"\xff\x13\x80"])

    async def script(dce: Dce) -> None:
        await dce.hears("ATA")
        await anyio.sleep(3)
        await dce.says(*connect)
        await dce.hears_bytes(b"\xff\x03\x40\x10\x03")
        await dce.says("CONNECT")
        await dce.hears_bytes(b"\xff\x13\x80\x10\x03")
        await dce.says("OK")
        await dce.does("AT+FTS=7")
        await transmits(dce, b"\xff\x13\x80")

    converse(driver, script)


def test_answered_without_flags_the_modem_is_told_to_send_them() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.receive_frame()
        await modem.answer()
        await modem.send_frames([b"\xff\x13\x80"])

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.says("NO CARRIER")
        await dce.does("ATA")
        await transmits(dce, b"\xff\x13\x80")

    converse(driver, script)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("NO CARRIER", Outcome.FAR_END_HUNG_UP), ("ERROR", Outcome.FAR_END_HUNG_UP), ("DATA", Outcome.NOT_A_FAX)],
)
def test_failed_answer_says_why(said: str, outcome: Outcome) -> None:
    async def script(dce: Dce) -> None:
        await dce.hears("ATA")
        await dce.says(said)

    with pytest.raises(CallFailed) as caught:
        converse(Class1Modem.answer, script)
    assert caught.value.outcome is outcome


def test_answer_not_used_is_ended_before_another_action() -> None:
    async def driver(modem: Class1Modem) -> object:
        await modem.answer()
        return await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears("ATA")
        await dce.says("CONNECT")
        await dce.hears_bytes(DLE_ETX)
        await dce.says("OK")
        await dce.does("AT")
        await dce.hears("AT+FRH=3")
        await dce.says("CONNECT")
        await dce.sends(CFR_WITH_FCS + DLE_ETX)
        await dce.says("OK")

    assert converse(driver, script) == CFR


def test_rings_are_counted_with_the_caller() -> None:
    async def driver(modem: Class1Modem) -> Ring:
        return await modem.wait_for_ring(2)

    async def script(dce: Dce) -> None:
        await anyio.sleep(3600)
        await dce.says("RING")
        await anyio.sleep(2)
        await dce.says("NMBR = 0301234567", "NAME = EICHE")
        await anyio.sleep(3)
        await dce.says("RING 1")

    assert converse(driver, script) == Ring(info=caller_info(["NMBR = 0301234567", "NAME = EICHE", "RING 1"]))


def test_rings_of_two_calls_do_not_add_up() -> None:
    async def driver(modem: Class1Modem) -> Ring:
        return await modem.wait_for_ring(2)

    async def script(dce: Dce) -> None:
        await anyio.sleep(1)
        await dce.says("NMBR = 1", "RING")
        await anyio.sleep(9)
        await dce.says("RING")
        await anyio.sleep(6)
        await dce.says("RING")

    assert converse(driver, script) == Ring()


def test_rings_of_the_past_do_not_count() -> None:
    async def driver(modem: Class1Modem) -> float:
        await anyio.sleep(100)
        await modem.wait_for_ring()
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.says("RING")
        await anyio.sleep(200)
        await dce.says("RING")

    assert converse(driver, script) == 200


def test_waiting_for_a_ring_may_be_cancelled_and_resumed() -> None:
    async def driver(modem: Class1Modem) -> Ring:
        with anyio.move_on_after(10):
            await modem.wait_for_ring()
        return await modem.wait_for_ring()

    async def script(dce: Dce) -> None:
        await dce.hears_nothing(20)
        await dce.says("RING;555;100")

    assert converse(driver, script) == Ring(info=caller_info(["RING;555;100"]))


def test_hang_up_takes_the_form_that_the_modem_knows() -> None:
    async def script(dce: Dce) -> None:
        await dce.hears("ATH0")
        await dce.says("ERROR")
        await dce.does("ATH")

    converse(Class1Modem.hang_up, script)


def test_hang_up_by_dtr_when_commands_are_refused() -> None:
    async def script(dce: Dce) -> None:
        for command in ("ATH0", "ATH"):
            await dce.hears(command)
            await dce.says("ERROR")
        await deaf_until_dtr_drops(dce)
        await dce.does("AT", "ATH0")

    converse(Class1Modem.hang_up, script)


def test_hang_up_tries_everything_and_then_says_that_it_failed() -> None:
    async def driver(modem: Class1Modem) -> float:
        with pytest.raises(ModemTimeout, match="may still hold the line; switch it off and on"):
            await modem.hang_up()
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        heard = await dce.hears_for(60)
        assert b"ATH0\r" in heard
        assert b"+++" in heard

    assert converse(driver, script) < 25


def test_hang_up_is_not_cancelled() -> None:
    async def driver(modem: Class1Modem) -> None:
        with anyio.move_on_after(0.5):
            await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATH0")
        await anyio.sleep(5)
        await dce.says("OK")

    converse(driver, script)


async def abandon_frame(modem: Class1Modem) -> None:
    with anyio.move_on_after(1):
        await modem.receive_frame()


@pytest.mark.parametrize("command", ["ATDT1", "ATA"])
def test_a_call_begins_with_what_is_still_going_on(command: str) -> None:
    async def driver(modem: Class1Modem) -> None:
        await abandon_frame(modem)
        with pytest.raises(CallFailed):
            await (modem.answer() if command == "ATA" else modem.dial("1"))

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await dce.hears(command)
        await dce.says("NO CARRIER")

    converse(driver, script)


def test_what_is_still_going_on_is_ended_before_rings_are_counted() -> None:
    async def driver(modem: Class1Modem) -> Ring:
        await abandon_frame(modem)
        return await modem.wait_for_ring()

    async def script(dce: Dce) -> None:
        await dce.hears("AT+FRH=3")
        await dce.is_aborted()
        await anyio.sleep(1)
        await dce.says("RING")

    assert converse(driver, script) == Ring()


def test_a_new_call_needs_its_own_flags() -> None:
    """What one call left implied is over with it, by hanging up as by set-up."""

    async def driver(modem: Class1Modem) -> None:
        await modem.answer()
        await modem.hang_up()
        await modem.send_frames([b"\xff\x13\x80"])
        await modem.answer()
        await modem.set_up()
        await modem.send_frames([b"\xff\x13\x80"])

    async def script(dce: Dce) -> None:
        await dce.hears("ATA")
        await dce.says("CONNECT")
        await dce.hears_bytes(DLE_ETX)
        await dce.says("OK")
        await dce.does("AT", "ATH0", "AT+FTS=7")
        await transmits(dce, b"\xff\x13\x80")
        await dce.hears("ATA")
        await dce.says("CONNECT")
        await dce.does(*SET_UP, "AT+FTS=7")
        await transmits(dce, b"\xff\x13\x80")

    converse(driver, script)


@pytest.mark.parametrize("dialled", [True, False])
def test_closing_hangs_up_what_is_up(dialled: bool) -> None:
    async def driver(modem: Class1Modem) -> None:
        await (modem.dial("1") if dialled else modem.answer())
        await modem.aclose()
        with pytest.raises(PortError):
            await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDT1" if dialled else "ATA")
        await dce.says("CONNECT")
        await dce.hears_bytes(CAN if dialled else DLE_ETX)
        await dce.says("OK")
        await dce.does("AT", "ATH0")
        with pytest.raises(PortError):
            await dce.hears_nothing(1)

    converse(driver, script)


def test_closing_hangs_up_only_what_may_be_up() -> None:
    async def driver(modem: Class1Modem) -> None:
        with anyio.move_on_after(1):
            await modem.answer()
        await modem.hang_up()
        await modem.aclose()

    async def script(dce: Dce) -> None:
        await dce.hears("ATA")
        await dce.is_aborted()
        await dce.does("ATH0")

    converse(driver, script)


def test_profile_words_every_command() -> None:
    at = PROFILE.at.model_copy(update={"dial": "ATDP{number}", "hang_up": ("ATH1",), "answer": "ATA1"})
    profile = PROFILE.model_copy(update={"at": at})

    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(CallFailed):
            await modem.dial("1")
        with pytest.raises(CallFailed):
            await modem.answer()
        await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATDP1")
        await dce.says("BUSY")
        await dce.hears("ATA1")
        await dce.says("NO CARRIER")
        await dce.does("ATH1")

    converse(driver, script, profile=profile)
