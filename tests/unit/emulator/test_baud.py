"""The rate of the port: what a DCE recognises, what +IPR fixes, and firmware that fixes it by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from faxmodem.emulator.settings import DceSettings
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Flow
from tests.unit.emulator.dialogue import CLEAN, Bench, on_bench

LOCKED = replace(CLEAN, classes=("0", "1", "2"), quirks={Quirk.RATE_LOCKED: 19200.0})


def at(test: Callable[[Bench], Awaitable[None]], settings: DceSettings = CLEAN) -> None:
    """Run a test on modems that have been told nothing but to leave off the echo."""
    on_bench(test, settings=settings, set_up="E0")


@pytest.mark.parametrize("baud", [300, 9600, 57600, 921_600])
def test_the_rate_of_the_dte_is_recognised(baud: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.transport.set_baud(baud)
        await bench.caller.at("")

    at(test)


def test_ipr_fixes_the_rate_after_its_ok_and_zero_frees_it() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.transport.set_baud(115200)
        await dte.at("+IPR=9600")
        await dte.send("AT<CR>")
        await dte.expect_nothing(1)
        await dte.transport.set_baud(9600)
        await dte.at("+IPR?", "{+IPR: 9600}{OK}")
        await dte.at("+IPR=0")
        await dte.transport.set_baud(115200)
        await dte.at("")

    at(test)


def test_a_modem_with_one_rate_hears_and_says_garbage_at_others() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.transport.set_baud(115200)
        await dte.send("AT<CR>")
        await dte.expect_nothing(1)
        await dte.transport.set_baud(38400)
        await dte.at("")

    async def without_set_up(bench: Bench) -> None:
        await bench.caller.transport.set_baud(38400)
        await bench.caller.send("ATE0<CR>")
        await bench.caller.expect("ATE0<CR>{OK}")
        await test(bench)

    on_bench(without_set_up, settings=replace(CLEAN, baud=38400), set_up="")


@pytest.mark.parametrize("release", ["+FCLASS=0", "Z"])
def test_a_locked_rate_begins_after_the_ok_and_ends_with_class_0_and_a_reset(release: str) -> None:
    async def test(bench: Bench) -> None:
        dte, registers = bench.caller, bench.exchange.dces[0]._core.registers
        await dte.transport.set_baud(57600)
        await dte.at("&K3")
        await dte.at("+FCLASS=2")
        assert registers.flow is Flow.XONXOFF
        await dte.send("AT<CR>")
        await dte.expect_nothing(1)
        await dte.transport.set_baud(19200)
        await dte.at("&K3")
        assert registers.flow is Flow.XONXOFF
        await dte.at(release)
        await dte.transport.set_baud(57600)
        await dte.at("+FCLASS?" if release != "Z" else "E0", "{0}{OK}" if release != "Z" else "ATE0<CR>{OK}")

    at(test, LOCKED)


def test_class_1_is_not_locked() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.transport.set_baud(57600)
        await bench.caller.at("+FCLASS=1")
        await bench.caller.at("")

    at(test, LOCKED)
