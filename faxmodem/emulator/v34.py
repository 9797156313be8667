"""A V.34 half-duplex session: two channels in turn on the line, one duplex stream to the DTE.

T.31 (08/95) Amd 1 annex B; V.34 (02/98) §12. Choices where these leave one:

- Both DTEs are told of a channel by the same codes, whoever asked for it: <ctrl> with both rates, <pri> with one.
- <rtnc> goes before a <ctrl> that follows on the control channel with unchanged rates.
- Either end may take the primary channel. Whose far end leaves the control channel leaves it too and
  comes back with it.
- A frame that has no end when the channel changes is dropped.
- The DTE's <EOT> is answered by OK; when the far end has gone, <EOT> and NO CARRIER are said.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from faxmodem.codec.fcs import FCS_OCTETS, is_whole
from faxmodem.emulator.core import Aborted, Core
from faxmodem.emulator.dle import BEL, DLE, EOT, ETX, stuff_duplex
from faxmodem.emulator.line import Carrier, FrameHeard
from faxmodem.emulator.results import Result
from faxmodem.emulator.signals import Signal, V34Rates
from faxmodem.emulator.v8 import CONTROL_STEP_BPS, PRIMARY_STEP_BPS

RTNC: Final = 0x69
PRI: Final = 0x6B
PPH: Final = 0x6C
CTRL: Final = 0x6D
CONTROL_RATE: Final = 0x6D
"Plus the rate in steps of 1200 bit/s."
PRIMARY_RATE: Final = 0x6F
"Plus the rate in steps of 2400 bit/s."
PRIMARY_CODES: Final = range(PRIMARY_RATE + 1, PRIMARY_RATE + 15)

SILENCE_S: Final = 0.07
"Between two carriers of one end. V.34 §12.5 and §12.6."
FOLLOWING_S: Final = 1.0
"For the far end's next carrier or its silence, over a satellite too; then the control channel is retrained."
LONGEST_FRAME: Final = 1024
MOST_FRAMES: Final = 16
"For the control channel that are held."


class _Next(Enum):
    """What comes after a channel, or is asked for by the DTE."""

    PRIMARY = auto()
    CONTROL = auto()
    RETRAIN = auto()
    "The control channel, also if it is up."
    FOLLOW = auto()
    "What the far end does."
    END = auto()
    "The DTE has said so."
    LOST = auto()


async def converse(core: Core, rates: V34Rates) -> Result:
    """Be in a V.34 session, from the end of V.8 on; gives the result code that ends it."""
    session = _Session(core, rates)
    core.ear.on_v34_frame = session.hear
    try:
        result = await session.run()
    except Aborted:
        result = Result.NO_CARRIER
    finally:  # also when the far end hangs up
        core.ear.on_v34_frame = lambda _sound: None
        if session.is_up and not session.ended_by_dte:
            core.end_session()
    if not session.is_up:
        core.go_on_hook()
    return result


class _Session:
    def __init__(self, core: Core, rates: V34Rates) -> None:
        self.is_up = False
        "CONNECT has been said."
        self.ended_by_dte = False
        self._core = core
        self._rates = rates
        self._most_bps = rates.primary_bps
        "What the two have agreed on at first."
        self._wanted_bps = rates.primary_bps
        "What a DTE has asked for last, ours or the far one."
        self._limit_bps = rates.primary_bps
        "What it is about to ask for."
        self._hears: Signal | None = None
        "The channel whose frames are for the DTE now."
        self._frame = bytearray()
        self._outbox: deque[bytes] = deque()
        self._asked: _Next | None = None
        "What the DTE has asked for and not got yet."

    async def run(self) -> Result:
        """Go from channel to channel until the session ends. Raises `Aborted` as long as it is not up."""
        follows = await self._on_control(start_up=True)
        while follows not in (_Next.END, _Next.LOST):
            if follows is _Next.PRIMARY:
                follows = await self._on_primary()
            elif follows is _Next.FOLLOW:
                follows = await self._follow()
            else:
                follows = await self._on_control()
        self.ended_by_dte = follows is _Next.END
        return Result.OK if self.ended_by_dte else Result.NO_CARRIER

    def hear(self, sound: FrameHeard) -> None:
        """Give a frame to the DTE, without its FCS, if it came on the channel that both are on."""
        if sound.carrier.signal is self._hears:
            octets = stuff_duplex(sound.octets[:-FCS_OCTETS], pairs=bool(self._core.registers["+FDD"]))
            self._core.dte.put_frame(octets + bytes((DLE, ETX if is_whole(sound.octets) else BEL)))

    # -- the channels

    async def _on_control(self, *, start_up: bool = False, follows: Carrier | None = None) -> _Next:
        """The control channel, with flags, until one end leaves it. `follows`: the far end's carrier that was first."""
        if follows is None and not start_up:
            await self._fall_silent()
        self._settle_rates(follows)
        training_s = self._core.settings.v34_start_up_s if start_up else None
        with self._core.end.send(Signal.V34_CONTROL, rates=self._rates, training_s=training_s) as carrier:
            if (why := await self._synchronise(carrier)) is not None:
                return why
            if start_up:
                await self._connect()
            else:
                self._say_control()
            self._hears = Signal.V34_CONTROL
            try:
                return await self._exchange(carrier)
            finally:
                self._hears = None

    async def _fall_silent(self) -> None:
        """Between two carriers of ours: the far end leaves the control channel as well."""
        core = self._core
        until = core.now() + FOLLOWING_S
        while core.ear.hears(Signal.V34_CONTROL) is not None and not core.clock.reached(until):
            await core.bell.wait(until)
        await core.clock.sleep(SILENCE_S)

    async def _synchronise(self, carrier: Carrier) -> _Next | None:
        """Wait until both ends have trained; None, or what to do as that comes to nothing."""
        core = self._core
        until = carrier.free_at + core.settings.v34_loss_s
        while not core.clock.reached(until):
            theirs, at = core.ear.carrier, until
            if theirs is not None and theirs.signal is Signal.V34_PRIMARY:
                return _Next.FOLLOW
            if theirs is not None and theirs.signal is Signal.V34_CONTROL:
                self._heed(theirs)
                at = max(carrier.free_at, core.ear.trained_at)
                if core.clock.reached(at):
                    return None
            if not self.is_up:
                await core.listen(at)
            elif self._dte_ends_it():
                return _Next.END
            else:
                await core.bell.wait(at)
        return _Next.LOST

    async def _exchange(self, carrier: Carrier) -> _Next:
        """Send the DTE's frames on the control channel for as long as it is up."""
        core = self._core
        while True:
            self._take(most=MOST_FRAMES)
            sent = bool(self._outbox)
            while self._outbox:
                await carrier.send_frame(self._outbox.popleft())
            asked, self._asked = self._asked, None
            if asked is _Next.CONTROL:
                self._say_control()
            elif asked is not None:
                return asked
            elif core.ear.hears(Signal.V34_CONTROL) is None:
                return _Next.FOLLOW
            elif not sent:
                await core.bell.wait()

    async def _on_primary(self) -> _Next:
        """Take the primary channel, send the DTE's frames, and leave it when the DTE says so."""
        core = self._core
        await self._fall_silent()
        self._settle_rates(None)
        with core.end.send(Signal.V34_PRIMARY, rates=self._rates) as carrier:
            await core.clock.sleep_until(carrier.free_at)
            self._say(PRI, self._primary_code())
            return await self._send_block(carrier)

    async def _send_block(self, carrier: Carrier) -> _Next:
        """Send the DTE's frames on the primary channel; gives what the DTE asks for instead."""
        while True:
            self._take(most=1)
            sent = bool(self._outbox)
            while self._outbox:
                await carrier.send_frame(self._outbox.popleft())
            asked, self._asked = self._asked, None
            if asked is _Next.PRIMARY:
                self._say(PRI, self._primary_code())
            elif asked is not None:
                return asked
            elif not sent:
                await self._core.bell.wait()

    async def _follow(self) -> _Next:
        """The far end has left the channel: go where it goes."""
        core = self._core
        until = core.now() + FOLLOWING_S
        block_came = False
        while not core.clock.reached(until):
            if self._dte_ends_it():
                return _Next.END
            theirs = core.ear.carrier
            if theirs is not None and theirs.signal is Signal.V34_PRIMARY:
                await self._receive_block(theirs)
                block_came = True
                until = core.now() + FOLLOWING_S
            elif theirs is not None and theirs.signal is Signal.V34_CONTROL:
                if not block_came and theirs.rates == self._rates:
                    self._say(RTNC)
                return await self._on_control(follows=theirs)
            else:
                await core.bell.wait(until)
        self._say(RTNC)
        return _Next.RETRAIN

    async def _receive_block(self, carrier: Carrier) -> None:
        """Give the frames of the far end's primary channel to the DTE, until it is left or the DTE ends it all."""
        core = self._core
        self._rates = carrier.rates or self._rates
        try:
            while core.ear.carrier is carrier and not self._dte_ends_it():
                if self._hears is None and core.clock.reached(core.ear.trained_at):
                    self._say(PRI, self._primary_code())
                    self._hears = Signal.V34_PRIMARY
                await core.bell.wait(core.ear.trained_at if self._hears is None else None)
        finally:
            self._hears = None

    # -- rates

    def _settle_rates(self, theirs: Carrier | None) -> None:
        """Settle on what the DTEs want and the line from here bears now, or do as the far end has done."""
        if theirs is not None and theirs.rates is not None:
            self._adopt(theirs.rates)
            return
        most = min(self._wanted_bps, self._core.end.v34_limit_bps())
        steps = max(1, int(most) // PRIMARY_STEP_BPS)
        self._rates = replace(self._rates, primary_bps=max(self._rates.least_bps, steps * PRIMARY_STEP_BPS))

    def _adopt(self, rates: V34Rates) -> None:
        """The far end has settled on these, and they hold until one of the DTEs asks for others."""
        self._rates = rates
        self._wanted_bps = rates.primary_bps

    def _heed(self, theirs: Carrier) -> None:
        """The lower rate counts, if both have settled on one."""
        if theirs.rates is not None and theirs.rates.primary_bps < self._rates.primary_bps:
            self._adopt(theirs.rates)

    def _primary_code(self) -> int:
        return PRIMARY_RATE + self._rates.primary_bps // PRIMARY_STEP_BPS

    # -- the DTE

    async def _connect(self) -> None:
        primary, control = self._rates.primary_bps // PRIMARY_STEP_BPS, self._rates.control_bps // CONTROL_STEP_BPS
        self._core.tell(f"+F34:{primary},{control}")
        await self._core.report(Result.CONNECT)
        self.is_up = True

    def _say(self, *codes: int) -> None:
        self._core.dte.put(b"".join(bytes((DLE, code)) for code in codes))

    def _say_control(self) -> None:
        self._say(CTRL, self._primary_code(), CONTROL_RATE + self._rates.control_bps // CONTROL_STEP_BPS)

    def _take(self, *, most: int) -> None:
        """Take up to `most` frames from the DTE into the outbox, but nothing behind a command that asks for more."""
        while self._asked is None and len(self._outbox) < most and self._take_one():
            pass

    def _dte_ends_it(self) -> bool:
        """Whether the DTE has ended the session; of all else that it asks for the last counts, when that can be had."""
        while self._asked is not _Next.END and self._take_one():
            pass
        return self._asked is _Next.END

    def _take_one(self) -> bool:
        """Take what the DTE sent next, if there is anything."""
        token = self._core.dte.take_duplex()
        if token is None:
            return False
        if isinstance(token, bytes):
            self._frame += token[: LONGEST_FRAME - len(self._frame)]
        elif token == ETX:
            self._outbox.append(bytes(self._frame))
            self._frame.clear()
        else:
            self._obey(token)
        return True

    def _obey(self, code: int) -> None:
        if code in PRIMARY_CODES:
            self._limit_bps = (code - PRIMARY_RATE) * PRIMARY_STEP_BPS
        elif code == PPH:
            self._wanted_bps = min(self._most_bps, self._limit_bps)
        if code in _COMMANDS:
            self._asked = _COMMANDS[code]
            self._frame.clear()


_COMMANDS: Final = {
    PRI: _Next.PRIMARY,
    CTRL: _Next.CONTROL,
    PPH: _Next.RETRAIN,
    RTNC: _Next.RETRAIN,
    EOT: _Next.END,
}
