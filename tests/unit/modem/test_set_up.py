"""Set-up: finding, reviving, configuring and identifying a modem."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem.base import ModemIdentity
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.identify import RATE_CODES
from faxmodem.modem.profile import QuirkNote, Step
from faxmodem.modem.quirks import Quirk
from tests.unit.modem.dce import CAN, DLE_ETX, PROFILE, SET_UP, Dce, Script, converse, deaf_until_dtr_drops

TEXTS = {
    "ATI3": "Acme V1.2",
    "AT+FMI?": "+FMI: ACME",
    "AT+FMM?": "Fax 96",
    "AT+FCLASS=?": "(0,1,1.0,2)",
    "AT+FTM=?": "24,48,72,96",
}
REFUSED = {"ATX4", "ATI0", "AT+FMR?", "AT+FRM=?"}


async def answer_set_up(dce: Dce, *, echo: bool = False, refused: frozenset[str] = frozenset()) -> None:
    """A modem that answers whatever it is asked, until nobody asks any more."""
    line = b""
    while True:
        with anyio.move_on_after(60) as idle:
            line += await dce.transport.receive()
        if idle.cancelled_caught:
            return
        while b"\r" in line:
            command, _, line = line.partition(b"\r")
            text = command.decode()
            if echo:
                await dce.sends(command + b"\r")
            echo = echo and "E0" not in text
            if text in TEXTS:
                await dce.says(TEXTS[text])
            await dce.says("ERROR" if text in REFUSED | refused else "OK")


@pytest.mark.parametrize("echo", [False, True])
def test_set_up_identifies_the_modem(echo: bool) -> None:
    async def script(dce: Dce) -> None:
        await answer_set_up(dce, echo=echo)

    identity = converse(Class1Modem.set_up, script)
    assert identity == ModemIdentity(
        answers={"ATI3": "Acme V1.2", "+FMI?": "ACME", "+FMM?": "Fax 96"},
        classes=("0", "1", "1.0", "2"),
        transmits=frozenset(m for m in RATE_CODES if m.system != "V.17"),
        receives=frozenset(m for m in RATE_CODES if m.system != "V.17"),
    )
    assert identity.title == "ACME Fax 96"


def test_set_up_raises_dtr_and_leaves_a_reset_modem_alone_for_a_while() -> None:
    async def driver(modem: Class1Modem) -> ModemIdentity:
        await modem._transport.set_dtr(False)
        return await modem.set_up()

    async def script(dce: Dce) -> None:
        await dce.hears("ATE0Q0V1")
        assert (await dce.transport.control_lines()).dsr
        await dce.says("OK")
        await dce.does("ATZ")
        await dce.says("OK")
        await dce.hears_nothing(0.49)
        await dce.does(*SET_UP[2:])

    identity = converse(driver, script)
    assert identity.transmits == identity.receives == frozenset(m for m in RATE_CODES if m.system != "V.17")


def test_set_up_refuses_a_modem_without_class_1() -> None:
    async def script(dce: Dce) -> None:
        await answer_set_up(dce, refused=frozenset({"AT+FCLASS=1"}))

    with pytest.raises(ModemError, match=r"refuses AT\+FCLASS=1.*classes that it lists are \(0,1,1.0,2\)"):
        converse(Class1Modem.set_up, script)


def test_set_up_names_the_command_that_is_refused() -> None:
    async def script(dce: Dce) -> None:
        await answer_set_up(dce, refused=frozenset({"ATS0=0"}))

    with pytest.raises(ModemError, match="answered ATS0=0 with 'ERROR'"):
        converse(Class1Modem.set_up, script)


async def deaf_until_data_end(dce: Dce) -> None:
    await dce.hears_up_to(DLE_ETX + b"\x10^" + CAN)
    await dce.says("OK")


async def deaf_until_break(dce: Dce) -> None:
    await dce.hears_up_to(b"\0")
    await dce.says("OK")


async def deaf_until_reset(dce: Dce) -> None:
    await dce.hears_up_to(b"ATZ\r")
    await dce.says("OK")


async def deaf_until_escaped(dce: Dce) -> None:
    heard = b""
    while heard != b"+++":
        since = anyio.current_time()
        piece = await dce.transport.receive()
        heard = piece if anyio.current_time() - since >= 1.0 else heard + piece
    await dce.hears_nothing(1.0)
    await dce.says("OK")


@pytest.mark.parametrize(
    "deaf", [deaf_until_data_end, deaf_until_break, deaf_until_dtr_drops, deaf_until_escaped, deaf_until_reset]
)
def test_set_up_revives_a_stuck_modem(deaf: Script) -> None:
    async def script(dce: Dce) -> None:
        await deaf(dce)
        await answer_set_up(dce)

    impatient = PROFILE.model_copy(update={"timing": PROFILE.timing.model_copy(update={"probe_s": 0.2})})
    assert converse(Class1Modem.set_up, script, profile=impatient).title == "ACME Fax 96"


def test_set_up_does_not_take_an_old_answer_for_life() -> None:
    async def driver(modem: Class1Modem) -> None:
        await anyio.sleep(1)
        with pytest.raises(ModemTimeout):
            await modem.set_up()

    async def script(dce: Dce) -> None:
        await dce.says("OK")
        await dce.hears_for(60)

    converse(driver, script)


def test_set_up_does_not_take_one_answer_for_another() -> None:
    async def script(dce: Dce) -> None:
        await dce.does("ATE0Q0V1")
        await anyio.sleep(0.05)
        await dce.says("OK")
        await dce.hears("ATZ")
        await dce.says("ERROR")

    with pytest.raises(ModemError, match="answered ATZ with 'ERROR'"):
        converse(Class1Modem.set_up, script)


def test_set_up_keeps_the_pauses_of_the_profile() -> None:
    times: list[float] = []

    async def driver(modem: Class1Modem) -> None:
        await modem.set_up()
        times.append(anyio.current_time())

    async def script(dce: Dce) -> None:
        await answer_set_up(dce)

    at = PROFILE.at.model_copy(update={"configure": (Step(command="AT", pause_s=20.0),)})
    quirks = {Quirk.WAITS_BETWEEN_COMMANDS: QuirkNote(value=0.1)}
    converse(driver, script)
    converse(driver, script, profile=PROFILE.model_copy(update={"at": at}))
    converse(driver, script, profile=PROFILE.model_copy(update={"quirks": quirks}))
    assert times[1] - times[0] == pytest.approx(20.0)
    assert times[2] - times[0] == pytest.approx(0.1 * (len(SET_UP) - 4))  # there are pauses around both probes


def test_set_up_gives_up_a_silent_port_in_time() -> None:
    async def driver(modem: Class1Modem) -> float:
        with pytest.raises(ModemTimeout, match="no modem answers ATE0Q0V1 on null modem A; check that") as failure:
            await modem.set_up()
        assert str(failure.value).endswith(
            "AT, the end of all data, a break, a drop of DTR, +++ with ATH and ATZ were tried; "
            "what is left is to switch it off and on"
        )
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.hears_for(60)

    assert converse(driver, script) < 25


def test_set_up_goes_on_when_a_query_is_never_finished() -> None:
    async def script(dce: Dce) -> None:
        await dce.does(*SET_UP[: SET_UP.index("ATI0")])
        await dce.hears("ATI0")
        await dce.says("56000")
        await anyio.sleep(5.5)
        await dce.does("AT")
        await answer_set_up(dce)

    assert converse(Class1Modem.set_up, script).answers["ATI3"] == "Acme V1.2"
