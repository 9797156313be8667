"""Work that something else goes on beside, and work that ends at somebody's wish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

import anyio

T = TypeVar("T")


async def beside(background: Callable[[], Coroutine[object, object, None]], work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` and give what it gives; `background` goes on as long as it does.

    Exceptions come out as they are, not in groups.
    """
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(background)
            result = await work()
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise _only(group) from None
    return result


async def stoppable(work: Callable[[], Awaitable[T]], stop: anyio.Event | None, on_stop: Callable[[], object]) -> T:
    """Do `work` and give what it gives; call `on_stop`, once, if `stop` is set before it is done."""
    if stop is None:
        return await work()
    wish = stop

    async def watch() -> None:
        await wish.wait()
        on_stop()

    return await beside(watch, work)


def _only(error: BaseException) -> BaseException:
    """The one error inside a group of groups, or the group that holds several."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
