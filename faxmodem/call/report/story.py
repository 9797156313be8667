"""What was on the line, made out of a journal: carriers of either side, and the moments that mattered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from faxmodem.call.report.journal import Cancel, Expiry, Step
from faxmodem.call.report.plain import words_of
from faxmodem.t30 import events
from faxmodem.t30 import transitions as told
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from faxmodem.t30.states import State
from faxmodem.t30.transitions import Phase

PREAMBLE_S: Final = 1.0
V21_BPS: Final = 300
"V.21 channel 2 and its flags (T.30 (09/2005) §5.3.1); with them the begin of a frame is reckoned where nobody told it."
TRAINING_S: Final = 1.4 + 1.5
"The longest training, of V.17, and TCF (T.30 (09/2005) §5.3.6.1.3)."


class Kind(Enum):
    """What a carrier bore."""

    FRAMES = "frames"
    TRAINING = "training"
    DATA = "page data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One carrier. Times are seconds from the start of the call."""

    kind: Kind
    ours: bool
    "Sent by this station."
    begin: float
    end: float
    good: bool | None = None
    "Training: its result. Frames: False for one that came damaged. None: not known."
    whole: bool = True
    "False: broken off."
    frames: tuple[Frame, ...] = ()
    echo: bool = False
    "The frames are our own, come back from the line."
    modulation: Modulation | None = None
    page: int = 0
    block: int | None = None
    "Of error correction; None without."
    count: int | None = None
    "Frames of that block in this burst."
    again: bool = False
    "This page, or frames of this block, crossed the line before."
    octets: int | None = None
    "Of the page so far: with error correction, its earlier blocks are counted in."
    parameters: Parameters | None = None

    @property
    def seconds(self) -> float:
        """How long it was there."""
        return self.end - self.begin


