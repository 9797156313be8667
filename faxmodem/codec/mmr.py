"""Modified modified READ: two-dimensional coding throughout, for a channel that corrects all errors.

T.6 (11/88). Coded bytes are in the order of the DTE-DCE link: the first bit on the line is the least significant of
byte 0.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bitmap import Bitmap, DecodedPage
from faxmodem.codec.coder import Framing, write_page
from faxmodem.codec.lines import MAX_LINES
from faxmodem.codec.reader import LineReader, Painter
from faxmodem.codec.tables import EOL, EOL_BITS
from faxmodem.codec.two_dimensional import code_modes
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from faxmodem.codec.bitmap import Resolution
    from faxmodem.codec.changes import Band
    from faxmodem.codec.coder import Codes

_EOFB: Final = EOL * 2  # end of facsimile block: T.6 (11/88) §2.4.1.1


def mmr_encode(bitmap: Bitmap, *, eofb: bool = True) -> bytes:
    """Code a page: its lines, one behind the other, and EOFB. Zeros fill the last byte.

    T.6 (11/88) §2.2, §2.4.
    """
    nothing = Framing(
        np.zeros(bitmap.lines + 1, np.uint64), np.zeros(bitmap.lines + 1, np.int64), _EOFB if eofb else ""
    )
    return write_page(bitmap, nothing, _code_band)


def _code_band(band: Band, codes: Codes) -> None:
    code_modes(band, codes, np.ones(band.lines, np.bool_))


def mmr_decode(data: bytes, *, width: int, resolution: Resolution) -> DecodedPage:
    """Decode a page up to its EOFB; nothing in `data` makes this raise.

    The first line that is not legal ends the page: no line below it can be known, nor how many there are. So it is not
    in the bitmap, counts as one bad line, and is the `first_bad_line`. Where the data just stop, with zeros at most
    behind the last line, the page has not `ended`, but is not bad; a part of a line is dropped.

    Extension codes, uncompressed mode among them, are not legal here: nobody may use what was not offered.

    Raises `CodecError` for a width below 1.

    T.6 (11/88) §2.2 to §2.4.
    """
    if width < 1:
        raise CodecError(f"a line has at least 1 pel, not {width}")
    reader, painter = LineReader(data, width), Painter(width)
    above, start, behind = [width] * 3, 0, 0
    while painter.lines < MAX_LINES:
        line, behind = reader.read(start, above)
        if line is None or behind > 8 * len(data):
            break
        painter.add(line)
        above, start = line, behind
    stop = _stop(data, start, behind)
    bad = stop is _Stop.DAMAGE and painter.lines < MAX_LINES
    return DecodedPage(
        bitmap=Bitmap(rows=painter.rows(), width=width, resolution=resolution),
        bad_lines=int(bad),
        longest_bad_run=int(bad),
        ended=stop is _Stop.EOFB,
        first_bad_line=painter.lines if bad else None,
    )


class _Stop(Enum):
    """Why a page goes on no longer."""

    EOFB = auto()
    END_OF_DATA = auto()
    DAMAGE = auto()


def _stop(data: bytes, line: int, bit: int) -> _Stop:
    """Say why the line that begins at the bit `line` cannot be read beyond `bit`."""
    rest = int.from_bytes(data[bit >> 3 :], "little") >> (bit & 7)
    # A word that the end of the data cuts off was read as if zeros followed.
    if not rest:
        return _Stop.END_OF_DATA
    zeros = (rest & -rest).bit_length() - 1
    if bit > line or zeros < EOL_BITS - 1:
        return _Stop.DAMAGE
    # An EOL where a line would begin. Whoever puts fill before it is forgiven.
    second = rest >> (zeros + 1)
    if second & (1 << EOL_BITS) - 1 == 1 << (EOL_BITS - 1):
        return _Stop.EOFB
    return _Stop.DAMAGE if second else _Stop.END_OF_DATA
