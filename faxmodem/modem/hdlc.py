"""What a DCE hands over as a V.21 frame, brought to what T.30 sent: no FCS, no missing octet.

T.31 (08/95) §7.4 has the DCE deliver the two octets of the FCS; some leave them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from faxmodem.codec.fcs import FCS_OCTETS, REVERSED, is_whole
from faxmodem.t30.frames import ADDRESS, CONTROL_FINAL, CONTROL_MORE

MIN_FRAME: Final = 3
"Address, control, FCF."


class FrameMender:
    """Judges the frames of one modem; learns from the good ones whether it delivers the FCS."""

    def __init__(self) -> None:
        self._delivers_fcs = False

    def mend(self, octets: bytes, *, trusted: bool) -> bytes | None:
        """The frame without FCS, or None if it is damaged. `trusted`: the DCE says that the frame is good.

        A good FCS outweighs what the DCE says: some report ERROR for good frames.
        """
        for guess in _guesses(octets):
            if len(guess) >= MIN_FRAME + FCS_OCTETS and is_whole(guess):
                self._delivers_fcs = True
                return guess[:-FCS_OCTETS]
        if not trusted or self._delivers_fcs:
            return None
        return next((guess for guess in _guesses(octets) if len(guess) >= MIN_FRAME and _is_headed(guess)), None)


def _guesses(octets: bytes) -> Iterator[bytes]:
    """The frame as it came, then as it was if the DCE (or the port) did to it what some are known to do."""
    yield octets
    address = bytes([ADDRESS])
    final = bytes([CONTROL_FINAL])
    yield octets.translate(REVERSED)
    yield address + octets  # the address was taken for a flag
    if octets[:1] == address:
        yield address + final + octets[1:]  # 13h was eaten as XOFF


def _is_headed(octets: bytes) -> bool:
    return octets[0] == ADDRESS and octets[1] in (CONTROL_MORE, CONTROL_FINAL)
