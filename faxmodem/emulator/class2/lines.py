"""Coded pages on their way through the DCE: cut into lines as they come, filled up, and ended.

The DTE gives pages without RTC, and the DCE puts it behind them (T.32 (08/95) §8.3.3). What the DCE receives it gives
on with RTC or EOFB, and with some zeros as they come behind it: programs that want none stop at it, and efax and mgetty
take a page without for a bad one, or lose its last line. Octets are in link order; here they are strings of "0" and
"1", of which the first is the first bit on the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Protocol

_EOL: Final = re.compile("0{11,}1")
EOL: Final = "000000000001"
RTC_EOLS: Final = 6
EOLS_THAT_END: Final = 3
"A single line that a dropout has emptied must not end the page, so two EOLs in a row do not."
LONGEST_LINE: Final = 1 << 16
"Bits after which data without an EOL are let through as they are."
_EOFB: Final = EOL * 2
_EOFB_ROOM: Final = 8 * 300
"Bits behind an EOFB at most: it may be in the last but one frame of error correction, and zeros behind it."
_ZEROS: Final = "0" * 24
"Behind what ends a received page: a decoder that looks ahead has to get the end whole."


def to_bits(octets: bytes) -> str:
    """The bits of these octets in the order of the line."""
    return f"{int.from_bytes(octets, 'little'):0{8 * len(octets)}b}"[::-1] if octets else ""


def to_octets(bits: str) -> bytes:
    """The octets of whole eights of bits."""
    return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little") if bits else b""


class Reshaper(Protocol):
    """Takes coded data in any pieces and gives what is to go on."""

    lines: int

    def feed(self, octets: bytes) -> bytes:
        """Take in octets; gives those that can go on."""
        ...

    def finish(self) -> bytes:
        """The page is over; gives what is left of it."""
        ...

    def fill(self, octets: int, /) -> bytes:
        """What may cross the line while there is nothing else."""
        ...


class _Out:
    """Bits on their way out, in octets."""

    def __init__(self) -> None:
        self._bits = ""
        self.total = 0

    def add(self, bits: str) -> None:
        self._bits += bits
        self.total += len(bits)

    def take(self, *, pad: bool = False) -> bytes:
        if pad:
            self.add("0" * (-self.total % 8))
        whole = len(self._bits) // 8 * 8
        octets, self._bits = to_octets(self._bits[:whole]), self._bits[whole:]
        return octets


class _Cutter:
    """Cuts data at their EOLs. A line's last zeros cannot be told from the EOL's, and go with that."""

    def __init__(self, *, tagged: bool) -> None:
        self._tag = int(tagged)
        self.rest = ""

    def cut(self, octets: bytes) -> Iterator[tuple[str, str]]:
        """Give each line that is whole now, and the EOL behind it, with its tag bit if there are any."""
        self.rest += to_bits(octets)
        at = 0
        for eol in _EOL.finditer(self.rest):
            end = eol.end() + self._tag
            if end > len(self.rest):
                break
            yield self.rest[at : eol.start()], self.rest[eol.start() : end]
            at = end
        if len(self.rest) - at > LONGEST_LINE:
            yield self.rest[at:], ""
            at = len(self.rest)
        self.rest = self.rest[at:]


class ToLine:
    """Lines in MH or MR from the DTE: fill up to the minimum scan line time, one EOL for several, RTC at the end.

    T.4 (07/2003) §4.1.2 to §4.1.4; T.32 (08/95) §8.3.3.
    """

    def __init__(self, *, tagged: bool, min_line_bits: int, adds_rtc: bool = True, padding: int = 0) -> None:
        """A firmware's own ways: `adds_rtc`: else pages stay as they are; `padding`: zeros that save a line.

        `padding` counts octets.
        """
        self._cutter = _Cutter(tagged=tagged)
        self._rtc_eol = EOL + "1" * tagged
        self._least = min_line_bits
        self._adds_rtc = adds_rtc
        self._padding = 8 * padding
        self._out = _Out()
        self._eol = ""
        "The last EOL, held back: fill may go before it, and not behind."
        self.lines = 0

    def feed(self, octets: bytes) -> bytes:
        """Take in octets; gives those that can go on."""
        for data, eol in self._cutter.cut(octets):
            if not data and self._eol and self._adds_rtc:
                continue
            if self._padding and self._loses(data, eol):
                continue
            self._out.add(self._eol + data)
            self.lines += bool(data)
            missing = self._least - len(data) - len(eol) if data and eol else 0
            self._eol = "0" * missing + eol
        return self._out.take()

    def _loses(self, data: str, eol: str) -> bool:
        """Whether this is the first line, and nothing has gone before it."""
        if data or len(eol) >= self._padding:
            self._padding = 0
        return bool(data) and not self.lines

    def fill(self, octets: int, /) -> bytes:
        """Zeros in the middle of a line, where they mean nothing."""
        self._out.add("0" * 8 * octets)
        return self._out.take()

    def finish(self) -> bytes:
        """What is left, and RTC."""
        rest = self._cutter.rest
        if not self._adds_rtc:
            self._out.add(self._eol + rest)
        elif "1" in rest:  # a last line without an EOL: the first of RTC is its own
            self.lines += 1
            missing = max(0, self._least - len(rest) - len(self._rtc_eol))
            self._out.add(self._eol + rest + "0" * missing + self._rtc_eol * RTC_EOLS)
        else:
            self._out.add((self._eol or self._rtc_eol) + self._rtc_eol * (RTC_EOLS - 1))
        return self._out.take(pad=True)


class FromLine:
    """Lines in MH or MR for the DTE: from the first EOL on, and RTC; each EOL at the end of an octet if wanted."""

    def __init__(self, *, tagged: bool, aligned: bool = False) -> None:
        self._cutter = _Cutter(tagged=tagged)
        self._tag = int(tagged)
        self._aligned = aligned
        self._out = _Out()
        self._eols: list[str] = []
        "EOLs in a row, held back until it is known whether they end the page."
        self._ended = False
        self.lines = 0

    def feed(self, octets: bytes) -> bytes:
        """Take in octets; gives those that can go on."""
        for data, eol in self._cutter.cut(octets):
            if data and self._eols:
                self._let_go(data)
            if not self._ended:
                self._eols.append(eol)
                self._ended = len(self._eols) >= EOLS_THAT_END
        return self._out.take()

    def _let_go(self, data: str) -> None:
        if self._ended:
            return
        for eol in self._eols:
            aligned = -(self._out.total + len(eol) - self._tag) % 8 if self._aligned else 0
            self._out.add("0" * aligned + eol)
        self._eols.clear()
        self._out.add(data)
        self.lines += 1

    def fill(self, _octets: int, /) -> bytes:
        """Nothing: the DTE waits."""
        return b""

    def finish(self) -> bytes:
        """What is left of the last line, and RTC."""
        if not self._ended and "1" in self._cutter.rest and self._eols:
            self._let_go(self._cutter.rest)
        elif self._eols and self.lines:
            self._out.add(self._eols[0] + (EOL + "1" * self._tag) * (RTC_EOLS - 1) + _ZEROS)
        return self._out.take(pad=True)


class BlocksToLine:
    """A page in MMR from the DTE: as it is, with one EOFB behind it."""

    def __init__(self) -> None:
        self._held = b""
        self.lines = 0

    def feed(self, octets: bytes) -> bytes:
        """Take in octets; gives those that can go on."""
        self._held += octets
        out, self._held = self._held[:-4], self._held[-4:]
        return out

    def fill(self, _octets: int, /) -> bytes:
        """Nothing: T.6 has no fill."""
        return b""

    def finish(self) -> bytes:
        """The last octets, and an EOFB unless the DTE has given one."""
        bits = to_bits(self._held)
        ends = bits.rstrip("0").endswith(_EOFB)
        bits += "" if ends else _EOFB
        return to_octets(bits + "0" * (-len(bits) % 8))


class BlocksFromLine:
    """A page in MMR for the DTE: up to its EOFB."""

    def __init__(self) -> None:
        self._held = b""
        self.lines = 0

    def feed(self, octets: bytes) -> bytes:
        """Take in octets; gives those that can go on."""
        self._held += octets
        keep = _EOFB_ROOM // 8
        out, self._held = self._held[:-keep], self._held[-keep:]
        return out

    def fill(self, _octets: int, /) -> bytes:
        """Nothing: the DTE waits."""
        return b""

    def finish(self) -> bytes:
        """The last octets, and the EOFB."""
        bits = to_bits(self._held)
        if (at := bits.rfind(_EOFB)) >= 0:
            bits = bits[:at] + _EOFB + _ZEROS
        return to_octets(bits + "0" * (-len(bits) % 8))
