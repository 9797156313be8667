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

LINES = {Resolution.STANDARD: 1143, Resolution.FINE: 2286, Resolution.SUPERFINE: 4573}


@pytest.mark.parametrize("resolution", Resolution)
def test_the_sample_is_one_a4_page_with_white_margins(resolution: Resolution) -> None:
    page = sample_page(resolution)
    assert (page.width, page.lines, page.resolution) == (1728, LINES[resolution], resolution)
    pels = page.pels()
    rows = np.flatnonzero(pels.any(axis=1)) / resolution.lines_per_mm
    columns = np.flatnonzero(pels.any(axis=0)) / resolution.pels_per_mm
    assert rows[0] == pytest.approx(13, abs=0.3)
    assert rows[-1] < 290
    assert columns[0] == pytest.approx(18, abs=0.2)
    assert columns[-1] == pytest.approx(197, abs=0.2)
    assert 0.1 < pels.mean() < 0.35
    # The picture has grays: neither white nor black for long.
    picture = pels[round(220 * resolution.lines_per_mm) : round(270 * resolution.lines_per_mm), 160:1570]
    assert 0.3 < picture.mean() < 0.7


def test_the_sample_is_the_same_every_time() -> None:
    assert sample_page(Resolution.STANDARD) == sample_page(Resolution.STANDARD)


@pytest.mark.parametrize("resolution", Resolution)
def test_a_preview_has_square_pels(tmp_path: Path, resolution: Resolution) -> None:
    file = tmp_path / "page.png"
    lines = round(100 * resolution.lines_per_mm)
    pels = np.zeros((lines, 1728), dtype=np.bool_)
    pels[: lines // 2] = True
    write_preview(Bitmap.from_pels(pels, resolution), file)
    with Image.open(file) as image:
        assert image.width == 1728
        assert abs(image.height - 804) <= 2
        assert image.info["dpi"] == pytest.approx((204.2, 204.2), abs=0.1)
        gray = np.asarray(image)
    assert (gray[:395].max(), gray[410:].min()) == (0, 255)


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
