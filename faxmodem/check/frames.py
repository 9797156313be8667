"""What becomes of a V.21 frame on its way through two modems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from faxmodem.check.card import Grade
from faxmodem.check.crossing import V21_BPS, FrameCrossing
from faxmodem.codec.fcs import FCS_OCTETS, REVERSED, bits_on_line, fcs, is_whole
from faxmodem.modem.at import ResultCode
from faxmodem.t30.line_time import PREAMBLE_S

HEAD: Final = bytes([0xFF, 0x13, 0x20])
"Of an NSF frame, whose content means nothing to anybody."
SPECIAL: Final = b"\x10\x10\x10\x03\x13\x11\x18\x10\x1a\x04\x7e\xff\x00"
"DLE single, in pairs and before what it gives a meaning to; XOFF, XON, CAN, a flag."
FRAMES: Final = tuple(HEAD + SPECIAL + bytes(range(begin, begin + 64)) for begin in range(0, 256, 64))


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a frame."""

    text: str
    grade: Grade = Grade.BAD


_MENDED: Final[Sequence[tuple[Callable[[bytes], bytes], str]]] = (
    (lambda frame: frame.translate(REVERSED), "its bits are reversed"),
    (lambda frame: frame[1:], "its first octet is missing"),
    (lambda frame: frame[:1] + frame[2:], "its control field is missing"),
)
"What the driver mends by itself."
_HARMED: Final[Sequence[tuple[Callable[[bytes], bytes], str]]] = (
    (lambda frame: frame.translate(None, b"\x11\x13"), "XON and XOFF in it are missing: flow control eats them"),
    (lambda frame: frame.replace(b"\x10\x10", b"\x10"), "of two DLE one is missing"),
    (lambda frame: frame.translate(None, b"\x10"), "DLE in it is missing"),
)


def judge_frame(frame: bytes, crossing: FrameCrossing) -> Arrival:
    """What a frame has suffered on its way through two modems, if anything."""
    if crossing.sent.code is not ResultCode.OK:
        return Arrival(f"cannot be sent: the modem said {crossing.sent}")
    if crossing.connect.code is not ResultCode.CONNECT:
        return Arrival(f"are not heard: the modem said {crossing.connect}")
    came = crossing.octets
    whole = is_whole(came)
    if came in (frame, frame + fcs(frame)):
        with_fcs = "with their FCS" if whole else "without their FCS"
        if crossing.verdict.code is ResultCode.OK:
            return Arrival(f"arrive whole, {with_fcs}", Grade.GOOD)
        return Arrival(f"arrive whole, {with_fcs}, and the modem says {crossing.verdict}", Grade.POOR)
    for changes, grade in ((_MENDED, Grade.POOR), (_HARMED, Grade.BAD)):
        for change, text in changes:
            if came in (change(frame), change(frame + fcs(frame))):
                return Arrival(f"do not arrive as sent: {text}", grade)
    return Arrival(
        f"do not arrive as sent: {len(came)} octets instead of {len(frame) + FCS_OCTETS}, {crossing.verdict}"
    )


def lateness_s(frame: bytes, crossing: FrameCrossing) -> float:
    """How long after the flags' begin CONNECT came, as the sender's times have it that accuse the receiver least."""
    on_line_s = PREAMBLE_S + bits_on_line(frame + fcs(frame)) / V21_BPS
    return crossing.heard_at - max(crossing.asked_at, crossing.sent_at - on_line_s)
