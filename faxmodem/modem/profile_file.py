"""Files of firmware profiles: what each inherits, and what is wrong in it, in words."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from faxmodem.errors import ProfileError

NOT_INHERITED: Final = ("match",)
"What recognises one firmware does not recognise another."


def read(file: Path, find: Callable[[str], Path], *, heirs: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The file's own keys over those that it inherits: tables merge, all else replaces.

    `find` gives the file of a profile's name; `heirs` are the files that inherit from this one. Raises `ProfileError`.
    """
    own = dict(_parse(file))
    parent = own.pop("inherits", None)
    if parent is None:
        return own
    if not isinstance(parent, str):
        raise ProfileError(f"{file}: inherits must be the name of a profile, not {parent!r}")
    if file in heirs:
        raise ProfileError(f"{file}: inherits from itself by way of {parent!r}")
    below = read(find(parent), find, heirs=(*heirs, file))
    return _merge({key: value for key, value in below.items() if key not in NOT_INHERITED}, own)


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """What is wrong with each key of a table that is to become a `model`."""
    details = error.errors(include_url=False)
    at_fault = {detail["loc"] for detail in details}
    for detail in details:
        loc = detail["loc"]
        if any(other[: len(loc)] == loc != other for other in at_fault):
            continue  # only because something in it is wrong
        key = ".".join(str(part) for part in loc if part != "[key]")
        match detail["type"]:
            case "missing":
                yield f"{key} is missing"
            case "extra_forbidden":
                yield f"{key} is unknown; allowed there are {', '.join(_likeliest_first(loc[-1], _keys(loc, model)))}"
            case "enum" if loc[-1] == "[key]":
                yield f"{key} is unknown; {_meant(loc[-2], _names(loc, model))}"
            case "value_error":
                found = detail["input"]
                yield f"{key} {detail['ctx']['error']}" + (f", not {found!r}" if isinstance(found, str) else "")
            case _:
                yield f"{key}: {detail['msg']}, not {_shortened(detail['input'])}"


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        return _parsed(file, file.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{file} cannot be read as TOML: {error}") from error


@lru_cache(maxsize=256)
def _parsed(file: Path, _mtime_ns: int) -> Mapping[str, Any]:
    """Many profiles inherit from the same file, and a program that makes many calls reads them again and again."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _keys(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The keys of the table in which `loc` stands."""
    return list(_table(loc[:-1], model).model_fields)


def _names(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """What may name an entry of the table that is one before the last two of `loc`."""
    annotation = _table(loc[:-3], model).model_fields[str(loc[-3])].annotation
    names = next(kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, Enum))
    return [str(name.value) for name in names]


def _table(loc: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The model of the table at `loc`; names of entries and places in lists do not count."""
    table = model
    for part in loc:
        if isinstance(part, str) and part in table.model_fields:
            annotation = table.model_fields[part].annotation
            inside = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
            table = next((kind for kind in inside if issubclass(kind, BaseModel)), table)
    return table


def _likeliest_first(key: int | str, allowed: list[str]) -> list[str]:
    likely = difflib.get_close_matches(str(key), allowed, n=1)
    return likely + [name for name in allowed if name not in likely]


def _meant(name: int | str, allowed: list[str]) -> str:
    likely = difflib.get_close_matches(str(name), allowed, n=1)
    return f"did you mean {likely[0]}?" if likely else f"allowed are {', '.join(allowed)}"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
