"""A session driven by hand: for literal times, the test plays modem, line and far end.

Two sessions back to back are in `pair`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import settings

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30 import events, fif
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities, PageInfo, PageLength, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ContinueToCorrect, EndOfRetransmission, PartialPage, PartialPageRequest, Record
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import CARRIER_LEVEL, Session
from faxmodem.t30.states import State
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import CallEnded, Transition

PAGE = PageInfo(width=1728, resolution=Resolution.FINE, lines=2200)
COARSE = PageInfo(width=1728, resolution=Resolution.STANDARD, lines=1100)
WIDE = PageInfo(width=2432, resolution=Resolution.FINE, lines=3000)
LIMITS = Limits()
STATES = tuple(state for state in State if state is State.IDLE or state in CARRIER_LEVEL.entries)
"Where a call with a modem of carrier level can stand."

deterministic = settings(derandomize=True, deadline=None)
"The same examples in every run, however slow the machine is."

ANY = Capabilities(
    modulations=frozenset(Modulation),
    resolutions=frozenset(Resolution),
    widths=WIDTHS,
    lengths=tuple(PageLength),
)
"A far end that can do all that this program can without error correction and two-dimensional coding."
CORRECTING = replace(ANY, codings=frozenset(Coding), ecm=True)
"A far end that can do all that this program can."
FASTEST = Parameters(
    modulation=Modulation.V17_14400, resolution=Resolution.FINE, length=PageLength.UNLIMITED, scan_time_ms=0
)
CORRECTED = replace(FASTEST, coding=Coding.MMR, ecm_octets=256)


def plain(settings: Settings) -> Settings:
    """These settings for a station without error correction and two-dimensional coding."""
    return replace(settings, ecm=False, codings=frozenset({Coding.MH}))


def calling(first_page: PageInfo | None = PAGE, **more: object) -> Settings:
    """Settings of a station that calls and sends."""
    return Settings(calling=True, first_page=first_page, number="5550123", **more)  # type: ignore[arg-type]


def called(first_page: PageInfo | None = None, **more: object) -> Settings:
    """Settings of a station that answers and receives, or is polled."""
    return Settings(calling=False, first_page=first_page, **more)  # type: ignore[arg-type]


def polling(**more: object) -> Settings:
    """Settings of a station that calls and polls."""
    return calling(None, polls=True, **more)


def far(fcf: Fcf, record: Record | None = None, *, x: bool = False, final: bool = True) -> events.FrameReceived:
    """A frame of the called station; `x=True` for one of the caller."""
    return events.FrameReceived(Frame.of(fcf, record, x=x, final=final))


def dis(capabilities: Capabilities = ANY, **bits: int) -> events.FrameReceived:
    """A DIS; `bits` are set in addition to what `capabilities` say."""
    values = {name: value for name, value in capabilities.to_bits().fields.items() if value} | bits
    return far(Fcf.DIS, Bits.compose(BitsKind.CAPABILITIES, values))


def dcs(parameters: Parameters = FASTEST, **bits: int) -> events.FrameReceived:
    """A caller's DCS; `bits` are set in addition to what `parameters` say."""
    values = {name: value for name, value in parameters.to_bits().fields.items() if value} | bits
    return far(Fcf.DCS, Bits.compose(BitsKind.SELECTION, values), x=True)


def dtc(capabilities: Capabilities = ANY, **bits: int) -> events.FrameReceived:
    """A DTC; `bits` are set in addition to what `capabilities` say."""
    values = {name: value for name, value in capabilities.to_bits().fields.items() if value} | bits
    return far(Fcf.DTC, Bits.compose(BitsKind.CAPABILITIES, values))


_RECORDS: dict[Fcf, Record] = {
    Fcf.PPS: PartialPage(int(Fcf.MPS), 0, 0, 4),
    Fcf.PPR: PartialPageRequest(frozenset({1})),
    Fcf.EOR: EndOfRetransmission(int(Fcf.MPS)),
    Fcf.CTC: ContinueToCorrect.at(Modulation.V17_12000),
}
"What a frame carries where a test does not care."


def from_caller(fcf: Fcf, record: Record | None = None) -> events.FrameReceived:
    """A frame of the calling station."""
    return far(fcf, record or _RECORDS.get(fcf), x=True)


def pps(command: Fcf | None = None, *, page: int = 0, block: int = 0, frames: int = 4) -> events.FrameReceived:
    """A PPS of the calling station; None: NULL."""
    return from_caller(Fcf.PPS, PartialPage(int(command or 0), page, block, frames))


def ppr(*frames: int) -> events.FrameReceived:
    """A PPR of the called station for these frames, and those that a block of four does not have."""
    return far(Fcf.PPR, PartialPageRequest(frozenset(frames) | frozenset(range(4, 256))))


def came(*frames: int) -> events.BlockReceived:
    """A burst that brought these frames."""
    return events.BlockReceived(frozenset(frames))


