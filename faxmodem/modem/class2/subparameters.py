"""The list VR,BR,WD,LN,DF,EC,BF,ST with which Class 2 modems speak of DIS, DTC and DCS, and what it means in T.30.

SP-2388-A (08/91) for Class 2, T.32 (08/95) §8.5.1.1 and table 21 for Class 2.0 and 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import or_
from typing import Final

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30.capabilities import Capabilities, PageLength, Parameters
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation

HIGHEST_BR: Final = 0xD
"BR counts in steps of 2400 bit/s from 0, which is 2400; the highest is V.34 at 33600."
_V17_BR: Final = 5
_LIMITS: Final = {"vr": 0x7F, "br": HIGHEST_BR, "wd": 4, "ln": 2, "df": 0xF, "ec": 4, "bf": 0x7F, "st": 7, "jp": 0x7F}

_VR_BITS: Final = {
    Resolution.FINE: 0x01,
    Resolution.SUPERFINE: 0x02,
    Resolution.R16: 0x04,
    Resolution.INCH_400: 0x04,
    Resolution.INCH_200: 0x10,
    Resolution.INCH_200X400: 0x20,
    Resolution.INCH_300: 0x40,
}
"""T.32 table 21. 08h, 200x100, is read as standard, its twin. 400x400 has no bit of its own: it goes by that of R16,
whose pels are the same."""
_FROM_VR: Final = {bit: resolution for resolution, bit in _VR_BITS.items() if resolution is not Resolution.INCH_400}

_DF: Final = {Coding.MH: 0, Coding.MR: 1, Coding.MMR: 3}
_CODINGS: Final = (Coding.MH, Coding.MR, Coding.MR, Coding.MMR)
"""By the two lowest bits of DF. 2 is MR with uncompressed mode; above them Class 2.1 has bits for JBIG."""

_LN: Final = {PageLength.A4: 0, PageLength.LEGAL: 1, PageLength.B4: 1, PageLength.UNLIMITED: 2}
_LENGTHS: Final = (PageLength.A4, PageLength.B4, PageLength.UNLIMITED)

_ST: Final = {0b111: 0, 0b100: 1, 0b011: 2, 0b010: 3, 0b110: 4, 0b000: 5, 0b101: 6, 0b001: 7}
"ST by bits 21-23 of a DIS."
_SCAN_TIMES: Final = {st: bits for bits, st in _ST.items()}
_ST_OF_MS: Final = {0: 0, 5: 1, 10: 3, 20: 5, 40: 7}

_SPEED_GROUPS: Final = (
    # up to which BR: what a station can that offers it; no DIS offers V.29 at 7200 or V.17 at 12000 alone
    (0, frozenset({Modulation.V27TER_2400})),
    (1, frozenset({Modulation.V27TER_2400, Modulation.V27TER_4800})),
    (3, frozenset(modulation for modulation in BY_DCS_BITS.values() if modulation.system != "V.17")),
    (HIGHEST_BR, frozenset(BY_DCS_BITS.values())),
)

_NUMBER: Final = re.compile(r"[0-9A-F]{0,4}", re.IGNORECASE)
_PREFIX: Final = re.compile(r"^\+?F[A-Z]+\s*[:=?]\s*", re.IGNORECASE)
_HEXADECIMAL: Final = re.compile(r"\b0[0-9A-F]|[A-F]", re.IGNORECASE)
"Letters, or a leading zero, which no decimal number has."
_GROUP: Final = re.compile(r"\(([^()]*)\)|([^(),]+)|(?<=,)(?=,)")


@dataclass(frozen=True, slots=True)
class SubParameters:
    """One list. What the modem says of a DIS in it is the best of each kind, of a DCS what was chosen."""

    vr: int = 0
    "Resolution: Class 2 has 0 standard and 1 fine; 2.0 and 2.1 have a bit for each."
    br: int = 0
    "Rate, in steps of 2400 bit/s; whether 7200 and 9600 are V.29 or V.17 stays open."
    wd: int = 0
    ln: int = 0
    df: int = 0
    "Coding."
    ec: int = 0
    "Error correction. Class 2: 1 frames of 64 octets, 2 of 256. 2.0 and 2.1: 1 either."
    bf: int = 0
    st: int = 0
    "Minimum scan time; not numbered as in T.30."
    jp: int = 0
    "Class 2.1: JPEG."

    @classmethod
    def parse(cls, text: str, *, hexadecimal: bool) -> SubParameters | None:
        """Read a list as modems write it; None if `text` is none.

        A prefix, blanks and parentheses are let go. What is missing or empty is 0, what is too high the highest.
        `hexadecimal`: as Class 2.0 has it; a decimal list with letters or leading zeros is taken for one.
        """
        values = _numbers(_body(text).strip("() ").split(","), hexadecimal=hexadecimal or _looks_hexadecimal(text))
        if values is None or len(values) < 2:
            return None
        return cls(**{name: min(value, limit) for (name, limit), value in zip(_LIMITS.items(), values, strict=False)})

    def text(self, *, hexadecimal: bool) -> str:
        """The list for a command or a report: eight values, and the ninth if it says something."""
        values = self.values() if self.jp else self.values()[:-1]
        return ",".join(f"{value:X}" if hexadecimal else str(value) for value in values)

    def values(self) -> tuple[int, ...]:
        """All nine, in order."""
        return tuple(getattr(self, field.name) for field in fields(self))

    @property
    def rate_bps(self) -> int:
        """What BR stands for."""
        return 2400 * (self.br + 1)


@dataclass(frozen=True, slots=True)
class Ranges:
    """The answer to +FDCC=? or +FCC=?: which values each of the nine may have."""

    groups: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, text: str, *, hexadecimal: bool) -> Ranges | None:
        """Read the answer, of which parentheses and blanks may be missing; None if it is none.

        As `(0,1),(0-5),(0-2),(0-2),(0,1),(0),(0),(0-7)` or `(00-7F),(0-5),0,(0-2),...`.
        """
        body = "".join(_body(text).split())
        hexadecimal = hexadecimal or _looks_hexadecimal(body)
        if not body.count(","):
            return None
        groups = [_values(match[1] or match[2] or "", hexadecimal=hexadecimal) for match in _GROUP.finditer(body)]
        if len(groups) < 2 or None in groups:
            return None
        known = [group or frozenset({0}) for group in groups][: len(_LIMITS)]
        return cls(tuple(known + [frozenset({0})] * (len(_LIMITS) - len(known))))

    def fit(self, wanted: SubParameters) -> SubParameters:
        """The nearest that may be asked for: of VR the bits that it has, of the others what is not higher."""
        vr = wanted.vr & self.resolutions
        rest = (
            max((able for able in group if able <= value), default=min(group))
            for group, value in zip(self.groups[1:], wanted.values()[1:], strict=True)
        )
        return SubParameters(vr, *rest)

    def limited(
        self,
        *,
        vr: int = 0x7F,
        br: Container[int] = range(HIGHEST_BR + 1),
        df: Container[int] = range(16),
        ec: Container[int] = range(5),
    ) -> Ranges:
        """Without what else it has of resolutions, rates, codings and error correction than these; 0 is always left."""
        able = [frozenset(value & vr for value in self.groups[0]), *self.groups[1:]]
        for place, allowed in ((1, br), (4, df), (5, ec)):
            able[place] = frozenset({0, *(value for value in able[place] if value in allowed)})
        return Ranges(tuple(able))

    @property
    def resolutions(self) -> int:
        """All bits that VR may have."""
        return reduce(or_, self.groups[0])

    def to_capabilities(self, service_class: str) -> Capabilities:
        """What the modem can be told to offer and to use."""
        _vr, br, wd, ln, df, ec, _bf, _st, _jp = self.groups
        best = SubParameters(self.resolutions, max(br), max(width for width in wd | {0} if width < len(WIDTHS)))
        able = to_capabilities(replace(best, ln=min(max(ln), 2), ec=max(ec)), service_class)
        return replace(able, codings=frozenset({Coding.MH} | {_CODINGS[value & 3] for value in df}))


def of_capabilities(offer: Capabilities, service_class: str) -> SubParameters:
    """What to tell a modem that is to offer this, or what it says of a DIS or DTC that offers this."""
    can = max((modulation.rate_bps for modulation in offer.modulations), default=2400)
    codings = offer.codings if offer.ecm else offer.codings - {Coding.MMR}
    return SubParameters(
        vr=_vr(offer.resolutions, service_class),
        br=HIGHEST_BR if offer.v8 else _br(can),
        wd=len(offer.widths) - 1,
        ln=max(_LN[length] for length in offer.lengths if length is not PageLength.LEGAL or len(offer.lengths) == 1),
        df=max(_DF[coding] for coding in codings | {Coding.MH}),
        ec=_ec(64 if offer.ecm_prefers_64 else 256, service_class) if offer.ecm else 0,
        st=_ST[offer.scan_times],
    )


def to_capabilities(told: SubParameters, service_class: str, *, has_document: bool = False) -> Capabilities:
    """What a DIS or DTC offers of which the modem tells this.

    DF names the densest coding; who has that is taken to have the others too, and if not the DCS will tell.
    """
    return Capabilities(
        has_document=has_document,
        modulations=modulations_at(told.br),
        codings=frozenset({Coding.MH} | set(_CODINGS[: (told.df & 3) + 1])),
        ecm=told.ec > 0,
        ecm_prefers_64=_ecm_octets(told.ec, service_class) == 64,
        resolutions=frozenset({Resolution.STANDARD, *_resolutions(told.vr, service_class)}),
        widths=WIDTHS[: _place(told.wd) + 1],
        lengths=_LENGTHS[: told.ln + 1],
        scan_times=_SCAN_TIMES[told.st],
        v8=told.br > _V17_BR,
    )


def of_parameters(chosen: Parameters, service_class: str) -> SubParameters:
    """What to tell a modem that is to send a page like this, or what it says of such a DCS."""
    return SubParameters(
        vr=_vr(frozenset({chosen.resolution}), service_class),
        br=_br(chosen.modulation.rate_bps),
        wd=chosen.resolution.widths.index(chosen.width),
        ln=_LN[chosen.length],
        df=_DF[chosen.coding],
        ec=_ec(chosen.ecm_octets, service_class),
        st=_ST_OF_MS[chosen.scan_time_ms],
    )


def to_parameters(
    told: SubParameters, service_class: str, usable: frozenset[Modulation] = frozenset(Modulation)
) -> Parameters:
    """What a DCS says of which the modem tells this.

    `usable`: what both ends can, as far as it is known; at 7200 and 9600 bit/s V.17 is taken if it is among them.
    MMR and V.34 have error correction, whatever the modem tells.
    """
    modulation = _modulation(told.rate_bps, usable)
    coding = _CODINGS[told.df & 3]
    needs_ecm = coding is Coding.MMR or modulation is Modulation.V34
    ecm_octets = _ecm_octets(told.ec, service_class) or (256 if needs_ecm else 0)
    finest = max(_resolutions(told.vr, service_class), key=lambda r: r.lines_per_mm, default=Resolution.STANDARD)
    times = Capabilities(scan_times=_SCAN_TIMES[told.st])
    return Parameters(
        modulation=modulation,
        coding=coding,
        ecm_octets=ecm_octets,
        resolution=finest,
        width=finest.widths[_place(told.wd)],
        length=_LENGTHS[told.ln],
        scan_time_ms=0 if ecm_octets else times.scan_time_ms(finest),
    )


def _vr(resolutions: frozenset[Resolution], service_class: str) -> int:
    """Of what lies between Class 2's two resolutions and those that T.30 knows, the coarser is said."""
    if service_class == "2":
        return int(any(resolution is not Resolution.STANDARD for resolution in resolutions))
    return reduce(or_, (_VR_BITS.get(resolution, 0) for resolution in resolutions), 0)


