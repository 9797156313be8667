"""V.34 half duplex over Class 1.0: the one duplex stream that is the modem from CONNECT to the end of the call.

Frames of T.30 cross on the control channel, at 1200 or 2400 bit/s both ways at once; blocks of error correction on the
primary channel, one way. There is no command line meanwhile: what DTE and DCE want of each other are codes behind a
DLE. FCS and flags are the DCE's.

T.31 (08/95) Amd 1 annex B; T.30 (09/2005) Annex F. Choices where these leave one: a frame is given to the DCE whole or
not at all, as no code takes back a beginning; a change of channels has ended when the rate behind <pri> or <ctrl> is
there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

import anyio
import anyio.lowlevel

from faxmodem.errors import ModemTimeout
from faxmodem.modem.at import DLE, DLE_ETX, Data, DleCommand, Event, Result, stuff_duplex
from faxmodem.modem.base import Heard, LineDropped
from faxmodem.modem.dialogue import INTERMEDIATE, Dialogue
from faxmodem.modem.hdlc import MIN_FRAME
from faxmodem.transport.base import Flow

PRIMARY_STEP_BPS: Final = 2400
CONTROL_STEP_BPS: Final = 1200
MAX_FRAME: Final = 1024
"Octets that are kept of a frame; the longest of T.4 (07/2003) Annex A has 260."
MODEM_BUFFER: Final = 8192
"Octets that a modem may let run out, at most, between its XOFF and its XON."
STUFFED: Final = 1.05
"How much longer flags, FCS and inserted zeros make an average frame."
_HUNG_UP: Final = b"\r\nNO CARRIER\r\n"


class Code(IntEnum):
    """What stands behind a DLE and is no data. Of the rates: the first; the others follow, a step each."""

    ETX = 0x03
    "The frame ends; from the DCE: and its FCS is good."
    EOT = 0x04
    "The session ends."
    BEL = 0x07
    "The frame ends, and its FCS is bad."
    RTNC = 0x69
    "The control channel is to be retrained, or is being."
    PRI = 0x6B
    "The primary channel is wanted, or is there; then with its rate behind it."
    PPH = 0x6C
    "The rates are to be settled anew, with the rate before it as the most."
    CTRL = 0x6D
    "The control channel is wanted, or is there; then with both rates behind it."
    CONTROL_1200 = 0x6E
    PRIMARY_2400 = 0x70


CONTROL_RATES: Final = {Code.CONTROL_1200 + n: (n + 1) * CONTROL_STEP_BPS for n in range(2)}
PRIMARY_RATES: Final = {Code.PRIMARY_2400 + n: (n + 1) * PRIMARY_STEP_BPS for n in range(14)}


class Channel(Enum):
    """Which of the two channels of V.34 half duplex is on the line."""

    CONTROL = "control"
    PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame has ended; `octets` are None if it is damaged."""

    octets: bytes | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over, in the DCE's words."""

    text: str


Came = Frame | Channel | Ended


class Stream:
    """What the DCE's side of the stream means. No port, no clock; nothing that comes is an error."""

    def __init__(self, primary_rate_bps: int, control_rate_bps: int) -> None:
        self.channel = Channel.CONTROL
        self.primary_rate_bps = primary_rate_bps
        self.control_rate_bps = control_rate_bps
        self._changes_to: Channel | None = None
        self._frame = bytearray()

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._frame)

    def feed(self, event: Event) -> Came | None:
        """Take what the DCE says next; gives what is complete with it: a frame, a channel with its rate, the end."""
        match event:
            case Data(data=data):
                self._frame += data[: MAX_FRAME - len(self._frame)]
            case DleCommand(code=code):
                return self._obey(code)
            case Result(code=code, text=text) if code not in INTERMEDIATE:
                return Ended(text)
        return None

    def give_up_frame(self) -> Came:
        """The DCE has fallen silent in the middle of a frame."""
        hung_up = self._frame.endswith(_HUNG_UP)  # said without <DLE><EOT>: looks like octets of the frame
        self._frame.clear()
        return Ended("NO CARRIER") if hung_up else Frame(None)

    def _obey(self, code: int) -> Came | None:
        came: Came | None = None
        if code in (Code.ETX, Code.BEL):
            came = self._end_frame(good=code == Code.ETX)
        elif code == Code.EOT:
            came = Ended("<DLE><EOT>")
        elif code in (Code.PRI, Code.CTRL):
            self._changes_to = Channel.PRIMARY if code == Code.PRI else Channel.CONTROL
            self._frame.clear()
        elif code in PRIMARY_RATES or code in CONTROL_RATES:
            self.primary_rate_bps = PRIMARY_RATES.get(code, self.primary_rate_bps)
            self.control_rate_bps = CONTROL_RATES.get(code, self.control_rate_bps)
            if self._changes_to is not None:
                came = self.channel = self._changes_to
                self._changes_to = None
        return came  # nothing for <rtnc>, after which <ctrl> follows, and for codes that nobody knows

    def _end_frame(self, *, good: bool) -> Frame | None:
        octets = bytes(self._frame)
        self._frame.clear()
        if good and not octets:
            return None
        return Frame(octets if good and len(octets) >= MIN_FRAME else None)


