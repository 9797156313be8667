"""The pages of an incoming call: decoded, judged, and on disk before they are confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from anyio import to_thread

from faxmodem.codec.bitmap import CodedPage, Coding, DecodedPage
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.documents.tiff import FaxTiffWriter, rename_durably
from faxmodem.errors import DocumentError
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.events import Verdict

log = logging.getLogger("faxmodem.call")

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


class PageSink:
    """Collects one page after the other into a TIFF file.

    The file bears the ending `PARTIAL` until the call has come to a good end; before the first page there is none.
    Every method raises `DocumentError` where it cannot be written; a page is on disk when `store` returns.
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
        self._began: datetime | None = None
        self._quality = quality or CopyQuality()
        self._writer: FaxTiffWriter | None = None
        self._data = bytearray()
        self._parameters: Parameters | None = None
        self._refused: DecodedPage | None = None
        self.sender = ""
        "Station id of the far end, as soon as it is known."

    @property
    def received(self) -> int:
        """Octets of the page that is coming in."""
        return len(self._data)

    async def open(self) -> None:
        """See that there is a place for the fax, before anybody is told that it may come."""
        await to_thread.run_sync(self._open)

    def begin(self, parameters: Parameters) -> None:
        """Expect a new page, coded as `parameters` say; one that was not stored is forgotten."""
        self._parameters = parameters
        self._began = self._clock()
        self._data.clear()

    def write(self, data: bytes) -> None:
        """Take in octets of the page, in link order."""
        self._data += data

    async def store(self) -> tuple[Verdict, int]:
        """Decode and judge the page, and unless it is bad write it to disk. Gives the verdict and the file's size."""
        return await to_thread.run_sync(self._store)

    async def finish(self, *, complete: bool) -> Path | None:
        """End the file; gives where it lies, None when there is none.

        A partial fax keeps the last page too, whether it broke off, was refused, or came whole and no command after it.
        """
        return await to_thread.run_sync(self._finish, complete)

    def _store(self) -> tuple[Verdict, int]:
        if self._parameters is None:
            raise DocumentError("there is no page to store")
        page = self._decode(self._parameters)
        if self._refused is not None and _ends_alike(page, self._refused):
            self._quality = replace(self._quality, needs_end=False)
        verdict = self._quality.judge(page)
        self._refused = page if verdict is Verdict.BAD else None
        if verdict is not Verdict.BAD:
            self._append(page)
        self._data.clear()
        return verdict, self._writer.size if self._writer else 0

    def _decode(self, parameters: Parameters) -> DecodedPage:
        return mh_decode(bytes(self._data), width=parameters.width, resolution=parameters.resolution)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DocumentError(f"the folder {self._path.parent} cannot be made: {error.strerror}") from error
        self._writer = FaxTiffWriter(self._path.with_name(self._path.stem + PARTIAL))

    def _append(self, page: DecodedPage) -> None:
        if self._writer is None:
            raise DocumentError(f"{self._path} has not been opened")
        bitmap = page.bitmap
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
        left_over = self._decode(self._parameters) if self._parameters and self._data else self._refused
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
