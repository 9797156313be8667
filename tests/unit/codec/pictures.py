"""Pages to code: drawn, arbitrary, and the ITU's test charts where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from faxmodem.codec.bitmap import Bitmap, Resolution

Pels = NDArray[np.bool_]

CHARTS = Path(__file__).parents[4] / "shared" / "pages"


def chart(number: int) -> Bitmap:
    """One of the ITU's test charts, or a skip where they are not."""
    path = CHARTS / f"ccitt{number}.tif"
    if not path.exists():
        pytest.skip(f"the ITU test charts are not beside the repository ({path})")
    with Image.open(path) as image:
        return Bitmap.from_pels(~np.asarray(image), Resolution.FINE)


def golden() -> Bitmap:
    """A small picture by formula, 64 x 16 pels."""
    y, x = np.ogrid[:16, :64]
    return Bitmap.from_pels((x * x + 3 * y * y) % 17 < 4, Resolution.FINE)


def _white(lines: int, width: int) -> Pels:
    return np.zeros((lines, width), np.bool_)


def _one_pel(lines: int, width: int) -> Pels:
    pels = _white(lines, width)
    pels[lines // 2, width // 2] = True
    return pels


def _border(lines: int, width: int) -> Pels:
    pels = ~_white(lines, width)
    pels[1:-1, 1:-1] = False
    return pels


def _all_runs(lines: int, width: int) -> Pels:
    """Runs of 0 (black at the very left), 1, 2, 3 ... pels, over and over, shifted from line to line."""
    runs = np.arange(1, 2 * int(np.sqrt(lines * width)) + 2)
    colours = np.arange(runs.size) % 2 == 0
    return np.resize(np.repeat(colours, runs), (lines, width))


PICTURES: dict[str, Callable[[int, int], Pels]] = {
    "white": _white,
    "black": lambda lines, width: ~_white(lines, width),
    "stripes": lambda lines, width: np.indices((lines, width))[1] % 6 < 3,
    "checks": lambda lines, width: np.indices((lines, width)).sum(axis=0) % 2 == 0,
    "noise": lambda lines, width: np.random.default_rng(4).random((lines, width)) < 0.5,
    "one pel": _one_pel,
    "border": _border,
    "all runs": _all_runs,
}


@st.composite
def bitmaps(draw: st.DrawFn, min_lines: int = 0) -> Bitmap:
    """Arbitrary pages, each line given by the places where its colour turns."""
    width = draw(st.sampled_from([1, 2, 7, 8, 9, 63, 64, 65, 1728, 2048, 2432, 2623, 2624, 5184, 7777]))
    turns = st.lists(st.integers(0, width - 1), max_size=12)
    lines = draw(st.lists(turns, min_size=min_lines, max_size=9))
    pels = np.zeros((len(lines), width), np.bool_)
    for line, places in zip(pels, lines, strict=True):
        for place in places:
            line[place:] ^= True
    return Bitmap.from_pels(pels, draw(st.sampled_from(Resolution)))