class V34Link:
    """The DTE's side of one V.34 session, from CONNECT on.

    Each method may be cancelled; the next one then first has the control channel brought back. `receive_frame` and
    `receive_block` keep what is not for them for each other, as far as it is a frame of the control channel.
    """

    def __init__(self, dialogue: Dialogue, rates: str) -> None:
        """`rates`: what the DCE said before CONNECT, "+F34:p,c", in steps of 2400 and 1200 bit/s."""
        primary, control = rates.partition(":")[2].split(",")
        self._dialogue = dialogue
        self._timing = dialogue.profile.timing
        self._stream = Stream(max(1, int(primary)) * PRIMARY_STEP_BPS, max(1, int(control)) * CONTROL_STEP_BPS)
        self._heard: deque[bytes | Heard] = deque()
        "Frames of the control channel that nobody has asked for yet."
        self._asked: Channel | None = None
        "The channel that was asked for and is not there yet."
        self._sends_block = False
        self._sending = anyio.CancelScope()
        self._ended = ""

    @property
    def primary_rate_bps(self) -> int:
        """The rate of the primary channel that the modem reported last."""
        return self._stream.primary_rate_bps

    def end(self, why: str) -> None:
        """The session is over; what is called after that finds the line dropped."""
        self._ended = self._ended or why

    async def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send frames on the control channel; returns when they have had the time to go out: the modem says nothing."""
        await self._settle()
        for frame in frames:
            await self._give_frame(frame)
        on_line_s = sum(map(len, frames)) * 8 * STUFFED / self._stream.control_rate_bps
        with anyio.move_on_after(on_line_s):
            await self._listen()

    async def receive_frame(self, on_flags: Callable[[], None]) -> bytes | Heard:
        """Wait for the next frame of the control channel; `on_flags` is called as soon as its first octet is here.

        NO_CARRIER: the far end has gone over to the primary channel.
        """
        await self._end_block()
        if self._heard:
            on_flags()
            return self._heard.popleft()
        began = False
        while True:
            came = await self._take()
            if self._stream.channel is Channel.CONTROL and self._stream.in_frame and not began:
                began = True
                on_flags()
            if came is Channel.PRIMARY:
                return Heard.NO_CARRIER
            if isinstance(came, Frame) and self._stream.channel is Channel.CONTROL:
                return came.octets or Heard.DAMAGED

    async def send_block(self, frames: Sequence[bytes], on_progress: Callable[[int], None]) -> None:
        """Take the primary channel, send `frames`, go back to the control channel; returns when that is there again.

        A block during which the modem goes back by itself is left unfinished: the far end asks for what it lacks.
        """
        await self._settle()
        self._sends_block = True
        await self._change_to(Channel.PRIMARY, Code.PRI)
        begun = anyio.current_time()
        await self._dialogue.set_flow(self._dialogue.profile.flow.while_sending)
        for count, frame in enumerate(frames, 1):
            await self._give_frame(frame)
            if self._stream.channel is not Channel.PRIMARY:
                break
            on_progress(count)
        on_line_s = sum(map(len, frames)) * 8 * STUFFED / self.primary_rate_bps
        await self._end_block(max(0.0, begun + on_line_s - anyio.current_time()))

    async def receive_block(
        self, on_frame: Callable[[bytes | None], None], on_carrier: Callable[[], None] = lambda: None
    ) -> Heard:
        """Hand each frame of the primary channel to `on_frame`, None for a damaged one, until the channel is left.

        `on_carrier` is called when the channel is there.
        Returns NO_CARRIER then, and WRONG_CARRIER if a frame comes on the control channel instead. One that came before
        crossed with our own last frame: the far end repeats it if it has not heard that.
        """
        await self._end_block()
        self._heard.clear()
        begun = False
        while not self._heard:
            on_primary = self._stream.channel is Channel.PRIMARY
            if on_primary and not begun:
                begun = True
                on_carrier()
            try:
                came = await self._take(self._timing.data_gap_s if on_primary else None)
            except ModemTimeout:  # the far end has gone quiet and the modem did not notice
                return Heard.NO_CARRIER
            if came is Channel.CONTROL and on_primary:
                return Heard.NO_CARRIER
            if isinstance(came, Frame) and on_primary:
                on_frame(came.octets)
            else:
                self._keep(came)
        return Heard.WRONG_CARRIER

    async def limit_rate(self, rate_bps: int) -> None:
        """Have the modems settle on a rate of the primary channel of at most `rate_bps`."""
        await self._settle()
        code = max((code for code, rate in PRIMARY_RATES.items() if rate <= rate_bps), default=Code.PRIMARY_2400)
        await self._change_to(Channel.CONTROL, code, Code.PPH)

    # What comes

    async def _take(self, within_s: float | None = None) -> Came | None:
        """What the next thing that the modem says completes. Raises `ModemTimeout`, and `LineDropped` at the end."""
        self._check_up()
        in_frame = self._stream.in_frame
        try:
            came = self._stream.feed(await self._dialogue.event(self._timing.frame_s if in_frame else within_s))
        except ModemTimeout:
            if not in_frame:
                raise
            came = self._stream.give_up_frame()
        if came is self._asked:
            self._asked = None
        if isinstance(came, Ended):
            self.end(came.text)
            self._sending.cancel()  # what is left of a frame would be taken for commands
            await self._dialogue.set_flow(Flow.NONE)  # nothing may hold back the commands that come now
            self._check_up()
        return came

    async def _next(self) -> Came:
        """The next thing that is complete."""
        while (came := await self._take()) is None:
            pass
        return came

    def _keep(self, came: Came | None) -> None:
        """Lay a frame of the control channel by."""
        if isinstance(came, Frame) and self._stream.channel is Channel.CONTROL:
            self._heard.append(came.octets or Heard.DAMAGED)

    def _check_up(self) -> None:
        if self._ended:
            raise LineDropped(f"the V.34 session is over ({self._ended}): the far end has hung up, or the line is lost")

    # What goes

    async def _give(self, octets: bytes) -> None:
        """Give the modem all of it or, if cancelled before, nothing; with an ear on what it says meanwhile."""
        await anyio.lowlevel.checkpoint()
        self._check_up()
        within_s = self._timing.stall_s + MODEM_BUFFER * 8 / self.primary_rate_bps
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._listen)
                with anyio.CancelScope(shield=True) as self._sending:
                    await self._dialogue.send(octets, within_s)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the other, if any, is the same end seen from the other side
        self._check_up()

    async def _give_frame(self, frame: bytes) -> None:
        await self._give(stuff_duplex(frame) + DLE_ETX)

    async def _listen(self) -> None:
        """Keep what comes, for as long as it comes."""
        while True:
            self._keep(await self._next())

    async def _settle(self) -> None:
        """Have the control channel, whatever was cancelled before."""
        self._check_up()
        await self._end_block()
        if self._stream.channel is not Channel.CONTROL:
            await self._await_channel(Channel.CONTROL)

    async def _end_block(self, on_line_s: float = 0.0) -> None:
        """Give up the primary channel, if it is ours; what the modem still holds takes `on_line_s` on the line."""
        if not self._sends_block:
            return
        if self._asked is not None or self._stream.channel is not Channel.CONTROL:
            await self._change_to(Channel.CONTROL, Code.CTRL, on_line_s=on_line_s)
        await self._dialogue.set_flow(Flow.NONE)  # not before: it also holds back what still waits in the port
        self._sends_block = False

    async def _change_to(self, channel: Channel, *codes: int, on_line_s: float = 0.0) -> None:
        """Ask for a channel by `codes` and wait until it is there."""
        self._asked = channel
        await self._give(b"".join(bytes((DLE, code)) for code in codes))
        await self._await_channel(channel, on_line_s)

    async def _await_channel(self, channel: Channel, on_line_s: float = 0.0) -> None:
        try:
            with anyio.fail_after(on_line_s + self._timing.carrier_s):
                while self._asked is not None or self._stream.channel is not channel:
                    self._keep(await self._next())
        except TimeoutError as error:
            raise ModemTimeout(f"the modem did not go over to the {channel.value} channel of V.34") from error
