"""The line without modems: who reaches whom, and what a subscriber hears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from faxmodem.emulator.line import (
    CarrierOff,
    CarrierOn,
    DataHeard,
    FrameHeard,
    Line,
    LineSettings,
    Progress,
    Ring,
    Sound,
    Subscriber,
)
from faxmodem.emulator.signals import Signal
from faxmodem.emulator.virtual import run_virtual


def on_line(test: Callable[[Line], Awaitable[None]], *, pace: float = 1.0) -> None:
    async def main() -> None:
        await test(Line(pace=pace, settings=LineSettings(delay_s=0.1)))

    run_virtual(main, start=1234.5)


async def connected(line: Line) -> tuple[Subscriber, Subscriber]:
    a, b = line.subscribe("1"), line.subscribe("2")
    a.lift()
    assert a.dial("2")
    assert await b.hear() == Ring("1")
    b.lift()
    assert await a.hear() is Progress.ANSWERED
    return a, b


async def hear(end: Subscriber, count: int) -> list[tuple[float, Sound]]:
    heard = []
    for _ in range(count):
        sound = await end.hear()
        heard.append((round(end.line.clock.now(), 3), sound))
    return heard


@pytest.mark.parametrize("pace", [1.0, 20.0])
def test_signals_cross_in_line_time_whatever_the_pace(pace: float) -> None:
    async def test(line: Line) -> None:
        a, b = await connected(line)
        heard: list[tuple[float, Sound]] = []

        async def listen() -> None:
            heard.extend(await hear(b, 4))

        real, began = anyio.current_time(), line.clock.now()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            with a.send(Signal.V29_9600) as carrier:
                await carrier.send_data(bytes(1200))
                await carrier.send_data(bytes(600))
        assert [sound for _, sound in heard] == [
            CarrierOn(carrier),
            DataHeard(carrier, bytes(1200)),
            DataHeard(carrier, bytes(600)),
            CarrierOff(carrier),
        ]
        assert [at - began for at, _ in heard] == pytest.approx([0.1, 1.334, 1.834, 1.834], abs=0.001)
        assert anyio.current_time() - real == pytest.approx(1.834 / pace)

    on_line(test, pace=pace)


def test_frames_are_heard_when_their_last_bit_is() -> None:
    async def test(line: Line) -> None:
        a, b = await connected(line)
        heard: list[tuple[float, Sound]] = []

        async def listen() -> None:
            heard.extend(await hear(b, 3))

        began = line.clock.now()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            with a.send(Signal.V21) as carrier:
                await carrier.send_frame(b"\xff\x13\x2f")
        (on, _), (frame, sound), (off, _) = heard
        assert isinstance(sound, FrameHeard)
        assert sound.octets[:3] == b"\xff\x13\x2f"
        assert on == pytest.approx(began + 0.1, abs=0.001)
        assert frame == pytest.approx(began + 0.1 + 16 / 300 + sound.lasted_s, abs=0.001)
        assert off == pytest.approx(frame + 8 / 300, abs=0.001)

    on_line(test)


def test_a_number_that_nobody_has_reaches_the_other_of_two() -> None:
    async def test(line: Line) -> None:
        a, b = line.subscribe("1"), line.subscribe("2")
        assert line.route(a, "2") is b
        assert line.route(a, "555") is b
        c = line.subscribe("3")
        assert line.route(a, "3") is c
        assert line.route(a, "555") is None
        a.lift()
        assert a.dial("555")
        assert await a.hear() is Progress.BUSY
        with pytest.raises(ValueError, match="the number 3 is taken"):
            line.subscribe("3")

    on_line(test)


def test_what_was_meant_for_the_last_call_is_not_heard_in_the_next() -> None:
    async def test(line: Line) -> None:
        a, b = await connected(line)
        with a.send(Signal.V21):
            b.hang_up()
        b.lift()
        with anyio.move_on_after(10):
            pytest.fail(f"heard {await b.hear()}")
        assert await a.hear() is Progress.CLEARED

    on_line(test)


def test_the_pace_must_be_something() -> None:
    async def test(_line: Line) -> None:
        with pytest.raises(ValueError, match="must be above 0"):
            Line(pace=0)

    on_line(test)
