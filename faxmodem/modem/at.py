"""What a DCE says, decoded: result codes, lines of text, DLE-stuffed data. No port, no clock.

V.250 (07/2003) §5.7 for lines and result codes, T.31 (08/95) §8 for the fax results and the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

CR: Final = 0x0D
LF: Final = 0x0A
DLE: Final = 0x10
ETX: Final = 0x03
EOT: Final = 0x04
SUB: Final = 0x1A

XON: Final = b"\x11"
XOFF: Final = b"\x13"
CAN: Final = b"\x18"
"Sent while the DCE waits for a signal or receives, it ends that, as any byte but XON and XOFF does."
DLE_ETX: Final = b"\x10\x03"
DLE_CAN: Final = b"\x10\x18"
"Class 2: aborts the session in the middle of page data."
DLE_EOT: Final = b"\x10\x04"
"Ends a V.34 session, from either side (T.31 (08/95) Amd 1 annex B)."

MAX_LINE: Final = 512
"Characters of a line that are kept: more than any result or caller identification has."


class ResultCode(Enum):
    """What a result code says, whatever its wording."""

    OK = auto()
    CONNECT = auto()
    RING = auto()
    NO_CARRIER = auto()
    ERROR = auto()
    NO_DIAL_TONE = auto()
    BUSY = auto()
    NO_ANSWER = auto()
    DELAYED = auto()
    "The DCE will not dial this number again so soon."
    BLACKLISTED = auto()
    DIALING_DISABLED = auto()
    FCERROR = auto()
    "A carrier of another modulation than the one that +FRM or +FRH asked for."
    FRH_3 = auto()
    "+FAR=1: the DCE met V.21 instead of the carrier of +FRM and went over to +FRH=3 by itself."
    V34 = auto()
    "V.34 half duplex is up, with these rates; after the CONNECT that follows begins its duplex stream."
    FAX = auto()
    DATA = auto()
    VOICE = auto()


_WORDING: Final[dict[ResultCode, str]] = {
    ResultCode.OK: r"OK",
    ResultCode.CONNECT: r"CONNECT(?:[ /].*)?",
    ResultCode.RING: r"RING(?:[ ;:/].*)?",
    ResultCode.NO_CARRIER: r"NO CARRIER",
    ResultCode.ERROR: r"ERROR",
    ResultCode.NO_DIAL_TONE: r"NO DIAL ?TONE",
    ResultCode.BUSY: r"BUSY",
    ResultCode.NO_ANSWER: r"NO ANSWER",
    ResultCode.DELAYED: r"DELAYED(?: .*)?",
    ResultCode.BLACKLISTED: r"BLACKLISTED",
    ResultCode.DIALING_DISABLED: r"DIALING DISABLED",
    ResultCode.FCERROR: r"\+?FCERROR|\+F4",  # ISDN emulations drop the plus; +F4 is the numeric form
    ResultCode.FRH_3: r"\+FRH: ?3",
    ResultCode.V34: r"\+F34: ?\d{1,2}, ?\d{1,2}",
    ResultCode.FAX: r"FAX",
    ResultCode.DATA: r"DATA",
    ResultCode.VOICE: r"VOICE",
}
_RESULT: Final = re.compile("|".join(f"(?P<{code.name}>{wording})" for code, wording in _WORDING.items()))

_NUMERIC: Final = {
    "0": ResultCode.OK,
    "1": ResultCode.CONNECT,
    "2": ResultCode.RING,
    "3": ResultCode.NO_CARRIER,
    "4": ResultCode.ERROR,
    "6": ResultCode.NO_DIAL_TONE,
    "7": ResultCode.BUSY,
    "8": ResultCode.NO_ANSWER,
}

_FALSE_STARTS: Final = tuple(b"\r\n%s\r\n" % text for text in (b"OK", b"ERROR", b"NO CARRIER", b"+FCERROR"))
"What some DCEs say after a CONNECT that was for nothing, without <DLE><ETX>; no data begins like that by chance."

_CONTROLS: Final = frozenset(XON + CAN)
_LINE_ENDS: Final = re.compile(b"[\r\n\x11\x18]")
_UNPRINTABLE: Final = bytes(code for code in range(256) if not 0x20 <= code < 0x7F)


@dataclass(frozen=True, slots=True)
class Result:
    """A result code."""

    code: ResultCode
    text: str
    "As the DCE worded it."


@dataclass(frozen=True, slots=True)
class Text:
    """A line that is no result code: information text, caller identification, noise; printable ASCII only."""

    text: str


@dataclass(frozen=True, slots=True)
class Data:
    """Received data, without the DLE stuffing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfData:
    """<DLE><ETX>: the end of a frame or of the data. A result code follows."""


