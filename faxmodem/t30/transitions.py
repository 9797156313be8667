"""What happened in a call, as its session tells it: the only source of job status.

Records in the past tense, equal by value. Page numbers count from 1 within the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome


class Phase(Enum):
    """The phases of a call (T.30 (09/2005) §5.1)."""

    A = "call establishment"
    B = "identification, negotiation and training"
    C = "message transmission"
    D = "post-message procedure"
    E = "call release"


@dataclass(frozen=True, slots=True)
class Initializing:
    """The port is open; the modem is being set up."""


@dataclass(frozen=True, slots=True)
class PhaseEntered:
    """The call entered a phase."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class Dialing:
    """The number has been given to the modem."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up: we went off hook (called side), or the far end did (calling side)."""


@dataclass(frozen=True, slots=True)
class RemoteIdentified:
    """The far end named itself (CSI, TSI or CIG)."""

    station_id: str


class Note(Enum):
    """What a far end may tell besides its name, by the frame that carries it."""

    SUBADDRESS = "SUB"
    SENDER_ID = "SID"
    PASSWORD = "PWD"  # noqa: S105 - the name of a frame
    SELECTIVE_POLLING = "SEP"
    POLLED_SUBADDRESS = "PSA"
    CALLER_ADDRESS = "TSA"
    CALLED_ADDRESS = "CIA"
    CALLED_ADDRESS_ANSWER = "CSA"
    SERVICE_PROVIDER = "ISP"
    ROUTING_ADDRESS = "IRA"
    MAKER = "NSF"


@dataclass(frozen=True, slots=True)
class RemoteTold:
    """The far end told something that goes with the document: a subaddress, a password, an address, its maker."""

    note: Note
    text: str


@dataclass(frozen=True, slots=True)
class Turned:
    """The document goes the other way than at first: it is polled."""

    sends: bool
    "This station sends from now on; False: it receives."


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A DCS was sent or taken: so the pages that follow cross the line."""

    parameters: Parameters
    forecast_s: float = 0.0
    "Sending: how long the document will take on the line, as far as that was forecast."


@dataclass(frozen=True, slots=True)
class Trained:
    """A training was sent or received with this result (CFR, FTT)."""

    modulation: Modulation
    good: bool


@dataclass(frozen=True, slots=True)
class PageStarted:
    """Page `page` begins to cross the line. A repeat after a refusal starts the same page again."""

    page: int


@dataclass(frozen=True, slots=True)
class BlockRepeated:
    """Some frames of a block cross the line again: the receiver asked for them (PPR)."""

    page: int
    block: int
    frames: int


@dataclass(frozen=True, slots=True)
class PageConfirmed:
    """Sending: the receiver confirmed the page (MCF, RTP, PIP)."""

    page: int


@dataclass(frozen=True, slots=True)
class PageRefused:
    """The page was bad: the receiver said so (RTN, PIN), or we did."""

    page: int


@dataclass(frozen=True, slots=True)
class PageStored:
    """Receiving: the page is on disk."""

    page: int
    size: int
    "Bytes of the whole file so far."


@dataclass(frozen=True, slots=True)
class Canceling:
    """This side was told to end the call."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The modem is on hook. Nothing follows."""

    outcome: Outcome
    pages: int
    "Pages confirmed by the receiver, and pages stored."


Transition = (
    Initializing
    | PhaseEntered
    | Dialing
    | Answered
    | RemoteIdentified
    | RemoteTold
    | Turned
    | Negotiated
    | Trained
    | PageStarted
    | BlockRepeated
    | PageConfirmed
    | PageRefused
    | PageStored
    | Canceling
    | CallEnded
)
