"""HDLC on the message channel: the frames of an error-corrected block to a bit stream, and back.

T.4 (07/2003) Annex A for the frames, ISO/IEC 13239 for what carries them. Octets are in link order: the first bit on
the line is the least significant.

Coding looks up each octet in a table: its bits, with a zero inserted after every five ones. Where these fall hangs on
how many ones (0 to 4) stand before the octet since the last zero, inserted or not: the table has a row for each.
The octet before decides the number, unless it is all ones; in a run of such octets it grows by 8, which is 3, modulo 5.
The codes, 8 to 10 bits each, are joined by fours to at least 32 bits, so that every second of these begins in a
64-bit word of its own: they are stored without a loop.

Decoding looks at zeros only: between two that follow each other stand 5 ones (the second was inserted), 6 (the two are
the ends of a flag), or 7 and more (an abort, or an idle line).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.fcs import FCS_OCTETS, fcs, is_whole
from faxmodem.errors import CodecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLAG: Final = b"\x7e"
MIN_FRAME: Final = 3
"Address, control, FCF."
MAX_FRAME: Final = 260
"Octets of an FCD frame without its FCS: address, control, FCF, frame number, 256 of data (T.4 (07/2003) Annex A)."

_SLICE: Final = 16384
"Octets that are decoded at a time, which bounds the memory that it takes."
_MOST_BITS: Final = (MAX_FRAME + FCS_OCTETS) * 8 * 6 // 5
"Bits on the line of the longest frame, each five with a zero inserted."
_FLAG_BITS: Final = 8

_ADDRESS: Final = np.array([1, 1, 1, 1, 1, 0, 1, 1, 1], np.uint8)
"The address FFh at the beginning of a frame, as it is on the line."


# --- coding ------------------------------------------------------------------------------------------------------


def _code_table() -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Bits and their number for `256 * ones before + octet`, then for a flag and for nothing; and the ones after."""
    ones, octet = np.divmod(np.arange(5 * 256), 256)
    codes, lengths = np.zeros_like(octet), np.zeros_like(octet)
    for place in range(8):
        bit = octet >> place & 1
        codes |= bit << lengths
        ones = (ones + 1) * bit
        lengths += 1 + (ones == 5)
        ones %= 5
    return (
        np.append(codes, [FLAG[0], 0]).astype(np.uint64),
        np.append(lengths, [8, 0]).astype(np.uint8),
        ones[:256].astype(np.uint8),
    )


_CODES, _LENGTHS, _ONES_AFTER = _code_table()
_FLAG_CODE: Final = 5 * 256
_NO_CODE: Final = _FLAG_CODE + 1


@dataclass(frozen=True, slots=True)
class Encoded:
    """A block of frames as it goes on the line."""

    octets: bytes
    "In link order."
    frame_ends: tuple[int, ...]
    "For each frame how many of `octets` hold it and what is before it, with the flag that closes it."


