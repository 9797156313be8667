"""A page as a picture for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faxmodem.documents.geometry import MM_PER_INCH
from faxmodem.documents.raster import to_image
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    import os

    from faxmodem.codec.bitmap import Bitmap


def write_preview(bitmap: Bitmap, path: str | os.PathLike[str]) -> None:
    """Write a page as PNG with square pels, so that viewers show it in its true shape.

    Raises DocumentError when the file cannot be written.
    """
    from PIL import Image

    resolution = bitmap.resolution
    height = max(1, round(bitmap.lines * resolution.pels_per_mm / resolution.lines_per_mm))
    # In gray: to leave out or repeat single lines would spoil letters and dithered pictures.
    image = to_image(bitmap).convert("L").resize((bitmap.width, height), Image.Resampling.BOX)
    dpi = resolution.pels_per_mm * MM_PER_INCH
    try:
        image.save(path, format="PNG", dpi=(dpi, dpi))
    except OSError as error:
        raise DocumentError(f"the preview {path} cannot be written ({error.strerror or error})") from error
