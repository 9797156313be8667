"""What a station can do (DIS), what the sender chooses from it (DCS), and the way down when training fails.

T.30 (09/2005) table 2, its notes, and §5.3.6.2.1 to §5.3.6.2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from faxmodem.codec.geometry import WIDTHS, Resolution
from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.modulations import Modulation

# --- the message channel -----------------------------------------------------------------------------------------

_V27TER_FALLBACK = frozenset({Modulation.V27TER_2400})
_V27TER = _V27TER_FALLBACK | {Modulation.V27TER_4800}
_V29 = frozenset({Modulation.V29_7200, Modulation.V29_9600})
_V17 = frozenset({Modulation.V17_7200, Modulation.V17_9600, Modulation.V17_12000, Modulation.V17_14400})

_RATES: Mapping[int, frozenset[Modulation]] = {
    0b0000: _V27TER_FALLBACK,
    0b0100: _V27TER,
    0b1000: _V29,
    0b1100: _V27TER | _V29,
    0b1101: _V27TER | _V29 | _V17,
    0b1110: _V27TER | _V29,  # with V.33, withdrawn: nothing that we could send
}
"Bits 11 to 14 of a DIS."

_RATES_BY_BIT = ((0b0001, _V17), (0b1000, _V29), (0b0100, _V27TER))
"The best plausible reading of a combination that T.30 leaves undefined: each bit for the modulation it stands for."

_DCS_RATES = {modulation.dcs_bits: modulation for modulation in Modulation}

LADDER = (
    Modulation.V17_14400,
    Modulation.V17_12000,
    Modulation.V29_9600,
    Modulation.V29_7200,
    Modulation.V27TER_4800,
    Modulation.V27TER_2400,
)
"""The way down. After two failures of V.17 comes V.29 and not V.17 at 9600: a V.17 that failed twice rarely works
lower down, and many receivers hang up after their third FTT."""

_V17_LOW = (Modulation.V17_9600, Modulation.V17_7200)
"Takes V.29's place where one of the two ends has none."


def ladder(usable: Iterable[Modulation], max_rate_bps: int = 14400) -> tuple[Modulation, ...]:
    """The modulations to try one after the other, the fastest first; empty when `usable` has none at such a rate."""
    allowed = {modulation for modulation in usable if modulation.rate_bps <= max_rate_bps}
    steps = [modulation for modulation in LADDER if modulation in allowed]
    rates = {modulation.rate_bps for modulation in steps}
    steps += [modulation for modulation in _V17_LOW if modulation in allowed and modulation.rate_bps not in rates]
    return tuple(sorted(steps, key=lambda modulation: -modulation.rate_bps))


# --- the page ------------------------------------------------------------------------------------------------------


class PageLength(Enum):
    """How long a page may be, in millimetres; `(bits 19-20 of a DCS, mm)`."""

    A4 = (0b00, 297.0)
    B4 = (0b10, 364.0)
    UNLIMITED = (0b01, float("inf"))

    def __init__(self, dcs_bits: int, millimetres: float) -> None:
        self.dcs_bits = dcs_bits
        self.millimetres = millimetres

    def max_lines(self, resolution: Resolution) -> int | None:
        """The most lines that a page of this length may have; None: no limit.

        Machines scan A4 with up to 2394 lines at 7.7 lines/mm, and receivers print that: 5 % are allowed over.
        """
        if self is PageLength.UNLIMITED:
            return None
        return int(self.millimetres * resolution.lines_per_mm * 1.05)


_WIDTHS = {0b00: WIDTHS[:1], 0b10: WIDTHS[:2], 0b01: WIDTHS, 0b11: WIDTHS}
"Bits 17-18 of a DIS; 11 is invalid and read as 01."
_WIDTH_BITS = {1728: 0b00, 2048: 0b10, 2432: 0b01}
_LENGTHS = {
    0b00: (PageLength.A4,),
    0b10: (PageLength.A4, PageLength.B4),
    0b01: tuple(PageLength),
    0b11: tuple(PageLength),
}
_SCAN_TIMES = {
    # bits 21-23 of a DIS: milliseconds at 3.85 lines/mm, at 7.7 lines/mm
    0b000: (20, 20),
    0b100: (5, 5),
    0b010: (10, 10),
    0b110: (20, 10),
    0b001: (40, 40),
    0b101: (40, 20),
    0b011: (10, 5),
    0b111: (0, 0),
}
_SCAN_TIME_BITS = {20: 0b000, 5: 0b100, 10: 0b010, 40: 0b001, 0: 0b111}
_SCAN_TIMES_SELECTED = {bits: ms for ms, bits in _SCAN_TIME_BITS.items()} | {0b110: 20, 0b101: 40, 0b011: 10}

_RESOLUTION_FIELDS = {
    Resolution.STANDARD: "",
    Resolution.FINE: "fine_or_200",
    Resolution.SUPERFINE: "superfine_or_200x400",
}
_NOT_OFFERED = (
    *("two_dimensional", "ecm", "t6", "t43", "jbig", "jpeg", "mrc_mode", "t45", "jbig2_profile"),
    *("r300", "r16_or_400", "r600", "r1200", "r300x600", "r400x800", "r600x1200"),
)
"Codings and resolutions of a DCS that our DIS never holds out, and whose pages would be noise to us."
_FINENESS = (Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """What negotiation must know of a page."""

    width: int
    "Pels of a line."
    resolution: Resolution
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a DCS says: how the pages that follow will be sent."""

    modulation: Modulation
    resolution: Resolution = Resolution.STANDARD
    width: int = WIDTHS[0]
    length: PageLength = PageLength.A4
    scan_time_ms: int = 0
    "Minimum time of one scan line on the line."

    @property
    def min_line_bits(self) -> int:
        """Bits that a coded line must at least have, fill and EOL included (T.4 (07/2003) §4.1.2)."""
        return -(-self.scan_time_ms * self.modulation.rate_bps // 1000)

    def page_alike(self, other: Parameters) -> bool:
        """True if a page for one may follow a page for the other without a new DCS."""
        return replace(other, modulation=self.modulation, scan_time_ms=self.scan_time_ms) == self

    def to_bits(self) -> Bits:
        """The FIF of the DCS."""
        values = {
            "receives": 1,
            "rate": self.modulation.dcs_bits,
            "width": _WIDTH_BITS[self.width],
            "length": self.length.dcs_bits,
            "scan_time": _SCAN_TIME_BITS[self.scan_time_ms],
        }
        if field := _RESOLUTION_FIELDS[self.resolution]:
            values[field] = 1
        return Bits.compose(BitsKind.SELECTION, values)

    @classmethod
    def from_bits(cls, bits: Bits) -> Parameters:
        """Read a DCS. Raises `RemoteProtocolError` when it selects what this station never offered."""
        for field in _NOT_OFFERED:
            if bits[field]:
                raise RemoteProtocolError(f"the sender's DCS selects {field}, which our DIS does not offer")
        modulation = _DCS_RATES.get(bits["rate"])
        if modulation is None:
            raise RemoteProtocolError(f"the sender's DCS selects the unknown rate {bits['rate']:04b} (bits 11 to 14)")
        chosen = [resolution for resolution, field in _RESOLUTION_FIELDS.items() if field and bits[field]]
        return cls(
            modulation=modulation,
            resolution=chosen[-1] if chosen else Resolution.STANDARD,
            width=_WIDTHS[bits["width"]][-1],
            length=_LENGTHS[bits["length"]][-1],
            scan_time_ms=_SCAN_TIMES_SELECTED[bits["scan_time"]],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a station says in its DIS or DTC that it can do."""

    receives: bool = True
    has_document: bool = False
    "A document waits to be polled (bit 9)."
    modulations: frozenset[Modulation] = frozenset()
    resolutions: frozenset[Resolution] = frozenset({Resolution.STANDARD})
    widths: tuple[int, ...] = WIDTHS[:1]
    lengths: tuple[PageLength, ...] = (PageLength.A4,)
    scan_times: int = 0b111
    "Bits 21-23: the code for the minimum scan times, see `scan_time_ms`."
    superfine_halves: bool = False
    "Bit 46: at 15.4 lines/mm a line may take half the time that it takes at 7.7."

    @classmethod
    def from_bits(cls, bits: Bits) -> Capabilities:
        """Read a DIS or DTC of any length; what is not defined is read in the sender's favour."""
        rates = bits["rates"]
        modulations = _RATES.get(rates)
        if modulations is None:
            modulations = _V27TER_FALLBACK.union(*(group for bit, group in _RATES_BY_BIT if rates & bit))
        return cls(
            receives=bool(bits["receives"]),
            has_document=bool(bits["has_document"]),
            modulations=modulations,
            resolutions=frozenset(
                resolution for resolution, field in _RESOLUTION_FIELDS.items() if not field or bits[field]
            ),
            widths=_WIDTHS[bits["widths"]],
            lengths=_LENGTHS[bits["lengths"]],
            scan_times=bits["scan_times"],
            superfine_halves=bool(bits["superfine_halves_scan_time"]),
        )

    def to_bits(self) -> Bits:
        """The FIF of our DIS. Raises ValueError for modulations that no combination of bits 11-14 names."""
        values = {
            "receives": int(self.receives),
            "has_document": int(self.has_document),
            "rates": _rate_bits(self.modulations),
            "widths": _WIDTH_BITS[self.widths[-1]],
            "lengths": self.lengths[-1].dcs_bits,
            "scan_times": self.scan_times,
            "superfine_halves_scan_time": int(self.superfine_halves),
        }
        values |= {
            field: 1 for resolution, field in _RESOLUTION_FIELDS.items() if field and resolution in self.resolutions
        }
        return Bits.compose(BitsKind.CAPABILITIES, values)

    def scan_time_ms(self, resolution: Resolution) -> int:
        """The minimum time of a scan line that this receiver needs at `resolution`."""
        standard, fine = _SCAN_TIMES[self.scan_times]
        if resolution is Resolution.STANDARD:
            return standard
        if resolution is Resolution.SUPERFINE and self.superfine_halves:
            return {40: 20, 20: 10, 10: 5}.get(fine, fine)  # 5 ms has no half among the values of a DCS
        return fine

    def best_for(self, page: PageInfo) -> tuple[Resolution, int, PageLength]:
        """How this receiver gets the page with the least loss: resolution, width, length.

        Never denser than the page itself; the page is to be converted where they differ.
        """
        finest = _FINENESS.index(page.resolution)
        resolution = max((r for r in self.resolutions if _FINENESS.index(r) <= finest), key=_FINENESS.index)
        width = min((w for w in self.widths if w >= page.width), default=self.widths[-1])
        millimetres = page.lines / page.resolution.lines_per_mm
        if PageLength.UNLIMITED in self.lengths:
            return resolution, width, PageLength.UNLIMITED
        fits = [length for length in self.lengths if millimetres <= length.millimetres * 1.05]
        return resolution, width, fits[0] if fits else self.lengths[-1]


def select(remote: Capabilities, page: PageInfo, modulation: Modulation) -> Parameters:
    """What the DCS for this page says to this receiver, at this modulation."""
    resolution, width, length = remote.best_for(page)
    return Parameters(
        modulation=modulation,
        resolution=resolution,
        width=width,
        length=length,
        scan_time_ms=remote.scan_time_ms(resolution),
    )


def _rate_bits(modulations: frozenset[Modulation]) -> int:
    """Bits 11-14 of a DIS that offer as much of `modulations` as can be said."""
    offers = [(len(group), bits) for bits, group in _RATES.items() if bits != 0b1110 and group <= modulations]
    if not offers:
        raise ValueError("a Group 3 receiver must at least receive V.27ter at 2400 bit/s")
    return max(offers)[1]
