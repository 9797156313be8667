"""The loop that joins session, modem and pages: whatever the modem does, the call ends, in time and with a reason."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from faxmodem.call.carrier_level import carrier_actions
from faxmodem.call.fax import CallSettings
from faxmodem.call.feed import PageFeed
from faxmodem.call.progress import Progress
from faxmodem.call.receiving import LONGEST_LINE_S
from faxmodem.call.runner import Runner
from faxmodem.call.sink import PageSink
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.mh import mh_encode
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.history import FramePassed
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemError, ModemTimeout, PortError
from faxmodem.jobs.status import JobStatus
from faxmodem.modem.base import Answering, CallFailed, CarrierModem, Heard, LineDropped, Link, ModemIdentity, Ring
from faxmodem.modem.ringing import RingRules
from faxmodem.t30 import tcf
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import Session
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import CallEnded, Canceling, PageConfirmed, Transition
from tests.scenarios.bench import CALLED, CALLER, Side, name_of, page, running, watched_line

PAGE = page(10)
DIS, CFR, MCF = (bytes.fromhex(octets) for octets in ("ff 13 80 00 6e 7a", "ff 13 84", "ff 13 8c"))
TSI_DCS, EOP, DCN = "send_frames DCS", "send_frames EOP", "send_frames DCN"
SENDING = ["dial", "receive_frame", TSI_DCS, "send_data", "receive_frame", "send_data", EOP, "receive_frame"]
LONG_S = 200.0
"Longer than any single action may take."

Trouble = Exception | Callable[[], Awaitable[None]]
OnFrame = Callable[[bytes | None], None]
OnCarrier = Callable[[], None]
Coming = Callable[[OnFrame, OnCarrier], Awaitable[Heard | None]]


class Burst(NamedTuple):
    """Frames of a block as they were given to the modem."""

    modulation: Modulation
    frames: list[bytes]
    short: bool


class FarEnd(CarrierModem):
    """A modem with a far end that does everything right, except where there is to be trouble."""

    def __init__(self, frames: Sequence[bytes | Heard], *, at: int = -1, trouble: Trouble | None = None) -> None:
        """`at`: the number of the action that is troubled."""
        self.data: list[Callable[[OnData], Awaitable[None]]] = []
        "What comes when data are received."
        self.blocks: list[Coming] = []
        "What comes when a block is received."
        self.done: list[str] = []
        self.bursts: list[Burst] = []
        "What was sent in blocks."
        self.awaited: list[tuple[Modulation, bool]] = []
        "For which carriers blocks were awaited: modulation, short training."
        self._frames = list(frames)
        self._at = at
        self._trouble = trouble

    @property
    def identity(self) -> ModemIdentity:
        return ModemIdentity()

    @property
    def service_class(self) -> str:
        return "1"

    @property
    def descriptor(self) -> int | None:
        return None

    async def _do(self, action: str) -> None:
        self.done.append(action)
        if len(self.done) - 1 == self._at and self._trouble is not None:
            if isinstance(self._trouble, Exception):
                raise self._trouble
            await self._trouble()
        await anyio.sleep(0.5)

    async def set_up(self) -> ModemIdentity:
        return self.identity

    async def dial(self, number: str) -> Link:
        assert number == "200"
        await self._do("dial")
        return Link.V21

    async def wait_for_ring(self, rings: RingRules | int = 1) -> Ring:  # noqa: ARG002
        return Ring()

    async def pick_up(self, how: Answering) -> None:
        raise NotImplementedError

    async def answer(self) -> Link:
        await self._do("answer")
        return Link.V21

    async def send_frames(self, frames: Sequence[bytes]) -> None:
        await self._do(f"send_frames {str(Frame.parse(frames[-1])).split()[0]}")

    async def receive_frame(self, on_flags: Callable[[], None] = lambda: None) -> bytes | Heard:
        await self._do("receive_frame")
        on_flags()
        await anyio.sleep(1.0 if self._frames else math.inf)
        return self._frames.pop(0)

    async def slow_down(self) -> None:
        await self._do("slow_down")

    async def send_data(
        self,
        modulation: Modulation,
        data: bytes,
        *,
        short: bool = False,  # noqa: ARG002
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        await self._do("send_data")
        for sent in range(0, len(data), 256):
            on_progress(sent)
            await anyio.sleep(256 * 8 / modulation.rate_bps)
        on_progress(len(data))

    async def receive_data(
        self,
        modulation: Modulation,  # noqa: ARG002
        on_data: Callable[[bytes], None],
        *,
        short: bool = False,  # noqa: ARG002
    ) -> Heard:
        await self._do("receive_data")
        if not self.data:
            await anyio.sleep_forever()
        await self.data.pop(0)(on_data)
        return Heard.NO_CARRIER

    async def send_block(
        self,
        modulation: Modulation,
        frames: Sequence[bytes],
        *,
        short: bool = False,
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        await self._do("send_block")
        self.bursts.append(Burst(modulation, list(frames), short))
        for sent in range(len(frames) + 1):
            on_progress(sent)
            await anyio.sleep(260 * 8 / modulation.rate_bps)

    async def receive_block(
        self,
        modulation: Modulation,
        on_frame: Callable[[bytes | None], None],
        *,
        short: bool = False,
        on_carrier: Callable[[], None] = lambda: None,
    ) -> Heard:
        await self._do("receive_block")
        self.awaited.append((modulation, short))
        if not self.blocks:
            await anyio.sleep_forever()
        return await self.blocks.pop(0)(on_frame, on_carrier) or Heard.NO_CARRIER

    async def hang_up(self) -> None:
        await self._do("hang_up")

    async def aclose(self) -> None:
        self.done.append("aclose")


@dataclass(kw_only=True)
class Came:
    """What came of a call."""

    modem: FarEnd
    outcome: Outcome = Outcome.INTERNAL_ERROR
    detail: str = ""
    transitions: list[Transition] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    took_s: float = 0.0


def carry(
    modem: FarEnd, *, sink: PageSink | None = None, cancel_at: float = math.inf, limits: Limits | None = None
) -> Came:
    """Send `PAGE`, or receive what comes into `sink`."""
    came = Came(modem=modem)

    async def cancel(runner: Runner) -> None:
        await anyio.sleep_until(cancel_at)
        runner.cancel()

    async def main() -> None:
        if sink is not None:
            await sink.open()
        first = PageInfo(width=PAGE.width, resolution=PAGE.resolution, lines=PAGE.lines) if sink is None else None
        runner = Runner(
            Session(Settings(calling=sink is None, first_page=first, number="200", limits=limits or Limits())),
            partial(
                carrier_actions,
                modem=modem,
                feed=PageFeed([PAGE], total=1) if sink is None else None,
                sink=sink,
                on_progress=came.progress.append,
            ),
            on_transition=came.transitions.append,
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel, runner)
            came.outcome = await runner.run()
            tasks.cancel_scope.cancel()
        came.detail, came.took_s = runner.detail, anyio.current_time()
        if sink is not None:
            await sink.finish(complete=came.outcome is Outcome.OK)

    run_virtual(main)
    ends = [transition for transition in came.transitions if isinstance(transition, CallEnded)]
    assert ends == came.transitions[-1:]
    assert ends[0].outcome is came.outcome
    return came


def send(*, at: int = -1, trouble: Trouble | None = None, cancel_at: float = math.inf) -> Came:
    return carry(FarEnd([DIS, CFR, MCF], at=at, trouble=trouble), cancel_at=cancel_at)


def test_the_next_page_is_drawn_while_the_present_one_is_on_the_line() -> None:
    drawn_at: list[float] = []
    first_begins_at: list[float] = []

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()

        def pages() -> Iterator[Bitmap]:
            for seed in range(2):
                drawn_at.append(loop.time())
                yield page(50, seed=seed)

        feed = PageFeed(pages(), total=2)
        info = PageInfo(width=1728, resolution=PAGE.resolution, lines=50)
        runner = Runner(
            Session(Settings(calling=True, first_page=info, number="200")),
            partial(
                carrier_actions,
                modem=FarEnd([DIS, CFR, MCF, MCF]),
                feed=feed,
                on_progress=lambda _progress: first_begins_at.append(loop.time()),
            ),
            on_transition=lambda _transition: None,
        )
        return await runner.run()

    assert run_virtual(main) is Outcome.OK
    assert drawn_at[1] <= first_begins_at[0]


def confirmed(came: Came) -> int:
    return sum(isinstance(transition, PageConfirmed) for transition in came.transitions)


def test_each_command_of_the_session_is_carried_out() -> None:
    sent = send()
    assert (sent.outcome, sent.detail) == (Outcome.OK, "")
    assert sent.modem.done == [*SENDING, DCN, "hang_up"]


def test_progress_is_told_in_octets_of_the_page() -> None:
    sent = send()
    total = len(mh_encode(PAGE))
    assert sent.progress[0] == Progress(1, 0, total)
    assert sent.progress[-1] == Progress(1, total, total)
    assert [p.octets for p in sent.progress] == sorted(p.octets for p in sent.progress)


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (PortError("unplugged"), Outcome.PORT_LOST),
        (ModemTimeout("silent"), Outcome.MODEM_FAILED),
        (ModemError("nonsense"), Outcome.MODEM_FAILED),
        (LineDropped("on hook"), Outcome.FAR_END_HUNG_UP),
        (KeyError("a bug"), Outcome.INTERNAL_ERROR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("at", range(len(SENDING)))
def test_an_action_that_fails_ends_the_call_with_its_reason(at: int, trouble: Exception, outcome: Outcome) -> None:
    sent = send(at=at, trouble=trouble)
    assert sent.outcome is outcome
    assert str(trouble.args[0]) in sent.detail
    assert sent.modem.done == [*SENDING[: at + 1], "hang_up"]
    assert sent.took_s < 20


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (CallFailed(Outcome.BUSY, "busy"), Outcome.BUSY),
        (CallFailed(Outcome.BLACKLISTED, "blocked"), Outcome.BLACKLISTED),
    ],
)
def test_a_call_that_does_not_come_about_has_the_modems_reason(trouble: Exception, outcome: Outcome) -> None:
    sent = send(at=0, trouble=trouble)
    assert (sent.outcome, sent.modem.done, sent.detail) == (outcome, ["dial", "hang_up"], str(trouble))


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (0, Outcome.NO_ANSWER),
        (1, Outcome.NOT_A_FAX),
        (2, Outcome.MODEM_FAILED),
        (3, Outcome.MODEM_FAILED),
        (4, Outcome.OK),  # CFR is not heard, DCS and TCF are repeated, and CFR is heard
        (5, Outcome.STALLED),  # a page may take as long as it moves
        (6, Outcome.MODEM_FAILED),
        (7, Outcome.OK),  # MCF, likewise
    ],
)
def test_an_action_that_never_ends_is_ended(at: int, outcome: Outcome) -> None:
    sent = send(at=at, trouble=anyio.sleep_forever)
    assert sent.outcome is outcome
    assert sent.took_s < LONG_S
    assert sent.modem.done[-1] == "hang_up"


@pytest.mark.parametrize(
    "trouble", [anyio.sleep_forever, ModemTimeout("silent"), PortError("gone"), LineDropped("gone")]
)
@pytest.mark.parametrize("after_mcf", [len(SENDING), len(SENDING) + 1])
def test_after_the_last_confirmation_nothing_takes_it_back(after_mcf: int, trouble: Trouble) -> None:
    sent = send(at=after_mcf, trouble=trouble)
    assert (sent.outcome, confirmed(sent)) == (Outcome.OK, 1)
    assert sent.modem.done[-1] == "hang_up"
    assert sent.took_s < LONG_S


@pytest.mark.parametrize("tenths", range(0, 150, 7))
def test_canceling_ends_the_call_in_an_orderly_way(tenths: int) -> None:
    sent = send(cancel_at=tenths / 10)
    done = sent.modem.done
    whole = send().took_s
    assert done[-1] == "hang_up"
    assert done.count(DCN) <= 1
    assert sent.took_s < whole + 10
    if sent.outcome is Outcome.CANCELED:
        assert Canceling() in sent.transitions
        assert confirmed(sent) == 0
        assert (DCN in done) is (done != ["dial", "hang_up"])  # nobody is there before the call is up
    else:
        assert (sent.outcome, confirmed(sent)) == (Outcome.OK, 1)


def test_flags_give_a_frame_time() -> None:
    """T4 is 3 s, and a response whose flags are heard in time may take longer."""

    class Slow(FarEnd):
        async def receive_frame(self, on_flags: Callable[[], None] = lambda: None) -> bytes | Heard:
            self.done.append("receive_frame")
            await anyio.sleep(2.5)
            on_flags()
            await anyio.sleep(4.0)
            return self._frames.pop(0)

    sent = carry(Slow([DIS, CFR, MCF]))
    assert (sent.outcome, sent.modem.done) == (Outcome.OK, [*SENDING, DCN, "hang_up"])


def test_octets_that_are_no_frame_count_as_a_damaged_one() -> None:
    sent = carry(FarEnd([b"\x12\x34", DIS, Heard.DAMAGED, CFR, b"", MCF]))
    assert sent.outcome is Outcome.OK


# -- receiving

DCS, EOP_FRAME, DCN_FRAME = (bytes.fromhex(octets) for octets in ("ff 13 83 00 62 78", "ff 13 2f", "ff 13 fb"))
OnData = Callable[[bytes], None]
SLICE = 360


async def training(on_data: OnData) -> None:
    on_data(bytes(tcf.tcf_octets(Modulation.V17_14400)))


async def whole_page(on_data: OnData) -> None:
    on_data(mh_encode(PAGE))


async def page_for_ever(on_data: OnData, octet: bytes = b"\x55") -> None:
    while True:
        await anyio.sleep(SLICE * 8 / 14400)
        on_data(octet * SLICE)


async def page_and_then_fill_for_ever(on_data: OnData) -> None:
    on_data(mh_encode(PAGE))
    await page_for_ever(on_data, b"\0")


def receive(
    folder: Path,
    frames: Sequence[bytes | Heard],
    *data: Callable[[OnData], Awaitable[None]],
    limits: Limits | None = None,
) -> Came:
    modem = FarEnd(frames)
    modem.data = list(data)
    sink = PageSink(folder / "fax.tif", clock=lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))
    return carry(modem, sink=sink, limits=limits)


def test_a_page_is_received(tmp_path: Path) -> None:
    came = receive(tmp_path, [DCS, EOP_FRAME, DCN_FRAME], training, whole_page)
    assert came.outcome is Outcome.OK
    assert came.modem.done == [
        *("answer", "send_frames DIS", "receive_frame", "receive_data", "send_frames CFR", "receive_data"),
        *("receive_frame", "send_frames MCF", "receive_frame", "hang_up"),
    ]
    assert came.progress == [Progress(1, len(mh_encode(PAGE)), None)]
    assert list(read_pages(tmp_path / "fax.tif")) == [PAGE]


def test_a_sender_that_begins_its_page_without_a_training_is_answered(tmp_path: Path) -> None:
    came = receive(tmp_path, [DCS, DCN_FRAME], page_for_ever)
    assert came.modem.done[3:5] == ["receive_data", "send_frames FTT"]
    assert came.took_s < 20


def test_fill_without_end_ends_the_page(tmp_path: Path) -> None:
    came = receive(tmp_path, [DCS, EOP_FRAME, DCN_FRAME], training, page_and_then_fill_for_ever)
    assert came.outcome is Outcome.OK
    assert came.took_s < LONGEST_LINE_S + 15
    assert list(read_pages(tmp_path / "fax.tif")) == [PAGE]


def test_a_page_that_moves_for_ever_ends_with_the_call(tmp_path: Path) -> None:
    came = receive(tmp_path, [DCS], training, page_for_ever, limits=Limits(call_s=100, progress_s=30))
    assert (came.outcome, round(came.took_s, -1)) == (Outcome.TOO_LONG, 100)
    assert came.modem.done[-2:] == ["send_frames DCN", "hang_up"]


# -- the task that carries the call is cancelled


@pytest.mark.parametrize(
    ("who", "at_s", "last_on_line"), [("sender", 5.0, None), ("sender", 15.0, "DCN"), ("receiver", 9.0, "DCN")]
)
def test_cancelling_the_task_ends_the_call_first(
    who: str, at_s: float, last_on_line: str | None, tmp_path: Path
) -> None:
    """As Ctrl-C does in a program that knows nothing of `stop`: DCN, on hook, CANCELED, and then the cancellation."""
    went_on: list[str] = []

    async def main() -> Side:
        line = watched_line()
        sides = {
            "sender": Side(line, CALLER, settings=CallSettings()),
            "receiver": Side(line, CALLED, settings=CallSettings()),
        }

        async def fax(name: str, scope: anyio.CancelScope) -> None:
            with scope:
                if name == "sender":
                    await sides[name].send([page(100)])
                else:
                    await sides[name].receive(tmp_path / "fax.tif")
                went_on.append(name)

        async with running(*sides.values()), anyio.create_task_group() as tasks:
            scopes = {name: anyio.CancelScope() for name in sides}
            for name in sides:
                tasks.start_soon(fax, name, scopes[name])
            await anyio.sleep(at_s)
            scopes[who].cancel()
        return sides[who]

    side = run_virtual(main)
    assert who not in went_on
    assert side.left_on_hook
    assert side.statuses[-1].status is JobStatus.CANCELED
    passed = [record for record in side.end.line.history if isinstance(record, FramePassed)]
    sent = [name_of(record) for record in passed if record.who == side.end.number]
    assert (sent[-1] if sent else None) == last_on_line
