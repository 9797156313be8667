"""All codings in one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.codec.mmr import mmr_decode, mmr_encode
from faxmodem.codec.mr import mr_decode, mr_encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faxmodem.codec.bitmap import Bitmap, DecodedPage


class _Decode(Protocol):
    def __call__(self, data: bytes, *, width: int, resolution: Resolution) -> DecodedPage: ...


@dataclass(frozen=True, slots=True)
class _Codec:
    encode: Callable[[Bitmap, int, bool], bytes]
    decode: _Decode


_CODECS: Final[Mapping[Coding, _Codec]] = {
    Coding.MH: _Codec(lambda bitmap, bits, ends: mh_encode(bitmap, min_line_bits=bits, rtc=ends), mh_decode),
    Coding.MR: _Codec(
        lambda bitmap, bits, ends: mr_encode(bitmap, k=k_of(bitmap.resolution), min_line_bits=bits, rtc=ends), mr_decode
    ),
    # Error correction, which this coding needs, knows no minimum scan line time (T.4 (07/2003) Annex A).
    Coding.MMR: _Codec(lambda bitmap, _, ends: mmr_encode(bitmap, eofb=ends), mmr_decode),
}


def k_of(resolution: Resolution) -> int:
    """Of how many lines in MR one is coded one-dimensionally.

    T.4 (07/2003) §4.2.1.
    """
    return 2 if resolution.lines_per_mm <= Resolution.STANDARD.lines_per_mm else 4


def encode(bitmap: Bitmap, coding: Coding, *, min_line_bits: int = 0, marks_end: bool = True) -> bytes:
    """Code a page for the line, with what ends it (RTC, EOFB) unless somebody else adds that (`marks_end`).

    `min_line_bits`: least bits of a line, up to the end of the EOL behind it (bit rate times minimum scan line time).
    It means nothing in MMR, which has neither EOLs nor fill.
    """
    return _CODECS[coding].encode(bitmap, min_line_bits, marks_end)


def decode(data: bytes, coding: Coding, *, width: int, resolution: Resolution) -> DecodedPage:
    """Decode a page as it came off the line; nothing in `data` makes this raise.

    Raises `CodecError` for a width below 1.
    """
    return _CODECS[coding].decode(data, width=width, resolution=resolution)
