"""Sending pages, byte by byte, in each dialect."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.errors import ModemError
from faxmodem.modem.base import CallFailed, LineDropped, SessionEnded
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.bits import Bits
from faxmodem.t30.capabilities import Capabilities, PageLength, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from tests.unit.modem.class2.dce import (
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
    with_quirks,
)
from tests.unit.modem.dce import Dce, Script

DATA = bytes(range(256)) * 3
STUFFED = DATA.replace(b"\x10", b"\x10\x10")
DIALS_2 = steps("ATDT123", 3.0, "+FCON", 0.5, '+FNSF:B5 01 02|+FCSI:"  98765"|+FDIS:1,5,0,2,1,0,0,3|OK')
DIALS_20 = steps("ATDT123", 3.0, "+FCO", 0.5, '+FNF:B50102|+FCI:"98765"|+FIS:01,5,0,2,1,0,0,3|OK')
CONNECTS_2 = steps("AT+FDT", 4.0, "+FDCS:1,5,0,0,0,0,0,3|CONNECT", b"<" + XON)
CONNECTS_20 = steps("AT+FDT", 4.0, "+FCS:1,5,0,0,0,0,0,3|CONNECT")
GOES_ON_2 = steps("AT+FDT", 1.0, "CONNECT", b"<" + XON)
GOES_ON_20 = steps("AT+FDT", 1.0, "CONNECT")
CHOSEN = replace(FINE_PAGE, scan_time_ms=10)


async def dialled(modem: Class2Modem) -> Told:
    told = Told()
    await modem.prepare(CALLER)
    await modem.dial("123", told)
    return told


async def three_pages(modem: Class2Modem) -> tuple[list[str], list[Fcf | None]]:
    told = await dialled(modem)
    answers: list[Fcf | None] = []
    for command in (Fcf.MPS, Fcf.EOM, Fcf.EOP):
        chosen = await modem.begin_page(FINE_PAGE, told)
        assert chosen == CHOSEN
        sent: list[int] = []
        await modem.send_page(DATA, chosen, on_progress=sent.append)
        assert sent[-1] == len(DATA)
        answers.append((await modem.end_page(command, told)).fcf)
    return told.names, answers


def test_three_pages_in_class_2() -> None:
    script = in_turn(
        prepares("2"),
        DIALS_2,
        CONNECTS_2,
        steps(STUFFED + DLE_ETX, "OK", "AT+FET=0", "+FPTS:1,800,0,0|OK"),
        GOES_ON_2,
        steps(STUFFED + DLE_ETX, 30.0, "OK", "AT+FET=1", "+FPTS:1|OK"),
        GOES_ON_2,
        steps(STUFFED + DLE_ETX, "OK", "AT+FET=2", "+FPTS:1|+FHNG:0|OK"),
    )
    names, answers = conversing(three_pages, script)
    assert names == ["NSF", "CSI", "DIS", "DCS"]
    assert answers == [Fcf.MCF] * 3


@pytest.mark.parametrize("name", ["2.0", "2.1"])
def test_three_pages_in_class_2_0_and_2_1(name: str) -> None:
    script = in_turn(
        prepares(name),
        DIALS_20,
        CONNECTS_20,
        steps(STUFFED + b"\x10,", "+FPS:1,320,0,0,0|OK"),
        GOES_ON_20,
        steps(STUFFED + b"\x10;", 30.0, "OK", "AT+FPS?", "3,320,0,0,0|OK"),
        GOES_ON_20,
        steps(STUFFED + b"\x10.", "+FHS:00|OK"),
    )
    names, answers = conversing(three_pages, script, profile=PROFILES[name])
    assert names == ["NSF", "CSI", "DIS", "DCS"]
    assert answers == [Fcf.MCF, Fcf.RTP, Fcf.MCF]


def test_what_the_far_end_says() -> None:
    async def driver(modem: Class2Modem) -> Told:
        return await dialled(modem)

    told = conversing(driver, in_turn(prepares("2"), DIALS_2))
    nsf, csi, dis = told.frames
    assert nsf.fif == b"\xb5\x01\x02"
    assert csi.record() == StationId("98765")
    bits = dis.record()
    assert isinstance(bits, Bits)
    said = Capabilities.from_bits(bits)
    assert said.codings == {Coding.MH, Coding.MR}
    assert said.lengths[-1] is PageLength.UNLIMITED
    assert said.scan_time_ms(Resolution.FINE) == 10
    assert not said.has_document


def test_a_document_to_be_polled_is_told_with_the_dis() -> None:
    script = in_turn(prepares("2"), steps("ATDT123", "+FCON|+FDIS:1,5,0,2,0,0,0,0|+FPOLL|OK"))
    told = conversing(dialled, script)
    bits = told.frames[-1].record()
    assert isinstance(bits, Bits)
    assert told.names == ["DIS"]
    assert bits["has_document"]


def test_frames_are_told_before_the_result() -> None:
    times: list[float] = []

    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(CALLER)
        await modem.dial("123", lambda _frame: times.append(anyio.current_time()))
        assert anyio.current_time() - times[-1] > 8.0

    script = in_turn(prepares("2"), steps("ATDT123", "+FCON|+FDIS:1,5,0,2,0,0,0,0", 10.0, "OK"))
    conversing(driver, script)
    assert len(times) == 1


def test_a_far_end_of_which_nothing_is_told_can_what_all_can() -> None:
    told = conversing(dialled, in_turn(prepares("2"), steps("ATDT123", "+FCON|OK")))
    assert told.names == ["DIS"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("BUSY", Outcome.BUSY),
        ("NO CARRIER", Outcome.NO_ANSWER),
        ("NO DIALTONE", Outcome.NO_DIAL_TONE),
        ("ERROR", Outcome.BAD_NUMBER),
        ("OK", Outcome.NO_ANSWER),
        ("+FHNG:11|OK", Outcome.NO_ANSWER),
        ("+FHNG:3|OK", Outcome.NO_DIAL_TONE),
        ("+FHNG:0|OK", Outcome.NO_ANSWER),
        ("+FHNG:5", Outcome.NOT_A_FAX),
        ("+FDM|OK", Outcome.NOT_A_FAX),
        ("VOICE", Outcome.NOT_A_FAX),
    ],
)
def test_a_call_that_does_not_come_about(said: str, outcome: Outcome) -> None:
    with pytest.raises(CallFailed) as failed:
        conversing(dialled, in_turn(prepares("2"), steps("ATDT123", said)))
    assert failed.value.outcome is outcome


def test_a_session_that_ends_in_phase_b() -> None:
    with pytest.raises(SessionEnded, match="neither receive nor be polled") as ended:
        conversing(dialled, in_turn(prepares("2"), steps("ATDT123", '+FCON|+FCSI:"1"|+FHNG:21|OK')))
    assert (ended.value.outcome, ended.value.code) == (Outcome.INCOMPATIBLE, "21")


def test_a_modem_that_says_no_carrier_while_it_trains() -> None:
    with pytest.raises(LineDropped):
        conversing(dialled, in_turn(prepares("2"), steps("ATDT123", "+FCON|+FDIS:1,5,0,2|NO CARRIER")))


def test_a_page_of_another_kind_is_asked_for() -> None:
    async def driver(modem: Class2Modem) -> Parameters:
        return await modem.begin_page(PAGE, await dialled(modem))

    script = in_turn(
        prepares("2"),
        DIALS_2,
        steps("AT+FDIS=0,5,0,0,0,0,0,0", "OK", "AT+FDT", "+FDCS:0,3,0,0,0,0,0,3|CONNECT", b"<" + XON),
    )
    assert conversing(driver, script) == replace(PAGE, modulation=Modulation.V17_9600, scan_time_ms=10)


def test_a_far_end_without_v17_gets_v29() -> None:
    async def driver(modem: Class2Modem) -> Parameters:
        return await modem.begin_page(FINE_PAGE, await dialled(modem))

    script = in_turn(
        prepares("2"),
        steps("ATDT123", "+FCON|+FDIS:1,3,0,2,0,0,0,0|OK", "AT+FDT", "+FDCS:1,3,0,0,0,0,0,0|CONNECT", b"<" + XON),
    )
    assert conversing(driver, script).modulation is Modulation.V29_9600


def test_a_slower_rate_is_asked_for_when_the_session_says_so() -> None:
    async def driver(modem: Class2Modem) -> Fcf | None:
        told = await dialled(modem)
        chosen = await modem.begin_page(FINE_PAGE, told)
        await modem.send_page(DATA, chosen)
        refused = await modem.end_page(Fcf.EOP, told)
        chosen = await modem.begin_page(replace(FINE_PAGE, modulation=Modulation.V17_12000), told)
        assert chosen.modulation is Modulation.V17_12000
        return refused.fcf

    script = in_turn(
        prepares("2"),
        DIALS_2,
        CONNECTS_2,
        steps(STUFFED + DLE_ETX, "OK", "AT+FET=2", "+FPTS:2,800,30,30|OK"),
        steps("AT+FDIS=1,4,0,0,0,0,0,0", "OK", "AT+FDT", "+FDCS:1,4,0,0,0,0,0,3|CONNECT", b"<" + XON),
    )
    assert conversing(driver, script) is Fcf.RTN


async def one_page(modem: Class2Modem, command: Fcf = Fcf.EOP) -> Fcf | None:
    told = await dialled(modem)
    chosen = await modem.begin_page(FINE_PAGE, told)
    await modem.send_page(DATA, chosen)
    return (await modem.end_page(command, told)).fcf


async def first_of_two(modem: Class2Modem) -> Fcf | None:
    return await one_page(modem, Fcf.MPS)


BEGUN_2 = in_turn(prepares("2"), DIALS_2, CONNECTS_2)
BEGUN_20 = in_turn(prepares("2.0"), DIALS_20, CONNECTS_20)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("+FPTS:1|OK", Fcf.MCF),
        ("+FPTS: 2,10|OK", Fcf.RTN),
        ("+FPTS:3|OK", Fcf.RTP),
        ("+FPTS:4|OK", Fcf.PIN),
        ("+FPTS:5|OK", Fcf.PIP),
        ("+FPTS:0|OK", Fcf.RTN),
        ("OK|", Fcf.MCF),
        ("ERROR", Fcf.RTN),
        ("|+FPTS:7|OK", Fcf.MCF),
    ],
)
def test_answers_in_class_2(said: str, answer: Fcf) -> None:
    assert conversing(first_of_two, in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=0", said))) is answer


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        (steps("OK", "AT+FPS?", "1,0,0,0,0|OK"), Fcf.MCF),
        (steps("ERROR", "AT+FPS?", "+FPS: 2,0A,0,0,0|OK"), Fcf.RTN),
        (steps("+FPS:4|ERROR"), Fcf.PIN),
        (steps("ERROR", "AT+FPS?", "ERROR"), Fcf.RTN),
        (steps("OK", "AT+FPS?", "ERROR"), Fcf.MCF),
        (steps("OK", "AT+FPS?", "5|OK"), Fcf.PIP),
    ],
)
def test_answers_in_class_2_0(script: Script, answer: Fcf) -> None:
    script = in_turn(BEGUN_20, steps(STUFFED + b"\x10,"), script)
    assert conversing(first_of_two, script, profile=PROFILES["2.0"]) is answer


def test_the_last_page_without_a_status_is_confirmed_by_the_end() -> None:
    assert conversing(one_page, in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=2", "+FHNG:0|OK"))) is Fcf.MCF


def test_a_session_that_ends_well_before_the_last_page_has_refused_it() -> None:
    script = in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=0", "+FHNG:0|OK"))
    with pytest.raises(SessionEnded) as ended:
        conversing(first_of_two, script)
    assert ended.value.outcome is Outcome.PAGE_REFUSED


def test_a_modem_that_ends_with_0_when_a_page_is_refused() -> None:
    script = in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=2", "+FHNG:0|OK"))
    with pytest.raises(SessionEnded) as ended:
        conversing(one_page, script, profile=with_quirks("2", Quirk.REFUSED_PAGE_ENDS_OK))
    assert ended.value.outcome is Outcome.PAGE_REFUSED


@pytest.mark.parametrize(("result", "answer"), [("OK", Fcf.MCF), ("ERROR", Fcf.RTN)])
def test_in_class_2_0_the_result_tells_of_the_last_page(result: str, answer: Fcf) -> None:
    script = in_turn(BEGUN_20, steps(STUFFED + b"\x10.", f"+FHS:00|{result}"))
    assert conversing(one_page, script, profile=with_quirks("2.0", Quirk.REFUSED_PAGE_ENDS_OK)) is answer


def test_after_the_end_nothing_is_said_any_more() -> None:
    async def driver(modem: Class2Modem) -> None:
        assert await one_page(modem) is Fcf.RTN
        await modem.begin_page(PAGE, Told())

    script = in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=2", "+FPTS:2|+FHNG:0|OK"))
    with pytest.raises(SessionEnded):
        conversing(driver, script)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (steps("+FHNG:52|OK"), Outcome.NO_RESPONSE),
        (steps("+FPTS:1|+FHNG:50|OK"), Outcome.NO_RESPONSE),
        (steps("+FHNG:50"), Outcome.NO_RESPONSE),
    ],
)
def test_the_far_end_goes_away_after_the_page(script: Script, outcome: Outcome) -> None:
    with pytest.raises(SessionEnded) as ended:
        conversing(first_of_two, in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=0"), script))
    assert ended.value.outcome is outcome


def test_no_carrier_after_the_page() -> None:
    with pytest.raises(LineDropped):
        conversing(first_of_two, in_turn(BEGUN_2, steps(STUFFED + DLE_ETX, "OK", "AT+FET=0", "NO CARRIER")))


LONG = bytes(60_000)


async def long_page(modem: Class2Modem) -> None:
    told = await dialled(modem)
    await modem.send_page(LONG, await modem.begin_page(FINE_PAGE, told))


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        (steps("+FHNG:43|OK"), SessionEnded),
        (steps("+FHNG:43"), SessionEnded),
        (steps("NO CARRIER"), LineDropped),
        (steps("ERROR"), LineDropped),
        (steps("OK"), ModemError),
    ],
)
def test_the_modem_ends_in_the_middle_of_a_page(ending: Script, error: type[Exception]) -> None:
    with pytest.raises(error):
        conversing(long_page, in_turn(BEGUN_2, steps(bytes(10_000)), ending))


def test_the_modem_stops_a_page_with_can_and_is_answered() -> None:
    script = in_turn(BEGUN_2, steps(bytes(10_000), b"<" + CAN))

    async def play(dce: Dce) -> None:
        await script(dce)
        assert set(await dce.hears_up_to(CAN)) <= {0}
        await dce.says("+FHNG:40", "OK")

    with pytest.raises(SessionEnded) as ended:
        conversing(long_page, play)
    assert ended.value.code == "40"


def test_a_modem_that_takes_no_more_data_is_given_up() -> None:
    with pytest.raises(ModemError, match="took no data"):
        conversing(long_page, in_turn(BEGUN_2, steps(bytes(10_000), 60.0)))


def test_ok_before_connect_is_tried_again() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.begin_page(FINE_PAGE, await dialled(modem))

    begun = in_turn(prepares("2"), DIALS_2)
    conversing(driver, in_turn(begun, steps("AT+FDT", "OK", "AT+FDT", "OK", "AT+FDT", "CONNECT", b"<" + XON)))
    with pytest.raises(ModemError, match="3 times"):
        conversing(driver, in_turn(begun, *[steps("AT+FDT", "OK")] * 3))
    with pytest.raises(SessionEnded) as ended:
        conversing(driver, in_turn(begun, steps("AT+FDT", "+FDCS:1,5|+FDCS:1,3|+FHNG:27|OK")))
    assert ended.value.outcome is Outcome.TRAINING_FAILED
    with pytest.raises(LineDropped):
        conversing(driver, in_turn(begun, steps("AT+FDT", "ERROR")))
    with pytest.raises(ModemError, match="did not answer"):
        conversing(driver, in_turn(begun, steps("AT+FDT", 200.0)))


def test_a_modem_that_refuses_the_wish_for_a_page_says_what_it_does_instead() -> None:
    async def driver(modem: Class2Modem) -> Parameters:
        return await modem.begin_page(PAGE, await dialled(modem))

    script = in_turn(
        prepares("2"),
        DIALS_2,
        steps("AT+FDIS=0,5,0,0,0,0,0,0", "ERROR", "AT+FDT", "+FDCS:1,5,0,0,0,0,0,3|CONNECT", b"<" + XON),
    )
    assert conversing(driver, script) == CHOSEN


# Quirks


def test_without_xon_the_data_go_after_a_while() -> None:
    async def driver(modem: Class2Modem) -> float:
        told = await dialled(modem)
        begun = anyio.current_time()
        chosen = await modem.begin_page(FINE_PAGE, told)
        waited = anyio.current_time() - begun
        await modem.send_page(DATA, chosen)
        return waited

    script = in_turn(prepares("2"), DIALS_2, steps("AT+FDT", "CONNECT", STUFFED))
    assert conversing(driver, script) == pytest.approx(5.0)
    assert conversing(driver, script, profile=with_quirks("2", Quirk.NO_XON)) == 0.0


def test_a_session_that_ends_instead_of_asking_for_data() -> None:
    script = in_turn(prepares("2"), DIALS_2, steps("AT+FDT", "CONNECT", "+FHNG:40|OK"))
    with pytest.raises(SessionEnded):
        conversing(long_page, script)


EOL = "000000000001"


def in_link_order(bits: str) -> bytes:
    return int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")


@pytest.mark.parametrize(
    ("coding", "df", "rtc"), [(Coding.MH, 0, EOL * 6), (Coding.MR, 1, (EOL + "1") * 6), (Coding.MMR, 3, "")]
)
def test_a_modem_without_rtc_is_given_it(coding: Coding, df: int, rtc: str) -> None:
    async def driver(modem: Class2Modem) -> None:
        chosen = await modem.begin_page(FINE_PAGE, await dialled(modem))
        assert chosen.coding is coding
        await modem.send_page(DATA, chosen)

    script = in_turn(
        *(prepares("2"), DIALS_2),
        steps(
            "AT+FDT", f"+FDCS:1,5,0,0,{df},0,0,3|CONNECT", b"<" + XON, STUFFED + (in_link_order(rtc) if rtc else b"")
        ),
    )
    conversing(driver, script, profile=with_quirks("2", Quirk.NO_RTC))


def test_zeros_go_before_a_page_whose_first_line_would_be_lost() -> None:
    progress: list[int] = []

    async def driver(modem: Class2Modem) -> None:
        chosen = await modem.begin_page(FINE_PAGE, await dialled(modem))
        await modem.send_page(DATA, chosen, on_progress=progress.append)

    profile = with_quirks("2", Quirk.FIRST_LINE_LOST, value=100)
    conversing(driver, in_turn(BEGUN_2, steps(bytes(100) + STUFFED)), profile=profile)
    assert progress[0] == 156
    assert progress[-1] == len(DATA)


def test_a_modem_that_obeys_before_the_call_only_is_told_nothing_later() -> None:
    async def driver(modem: Class2Modem) -> Parameters:
        return await modem.begin_page(PAGE, await dialled(modem))

    profile = with_quirks("2", Quirk.SESSION_BEFORE_DIAL)
    script = in_turn(prepares("2", session="1,5,0,0,0,0,0,0"), DIALS_2, CONNECTS_2)
    assert conversing(driver, script, profile=profile) == CHOSEN


def test_lists_in_hexadecimal_where_the_class_has_decimal() -> None:
    async def driver(modem: Class2Modem) -> Parameters:
        return await modem.begin_page(FINE_PAGE, await dialled(modem))

    script = in_turn(prepares("2"), DIALS_2, steps("AT+FDT", "+FDCS:01,05,00,00,00,00,00,03|CONNECT", b"<" + XON))
    assert conversing(driver, script) == CHOSEN
