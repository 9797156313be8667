"""Virtual time: an async program whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, TypeVarTuple

import anyio
from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PATIENCE_S: Final = 30.0
"Real seconds to wait for a thread or a file descriptor before the program is declared stuck."


class VirtualTimeDeadlock(RuntimeError):
    """Every task waits, and nothing is left that could wake one of them."""


def run_virtual(main: Callable[[], Awaitable[T]], *, start: float = 0.0) -> T:
    """Run `main` on asyncio in virtual time and give its result; its exceptions come out as they are.

    `start`: what `anyio.current_time()` says at first, in seconds. As soon as no task can run, time jumps to the
    next timer; the same program thus takes the same order on every run, however loaded the machine is. (Only in which
    order tasks of one group are told of its cancellation is anyio's choice.)

    Time stands still while a thread works (`anyio.to_thread.run_sync` with the default limiter, or
    `loop.run_in_executor`) and inside `hold_time`. File descriptors do not hold time: they are looked at before
    each jump, but when one becomes ready is up to the kernel, so keep them out of programs that must be repeatable.
    With no timer pending, they and foreign threads are waited for in real time.

    Raises `VirtualTimeDeadlock` when all tasks wait for each other: at once in a program that has started no thread
    and waits for no file descriptor, else after `PATIENCE_S`.
    """
    loop = _VirtualLoop(start)

    async def entry() -> T:
        loop.worker_threads = current_default_thread_limiter()
        return await main()

    return anyio.run(entry, backend_options={"loop_factory": lambda: loop})


@contextmanager
def hold_time() -> Iterator[None]:
    """Keep virtual time from jumping, for work that the event loop cannot see; in real time does nothing."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, _VirtualLoop):
        yield
        return
    loop.holds += 1
    try:
        yield
    finally:
        loop.holds -= 1


class _VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop with its clock and its idle moments exchanged."""

    _scheduled: list[asyncio.TimerHandle]  # asyncio's heap of timers; whenever the loop is idle the first one is live

    def __init__(self, start: float) -> None:
        self._now = start
        self.holds = 0
        self.worker_threads: CapacityLimiter | None = None
        selector = _IdleSelector(self._idle, lambda: len(self._descriptors) > self._own_descriptors or self._held())
        super().__init__(selector)
        self._descriptors = selector.get_map()
        self._own_descriptors = len(self._descriptors)
        self._threads = threading.active_count()

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:  # noqa: ANN401 - as asyncio's
        """Run `func` in a thread and hold time until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self.holds += 1
        future.add_done_callback(self._release)
        return future

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as asyncio's
        """Join the executor's threads, which takes real time: asyncio's time limit must not run out meanwhile."""
        with hold_time():
            await super().shutdown_default_executor(*args, **kwargs)

    def _release(self, _future: asyncio.Future[Any]) -> None:
        self.holds -= 1

    def _held(self) -> bool:
        return self.holds > 0 or (self.worker_threads is not None and self.worker_threads.borrowed_tokens > 0)

    def _idle(self, wait: Callable[[float], bool]) -> None:
        """Nothing is ready: go to the next timer, or wait in real time if that is what the program does."""
        held = self._held()
        if self._scheduled and not held:
            self._now = max(self._now, self._scheduled[0].when())
            return
        alone = threading.active_count() <= self._threads and len(self._descriptors) == self._own_descriptors
        if (alone and not held) or not wait(PATIENCE_S):
            raise VirtualTimeDeadlock(f"at {self._now:.3f} s nothing can go on any more: {self._waiting()}")

    def _waiting(self) -> str:
        """Each task and the line that it waits at."""
        return "; ".join(sorted(f"{task.get_name()} waits in {_place(task)}" for task in asyncio.all_tasks(self)))


class _IdleSelector(selectors.DefaultSelector):
    """Tells its loop when nothing is ready, instead of sleeping."""

    def __init__(self, idle: Callable[[Callable[[float], bool]], None], may_be_ready: Callable[[], bool]) -> None:
        super().__init__()
        self._idle = idle
        self._may_be_ready = may_be_ready
        self._ready: list[tuple[selectors.SelectorKey, int]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; `timeout` 0 means that the loop has work to do, anything else that it has none.

        While it has, descriptors can wait, and where there are none there is nothing to ask the kernel for: to do it in
        each turn would take a tenth of a call's time.
        """
        if timeout == 0:
            return []
        self._ready = super().select(0) if self._may_be_ready() else []
        if not self._ready:
            self._idle(self._wait)
        return self._ready

    def _wait(self, seconds: float) -> bool:
        self._ready = super().select(seconds)
        return bool(self._ready)


def _place(task: asyncio.Task[Any]) -> str:
    """Where a task stands, as file:line of the innermost frame that is not asyncio's or anyio's own."""
    place = "an unknown place"
    inner: Any = task.get_coro()
    while (frame := getattr(inner, "cr_frame", None)) is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in {"asyncio", "anyio"}:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        inner = inner.cr_await
    return place
