"""What a modem driver owes its callers, at two levels.

Carrier level (Class 1 and 1.0): the driver knows AT commands, DLE stuffing, silences and time limits of the DCE; it
knows nothing of T.30 procedure. Frames cross this seam as bytes in link order (the first bit on the line is the least
significant): address, control, FCF, FIF, without FCS and without flags.

Page level (Class 2, 2.0 and 2.1): the DCE runs T.30 itself. The driver gives and takes pages, and tells what the DCE
reports of the procedure as the T.30 frames that must have crossed the line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, runtime_checkable

from faxmodem.errors import FaxModemError
from faxmodem.modem.callerid import CallerInfo
from faxmodem.modem.ringing import RingRules
from faxmodem.t30.addressing import Addressing
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome


class Heard(Enum):
    """What came instead of a frame or of data."""

    DAMAGED = "damaged"
    "A frame whose FCS is wrong, or that was cut short."
    NO_CARRIER = "no_carrier"
    "The carrier went away, or none came within the modem's own time."
    WRONG_CARRIER = "wrong_carrier"
    "A carrier of another modulation is on the line (+FCERROR)."


class Link(Enum):
    """What the two modems have agreed on when a call is up."""

    V21 = "v21"
    "Frames in V.21, pages in modulations that the stations choose."
    V34 = "v34"
    """V.34 half duplex (T.30 (09/2005) Annex F): frames cross on its control channel, blocks on its primary channel,
    both without a word of their modulation; there is no TCF and no data without error correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemIdentity:
    """Who the modem says it is, and what it can do."""

    answers: dict[str, str] = field(default_factory=dict)
    "Identification commands that were answered, e.g. {'ATI3': '...', '+FMI?': '...'}."
    classes: tuple[str, ...] = ()
    "Service classes as the modem lists them, e.g. ('0', '1', '1.0')."
    transmits: frozenset[Modulation] = frozenset()
    receives: frozenset[Modulation] = frozenset()
    tells_late_s: float = 0.0
    "Carrier level: how much later than others the modem tells of flags; the far end's answers are waited for longer."
    abilities: Capabilities | None = None
    "Page level: what the modem can be told to offer and to use; None: whatever we can, it can."

    @property
    def title(self) -> str:
        """Maker, model and revision in one line, as far as they are known."""
        keys = (("+FMI?", "+FMFR?"), ("+FMM?", "+FMDL?"), ("+FMR?", "+FREV?"))  # Class 2 has names of its own
        parts = [self.answers.get(key) or self.answers.get(other, "") for key, other in keys]
        return " ".join(part for part in parts if part) or self.answers.get("ATI3", "") or "unknown modem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A call comes in."""

    info: CallerInfo = field(default_factory=CallerInfo)
    "What the modem told of it."

    @property
    def caller_id(self) -> str:
        """The caller's number or else the name; at most 259 characters, control characters removed."""
        return self.info.best


class Answering(Enum):
    """Another way to take a call than with a tone, as a fax."""

    SILENT = "silent"
    "Without the tone, for a call that a person has begun: the first thing that the far end hears is our DIS."
    ADAPTIVE = "adaptive"
    "The modem finds out whether fax, data or voice calls."


class OtherCall(Enum):
    """What else than a fax may call."""

    DATA = "data"
    VOICE = "voice"


class CallFailed(FaxModemError):
    """Dialling or answering did not end in a connection; `outcome` says why (BUSY, NO_ANSWER, ...)."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class NotFax(CallFailed):
    """The modem says that no fax calls; the call is still up, `result` what the modem said last of it."""

    def __init__(self, call: OtherCall, result: str) -> None:
        super().__init__(Outcome.NOT_A_FAX, f"a {call.value} call came ({result})")
        self.call = call
        self.result = result


class LineDropped(FaxModemError):
    """The modem is on hook although a call was up: the far end hung up, or the line was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Who we are in the call to come: what a modem must be told that runs T.30 itself."""

    calling: bool
    station_id: str = ""
    offers: Capabilities
    "What our DIS or DTC is to say; `has_document` among it."
    max_rate_bps: int = 14400
    "Of both directions."
    sends: bool = False
    "Calling: a document of ours goes, before all else."
    polls: bool = False
    "Calling: the far end's document is wanted; if ours goes first, `poll_next` says when."
    addressing: Addressing = field(default_factory=Addressing)


class SessionEnded(FaxModemError):
    """A modem that runs T.30 itself has ended the session; `outcome` and `code` (its own words) say how."""

    def __init__(self, outcome: Outcome, code: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.code = code


class FaxModem(Protocol):
    """What modems of both levels have in common. One call of a method at a time.

    Every method may be cancelled at any point: the next method then first brings the modem back to
    command state (abort character, <DLE><ETX>, and if it stays silent the recovery of the profile).

    Raises, besides what each method says: `PortError` when the port is gone, `ModemError` when the modem stops
    to answer or refuses what it must accept, `LineDropped` when the modem turns out to be on hook during a call.
    """

    @property
    def identity(self) -> ModemIdentity:
        """What `set_up` found out."""
        ...

    @property
    def service_class(self) -> str:
        """The service class in which the modem is used."""
        ...

    async def set_up(self) -> ModemIdentity:
        """Reset, identify and configure the modem for fax calls."""
        ...

    @property
    def descriptor(self) -> int | None:
        """The port's, for a program that is to have the port while nothing is done here; None: it has none."""
        ...

    @property
    def baud(self) -> int | None:
        """The port's rate in bit/s; None: the one at which it was opened."""
        return None

    async def wait_for_ring(self, rings: RingRules | int = 1) -> Ring:
        """Wait until the telephone has rung so often, or as the rules say, with some seconds between at most."""
        ...

    async def pick_up(self, how: Answering) -> None:
        """Take the call in another way than `answer` does, which is called next and goes on from there.

        Raises `NotFax`, after which the call is up, and `CallFailed`.
        """
        ...

    async def hang_up(self) -> None:
        """Leave the modem on hook, whatever it was doing. Safe to call twice. Tries everything it can."""
        ...

    async def aclose(self) -> None:
        """Hang up if a call may be up, and close the port."""
        ...


