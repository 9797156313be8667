"""What a DCS says: how the pages that follow are sent.

T.30 (09/2005) table 2 and its notes, §5.3.6.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.errors import LocalProtocolError, RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation

if TYPE_CHECKING:
    from faxmodem.t30.capabilities import Capabilities


class PageLength(Enum):
    """How long a page may be, in millimetres; `(bits 19-20, bit 77, mm)`.

    North American letter (bit 76) is shorter than A4, which every machine takes: it is read as A4 and never sent.
    """

    A4 = (0b00, 0, 297.0)
    LEGAL = (0b00, 1, 355.6)
    B4 = (0b10, 0, 364.0)
    UNLIMITED = (0b01, 0, float("inf"))

    def __init__(self, code: int, legal: int, millimetres: float) -> None:
        self.code = code
        self.legal = legal
        self.millimetres = millimetres

    @property
    def fits_mm(self) -> float:
        """What a page may measure: 5 % over, since machines scan A4 with up to 2394 lines, and receivers print that."""
        return self.millimetres * 1.05

    def max_lines(self, resolution: Resolution) -> int | None:
        """The most lines that a page of this length may have; None: no limit."""
        if self is PageLength.UNLIMITED:
            return None
        return int(self.fits_mm * resolution.lines_per_mm)


WIDTH_CODES = (0b00, 0b10, 0b01)
"Bits 17-18 for each place in `Resolution.widths`."
WIDTH_PLACES = {0b00: 0, 0b10: 1, 0b01: 2, 0b11: 2}
"The place in `Resolution.widths` that bits 17-18 name; 11 is invalid and read as 01."

RESOLUTION_FIELDS = {
    Resolution.R16: "r16_or_400",
    Resolution.INCH_400: "r16_or_400",
    Resolution.INCH_300: "r300",
    Resolution.SUPERFINE: "superfine_or_200x400",
    Resolution.INCH_200X400: "superfine_or_200x400",
    Resolution.FINE: "fine_or_200",
    Resolution.INCH_200: "fine_or_200",
}
"The bit of each resolution but standard, the finest first: a metric resolution and its twin in inches have one bit."

SCAN_TIME_CODES = {20: 0b000, 5: 0b100, 10: 0b010, 40: 0b001, 0: 0b111}
"Bits 21-23 of a DCS."
_SCAN_TIMES_MS = {code: ms for ms, code in SCAN_TIME_CODES.items()} | {0b110: 20, 0b101: 40, 0b011: 10}
"The last three belong to a DIS; a DCS that has them repeats what the DIS said of 3.85 lines/mm."

_NEVER_OFFERED = {
    "jbig": "JBIG",  # before MMR: a sender that sets both means JBIG (Dex 855)
    "jbig_any_stripe": "JBIG",
    "jbig2_profile": "JBIG2",
    "t43": "T.43",
    "jpeg": "JPEG",
    "sycc_jpeg": "JPEG",
    "mrc_mode": "mixed raster content",
    "t45": "T.45",
    "colour_300_or_400": "colour",
    "colour_100": "colour",
    "colour_600": "colour",
    "colour_1200": "colour",
    "g726": "voice",
    "bft": "binary file transfer",
    "simple_bft": "binary file transfer",
    "btm": "basic transfer mode",
    "dtm": "document transfer mode",
    "edi": "EDI",
    "character_mode": "character mode",
    "mixed_mode": "mixed mode",
    "hfx40": "encryption",
    "cipher_2": "encryption",
    "cipher_3": "encryption",
    "r600": "600x600",
    "r1200": "1200x1200",
    "r300x600": "300x600",
    "r400x800": "400x800",
    "r600x1200": "600x1200",
}
"What our DIS never holds out, and whose pages would be noise to us."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a DCS says: how the pages that follow will be sent."""

    modulation: Modulation
    coding: Coding = Coding.MH
    ecm_octets: int = 0
    "Data octets of a frame of error correction, 256 or 64; 0: without error correction."
    resolution: Resolution = Resolution.STANDARD
    width: int = WIDTHS[0]
    "Pels of a line, one of `resolution.widths`."
    length: PageLength = PageLength.A4
    scan_time_ms: int = 0
    "Minimum time of one scan line on the line; 0 with error correction."
    subaddress: bool = False
    "A SUB frame comes with the DCS (bit 49)."
    sender_id: bool = False
    "A SID frame comes with the DCS (bit 50)."
    internet_address: bool = False
    "An IRA frame comes with the DCS (bit 102)."

    @property
    def ecm(self) -> bool:
        """With error correction."""
        return self.ecm_octets > 0

    @property
    def min_line_bits(self) -> int:
        """Bits that a coded line must at least have, fill and EOL included (T.4 (07/2003) §4.1.2)."""
        return 0 if self.ecm else -(-self.scan_time_ms * self.modulation.rate_bps // 1000)

    def __str__(self) -> str:
        correction = f"ECM {self.ecm_octets}" if self.ecm else "no ECM"
        return f"{self.modulation}, {self.resolution.label}, {self.width} pels, {self.coding.value}, {correction}"

    def page_alike(self, other: Parameters) -> bool:
        """True if a page for one may follow a page for the other without a new DCS.

        How fast it goes and what accompanied the DCS say nothing of the page.
        """
        return self._page() == other._page()

    def _page(self) -> tuple[object, ...]:
        return self.coding, self.ecm_octets, self.resolution, self.width, self.length

    def to_bits(self) -> Bits:
        """The FIF of the DCS. Raises `LocalProtocolError` for what no DCS can say."""
        if self.coding is Coding.MMR and not self.ecm:
            raise LocalProtocolError("MMR may be sent with error correction only (T.30 table 2, note to bit 31)")
        if self.width not in self.resolution.widths:
            raise LocalProtocolError(f"a line at {self.resolution.label} has never {self.width} pels")
        values = {
            "receives": 1,
            "rate": self.modulation.dcs_bits,
            "two_dimensional": int(self.coding is Coding.MR),
            "width": WIDTH_CODES[self.resolution.widths.index(self.width)],
            "length": self.length.code,
            "legal": self.length.legal,
            "scan_time": SCAN_TIME_CODES[0 if self.ecm else self.scan_time_ms],
            "ecm": int(self.ecm),
            "ecm_64_octets": int(self.ecm_octets == 64),
            "t6": int(self.coding is Coding.MMR),
            "inch": int(self.resolution.is_inch),  # of what is sent, whatever the DIS prefers (note to bits 44 and 45)
            "subaddress": int(self.subaddress),
            "sender_id": int(self.sender_id),
            "ira": int(self.internet_address),
        }
        if field := RESOLUTION_FIELDS.get(self.resolution):
            values[field] = 1
        return Bits.compose(BitsKind.SELECTION, values)

    @classmethod
    def from_bits(cls, bits: Bits, offered: Capabilities | None = None, *, v34: bool = False) -> Parameters:
        """Read a DCS.

        `offered`: what our DIS said; None: anything that this program can do. `v34`: the call is a V.34 one, whose DCS
        names no rate and whose pages are always sent with error correction.

        Selected without error correction, MMR has it all the same, in frames of 256 octets: so do senders that forget
        bit 27. Raises `RemoteProtocolError` when the DCS selects what was not offered, or has no octet.
        """
        if not bits.octets:
            raise RemoteProtocolError("the sender's DCS came without a single octet behind its FCF")
        for field, name in _NEVER_OFFERED.items():
            if bits[field]:
                raise _refused(name)
        resolution = resolution_of(bits)
        ecm_octets = _ecm_octets(bits, v34=v34)
        parameters = cls(
            modulation=Modulation.V34 if v34 else _modulation(bits["rate"]),
            coding=_coding(bits),
            ecm_octets=ecm_octets,
            resolution=resolution,
            width=resolution.widths[WIDTH_PLACES[bits["width"]]],
            length=length_of(bits),
            scan_time_ms=0 if ecm_octets else scan_time_of(bits),
            subaddress=bool(bits["subaddress"]),
            sender_id=bool(bits["sender_id"]),
            internet_address=bool(bits["ira"]),
        )
        if offered is not None:
            parameters._check(offered)
        return parameters

    def _check(self, offered: Capabilities) -> None:
        """Raise `RemoteProtocolError` for what `offered` does not hold."""
        v34 = self.modulation is Modulation.V34  # settled by V.8, and never without error correction
        if self.ecm and not (offered.ecm or v34):
            raise _refused("error correction")
        if self.coding not in offered.codings:
            raise _refused(self.coding.value)
        # By their bits: a DIS that offers a metric resolution offers its twin in inches too.
        offers = {RESOLUTION_FIELDS.get(resolution) for resolution in offered.resolutions}
        if RESOLUTION_FIELDS.get(self.resolution) not in offers:
            raise _refused(self.resolution.label)
        if self.width not in offered.widths_at(self.resolution):
            raise _refused(f"lines of {self.width} pels")
        if not v34 and self.modulation not in offered.modulations:
            raise _refused(str(self.modulation))


def _refused(what: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"the sender's DCS selects {what}, which our DIS does not offer")


def _modulation(rate: int) -> Modulation:
    modulation = BY_DCS_BITS.get(rate)
    if modulation is None:
        raise RemoteProtocolError(f"the sender's DCS selects the unknown rate {rate:04b} (bits 11 to 14)")
    return modulation


def _coding(bits: Bits) -> Coding:
    if bits["t6"]:
        return Coding.MMR
    return Coding.MR if bits["two_dimensional"] else Coding.MH


def _ecm_octets(bits: Bits, *, v34: bool) -> int:
    if bits["ecm"]:
        return 64 if bits["ecm_64_octets"] else 256
    return 256 if v34 or bits.needs_ecm() else 0


def resolution_of(bits: Bits) -> Resolution:
    """The finest that a DCS selects; of a metric resolution and its twin in inches, bit 44 says which."""
    for resolution, field in RESOLUTION_FIELDS.items():
        # 300x300 has no metric twin: a sender that forgets bit 44 means it all the same.
        if bits[field] and (resolution is Resolution.INCH_300 or resolution.is_inch == bool(bits["inch"])):
            return resolution
    return Resolution.STANDARD


def length_of(bits: Bits) -> PageLength:
    """How long the pages of a DCS may be."""
    if bits["length"] & PageLength.UNLIMITED.code:  # 11 is invalid and read as 01
        return PageLength.UNLIMITED
    if bits["length"]:
        return PageLength.B4
    return PageLength.LEGAL if bits["legal"] else PageLength.A4


def scan_time_of(bits: Bits) -> int:
    """The milliseconds that a DCS gives each line."""
    return _SCAN_TIMES_MS[bits["scan_time"]]