class Moment(Enum):
    """What a mark stands for."""

    PHASE = "phase"
    CALL = "call"
    "A step in making or ending the call."
    TIMER = "timer"
    SILENCE = "silence"
    "A carrier that was awaited did not come, or another came."
    PAGE = "page"
    "What became of a page."
    CHOICE = "choice"
    TROUBLE = "trouble"
    END = "end"


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment."""

    at: float
    moment: Moment
    text: str
    bad: bool = False


@dataclass(slots=True)
class Story:
    """A call as it was heard and seen."""

    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    phases: list[tuple[Phase, float]] = field(default_factory=list)
    "Each phase that was entered, and when."
    connected: float | None = None
    end: float = 0.0
    by_reports: bool = False
    """The modem ran the procedure itself: a frame is here when it told of it, and what it did not tell is missing. Our
    own commands and answers are those that it was given."""

    def phase_times(self) -> list[tuple[Phase, float, float]]:
        """Phase, begin and end, in order."""
        ends = [at for _, at in self.phases] + [self.end]
        return [(phase, begin, end) for (phase, begin), end in zip(self.phases, ends[1:], strict=True)]

    def of(self, kind: Kind) -> list[Span]:
        """The carriers of one kind."""
        return [span for span in self.spans if span.kind is kind]


def describe(span: Span) -> str:
    """A carrier in words."""
    if span.kind is Kind.FRAMES:
        text = "; ".join(words_of(frame) for frame in span.frames) or "a frame, damaged"
        return text + (" (our own echo)" if span.echo else "") + _ENDINGS[span.whole]
    if span.kind is Kind.TRAINING:
        return f"TCF at {span.modulation}{_RESULTS[span.good]}{_ENDINGS[span.whole]}"
    what = f"page {span.page}" + ("" if span.block is None else f" block {span.block}")
    how = [f"{span.modulation}", f"{span.seconds:.1f} s"]
    if span.count is not None:
        how.append(f"{span.count} frames")
    if span.octets is not None:
        so_far = span.block or (span.again and span.block is not None)
        how.append(f"{span.octets} octets" + (" of the page so far" if so_far else ""))
    return what + (" again" if span.again else "") + ": " + ", ".join(how) + _ENDINGS[span.whole]


_RESULTS = {True: ": good", False: ": bad", None: ""}
_ENDINGS = {True: "", False: " (broken off)"}


def parameters_in_words(parameters: Parameters) -> str:
    """Modulation, coding, resolution and width."""
    text = f"{parameters.modulation}, {parameters.coding.value}, {parameters.resolution.label}, {parameters.width} pels"
    if parameters.ecm_octets:
        return f"{text}, ECM in frames of {parameters.ecm_octets}"
    return text + (f", {parameters.scan_time_ms} ms a line" if parameters.scan_time_ms else "")


def tell(steps: Iterable[Step], *, by_reports: bool = False) -> Story:
    """The story that these steps tell; `by_reports`: of a modem that runs T.30 itself."""
    teller = _Teller(by_reports=by_reports)
    for step in steps:
        teller.step(step)
    return teller.story


def airtime(frames: Iterable[Frame]) -> float:
    """Seconds of V.21 that these frames take in one transmission, zero insertion left out."""
    return PREAMBLE_S + sum(8 * (len(frame.build()) + 3) / V21_BPS for frame in frames)


_OURS: Mapping[type, tuple[Fcf, ...]] = {
    events.BeginPage: (Fcf.TSI, Fcf.SUB, Fcf.SID, Fcf.DCS),
    events.Answer: (Fcf.CFR, Fcf.FTT),
    events.AwaitPage: (Fcf.CFR, Fcf.FTT),
}
"What a modem that runs T.30 itself tells of during each command, and has said itself."
_ANSWERS = (Fcf.MCF, Fcf.RTP, Fcf.RTN, Fcf.PIP, Fcf.PIN)

_ASIDE = (events.StorePage, events.StoreBlock, events.Choose)
"They do not use the line."


class _Teller:
    """Walks through the steps; knows what the modem is doing, and since when."""

    def __init__(self, *, by_reports: bool) -> None:
        self.story = Story(by_reports=by_reports)
        self._doing: events.Command | None = None
        self._since = 0.0
        self._page = self._doing_page = 0
        self._data_since: float | None = None
        self._flags_at: float | None = None
        self._octets: int | None = None
        self._sent: tuple[Frame, ...] = ()
        self._crossed: set[tuple[int, int | None]] = set()
        self._state = State.IDLE

    def step(self, step: Step) -> None:
        """Take in one step."""
        at = step.until if step.until is not None else step.at
        self.story.end = max(self.story.end, at)
        self._octets = step.noted.get("octets", self._octets)
        if handle := _HANDLERS.get(type(step.what)):
            handle(self, step, step.what)
        if step.error:
            self._mark(step.at, Moment.TROUBLE, f"{type(step.what).__name__} was not expected: {step.error}", bad=True)
        for transition in step.transitions:
            self._transition(step, transition)
        for command in step.commands:
            if not isinstance(command, _ASIDE):
                self._broken_off(step.at)
                self._doing, self._since, self._doing_page = command, step.at, self._page
                self._data_since = self._octets = self._flags_at = None
        self._state = step.state

    # --- what happened -----------------------------------------------------------------------------------------------

    def _mark(self, at: float, moment: Moment, text: str, *, bad: bool = False) -> None:
        self.story.marks.append(Mark(at, moment, text, bad))

    def flags(self, step: Step, _event: events.FlagsHeard) -> None:
        if self.story.by_reports:
            self._up(step.at)
        elif self._flags_at is None:
            self._flags_at = step.at

    def connected(self, step: Step, event: events.CallConnected) -> None:
        if not self.story.by_reports:
            self._flags_at = step.at
            self._up(step.at, ", with V.34" if event.v34 else "")

    def _up(self, at: float, how: str = "") -> None:
        self.story.connected = at
        self._mark(at, Moment.CALL, "the call is up" + how)

    def frame(self, step: Step, event: events.FrameReceived) -> None:
        match self._doing:
            case events.EndPage(command) if event.frame.fcf in _ANSWERS:
                self._said(step.at, command)
            case events.ReceivePage():
                self._close(step.at)
        self._heard(step.at, (event.frame,), ours=event.frame.fcf in _OURS.get(type(self._doing), ()))

    def damaged(self, step: Step, _event: events.FrameDamaged) -> None:
        self._heard(step.at, ())

    def _said(self, at: float, fcf: Fcf) -> None:
        """The modem has said this for us, some time since it was told to."""
        frames = (Frame.of(fcf),)
        self._add(
            kind=Kind.FRAMES, ours=True, begin=self._since, end=min(at, self._since + airtime(frames)), frames=frames
        )

    def begun(self, step: Step, event: events.PageBegun) -> None:
        """Page data begin: what was awaited is received from now on."""
        if isinstance(self._doing, events.AwaitPage):
            self._doing, self._since = events.ReceivePage(self._doing.page, event.parameters), step.at
            self._doing_page, self._data_since = 0, step.at

    def released(self, step: Step, event: events.Released) -> None:
        if isinstance(self._doing, events.EndPage):
            self._said(step.at, self._doing.command)
        well = event.outcome is Outcome.OK and self._state in (State.AWAITING_RELEASE, State.HANGING_UP)
        moment = Moment.CALL if well else Moment.TROUBLE
        self._mark(step.at, moment, f"the modem ended the session: {event.code}", bad=not well)

    def _heard(self, at: float, frames: tuple[Frame, ...], *, ours: bool = False) -> None:
        last = self.story.spans[-1] if self.story.spans else None
        if last is not None and last.frames and last.ours is ours and not last.frames[-1].final and frames:
            self.story.spans[-1] = replace(last, end=at, frames=last.frames + frames)
            return
        earliest = max(self._since, last.end if last else 0.0)
        reckoned = at if self.story.by_reports else at - airtime(frames)
        begin = min(at, max(earliest, self._flags_at if self._flags_at is not None else reckoned))
        self._add(
            kind=Kind.FRAMES,
            ours=ours,
            begin=begin,
            end=at,
            frames=frames,
            good=None if frames else False,
            echo=bool(frames) and frames[0] in self._sent,
        )
        self._flags_at = None

    def sent(self, step: Step, _event: events.Sent) -> None:
        self._close(step.at)

    def training(self, step: Step, event: events.TrainingReceived) -> None:
        self._close(step.at, good=event.good)

    def moved(self, step: Step, _event: events.Moved) -> None:
        if self._data_since is None:
            self._data_since = step.at

    def gone(self, step: Step, event: events.PageSent | events.BlockSent) -> None:
        self._close(step.at, count=event.frames if isinstance(event, events.BlockSent) else None)

    def came(self, step: Step, event: events.PageReceived | events.BlockReceived) -> None:
        self._close(step.at, count=len(event.frames) if isinstance(event, events.BlockReceived) else None)

    def silence(self, step: Step, event: events.NoCarrier | events.WrongCarrier) -> None:
        if isinstance(self._doing, _FAST):
            what = "no carrier" if isinstance(event, events.NoCarrier) else "another carrier than the one awaited"
            self._mark(step.at, Moment.SILENCE, f"{what} while {self._state.label}", bad=True)

    def stored(self, step: Step, event: events.PageStored) -> None:
        text = f"the page is {event.verdict.value}"
        if event.bad_lines:
            text += f": {event.bad_lines} of {event.lines} lines bad"
        self._mark(step.at, Moment.PAGE, text, bad=event.verdict is events.Verdict.BAD)

    def expiry(self, step: Step, what: Expiry) -> None:
        names = ", ".join(timer.value for timer in what.timers)
        self._mark(step.at, Moment.TIMER, f"{names} ran out while {self._state.label}", bad=True)

    def cancel(self, step: Step, _what: Cancel) -> None:
        self._mark(step.at, Moment.CALL, "canceled on this side", bad=True)

    def not_connected(self, step: Step, event: events.CallNotConnected) -> None:
        self._mark(step.at, Moment.CALL, f"no connection: {event.outcome.value}", bad=True)

    def lost(self, step: Step, _event: events.LineLost) -> None:
        self._mark(step.at, Moment.TROUBLE, f"the line was lost while {self._state.label}", bad=True)

    def failed(self, step: Step, event: events.Failed) -> None:
        self._mark(step.at, Moment.TROUBLE, f"failed on this side: {event.outcome.value}", bad=True)

    def chosen(self, step: Step, event: events.Chosen) -> None:
        forecast = f"; {event.seconds:.1f} s forecast" if event.seconds else ""
        self._mark(step.at, Moment.CHOICE, f"chosen: {parameters_in_words(event.parameters)}{forecast}")

    # --- carriers ----------------------------------------------------------------------------------------------------

    def _add(self, **values: Any) -> None:  # noqa: ANN401 - the fields of a span
        self.story.spans.append(Span(**values))

    def _close(self, at: float, *, good: bool | None = None, count: int | None = None, whole: bool = True) -> None:
        """What the modem was doing is over: write its carrier down."""
        doing, since = self._doing, self._since
        self._doing = None
        match doing:
            case events.SendFrames(frames):
                self._sent = frames
                begin = max(since, at - airtime(frames))
                self._add(kind=Kind.FRAMES, ours=True, begin=begin, end=at, frames=frames, whole=whole)
            case events.SendTraining(modulation) | events.ReceiveTraining(modulation):
                ours = isinstance(doing, events.SendTraining)
                begin = since if ours else max(since, at - TRAINING_S)
                self._add(
                    kind=Kind.TRAINING, ours=ours, begin=begin, end=at, modulation=modulation, good=good, whole=whole
                )
            case events.SendPage() | events.SendBlock() | events.ReceivePage() | events.ReceiveBlock():
                self._data(doing, at, count, whole=whole)
            case events.AnswerPage(answer) if whole:  # the modem gives it as it awaits the next page
                frames = (Frame.of(answer),)
                self._add(kind=Kind.FRAMES, ours=True, begin=at, end=at + airtime(frames), frames=frames)
            case _:
                self._doing = doing

    def _data(
        self,
        doing: events.SendPage | events.SendBlock | events.ReceivePage | events.ReceiveBlock,
        at: float,
        count: int | None,
        *,
        whole: bool,
    ) -> None:
        ours = isinstance(doing, events.SendPage | events.SendBlock)
        block = doing.block if isinstance(doing, events.SendBlock | events.ReceiveBlock) else None
        page = self._doing_page or doing.page
        if isinstance(doing, events.SendBlock) and doing.frames:
            count = len(doing.frames)
        self._add(
            kind=Kind.DATA,
            ours=ours,
            begin=self._since if ours or self._data_since is None else self._data_since,
            end=at,
            whole=whole,
            modulation=doing.parameters.modulation,
            page=page,
            block=block,
            count=count,
            again=(page, block) in self._crossed,
            octets=self._octets,
            parameters=doing.parameters,
        )
        self._crossed.add((page, block))

    def _broken_off(self, at: float) -> None:
        """Another command takes the place of one that was not done: what of it was on the line?"""
        ours = isinstance(self._doing, events.SendFrames | events.SendTraining | events.SendPage | events.SendBlock)
        if (ours or self._data_since is not None) and at > self._since:
            self._close(at, whole=False)

    # --- what the session made of it ---------------------------------------------------------------------------------

    def _transition(self, step: Step, transition: told.Transition) -> None:
        match transition:
            case told.PhaseEntered(phase):
                self.story.phases.append((phase, step.at))
                self._mark(step.at, Moment.PHASE, f"phase {phase.name}: {phase.value}")
            case told.PageStarted(page):
                self._page = page  # counted in the call; the command counts in the document
            case told.Trained(modulation, good) if self.story.by_reports:
                self._was_trained(step.at, modulation, good=good)
            case told.Trained(_, good):
                self._trained(good=good)
            case _:
                if (words := _TOLD.get(type(transition))) is not None:
                    moment, say = words
                    self._mark(step.at, moment, say(transition), bad=isinstance(transition, _BAD))

    def _was_trained(self, at: float, modulation: Modulation, *, good: bool) -> None:
        """A training that is told of when it is over: by CFR, by the page behind it, or by the next DCS."""
        spans = self.story.spans
        answered = bool(spans) and Fcf.CFR in (frame.fcf for frame in spans[-1].frames)
        place = len(spans) if good and not answered else len(spans) - 1
        end = at if place == len(spans) else spans[place].begin
        begin = max([end - TRAINING_S, *(span.end for span in spans[max(place - 1, 0) : place])])
        ours = isinstance(self._doing, events.BeginPage)
        spans.insert(
            place,
            Span(kind=Kind.TRAINING, ours=ours, begin=min(begin, end), end=end, modulation=modulation, good=good),
        )

    def _trained(self, *, good: bool) -> None:
        for place in range(len(self.story.spans) - 1, -1, -1):
            span = self.story.spans[place]
            if span.kind is Kind.TRAINING:
                if span.good is None:
                    self.story.spans[place] = replace(span, good=good)
                return


_FAST = (events.ReceiveTraining, events.ReceivePage, events.ReceiveBlock)
_BAD = (told.PageRefused, told.BlockRepeated)

# Any: each row takes what it stands under
_HANDLERS: Mapping[type, Callable[[_Teller, Step, Any], None]] = {
    events.FlagsHeard: _Teller.flags,
    events.CallConnected: _Teller.connected,
    events.CallNotConnected: _Teller.not_connected,
    events.FrameReceived: _Teller.frame,
    events.FrameDamaged: _Teller.damaged,
    events.Sent: _Teller.sent,
    events.TrainingReceived: _Teller.training,
    events.Moved: _Teller.moved,
    events.PageSent: _Teller.gone,
    events.BlockSent: _Teller.gone,
    events.PageReceived: _Teller.came,
    events.BlockReceived: _Teller.came,
    events.NoCarrier: _Teller.silence,
    events.WrongCarrier: _Teller.silence,
    events.PageStored: _Teller.stored,
    events.Chosen: _Teller.chosen,
    events.PageBegun: _Teller.begun,
    events.Released: _Teller.released,
    events.LineLost: _Teller.lost,
    events.Failed: _Teller.failed,
    Expiry: _Teller.expiry,
    Cancel: _Teller.cancel,
}

_TOLD: Mapping[type, tuple[Moment, Callable[[Any], str]]] = {
    told.Initializing: (Moment.CALL, lambda _: "setting up the modem"),
    told.Dialing: (Moment.CALL, lambda _: "dialling"),
    told.Turned: (Moment.CHOICE, lambda t: f"polling: {'we send' if t.sends else 'we receive'} from here on"),
    told.BlockRepeated: (Moment.PAGE, lambda t: f"page {t.page} block {t.block}: {t.frames} frames asked for again"),
    told.PageConfirmed: (Moment.PAGE, lambda t: f"page {t.page} is confirmed"),
    told.PageRefused: (Moment.PAGE, lambda t: f"page {t.page} is refused"),
    told.PageStored: (Moment.PAGE, lambda t: f"page {t.page} is on disk ({t.size} bytes in all)"),
    told.CallEnded: (Moment.END, lambda t: f"on hook: {t.outcome.value}, {counted(t.pages, 'page')}"),
}
"What is not in the carriers already."


def counted(number: int, noun: str) -> str:
    """1 page, 2 pages."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
