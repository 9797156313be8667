"""Pages of image files: TIFF, PNG, JPEG and what else Pillow reads by itself.

A bilevel picture that has the geometry of a fax already goes out pel for pel. All other pictures are brought to the
page's raster in gray first.
"""

from __future__ import annotations

import struct
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Resolution
from faxmodem.documents.bilevel import to_bilevel
from faxmodem.documents.convert import convert
from faxmodem.documents.geometry import A4_WIDTH_MM, MAX_LENGTH_MM, MM_PER_INCH, WIDEST_SHEET_MM, lay_out
from faxmodem.documents.raster import from_image
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

    from faxmodem.codec.bitmap import Bitmap
    from faxmodem.documents.target import Target

FORMATS = (
    *("TIFF", "PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "WEBP", "AVIF", "JPEG2000", "PPM", "PCX", "DCX", "ICO", "SGI"),
)
"Formats that a first few bytes tell apart and that need no other program: EPS would start Ghostscript."
SINGLE = {"MPO", "ICO", "AVIF"}
"Formats whose further frames are the same picture again, or a film: a telephone's MPO holds a preview."

MAX_PIXELS = 100_000_000
"What a picture may have: A3 at 700 dpi has 94 million."

# Resolutions, dots/inch, that can be believed to tell a picture's size on paper: 98 is a standard fax. Programs write
# 72 or 96 when they do not know, and Pillow says 72 for a JPEG that does not tell.
LEAST_DPI, MOST_DPI = 97.0, 2500.0
LEAST_PAPER_MM = 20.0

FAX_TOLERANCE = 0.06
"""How far the dots/inch of a fax may be told from what they are. Programs round them as they like: standard is 98 lines
to the inch, and found as 96, 98 and 100."""

ORIENTATION = 0x0112  # TIFF and EXIF
NEW_SUBFILE_TYPE = 0x00FE
REDUCED_COPY = 1  # its bit 0: a smaller copy of another image in the file

DAMAGE = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError, struct.error)
"What Pillow raises on damaged files, as its readers come."

_FILTERS = threading.Lock()


@contextmanager
def _pillow(doing: str) -> Iterator[None]:
    """Turn what Pillow raises while it does something into a DocumentError, and let none of its warnings out."""
    from PIL.Image import DecompressionBombError

    # The warning filters belong to the whole process: two threads that change them at once mix them up.
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except DecompressionBombError as error:
            raise _too_large() from error
        except DocumentError:
            raise
        except DAMAGE as error:
            raise DocumentError(f"the picture is damaged or cut off: {doing} failed ({error})") from error


def _too_large() -> DocumentError:
    return DocumentError(f"the picture has more than {MAX_PIXELS // 1_000_000} million pels: make it smaller")


class PicturePages:
    """The pages of an image file; each frame is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image: Image | None = None
        with _pillow("reading its index"):
            image = self._open()
            frames = range(1 if image.format in SINGLE else getattr(image, "n_frames", 1))
            self._frames = [frame for frame in frames if not _is_copy(image, frame)]
        self.pages = len(self._frames)
        self._release()

    @staticmethod
    def knows(path: Path) -> bool:
        """Tell by its first bytes whether a file is a picture."""
        from PIL import Image, UnidentifiedImageError

        with _pillow("reading its first bytes"):
            try:
                Image.open(path, formats=_installed()).close()
            except UnidentifiedImageError:
                return False
        return True

    def check(self, index: int, target: Target) -> None:
        """Raise DocumentError for a page that is too large or of an absurd shape."""
        with _pillow("reading its index"):
            image = self._frame(index)
            dpi = _dpi(image)
            if _fax_resolution(image, dpi) is None:
                lay_out(*_paper_mm(image.size, dpi), target.resolution, target.width)
        self._release()

    def render(self, index: int, target: Target) -> Bitmap:
        """Draw one page."""
        from PIL import ImageOps

        with _pillow("decoding"):
            image = self._frame(index)
            dpi = _dpi(image)
            if dpi and image.getexif().get(ORIENTATION, 1) > 4:  # lies on its side
                dpi = dpi[1], dpi[0]
            image.draft("L", image.size)  # JPEG gives gray for less time and memory than colours
            image.load()
            image = ImageOps.exif_transpose(image)
            if (own := _fax_resolution(image, dpi)) is None:
                image = _gray(image)
        self._release()
        if own is None:
            return _draw(image, dpi, target)
        page = from_image(image, own)
        if target.width is None:
            return page
        return convert(page, width=own.widths[target.resolution.widths.index(target.width)], resolution=own)

    def close(self) -> None:
        """Let go of the file."""
        if self._image is not None:
            self._image.close()
            self._image = None

    def _open(self) -> Image:
        from PIL import Image

        if self._image is None:
            self._image = Image.open(self._path, formats=_installed())
        return self._image

    def _frame(self, index: int) -> Image:
        image = self._open()
        image.seek(self._frames[index])
        if image.width * image.height > MAX_PIXELS:
            raise _too_large()
        return image

    def _release(self) -> None:
        """Forget a lone picture, which Pillow would keep decoded; a file of many stays open, at the last frame."""
        if self.pages <= 1:
            self.close()


def _installed() -> list[str]:
    """The formats that this build of Pillow has."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _is_copy(image: Image, frame: int) -> bool:
    image.seek(frame)
    tags = getattr(image, "tag_v2", {})
    return bool(int(tags.get(NEW_SUBFILE_TYPE, 0)) & REDUCED_COPY)


