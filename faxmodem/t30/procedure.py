"""What the moves of a session work on: the call's facts, its timers, and the two ways to tell the outside something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.errors import LocalProtocolError
from faxmodem.t30 import events
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.bits import Bits
from faxmodem.t30.blocks import BLOCK_FRAMES, HeardBlock, SentBlock
from faxmodem.t30.capabilities import Capabilities, PageInfo, PageLength, Parameters, candidates
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import Record, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.states import Signal, State
from faxmodem.t30.timers import Limits, Timer
from faxmodem.t30.transitions import Note, Transition

LARGEST_BLOCK_BITS = BLOCK_FRAMES * 256 * 8
"Data of a block of error correction at most (T.4 (07/2003) §A.3)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a session is to do, fixed before it starts."""

    calling: bool
    "True: we dial. False: we answer."
    first_page: PageInfo | None
    """The first page of our document: to be sent if we dial, to be polled if we answer. None: there is none. A station
    that answers always takes a document, too."""
    polls: bool = False
    "Calling: ask for the far end's document (DTC), after our own has gone if there is one."
    addressing: Addressing = field(default_factory=Addressing)
    door: Door = field(default_factory=Door)
    number: str = ""
    "What to dial."
    station_id: str = ""
    "Our own telephone number, told as TSI or CSI; none is sent when it is empty."
    transmits: frozenset[Modulation] = frozenset(Modulation)
    "What our modem can send."
    receives: frozenset[Modulation] = frozenset(Modulation)
    "What our modem can receive."
    max_rate_bps: int = 14400
    "Of the modulations that the stations choose from; V.34 goes its own way."
    codings: frozenset[Coding] = frozenset(Coding)
    "What we send and receive; MH is always among them."
    resolutions: frozenset[Resolution] = frozenset(Resolution)
    "What we receive."
    ecm: bool = True
    "Error correction, where the far end has it too."
    page_level: bool = False
    "The modem runs T.30 itself, and tells of it; False: all of it is done here."
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.calling and self.first_page is None and not self.polls:
            raise LocalProtocolError("a station that calls has something to send, or polls")
        if self.polls and not self.calling:
            raise LocalProtocolError("only the station that calls can poll")

    def offer(self) -> Capabilities:
        """What our DIS or DTC says that we can receive."""
        allowed = frozenset(m for m in self.receives if m.rate_bps <= self.max_rate_bps)
        codings = self.codings | {Coding.MH}
        return Capabilities(
            receives=True,
            has_document=not self.calling and self.first_page is not None,
            modulations=allowed | {Modulation.V27TER_2400},  # the least that a DIS can say
            resolutions=self.resolutions | {Resolution.STANDARD},
            widths=WIDTHS,
            lengths=tuple(PageLength),
            codings=codings if self.ecm else codings - {Coding.MMR},
            ecm=self.ecm,
            v8=not self.calling and Modulation.V34 in self.receives,
            subaddress=True,
            password=True,
            selective_polling=not self.calling and bool(self.door.selective),
        )


