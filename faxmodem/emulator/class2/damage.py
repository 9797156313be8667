"""What a firmware does to pages that it claims to be able to send and receive, and is not."""

from __future__ import annotations

from typing import Final

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.emulator.settings import DceSettings
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.parameters import Parameters

_EVERY: Final = 61
_CODINGS: Final = {Coding.MR: Quirk.NO_2D, Coding.MMR: Quirk.NO_MMR}
_INCHES: Final = (Resolution.INCH_300, Resolution.INCH_400, Resolution.R16)


def spoils(settings: DceSettings, parameters: Parameters) -> bool:
    """Whether this firmware damages pages like this."""
    quirk = _CODINGS.get(parameters.coding)
    if quirk is not None and settings.has(quirk):
        return True
    return parameters.resolution in _INCHES and settings.has(Quirk.NO_FINE_INCH)


def spoilt(octets: bytes) -> bytes:
    """The octets with some of them wrong."""
    return bytes(octet ^ 0x55 if place % _EVERY == _EVERY // 2 else octet for place, octet in enumerate(octets))
