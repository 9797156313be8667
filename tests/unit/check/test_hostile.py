"""Modems that are none: there is a card all the same, and an end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Final

import anyio
import pytest

from faxmodem.check.card import Card, Grade
from faxmodem.check.checkup import Plan, check_up
from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import PortError
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.unit.check.bench import EPOCH, Port, checked, subject

LIMIT_S: Final = 4 * 3600.0
"Of virtual time."

Behaviour = Callable[[MemoryTransport], Awaitable[None]]


async def silent(port: MemoryTransport) -> None:
    while True:
        await port.receive()


def answering(reply: Callable[[bytes], bytes]) -> Behaviour:
    async def live(port: MemoryTransport) -> None:
        line = b""
        while True:
            line += await port.receive()
            while b"\r" in line:
                command, _, line = line.partition(b"\r")
                await anyio.sleep(0.01)
                await port.send(reply(command))

    return live


async def garbage(port: MemoryTransport) -> None:
    dice = Random(0)
    while True:
        await port.receive()
        await anyio.sleep(0.01)
        await port.send(dice.randbytes(dice.randrange(1, 200)))


async def flood(port: MemoryTransport) -> None:
    while True:
        await port.send(b"\r\nOK\r\n" + b"\xff" * 50)
        await anyio.sleep(0.01)


def fax_and_nothing_else(command: bytes) -> bytes:
    """Class 1 as far as its commands go, and no signal at all."""
    if command.endswith(b"=?"):
        return b"\r\n24,48,72,96,145\r\n\r\nOK\r\n"
    return b"\r\nCONNECT\r\n" if b"+FTM" in command or b"+FTH" in command else b"\r\nOK\r\n"


BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "silent": silent,
    "ERROR": answering(lambda _command: b"\r\nERROR\r\n"),
    "OK": answering(lambda _command: b"\r\nOK\r\n"),
    "CONNECT": answering(lambda _command: b"\r\nCONNECT\r\n"),
    "RING": answering(lambda _command: b"\r\nRING\r\n\r\nOK\r\n"),
    "NO CARRIER": answering(lambda command: b"\r\nOK\r\n" if len(command) < 12 else b"\r\nNO CARRIER\r\n"),
    "garbage": garbage,
    "flood": flood,
    "echo": answering(lambda command: command + b"\r\n\r\nOK\r\n"),
    "fax and nothing else": answering(fax_and_nothing_else),
}


@pytest.mark.parametrize("where", ["near", pytest.param("far", marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_there_is_a_card_and_an_end(name: str, where: str) -> None:
    async def live(port: MemoryTransport) -> None:
        with suppress(PortError):
            await BEHAVIOURS[name](port)

    async def main() -> Card:
        good, cable = null_modem_pair(name="good")
        bad, hostile = null_modem_pair(name="bad")
        ends = [Port(bad), Port(good)] if where == "near" else [Port(good), Port(bad)]
        with anyio.fail_after(LIMIT_S):
            async with emulated_line(cable, numbers=("2001",)), anyio.create_task_group() as tasks:
                tasks.start_soon(live, hostile)
                plan = Plan(far=subject(ends[1]), number="2002", back="2001", quick=True)
                card = await check_up(subject(ends[0]), plan, lambda: EPOCH, lambda _finding: None)
                tasks.cancel_scope.cancel()
        return card

    card = run_virtual(main)
    assert card.worst is Grade.BAD
    assert all(finding.measured for finding in card.findings)


@pytest.mark.parametrize("which", [0, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("at", [0.3, 2.0, 15.0, 30.0, 45.0, 55.0, 62.0, 70.0, 90.0])
def test_a_modem_that_dies_is_on_the_card(which: int, at: float) -> None:
    card = checked(dies=(which, at))
    assert card.worst is Grade.BAD
    assert card.suggestions == ()
