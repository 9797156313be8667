"""The timers of T.30, and this project's own limits above them.

T.30 (09/2005) §5.4.3 unless another source is named. All values are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Timer(Enum):
    """A timer that a session may have running.

    T3 waits for an operator, and none is here; T6 to T8 belong to the ISDN (Annex C).
    """

    T0 = "T0"
    "Dialling is done; the far end has not answered yet."
    T1 = "T1"
    "Two stations try to identify each other."
    T2 = "T2"
    "A receiver waits for a command."
    T4 = "T4"
    "A station waits for the response to its command."
    T5 = "T5"
    "The receiver of a block is busy (RNR)."
    BUSY = "busy"
    "Our own disk is slow: before the sender gives up waiting it is told so (RNR)."
    STEP = "step"
    "One action of the modem: our own bound, where T.30 has none because it thinks of a machine that works."
    PROGRESS = "progress"
    "Nothing has moved forward: no page bytes, no confirmed or stored page."
    CALL = "call"
    "The whole call."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each wait lasts and how often a command is repeated."""

    t0_s: float = 65.0
    "60 +-5 s. The modem's own limit (S7) is set below it, so that its BUSY or NO ANSWER comes first."
    t1_s: float = 35.0
    "35 +-5 s."
    t2_s: float = 6.0
    "6 +-1 s."
    t4_s: float = 3.0
    "3.0 s +-15 % for automatic stations."
    t5_s: float = 60.0
    "60 +-5 s (§A.5.4.1)."
    busy_s: float = 1.5
    "How long a receiver of blocks may be silent about one; with the time of RNR this stays below T4."
    dis_wait_s: float = 3.4
    """T4 once more, for the response to DIS, at the long end of its tolerance. With equal waits at both ends a DIS that
    is repeated can meet the DCS that is repeated, and meet it again."""
    flagged_s: float = 5.0
    "From the first flag to the end of the frame: a preamble of 1 s +-15 % and a frame of at most 3 s +-15 % (§5.3.1)."
    tcf_wait_s: float = 4.5
    """From the end of DCS to the end of the training check: silence, the longest training, 1.5 s, and slow modems. The
    sender's DCS comes again T4 after its TCF, 5.5 s after the first at the earliest; our FTT must be out by then."""
    tcf_rest_s: float = 3.0
    "A TCF that has begun goes on for 1.5 s +-10 %, and the modem may hold back what it has of it."
    quiet_s: float = 9.0
    """How long a sender may be silent that has sent a DCS or TCF we could not read: TCF, T4, and the flags of the next
    DCS. Whatever we sent sooner would meet that."""
    tries: int = 3
    "How often a command is sent before the call is given up (§5.4.2)."
    page_tries: int = 3
    "How often one page is sent when the receiver refuses it."
    block_tries: int = 4
    "How often frames of one block are asked for (PPR) until its sender changes something (§A.4.1: CTC or EOR)."
    trainings: int = 12
    "How many trainings in a row may fail: more than there are rates, for a sender that stays at one."
    step_s: float = 60.0
    "One action of the modem that is bounded by the length of a frame: dial tone aside, none takes this long."
    progress_s: float = 180.0
    "A page that moves resets it. Between two pages fit T1 and a training at each rate, with room for repeats."
    call_s: float = 3 * 3600.0
    "Some 200 dense pages at 14400 bit/s, and a bound on the bill."

    def told_late(self, seconds: float) -> Limits:
        """The same, for a modem that tells so much later than others that an answer has begun."""
        return replace(self, t4_s=self.t4_s + seconds, dis_wait_s=self.dis_wait_s + seconds)
