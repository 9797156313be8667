"""What goes wrong on the telephone line: records that say it, and the dice that do it.

Every fault may be narrowed to what one `sender` (a number) puts on the line, and to one `call` (0 is the first that
is answered on this line). Times are seconds after the answer, unless the record says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final, TypeVar


class Fate(Enum):
    """What becomes of a frame of V.21 or of V.34's control channel."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    "Bits are flipped; the FCS does not fit."
    LOST = "lost"
    "The receiver does not notice that there was a frame."
    REPEATED = "repeated"
    "It arrives twice, as when a relay on the way sends it again."


class Refused(Enum):
    """Why a call does not come about."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    "The far telephone does not even ring; the caller hears that it does."
    NO_DIAL_TONE = "no_dial_tone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What all faults have: whose signal suffers, and in which call. None: everyone's, in every call."""

    sender: str | None = None
    call: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BitErrors(Fault):
    """Bits of fast carriers are flipped, each with probability `share`; so are those of V.34's primary channel."""

    share: float
    from_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFault(Fault):
    """Frames number `nth` (0 is the sender's first in the call), or a `share` of all, meet `fate`.

    Those of V.21 and of V.34's control channel count.
    """

    fate: Fate
    nth: tuple[int, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Fault):
    """Nothing of the sender's signals gets across for `duration_s`; for ever if not given.

    `at_s`: after the beginning of the sender's carrier number `carrier` (0 is the first, tones do not count),
    or after the answer if that is None. A gap after a carrier's beginning ends with that carrier.
    """

    at_s: float = 0.0
    duration_s: float = math.inf
    carrier: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(Fault):
    """The exchange drops the call: `at_s` after the answer, or after the sender's carrier number `carrier` begins."""

    at_s: float = 0.0
    carrier: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(Fault):
    """The sender hears its own V.21 signals again, `delay_s` later."""

    delay_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BitOffset(Fault):
    """Octets arrive shifted by `bits` (1 to 7): fast carriers carry bits, and a receiver need not cut where we did."""

    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoV8(Fault):
    """What the sender says in V.8 is not understood: V.34 does not come about, the call goes on in V.21."""


@dataclass(frozen=True, slots=True, kw_only=True)
class V34Limit(Fault):
    """V.34's primary channel from the sender bears no more than `rate_bps`; found out when a channel comes up."""

    rate_bps: int
    from_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Fault):
    """Calls that `sender` tries do not come about: the first `attempts`, or all of them."""

    refused: Refused
    attempts: int | None = None


F = TypeVar("F", bound=Fault)


class Impairments:
    """The faults of one line at work. The same seed and the same events give the same harm."""

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self._faults: Final = tuple(faults)
        # One stream of random numbers a fault: adding a fault leaves the harm that the others do as it was.
        self._dice: Final = [Random(f"{seed}/{place}") for place in range(len(self._faults))]  # noqa: S311

    def refusal(self, caller: str, attempt: int) -> Refused | None:
        """Why `caller`'s call number `attempt` (0 is the first) must fail, if it must."""
        for fault in self._faults:
            if not isinstance(fault, Refusal) or fault.sender not in (None, caller):
                continue
            if fault.attempts is None or attempt < fault.attempts:
                return fault.refused
        return None

    def frame(self, call: int, sender: str, nth: int) -> Fate:
        """What becomes of the sender's frame number `nth` of this call; the first fault that bites decides."""
        fates = [
            fault.fate
            for fault, dice in self._of(FrameFault, call, sender)
            if nth in fault.nth or (fault.share > 0 and dice.random() < fault.share)
        ]
        return fates[0] if fates else Fate.WHOLE

    def gaps(self, call: int, sender: str, carrier: int, began_s: float) -> list[tuple[float, float]]:
        """When nothing of this carrier gets across, as `(from, until)` in seconds after the answer, sorted."""
        starts = [
            (fault.at_s if fault.carrier is None else began_s + fault.at_s, fault.duration_s)
            for fault, _ in self._of(Gap, call, sender)
            if fault.carrier in (None, carrier)
        ]
        return sorted((start, start + duration) for start, duration in starts)

    def hang_up(self, call: int, sender: str, carrier: int) -> float | None:
        """How long after the beginning of this carrier the call is dropped."""
        return min((f.at_s for f, _ in self._of(HangUp, call, sender) if f.carrier == carrier), default=None)

    def call_limit(self, call: int) -> float | None:
        """How long after its answer the call is dropped, whoever sends."""
        return min((f.at_s for f, _ in self._of(HangUp, call, None) if f.carrier is None), default=None)

    def echo(self, call: int, sender: str) -> float | None:
        """After how long the sender hears itself."""
        return min((fault.delay_s for fault, _ in self._of(Echo, call, sender)), default=None)

    def bit_offset(self, call: int, sender: str) -> int:
        """By how many bits octets of fast carriers are shifted."""
        return sum(fault.bits for fault, _ in self._of(BitOffset, call, sender)) % 8

    def hides_v8(self, call: int, sender: str) -> bool:
        """Whether the sender's CM, JM and CJ are not understood."""
        return any(True for _ in self._of(NoV8, call, sender))

    def v34_limit(self, call: int, sender: str, at_s: float) -> float:
        """The most that V.34's primary channel bears from the sender, `at_s` after the answer."""
        limits = (f.rate_bps for f, _ in self._of(V34Limit, call, sender) if f.from_s <= at_s < f.until_s)
        return min(limits, default=math.inf)

    def data(self, call: int, sender: str, at_s: float, octets: bytes) -> bytes:
        """`octets` of a fast carrier with the bit errors that they meet `at_s` after the answer."""
        for fault, dice in self._of(BitErrors, call, sender):
            if fault.from_s <= at_s < fault.until_s:
                octets = _flip_some(octets, fault.share, dice)
        return octets

    def damage(self, octets: bytes) -> bytes:
        """A frame with an octet spoilt past recognition, its last before the FCS."""
        place = max(0, len(octets) - 3)
        return octets[:place] + bytes([octets[place] ^ 0x5A]) + octets[place + 1 :]

    def _of(self, kind: type[F], call: int, sender: str | None) -> Iterator[tuple[F, Random]]:
        for fault, dice in zip(self._faults, self._dice, strict=True):
            ours = sender is None or fault.sender in (None, sender)
            if isinstance(fault, kind) and ours and fault.call in (None, call):
                yield fault, dice


def _flip_some(octets: bytes, share: float, dice: Random) -> bytes:
    """Flip each bit with probability `share`: by the distance to the next error, which is cheap on a good line."""
    if share <= 0.0:
        return octets
    flipped = bytearray(octets)
    bit = _distance(share, dice)
    while bit < 8 * len(flipped):
        flipped[bit // 8] ^= 1 << bit % 8
        bit += 1 + _distance(share, dice)
    return bytes(flipped)


def _distance(share: float, dice: Random) -> int:
    """How many good bits come before the next bad one."""
    return int(math.log(1.0 - dice.random()) / math.log1p(-share)) if share < 1.0 else 0
