from collections.abc import Awaitable, Callable

import anyio
import pytest

from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from faxmodem.transport.misread import misread

XOFF, XON = b"\x13", b"\x11"


def run(main: Callable[[MemoryTransport, MemoryTransport], Awaitable[None]], *, capacity: int = 4096) -> None:
    run_virtual(lambda: main(*null_modem_pair(name="cable", capacity=capacity)))


async def is_held(transport: MemoryTransport, data: bytes = b"x") -> bool:
    """Whether `send` waits; virtual time makes a second cost nothing."""
    with anyio.move_on_after(1):
        await transport.send(data)
        return False
    return True


def test_the_ends_have_names() -> None:
    a, b = null_modem_pair(name="cable")
    assert (a.name, b.name) == ("cable A", "cable B")


def test_an_end_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 byte"):
        null_modem_pair(capacity=0)


def test_an_end_takes_as_much_as_it_holds_and_goes_on_when_that_is_read() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        assert await is_held(a, b"12345")
        assert await b.receive() == b"1234"
        assert not await is_held(a, b"5678")
        assert await b.receive() == b"5678"

    run(main, capacity=4)


def test_a_page_needs_one_wake_up_per_filled_buffer() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        pieces: list[int] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.send, bytes(500_000))
            while sum(pieces) < 500_000:
                pieces.append(len(await b.receive()))
        assert len(pieces) <= 500_000 // 4096 + 1

    run(main)


def test_control_lines_are_crossed() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        assert await a.control_lines() == ControlLines(cts=True, dsr=True, cd=True)
        await b.set_dtr(on=False)
        assert await a.control_lines() == ControlLines(cts=True, dsr=False, cd=False)
        await b.set_rts(on=False)
        assert await a.control_lines() == ControlLines(cts=False, dsr=False, cd=False)
        assert await b.control_lines() == ControlLines(cts=True, dsr=True, cd=True)

    run(main)


def test_cts_stops_and_starts_a_sender_that_heeds_it() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await b.set_rts(on=False)
        assert not await is_held(a)
        await a.set_flow(Flow.RTSCTS)
        assert await is_held(a)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.send, b"y")
            await anyio.sleep(1)
            await b.set_rts(on=True)
        assert await b.receive() == b"xy"

    run(main)


def test_xoff_stops_and_xon_starts_a_sender_and_neither_is_data() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.set_flow(Flow.XONXOFF)
        await b.send(b"O" + XOFF + b"K")
        assert await a.receive() == b"OK"
        assert await is_held(a)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.send, b"y")
            await anyio.sleep(1)
            await b.send(XON)
        assert await b.receive() == b"y"

    run(main)


def test_the_last_of_several_flow_characters_counts() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.set_flow(Flow.XONXOFF)
        await b.send(XOFF + XON)
        assert not await is_held(a)
        await b.send(XON + XOFF)
        assert await is_held(a)

    run(main)


def test_xoff_reaches_an_end_that_has_no_room() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.set_flow(Flow.XONXOFF)
        await b.send(b"full")
        await b.send(XOFF)
        assert await is_held(a)
        assert await a.receive() == b"full"

    run(main, capacity=4)


def test_leaving_xonxoff_ends_the_stop() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.set_flow(Flow.XONXOFF)
        await b.send(XOFF)
        assert await is_held(a)
        await a.set_flow(Flow.NONE)
        assert not await is_held(a)

    run(main)


def test_discard_makes_room() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.send, b"12345678")
            await anyio.sleep(1)
            await b.discard()
        assert await b.receive() == b"5678"

    run(main, capacity=4)


def test_unplugging_is_an_error_at_both_ends_at_once() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.send(b"lost")
        failures: list[str] = []

        async def wait() -> None:
            with pytest.raises(PortError) as failure:
                await a.receive()
            failures.append(str(failure.value))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(1)
            b.unplug()
        assert failures == ["cable A was unplugged; plug it in and open it again"]
        with pytest.raises(PortError, match="cable B was unplugged"):
            await b.receive()
        with pytest.raises(PortError, match="unplugged"):
            await a.send(b"x")
        await a.aclose()
        await b.aclose()

    run(main)


def test_a_closed_end_lets_the_other_read_what_is_left_and_drops_its_lines() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        await a.send(b"bye")
        await a.aclose()
        assert await b.control_lines() == ControlLines(cts=False, dsr=False, cd=False)
        assert await b.receive() == b"bye"
        with pytest.raises(PortError, match="cable B: the other end of the cable was closed"):
            await b.receive()
        with pytest.raises(PortError, match="the other end"):
            await b.send(b"x")

    run(main)


def test_a_waiting_sender_learns_that_the_other_end_was_closed() -> None:
    async def main(a: MemoryTransport, b: MemoryTransport) -> None:
        async def close() -> None:
            await anyio.sleep(1)
            await b.aclose()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(close)
            with pytest.raises(PortError, match="the other end"):
                await a.send(bytes(5000))

    run(main)


def test_a_break_is_read_as_nul() -> None:
    async def main() -> None:
        a, b = null_modem_pair()
        await a.send_break()
        assert await b.receive() == b"\0"

    run_virtual(main)


def test_between_different_rates_goes_garbage_both_ways() -> None:
    async def main() -> None:
        a, b = null_modem_pair(bauds=(115200, 19200))
        for near, far, sent, read in ((a, b, 115200, 19200), (b, a, 19200, 115200)):
            await near.send(b"ATZ\r")
            assert await far.receive() == misread(b"ATZ\r", sent, read) != b"ATZ\r"
        await a.set_baud(19200)
        await a.send(b"ATZ\r")
        assert await b.receive() == b"ATZ\r"
        await a.set_baud(None)
        await a.send(b"ATZ\r")
        assert await b.receive() != b"ATZ\r"

    run_virtual(main)


def test_an_end_without_a_rate_takes_on_the_others() -> None:
    async def main() -> None:
        a, b = null_modem_pair(bauds=(115200, None))
        await a.set_baud(300)
        await a.send(b"ATZ\r")
        assert await b.receive() == b"ATZ\r"
        await b.send(b"OK")
        assert await a.receive() == b"OK"

    run_virtual(main)
