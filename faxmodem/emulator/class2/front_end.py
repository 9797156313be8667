"""The DCE's own use of its telephone line, without a word from the DTE: call, tones, frames, carriers.

Every wait raises `LineDropped` as soon as the call is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from faxmodem.codec.fcs import FCS_OCTETS, is_whole
from faxmodem.emulator.at_commands import DialPlan
from faxmodem.emulator.calls import CNG_OFF_S, CNG_ON_S, PULSED_DIGIT_S
from faxmodem.emulator.core import Core
from faxmodem.emulator.line import Carrier, Progress
from faxmodem.emulator.signals import Signal
from faxmodem.emulator.transmitting import FINAL
from faxmodem.modem.base import CallFailed, Heard, LineDropped
from faxmodem.t30.line_time import SILENCE_S
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome

MOST_SILENCE_WAIT_S: Final = 10.0
"For how long a station that goes on sending is let finish, before ours is sent into it."

CARRIER_OFF_S: Final = 0.5
"For how long V.21 may stay on behind its last frame."

_SIGNALS: Final = {(signal.modulation, signal.is_short): signal for signal in Signal if signal.code is not None}


def signal_for(modulation: Modulation, *, short: bool = False) -> Signal:
    """The carrier of this modulation, with short training where it has one and that is wanted."""
    return _SIGNALS[modulation, short and modulation.has_short_training]


class FrontEnd:
    """The line as the fax procedure uses it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._over = False
        self._sent_until = 0.0
        self._seen: Carrier | None = None
        "A carrier that is no V.21 and has been reported as that."

    # -- the call

    def clear(self) -> None:
        """The call is over."""
        self._over = True
        self._core.ring()

    def take_line(self) -> None:
        """Off hook, for a new call."""
        self._over = False
        self._sent_until = 0.0
        self._core.go_off_hook()

    async def wait(self, until: float | None = None) -> None:
        """Wait until something happens on the line or at the DTE, at most until line time `until`."""
        self.check()
        await self._core.fax_bell.wait(until)
        self.check()

    def check(self) -> None:
        """Raise `LineDropped` if the call is over."""
        if self._over:
            raise LineDropped("the line was cleared")

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        until = self._core.now() + seconds
        while not self._core.clock.reached(until):
            await self.wait(until)

    async def dial(self, text: str) -> None:
        """Call, send CNG, and wait for V.21. Raises `CallFailed`."""
        core, plan = self._core, DialPlan.parse(text)
        self.take_line()
        if plan.number:
            digit_s = PULSED_DIGIT_S if plan.pulse else core.settings.digit_s
            await self.pause(
                core.settings.dial_tone_s + plan.pauses * core.registers["S8"] + len(plan.number) * digit_s
            )
            if not core.end.dial(plan.number):
                raise CallFailed(Outcome.NO_DIAL_TONE, "there is no dial tone")
        core.ear.tune(Signal.V21, core.now())
        until = core.now() + core.registers["S7"]
        while True:
            with core.end.send(Signal.CNG):
                if await self._flags(min(until, core.now() + CNG_ON_S)):
                    return
            if await self._flags(min(until, core.now() + CNG_OFF_S)):
                return
            if core.clock.reached(until):
                nobody = bool(plan.number) and core.progress is None
                raise CallFailed(Outcome.NO_ANSWER if nobody else Outcome.NOT_A_FAX, "no V.21 carrier came")

    async def _flags(self, until: float) -> bool:
        """Wait for V.21 flags until then; True when they are there."""
        core = self._core
        while True:
            if core.progress is Progress.BUSY:
                raise CallFailed(Outcome.BUSY, "the number is engaged")
            carrier, wake_at = core.ear.carrier, until
            if core.ear.frames:
                return True
            if carrier is not None and carrier.signal is Signal.V21:
                if core.clock.reached(core.ear.recognised_at):
                    return True
                wake_at = min(until, core.ear.recognised_at)
            if core.clock.reached(until):
                return False
            await self.wait(wake_at)

    async def answer(self) -> None:
        """Take the call and send CED."""
        core = self._core
        self.take_line()
        await self.pause(core.settings.answer_silence_s)
        with core.transmitting(Signal.CED):
            await self.pause(core.settings.ced_s)
        await self.pause(core.settings.after_ced_s)

    def hang_up(self) -> None:
        """Give the line back."""
        self._core.go_on_hook()

    # -- V.21

    async def send_frames(self, frames: Sequence[bytes], *, after_s: float = SILENCE_S) -> None:
        """Send frames in one transmission, when the line has been quiet for `after_s`."""
        core = self._core
        await self.quiet(after_s)
        with self.sending(Signal.V21) as carrier:
            await core.clock.sleep_until(carrier.begin + core.settings.preamble_s)
            for frame in frames:
                await carrier.send_frame(frame)
                self.check()

    async def receive_frame(self, on_flags: Callable[[], None]) -> bytes | Heard:
        """Listen for the next frame; another carrier than V.21 is reported once."""
        core, ear = self._core, self._core.ear
        ear.tune(Signal.V21, core.now())
        flagged: Carrier | None = None
        while not ear.frames:
            carrier, wake_at = ear.carrier, None
            if carrier is not None and carrier is not flagged and carrier is not self._seen:
                wake_at = ear.recognised_at
                if core.clock.reached(wake_at):
                    if carrier.signal is not Signal.V21:
                        self._seen = carrier
                        return Heard.WRONG_CARRIER
                    flagged, wake_at = carrier, None
                    on_flags()
            await self.wait(wake_at)
        octets = ear.frames.popleft()
        if not is_whole(octets):
            return Heard.DAMAGED
        if octets[1] & FINAL:
            await self._carrier_off()
        return octets[:-FCS_OCTETS]

    async def _carrier_off(self) -> None:
        """Wait until the carrier of a last frame is gone: what comes next is another signal."""
        core = self._core
        until = core.now() + CARRIER_OFF_S
        while core.ear.carrier is not None and core.ear.carrier.signal is Signal.V21 and not core.clock.reached(until):
            await self.wait(until)

    # -- fast carriers

    @contextmanager
    def sending(self, signal: Signal) -> Iterator[Carrier]:
        """Send a signal for as long as the context lasts."""
        with self._core.transmitting(signal) as carrier:
            try:
                yield carrier
            finally:
                self._sent_until = self._core.now()

    async def turn_off(self, carrier: Carrier) -> None:
        """Send the ones that end a fast carrier."""
        await carrier.send_data(b"\xff" * round(self._core.settings.turn_off_s * carrier.rate_bps / 8))

    async def await_training(self, signal: Signal) -> Heard | None:
        """Wait for a fast carrier until it is trained; None when it is, else what came instead."""
        core, ear = self._core, self._core.ear
        ear.tune(signal, core.now())
        while True:
            wake_at = None
            if ear.is_decodable:
                if core.clock.reached(wake_at := ear.trained_at):
                    ear.train()
                    return None
            elif (
                ear.carrier is not None
                and ear.carrier.signal.modulation is not signal.modulation
                and core.clock.reached(wake_at := ear.recognised_at)
            ):
                return Heard.WRONG_CARRIER
            await self.wait(wake_at)

    async def receive_data(self, on_data: Callable[[bytes], None]) -> None:
        """Hand on the data of the carrier that is trained, until it is gone."""
        ear = self._core.ear
        carrier = ear.carrier
        while True:
            if ear.has_data:
                on_data(ear.take_data())
            if ear.carrier is not carrier or carrier is None:
                return
            await self.wait()

    async def quiet(self, seconds: float = SILENCE_S) -> None:
        """Wait until nobody has sent anything for so long."""
        core = self._core
        give_up_at = core.now() + MOST_SILENCE_WAIT_S
        while not core.clock.reached(give_up_at):
            until = max(core.ear.silent_since, self._sent_until) + seconds if core.ear.is_silent else None
            if until is not None and core.clock.reached(until):
                return
            await self.wait(give_up_at if until is None else until)
