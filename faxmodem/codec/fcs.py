"""What HDLC adds to one frame: the check sequence, and the zeros that keep flags out of it. No arrays here.

Octets are in link order: the first bit on the line is the least significant.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final

FCS_OCTETS: Final = 2

REVERSED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
"Each octet with its bits in the other order: `bytes.translate` takes it."


def fcs(frame: bytes) -> bytes:
    """The two octets of the frame check sequence of `frame`, in link order as the frame is.

    T.30 (09/2005) §5.3.7: the CRC of V.41, started with ones and sent inverted.
    """
    # binascii works in C, with the most significant bit first.
    crc = crc_hqx(frame.translate(REVERSED), 0xFFFF) ^ 0xFFFF
    return crc.to_bytes(FCS_OCTETS, "big").translate(REVERSED)


def is_whole(octets: bytes) -> bool:
    """Whether `octets`, a frame with its check sequence, arrived as it was sent."""
    return len(octets) > FCS_OCTETS and fcs(octets[:-FCS_OCTETS]) == octets[-FCS_OCTETS:]


def inserted_zeros(octets: bytes) -> int:
    """How many zeros are inserted into these octets: one after each five ones in a row."""
    return f"{int.from_bytes(octets, 'little'):b}".count("11111")


def bits_on_line(octets: bytes) -> int:
    """How many bits a frame with its check sequence takes between its flags."""
    return 8 * len(octets) + inserted_zeros(octets)
