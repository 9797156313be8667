from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.preview import write_preview
from faxmodem.documents.raster import from_image, to_image
from faxmodem.documents.sample import sample_page
from faxmodem.errors import DocumentError

SIZES = {
    Resolution.STANDARD: (1728, 1143),
    Resolution.FINE: (1728, 2286),
    Resolution.SUPERFINE: (1728, 4573),
    Resolution.R16: (3456, 4573),
    Resolution.INCH_200: (1728, 2338),
    Resolution.INCH_200X400: (1728, 4677),
    Resolution.INCH_300: (2592, 3507),
    Resolution.INCH_400: (3456, 4677),
}

USUAL = (Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE)
RESOLUTIONS = [pytest.param(r, marks=() if r in USUAL else pytest.mark.soak) for r in Resolution]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_the_sample_is_one_a4_page_with_white_margins(resolution: Resolution) -> None:
    page = sample_page(resolution)
    assert (page.width, page.lines) == SIZES[resolution]
    assert page.resolution is resolution
    pels = page.pels()
    rows = np.flatnonzero(pels.any(axis=1)) / resolution.lines_per_mm
    # Measured from the sheet's edge, which lies a little inside of a line in inches.
    beside_mm = page.width / resolution.pels_per_mm / 2 - 1728 / 8.04 / 2
    columns = np.flatnonzero(pels.any(axis=0)) / resolution.pels_per_mm - beside_mm
    assert rows[0] == pytest.approx(13, abs=0.3)
    assert rows[-1] < 290
    assert columns[0] == pytest.approx(18, abs=0.2)
    assert columns[-1] == pytest.approx(197, abs=0.2)
    assert 0.1 < pels.mean() < 0.35
    # The picture has grays: neither white nor black for long.
    picture = pels[round(220 * resolution.lines_per_mm) : round(270 * resolution.lines_per_mm)]
    picture = picture[:, round(20 * resolution.pels_per_mm) : round(195 * resolution.pels_per_mm)]
    assert 0.3 < picture.mean() < 0.7


def test_the_sample_is_the_same_every_time() -> None:
    assert sample_page(Resolution.STANDARD) == sample_page(Resolution.STANDARD)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_preview_has_square_pels(tmp_path: Path, resolution: Resolution) -> None:
    file = tmp_path / "page.png"
    lines = round(100 * resolution.lines_per_mm)
    pels = np.zeros((lines, resolution.widths[0]), dtype=np.bool_)
    pels[: lines // 2] = True
    write_preview(Bitmap.from_pels(pels, resolution), file)
    with Image.open(file) as image:
        assert image.width == resolution.widths[0]
        assert abs(image.height - 100 * resolution.pels_per_mm) <= 2
        assert image.info["dpi"] == pytest.approx((resolution.pels_per_mm * 25.4,) * 2, abs=0.1)
        gray = np.asarray(image)
    assert (gray[: int(gray.shape[0] * 0.49)].max(), gray[int(gray.shape[0] * 0.51) :].min()) == (0, 255)


def test_a_preview_that_cannot_be_written(tmp_path: Path) -> None:
    page = Bitmap.from_pels(np.zeros((10, 16), dtype=np.bool_), Resolution.FINE)
    with pytest.raises(DocumentError, match="cannot be written"):
        write_preview(page, tmp_path / "missing" / "page.png")


@pytest.mark.parametrize("width", [1, 7, 8, 9, 1728])
def test_images_and_back(width: int) -> None:
    pels = np.random.default_rng(1).random((13, width)) < 0.5
    page = Bitmap.from_pels(pels, Resolution.FINE)
    assert np.array_equal(np.asarray(to_image(page)), ~pels)
    assert from_image(to_image(page), Resolution.FINE) == page
