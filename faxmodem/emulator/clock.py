"""The line's own time, and the bell that wakes a task waiting for something or for a moment of that time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

_ROUNDING_S = 1e-6


class LineClock:
    """Seconds since the line was set up; runs `pace` times as fast as the event loop's clock."""

    def __init__(self, pace: float = 1.0) -> None:
        if pace <= 0:
            raise ValueError(f"the pace of a line must be above 0, not {pace}")
        self.pace = pace
        self._time: Callable[[], float] = asyncio.get_running_loop().time  # anyio.current_time looks it up each time
        self._origin = self._time()

    def now(self) -> float:
        """Line time in seconds."""
        return (self._time() - self._origin) * self.pace

    def reached(self, at: float) -> bool:
        """Whether line time has come to `at`, but for the rounding of floating point."""
        return self.now() >= at - _ROUNDING_S

    def on_loop(self, at: float) -> float:
        """Line time `at` on the event loop's clock."""
        return self._origin + at / self.pace

    async def sleep_until(self, at: float) -> None:
        """Sleep until line time is `at`."""
        await anyio.sleep_until(self.on_loop(at))

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of line time."""
        await anyio.sleep(seconds / self.pace)


class Bell:
    """Wakes the one task that waits for it; a ring that comes while nobody waits is remembered."""

    def __init__(self, clock: LineClock) -> None:
        self._clock = clock
        self._rung = False
        self._event: anyio.Event | None = None

    def ring(self) -> None:
        """Wake the task that waits."""
        self._rung = True
        if self._event is not None:
            self._event.set()

    async def wait(self, until: float | None = None) -> None:
        """Wait for a ring, but not longer than until line time `until`."""
        if not self._rung:
            self._event = anyio.Event()
            try:
                if until is None:
                    await self._event.wait()
                else:
                    with anyio.CancelScope(deadline=self._clock.on_loop(until)):
                        await self._event.wait()
            finally:
                self._event = None
        self._rung = False
