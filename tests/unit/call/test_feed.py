"""The pages of an outgoing call: one ahead, cut where they must be, and no page lost to an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import anyio
import pytest

from faxmodem.call.feed import PageFeed
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.codec.mh import mh_decode
from faxmodem.documents.convert import fit
from faxmodem.errors import DocumentError
from faxmodem.t30.capabilities import PageInfo, PageLength, Parameters
from faxmodem.t30.modulations import Modulation
from tests.scenarios.bench import page

FINE = Parameters(modulation=Modulation.V29_9600, resolution=Resolution.FINE, length=PageLength.UNLIMITED)
A4 = Parameters(modulation=Modulation.V29_9600, resolution=Resolution.STANDARD, length=PageLength.A4)
PAGES = [page(5, seed=number) for number in range(3)]


class Source:
    """Pages that count how many of them have been drawn."""

    def __init__(self, pages: list[Bitmap | Exception]) -> None:
        self.drawn = 0
        self._pages = pages

    def __iter__(self) -> Iterator[Bitmap]:
        for item in self._pages:
            if isinstance(item, Exception):
                raise item
            self.drawn += 1
            yield item


def run(test: Callable[[], Awaitable[None]]) -> None:
    anyio.run(test)


def decoded(data: bytes, parameters: Parameters = FINE) -> Bitmap:
    return mh_decode(data, width=parameters.width, resolution=parameters.resolution).bitmap


def test_pages_come_in_order_and_say_what_follows() -> None:
    async def test() -> None:
        feed = PageFeed(PAGES, total=3)
        assert await feed.first() == PageInfo(width=1728, resolution=Resolution.FINE, lines=5)
        for number, expected in enumerate(PAGES, 1):
            assert decoded(await feed.coded(number, FINE)) == expected
            assert (await feed.look_ahead() is None) is (number == 3)

    run(test)


def test_a_document_without_pages_has_no_first() -> None:
    async def test() -> None:
        assert await PageFeed([], total=0).first() is None

    run(test)


def test_no_more_than_two_pages_are_held() -> None:
    async def test() -> None:
        source = Source([*PAGES])
        feed = PageFeed(source, total=3)
        drawn = [source.drawn]
        for step in (feed.first, lambda: feed.coded(1, FINE), feed.look_ahead, feed.look_ahead):
            await step()
            drawn.append(source.drawn)
        assert drawn == [0, 1, 1, 2, 2]

    run(test)


def test_a_page_is_coded_again_for_other_parameters() -> None:
    async def test() -> None:
        white = page(5, runs=0)
        feed = PageFeed([white, PAGES[1]], total=2)
        first = await feed.coded(1, FINE)
        await feed.look_ahead()
        slow = Parameters(
            modulation=Modulation.V27TER_2400,
            resolution=Resolution.FINE,
            length=PageLength.UNLIMITED,
            scan_time_ms=40,
        )
        again = await feed.coded(1, slow)
        assert decoded(again) == decoded(first) == white
        assert len(again) > len(first)  # fill: each line takes at least 96 bits
        assert decoded(await feed.coded(2, FINE)) == PAGES[1]

    run(test)


def test_a_page_that_is_too_long_becomes_several() -> None:
    async def test() -> None:
        long, short = page(3000, resolution=Resolution.STANDARD, runs=4), page(7, resolution=Resolution.STANDARD)
        parts = fit(long, width=1728, resolution=Resolution.STANDARD, max_lines=1200)
        assert len(parts) == 3
        shown: list[tuple[int, int]] = []
        feed = PageFeed([long, short], total=2, heading=lambda page, number, total: _note(shown, page, number, total))
        for number, expected in enumerate([*parts, short], 1):
            assert decoded(await feed.coded(number, A4), A4) == expected
            assert (await feed.look_ahead() is None) is (number == 4)
        assert decoded(await feed.coded(4, A4), A4) == short  # a repeat of the last
        assert [number for number, _ in shown] == [1, 2, 3, 4, 4]
        assert {total for _, total in shown} == {4}

    run(test)


def _note(shown: list[tuple[int, int]], bitmap: Bitmap, number: int, total: int) -> Bitmap:
    shown.append((number, total))
    return bitmap


def test_the_header_is_drawn_anew_for_each_page_and_shown() -> None:
    async def test() -> None:
        seen: list[tuple[int, Bitmap]] = []
        feed = PageFeed(
            PAGES,
            total=3,
            heading=lambda _page, number, total: PAGES[total - number],
            on_page=lambda number, page: seen.append((number, page)),
        )
        for number in (1, 1, 2):
            assert decoded(await feed.coded(number, FINE)) == PAGES[3 - number]
        assert seen == [(1, PAGES[2]), (1, PAGES[2]), (2, PAGES[1])]

    run(test)


@pytest.mark.parametrize("failure", [DocumentError("page 2 is damaged"), MemoryError("no room")])
def test_a_page_that_fails_fails_each_time(failure: Exception) -> None:
    """Behind an error an iterator looks as if it had come to its end, and the fax as if it were whole."""

    async def test() -> None:
        feed = PageFeed(Source([PAGES[0], failure]), total=2)
        await feed.coded(1, FINE)
        for _ in range(2):
            with pytest.raises(type(failure)):
                await feed.look_ahead()
        assert decoded(await feed.coded(1, FINE)) == PAGES[0]
        with pytest.raises(type(failure)):
            await feed.coded(2, FINE)

    run(test)


def test_looking_ahead_twice_at_once_draws_once() -> None:
    async def test() -> None:
        source = Source([*PAGES])
        feed = PageFeed(source, total=3)
        await feed.first()
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(feed.look_ahead)
        assert source.drawn == 2

    run(test)
