"""What pages come to on the line: each is coded for real, in every coding that may be chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.coding import decode, encode
from faxmodem.codec.fcs import inserted_zeros
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.documents.convert import fit
from faxmodem.errors import CodecError
from faxmodem.t30.line_time import page_s
from faxmodem.t30.parameters import Parameters

Headed = Callable[[Bitmap, int], Bitmap]
"Draws the header line into a page of this number."


class _Key(NamedTuple):
    """What decides how many octets a page has."""

    number: int
    part: int
    width: int
    lines: int
    resolution: Resolution
    coding: Coding
    min_line_bits: int


class _Size(NamedTuple):
    octets: int
    inserted: int
    "Zeros that HDLC adds."


def fitted(page: Bitmap, parameters: Parameters) -> list[Bitmap]:
    """The page as these parameters have it, or the pages that it becomes."""
    return fit(
        page,
        width=parameters.width,
        resolution=parameters.resolution,
        max_lines=parameters.length.max_lines(parameters.resolution),
    )


class Forecast:
    """Codes pages to see how long they take, and remembers what came of it; the pages themselves it does not keep."""

    def __init__(self, headed: Headed) -> None:
        self._headed = headed
        self._sizes: dict[_Key, _Size] = {}

    def check(self, number: int, page: Bitmap, codings: Iterable[Coding]) -> None:
        """See that page `number` can be coded and comes back as it was.

        Raises `CodecError` if not: then the fault of a page that the receiver refuses would be ours.
        """
        headed = self._headed(page, number)
        for coding in codings:
            data = encode(headed, coding)
            back = decode(data, coding, width=headed.width, resolution=headed.resolution)
            if back.bitmap != headed or back.bad_lines or not back.ended:
                raise CodecError(f"page {number} does not come back from {coding.value} as it went in: this is a bug")
            key = _Key(number, 0, page.width, page.lines, page.resolution, coding, 0)
            self._sizes[key] = _Size(len(data), inserted_zeros(data))

    def seconds(self, number: int, page: Bitmap, ways: Sequence[Parameters]) -> list[float]:
        """How long page `number` is on the line in each of these ways, which differ in nothing that shows on paper."""
        parts = fitted(page, ways[0])
        return [sum(page_s(way, *self._size(number, at, part, way)) for at, part in enumerate(parts)) for way in ways]

    def _size(self, number: int, at: int, part: Bitmap, way: Parameters) -> _Size:
        key = _Key(number, at, part.width, part.lines, part.resolution, way.coding, way.min_line_bits)
        if key not in self._sizes:
            data = encode(self._headed(part, number + at), way.coding, min_line_bits=way.min_line_bits)
            self._sizes[key] = _Size(len(data), inserted_zeros(data))
        return self._sizes[key]
