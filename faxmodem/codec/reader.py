"""Reading two-dimensionally coded lines, one after the other, as each needs the one above.

The words for the modes need no context, so what stands at each bit is looked up for all bits at once: how many V(0) in
a row, and the mode behind them. A line is then a walk over these, which copies elements of the line above in pieces.

A line is a list of its changing elements, and behind them `width` at least three times: see `faxmodem.codec.changes`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from faxmodem.codec.bits import in_link_order, windows
from faxmodem.codec.changes import paint
from faxmodem.codec.tables import BLACK, WHITE, WINDOW_BITS
from faxmodem.codec.two_dimensional import HORIZONTAL, PASS, VERTICAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_GO_ON, _PASS, _HORIZONTAL, _BAD = 0, 4, 5, 6  # beside these, -3 to 3 but 0 are V(-3) to V(3)
_MODES: Final = {PASS: _PASS, HORIZONTAL: _HORIZONTAL} | {word: right for right, word in VERTICAL.items() if right}
_STEP_BITS: Final = 16
_LONGEST_MODE: Final = max(map(len, _MODES))
_WINDOW: Final = (1 << WINDOW_BITS) - 1

_PAINTED_AT_ONCE: Final = 512

Line = list[int]
Step = tuple[int, int, int]
"V(0) in a row; the mode behind them, or `_GO_ON` where it is not in sight, or `_BAD`; bits of all that."


@cache
def _steps() -> tuple[NDArray[np.uint8], list[Step]]:
    """Give for each window of `_STEP_BITS` bits the number of its step, and the steps."""
    steps: list[Step] = []
    numbers = np.zeros(1 << _STEP_BITS, np.uint8)
    window = np.arange(numbers.size)

    def add(ahead: int, word: str, step: Step) -> None:
        start = "1" * ahead + word
        numbers[window & (1 << len(start)) - 1 == in_link_order(start)] = len(steps)
        steps.append(step)

    for ahead in range(_STEP_BITS):
        in_sight = ahead + _LONGEST_MODE <= _STEP_BITS
        add(ahead, "0", (ahead, _BAD if in_sight else _GO_ON, ahead))
        for word, mode in _MODES.items():
            if ahead + len(word) <= _STEP_BITS:
                add(ahead, word, (ahead, mode, ahead + len(word)))
    add(_STEP_BITS, "", (_STEP_BITS, _GO_ON, _STEP_BITS))
    return numbers, steps


Word = tuple[int, int]


@cache
def _run_words() -> tuple[list[Word], list[Word]]:
    """Give for white and black what each window of `WINDOW_BITS` bits begins with: bits (0: no word) and pels."""

    def table(words: Mapping[int, str]) -> list[Word]:
        found = [(0, 0)] * (1 << WINDOW_BITS)
        for run, word in words.items():
            for window in range(in_link_order(word), len(found), 1 << len(word)):
                found[window] = len(word), run
        return found

    return table(WHITE), table(BLACK)


class LineReader:
    """Reads lines from coded data."""

    def __init__(self, data: bytes, width: int) -> None:
        self._width = width
        octets = windows(data)
        numbers, self._steps = _steps()
        steps = np.empty((octets.size, 8), np.uint8)
        for bit in range(8):
            steps[:, bit] = numbers[octets >> np.uint32(bit) & np.uint32((1 << _STEP_BITS) - 1)]
        self._step_at = steps.tobytes()
        self._octets = memoryview(octets.tobytes()).cast("I")

    def read(self, bit: int, above: Line) -> tuple[Line | None, int]:
        """Read the line that begins at `bit`: give it, and the bit behind it.

        None where no word stands that is legal, leads on and not beyond the width, with the bit from where on it is
        not. Each look at the data goes on by a bit at least, so that they bound the work.
        """
        width, step_at, steps = self._width, self._step_at, self._steps
        end = bisect_left(above, width)
        line: Line = []
        a0, b1 = -1, 0  # b1 is the index of an element above
        while True:
            ahead, mode, bits = steps[step_at[bit]]
            if ahead:
                if b1 + ahead > end:
                    ahead = max(end + 1 - b1, 1)
                    line += above[b1 : b1 + ahead]
                    a0 = width
                    bit += ahead
                    break
                line += above[b1 : b1 + ahead]
                b1 += ahead
                a0 = line[-1]
            bit += bits
            if mode == _GO_ON:
                continue
            if mode < _PASS:
                a1 = above[b1] + mode
                a0 = a1 if a1 > a0 else width + 1
                line.append(a1)
                b1 += -1 if mode < 0 and b1 else 1
            else:
                a0, bit = self._jump(mode, bit, a0, line, above[b1 + 1])
            if a0 >= width:
                break
            while above[b1] <= a0:
                b1 += 2
        if a0 > width:
            return None, bit
        return line + [width] * 3, bit

    def _jump(self, mode: int, bit: int, a0: int, line: Line, b2: int) -> tuple[int, int]:
        """Do pass or horizontal mode: give a0 and the bit behind; an a0 beyond the width for what is not legal."""
        if mode == _PASS and b2 < self._width:
            return b2, bit
        if mode != _HORIZONTAL:
            return self._width + 1, bit
        a0 = max(a0, 0)
        colour = len(line) & 1
        for words in (_run_words()[colour], _run_words()[colour ^ 1]):
            run = 64
            while run >= 64:
                bits, run = words[self._octets[bit >> 3] >> (bit & 7) & _WINDOW]
                if not bits:
                    return self._width + 1, bit
                bit += bits
                a0 += run
            # A run of 0 pels takes back the element before it.
            if line and line[-1] == a0:
                line.pop()
            else:
                line.append(a0)
        return a0, bit


class Painter:
    """Makes packed rows of lines, some hundred at a time."""

    def __init__(self, width: int) -> None:
        self.lines = 0
        "How many lines it was given."
        self._width = width
        self._elements = array("q")
        self._counts = array("q")
        self._rows: list[NDArray[np.uint8]] = []

    def add(self, line: Line) -> None:
        """Take the next line."""
        self.lines += 1
        self._elements.fromlist(line)
        self._counts.append(len(line))
        if len(self._counts) == _PAINTED_AT_ONCE:
            self._paint()

    def rows(self) -> NDArray[np.uint8]:
        """Give the rows of all lines."""
        self._paint()
        return np.concatenate(self._rows)

    def _paint(self) -> None:
        counts = np.array(self._counts, np.int64)
        number = np.repeat(np.arange(counts.size), counts)
        self._rows.append(paint(counts.size, self._width, number, np.array(self._elements, np.int64)))
        self._elements, self._counts = array("q"), array("q")
