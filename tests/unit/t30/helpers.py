"""Two ways to drive a session: by hand (`Station`), and two of them back to back over a simulated line (`Pair`).

A `Station` is for literal times: the test plays modem and line. A `Pair` keeps its own clock, knows how long V.21
frames, trainings and pages take, and spoils them as its `Faults` say, from a seed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings

from faxmodem.codec.geometry import WIDTHS, Resolution
from faxmodem.t30 import events, transitions
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities, PageInfo, PageLength, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import Record
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings
from faxmodem.t30.session import Session
from faxmodem.t30.states import State
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import CallEnded, Transition

PAGE = PageInfo(width=1728, resolution=Resolution.FINE, lines=2200)
COARSE = PageInfo(width=1728, resolution=Resolution.STANDARD, lines=1100)
WIDE = PageInfo(width=2432, resolution=Resolution.FINE, lines=3000)
LIMITS = Limits()

deterministic = settings(derandomize=True, deadline=None)
"The same examples in every run, however slow the machine is."

ANY = Capabilities(
    modulations=frozenset(Modulation),
    resolutions=frozenset(Resolution),
    widths=WIDTHS,
    lengths=tuple(PageLength),
)
"A far end that can do all that this program can."
FASTEST = Parameters(
    modulation=Modulation.V17_14400, resolution=Resolution.FINE, length=PageLength.UNLIMITED, scan_time_ms=0
)


def calling(first_page: PageInfo | None = PAGE, **more: object) -> Settings:
    """Settings of a station that calls and sends."""
    return Settings(calling=True, first_page=first_page, number="5550123", **more)  # type: ignore[arg-type]


def called(**more: object) -> Settings:
    """Settings of a station that answers and receives."""
    return Settings(calling=False, first_page=None, **more)  # type: ignore[arg-type]


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


def from_caller(fcf: Fcf) -> events.FrameReceived:
    """A frame without FIF from the calling station."""
    return far(fcf, x=True)


class Station:
    """One session driven by hand; `commands` and `transitions` collect what it has said since they were last taken."""

    def __init__(self, settings: Settings, *, now: float = 0.0) -> None:
        self.session = Session(settings)
        self.now = now
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
        self._commands += self.session.commands()
        self._transitions += self.session.transitions()


_TO_DIS: list[events.Event] = [events.CallConnected()]
_TO_CFR: list[events.Event] = [*_TO_DIS, dis(), events.Sent(), events.Sent()]
_TO_PAGE: list[events.Event] = [*_TO_CFR, far(Fcf.CFR)]
_TO_DCS: list[events.Event] = [events.CallConnected(), events.Sent()]
_TO_TCF: list[events.Event] = [*_TO_DCS, dcs()]
_TO_DATA: list[events.Event] = [*_TO_TCF, events.TrainingReceived(good=True), events.Sent()]
_STORED = events.PageStored(events.Verdict.GOOD, 1000)

SENDING_PATHS: dict[State, list[events.Event]] = {
    State.DIALING: [],
    State.AWAIT_DIS: _TO_DIS,
    State.SENDING_DCS: _TO_CFR[:2],
    State.SENDING_TCF: _TO_CFR[:3],
    State.AWAIT_CFR: _TO_CFR,
    State.SENDING_PAGE: _TO_PAGE,
    State.SENDING_COMMAND: [*_TO_PAGE, events.PageSent(PAGE)],
    State.AWAIT_CONFIRMATION: [*_TO_PAGE, events.PageSent(PAGE), events.Sent()],
    State.SENDING_DCN: [*_TO_DIS, far(Fcf.DTC, Bits.compose(BitsKind.CAPABILITIES, {}))],
    State.HANGING_UP: [*_TO_DIS, events.LineLost()],
    State.ENDED: [*_TO_DIS, events.LineLost(), events.HungUp()],
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
    State.AWAIT_DCN: [*_TO_DATA, events.PageReceived(), from_caller(Fcf.EOP), _STORED, events.Sent()],
}


def reach(state: State) -> Station:
    """A station that has come to `state` the way a call does, one second a step."""
    if state is State.IDLE:
        return Station(calling())
    sending = state in SENDING_PATHS
    station = Station.started(calling() if sending else called())
    for event in (SENDING_PATHS if sending else RECEIVING_PATHS)[state]:
        station.hear(event, after=1.0)
    assert station.state is state
    station.transitions()
    return station


def sent_fcfs(commands: Iterable[events.Command]) -> list[Fcf | None]:
    """The signals among these commands, in order."""
    return [frame.fcf for command in commands if isinstance(command, events.SendFrames) for frame in command.frames]


# --- two stations and a line -----------------------------------------------------------------------------------------

TURNAROUND_S = 0.1
PREAMBLE_S = 1.0
V21_BPS = 300
TRAINING_S = 1.4
TCF_S = 1.5
PAGE_S = (9.0, 25.0)
"Shortest and longest page. A shorter one that is lost as a whole cannot be told from a repeated command."


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong on the line: probabilities, and moments in seconds."""

    lose: float = 0.0
    "A V.21 transmission passes without a trace."
    damage: float = 0.0
    "A frame comes with a bad FCS."
    repeat: float = 0.0
    "A frame comes twice."
    echo: float = 0.0
    "A transmission comes back to the station that sent it."
    bad_tcf: float = 0.0
    bad_page: float = 0.0
    poor_page: float = 0.0
    "The page is good but wants a new training (RTP); no fault of the line."
    lose_page: float = 0.0
    "Page data passes without a trace, although its carrier is there."
    deaf_to_v21: float = 0.0
    "A modem that waits for a fast carrier does not notice V.21."
    deaf_to_fast: float = 0.0
    "A modem that listens for V.21 does not notice a fast carrier."
    rest: int = 0
    "After a fault so many transmissions go well."
    hang_up_at: float | None = None
    "One of the two ends drops the line."
    cancel_at: float | None = None
    "One of the two ends is told to end the call."


