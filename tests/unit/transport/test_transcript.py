import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.transport.transcript import Exchange, Party, TranscriptError, format_exchange, parse_transcript


def text_of(data: bytes) -> str:
    return format_exchange(Exchange(time_s=0.31, party=Party.DCE, data=data))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\r\nCONNECT\r\n", "<CR><LF>CONNECT<CR><LF>"),
        (b"AT+FCLASS=1\r", "AT+FCLASS=1<CR>"),
        (b"AT#CID=1\r", "AT#CID=1<CR>"),
        (bytes(1800) + b"\x10\x03", "<00 x 1800><DLE><ETX>"),
        (b"\xff\x13\x84\x10\x03", "<FF 13 84><DLE><ETX>"),
        (b"\xff\x03\x80\x10\x10\x10\x03", "<FF 03 80 10 10><DLE><ETX>"),
        (b"\x11", "<XON>"),
        (b"\x18", "<CAN>"),
        (b"+++", "+++"),
        (b"\r", "<CR>"),
        (b"\x00\x01\x10\x03\r\nNO CARRIER\r\n", "<00 01><DLE><ETX><CR><LF>NO CARRIER<CR><LF>"),
        (b"a<b\r", "a<3C>b<CR>"),
        (b" # ", "<20><23><20>"),
        (b"# no comment\r", "<23> no comment<CR>"),
        (b"number # 3\r", "number <23> 3<CR>"),
    ],
)
def test_how_it_looks(data: bytes, text: str) -> None:
    assert text_of(data) == f"0.310 DCE {text}\n"
    assert parse_transcript(text_of(data)) == [Exchange(time_s=0.31, party=Party.DCE, data=data)]


def test_comments_and_blank_lines_say_nothing() -> None:
    text = """
# a call that fails
0.000 DTE AT+FTM=96<CR>

0.310 DCE <CR><LF>CONNECT<CR><LF>   # at once
1.905 DTE <00 x 18><DLE><ETX>          # TCF: shortened
1.950 DTE <DTR off> #
"""
    assert parse_transcript(text) == [
        Exchange(time_s=0.0, party=Party.DTE, data=b"AT+FTM=96\r"),
        Exchange(time_s=0.31, party=Party.DCE, data=b"\r\nCONNECT\r\n"),
        Exchange(time_s=1.905, party=Party.DTE, data=bytes(18) + b"\x10\x03"),
        Exchange(time_s=1.95, party=Party.DTE, event="DTR off"),
    ]


def test_long_data_fills_several_short_lines_and_comes_back_whole() -> None:
    data = bytes(range(256)) * 4
    lines = text_of(data).splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) < 125
    assert parse_transcript("\n".join(lines)) == [Exchange(time_s=0.31, party=Party.DCE, data=data)]


def test_one_changed_byte_changes_one_line() -> None:
    data = bytes(200 - number % 50 for number in range(2000))
    changed = bytearray(data)
    changed[1000] ^= 0xFF
    lines, others = text_of(data).splitlines(), text_of(bytes(changed)).splitlines()
    assert sum(line != other for line, other in zip(lines, others, strict=True)) == 1


def test_events_do_not_merge_with_data() -> None:
    exchanges = [
        Exchange(time_s=1.0, party=Party.DTE, data=b"a"),
        Exchange(time_s=1.0, party=Party.DTE, event="flow xonxoff"),
        Exchange(time_s=1.0, party=Party.DTE, data=b"b"),
    ]
    assert parse_transcript("".join(map(format_exchange, exchanges))) == exchanges


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("AT<CR>", "expected SECONDS DTE|DCE DATA"),
        ("0.0 MODEM OK", "expected SECONDS DTE|DCE DATA"),
        ("0.0 DTE", "expected SECONDS DTE|DCE DATA"),
        ("0.0 DTE AT<NOPE>", "no data can be read from '<NOPE>'"),
        ("0.0 DTE <0>", "no data can be read"),
        ("0.0 DTE <00 x many>", "no data can be read"),
        ("0.0 DTE caf\u00e9", "no data can be read"),
    ],
)
def test_a_line_of_another_form_is_named(line: str, what: str) -> None:
    with pytest.raises(TranscriptError, match=r"transcript line 2: ") as failure:
        parse_transcript(f"# nothing\n{line}")
    assert what in str(failure.value)


pieces = st.one_of(
    st.binary(max_size=300),
    st.text("AT# <>+FM=1\r\n\x10\x03\x11\x13", max_size=200).map(str.encode),
    st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.integers(0, 500)),
)


@given(st.lists(st.tuples(st.sampled_from(Party), st.lists(pieces, max_size=4).map(b"".join)), max_size=6))
def test_nothing_is_lost(said: list[tuple[Party, bytes]]) -> None:
    exchanges = [
        Exchange(time_s=float(number), party=party, data=data) for number, (party, data) in enumerate(said) if data
    ]
    assert parse_transcript("".join(map(format_exchange, exchanges))) == exchanges
