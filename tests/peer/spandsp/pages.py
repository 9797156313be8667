"""Small pages whose lines follow from each other as those of text do: every coding, and every mode of it, has work."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Resolution

LINES: Final = 200
STROKE: Final = (9, 13)
"Lines and pels over which a shape is smooth."
BLACK: Final = 0.12
"Share of black pels."


@cache
def blots(resolution: Resolution = Resolution.FINE, *, seed: int = 0, lines: int = LINES, width: int = 1728) -> Bitmap:
    """A page of small irregular shapes with white lines between rows of them."""
    dice = np.random.default_rng((seed, lines, width))
    smooth = dice.standard_normal((lines, width))
    for axis, length in enumerate(STROKE):
        for _ in range(2):  # once leaves ragged edges
            smooth = _run_sum(smooth, length, axis)
    pels = smooth > np.quantile(smooth, 1 - BLACK)
    pels[np.arange(lines) % 40 < 12] = False
    return Bitmap.from_pels(pels, resolution)


def _run_sum(field: NDArray[np.float64], length: int, axis: int) -> NDArray[np.float64]:
    """Each value becomes the sum of the `length` values up to it, counted round."""
    total: NDArray[np.float64] = sum((np.roll(field, step, axis) for step in range(length)), np.zeros_like(field))
    return total