@dataclass(eq=False)
class End:
    """One station and its modem."""

    session: Session
    document: Sequence[PageInfo] = ()
    command: events.Command | None = None
    since: float = 0.0
    serial: int = 0
    "Counts commands: what a superseded command had under way is dropped."
    on_hook: bool = False
    said: list[Transition] = field(default_factory=list)
    heard: list[Fcf | None] = field(default_factory=list)
    data: int | None = None
    "Number of the page that came last."
    stored: list[int] = field(default_factory=list)

    @property
    def ended(self) -> CallEnded:
        last = self.said[-1]
        assert isinstance(last, CallEnded)
        return last

    @property
    def outcome(self) -> Outcome:
        return self.ended.outcome

    def told(self, kind: type[Transition]) -> list[Transition]:
        """Its transitions of one kind."""
        return [transition for transition in self.said if isinstance(transition, kind)]


class Pair:
    """A caller with a document and a called station on one half-duplex line."""

    def __init__(
        self,
        document: Sequence[PageInfo] = (PAGE,),
        faults: Faults = Faults(),
        seed: int = 0,
        *,
        caller: Settings | None = None,
        receiver: Settings | None = None,
    ) -> None:
        self.caller = End(Session(caller or calling(document[0], station_id="+1 555 0123")), document)
        self.called = End(Session(receiver or called(station_id="+49 30 1234")))
        self.now = 0.0
        self.faults = faults
        self._random = random.Random(seed)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._transmissions = 0
        self._good_until = 0

    @property
    def ends(self) -> tuple[End, End]:
        return self.caller, self.called

    def run(self) -> None:
        """Make the call, to the end of both sessions."""
        for moment, what in ((self.faults.hang_up_at, self._drop), (self.faults.cancel_at, self._cancel)):
            if moment is not None:
                self._at(moment, what)
        for end in self.ends:
            end.session.start(self.now)
            self._serve(end)
        while not all(end.session.done for end in self.ends):
            self._step()

    # --- the clock ---------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        due = [(at, end) for end in self.ends if (at := end.session.deadline()) is not None]
        timer = min(due, key=lambda pair: pair[0], default=None)
        if timer is not None and (not self._queue or timer[0] <= self._queue[0][0]):
            self.now, end = timer
            end.session.expire(self.now)
            self._serve(end)
        else:
            assert self._queue, "nothing will ever happen again"
            self.now, _, action = heapq.heappop(self._queue)
            action()

    def _at(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._order), action))

    def _while(self, end: End, delay: float, action: Callable[[], None]) -> None:
        """Do it unless the station has got another command by then."""
        serial = end.serial
        self._at(delay, lambda: action() if end.serial == serial else None)

    def _tell(self, end: End, event: events.Event) -> None:
        if not end.session.done:
            end.session.receive(event, self.now)
            self._serve(end)

    def _drop(self) -> None:
        for end in self.ends:
            if not end.on_hook and not isinstance(end.command, events.Dial | events.Answer | events.HangUp | None):
                self._tell(end, events.LineLost())

    def _cancel(self) -> None:
        end = self._random.choice(self.ends)
        end.session.cancel(self.now)
        self._serve(end)

    def _happens(self, probability: float) -> bool:
        if self._transmissions < self._good_until or self._random.random() >= probability:
            return False
        self._good_until = self._transmissions + 1 + self.faults.rest
        return True

    # --- the modems --------------------------------------------------------------------------------------------------

    def _serve(self, end: End) -> None:
        """Carry out what the session wants."""
        end.said += end.session.transitions()
        for command in end.session.commands():
            end.command, end.since, end.serial = command, self.now, end.serial + 1
            self._begin(end, command)

    def _begin(self, end: End, command: events.Command) -> None:
        self._transmissions += isinstance(command, events.SendFrames | events.SendTraining | events.SendPage)
        match command:
            case events.Answer():
                self._while(end, 3.0, lambda: self._tell(end, events.CallConnected()))
            case events.SendFrames(frames):
                self._send_frames(end, frames)
            case events.SendTraining(modulation):
                self._send_training(end, modulation)
            case events.SendPage(page, parameters):
                self._send_page(end, page, parameters)
            case events.StorePage(_page, _parameters):
                self._while(end, 0.3, lambda: self._store(end))
            case events.HangUp():
                self._while(end, 0.5, lambda: self._hang_up(end))
            case _:
                pass  # Dial, Listen and what receives: the other end's transmissions find it

    def _other(self, end: End) -> End:
        return self.called if end is self.caller else self.caller

    def _hang_up(self, end: End) -> None:
        end.on_hook = True
        self._tell(end, events.HungUp())
        self._at(2.0, lambda: self._lose_line(self._other(end)))

    def _lose_line(self, end: End) -> None:
        if isinstance(end.command, events.Dial):
            self._tell(end, events.CallNotConnected(Outcome.NO_ANSWER))
        elif isinstance(end.command, events.Answer):
            self._tell(end, events.CallNotConnected(Outcome.NOT_A_FAX))
        elif not end.on_hook:
            self._tell(end, events.LineLost())

    def _send_frames(self, end: End, frames: tuple[Frame, ...]) -> None:
        lost, at = self._happens(self.faults.lose), TURNAROUND_S
        if not lost:
            self._while(end, at + 0.2, lambda: self._flags(self._other(end)))
        at += PREAMBLE_S
        for frame in frames:
            begin, at = self.now + at, at + len(frame.build() + b"FCS") * 8 / V21_BPS
            if not lost:
                self._while(end, at, lambda frame=frame, begin=begin: self._frame(self._other(end), frame, begin))  # type: ignore[misc]
        self._while(end, at + 0.01, lambda: self._sent(end, frames))

    def _sent(self, end: End, frames: tuple[Frame, ...]) -> None:
        self._tell(end, events.Sent())
        if self._happens(self.faults.echo):
            begin = self.now
            for frame in frames:
                self._at(0.5, lambda frame=frame: self._frame(end, frame, begin))  # type: ignore[misc]

    def _flags(self, end: End) -> None:
        match end.command:
            case events.Dial():
                self._tell(end, events.CallConnected())
            case events.Listen():
                self._tell(end, events.FlagsHeard())
            case events.ReceivePage() | events.ReceiveTraining() if self._random.random() >= self.faults.deaf_to_v21:
                self._tell(end, events.WrongCarrier())
            case _:
                pass

    def _frame(self, end: End, frame: Frame, begin: float) -> None:
        if not isinstance(end.command, events.Listen) or end.since > begin:
            return
        if self._happens(self.faults.damage):
            self._tell(end, events.FrameDamaged())
            return
        end.heard.append(frame.fcf)
        self._tell(end, events.FrameReceived(Frame.parse(frame.build())))
        if self._happens(self.faults.repeat):
            self._at(0.2, lambda: self._frame(end, frame, begin))

    def _send_training(self, end: End, modulation: Modulation) -> None:
        begin = self.now
        self._while(end, TURNAROUND_S + TRAINING_S + TCF_S, lambda: self._training(self._other(end), modulation, begin))
        self._while(end, TURNAROUND_S + TRAINING_S + TCF_S + 0.01, lambda: self._tell(end, events.Sent()))

    def _training(self, end: End, modulation: Modulation, begin: float) -> None:
        if end.command == events.ReceiveTraining(modulation) and end.since <= begin + TURNAROUND_S:
            self._tell(end, events.TrainingReceived(good=not self._happens(self.faults.bad_tcf)))
        else:
            self._fast_carrier(end)

    def _fast_carrier(self, end: End) -> None:
        if isinstance(end.command, events.Listen) and not self._random.random() < self.faults.deaf_to_fast:
            self._tell(end, events.WrongCarrier())

    def _send_page(self, end: End, page: int, parameters: Parameters) -> None:
        begin, lost = self.now, self._happens(self.faults.lose_page)
        duration = TURNAROUND_S + 0.2 + self._random.uniform(*PAGE_S)
        for moment in range(1, int(duration), 2):
            self._while(end, moment, lambda: self._moved(end, parameters, begin, lost=lost))
        self._while(end, duration, lambda: self._page(end, page, parameters, begin, lost=lost))

    def _hears_page(self, end: End, parameters: Parameters, begin: float) -> bool:
        expected = isinstance(end.command, events.ReceivePage) and end.command.parameters == parameters
        return expected and end.since <= begin + TURNAROUND_S

    def _moved(self, end: End, parameters: Parameters, begin: float, *, lost: bool) -> None:
        self._tell(end, events.Moved())
        other = self._other(end)
        if not lost and self._hears_page(other, parameters, begin):
            self._tell(other, events.Moved())
        else:
            self._fast_carrier(other)

    def _page(self, end: End, page: int, parameters: Parameters, begin: float, *, lost: bool) -> None:
        other = self._other(end)
        if not lost and self._hears_page(other, parameters, begin):
            other.data = page
            self._tell(other, events.PageReceived())
        following = end.document[page] if page < len(end.document) else None
        self._tell(end, events.PageSent(following))

    def _store(self, end: End) -> None:
        verdict = events.Verdict.GOOD
        if self._happens(self.faults.bad_page):
            verdict = events.Verdict.BAD
        elif self._random.random() < self.faults.poor_page:
            verdict = events.Verdict.POOR
        assert end.data is not None
        if verdict is not events.Verdict.BAD:
            end.stored.append(end.data)
        self._tell(end, events.PageStored(verdict, 1000 * len(end.stored)))


def confirmed(end: End) -> list[int]:
    """The pages that a station was told are good, in order."""
    return [said.page for said in end.said if isinstance(said, transitions.PageConfirmed)]
