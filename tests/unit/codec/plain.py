"""MH in plain strings of zeros and ones, bit by bit: slow, and the yardstick for the coder."""

from __future__ import annotations

from itertools import groupby

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.tables import BLACK, WHITE

EOL = "000000000001"
RTC = EOL * 6


def link(bits: str) -> bytes:
    """Pack bits in link order: the first one becomes the least significant of byte 0."""
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def unlink(data: bytes) -> str:
    """Bits of bytes in link order."""
    return "".join(f"{octet:08b}"[::-1] for octet in data)


def run(colour: int, pels: int) -> str:
    """The codes for one run; `colour` 1 is black."""
    words = BLACK if colour else WHITE
    bits = ""
    while pels > 2623:
        bits += words[2560]
        pels -= 2560
    if pels > 63:
        bits += words[pels // 64 * 64]
    return bits + words[pels % 64]


def line(*runs: int) -> str:
    """A line's data: runs in turn, white first."""
    return "".join(run(number % 2, pels) for number, pels in enumerate(runs))


def encode(bitmap: Bitmap, *, min_line_bits: int = 0) -> str:
    """A whole page with RTC."""
    bits = EOL
    for pels in bitmap.pels().tolist():
        runs = [(colour, len(list(group))) for colour, group in groupby(pels)]
        if runs[0][0]:
            runs.insert(0, (False, 0))
        data = line(*(length for _, length in runs))
        bits += data + "0" * (min_line_bits - len(data) - len(EOL)) + EOL
    return bits + EOL * 5
