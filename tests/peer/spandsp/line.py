"""The telephone line between two parties as audio: blocks of 20 ms both ways, spoiled as a test wants, from a seed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tests.peer.spandsp.library import BLOCK, BLOCK_S, Samples

if TYPE_CHECKING:
    from ctypes import Array, c_int16

Audio = NDArray[np.int16]

FULL_SCALE_DBM0: Final = 3.14 + 3.02
"Of a constant 32768, with a full-scale sine at 3.14 dBm0 (G.711)."


class Party(Protocol):
    """Who is on the telephone."""

    def speak(self, block: Array[c_int16]) -> None:
        """Fill a block with what this party sends next."""
        ...

    def listen(self, block: Array[c_int16]) -> None:
        """Take what has arrived."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairments:
    """What one direction of the line does to what crosses it. Nothing at all, unless told."""

    attenuation_db: float = 0.0
    noise_dbm0: float | None = None
    "Gaussian; a modem sends at about -14 dBm0, and takes anything below some -40 dBm0 for silence."
    delay_s: float = 0.0
    "In steps of 20 ms."
    loss_share: float = 0.0
    "Of the blocks that are lost."
    conceal: bool = True
    "In place of a lost block the one before it is heard again, as packet networks do; else silence."
    loss_burst: float = 1.0
    "Blocks that are lost one after the other, in the mean."
    echo_db: float | None = None
    "How much weaker than sent a party hears itself."
    echo_delay_s: float = 0.04
    from_s: float = 0.0
    "Noise and losses begin at this time of the call."

    @property
    def clean(self) -> bool:
        """True if everything arrives at once and as it was sent."""
        return self == _CLEAN


_CLEAN: Final = Impairments()


@dataclass(slots=True)
class Way:
    """One direction of the line."""

    impairments: Impairments = _CLEAN
    dice: np.random.Generator = field(default_factory=np.random.default_rng)
    snr_db: float | None = None
    "Noise that comes and goes with the signal, so much weaker; may be changed at any time."
    _losing: bool = False
    _heard_before: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BLOCK))
    _under_way: deque[Audio] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._under_way.extend(_silence() for _ in range(_blocks(self.impairments.delay_s)))

    def carry(self, sent: Audio, echo: Audio, now: float) -> Audio | None:
        """What arrives when `sent` is sent and `echo` comes back; None: `sent` itself."""
        how = self.impairments
        if how.clean and self.snr_db is None:
            return None
        signal = sent.astype(np.float64) * 10 ** (-how.attenuation_db / 20)
        if how.echo_db is not None:
            signal += echo * 10 ** (-how.echo_db / 20)
        if now >= how.from_s:
            if self._lost():
                signal = self._heard_before if how.conceal else np.zeros(BLOCK)
            self._heard_before = signal.copy()
            if how.noise_dbm0 is not None:
                signal += self._noise(32768 * 10 ** ((how.noise_dbm0 - FULL_SCALE_DBM0) / 20))
        if self.snr_db is not None:
            signal += self._noise(float(np.sqrt(np.mean(signal**2))) * 10 ** (-self.snr_db / 20))
        self._under_way.append(np.clip(np.rint(signal), -32768, 32767).astype(np.int16))
        return self._under_way.popleft()

    def _noise(self, level: float) -> NDArray[np.float64]:
        return self.dice.standard_normal(BLOCK) * level

    def _lost(self) -> bool:
        """Whether this block is lost: a Markov chain of two states."""
        how = self.impairments
        if how.loss_share == 0.0:
            return False
        stay = 1 - 1 / how.loss_burst
        begin = (1 - stay) * how.loss_share / (1 - how.loss_share)
        self._losing = bool(self.dice.random() < (stay if self._losing else begin))
        return self._losing


class AudioLine:
    """Two parties on one line."""

    def __init__(
        self, a: Party, b: Party, *, a_to_b: Impairments = _CLEAN, b_to_a: Impairments = _CLEAN, seed: int = 0
    ) -> None:
        self.time_s = 0.0
        "For how long they have been connected."
        self.to_a, self.to_b = (
            Way(impairments, np.random.default_rng((seed, number)))
            for number, impairments in enumerate((b_to_a, a_to_b))
        )
        self._a = _End(a, _blocks(b_to_a.echo_delay_s))
        self._b = _End(b, _blocks(a_to_b.echo_delay_s))

    def step(self) -> None:
        """Let 20 ms pass."""
        a, b = self._a, self._b
        a.party.speak(a.block)
        b.party.speak(b.block)
        to_a = self.to_a.carry(b.sent, a.echo(), self.time_s)
        to_b = self.to_b.carry(a.sent, b.echo(), self.time_s)
        self.time_s += BLOCK_S
        a.party.listen(b.block if to_a is None else _as_block(to_a))
        b.party.listen(a.block if to_b is None else _as_block(to_b))


class _End:
    """One party, with what it sends at present."""

    def __init__(self, party: Party, echo_blocks: int) -> None:
        self.party = party
        self.block = Samples()
        self.sent: Audio = np.frombuffer(memoryview(self.block), dtype=np.int16)
        self._sent_before = deque((_silence() for _ in range(echo_blocks)), maxlen=echo_blocks)

    def echo(self) -> Audio:
        """What was sent some time ago."""
        if not self._sent_before:
            return self.sent
        oldest = self._sent_before[0]
        self._sent_before.append(self.sent.copy())
        return oldest


def _blocks(seconds: float) -> int:
    return round(seconds / BLOCK_S)


def _silence() -> Audio:
    return np.zeros(BLOCK, dtype=np.int16)


def _as_block(audio: Audio) -> Any:  # noqa: ANN401 - ctypes' own array types are made when the program runs
    return Samples.from_buffer(audio.data)
