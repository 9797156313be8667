from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from faxmodem.codec.bitmap import Resolution
from faxmodem.documents.bilevel import Rendering, to_bilevel

FINE = Resolution.FINE


def image_of(dark: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Image.Image:
    return Image.fromarray(255 - dark)


def letters() -> Image.Image:
    page = Image.new("L", (800, 400), 255)
    for line in range(16):
        place = 10, 10 + line * 24
        ImageDraw.Draw(page).text(place, "The quick brown fox jumps over it", 0, ImageFont.load_default(18))
    return page


def with_photograph(page: Image.Image) -> Image.Image:
    ramp = np.tile(np.linspace(60, 180, 200).astype(np.uint8), (150, 1))
    page.paste(Image.fromarray(ramp), (500, 200))
    return page


@pytest.mark.parametrize("rendering", Rendering)
def test_white_stays_white_and_black_stays_black(rendering: Rendering) -> None:
    page = Image.new("L", (640, 300), 255)
    page.paste(0, (100, 100, 300, 200))
    pels = to_bilevel(page, FINE, rendering).pels()
    expected = np.zeros((300, 640), dtype=np.bool_)
    expected[100:200, 100:300] = True
    assert np.array_equal(pels, expected)


@pytest.mark.parametrize("shift", range(8))
def test_a_line_a_third_of_a_pel_thick_lives_wherever_it_falls(shift: int) -> None:
    dark = np.zeros((40, 300), dtype=np.uint8)
    total, part = 255 * 0.34, shift / 14  # up to half of it falls on the next line
    dark[20] = round(total * (1 - part))
    dark[21] = round(total * part)
    assert to_bilevel(image_of(dark), FINE).pels()[20:22].any(axis=0).all()
    assert to_bilevel(image_of(np.ascontiguousarray(dark.T)), FINE).pels()[:, 20:22].any(axis=1).all()


def test_an_edge_stays_where_it_is() -> None:
    dark = np.zeros((40, 60), dtype=np.uint8)
    dark[:, 30:] = 255
    dark[:, 29] = 64  # a quarter covered: white
    assert np.flatnonzero(to_bilevel(image_of(dark), FINE).pels()[20])[0] == 30
    dark[:, 29] = 160  # five eighths: black
    assert np.flatnonzero(to_bilevel(image_of(dark), FINE).pels()[20])[0] == 29


def test_text_is_thresholded_and_the_photograph_beside_it_dithered() -> None:
    plain, mixed = letters(), with_photograph(letters())
    auto = to_bilevel(mixed, FINE).pels()
    text = to_bilevel(plain, FINE, Rendering.TEXT).pels()
    assert np.array_equal(auto[:, :450], text[:, :450])
    assert np.array_equal(to_bilevel(plain, FINE).pels(), text)
    ramp = auto[200:350, 500:700]
    assert abs(ramp.mean() - (1 - 120 / 255)) < 0.02
    assert 0.25 < ramp[:, :60].mean() - ramp[:, -60:].mean() < 0.40
    changes = np.diff(ramp.astype(np.int8), axis=1) != 0
    assert changes.mean() > 0.3
    solid = to_bilevel(mixed, FINE, Rendering.TEXT).pels()[200:350, 500:700]
    assert (np.diff(solid.astype(np.int8), axis=1) != 0).mean() < 0.02


def test_photo_dithers_everything() -> None:
    assert 0.18 < to_bilevel(Image.new("L", (200, 200), 204), FINE, Rendering.PHOTO).pels().mean() < 0.22


def test_a_light_tint_behind_text_becomes_white() -> None:
    page = letters()
    tinted = page.point([max(0, level - 38) for level in range(256)])
    assert to_bilevel(tinted, FINE).pels().mean() == pytest.approx(to_bilevel(page, FINE).pels().mean(), rel=0.15)


def test_white_letters_on_a_dark_ground_are_not_dithered() -> None:
    page = letters().point([200 - level * 145 // 255 for level in range(256)])  # 200 for letters, 55 for the ground
    pels = to_bilevel(page, FINE).pels()
    assert pels[:, 500:].all()
    assert 0.02 < 1 - pels[:, :300].mean() < 0.4


def test_the_paper_of_a_scan_becomes_white() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (400, 800))
    gray = np.asarray(letters(), dtype=np.float64) * 0.75 + 20 + noise
    scan = Image.fromarray(gray.clip(0, 255).astype(np.uint8))
    pels = to_bilevel(scan, FINE).pels()
    assert not pels[:, 500:].any()
    clean = to_bilevel(letters(), FINE).pels()
    assert (pels != clean).mean() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 5), (17, 16), (1728, 2)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_pages_of_any_size(size: tuple[int, int], level: int) -> None:
    page = to_bilevel(Image.new("L", size, level), FINE)
    assert (page.width, page.lines) == size
