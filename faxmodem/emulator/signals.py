"""What one end may put on the telephone line: tones, V.8, V.21, the fast carriers and those of V.34."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from faxmodem.t30.modulations import Modulation

FLAG_BITS: Final = 8
V21_RATE_BPS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class V34Rates:
    """What a modem says of V.34: the most and the least that it wants, or what two have agreed on. In bit/s."""

    primary_bps: int
    least_bps: int
    control_bps: int

    def common(self, other: V34Rates) -> V34Rates | None:
        """What both can do; None if there is nothing."""
        rates = V34Rates(
            primary_bps=min(self.primary_bps, other.primary_bps),
            least_bps=max(self.least_bps, other.least_bps),
            control_bps=min(self.control_bps, other.control_bps),
        )
        return rates if rates.primary_bps >= rates.least_bps else None


class Signal(Enum):
    """One signal: `(title, code, modulation, training in s)`.

    `code` is the value of +FTM, +FRM, +FTH and +FRH that asks for it; tones and V.34 have none. `modulation` is None
    for tones and V.21. V.27ter trains without its echo protection. V.34 has its rates from the carrier.

    T.31 (08/95) §8.3.3; V.27ter, V.29 and V.17 for the training times; V.34 §12 for its resynchronisation.
    """

    CNG = ("CNG", None, None, 0.0)
    CED = ("CED", None, None, 0.0)
    ANSAM = ("V.8 ANSam", None, None, 0.0)
    CM = ("V.8 CM", None, None, 0.0)
    JM = ("V.8 JM", None, None, 0.0)
    CJ = ("V.8 CJ", None, None, 0.0)
    V34_CONTROL = ("V.34 control channel", None, Modulation.V34, 0.2)
    V34_PRIMARY = ("V.34 primary channel", None, Modulation.V34, 0.2)
    V21 = ("V.21 channel 2", 3, None, 0.0)
    V27TER_2400 = ("V.27ter 2400", 24, Modulation.V27TER_2400, 0.943)
    V27TER_4800 = ("V.27ter 4800", 48, Modulation.V27TER_4800, 0.708)
    V29_7200 = ("V.29 7200", 72, Modulation.V29_7200, 0.234)
    V29_9600 = ("V.29 9600", 96, Modulation.V29_9600, 0.234)
    V17_7200_LONG = ("V.17 7200 long", 73, Modulation.V17_7200, 1.393)
    V17_7200_SHORT = ("V.17 7200 short", 74, Modulation.V17_7200, 0.142)
    V17_9600_LONG = ("V.17 9600 long", 97, Modulation.V17_9600, 1.393)
    V17_9600_SHORT = ("V.17 9600 short", 98, Modulation.V17_9600, 0.142)
    V17_12000_LONG = ("V.17 12000 long", 121, Modulation.V17_12000, 1.393)
    V17_12000_SHORT = ("V.17 12000 short", 122, Modulation.V17_12000, 0.142)
    V17_14400_LONG = ("V.17 14400 long", 145, Modulation.V17_14400, 1.393)
    V17_14400_SHORT = ("V.17 14400 short", 146, Modulation.V17_14400, 0.142)

    def __init__(self, title: str, code: int | None, modulation: Modulation | None, training_s: float) -> None:
        self.title = title
        self.code = code
        self.modulation = modulation
        self.training_s = training_s

    @property
    def is_tone(self) -> bool:
        """CNG, CED and what V.8 says carry no data."""
        return self.code is None and self.modulation is None

    @property
    def rate_bps(self) -> int:
        """Bits per second; 0 for a tone."""
        if self.modulation is not None:
            return self.modulation.rate_bps
        return 0 if self.is_tone else V21_RATE_BPS

    @property
    def is_short(self) -> bool:
        """V.17 with resynchronisation only: decoded by a receiver that remembers a long training."""
        return self.modulation is not None and self.modulation.has_short_training and self.training_s < 1.0

    @property
    def teaches_short(self) -> bool:
        """V.17 with its whole training, which a short one later refers to."""
        return self.modulation is not None and self.modulation.has_short_training and not self.is_short

    @property
    def recognised_s(self) -> float:
        """How long a receiver must hear it to know it: eight flags of V.21 (speech may hold one), or energy."""
        return 8 * FLAG_BITS / V21_RATE_BPS if self is Signal.V21 else 0.05


BY_CODE: Final[Mapping[int, Signal]] = MappingProxyType({s.code: s for s in Signal if s.code is not None})
FAST_CODES: Final = tuple(sorted(code for code, signal in BY_CODE.items() if signal.modulation is not None))
