"""What one firmware does in its own way, where the standard leaves a choice or modems take one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Final

from faxmodem.emulator.signals import FAST_CODES
from faxmodem.modem.profile import Profile, Step
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Flow

_STALL_S: Final = 2.0
"For how long, in real time, a program may not come to run on a busy machine."

_IDENTITY: Final = MappingProxyType(
    {
        "ATI0": ("14400",),
        "ATI3": ("faxmodem emulated DCE",),
        "+FMI?": ("faxmodem",),
        "+FMM?": ("Emulated fax DCE",),
        "+FMR?": ("1",),
        "+GMI": ("faxmodem",),
        "+GMM": ("Emulated fax DCE",),
        "+GMR": ("1",),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DceSettings:
    """The behaviour of an emulated DCE. Times in seconds; the defaults are those of a strict T.31 modem."""

    identity: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _IDENTITY)
    """The lines that answer ATI0 to ATI9, and +FMI, +GMR and their like with or without a question mark. Of those that
    are not here, the former are answered by OK alone and the latter by ERROR."""

    classes: tuple[str, ...] = ("0", "1", "1.0")
    "Those that +FCLASS takes."
    listed: tuple[str, ...] = ()
    "Those that +FCLASS=? tells; none: all that it takes."
    transmits: tuple[int, ...] = FAST_CODES
    "Values that +FTM takes."
    receives: tuple[int, ...] = FAST_CODES
    "Values that +FRM takes."

    takes_v34: bool = True
    "Knows +F34, by which the DTE turns V.34 on in class 1.0. T.31 (08/95) Amd 1 §B.6.1."

    baud: int | None = None
    "The only rate of its port in bit/s; None: it recognises that of the DTE."
    flow: Flow = Flow.XONXOFF
    "Flow control after a reset."
    transmit_buffer: int = 1024
    "Octets from the DTE that are held; above three quarters of this the DTE is asked to stop."
    receive_buffer: int = 8192
    "Octets of fast carriers that are held while the DTE does not take them; what comes beyond is lost."

    result_latency_s: float = 0.01
    "From the moment when a result is known until its first character goes out."
    connect_when_training: bool = True
    "+FTM: CONNECT as the training begins, not when it ends."
    connect_when_flagging: bool = False
    "+FTH: CONNECT as the preamble begins, not when it ends."
    hold_final_ok: bool = True
    "+FRH: the OK for a final frame waits until the far carrier is off."
    fcs_delivered: bool = True
    "+FRH: the two octets of the FCS reach the DTE."
    frame_queue: int = 1
    "How many V.21 frames that come while no +FRH is active are kept."
    dte_silence_s: float = 5.0
    "How long the DTE may send nothing after +FTM and +FTH. T.31 (08/95) §8.3.3 and §8.3.5."
    starving_s: float = 0.0
    "+FTM: how long a DTE may be late with data in the middle of them, unnoticed by the line."
    training_grace_s: float = 0.05
    "How much of a training +FRM may miss."
    reports_idle_hang_up: bool = True
    "NO CARRIER when the far end hangs up although no action is under way."

    dial_tone_s: float = 0.5
    digit_s: float = 0.1
    answer_silence_s: float = 0.2
    ced_s: float = 2.6
    ansam_s: float = 4.0
    "How long a DCE that is to use V.34 invites to V.8; answered by nobody, that was the CED."
    v34_start_up_s: float = 3.5
    "From V.8 until the control channel is up: probing, training and settling the rates. V.34 §12."
    v34_loss_s: float = 3.0
    "For how long a V.34 session survives without the far end's carrier."
    after_ced_s: float = 0.075
    preamble_s: float = 1.0
    turn_off_s: float = 0.02
    "How long a fast carrier sends ones after the data before it is off; the far end cannot tell them from data."
    slice_s: float = 0.2
    "Data of fast carriers cross the line in slices of this length."

    quirks: Mapping[Quirk, float] = field(default_factory=dict)
    "What this firmware does in its own way, each with its measure; 0 where a quirk has none."

    unblock: frozenset[str] = frozenset()
    "The commands, as ATS40=7, after which a number may be dialled again that `Quirk.DIAL_BLOCKING` keeps from it."
    commands: Mapping[str, Flow | None] = field(default_factory=dict)
    "Commands that no other DCE need have, as AT&H1, with the flow control that they choose, if they do."

    @classmethod
    def of_profile(cls, profile: Profile) -> DceSettings:
        """A DCE that behaves as the profile says of its firmware."""
        listed = profile.classes.listed
        taken = listed + tuple(name for name in profile.classes.prefer if name not in listed)
        settings = cls(
            classes=taken if "0" in taken else ("0", *taken),
            listed=listed,
            takes_v34=profile.at.v34 is not None,
            quirks={quirk: profile.measure(quirk) for quirk in Quirk if profile.has(quirk)},
            unblock=frozenset(_commands(profile.at.unblock)),
            commands=_own_commands(profile),
        )
        if profile.identity:
            settings = replace(settings, identity=profile.identity)
        if codes := profile.rates:
            settings = replace(settings, transmits=codes.transmits, receives=codes.receives)
        if octets := profile.measure(Quirk.SMALL_BUFFER):
            settings = replace(settings, transmit_buffer=round(octets), connect_when_training=False)
        return settings

    @property
    def loses(self) -> frozenset[Flow]:
        """The kinds of flow control with which data of the DTE are lost."""
        if self.has(Quirk.SMALL_BUFFER):
            return frozenset(Flow)
        broken = {Flow.XONXOFF: Quirk.SOFT_FLOW_BROKEN, Flow.RTSCTS: Quirk.HARD_FLOW_BROKEN}
        return frozenset(flow for flow, quirk in broken.items() if self.has(quirk))

    def has(self, quirk: Quirk) -> bool:
        """Whether this firmware has this quirk."""
        return quirk in self.quirks

    def measure(self, quirk: Quirk) -> float:
        """The quirk's measure; 0 for a firmware that does not have it."""
        return self.quirks.get(quirk, 0.0)

    def paced(self, pace: float) -> DceSettings:
        """The same DCE on a line that runs `pace` times as fast as real time, with programs that do not.

        What a DTE gets to react in is made longer, so that in real time it stays what it was. At real speed a full
        buffer sees the line through a DTE that stalls; here the line may be faster than the DTE can fill one.
        """
        if pace <= 1.0:
            return self
        return replace(
            self,
            transmit_buffer=round(self.transmit_buffer * pace),
            receive_buffer=round(self.receive_buffer * pace),
            frame_queue=round(self.frame_queue * pace),
            dte_silence_s=self.dte_silence_s * pace,
            starving_s=max(self.starving_s, _STALL_S) * pace,
            training_grace_s=self.training_grace_s * pace,
        )


def _own_commands(profile: Profile) -> dict[str, Flow | None]:
    """What the DTE is going to say by this profile, but for what has to do with a call."""
    at, flow = profile.at, profile.flow
    said = _commands((*at.reset, *at.init, *at.configure))
    own: dict[str, Flow | None] = dict.fromkeys((*said, *chain(*at.adaptive.values()), *profile.caller_id.enable))
    for kind, steps in ((Flow.NONE, flow.none), (Flow.XONXOFF, flow.xonxoff), (Flow.RTSCTS, flow.rtscts)):
        own.update(dict.fromkeys(_commands(steps), kind))
    return own


def _commands(steps: Iterable[Step]) -> list[str]:
    return [step.command for step in steps if step.command is not None]
