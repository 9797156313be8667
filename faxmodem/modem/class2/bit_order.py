"""Which bit of each octet of a received page comes first.

The standards have it that the least significant one does, as when pages are sent. Many modems of Class 2 deliver the
most significant one first, whatever they are told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from faxmodem.codec.fcs import REVERSED
from faxmodem.t30.capabilities import Parameters

HEAD: Final = 1024
"Octets of a page by which its bit order is known."


class Straightened:
    """Hands page data on with their bits in the order of the link, which it finds out if it is not told.

    `reverse`: None for not known, and as long as no page has made it plain.
    """

    def __init__(self, reverse: bool | None, parameters: Parameters, on_data: Callable[[bytes], None]) -> None:
        self.reverse = reverse
        self._reverses = reverse
        self._parameters = parameters
        self._on_data = on_data
        self._head = b""

    def feed(self, data: bytes) -> None:
        """Take in what came; held back at first, if the order has to be found out."""
        if self._reverses is None:
            self._head += data
            if len(self._head) >= HEAD:
                self.finish()
        elif data:
            self._on_data(data.translate(REVERSED) if self._reverses else data)

    def finish(self) -> None:
        """No more data come, or there are enough to know."""
        if self._reverses is None and self._head:
            self.reverse = seems_reversed(self._head, self._parameters)
            self._reverses = bool(self.reverse)
            head, self._head = self._head, b""
            self.feed(head)


def seems_reversed(head: bytes, parameters: Parameters) -> bool | None:
    """Whether the beginning of a page makes sense only with the bits of its octets the other way round.

    None if it makes none either way, as when it is damaged or too short.
    """
    straight, mirrored = _good_lines(head, parameters), _good_lines(head.translate(REVERSED), parameters)
    if straight > 2 * mirrored + 1:
        return False
    return True if mirrored > 2 * straight + 1 else None


def _good_lines(head: bytes, parameters: Parameters) -> int:
    from faxmodem.codec import coding  # here, because it needs numpy

    page = coding.decode(head, parameters.coding, width=parameters.width, resolution=parameters.resolution)
    return page.bitmap.lines - page.bad_lines
