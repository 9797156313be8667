"""Two emulated modems on one line, a checkup of the first, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import anyio

from faxmodem.check.card import Card, Finding
from faxmodem.check.checkup import Plan, Subject, check_up
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.profile import Profile, ServiceClass, load_profile
from faxmodem.transport.memory import MemoryTransport, null_modem_pair

PROFILE: Final = load_profile("class1")
NUMBERS: Final = ("2001", "2002")
EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Port(MemoryTransport):
    """A DTE's end of a cable that can be opened again."""

    def __init__(self, transport: MemoryTransport) -> None:
        super().__init__(transport._end, transport._peer)

    async def aclose(self) -> None:
        """Keep it open."""


def subject(
    port: MemoryTransport,
    profile: Profile = PROFILE,
    classes: Sequence[ServiceClass] = ("1",),
    listed: Sequence[str] = ("0", "1"),
) -> Subject:
    """The modem at a port."""

    async def open_port() -> MemoryTransport:
        return port

    return Subject(port=port.name, open_port=open_port, profile=profile, service_classes=classes, listed=listed)


def checked(
    near: DceSettings | None = None,
    far: DceSettings | None = None,
    *,
    profile: Profile = PROFILE,
    classes: Sequence[ServiceClass] = ("1",),
    listed: Sequence[str] = ("0", "1"),
    far_class: ServiceClass = "1",
    numbers: tuple[str, str] | tuple[None, None] = NUMBERS,
    port: Callable[[MemoryTransport], Port] = Port,
    alone: bool = False,
    quick: bool = True,
    told: list[Finding] | None = None,
    dies: tuple[int, float] | None = None,
) -> Card:
    """The card of a modem, with another one beside it that keeps to the standard; both are left on hook.

    `dies`: which of them falls silent for good, and when.
    """

    async def freeze(dce: Dce, at: float) -> None:
        await anyio.sleep_until(at)
        dce.freeze()

    async def main() -> Card:
        cables = [null_modem_pair(name=name) for name in ("near", "far")]
        one, other = port(cables[0][0]), Port(cables[1][0])
        settings = [near or DceSettings(), far or DceSettings()]
        async with (
            emulated_line(*(dce for _, dce in cables), numbers=NUMBERS, settings=settings) as exchange,
            anyio.create_task_group() as tasks,
        ):
            if dies is not None:
                tasks.start_soon(freeze, exchange.dces[dies[0]], dies[1])
            other_one = subject(other, load_profile(f"class{far_class}"), (far_class,), ("0", far_class))
            back, number = numbers
            plan = Plan(far=None if alone else other_one, number=number, back=back, quick=quick)
            card = await check_up(
                subject(one, profile, classes, listed), plan, lambda: EPOCH, (told if told is not None else []).append
            )
            tasks.cancel_scope.cancel()
            assert dies is not None or not any(dce._core.end.off_hook for dce in exchange.dces)
        return card

    return run_virtual(main)