def encode(frames: Sequence[bytes], *, opening_flags: int, closing_flags: int = 2) -> Encoded:
    """Code frames (address to the last octet before the FCS) with flags, FCS and inserted zeros.

    One flag stands between two frames, closing one and opening the other: it costs the least, and ISO/IEC 13239 has
    every receiver take it. `closing_flags` counts the one that closes the last frame; the second is for a receiver
    that loses the last octet with the carrier. Ones fill the last octet: behind a flag they begin no frame.

    Raises `CodecError` unless there is a flag before and behind the frames.
    """
    if min(opening_flags, closing_flags) < 1:
        raise CodecError(f"frames stand between flags, not between {opening_flags} and {closing_flags} of them")
    pieces = [FLAG * opening_flags]
    for frame in frames:
        pieces += (frame, fcs(frame), FLAG)
    pieces.append(FLAG * (closing_flags - 1))
    octets = np.frombuffer(b"".join(pieces), np.uint8)
    closers = np.cumsum([len(frame) + FCS_OCTETS + len(FLAG) for frame in frames], dtype=np.int64) + opening_flags - 1

    codes = np.full((len(octets) // 4 + 1) * 4, _NO_CODE, np.intp)
    codes[: len(octets)] = _ones_before(octets) * np.intp(256) + octets
    codes[:opening_flags] = _FLAG_CODE
    codes[closers] = _FLAG_CODE
    codes[len(octets) - closing_flags + 1 : len(octets)] = _FLAG_CODE
    lengths = _LENGTHS[codes]
    begins = np.concatenate(([0], closers + 1))  # of each frame with what is before it, then of what is behind all
    ends = np.cumsum(np.add.reduceat(lengths, begins, dtype=np.int64))[:-1]
    return Encoded(_pack(_CODES[codes], lengths), tuple((-(-ends // 8)).tolist()))


def _ones_before(octets: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How many ones, modulo 5, stand before each octet since the last zero on the line; the first is a flag."""
    after = _ONES_AFTER[octets]
    full = np.flatnonzero(octets == 0xFF)
    firsts = np.flatnonzero(np.diff(full, prepend=-2) != 1)
    sizes = np.diff(firsts, append=len(full))
    depth = np.arange(1, len(full) + 1) - np.repeat(firsts, sizes)
    after[full] = (np.repeat(after[full[firsts] - 1], sizes) + 3 * depth) % 5
    before = np.zeros_like(after)
    before[1:] = after[:-1]
    return before


def _pack(codes: NDArray[np.uint64], lengths: NDArray[np.uint8]) -> bytes:
    """String codes of up to 10 bits together, the first bit least significant; ones fill the last octet.

    A multiple of four codes; all but the last four have 8 bits at least.
    """
    for _ in range(2):
        codes = codes[0::2] | codes[1::2] << lengths[0::2].astype(np.uint64)
        lengths = lengths[0::2] + lengths[1::2]
    ends = np.cumsum(lengths, dtype=np.int64)
    starts = ends - lengths
    total = int(ends[-1])
    words = np.zeros(total // 64 + 2, np.uint64)
    word, shift = starts >> 6, (starts & 63).astype(np.uint64)
    low, high = codes << shift, codes >> np.uint64(1) >> (np.uint64(63) - shift)
    for half in (slice(0, None, 2), slice(1, None, 2)):  # no word twice in each: 64 bits lie between two starts
        words[word[half]] |= low[half]
        words[word[half] + 1] |= high[half]
    packed = bytearray(words.astype("<u8", copy=False).tobytes()[: -(-total // 8)])
    if total % 8:
        packed[-1] |= 0xFF << total % 8 & 0xFF
    return bytes(packed)


# --- decoding ----------------------------------------------------------------------------------------------------


class Decoder:
    """Takes a received stream in any pieces, at any bit offset, and gives the same frames for all of them.

    A frame is what stands between two flags; flags may be one, share a zero, or fill minutes. It is damaged if its FCS
    is wrong, if an abort (seven ones or more) ends it, if it is not of whole octets or longer than `MAX_FRAME`.

    Only what begins with the address FFh and has room for the shortest frame is reported as damaged. Noise looks like a
    flag once in 32 octets and would, after the end of a carrier, be reported as often; like a flag with that address
    behind it, once in 16 Kioctets. That a frame is missing whose address is damaged, its neighbours' numbers tell.
    """

    def __init__(self) -> None:
        self._bits = np.zeros(0, np.uint8)

    def feed(self, octets: bytes) -> list[bytes | None]:
        """The frames, without FCS, that end in `octets`; None for a damaged one."""
        frames: list[bytes | None] = []
        for at in range(0, len(octets), _SLICE):
            piece = np.frombuffer(octets, np.uint8, min(_SLICE, len(octets) - at), at)
            frames.extend(self._take(np.concatenate((self._bits, np.unpackbits(piece, bitorder="little")))))
        return frames

    def _take(self, bits: NDArray[np.uint8]) -> Iterator[bytes | None]:
        """Give the frames that end in `bits`, and keep what may belong to the next."""
        zeros = np.flatnonzero(bits == 0)
        if bits[-7:].sum() == 7:
            zeros = np.append(zeros, len(bits))  # an abort already: on an idle line its second zero may never come
        ones = np.diff(zeros) - 1
        marks = np.flatnonzero(ones > 5)
        yield from _frames(bits, zeros, ones, marks)
        after_flag = len(marks) > 0 and ones[marks[-1]] == 6
        kept = bits[zeros[marks[-1]] :] if after_flag else bits[-_FLAG_BITS:]
        if len(kept) > _FLAG_BITS + _MOST_BITS + _FLAG_BITS:
            if _is_addressed(kept[_FLAG_BITS:]):
                yield None
            kept = kept[-_FLAG_BITS:]
        self._bits = kept.copy()


def _frames(
    bits: NDArray[np.uint8], zeros: NDArray[np.intp], ones: NDArray[np.intp], marks: NDArray[np.intp]
) -> Iterator[bytes | None]:
    """Give the frames in `bits`: `zeros` are its zeros, `ones` the ones behind each, `marks` those of flags."""
    starts, ends = zeros[marks[:-1] + 1] + 1, zeros[marks[1:]]
    found = np.flatnonzero((ones[marks[:-1]] == 6) & (ends - starts >= 8 * (MIN_FRAME + FCS_OCTETS)))
    if len(found) == 0:
        return
    starts, ends, flagged = starts[found], ends[found], ones[marks[found + 1]] == 6
    inserted = zeros[np.flatnonzero(ones == 5) + 1]
    data = np.delete(bits, inserted)
    data_starts = starts - np.searchsorted(inserted, starts)
    data_ends = ends - np.searchsorted(inserted, ends)
    each = zip(starts.tolist(), data_starts.tolist(), data_ends.tolist(), flagged.tolist(), strict=True)
    for start, data_start, data_end, is_flagged in each:
        frame = _frame(data[data_start:data_end]) if is_flagged else None
        if frame is not None or _is_addressed(bits[start:]):
            yield frame


def _frame(bits: NDArray[np.uint8]) -> bytes | None:
    """The frame of the bits between two flags, or None if it is damaged."""
    if len(bits) % 8 or len(bits) > 8 * (MAX_FRAME + FCS_OCTETS):
        return None
    octets = np.packbits(bits, bitorder="little").tobytes()
    whole = len(octets) >= MIN_FRAME + FCS_OCTETS and is_whole(octets)
    return octets[:-FCS_OCTETS] if whole else None


def _is_addressed(bits: NDArray[np.uint8]) -> bool:
    return np.array_equal(bits[: len(_ADDRESS)], _ADDRESS)
