"""What pages are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from faxmodem.documents.bilevel import Rendering

if TYPE_CHECKING:
    from faxmodem.codec.bitmap import Bitmap, Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How the pages of a document are to be drawn."""

    resolution: Resolution
    rendering: Rendering = Rendering.AUTO
    width: int | None = None
    "Pels of a line; None: the shortest line that takes the sheet."


class Pages(Protocol):
    """What each kind of file brings: its pages, drawn when asked for.

    Its errors are DocumentErrors that say what is wrong; the file's name and the page are put before them by
    `faxmodem.documents.document`.
    """

    pages: int

    def check(self, index: int, target: Target) -> None:
        """Raise DocumentError for what can be seen to be wrong with a page without drawing it."""

    def render(self, index: int, target: Target) -> Bitmap:
        """Draw one page."""

    def close(self) -> None:
        """Let go of the file."""
