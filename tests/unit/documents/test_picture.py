from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents import picture
from faxmodem.documents.bilevel import Rendering
from faxmodem.documents.document import open_document
from faxmodem.documents.tiff import write_pages
from faxmodem.errors import DocumentError

STANDARD, FINE, SUPERFINE = Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE


def pels_of(width: int = 1728, lines: int = 60, seed: int = 1) -> NDArray[np.bool_]:
    pels = np.random.default_rng(seed).random((lines, width)) < 0.3
    pels[:, 0], pels[:, -1] = True, False  # a mirrored or padded page would show
    return pels


def picture_of(pels: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(~pels)


def draw(file: Path, resolution: Resolution = FINE, rendering: Rendering = Rendering.AUTO) -> list[Bitmap]:
    with open_document(file, resolution=resolution, rendering=rendering) as document:
        return list(document.bitmaps())


@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize(
    "compression", ["raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "packbits", "tiff_deflate"]
)
def test_a_fax_tiff_goes_out_pel_for_pel(tmp_path: Path, compression: str, photometric: int, fill_order: int) -> None:
    file, pels = tmp_path / "fax", pels_of()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[262], tags[266] = photometric, fill_order
    image = picture_of(pels)
    if compression == "raw":
        # Pillow writes raw bits only one way: turn what the tags will say about them.
        data = np.packbits(pels if photometric == 0 else ~pels, axis=1, bitorder="big" if fill_order == 1 else "little")
        write_raw_tiff(file, data.tobytes(), image.size, photometric=photometric, fill_order=fill_order)
    else:
        image.save(file, format="TIFF", compression=compression, dpi=(204, 196), tiffinfo=tags)
    with Image.open(file) as written:
        assert isinstance(written, TiffImagePlugin.TiffImageFile)
        assert written.tag_v2[262] == photometric
    (page,) = draw(file, resolution=STANDARD)
    assert page == Bitmap.from_pels(pels, FINE)


def write_raw_tiff(file: Path, data: bytes, size: tuple[int, int], *, photometric: int, fill_order: int) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    values: dict[int, object] = {
        256: size[0], 257: size[1], 258: 1, 259: 1, 262: photometric, 266: fill_order, 277: 1, 278: size[1],
        273: 0, 279: len(data), 282: TiffImagePlugin.IFDRational(204), 283: TiffImagePlugin.IFDRational(196), 296: 2,
    }  # fmt: skip
    for tag, value in values.items():
        tags[tag] = value
    file.write_bytes(b"II*\0\x08\0\0\0" + tags.tobytes(8) + data)  # which moves the strip behind itself


@pytest.mark.parametrize(
    ("dpi", "resolution"),
    [
        ((204, 98), STANDARD),
        ((200, 100), STANDARD),
        ((204, 196), FINE),
        ((204, 391), SUPERFINE),
        ((204.2, 97.8), STANDARD),
        ((204, 192), FINE),
        ((200, 200), Resolution.INCH_200),
        ((200, 400), Resolution.INCH_200X400),
        ((203, 398), Resolution.INCH_200X400),
        ((408, 391), Resolution.R16),
        ((406, 392), Resolution.R16),
        ((300, 300), Resolution.INCH_300),
        ((400, 400), Resolution.INCH_400),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_fax_geometries(tmp_path: Path, place: int, dpi: tuple[float, float], resolution: Resolution) -> None:
    file, pels = tmp_path / "fax.tif", pels_of(resolution.widths[place], 20)
    picture_of(pels).save(file, dpi=dpi, compression="group4")
    assert draw(file) == [Bitmap.from_pels(pels, resolution)]


@pytest.mark.parametrize(
    ("width", "dpi"),
    [
        *((1728, dpi) for dpi in ((300, 300), (204, 300), (408, 391), (220, 196), (220, 210), (150, 150))),
        *((2592, dpi) for dpi in ((204, 196), (400, 400), (320, 300))),
        *((3456, dpi) for dpi in ((300, 300), (408, 196), (600, 600))),
        *((2480, dpi) for dpi in ((300, 300),)),
    ],
)
def test_other_geometries_are_drawn(tmp_path: Path, width: int, dpi: tuple[int, int]) -> None:
    file = tmp_path / "scan.tif"
    picture_of(pels_of(width, 20)).save(file, dpi=dpi, compression="group4")
    (page,) = draw(file)
    assert page.resolution is FINE
    assert page.width in FINE.widths


def test_resolution_in_centimetres(tmp_path: Path) -> None:
    file, pels = tmp_path / "fax.tif", pels_of()
    picture_of(pels).save(file, compression="group4", resolution_unit=3, x_resolution=80.4, y_resolution=77.0)
    assert draw(file) == [Bitmap.from_pels(pels, FINE)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(tmp_path: Path, orientation: int) -> None:
    # The page as it has to come out, and how it lies in a file whose tag says how to turn it.
    upright = pels_of(1728, 1728)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: np.rot90(upright, 2).T,
        8: np.rot90(upright, -1),
    }[orientation]
    file = tmp_path / "fax.tif"
    dpi = (204, 196) if orientation < 5 else (196, 204)
    image = picture_of(np.ascontiguousarray(stored))
    image.save(file, compression="group4", dpi=dpi, tiffinfo={274: orientation})
    assert draw(file) == [Bitmap.from_pels(upright, FINE)]


def test_a_forced_width_converts_a_fax_page(tmp_path: Path) -> None:
    file = tmp_path / "fax.tif"
    picture_of(pels_of(2432, 100)).save(file, dpi=(204, 98), compression="group4")
    with open_document(file, resolution=FINE, width=1728) as document:
        (page,) = document.bitmaps()
    assert (page.width, page.lines, page.resolution) == (1728, 71, STANDARD)


def test_a_forced_width_is_one_of_paper(tmp_path: Path) -> None:
    file = tmp_path / "fax.tif"
    picture_of(pels_of(3648, 100)).save(file, dpi=(300, 300), compression="group4")
    with open_document(file, resolution=FINE, width=2048) as document:
        (page,) = document.bitmaps()
    assert (page.width, page.lines, page.resolution) == (3072, 84, Resolution.INCH_300)


def test_frames_are_pages_and_reduced_copies_are_not(tmp_path: Path) -> None:
    file = tmp_path / "fax.tif"
    pages = [pels_of(seed=seed) for seed in range(4)]
    write_pages(file, [Bitmap.from_pels(pels, FINE) for pels in pages])
    data = file.read_bytes()
    page_of_many = struct.pack("<HHII", 254, 4, 1, 2)  # NewSubfileType, LONG
    first, second, third, fourth = (match.start() for match in re.finditer(re.escape(page_of_many), data))
    assert first < second < third < fourth
    reduced = struct.pack("<HHII", 254, 4, 1, 1)
    file.write_bytes(data[:third] + reduced + data[third + len(reduced) :])
    with open_document(file, resolution=FINE) as document:
        assert document.pages == 3
        expected = [Bitmap.from_pels(pages[number], FINE) for number in (0, 1, 3)]
        assert list(document.bitmaps()) == expected
        assert list(document.bitmaps()) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "SGI"])
def test_picture_formats_by_content(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "picture.txt"
    image = Image.new("RGB", (420, 300), "white")
    image.paste((0, 0, 0), (100, 50, 200, 250))
    image.save(file, format=kind)
    (page,) = draw(file)
    assert (page.width, page.lines) == (1728, 1155)  # 210 by 150 mm
    black = page.pels()
    assert black.mean() == pytest.approx(100 * 200 / (420 * 300) * 210 / 214.9, rel=0.03)


@pytest.mark.parametrize(
    ("size", "dpi", "lines"),
    [
        ((1240, 1754), (150, 150), 2286),  # A4
        ((1700, 2200), (200, 200), 2151),  # letter
        ((2480, 3508), None, 2287),  # no dpi: A4 by its shape
        ((4000, 3000), (72, 72), 1212),  # a camera's: 1.4 m is no sheet; A4 wide
        ((640, 480), (1, 1), 1212),
        ((1700, 1100), (200, 100), 2151),  # pels twice as high as wide
    ],
)
def test_size_on_paper(tmp_path: Path, size: tuple[int, int], dpi: tuple[int, int] | None, lines: int) -> None:
    file = tmp_path / "scan.png"
    Image.new("L", size, 0).save(file, dpi=dpi)
    (page,) = draw(file)
    assert page.width == 1728
    assert abs(page.lines - lines) <= 1


def test_a_landscape_scan_is_turned_its_top_to_the_left(tmp_path: Path) -> None:
    file = tmp_path / "scan.png"
    image = Image.new("L", (1169, 827), 255)  # A4 landscape at 100 dpi
    image.paste(0, (0, 0, 1169, 100))
    image.save(file, dpi=(100, 100))
    (page,) = draw(file)
    assert (page.width, abs(page.lines - 2286) <= 1) == (1728, True)
    columns = page.pels().mean(axis=0)
    assert columns[30:200].min() > 0.95
    assert columns[300:].max() < 0.05


def test_exif_orientation(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    image = Image.new("L", (400, 300), 255)
    image.paste(0, (0, 0, 400, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise
    image.save(file, exif=exif)
    (page,) = draw(file)
    assert page.lines > 2000
    assert page.pels()[:, 1400:1650].mean() > 0.95
    assert page.pels()[:, 100:1000].mean() < 0.02


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "YCbCr", "LAB"])
def test_every_mode_gives_the_same_gray(mode: str) -> None:
    gray = np.zeros((20, 30), dtype=np.uint8)
    gray[:, 10:] = 255
    if mode == "I;16":
        image = Image.fromarray(gray.astype(np.uint16) * 257)
    elif mode == "LAB":
        image = Image.merge("LAB", [Image.fromarray(gray), *(Image.new("L", (30, 20), 128),) * 2])
    else:
        image = Image.fromarray(gray).convert(mode)
    assert np.abs(np.asarray(picture._gray(image), dtype=int) - gray).max() <= 2


def test_what_is_transparent_becomes_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert np.asarray(picture._gray(image)).min() == 255
    palette = Image.new("P", (4, 4), 0)
    palette.info["transparency"] = 0
    assert np.asarray(picture._gray(palette)).min() == 255


def test_a_photograph_is_dithered(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    ramp = np.tile(np.linspace(40, 215, 600).astype(np.uint8), (400, 1))
    Image.fromarray(ramp).save(file)
    (auto,), (text,) = draw(file), draw(file, rendering=Rendering.TEXT)
    assert 0.3 < auto.pels().mean() < 0.7
    assert np.diff(auto.pels().astype(np.int8)[500, 40:1680]).any()
    assert (np.diff(auto.pels().astype(np.int8)) != 0).mean() > 10 * (np.diff(text.pels().astype(np.int8)) != 0).mean()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF"])
def test_a_truncated_picture_is_refused(tmp_path: Path, kind: str) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    noise = np.random.default_rng(1).integers(0, 256, (200, 200), dtype=np.uint8)
    Image.fromarray(noise).save(whole, format=kind)
    data = whole.read_bytes()
    if kind == "TIFF":  # its index comes first, or the file could not even be recognised
        data = data[:-4] if int.from_bytes(data[4:8], "little") < 100 else data
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(DocumentError, match=r"^cut(, page 1 of 1)?: "):
        draw(cut)


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.png"
    Image.new("1", (20_000, 5_001)).save(file)
    with pytest.raises(DocumentError, match=r"bomb\.png: page 1: .* 100 million"):
        open_document(file, resolution=FINE)


def test_a_bigger_bomb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.pbm"
    file.write_bytes(b"P4 100000 100000\n" + bytes(100))
    with pytest.raises(DocumentError, match="100 million"):
        open_document(file, resolution=FINE)


def test_a_strip_of_absurd_shape_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "strip.png"
    Image.new("1", (2, 5000)).save(file)
    with pytest.raises(DocumentError, match=r"strip\.png: page 1: .* cannot be faxed"):
        open_document(file, resolution=FINE)


def test_a_lone_picture_is_not_kept_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("L", (300, 300)).save(file)
    pages = picture.PicturePages(file)
    assert pages._image is None
