"""Pages of a plain text file: monospaced, 80 columns, on A4.

The pages are set as those of a PDF would be, with the Courier that PDFium brings along, and drawn by it: the same
text makes the same page on every machine. Text that goes beyond Western European letters takes a font of the system.
"""

from __future__ import annotations

import codecs
import ctypes
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from faxmodem.documents.bilevel import to_bilevel
from faxmodem.documents.geometry import lay_out
from faxmodem.documents.rasterise import MM_PER_POINT, PDFIUM, rasterise
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faxmodem.codec.bitmap import Bitmap
    from faxmodem.documents.target import Target

MAX_TEXT_BYTES = 4 << 20
"The longest text: some nine hundred full pages."
SAMPLE_BYTES = 65536
"How much of a file is looked at to tell text from binary data."
MAX_CONTROLS = 0.02
"Share of control characters that a text may have; the terminal's escape sequences of a log are among them."
LAYOUT_CONTROLS = b"\t\n\v\f\r\b\x1a\x1b"
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

SHEET_MM = (210.0, 297.0)
"A4."
SHEET_PT = (SHEET_MM[0] / MM_PER_POINT, SHEET_MM[1] / MM_PER_POINT)
COLUMNS, LINES = 80, 60
TAB = 8
FONT_PT, LEADING_PT = 10.0, 12.5
LEFT_PT, TOP_PT = 57.0, 52.0
"Where the first letter stands; at the top there is room for the header line."

SYSTEM_FONTS = (
    *("DejaVuSansMono.ttf", "NotoSansMono-Regular.ttf", "LiberationMono-Regular.ttf", "FreeMono.ttf"),
    *("NotoSansMonoCJK-Regular.ttc", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "wqy-microhei.ttc"),
    *("consola.ttf", "cour.ttf", "msgothic.ttc", "simsun.ttc"),
    *("Menlo.ttc", "Courier New.ttf", "Arial Unicode.ttf"),
)
"Fonts that are looked for: Linux, Windows, macOS."
MISSING_SHARE = 0.02
"Share of letters that may come out as a box; a text with more is refused."


def is_text(head: bytes) -> bool:
    """Tell by its first bytes whether a file is text: no NUL, hardly any control characters."""
    if any(head.startswith(bom) for bom in BOMS):
        return True
    controls = sum(head.count(code) for code in range(32) if code not in LAYOUT_CONTROLS)
    return bool(head) and 0 not in head and controls <= len(head) * MAX_CONTROLS


def decode(data: bytes) -> str:
    """Read text: by its byte order mark if it has one; else UTF-8; else, if it is not that, Windows-1252 (Latin-1)."""
    encoding = next((name for bom, name in BOMS.items() if data.startswith(bom)), None)
    if encoding is not None:
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def paginate(text: str) -> list[list[str]]:
    """Break text into pages of lines that fit the sheet.

    Tabs go to the next eighth column, a form feed begins a page, long lines are wrapped, at a blank where there is
    one. Other control characters are dropped.
    """
    pages: list[list[str]] = []
    for chunk in text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n\f\x1a ").split("\f"):
        lines = [part for line in chunk.split("\n") for part in _wrap(_plain(line))]
        pages += [lines[first : first + LINES] for first in range(0, len(lines), LINES)]
    return pages


def _plain(line: str) -> str:
    """One line without tabs and control characters, composed."""
    if line.isascii() and line.isprintable():
        return line.rstrip()
    kept: list[str] = []
    column = 0
    for letter in unicodedata.normalize("NFC", line):
        if letter == "\t":
            kept.append(" " * (TAB - column % TAB))
            column += TAB - column % TAB
        elif unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            kept.append(letter)
            column += _cells(letter)
    return "".join(kept).rstrip()


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _wrap(line: str) -> Iterator[str]:
    start = 0
    while (end := _end_of(line, start)) < len(line):
        blank = line.rfind(" ", start, end + 1)
        # A word longer than half a line is broken, and so is one behind nothing but an indent.
        cut = blank if blank > start + (end - start) // 2 and not line[start:blank].isspace() else end
        yield line[start:cut].rstrip()
        start = cut
        while line[start] == " ":  # ends: a line has no blanks at its end
            start += 1
    yield line[start:]


def _end_of(line: str, start: int) -> int:
    """Where the columns are full that `line` fills from `start` on."""
    if line.isascii():
        return min(len(line), start + COLUMNS)
    cells = 0
    for index in range(start, len(line)):
        cells += _cells(line[index])
        if cells > COLUMNS:
            return index
    return len(line)


