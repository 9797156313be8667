"""Each command of error correction and negotiation, carried out for a session that only says its lines."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from faxmodem.call.carrier_level import carrier_actions
from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import Progress
from faxmodem.call.receiving import AFTER_RCP_S
from faxmodem.call.runner import Runner
from faxmodem.call.sink import PageSink
from faxmodem.codec.bitmap import Bitmap, Coding, Resolution
from faxmodem.codec.coding import encode
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import DocumentError
from faxmodem.modem.base import Heard, Link
from faxmodem.t30 import events
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.events import Verdict
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import PageLength, Parameters
from tests.scenarios.bench import page
from tests.unit.call.test_runner import Coming, FarEnd, OnCarrier, OnFrame

if TYPE_CHECKING:
    from faxmodem.t30.session import Session

MMR = Parameters(
    modulation=Modulation.V17_14400,
    coding=Coding.MMR,
    ecm_octets=64,
    resolution=Resolution.FINE,
    length=PageLength.UNLIMITED,
)
RCP = Frame.of(Fcf.RCP, final=False).build()
BUSY = (Frame.of(Fcf.RNR),)
NOTES = (events.Moved, events.FlagsHeard)


class Script:
    """A session that gives one command after the other, and takes down what it is told.

    `busy_at`: when it says RNR although its command is not done.
    """

    def __init__(self, *commands: events.Command, busy_at: float | None = None) -> None:
        self.remote_id = "FAR END"
        self.told: list[events.Event] = []
        self.times: list[float] = []
        self.done = False
        self.outcome: Outcome | None = None
        self._left = [*commands, events.HangUp()]
        self._busy_at = busy_at
        self._given: list[events.Command] = []

    def start(self, _now: float) -> None:
        self._next()

    def receive(self, event: events.Event, now: float) -> None:
        self.told.append(event)
        self.times.append(now)
        if isinstance(event, events.Failed):
            del self._left[:-1]
        if isinstance(event, events.HungUp):
            self.done = True
        elif not isinstance(event, NOTES):
            self._next()

    def expire(self, _now: float) -> None:
        self._busy_at = None
        self._given.append(events.SendFrames(BUSY))

    def deadline(self) -> float | None:
        return self._busy_at

    def cancel(self, _now: float) -> None:
        self._left = [events.HangUp()]
        self._next()

    def commands(self) -> list[events.Command]:
        given, self._given = self._given, []
        return given

    def transitions(self) -> list[object]:
        return []

    def _next(self) -> None:
        if self._left:
            self._given.append(self._left.pop(0))

    @property
    def events(self) -> list[events.Event]:
        """What it was told, without notes and the end."""
        return [event for event in self.told[:-1] if not isinstance(event, NOTES)]


class Played:
    """A script, carried out."""

    def __init__(
        self,
        script: Script,
        modem: FarEnd | None = None,
        *,
        feed: PageFeed | None = None,
        sink: PageSink | None = None,
        beside: Callable[[Runner], Coroutine[object, object, None]] | None = None,
    ) -> None:
        self.modem = modem or FarEnd([])
        self.progress: list[Progress] = []
        self.detail = ""

        async def main() -> None:
            if sink is not None:
                await sink.open()
            runner = Runner(
                cast("Session", script),
                partial(carrier_actions, modem=self.modem, feed=feed, sink=sink, on_progress=self.progress.append),
                on_transition=lambda _transition: None,
            )
            async with anyio.create_task_group() as tasks:
                if beside is not None:
                    tasks.start_soon(beside, runner)
                await runner.run()
                tasks.cancel_scope.cancel()
            self.detail = runner.detail
            if sink is not None:
                await sink.finish(complete=True)

        run_virtual(main)
        assert self.modem.done[-1] == "hang_up"


def fcd(number: int, data: bytes) -> bytes:
    return Frame.of(Fcf.FCD, CodedFrame(number, data), final=False).build()


def place(folder: Path) -> PageSink:
    return PageSink(folder / "fax.tif", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


# -- sending blocks

PAGES = [page(400), page(20, seed=1)]
DATA = encode(PAGES[0], Coding.MMR)
BLOCKS = -(-len(DATA) // (256 * 64))


def send_block(
    block: int = 0, *frames: int, number: int = 1, long: bool = False, parameters: Parameters = MMR
) -> events.SendBlock:
    return events.SendBlock(number, block, frames, parameters, long)


def sent(*commands: events.Command, pages: Sequence[Bitmap] = PAGES) -> tuple[Script, Played]:
    script = Script(*commands)
    return script, Played(script, feed=PageFeed(pages, total=len(pages)))


def test_a_page_goes_out_in_blocks() -> None:
    assert BLOCKS > 1
    script, played = sent(*(send_block(number) for number in range(BLOCKS)), send_block(number=2))
    *blocks, second = (burst.frames for burst in played.modem.bursts)
    assert b"".join(frame[4:] for frames in blocks for frame in frames[:-3]).rstrip(b"\0") == DATA.rstrip(b"\0")
    assert [frame[3] for frame in blocks[0][:-3]] == list(range(256))
    assert all(frames[-3:] == [RCP] * 3 and RCP not in frames[:-3] for frames in (*blocks, second))
    info = PageInfo(width=1728, resolution=Resolution.FINE, lines=20)
    last = len(blocks[-1]) - 3
    assert script.events == [
        *[events.BlockSent(256, more=True, next_page=None)] * (BLOCKS - 1),
        events.BlockSent(last, more=False, next_page=info),
        events.BlockSent(len(second) - 3, more=False, next_page=None),
    ]
    moved = sum(isinstance(event, events.Moved) for event in script.told)
    assert moved == sum(len(burst.frames) + 1 for burst in played.modem.bursts)


def test_a_repeat_sends_the_same_octets_of_what_was_asked_for() -> None:
    drawn: list[int] = []

    def pages() -> Iterator[Bitmap]:
        for number, bitmap in enumerate(PAGES):
            drawn.append(number)
            yield bitmap

    slower = replace(MMR, modulation=Modulation.V29_7200)
    script = Script(send_block(1), send_block(1, 3, 7), send_block(1, 7, long=True, parameters=slower))
    played = Played(script, feed=PageFeed(pages(), total=2))
    whole, some, one = played.modem.bursts
    assert some.frames == [whole.frames[3], whole.frames[7], *[RCP] * 3]
    assert one.frames == [whole.frames[7], *[RCP] * 3]
    assert (one.modulation, one.short) == (Modulation.V29_7200, False)
    count = len(whole.frames) - 3
    assert [event.frames for event in script.events if isinstance(event, events.BlockSent)] == [count] * 3


def test_the_modems_of_v34_are_told_to_slow_down_before_the_block() -> None:
    v34 = replace(MMR, modulation=Modulation.V34)
    _, played = sent(send_block(parameters=v34), replace(send_block(0, 3, parameters=v34), slower=True))
    assert played.modem.done[:3] == ["send_block", "slow_down", "send_block"]


@pytest.mark.parametrize(
    ("modulation", "long", "short"),
    [
        (Modulation.V17_9600, False, True),
        (Modulation.V17_9600, True, False),
        (Modulation.V29_9600, False, False),
        (Modulation.V34, False, False),
    ],
)
def test_v17_trains_short_unless_its_rate_has_changed(modulation: Modulation, long: bool, short: bool) -> None:
    _, played = sent(send_block(long=long, parameters=replace(MMR, modulation=modulation)))
    (burst,) = played.modem.bursts
    assert (burst.modulation, burst.short) == (modulation, short)


def test_the_first_frame_goes_twice_when_it_is_asked_for_again_and_nothing_else() -> None:
    orders = [(), (0,), (0,), (0,), (0, 1), (0,), (1,), (1,)]
    _, played = sent(
        *(send_block(0, *frames) for frames in orders), send_block(1, 0), send_block(0, 0), send_block(0, 0)
    )
    counts = [len(burst.frames) - 3 for burst in played.modem.bursts]
    assert counts == [256, 1, 2, 2, 2, 1, 1, 1, 1, 1, 2]
    _, _, twice, *_ = played.modem.bursts
    assert twice.frames[0] == twice.frames[1]


def test_progress_of_a_page_in_blocks_never_goes_back() -> None:
    _, played = sent(send_block(0), send_block(0, 5, 6), send_block(1), pages=PAGES[:1])
    octets = [progress.octets for progress in played.progress]
    assert octets == sorted(octets)
    assert played.progress[0] == Progress(1, 0, len(DATA))
    assert octets[-1] == min(len(DATA), 512 * 64)
    assert Progress(1, 256 * 64, len(DATA)) in played.progress


def test_a_page_without_lines_has_a_frame() -> None:
    script, played = sent(send_block(), pages=[page(0)])
    (burst,) = played.modem.bursts
    assert [frame[:4].hex() for frame in burst.frames] == ["ff030600", *["ff0386"] * 3]
    assert script.events == [events.BlockSent(1, more=False, next_page=None)]


def test_a_page_is_shown_once_however_many_bursts_it_takes() -> None:
    shown: list[int] = []
    script = Script(send_block(0), send_block(0, 1), send_block(1), send_block(1, 0))
    Played(script, feed=PageFeed(PAGES, total=2, on_page=lambda number, _page: shown.append(number)))
    assert shown == [1]


def test_a_page_that_cannot_be_drawn_fails_as_a_document() -> None:
    def pages() -> Iterator[Bitmap]:
        yield PAGES[1]
        raise DocumentError("page 2 is damaged")

    script = Script(send_block(number=1))
    played = Played(script, feed=PageFeed(pages(), total=2))
    assert script.events == [events.Failed(Outcome.DOCUMENT_FAILED)]
    assert played.detail == "page 2 is damaged"


# -- choosing


def test_the_quickest_candidate_is_chosen_from_the_page_that_is_due() -> None:
    dense, white = page(200, runs=700), page(1500, runs=0)
    candidates = tuple(replace(MMR, coding=coding) for coding in (Coding.MMR, Coding.MR, Coding.MH))
    script, _ = sent(events.Choose(candidates), events.Choose(candidates, 2), pages=[dense, white])
    first, second = script.events
    assert isinstance(first, events.Chosen)
    assert isinstance(second, events.Chosen)
    assert first.parameters is candidates[2]
    assert second.parameters is candidates[0]
    assert first.seconds > second.seconds > 0


# -- receiving blocks

FRAMES = [DATA[at : at + 64].ljust(64, b"\0") for at in range(0, 256 * 64, 64)]


def burst(*octets: bytes | None, rcps: int = 3, ends: Heard | None = None) -> Coming:
    async def come(on_frame: OnFrame, on_carrier: OnCarrier) -> Heard | None:
        if octets or rcps:
            on_carrier()
        for frame in (*octets, *[RCP] * rcps):
            await anyio.sleep(0.04)
            on_frame(frame)
        return ends

    return come


def receive_block(block: int = 0, *, again: bool = False, long: bool = False) -> events.ReceiveBlock:
    return events.ReceiveBlock(1, block, MMR, again, long)


async def _carrier_alone(_on_frame: OnFrame, on_carrier: OnCarrier) -> Heard | None:
    on_carrier()
    return None


def received(folder: Path, coming: Sequence[Coming], *commands: events.Command) -> tuple[Script, Played]:
    modem = FarEnd([])
    modem.blocks = list(coming)
    script = Script(*commands)
    return script, Played(script, modem, sink=place(folder))


def test_blocks_are_received_stored_and_made_a_page(tmp_path: Path) -> None:
    bitmap = page(40)
    data = encode(bitmap, Coding.MMR)
    pieces = [data[at : at + 64].ljust(64, b"\0") for at in range(0, len(data), 64)]
    count = len(pieces)
    frames = [fcd(number, piece) for number, piece in enumerate(pieces)]
    script, played = received(
        tmp_path,
        [burst(*frames[:3], None, *frames[5:]), burst(frames[4], frames[3])],
        receive_block(),
        receive_block(again=True),
        events.StoreBlock(1, 0, count),
        events.StorePage(1, MMR),
    )
    first, second, stored_block, stored = script.events
    assert first == events.BlockReceived(frozenset(range(count)) - {3, 4})
    assert second == events.BlockReceived(frozenset({3, 4}))
    assert stored_block == events.BlockStored()
    assert isinstance(stored, events.PageStored)
    assert (stored.verdict, stored.lines, stored.bad_lines, stored.longest_bad_run) == (Verdict.GOOD, 40, 0, 0)
    assert stored.size > 0
    assert list(read_pages(tmp_path / "fax.tif")) == [bitmap]
    assert played.progress[-1] == Progress(1, 64 * count, None)
    assert played.modem.awaited == [(Modulation.V17_14400, True)] * 2


def test_only_a_frame_that_was_not_there_before_is_progress(tmp_path: Path) -> None:
    one, two = fcd(1, FRAMES[1]), fcd(2, FRAMES[2])
    script, _ = received(
        tmp_path, [burst(one, one, None, b"noise", two), burst(two, one)], receive_block(), receive_block(again=True)
    )
    assert script.events == [events.BlockReceived(frozenset({1, 2}))] * 2
    assert sum(isinstance(event, events.Moved) for event in script.told) == 2 + 2  # and the carriers


@pytest.mark.parametrize(
    ("coming", "event"),
    [
        (burst(None, rcps=0), events.BlockReceived(frozenset())),
        (burst(RCP, rcps=0, ends=Heard.WRONG_CARRIER), events.BlockReceived(frozenset())),
        (burst(bytes.fromhex("ff 13 2f"), rcps=0), events.BlockReceived(frozenset())),
        (_carrier_alone, events.BlockReceived(frozenset())),
        (burst(rcps=0), events.NoCarrier()),
        (burst(rcps=0, ends=Heard.WRONG_CARRIER), events.WrongCarrier()),
    ],
)
def test_a_carrier_without_a_whole_frame_is_a_block_all_the_same(
    coming: Coming, event: events.Event, tmp_path: Path
) -> None:
    script, _ = received(tmp_path, [coming], receive_block())
    assert script.events == [event]


@pytest.mark.parametrize("more", [None, fcd(7, FRAMES[7])])
@pytest.mark.parametrize("rcps", [1, 3])
def test_after_the_end_of_a_block_its_carrier_is_not_waited_for(rcps: int, more: bytes | None, tmp_path: Path) -> None:
    async def come(on_frame: OnFrame, on_carrier: OnCarrier) -> Heard | None:
        await burst(fcd(0, FRAMES[0]), rcps=rcps)(on_frame, on_carrier)
        while True:
            await anyio.sleep(0.1)
            on_frame(more)

    script, _ = received(tmp_path, [come], receive_block())
    assert isinstance(script.events[0], events.BlockReceived)
    begin, end = script.times[0], script.times[script.told.index(script.events[0])]
    assert AFTER_RCP_S <= end - begin < AFTER_RCP_S + 0.3


def test_a_carrier_that_falls_silent_after_its_end_is_not_waited_for(tmp_path: Path) -> None:
    async def come(on_frame: OnFrame, on_carrier: OnCarrier) -> Heard | None:
        await burst(fcd(0, FRAMES[0]), rcps=2)(on_frame, on_carrier)
        await anyio.sleep(AFTER_RCP_S / 2)
        on_frame(RCP)  # the third, late
        await anyio.sleep_forever()
        return None

    script, _ = received(tmp_path, [come], receive_block())
    end = script.times[script.told.index(script.events[0])]
    assert end - script.times[0] == pytest.approx(1.5 * AFTER_RCP_S, abs=0.2)


def test_flags_may_come_for_minutes(tmp_path: Path) -> None:
    async def come(on_frame: OnFrame, on_carrier: OnCarrier) -> Heard | None:
        on_carrier()
        await anyio.sleep(200)
        on_frame(fcd(0, FRAMES[0]))
        return None

    script, _ = received(tmp_path, [come], receive_block())
    assert script.events == [events.BlockReceived(frozenset({0}))]
    moved = [at for at, event in zip(script.times, script.told, strict=True) if isinstance(event, events.Moved)]
    assert moved == [0.5, 200.5]


def test_v17_is_awaited_with_short_training_unless_its_rate_has_changed(tmp_path: Path) -> None:
    _, played = received(tmp_path, [burst()] * 2, receive_block(), receive_block(again=True, long=True))
    assert played.modem.awaited == [(Modulation.V17_14400, True), (Modulation.V17_14400, False)]


# -- storing beside what follows


class SlowSink(PageSink):
    """A disk that takes its time, or has none left."""

    after_s = 10.0
    error: Exception | None = None

    async def store(self) -> events.PageStored:
        await anyio.sleep(self.after_s)
        if self.error is not None:
            raise self.error
        return await super().store()


def slow(folder: Path, error: Exception | None = None) -> SlowSink:
    sink = SlowSink(folder / "fax.tif", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    sink.error = error
    return sink


STORE = events.StorePage(1, MMR)


def storing(*more: events.Command, busy_at: float | None = None) -> tuple[Script, FarEnd]:
    modem = FarEnd([])
    modem.blocks = [burst(fcd(0, encode(page(1), Coding.MMR)))]
    script = Script(receive_block(), events.StoreBlock(1, 0, 1), STORE, *more, busy_at=busy_at)
    return script, modem


def test_a_page_is_stored_while_the_sender_is_told_to_wait(tmp_path: Path) -> None:
    script, modem = storing(events.Listen(), busy_at=5.0)
    Played(script, modem, sink=slow(tmp_path))
    kinds = [type(event) for event in script.events]
    assert kinds == [events.BlockReceived, events.BlockStored, events.Sent, events.PageStored]
    assert modem.done == ["receive_block", "send_frames RNR", "receive_frame", "hang_up"]
    assert script.times[script.told.index(script.events[-1])] == pytest.approx(10.5, abs=0.3)
    assert len(list(read_pages(tmp_path / "fax.tif"))) == 1


def test_a_page_that_is_stored_at_once_is_told_once(tmp_path: Path) -> None:
    script, modem = storing()
    Played(script, modem, sink=slow(tmp_path))
    assert [type(event) for event in script.events].count(events.PageStored) == 1
    assert modem.done == ["receive_block", "hang_up"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(DocumentError("disk full"), Outcome.STORAGE_FAILED), (ZeroDivisionError("a bug"), Outcome.INTERNAL_ERROR)],
)
@pytest.mark.parametrize("busy_at", [None, 5.0])
def test_what_goes_wrong_while_storing_is_told(
    busy_at: float | None, error: Exception, outcome: Outcome, tmp_path: Path
) -> None:
    script, modem = storing(events.Listen(), busy_at=busy_at)
    played = Played(script, modem, sink=slow(tmp_path, error))
    assert script.events.count(events.Failed(outcome)) == 1
    assert str(error) in played.detail


def test_a_call_that_is_canceled_while_storing_ends(tmp_path: Path) -> None:
    async def cancel(runner: Runner) -> None:
        await anyio.sleep(3)
        runner.cancel()

    script, modem = storing(events.Listen())
    Played(script, modem, sink=slow(tmp_path), beside=cancel)
    assert modem.done[-1] == "hang_up"
    assert script.times[-1] < 5


def test_a_storage_that_fails_does_not_undo_an_outcome(tmp_path: Path) -> None:
    """The call is being released already: the modem is still to be put on hook in peace."""

    class Modem(FarEnd):
        async def hang_up(self) -> None:
            script.outcome = Outcome.FAR_END_DISCONNECTED
            await super().hang_up()
            await anyio.sleep(10)

    script, _ = storing(events.Listen(), busy_at=5.0)
    modem = Modem([bytes.fromhex("ff 13 fb")])
    modem.blocks = [burst(fcd(0, b""))]
    Played(script, modem, sink=slow(tmp_path, DocumentError("disk full")))
    assert events.Failed(Outcome.STORAGE_FAILED) not in script.told
    assert script.times[-1] > SlowSink.after_s + 1


def test_what_was_being_done_when_the_page_was_stored_is_told_no_more(tmp_path: Path) -> None:
    """A modem may be past the point where it can leave an action."""

    class Modem(FarEnd):
        async def receive_frame(self, on_flags: Callable[[], None] = lambda: None) -> bytes | Heard:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(8)
                on_flags()
            return bytes.fromhex("ff 13 6e")

    script, _ = storing(events.Listen(), events.SendFrames(BUSY), busy_at=5.0)
    modem = Modem([])
    modem.blocks = [burst(fcd(0, encode(page(1), Coding.MMR)))]
    Played(script, modem, sink=slow(tmp_path))
    kinds = [type(event) for event in script.told[-4:]]
    assert kinds == [events.Sent, events.PageStored, events.Sent, events.HungUp]


def test_pages_are_stored_under_the_sender_s_name(tmp_path: Path) -> None:
    script, modem = storing()
    sink = slow(tmp_path)
    Played(script, modem, sink=sink)
    assert sink.sender == script.remote_id


# -- the rest


def test_a_command_for_which_the_call_has_no_pages_is_a_bug() -> None:
    for command in (send_block(), receive_block(), STORE, events.Choose((MMR,))):
        script = Script(command)
        Played(script)
        assert script.events == [events.Failed(Outcome.INTERNAL_ERROR)]


@pytest.mark.parametrize("command", [events.Dial("200"), events.Answer()])
@pytest.mark.parametrize("link", Link)
def test_the_session_is_told_of_v34(command: events.Command, link: Link) -> None:
    class Modem(FarEnd):
        async def dial(self, number: str) -> Link:
            await super().dial(number)
            return link

        async def answer(self) -> Link:
            await super().answer()
            return link

    script = Script(command)
    Played(script, Modem([]))
    assert script.events == [events.CallConnected(link is Link.V34)]


def test_a_call_may_send_and_receive(tmp_path: Path) -> None:
    modem = FarEnd([])
    modem.blocks = [burst(fcd(0, encode(page(1), Coding.MMR)))]
    script = Script(send_block(number=2), receive_block(), events.StoreBlock(1, 0, 1), STORE)
    Played(script, modem, feed=PageFeed(PAGES, total=2), sink=place(tmp_path))
    assert [type(event) for event in script.events] == [
        events.BlockSent,
        events.BlockReceived,
        events.BlockStored,
        events.PageStored,
    ]