def _dpi(image: Image) -> tuple[float, float] | None:
    """Dots/inch that the file tells, None when it tells none that make sense."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    believable = LEAST_DPI <= x <= MOST_DPI and LEAST_DPI <= y <= MOST_DPI  # False for nan
    return (x, y) if believable else None


def _paper_mm(size: tuple[int, int], dpi: tuple[float, float] | None) -> tuple[float, float]:
    """Width and height on paper, mm: what the file tells if it is a sheet's size, else the width of A4."""
    width, height = size
    if dpi is not None:
        told = width / dpi[0] * MM_PER_INCH, height / dpi[1] * MM_PER_INCH
        if LEAST_PAPER_MM <= min(told) <= WIDEST_SHEET_MM[-1] and max(told) <= MAX_LENGTH_MM:
            return told
        return A4_WIDTH_MM, A4_WIDTH_MM / width * height * dpi[0] / dpi[1]
    return A4_WIDTH_MM, A4_WIDTH_MM / width * height


def _fax_resolution(image: Image, dpi: tuple[float, float] | None) -> Resolution | None:
    """The resolution of a picture that is a fax page already, else None."""
    if dpi is None or image.mode != "1":
        return None
    deviations = {
        resolution: max(abs(dpi[0] / resolution.x_dpi - 1), abs(dpi[1] / resolution.y_dpi - 1))
        for resolution in Resolution
        if image.width in resolution.widths
    }
    nearest = min(deviations, key=deviations.__getitem__, default=None)
    return nearest if nearest is not None and deviations[nearest] <= FAX_TOLERANCE else None


def _draw(gray: Image, dpi: tuple[float, float] | None, target: Target) -> Bitmap:
    """Bring a gray picture onto its page."""
    from PIL import Image as Images

    layout = lay_out(*_paper_mm(gray.size, dpi), target.resolution, target.width)
    if layout.turned:
        gray = gray.transpose(Images.Transpose.ROTATE_90)
    gray = gray.resize((layout.across, layout.lines), Images.Resampling.BICUBIC)
    page = Images.new("L", (layout.width, layout.lines), 255)
    page.paste(gray, (layout.left, 0))
    return to_bilevel(page, target.resolution, target.rendering)


def _gray(image: Image) -> Image:
    """Any picture in gray: what is transparent becomes white, 16 bits and floating point become 8."""
    from PIL import Image as Images

    if image.mode[0] in "IF":
        levels = np.nan_to_num(np.asarray(image, dtype=np.float32))
        low, high = (levels.min(), levels.max()) if image.mode == "F" else (0.0, 65535.0)
        return Images.fromarray(((levels - low) / max(high - low, 1e-9) * 255).clip(0, 255).astype(np.uint8))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Images.new("RGBA", image.size, "white")
        image = Images.alpha_composite(white, image)
    return image.convert("L")