class TextPages:
    """The pages of a text file, broken up front and drawn one by one."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise DocumentError(f"the text is longer than {MAX_TEXT_BYTES >> 20} MiB: send less of it")
        self._pages = paginate(decode(path.read_bytes()))
        if not any(line for page in self._pages for line in page):
            raise DocumentError("the text is empty: it has nothing but blanks")
        self.pages = len(self._pages)
        letters = "".join(line for page in self._pages for line in page).replace(" ", "")
        self._font, drawable = _font_for(letters)
        self._substitutes = {ord(letter): "?" for letter in set(letters) if not drawable(letter)}

    def check(self, index: int, target: Target) -> None:  # noqa: ARG002 - every page is an A4 sheet
        """Raise DocumentError for a `width` that fax does not know."""
        lay_out(*SHEET_MM, target.resolution, target.width)

    def render(self, index: int, target: Target) -> Bitmap:
        """Draw one page."""
        import pypdfium2.raw as pdfium

        layout = lay_out(*SHEET_MM, target.resolution, target.width)
        with PDFIUM:
            document = pdfium.FPDF_CreateNewDocument()
            page = pdfium.FPDFPage_New(document, 0, *SHEET_PT)
            try:
                self._set(document, page, self._pages[index])
                gray = rasterise(page, layout, target.resolution)
            finally:
                pdfium.FPDF_ClosePage(page)
                pdfium.FPDF_CloseDocument(document)
        return to_bilevel(gray, target.resolution, target.rendering)

    def close(self) -> None:
        """Nothing is held open."""

    def _set(self, document: object, page: object, lines: list[str]) -> None:
        """Set the lines on a page handle of PDFium."""
        import pypdfium2.raw as pdfium

        if self._font is None:
            font = pdfium.FPDFText_LoadStandardFont(document, b"Courier")
        else:
            data = (ctypes.c_uint8 * len(self._font)).from_buffer_copy(self._font)
            font = pdfium.FPDFText_LoadFont(document, data, len(self._font), pdfium.FPDF_FONT_TRUETYPE, 1)
        for number, line in enumerate(lines):
            letters = line.translate(self._substitutes).encode("utf-16-le") + b"\0\0"
            text = pdfium.FPDFPageObj_CreateTextObj(document, font, FONT_PT)
            pdfium.FPDFText_SetText(text, (ctypes.c_ushort * (len(letters) // 2)).from_buffer_copy(letters))
            baseline = SHEET_PT[1] - TOP_PT - FONT_PT - number * LEADING_PT
            pdfium.FPDFPageObj_Transform(text, 1, 0, 0, 1, LEFT_PT, baseline)
            pdfium.FPDFPage_InsertObject(page, text)
        pdfium.FPDFFont_Close(font)


def _is_western(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _font_for(letters: str) -> tuple[bytes | None, Callable[[str], bool]]:
    """The font file that draws most of the letters (None: the built-in Courier), and what it can draw.

    Raises DocumentError when too many letters could not be drawn by any.
    """
    counts = Counter(letters)
    best: tuple[bytes | None, Callable[[str], bool]] = None, _is_western
    missing = _missing(counts, _is_western)
    for name in SYSTEM_FONTS if missing else ():
        if (found := _system_font(name)) and (lacks := _missing(counts, found[1])) < missing:
            best, missing = found, lacks
    if missing > MISSING_SHARE * len(letters):
        raise DocumentError(
            f"no font here can draw {missing} of the text's {len(letters)} letters: send the text as a PDF"
        )
    return best


def _missing(counts: Counter[str], drawable: Callable[[str], bool]) -> int:
    return sum(count for letter, count in counts.items() if not drawable(letter))


def _system_font(name: str) -> tuple[bytes, Callable[[str], bool]] | None:
    """A font file of the system, and which letters it draws; None when it is not installed.

    Letters written from right to left count as not drawn: they would come out in the wrong order.
    """
    from pathlib import Path

    from PIL import ImageFont

    try:
        font = ImageFont.truetype(name, 24, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
    box = bytes(font.getmask("\U0010fffe"))

    def drawable(letter: str) -> bool:
        return unicodedata.bidirectional(letter) not in {"R", "AL"} and bytes(font.getmask(letter)) != box

    return Path(str(font.path)).read_bytes(), drawable