def _resolutions(vr: int, service_class: str) -> frozenset[Resolution]:
    if service_class == "2":
        return frozenset({Resolution.FINE} if vr else ())
    return frozenset(resolution for bit, resolution in _FROM_VR.items() if vr & bit)


def _ec(octets: int, service_class: str) -> int:
    if not octets:
        return 0
    return 2 if service_class == "2" and octets == 256 else 1


def _ecm_octets(ec: int, service_class: str) -> int:
    """The higher codes are those of T.30 Annex C, whose frames have 256 octets."""
    if not ec:
        return 0
    return 64 if service_class == "2" and ec == 1 else 256


def _br(rate_bps: int) -> int:
    return min(max(rate_bps // 2400 - 1, 0), HIGHEST_BR)


def _place(wd: int) -> int:
    """1216 and 864 pels (3, 4) lie within a line of 1728."""
    return wd if wd < len(WIDTHS) else 0


def modulations_at(br: int) -> frozenset[Modulation]:
    """What a station can that offers BR."""
    return next(group for limit, group in _SPEED_GROUPS if br <= limit)


def _modulation(rate_bps: int, usable: frozenset[Modulation]) -> Modulation:
    alike = [modulation for modulation in BY_DCS_BITS.values() if modulation.rate_bps == rate_bps]
    if not alike:
        return Modulation.V34
    fit = [modulation for modulation in alike if modulation in usable] or alike
    return max(fit, key=lambda modulation: modulation.has_short_training)


def _body(text: str) -> str:
    return _PREFIX.sub("", text.strip())


def _looks_hexadecimal(text: str) -> bool:
    return _HEXADECIMAL.search(_body(text)) is not None


def _numbers(parts: list[str], *, hexadecimal: bool) -> list[int] | None:
    """The numbers of a list, 0 for an empty one; None if something is no number."""
    stripped = [part.strip() for part in parts]
    if not all(_NUMBER.fullmatch(part) for part in stripped):
        return None
    return [int(part or "0", 16 if hexadecimal else 10) for part in stripped]


def _values(group: str, *, hexadecimal: bool) -> frozenset[int] | None:
    """What a group allows, such as `0,1` or `0-5`; None if it is no group."""
    values: set[int] = set()
    for part in group.split(","):
        ends = _numbers(part.split("-"), hexadecimal=hexadecimal)
        if ends is None or len(ends) > 2:
            return None
        values.update(range(ends[0], min(ends[-1], max(_LIMITS.values())) + 1))
    return frozenset(values)
