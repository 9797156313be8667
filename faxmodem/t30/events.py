"""What a session is told (events, past tense) and what it wants done (commands, imperative).

One command is outstanding at a time; a new one takes the place of the one before, which is then to be aborted. Only
StorePage and StoreBlock go on beside those that follow them: their event comes when they are done. The modem's bytes
and a page's data never pass through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from faxmodem.t30.capabilities import PageInfo, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Dial:
    """Call this number and wait for the far end's carrier."""

    number: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Go off hook and send the answering tone."""


@dataclass(frozen=True, slots=True)
class SendFrames:
    """Send these frames in one V.21 transmission."""

    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen for V.21 frames until another command comes."""


@dataclass(frozen=True, slots=True)
class SendTraining:
    """Send a TCF, with long training."""

    modulation: Modulation


@dataclass(frozen=True, slots=True)
class ReceiveTraining:
    """Receive and judge a TCF."""

    modulation: Modulation
    ecm: bool = False
    "Error correction mends what a channel does that is not quite clean."


@dataclass(frozen=True, slots=True)
class Choose:
    """Pick the parameters that bring the document across in the least time; all of them keep its quality."""

    candidates: tuple[Parameters, ...]
    "The far end and we can do each of them; the first is the usual choice."
    page: int = 1
    "The page that comes first now, counted from 1 in the document."


@dataclass(frozen=True, slots=True)
class SendPage:
    """Send the current page, coded for these parameters, with short training where the modulation has it."""

    page: int
    "Counts from 1 in the document."
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class SendBlock:
    """Send frames of one block of the current page, and RCP (T.4 (07/2003) Annex A)."""

    page: int
    "Counts from 1 in the document."
    block: int
    "Counts from 0 in the page."
    frames: tuple[int, ...]
    "Numbers of the frames to send; empty: all that the block has."
    parameters: Parameters
    long_training: bool
    "V.17 trains long: the rate has changed without a TCF (CTC)."
    slower: bool = False
    "V.34: the modems are to settle on a lower rate first."


@dataclass(frozen=True, slots=True)
class ReceivePage:
    """Receive page data."""

    page: int
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class ReceiveBlock:
    """Receive frames of one block of the current page."""

    page: int
    block: int
    "Counts from 0 in the page."
    parameters: Parameters
    again: bool
    "Frames of this block came before; those that come now are added. False: whatever came is forgotten."
    long_training: bool


@dataclass(frozen=True, slots=True)
class StoreBlock:
    """Add the first `frames` frames of the block that came to the page; frames that never came are left out."""

    page: int
    block: int
    frames: int


@dataclass(frozen=True, slots=True)
class StorePage:
    """Decode, judge and store the page that came last; it is not confirmed before `PageStored`."""

    page: int
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class BeginPage:
    """Page level: have the modem agree with the far end on these parameters, and train, if that is due."""

    page: int
    "Counts from 1 in the document."
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class EndPage:
    """Page level: have the modem say what follows the page that has gone out, and get the far end's answer."""

    command: Fcf
    "MPS, EOM or EOP."


@dataclass(frozen=True, slots=True)
class AwaitPage:
    """Page level: let the modem give its answer for the page before, if there was one, and receive what comes."""

    page: int


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """Page level: settle the answer that the modem is to give for the page that has come."""

    answer: Fcf
    "MCF, RTP or RTN."


@dataclass(frozen=True, slots=True)
class HangUp:
    """Leave the modem on hook."""


Command = (
    Dial
    | Answer
    | SendFrames
    | Listen
    | SendTraining
    | ReceiveTraining
    | Choose
    | SendPage
    | SendBlock
    | ReceivePage
    | ReceiveBlock
    | StoreBlock
    | StorePage
    | BeginPage
    | EndPage
    | AwaitPage
    | AnswerPage
    | HangUp
)


@dataclass(frozen=True, slots=True)
class CallConnected:
    """Dial: the far end's carrier is there. Answer: the modem is sending flags."""

    v34: bool = False
    "The modems have agreed on V.34 half duplex (T.30 (09/2005) Annex F)."


