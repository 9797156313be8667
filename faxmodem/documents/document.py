"""Files as sequences of fax pages: opened and checked at once, drawn one page at a time."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Self

from faxmodem.documents.bilevel import Rendering
from faxmodem.documents.pdf import HEAD_BYTES, PdfPages
from faxmodem.documents.picture import PicturePages
from faxmodem.documents.target import Target
from faxmodem.documents.text import SAMPLE_BYTES, TextPages, is_text
from faxmodem.errors import DocumentError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from faxmodem.codec.bitmap import Bitmap, Resolution
    from faxmodem.documents.target import Pages

MAX_PAGES = 2000
"The longest document, and the longest sequence of documents: a day and a half on the line."

UNSUPPORTED = {
    b"PK\x03\x04": "an office document or ZIP archive",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"{\\rtf": "an RTF document",
    b"%!PS": "a PostScript file",
}
"Files that are often tried, by their first bytes."


class Document:
    """One file as fax pages; close it, or use it as a context manager."""

    def __init__(self, name: str, source: Pages, target: Target) -> None:
        self.name = name
        "The file's name, without its folder."
        self.pages = source.pages
        "How many pages it has."
        self._source = source
        self._target = target

    def bitmaps(self) -> Iterator[Bitmap]:
        """Draw the pages, from the first, each when it is asked for; no page is kept.

        Raises DocumentError, naming the file and the page, when one turns out to be damaged.
        """
        for index in range(self.pages):
            with _blamed_on(f"{self.name}, page {index + 1} of {self.pages}"):
                bitmap = self._source.render(index, self._target)
            yield bitmap

    def close(self) -> None:
        """Let go of the file. Closing twice is safe."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Documents:
    """Several files as one sequence of pages."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = tuple(documents)
        self.name = ", ".join(document.name for document in documents)
        "The files' names."
        self.pages = sum(document.pages for document in documents)
        "How many pages all files have together."

    def bitmaps(self) -> Iterator[Bitmap]:
        """Draw all pages in order, as `Document.bitmaps` does."""
        for document in self.documents:
            yield from document.bitmaps()

    def close(self) -> None:
        """Let go of all files."""
        for document in self.documents:
            document.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def open_document(
    path: str | os.PathLike[str],
    *,
    resolution: Resolution,
    rendering: Rendering = Rendering.AUTO,
    width: int | None = None,
) -> Document:
    """Open a PDF, a picture (TIFF, PNG, JPEG and others; each frame is a page) or a plain text.

    The kind is told by the content, never by the name. The pages come at `resolution`, on the shortest fax line that
    takes the sheet, or on `width` pels. A TIFF that is a fax already keeps its own resolution, pel for pel.

    Raises DocumentError, which names the file: it is missing, a folder, unreadable, empty, of a kind that cannot be
    faxed, encrypted, damaged, cut off, without pages, too long or too large.
    """
    path = Path(path)
    target = Target(resolution=resolution, rendering=rendering, width=width)
    with _blamed_on(path.name or str(path)):
        source = _recognise(path)
        try:
            _check(source, target)
        except BaseException:
            source.close()
            raise
    return Document(path.name, source, target)


def open_documents(
    paths: Sequence[str | os.PathLike[str]],
    *,
    resolution: Resolution,
    rendering: Rendering = Rendering.AUTO,
    width: int | None = None,
) -> Documents:
    """Open several files as one sequence of pages; all are checked before the first page is drawn.

    Raises DocumentError as `open_document` does, and when there is no file or too many pages in all.
    """
    if not paths:
        raise DocumentError("there is nothing to send: give at least one file")
    with ExitStack() as opened:
        documents = [
            opened.enter_context(open_document(path, resolution=resolution, rendering=rendering, width=width))
            for path in paths
        ]
        *_, total = accumulate(document.pages for document in documents)
        if total > MAX_PAGES:
            raise DocumentError(f"the files have {total} pages together: at most {MAX_PAGES} go out in one fax")
        opened.pop_all()
    return Documents(documents)


@contextmanager
def _blamed_on(what: str) -> Iterator[None]:
    """Put the name of a file, and of a page, before what is wrong with it."""
    try:
        yield
    except DocumentError as error:
        raise DocumentError(f"{what}: {error}") from error
    except FileNotFoundError as error:
        raise DocumentError(f"{what}: there is no such file") from error
    except OSError as error:
        raise DocumentError(f"{what}: the file cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise DocumentError(f"{what}: there is not enough memory to draw it") from error


def _recognise(path: Path) -> Pages:
    """Find out what a file is, and open it."""
    if path.is_dir():
        raise DocumentError("this is a folder: give a file")
    if path.exists() and not path.is_file():
        raise DocumentError("this is not a regular file: copy its content into one")
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if not head:
        raise DocumentError("the file is empty")
    if b"%PDF-" in head[:HEAD_BYTES]:
        return PdfPages(path)
    if kind := next((kind for magic, kind in UNSUPPORTED.items() if head.startswith(magic)), None):
        raise DocumentError(f"{kind} cannot be faxed: print it to a PDF first")
    if PicturePages.knows(path):
        return PicturePages(path)
    if is_text(head):
        return TextPages(path)
    raise DocumentError("its format is unknown: a PDF, a picture (TIFF, PNG, JPEG) or a plain text can be faxed")


def _check(source: Pages, target: Target) -> None:
    if source.pages == 0:
        raise DocumentError("the file has no pages")
    if source.pages > MAX_PAGES:
        raise DocumentError(f"the file has {source.pages} pages: at most {MAX_PAGES} go out in one fax")
    for index in range(source.pages):
        try:
            source.check(index, target)
        except DocumentError as error:
            raise DocumentError(f"page {index + 1}: {error}") from error
