"""When a call is answered: by rings, by caller, by dialled digits."""

from __future__ import annotations

import math

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.modem.base import Ring
from faxmodem.modem.callerid import CallerInfo, caller_info
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.ringing import RingCounter, RingRules
from tests.unit.modem.dce import PROFILE, SET_UP, Dce, converse, played

SMITH = CallerInfo(number="+49 (30) 123-456", name="Smith, J")


# -- the rules


@pytest.mark.parametrize(
    ("rules", "caller", "rings"),
    [
        (RingRules(), SMITH, 1),
        (RingRules(rings=3), CallerInfo(), 3),
        (RingRules(rings=3, by_caller=(("+4930*", 1), ("*", 2))), SMITH, 1),
        (RingRules(rings=3, by_caller=(("+4940*", 1), ("*", 2))), SMITH, 2),
        (RingRules(rings=3, by_caller=(("+4940*", 1), ("*", 2))), CallerInfo(), 3),
        (RingRules(by_caller=(("+49 30 123 45?", 4),)), SMITH, 4),
        (RingRules(by_caller=(("smith*", 4),)), SMITH, 4),
        (RingRules(by_caller=(("*", 5),), reject=("+4930*",)), SMITH, math.inf),
        (RingRules(reject=("withheld",)), SMITH, 1),
        (RingRules(reject=("withheld",)), CallerInfo(), 1),
        (RingRules(reject=("Withheld",)), CallerInfo(withheld="private"), math.inf),
        (RingRules(rings=3, did_digits=4), CallerInfo(called="4711"), 0),
        (RingRules(rings=3, did_digits=4), CallerInfo(called="471"), 3),
        (RingRules(did_digits=4, reject=("*",)), CallerInfo(called="4711", number="1"), math.inf),
    ],
)
def test_after_how_many_rings(rules: RingRules, caller: CallerInfo, rings: float) -> None:
    assert rules.rings_for(caller) == rings


def test_callers_are_asked_for_when_it_depends_on_them() -> None:
    assert not RingRules(rings=2, did_digits=3).wants_caller
    assert RingRules(asks_for_caller=True).wants_caller
    assert RingRules(by_caller=(("1", 1),)).wants_caller
    assert RingRules(reject=("1",)).wants_caller


def heard(rules: RingRules, *lines: str, report_rings: int = 2) -> list[bool]:
    counter = RingCounter(rules, report_rings)
    enough = []
    for line in lines:
        counter.hear(line, rings=line.startswith("RING"))
        enough.append(counter.is_enough)
    return enough


def test_the_report_is_waited_for_when_it_matters_but_not_for_ever() -> None:
    rules = RingRules(reject=("666",))
    assert heard(RingRules(), "RING") == [True]
    assert heard(rules, "RING", "RING") == [False, True]
    assert heard(rules, "RING", "NMBR = 1") == [False, True]
    assert heard(rules, "RING", "NMBR = P") == [False, True]
    assert heard(rules, "NMBR = 1", "RING") == [False, True]
    assert heard(rules, "RING", "NMBR = 666", "RING", "RING") == [False] * 4


@given(st.lists(st.text(max_size=20)), st.integers(1, 5))
def test_rings_are_counted_whatever_the_modem_says_between(lines: list[str], rings: int) -> None:
    counter = RingCounter(RingRules(rings=rings), 2)
    for count in range(1, rings + 1):
        for line in lines:
            counter.hear(line, rings=False)
        counter.hear("RING", rings=True)
        assert counter.is_enough is (count == rings)
    counter.forget()
    assert not counter.is_enough
    assert counter.caller == CallerInfo()


# -- the driver


def answered(rules: RingRules | int, *steps: str | float) -> tuple[Ring, float]:
    """The ring that is answered when the modem says these lines, and when that is."""

    async def driver(modem: Class1Modem) -> tuple[Ring, float]:
        ring = await modem.wait_for_ring(rules)
        return ring, anyio.current_time()

    return converse(driver, played(*steps))


LISTENS = ("AT+VCID=1", "OK")


def test_callers_are_reported_only_if_it_matters() -> None:
    assert answered(1, "RING") == (Ring(info=caller_info([])), 0)
    assert answered(RingRules(asks_for_caller=True), *LISTENS, "RING") == (Ring(), 0)


def test_the_command_that_the_modem_takes_is_found_once_per_set_up() -> None:
    rules = RingRules(asks_for_caller=True)

    async def driver(modem: Class1Modem) -> None:
        await modem.wait_for_ring(rules)
        await modem.wait_for_ring(rules)
        await modem.set_up()
        await modem.wait_for_ring(rules)

    async def script(dce: Dce) -> None:
        await played("AT+VCID=1", "ERROR", "AT#CID=1", "OK", "RING", 6.0, "RING")(dce)
        await dce.does(*SET_UP)
        await played("AT+VCID=1", "ERROR", "AT#CID=1", "ERROR", 20.0, "RING")(dce)

    converse(driver, script)