class CarrierModem(FaxModem, Protocol):
    """A modem at carrier level."""

    async def dial(self, number: str) -> Link:
        """Call `number`; returns when the far end's carrier is there. Raises `CallFailed`, `DialError`."""
        ...

    async def answer(self) -> Link:
        """Take the call; returns when the modem sends flags, ready for the first frame. Raises `CallFailed`."""
        ...

    async def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send frames in one V.21 transmission, after the silence that the last action makes necessary.

        The control field's final bit (0x10) must be set in the last frame and in no other.
        """
        ...

    async def receive_frame(self, on_flags: Callable[[], None] = lambda: None) -> bytes | Heard:
        """Listen for the next V.21 frame; `on_flags` is called as soon as flags are heard.

        Waits for as long as the modem does: the caller cancels when his own timer runs out.
        """
        ...

    async def send_data(
        self,
        modulation: Modulation,
        data: bytes,
        *,
        short: bool = False,
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        """Train, send `data` (link order) and drop the carrier; returns when the modem has sent everything.

        `on_progress` gets the number of bytes that the modem has taken so far.
        """
        ...

    async def receive_data(
        self, modulation: Modulation, on_data: Callable[[bytes], None], *, short: bool = False
    ) -> Heard:
        """Wait for a carrier of `modulation` and hand its data to `on_data` in pieces, in link order, as they come.

        Returns NO_CARRIER when the carrier went away after the data or none came, WRONG_CARRIER when another one is
        on the line. To stop early, cancel.
        """
        ...

    async def send_block(
        self,
        modulation: Modulation,
        frames: Sequence[bytes],
        *,
        short: bool = False,
        on_progress: Callable[[int], None] = lambda _sent: None,
    ) -> None:
        """Train, send `frames` as HDLC on the message channel (T.4 (07/2003) Annex A) and drop the carrier.

        `frames`: FCD and RCP, as they would cross V.21: address, control, FCF, FIF. Flags, zero insertion and FCS are
        the driver's. `on_progress` gets the number of frames that the modem has taken so far.
        """
        ...

    async def slow_down(self) -> None:
        """V.34: have the two modems settle on a lower rate for the blocks to come."""
        ...

    async def receive_block(
        self,
        modulation: Modulation,
        on_frame: Callable[[bytes | None], None],
        *,
        short: bool = False,
        on_carrier: Callable[[], None] = lambda: None,
    ) -> Heard:
        """Wait for a carrier of `modulation` and hand each HDLC frame on it to `on_frame`; None for a damaged one.

        `on_carrier` is called once, when the carrier is there: flags may come for minutes before the first frame.
        Returns as `receive_data` does.
        """
        ...


Told = Callable[[Frame], None]
"""Is called with each frame that the modem's reports stand for, in their order: CSI, NSF, DIS, TSI, DCS, SUB, DTC and
so on. What the reports leave open of a DIS or DCS is filled in as such a modem would have it."""


@runtime_checkable
class PageModem(FaxModem, Protocol):
    """A modem at page level. Every method that acts on the line raises `SessionEnded` when the modem ends the call."""

    async def prepare(self, station: Station) -> None:
        """Tell the modem all that it must know before it dials or answers."""
        ...

    async def dial(self, number: str, told: Told) -> None:
        """Call `number`; returns when the far end has said what it can do (DIS is told). Raises `CallFailed`."""
        ...

    async def answer(self, told: Told) -> None:
        """Take the call; returns when the caller has said what he wants (DCS or DTC is told). Raises `CallFailed`."""
        ...

    async def poll_next(self) -> None:
        """The page that is begun next is our last, and behind it (EOM) the far end's document is wanted."""
        ...

    async def begin_page(self, parameters: Parameters, told: Told) -> Parameters:
        """Have a page negotiated as `parameters` say, and wait until the modem takes its data; gives what is in force.

        The modem may settle on something else: the page is then to be coded for that.
        """
        ...

    async def send_page(
        self, data: bytes, parameters: Parameters, *, on_progress: Callable[[int], None] = lambda _sent: None
    ) -> None:
        """Send the coded page (link order, without RTC or EOFB); returns when the modem has taken everything.

        `on_progress` gets the number of octets that the modem has taken so far.
        """
        ...

    async def end_page(self, command: Fcf, told: Told) -> Frame:
        """Say what follows the page (MPS, EOM, EOP); gives the far end's answer: MCF, RTP, RTN, PIP or PIN."""
        ...

    async def receive_page(
        self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
    ) -> Frame:
        """Let the modem answer the page before, and receive the next: `on_begin` once, then `on_data` in link order.

        Gives the post-page command that followed (MPS, EOM, EOP, PRI or not), or the DTC of a caller who wants our
        document after he has sent his. `SessionEnded` with OK: none comes.
        """
        ...

    async def answer_page(self, answer: Fcf) -> None:
        """Settle what the modem is to answer for the page that has come: MCF, RTP or RTN."""
        ...


Modem = CarrierModem | PageModem
"Whoever carries a call through asks which of them it is, and nobody above does."
