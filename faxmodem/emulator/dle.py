"""Transparent data between DTE and DCE: the escapes that begin with DLE."""

from __future__ import annotations

import re
from typing import Final

DLE: Final = 0x10
ETX: Final = 0x03
EOT: Final = 0x04
BEL: Final = 0x07
SUB: Final = 0x1A
DLE_ETX: Final = bytes((DLE, ETX))
DLE_EOT: Final = bytes((DLE, EOT))

_RUN = re.compile(b"\x10\x10?")
_MEANINGS = {DLE: b"\x10", ETX: b""}
_MEANINGS_WITH_SUB = _MEANINGS | {SUB: b"\x10\x10"}
_DUPLEX_MEANINGS = {DLE: b"\x10", SUB: b"\x10\x10", 0x51: b"\x11", 0x53: b"\x13"}


def stuff(octets: bytes, *, pairs: bool = False) -> bytes:
    """Octets as they go to the DTE: DLE doubled, and with `pairs` (+FDD=1) two in a row as <DLE><SUB>."""
    if not pairs:
        return octets.replace(b"\x10", b"\x10\x10")
    return _RUN.sub(lambda run: b"\x10\x1a" if len(run[0]) == 2 else b"\x10\x10", octets)


def unstuff(buffer: bytearray, most: int, *, pairs: bool = False) -> tuple[bytes, bool]:
    """Take up to about `most` data octets off the front of `buffer`; True with them when <DLE><ETX> was met.

    A DLE without its second half stays in the buffer. Unknown escapes are taken out whole.
    """
    meanings = _MEANINGS_WITH_SUB if pairs else _MEANINGS
    data = bytearray()
    while buffer and len(data) < most:
        at = buffer.find(DLE, 0, most - len(data))
        if at < 0:
            at = min(len(buffer), most - len(data))
            data += buffer[:at]
            del buffer[:at]
            continue
        data += buffer[:at]
        escape = bytes(buffer[at + 1 : at + 2])
        if not escape:
            del buffer[:at]
            break
        data += meanings.get(escape[0], b"")
        del buffer[: at + 2]
        if escape[0] == ETX:
            return bytes(data), True
    return bytes(data), False


def stuff_duplex(octets: bytes, *, pairs: bool = False) -> bytes:
    """Octets as they go to the DTE in a V.34 stream, where XON and XOFF are shielded too. T.31 Amd 1 annex B."""
    return stuff(octets, pairs=pairs).replace(b"\x11", b"\x10\x51").replace(b"\x13", b"\x10\x53")


def take_duplex(buffer: bytearray) -> bytes | int | None:
    """Take the next thing off the front of what the DTE sent in a V.34 stream: data, or the code of a command.

    None: there is nothing, or only half of it.
    """
    at = buffer.find(DLE)
    if at:
        data = bytes(buffer[: at if at > 0 else len(buffer)])
        del buffer[: len(data)]
        return data or None
    if len(buffer) < 2:
        return None
    code = buffer[1]
    del buffer[:2]
    return _DUPLEX_MEANINGS.get(code, code)
