"""The pages of an incoming call: decoded, judged, and on disk before they are confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, count, takewhile
from pathlib import Path

import numpy as np
from anyio import to_thread

from faxmodem.codec.bitmap import Bitmap, CodedPage, Coding, DecodedPage
from faxmodem.codec.coding import decode
from faxmodem.codec.mh import mh_encode
from faxmodem.documents.tiff import FaxTiffWriter, rename_durably
from faxmodem.errors import DocumentError
from faxmodem.t30.events import PageStored, Verdict
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.parameters import Parameters

log = logging.getLogger("faxmodem.call")

MOST_BAD = 0.5
"Share of bad lines up to which a page is believed to be as wide as its DCS says."

PARTIAL = ".partial.tif"
"Ending of a file whose call has not come to a good end: what is in it was received, but more was to come."


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyQuality:
    """When a page is good enough.

    T.30 leaves it to the receiver (§5.3.6.1.7). The shares are those that other machines use; a long run of bad
    lines makes text unreadable even where the share is small.
    """

    good_share: float = 0.05
    "Up to this share of bad lines a page is answered with MCF ..."
    poor_share: float = 0.15
    "... up to this one with RTP (kept, but the line is to be trained again), above it with RTN."
    longest_run_mm: float = 3.0
    "A run of bad lines higher than this on paper, the height of small print, makes a page bad."
    needs_end: bool = True
    """A page without the mark of its end (RTC, T.4 (07/2003) §4.1.4) is bad: its carrier was lost, and nobody can say
    how much of it is missing. A sender that repeats it with the same number of lines just never marks the end."""

    def judge(self, page: DecodedPage) -> Verdict:
        """The answer to the sender that this page calls for. A page without a line is bad."""
        lines = page.bitmap.lines
        if not lines or (self.needs_end and not page.ended):
            return Verdict.BAD
        run_mm = page.longest_bad_run / page.bitmap.resolution.lines_per_mm
        if page.bad_lines > self.poor_share * lines or run_mm > self.longest_run_mm:
            return Verdict.BAD
        return Verdict.GOOD if page.bad_lines <= self.good_share * lines else Verdict.POOR


def _ends_alike(page: DecodedPage, before: DecodedPage) -> bool:
    """True if a page stops without a mark where it stopped the time before: two lost carriers are not lost alike."""
    return not page.ended and not before.ended and abs(page.bitmap.lines - before.bitmap.lines) <= 1


@dataclass(slots=True)
class _Page:
    """A page that comes in."""

    parameters: Parameters
    began: datetime
    data: bytearray = field(default_factory=bytearray)
    "What came of it; with error correction, its blocks that are done with."
    frames: dict[int, bytes] = field(default_factory=dict)
    "Frames of the block that is on its way."
    has_gaps: bool = False
    "The sender has gone on without frames that were missing."
    end_told: bool = False
    "The modem tells where the page ends, and may have taken the mark of that out of the data."

    @property
    def received(self) -> int:
        return len(self.data) + sum(map(len, self.frames.values()))

    def without_gap(self) -> bytes:
        """All data up to the first frame that is missing."""
        frames = (self.frames[number] for number in takewhile(self.frames.__contains__, count()))
        return bytes(self.data) + b"".join(frames)

    def decoded(self) -> DecodedPage:
        """What can be read of it.

        Some senders announce A3 and send the lines of A4: what makes no sense as told is read as a narrower page.
        """
        data, told = self.without_gap(), self.parameters
        narrower = [width for width in reversed(told.resolution.widths) if width < told.width]
        pages = (
            decode(data, told.coding, width=width, resolution=told.resolution) for width in (told.width, *narrower)
        )
        as_told = next(pages)
        return next(filter(self._makes_sense, chain([as_told], pages)), as_told)

    def _makes_sense(self, page: DecodedPage) -> bool:
        most_bad = 0 if self.parameters.coding is Coding.MMR else MOST_BAD * page.bitmap.lines
        return page.bitmap.lines > 0 and page.bad_lines <= most_bad


class PageSink:
    """Collects one page after the other into a TIFF file.

    The file bears the ending `PARTIAL` until the call has come to a good end; before the first page there is none.
    Every async method raises `DocumentError` where it cannot be written; a page is on disk when `store` returns.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime],
        quality: CopyQuality | None = None,
    ) -> None:
        """`path`: the file of a complete fax, ending in `.tif`."""
        self._path = path
        self._clock = clock
        self._quality = quality or CopyQuality()
        self._writer: FaxTiffWriter | None = None
        self._page: _Page | None = None
        self._refused: DecodedPage | None = None
        self._began: datetime | None = None
        self.sender = ""
        "Station id of the far end, as soon as it is known."

    @property
    def received(self) -> int:
        """Octets of the page that is coming in."""
        return self._page.received if self._page else 0

    async def open(self) -> None:
        """See that there is a place for the fax, before anybody is told that it may come."""
        await to_thread.run_sync(self._open)

    def begin(self, parameters: Parameters, *, end_told: bool = False) -> None:
        """Expect a new page, coded as `parameters` say; one that was not stored is forgotten.

        `end_told`: the modem tells where the page ends, and may have taken the mark of that out of the data.
        """
        self._page = _Page(parameters, self._clock(), end_told=end_told)

    def write(self, data: bytes) -> None:
        """Take in octets of the page, in link order."""
        if self._page is not None:
            self._page.data += data

    def begin_block(self, parameters: Parameters, number: int, *, again: bool) -> None:
        """Expect block `number` (from 0) of a page; `again`: to what came of it before, more is added."""
        if self._page is None or (number == 0 and not again):
            self.begin(parameters)
        elif not again:
            self._page.frames.clear()

    def add_frame(self, frame: CodedFrame) -> bool:
        """Take in a frame of the block, in any order; False if it was there already."""
        if self._page is None or frame.number in self._page.frames:
            return False
        self._page.frames[frame.number] = frame.data
        return True

    def store_block(self, frames: int) -> None:
        """Add the block's first `frames` frames to the page, as far as they came."""
        page = self._page
        if page is None:
            return
        came = [page.frames[number] for number in range(frames) if number in page.frames]
        page.has_gaps |= len(came) < frames
        page.data += b"".join(came)
        page.frames.clear()

    async def store(self) -> PageStored:
        """Decode and judge the page, and unless it is bad write it to disk. The next one may begin meanwhile."""
        if self._page is None:
            raise DocumentError("there is no page to store")
        page, self._page = self._page, None
        return await to_thread.run_sync(self._store, page)

    async def finish(self, *, complete: bool) -> Path | None:
        """End the file; gives where it lies, None when there is none.

        A partial fax keeps the last page too, whether it broke off, was refused, or came whole and no command after it.
        """
        return await to_thread.run_sync(self._finish, complete)

    def _store(self, page: _Page) -> PageStored:
        decoded = page.decoded()
        if page.has_gaps:  # where data are missing altogether, no line that could be counted need be bad
            bad, run = max(decoded.bad_lines, 1), max(decoded.longest_bad_run, 1)
            decoded = replace(decoded, bad_lines=bad, longest_bad_run=run)
        if page.end_told and (decoded.bitmap.lines or not page.data):  # data without a line are no page all the same
            decoded = replace(decoded, ended=True)
        verdict = self._judge_corrected(page, decoded) if page.parameters.ecm else self._judge(decoded)
        self._refused = decoded if verdict is Verdict.BAD else None
        self._began = page.began
        if verdict is not Verdict.BAD:
            self._append(decoded)
        size = self._writer.size if self._writer else 0
        return PageStored(verdict, size, decoded.bitmap.lines, decoded.bad_lines, decoded.longest_bad_run)

    def _judge(self, page: DecodedPage) -> Verdict:
        if self._refused is not None and _ends_alike(page, self._refused):
            self._quality = replace(self._quality, needs_end=False)
        return self._quality.judge(page)

    @staticmethod
    def _judge_corrected(page: _Page, decoded: DecodedPage) -> Verdict:
        """With error correction the data are those that were sent. Where no line can be read they are no page."""
        nothing = not (decoded.bitmap.lines or decoded.ended or page.has_gaps)
        return Verdict.BAD if nothing else Verdict.GOOD

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DocumentError(f"the folder {self._path.parent} cannot be made: {error.strerror}") from error
        self._writer = FaxTiffWriter(self._path.with_name(self._path.stem + PARTIAL))

    def _append(self, page: DecodedPage) -> None:
        if self._writer is None:
            raise DocumentError(f"{self._path} has not been opened")
        bitmap = page.bitmap if page.bitmap.lines else _one_white_line(page.bitmap)
        coded = CodedPage(
            data=mh_encode(bitmap, rtc=False),
            coding=Coding.MH,
            lines=bitmap.lines,
            width=bitmap.width,
            resolution=bitmap.resolution,
        )
        self._writer.append(
            coded,
            bad_lines=page.bad_lines,
            longest_bad_run=page.longest_bad_run,
            sender=self.sender,
            received=self._began,
        )

    def _finish(self, complete: bool) -> Path | None:
        if self._writer is None:
            return None
        left_over = self._refused
        if self._page is not None and self._page.received:
            left_over, self._began = self._page.decoded(), self._page.began
        if not complete and left_over is not None and left_over.bitmap.lines:
            try:
                self._append(left_over)
            except DocumentError as error:  # the pages before it are there all the same
                log.warning("what came of the last page cannot be kept: %s", error)
        self._writer.close()
        if not self._writer.pages:
            return None
        if not complete:
            return self._writer.path
        try:
            rename_durably(self._writer.path, self._path)
        except OSError:  # the fax is whole all the same, where it is
            return self._writer.path
        return self._path


def _one_white_line(bitmap: Bitmap) -> Bitmap:
    """What stands for a page without lines, which a TIFF file cannot hold."""
    return Bitmap(rows=np.zeros((1, bitmap.rows.shape[1]), np.uint8), width=bitmap.width, resolution=bitmap.resolution)
