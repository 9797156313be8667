import asyncio
import socket
import threading
import time

import anyio
import pytest
from anyio import from_thread, to_thread

from faxmodem.emulator import virtual
from faxmodem.emulator.virtual import VirtualTimeDeadlock, hold_time, run_virtual


def test_sleeping_moves_time_and_takes_none() -> None:
    async def main() -> float:
        await anyio.sleep(3600)
        return anyio.current_time()

    began = time.perf_counter()
    assert run_virtual(main) == 3600.0
    assert run_virtual(main, start=100.0) == 3700.0
    assert time.perf_counter() - began < 1


def test_timers_fire_at_their_very_time_and_in_order() -> None:
    fired: list[tuple[str, float]] = []

    async def fire(name: str, delay: float) -> None:
        await anyio.sleep(delay)
        fired.append((name, anyio.current_time()))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for name, delay in (("T4", 3.0), ("T1", 35.0), ("T2", 6.0), ("silence", 0.075)):
                tasks.start_soon(fire, name, delay)

    run_virtual(main)
    assert fired == [("silence", 0.075), ("T4", 3.0), ("T2", 6.0), ("T1", 35.0)]


def test_time_limits_follow_virtual_time() -> None:
    async def main() -> None:
        with anyio.move_on_after(5) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert anyio.current_time() == 5.0
        with pytest.raises(TimeoutError):
            with anyio.fail_after(2):
                await anyio.sleep(3)
        assert anyio.current_time() == 7.0

    run_virtual(main)


def test_the_result_and_the_exception_come_out_as_they_are() -> None:
    async def fail() -> None:
        await anyio.sleep(1)
        raise KeyError("T.30")

    assert run_virtual(lambda: anyio.sleep(1)) is None
    with pytest.raises(KeyError, match=r"T\.30"):
        run_virtual(fail)


def test_time_stands_while_a_worker_thread_works() -> None:
    async def main() -> None:
        with anyio.move_on_after(1) as scope:
            await to_thread.run_sync(time.sleep, 0.02)
            assert anyio.current_time() == 0.0
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert anyio.current_time() == 1.0

    run_virtual(main)


def test_time_stands_while_the_executor_works() -> None:
    async def main() -> None:
        with anyio.move_on_after(1):
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.02)
            assert anyio.current_time() == 0.0
            await anyio.sleep_forever()
        assert anyio.current_time() == 1.0

    run_virtual(main)


def test_a_worker_thread_may_call_back() -> None:
    def work() -> float:
        time.sleep(0.01)
        return from_thread.run_sync(anyio.current_time)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 10)
            assert await to_thread.run_sync(work) == 0.0

    run_virtual(main)


def test_hold_time_waits_for_what_the_loop_cannot_see() -> None:
    async def main() -> None:
        near, far = socket.socketpair()
        with near, far:
            later = threading.Timer(0.02, far.send, [b"x"])
            later.start()
            with anyio.fail_after(1), hold_time():
                await anyio.wait_readable(near)
            assert anyio.current_time() == 0.0
            later.join()

    run_virtual(main)


def test_hold_time_does_nothing_in_real_time() -> None:
    async def main() -> None:
        with hold_time():
            await anyio.sleep(0.001)

    anyio.run(main)


def test_a_descriptor_is_waited_for_when_no_timer_is_pending() -> None:
    async def main() -> None:
        near, far = socket.socketpair()
        with near, far:
            later = threading.Timer(0.02, far.send, [b"x"])
            later.start()
            await anyio.wait_readable(near)
            later.join()

    run_virtual(main)


def test_tasks_that_wait_for_each_other_are_an_error_that_says_where() -> None:
    async def main() -> None:
        await anyio.sleep(2.5)
        await anyio.Event().wait()

    with pytest.raises(VirtualTimeDeadlock, match=r"at 2\.500 s nothing can go on.*test_virtual\.py:\d+"):
        run_virtual(main)


def test_a_program_that_waits_for_a_silent_thread_is_stuck_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual, "PATIENCE_S", 0.02)

    async def main() -> None:
        with hold_time():
            await anyio.sleep(1)

    with pytest.raises(VirtualTimeDeadlock):
        run_virtual(main)


def test_the_same_program_takes_the_same_order() -> None:
    def order() -> list[tuple[int, float]]:
        log: list[tuple[int, float]] = []

        async def work(number: int) -> None:
            for step in range(5):
                await anyio.sleep((number * 7 + step * 3) % 4)
                log.append((number, anyio.current_time()))

        async def main() -> None:
            async with anyio.create_task_group() as tasks:
                for number in range(20):
                    tasks.start_soon(work, number)

        run_virtual(main)
        return log

    assert order() == order()


@pytest.mark.parametrize("start", [0.0, 12345.678])
def test_time_does_not_move_while_tasks_can_run(start: float) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 0.001)
            for _ in range(1000):
                await anyio.lowlevel.checkpoint()
            assert anyio.current_time() == start

    run_virtual(main, start=start)
