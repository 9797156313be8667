"""Command lines and registers, without a modem around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.emulator.at_commands import Command, DialPlan, Verb, parse
from faxmodem.emulator.registers import PARAMETERS, Registers
from faxmodem.transport.base import Flow


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("", []),
        ("e0", [Command("E", Verb.SET, "0")]),
        ("&FE&D2S7=120", [Command("&F", Verb.SET, "0"), Command("E", Verb.SET, "0"), Command("&D", Verb.SET, "2"),
                          Command("S7", Verb.SET, "120")]),
        ("S0?", [Command("S0", Verb.READ)]),
        ("S05 = 8", [Command("S5", Verb.SET, "8")]),
        ("S5=", [Command("S5", Verb.SET, "0")]),
        (r"\Q1", [Command("\\Q", Verb.SET, "1")]),
        ("+FCLASS=1.0", [Command("+FCLASS", Verb.SET, "1.0")]),
        ("+FTM=?", [Command("+FTM", Verb.TEST)]),
        ("+FCLASS?;+FMI?", [Command("+FCLASS", Verb.READ), Command("+FMI", Verb.READ)]),
        ("+FTS=8;+FTH=3", [Command("+FTS", Verb.SET, "8"), Command("+FTH", Verb.SET, "3")]),
        ("+GMI", [Command("+GMI", Verb.DO)]),
        ("H0D T5;", [Command("H", Verb.SET, "0"), Command("D", Verb.DO, "T5;")]),
        ("E1#CID=1", [Command("E", Verb.SET, "1"), Command("#CID=1", Verb.DO)]),
    ],
)  # fmt: skip
def test_command_lines(line: str, commands: list[Command]) -> None:
    assert parse(line) == commands


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=60))
def test_every_line_ends_somewhere(line: str) -> None:
    assert all(command.name for command in parse(line))


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("T0,555-1234", DialPlan(number="05551234", pauses=1, pulse=False, stays_in_command=False)),
        ("P 12W34;", DialPlan(number="1234", pauses=0, pulse=True, stays_in_command=True)),
        ("", DialPlan(number="", pauses=0, pulse=False, stays_in_command=False)),
        ("*67#12", DialPlan(number="*67#12", pauses=0, pulse=False, stays_in_command=False)),
    ],
)
def test_dial_strings(text: str, plan: DialPlan) -> None:
    assert DialPlan.parse(text) == plan


def test_registers_keep_to_their_ranges() -> None:
    registers = Registers(Flow.XONXOFF)
    assert registers["S7"] == 60
    assert registers.set("S7", "120")
    assert not registers.set("S7", "256")
    assert not registers.set("S32", "1")
    assert registers.set("+FIT", "30,1")
    assert registers.set("+FIT", ",0")
    assert registers.values("+FIT") == (30, 0)
    assert not registers.set("+FIT", "1,2")
    assert not registers.set("+FIT", "1,1,1")
    assert not registers.set("+FAR", "2")
    assert not registers.set("+FAR", "")
    assert registers["S7"] == 120
    registers.reset()
    assert registers["S7"] == 60
    assert registers.values("+FIT") == (0, 0)


@pytest.mark.parametrize(
    ("name", "value", "flow"),
    [
        ("&K", "0", Flow.NONE),
        ("&K", "3", Flow.RTSCTS),
        ("&K", "4", Flow.XONXOFF),
        ("\\Q", "1", Flow.XONXOFF),
        ("\\Q", "3", Flow.RTSCTS),
        ("+FLO", "0", Flow.NONE),
        ("+FLO", "2", Flow.RTSCTS),
        ("+IFC", "2,2", Flow.RTSCTS),
        ("+IFC", "0,0", Flow.NONE),
        ("E", "0", Flow.XONXOFF),
    ],
)
def test_four_ways_to_choose_flow_control(name: str, value: str, flow: Flow) -> None:
    registers = Registers(Flow.XONXOFF)
    assert registers.set(name, value)
    assert registers.flow is flow


def test_every_default_is_allowed() -> None:
    for name, parameter in PARAMETERS.items():
        for value, allowed in zip(parameter.default, parameter.allowed, strict=True):
            assert value in allowed, name
