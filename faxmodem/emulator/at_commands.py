"""The command line of the DCE: what was typed after AT, as a list of commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Verb(Enum):
    """What is asked of a command."""

    DO = "do"
    SET = "set"
    READ = "read"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a line, e.g. `Command("+FTH", Verb.SET, "3")`, `Command("E", Verb.SET, "0")`."""

    name: str
    verb: Verb
    value: str = ""


# V.250 §5.3 and §5.4: basic commands with an optional number, S registers, D with all that follows, and extended
# commands, which end at a semicolon or with the line.
_COMMAND: Final = re.compile(
    r"""\+(?P<extended>[A-Z][A-Z0-9]*)(?:(?P<test>=\?)|(?P<read>\?)|=(?P<value>(?:"[^"]*"?|[^;"])*))?(?:;|$)
      | D(?P<dial>.*)
      | S(?P<register>\d+)(?:(?P<sread>\?)|=(?P<svalue>\d*))
      | (?P<basic>[&\\]?[A-Z])(?P<number>\d*)""",
    re.VERBOSE,
)

_QUOTED: Final = re.compile(r'("[^"]*"?)')


def parse(line: str) -> list[Command]:
    """The commands of `line`, what was typed between AT and the end of the line.

    Neither blanks nor case count, but in quotes. A part that is no command at all becomes `Command(part, Verb.DO)`,
    which no table knows.
    """
    text = "".join(part if part[:1] == '"' else part.upper().replace(" ", "") for part in _QUOTED.split(line))
    commands: list[Command] = []
    at = 0
    while at < len(text):
        found = _COMMAND.match(text, at)
        if found is None:
            return [*commands, Command(text[at:], Verb.DO)]
        commands.append(_command(found))
        at = found.end()
    return commands


def _command(found: re.Match[str]) -> Command:
    part = found.groupdict()
    if part["extended"] is not None:
        name = f"+{part['extended']}"
        if part["test"] or part["read"]:
            return Command(name, Verb.TEST if part["test"] else Verb.READ)
        return Command(name, Verb.DO) if part["value"] is None else Command(name, Verb.SET, part["value"])
    if part["dial"] is not None:
        return Command("D", Verb.DO, part["dial"])
    if part["register"] is not None:
        name = f"S{int(part['register'])}"
        return Command(name, Verb.READ) if part["sread"] else Command(name, Verb.SET, part["svalue"] or "0")
    return Command(part["basic"], Verb.SET, part["number"] or "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """What a dial string asks for."""

    number: str
    pauses: int
    "Commas: each waits for S8 seconds."
    pulse: bool
    stays_in_command: bool
    "A semicolon at the end: OK as soon as the number is dialled, without CNG and without +FRH=3."

    @classmethod
    def parse(cls, text: str) -> DialPlan:
        """Read the text after D; characters without a meaning do not count. V.250 §6.3.1."""
        return cls(
            number="".join(re.findall(r"[0-9*#A-C]", text)),
            pauses=text.count(","),
            pulse="P" in text,
            stays_in_command=text.endswith(";"),
        )
