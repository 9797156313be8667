"""The modulations of the message channel: what a DIS and a DCS say of them, and the way down when training fails.

T.30 (09/2005) table 2, bits 11 to 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum


class Modulation(Enum):
    """One modulation at one rate: `(system, bit/s, bits 11-14 of the DCS in order of bit number)`."""

    V27TER_2400 = ("V.27ter", 2400, 0b0000)
    V27TER_4800 = ("V.27ter", 4800, 0b0100)
    V29_7200 = ("V.29", 7200, 0b1100)
    V29_9600 = ("V.29", 9600, 0b1000)
    V17_7200 = ("V.17", 7200, 0b1101)
    V17_9600 = ("V.17", 9600, 0b1001)
    V17_12000 = ("V.17", 12000, 0b0101)
    V17_14400 = ("V.17", 14400, 0b0001)
    V34 = ("V.34", 33600, 0b0000)
    """V.34 half duplex (T.30 (09/2005) Annex F): the modems settle the rate between themselves, and change it as the
    line does; 33600 is the most. A DCS leaves bits 11 to 14 at 0."""

    def __init__(self, system: str, rate_bps: int, dcs_bits: int) -> None:
        self.system = system
        self.rate_bps = rate_bps
        self.dcs_bits = dcs_bits

    @property
    def has_short_training(self) -> bool:
        """V.17 trains long before TCF and short before each page; the others know one training."""
        return self.system == "V.17"

    def __str__(self) -> str:
        return self.system if self is Modulation.V34 else f"{self.system} {self.rate_bps} bit/s"


BY_DCS_BITS = {modulation.dcs_bits: modulation for modulation in Modulation if modulation is not Modulation.V34}
"""The modulations that a DCS selects, by its bits 11 to 14.

0010 and 0110 were V.33 at 14400 and 12000 bit/s. They are not read as V.17 at these rates, whose carrier is another:
our DIS never offers V.33, and no Class 1 modem can be told to expect it.
"""

_V27TER_FALLBACK = frozenset({Modulation.V27TER_2400})
_V27TER = _V27TER_FALLBACK | {Modulation.V27TER_4800}
_V29 = frozenset({Modulation.V29_7200, Modulation.V29_9600})
_V17 = frozenset({Modulation.V17_7200, Modulation.V17_9600, Modulation.V17_12000, Modulation.V17_14400})

_OFFERS: Mapping[int, frozenset[Modulation]] = {
    0b0000: _V27TER_FALLBACK,
    0b0100: _V27TER,
    0b1000: _V29,
    0b1100: _V27TER | _V29,
    0b1101: _V27TER | _V29 | _V17,
}
"Bits 11 to 14 of a DIS."

_V33 = 0b1110
"V.27ter, V.29 and V.33, which was withdrawn: nothing that we could send."

_BY_BIT = ((0b0001, _V17), (0b1000, _V29), (0b0100, _V27TER))
"The best plausible reading of a combination that T.30 leaves undefined: each bit for the modulation it stands for."


def offered_by(bits: int) -> frozenset[Modulation]:
    """What bits 11 to 14 of a DIS offer; those that T.30 leaves undefined are read in the sender's favour."""
    if bits == _V33:
        return _OFFERS[0b1100]
    return _OFFERS.get(bits) or _V27TER_FALLBACK.union(*(group for bit, group in _BY_BIT if bits & bit))


def offer(modulations: frozenset[Modulation]) -> int:
    """Bits 11 to 14 of a DIS that offer as much of `modulations` as can be said, and nothing else.

    Raises ValueError for modulations that no combination names.
    """
    offers = [(len(group), bits) for bits, group in _OFFERS.items() if group <= modulations]
    if not offers:
        raise ValueError("a Group 3 receiver must at least receive V.27ter at 2400 bit/s")
    return max(offers)[1]


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
    """The modulations to try one after the other, the fastest first; empty when `usable` has none at such a rate.

    V.34 is never among them: V.8 settles it before there is a DIS, and its modems go down by themselves.
    """
    allowed = {modulation for modulation in usable if modulation.rate_bps <= max_rate_bps}
    steps = [modulation for modulation in LADDER if modulation in allowed]
    rates = {modulation.rate_bps for modulation in steps}
    steps += [modulation for modulation in _V17_LOW if modulation in allowed and modulation.rate_bps not in rates]
    return tuple(sorted(steps, key=lambda modulation: -modulation.rate_bps))
