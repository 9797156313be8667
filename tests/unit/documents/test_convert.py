from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.convert import convert, fit

STANDARD, FINE, SUPERFINE = Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE
resolutions = st.sampled_from(Resolution)
places = st.sampled_from([0, 1, 2])


def blank(width: int, lines: int, resolution: Resolution = FINE) -> Bitmap:
    return Bitmap.from_pels(np.zeros((lines, width), dtype=np.bool_), resolution)


def inked(width: int, lines: int, resolution: Resolution = FINE) -> Bitmap:
    pels = np.zeros((lines, width), dtype=np.bool_)
    pels[:, width // 2] = True
    return Bitmap.from_pels(pels, resolution)


@settings(max_examples=40)
@given(resolutions, resolutions, places, places, st.integers(1, 300))
def test_width_and_resolution_are_exact_and_the_shape_is_kept(
    old: Resolution, new: Resolution, place: int, wanted: int, lines: int
) -> None:
    page = convert(blank(old.widths[place], lines, old), width=new.widths[wanted], resolution=new)
    assert (page.width, page.resolution) == (new.widths[wanted], new)
    scale = min(1.0, new.widths[wanted] / new.pels_per_mm / (old.widths[place] / old.pels_per_mm))
    assert abs(page.lines - lines * new.lines_per_mm / old.lines_per_mm * scale) <= 1
    assert not page.rows.any()


@settings(max_examples=150)
@given(resolutions, resolutions, places, places, st.integers(0, 199), st.sampled_from([0, 1]))
def test_a_line_one_pel_thick_lives(
    old: Resolution, new: Resolution, place: int, wanted: int, at: int, axis: int
) -> None:
    width = old.widths[place]
    pels = np.zeros((200, width), dtype=np.bool_)
    if axis == 0:
        pels[at] = True
    else:
        pels[:, at * width // 200] = True
    page = convert(Bitmap.from_pels(pels, old), width=new.widths[wanted], resolution=new)
    across = min(page.width, round(width * new.pels_per_mm / old.pels_per_mm))
    left = (page.width - across) // 2
    sheet = page.pels()[:, left : left + across]
    assert sheet.any(axis=axis).all()
    assert not page.pels()[:, :left].any()
    # As thick as it was, give or take what the pels and lines allow.
    old_mm, new_mm = ((r.lines_per_mm, r.pels_per_mm)[axis] for r in (old, new))
    scale = across / (width * new.pels_per_mm / old.pels_per_mm)
    assert sheet.any(axis=1 - axis).sum() <= max(1.0, scale * new_mm / old_mm) + 2


def test_a_page_that_needs_no_change_is_unchanged() -> None:
    page = inked(1728, 100)
    assert convert(page, width=1728, resolution=FINE) == page
    assert fit(page, width=1728, resolution=FINE, max_lines=100) == [page]
    assert fit(page, width=1728, resolution=FINE, max_lines=None) == [page]


def test_lines_are_doubled_upward_and_come_back() -> None:
    pels = np.random.default_rng(1).random((30, 1728)) < 0.3
    page = Bitmap.from_pels(pels, STANDARD)
    fine = convert(page, width=1728, resolution=SUPERFINE)
    assert np.array_equal(fine.pels(), pels.repeat(4, axis=0))
    assert convert(fine, width=1728, resolution=STANDARD) == page


def test_lines_are_joined_downward_an_odd_one_at_the_end_too() -> None:
    pels = np.zeros((5, 1728), dtype=np.bool_)
    pels[[1, 4]] = True
    page = convert(Bitmap.from_pels(pels, FINE), width=1728, resolution=STANDARD)
    assert page.pels().all(axis=1).tolist() == [True, False, True]


def test_whole_pels_are_taken_together() -> None:
    for old, new in ((Resolution.R16, SUPERFINE), (Resolution.INCH_400, Resolution.INCH_200)):
        down = round(old.lines_per_mm / new.lines_per_mm)
        pels = np.zeros((200, 3456), dtype=np.bool_)
        pels[40:160:20, 400:3000] = True
        pels[40:160, 400:3000:40] = True
        page = convert(Bitmap.from_pels(pels, old), width=1728, resolution=new).pels()
        expected = pels.reshape(200 // down, down, 1728, 2).any(axis=(1, 3))
        assert (page != expected).mean() < 0.002  # the corners where lines meet


def test_a_line_in_inches_is_longer_and_loses_nothing_on_a_shorter_one() -> None:
    pels = np.zeros((300, 2592), dtype=np.bool_)
    pels[:, [0, 1295, 2591]] = True
    page = convert(Bitmap.from_pels(pels, Resolution.INCH_300), width=1728, resolution=FINE)
    assert [at for at in (0, 863, 1727) if page.pels()[:, at].all()] == [0, 863, 1727]
    assert page.lines == round(300 * 7.7 / (300 / 25.4) * (1728 / 8.04) / (2592 / 300 * 25.4))
    back = convert(page, width=2592, resolution=Resolution.INCH_300)
    assert not back.pels()[:, :20].any()  # at its size, centred
    assert not back.pels()[:, -20:].any()


@pytest.mark.parametrize("new", [r for r in Resolution if r is not Resolution.STANDARD])
@pytest.mark.parametrize("old", [Resolution.R16, Resolution.INCH_300, Resolution.INCH_400])
def test_a_photograph_keeps_its_tone_at_every_resolution(old: Resolution, new: Resolution) -> None:
    pels = np.zeros((600, old.widths[0]), dtype=np.bool_)
    y, x = np.mgrid[0:600, 0:1200]
    pels[:, 400:1600] = (x + y) % 2 == 0
    page = convert(Bitmap.from_pels(pels, old), width=new.widths[0], resolution=new)
    left = (page.width - round(min(page.width, old.widths[0] * new.pels_per_mm / old.pels_per_mm))) // 2
    ends = [left + round(at * new.pels_per_mm / old.pels_per_mm) for at in (500, 1500)]
    if new.pels_per_mm <= old.pels_per_mm and new.lines_per_mm <= old.lines_per_mm:
        assert page.pels()[20:-20, ends[0] : ends[1]].mean() == pytest.approx(0.5, abs=0.04)


def test_a_wider_line_takes_the_page_centred() -> None:
    page = convert(Bitmap.from_pels(np.ones((4, 1728), dtype=np.bool_), FINE), width=2432, resolution=FINE)
    assert np.flatnonzero(page.pels()[0]).tolist() == list(range(352, 352 + 1728))


def test_a_circle_stays_round() -> None:
    y, x = np.mgrid[0:900, 0:2432]
    disc = ((x - 1200) / 8.04) ** 2 + ((y - 450) / 7.7) ** 2 < 50**2
    page = convert(Bitmap.from_pels(disc, FINE), width=1728, resolution=STANDARD).pels()
    across_mm = page.any(axis=0).sum() / 8.04
    down_mm = page.any(axis=1).sum() / 3.85
    assert across_mm == pytest.approx(100 * 1728 / 2432, abs=0.6)
    assert down_mm == pytest.approx(across_mm, abs=0.6)


def test_a_dithered_photograph_keeps_its_tone() -> None:
    pels = np.zeros((400, 2432), dtype=np.bool_)
    y, x = np.mgrid[0:400, 0:800]
    pels[:, 800:1600] = (x + y) % 2 == 0
    page = convert(Bitmap.from_pels(pels, FINE), width=1728, resolution=FINE).pels()
    assert page[20:-20, 600:1100].mean() == pytest.approx(0.5, abs=0.04)


def test_white_at_the_end_is_given_up_first() -> None:
    pels = np.zeros((1500, 1728), dtype=np.bool_)
    pels[:900, 800] = True
    (page,) = fit(Bitmap.from_pels(pels, FINE), width=1728, resolution=FINE, max_lines=1000)
    assert page.lines == 1000
    assert np.array_equal(page.pels(), pels[:1000])


def test_an_empty_long_page_is_one_empty_page() -> None:
    (page,) = fit(blank(1728, 5000), width=1728, resolution=FINE, max_lines=1000)
    assert page == blank(1728, 1000)


def test_a_little_too_long_is_reduced_and_centred() -> None:
    (page,) = fit(inked(1728, 1250), width=1728, resolution=FINE, max_lines=1000)
    assert (page.width, page.lines) == (1728, 1000)
    columns = np.flatnonzero(page.pels().any(axis=0))
    assert abs(columns.mean() - 864) < 2
    assert page.pels()[:, columns].any(axis=1).all()


def test_much_too_long_is_cut_between_lines_of_text() -> None:
    pels = np.zeros((3000, 1728), dtype=np.bool_)
    pels[:, 100:200] = (np.arange(3000) % 50 < 30)[:, None]
    parts = fit(Bitmap.from_pels(pels, FINE), width=1728, resolution=FINE, max_lines=1010)
    assert [part.lines for part in parts] == [1000, 1000, 980]
    assert np.array_equal(np.vstack([part.pels() for part in parts]), pels[:2980])


@settings(max_examples=25)
@given(st.integers(1, 3000), st.integers(300, 1200), resolutions)
def test_parts_are_never_too_long_and_lose_nothing(lines: int, max_lines: int, resolution: Resolution) -> None:
    parts = fit(inked(1728, lines, resolution), width=1728, resolution=resolution, max_lines=max_lines)
    assert all(part.width == 1728 and 1 <= part.lines <= max_lines for part in parts)
    assert all(part.pels().any(axis=1).all() for part in parts)
    if len(parts) > 1:
        assert sum(part.lines for part in parts) == lines
