"""What a UART makes of bytes that come at another rate than its own."""

from __future__ import annotations

from typing import Final

_LEVELS: Final = [bytes((0, *(octet >> place & 1 for place in range(8)), 1)) for octet in range(256)]
"Of the line, for each byte: start bit, the least significant bit first, stop bit."


def misread(data: bytes, sent_baud: int, read_baud: int) -> bytes:
    """The bytes that an end at `read_baud` finds in those that were sent at `sent_baud`, both without parity.

    At equal rates these are the same; a few per cent between them do no harm either.
    """
    if sent_baud == read_baud:
        return data
    levels = b"".join(_LEVELS[octet] for octet in data)
    found = bytearray()
    now = 0  # in ticks, of which `read_baud` are a bit of the sender's, and `sent_baud` one of the reader's
    while (low := levels.find(0, now // read_baud)) >= 0:
        start = max(now, low * read_baud)
        places = ((start + (2 * place + 3) * sent_baud // 2) // read_baud for place in range(8))
        bits = (levels[at] if at < len(levels) else 1 for at in places)
        found.append(sum(bit << place for place, bit in enumerate(bits)))
        now = start + 19 * sent_baud // 2  # the middle of the stop bit; what is low there is the next start bit
    return bytes(found)