@dataclass(frozen=True, slots=True)
class DleCommand:
    """<DLE> and a code in a V.34 stream that is no data: the end of a frame, a channel, a rate, the end of it all."""

    code: int


@dataclass(frozen=True, slots=True)
class Control:
    """A control character beside the text: with XON a Class 2 modem asks for page data, with CAN it wants no more."""

    code: int


Event = Result | Text | Data | EndOfData | DleCommand | Control


class _Mode(Enum):
    TEXT = auto()
    START = auto()
    "After CONNECT: data, unless it is a result code that belies the CONNECT."
    DATA = auto()
    DUPLEX = auto()
    "A V.34 stream, which ends with <DLE><EOT>, or with a result code between two frames."


class Decoder:
    """Takes the bytes of a DCE in any pieces and gives the same events for all of them.

    It reads lines until a CONNECT after which data follow (see `sent`), then data until <DLE><ETX>, then lines. After
    a +F34: and a CONNECT come the data and commands of V.34, in which one frame follows the other.
    Whatever comes, it takes no more memory than a line's worth, and raises nothing.
    """

    def __init__(self) -> None:
        self._mode = _Mode.TEXT
        self._command = ""
        self._data_follow = False
        self._stream = _Mode.DATA
        self._line = bytearray()
        self._headed = False
        self._after_cr = False
        self._start = bytearray()
        self._dle = False

    def sent(self, command: str, *, data_follow: bool = False) -> None:
        """Tell that `command` goes out: its echo is no answer, and the answer begins with lines.

        `data_follow`: data come after CONNECT.
        """
        self._to_text()
        self._command = command.casefold()
        self._data_follow = data_follow

    def feed(self, data: bytes) -> list[Event]:
        """Decode what came; data that came together are given together."""
        events: list[Event] = []
        at = 0
        while at < len(data):
            at = self._TAKERS[self._mode](self, data, at, events)
        return events

    def _to_text(self) -> None:
        self._mode = _Mode.TEXT
        self._stream = _Mode.DATA
        self._data_follow = self._dle = self._headed = False
        self._line.clear()
        self._start.clear()

    def _take_text(self, data: bytes, at: int, events: list[Event]) -> int:
        """Read up to the end of one line, or a control character."""
        byte = data[at]
        if byte in _CONTROLS:
            events.append(Control(byte))
            return at + 1
        if byte not in (CR, LF):
            found = _LINE_ENDS.search(data, at)
            end = found.start() if found else len(data)
            self._line += data[at:end].translate(None, _UNPRINTABLE)
            del self._line[MAX_LINE:]
            return end
        if self._line:
            self._end_line(byte, events)
            return at + 1
        # The LF of "text<CR><LF>" belongs to that text; any other stands before the next.
        self._headed = byte == LF and not self._after_cr
        self._after_cr = False
        return at + 1

    def _end_line(self, byte: int, events: list[Event]) -> None:
        """Make an event of a line. It is made at the CR: a numeric result code has nothing behind it."""
        text = self._line.decode("ascii").strip()
        # V.250 §5.7.1: a text stands between two <CR><LF>, a numeric result code has only a <CR> behind it.
        numeric = _NUMERIC.get(text) if byte == CR and not self._headed else None
        self._line.clear()
        self._headed = False
        self._after_cr = byte == CR and numeric is None
        if not text or text.casefold() == self._command:
            return
        match = _RESULT.fullmatch(text)
        code = ResultCode[match.lastgroup] if match and match.lastgroup else numeric
        events.append(Text(text) if code is None else Result(code, text))
        if code is ResultCode.V34:
            self._stream = _Mode.DUPLEX
            self._data_follow = True
        if code is ResultCode.CONNECT and self._data_follow:
            self._mode = _Mode.START

    def _take_start(self, data: bytes, at: int, events: list[Event]) -> int:
        """Read one byte of what may still be a result code that belies the CONNECT."""
        if self._after_cr:
            self._after_cr = False
            if data[at] == LF:
                return at + 1
        if self._stream is _Mode.DUPLEX and not self._start and data[at : at + 1] in (XON, XOFF):
            return at + 1  # flow control: as data they would be shielded, and no frame begins with them
        self._start.append(data[at])
        held = bytes(self._start)
        if held in _FALSE_STARTS:
            self._to_text()
            text = held.strip().decode("ascii")
            events.extend(Result(code, text) for code, wording in _WORDING.items() if re.fullmatch(wording, text))
        elif not any(start.startswith(held) for start in _FALSE_STARTS):
            self._start.clear()
            self._mode = self._stream
            self._TAKERS[self._mode](self, held, 0, events)
        return at + 1

    def _take_data(self, data: bytes, at: int, events: list[Event]) -> int:
        """Read up to <DLE><ETX>, or a pair without a meaning: data of a DCE that does not double its DLE."""
        code, at = self._take_octets(data, at, _SHIELDED, events)
        if code == ETX:
            self._to_text()
            events.append(EndOfData())
        elif code is not None:
            _append_data(events, bytes((DLE, code)))
        return at

    def _take_duplex(self, data: bytes, at: int, events: list[Event]) -> int:
        """Read up to a command of V.34 or the end of what is there."""
        code, at = self._take_octets(data, at, _SHIELDED_IN_DUPLEX, events)
        if code is not None:
            events.append(DleCommand(code))
            self._mode = _Mode.START
        if code == EOT:
            self._to_text()
        return at

    def _take_octets(
        self, data: bytes, at: int, shielded: Mapping[int, bytes], events: list[Event]
    ) -> tuple[int | None, int]:
        """Read data up to a pair that means none; gives its second half, and where to go on."""
        pieces: list[bytes] = []
        code: int | None = None
        while at < len(data) and code is None:
            if self._dle:
                self._dle = False
                code = None if data[at] in shielded else data[at]
                pieces.append(shielded.get(data[at], b""))
                at += 1
                continue
            dle = data.find(DLE, at)
            self._dle = dle >= 0
            pieces.append(data[at : dle if dle >= 0 else len(data)])
            at = dle + 1 if dle >= 0 else len(data)
        _append_data(events, b"".join(pieces))
        return code, at

    _TAKERS: Final = {
        _Mode.TEXT: _take_text,
        _Mode.START: _take_start,
        _Mode.DATA: _take_data,
        _Mode.DUPLEX: _take_duplex,
    }


_SHIELDED: Final = {DLE: b"\x10", SUB: b"\x10\x10"}
"What stands behind a DLE, and the data that the pair means (T.31 §8.5.3 for SUB)."
_SHIELDED_IN_DUPLEX: Final = _SHIELDED | {0x51: XON, 0x53: XOFF}
"In V.34 XON and XOFF are shielded as well (T.31 (08/95) Amd 1 annex B)."


def _append_data(events: list[Event], data: bytes) -> None:
    """Add data to the events, to the last one if that is data too."""
    if not data:
        return
    if events and isinstance(events[-1], Data):
        events[-1] = Data(events[-1].data + data)
    else:
        events.append(Data(data))


def stuff(data: bytes) -> bytes:
    """Double each DLE, as data must be on their way to the DCE."""
    return data.replace(b"\x10", b"\x10\x10")


def stuff_duplex(data: bytes) -> bytes:
    """The same for a V.34 stream, in which XON and XOFF may come between the data at any time."""
    return stuff(data).replace(XON, b"\x10\x51").replace(XOFF, b"\x10\x53")
