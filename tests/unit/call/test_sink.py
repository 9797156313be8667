"""The pages of an incoming call: judged, on disk before they are confirmed, and kept when the call breaks off."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from faxmodem.call.blocks import Block
from faxmodem.call.sink import PARTIAL, CopyQuality, PageSink
from faxmodem.codec.bitmap import Bitmap, Coding, DecodedPage, Resolution
from faxmodem.codec.coding import encode
from faxmodem.codec.mh import mh_encode
from faxmodem.documents.tiff import read_pages
from faxmodem.errors import DocumentError
from faxmodem.t30.events import PageStored, Verdict
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.parameters import PageLength, Parameters
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


async def store(sink: PageSink, data: bytes, parameters: Parameters = PARAMETERS) -> Verdict:
    sink.begin(parameters)
    sink.write(data[:100])
    sink.write(data[100:])
    return (await sink.store()).verdict


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


@pytest.mark.parametrize("coding", Coding)
def test_a_modem_that_tells_where_a_page_ends_may_take_the_mark_away(coding: Coding, tmp_path: Path) -> None:
    corrected = replace(PARAMETERS, coding=coding, ecm_octets=256)
    ways = [corrected] if coding is Coding.MMR else [corrected, replace(corrected, ecm_octets=0)]
    unmarked = encode(FIRST, coding, marks_end=False)

    async def test(sink: PageSink) -> None:
        for parameters in ways:
            sink.begin(parameters, end_told=True)
            sink.write(unmarked)
            stored = await sink.store()
            assert (stored.verdict, stored.lines, stored.bad_lines) == (GOOD, FIRST.lines, 0)
        await sink.finish(complete=True)
        assert list(read_pages(tmp_path / "fax.tif")) == [FIRST] * len(ways)

    with_sink(tmp_path / "fax.tif", test)


@pytest.mark.parametrize(("data", "verdict"), [(b"", GOOD), (b"\0" * 300, BAD)])
def test_a_page_without_a_line_is_one_only_if_nothing_came(data: bytes, verdict: Verdict, tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin(replace(PARAMETERS, ecm_octets=256), end_told=True)
        sink.write(data)
        assert (await sink.store()).verdict is verdict
        await sink.finish(complete=True)

    with_sink(tmp_path / "fax.tif", test)


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
        size = (await sink.store()).size
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


# -- two-dimensional coding


def test_a_page_in_mr_is_judged_as_one_in_mh(tmp_path: Path) -> None:
    two_dimensional = replace(PARAMETERS, coding=Coding.MR)
    data = encode(FIRST, Coding.MR)

    async def test(sink: PageSink) -> None:
        assert await store(sink, data, two_dimensional) is GOOD
        spoilt_in_the_middle = data[: len(data) // 3] + b"\xaa" * 200 + data[len(data) // 3 + 200 :]
        assert await store(sink, spoilt_in_the_middle, two_dimensional) is not GOOD
        assert await sink.finish(complete=True) is not None
        assert next(iter(read_pages(tmp_path / "fax.tif"))) == FIRST

    with_sink(tmp_path / "fax.tif", test)


# -- error correction

SMALL = replace(PARAMETERS, coding=Coding.MMR, ecm_octets=64)


def add(sink: PageSink, block: Block, numbers: list[int]) -> list[bool]:
    return [sink.add_frame(CodedFrame(number, block.pieces[number])) for number in numbers]


async def blocks(sink: PageSink, bitmap: Bitmap, parameters: Parameters, *, seed: int = 0) -> PageStored:
    """Receive a page in blocks whose frames come in any order, and twice."""
    data = encode(bitmap, parameters.coding)
    dice = random.Random(seed)
    for number in range(1000):
        block = Block.of(data, number, parameters.ecm_octets)
        order = list(range(len(block.pieces))) * 2
        dice.shuffle(order)
        half = len(order) // 2
        sink.begin_block(parameters, number, again=False)
        add(sink, block, order[:half])
        sink.begin_block(parameters, number, again=True)
        add(sink, block, order[half:])
        sink.store_block(len(block.pieces))
        if not block.more:
            return await sink.store()
    raise AssertionError


@pytest.mark.parametrize("octets", [64, 256])
@pytest.mark.parametrize("coding", Coding)
def test_blocks_make_a_page(coding: Coding, octets: int, tmp_path: Path) -> None:
    parameters = replace(SMALL, coding=coding, ecm_octets=octets)
    long = page(400)
    assert Block.of(encode(long, coding), 0, 64).more

    async def test(sink: PageSink) -> None:
        stored = await blocks(sink, long, parameters)
        assert (stored.verdict, stored.lines, stored.bad_lines) == (GOOD, 400, 0)
        assert (await blocks(sink, SECOND, parameters, seed=1)).verdict is GOOD
        assert await sink.finish(complete=True) is not None
        assert list(read_pages(tmp_path / "fax.tif")) == [long, SECOND]

    with_sink(tmp_path / "fax.tif", test)


def test_a_frame_counts_once(tmp_path: Path) -> None:
    block = Block.of(encode(FIRST, Coding.MMR), 0, 64)

    async def test(sink: PageSink) -> None:
        assert not sink.add_frame(CodedFrame(0, b"before the page"))
        sink.begin_block(SMALL, 0, again=False)
        assert add(sink, block, [3, 0, 3]) == [True, True, False]
        assert sink.received == 128
        assert not sink.add_frame(CodedFrame(3, b"something else"))
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)


def test_what_came_is_forgotten_unless_more_is_to_be_added(tmp_path: Path) -> None:
    block = Block.of(encode(FIRST, Coding.MMR), 0, 64)
    rest = list(range(1, len(block.pieces)))

    async def test(sink: PageSink) -> None:
        sink.begin_block(SMALL, 0, again=False)
        add(sink, block, [0])
        sink.begin_block(SMALL, 0, again=True)
        add(sink, block, rest)
        sink.store_block(len(block.pieces))
        assert sink.received == 64 * len(block.pieces)
        sink.begin_block(SMALL, 1, again=False)
        assert sink.received == 64 * len(block.pieces)
        add(sink, block, [5])
        sink.begin_block(SMALL, 1, again=False)
        assert sink.received == 64 * len(block.pieces)
        sink.begin_block(SMALL, 0, again=False)  # the page, from its begin
        assert sink.received == 0
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)


def test_frames_may_have_another_length_than_agreed(tmp_path: Path) -> None:
    data = encode(FIRST, Coding.MMR)

    async def test(sink: PageSink) -> None:
        sink.begin_block(SMALL, 0, again=False)
        ends = [0, 100, 101, 300, len(data)]
        for number in range(4):
            assert sink.add_frame(CodedFrame(number, data[ends[number] : ends[number + 1]]))
        sink.store_block(4)
        assert (await sink.store()).verdict is GOOD
        assert await sink.finish(complete=True) is not None
        assert list(read_pages(tmp_path / "fax.tif")) == [FIRST]

    with_sink(tmp_path / "fax.tif", test)


@pytest.mark.parametrize("coding", Coding)
def test_a_page_whose_sender_gives_up_frames_is_kept(coding: Coding, tmp_path: Path) -> None:
    """EOR. What is behind the gap is lost in MMR, a few lines are in the others; each is told."""
    long = page(200)
    block = Block.of(encode(long, coding), 0, 256)
    gap = len(block.pieces) // 2

    async def test(sink: PageSink) -> None:
        sink.begin_block(replace(SMALL, coding=coding, ecm_octets=256), 0, again=False)
        add(sink, block, [number for number in range(len(block.pieces)) if number != gap])
        sink.store_block(len(block.pieces))
        stored = await sink.store()
        assert stored.verdict is GOOD
        assert stored.bad_lines > 0
        assert stored.longest_bad_run > 0
        kept = await sink.finish(complete=True)
        assert kept is not None
        (bitmap,) = read_pages(kept)
        assert 50 < bitmap.lines == stored.lines <= 200
        assert bitmap.lines > 190 or coding is Coding.MMR
        assert (bitmap.rows[:50] == long.rows[:50]).all()

    with_sink(tmp_path / "fax.tif", test)


def test_with_error_correction_bad_lines_are_the_sender_s_own(tmp_path: Path) -> None:
    """Its data came as they were sent: to ask for them once more brings the same."""

    async def test(sink: PageSink) -> None:
        corrected = replace(PARAMETERS, ecm_octets=256)
        stored = await _one_block(sink, spoilt(FIRST, lines=25), corrected)
        assert stored.verdict is GOOD
        assert stored.bad_lines >= 25
        assert await store(sink, spoilt(FIRST, lines=25)) is BAD
        await sink.finish(complete=False)

    with_sink(tmp_path / "fax.tif", test)


def test_data_that_are_no_page_at_all_are_refused(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        stored = await _one_block(sink, b"\0" * 700, SMALL)
        assert (stored.verdict, stored.lines) == (BAD, 0)
        assert await sink.finish(complete=False) is None

    with_sink(tmp_path / "fax.tif", test)


def test_a_page_of_which_nothing_came_is_kept_if_its_sender_goes_on(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin_block(SMALL, 0, again=False)
        sink.store_block(5)
        assert (await sink.store()).verdict is GOOD
        assert await sink.finish(complete=True) is not None

    with_sink(tmp_path / "fax.tif", test)


def test_a_page_without_lines_is_a_page(tmp_path: Path) -> None:
    empty = page(0)

    async def test(sink: PageSink) -> None:
        assert (await _one_block(sink, encode(empty, Coding.MMR), SMALL)).verdict is GOOD
        kept = await sink.finish(complete=True)
        assert kept is not None
        assert [bitmap.lines for bitmap in read_pages(kept)] == [1]

    with_sink(tmp_path / "fax.tif", test)


async def _one_block(sink: PageSink, data: bytes, parameters: Parameters) -> PageStored:
    block = Block.of(data, 0, parameters.ecm_octets)
    sink.begin_block(parameters, 0, again=False)
    add(sink, block, list(range(len(block.pieces))))
    sink.store_block(len(block.pieces))
    return await sink.store()


@pytest.mark.parametrize("missing", [3, 100])
def test_of_a_block_that_broke_off_the_frames_before_the_first_gap_are_kept(missing: int, tmp_path: Path) -> None:
    long = page(200)
    block = Block.of(encode(long, Coding.MMR), 0, 64)

    async def test(sink: PageSink) -> None:
        await store(sink, coded(FIRST))
        sink.begin_block(SMALL, 0, again=False)
        add(sink, block, [number for number in range(120) if number != missing])
        kept = await sink.finish(complete=False)
        assert kept is not None
        first, part = read_pages(kept)
        assert first == FIRST
        assert 0 < part.lines < 200
        assert (part.rows == long.rows[: part.lines]).all()
        whole = len(encode(long, Coding.MMR))
        assert part.lines == pytest.approx(200 * missing * 64 / whole, rel=0.2, abs=3)

    with_sink(tmp_path / "fax.tif", test)


def test_blocks_that_are_done_with_are_kept_too(tmp_path: Path) -> None:
    long = page(800)
    data = encode(long, Coding.MMR)
    first, second = (Block.of(data, number, 64) for number in range(2))

    async def test(sink: PageSink) -> None:
        sink.begin_block(SMALL, 0, again=False)
        add(sink, first, list(range(256)))
        sink.store_block(256)
        sink.begin_block(SMALL, 1, again=False)
        add(sink, second, list(range(20)))
        kept = await sink.finish(complete=False)
        assert kept is not None
        (part,) = read_pages(kept)
        assert (part.rows == long.rows[: part.lines]).all()
        assert part.lines == pytest.approx(800 * 276 * 64 / len(data), rel=0.1)

    with_sink(tmp_path / "fax.tif", test)


def test_the_next_page_may_come_while_one_is_being_stored(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin(PARAMETERS)
        sink.write(coded(FIRST))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sink.store)
            await anyio.lowlevel.checkpoint()
            sink.begin(PARAMETERS)
            sink.write(coded(SECOND))
        assert (await sink.store()).verdict is GOOD
        assert await sink.finish(complete=True) is not None
        assert list(read_pages(tmp_path / "fax.tif")) == [FIRST, SECOND]

    with_sink(tmp_path / "fax.tif", test)


@pytest.mark.parametrize("width", [1728, 2048, 2432])
@pytest.mark.parametrize("coding", Coding)
def test_lines_may_be_narrower_than_announced(coding: Coding, width: int, tmp_path: Path) -> None:
    bitmap = page(40, width=width)
    bitmap.rows[:10] = 0  # white lines in MMR have no width
    a3 = replace(SMALL, coding=coding, width=2432)

    async def test(sink: PageSink) -> None:
        assert (await _one_block(sink, encode(bitmap, coding), a3)).verdict is GOOD
        if coding is not Coding.MMR:
            assert await store(sink, encode(bitmap, coding), replace(a3, ecm_octets=0)) is GOOD
        kept = await sink.finish(complete=True)
        assert kept is not None
        assert all(stored == bitmap for stored in read_pages(kept))

    with_sink(tmp_path / "fax.tif", test)


def test_a_damaged_page_is_as_wide_as_announced(tmp_path: Path) -> None:
    async def test(sink: PageSink) -> None:
        sink.begin(replace(PARAMETERS, width=2432))
        sink.write(spoilt(page(30, width=2432), lines=20))
        assert (await sink.store()).verdict is BAD
        kept = await sink.finish(complete=False)
        assert kept is not None
        assert [bitmap.width for bitmap in read_pages(kept)] == [2432]

    with_sink(tmp_path / "fax.tif", test)
