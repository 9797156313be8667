"""Information lines, as makers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.modem.class2.dialect import DIALECTS
from faxmodem.modem.class2.reports import MAX_FRAMES, Reports
from faxmodem.t30.bits import Bits
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.modulations import Modulation

CLASSES = ("2", "2.0", "2.1")
NAMES = (
    "+FCON +FCO +FPOLL +FPO +FVOICE +FVO +FDM +FDIS +FIS +FDTC +FTC +FDCS +FCS +FCSI +FCI +FTSI +FTI +FCIG +FPI +FNSF "
    "FNF +FNSS +FNS +FNSC +FNC +FCFR +FSA +FPA +FPW +FPTS +FPS +FET +FHNG +FHS +FHT +FHR +FXYZ"
)


def reported(*lines: str, name: str = "2") -> Reports:
    reports = Reports(DIALECTS[name])
    for line in lines:
        reports.take(line)
    return reports


@pytest.mark.parametrize(
    "line",
    [
        '+FCSI:"+49 123"',
        '+FCSI: "+49 123"',
        "+FCSI:+49 123",
        '+FCSI:"+49 123',
        '+FCSI:"             +49 123"',
        '+FCI:"+49 123             "',
        '  +FCI: " +49 123 "  ',
        "FCSI:+49 123",
        '+fci:"+49 123"',
    ],
)
def test_ids_in_every_writing(line: str) -> None:
    (frame,) = reported(line).frames()
    assert frame.fcf is Fcf.CSI
    assert frame.record() == StationId("+49 123")


@pytest.mark.parametrize(
    "line", ["+FNSF:B5010203", "+FNF:B5 01 02 03", "FNF:B5010203", '+FNSF:"B5 01 02 03"', "+FNF: b5,01,02,03"]
)
def test_non_standard_facilities(line: str) -> None:
    (frame,) = reported(line).frames()
    assert frame.fcf is Fcf.NSF
    assert frame.fif == bytes.fromhex("b5010203")


def test_what_is_no_hexadecimal_text_is_no_frame() -> None:
    assert reported("+FNSF:hello", "+FNSF:", "+FNF:B5 0").frames() == []


def test_frames_come_in_t30s_order_and_once() -> None:
    reports = reported("+FDCS:1,5,0,0,0,0,0,0", "+FCFR", '+FTSI:"1"', "+FDIS:1,5", '+FCSI:"2"', "+FNSF:B5 00")
    assert [frame.fcf for frame in reports.frames()] == [
        Fcf.CSI,
        Fcf.NSF,
        Fcf.DIS,
        Fcf.TSI,
        Fcf.DCS,
        Fcf.CFR,
    ]
    assert reports.frames() == []
    assert not reports.has_frames
    reports.take("+FPOLL")
    (dis,) = reports.frames()
    bits = dis.record()
    assert isinstance(bits, Bits)
    assert bits["has_document"]


def test_texts_wait_for_what_they_go_with() -> None:
    reports = reported('+FSA:"12"', '+FPW:"34"', '+FPA:"56"', name="2.0")
    assert reports.frames() == []
    reports.take("+FCS:0,3")
    assert [frame.fcf for frame in reports.frames()] == [Fcf.SUB, Fcf.SID, Fcf.DCS]
    reports = reported('+FSA:"12"', '+FPW:"34"', '+FPA:"56"', "+FTC:0,3", name="2.0")
    assert [frame.fcf for frame in reports.frames()] == [Fcf.PSA, Fcf.PWD, Fcf.SEP, Fcf.DTC]


def test_what_no_report_tells_of_the_far_end_is_what_the_class_has() -> None:
    for name, able in (("2", False), ("2.0", True)):
        bits = reported("+FIS:1,5", name=name).frames()[0].record()
        assert isinstance(bits, Bits)
        assert bool(bits["subaddress"]) is able


def test_status_lines() -> None:
    reports = reported("+FPTS:2,123,0,0", "+FET: 2", "+FHNG:0")
    assert (reports.page_status, reports.post_page, reports.hang_up) == (2, 2, "0")
    reports = reported("+FPS:1,3A,0,0,0", "+FHS:A0", name="2.0")
    assert (reports.page_status, reports.hang_up) == (1, "A0")
    assert reported("+FPTS: (3)").page_status == 3
    assert reported("+FPTS:", "+FET:x").page_status is None


def test_that_a_fax_machine_is_there() -> None:
    for line in ("+FCON", "+FCO", "+FCON/4711", "+FPOLL", "+FDIS:1,5"):
        assert reported(line).connected
    for line in ("+FVOICE", "+FVO", "+FDM"):
        assert reported(line).not_a_fax
        assert not reported(line).connected


@pytest.mark.parametrize("line", ["", "+FHR: FF 03", "+FHT:FF", "CED", "RRING", "+FXYZ:1", "MESSAGE-WAITING", "FAST"])
def test_other_lines_are_let_go(line: str) -> None:
    assert reported(line) == Reports(DIALECTS["2"])


def test_the_dcs_goes_by_what_both_ends_can() -> None:
    slow = Reports(DIALECTS["2"], frozenset({Modulation.V29_9600, Modulation.V27TER_4800}))
    slow.take("+FDCS:0,3,0,0,0,0,0,0")
    assert slow.chosen is not None
    assert slow.chosen.modulation is Modulation.V29_9600


def test_reports_without_end_take_no_memory_without_end() -> None:
    reports = reported(*['+FCSI:"1"'] * 1000)
    assert len(reports.frames()) == MAX_FRAMES


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES.split()), st.sampled_from([":", ": ", "", "/", "="]), st.text(max_size=40))
    ),
    st.sampled_from(CLASSES),
)
def test_nothing_makes_reading_raise(lines: list[tuple[str, str, str]], name: str) -> None:
    reports = reported(*("".join(parts) for parts in lines), name=name)
    for frame in reports.frames():
        assert frame.build()
        frame.record()
    assert reports.frames() == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["+FDIS", "+FDTC", "+FDCS", "+FIS", "+FCS", "+FTC"]),
            st.lists(st.integers(0, 300), min_size=2, max_size=10),
        )
    ),
    st.sampled_from(CLASSES),
)
def test_every_list_is_a_frame(lines: list[tuple[str, list[int]]], name: str) -> None:
    reports = reported(*(f"{report}:{','.join(map(str, values))}" for report, values in lines), name=name)
    kinds = {report.replace("FD", "F").replace("FCS", "FDCS") for report, _ in lines}
    assert len(reports.frames()) == len(kinds)