def block_sent(following: PageInfo | None = None, *, frames: int = 4, more: bool = False) -> events.BlockSent:
    """A burst is out, of a block of so many frames."""
    return events.BlockSent(frames, more, following)


class Station:
    """One session driven by hand; `commands` and `transitions` collect what it has said since they were last taken."""

    def __init__(self, settings: Settings, *, now: float = 0.0, chooses: bool = True) -> None:
        """`chooses`: the first candidate is taken wherever there is a choice, as if that needed no time."""
        self.session = Session(settings)
        self.now = now
        self.chooses = chooses
        self._commands: list[events.Command] = []
        self._transitions: list[Transition] = []

    @classmethod
    def started(cls, settings: Settings, *, now: float = 0.0) -> Station:
        """A station whose call has begun."""
        station = cls(settings, now=now)
        station.session.start(now)
        station._drain()
        return station

    @property
    def state(self) -> State:
        return self.session.state

    def hear(self, *happened: events.Event, after: float = 0.0) -> list[events.Command]:
        """Let `after` seconds pass, then let these things happen; gives the commands that came of it."""
        self.now += after
        for event in happened:
            self.session.receive(event, self.now)
            self._drain()
        return self.commands()

    def run_out(self, times: int = 1) -> list[events.Command]:
        """Let the next timer run out, so many times; gives the commands that came of it."""
        for _ in range(times):
            due = self.session.deadline()
            assert due is not None
            assert due >= self.now
            self.now = due
            self.session.expire(due)
            self._drain()
        return self.commands()

    def cancel(self) -> list[events.Command]:
        self.session.cancel(self.now)
        self._drain()
        return self.commands()

    def commands(self) -> list[events.Command]:
        """The commands since they were last asked for."""
        taken, self._commands = self._commands, []
        return taken

    def transitions(self) -> list[Transition]:
        """The transitions since they were last asked for."""
        taken, self._transitions = self._transitions, []
        return taken

    def due_in(self) -> float:
        """Seconds until the next timer runs out."""
        due = self.session.deadline()
        assert due is not None
        return round(due - self.now, 6)

    def end(self) -> CallEnded:
        """Carry out DCN and hang-up; gives how the call ended."""
        if self.state is State.SENDING_DCN:
            self.hear(events.Sent())
        if self.state is State.HANGING_UP:
            self.hear(events.HungUp())
        assert self.session.done
        last = self.transitions()[-1]
        assert isinstance(last, CallEnded)
        return last

    def _drain(self) -> None:
        for command in self.session.commands():
            if isinstance(command, events.Choose) and self.chooses:
                self.session.receive(events.Chosen(command.candidates[0]), self.now)
                self._drain()
            else:
                self._commands.append(command)
        self._transitions += self.session.transitions()


_SENT, _STORED = events.Sent(), events.PageStored(events.Verdict.GOOD, 1000)
_TO_DIS: list[events.Event] = [events.CallConnected()]
_TO_CFR: list[events.Event] = [*_TO_DIS, dis(), _SENT, _SENT]
_TO_PAGE: list[events.Event] = [*_TO_CFR, far(Fcf.CFR)]
_TO_BLOCK: list[events.Event] = [*_TO_DIS, dis(CORRECTING), _SENT, _SENT, far(Fcf.CFR)]
_TO_PPR: list[events.Event] = [*_TO_BLOCK, block_sent(PAGE), _SENT]
_AGAIN: list[events.Event] = [ppr(1), block_sent(PAGE), _SENT]
_ALL_BUT_ONE: list[events.Event] = [ppr(0, 1, 2), block_sent(PAGE), _SENT]
_TO_CTC: list[events.Event] = [*_TO_PPR, *_AGAIN * 3, ppr(1)]
_TO_EOR: list[events.Event] = [
    *_TO_DIS,
    dis(replace(CORRECTING, modulations=frozenset({Modulation.V27TER_2400}))),
    *_TO_PPR[2:],
    *_ALL_BUT_ONE * 3,
    ppr(0, 1, 2),
]
_TO_DCS: list[events.Event] = [events.CallConnected(), _SENT]
_TO_TCF: list[events.Event] = [*_TO_DCS, dcs()]
_TO_DATA: list[events.Event] = [*_TO_TCF, events.TrainingReceived(good=True), _SENT]
_TO_FRAMES: list[events.Event] = [*_TO_DCS, dcs(CORRECTED), events.TrainingReceived(good=True), _SENT]
_TO_RNR: list[events.Event] = [*_TO_FRAMES, came(0, 1, 2, 3), pps(Fcf.MPS), events.BlockStored()]
_TO_DTC: list[events.Event] = [*_TO_DIS, dis(has_document=1)]

