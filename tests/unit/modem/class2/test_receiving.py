"""Receiving pages, byte by byte, in each dialect."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

import anyio
import pytest

from faxmodem.codec.coding import encode
from faxmodem.codec.fcs import REVERSED
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem.base import CallFailed, LineDropped, SessionEnded
from faxmodem.modem.class2.bit_order import seems_reversed
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.bench import page
from tests.unit.modem.class2.dce import (
    CALLED,
    CALLER,
    DLE_ETX,
    PAGE,
    PROFILES,
    Told,
    conversing,
    in_turn,
    prepares,
    steps,
    with_quirks,
)
from tests.unit.modem.dce import Script

DC1, DC2 = b"\x11", b"\x12"
DATA = bytes(range(1, 256)) * 3
STUFFED = DATA.replace(b"\x10", b"\x10\x10")
FINE = Parameters(modulation=Modulation.V17_14400, resolution=Resolution.FINE)
READY_2 = in_turn(prepares("2", station=CALLED), steps("ATA", 3.0, '+FCON|+FTSI:"12 34|+FDCS:1,5,0,0,0,0,0,0|OK'))
READY_20 = in_turn(
    prepares("2.0", station=CALLED), steps("ATA", 3.0, '+FCO|+FTI:"12 34"|+FSA:"77"|+FCS:1,5,0,0,0,0,0,0|OK')
)


@dataclass
class Pages:
    """What came."""

    begun: list[Parameters] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def begin(self, parameters: Parameters) -> None:
        self.begun.append(parameters)
        self.data.append(b"")

    def take(self, piece: bytes) -> None:
        self.data[-1] += piece


async def answered(modem: Class2Modem) -> Told:
    told = Told()
    await modem.prepare(CALLED)
    await modem.answer(told)
    return told


async def receive(modem: Class2Modem, pages: Pages, told: Told) -> Fcf | None:
    return (await modem.receive_page(told, pages.begin, pages.take)).fcf


def page_comes(connect: str, *after: str, start: bytes = DC2, data: bytes = STUFFED) -> Script:
    return steps("AT+FDR", connect, start, b"<" + data + DLE_ETX, *after)


async def two_pages(modem: Class2Modem) -> tuple[Told, Pages]:
    told, pages = await answered(modem), Pages()
    assert await receive(modem, pages, told) is Fcf.MPS
    await modem.answer_page(Fcf.MCF)
    assert await receive(modem, pages, told) is Fcf.EOP
    await modem.answer_page(Fcf.MCF)
    with pytest.raises(SessionEnded) as ended:
        await receive(modem, pages, told)
    assert ended.value.outcome is Outcome.OK
    return told, pages


def test_two_pages_in_class_2() -> None:
    script = in_turn(
        READY_2,
        page_comes("+FCFR|CONNECT", "+FPTS:1,800,0,0|+FET:0|OK"),
        page_comes("+FDCS:0,3,0,0,0,0,0,0|CONNECT", "+FPTS:1|+FET:2|OK"),
        steps("AT+FDR", "+FHNG:0|OK"),
    )
    told, pages = conversing(two_pages, script)
    assert told.names == ["TSI", "DCS", "CFR", "DCS"]
    assert told.frames[0].record() == StationId("12 34")
    assert pages.begun == [FINE, Parameters(modulation=Modulation.V17_9600)]
    assert pages.data == [DATA, DATA]


@pytest.mark.parametrize("name", ["2.0", "2.1"])
def test_two_pages_in_class_2_0_and_2_1(name: str) -> None:
    script = in_turn(
        prepares(name, station=CALLED),
        steps("ATA", 3.0, '+FCO|+FTI:"12 34"|+FSA:"77"|+FCS:01,05,0,0,0,0,0,0|OK'),
        page_comes("CONNECT", "+FPS:1,320,0,0,0|+FET:0|OK"),
        page_comes("CONNECT", "+FET:2|+FPS:1,320,0,0,0|OK"),
        steps("AT+FDR", "+FHS:00|OK"),
    )
    told, pages = conversing(two_pages, script, profile=PROFILES[name])
    assert told.names == ["TSI", "SUB", "DCS"]
    assert told.frames[1].record() == StationId("77")
    assert pages.begun == [FINE, FINE]
    assert pages.data == [DATA, DATA]


def test_a_caller_who_wants_a_document() -> None:
    script = in_turn(
        prepares("2.0", station=CALLED),
        steps("ATA", '+FCO|+FPW:"99"|+FPA:"3"|+FPI:"12"|+FTC:1,5,0,2,0,0,0,0|OK'),
    )
    told = conversing(answered, script, profile=PROFILES["2.0"])
    assert sorted(told.names[:-1]) == ["CIG", "PWD", "SEP"]
    assert told.names[-1] == "DTC"


def test_a_document_is_fetched() -> None:
    async def driver(modem: Class2Modem) -> tuple[Told, Pages]:
        told, pages = Told(), Pages()
        await modem.prepare(replace(CALLER, polls=True))
        await modem.dial("123", told)
        assert await receive(modem, pages, told) is Fcf.EOP
        with pytest.raises(SessionEnded):
            await receive(modem, pages, told)
        return told, pages

    script = in_turn(
        prepares("2", 'AT+FCIG="+1 234"', "AT+FSPL=1"),
        steps("ATDT123", "+FCON|+FPOLL|+FDIS:1,5,0,2,0,0,0,0|OK"),
        page_comes('+FTSI:"9"|+FDCS:1,5,0,0,0,0,0,0|CONNECT', "+FPTS:1|+FET:2|OK"),
        steps("AT+FDR", "+FHNG:0|OK"),
    )
    told, pages = conversing(driver, script)
    assert told.names == ["DIS", "TSI", "DCS"]
    assert pages.data == [DATA]


def test_there_is_no_document_to_fetch() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(replace(CALLER, polls=True))
        await modem.dial("123", Told())

    script = in_turn(
        prepares("2", 'AT+FCIG="+1 234"', "AT+FSPL=1"),
        steps("ATDT123", "+FCON|+FDIS:1,5,0,2,0,0,0,0|+FHNG:21|OK"),
    )
    with pytest.raises(SessionEnded) as ended:
        conversing(driver, script)
    assert ended.value.outcome is Outcome.NOTHING_TO_POLL


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("NO CARRIER", Outcome.FAR_END_HUNG_UP),
        ("ERROR", Outcome.FAR_END_HUNG_UP),
        ("DATA", Outcome.NOT_A_FAX),
        ("+FHNG:11|OK", Outcome.NOT_A_FAX),
        ("+FHNG:1|OK", Outcome.NOT_A_FAX),
        ("+FVOICE|OK", Outcome.NOT_A_FAX),
    ],
)
def test_a_call_that_does_not_come_about(said: str, outcome: Outcome) -> None:
    with pytest.raises(CallFailed) as failed:
        conversing(answered, in_turn(prepares("2", station=CALLED), steps("ATA", said)))
    assert failed.value.outcome is outcome


def test_a_session_that_ends_while_it_trains() -> None:
    with pytest.raises(SessionEnded) as ended:
        conversing(answered, in_turn(prepares("2", station=CALLED), steps("ATA", "+FCON|+FHNG:70|OK")))
    assert ended.value.outcome is Outcome.NO_COMMAND


@pytest.mark.parametrize(
    "said",
    [
        "FAX|CONNECT|+FCON|+FDCS:1,5,0,0,0,0,0,0|OK",
        "FAX|+FCON|+FDCS:1,5,0,0,0,0,0,0|CONNECT",
        "CED|+FCON/4711|MESSAGE-WAITING|+FDCS:1,5,0,0,0,0,0,0|OK",
        "RING|+FDCS:1,5,0,0,0,0,0,0|+FCON|OK",
    ],
)
def test_other_ways_to_say_that_the_call_is_up(said: str) -> None:
    told = conversing(answered, in_turn(prepares("2", station=CALLED), steps("ATA", said)))
    assert told.names == ["DCS"]


async def one_page(modem: Class2Modem, answer: Fcf = Fcf.MCF) -> tuple[Fcf | None, bytes]:
    told, pages = await answered(modem), Pages()
    command = await receive(modem, pages, told)
    await modem.answer_page(answer)
    return command, b"".join(pages.data)


async def refused_page(modem: Class2Modem) -> tuple[Fcf | None, bytes]:
    return await one_page(modem, Fcf.RTN)


@pytest.mark.parametrize(
    ("name", "code", "command"),
    [
        *(("2", code, fcf) for code, fcf in enumerate((Fcf.MPS, Fcf.EOM, Fcf.EOP))),
        *(("2", 4 + code, fcf) for code, fcf in enumerate((Fcf.PRI_MPS, Fcf.PRI_EOM, Fcf.PRI_EOP))),
        *(("2.0", 3 + code, fcf) for code, fcf in enumerate((Fcf.PRI_MPS, Fcf.PRI_EOM, Fcf.PRI_EOP))),
        ("2", 9, Fcf.MPS),
    ],
)
def test_what_follows_the_page(name: str, code: int, command: Fcf) -> None:
    ready = READY_2 if name == "2" else READY_20
    script = in_turn(ready, page_comes("CONNECT", f"+FET:{code}|OK"))
    assert conversing(one_page, script, profile=PROFILES[name]) == (command, DATA)


@pytest.mark.parametrize(
    ("name", "status", "command"),
    [
        ("2", "+FPTS:1|+FET:0|OK", "AT+FPTS=2"),
        ("2", "+FET:0|OK", "AT+FPTS=2"),
        ("2.0", "+FPS:1,1,1,1|+FET:0|OK", "AT+FPS=2"),
    ],
)
def test_a_page_is_refused(name: str, status: str, command: str) -> None:
    ready = READY_2 if name == "2" else READY_20
    script = in_turn(ready, page_comes("CONNECT", status), steps(command, "OK"))
    conversing(refused_page, script, profile=PROFILES[name])


@pytest.mark.parametrize(
    "status", ["+FPS:2,1,1,1|+FET:0|ERROR", "+FET:0|ERROR", "+FPS:2|+FET:0|OK", "+FPS:0|+FET:0|OK"]
)
def test_a_page_that_the_modem_refuses_is_refused_without_a_word_and_taken_with_one(status: str) -> None:
    comes = in_turn(READY_20, page_comes("CONNECT", status))
    conversing(refused_page, comes, profile=PROFILES["2.0"])
    conversing(one_page, in_turn(comes, steps("AT+FPS=1", "OK")), profile=PROFILES["2.0"])


def test_a_modem_that_lets_nobody_refuse_a_page(caplog: pytest.LogCaptureFixture) -> None:
    comes = in_turn(READY_2, page_comes("CONNECT", "+FPTS:1|+FET:0|OK"))
    with caplog.at_level(logging.WARNING, "faxmodem.modem"):
        conversing(refused_page, in_turn(comes, steps("AT+FPTS=2", "ERROR")))
        assert "MCF" in caplog.text
        assert "RTN" in caplog.text
    with_it = in_turn(
        prepares("2", station=CALLED, quality="1"),
        steps("ATA", "+FCON|+FDCS:1,5,0,0,0,0,0,0|OK"),
        page_comes("CONNECT", "+FPTS:1|+FET:0|OK"),
    )
    conversing(refused_page, with_it, profile=with_quirks("2", Quirk.REFUSES_PAGE_STATUS))


def test_data_that_wait_for_dc1_come_after_three_seconds() -> None:
    async def driver(modem: Class2Modem) -> float:
        told = await answered(modem)
        begun = anyio.current_time()
        await receive(modem, Pages(), told)
        return anyio.current_time() - begun

    comes = steps(b"<" + STUFFED + DLE_ETX, "+FPTS:1|+FET:0|OK")
    slow = in_turn(READY_2, steps("AT+FDR", "CONNECT", DC2 + DC1), comes)
    assert conversing(driver, slow) == pytest.approx(3.0)


def test_ok_between_two_documents_is_passed_over() -> None:
    script = in_turn(READY_2, steps("AT+FDR", "OK"), page_comes("CONNECT", "+FPTS:1|+FET:0|OK"))
    assert conversing(one_page, script) == (Fcf.MPS, DATA)
    with pytest.raises(ModemError, match="3 times"):
        conversing(one_page, in_turn(READY_2, *[steps("AT+FDR", "OK")] * 3))


def test_a_page_of_which_nothing_came() -> None:
    script = in_turn(READY_2, steps("AT+FDR", "+FPTS:2|+FET:0|OK"))
    assert conversing(refused_page, script) == (Fcf.MPS, b"")


@pytest.mark.parametrize(
    ("after", "error"),
    [
        (steps(b"<" + DLE_ETX, "+FHNG:91|OK"), SessionEnded),
        (steps(b"<" + DLE_ETX, "+FHNG:93"), SessionEnded),
        (steps(b"<" + DLE_ETX, "NO CARRIER"), LineDropped),
        (steps(b"<" + DLE_ETX, "OK"), ModemError),
        (steps(b"<" + DLE_ETX, "ERROR"), ModemError),
        (steps(200.0), ModemTimeout),
        (steps(b"<" + DLE_ETX, 200.0), ModemTimeout),
    ],
)
def test_a_page_that_breaks_off(after: Script, error: type[Exception]) -> None:
    with pytest.raises(error):
        conversing(one_page, in_turn(READY_2, steps("AT+FDR", "CONNECT", DC2, b"<" + STUFFED), after))


@pytest.mark.parametrize("text", ["OK", "ERROR", "NO CARRIER"])
def test_a_connect_that_was_for_nothing(text: str) -> None:
    with pytest.raises((LineDropped, ModemError)):
        conversing(one_page, in_turn(READY_2, steps("AT+FDR", "CONNECT", DC2, text)))


def test_a_modem_that_does_not_say_how_the_page_is_coded() -> None:
    script = in_turn(prepares("2", station=CALLED), steps("ATA", "+FCON|OK", "AT+FDR", "CONNECT"))
    with pytest.raises(ModemError, match="how it is coded"):
        conversing(one_page, script)


# The order of bits

SAMPLE = page(200, seed=1)


@pytest.mark.parametrize(("coding", "df"), [(Coding.MH, 0), (Coding.MR, 1), (Coding.MMR, 3)])
@pytest.mark.parametrize("reverse", [False, True])
def test_reversed_bits_are_found_out(coding: Coding, df: int, *, reverse: bool) -> None:
    data = encode(SAMPLE, coding)
    on_cable = (data.translate(REVERSED) if reverse else data).replace(b"\x10", b"\x10\x10")
    script = in_turn(
        prepares("2", station=CALLED),
        steps("ATA", f"+FCON|+FDCS:0,5,0,2,{df},2,0,0|OK"),
        page_comes("CONNECT", "+FPTS:1|+FET:0|OK", data=on_cable),
    )
    assert conversing(one_page, script) == (Fcf.MPS, data)


@pytest.mark.parametrize("data", [b"", b"\x00" * 500, b"\xff" * 500, bytes(range(256)) * 4])
@pytest.mark.parametrize("coding", list(Coding))
def test_what_is_no_page_is_left_as_it_is(data: bytes, coding: Coding) -> None:
    assert not seems_reversed(data, replace(PAGE, coding=coding))
