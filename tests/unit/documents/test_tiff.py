"""The TIFF class F file: what stands in it, and that no crash or full disk can take a stored page away."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from faxmodem.codec.bitmap import Bitmap, CodedPage, Coding, Resolution
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.documents.tiff import CleanFaxData, FaxTiffWriter, Tag, read_pages, write_pages
from faxmodem.errors import DocumentError


def picture(lines: int, width: int, resolution: Resolution) -> Bitmap:
    y, x = np.ogrid[:lines, :width]
    return Bitmap.from_pels((x * x + 3 * y * y) % 117 < 40, resolution)


PAGES = [
    picture(16, 64, Resolution.FINE),
    picture(40, 1728, Resolution.SUPERFINE),
    picture(3, 2432, Resolution.STANDARD),
]


def coded(page: Bitmap) -> CodedPage:
    return CodedPage(
        data=mh_encode(page, rtc=False),
        coding=Coding.MH,
        lines=page.lines,
        width=page.width,
        resolution=page.resolution,
    )


def tags_of(path: Path, page: int = 0) -> dict[int, object]:
    with Image.open(path) as image:
        assert isinstance(image, TiffImageFile)
        image.seek(page)
        return dict(image.tag_v2.items())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fax.tif"


def test_pages_come_back_through_libtiff(path: Path) -> None:
    write_pages(path, iter(PAGES))
    assert list(read_pages(path)) == PAGES


def test_every_tag_of_a_page(path: Path) -> None:
    with FaxTiffWriter(path) as writer:
        writer.append(coded(PAGES[0]))
        writer.append(
            coded(PAGES[1]),
            bad_lines=7,
            longest_bad_run=3,
            sender="+41 31 555 0101",
            received=datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC),
        )
    tags = tags_of(path, page=1)
    offset = tags.pop(Tag.STRIP_OFFSETS)
    size = len(coded(PAGES[1]).data)
    assert tags == {
        Tag.NEW_SUBFILE_TYPE: 2,
        Tag.IMAGE_WIDTH: 1728,
        Tag.IMAGE_LENGTH: 40,
        Tag.BITS_PER_SAMPLE: (1,),
        Tag.COMPRESSION: 3,
        Tag.PHOTOMETRIC_INTERPRETATION: 0,
        Tag.FILL_ORDER: 2,
        Tag.IMAGE_DESCRIPTION: "+41 31 555 0101",
        Tag.ORIENTATION: 1,
        Tag.SAMPLES_PER_PIXEL: 1,
        Tag.ROWS_PER_STRIP: 40,
        Tag.STRIP_BYTE_COUNTS: (size,),
        Tag.X_RESOLUTION: 204,
        Tag.Y_RESOLUTION: 391,
        Tag.T4_OPTIONS: 0,
        Tag.RESOLUTION_UNIT: 2,
        Tag.PAGE_NUMBER: (1, 0),
        Tag.SOFTWARE: "faxmodem",
        Tag.DATE_TIME: "2024:02:29 13:05:09",
        Tag.BAD_FAX_LINES: 7,
        Tag.CLEAN_FAX_DATA: CleanFaxData.REGENERATED,
        Tag.CONSECUTIVE_BAD_FAX_LINES: 3,
    }
    assert isinstance(offset, tuple)
    assert path.read_bytes()[offset[0] : offset[0] + size] == coded(PAGES[1]).data


def test_every_ifd_begins_at_an_even_place_and_the_last_one_links_to_none(path: Path) -> None:
    write_pages(path, PAGES)
    assert {len(coded(page).data) % 2 for page in PAGES} == {0, 1}
    octets = path.read_bytes()
    found, at = [], int.from_bytes(octets[4:8], "little")
    while at:
        found.append(at)
        link = at + 2 + 12 * int.from_bytes(octets[at : at + 2], "little")
        at = int.from_bytes(octets[link : link + 4], "little")
    assert len(found) == len(PAGES)
    assert not any(place % 2 for place in found)


def test_what_is_not_known_is_not_told(path: Path) -> None:
    write_pages(path, PAGES[:1])
    tags = tags_of(path)
    assert Tag.IMAGE_DESCRIPTION not in tags
    assert Tag.DATE_TIME not in tags
    assert (tags[Tag.PAGE_NUMBER], tags[Tag.BAD_FAX_LINES], tags[Tag.CLEAN_FAX_DATA]) == ((0, 0), 0, CleanFaxData.CLEAN)


DPI = {
    Resolution.STANDARD: (204, 98),
    Resolution.FINE: (204, 196),
    Resolution.SUPERFINE: (204, 391),
    Resolution.R16: (408, 391),
    Resolution.INCH_200: (200, 200),
    Resolution.INCH_200X400: (200, 400),
    Resolution.INCH_300: (300, 300),
    Resolution.INCH_400: (400, 400),
}


@pytest.mark.parametrize("resolution", Resolution)
def test_resolution(path: Path, resolution: Resolution) -> None:
    pages = [picture(5, width, resolution) for width in resolution.widths]
    write_pages(path, pages)
    for number in range(len(pages)):
        tags = tags_of(path, number)
        assert (tags[Tag.X_RESOLUTION], tags[Tag.Y_RESOLUTION], tags[Tag.RESOLUTION_UNIT]) == (*DPI[resolution], 2)
    assert list(read_pages(path)) == pages


def test_pages_of_all_resolutions_in_one_file(path: Path) -> None:
    pages = [picture(7, resolution.widths[0], resolution) for resolution in Resolution]
    write_pages(path, pages)
    assert list(read_pages(path)) == pages


@pytest.mark.parametrize("dpi", [(204, 300), (300, 196), (200, 98), (72, 72)])
def test_dots_of_no_fax_are_told(path: Path, dpi: tuple[int, int]) -> None:
    Image.new("1", (1728, 8)).save(path, "TIFF", dpi=dpi)
    with pytest.raises(DocumentError, match="it is no fax page"):
        next(read_pages(path))


def test_unclean_lines_and_odd_text_are_told(path: Path) -> None:
    with FaxTiffWriter(path) as writer:
        writer.append(coded(PAGES[0]), bad_lines=2, clean=CleanFaxData.UNCLEAN, sender="Zürich\0\1")
    tags = tags_of(path)
    assert (tags[Tag.CLEAN_FAX_DATA], tags[Tag.IMAGE_DESCRIPTION]) == (CleanFaxData.UNCLEAN, "Z?rich\1")


def test_the_strip_is_what_the_page_decoder_reads(path: Path) -> None:
    write_pages(path, PAGES[1:2])
    tags = tags_of(path)
    offset, size = tags[Tag.STRIP_OFFSETS], tags[Tag.STRIP_BYTE_COUNTS]
    assert isinstance(offset, tuple)
    assert isinstance(size, tuple)
    strip = path.read_bytes()[offset[0] : offset[0] + size[0]]
    assert mh_decode(strip, width=1728, resolution=Resolution.SUPERFINE).bitmap == PAGES[1]


def test_the_file_is_whole_after_each_page(path: Path) -> None:
    writer = FaxTiffWriter(path)
    for count, page in enumerate(PAGES, start=1):
        writer.append(coded(page))
        assert list(read_pages(path)) == PAGES[:count]
        assert (writer.pages, writer.size) == (count, path.stat().st_size)
    writer.close()
    assert [file.name for file in path.parent.iterdir()] == ["fax.tif"]


def test_whatever_reached_the_disk_is_a_file_with_all_pages_confirmed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash leaves the bytes of the last fsync, and any part of what was written since."""
    states: list[tuple[int, bytes]] = []
    sync = os.fsync

    def synced(descriptor: int) -> None:
        sync(descriptor)
        if path.exists():
            states.append((writer.pages, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", synced)
    writer = FaxTiffWriter(path)
    append_all(writer)
    writer.close()
    copy = path.with_name("crash.tif")
    assert len(states) == 5  # the folder, then data and link of both the other pages
    for (pages, before), (_, after) in pairwise(states):
        for cut in {len(before), (len(before) + len(after)) // 2, len(after) - 1, len(after)}:
            copy.write_bytes(before + after[len(before) : cut])
            confirmed = max(pages, 1)
            assert list(read_pages(copy))[:confirmed] == PAGES[:confirmed]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("lost", [1, 60, 300, 400])
def test_a_copy_cut_short_still_shows_the_pages_before(path: Path, lost: int) -> None:
    write_pages(path, PAGES[1:])
    path.write_bytes(path.read_bytes()[:-lost])
    assert next(read_pages(path)) == PAGES[1]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("lost", [300, 400])
def test_a_page_that_is_cut_short_is_named(path: Path, lost: int) -> None:
    write_pages(path, PAGES)
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(DocumentError, match=r"page 3 of .*fax\.tif cannot be read"):
        list(read_pages(path))


def test_pages_are_taken_and_given_one_at_a_time(path: Path) -> None:
    def breaks_off() -> Iterator[Bitmap]:
        for count, page in enumerate(PAGES):
            assert (list(read_pages(path)) if count else []) == PAGES[:count]
            yield page
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_pages(path, breaks_off())
    assert list(read_pages(path)) == PAGES


def test_nothing_is_there_before_the_first_page(path: Path) -> None:
    with FaxTiffWriter(path) as writer:
        assert not path.exists()
        assert writer.pages == 0
    writer.close()
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_there_is_left_alone(path: Path) -> None:
    path.write_bytes(b"mine")
    with pytest.raises(
        DocumentError, match=r"fax\.tif cannot be written: a file of that name exists already"
    ) as caught:
        FaxTiffWriter(path)
    assert isinstance(caught.value.__cause__, FileExistsError)
    assert path.read_bytes() == b"mine"
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("links", [True, False], ids=["with hard links", "without hard links"])
def test_a_file_that_appears_meanwhile_is_left_alone(path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not links:
        forbid_hard_links(monkeypatch)
    writer = FaxTiffWriter(path)
    path.write_bytes(b"mine")
    with pytest.raises(DocumentError, match="cannot be written") as caught:
        writer.append(coded(PAGES[0]))
    assert isinstance(caught.value.__cause__, FileExistsError)
    assert path.read_bytes() == b"mine"
    assert len(list(path.parent.iterdir())) == 1


def forbid_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)


def test_a_file_system_without_hard_links_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_hard_links(monkeypatch)
    write_pages(path, PAGES)
    assert list(read_pages(path)) == PAGES
    assert len(list(path.parent.iterdir())) == 1


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none/fax\.tif cannot be written: No such file") as caught:
        FaxTiffWriter(tmp_path / "none" / "fax.tif")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize("stored", [0, 1, 2])
def test_a_disk_that_takes_no_more_keeps_the_pages_before(path: Path, stored: int) -> None:
    """The size limit of a process stands for the disk: what is beyond is refused, after a part was written."""
    writer = FaxTiffWriter(path)
    for page in PAGES[:stored]:
        writer.append(coded(page))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size + 50, hard))
    try:
        with pytest.raises(DocumentError, match=r"fax\.tif cannot be written: File too large") as caught:
            writer.append(coded(PAGES[stored]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    cause = caught.value.__cause__
    assert isinstance(cause, OSError)
    assert cause.errno == errno.EFBIG
    assert_holds(path, writer, stored)


@pytest.mark.parametrize("failing", range(7))
def test_a_disk_that_fails_at_any_point_keeps_the_pages_before(
    path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    calls = iter(range(7))

    def fail_once(descriptor: int) -> None:
        if next(calls) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    writer = FaxTiffWriter(path)
    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(DocumentError, match="cannot be written: No space left on device") as caught:
        append_all(writer)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert_holds(path, writer, max(0, (failing - 1) // 2))


def append_all(writer: FaxTiffWriter) -> None:
    for page in PAGES:
        writer.append(coded(page))


def assert_holds(path: Path, writer: FaxTiffWriter, pages: int) -> None:
    """The writer gave up, and the file holds so many pages and not a byte more."""
    with pytest.raises(DocumentError, match="is closed and takes no more pages"):
        writer.append(coded(PAGES[0]))
    assert writer.pages == pages
    assert len(list(path.parent.iterdir())) == (1 if pages else 0)
    if pages:
        assert path.stat().st_size == writer.size
        assert list(read_pages(path)) == PAGES[:pages]


def test_a_folder_that_cannot_be_synced_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    write_pages(path, PAGES)
    assert list(read_pages(path)) == PAGES


def test_a_page_without_lines_is_refused_and_the_writer_goes_on(path: Path) -> None:
    with FaxTiffWriter(path) as writer:
        with pytest.raises(DocumentError, match=r"page 1 of .*fax\.tif has no lines"):
            writer.append(coded(picture(0, 1728, Resolution.FINE)))
        writer.append(coded(PAGES[0]))
    assert list(read_pages(path)) == PAGES[:1]


def test_reading_what_is_no_fax(path: Path) -> None:
    with pytest.raises(DocumentError, match=r"page 1 of .*fax\.tif cannot be read"):
        next(read_pages(path))
    path.write_bytes(b"no picture")
    with pytest.raises(DocumentError, match="cannot be read"):
        next(read_pages(path))
    Image.new("L", (8, 8)).save(path, "TIFF")
    with pytest.raises(DocumentError, match=r"page 1 of .* cannot be read: it is no fax page"):
        next(read_pages(path))


def libtiff_tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (package libtiff-tools)")
    return found


def test_tiffinfo_sees_fax_pages_and_no_fault(path: Path) -> None:
    write_pages(path, PAGES)
    told = subprocess.run([libtiff_tool("tiffinfo"), "-D", path], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert told.stdout.count("Compression Scheme: CCITT Group 3") == len(PAGES)
    assert told.stdout.count("Fax Data: clean") == len(PAGES)


def test_tiffcmp_sees_the_same_pels_as_in_a_plain_copy(path: Path) -> None:
    write_pages(path, PAGES)
    plain = path.with_name("plain.tif")
    copied = subprocess.run(
        [libtiff_tool("tiffcp"), "-c", "none", "-f", "msb2lsb", path, plain], capture_output=True, text=True, check=True
    )
    assert copied.stderr == ""
    images = []
    with Image.open(plain) as image:
        for number in range(len(PAGES)):
            image.seek(number)
            images.append(~np.asarray(image))
    assert all(np.array_equal(found, page.pels()) for found, page in zip(images, PAGES, strict=True))
