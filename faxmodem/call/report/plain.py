"""Frozen records and enumerations as plain JSON values and back, one way for all of them.

A record is an object with its class under `type` and its fields; a field at its default may be left out when reading.
A member of an enumeration is its name, a frame its octets in hex, with words beside them that nobody reads back. The
way back goes by the annotations, so that a value of the wrong kind is found where it stands.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints

from faxmodem.errors import ProtocolError, ReportError
from faxmodem.t30.frames import Frame
from faxmodem.t30.words import words

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
"What JSON has."

LARGEST: Final = 1e15
"No number of a call is as large."

_INFINITIES = {math.inf: "inf", -math.inf: "-inf"}


def words_of(frame: Frame) -> str:
    """A frame in words, without characters that could do something to a terminal or a picture."""
    return printable(words(frame))


def printable(text: str) -> str:
    """A text from the line or from a file, fit to be shown."""
    return "".join(c if c.isprintable() else "·" for c in text)


def to_plain(value: object) -> Plain:
    """The JSON value of a record, an enumeration's member, a collection of them, or what JSON has itself."""
    if isinstance(value, float):
        return _INFINITIES.get(value, value)
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    return _composed(value)


def _composed(value: object) -> Plain:
    match value:
        case Enum():
            return value.name
        case Frame():
            return {"type": "Frame", "hex": value.build().hex(" "), "words": words_of(value)}
        case bytes():
            return value.hex(" ")
        case tuple() | list():
            return [to_plain(item) for item in value]
        case frozenset() | set():
            return sorted((to_plain(item) for item in value), key=lambda item: (str(type(item)), item))
        case Mapping():
            return {str(key): to_plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {"type": type(value).__name__} | {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a report cannot hold a {type(value).__name__}")


def from_plain(hint: Any, plain: Any, where: str = "report") -> Any:  # noqa: ANN401 - one function for every annotation
    """The value that `plain` stands for where `hint` is annotated. Raises `ReportError`, which names the place."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(hint), plain, where)
    if origin is not None:
        return _collection(origin, get_args(hint), plain, where)
    if hint is Frame:
        return _frame(plain, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint, plain, where)
    if is_dataclass(hint):
        return _record(cast("type", hint), plain, where)
    return _simple(hint, plain, where)


def _wrong(where: str, expected: str, plain: object) -> ReportError:
    return ReportError(f"{where}: {expected} was expected, and there is {printable(repr(plain)[:60])}")


def _simple(hint: object, plain: object, where: str) -> object:
    if hint is None or hint is type(None):
        if plain is None:
            return None
    elif hint is bytes:
        if isinstance(plain, str):
            return _octets(plain, where)
    elif hint is float:
        if isinstance(plain, str) and plain in _INFINITIES.values():
            return float(plain)
        if isinstance(plain, int | float) and not isinstance(plain, bool) and abs(plain) < LARGEST:
            return float(plain)
    elif isinstance(hint, type) and type(plain) is hint:
        return plain
    raise _wrong(where, getattr(hint, "__name__", str(hint)), plain)


def _octets(plain: str, where: str) -> bytes:
    try:
        return bytes.fromhex(plain)
    except ValueError as error:
        raise _wrong(where, "octets in hex", plain) from error


def _frame(plain: object, where: str) -> Frame:
    octets = plain.get("hex") if isinstance(plain, dict) and plain.get("type") == "Frame" else None
    if not isinstance(octets, str):
        raise _wrong(where, "a frame", plain)
    try:
        return Frame.parse(_octets(octets, where))
    except ProtocolError as error:
        raise _wrong(where, "a frame", octets) from error


def _member(kind: type[Enum], plain: object, where: str) -> Enum:
    member = kind.__members__.get(plain) if isinstance(plain, str) else None
    if member is None:
        raise _wrong(where, f"a {kind.__name__} that this program knows", plain)
    return member


def _one_of(hints: tuple[Any, ...], plain: object, where: str) -> object:
    if plain is None and type(None) in hints:
        return None
    if isinstance(plain, dict):
        kinds = {cast("type", hint).__name__: hint for hint in hints if is_dataclass(hint)}
        named = plain.get("type")
        if isinstance(named, str) and named in kinds:
            return from_plain(kinds[named], plain, where)
        raise _wrong(where, "a record that this program knows", named)
    for hint in hints:
        if hint is not type(None) and not is_dataclass(hint):
            return from_plain(hint, plain, where)
    raise _wrong(where, "a record", plain)


_MAKERS: Mapping[type, Callable[[list[Any]], object]] = {tuple: tuple, frozenset: frozenset, list: list}


def _collection(origin: type, arguments: tuple[Any, ...], plain: object, where: str) -> object:
    if origin not in _MAKERS:
        if not isinstance(plain, dict):
            raise _wrong(where, "an object", plain)
        return {key: from_plain(arguments[1], item, f"{where}.{printable(key)}") for key, item in plain.items()}
    if not isinstance(plain, list):
        raise _wrong(where, "a list", plain)
    return _MAKERS[origin]([from_plain(arguments[0], item, f"{where}[{at}]") for at, item in enumerate(plain)])


@cache
def _fields(kind: type) -> Mapping[str, tuple[Any, bool]]:
    """Annotation of each field of a record, and whether it may be left out."""
    hints = get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is not MISSING or field.default_factory is not MISSING)
        for field in fields(kind)
    }


def _record(kind: type, plain: object, where: str) -> object:
    if not isinstance(plain, dict) or plain.get("type", kind.__name__) != kind.__name__:
        raise _wrong(where, f"a {kind.__name__}", plain)
    known = _fields(kind)
    for name in plain.keys() - known.keys() - {"type"}:
        raise _wrong(where, f"no {printable(str(name)[:40])!r} in a {kind.__name__} of this program", plain[name])
    for name, (_, optional) in known.items():
        if name not in plain and not optional:
            raise ReportError(f"{where}: a {kind.__name__} without {name!r}")
    values = {
        name: from_plain(known[name][0], item, f"{where}.{name}") for name, item in plain.items() if name in known
    }
    try:
        return kind(**values)
    except (ProtocolError, ValueError, TypeError) as error:
        raise ReportError(f"{where}: no {kind.__name__} can be like this: {printable(str(error))}") from error
