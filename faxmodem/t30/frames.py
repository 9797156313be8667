"""A T.30 frame as it crosses the DTE-DCE link: address, control, FCF, FIF; no flags and no FCS.

T.30 (09/2005) §5.3.4 to §5.3.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from construct import Const, ConstructError, GreedyBytes, Int8ub, OneOf, Struct

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30 import fif as fifs
from faxmodem.t30.fcf import X_BIT, X_IS_FIXED, Fcf

ADDRESS = 0xFF
CONTROL_MORE = 0x03
"Control field of a frame that others follow in the same transmission."
CONTROL_FINAL = 0x13
"Control field of the last frame before the carrier drops."

_RAW = Struct(
    "address" / Const(ADDRESS, Int8ub),
    "control" / OneOf(Int8ub, [CONTROL_MORE, CONTROL_FINAL]),
    "fcf" / Int8ub,
    "fif" / GreedyBytes,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    code: int
    "The FCF octet in link order, X bit included."
    fif: bytes = b""
    final: bool = True
    "The control field says that no other frame follows."

    @classmethod
    def of(cls, fcf: Fcf, record: fifs.Record | None = None, *, x: bool = False, final: bool = True) -> Frame:
        """Make a frame; `x` is ignored where T.30 fixes the X bit. Raises TypeError for a wrong record."""
        code = int(fcf) | (X_BIT if x and fcf not in X_IS_FIXED else 0)
        return cls(code, fifs.encode(fcf, record if record is not None else fifs.Opaque()), final)

    @classmethod
    def parse(cls, data: bytes) -> Frame:
        """Read a frame. Raises `RemoteProtocolError` for bytes that are no T.30 frame."""
        try:
            raw = _RAW.parse(data)
        except ConstructError as error:
            raise RemoteProtocolError(f"not a T.30 frame: {data[:32].hex(' ') or 'no octets at all'}") from error
        return cls(raw.fcf, raw.fif, raw.control == CONTROL_FINAL)

    def build(self) -> bytes:
        """The octets for the modem, in link order."""
        control = CONTROL_FINAL if self.final else CONTROL_MORE
        built: bytes = _RAW.build({"control": control, "fcf": self.code, "fif": self.fif})
        return built

    @property
    def fcf(self) -> Fcf | None:
        """Which signal it is; None for a code that T.30 does not know."""
        return Fcf.of(self.code)

    @property
    def x(self) -> bool:
        """The X bit as it came."""
        return bool(self.code & X_BIT)

    def record(self) -> fifs.Record:
        """What the frame carries. Raises `RemoteProtocolError` when the FIF is too short for its signal."""
        return fifs.decode(self.fcf, self.fif) if self.fcf is not None else fifs.Opaque(self.fif)

    def __str__(self) -> str:
        name = self.fcf.name.replace("_", "-") if self.fcf is not None else f"FCF 0x{self.code:02X}"
        return f"{name} {self.fif.hex(' ')}".rstrip()
