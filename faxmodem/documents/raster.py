"""Bitmaps from Pillow images, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Bitmap

if TYPE_CHECKING:
    from PIL.Image import Image

    from faxmodem.codec.bitmap import Resolution


def to_image(bitmap: Bitmap) -> Image:
    """Give a page as a Pillow image of mode 1, pel for pel."""
    from PIL import Image

    return Image.frombytes("1", (bitmap.width, bitmap.lines), (~bitmap.rows).tobytes())


def from_image(image: Image, resolution: Resolution) -> Bitmap:
    """Take a Pillow image of mode 1 as a page, pel for pel."""
    rows = ~np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, -1)
    if spare := -image.width % 8:
        rows[:, -1] &= 0xFF << spare & 0xFF
    return Bitmap(rows=rows, width=image.width, resolution=resolution)
