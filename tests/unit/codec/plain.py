"""MH, MR and MMR in plain strings of zeros and ones, bit by bit: slow, and the yardstick for the coders."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.tables import BLACK, WHITE

EOL = "000000000001"
RTC = EOL * 6
EOFB = EOL * 2
EOL_1, EOL_0 = EOL + "1", EOL + "0"
RTC_1 = EOL_1 * 6
# T.4 (07/2003) table 4, typed anew.
PASS, HORIZONTAL = "0001", "001"
V = {0: "1", 1: "011", 2: "000011", 3: "0000011", -1: "010", -2: "000010", -3: "0000010"}


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


def one_dimensional(pels: Sequence[bool]) -> str:
    """The data of a line of pels, coded for itself."""
    runs = [(colour, len(list(group))) for colour, group in groupby(pels)]
    if runs[0][0]:
        runs.insert(0, (False, 0))
    return line(*(length for _, length in runs))


def _changing(pels: Sequence[bool], start: int, before: bool) -> int:
    """The first pel from `start` on that is not like the one to its left, which for `start` itself is `before`."""
    for at in range(start, len(pels)):
        if pels[at] != before:
            return at
        before = pels[at]
    return len(pels)


def two_dimensional(pels: Sequence[bool], above: Sequence[bool]) -> str:
    """The data of a line of pels, coded by the one above: the flow chart of T.4 (07/2003) figure 7, word for word."""
    width, bits = len(pels), ""
    a0, colour = -1, False
    while a0 < width:
        a1 = _changing(pels, max(a0, 0), colour)
        b1 = _changing(above, a0 + 1, a0 >= 0 and above[a0])
        if b1 < width and above[b1] == colour:  # of the same colour as a0: the next one
            b1 = _changing(above, b1 + 1, above[b1])
        b2 = _changing(above, b1 + 1, not colour) if b1 < width else width
        if b2 < a1:
            bits, a0 = bits + PASS, b2
        elif abs(a1 - b1) <= 3:
            bits, a0, colour = bits + V[a1 - b1], a1, not colour
        else:
            a2 = _changing(pels, a1, not colour)
            bits, a0 = bits + HORIZONTAL + run(colour, a1 - max(a0, 0)) + run(not colour, a2 - a1), a2
    return bits


def encode_mr(bitmap: Bitmap, *, k: int, min_line_bits: int = 0) -> str:
    """A whole page of MR with RTC."""
    lines: list[list[bool]] = bitmap.pels().tolist()
    bits = ""
    for number, pels in enumerate(lines):
        if number % k == 0:
            tag, data = "1", one_dimensional(pels)
        else:
            tag, data = "0", two_dimensional(pels, lines[number - 1])
        # The line lasts until the tag behind it.
        bits += EOL + tag + data + "0" * (min_line_bits - len(data) - len(EOL_1))
    return bits + RTC_1


def encode_mmr(bitmap: Bitmap) -> str:
    """A whole page of MMR with EOFB."""
    above, bits = [False] * bitmap.width, ""
    for pels in bitmap.pels().tolist():
        bits += two_dimensional(pels, above)
        above = pels
    return bits + EOFB


def encode(bitmap: Bitmap, *, min_line_bits: int = 0) -> str:
    """A whole page of MH with RTC."""
    bits = EOL
    for pels in bitmap.pels().tolist():
        data = one_dimensional(pels)
        bits += data + "0" * (min_line_bits - len(data) - len(EOL)) + EOL
    return bits + EOL * 5
