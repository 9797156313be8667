"""What the DCE does with a command line: tables of commands, and how each kind is carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from faxmodem.emulator.at_commands import Command, Verb, parse
from faxmodem.emulator.calls import answer, dial
from faxmodem.emulator.class2.dialect import CLASSES
from faxmodem.emulator.class2.service import IDENTITY, FaxService
from faxmodem.emulator.core import Aborted, Core
from faxmodem.emulator.receiving import await_silence, receive_data, receive_frame
from faxmodem.emulator.registers import PARAMETERS, S_REGISTERS
from faxmodem.emulator.results import Result
from faxmodem.emulator.signals import BY_CODE
from faxmodem.emulator.transmitting import stop_and_pause, transmit_data, transmit_frames
from faxmodem.modem.quirks import Quirk

Action = Callable[[Core, int], Awaitable[Result]]
CallCommand = Callable[[Core, str], Awaitable[Result]]


async def _hook(core: Core, value: str) -> Result:
    """H0 gives the line back, H1 takes it. V.250 §6.3.6."""
    if value == "0":
        core.go_on_hook()
    elif value == "1":
        core.go_off_hook()
    return Result.OK if value in ("0", "1") else Result.ERROR


async def _reset(core: Core, value: str) -> Result:
    """Z: on hook, and everything as after power-on. V.250 §6.1.1."""
    core.go_on_hook()
    return await _factory(core, value)


async def _factory(core: Core, _value: str) -> Result:
    """&F: the factory's values. V.250 §6.1.2."""
    core.registers.reset()
    core.dte.flow_changed()
    return Result.OK


async def _online(_core: Core, _value: str) -> Result:
    """O: there is no data call to go back to. V.250 §6.3.7."""
    return Result.NO_CARRIER


ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "+FTS": stop_and_pause,
        "+FRS": await_silence,
        "+FTM": lambda core, code: transmit_data(core, BY_CODE[code]),
        "+FRM": lambda core, code: receive_data(core, BY_CODE[code]),
        "+FTH": lambda core, _code: transmit_frames(core),
        "+FRH": lambda core, _code: receive_frame(core),
    }
)
_ONLY_SILENCE: Final = ("+FTS", "+FRS")
"Actions that another one may follow on the same line, as programs expect of every DCE: `AT+FTS=8;+FTH=3`."

_CALLS: Final[Mapping[str, CallCommand]] = MappingProxyType(
    {
        "D": dial,
        "A": lambda core, _value: answer(core),
        "H": _hook,
        "O": _online,
        "Z": _reset,
        "&F": _factory,
    }
)
_HANGS_UP: Final = ("H", "Z")
_RESETS: Final = ("Z", "&F")
_ENDS_LINE: Final = ("D", "A", "O", "Z")
"What stands behind these on a line does not count."


async def execute(core: Core, fax: FaxService, line: str) -> Result:
    """Do the commands of a line, in order, until one of them does not give OK. V.250 §5.2."""
    commands = parse(line)
    for place, command in enumerate(commands):
        is_last = place == len(commands) - 1
        if fax.knows(command):
            result = await fax.execute(command)
        elif command.name in ACTIONS and command.verb is Verb.SET:
            result = await _act(core, command, is_last=is_last)
        elif command.name in _CALLS:
            result = await _call(core, fax, command)
        else:
            result = _configure(core, command)
        if result is not Result.OK or command.name in _ENDS_LINE:
            return result
    return Result.OK


async def _call(core: Core, fax: FaxService, command: Command) -> Result:
    """A command that has to do with the line, in the way of the service class."""
    if command.name in _HANGS_UP:
        fax.drop()
    if command.name in _RESETS:
        fax.reset()
    if fax.applies and command.name == "D":
        return await fax.dial(command.value)
    if fax.applies and command.name == "A":
        return await fax.answer()
    return await _CALLS[command.name](core, command.value)


async def _act(core: Core, command: Command, *, is_last: bool) -> Result:
    """A Class 1 action: last on its line, in class 1, off hook, with a code that we know. T.31 (08/95) §8.3."""
    in_place = is_last or command.name in _ONLY_SILENCE
    in_class = core.registers.service_class in ("1", "1.0")
    known = command.value.isdecimal() and int(command.value) in _codes(core, command.name)
    if not (in_place and in_class and core.end.off_hook and known):
        return Result.ERROR
    try:
        return await ACTIONS[command.name](core, int(command.value))
    except Aborted:
        return Result.OK


def _codes(core: Core, name: str) -> range | tuple[int, ...]:
    """What the action takes."""
    if name in _ONLY_SILENCE:
        return range(256)
    return {"+FTM": core.settings.transmits, "+FRM": core.settings.receives}.get(name, (3,))


def _configure(core: Core, command: Command) -> Result:
    """A command that stores something or tells something."""
    match command.verb:
        case Verb.SET:
            return _set(core, command.name, command.value)
        case Verb.TEST:
            text = _test_reply(core, command.name)
        case Verb.READ:
            text = _read_reply(core, command.name)
        case Verb.DO:
            text = None
    lines = _identity(core, command.name) if text is None else (text,)
    if lines is None:
        return Result.ERROR
    for line in lines:
        if line:
            core.tell(line)
    return Result.OK


def _set(core: Core, name: str, value: str) -> Result:
    if name == "+FCLASS":
        if value not in core.settings.classes:
            return Result.ERROR
        core.registers.enter(value)
        if value in CLASSES:
            core.lock_rate(Quirk.RATE_LOCKED)
        return Result.OK
    if name == "I":
        return _inform(core, int(value))
    if not (_has_parameter(core, name) or _is_register(name)) or not core.registers.set(name, value):
        return Result.ERROR
    core.dte.flow_changed()
    return Result.OK


def _inform(core: Core, number: int) -> Result:
    """I0 to I9: who we are. V.250 §6.1.3."""
    for line in core.settings.identity.get(f"ATI{number}", ()):
        core.tell(line)
    return Result.OK if number < 10 else Result.ERROR


def _test_reply(core: Core, name: str) -> str | None:
    """What `=?` is answered; None: there is no such command."""
    if name == "+FCLASS":
        return ",".join(core.settings.listed or core.settings.classes)
    if name in ACTIONS:
        codes = _codes(core, name)
        return f"{codes[0]}-{codes[-1]}" if isinstance(codes, range) else ",".join(map(str, codes))
    if _identity(core, name) is not None:
        return ""
    return PARAMETERS[name].test_reply if _has_parameter(core, name) else None


def _read_reply(core: Core, name: str) -> str | None:
    """What `?` is answered; None: there is no such command. Parameters of V.250 are told with their names."""
    if name == "+FCLASS":
        return core.registers.service_class
    if _is_register(name):
        return f"{core.registers[name]:03d}"
    if _has_parameter(core, name):
        values = ",".join(map(str, core.registers.values(name)))
        return values if name.startswith("+F") else f"{name}: {values}"
    return None


def _identity(core: Core, name: str) -> tuple[str, ...] | None:
    """The lines that tell who we are, by one of the commands that begin with a plus; None: there is no such command."""
    known = core.settings.identity
    name = name if f"{name}?" in known else IDENTITY.get(name, name)
    return known.get(f"{name}?", known.get(name))


def _has_parameter(core: Core, name: str) -> bool:
    has_class_1_0 = "1.0" in core.settings.classes  # in class 2 there is another +FAA
    return name in PARAMETERS and {"+F34": core.settings.takes_v34, "+FAA": has_class_1_0}.get(name, True)


def _is_register(name: str) -> bool:
    return name[0] == "S" and name[1:].isdecimal() and int(name[1:]) in S_REGISTERS
