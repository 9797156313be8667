"""How fast are MR and MMR, beside libtiff on the same page in the same run?"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from PIL import Image, TiffImagePlugin

from bench.measure import environment, row, seconds
from bench.pages import pages
from faxmodem.codec.bitmap import Bitmap, DecodedPage
from faxmodem.codec.mmr import mmr_decode, mmr_encode
from faxmodem.codec.mr import mr_decode, mr_encode
from faxmodem.documents.raster import to_image

T4_OPTIONS, TWO_DIMENSIONAL = 292, 1


def main() -> None:
    """Print a line for each page, coding and direction."""
    environment("numpy", "pillow", "faxmodem")
    for name, page in pages():
        for k, lines_per_inch in ((2, 98.0), (4, 196.0)):  # libtiff takes K from the resolution
            tags = {T4_OPTIONS: TWO_DIMENSIONAL, TiffImagePlugin.Y_RESOLUTION: lines_per_inch}
            measure(f"mr k={k}", name, page, lambda page, k=k: mr_encode(page, k=k), mr_decode, "group3", tags)
        measure("mmr", name, page, mmr_encode, mmr_decode, "group4", {})


def measure(
    coding: str,
    name: str,
    page: Bitmap,
    encode: Callable[[Bitmap], bytes],
    decode: Callable[..., DecodedPage],
    compression: str,
    tags: dict[int, float],
) -> None:
    """Print the lines of one page and coding."""
    coded = encode(page)
    picture = to_image(page)
    stored = save(picture, compression, tags)
    directions = {
        "encode": (lambda: encode(page), lambda: save(picture, compression, tags)),
        "decode": (
            lambda: decode(coded, width=page.width, resolution=page.resolution),
            lambda: Image.open(BytesIO(stored)).load(),
        ),
    }
    for direction, (ours, theirs) in directions.items():
        median, best = seconds(ours)
        libtiff, _ = seconds(theirs)
        row(
            case=f"{coding} {direction} {name}",
            octets=len(coded),
            median_s=median,
            min_s=best,
            libtiff_s=libtiff,
            ratio=median / libtiff,
        )


def save(picture: Image.Image, compression: str, tags: dict[int, float]) -> bytes:
    """Code a picture in one strip by libtiff."""
    file = BytesIO()
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[TiffImagePlugin.ROWSPERSTRIP] = picture.height
    for tag, value in tags.items():
        directory[tag] = value
    picture.save(file, format="TIFF", compression=compression, tiffinfo=directory)
    return file.getvalue()


if __name__ == "__main__":
    main()
