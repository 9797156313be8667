"""A coded page in frames: cut into blocks to be sent, put together again when received.

T.4 (07/2003) Annex A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.frames import Frame
from faxmodem.t30.line_time import RCPS

RCP: Final = Frame.of(Fcf.RCP, final=False)
MAX_OCTETS: Final = 256
"Data of a frame at most."


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a coded page."""

    pieces: tuple[bytes, ...]
    "The data of its frames, all of one length."
    begin: int
    "Where in the page its data begin."
    more: bool
    "Another block follows."

    @classmethod
    def of(cls, page: bytes, number: int, octets: int) -> Block:
        """Block `number` (from 0) of a page in frames of `octets`.

        Zeros fill the last frame: behind the end of a page they mean nothing. A page without data has one frame.
        """
        begin = number * BLOCK_FRAMES * octets
        end = begin + BLOCK_FRAMES * octets
        data = page[begin:end]
        starts = range(0, max(1, len(data)), octets)
        return cls(tuple(data[at : at + octets].ljust(octets, b"\0") for at in starts), begin, more=end < len(page))

    def burst(self, numbers: Sequence[int], *, twice: bool = False) -> list[bytes]:
        """The frames of these numbers, of all for none, and the end of the block, as octets for the modem.

        `twice`: each is sent once more at once.
        """
        built = [
            Frame.of(Fcf.FCD, CodedFrame(number, self.pieces[number]), final=False).build()
            for number in numbers or range(len(self.pieces))
            if number < len(self.pieces)  # a receiver asks for all behind the last frame as well (§A.4.4 of T.30)
            for _ in range(1 + twice)
        ]
        return built + [RCP.build()] * RCPS


def coded_frame(octets: bytes) -> CodedFrame | None:
    """What an FCD frame carries; None for a frame of another kind, or that is no T.30 frame.

    Frames may be longer or shorter than agreed: their FCS says that so they were sent.
    """
    try:
        frame = Frame.parse(octets)
        record = frame.record()
    except RemoteProtocolError:
        return None
    return record if isinstance(record, CodedFrame) and len(record.data) <= MAX_OCTETS else None


def is_rcp(octets: bytes) -> bool:
    """True for a frame that says that the block is over."""
    return len(octets) >= 3 and Fcf.of(octets[2]) is Fcf.RCP
