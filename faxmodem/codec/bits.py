"""Bits in the order of the DTE-DCE link, many at once: the first bit on the line is the least significant of byte 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def in_link_order(word: str) -> int:
    """Give a code word, as the standard prints it, as a number whose least significant bit goes first."""
    return int(word[::-1], 2)


def windows(data: bytes) -> NDArray[np.uint32]:
    """Give the 24 bits from each octet on, with zeros behind the data: room for a window of 17 bits at any bit.

    Two windows more than there are octets can be looked at.
    """
    octets = np.frombuffer(data + bytes(4), np.uint8).astype(np.uint32)
    found: NDArray[np.uint32] = octets[:-2] | octets[1:-1] << np.uint32(8) | octets[2:] << np.uint32(16)
    return found


class BitWriter:
    """Takes code words in pieces of known length and gives bytes."""

    def __init__(self) -> None:
        self._done: list[bytes] = []
        self._words = np.zeros(1, np.uint32)
        self._used = 0  # bits of the first words that are taken by now

    def extend(self, bits: int) -> None:
        """Go behind the piece before and make room for `bits` bits, all zeros."""
        full, self._used = divmod(self._used, 32)
        self._done.append(self._words[:full].astype("<u4").tobytes())
        words = np.zeros((self._used + bits) // 32 + 2, np.uint32)
        words[0] = self._words[full]
        self._words, self._before = words, self._used
        self._used += bits

    def put(self, starts: NDArray[np.int64], codes: NDArray[np.uint64]) -> None:
        """Set the bits of `codes`, of at most 32 bits each, at ascending places in the piece."""
        if not starts.size:
            return
        starts = starts + self._before
        where, shift = starts >> 5, (starts & 31).view(np.uint64)
        groups = np.flatnonzero(np.diff(where, prepend=-1))
        bits = np.bitwise_or.reduceat(codes << shift, groups)
        where = where[groups]
        self._words[where] |= bits.astype(np.uint32)
        self._words[where + 1] |= (bits >> np.uint64(32)).astype(np.uint32)

    def finish(self) -> bytes:
        """Give all bytes; zeros fill the last one."""
        self._done.append(self._words.astype("<u4").tobytes()[: (self._used + 7) // 8])
        return b"".join(self._done)
