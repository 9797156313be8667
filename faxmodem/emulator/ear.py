"""The DCE's receiver: what it can make of the sounds on the line, given what it was tuned to and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from faxmodem.emulator.line import Carrier, CarrierOff, CarrierOn, DataHeard, FrameHeard
from faxmodem.emulator.signals import Signal

ModemSound = CarrierOn | CarrierOff | FrameHeard | DataHeard


class Ear:
    """Hears one carrier at a time, and nothing while the DCE itself sends. Times are line time in seconds.

    Tuned to nothing, it listens for V.21 and keeps up to `frame_queue` frames. A fast carrier is decoded only if the
    ear was tuned to it, with the right training, not later than `grace_s` after its beginning; V.17 with short training
    only after a long one has succeeded in the same call.
    """

    def __init__(self, *, frame_queue: int, grace_s: float) -> None:
        self._frame_queue: Final = frame_queue
        self._grace_s: Final = grace_s
        self.forget(0.0)

    def forget(self, now: float) -> None:
        """A call is over."""
        self.carrier: Carrier | None = None
        "The modem carrier that is heard."
        self.heard_since = now
        self.silent_since = now
        "Since when neither tone nor carrier is heard; only has a meaning if `is_silent`."
        self.frames: deque[bytes] = deque()
        self._on: list[Carrier] = []
        self._data = bytearray()
        self._covered = False
        self._uncovered_at = now
        self._from_its_beginning = False
        self._tuned: Signal | None = None
        self._tuned_at = now
        self._trained: Carrier | None = None
        self._knows_v17 = False
        self.on_v34_frame: Callable[[FrameHeard], None] = lambda _sound: None
        "Takes the frames of V.34, which are heard also while the DCE itself sends."

    # -- what the DCE does

    def tune(self, signal: Signal | None, now: float) -> None:
        """Listen for `signal` from now on; None: for V.21 frames to be kept."""
        self._tuned = signal
        self._tuned_at = now
        self._trained = None
        if not self.is_decodable:
            self._data.clear()
        if signal is not None and signal is not Signal.V21:
            self.frames.clear()

    def cover(self) -> None:
        """We begin to send: nothing is heard, and what was kept belongs to the past."""
        self._covered = True
        self.frames.clear()
        self._data.clear()

    def uncover(self, now: float) -> None:
        """We have ended: whatever is on the line is heard from now on."""
        self._covered = False
        self._uncovered_at = now
        self.heard_since = now
        self._from_its_beginning = False

    def train(self) -> Carrier | None:
        """The carrier's training has succeeded: its data count from now on, even after short gaps."""
        self._trained = self.carrier
        if self.carrier is not None and self.carrier.signal.teaches_short:
            self._knows_v17 = True
        return self._trained

    def take_data(self) -> bytes:
        """What the fast carrier brought since the last time."""
        octets = bytes(self._data)
        self._data.clear()
        return octets

    # -- what there is to hear

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all is on the line."""
        return not self._on

    @property
    def recognised_at(self) -> float:
        """When the carrier that is heard has been, or will have been, recognised for what it is."""
        return self.heard_since + (self.carrier.signal.recognised_s if self.carrier is not None else 0.0)

    @property
    def trained_at(self) -> float:
        """When the training of the carrier that is heard is over."""
        return self.heard_since + (self.carrier.training_s if self.carrier is not None else 0.0)

    def hears(self, signal: Signal) -> Carrier | None:
        """The carrier or tone of this kind that is on the line, if one is."""
        return next((carrier for carrier in self._on if carrier.signal is signal), None)

    @property
    def is_decodable(self) -> bool:
        """Whether the carrier that is heard can be, or was, trained to."""
        if self.carrier is None or self.carrier.signal is not self._tuned or not self._from_its_beginning:
            return False
        in_time = self._tuned_at <= self.heard_since + self._grace_s
        return in_time and (self._knows_v17 or not self.carrier.signal.is_short)

    @property
    def has_data(self) -> bool:
        """Whether `take_data` would give something."""
        return bool(self._data)

    def hear(self, sound: ModemSound, now: float) -> None:
        """Take in what the line brings."""
        match sound:
            case CarrierOn():
                self._begin(sound, now)
            case CarrierOff():
                self._end(sound.carrier, now)
            case FrameHeard() if sound.carrier.signal is Signal.V21:
                self._frame(sound, now)
            case FrameHeard():
                self.on_v34_frame(sound)
            case DataHeard():
                self._octets(sound, now)

    def _begin(self, sound: CarrierOn, now: float) -> None:
        self._on.append(sound.carrier)
        if sound.carrier.signal.is_tone:
            return
        if sound.carrier.signal is not Signal.V21 and not sound.resumed:
            self._data.clear()
        self.carrier = sound.carrier
        self.heard_since = now
        self._from_its_beginning = not sound.resumed and not self._covered

    def _end(self, carrier: Carrier, now: float) -> None:
        if carrier in self._on:
            self._on.remove(carrier)
        self.silent_since = now
        if carrier is self.carrier:
            self.carrier = next((other for other in reversed(self._on) if not other.signal.is_tone), None)
            self.heard_since = now
            self._from_its_beginning = False

    def _frame(self, sound: FrameHeard, now: float) -> None:
        since = self._uncovered_at
        if self._tuned is Signal.V21:
            room = max(1, self._frame_queue)
            if self._frame_queue == 0:
                since = max(since, self._tuned_at)
        else:
            room = self._frame_queue if self._tuned is None else 0
        if not self._covered and now - sound.lasted_s >= since and len(self.frames) < room:
            self.frames.append(sound.octets)

    def _octets(self, sound: DataHeard, now: float) -> None:
        if self._covered:
            return
        may_still_be_wanted = self._from_its_beginning and now <= self.heard_since + self._grace_s
        if sound.carrier is self._trained or self.is_decodable or may_still_be_wanted:
            self._data += sound.octets
