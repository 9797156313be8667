"""The telephone line: subscribers who call each other, and the signals that cross between them, in line time.

Nothing here runs by itself. What a subscriber will hear waits in a queue of its own, ordered by the moment of arrival,
and is handed out at that moment: rings, a carrier, its frames and data, the end of the call. A sender fills the line
itself, by sleeping for as long as its bits take.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from faxmodem.codec.fcs import bits_on_line, fcs
from faxmodem.emulator.clock import Bell, LineClock
from faxmodem.emulator.faults import Fate, Fault, Impairments, Refused
from faxmodem.emulator.history import CallStep, FramePassed, Record, SignalPassed, Step
from faxmodem.emulator.signals import FLAG_BITS, Signal, V34Rates

FLAGS_BETWEEN_FRAMES: Final = 2
MOST_RINGS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """How the exchange and the way through it behave. Times in seconds."""

    delay_s: float = 0.02
    "What a signal needs from one end to the other."
    first_ring_s: float = 1.0
    ring_interval_s: float = 6.0
    clearing_s: float = 0.5
    "From one end's hang-up until the other one is told."


class Progress(Enum):
    """What the exchange tells a subscriber, besides rings."""

    BUSY = "busy"
    ANSWERED = "answered"
    CLEARED = "cleared"
    "The call is over: the far end hung up, or the line was lost."


@dataclass(frozen=True, slots=True)
class Ring:
    """The telephone rings once."""

    caller: str


@dataclass(frozen=True, slots=True)
class CarrierOn:
    """A signal begins to be heard. `resumed`: it was heard before, and interrupted."""

    carrier: Carrier
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class CarrierOff:
    """A signal is no longer heard."""

    carrier: Carrier


@dataclass(frozen=True, slots=True)
class FrameHeard:
    """A frame of V.21 or V.34 has been heard to its end, with its FCS."""

    carrier: Carrier
    octets: bytes
    lasted_s: float


@dataclass(frozen=True, slots=True)
class DataHeard:
    """Data of a fast carrier, as far as they have been heard."""

    carrier: Carrier
    octets: bytes


Sound = Progress | Ring | CarrierOn | CarrierOff | FrameHeard | DataHeard
Arrival = Callable[[], Sound | None]
"Decides at the moment of arrival what is heard then, if anything."


class Line:
    """An exchange with its subscribers. To be made inside the event loop.

    A number that nobody has reaches, with two subscribers, the other one. `history` is what happened so far.
    """

    def __init__(
        self,
        *,
        pace: float = 1.0,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        settings: LineSettings | None = None,
    ) -> None:
        self.clock = LineClock(pace)
        self.settings = settings or LineSettings()
        self.impairments = Impairments(faults, seed)
        self.history: list[Record] = []
        self._subscribers: dict[str, Subscriber] = {}
        self._answered = itertools.count()

    def subscribe(self, number: str) -> Subscriber:
        """A new end of the line, on hook."""
        if number in self._subscribers:
            raise ValueError(f"the number {number} is taken; each end of a line needs its own")
        self._subscribers[number] = Subscriber(self, number)
        return self._subscribers[number]

    def route(self, caller: Subscriber, number: str) -> Subscriber | None:
        """Whom `caller` reaches at `number`."""
        others = [end for end in self._subscribers.values() if end is not caller]
        if number not in self._subscribers and len(others) == 1:
            return others[0]
        return self._subscribers.get(number)

    def next_call(self) -> int:
        """The place of the call that is answered now."""
        return next(self._answered)

    def note(self, who: str, step: Step) -> None:
        """Write down a step of a call."""
        self.history.append(CallStep(at=self.clock.now(), who=who, step=step))


class Subscriber:
    """One end of the line: the socket in the wall. One task hears; whoever is off hook may send."""

    def __init__(self, line: Line, number: str) -> None:
        self.line = line
        self.number = number
        self.off_hook = False
        self._call: Call | None = None
        self._carrier: Carrier | None = None
        self._attempts = itertools.count()
        self._coming: list[tuple[float, tuple[bool, int], int, Arrival]] = []
        self._order = itertools.count()
        self._lifts = 0
        "How often the receiver was lifted: what was meant for an earlier time is not heard later."
        self._bell = Bell(line.clock)

    # -- the hook and the dial

    def lift(self) -> None:
        """Go off hook; takes the call if the telephone rings."""
        self.off_hook = True
        self._lifts += 1
        if self._call is not None and self._call.caller is not self:
            self._call.answer()

    def hang_up(self) -> None:
        """Go on hook; ends the call, if one is up or being placed, and whatever is sent. One that rings goes on."""
        was_off_hook, self.off_hook = self.off_hook, False
        if self._call is not None and was_off_hook:
            self._call.end(self.number, Step.HUNG_UP)

    def dial(self, number: str) -> bool:
        """Call `number`; False: there is no dial tone. How the call goes on is heard."""
        line = self.line
        refused = line.impairments.refusal(self.number, next(self._attempts))
        if refused is Refused.NO_DIAL_TONE or self._call is not None:
            line.note(self.number, Step.REFUSED)
            return False
        line.note(self.number, Step.DIALLED)
        called = line.route(self, number)
        if refused is Refused.BUSY or called is None or called is self or called.is_engaged:
            line.note(self.number, Step.REFUSED)
            self.arrives(line.clock.now() + line.settings.first_ring_s, lambda: Progress.BUSY)
        else:
            self._call = Call(line, self, called, rings=refused is not Refused.NO_ANSWER)
        return True

    @property
    def is_engaged(self) -> bool:
        """Whether a call to this end finds it busy."""
        return self.off_hook or self._call is not None

    def joins(self, call: Call) -> None:
        """A call reaches this end."""
        self._call = call

    def leaves(self, call: Call, *, told_at: float | None) -> None:
        """The call is over for this end, and unless it did that itself it hears so at `told_at`."""
        if self._call is not call:
            return
        self._call = None
        if self._carrier is not None:
            self._carrier.stop()
        if told_at is not None:
            self.arrives(told_at, lambda: Progress.CLEARED)

    def v34_limit_bps(self) -> float:
        """The rate that the line bears now for V.34 from this end."""
        call = self._call
        if call is None or call.answered_at is None:
            return math.inf
        return self.line.impairments.v34_limit(call.place, self.number, self.line.clock.now() - call.answered_at)

    # -- what is sent and heard

    @contextmanager
    def send(
        self, signal: Signal, *, rates: V34Rates | None = None, training_s: float | None = None
    ) -> Iterator[Carrier]:
        """Put a signal on the line for as long as the context lasts; `rates`: of V.34, as this signal says or uses."""
        carrier = Carrier(self, self._call, signal, rates, signal.training_s if training_s is None else training_s)
        self._carrier = carrier
        try:
            yield carrier
        finally:
            carrier.stop()
            self._carrier = None

    def arrives(self, at: float, arrival: Arrival, *, last: bool = False) -> None:
        """Let something be heard at line time `at`; `last`: after all else that arrives at that moment."""
        heapq.heappush(self._coming, (at, (last, next(self._order)), self._lifts, arrival))
        self._bell.ring()

    async def hear(self) -> Sound:
        """Wait for the next sound, and give it at its moment."""
        while True:
            while self._coming and self.line.clock.reached(self._coming[0][0]):
                _, _, lifts, arrival = heapq.heappop(self._coming)
                sound = arrival()
                if isinstance(sound, Ring) or (sound is not None and self.off_hook and lifts == self._lifts):
                    return sound
            await self._bell.wait(self._coming[0][0] if self._coming else None)


class Call:
    """One call, from its dialling to its end."""

    def __init__(self, line: Line, caller: Subscriber, called: Subscriber, *, rings: bool) -> None:
        self.line = line
        self.caller = caller
        self.place = -1
        "Which of the line's answered calls this is."
        self.answered_at: float | None = None
        self.over = False
        self._called = called if rings else None
        self._frames: dict[str, Iterator[int]] = {}
        self._carriers: dict[str, Iterator[int]] = {}
        if rings:
            called.joins(self)
            line.note(called.number, Step.RANG)
            first = line.clock.now() + line.settings.first_ring_s
            for n in range(MOST_RINGS):
                called.arrives(first + n * line.settings.ring_interval_s, self._ring)

    def _ring(self) -> Ring | None:
        return Ring(self.caller.number) if self.answered_at is None and not self.over else None

    def answer(self) -> None:
        """The called end goes off hook."""
        if self.answered_at is not None or self._called is None:
            return
        now = self.line.clock.now()
        self.answered_at = now
        self.place = self.line.next_call()
        self.line.note(self._called.number, Step.ANSWERED)
        self.caller.arrives(now + self.line.settings.delay_s, lambda: Progress.ANSWERED)
        limit = self.line.impairments.call_limit(self.place)
        if limit is not None:
            self.drop_at(now + limit)

    def drop_at(self, at: float) -> None:
        """Let the exchange end the call at line time `at`."""
        for end in (self.caller, self._called):
            if end is not None:
                end.arrives(at, self._drop)

    def _drop(self) -> None:
        """End the call if it is still on; the ends are told as they are of every end."""
        self.end("", Step.DROPPED)

    def end(self, who: str, step: Step) -> None:
        """End the call; `who` did it."""
        if self.over:
            return
        self.over = True
        self.line.note(who, step)
        told_at = self.line.clock.now() + self.line.settings.clearing_s
        for end in (self.caller, self._called):
            if end is not None:
                end.leaves(self, told_at=None if end.number == who else told_at)

    def other(self, end: Subscriber) -> Subscriber | None:
        """Who hears `end`, if anybody."""
        if self.over or self.answered_at is None:
            return None
        return self._called if end is self.caller else self.caller

    def next_carrier(self, sender: str) -> int:
        """Counts the sender's carriers in this call."""
        return next(self._carriers.setdefault(sender, itertools.count()))

    def next_frame(self, sender: str) -> int:
        """Counts the sender's frames in this call."""
        return next(self._frames.setdefault(sender, itertools.count()))


