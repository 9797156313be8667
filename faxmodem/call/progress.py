"""How a page moves over the line, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present page is on the line."""

    page: int
    octets: int
    total: int | None
    "Octets of the page; None while it is being received."


OnProgress = Callable[[Progress], None]
"Is told how the present page moves, in the task of the call."
