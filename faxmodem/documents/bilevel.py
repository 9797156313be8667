"""Black and white out of gray: text and drawings are thresholded, photographs are dithered.

All work is done on the page's own raster, so that a line or a dot is decided pel by pel.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Bitmap, Resolution

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Gray = NDArray[np.uint8]


class Rendering(Enum):
    """How gray becomes black and white."""

    AUTO = "auto"
    "Region by region: photographs dithered, all else thresholded."
    TEXT = "text"
    "All is thresholded: crisp, and the quickest to send."
    PHOTO = "photo"
    "All is dithered."


# Darkness, 0 for white to 255 for black. A pel is black when it is this dark after it was set off against the mean of
# the 5 by 5 around it. A line a third of a pel thick that falls between two lines is 43 dark in each: 43 * 3 - 17 * 2.
BLACK_FROM = 90
CONTRAST = 2
AROUND = 2

# Darkness of tones that have to be dithered to be seen, wherever they are. What is lighter is paper or the tint of a
# table (15 % is usual), what is darker the ground of white letters; but beside such a tone both belong to a photograph.
TONES = 40, 190
FAINT_TONES = 10, 245
BLOCK_MM = 2.0
"Side of the squares that are dithered or thresholded as a whole."
TONE_SHARE = 0.4
"Share of a block's pels that lie amid tones when it belongs to a photograph."
MIN_TONE_BLOCKS = 4
"Of a block and its eight neighbours, how many must be photograph: single ones are logos and thick letters."

# The paper of a scan is not white: one level, not darker than this and give or take the noise, has half of the page,
# and hardly anything is quite white, save the rim that the page has where the scan is narrower.
PAPER_DARKEST = 96
PAPER_NOISE = 12
PAPER_SHARE = 0.5
RIM_SHARE = 0.15


def to_bilevel(gray: Image, resolution: Resolution, rendering: Rendering = Rendering.AUTO) -> Bitmap:
    """Decide each pel of a gray page (mode L, 255 for white) that already has the page's raster."""
    dark: Gray = 255 - np.asarray(gray, dtype=np.uint8)
    if rendering is Rendering.PHOTO:
        return Bitmap.from_pels(_dither(dark), resolution)
    dark = _whiten_paper(dark)
    black = _threshold(dark)
    if rendering is Rendering.AUTO:
        dither_tones(black, dark, resolution)
    return Bitmap.from_pels(black, resolution)


def _whiten_paper(dark: Gray) -> Gray:
    """Stretch the levels so that the paper of a scanned page is white; leave other pages alone."""
    sampled = dark[::2, ::2].ravel()
    shares = np.bincount(sampled, minlength=256) / max(1, sampled.size)
    paper = 4 + int(np.argmax(np.convolve(shares, np.ones(9), "same")[4:PAPER_DARKEST]))
    darkest = paper + PAPER_NOISE
    if shares[:3].sum() > RIM_SHARE or shares[max(3, paper - PAPER_NOISE) : darkest + 1].sum() < PAPER_SHARE:
        return dark
    levels = (np.arange(256) - darkest).clip(0) * 255 // (255 - darkest)
    return levels.astype(np.uint8)[dark]


def _threshold(dark: Gray) -> NDArray[np.bool_]:
    """Set each pel off against the mean around it, then compare.

    Unsharp masking is unbiased at an edge, while thin lines, and thin gaps between lines, stand out: they live on
    where a plain threshold loses them.
    """
    from PIL import Image, ImageFilter

    around = np.asarray(Image.fromarray(dark).filter(ImageFilter.BoxBlur(AROUND)))
    return dark.astype(np.int16) * (1 + CONTRAST) - around.astype(np.int16) * CONTRAST >= BLACK_FROM


def _dither(dark: Gray) -> NDArray[np.bool_]:
    from PIL import Image

    return ~np.asarray(Image.fromarray(255 - dark).convert("1"))


def dither_tones(black: NDArray[np.bool_], dark: Gray, resolution: Resolution) -> None:
    """Dither the photographs of a page in place, and leave the rest of `black` as it is."""
    block = (
        max(1, round(BLOCK_MM * resolution.lines_per_mm)),
        max(1, round(BLOCK_MM * resolution.pels_per_mm)),
    )
    blocks = _photograph_blocks(dark, block)
    if not blocks.any():
        return
    (down, across), (lines, width) = block, dark.shape
    # Only the rows and columns that hold a photograph are dithered: the dithering takes as long as all else.
    y, x = np.flatnonzero(blocks.any(axis=1)), np.flatnonzero(blocks.any(axis=0))
    part = np.s_[y[0] * down : min(lines, (y[-1] + 1) * down), x[0] * across : min(width, (x[-1] + 1) * across)]
    mask = blocks[y[0] : y[-1] + 1, x[0] : x[-1] + 1].repeat(down, axis=0).repeat(across, axis=1)
    region = dark[part]
    np.copyto(black[part], _dither(region), where=mask[: region.shape[0], : region.shape[1]])


def _photograph_blocks(dark: Gray, block: tuple[int, int]) -> NDArray[np.bool_]:
    """Which blocks belong to photographs, one bool a block; the last row and column of blocks may be cut short."""
    photo = _amid_tones(dark, block, TONES)
    photo &= _neighbours(photo) >= MIN_TONE_BLOCKS
    if not photo.any():
        return photo
    faint = _amid_tones(dark, block, FAINT_TONES)
    while (grown := photo | (faint & (_neighbours(photo) > 0))).sum() > photo.sum():
        photo = grown
    # The rim belongs to it too; dithering leaves alone what is white or black there.
    return _neighbours(photo) > 0


def _amid_tones(dark: Gray, block: tuple[int, int], tones: tuple[int, int]) -> NDArray[np.bool_]:
    """Which blocks are filled with pels that, with their neighbours, are neither white nor black.

    The edges of letters are gray too, but narrow: there a neighbour is white or black.
    """
    toned = (dark >= tones[0]) & (dark <= tones[1])
    inner = toned.copy()
    inner[1:-1] &= toned[:-2] & toned[2:]
    toned = inner.copy()
    inner[:, 1:-1] &= toned[:, :-2] & toned[:, 2:]
    edges = [np.arange(0, size, step) for size, step in zip(inner.shape, block, strict=True)]
    rows = np.add.reduceat(inner, edges[0], axis=0, dtype=np.uint16)
    counts = np.add.reduceat(rows, edges[1], axis=1, dtype=np.uint32)
    down, across = (np.diff(edge, append=size) for edge, size in zip(edges, inner.shape, strict=True))
    filled: NDArray[np.bool_] = counts >= TONE_SHARE * np.outer(down, across)
    return filled


def _neighbours(blocks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """How many of each block and its eight neighbours are True."""
    padded = np.pad(blocks, 1).astype(np.uint8)
    rows: NDArray[np.uint8] = padded[:-2] + padded[1:-1] + padded[2:]
    counts: NDArray[np.uint8] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return counts
