"""An independent codec: libtiff, which Pillow brings along, around a strip of coded lines."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def decode(strip: bytes, *, lines: int, width: int) -> NDArray[np.bool_]:
    """Decode a strip in link order (FillOrder 2) by libtiff; True is black."""
    # BlackIsZero would turn the picture, as T.4 counts white runs first: Photometric 0.
    tags = {256: width, 257: lines, 258: 1, 259: 3, 262: 0, 266: 2, 273: 0, 277: 1, 278: lines, 279: len(strip), 292: 0}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    ifd = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + ifd + struct.pack("<I", 0)
    with Image.open(io.BytesIO(head + strip)) as image:
        return ~np.asarray(image)


def encode(pels: NDArray[np.bool_], *, aligned: bool) -> bytes:
    """Code pels to a strip in link order by libtiff; `aligned` puts fill before each EOL so that it ends a byte."""
    file = io.BytesIO()
    # Pillow's picture has 1 for white and says so (BlackIsZero), yet libtiff codes a 0 as white: give it the opposite.
    tags = {278: pels.shape[0], 292: 4 if aligned else 0}
    Image.fromarray(pels).save(file, "TIFF", compression="group3", tiffinfo=tags)
    with Image.open(file) as image:
        assert isinstance(image, TiffImageFile)
        (offset,), (size,) = image.tag_v2[273], image.tag_v2[279]
        assert image.tag_v2.get(266, 1) == 1
    return file.getvalue()[offset : offset + size].translate(_REVERSED)
