"""What each frame carries behind its FCF, declared once with construct for both ways.

`decode(fcf, fif)` gives one frozen record; `encode(fcf, record)` gives the bytes back. Frames without a FIF of their
own, and those whose FIF is of no use to this program, carry `Opaque`.

T.30 (09/2005) §5.3.6.2, Annex A §A.4; T.35 for country codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from construct import Byte, Bytes, Construct, ConstructError, GreedyBytes, Int8ub, Struct

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.fcf import X_BIT, Fcf
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from faxmodem.t30.nsf import country_code, mirrored

ID_LENGTH = 20
"Characters of a station id, subaddress or password."


@dataclass(frozen=True, slots=True)
class Opaque:
    """Octets as they came."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class StationId:
    """A telephone number or the like: CSI, TSI, CIG, SUB, SEP, PWD, SID, PSA."""

    text: str


@dataclass(frozen=True, slots=True)
class NonStandard:
    """NSF, NSC, NSS: a maker's own facilities."""

    country: int
    "T.35 country code in the order T.30 prints it (0xB5 is the United States); see `faxmodem.t30.nsf`."
    data: bytes
    "Everything behind the country code, in link order."


@dataclass(frozen=True, slots=True)
class PartialPage:
    """PPS: which block of which page has been sent."""

    command: int
    "FCF of the post-message command inside, X = 0: 0 for PPS-NULL, else MPS, EOM, EOP, PRI-x, EOS."
    page: int
    block: int
    frames: int
    "Frames of this burst, 1 to 256; a burst of none is sent as one of 1 (the octet 00), and so is read."


@dataclass(frozen=True, slots=True)
class PartialPageRequest:
    """PPR: the numbers of the frames that the receiver wants again."""

    frames: frozenset[int]


@dataclass(frozen=True, slots=True)
class EndOfRetransmission:
    """EOR: the sender gives up on the frames still missing."""

    command: int


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """FCD: one frame of page data under error correction."""

    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ContinueToCorrect:
    """CTC: bits 1 to 16 of a DCS, of which 11 to 14 name the rate to go on with."""

    bits: Bits

    @classmethod
    def at(cls, modulation: Modulation) -> ContinueToCorrect:
        """Go on at this modulation."""
        # Two octets whatever they hold (§A.4.3), so none is composed for its length.
        fif = Bits.compose(BitsKind.SELECTION, {"rate": modulation.dcs_bits}).encode()[:2]
        return cls(Bits.parse(BitsKind.SELECTION, fif))

    @property
    def modulation(self) -> Modulation | None:
        """Where it is to go on; None for a rate that T.30 does not know."""
        return BY_DCS_BITS.get(self.bits["rate"])


@dataclass(frozen=True, slots=True)
class Address:
    """CIA, TSA, CSA, ISP, IRA: an address on the internet, or a part of one."""

    kind: int
    "See `ADDRESS_KINDS`."
    text: bytes
    "At most 77 octets are sent."
    sequence: int = 0
    "Which part it is."
    more: bool = False
    "Another part follows."


ADDRESS_KINDS = {1: "e-mail", 2: "URL", 3: "IPv4", 4: "IPv6", 5: "telephone"}
"What an `Address` is, by its kind (§5.3.6.2.12)."
ADDRESS_LENGTH = 77


Record = (
    Opaque
    | StationId
    | NonStandard
    | Bits
    | PartialPage
    | PartialPageRequest
    | EndOfRetransmission
    | CodedFrame
    | ContinueToCorrect
    | Address
)
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class _Layout(Generic[_R]):
    """Bytes, and how the record is made from what construct parsed and back."""

    # Any: what construct parses has no static type; it never leaves this file.
    struct: Construct[Any, Any]
    record: type[_R]
    load: Callable[[Any], _R]
    dump: Callable[[_R], Any]


def _load_id(data: bytes) -> StationId:
    # Last character first (§5.3.6.2.4). Some machines send fewer than 20 octets, some more; none is refused.
    text = bytes(data[:ID_LENGTH][::-1]).decode("latin-1")
    return StationId(_printable(text).strip())


def _dump_id(record: StationId) -> bytes:
    return _printable(record.text).encode("ascii", "replace")[:ID_LENGTH].rjust(ID_LENGTH)[::-1]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _dump_command(command: int) -> int:
    # The second FCF is printed with X = 1, NULL without (§A.4.3); receivers may look for the very octet.
    return command | X_BIT if command else 0


def _bits(kind: BitsKind) -> _Layout[Bits]:
    return _Layout(GreedyBytes, Bits, lambda raw: Bits.parse(kind, raw), lambda bits: bits.encode())


