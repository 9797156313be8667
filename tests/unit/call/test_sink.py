"""The pages of an incoming call: judged, on disk before they are confirmed, and kept when the call breaks off."""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from faxmodem.call.sink import PARTIAL, CopyQuality, PageSink
from faxmodem.codec.bitmap import Bitmap, DecodedPage, Resolution
from faxmodem.codec.mh import mh_encode
from faxmodem.documents.tiff import read_pages
from faxmodem.errors import DocumentError
from faxmodem.t30.capabilities import PageLength, Parameters
from faxmodem.t30.events import Verdict
from faxmodem.t30.modulations import Modulation
from tests.scenarios.bench import page

PARAMETERS = Parameters(modulation=Modulation.V29_9600, resolution=Resolution.FINE, length=PageLength.UNLIMITED)
FIRST, SECOND = page(30), page(20, seed=1)
GOOD, POOR, BAD = Verdict.GOOD, Verdict.POOR, Verdict.BAD


def noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


def with_sink(path: Path, test: Callable[[PageSink], Awaitable[None]], quality: CopyQuality | None = None) -> None:
    async def main() -> None:
        sink = PageSink(path, clock=noon, quality=quality)
        await sink.open()
        await test(sink)

    anyio.run(main)


def coded(bitmap: Bitmap) -> bytes:
    return mh_encode(bitmap)


async def store(sink: PageSink, data: bytes) -> Verdict:
    sink.begin(PARAMETERS)
    sink.write(data[:100])
    sink.write(data[100:])
    return (await sink.store())[0]


def spoilt(bitmap: Bitmap, lines: int) -> bytes:
    """The page with its first lines replaced by ones that no code fits."""
    parts = [
        mh_encode(Bitmap(rows=bitmap.rows[n : n + 1], width=bitmap.width, resolution=bitmap.resolution), rtc=False)
        for n in range(bitmap.lines)
    ]
    nonsense = b"\x00\x80" + b"\xaa" * 20
    end = mh_encode(bitmap)[len(mh_encode(bitmap, rtc=False)) - 1 :]
    return b"".join([nonsense] * lines + parts[lines:]) + end


# -- the verdict


@pytest.mark.parametrize(
    ("lines", "bad_lines", "longest", "verdict"),
    [
        (1000, 0, 0, GOOD),
        (1000, 50, 23, GOOD),
        (1000, 51, 23, POOR),
        (1000, 150, 23, POOR),
        (1000, 151, 23, BAD),
        (1000, 24, 24, BAD),  # 3.1 mm in one piece
        (0, 0, 0, BAD),
        (1, 1, 1, BAD),
    ],
)
def test_how_many_bad_lines_a_page_may_have(lines: int, bad_lines: int, longest: int, verdict: Verdict) -> None:
    decoded = DecodedPage(bitmap=page(lines), bad_lines=bad_lines, longest_bad_run=longest)
    assert CopyQuality().judge(decoded) is verdict


def test_a_run_of_bad_lines_is_measured_on_paper() -> None:
    runs = {Resolution.STANDARD: 11, Resolution.FINE: 23, Resolution.SUPERFINE: 46}
    for resolution, most in runs.items():
        bitmap = page(2000, resolution=resolution, runs=2)
        verdicts = [
            CopyQuality().judge(DecodedPage(bitmap=bitmap, bad_lines=n, longest_bad_run=n)) for n in (most, most + 1)
        ]
        assert verdicts == [GOOD, BAD]


def test_a_page_that_just_stops_is_bad() -> None:
    stopped = DecodedPage(bitmap=page(1000), ended=False)
    assert CopyQuality().judge(stopped) is BAD
    assert CopyQuality(needs_end=False).judge(stopped) is GOOD


def test_a_sender_that_never_marks_the_end_is_known_by_its_second_try(tmp_path: Path) -> None:
    def bare(bitmap: Bitmap) -> bytes:
        return mh_encode(bitmap, rtc=False)

    async def test(sink: PageSink) -> None:
        assert await store(sink, bare(FIRST)[:-200]) is BAD
        assert await store(sink, bare(FIRST)) is BAD  # more than before: that carrier was lost
        assert await store(sink, bare(FIRST)) is GOOD
        assert await store(sink, bare(SECOND)) is GOOD
        assert await sink.finish(complete=True) is not None
        assert list(read_pages(tmp_path / "fax.tif")) == [FIRST, SECOND]

    with_sink(tmp_path / "fax.tif", test)


# -- the file


def test_pages_are_in_the_file_as_soon_as_they_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "fax.tif"
    partial = path.with_name("fax" + PARTIAL)

    async def test(sink: PageSink) -> None:
        assert not partial.exists()
        assert await store(sink, coded(FIRST)) is GOOD
        assert list(read_pages(partial)) == [FIRST]
        assert await store(sink, coded(SECOND)) is GOOD
        assert list(read_pages(partial)) == [FIRST, SECOND]
        assert await sink.finish(complete=True) == path
        assert list(read_pages(path)) == [FIRST, SECOND]
        assert not partial.exists()

    with_sink(path, test)


