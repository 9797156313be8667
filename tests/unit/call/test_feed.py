"""The pages of an outgoing call: one ahead, cut where they must be, and no page lost to an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial

import anyio
import pytest

from faxmodem.call import feed as feeding
from faxmodem.call import forecast
from faxmodem.call.feed import CHOICE_S, PREPARED_PAGES, PREPARED_S, PageFeed
from faxmodem.codec.bitmap import Bitmap, Coding, DecodedPage, Resolution
from faxmodem.codec.coding import decode, encode
from faxmodem.codec.fcs import inserted_zeros
from faxmodem.documents.convert import fit
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import CodecError, DocumentError
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.line_time import page_s
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.parameters import PageLength, Parameters
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
    return decode(data, parameters.coding, width=parameters.width, resolution=parameters.resolution).bitmap


def test_pages_come_in_order_and_say_what_follows() -> None:
    async def test() -> None:
        feed = PageFeed(PAGES, total=3)
        assert await feed.prepare() == PageInfo(width=1728, resolution=Resolution.FINE, lines=5)
        for number, expected in enumerate(PAGES, 1):
            assert decoded(await feed.coded(number, FINE)) == expected
            assert (await feed.look_ahead() is None) is (number == 3)

    run(test)


def test_which_page_is_the_last() -> None:
    async def test() -> None:
        feed = PageFeed(PAGES, total=3)
        await feed.prepare()
        for number in (1, 2, 3):
            assert await feed.is_last(number) is (number == 3)
            assert decoded(await feed.coded(number, FINE)) == PAGES[number - 1]

    run(test)


def test_a_page_goes_with_or_without_a_mark_of_its_end() -> None:
    async def test() -> None:
        feed = PageFeed(PAGES, total=3)
        for marks_end in (False, True, False):
            data = await feed.coded(1, FINE, marks_end=marks_end)
            back = decode(data, FINE.coding, width=FINE.width, resolution=FINE.resolution)
            assert (back.bitmap, back.ended) == (PAGES[0], marks_end)
            await feed.work_ahead(FINE, marks_end=marks_end)

    run(test)


def test_a_document_without_pages_has_no_first() -> None:
    async def test() -> None:
        assert await PageFeed([], total=0).prepare() is None

    run(test)


def test_in_the_call_no_more_than_two_pages_are_held() -> None:
    async def test() -> None:
        source = Source([*PAGES])
        feed = PageFeed(source, total=3)
        drawn = [source.drawn]
        for step in (partial(feed.coded, 1, FINE), feed.look_ahead, partial(feed.work_ahead, FINE), feed.look_ahead):
            await step()
            drawn.append(source.drawn)
        assert drawn == [0, 1, 2, 2, 2]

    run(test)


def test_before_the_call_so_many_pages_are_drawn_as_memory_allows() -> None:
    async def test() -> None:
        source = Source([page(3, seed=number) for number in range(20)])
        feed = PageFeed(source, total=20)
        await feed.prepare()
        assert source.drawn == PREPARED_PAGES == 8
        for number in range(1, 20):
            await feed.coded(number, FINE)
            await feed.work_ahead(FINE)
            assert source.drawn == max(PREPARED_PAGES, number + 1)
            assert len(feed._coded) == 2
            assert await feed.look_ahead() is not None

    run(test)


def test_before_the_call_no_page_is_begun_when_time_is_up() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        source = Source([page(3, seed=number) for number in range(20)])

        def slow(bitmap: Bitmap, _number: int, _total: int) -> Bitmap:
            loop._now += PREPARED_S * 0.4  # type: ignore[attr-defined]  # of the loop of run_virtual
            return bitmap

        await PageFeed(source, total=20, heading=slow).prepare()
        assert source.drawn == 3

    run_virtual(test)


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
        assert [number for number, _ in shown] == [1, 2, 3, 4]
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
        await feed.coded(1, FINE)
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(feed.look_ahead)
                tasks.start_soon(feed.work_ahead, FINE)
        assert source.drawn == 2

    run(test)


def test_a_page_that_fails_before_the_call_fails_the_call() -> None:
    async def test() -> None:
        feed = PageFeed(Source([PAGES[0], DocumentError("page 2 is damaged")]), total=2)
        with pytest.raises(DocumentError, match="page 2"):
            await feed.prepare()

    run(test)


def test_more_of_the_same_page_is_the_same_and_not_shown_again() -> None:
    async def test() -> None:
        shown: list[int] = []
        feed = PageFeed(PAGES, total=3, on_page=lambda number, _page: shown.append(number))
        corrected = replace(FINE, coding=Coding.MMR, ecm_octets=256)
        first = await feed.coded(1, corrected)
        assert shown == [1]
        for modulation in (Modulation.V29_7200, Modulation.V27TER_2400):  # CTC
            slower = replace(corrected, modulation=modulation, scan_time_ms=40)
            assert await feed.coded(1, slower, again=True) is first
            await feed.work_ahead(slower)
        assert shown == [1]
        await feed.coded(1, corrected)
        assert shown == [1, 1]

    run(test)


def test_the_next_page_is_coded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(bitmap: Bitmap, coding: Coding, **how: int) -> bytes:
        nonlocal count
        count += 1
        return encode(bitmap, coding, **how)  # type: ignore[arg-type]  # a bool is an int

    async def test() -> None:
        monkeypatch.setattr(feeding, "encode", counted)
        feed = PageFeed(PAGES, total=3)
        await feed.coded(1, FINE)
        await feed.work_ahead(FINE)
        assert count == 2
        assert decoded(await feed.coded(2, FINE)) == PAGES[1]
        assert count == 2
        await feed.work_ahead(FINE)
        otherwise = replace(FINE, coding=Coding.MR)
        assert decoded(await feed.coded(3, otherwise), otherwise) == PAGES[2]
        assert count == 4
        await feed.work_ahead(otherwise)  # there is no page 4
        assert count == 4

    run(test)


def test_a_page_that_would_be_cut_is_not_cut_ahead() -> None:
    """The receiver's next DIS may allow it to stay whole."""

    async def test() -> None:
        long = page(3000, resolution=Resolution.STANDARD, runs=4)
        feed = PageFeed([page(7, resolution=Resolution.STANDARD), long], total=2)
        await feed.coded(1, A4)
        await feed.work_ahead(A4)
        endless = replace(A4, length=PageLength.UNLIMITED)
        assert decoded(await feed.coded(2, endless), endless) == long

    run(test)


