"""Where a call can stand, and what can happen to it."""

from __future__ import annotations

from enum import Enum

from faxmodem.t30.fcf import Fcf
from faxmodem.t30.transitions import Phase


class State(Enum):
    """The states of a session: `(name, phase)`. What a state does on entry stands beside its moves."""

    IDLE = ("idle", Phase.A)
    DIALING = ("dialling", Phase.A)
    ANSWERING = ("answering", Phase.A)

    # the station that has the document
    AWAIT_DIS = ("waiting for DIS", Phase.B)
    CHOOSING = ("choosing how to send", Phase.B)
    SENDING_DCS = ("sending DCS", Phase.B)
    SENDING_TCF = ("sending TCF", Phase.B)
    AWAIT_CFR = ("waiting for CFR", Phase.B)
    SENDING_PAGE = ("sending a page", Phase.C)
    SENDING_COMMAND = ("sending a post-message command", Phase.D)
    AWAIT_CONFIRMATION = ("waiting for the confirmation of a page", Phase.D)

    # the same, with error correction
    SENDING_BLOCK = ("sending a block", Phase.C)
    SENDING_PPS = ("sending PPS", Phase.D)
    AWAIT_BLOCK_ANSWER = ("waiting for the confirmation of a block", Phase.D)
    SENDING_RR = ("sending RR", Phase.D)
    AWAIT_READY = ("waiting for a busy receiver", Phase.D)
    SENDING_CTC = ("sending CTC", Phase.D)
    AWAIT_CTR = ("waiting for CTR", Phase.D)
    SENDING_EOR = ("sending EOR", Phase.D)
    AWAIT_ERR = ("waiting for ERR", Phase.D)

    # the station that wants the document
    SENDING_DIS = ("sending DIS", Phase.B)
    SENDING_DTC = ("sending DTC", Phase.B)
    AWAIT_DCS = ("waiting for DCS", Phase.B)
    RECEIVING_TCF = ("receiving TCF", Phase.B)
    SENDING_CFR = ("sending CFR", Phase.B)
    SENDING_FTT = ("sending FTT", Phase.B)
    RECEIVING_PAGE = ("receiving a page", Phase.C)
    AWAIT_COMMAND = ("waiting for a post-message command", Phase.D)
    STORING_PAGE = ("storing a page", Phase.D)
    SENDING_ANSWER = ("answering a post-message command", Phase.D)
    AWAIT_DCN = ("waiting for DCN", Phase.E)

    # the same, with error correction
    RECEIVING_BLOCK = ("receiving a block", Phase.C)
    AWAIT_PPS = ("waiting for PPS", Phase.D)
    STORING_BLOCK = ("storing a block", Phase.D)
    ANSWERING_PPS = ("answering PPS", Phase.D)
    SENDING_RNR = ("sending RNR", Phase.D)
    AWAIT_RR = ("waiting for RR", Phase.D)

    # a modem that runs T.30 itself, beside states of the same name above
    IDENTIFYING = ("identifying the far end", Phase.B)
    NEGOTIATING = ("negotiating and training", Phase.B)
    BEGINNING_PAGE = ("beginning a page", Phase.C)
    ENDING_PAGE = ("ending a page", Phase.D)
    AWAITING_PAGE = ("waiting for a page", Phase.B)
    AWAITING_NEXT_PAGE = ("waiting for the next page", Phase.C)
    ANSWERING_PAGE = ("answering a page", Phase.D)
    AWAITING_RELEASE = ("waiting for the end of the session", Phase.E)

    # both
    SENDING_DCN = ("sending DCN", Phase.E)
    HANGING_UP = ("hanging up", Phase.E)
    ENDED = ("ended", Phase.E)

    def __init__(self, label: str, phase: Phase) -> None:
        self.label = label
        self.phase = phase


LISTENING = frozenset(
    {
        State.AWAIT_DIS,
        State.AWAIT_CFR,
        State.AWAIT_CONFIRMATION,
        State.AWAIT_DCS,
        State.AWAIT_COMMAND,
        State.AWAIT_DCN,
        State.AWAIT_BLOCK_ANSWER,
        State.AWAIT_READY,
        State.AWAIT_CTR,
        State.AWAIT_ERR,
        State.AWAIT_PPS,
        State.AWAIT_RR,
    }
)
"States in which the modem listens for V.21 frames: here any frame may come."

PAGE_LEVEL = frozenset(
    {
        State.IDENTIFYING,
        State.NEGOTIATING,
        State.BEGINNING_PAGE,
        State.ENDING_PAGE,
        State.AWAITING_PAGE,
        State.AWAITING_NEXT_PAGE,
        State.ANSWERING_PAGE,
        State.AWAITING_RELEASE,
    }
)
"States that only a modem knows which runs T.30 itself."

CONNECTED = (
    frozenset(state for state in State if state.phase is not Phase.A)
    - {State.SENDING_DCN, State.HANGING_UP, State.ENDED}
    - PAGE_LEVEL
)
"States in which a call is up and not yet being released, with a modem that leaves T.30 to us."


class Signal(Enum):
    """What can happen to a session. Frames bear the names of their FCF."""

    DIS = "DIS"
    DTC = "DTC"
    DCS = "DCS"
    CFR = "CFR"
    FTT = "FTT"
    MPS = "MPS"
    EOM = "EOM"
    EOP = "EOP"
    PRI_MPS = "PRI_MPS"
    PRI_EOM = "PRI_EOM"
    PRI_EOP = "PRI_EOP"
    MCF = "MCF"
    RTN = "RTN"
    RTP = "RTP"
    PIN = "PIN"
    PIP = "PIP"
    DCN = "DCN"
    CRP = "CRP"
    PPS = "PPS"
    PPR = "PPR"
    RNR = "RNR"
    RR = "RR"
    CTC = "CTC"
    CTR = "CTR"
    EOR = "EOR"
    ERR = "ERR"
    OTHER_FRAME = "another frame"
    "Identification (CSI, TSI, NSF ...), which is noted as it comes, and frames of procedures that are not ours."
    ECHO = "our own frame"
    "The frame that we sent last comes back from the line."

    DAMAGED = "damaged frame"
    FLAGS = "flags"
    CONNECTED = "connected"
    NOT_CONNECTED = "not connected"
    SENT = "sent"
    NO_CARRIER = "no carrier"
    WRONG_CARRIER = "wrong carrier"
    CHOSEN = "parameters chosen"
    PAGE_SENT = "page sent"
    BLOCK_SENT = "block sent"
    TRAINED = "good TCF"
    UNTRAINED = "bad TCF"
    PAGE_RECEIVED = "page received"
    BLOCK_RECEIVED = "block received"
    BLOCK_STORED = "block stored"
    PAGE_STORED = "page stored"
    MOVED = "bytes moved"
    PAGE_BEGUN = "page begun"
    RELEASED = "session ended by the modem"
    LINE_LOST = "line lost"
    FAILED = "failed"
    HUNG_UP = "on hook"

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"
    T4 = "T4"
    T5 = "T5"
    BUSY = "busy"
    STEP = "step limit"
    PROGRESS = "progress limit"
    CALL = "call limit"

    CANCEL = "cancel"


_BY_FCF = {fcf: Signal[fcf.name] for fcf in Fcf if fcf.name in Signal.__members__}


def signal_of(fcf: Fcf | None) -> Signal:
    """The signal that a frame is for the session."""
    return _BY_FCF.get(fcf, Signal.OTHER_FRAME) if fcf is not None else Signal.OTHER_FRAME


FRAME_SIGNALS = frozenset(_BY_FCF.values()) | {Signal.OTHER_FRAME, Signal.ECHO}
