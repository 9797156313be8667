"""Work that something else goes on beside, and work that ends at somebody's wish."""

from __future__ import annotations

import anyio
import pytest

from faxmodem.call.stop import beside, stoppable
from faxmodem.emulator.virtual import run_virtual


async def two() -> int:
    await anyio.sleep(5)
    return 2


async def fails() -> None:
    await anyio.sleep(1)
    raise KeyError("this one")


def test_background_ends_with_the_work() -> None:
    ended_at: list[float] = []

    async def background() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended_at.append(anyio.current_time())

    async def main() -> None:
        assert await beside(background, two) == 2

    run_virtual(main)
    assert ended_at == [5.0]


def test_background_may_end_first() -> None:
    async def main() -> None:
        assert await beside(lambda: anyio.sleep(1), two) == 2

    run_virtual(main)


@pytest.mark.parametrize("nested", [False, True])
def test_an_exception_comes_out_as_it_is(nested: bool) -> None:
    async def group() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fails)

    async def main() -> None:
        with pytest.raises(KeyError, match="this one"):
            await beside(anyio.sleep_forever, group if nested else fails)
        with pytest.raises(KeyError, match="this one"):
            await beside(group if nested else fails, two)

    run_virtual(main)


def test_two_exceptions_come_out_as_a_group() -> None:
    async def main() -> None:
        with pytest.raises(ExceptionGroup) as raised:
            await beside(fails, fails)
        assert [type(error) for error in raised.value.exceptions] == [KeyError, KeyError]

    run_virtual(main)


def test_without_a_wish_to_stop_the_work_is_done() -> None:
    asked: list[str] = []

    async def main() -> None:
        assert await stoppable(two, None, lambda: asked.append("stop")) == 2
        assert await stoppable(two, anyio.Event(), lambda: asked.append("stop")) == 2

    run_virtual(main)
    assert asked == []


def test_the_wish_is_passed_on_once_and_the_work_goes_on() -> None:
    asked: list[float] = []

    async def main() -> None:
        stop = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_set_after, stop, 3.0)
            assert await stoppable(two, stop, lambda: asked.append(anyio.current_time())) == 2

    run_virtual(main)
    assert asked == [3.0]


def test_a_wish_from_before_counts() -> None:
    async def main() -> None:
        stop = anyio.Event()
        stop.set()
        with anyio.CancelScope() as scope:
            await stoppable(two, stop, scope.cancel)
        assert scope.cancelled_caught
        assert anyio.current_time() == 0.0

    run_virtual(main)


async def _set_after(event: anyio.Event, seconds: float) -> None:
    await anyio.sleep(seconds)
    event.set()
