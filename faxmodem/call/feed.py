"""The pages of an outgoing call: drawn ahead, made to fit the receiver, coded for the rate of the moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Final

import anyio
from anyio import to_thread

from faxmodem.call.forecast import Forecast, fitted
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.coding import encode
from faxmodem.codec.geometry import Coding
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.parameters import Parameters

Heading = Callable[[Bitmap, int, int], Bitmap]
"Draws the header line into a page: `(page, its number, number of pages)` to the page with its header."

OnPage = Callable[[int, Bitmap], object]
"Is shown each page as it goes on the line: `(its number, page)`; again when a page is repeated."

PREPARED_PAGES: Final = 8
"How many pages are drawn and checked before the call at most, which bounds the memory that they take ..."
PREPARED_S: Final = 2.0
"... and for how long more of them are begun."
CHOICE_S: Final = 0.7
"For how long pages are counted: with what the modem needs, DCS comes well within T4 (3 s) behind DIS."


def _info(bitmap: Bitmap) -> PageInfo:
    return PageInfo(width=bitmap.width, resolution=bitmap.resolution, lines=bitmap.lines)


def _shape(bitmap: Bitmap) -> tuple[object, ...]:
    return bitmap.width, bitmap.resolution


def _way(parameters: Parameters, marks_end: bool) -> tuple[object, ...]:
    """What shows in a page's bits."""
    p = parameters
    return p.width, p.resolution, p.length, p.coding, p.min_line_bits, marks_end


@dataclass(frozen=True, slots=True)
class _Coded:
    """A page ready for the line."""

    number: int
    way: tuple[object, ...]
    page: Bitmap
    data: bytes


class PageFeed:
    """Hands out pages as the session asks for them, by number.

    Until the call up to `PREPARED_PAGES` pages are held, from then on two at a time: the one on the line and the next.
    Drawing and coding happen in a worker thread. Errors of the document (`DocumentError`) come out of the method
    that needed the page.
    """

    def __init__(
        self,
        pages: Iterable[Bitmap],
        *,
        total: int,
        codings: Collection[Coding] = frozenset(Coding),
        heading: Heading | None = None,
        on_page: OnPage | None = None,
    ) -> None:
        """`codings`: those in which the pages may have to be sent."""
        self._pages: Iterator[Bitmap] = iter(pages)
        self._total = total
        self._codings = [coding for coding in Coding if coding in codings]
        self._heading = heading
        self._on_page = on_page
        self._queue: list[Bitmap] = []
        self._number = 1  # of the first page in the queue
        self._coded: list[_Coded] = []
        self._forecast = Forecast(self._headed)
        self._lock = anyio.Lock()  # one thread at a time draws, or changes what is held
        self._failure: Exception | None = None

    async def prepare(self) -> PageInfo | None:
        """Draw the first pages and see that they can be coded; what the first is like, None for a document without any.

        Raises `CodecError` for a bug in the codec, before anybody is called.
        """
        until = anyio.current_time() + PREPARED_S
        async with self._lock:
            while not self._queue or (len(self._queue) < PREPARED_PAGES and anyio.current_time() < until):
                count = len(self._queue)
                await self._draw(count + 1)
                if len(self._queue) == count:
                    break
                check = partial(self._forecast.check, count + 1, self._queue[count], self._codings)
                await to_thread.run_sync(check)
        return _info(self._queue[0]) if self._queue else None

    async def choose(self, candidates: Sequence[Parameters], number: int = 1) -> tuple[Parameters, float]:
        """The way to send the document from page `number` that takes the least time, and how many seconds that is.

        The pages at hand are counted, the rest of the document is taken to be like them. A page of another shape ends
        the count: it goes out under a DCS of its own.
        """
        async with self._lock:
            await self._go_to(number)
            held = list(self._queue)
        alike = list(takewhile(lambda page: _shape(page) == _shape(held[0]), held))
        until = anyio.current_time() + CHOICE_S
        totals = [0.0] * len(candidates)
        counted = 0
        while counted < len(alike) and (not counted or anyio.current_time() < until):
            measure = partial(self._forecast.seconds, number + counted, alike[counted], candidates)
            totals = [sum(pair) for pair in zip(totals, await to_thread.run_sync(measure), strict=True)]
            counted += 1
        least = min(range(len(candidates)), key=totals.__getitem__)
        pages = len(alike) if len(alike) < len(held) else self._total - number + 1
        return candidates[least], totals[least] * pages / counted

    async def look_ahead(self) -> PageInfo | None:
        """What the page after the present one is like; None if the present one is the last."""
        if len(self._queue) < 2:
            async with self._lock:
                await self._draw(2)
        return _info(self._queue[1]) if len(self._queue) > 1 else None

    async def is_last(self, number: int) -> bool:
        """True if no page follows this one, the present one or the next."""
        async with self._lock:
            await self._go_to(number)
            await self._draw(2)
            return len(self._queue) < 2

    async def work_ahead(self, parameters: Parameters, *, marks_end: bool = True) -> None:
        """Draw and code the page after the present one, if it can go out with these parameters as it is."""
        async with self._lock:
            await self._draw(2)
            if len(self._queue) > 1 and len(await to_thread.run_sync(fitted, self._queue[1], parameters)) == 1:
                await self._code(1, parameters, marks_end)

    async def coded(self, number: int, parameters: Parameters, *, again: bool = False, marks_end: bool = True) -> bytes:
        """Page `number`, the present one or the next, as bits for the line; the same bits as long as it is the present.

        A page that is longer than the receiver takes may become several: these follow as pages of their own. `again`:
        it is on its way already, and not shown once more. `marks_end`: with RTC or EOFB.
        """
        async with self._lock:
            await self._go_to(number)
            coded = await self._code(0, parameters, marks_end)
        if self._on_page is not None and not again:
            await to_thread.run_sync(self._on_page, number, coded.page)
        return coded.data

    async def _go_to(self, number: int) -> None:
        """Make page `number` the present one."""
        await self._draw(1)
        while self._number < number:
            await self._draw(2)
            del self._queue[0]
            self._number += 1
            self._coded = [coded for coded in self._coded if coded.number >= self._number]

    async def _draw(self, count: int) -> None:
        """Have `count` pages at hand, if the document has them."""
        while len(self._queue) < count:
            if self._failure is not None:  # or the pages behind it, and itself, would seem not to exist
                raise self._failure
            try:
                page = await to_thread.run_sync(next, self._pages, None)
            except Exception as failure:
                self._failure = failure
                raise
            if page is None:
                break
            self._queue.append(page)

    async def _code(self, index: int, parameters: Parameters, marks_end: bool) -> _Coded:
        number, way = self._number + index, _way(parameters, marks_end)
        for coded in self._coded:
            if (coded.number, coded.way) == (number, way):
                return coded
        parts = await to_thread.run_sync(fitted, self._queue[index], parameters)
        if len(parts) > 1:  # what was cut off stays cut off, whatever the parameters of a repeat are
            self._queue[index : index + 1] = parts
            self._total += len(parts) - 1
        page = await to_thread.run_sync(self._headed, parts[0], number)
        data = await to_thread.run_sync(
            partial(encode, page, parameters.coding, min_line_bits=parameters.min_line_bits, marks_end=marks_end)
        )
        coded = _Coded(number, way, page, data)
        self._coded = [other for other in self._coded if other.number != number] + [coded]
        return coded

    def _headed(self, page: Bitmap, number: int) -> Bitmap:
        return page if self._heading is None else self._heading(page, number, self._total)