def test_store_gives_the_size_of_the_file(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin(PARAMETERS)
        sink.write(coded(FIRST))
        assert sink.received == len(coded(FIRST))
        _, size = await sink.store()
        assert size == (tmp_path / ("fax" + PARTIAL)).stat().st_size
        assert sink.received == 0
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)


def test_a_page_is_on_disk_before_it_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        seen.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    async def test(sink: PageSink) -> None:
        monkeypatch.setattr(os, "fsync", watched)
        await store(sink, coded(FIRST))
        assert seen == ["file", "file", "folder"]  # the page, the link that makes it part of the file, the name
        await store(sink, coded(SECOND))
        assert seen[3:] == ["file", "file"]
        await sink.finish(complete=True)
        assert seen[5:] == ["folder"]

    with_sink(tmp_path / "fax.tif", test)


def test_a_call_without_a_page_leaves_nothing(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin(PARAMETERS)
        assert await sink.finish(complete=False) is None

    with_sink(tmp_path / "fax.tif", test)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_broke_off_is_kept_as_a_part(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        await store(sink, coded(FIRST))
        sink.begin(PARAMETERS)
        sink.write(coded(SECOND)[: len(coded(SECOND)) // 2])
        kept = await sink.finish(complete=False)
        assert kept == tmp_path / ("fax" + PARTIAL)
        first, part = read_pages(kept)
        assert first == FIRST
        assert 5 < part.lines < SECOND.lines
        assert (part.rows == SECOND.rows[: part.lines]).all()

    with_sink(tmp_path / "fax.tif", test)


def test_a_refused_page_is_kept_only_if_none_came_in_its_place(tmp_path: Path) -> None:
    bad = spoilt(FIRST, lines=25)

    async def refused(sink: PageSink) -> None:
        assert await store(sink, bad) is BAD
        assert not (tmp_path / ("refused" + PARTIAL)).exists()
        kept = await sink.finish(complete=False)
        assert kept is not None
        assert [bitmap.lines for bitmap in read_pages(kept)] == [FIRST.lines]

    async def repeated(sink: PageSink) -> None:
        assert await store(sink, bad) is BAD
        assert await store(sink, coded(FIRST)) is GOOD
        assert await sink.finish(complete=True) == tmp_path / "repeated.tif"
        assert list(read_pages(tmp_path / "repeated.tif")) == [FIRST]

    with_sink(tmp_path / "refused.tif", refused)
    with_sink(tmp_path / "repeated.tif", repeated)


def test_a_poor_page_is_kept(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        assert await store(sink, spoilt(FIRST, lines=3)) is POOR
        assert await sink.finish(complete=True) == tmp_path / "fax.tif"

    with_sink(tmp_path / "fax.tif", test)


# -- places that take no file


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def main() -> None:
        with pytest.raises(DocumentError, match="cannot be made"):
            await PageSink(tmp_path / "file" / "fax.tif", clock=noon).open()

    anyio.run(main)


def test_a_folder_that_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, _mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # tests may run as root, who may write anywhere

    async def main() -> None:
        with pytest.raises(DocumentError, match="Permission denied"):
            await PageSink(tmp_path / "fax.tif", clock=noon).open()

    anyio.run(main)


def test_a_name_that_is_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"

    async def test(sink: PageSink) -> None:
        await store(sink, coded(FIRST))
        path.write_text("somebody else's")
        kept = await sink.finish(complete=True)
        assert kept == tmp_path / ("fax" + PARTIAL)
        assert list(read_pages(kept)) == [FIRST]
        assert path.read_text() == "somebody else's"

    with_sink(path, test)


def test_a_disk_that_is_full_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(sink: PageSink) -> None:
        await store(sink, coded(FIRST))
        monkeypatch.setattr(os, "fsync", _no_space)
        with pytest.raises(DocumentError, match="No space left"):
            await store(sink, coded(SECOND))
        monkeypatch.undo()
        kept = await sink.finish(complete=False)
        assert kept is not None
        assert list(read_pages(kept)) == [FIRST]

    with_sink(tmp_path / "fax.tif", test)


def _no_space(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_storing_without_a_page_is_an_error(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        with pytest.raises(DocumentError, match="no page"):
            await sink.store()
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)


def test_a_sender_that_never_marks_the_end_is_heard_the_second_time(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        unmarked = mh_encode(FIRST, rtc=False)
        assert await store(sink, unmarked) is BAD
        assert await store(sink, unmarked) is GOOD
        assert await store(sink, mh_encode(SECOND, rtc=False)) is GOOD
        path = await sink.finish(complete=True)
        assert path is not None
        assert list(read_pages(path)) == [FIRST, SECOND]

    with_sink(tmp_path / "fax.tif", test)


def test_a_page_that_breaks_off_elsewhere_the_second_time_is_bad_again(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        unmarked = mh_encode(FIRST, rtc=False)
        assert await store(sink, unmarked[: len(unmarked) // 2]) is BAD
        assert await store(sink, unmarked) is BAD
        assert await store(sink, mh_encode(FIRST)) is GOOD
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)
