"""An independent codec: libtiff, which Pillow brings along, around a strip of coded lines."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


_GROUP_3, _GROUP_4 = 3, 4
_TWO_DIMENSIONAL, _ALIGNED = 1, 4  # bits of the T4Options
_K_2, _K_4 = 98, 196  # libtiff takes K from the vertical resolution


def decode(strip: bytes, *, lines: int, width: int, group: int = _GROUP_3, options: int = 0) -> NDArray[np.bool_]:
    """Decode a strip in link order (FillOrder 2) by libtiff; True is black."""
    # BlackIsZero would turn the picture, as T.4 counts white runs first: Photometric 0.
    tags = {256: width, 257: lines, 258: 1, 259: group, 262: 0, 266: 2, 273: 0, 277: 1, 278: lines, 279: len(strip)}
    tags[292 if group == _GROUP_3 else 293] = options  # T4Options, T6Options
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    ifd = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + ifd + struct.pack("<I", 0)
    with Image.open(io.BytesIO(head + strip)) as image:
        return ~np.asarray(image)


def decode_mr(strip: bytes, *, lines: int, width: int) -> NDArray[np.bool_]:
    """Decode a strip of MR."""
    return decode(strip, lines=lines, width=width, options=_TWO_DIMENSIONAL)


def decode_mmr(strip: bytes, *, lines: int, width: int) -> NDArray[np.bool_]:
    """Decode a strip of MMR."""
    return decode(strip, lines=lines, width=width, group=_GROUP_4)


def encode(pels: NDArray[np.bool_], *, aligned: bool) -> bytes:
    """Code pels to a strip of MH in link order; `aligned` puts fill before each EOL so that it ends a byte."""
    return _encode(pels, "group3", {292: _ALIGNED if aligned else 0})


def encode_mr(pels: NDArray[np.bool_], *, k: int, aligned: bool = False) -> bytes:
    """Code pels to a strip of MR in link order; libtiff knows K = 2 and 4."""
    lines_per_inch = {2: _K_2, 4: _K_4}[k]
    options = _TWO_DIMENSIONAL | (_ALIGNED if aligned else 0)
    return _encode(pels, "group3", {292: options, 282: 204.0, 283: float(lines_per_inch), 296: 2})


def encode_mmr(pels: NDArray[np.bool_]) -> bytes:
    """Code pels to a strip of MMR with EOFB in link order."""
    return _encode(pels, "group4", {})


def _encode(pels: NDArray[np.bool_], compression: str, tags: dict[int, float]) -> bytes:
    file = io.BytesIO()
    directory = ImageFileDirectory_v2()
    directory[278] = pels.shape[0]
    for tag, value in tags.items():
        directory[tag] = value
    # Pillow's picture has 1 for white and says so (BlackIsZero), yet libtiff codes a 0 as white: give it the opposite.
    Image.fromarray(pels).save(file, "TIFF", compression=compression, tiffinfo=directory)
    with Image.open(file) as image:
        assert isinstance(image, TiffImageFile)
        (offset,), (size,) = image.tag_v2[273], image.tag_v2[279]
        assert image.tag_v2.get(266, 1) == 1
    return file.getvalue()[offset : offset + size].translate(_REVERSED)
