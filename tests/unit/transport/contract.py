"""What every transport owes its callers, as tests: subclass, give `pair`, inherit them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar

import anyio
import pytest

from faxmodem.errors import PortError
from faxmodem.transport.base import Flow, Transport

Pair = tuple[Transport, Transport]

TIME_LIMIT_S = 0.9


def run_real(main: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(TIME_LIMIT_S):
            await main()

    anyio.run(bounded)


async def receive_exactly(transport: Transport, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        data += await transport.receive()
    assert len(data) == count
    return bytes(data)


ALL_BYTES = bytes(range(256))


class TransportContract:
    """Both ends of a pair are real transports; either may be the one under test."""

    far_end_reads_on: ClassVar[bool] = True
    "Whether what was sent before closing can still be read; after it comes the error."
    far_end_sees_closing: ClassVar[bool] = True

    def pair(self) -> AbstractAsyncContextManager[Pair]:
        raise NotImplementedError

    def run(self, main: Callable[[Transport, Transport], Awaitable[None]]) -> None:
        async def with_pair() -> None:
            async with self.pair() as (a, b):
                await main(a, b)

        run_real(with_pair)

    def test_every_byte_value_arrives_unchanged_both_ways(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            for near, far in ((a, b), (b, a)):
                await near.send(ALL_BYTES)
                assert await receive_exactly(far, 256) == ALL_BYTES

        self.run(main)

    def test_a_page_arrives_in_order(self) -> None:
        page = ALL_BYTES * 120

        async def main(a: Transport, b: Transport) -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(a.send, page)
                assert await receive_exactly(b, len(page)) == page

        self.run(main)

    def test_both_ways_at_once(self) -> None:
        page = ALL_BYTES * 30

        async def main(a: Transport, b: Transport) -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(a.send, page)
                tasks.start_soon(b.send, page[::-1])
                assert await receive_exactly(b, len(page)) == page
                assert await receive_exactly(a, len(page)) == page[::-1]

        self.run(main)

    def test_receive_waits_for_the_first_byte(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            async def later() -> None:
                await anyio.sleep(0.01)
                await a.send(b"OK")

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(later)
                assert await receive_exactly(b, 2) == b"OK"

        self.run(main)

    def test_a_cancelled_receive_loses_nothing(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            with anyio.move_on_after(0.01) as scope:
                await b.receive()
            assert scope.cancelled_caught
            await a.send(b"OK")
            assert await receive_exactly(b, 2) == b"OK"

        self.run(main)

    def test_a_sender_without_a_reader_waits_and_can_be_cancelled(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            with anyio.move_on_after(0.05) as scope:
                await a.send(bytes(20_000_000))
            assert scope.cancelled_caught
            assert anyio.current_time() < scope.deadline + 0.3
            await b.discard()

        self.run(main)

    def test_sending_nothing_sends_nothing(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            await a.send(b"")
            await a.send(b"x")
            assert await b.receive() == b"x"

        self.run(main)

    def test_discard_throws_away_what_is_unread(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            await a.send(b"old")
            assert (await b.receive())[:1] == b"o"  # it has arrived
            await a.send(b"old")
            await anyio.sleep(0.02)
            await b.discard()
            await a.send(b"new")
            assert await receive_exactly(b, 3) == b"new"

        self.run(main)

    def test_without_flow_control_xon_and_xoff_are_data(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            await a.set_flow(Flow.XONXOFF)
            await a.set_flow(Flow.NONE)
            await b.send(b"\x13\x11\x13")
            assert await receive_exactly(a, 3) == b"\x13\x11\x13"
            await a.send(b"still heard")
            assert await receive_exactly(b, 11) == b"still heard"

        self.run(main)

    def test_every_line_can_be_asked_for_and_set(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            for end in (a, b):
                for flow in (Flow.RTSCTS, Flow.NONE):
                    await end.set_flow(flow)
                for on in (False, True):
                    await end.set_dtr(on)
                    await end.set_rts(on)
                await end.control_lines()
                await end.send_break()

        self.run(main)

    def test_both_ends_can_go_to_another_rate_and_back(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            for baud in (19200, None):
                await a.send(b"CONNECT")
                assert await receive_exactly(b, 7) == b"CONNECT"
                for end in (a, b):
                    await end.set_baud(baud)
                for near, far in ((a, b), (b, a)):
                    await near.send(ALL_BYTES)
                    assert await receive_exactly(far, 256) == ALL_BYTES

        self.run(main)

    def test_what_was_sent_before_closing_arrives(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            await a.send(b"ATH\r")
            await a.aclose()
            if self.far_end_reads_on:
                assert await receive_exactly(b, 4) == b"ATH\r"
            if self.far_end_sees_closing:
                with pytest.raises(PortError):
                    await b.receive()

        self.run(main)

    def test_closing_twice_is_safe_and_everything_else_then_raises(self) -> None:
        async def main(a: Transport, b: Transport) -> None:  # noqa: ARG001 - one end is enough
            await a.aclose()
            await a.aclose()
            attempts: tuple[Callable[[], Awaitable[object]], ...] = (
                a.receive,
                lambda: a.send(b"x"),
                lambda: a.send(b""),
                lambda: a.set_flow(Flow.NONE),
                lambda: a.set_baud(9600),
                lambda: a.set_dtr(on=True),
                lambda: a.set_rts(on=True),
                a.send_break,
                a.control_lines,
                a.discard,
            )
            for attempt in attempts:
                with pytest.raises(PortError, match="is closed"):
                    await attempt()

        self.run(main)

    def test_closing_wakes_the_task_that_receives(self) -> None:
        async def main(a: Transport, b: Transport) -> None:  # noqa: ARG001 - one end is enough
            woken = anyio.Event()

            async def wait() -> None:
                with pytest.raises(PortError, match="is closed"):
                    await a.receive()
                woken.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await anyio.sleep(0.01)
                await a.aclose()
            assert woken.is_set()

        self.run(main)

    def test_closing_wakes_the_task_that_sends(self) -> None:
        async def main(a: Transport, b: Transport) -> None:
            async def send() -> None:
                with pytest.raises(PortError):
                    await a.send(bytes(20_000_000))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(send)
                await anyio.sleep(0.02)
                await b.discard()
                await a.aclose()

        self.run(main)


@asynccontextmanager
async def closing_both(a: Transport, b: Transport) -> AsyncIterator[Pair]:
    try:
        yield a, b
    finally:
        await a.aclose()
        await b.aclose()
