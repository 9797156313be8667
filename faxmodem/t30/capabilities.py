"""What a station can do (DIS, DTC), and what the sender makes of it for a page.

T.30 (09/2005) table 2, its notes, and §5.3.6.2.1 to §5.3.6.2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30 import modulations as rates
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.modulations import ladder as ladder
from faxmodem.t30.parameters import RESOLUTION_FIELDS, WIDTH_CODES, WIDTH_PLACES
from faxmodem.t30.parameters import PageLength as PageLength
from faxmodem.t30.parameters import Parameters as Parameters

_LENGTHS = {
    0b00: frozenset({PageLength.A4}),
    0b10: frozenset({PageLength.A4, PageLength.B4}),
    0b01: frozenset(PageLength),
    0b11: frozenset(PageLength),
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
_HALVES = frozenset({Resolution.SUPERFINE, Resolution.R16, Resolution.INCH_200X400, Resolution.INCH_400})
"""The resolutions that bit 46 speaks of: 15.4 lines/mm and 400 lines to the inch. T.30 does not say whether 300 belong
to them; the time for 7.7 lines/mm is enough in any case."""

_CODINGS = {Coding.MR: "two_dimensional", Coding.MMR: "t6"}
_FLAGS = {
    # attribute of `Capabilities`: field of a DIS
    "receives": "receives",
    "has_document": "has_document",
    "superfine_halves": "superfine_halves_scan_time",
    "ecm": "ecm",
    "ecm_prefers_64": "prefers_64_octets",
    "v8": "v8",
    "selective_polling": "selective_polling",
    "polled_subaddress": "polled_subaddress",
    "subaddress": "subaddress",
    "password": "password",
    "inch_preferred": "prefers_inch",
    "metric_preferred": "prefers_metric",
}

_R = Resolution
PREFERENCE: Mapping[Resolution, tuple[Resolution, ...]] = {
    _R.STANDARD: (_R.STANDARD,),
    _R.FINE: (_R.FINE, _R.INCH_200, _R.STANDARD),
    _R.SUPERFINE: (_R.SUPERFINE, _R.INCH_200X400, _R.FINE, _R.INCH_200, _R.STANDARD),
    _R.R16: (_R.R16, _R.INCH_400, _R.SUPERFINE, _R.INCH_200X400, _R.INCH_300, _R.FINE, _R.INCH_200, _R.STANDARD),
    _R.INCH_200: (_R.INCH_200, _R.FINE, _R.STANDARD),
    _R.INCH_200X400: (_R.INCH_200X400, _R.SUPERFINE, _R.INCH_200, _R.FINE, _R.STANDARD),
    _R.INCH_300: (_R.INCH_300, _R.INCH_200X400, _R.SUPERFINE, _R.INCH_200, _R.FINE, _R.STANDARD),
    _R.INCH_400: (_R.INCH_400, _R.R16, _R.INCH_300, _R.INCH_200X400, _R.SUPERFINE, _R.INCH_200, _R.FINE, _R.STANDARD),
}
"""For a page at each resolution, those at which it may go out, the best first; standard is the last resort that every
receiver has.

