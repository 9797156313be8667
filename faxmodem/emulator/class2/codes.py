"""With which code a session ends, by what went wrong and where. T.32 (08/95) §8.5.2.8 table 27; SP-2388-A §8.4.3.

Class 2 tells them in decimal, 2.0 and 2.1 in two hexadecimal digits; those above 99 are A0 to A3 there.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome

ABORTED: Final = 2
"By +FK, +FKS or CAN, or because the DTE did not say in time how to go on."
CANNOT_POLL: Final = 21
LATE_COMMAND: Final = 50
"Class 2: the DTE did not say what follows the page; EOP was sent for it."
LATE_RECEPTION: Final = 90
OVERFLOW: Final = 93

_OF_2_0: Final = {94: "92", 100: "A0", 101: "A1", 102: "A2", 103: "A3"}


class Where(Enum):
    """Where in a session something happened: `(what is unspecified there)`."""

    SETTING_UP = 10
    SENDER_B = 20
    SENDER_C = 40
    SENDER_D = 50
    RECEIVER_B = 70
    RECEIVER_C = 90
    RECEIVER_D = 100

    @property
    def sends(self) -> bool:
        """This station has the document."""
        return self in (Where.SENDER_B, Where.SENDER_C, Where.SENDER_D)


_ANYWHERE: Final = {Outcome.OK: 0, Outcome.CANCELED: ABORTED, Outcome.INCOMPATIBLE: 21, Outcome.TRAINING_FAILED: 27}
_NO_RESPONSE_TO: Final = {Fcf.MPS: 52, Fcf.EOP: 54, Fcf.EOM: 56}
_HERE: Final = {
    (Where.SETTING_UP, Outcome.NO_ANSWER): 11,
    (Where.SETTING_UP, Outcome.NOT_A_FAX): 11,
    (Where.SENDER_B, Outcome.NOT_A_FAX): 11,
    (Where.SENDER_B, Outcome.FAR_END_DISCONNECTED): 22,
    (Where.SENDER_B, Outcome.NO_RESPONSE): 25,
    (Where.SENDER_D, Outcome.FAR_END_DISCONNECTED): 51,
    (Where.RECEIVER_B, Outcome.NOT_A_FAX): 1,
    (Where.RECEIVER_B, Outcome.TRAINING_FAILED): 70,
    (Where.RECEIVER_B, Outcome.FAR_END_DISCONNECTED): 72,
    (Where.RECEIVER_B, Outcome.PROTOCOL_ERROR): 72,
    (Where.RECEIVER_C, Outcome.NO_COMMAND): 73,
    (Where.RECEIVER_C, Outcome.PAGE_REFUSED): 94,
    (Where.RECEIVER_D, Outcome.PAGE_REFUSED): 94,
    (Where.RECEIVER_D, Outcome.FAR_END_DISCONNECTED): 102,
}
_NOTHING_TO_POLL: Final = {True: 21, False: 23}
"Of a station that calls, and of one that is called."


def code_of(outcome: Outcome, where: Where, *, calling: bool, command: Fcf | None, after_eom: bool) -> int:
    """The code in the numbers of Class 2.

    `command`: the last post-page command. `after_eom`: it was EOM, and was answered.
    """
    if outcome is Outcome.NOTHING_TO_POLL:
        return 0 if command is Fcf.EOP else _NOTHING_TO_POLL[calling]
    if outcome is Outcome.NO_RESPONSE and where is Where.SENDER_D and command in _NO_RESPONSE_TO:
        return _NO_RESPONSE_TO[command]
    if outcome in (Outcome.NO_RESPONSE, Outcome.NOT_A_FAX) and where is Where.RECEIVER_B and after_eom:
        return 74
    return _HERE.get((where, outcome), _ANYWHERE.get(outcome, where.value))


def written(code: int, *, hexadecimal: bool) -> str:
    """The code as +FHNG: or +FHS: tells it."""
    return _OF_2_0.get(code, f"{code:02d}") if hexadecimal else str(code)
