"""What crossed the telephone line: records for tests, logs and pictures. Times are line time in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from faxmodem.emulator.faults import Fate
from faxmodem.emulator.signals import Signal


class Step(Enum):
    """What the exchange saw of a call."""

    DIALLED = "dialled"
    RANG = "rang"
    ANSWERED = "answered"
    REFUSED = "refused"
    HUNG_UP = "hung_up"
    DROPPED = "dropped"
    "A fault ended the call."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep:
    """Something happened to a call."""

    at: float
    who: str
    "The number of the subscriber that did it, or to whom it happened."
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePassed:
    """A frame was sent on V.21 or on V.34's control channel."""

    begin: float
    "When its first bit after the opening flag went out."
    end: float
    who: str
    frame: bytes
    "In link order, without FCS, as it was sent."
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPassed:
    """A tone or a carrier was on the line, and ended."""

    begin: float
    end: float
    who: str
    signal: Signal
    octets: int
    "How much data a fast carrier took, fill included; octets of frames with FCS on V.21 and V.34."


Record = CallStep | FramePassed | SignalPassed
