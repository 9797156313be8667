"""Ending work that goes on, at somebody's wish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def stoppable(work: Callable[[], Awaitable[T]], stop: anyio.Event | None, on_stop: Callable[[], object]) -> T:
    """Do `work` and give what it gives; call `on_stop`, once, if `stop` is set before it is done.

    Exceptions of `work` come out as they are, not in a group.
    """

    async def watch(wish: anyio.Event) -> None:
        await wish.wait()
        on_stop()

    try:
        async with anyio.create_task_group() as tasks:
            if stop is not None:
                tasks.start_soon(watch, stop)
            result = await work()
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
    return result
