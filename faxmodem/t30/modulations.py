"""The modulations of the message channel, with their DIS/DCS bits and places in the fallback ladder.

T.30 (09/2005) table 2, bits 11 to 14.
"""

from __future__ import annotations

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

    def __init__(self, system: str, rate_bps: int, dcs_bits: int) -> None:
        self.system = system
        self.rate_bps = rate_bps
        self.dcs_bits = dcs_bits

    @property
    def has_short_training(self) -> bool:
        """V.17 trains long before TCF and short before each page; the others know one training."""
        return self.system == "V.17"

    def __str__(self) -> str:
        return f"{self.system} {self.rate_bps} bit/s"