# -- before the call


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("fault", ["pels", "bad_lines", "end"])
def test_a_page_that_comes_back_otherwise_is_found_before_the_call(
    coding: Coding, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(data: bytes, used: Coding, *, width: int, resolution: Resolution) -> DecodedPage:
        right = decode(data, used, width=width, resolution=resolution)
        if used is not coding:
            return right
        match fault:
            case "pels":
                return replace(right, bitmap=PAGES[2])
            case "bad_lines":
                return replace(right, bad_lines=1)
            case _:
                return replace(right, ended=False)

    async def test() -> None:
        monkeypatch.setattr(forecast, "decode", wrong)
        with pytest.raises(CodecError, match=f"page 1 .* {coding.value}"):
            await PageFeed(PAGES[:1], total=1).prepare()
        without = [other for other in Coding if other is not coding]
        assert await PageFeed(PAGES[:1], total=1, codings=without).prepare() is not None

    run(test)


def test_pages_are_checked_with_their_header() -> None:
    async def test() -> None:
        drawn: list[tuple[int, int]] = []
        feed = PageFeed(PAGES, total=3, heading=lambda page, number, total: _note(drawn, page, number, total))
        await feed.prepare()
        assert drawn == [(1, 3), (2, 3), (3, 3)]

    run(test)


# -- the choice

MMR = replace(FINE, coding=Coding.MMR, ecm_octets=256)
MR, MH = (replace(MMR, coding=coding) for coding in (Coding.MR, Coding.MH))
WITH_ECM = (MMR, MR, MH)


def seconds(bitmap: Bitmap, way: Parameters) -> float:
    data = encode(bitmap, way.coding, min_line_bits=way.min_line_bits)
    return page_s(way, len(data), inserted_zeros(data))


def dotted(lines: int, seed: int = 0) -> Bitmap:
    """A page where no line is like the one above it: one-dimensional coding does better."""
    return page(lines, seed=seed, runs=700)


@pytest.mark.parametrize("bitmap", [page(60, runs=0), page(60, runs=60), dotted(60)], ids=["white", "text", "dotted"])
def test_the_quickest_way_is_chosen(bitmap: Bitmap) -> None:
    async def test() -> None:
        feed = PageFeed([bitmap], total=1)
        await feed.prepare()
        parameters, took_s = await feed.choose(WITH_ECM)
        expected = {way.coding: seconds(bitmap, way) for way in WITH_ECM}
        assert took_s == pytest.approx(expected[parameters.coding])
        assert took_s == pytest.approx(min(expected.values()))

    run(test)


def test_one_dimensional_coding_wins_where_it_is_denser() -> None:
    async def test() -> None:
        assert (await PageFeed([page(1500, runs=0)], total=1).choose(WITH_ECM))[0] is MMR
        assert (await PageFeed([dotted(60)], total=1).choose(WITH_ECM))[0] is MH

    run(test)


def test_what_takes_as_long_is_not_preferred() -> None:
    async def test() -> None:
        for ways in ((MH, replace(MH, sender_id=True)), (replace(MH, sender_id=True), MH)):
            assert (await PageFeed(PAGES, total=3).choose(ways))[0] is ways[0]

    run(test)


def test_fill_counts() -> None:
    """At 40 ms a line without error correction a white page has no use for a dense coding."""

    async def test() -> None:
        white = page(100, runs=0)
        slow = replace(FINE, modulation=Modulation.V17_14400, scan_time_ms=40)
        feed = PageFeed([white], total=1)
        await feed.prepare()
        for coding in (Coding.MH, Coding.MR):
            way = replace(slow, coding=coding)
            _, took_s = await feed.choose([way])
            assert took_s == pytest.approx(seconds(white, way))
            assert took_s > 100 * 0.040

    run(test)


def test_a_page_for_a_coarser_receiver_is_counted_as_it_will_be() -> None:
    async def test() -> None:
        long = page(5000, runs=4)
        ways = [replace(A4, coding=coding, ecm_octets=256) for coding in (Coding.MMR, Coding.MH)]
        parts = fit(long, width=1728, resolution=Resolution.STANDARD, max_lines=A4.length.max_lines(A4.resolution))
        assert len(parts) > 1
        feed = PageFeed([long], total=1)
        chosen, took_s = await feed.choose(ways)
        assert took_s == pytest.approx(sum(seconds(part, chosen) for part in parts))
        assert decoded(await feed.coded(1, chosen), chosen) == parts[0]

    run(test)


def test_a_long_document_is_extrapolated() -> None:
    async def test() -> None:
        source = Source([page(5, seed=number) for number in range(20)])
        feed = PageFeed(source, total=20)
        await feed.prepare()
        _, took_s = await feed.choose([MH])
        known = [seconds(page(5, seed=number), MH) for number in range(PREPARED_PAGES)]
        assert took_s == pytest.approx(sum(known) / PREPARED_PAGES * 20)
        await feed.coded(19, MH)
        _, took_s = await feed.choose([MH], 20)
        assert took_s == pytest.approx(seconds(page(5, seed=19), MH))
        assert source.drawn == 20

    run(test)


def test_pages_of_another_shape_are_counted_when_their_turn_comes() -> None:
    async def test() -> None:
        coarse = page(9, resolution=Resolution.STANDARD)
        feed = PageFeed([PAGES[0], PAGES[1], coarse, PAGES[2]], total=4)
        await feed.prepare()
        _, took_s = await feed.choose([MH])
        assert took_s == pytest.approx(seconds(PAGES[0], MH) + seconds(PAGES[1], MH))
        standard = replace(MH, resolution=Resolution.STANDARD)
        _, took_s = await feed.choose([standard], 3)
        assert took_s == pytest.approx(seconds(coarse, standard))

    run(test)


def test_the_choice_is_made_in_time() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()

        def slow(bitmap: Bitmap, _number: int, _total: int) -> Bitmap:
            loop._now += 0.3  # type: ignore[attr-defined]  # of the loop of run_virtual
            return bitmap

        feed = PageFeed([page(5, seed=number) for number in range(20)], total=20, heading=slow)
        await feed._draw(8)
        began = anyio.current_time()
        _, took_s = await feed.choose([MH])
        assert anyio.current_time() - began < CHOICE_S + 0.3
        known = [seconds(page(5, seed=number), MH) for number in range(3)]
        assert took_s == pytest.approx(sum(known) / 3 * 20)

    run_virtual(test)