@dataclass(slots=True)
class Call:
    """The facts of one call as far as they are known. Only the moves and the session change it."""

    settings: Settings
    now: float = 0.0
    commands: list[events.Command] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    timers: dict[Timer, float] = field(default_factory=dict)

    v34: bool = False
    "The modems have agreed on V.34 half duplex: no TCF, no CTC, and error correction always."
    polling: bool = False
    "We want the far end's document, and ask for it with DTC instead of DIS."
    outcome: Outcome | None = None
    "How the call will have ended, as soon as that is certain."
    heard_frames: bool = False
    "The far end has shown that it speaks T.30."
    remote_id: str = ""
    remote: Capabilities | None = None
    last_sent: tuple[Frame, ...] = ()
    tries: int = 0
    "How often the present command has been sent."

    told: dict[Note, str] = field(default_factory=dict)
    "What the far end has told beside its name."

    page: int = 1
    "The page now crossing the line, counted from 1 in the call."
    pages_before: int = 0
    "Pages of this call that went the other way, before the document's first."
    pages_done: int = 0
    "Pages confirmed by the receiver, or stored."
    page_info: PageInfo | None = None
    next_page: PageInfo | None = None
    page_tries: int = 0
    "How often the present page was refused."
    parameters: Parameters | None = None
    steps: tuple[Modulation, ...] = ()
    "The modulations that are left, the present one first."
    trainings: int = 0
    "Receiving: bad trainings since the last good one. Sending: those at the lowest rate."
    long_training: bool = False
    "The next block trains long: the rate has changed without a TCF."
    sent_block: SentBlock = field(default_factory=SentBlock)
    heard_block: HeardBlock = field(default_factory=HeardBlock)
    confirmed_block: tuple[int, int] | None = None
    "Page and block of the last PPS or EOR whose block is done with, as it named them."

    post_command: Fcf | None = None
    "The post-message command of the last page, sent or received."
    answer: Fcf | None = None
    "Our last answer to a post-message command; None before the first, and after each new training."
    answer_record: Record | None = None
    "What that answer carries."
    answered_at: float = 0.0
    "When that answer had been sent; long ago, if something has crossed the line since."
    has_gaps: bool = False
    "A sender has gone on without a part of its page (EOR)."
    page_waiting: bool = False
    "Page data has come that is not yet judged."

    said: Frame | None = None
    "Page level: the far end's last DIS or DTC."
    asked: Parameters | None = None
    "Page level: what the modem was last asked for; what it made of that are `parameters`."
    forecast_s: float = 0.0
    "Page level: how long the document was forecast to take."
    dcs_came: bool = False
    "Page level: a DCS has crossed the line, and no page data since."
    released: Outcome | None = None
    "Page level: how the modem says that the session has ended."

    @property
    def limits(self) -> Limits:
        """The time limits of this call."""
        return self.settings.limits

    @property
    def progress_s(self) -> float:
        """For how long nothing may move.

        A modem that corrects errors itself may hold a block, and we see nothing of it while that is repeated.
        """
        if not self.settings.page_level or self.parameters is None:
            return self.limits.progress_s
        return (
            self.limits.progress_s + self.limits.block_tries * LARGEST_BLOCK_BITS / self.parameters.modulation.rate_bps
        )

    def do(self, command: events.Command) -> None:
        """Have the modem do this."""
        self.commands.append(command)

    def tell(self, transition: Transition) -> None:
        """Tell the outside that this has happened."""
        self.transitions.append(transition)

    def start(self, timer: Timer, seconds: float) -> None:
        """Start a timer, or start it anew."""
        self.timers[timer] = self.now + seconds

    def stop(self, *timers: Timer) -> None:
        """Stop timers, whether they run or not."""
        for timer in timers:
            self.timers.pop(timer, None)

    def send(self, *frames: Frame) -> None:
        """Have these frames sent, and remember them to know their echo."""
        self.last_sent = frames
        self.do(events.SendFrames(frames))

    def frame(self, fcf: Fcf, record: Record | None = None, *, final: bool = True) -> Frame:
        """One of our own frames. The station that has received a DIS, the caller, sets X (§5.3.6.1)."""
        return Frame.of(fcf, record, x=self.settings.calling, final=final)

    def texts(self, said: Mapping[Fcf, str]) -> list[Frame]:
        """The frames that go before a DIS, DTC or DCS, in their order; what is empty is left out."""
        return [self.frame(fcf, StationId(text), final=False) for fcf, text in said.items() if text]

    def respond(self, fcf: Fcf, record: Record | None = None) -> None:
        """Settle our answer to the command that came, which is given again as long as that command is repeated."""
        self.answer, self.answer_record = fcf, record

    @property
    def page_in_document(self) -> int:
        """The page now crossing the line, counted from 1 in its document."""
        return self.page - self.pages_before

    @property
    def page_counter(self) -> int:
        """The page as PPS counts it, but for the modulus (§A.4.3)."""
        return self.page_in_document - 1

    def candidates(self, page: PageInfo, modulation: Modulation) -> tuple[Parameters, ...]:
        """Every way to send this page that both ends have, the usual choice first."""
        if self.remote is None:
            raise RuntimeError("the far end has not told yet what it can do")
        return candidates(self.remote, page, modulation, codings=self.settings.codings, ecm=self.settings.ecm)

    def end_with(self, outcome: Outcome) -> None:
        """Settle how the call ends. What was settled first stays."""
        self.outcome = self.outcome or outcome

    @property
    def chosen(self) -> Parameters:
        """The parameters in force. Raises RuntimeError before the first DCS: a bug in the table of moves."""
        if self.parameters is None:
            raise RuntimeError("no DCS has been sent or received yet")
        return self.parameters


def bits_of(frame: Frame | None) -> Bits:
    """The bits of a DIS or DCS. Raises TypeError for another frame: a bug in the table of moves."""
    bits = frame.record() if frame else None
    if not isinstance(bits, Bits):
        raise TypeError(f"{frame} carries no bits of DIS or DCS")
    return bits


Action = Callable[[Call, Frame | None], State | None]
"Does what a signal asks for, and gives the state to enter; None: stay, and go on with what is being done."


@dataclass(frozen=True, slots=True)
class Move:
    """What one signal does in one state."""

    action: Action
    targets: frozenset[State]
    "Every state that the action may choose; empty: it always stays."


def move(action: Action, *targets: State) -> Move:
    """A move whose action picks one of `targets`, or stays by giving None."""
    return Move(action, frozenset(targets))


def goto(target: State) -> Move:
    """A move that only changes the state."""
    return Move(lambda _call, _frame: target, frozenset({target}))


STAY = Move(lambda _call, _frame: None, frozenset())
"The signal is known and changes nothing."

Rows = Mapping[tuple[State, Signal], Move]
Entry = Callable[[Call], None]
"What a state does when it is entered: its command and its timers."

# Any: each of these takes the one kind of event that it stands for.
Take = Callable[[Call, Any], None]
"Notes what an event says beyond its signal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """The tables that a session walks."""

    moves: Rows
    "Every move, by state and signal."
    entries: Mapping[State, Entry]
    takes: Mapping[type[events.Event], Take]
    unbounded: frozenset[State]
    "States that have a timer of their own, or whose page may take as long as it moves."


def give_up(outcome: Outcome) -> Callable[[Call, Frame | None], State]:
    """An action that ends the call in an orderly way: DCN, then on hook."""

    def action(call: Call, _frame: Frame | None) -> State:
        call.end_with(outcome)
        return State.SENDING_DCN

    return action


def break_off(outcome: Outcome) -> Callable[[Call, Frame | None], State]:
    """An action that ends the call at once: nobody is there, or no modem that could send DCN."""

    def action(call: Call, _frame: Frame | None) -> State:
        call.end_with(outcome)
        return State.HANGING_UP

    return action


left = break_off(Outcome.FAR_END_DISCONNECTED)
"DCN where a response or a command was due. It is not answered (T.30 (09/2005) §5.3.6.1.8)."