SENDING_PATHS: dict[State, list[events.Event]] = {
    State.DIALING: [],
    State.AWAIT_DIS: _TO_DIS,
    State.CHOOSING: _TO_CFR[:2],
    State.SENDING_DCS: _TO_CFR[:2],
    State.SENDING_TCF: _TO_CFR[:3],
    State.AWAIT_CFR: _TO_CFR,
    State.SENDING_PAGE: _TO_PAGE,
    State.SENDING_COMMAND: [*_TO_PAGE, events.PageSent(PAGE)],
    State.AWAIT_CONFIRMATION: [*_TO_PAGE, events.PageSent(PAGE), _SENT],
    State.SENDING_BLOCK: _TO_BLOCK,
    State.SENDING_PPS: _TO_PPR[:-1],
    State.AWAIT_BLOCK_ANSWER: _TO_PPR,
    State.SENDING_RR: [*_TO_PPR, far(Fcf.RNR)],
    State.AWAIT_READY: [*_TO_PPR, far(Fcf.RNR), _SENT],
    State.SENDING_CTC: _TO_CTC,
    State.AWAIT_CTR: [*_TO_CTC, _SENT],
    State.SENDING_EOR: _TO_EOR,
    State.AWAIT_ERR: [*_TO_EOR, _SENT],
    State.SENDING_DCN: [*_TO_CFR, dis(), _SENT, _SENT, dis(), _SENT, _SENT, dis()],
    State.HANGING_UP: [*_TO_PAGE, events.LineLost()],
    State.ENDED: [*_TO_PAGE, events.LineLost(), events.HungUp()],
}
RECEIVING_PATHS: dict[State, list[events.Event]] = {
    State.ANSWERING: [],
    State.SENDING_DIS: _TO_DCS[:1],
    State.AWAIT_DCS: _TO_DCS,
    State.RECEIVING_TCF: _TO_TCF,
    State.SENDING_CFR: _TO_DATA[:-1],
    State.SENDING_FTT: [*_TO_TCF, events.TrainingReceived(good=False)],
    State.RECEIVING_PAGE: _TO_DATA,
    State.AWAIT_COMMAND: [*_TO_DATA, events.PageReceived()],
    State.STORING_PAGE: [*_TO_DATA, events.PageReceived(), from_caller(Fcf.MPS)],
    State.SENDING_ANSWER: [*_TO_DATA, events.PageReceived(), from_caller(Fcf.MPS), _STORED],
    State.AWAIT_DCN: [*_TO_DATA, events.PageReceived(), from_caller(Fcf.EOP), _STORED, _SENT],
    State.RECEIVING_BLOCK: _TO_FRAMES,
    State.AWAIT_PPS: _TO_RNR[:-2],
    State.STORING_BLOCK: _TO_RNR[:-1],
    State.ANSWERING_PPS: [*_TO_RNR, _STORED],
}
BUSY_PATHS: dict[State, list[events.Event]] = {
    # from STORING_PAGE of a block: our disk is slow
    State.SENDING_RNR: [],
    State.AWAIT_RR: [_SENT],
}
POLLING_PATHS: dict[State, list[events.Event]] = {State.SENDING_DTC: _TO_DTC}


def walked(settings: Settings, path: Iterable[events.Event], *, chooses: bool = True) -> Station:
    """A station that this has happened to, one second a step."""
    station = Station(settings, chooses=chooses)
    station.session.start(station.now)
    station._drain()
    for event in path:
        station.hear(event, after=1.0)
    return station


def storing_page() -> Station:
    """A station that stores a page which has come in blocks."""
    station = walked(called(), _TO_RNR)
    assert station.state is State.STORING_PAGE
    return station


def reach(state: State) -> Station:
    """A station that has come to `state` the way a call does."""
    if state is State.IDLE:
        return Station(calling())
    if state in BUSY_PATHS:
        station = storing_page()
        station.run_out()
        station.hear(*BUSY_PATHS[state])
    elif state in POLLING_PATHS:
        station = walked(polling(), POLLING_PATHS[state])
    elif state in SENDING_PATHS:
        station = walked(calling(), SENDING_PATHS[state], chooses=state is not State.CHOOSING)
    else:
        station = walked(called(), RECEIVING_PATHS[state])
    assert station.state is state
    station.commands()
    station.transitions()
    return station


def sent_fcfs(commands: Iterable[events.Command]) -> list[Fcf | None]:
    """The signals among these commands, in order."""
    return [frame.fcf for command in commands if isinstance(command, events.SendFrames) for frame in command.frames]


@contextmanager
def quick_frames() -> Iterator[None]:
    """Have each FIF read and written only once: it has tests of its own, and here it would be most of the time."""
    built: dict[tuple[Fcf, object], tuple[fif.Record, bytes]] = {}

    def encode(fcf: Fcf, record: fif.Record) -> bytes:
        if isinstance(record, fif.ContinueToCorrect):
            return encoded(fcf, record)
        key = fcf, id(record) if isinstance(record, Bits) else record
        if key not in built:
            built[key] = record, encoded(fcf, record)  # the record is kept, and so its id is
        return built[key][1]

    encoded = fif.encode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fif, "encode", encode)
        patch.setattr(fif, "decode", cache(fif.decode))
        patch.setattr(Capabilities, "to_bits", cache(Capabilities.to_bits))
        patch.setattr(Parameters, "to_bits", cache(Parameters.to_bits))
        yield
