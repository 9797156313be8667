"""What a DCE may say, and what the decoder makes of it, in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.modem.at import (
    MAX_LINE,
    Control,
    Data,
    Decoder,
    EndOfData,
    Event,
    Result,
    ResultCode,
    Text,
    stuff,
)

OK = Result(ResultCode.OK, "OK")
ERROR = Result(ResultCode.ERROR, "ERROR")
CONNECT = Result(ResultCode.CONNECT, "CONNECT")
NO_CARRIER = Result(ResultCode.NO_CARRIER, "NO CARRIER")
FCERROR = Result(ResultCode.FCERROR, "+FCERROR")
FRH_3 = Result(ResultCode.FRH_3, "+FRH:3")
RING_BY_NUMBER = Result(ResultCode.RING, "2")
OK_BY_NUMBER = Result(ResultCode.OK, "0")
CONNECT_BY_NUMBER = Result(ResultCode.CONNECT, "1")
END = EndOfData()

WORDINGS = {
    "OK": ResultCode.OK,
    "CONNECT": ResultCode.CONNECT,
    "CONNECT FAX": ResultCode.CONNECT,
    "CONNECT 14400/ARQ": ResultCode.CONNECT,
    "RING": ResultCode.RING,
    "RING 2": ResultCode.RING,
    "RING;5551234": ResultCode.RING,
    "NO CARRIER": ResultCode.NO_CARRIER,
    "ERROR": ResultCode.ERROR,
    "NO DIALTONE": ResultCode.NO_DIAL_TONE,
    "NO DIAL TONE": ResultCode.NO_DIAL_TONE,
    "BUSY": ResultCode.BUSY,
    "NO ANSWER": ResultCode.NO_ANSWER,
    "DELAYED 00:01:30": ResultCode.DELAYED,
    "BLACKLISTED": ResultCode.BLACKLISTED,
    "DIALING DISABLED": ResultCode.DIALING_DISABLED,
    "+FCERROR": ResultCode.FCERROR,
    "FCERROR": ResultCode.FCERROR,
    "+F4": ResultCode.FCERROR,
    "+FRH:3": ResultCode.FRH_3,
    "FAX": ResultCode.FAX,
    "DATA": ResultCode.DATA,
    "VOICE": ResultCode.VOICE,
}

NOT_RESULTS = ("RINGING", "RRING", "CONNECTING", "OKAY", "MESSAGE-WAITING", "+FCLASS=1", "DATABASE", "CED")

# What the DCE sends after AT+X, whether data follow a CONNECT, and the events.
DIALOGUES: dict[str, tuple[bytes, bool, list[Event]]] = {
    "echo": (b"AT+X\r\r\nOK\r\n", False, [OK]),
    "echo without its own line end": (b"AT+X\rOK\r", False, [OK]),
    "text before the result": (b"\r\n0,1,1.0\r\n\r\nOK\r\n", False, [Text("0,1,1.0"), OK]),
    "text that looks numeric": (b"\r\n1\r\n\r\nOK\r\n", False, [Text("1"), OK]),
    "the same behind an echo": (b"AT+X\r\r\n1\r\n\r\nOK\r\n", False, [Text("1"), OK]),
    "the same behind an XON": (b"\x11\r\n1\r\n\r\nOK\r\n", False, [Control(0x11), Text("1"), OK]),
    "asked for data": (b"\r\nCONNECT\r\n\x11", False, [CONNECT, Control(0x11)]),
    "asked for none": (b"\x18\r\n+FHNG:40\r\n\r\nOK\r\n", False, [Control(0x18), Text("+FHNG:40"), OK]),
    "page reports": (b"\r\n+FCFR\r\n\r\nCONNECT\r\na\x18\x10\x03\r\n+FET:2\r\n\r\nOK\r\n", True,
                     [Text("+FCFR"), CONNECT, Data(b"a\x18"), END, Text("+FET:2"), OK]),
    "numeric result": (b"4\r", False, [Result(ResultCode.ERROR, "4")]),
    "numeric results glued": (b"2\r2\r0\r", False, [RING_BY_NUMBER, RING_BY_NUMBER, OK_BY_NUMBER]),
    "numeric behind V0 text": (b"USR\r\n0\r", False, [Text("USR"), OK_BY_NUMBER]),
    "unknown number": (b"\r\n56000\r\n", False, [Text("56000")]),
    "only LF": (b"\nOK\n", False, [OK]),
    "only CR": (b"\rOK\r", False, [OK]),
    "NULs and high bits around": (b"\x00\xff\r\n\x00O\x80K\xfe\r\n", False, [OK]),
    "noise line before": (b"\x7f~x{\xfa\r\nOK\r\n", False, [Text("~x{"), OK]),
    "stray end of data": (b"\x10\x03\r\nNO CARRIER\r\n", False, [NO_CARRIER]),
    "absurd line": (b"x" * 5000 + b"\r\nOK\r\n", False, [Text("x" * MAX_LINE), OK]),
    "connect to send": (b"\r\nCONNECT\r\n\r\nOK\r\n", False, [CONNECT, OK]),
    "frame, all glued": (b"\r\nCONNECT\r\n\xff\x13\x10\x03\r\nOK\r\n", True, [CONNECT, Data(b"\xff\x13"), END, OK]),
    "numeric connect": (b"1\r\n\x10\x030\r", True, [CONNECT_BY_NUMBER, Data(b"\n"), END, OK_BY_NUMBER]),
    "data that begin with LF": (b"\r\nCONNECT\r\n\n\x10\x03", True, [CONNECT, Data(b"\n"), END]),
    "data that begin like a line": (b"\r\nCONNECT\r\n\r\nO\x10\x03", True, [CONNECT, Data(b"\r\nO"), END]),
    "data that begin with DLE": (b"\r\nCONNECT\r\n\x10\x10\x10\x03", True, [CONNECT, Data(b"\x10"), END]),
    "results are data inside data": (b"\r\nCONNECT\r\nx\r\nOK\r\n\x10\x03", True, [CONNECT, Data(b"x\r\nOK\r\n"), END]),
    "DLE SUB": (b"CONNECT\r\na\x10\x1ab\x10\x03", True, [CONNECT, Data(b"a\x10\x10b"), END]),
    "DLE and another": (b"CONNECT\r\na\x10xb\x10\x03", True, [CONNECT, Data(b"a\x10xb"), END]),
    "no data": (b"\r\nCONNECT\r\n\x10\x03\r\nNO CARRIER\r\n", True, [CONNECT, END, NO_CARRIER]),
    "connect for nothing": (b"\r\nCONNECT\r\n\r\nNO CARRIER\r\n", True, [CONNECT, NO_CARRIER]),
    "connect, then wrong carrier": (b"\r\nCONNECT\r\n\r\n+FCERROR\r\n", True, [CONNECT, FCERROR]),
    "adaptive": (b"\r\n+FRH:3\r\n\r\nCONNECT\r\n\xff\x10\x03", True, [FRH_3, CONNECT, Data(b"\xff"), END]),
    "error instead of data": (b"\r\nERROR\r\n", True, [ERROR]),
    "noise behind data": (b"CONNECT\r\na\x10\x03\x01zz\r\nOK\r\n", True, [CONNECT, Data(b"a"), END, Text("zz"), OK]),
    "connect after the data": (b"CONNECT\r\n\x10\x03OK\r\nCONNECT\r\nOK\r\n", True, [CONNECT, END, OK, CONNECT, OK]),
}  # fmt: skip


def decode(pieces: list[bytes], *, data_follow: bool) -> list[Event]:
    """All events, with data joined that came in a row."""
    decoder = Decoder()
    decoder.sent("AT+X", data_follow=data_follow)
    events: list[Event] = []
    for piece in pieces:
        for event in decoder.feed(piece):
            if events and isinstance(event, Data) and isinstance(events[-1], Data):
                events[-1] = Data(events[-1].data + event.data)
            else:
                events.append(event)
    return events


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize(("wording", "code"), WORDINGS.items())
def test_each_wording_is_its_result_code(wording: str, code: ResultCode) -> None:
    assert decode([b"\r\n" + wording.encode() + b"\r\n"], data_follow=False) == [Result(code, wording)]


@pytest.mark.parametrize("text", NOT_RESULTS)
def test_what_only_resembles_a_result_is_text(text: str) -> None:
    assert decode([b"\r\n" + text.encode() + b"\r\n"], data_follow=False) == [Text(text)]


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue_whole_and_byte_by_byte(name: str) -> None:
    stream, data_follow, events = DIALOGUES[name]
    assert decode([stream], data_follow=data_follow) == events
    assert decode([bytes([byte]) for byte in stream], data_follow=data_follow) == events


@given(st.sampled_from(sorted(DIALOGUES)), st.lists(st.integers(0, 10_000), max_size=8))
def test_dialogue_in_any_pieces(name: str, cuts: list[int]) -> None:
    stream, data_follow, events = DIALOGUES[name]
    assert decode(split(stream, cuts), data_follow=data_follow) == events


LIKELY = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\x10", b"\x03", b"\x1a", b"CONNECT", b"OK", b"\r\nCONNECT\r\n", b"1", b"\xff"]
)


@given(
    st.lists(LIKELY | st.binary(max_size=4)).map(b"".join), st.lists(st.integers(0, 10_000), max_size=8), st.booleans()
)
def test_any_bytes_give_the_same_events_in_any_pieces(stream: bytes, cuts: list[int], data_follow: bool) -> None:
    assert decode(split(stream, cuts), data_follow=data_follow) == decode([stream], data_follow=data_follow)


@given(st.binary())
def test_stuffed_data_come_back(data: bytes) -> None:
    events = decode([b"\r\nCONNECT\r\n_" + stuff(data) + b"\x10\x03\r\nOK\r\n"], data_follow=True)
    assert events == [CONNECT, Data(b"_" + data), END, OK]


def test_a_command_ends_data_that_never_ended() -> None:
    decoder = Decoder()
    decoder.sent("AT+FRM=96", data_follow=True)
    assert decoder.feed(b"\r\nCONNECT\r\nabc\x10") == [CONNECT, Data(b"abc")]
    decoder.sent("AT")
    assert decoder.feed(b"\x03\r\nOK\r\n") == [OK]


def test_a_command_begins_a_new_line() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\r\nhalf a li") == []
    decoder.sent("AT")
    assert decoder.feed(b"OK\r\n\r\n") == [OK]
    decoder.sent("AT")
    assert decoder.feed(b"0\r") == [OK_BY_NUMBER]


def test_text_takes_bounded_memory() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert decoder.feed(b"y" * 10_000) == []
    assert len(decoder._line) == MAX_LINE


def test_data_of_one_feed_are_one_event() -> None:
    assert decode([b"CONNECT\r\n" + b"\x10\x10z" * 1000], data_follow=True)[1:] == [Data(b"\x10z" * 1000)]
