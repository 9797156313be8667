"""Running calls from a command: the event loop, Ctrl-C, and the recording file."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO, TypeVar

import anyio

from faxmodem.call.stop import beside
from faxmodem.errors import DocumentError

T = TypeVar("T")


def run(work: Callable[[anyio.Event], Awaitable[T]]) -> T:
    """Run `work`, giving it an event that Ctrl-C or SIGTERM sets; it then ends its call and returns."""

    async def until_signal() -> T:
        stop = anyio.Event()

        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:

            async def watch() -> None:
                async for _ in signals:
                    stop.set()

            return await beside(watch, partial(work, stop))

    return anyio.run(until_signal)


@contextmanager
def recording(path: Path | None) -> Iterator[TextIO | None]:
    """The file for a recording, or None where none is wanted. Raises `DocumentError` if it cannot be written."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"the recording {path} cannot be written: {error.strerror}") from error
    with file:
        yield file
