"""Page data from the DTE: octets behind DLE have a meaning of their own. SP-2388-A §8.3.3; T.32 (08/95) §8.3.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from faxmodem.emulator.class2.dialect import CAN, DLE, ETX
from faxmodem.t30.fcf import Fcf

_SUB: Final = 0x1A
_PAIR: Final = bytes((DLE, DLE))


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken off a stream."""

    data: bytes
    ended: bool = False
    command: Fcf | None = None
    "What follows the page, where the end of the data says so."
    aborted: bool = False


def take(buffer: bytearray, most: int, commands: Mapping[int, Fcf]) -> Taken:
    """Take up to about `most` octets of data off the front of `buffer`, up to the end of the page.

    `commands`: codes that end a page and say what follows; where there are none <DLE><ETX> ends it. A DLE without its
    second half stays. Unknown codes are taken out.
    """
    data = bytearray()
    while buffer and len(data) < most:
        at = buffer.find(DLE, 0, most - len(data))
        plain = min(len(buffer), most - len(data)) if at < 0 else at
        data += buffer[:plain]
        del buffer[:plain]
        if at < 0:
            continue
        if len(buffer) < 2:
            break
        code = buffer[1]
        del buffer[:2]
        if code == DLE:
            data.append(DLE)
        elif code == _SUB:
            data += _PAIR
        elif code in commands:
            return Taken(bytes(data), ended=True, command=commands[code])
        elif code == ETX and not commands:
            return Taken(bytes(data), ended=True)
        elif code == CAN:
            return Taken(bytes(data), ended=True, aborted=True)
        # else a code without a meaning here, or the prefix of PRI-Q, whose command follows and is sent without it
    return Taken(bytes(data))


def holds_end(octets: bytes, commands: Mapping[int, Fcf]) -> bool:
    """Whether the DTE has ended its stream after the DCE has asked it to by CAN: by any end, or by CAN."""
    if octets[-1:] == bytes((CAN,)):
        return True
    return any(bytes((DLE, code)) in octets for code in (ETX, CAN, *commands))
