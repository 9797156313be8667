from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import WIDTHS, Resolution
from faxmodem.documents.geometry import MAX_LENGTH_MM, Layout, lay_out
from faxmodem.errors import DocumentError

STANDARD, FINE, SUPERFINE = Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE

# Sheets in millimetres, the place of their line, lines at 3.85, 7.7 and 15.4 lines/mm.
SHEETS = {
    "letter": (215.9, 279.4, 0, (1075, 2151, 4302)),
    "legal": (215.9, 355.6, 0, (1369, 2738, 5476)),
    "A4": (210.0, 297.0, 0, (1143, 2286, 4573)),
    "B4": (250.0, 353.0, 1, (1359, 2718, 5436)),
    "JIS B4": (257.0, 364.0, 1, (1401, 2802, 5605)),
    "A3": (297.0, 420.0, 2, (1617, 3234, 6468)),
    "A5": (148.0, 210.0, 0, (808, 1617, 3234)),
}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize(("index", "resolution"), list(enumerate((STANDARD, FINE, SUPERFINE))))
def test_common_sheets(sheet: str, index: int, resolution: Resolution) -> None:
    width_mm, height_mm, place, lines = SHEETS[sheet]
    layout = lay_out(width_mm, height_mm, resolution)
    assert layout.width == WIDTHS[place]
    assert abs(layout.lines - lines[index]) <= 1
    assert layout.across == round(width_mm * 8.04)
    assert not layout.turned


@pytest.mark.parametrize(
    ("resolution", "widths", "across", "lines"),
    [
        (Resolution.R16, (3456, 4096, 4864), 3377, 4573),
        (Resolution.INCH_200, WIDTHS, 1654, 2338),
        (Resolution.INCH_200X400, WIDTHS, 1654, 4677),
        (Resolution.INCH_300, (2592, 3072, 3648), 2480, 3507),
        (Resolution.INCH_400, (3456, 4096, 4864), 3307, 4677),
    ],
)
def test_a4_on_every_line_at_other_resolutions(
    resolution: Resolution, widths: tuple[int, ...], across: int, lines: int
) -> None:
    assert lay_out(210.0, 297.0, resolution).width == widths[0]
    for width in widths:
        layout = lay_out(210.0, 297.0, resolution, width)
        assert layout == Layout(width=width, lines=lines, left=(width - across) // 2, across=across, turned=False)


@pytest.mark.parametrize("resolution", Resolution)
def test_every_sheet_goes_on_the_line_for_its_paper(resolution: Resolution) -> None:
    for width_mm, height_mm, place, _lines in SHEETS.values():
        layout = lay_out(width_mm, height_mm, resolution)
        assert layout.width == resolution.widths[place]
        assert layout.across == round(width_mm * resolution.pels_per_mm)


def test_a_narrow_sheet_is_centred() -> None:
    layout = lay_out(148.0, 210.0, FINE)
    assert layout.left == (1728 - 1190) // 2


def test_a_letter_hangs_over_by_half_a_millimetre_on_each_side() -> None:
    layout = lay_out(215.9, 279.4, FINE)
    assert (layout.left, layout.across) == (-4, 1736)


@pytest.mark.parametrize(
    ("width_mm", "height_mm", "width", "turned"),
    [
        (297.0, 210.0, 1728, True),  # A4
        (279.4, 215.9, 1728, True),  # letter
        (420.0, 297.0, 2432, True),  # A3, spared being reduced
        (210.0, 148.0, 1728, False),  # A5 fits upright
        (300.0, 290.0, 2432, False),  # turning gains nothing
        (250.0, 220.0, 2048, False),
    ],
)
def test_landscape(width_mm: float, height_mm: float, width: int, *, turned: bool) -> None:
    layout = lay_out(width_mm, height_mm, FINE)
    assert (layout.width, layout.turned) == (width, turned)


def test_what_is_too_wide_is_reduced_to_the_longest_line_with_its_shape_kept() -> None:
    a1 = lay_out(594.0, 841.0, STANDARD)
    assert (a1.width, a1.across, a1.left) == (2432, 2432, 0)
    assert abs(a1.lines / 3.85 - 841.0 * (2432 / 8.04) / 594.0) < 0.3


def test_a_forced_width_reduces_a_wider_sheet_and_centres_a_narrower_one() -> None:
    a3 = lay_out(297.0, 420.0, FINE, width=1728)
    assert (a3.width, a3.across) == (1728, 1728)
    assert abs(a3.lines - 420 * 7.7 * 1728 / (297 * 8.04)) <= 1
    a4 = lay_out(210.0, 297.0, FINE, width=2432)
    assert (a4.width, a4.across, a4.left, a4.lines) == (2432, 1688, 372, 2286)


def test_landscape_a4_stays_upright_on_a_forced_long_line() -> None:
    assert not lay_out(297.0, 210.0, FINE, width=2432).turned
    assert lay_out(297.0, 210.0, FINE, width=1728).turned


@pytest.mark.parametrize("size", [(0.0, 100.0), (100.0, 0.1), (10_000.0, 10_000.0), (210.0, 3000.0), (3000.0, 10.0)])
def test_absurd_sheets_are_refused(size: tuple[float, float]) -> None:
    with pytest.raises(DocumentError, match=r"mm|too long"):
        lay_out(*size, FINE)


def test_an_unknown_width_is_refused() -> None:
    with pytest.raises(DocumentError, match="1728, 2048, 2432 pels at fine, not 1700"):
        lay_out(210.0, 297.0, FINE, width=1700)
    with pytest.raises(DocumentError, match="2592, 3072, 3648 pels at 300x300, not 1728"):
        lay_out(210.0, 297.0, Resolution.INCH_300, width=1728)


@given(st.floats(0.5, 5100), st.floats(0.5, 5100), st.sampled_from(Resolution), st.sampled_from([None, 0, 1, 2]))
def test_every_sheet_lies_on_its_line_or_is_refused(
    width_mm: float, height_mm: float, resolution: Resolution, place: int | None
) -> None:
    width = None if place is None else resolution.widths[place]
    try:
        layout = lay_out(width_mm, height_mm, resolution, width)
    except DocumentError:
        return
    assert isinstance(layout, Layout)
    assert layout.width in resolution.widths
    assert width in {None, layout.width}
    assert 1 <= layout.lines <= MAX_LENGTH_MM * resolution.lines_per_mm
    assert 1 <= layout.across <= layout.width + 5.6 * resolution.pels_per_mm  # JIS B4, and a margin
    assert abs(2 * layout.left + layout.across - layout.width) <= 1
