"""What HDLC adds to a frame on its way: the check sequence, the flags, the inserted zeros."""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final

FCS_OCTETS: Final = 2

_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def fcs(frame: bytes) -> bytes:
    """The two octets of the frame check sequence of `frame`, in link order like the frame itself.

    T.30 (09/2005) §5.3.7: the CRC of V.41, started with ones and sent inverted.
    """
    crc = crc_hqx(frame.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return crc.to_bytes(2, "big").translate(_REVERSED)


def is_whole(octets: bytes) -> bool:
    """Whether `octets`, a frame with its check sequence, arrived as it was sent."""
    return len(octets) > FCS_OCTETS and fcs(octets[:-FCS_OCTETS]) == octets[-FCS_OCTETS:]


def bits_on_line(octets: bytes) -> int:
    """How many bits the frame takes between its flags: its own, and a zero after every five ones in a row."""
    inserted = ones = 0
    bits = int.from_bytes(octets, "little")
    for _ in range(8 * len(octets)):
        ones = ones + 1 if bits & 1 else 0
        bits >>= 1
        if ones == 5:
            inserted += 1
            ones = 0
    return 8 * len(octets) + inserted
