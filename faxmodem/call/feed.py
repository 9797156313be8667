"""The pages of an outgoing call: drawn one ahead, made to fit the receiver, coded for the rate of the moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import anyio
from anyio import to_thread

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.mh import mh_encode
from faxmodem.documents.convert import fit
from faxmodem.t30.capabilities import PageInfo, Parameters

Heading = Callable[[Bitmap, int, int], Bitmap]
"Draws the header line into a page: `(page, its number, number of pages)` to the page with its header."

OnPage = Callable[[int, Bitmap], object]
"Is shown each page as it goes on the line: `(its number, page)`; again when a page is repeated."


def _info(bitmap: Bitmap) -> PageInfo:
    return PageInfo(width=bitmap.width, resolution=bitmap.resolution, lines=bitmap.lines)


class PageFeed:
    """Hands out pages as the session asks for them, by number; at most two pages are held at a time.

    Drawing and coding happen in a worker thread. Errors of the document (`DocumentError`) come out of the method
    that needed the page.
    """

    def __init__(
        self, pages: Iterable[Bitmap], *, total: int, heading: Heading | None = None, on_page: OnPage | None = None
    ) -> None:
        self._pages: Iterator[Bitmap] = iter(pages)
        self._total = total
        self._heading = heading
        self._on_page = on_page
        self._queue: deque[Bitmap] = deque()
        self._number = 1  # of the first page in the queue
        self._lock = anyio.Lock()  # the document is drawn by one thread at a time
        self._failure: Exception | None = None

    async def first(self) -> PageInfo | None:
        """What the first page is like; None for a document without pages."""
        await self._draw(1)
        return _info(self._queue[0]) if self._queue else None

    async def look_ahead(self) -> PageInfo | None:
        """Draw the page after the present one and say what it is like; None if the present one is the last."""
        await self._draw(2)
        return _info(self._queue[1]) if len(self._queue) > 1 else None

    async def coded(self, number: int, parameters: Parameters) -> bytes:
        """Page `number`, the present one or the next, as bits for the line.

        A page that is longer than the receiver takes may become several: these follow as pages of their own.
        """
        while self._number < number:
            await self._draw(2)
            self._queue.popleft()
            self._number += 1
        await self._draw(1)
        async with self._lock:
            return await to_thread.run_sync(self._code, parameters)

    async def _draw(self, count: int) -> None:
        async with self._lock:
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

    def _code(self, parameters: Parameters) -> bytes:
        resolution = parameters.resolution
        page, *rest = fit(
            self._queue[0],
            width=parameters.width,
            resolution=resolution,
            max_lines=parameters.length.max_lines(resolution),
        )
        if rest:  # what was cut off stays cut off, whatever the parameters of a repeat are
            self._queue.popleft()
            self._queue.extendleft(reversed([page, *rest]))
            self._total += len(rest)
        if self._heading is not None:
            page = self._heading(page, self._number, self._total)
        if self._on_page is not None:
            self._on_page(self._number, page)
        return mh_encode(page, min_line_bits=parameters.min_line_bits)