class Carrier:
    """A signal on its way, from its first moment to its last."""

    def __init__(
        self, sender: Subscriber, call: Call | None, signal: Signal, rates: V34Rates | None, training_s: float
    ) -> None:
        line = sender.line
        self.signal = signal
        self.rates = rates
        "As they are heard at the far end."
        self.training_s = training_s
        self.rate_bps = _rate_bps(signal, rates)
        self.begin = line.clock.now()
        self.end: float | None = None
        self._line = line
        self._sender = sender
        self._call = call
        self._free_at = self.begin + training_s
        self._octets = 0
        self._gaps: list[tuple[float, float]] = []
        self._hearers = self._find_hearers()
        self._bits, self._carried = 0, 0
        if call is not None and call.answered_at is not None:
            self._meet_faults(call, call.answered_at)
        self._show()

    @property
    def free_at(self) -> float:
        """Until when the line is filled: training and what was sent so far."""
        return self._free_at

    async def send_frame(self, frame: bytes) -> None:
        """Send a frame of V.21 or V.34, with FCS, after flags; sleeps until its last bit is out."""
        octets = frame + fcs(frame)
        now = self._line.clock.now()
        bit_s = 1 / self.rate_bps
        flags = FLAGS_BETWEEN_FRAMES if self.signal is Signal.V21 else 0  # beside the one that closes each frame
        begin = max(self._free_at + flags * FLAG_BITS * bit_s, now)
        end = begin + bits_on_line(octets) * bit_s
        self._free_at = end + FLAG_BITS * bit_s
        self._octets += len(octets)
        await self._line.clock.sleep_until(end)
        fate = self._fate(begin, end)
        if fate is Fate.DAMAGED:
            octets = self._line.impairments.damage(octets)
        if self.signal is Signal.V34_PRIMARY:
            octets = self._with_bit_errors(begin, octets)
        if fate is not Fate.LOST:
            for _ in range(2 if fate is Fate.REPEATED else 1):
                self._heard(FrameHeard(self, octets, end - begin), end)
        if self.signal is not Signal.V34_PRIMARY:
            record = FramePassed(begin=begin, end=end, who=self._sender.number, frame=frame, fate=fate)
            self._line.history.append(record)
        await self._line.clock.sleep_until(self._free_at)

    async def send_data(self, octets: bytes) -> None:
        """Send octets on a fast carrier, right after what was sent before; sleeps until the last bit is out."""
        begin = self._free_at
        self._free_at += 8 * len(octets) / self.rate_bps
        self._octets += len(octets)
        octets = self._with_bit_errors(begin, octets)
        for end, piece in self._outside_gaps(begin, self._shifted(octets)):
            self._heard(DataHeard(self, piece), end)
        await self._line.clock.sleep_until(self._free_at)

    def stop(self) -> None:
        """Take the signal off the line; safe to call twice."""
        if self.end is not None:
            return
        clock = self._line.clock
        # Whoever slept until the line was free may wake a rounding error earlier: what was sent is sent.
        now = max(clock.now(), self._free_at) if clock.reached(self._free_at) else clock.now()
        if not any(start <= now < until for start, until in self._gaps):
            self._heard(CarrierOff(self), now)
        self.end = now
        self._line.history.append(
            SignalPassed(begin=self.begin, end=now, who=self._sender.number, signal=self.signal, octets=self._octets)
        )

    # -- how it is heard

    def _find_hearers(self) -> list[tuple[Subscriber, float]]:
        """Who hears this signal, and how much later."""
        if self._call is None or (other := self._call.other(self._sender)) is None:
            return []
        hearers = [(other, self._line.settings.delay_s)]
        echo = self._line.impairments.echo(self._call.place, self._sender.number)
        if echo is not None and self.signal is Signal.V21:
            hearers.append((self._sender, echo))
        return hearers

    def _meet_faults(self, call: Call, answered_at: float) -> None:
        """Find out what will happen to this carrier."""
        impairments, who = self._line.impairments, self._sender.number
        nth = -1 if self.signal.is_tone else call.next_carrier(who)
        began_s = self.begin - answered_at
        self._gaps = [(answered_at + a, answered_at + b) for a, b in impairments.gaps(call.place, who, nth, began_s)]
        if (after := impairments.hang_up(call.place, who, nth)) is not None:
            call.drop_at(self.begin + after)
        if impairments.hides_v8(call.place, who):
            self.rates = None if self.signal.is_tone else self.rates
        self._bits = impairments.bit_offset(call.place, who)
        self._carried = (1 << self._bits) - 1  # ones, as are sent before the first data bit

    def _show(self) -> None:
        """Let the carrier be heard from now on, but for its gaps."""
        if not any(start <= self.begin < until for start, until in self._gaps):
            self._heard(CarrierOn(self), self.begin)
        for start, until in self._gaps:
            if start > self.begin:
                self._heard(CarrierOff(self), start)
            if self.begin < until < math.inf:
                self._heard(CarrierOn(self, resumed=True), until)

    def _heard(self, sound: Sound, at: float) -> None:
        """Let everyone who hears this signal hear `sound`, sent at line time `at`, unless it ends before that."""
        if self.end is None:
            for hearer, lag in self._hearers:
                hearer.arrives(
                    at + lag,
                    lambda: sound if self.end is None or at <= self.end else None,
                    last=isinstance(sound, CarrierOff),
                )

    def _fate(self, begin: float, end: float) -> Fate:
        """What becomes of a frame that was on the line from `begin` to `end`."""
        if self._call is None or self._call.over:
            return Fate.LOST
        who = self._sender.number
        fate = Fate.WHOLE
        if self.signal is not Signal.V34_PRIMARY:
            fate = self._line.impairments.frame(self._call.place, who, self._call.next_frame(who))
        return Fate.LOST if any(start < end and begin < until for start, until in self._gaps) else fate

    def _with_bit_errors(self, begin: float, octets: bytes) -> bytes:
        """`octets` of a fast carrier, sent from `begin` on, as they get across."""
        call = self._call
        if call is None or call.answered_at is None:
            return octets
        return self._line.impairments.data(call.place, self._sender.number, begin - call.answered_at, octets)

    def _outside_gaps(self, begin: float, octets: bytes) -> Iterator[tuple[float, bytes]]:
        """The pieces of `octets`, sent from `begin` on, that do not fall into a gap, each with the time of its end."""
        octet_s = 8 / self.rate_bps
        first = 0
        for start, until in self._gaps:
            cut, resume = (round((min(at, self._free_at) - begin) / octet_s) for at in (start, until))
            if cut > first:
                yield min(start, self._free_at), octets[first:cut]
            first = max(first, resume, 0)
        if first < len(octets):
            yield self._free_at, octets[first:]

    def _shifted(self, octets: bytes) -> bytes:
        """`octets` as a receiver cuts them whose octets begin some bits earlier than ours."""
        if not self._bits:
            return octets
        bits = int.from_bytes(octets, "little") << self._bits | self._carried
        self._carried = bits >> 8 * len(octets)
        return (bits & ((1 << 8 * len(octets)) - 1)).to_bytes(len(octets), "little")


def _rate_bps(signal: Signal, rates: V34Rates | None) -> int:
    """Bits per second of a carrier of this kind."""
    if rates is None or signal.is_tone:
        return signal.rate_bps
    return rates.control_bps if signal is Signal.V34_CONTROL else rates.primary_bps
