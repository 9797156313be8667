from collections.abc import Sequence
from io import StringIO

import anyio
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.emulator.virtual import run_virtual
from faxmodem.transport.base import Flow
from faxmodem.transport.memory import null_modem_pair
from faxmodem.transport.recorder import Recorder
from faxmodem.transport.transcript import Exchange, Party, parse_transcript

Said = Sequence[tuple[Party, bytes, float]]


def record(said: Said, *, party: Party = Party.DTE) -> str:
    """What a recorder writes when each piece is said and then so many seconds pass."""
    sink = StringIO()

    async def main() -> None:
        ours, theirs = null_modem_pair(capacity=10_000_000)
        recorder = Recorder(ours, sink, clock=anyio.current_time, party=party)
        for speaker, piece, pause in said:
            if speaker is party:
                await recorder.send(piece)
                assert await theirs.receive() == piece
            else:
                await theirs.send(piece)
                assert await recorder.receive() == piece
            await anyio.sleep(pause)
        await recorder.aclose()

    run_virtual(main)
    return sink.getvalue()


def bytewise(party: Party, data: bytes) -> Said:
    return [(party, data[index : index + 1], 0.0) for index in range(len(data))]


CALL: Said = [
    (Party.DTE, b"AT+FTM=96\r", 0.31),
    (Party.DCE, b"\r\nCONNECT\r\n", 1.595),
    (Party.DTE, bytes(1800) + b"\x10\x03", 1.5),
    (Party.DCE, b"\r\nOK\r\n", 0.07),
    (Party.DTE, b"AT+FRH=3\r", 1.0),
    (Party.DCE, b"\r\nCONNECT\r\n", 0.5),
    (Party.DCE, b"\xff\x13\x84\xea\x7d\x10\x03", 0.0),
    (Party.DCE, b"\r\nOK\r\n", 0.0),
]
TRANSCRIPT = """\
0.000 DTE AT+FTM=96<CR>
0.310 DCE <CR><LF>CONNECT<CR><LF>
1.905 DTE <00 x 1800><DLE><ETX>
3.405 DCE <CR><LF>OK<CR><LF>
3.475 DTE AT+FRH=3<CR>
4.475 DCE <CR><LF>CONNECT<CR><LF>
4.975 DCE <FF 13 84 EA 7D><DLE><ETX>
4.975 DCE <CR><LF>OK<CR><LF>
"""


def test_a_dialogue_is_one_exchange_a_line() -> None:
    assert record(CALL) == TRANSCRIPT


def test_the_modem_may_record_as_well() -> None:
    assert record(CALL, party=Party.DCE) == TRANSCRIPT


def test_pieces_do_not_show() -> None:
    said: list[tuple[Party, bytes, float]] = []
    for party, data, pause in CALL:
        said += bytewise(party, data)
        said[-1] = (*said[-1][:2], pause)
    assert record(said) == TRANSCRIPT


def test_an_answer_that_comes_slowly_has_the_time_of_its_first_byte() -> None:
    assert record(
        [(Party.DCE, b"\r\nNO", 0.5), (Party.DCE, b" CARRIER\r\n\r\nRI", 0.5), (Party.DCE, b"NG\r\n", 0)]
    ) == ("0.000 DCE <CR><LF>NO CARRIER<CR><LF>\n0.500 DCE <CR><LF>RING<CR><LF>\n")


def test_a_page_comes_back_as_one_exchange() -> None:
    page = bytes(number * number % 251 for number in range(30_000)).replace(b"\x10", b"\x10\x10") + b"\x10\x03"
    text = record([(Party.DTE, page[:777], 0.1), (Party.DTE, page[777:], 0.1), (Party.DCE, b"\r\nOK\r\n", 0.0)])
    sent, answer = parse_transcript(text)
    assert sent == Exchange(time_s=0.0, party=Party.DTE, data=page)
    assert answer.data == b"\r\nOK\r\n"
    assert max(map(len, text.splitlines())) < 125


@given(st.lists(st.tuples(st.sampled_from(Party), st.binary(min_size=1, max_size=50)), max_size=20), st.data())
def test_nothing_is_lost_whatever_the_pieces(said: list[tuple[Party, bytes]], data: st.DataObject) -> None:
    pieces: list[tuple[Party, bytes, float]] = []
    for party, what in said:
        cut = data.draw(st.integers(0, len(what)))
        pieces += [(party, part, 0.0) for part in (what[:cut], what[cut:]) if part]
    text = record(pieces)
    assert text == record([(party, what, 0.0) for party, what in said])
    for party in Party:
        heard = b"".join(exchange.data for exchange in parse_transcript(text) if exchange.party is party)
        assert heard == b"".join(what for speaker, what in said if speaker is party)


def test_what_is_no_data_stands_on_lines_of_its_own() -> None:
    sink = StringIO()

    async def main() -> None:
        ours, theirs = null_modem_pair()
        recorder = Recorder(ours, sink, clock=anyio.current_time)
        assert recorder.name == ours.name
        await recorder.send(b"AT")
        await recorder.set_dtr(on=False)
        await anyio.sleep(1)
        await recorder.set_flow(Flow.XONXOFF)
        await recorder.set_rts(on=True)
        await recorder.set_baud(19200)
        await recorder.set_baud(None)
        await recorder.control_lines()
        await theirs.set_rts(on=False)
        await theirs.set_dtr(on=False)
        await recorder.control_lines()
        await recorder.discard()
        await recorder.aclose()

    run_virtual(main)
    assert sink.getvalue().splitlines() == [
        "0.000 DTE AT",
        "0.000 DTE <DTR off>",
        "1.000 DTE <flow xonxoff>",
        "1.000 DTE <RTS on>",
        "1.000 DTE <baud 19200>",
        "1.000 DTE <baud default>",
        "1.000 DCE <CTS off>",
        "1.000 DCE <DSR off>",
        "1.000 DCE <CD off>",
        "1.000 DTE <buffers discarded>",
    ]
    events = [exchange.event for exchange in parse_transcript(sink.getvalue())]
    at_the_dte = ["DTR off", "flow xonxoff", "RTS on", "baud 19200", "baud default"]
    assert events == [None, *at_the_dte, "CTS off", "DSR off", "CD off", "buffers discarded"]