@dataclass(frozen=True, slots=True)
class CallNotConnected:
    """The call was not established."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Sent:
    """SendFrames or SendTraining is done; the carrier is off."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Choose is done."""

    parameters: Parameters
    "One of the candidates."
    seconds: float = 0.0
    "How long the document's pages will take on the line with them, as far as that was forecast."


@dataclass(frozen=True, slots=True)
class BlockSent:
    """SendBlock is done; the carrier is off."""

    frames: int
    "How many frames the whole block has."
    more: bool
    "Another block of the same page follows."
    next_page: PageInfo | None
    "The page that follows in the document, None after the last."
    command: Fcf | None = None
    "What to say behind the page; None: what the next page asks for."


@dataclass(frozen=True, slots=True)
class PageSent:
    """SendPage is done; the carrier is off."""

    next_page: PageInfo | None
    "The page that follows in the document, None after the last."
    command: Fcf | None = None
    "What to say behind the page; None: what the next page asks for."


@dataclass(frozen=True, slots=True)
class FlagsHeard:
    """Listening: V.21 flags are on the line, a frame is about to come. Receiving a block: its carrier is there."""


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A frame came whole, with a good FCS."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class FrameDamaged:
    """A frame came with a bad FCS, or bytes that are no frame."""


@dataclass(frozen=True, slots=True)
class NoCarrier:
    """The expected carrier did not come, or went away with nothing on it."""


@dataclass(frozen=True, slots=True)
class WrongCarrier:
    """Another modulation is on the line than the one awaited."""


@dataclass(frozen=True, slots=True)
class TrainingReceived:
    """A TCF came and was judged."""

    good: bool


@dataclass(frozen=True, slots=True)
class PageReceived:
    """Page data came and its carrier is off."""


@dataclass(frozen=True, slots=True)
class BlockReceived:
    """Frames of a block came, or at least their carrier, which is off now."""

    frames: frozenset[int]
    "Numbers of the frames that came whole in this burst."


@dataclass(frozen=True, slots=True)
class BlockStored:
    """StoreBlock is done."""


class Verdict(Enum):
    """What the receiver thinks of a page."""

    GOOD = "good"
    "Answered with MCF."
    POOR = "poor"
    "Kept, but the line should be trained again: RTP."
    BAD = "bad"
    "Not kept as confirmed: RTN."


@dataclass(frozen=True, slots=True)
class PageStored:
    """The page was judged and, unless it is bad, is on disk."""

    verdict: Verdict
    size: int
    "Bytes of the file so far."
    lines: int = 0
    bad_lines: int = 0
    "Lines that were damaged."
    longest_bad_run: int = 0
    "The longest run of damaged lines, one after the other."


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes of a page moved over the line."""


@dataclass(frozen=True, slots=True)
class LineLost:
    """The modem found itself on hook during the call."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something on this side makes it impossible to go on: port, modem, document, disk."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PageBegun:
    """Page level: BeginPage is done and the modem takes page data, or AwaitPage has come to page data."""

    parameters: Parameters
    "So the page crosses the line, as the modem tells: not always as it was asked for."


@dataclass(frozen=True, slots=True)
class Released:
    """Page level: the modem has ended the fax session by itself, and says why."""

    outcome: Outcome
    "OK: all that was to be done was done, as far as the modem knows."
    code: str
    "As the modem words it."


@dataclass(frozen=True, slots=True)
class HungUp:
    """The modem is on hook."""


Event = (
    CallConnected
    | CallNotConnected
    | Sent
    | PageSent
    | FlagsHeard
    | FrameReceived
    | FrameDamaged
    | NoCarrier
    | WrongCarrier
    | TrainingReceived
    | Chosen
    | BlockSent
    | BlockReceived
    | BlockStored
    | PageReceived
    | PageStored
    | Moved
    | PageBegun
    | Released
    | LineLost
    | Failed
    | HungUp
)
