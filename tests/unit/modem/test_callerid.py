from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.modem.callerid import MAX_LENGTH, caller_id

REPORTS = [
    (["RING", "DATE = 1122", "TIME = 1731", "NMBR = 0301234567", "NAME = PRAXIS DR EICHE"], "0301234567"),
    (["DATE=1122", "TIME=1731", "NMBR=5551234", "NAME=SMITH"], "5551234"),
    (["NAME = SMITH JOHN"], "SMITH JOHN"),
    (["NMBR = P", "NAME = O"], ""),
    (["NMBR = O", "NAME = CITY HOSPITAL"], "CITY HOSPITAL"),
    (["CALLER NUMBER: 0301234567", "CALLER NAME: SMITH"], "0301234567"),
    (["CALLER'S NUMBER: 12"], "12"),
    (["REASON FOR NO CALLER NUMBER: PRIVATE"], ""),
    (["DDN_NMBR= 100"], ""),
    (['+CLIP: "+49301234567",145'], "+49301234567"),
    (["FM:0301234567 TO:100"], "0301234567"),
    (["RING;0301234567;100"], "0301234567"),
    (["RING: FAX DN1 5551234"], "5551234"),
    (["RING", "MESSAGE-WAITING"], ""),
    (["NMBR = 12\x1b[2J34"], "12[2J34"),
]


@pytest.mark.parametrize(("lines", "caller"), REPORTS)
def test_report(lines: list[str], caller: str) -> None:
    assert caller_id(lines) == caller


@given(st.lists(st.text() | st.text().map("NMBR = {}".format)))
def test_any_lines_give_something_short_and_printable(lines: list[str]) -> None:
    caller = caller_id(lines)
    assert len(caller) <= MAX_LENGTH
    assert caller == "" or caller.isprintable()
