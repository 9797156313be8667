"""Calls that a person has begun, and calls that may be none of a fax: what the driver says, and what it makes of it."""

from __future__ import annotations

import pytest

from faxmodem.errors import ModemError
from faxmodem.modem.base import Answering, CallFailed, Link, NotFax, OtherCall
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import QuirkNote
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.outcomes import Outcome
from tests.unit.modem.dce import CAN, CFR, CFR_WITH_FCS, DLE_ETX, PROFILE, Dce, converse, played, transmits

DIS = b"\xff\x13\x80"
ADAPTS = ("AT+FCLASS=0", "OK", "AT+FAE=1", "OK", "ATA")


def test_an_open_call_is_taken_over_without_a_number_and_without_a_dial_tone() -> None:
    async def driver(modem: Class1Modem) -> object:
        assert await modem.dial("") is Link.V21
        return await modem.receive_frame()

    script = played("ATX3", "OK", "ATDT", 2.0, "CONNECT", CFR_WITH_FCS + DLE_ETX, "OK")
    assert converse(driver, script) == CFR


def test_a_modem_without_x3_takes_it_over_all_the_same() -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(CallFailed):
            await modem.dial("")

    converse(driver, played("ATX3", "ERROR", "ATDT", "NO CARRIER"))


@pytest.mark.parametrize("has_quirk", [True, False])
def test_an_at_sign_is_left_out_for_modems_that_it_confuses(has_quirk: bool) -> None:
    profile = PROFILE.model_copy(update={"quirks": {Quirk.NO_AT_SIGN: QuirkNote(applies=has_quirk)}})

    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(CallFailed):
            await modem.dial("0@12")

    converse(driver, played("ATDT012" if has_quirk else "ATDT0@12", "BUSY"), profile=profile)


def test_a_silent_answer_has_no_tone_before_the_first_frame() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.pick_up(Answering.SILENT)
        assert await modem.answer() is Link.V21
        await modem.send_frames([DIS])
        await modem.hang_up()

    async def script(dce: Dce) -> None:
        await dce.does("ATH1")
        await transmits(dce, DIS)
        await dce.does("ATH0")

    converse(driver, script)


def test_a_silent_answer_that_the_modem_refuses() -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(CallFailed, match="there is no call any more"):
            await modem.pick_up(Answering.SILENT)

    converse(driver, played("ATH1", "ERROR"))


@pytest.mark.parametrize("said", [["FAX", "CONNECT"], ["CONNECT FAX"], ["RING", "FAX", "CONNECT"]])
def test_a_fax_that_the_modem_found_out_goes_on_as_one(said: list[str]) -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.pick_up(Answering.ADAPTIVE)
        assert await modem.answer() is Link.V21
        await modem.send_frames([DIS])

    async def script(dce: Dce) -> None:
        await played(*ADAPTS, 3.0, *said)(dce)
        await dce.hears_bytes(DIS + DLE_ETX)
        await dce.says("OK")

    converse(driver, script)


@pytest.mark.parametrize(
    ("said", "call", "result"),
    [
        (["DATA", 10.0, "CONNECT 9600"], OtherCall.DATA, "CONNECT 9600"),
        (["CONNECT 33600"], OtherCall.DATA, "CONNECT 33600"),
        (["VOICE"], OtherCall.VOICE, "VOICE"),
    ],
)
def test_a_call_that_is_none_of_a_fax(said: list[str | float], call: OtherCall, result: str) -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(NotFax) as caught:
            await modem.pick_up(Answering.ADAPTIVE)
        assert (caught.value.call, caught.value.result) == (call, result)
        assert caught.value.outcome is Outcome.NOT_A_FAX

    converse(driver, played(*ADAPTS, *said))


def test_a_modem_that_waits_to_be_sent_online_is() -> None:
    profile = PROFILE.model_copy(update={"at": PROFILE.at.model_copy(update={"online": "ATO"})})

    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(NotFax, match="CONNECT 9600"):
            await modem.pick_up(Answering.ADAPTIVE)

    converse(driver, played(*ADAPTS, "DATA", "ATO", "CONNECT 9600"), profile=profile)


@pytest.mark.parametrize("said", [["NO CARRIER"], ["DATA", "NO CARRIER"], ["ERROR"]])
def test_a_caller_who_goes_before_it_is_found_out(said: list[str]) -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(CallFailed) as caught:
            await modem.pick_up(Answering.ADAPTIVE)
        assert not isinstance(caught.value, NotFax)
        assert caught.value.outcome is Outcome.FAR_END_HUNG_UP

    converse(driver, played(*ADAPTS, *said))


def test_a_modem_that_cannot_tell_says_so_before_it_answers() -> None:
    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(ModemError, match=r"refuses AT\+FAE=1, so it cannot tell data and voice calls"):
            await modem.pick_up(Answering.ADAPTIVE)

    converse(driver, played("AT+FCLASS=0", "OK", "AT+FAE=1", "ERROR"))


def test_a_firmware_that_has_no_adaptive_answer() -> None:
    profile = PROFILE.model_copy(update={"at": PROFILE.at.model_copy(update={"adaptive": {"1": ()}})})

    async def driver(modem: Class1Modem) -> None:
        with pytest.raises(ModemError, match="the profile class1 knows no way"):
            await modem.pick_up(Answering.ADAPTIVE)

    converse(driver, played(), profile=profile)


def test_what_was_picked_up_is_forgotten_with_the_call() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.pick_up(Answering.SILENT)
        await modem.hang_up()
        with pytest.raises(CallFailed):
            await modem.answer()

    async def script(dce: Dce) -> None:
        await dce.does("ATH1", "ATH0")
        await played("ATA", "NO CARRIER")(dce)

    converse(driver, script)


def test_hanging_up_after_the_modem_has_found_a_fax_aborts_the_answer() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem.pick_up(Answering.ADAPTIVE)
        await modem.hang_up()

    async def script(dce: Dce) -> None:
        await played(*ADAPTS, "FAX")(dce)
        await dce.hears_bytes(CAN)
        await dce.says("NO CARRIER")
        await dce.does("AT", "ATH0")

    converse(driver, script)
