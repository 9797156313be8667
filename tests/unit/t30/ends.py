"""The two ends of a call on a simulated line: what becomes of it, and what holds for it however it went.

What the receiving end stores is the content that crossed the line, frame for frame: a page with a frame too few, too
many or out of place is not the page that was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from faxmodem.t30 import events, transitions
from faxmodem.t30.capabilities import PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.session import Session
from faxmodem.t30.transitions import CallEnded, Transition

SHAPES = ((3,), (2, 4), (1,), (5, 1, 2), (256,), (2, 256, 1))
"Frames of the blocks of the first, second ... page, and again from the start."

Piece = tuple[int, int, int]
"What one frame carries: page in the document, block, number."


class Harm(Enum):
    """What becomes of one transmission."""

    LOST = "lost"
    "It passes without a trace."
    SPOILT = "spoilt"
    "It is heard, but nothing in it is good; of a block, every other frame."


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
    lose_frames: float = 0.0
    "One frame of a block is damaged."
    lose_run: float = 0.0
    "A block's frames are damaged from some frame to some other."
    slow_disk: float = 0.0
    "Storing a page takes longer than a sender would wait."
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
    plan: Mapping[int, Harm] = field(default_factory=dict)
    "What becomes of the first, second ... transmission of the call, whoever sends it."


GOOD_LINE = Faults()


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
    sent: list[Fcf | None] = field(default_factory=list)
    bursts: list[events.SendBlock] = field(default_factory=list)
    frames: dict[int, Piece] = field(default_factory=dict)
    "What came of the present block."
    data: list[Piece] = field(default_factory=list)
    "What came of the present page."
    stored: list[list[Piece]] = field(default_factory=list)

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

    def numbers(self, *kinds: type[Transition]) -> list[int]:
        """The page numbers of its transitions of these kinds."""
        return [said.page for said in self.said if isinstance(said, kinds) and hasattr(said, "page")]


def content(page: int, *, ecm: bool) -> list[Piece]:
    """What a page of the document carries; without error correction it is all of a piece."""
    shape = SHAPES[(page - 1) % len(SHAPES)]
    return [(page, block, n) for block, size in enumerate(shape) for n in range(size)] if ecm else [(page, 0, 0)]


# --- what holds for every call, however it went ----------------------------------------------------------------------


_NUMBERS = {tuple(content(page, ecm=ecm)): page for page in range(1, 20) for ecm in (False, True)}


def pages_of(end: End) -> list[int]:
    """Which pages of the document it has stored, in order; 0 for one that is not as it was sent."""
    return [_NUMBERS.get(tuple(page), 0) for page in end.stored]


def check(caller: End, called: End) -> None:
    """Nobody was told what is not so, every page came once and in order, and all of it took bounded time."""
    for end in (caller, called):
        assert sum(isinstance(said, CallEnded) for said in end.said) == 1
        assert end.outcome is end.session.outcome
        booked = end.numbers(transitions.PageConfirmed, transitions.PageStored)
        assert booked == list(range(1, end.ended.pages + 1)), "confirmed or stored once each, in order"
        assert len(end.stored) == len(end.told(transitions.PageStored))
    _check_way(caller, called)
    _check_way(called, caller)


def _check_way(sender: End, receiver: End) -> None:
    sent, stored = len(sender.told(transitions.PageConfirmed)), pages_of(receiver)
    whole = [page for page in stored if page]
    assert set(range(1, sent + 1)) <= set(whole), "confirmed, but not on the receiver's disk"
    assert whole == sorted(whole)
    if 0 in stored:
        assert Fcf.EOR in sender.sent, "a damaged page is taken only when its sender gives it up"
        assert Outcome.OK not in (sender.outcome, receiver.outcome)
    has_sent = sender.session._call.settings.calling or transitions.Turned(sends=True) in sender.said
    if sender.outcome is Outcome.OK and has_sent:
        assert sent == len(sender.document)
    if receiver.outcome is Outcome.OK and sender.document:
        assert sorted(set(whole)) == list(range(1, max(whole, default=0) + 1)), "a page is missing"
    doubles = len(whole) - len(set(whole))
    if sender.bursts:
        assert not doubles, "with error correction each block is named, and so is a repeated command"
    # Two faults in a row can make a repeated command look like one that follows a lost page. It is refused
    # then, and the page comes twice: that can be seen, a page that is missing cannot.
    assert doubles <= len(receiver.told(transitions.PageRefused))
