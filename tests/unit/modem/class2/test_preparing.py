"""What a modem is asked at set-up, and told before a call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.errors import ClassRefused, ModemError
from faxmodem.modem.base import CallFailed, ModemIdentity, Station
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.addressing import Addressing
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from faxmodem.t30.outcomes import Outcome
from tests.unit.modem.class2.dce import (
    CALLED,
    CALLER,
    PROFILES,
    RANGES,
    conversing,
    in_turn,
    prepares,
    steps,
    with_quirks,
)
from tests.unit.modem.dce import Dce, Script

ANSWERS = {
    "AT+FMFR?": "ROCKWELL  ",
    "AT+FMDL?": '"RC144"',
    "AT+FREV?": "V1.0",
    "AT+FMI?": "Acme",
    "AT+FMM?": "Fax 1",
    "AT+FMR?": "2",
    "AT+FCLASS=?": "0,1,2,2.0,2.1",
    "AT+FDCC=?": RANGES,
    "AT+FCC=?": "(00-7F),(0-D),(0-2),(0-2),(0-3),(0,1),(0),(0-7),(0)",
}

FINEST = replace(
    CALLER.offers,
    resolutions=frozenset(Resolution) - {Resolution.R16, Resolution.INCH_400, Resolution.INCH_300},
    widths=WIDTHS,
)


def answers(service_class: str, ranges: str | None = None, refuses: tuple[str, ...] = ()) -> Script:
    """A modem that knows every command but `refuses`, and has the identification of its class only."""

    async def play(dce: Dce) -> None:
        heard = b""
        while not heard.startswith((b"AT+FDCC=?", b"AT+FCC=?")):
            heard = await dce.hears_up_to(b"\r")
            command = heard.decode()
            if command.startswith(refuses) or (command in ("AT+FMI?", "AT+FMM?", "AT+FMR?") and service_class == "2"):
                await dce.says("ERROR")
                continue
            text = ANSWERS.get(command)
            if command.endswith("CC=?") and ranges is not None:
                text = ranges
            await dce.says(*([text] if text else []), "OK")

    return play


async def set_up(modem: Class2Modem) -> ModemIdentity:
    return await modem.set_up()


def test_who_a_class_2_modem_is() -> None:
    identity = conversing(set_up, answers("2"))
    assert identity.title == 'ROCKWELL "RC144" V1.0'
    assert identity.classes == ("0", "1", "2", "2.0", "2.1")
    assert identity.transmits == identity.receives == frozenset(BY_DCS_BITS.values())
    assert identity.abilities is not None
    assert identity.abilities.codings == {Coding.MH, Coding.MR}
    assert not identity.abilities.subaddress


def test_who_a_class_2_1_modem_is() -> None:
    identity = conversing(set_up, answers("2.1"), profile=PROFILES["2.1"])
    assert identity.title == "Acme Fax 1 2"
    assert Modulation.V34 in identity.transmits
    assert identity.abilities is not None
    assert identity.abilities.ecm
    assert identity.abilities.v8
    assert identity.abilities.codings == frozenset(Coding)
    assert identity.abilities.subaddress


@pytest.mark.parametrize("ranges", ["", "nonsense", "1"])
def test_a_modem_that_tells_no_abilities_has_what_all_have(ranges: str) -> None:
    identity = conversing(set_up, answers("2", ranges))
    assert identity.abilities is not None
    assert identity.abilities.codings == {Coding.MH}
    assert identity.abilities.resolutions == {Resolution.STANDARD, Resolution.FINE}


def test_a_modem_without_the_class_is_refused() -> None:
    async def driver(modem: Class2Modem) -> None:
        with pytest.raises(ClassRefused, match="no Class 2 fax modem"):
            await modem.set_up()

    script = in_turn(
        steps("ATE0Q0V1", "OK", 0.2, "ATZ", "OK", 0.7, "ATE0Q0V1", "OK"),
        steps("ATE0Q0V1", "OK", "ATS0=0", "OK", "ATS7=60", "OK", "ATX4", "OK", "AT&C1", "OK", "AT&D2", "OK"),
        steps("AT+FCLASS=2", "ERROR", "AT+FCLASS=?", "0,1|OK"),
    )
    conversing(driver, script)


@pytest.mark.parametrize(
    ("quirk", "codings", "ecm", "inches"),
    [
        (None, set(Coding), True, True),
        (Quirk.NO_2D, {Coding.MH}, True, True),
        (Quirk.NO_MMR, {Coding.MH, Coding.MR}, True, True),
        (Quirk.NO_ECM, {Coding.MH, Coding.MR}, False, True),
        (Quirk.NO_FINE_INCH, set(Coding), True, False),
    ],
)
def test_what_a_modem_claims_falsely_is_not_used(
    quirk: Quirk | None, codings: set[Coding], ecm: bool, inches: bool
) -> None:
    profile = with_quirks("2.0", *([quirk] if quirk else []))
    able = conversing(set_up, answers("2.0"), profile=profile).abilities
    assert able is not None
    assert able.codings == codings
    assert able.ecm is ecm
    assert (Resolution.INCH_300 in able.resolutions) is inches
    assert Resolution.SUPERFINE in able.resolutions


def prepared(station: Station, script: Script, *, name: str = "2", quirks: tuple[Quirk, ...] = ()) -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.prepare(station)

    conversing(driver, script, profile=with_quirks(name, *quirks))


def test_the_offer_is_what_station_and_modem_have() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.set_up()
        await modem.prepare(replace(CALLED, max_rate_bps=9600))

    offer = "1,3,0,0,3,1,0,0"
    script = in_turn(answers("2.0"), prepares("2.0", station=CALLED, offer=offer))
    conversing(driver, script, profile=PROFILES["2.0"])


def test_v34_is_offered_in_hexadecimal() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.set_up()
        await modem.prepare(replace(CALLED, max_rate_bps=33600))

    script = in_turn(answers("2.1"), prepares("2.1", station=CALLED, offer="1,D,0,0,3,1,0,0"))
    conversing(driver, script, profile=PROFILES["2.1"])


def test_a_modem_that_refuses_14400_is_asked_for_9600() -> None:
    script = in_turn(
        steps("AT+FCR=1", "OK", "AT+FBOR=0", "OK", "AT+FPHCTO=255", "ERROR", 'AT+FLID="+1 234"', "OK"),
        steps("AT+FDCC=1,5,0,0,0,0,0,0", "ERROR", "AT+FDCC=1,3,0,0,0,0,0,0", "OK", "AT+FCQ=0", "ERROR"),
    )
    prepared(CALLER, script)


def test_a_modem_that_takes_no_offer_at_all_is_no_use() -> None:
    with pytest.raises(ModemError, match="AT\\+FDCC=1,3"):
        prepared(
            CALLER,
            in_turn(
                steps("AT+FCR=1", "OK", "AT+FBOR=0", "OK", "AT+FPHCTO=255", "OK", 'AT+FLID="+1 234"', "OK"),
                steps("AT+FDCC=1,5,0,0,0,0,0,0", "ERROR", "AT+FDCC=1,3,0,0,0,0,0,0", "ERROR"),
            ),
        )


@pytest.mark.parametrize("refused", ["AT+FCR", "AT+FBO", "AT+FNR", "AT+FIE", "AT+FCT", "AT+FAP", "AT+FLI", "AT+FCQ"])
def test_what_firmware_may_refuse_is_done_without(refused: str) -> None:
    prepared(CALLER, prepares("2.0", refuses=refused), name="2.0")


def test_where_the_rate_is_taken_for_the_lowest() -> None:
    script = prepares("2", offer="1,0,0,0,0,0,0,0", session="1,5,0,0,0,0,0,0")
    prepared(CALLER, script, quirks=(Quirk.SPEED_IS_MINIMUM,))


def test_where_a_page_cannot_be_asked_for_later_it_is_as_most_are() -> None:
    async def driver(modem: Class2Modem) -> None:
        await modem.set_up()
        await modem.prepare(replace(CALLER, offers=FINEST))

    both = in_turn(answers("2.0"), prepares("2.0", station=CALLER, offer="33,5,2,0,3,1,0,0", session="1,5,0,0,3,1,0,0"))
    conversing(driver, both, profile=with_quirks("2.0", Quirk.SESSION_BEFORE_DIAL))


@pytest.mark.parametrize(
    ("quirks", "quality"),
    [((), "0"), ((Quirk.REFUSES_PAGE_STATUS,), "1")],
)
def test_who_judges_what_comes(quirks: tuple[Quirk, ...], quality: str) -> None:
    prepared(CALLER, prepares("2", quality=quality), quirks=quirks)


def test_subaddress_and_password() -> None:
    station = replace(CALLER, addressing=Addressing(subaddress="12", password='se"cret'))  # noqa: S106 - no secret
    prepared(station, prepares("2.0", 'AT+FSA="12"', 'AT+FPW="secret"'), name="2.0")
    prepared(station, prepares("2"))


def test_polling() -> None:
    station = replace(CALLER, polls=True, addressing=Addressing(selective="7"))
    prepared(replace(station, addressing=Addressing()), prepares("2", 'AT+FCIG="+1 234"', "AT+FSPL=1"))
    prepared(station, prepares("2.0", 'AT+FPA="7"', 'AT+FPI="+1 234"', "AT+FSP=1"), name="2.0")


def test_a_modem_that_cannot_poll_says_so() -> None:
    station = replace(CALLER, polls=True)
    with pytest.raises(CallFailed, match="try class 1") as failed:
        prepared(station, prepares("2", 'AT+FCIG="+1 234"', "AT+FSPL=1", refuses="AT+FSPL"))
    assert failed.value.outcome is Outcome.INCOMPATIBLE
    with pytest.raises(CallFailed):
        prepared(station, prepares("2", 'AT+FCIG="+1 234"'), quirks=(Quirk.POLLING_BROKEN,))


def test_a_document_is_laid_ready() -> None:
    station = replace(CALLED, offers=replace(CALLED.offers, has_document=True))
    prepared(station, prepares("2", "AT+FLPL=1", station=CALLED))
    prepared(station, prepares("2.0", "AT+FLP=1", station=CALLED), name="2.0")
    prepared(station, prepares("2", station=CALLED), quirks=(Quirk.POLLING_BROKEN,))


def test_an_id_cannot_break_out_of_its_quotes() -> None:
    station = replace(CALLER, station_id='a"\r;ATH\\é ' + "x" * 30)
    clean = replace(CALLER, station_id="a;ATH " + "x" * 14)
    prepared(station, prepares("2", station=clean))
