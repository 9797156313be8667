"""Where in what was received stands what was sent: a receiver cuts octets at any bit, and loses some at either end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]

SURE: Final = 32
"So many bits in a row are right where data begin and end."
LEAST: Final = 128
"Bits that must be common to both before anything is said of them."
LIKE: Final = 0.8
"The share of right bits above which it is what was sent: of other data one half is right by chance."


@dataclass(frozen=True, slots=True)
class Alignment:
    """How what was received compares with what was sent. In bits."""

    shift: int
    "Of the octets received against those sent, 0 to 7."
    lost_at_start: int
    lost_at_end: int
    wrong: int
    "Between the first and the last that is right."
    reversed: bool = False
    "Each octet came with its most significant bit first."

    @property
    def is_whole(self) -> bool:
        """Whether all arrived, bit for bit; what stands before and behind it does not count."""
        return not (self.lost_at_start or self.lost_at_end or self.wrong or self.reversed)


def align(sent: bytes, received: bytes) -> Alignment | None:
    """Find the one in the other, in link order (least significant bit first); None: it is not there."""
    bits = np.unpackbits(np.frombuffer(sent, np.uint8), bitorder="little")
    octets = np.frombuffer(received, np.uint8)
    return _align(bits, np.unpackbits(octets, bitorder="little"), is_reversed=False) or _align(
        bits, np.unpackbits(octets, bitorder="big"), is_reversed=True
    )


def _align(sent: Bits, came: Bits, *, is_reversed: bool) -> Alignment | None:
    if min(sent.size, came.size) < LEAST:
        return None
    at = _place(sent, came)
    begin, end = max(0, -at), min(sent.size, came.size - at)
    if end - begin < LEAST:
        return None
    right = sent[begin:end] == came[begin + at : end + at]
    sure = np.flatnonzero(_run_sums(right, SURE) == SURE)
    if not sure.size:
        return None
    first, last = int(sure[0]), int(sure[-1]) + SURE
    inside = right[first:last]
    if inside.size < LEAST or inside.mean() < LIKE:
        return None
    return Alignment(
        shift=at % 8,
        lost_at_start=begin + first,
        lost_at_end=sent.size - begin - last,
        wrong=int(inside.size - np.count_nonzero(inside)),
        reversed=is_reversed,
    )


def _place(sent: Bits, came: Bits) -> int:
    """At which bit of what came the first of those sent would stand: where most of them agree."""
    size = 1 << (sent.size + came.size).bit_length()
    agree = np.fft.irfft(np.fft.rfft(1.0 - 2.0 * came, size) * np.conj(np.fft.rfft(1.0 - 2.0 * sent, size)), size)
    at = int(np.argmax(agree))
    return at if at < came.size else at - size


def _run_sums(right: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """How many are right in each run of this length."""
    sums = np.concatenate(([0], np.cumsum(right, dtype=np.int64)))
    return np.asarray(sums[length:] - sums[:-length])