def test_a_known_caller_is_answered_as_soon_as_he_is_known() -> None:
    rules = RingRules(rings=5, by_caller=(("0301*", 1),))
    ring, at = answered(rules, *LISTENS, 1.0, "RING", 1.0, "DATE = 1122", "NMBR = 030123", "NAME = EICHE")
    assert (ring.caller_id, ring.info.name, ring.info.date) == ("030123", "EICHE", "1122")
    assert at == pytest.approx(2.2)


def test_a_report_before_the_first_ring_counts() -> None:
    ring, at = answered(RingRules(reject=("1",)), *LISTENS, "NMBR = 2", 4.0, "RING")
    assert (ring.caller_id, at) == ("2", 4.0)


def test_a_rejected_caller_is_never_answered_and_the_next_one_is() -> None:
    rejected = ("RING", 1.0, "NMBR = 666", 5.0, "RING", 6.0, "RING", 9.0)
    ring, at = answered(RingRules(reject=("666",)), *LISTENS, *rejected, "RING", 1.0, "NMBR = 2")
    assert ring.caller_id == "2"
    assert at == pytest.approx(22.2)


def test_a_caller_without_a_report_is_answered_at_the_second_ring() -> None:
    assert answered(RingRules(reject=("666",)), *LISTENS, "RING", 6.0, "RING") == (Ring(), 6.0)


def test_did_digits_without_a_ring() -> None:
    ring, at = answered(RingRules(rings=9, did_digits=4), 5.0, "MESSAGE-WAITING", 1.0, "DTMF4711")
    assert ring.info.called == "4711"
    assert at == pytest.approx(6.2)


def test_noise_does_not_hold_a_caller_who_has_gone() -> None:
    noise: list[str | float] = []
    for _ in range(3):
        noise += [4.0, "MESSAGE-WAITING"]
    assert answered(2, "RING", *noise, "RING", 6.0, "RING") == (Ring(), 18.0)


@pytest.mark.parametrize(("line", "kind"), [("RING 2", "2"), ("RING A", "A")])
def test_distinctive_rings(line: str, kind: str) -> None:
    ring, _ = answered(2, line, 6.0, line)
    assert ring.info.ring == kind


def test_the_cadence_of_a_ring() -> None:
    ring, _ = answered(2, "DROF=20", "RING", "DRON=4", "DROF=2", "DRON=4", 4.0, "RING")
    assert ring.info.cadence == (0.4, 0.2, 0.4)


def test_what_rings_during_set_up_is_not_lost() -> None:
    async def driver(modem: Class1Modem) -> tuple[Ring, float]:
        await modem.set_up()
        ring = await modem.wait_for_ring(2)
        return ring, anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.does(*SET_UP[:5])
        await dce.says("RING", "NMBR = 12")
        await dce.does(*SET_UP[5:])
        await anyio.sleep(6)
        await dce.says("RING")

    ring, at = converse(driver, script)
    assert ring.caller_id == "12"
    assert at < 7


def test_an_old_ring_is_not_answered_but_counts() -> None:
    """The caller may have gone; if he has not, his next ring says so."""

    async def driver(modem: Class1Modem) -> float:
        with anyio.move_on_after(0.5):
            await modem.wait_for_ring(9)
        await anyio.sleep(3.5)
        await modem.wait_for_ring(1)
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.says("RING")
        await anyio.sleep(6)
        await dce.says("RING")

    assert converse(driver, script) == 6.0


def test_a_ring_that_waited_in_the_port_for_long_does_not_count() -> None:
    async def driver(modem: Class1Modem) -> float:
        await anyio.sleep(100)
        await modem.wait_for_ring(RingRules(asks_for_caller=True))
        return anyio.current_time()

    async def script(dce: Dce) -> None:
        await dce.says("RING")
        await played(*LISTENS, 20.0, "RING")(dce)

    assert converse(driver, script) == 120.0


def test_the_rings_of_a_call_that_was_answered_are_not_counted_again() -> None:
    async def driver(modem: Class1Modem) -> float:
        await modem.wait_for_ring()
        await modem.hang_up()
        await modem.wait_for_ring()
        return anyio.current_time()

    assert converse(driver, played("RING", "AT" + PROFILE.at.hang_up[0][2:], "OK", 5.0, "RING")) == 5.0