The page's own comes first and its twin in the other unit next. Then they go by the share of the page's detail that
they keep, across times down, but one that takes whole pels together (R16 to 15.4 lines/mm: two to one) goes before one
that does not and keeps little more. None has more pels to the area than the page: they would cost time and show
nothing. The far end's preference for inches or millimetres (bits 44, 45) is not asked: it says what the far end need
not convert, and our converting costs more than its.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """What negotiation must know of a page."""

    width: int
    "Pels of a line."
    resolution: Resolution
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a station says in its DIS or DTC that it can do."""

    receives: bool = True
    has_document: bool = False
    "A document waits to be polled (bit 9)."
    modulations: frozenset[Modulation] = frozenset()
    "What bits 11-14 offer. V.34 is not among them: see `v8`."
    codings: frozenset[Coding] = frozenset({Coding.MH})
    ecm: bool = False
    ecm_prefers_64: bool = False
    "Would rather have frames of 64 octets than of 256 (bit 7)."
    resolutions: frozenset[Resolution] = frozenset({Resolution.STANDARD})
    "A DIS cannot offer a metric resolution without its twin in inches, nor the other way round, but for 300x300."
    widths: tuple[int, ...] = WIDTHS[:1]
    "How wide the paper may be, told in pels of a line at R8; `widths_at` gives them for other resolutions."
    lengths: tuple[PageLength, ...] = (PageLength.A4,)
    scan_times: int = 0b111
    "Bits 21-23: the code for the minimum scan times, see `scan_time_ms`."
    superfine_halves: bool = False
    "Bit 46: at 15.4 lines/mm a line may take half the time that it takes at 7.7."
    v8: bool = False
    "Can be called with V.8, and thus with V.34 (bit 6)."
    selective_polling: bool = False
    "DIS: understands SEP; DTC: a SEP frame comes with it (bit 47)."
    polled_subaddress: bool = False
    "DIS: understands PSA; DTC: a PSA frame comes with it (bit 35)."
    subaddress: bool = False
    "Understands SUB (bit 49)."
    password: bool = False
    "DIS: understands PWD and SID; DTC: a PWD frame comes with it (bit 50)."
    inch_preferred: bool = False
    metric_preferred: bool = False

    @classmethod
    def from_bits(cls, bits: Bits) -> Capabilities:
        """Read a DIS or DTC of any length; what is not defined is read in the sender's favour.

        What needs error correction does not count without it (note to bits 31, 36 and others).
        """
        has = set(bits.names()) - (set() if bits["ecm"] else set(bits.needs_ecm()))
        lengths = _LENGTHS[bits["lengths"]] | ({PageLength.LEGAL} if "legal" in has else set())
        return cls(
            modulations=rates.offered_by(bits["rates"]),
            codings=frozenset({Coding.MH} | {coding for coding, field in _CODINGS.items() if field in has}),
            resolutions=frozenset(r for r in Resolution if r is Resolution.STANDARD or RESOLUTION_FIELDS[r] in has),
            widths=WIDTHS[: WIDTH_PLACES[bits["widths"]] + 1],
            lengths=tuple(length for length in PageLength if length in lengths),
            scan_times=bits["scan_times"],
            **{attribute: field in has for attribute, field in _FLAGS.items()},
        )

    def to_bits(self) -> Bits:
        """The FIF of our DIS. Raises ValueError for modulations that no combination of bits 11-14 names."""
        codings = self.codings if self.ecm else self.codings - {Coding.MMR}
        values = {
            "rates": rates.offer(self.modulations),
            "widths": WIDTH_CODES[len(self.widths) - 1],
            "lengths": self.lengths[-1].code,
            "legal": int(PageLength.LEGAL in self.lengths and PageLength.UNLIMITED not in self.lengths),
            "scan_times": self.scan_times,
        }
        values |= {RESOLUTION_FIELDS[r]: 1 for r in self.resolutions if r is not Resolution.STANDARD}
        values |= {field: 1 for coding, field in _CODINGS.items() if coding in codings}
        values |= {field: int(getattr(self, attribute)) for attribute, field in _FLAGS.items()}
        return Bits.compose(BitsKind.CAPABILITIES, values)

    def widths_at(self, resolution: Resolution) -> tuple[int, ...]:
        """The pels that a line may have at `resolution`."""
        return resolution.widths[: len(self.widths)]

    def scan_time_ms(self, resolution: Resolution) -> int:
        """The minimum time of a scan line that this receiver needs at `resolution`."""
        standard, fine = _SCAN_TIMES[self.scan_times]
        if resolution is Resolution.STANDARD:
            return standard
        if resolution in _HALVES and self.superfine_halves:
            return {40: 20, 20: 10, 10: 5}.get(fine, fine)  # 5 ms has no half among the values of a DCS
        return fine

    def best_for(self, page: PageInfo) -> tuple[Resolution, int, PageLength]:
        """How this receiver gets the page with the least loss: resolution (see `PREFERENCE`), width, length.

        The page is to be converted where they differ from its own.
        """
        resolution = next((r for r in PREFERENCE[page.resolution] if r in self.resolutions), Resolution.STANDARD)
        across_mm = page.width / page.resolution.pels_per_mm
        widths = self.widths_at(resolution)
        place = next((at for at, pels in enumerate(page.resolution.widths) if pels >= page.width), len(WIDTHS) - 1)
        width = widths[min(place, len(widths) - 1)]
        down_mm = page.lines / page.resolution.lines_per_mm * min(1.0, width / resolution.pels_per_mm / across_mm)
        if PageLength.UNLIMITED in self.lengths:
            return resolution, width, PageLength.UNLIMITED
        return resolution, width, next((long for long in self.lengths if down_mm <= long.fits_mm), self.lengths[-1])


def candidates(
    remote: Capabilities,
    page: PageInfo,
    modulation: Modulation,
    *,
    codings: frozenset[Coding],
    ecm: bool = True,
) -> tuple[Parameters, ...]:
    """All ways to send this page with the least loss at this modulation, one for each coding of both ends.

    `codings`, `ecm`: what this end can and may do. The densest coding comes first: MMR (with error correction only),
    MR, MH. With V.34 there is no going without error correction (Annex F).
    """
    resolution, width, length = remote.best_for(page)
    corrects = modulation is Modulation.V34 or (ecm and remote.ecm)
    common = (codings & remote.codings) | {Coding.MH}
    return tuple(
        Parameters(
            modulation=modulation,
            coding=coding,
            ecm_octets=(64 if remote.ecm_prefers_64 else 256) if corrects else 0,
            resolution=resolution,
            width=width,
            length=length,
            scan_time_ms=0 if corrects else remote.scan_time_ms(resolution),
        )
        for coding in reversed(Coding)
        if coding in common and (corrects or coding is not Coding.MMR)
    )


def select(
    remote: Capabilities,
    page: PageInfo,
    modulation: Modulation,
    *,
    codings: frozenset[Coding] = frozenset({Coding.MH}),
    ecm: bool = False,
) -> Parameters:
    """What the DCS for this page says to this receiver, at this modulation: the first of the `candidates`."""
    return candidates(remote, page, modulation, codings=codings, ecm=ecm)[0]
