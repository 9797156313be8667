"""Calls that are begun before their tests: one after the other they take many minutes, and hardly any processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import pytest

T = TypeVar("T")
Call = Callable[[Path], T]
"Makes a telephone call, in a folder of its own; gives what the tests look at."
Begun = Mapping[str, Future[object]]

AT_ONCE: Final = 7
"Two soft modems take 3 % of a core, but each command that starts takes a second of one."

_CALLS: Final[dict[str, Call[object]]] = {}


def ahead(call: Call[T]) -> object:
    """Make a call a fixture, by its name, that gives what the call gives; every test that asks for it sees the same."""
    name = call.__name__
    assert name not in _CALLS
    _CALLS[name] = call

    @pytest.fixture(scope="session", name=name)
    def result(begun: Begun) -> object:
        return begun[name].result()

    return result


@contextmanager
def begin(wanted: set[str], make_folder: Callable[[str], Path]) -> Iterator[Begun]:
    """Begin the calls with these names; at the end those that have not begun are dropped, the others waited for."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield {name: pool.submit(call, make_folder(name)) for name, call in _CALLS.items() if name in wanted}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
