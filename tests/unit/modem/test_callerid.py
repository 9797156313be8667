"""Caller reports in the wording of each maker."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.modem.callerid import MAX_LENGTH, MAX_LINES, CallerInfo, caller_info, is_report

REPORTS: list[tuple[str, list[str], CallerInfo]] = [
    (
        "Rockwell, Conexant, t38modem",
        ["DATE = 1122", "TIME = 1731", "NMBR = 0301234567", "NAME = PRAXIS DR EICHE"],
        CallerInfo(date="1122", time="1731", number="0301234567", name="PRAXIS DR EICHE"),
    ),
    (
        "Lucent, Agere, Digi, iaxmodem, Si24xx",
        ["DATE=1122", "TIME=1731", "NMBR=5551234", "NAME=SMITH"],
        CallerInfo(date="1122", time="1731", number="5551234", name="SMITH"),
    ),
    ("iaxmodem's DID", ["NMBR=5551234", "NDID=4711"], CallerInfo(number="5551234", called="4711")),
    ("t38modem's DID", ["NMBR = 12", "NDID = 4711"], CallerInfo(number="12", called="4711")),
    (
        "Digi with #CID=10",
        ["ANID=5551234", "NDID=4711", "USER=me", "PASS=secret", "CDID=1"],
        CallerInfo(number="5551234", called="4711"),
    ),
    ("some Rockwell", ["DDN_NMBR= 100"], CallerInfo(called="100")),
    (
        "Bell Canada via Rockwell",
        ["MESG = 030735353531323334", "MESG = 030735353531323334"],
        CallerInfo(number="5551234"),
    ),
    (
        "a whole message",
        ["MESG = 8015010831313232313733310203313233070453616D75"],
        CallerInfo(date="1122", time="1731", number="123", name="Samu"),
    ),
    ("a message without number", ["MESG = 040150080150"], CallerInfo(withheld="private")),
    (
        "ZyXEL 1496, Motorola",
        ["TIME: 03-22 17:31", "CALLER NUMBER: 0301234567", "CALLER NAME: SMITH"],
        CallerInfo(time="03-22 17:31", number="0301234567", name="SMITH"),
    ),
    ("ZyXEL, withheld", ["REASON FOR NO CALLER NUMBER: PRIVATE"], CallerInfo(withheld="PRIVATE")),
    (
        "isdn4linux with S23.2=1",
        ["CALLER NUMBER: 301234567", "CALLED NUMBER: 12"],
        CallerInfo(number="301234567", called="12"),
    ),
    ("ZyXEL 2864I", ["FM:0301234567/1/ TO:100"], CallerInfo(number="0301234567", called="100")),
    ("ZyXEL 2864I without subaddress", ["FM:0301234567 TO:100"], CallerInfo(number="0301234567", called="100")),
    ("ZyXEL 2864I without called number", ["FM:0301234567"], CallerInfo(number="0301234567")),
    ("Blatzheim", ["FM: 0301234567 TO: 100"], CallerInfo(number="0301234567", called="100")),
    ("ELSA ISDN with S153=6", ["RING;0301234567;100"], CallerInfo(number="0301234567", called="100")),
    ("ELSA ISDN without called number", ["RING;0301234567"], CallerInfo(number="0301234567")),
    ("isdn4linux with S23.0=1", ["RING/4711"], CallerInfo(called="4711")),
    ("Zoom MX/S", ["RING: FAX DN1 5551234"], CallerInfo(ring="FAX", number="5551234")),
    ("Eicon Diva with #CID=14", ["CID: 0301234567", "DAD: 4711"], CallerInfo(number="0301234567", called="4711")),
    ("Kortex", ["NBR=0145678901"], CallerInfo(number="0145678901")),
    ("USR", ["CallerID: 5551234"], CallerInfo(number="5551234")),
    ("a possessive", ["CALLER'S NUMBER: 12"], CallerInfo(number="12")),
    ("diverted", ["Diverting number: 77", "NMBR = 12"], CallerInfo(number="12")),
    ("GSM", ['+CLIP: "+49301234567",145'], CallerInfo(number="+49301234567")),
    ("GSM, withheld", ['+CLIP: "",128,,,,1'], CallerInfo(withheld="not told")),
    ("ELink", ["0301234567"], CallerInfo(number="0301234567")),
    ("MultiTech ZBA-DID", ["DTMF4711"], CallerInfo(called="4711")),
    ("V.253 cadence", ["DROF=40", "DRON=4", "DROF=2", "DRON=4"], CallerInfo(cadence=(0.4, 0.2, 0.4))),
    ("distinctive ring, number", ["RING 1"], CallerInfo(ring="1")),
    ("distinctive ring, letter", ["RING A"], CallerInfo(ring="A")),
    ("private", ["NMBR = P", "NAME = P"], CallerInfo(withheld="private")),
    ("out of area", ["NMBR = O", "NAME = CITY HOSPITAL"], CallerInfo(name="CITY HOSPITAL", withheld="out of area")),
    ("none", ["NMBR=<NONE>", "NAME=<NONE>"], CallerInfo(withheld="not told")),
    ("a number after all", ["NMBR = O", "NMBR = 12"], CallerInfo(number="12")),
    ("the first of two", ["NMBR = 12", "NMBR = 34"], CallerInfo(number="12")),
    ("a name alone", ["NAME = SMITH JOHN"], CallerInfo(name="SMITH JOHN")),
]


@pytest.mark.parametrize(("lines", "told"), [report[1:] for report in REPORTS], ids=[report[0] for report in REPORTS])
def test_report(lines: list[str], told: CallerInfo) -> None:
    assert caller_info(lines) == CallerInfo(**{**asdict(told), "lines": tuple(lines)})
    assert all(map(is_report, lines))
    assert caller_info(["RING", *lines, "RING"]) == caller_info(lines), "a plain RING tells nothing"


@pytest.mark.parametrize(
    "noise",
    ["RING", "RRING", "RINGING", "MESSAGE-WAITING", "R", "h", "OK", "12", "+A8A:4", "MESG = ", "MESG = x", ""],
)
def test_what_tells_nothing(noise: str) -> None:
    assert not is_report(noise)
    assert caller_info([noise]) == CallerInfo()


def test_what_is_shown_of_a_caller() -> None:
    assert CallerInfo(number="12", name="SMITH").best == "12"
    assert CallerInfo(name="SMITH").best == "SMITH"
    assert CallerInfo(withheld="private").best == ""


def test_whether_the_report_has_come() -> None:
    assert not CallerInfo(date="1122", called="12", ring="A").is_told
    assert CallerInfo(number="1").is_told
    assert CallerInfo(name="x").is_told
    assert CallerInfo(withheld="private").is_told


def test_control_characters_are_left_out() -> None:
    assert caller_info(["NMBR = 12\x1b[2J\u202e34"]).number == "12[2J34"
    assert caller_info(["MESG = 03051B5B324A37"]).number == "[2J7"


SHAPES = [line for report in REPORTS for line in report[1]]
SOME_TEXT = st.text() | st.sampled_from(SHAPES).flatmap(lambda line: st.text().map(lambda more: line + more))


@given(st.lists(SOME_TEXT))
def test_any_lines_give_something_short_and_printable(lines: list[str]) -> None:
    info = caller_info(lines)
    texts = [value for field in fields(info) if isinstance(value := getattr(info, field.name), str)] + [*info.lines]
    assert all(len(text) <= MAX_LENGTH and (text == "" or text.isprintable()) for text in texts)
    assert len(info.lines) <= MAX_LINES
    assert len(info.cadence) <= MAX_LINES


@given(st.binary(max_size=80))
def test_any_message_can_be_read(octets: bytes) -> None:
    info = caller_info([f"MESG = {octets.hex()}"])
    assert len(info.best) <= MAX_LENGTH
