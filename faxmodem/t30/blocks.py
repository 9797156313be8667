"""What a session knows of the block that is on its way, as far as the procedure of error correction needs it.

T.30 (09/2005) Annex A.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BLOCK_FRAMES = 256
"Frames of a block at most (T.4 (07/2003) §A.3)."


@dataclass(slots=True)
class SentBlock:
    """A block that we send."""

    number: int = 0
    "Counts from 0 in the page."
    frames: int = 0
    "How many frames it has; 0 until its first burst is out."
    more: bool = False
    "Another block of the same page follows it."
    burst: tuple[int, ...] = ()
    "The frames that the receiver wants again; empty: the first burst, of all of them."
    requests: int = 0
    "PPRs since the block began, or since something was changed because of them."
    missing: int = BLOCK_FRAMES
    "How many frames were missing when something was changed last."
    given_up: bool = False
    "We go on without the frames that are missing (EOR), whatever the receiver says then."

    @property
    def burst_size(self) -> int:
        """How many frames the present burst has."""
        return len(self.burst) or self.frames


@dataclass(slots=True)
class HeardBlock:
    """A block that we receive."""

    number: int = 0
    "Counts from 0 in the page."
    have: set[int] = field(default_factory=set)
    "Numbers of the frames that are there."
    expected: int = 0
    "How many frames it has, as far as that is known."
    begun: bool = False
    "Something of it came, if only a carrier."
    burst_came: bool = False
    "A frame at least has come since our last answer."
    requests: int = 0
    "PPRs since frames came that had not come before."
    given_up: bool = False
    "Its sender goes on without the frames that are missing (EOR)."

    def take(self, frames: frozenset[int]) -> None:
        """Note what a burst brought."""
        self.begun = True
        self.burst_came = bool(frames)
        if not frames <= self.have:
            self.requests = 0
        self.have |= frames

    def told(self, count: int) -> None:
        """Note the number of frames that PPS names: those of the block, or of a burst.

        Senders differ in which of the two they mean, so the most counts. For a burst without frames, 0 being no number
        that the field can hold, some say 1 and some 256: where no frame came, these two tell nothing new.
        """
        tells_nothing = not self.burst_came and count in (1, BLOCK_FRAMES) and (self.expected or not self.have)
        if not tells_nothing:
            self.expected = max(self.expected, count)
        self.expected = max(self.expected, self.reach)

    @property
    def reach(self) -> int:
        """The number behind the last frame that is there."""
        return max(self.have, default=-1) + 1

    @property
    def missing(self) -> frozenset[int]:
        """Numbers of the frames that are still to come; of all that a block may have, while its size is not known."""
        return frozenset(range(self.expected or BLOCK_FRAMES)) - self.have
