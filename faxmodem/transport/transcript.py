"""Dialogues between DTE and DCE as text: one exchange a line, nothing lost, fit for diff.

    0.000 DTE AT+FTM=96<CR>
    0.310 DCE <CR><LF>CONNECT<CR><LF>
    1.905 DTE <00 x 1800><DLE><ETX>          # TCF: 1.5 s of zeros at 9600 bit/s
    4.120 DTE <DTR off>

Seconds, who sent it, what. Text stands as it is; other bytes are names (`<CR>`), hexadecimal (`<FF 13 42>`) or runs
(`<00 x 1800>`). An exchange that is too long for a line goes on in the next, with the same time. What is no data is an
event, alone on its line (`<DTR off>`). Blank lines, and a `#` with space around it and what follows, say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from faxmodem.errors import FaxModemError

LINE_WIDTH: Final = 100
"Columns that the data of one line takes, at most or a little more."

HEX_BYTES: Final = 32
"Bytes in one hexadecimal group, which fills a line."

NAMES: Final = {
    "ETX": 0x03,
    "LF": 0x0A,
    "CR": 0x0D,
    "DLE": 0x10,
    "XON": 0x11,
    "XOFF": 0x13,
    "CAN": 0x18,
    "SUB": 0x1A,
    "ESC": 0x1B,
}

_NAMED: Final = {code: f"<{name}>" for name, code in NAMES.items()}

# What stands as text when it is all there is, and what stands out of data: a run, its end, a line of text.
_WORDS = re.compile(rb"[ -~\x03\n\r\x10\x11\x13\x18\x1a\x1b]*")
_STANDS_OUT = re.compile(rb"(?P<run>(.)\2{7,})|\x10\x03|[\r\n]*[ -~]+[\r\n]+", re.DOTALL)

_LINE = re.compile(r"(?P<time>[0-9]+(?:\.[0-9]+)?)\s+(?P<party>DTE|DCE)\s+(?P<what>.+)")
_EVENT = re.compile(r"<([A-Za-z]+ [a-z]+|baud [0-9]+)>")
_COMMENT = re.compile(r"(?:^|\s+)#(?:\s.*)?$")
_TOKEN = re.compile(
    rf"<(?P<name>{'|'.join(NAMES)})>"
    r"|<(?P<byte>[0-9A-F]{2}) x (?P<count>[0-9]{1,9})>"
    r"|<(?P<hex>[0-9A-F]{2}(?: [0-9A-F]{2})*)>"
    r"|(?P<text>[ -;=-~]+)"
)


class Party(Enum):
    """Who speaks."""

    DTE = "DTE"
    "The computer."
    DCE = "DCE"
    "The modem."


class TranscriptError(FaxModemError, ValueError):
    """A line is not in the form of a transcript; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one side sent in one go, or did with its lines."""

    time_s: float
    "When it began, in seconds from the start of the transcript; milliseconds are kept."
    party: Party
    data: bytes = b""
    event: str | None = None
    "What happened beside data, e.g. 'DTR off', 'flow xonxoff' or 'baud 19200'."


def format_exchange(exchange: Exchange) -> str:
    """Give the lines of an exchange, each with its newline."""
    parts = [f"<{exchange.event}>"] if exchange.event is not None else _wrap(_tokens(exchange.data))
    return "".join(f"{exchange.time_s:.3f} {exchange.party.value} {part}\n" for part in parts)


def parse_transcript(text: str) -> list[Exchange]:
    """Read back what `format_exchange` wrote; lines of the same time and side make one exchange.

    Raises `TranscriptError` for a line of another form.
    """
    exchanges: list[Exchange] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not (bare := _COMMENT.sub("", line).strip()):
            continue
        exchange = _parse_line(bare, number)
        last = exchanges[-1] if exchanges else None
        if last is not None and _continues(last, exchange):
            exchanges[-1] = replace(last, data=last.data + exchange.data)
        else:
            exchanges.append(exchange)
    return exchanges


def _continues(last: Exchange, exchange: Exchange) -> bool:
    same = (last.time_s, last.party) == (exchange.time_s, exchange.party)
    return same and last.event is None and exchange.event is None


def _parse_line(line: str, number: int) -> Exchange:
    if (match := _LINE.fullmatch(line)) is None:
        raise TranscriptError(f"transcript line {number}: expected SECONDS DTE|DCE DATA, not {line!r}")
    time_s, party, what = float(match["time"]), Party(match["party"]), match["what"]
    if event := _EVENT.fullmatch(what):
        return Exchange(time_s=time_s, party=party, event=event[1])
    data, done = bytearray(), 0
    while done < len(what):
        if (token := _TOKEN.match(what, done)) is None:
            raise TranscriptError(f"transcript line {number}: no data can be read from {what[done:]!r}")
        data += _bytes_of(token)
        done = token.end()
    return Exchange(time_s=time_s, party=party, data=bytes(data))


def _bytes_of(token: re.Match[str]) -> bytes:
    match token.lastgroup:
        case "name":
            return bytes([NAMES[token["name"]]])
        case "count":
            return bytes.fromhex(token["byte"]) * int(token["count"])
        case "hex":
            return bytes.fromhex(token["hex"])
        case _:
            return token["text"].encode("ascii")


def _tokens(data: bytes) -> Iterator[str]:
    """The pieces of a line between which it may be broken."""
    if _WORDS.fullmatch(data):
        yield from _characters(data)
        return
    done = 0
    for match in _STANDS_OUT.finditer(data):
        yield from _hexadecimal(data[done : match.start()])
        if match["run"]:
            yield f"<{match['run'][0]:02X} x {len(match['run'])}>"
        else:
            yield from _characters(match[0])
        done = match.end()
    yield from _hexadecimal(data[done:])


def _characters(text: bytes) -> Iterator[str]:
    before = 0
    for code in text:
        if code == ord("<") or (code == ord("#") and before == ord(" ")):
            yield f"<{code:02X}>"
        else:
            yield _NAMED.get(code) or chr(code)
        before = code


def _hexadecimal(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), HEX_BYTES):
        yield f"<{data[start : start + HEX_BYTES].hex(' ').upper()}>"


def _wrap(tokens: Iterable[str]) -> Iterator[str]:
    """Fill lines with tokens."""
    line = ""
    for token in tokens:
        if line and len(line) + len(token) > LINE_WIDTH:
            yield _guard(line)
            line = ""
        line += token
    if line:
        yield _guard(line)


def _guard(line: str) -> str:
    """Write as a code what would get lost at an end of a line: a space, or what looks like a comment."""
    if line[0] in " #":
        line = f"<{ord(line[0]):02X}>{line[1:]}"
    if line[-1] == " ":
        line = f"{line[:-1]}<20>"
    return line
