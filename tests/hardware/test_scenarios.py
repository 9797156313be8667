"""Whole calls through two modems that are plugged in, in real time: the scenarios that need nothing but a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import anyio
import pytest

from faxmodem.api import RATES, open_modem
from faxmodem.call.fax import CallSettings
from faxmodem.codec.geometry import Coding
from faxmodem.emulator.line import LineSettings
from faxmodem.emulator.settings import DceSettings
from faxmodem.modem.base import Modem
from faxmodem.t30.timers import Limits
from tests.scenarios.bench import Stack
from tests.scenarios.runner import Play, Scenario, scenarios
from tests.scenarios.scenario import NUMBERS

if TYPE_CHECKING:
    from tests.scenarios.bench import Side

pytestmark = pytest.mark.hardware
END_S: Final = 1800.0


def _needs_nothing_special(scenario: Scenario) -> bool:
    """Whether both ends are ours, and neither line nor modem nor disk is other than it should be."""
    asked = (scenario.faults, scenario.words, scenario.disk, scenario.disk_s, scenario.act, scenario.number)
    usual = scenario.dce == DceSettings() and scenario.limits == Limits() and scenario.delay_s == LineSettings().delay_s
    return len(scenario.near) == len(NUMBERS) and usual and not any(asked) and None not in scenario.pages


PLAIN: Final = [scenario for scenario in scenarios() if _needs_nothing_special(scenario)]
THREE_PAGES: Final = next(scenario for scenario in PLAIN if scenario.name == "good/three_pages")
CODINGS: Final = {"MH": {Coding.MH}, "MR": {Coding.MH, Coding.MR}, "MMR": set(Coding)}


def _three_pages(rate: int, coding: str, *, ecm: bool) -> Scenario:
    call = replace(THREE_PAGES.call, max_rate_bps=rate, codings=frozenset(CODINGS[coding]), ecm=ecm)
    return replace(THREE_PAGES, name=f"{rate}-{coding}{'-ecm' if ecm else ''}", call=call)


EVERY_WAY: Final = [
    _three_pages(rate, coding, ecm=ecm)
    for rate in sorted(RATES, reverse=True)
    for coding in CODINGS
    for ecm in (False, True)
    if ecm or coding != "MMR"
]


class PortStack(Stack):
    """One of our stacks above a modem that is plugged in."""

    left_on_hook = True  # nobody sees that from here

    def __init__(self, port: str, service_class: str, settings: CallSettings) -> None:
        super().__init__(settings, lambda: datetime.now(UTC))
        self._port = port
        self._class = service_class

    async def open_modem(self) -> Modem:
        return await open_modem(self._port, service_class=self._class)


class OnPorts(Play):
    """A scenario on two ports."""

    def __init__(self, scenario: Scenario, folder: Path, ports: dict[str, str], classes: dict[str, str]) -> None:
        super().__init__(scenario, folder)
        self._ports = ports
        self._classes = classes

    def run(self) -> None:
        """Play it, in real time."""
        anyio.run(self._on_ports)

    async def _on_ports(self) -> None:
        given = self.scenario.call
        stacks: dict[str, PortStack] = {}
        for name in self.scenario.near:
            settings = replace(given, limits=self.scenario.limits, station_id=given.station_id or name.upper())
            stacks[name] = PortStack(self._ports[name], self._classes[name], settings)
        self.sides = cast("dict[str, Side]", stacks)  # of which nothing is asked that only an emulated modem tells
        with anyio.fail_after(END_S):
            async with anyio.create_task_group() as calls:
                self._start(calls)


@pytest.mark.parametrize("scenario", [*PLAIN, *EVERY_WAY], ids=str)
def test_a_call_between_two_modems(
    scenario: Scenario,
    modem_port: str,
    far_port: str,
    numbers: dict[str, str],
    classes: dict[str, str],
    tmp_path: Path,
) -> None:
    dialled = replace(scenario, number=numbers[scenario.caller])
    play = OnPorts(dialled, tmp_path, {"sender": modem_port, "receiver": far_port}, classes)
    play.run()
    for name, expected in scenario.endings.items():
        came = play.ending(name)
        assert (came.outcome, came.pages, came.polled) == (expected.outcome, expected.pages, expected.polled), name
        if expected.told is not None:
            assert came.told == expected.told
    if not scenario.arrived and all(ending.outcome == "ok" for ending in scenario.endings.values()):
        assert play.arrived() == play.sent()
