"""Faults of the line as a user writes them: `bit-errors:share=1e-4`, `hang-up:at_s=20,sender=station`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from pydantic import TypeAdapter, ValidationError

from faxmodem.emulator.faults import (
    BitErrors,
    BitOffset,
    Echo,
    Fault,
    FrameFault,
    Gap,
    HangUp,
    NoV8,
    Refusal,
    V34Limit,
)
from faxmodem.errors import SettingError

KINDS: Final[Mapping[str, type[Fault]]] = {
    "bit-errors": BitErrors,
    "frame-fault": FrameFault,
    "gap": Gap,
    "hang-up": HangUp,
    "echo": Echo,
    "bit-offset": BitOffset,
    "no-v8": NoV8,
    "v34-limit": V34Limit,
    "refusal": Refusal,
}
"What a line can do to a call, by the name that a user gives it."


def parse_fault(text: str, numbers: Mapping[str, str]) -> Fault:
    """The fault that `text` names: a kind, and behind a colon its fields as `name=value`, with commas between them.

    Several values of one field have a semicolon between them. `numbers`: what to put for the name of a sender. Raises
    `SettingError` that says what is allowed.
    """
    name, _, rest = text.partition(":")
    kind = KINDS.get(name.strip())
    if kind is None:
        raise SettingError(f"there is no fault {name.strip()!r}; {_guess(name, KINDS)}")
    allowed = {field.name for field in fields(kind)}
    values: dict[str, object] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or key not in allowed:
            raise SettingError(f"a fault {name} has no {part!r}; {_guess(key, sorted(allowed))}, each as name=value")
        values[key] = _value(key, value, numbers)
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise SettingError(f"the fault {text!r} cannot be: {told}") from error


def _value(key: str, value: str, numbers: Mapping[str, str]) -> object:
    if key == "sender":
        if value not in numbers:
            raise SettingError(f"the sender whose signals suffer is {' or '.join(numbers)}, not {value!r}")
        return numbers[value]
    return tuple(re.split(r"\s*;\s*", value)) if key == "nth" else value


def _guess(wrong: str, known: Mapping[str, object] | list[str]) -> str:
    near = difflib.get_close_matches(wrong.strip(), list(known), n=1)
    rest = [word for word in known if word not in near]
    return f"known are {', '.join(near + rest)}"
