"""What the tests of frames and capabilities share; nothing in it needs a session."""

from __future__ import annotations

from hypothesis import settings

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities, PageLength
from faxmodem.t30.modulations import Modulation

deterministic = settings(derandomize=True, deadline=None)
"The same examples in every run, however slow the machine is."

EVERYTHING = Capabilities(
    modulations=frozenset(Modulation) - {Modulation.V34},
    codings=frozenset(Coding),
    ecm=True,
    resolutions=frozenset(Resolution),
    widths=WIDTHS,
    lengths=tuple(PageLength),
)
"A station that can do all that this program can."


def offered(**values: int) -> Capabilities:
    """What a DIS with these fields says."""
    return Capabilities.from_bits(Bits.compose(BitsKind.CAPABILITIES, {"receives": 1} | values))


def selected(**values: int) -> Bits:
    """A DCS with these fields, at 9600 bit/s unless they say otherwise."""
    return Bits.compose(BitsKind.SELECTION, {"receives": 1, "rate": 0b1000} | values)
