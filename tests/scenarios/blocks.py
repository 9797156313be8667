"""The pages of a scripted machine, as they cross the line: whole, or in blocks with error correction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from faxmodem.codec import hdlc
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.coding import decode, encode
from faxmodem.codec.mh import mh_encode
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame, EndOfRetransmission, PartialPage
from faxmodem.t30.frames import Frame
from tests.scenarios.script import Item

BLOCK_FRAMES: Final = 256
RCPS: Final = 3


class Outgoing:
    """Pages that go to the near end, under the parameters of the last DCS."""

    def __init__(self, pages: Sequence[Bitmap]) -> None:
        self.told = (0, 0, 0)
        "Page, block and number of frames of the last burst, as PPS names them."
        self._pages = pages
        self._page = 0
        self._parameters: Parameters | None = None
        self._blocks: list[list[bytes]] = []
        "The data of the frames of each block of the page, while it is on its way in blocks."
        self._block = 0
        self._unanswered = False
        "A page or a burst is out; what is said of it may be said again."

    def begin(self, parameters: Parameters) -> None:
        """A DCS: a page that was not confirmed begins anew."""
        self._parameters = parameters
        self._blocks, self._block, self._unanswered = [], 0, False

    def page(self, *, rtc: bool = True) -> bytes:
        """The page that is due, whole."""
        assert self._parameters is not None
        bitmap = self._pages[self._page]
        self._unanswered = True
        return encode(bitmap, self._parameters.coding) if rtc else mh_encode(bitmap, rtc=False)

    def burst(self, item: Item, *, rcps: int = RCPS) -> list[bytes]:
        """Frames of the block that is due, and its end."""
        block = self._due()
        numbers = item.numbers(len(block))
        frames = [Frame.of(Fcf.FCD, CodedFrame(number, block[number]), final=False).build() for number in numbers]
        self._unanswered = True
        lost = item.words[:1] == ["-"]
        self.told = (self._page, self._block, len(block) if lost else len(numbers))
        return frames + [Frame.of(Fcf.RCP, final=False).build()] * rcps

    def _due(self) -> list[bytes]:
        parameters = self._parameters
        assert parameters is not None
        if not self._blocks:
            size = parameters.ecm_octets
            coded = encode(self._pages[self._page], parameters.coding)
            frames = [coded[at : at + size].ljust(size, b"\0") for at in range(0, len(coded), size)]
            self._blocks = [frames[at : at + BLOCK_FRAMES] for at in range(0, len(frames), BLOCK_FRAMES)]
        return self._blocks[self._block]

    def answered(self, fcf: Fcf | None) -> None:
        """The near end has answered a command: go on, or repeat the page."""
        if fcf is Fcf.RTN:
            self._unanswered = False
        elif fcf in (Fcf.MCF, Fcf.RTP, Fcf.ERR) and self._unanswered:
            self._unanswered = False
            self._block += 1
            if self._block >= len(self._blocks):
                self._blocks, self._block, self._page = [], 0, self._page + 1

    @property
    def frames_due(self) -> int:
        """How many frames the present block has."""
        return len(self._due())


class Incoming:
    """Pages that come from the near end, and count when they are confirmed."""

    def __init__(self) -> None:
        self.pages: list[Bitmap] = []
        self._parameters: Parameters | None = None
        self._frames: dict[int, bytes] = {}
        "What came of the present block."
        self._coded = bytearray()
        "Blocks of the present page that are confirmed."
        self._told: PartialPage | EndOfRetransmission | None = None

    def begin(self, parameters: Parameters) -> None:
        """A DCS: whatever was not confirmed is forgotten."""
        self._parameters = parameters
        self._frames = {}
        self._coded.clear()

    def page(self, octets: bytes) -> None:
        """A page came in one piece. Raises ValueError for what is none."""
        if self._parameters is None or self._parameters.ecm:
            raise ValueError("a page in one piece where blocks were to come")
        self._keep(octets)

    def _keep(self, octets: bytes) -> None:
        assert self._parameters is not None
        width, resolution = self._parameters.width, self._parameters.resolution
        page = decode(octets, self._parameters.coding, width=width, resolution=resolution)
        if not page.bitmap.lines:
            raise ValueError("data that are no page")
        self.pages.append(page.bitmap)

    def burst(self, octets: bytes) -> list[int]:
        """The numbers of the frames that came, in their order. Raises ValueError for a burst that does not end well."""
        frames = [Frame.parse(octets) for octets in hdlc.Decoder().feed(octets) if octets is not None]
        if [frame.fcf for frame in frames[-RCPS:]] != [Fcf.RCP] * RCPS:
            raise ValueError("a block that does not end with three RCP")
        records = [frame.record() for frame in frames[:-RCPS]]
        coded = [record for record in records if isinstance(record, CodedFrame)]
        self._frames |= {frame.number: frame.data for frame in coded}
        return [frame.number for frame in coded]

    def told(self, record: PartialPage | EndOfRetransmission) -> None:
        """The near end says what the burst was."""
        self._told = record

    def wants_again(self, numbers: frozenset[int]) -> None:
        """We ask for these frames: they have not come."""
        for number in numbers:
            self._frames.pop(number, None)

    def confirm(self) -> None:
        """We take the block, and if it was the last of its page that, too."""
        if not self._frames or self._told is None:
            return
        self._coded += b"".join(data for _, data in sorted(self._frames.items()))
        self._frames = {}
        if self._told.command:
            self._keep(bytes(self._coded))
            self._coded.clear()

    @property
    def beyond(self) -> frozenset[int]:
        """Numbers behind the last frame that came (T.4 (07/2003) §A.4.4: their bits in PPR are set)."""
        return frozenset(range(max(self._frames, default=-1) + 1, BLOCK_FRAMES))
