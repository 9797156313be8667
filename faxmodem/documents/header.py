"""The header line that the sender puts on top of each page: when, from whom, to whom, which page.

In many countries a fax must carry it (in the United States 47 CFR §68.318(d): date, time, sender's name and number).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.bilevel import Rendering, to_bilevel

if TYPE_CHECKING:
    from datetime import datetime

    from faxmodem.codec.bitmap import Resolution

STRIP_MM = 4.0
"Height of the strip."
MARGIN_MM = 7.0
"White at both ends: machines print no nearer to the paper's edge."
FONT_MM = 3.3
"Size of the letters."
MAX_NAME = 40
"Letters of a station's name that are shown: with two of them the line still fits."
GAP = "    "

PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
"Letters that do not come apart into a plain one and an accent."

OVERSAMPLING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine:
    """What a page's header line says."""

    when: datetime
    "When the call began; it should know its time zone, which is then shown."
    station_id: str
    "Who sends: name or number."
    receiver: str
    "Who is called: name or number."
    page: int
    "The page's number, from 1."
    total: int | None = None
    "How many pages the fax has; None: not known."

    def text(self) -> str:
        """The line; an empty name is left out, a long one is cut."""
        parts = [f"{self.when:%Y-%m-%d %H:%M %z}".rstrip()]
        named = (("From", self.station_id), ("To", self.receiver))
        parts += [f"{label}: {_cut(name)}" for label, name in named if printable(name)]
        parts.append(f"Page {self.page}" if self.total is None else f"Page {self.page}/{self.total}")
        return GAP.join(parts)


def printable(text: str) -> str:
    """Text in the letters that the header's font has: accents are dropped, control characters become blanks.

    What is left over, other scripts above all, becomes question marks. Runs of blanks become one.
    """
    plain = unicodedata.normalize("NFKD", text.translate(PLAIN))
    letters = (letter if letter.isprintable() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isascii() else "?" for letter in letters).split())


def draw_header(bitmap: Bitmap, text: str) -> Bitmap:
    """Draw a line of text into the top 4 mm of a page.

    When something black is there already, nothing is covered: the strip is put above and the page grows by it. What
    is too long for the line is cut off at its right end.
    """
    strip = _strip(text, bitmap.width, bitmap.resolution)
    below = bitmap.rows if bitmap.rows[: strip.lines].any() else bitmap.rows[strip.lines :]
    return Bitmap(rows=np.vstack([strip.rows, below]), width=bitmap.width, resolution=bitmap.resolution)


def _cut(name: str) -> str:
    name = printable(name)
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 3] + "..."


def _strip(text: str, width: int, resolution: Resolution) -> Bitmap:
    """The header alone: drawn in square pels first, then pressed into those of the page."""
    from PIL import Image, ImageDraw, ImageFont

    pels_per_mm = resolution.pels_per_mm * OVERSAMPLING
    square = Image.new("L", (width * OVERSAMPLING, round(STRIP_MM * pels_per_mm)), 255)
    margin = round(MARGIN_MM * pels_per_mm)
    font = ImageFont.load_default(FONT_MM * pels_per_mm)
    line = " ".join(printable(word) for word in text.split(" "))  # keeps its gaps
    while line and font.getlength(line) > square.width - 2 * margin:
        line = line[:-1]
    ImageDraw.Draw(square).text((margin, square.height / 2), line, fill=0, font=font, anchor="lm")
    size = width, round(STRIP_MM * resolution.lines_per_mm)
    return to_bilevel(square.resize(size, Image.Resampling.BOX), resolution, Rendering.TEXT)
