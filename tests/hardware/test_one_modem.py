"""What one modem that is plugged in must do by itself."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.api import open_modem
from faxmodem.modem.base import Modem, ModemIdentity

pytestmark = pytest.mark.hardware


def test_it_is_set_up_and_says_who_it_is(modem_port: str, classes: dict[str, str]) -> None:
    async def ask() -> ModemIdentity:
        modem = await open_modem(modem_port, service_class=classes["sender"])
        try:
            return modem.identity
        finally:
            await modem.aclose()

    identity = anyio.run(ask)
    assert identity.classes
    assert identity.transmits
    assert identity.receives


def test_waiting_for_a_ring_can_be_given_up_and_taken_up_again(modem_port: str, classes: dict[str, str]) -> None:
    async def wait() -> list[bool]:
        modem: Modem = await open_modem(modem_port, service_class=classes["sender"])
        gave_up = []
        try:
            for _ in range(2):
                with anyio.move_on_after(2.0) as patience:
                    await modem.wait_for_ring()
                gave_up.append(patience.cancelled_caught)
            await modem.set_up()
        finally:
            await modem.aclose()
        return gave_up

    assert anyio.run(wait) == [True, True]
