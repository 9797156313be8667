"""The TIFF class F file: fax pages as they are coded on the line, one IFD and one strip for each.

TIFF 6.0 for the structure, RFC 2306 for the tags of class F.
"""

from __future__ import annotations

import errno
import os
import secrets
import struct
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from faxmodem.codec.bitmap import Bitmap, CodedPage, Coding, Resolution
from faxmodem.codec.mh import mh_encode
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from PIL import Image

COMPRESSION: Final[Mapping[Coding, int]] = {Coding.MH: 3}
"Value of the tag Compression for each coding; 3 is T.4, one-dimensional where T4Options says nothing else."


class CleanFaxData(IntEnum):
    """What a reader may expect of a page that came over the line (RFC 2306)."""

    CLEAN = 0
    "No line was bad."
    REGENERATED = 1
    "Bad lines were replaced by good ones."
    UNCLEAN = 2
    "Bad lines are in the strip as they came."


class FaxTiffWriter:
    """A TIFF file that grows page by page: whenever `append` returns, the file on disk is whole.

    Nothing stands at `path` before the first page is on disk, and a file that stands there already is never touched.

    Raises `DocumentError` when the place takes no file; its `__cause__` is the `OSError` (`errno.ENOSPC`: the disk is
    full). The writer is then closed, and the file holds the pages appended before.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.pages = 0
        "Pages on disk."
        self.size = len(_HEADER)
        "Bytes of the file so far."
        # Where the first page is made, beside its final place, so that a full or read-only disk shows itself at once.
        self._draft: Path | None = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        try:
            if self.path.exists():
                raise _exists(self.path)
            self._file = self._draft.open("x+b")
        except OSError as error:
            raise self._cannot_write(error) from error
        self._link_at = _FIRST_LINK

    def append(
        self,
        page: CodedPage,
        *,
        bad_lines: int = 0,
        longest_bad_run: int = 0,
        clean: CleanFaxData | None = None,
        sender: str = "",
        received: datetime | None = None,
    ) -> None:
        """Add a page, and return when it is on disk.

        `page.data` must not end with RTC. `clean`: None means that bad lines, if any, were replaced. `sender` is the
        station identification of the far end and becomes ImageDescription; `received` becomes DateTime.

        Raises `DocumentError` for a page without lines, after `close`, and when the disk takes no more.
        """
        if self._file.closed:
            raise DocumentError(f"{self.path} is closed and takes no more pages")
        if not page.lines:
            raise DocumentError(f"page {self.pages + 1} of {self.path} has no lines, which a TIFF file cannot hold")
        if clean is None:
            clean = CleanFaxData.REGENERATED if bad_lines else CleanFaxData.CLEAN
        values: dict[Tag, _Value] = {
            **_picture(page, strip_at=self.size),
            Tag.PAGE_NUMBER: (_SHORT, [self.pages, 0]),  # 0: the total is not known yet
            Tag.SOFTWARE: (_ASCII, "faxmodem"),
            Tag.BAD_FAX_LINES: (_LONG, [bad_lines]),
            Tag.CLEAN_FAX_DATA: (_SHORT, [clean]),
            Tag.CONSECUTIVE_BAD_FAX_LINES: (_LONG, [longest_bad_run]),
        }
        if sender:
            values[Tag.IMAGE_DESCRIPTION] = (_ASCII, sender)
        if received is not None:
            values[Tag.DATE_TIME] = (_ASCII, received.strftime("%Y:%m:%d %H:%M:%S"))
        try:
            self._store(page.data, values)
        except OSError as error:
            self._retreat()
            raise self._cannot_write(error) from error

    def close(self) -> None:
        """Close the file; safe to call twice. Without a page there is none."""
        with suppress(OSError):  # what was appended is on disk: an error now takes nothing away
            self._file.close()
            if self._draft is not None:
                self._draft.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _store(self, strip: bytes, values: Mapping[Tag, _Value]) -> None:
        head = b"" if self.pages else _HEADER
        strip += bytes(len(strip) % 2)  # an IFD begins at an even place
        ifd, ifd_at = _ifd(self.size + len(strip), values)
        self._write(self.size - len(head), head + strip + ifd)
        # The page joins the file here, and all at once: until these four bytes change, readers do not see it.
        self._write(self._link_at, _LINK.pack(ifd_at))
        if self._draft is not None:
            _publish(self._draft, self.path)
            self._draft = None
            _sync_folder(self.path.parent)
        self.size += len(strip) + len(ifd)
        self.pages += 1
        self._link_at = self.size - _LINK.size

    def _write(self, at: int, octets: bytes) -> None:
        self._file.seek(at)
        self._file.write(octets)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _retreat(self) -> None:
        """Close, and leave nothing on disk but the pages of former calls of `append`."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            if not self.pages:
                (self._draft or self.path).unlink(missing_ok=True)
                return
            with self.path.open("r+b") as file:
                file.seek(self._link_at)
                file.write(_LINK.pack(0))
                file.truncate(self.size)

    def _cannot_write(self, error: OSError) -> DocumentError:
        return DocumentError(f"{self.path} cannot be written: {error.strerror or error}")