_ID = _Layout(GreedyBytes, StationId, _load_id, _dump_id)
_NON_STANDARD = _Layout(
    Struct("country" / Byte, "data" / GreedyBytes),
    NonStandard,
    lambda raw: NonStandard(country_code(raw.country), raw.data),
    lambda nsf: {"country": mirrored(bytes((nsf.country,)))[0], "data": nsf.data},
)
_PPS = _Layout(
    Struct("command" / Int8ub, "page" / Int8ub, "block" / Int8ub, "last" / Int8ub),
    PartialPage,
    lambda raw: PartialPage(raw.command & ~X_BIT, raw.page, raw.block, raw.last + 1),
    lambda pps: {
        "command": _dump_command(pps.command),
        "page": pps.page & 255,
        "block": pps.block & 255,
        "last": max(pps.frames - 1, 0),
    },
)
_PPR = _Layout(
    Bytes(32),
    PartialPageRequest,
    lambda raw: PartialPageRequest(frozenset(n for n in range(256) if raw[n >> 3] >> (n & 7) & 1)),
    lambda ppr: bytes(sum(1 << bit for bit in range(8) if 8 * octet + bit in ppr.frames) for octet in range(32)),
)
_EOR = _Layout(
    Int8ub,
    EndOfRetransmission,
    lambda raw: EndOfRetransmission(raw & ~X_BIT),
    lambda eor: _dump_command(eor.command),
)
_FCD = _Layout(
    Struct("number" / Int8ub, "data" / GreedyBytes),
    CodedFrame,
    lambda raw: CodedFrame(raw.number, raw.data),
    lambda fcd: {"number": fcd.number, "data": fcd.data},
)
_CTC = _Layout(
    Bytes(2),
    ContinueToCorrect,
    lambda raw: ContinueToCorrect(Bits.parse(BitsKind.SELECTION, raw)),
    lambda ctc: ctc.bits.encode()[:2],
)
_ADDRESS = _Layout(
    Struct("sequence" / Int8ub, "kind" / Int8ub, "length" / Int8ub, "text" / GreedyBytes),
    Address,
    # A length that is longer than what came is not held against the address.
    lambda raw: Address(raw.kind, raw.text[: raw.length & 0x7F], raw.sequence & 0x7F, bool(raw.sequence & 0x80)),
    lambda address: {
        "sequence": address.sequence & 0x7F | address.more << 7,
        "kind": address.kind,
        "length": len(address.text[:ADDRESS_LENGTH]),
        "text": address.text[:ADDRESS_LENGTH],
    },
)
_OPAQUE = _Layout(GreedyBytes, Opaque, Opaque, lambda opaque: opaque.data)

_LAYOUTS: Mapping[Fcf, _Layout[Any]] = {
    Fcf.DIS: _bits(BitsKind.CAPABILITIES),
    Fcf.DTC: _bits(BitsKind.CAPABILITIES),
    Fcf.DCS: _bits(BitsKind.SELECTION),
    Fcf.CTC: _CTC,
    **dict.fromkeys((Fcf.CSI, Fcf.TSI, Fcf.CIG, Fcf.SUB, Fcf.SEP, Fcf.PWD, Fcf.SID, Fcf.PSA), _ID),
    **dict.fromkeys((Fcf.NSF, Fcf.NSC, Fcf.NSS), _NON_STANDARD),
    **dict.fromkeys((Fcf.CIA, Fcf.TSA, Fcf.CSA, Fcf.ISP, Fcf.IRA), _ADDRESS),
    Fcf.PPS: _PPS,
    Fcf.PPR: _PPR,
    Fcf.EOR: _EOR,
    Fcf.FCD: _FCD,
}


def decode(fcf: Fcf, fif: bytes) -> Record:
    """Read a FIF. Raises `RemoteProtocolError` when it is shorter than its frame needs."""
    layout = _LAYOUTS.get(fcf, _OPAQUE)
    try:
        return cast("Record", layout.load(layout.struct.parse(fif)))
    except ConstructError as error:
        raise RemoteProtocolError(f"{fcf.name} came with a field of {len(fif)} octets: {fif.hex(' ')}") from error


def encode(fcf: Fcf, record: Record) -> bytes:
    """Write a FIF. Raises TypeError for a record that this frame does not carry."""
    layout = _LAYOUTS.get(fcf, _OPAQUE)
    if not isinstance(record, layout.record):
        raise TypeError(f"{fcf.name} carries {layout.record.__name__}, not {type(record).__name__}")
    return cast("bytes", layout.struct.build(layout.dump(record)))
