"""What one firmware does in its own way, where the standard leaves a choice or modems take one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from faxmodem.emulator.signals import FAST_CODES
from faxmodem.modem.profile import Profile
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Flow

_STALL_S: Final = 2.0
"For how long, in real time, a program may not come to run on a busy machine."

_INFORMATION: Final = MappingProxyType({0: "14400", 3: "faxmodem emulated DCE", 4: "Class 0, 1, 1.0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DceSettings:
    """The behaviour of an emulated DCE. Times in seconds; the defaults are those of a strict T.31 modem."""

    manufacturer: str = "faxmodem"
    model: str = "Emulated Class 1 DCE"
    revision: str = "1"
    information: Mapping[int, str] = field(default_factory=lambda: _INFORMATION)
    "Answers to ATI0, ATI1, ...; what is not listed is answered by OK alone."

    classes: tuple[str, ...] = ("0", "1", "1.0")
    transmits: tuple[int, ...] = FAST_CODES
    "Values that +FTM takes."
    receives: tuple[int, ...] = FAST_CODES
    "Values that +FRM takes."

    takes_v34: bool = True
    "Knows +F34, by which the DTE turns V.34 on in class 1.0. T.31 (08/95) Amd 1 §B.6.1."

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

    @classmethod
    def of_profile(cls, profile: Profile) -> DceSettings:
        """A DCE that behaves as the profile says of its firmware."""
        return cls(
            classes=profile.classes.listed or ("0", *sorted(profile.classes.prefer)),
            quirks={quirk: profile.measure(quirk) for quirk in Quirk if profile.has(quirk)},
        )

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
