from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Bitmap, Resolution
from faxmodem.documents.header import HeaderLine, draw_header, printable

WHEN = datetime(2026, 11, 22, 14, 5, tzinfo=timezone(timedelta(hours=1)))


def line(station_id: str = "+49 30 1234567", receiver: str = "+1 212 5550100", total: int | None = 3) -> HeaderLine:
    return HeaderLine(when=WHEN, station_id=station_id, receiver=receiver, page=2, total=total)


def blank(width: int = 1728, lines: int = 400, resolution: Resolution = Resolution.FINE) -> Bitmap:
    return Bitmap.from_pels(np.zeros((lines, width), dtype=np.bool_), resolution)


def test_what_it_says() -> None:
    assert line().text() == "2026-11-22 14:05 +0100    From: +49 30 1234567    To: +1 212 5550100    Page 2/3"
    assert line(station_id="", total=None).text() == "2026-11-22 14:05 +0100    To: +1 212 5550100    Page 2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller & Søn\tGmbH\r\n", "Muller & Son GmbH"),
        ("Weiß", "Weiss"),
        ("a\x00b\x1b[31mc\x7f\u202e", "a b [31mc"),
        ("日本", "??"),
        (" \n ", ""),
    ],
)
def test_hostile_text_is_made_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_any_text_is_made_printable(text: str) -> None:
    shown = printable(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert shown == shown.strip()


def test_a_long_name_is_cut_and_leaves_the_page_number() -> None:
    text = line(station_id="x" * 5000, receiver="y" * 5000).text()
    assert text.endswith("Page 2/3")
    assert len(text) < 140
    assert "x..." in text


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_lies_in_the_top_four_millimetres(resolution: Resolution, width: int) -> None:
    page = draw_header(blank(width, resolution=resolution), line().text())
    assert (page.width, page.lines, page.resolution) == (width, 400, resolution)
    inked = np.flatnonzero(page.rows.any(axis=1)) / resolution.lines_per_mm
    assert 0.2 < inked[0] < inked[-1] < 4.0
    # True scale at every resolution: the letters are 2.5 mm from the top of the capitals to the end of the g.
    assert inked[-1] - inked[0] == pytest.approx(2.7, abs=0.6)
    columns = np.flatnonzero(page.pels().any(axis=0)) / resolution.pels_per_mm
    assert columns[0] == pytest.approx(7.0, abs=0.6)
    assert columns[-1] < 215 - 7


def test_a_page_with_white_on_top_keeps_its_length_and_all_below() -> None:
    pels = np.zeros((400, 1728), dtype=np.bool_)
    pels[31:] = True
    page = draw_header(Bitmap.from_pels(pels, Resolution.FINE), "x")
    assert page.lines == 400
    assert page.pels()[31:].all()


def test_a_page_with_black_on_top_grows_and_loses_nothing() -> None:
    pels = np.random.default_rng(1).random((400, 1728)) < 0.5
    page = draw_header(Bitmap.from_pels(pels, Resolution.FINE), line().text())
    assert page.lines == 431
    assert np.array_equal(page.pels()[31:], pels)


def test_a_page_shorter_than_the_header_becomes_the_header() -> None:
    assert draw_header(blank(lines=3), "x").lines == 31


@settings(max_examples=20)
@given(st.text(max_size=2000))
def test_no_text_reaches_the_margin(text: str) -> None:
    page = draw_header(blank(), text).pels()
    assert not page[:, -50:].any()
    assert not page[:, :50].any()