def _publish(draft: Path, path: Path) -> None:
    """Give the finished draft its name, unless something has that name by now."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise _exists(path) from None
        draft.rename(path)
    else:
        draft.unlink()


def rename_durably(path: Path, to: Path) -> None:
    """Give a finished file another name, for good. Raises OSError, also when something has that name already."""
    _publish(path, to)
    _sync_folder(to.parent)


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "a file of that name exists already", str(path))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems do not know this for folders
            raise
    finally:
        os.close(descriptor)


def write_pages(path: str | os.PathLike[str], pages: Iterable[Bitmap]) -> None:
    """Write a new file of whole, undamaged pages, coded MH.

    Raises `DocumentError` as `FaxTiffWriter` does.
    """
    with FaxTiffWriter(path) as writer:
        for page in pages:
            writer.append(
                CodedPage(
                    data=mh_encode(page, rtc=False),
                    coding=Coding.MH,
                    lines=page.lines,
                    width=page.width,
                    resolution=page.resolution,
                )
            )


def read_pages(path: str | os.PathLike[str]) -> Iterator[Bitmap]:
    """Read a file that `FaxTiffWriter` wrote, one page at a time, decoded by libtiff.

    Raises `DocumentError` for a file that cannot be read or that is none of ours.
    """
    from PIL import Image

    number = 0
    try:
        with Image.open(path, formats=["TIFF"]) as image:
            # Not n_frames, which goes through the whole file first and stumbles over a page that is cut short.
            while _turn_to(image, number):
                yield _bitmap(image)
                number += 1
    except (OSError, SyntaxError, TypeError, ValueError) as error:  # all that Pillow raises for damaged files
        raise DocumentError(f"page {number + 1} of {os.fspath(path)} cannot be read: {error}") from error


def _turn_to(image: Image.Image, number: int) -> bool:
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _bitmap(image: Image.Image) -> Bitmap:
    import numpy as np

    density = tuple(map(round, image.info.get("dpi", (0, 0))))
    resolution = next((known for known in Resolution if (known.x_dpi, known.y_dpi) == density), None)
    if image.mode != "1" or resolution is None:
        raise ValueError("it is no fax page")
    return Bitmap.from_pels(~np.asarray(image), resolution)


# The structure of the file (TIFF 6.0 section 2), little-endian.


class Tag(IntEnum):
    """The tags of a fax page, by their numbers in TIFF 6.0 and RFC 2306."""

    NEW_SUBFILE_TYPE = 254
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC_INTERPRETATION = 262
    FILL_ORDER = 266
    IMAGE_DESCRIPTION = 270
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    T4_OPTIONS = 292
    RESOLUTION_UNIT = 296
    PAGE_NUMBER = 297
    SOFTWARE = 305
    DATE_TIME = 306
    BAD_FAX_LINES = 326
    CLEAN_FAX_DATA = 327
    CONSECUTIVE_BAD_FAX_LINES = 328


_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_Value = tuple[int, "str | list[int]"]  # TIFF type, and text or numbers (two for each RATIONAL)
_LINK: Final = struct.Struct("<I")  # where the next IFD is; 0: there is none
_HEADER: Final = struct.pack("<2sHI", b"II", 42, 0)
_FIRST_LINK: Final = len(_HEADER) - _LINK.size


def _picture(page: CodedPage, strip_at: int) -> dict[Tag, _Value]:
    """Give the tags that say how the strip is to be read."""
    return {
        Tag.NEW_SUBFILE_TYPE: (_LONG, [2]),  # one page of several
        Tag.IMAGE_WIDTH: (_LONG, [page.width]),
        Tag.IMAGE_LENGTH: (_LONG, [page.lines]),
        Tag.BITS_PER_SAMPLE: (_SHORT, [1]),
        Tag.COMPRESSION: (_SHORT, [COMPRESSION[page.coding]]),
        Tag.PHOTOMETRIC_INTERPRETATION: (_SHORT, [0]),  # 0 is white
        Tag.FILL_ORDER: (_SHORT, [2]),  # as on the link: the first bit is the least significant
        Tag.STRIP_OFFSETS: (_LONG, [strip_at]),
        Tag.ORIENTATION: (_SHORT, [1]),  # first line on top, first pel left
        Tag.SAMPLES_PER_PIXEL: (_SHORT, [1]),
        Tag.ROWS_PER_STRIP: (_LONG, [page.lines]),
        Tag.STRIP_BYTE_COUNTS: (_LONG, [len(page.data)]),
        Tag.X_RESOLUTION: (_RATIONAL, [page.resolution.x_dpi, 1]),
        Tag.Y_RESOLUTION: (_RATIONAL, [page.resolution.y_dpi, 1]),
        Tag.T4_OPTIONS: (_LONG, [0]),  # one-dimensional, no uncompressed mode, EOLs not aligned to bytes
        Tag.RESOLUTION_UNIT: (_SHORT, [2]),  # inch
    }


def _ifd(at: int, values: Mapping[Tag, _Value]) -> tuple[bytes, int]:
    """Build an IFD that is the last of its file, with its longer values before it; `at` is where those begin.

    Returns the bytes, and where in the file the IFD itself begins. Its link is the last thing in it.
    """
    long_values, entries = b"", b""
    for tag, (kind, content) in sorted(values.items()):
        if isinstance(content, str):
            packed = content.encode("ascii", "replace").replace(b"\0", b"") + b"\0"
            count = len(packed)
        else:
            packed = struct.pack(f"<{len(content)}{'H' if kind == _SHORT else 'I'}", *content)
            count = len(content) // (2 if kind == _RATIONAL else 1)
        if len(packed) > 4:
            field = _LINK.pack(at + len(long_values))
            long_values += packed + bytes(len(packed) % 2)
        else:
            field = packed.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + field
    ifd = struct.pack("<H", len(values)) + entries + _LINK.pack(0)
    return long_values + ifd, at + len(long_values)
