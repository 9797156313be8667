"""Dialling, ringing, answering, hanging up."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from faxmodem.emulator.faults import Refusal, Refused
from faxmodem.emulator.history import CallStep, SignalPassed, Step
from faxmodem.emulator.signals import Signal
from tests.unit.emulator.dialogue import CLEAN, Bench, on_bench


def steps(bench: Bench) -> list[tuple[str, Step]]:
    return [(r.who, r.step) for r in bench.line.history if isinstance(r, CallStep)]


def tones(bench: Bench, signal: Signal) -> list[SignalPassed]:
    return [r for r in bench.line.history if isinstance(r, SignalPassed) and r.signal is signal]


def test_tones_and_what_they_are_followed_by() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATDT200<CR>")
        await bench.called.expect("{RING}")
        await bench.line.clock.sleep(5)
        began = bench.line.clock.now()
        assert await bench.called.at("A", "{CONNECT}") - began == pytest.approx(0.2 + 2.6 + 0.075 + 1.0 + 0.01)
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.called.expect("{OK}")
        await bench.caller.expect("{CONNECT}{frame FF1380}{OK}")
        (ced,) = tones(bench, Signal.CED)
        assert ced.end - ced.begin == pytest.approx(2.6)
        cng = tones(bench, Signal.CNG)
        assert [round(b.begin - a.begin, 3) for a, b in itertools.pairwise(cng)] == [3.5] * (len(cng) - 1)
        assert cng[0].end - cng[0].begin == pytest.approx(0.5)
        assert len(cng) == 3

    on_bench(test)


def test_the_caller_hears_v21_before_the_first_frame_is_there() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.send("ATA<CR>")
        began = bench.line.clock.now()
        assert await bench.caller.expect("{CONNECT}") - began == pytest.approx(2.875 + 0.02 + 64 / 300 + 0.01)
        await bench.called.expect("{CONNECT}")
        assert await bench.called.expect("{ERROR}")  # it was given nothing to send
        await bench.caller.expect("{NO CARRIER}")
        await bench.caller.at("+FTS=1")  # still off hook

    on_bench(test)


def test_rings_are_counted_and_stop_with_the_answer() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        first = await bench.called.expect("{RING}")
        assert await bench.called.expect("{RING}") - first == pytest.approx(6.0)
        await bench.called.at("S1?", "{002}{OK}")
        await bench.called.at("A", "{CONNECT}")
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.called.expect("{OK}")
        await bench.called.expect_nothing(20)
        assert steps(bench) == [("100", Step.DIALLED), ("200", Step.RANG), ("200", Step.ANSWERED)]

    on_bench(test)


def test_s0_answers_by_itself() -> None:
    async def test(bench: Bench) -> None:
        await bench.called.at("S0=2")
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}{RING}{CONNECT}")
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.called.expect("{OK}")
        await bench.caller.expect("{CONNECT}{frame FF1380}{OK}")

    on_bench(test)


def test_rings_of_two_calls_are_not_added_up() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.caller.send("<CAN>")
        await bench.caller.expect("{NO CARRIER}")
        await bench.line.clock.sleep(10)
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("S1?", "{001}{OK}")

    on_bench(test)


def test_nobody_answers() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("S7=15")
        dialled = await bench.caller.at("D200", "{NO ANSWER}")
        assert dialled == pytest.approx(0.8 + 15, abs=0.1)
        await bench.caller.at("+FTS=1", "{ERROR}")  # on hook
        await bench.called.expect("{RING}{RING}{RING}")
        await bench.called.expect_nothing(20)

    on_bench(test)


def test_somebody_answers_who_is_no_fax() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("S7=15")
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("H1")
        await bench.caller.expect("{NO CARRIER}")
        await bench.called.expect("{NO CARRIER}")
        await bench.called.at("+FRS=1", "{ERROR}")

    on_bench(test)


@pytest.mark.parametrize(("x", "answer"), [(4, "{BUSY}"), (3, "{BUSY}"), (2, "{NO CARRIER}"), (0, "{NO CARRIER}")])
def test_busy(x: int, answer: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.called.at("H1")
        await bench.caller.at(f"X{x}")
        await bench.caller.at("D200", answer)
        await bench.caller.at("H1")  # and is ready for the next try

    on_bench(test)


@pytest.mark.parametrize(
    ("refused", "answer"),
    [(Refused.BUSY, "{BUSY}"), (Refused.NO_DIAL_TONE, "{NO DIALTONE}"), (Refused.NO_ANSWER, "{NO ANSWER}")],
)
def test_calls_that_fail_by_order_and_then_succeed(refused: Refused, answer: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("S7=10")
        await bench.caller.at("D200", answer)
        await bench.caller.at("D200", answer)
        await bench.called.expect_nothing(10)
        await bench.connect()

    on_bench(test, faults=[Refusal(sender="100", refused=refused, attempts=2)])


@pytest.mark.parametrize("waited", [0.3, 2.0, 8.0])
def test_an_octet_while_dialling_ends_the_call(waited: float) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.line.clock.sleep(waited)
        await bench.caller.send("<CAN>")
        await bench.caller.expect("{NO CARRIER}")
        await bench.caller.at("+FRH=3", "{ERROR}")
        if waited > 1.8:
            await bench.called.expect("{RING}")
        if waited > 7.8:
            await bench.called.expect("{RING}")
        await bench.called.expect_nothing(20)

    on_bench(test)


def test_an_octet_while_answering_ends_the_call() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.send("ATA<CR>")
        await bench.line.clock.sleep(1)
        await bench.called.send("<CAN>")
        await bench.called.expect("{NO CARRIER}")
        await bench.caller.expect("{NO CARRIER}")
        await bench.called.at("+FRH=3", "{ERROR}")

    on_bench(test)


def test_dialling_with_a_semicolon_leaves_all_to_the_dte() -> None:
    async def test(bench: Bench) -> None:
        assert await bench.caller.at("DT2,00;") == pytest.approx(2.81, abs=0.03)
        await bench.caller.send("AT+FRH=3<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("A", "{CONNECT}")
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.caller.expect("{CONNECT}{frame FF1380}{OK}")
        assert tones(bench, Signal.CNG) == []

    on_bench(test)


def test_dialling_nothing_sends_cng_into_the_call_that_is_there() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("D200;")
        await bench.caller.send("ATD<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("A", "{CONNECT}")
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.caller.expect("{CONNECT}{frame FF1380}{OK}")
        assert len(tones(bench, Signal.CNG)) >= 1

    on_bench(test)


def test_adaptive_answer_says_fax_and_changes_the_class() -> None:
    async def test(bench: Bench) -> None:
        await bench.called.at("+FCLASS=0;+FAE=1")
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("A", "{FAX}{CONNECT}")
        await bench.called.send("<FF 13 80><DLE><ETX>")
        await bench.called.expect("{OK}")
        await bench.called.at("+FCLASS?", "{1}{OK}")

    on_bench(test)


def test_adaptive_answer_says_data_to_a_caller_without_fax_tones() -> None:
    async def test(bench: Bench) -> None:
        await bench.called.at("+FCLASS=0;+FAE=1")
        await bench.caller.send("ATD200;<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("A", "{DATA}{CONNECT}")
        await bench.called.at("+FCLASS?", "{0}{OK}")

    on_bench(test)


def test_a_data_call_finds_no_carrier() -> None:
    async def test(bench: Bench) -> None:
        for dte in (bench.caller, bench.called):
            await dte.at("+FCLASS=0;S7=5")
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.at("A", "{NO CARRIER}")
        await bench.caller.expect("{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize(
    ("doing", "answer"),
    [
        ("", "{NO CARRIER}"),
        ("AT+FRH=3<CR>", "{NO CARRIER}"),
        ("AT+FRM=96<CR>", "{NO CARRIER}"),
        ("AT+FRS=200<CR>", "{NO CARRIER}"),
        ("AT+FTS=200<CR>", "{NO CARRIER}"),
        ("AT+FTH=3<CR>", "{NO CARRIER}"),
        ("AT+FTM=96<CR>", "{CONNECT}{NO CARRIER}"),
    ],
)
def test_the_far_end_hangs_up_whatever_we_do(doing: str, answer: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send(doing)
        await bench.caller.at("H0")
        gone = bench.line.clock.now()
        await bench.called.expect(answer)
        assert bench.line.clock.now() - gone == pytest.approx(0.5, abs=0.02)
        for action in ("+FRH=3", "+FTH=3", "+FTM=96", "+FRM=96", "+FTS=1", "+FRS=1"):
            await bench.called.at(action, "{ERROR}")
        await bench.called.at("H0")
        assert steps(bench)[-1] == ("100", Step.HUNG_UP)

    on_bench(test)


def test_a_modem_may_keep_an_idle_hang_up_to_itself() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("H0")
        await bench.called.expect_nothing(5)
        await bench.called.at("+FRH=3", "{ERROR}")

    on_bench(test, settings=replace(CLEAN, reports_idle_hang_up=False))


def test_two_calls_one_after_the_other_either_way() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("H0")
        await bench.caller.expect("{NO CARRIER}")
        await bench.called.send("ATD100<CR>")
        await bench.caller.expect("{RING}")
        await bench.caller.at("A", "{CONNECT}")
        await bench.caller.send("<FF 13 80><DLE><ETX>")
        await bench.called.expect("{CONNECT}{frame FF1380}{OK}")
        await bench.caller.expect("{OK}")
        await bench.called.at("Z")
        await bench.caller.expect("{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize(("d", "hangs_up"), [(0, False), (1, False), (2, True), (3, True)])
def test_dtr(d: int, hangs_up: bool) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at(f"&D{d}")
        await bench.line.clock.sleep(1)
        await bench.caller.transport.set_dtr(False)
        await bench.line.clock.sleep(1)
        await bench.caller.transport.set_dtr(True)
        if hangs_up:
            await bench.caller.expect("{NO CARRIER}")
            await bench.called.expect("{NO CARRIER}")
        else:
            await bench.caller.at("+FTS=1")

    on_bench(test)


def test_a_port_that_vanishes_hangs_up() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        bench.cables[0].unplug()
        await bench.called.expect("{NO CARRIER}")

    on_bench(test)


def test_a_frozen_modem_keeps_the_line_and_says_nothing() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<55 x 2400>")
        await bench.line.clock.sleep(0.934)
        bench.exchange.dces[0].freeze()
        await bench.called.expect("{CONNECT}<55 x 720><DLE><ETX>{NO CARRIER}")
        await bench.caller.send("<DLE><ETX>ATH<CR>")
        await bench.caller.expect_nothing(60)
        await bench.called.at("S7=1")
        await bench.called.at("+FRH=3", "{NO CARRIER}")
        await bench.called.at("+FRH=3", "{NO CARRIER}")
        await bench.called.at("H0")

    on_bench(test)
