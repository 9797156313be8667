"""How fast is the MH codec, beside libtiff on the same page in the same run?"""

from __future__ import annotations

from io import BytesIO

from PIL import Image, TiffImagePlugin

from bench.measure import environment, row, seconds
from bench.pages import pages
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.mh import mh_decode, mh_encode
from faxmodem.documents.raster import to_image


def main() -> None:
    """Print a line for each page and direction."""
    environment("numpy", "pillow", "faxmodem")
    for name, page in pages():
        coded = mh_encode(page)
        stored = _libtiff(page)
        picture = to_image(page)
        ours, best = seconds(lambda page=page: mh_encode(page))
        theirs, _ = seconds(lambda picture=picture: _save(picture))
        row(
            case=f"mh encode {name}",
            octets=len(coded),
            median_s=ours,
            min_s=best,
            libtiff_s=theirs,
            ratio=ours / theirs,
        )
        ours, best = seconds(
            lambda coded=coded, page=page: mh_decode(coded, width=page.width, resolution=page.resolution)
        )
        theirs, _ = seconds(lambda stored=stored: Image.open(BytesIO(stored)).load())
        row(
            case=f"mh decode {name}",
            octets=len(coded),
            median_s=ours,
            min_s=best,
            libtiff_s=theirs,
            ratio=ours / theirs,
        )


def _libtiff(page: Bitmap) -> bytes:
    return _save(to_image(page))


def _save(picture: Image.Image) -> bytes:
    file = BytesIO()
    one_strip = TiffImagePlugin.ImageFileDirectory_v2()
    one_strip[TiffImagePlugin.ROWSPERSTRIP] = picture.height
    picture.save(file, format="TIFF", compression="group3", tiffinfo=one_strip)
    return file.getvalue()


if __name__ == "__main__":
    main()
