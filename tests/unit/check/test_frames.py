"""What is said of a frame that arrives in one way or another."""

from __future__ import annotations

import pytest

from faxmodem.check.bench import Timed
from faxmodem.check.card import Grade
from faxmodem.check.crossing import FrameCrossing
from faxmodem.check.frames import FRAMES, judge_frame
from faxmodem.codec.fcs import REVERSED, fcs
from faxmodem.modem.at import ResultCode

FRAME = FRAMES[0]
WHOLE = FRAME + fcs(FRAME)
OK = Timed(ResultCode.OK, 1.0)
CONNECT = Timed(ResultCode.CONNECT, 0.3)
ERROR = Timed(ResultCode.ERROR, 1.0)


def crossing(
    octets: bytes = WHOLE, *, sent: Timed = OK, connect: Timed = CONNECT, verdict: Timed = OK
) -> FrameCrossing:
    return FrameCrossing(
        sent=sent, asked_at=0.0, sent_at=2.0, connect=connect, heard_at=0.3, octets=octets, verdict=verdict
    )


@pytest.mark.parametrize(
    ("came", "grade", "words"),
    [
        (crossing(), Grade.GOOD, "whole, with their FCS"),
        (crossing(FRAME), Grade.GOOD, "whole, without their FCS"),
        (crossing(verdict=ERROR), Grade.POOR, "and the modem says ERROR"),
        (crossing(WHOLE.translate(REVERSED)), Grade.POOR, "bits are reversed"),
        (crossing(WHOLE[1:]), Grade.POOR, "first octet is missing"),
        (crossing(FRAME[1:]), Grade.POOR, "first octet is missing"),
        (crossing(WHOLE[:1] + WHOLE[2:]), Grade.POOR, "control field is missing"),
        (crossing(FRAME.translate(None, b"\x11\x13")), Grade.BAD, "flow control eats them"),
        (crossing(FRAME.replace(b"\x10\x10", b"\x10")), Grade.BAD, "of two DLE one is missing"),
        (crossing(FRAME.translate(None, b"\x10")), Grade.BAD, "DLE in it is missing"),
        (crossing(WHOLE[:20]), Grade.BAD, "20 octets instead of"),
        (crossing(b"", sent=ERROR), Grade.BAD, "cannot be sent: the modem said ERROR"),
        (crossing(b"", connect=Timed(None, 8.0)), Grade.BAD, "not heard: the modem said nothing within 8 s"),
    ],
)
def test_what_is_said_of_a_frame(came: FrameCrossing, grade: Grade, words: str) -> None:
    arrival = judge_frame(FRAME, came)
    assert arrival.grade is grade
    assert words in arrival.text


def test_every_octet_is_in_one_of_the_frames() -> None:
    assert set(b"".join(FRAMES)) == set(range(256))
    assert all(len(frame) < 95 for frame in FRAMES)
