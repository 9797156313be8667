"""What a modem means by the code with which it ends a session: +FHNG in Class 2, +FHS in 2.0 and 2.1.

SP-2388-A (08/91) has decimal numbers, T.32 (08/95) §8.5.2 two hexadecimal digits; where both have a number
they mean the same by it, but for 100 to 103, which are A0 to A3 there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from faxmodem.t30.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended."""

    code: str
    "As the table has it: two hexadecimal digits, or three decimal ones of a maker's own."
    outcome: Outcome
    sentence: str
    "What happened and, where the outcome's own advice is not to the point, what to try."


_ROWS: Final = (
    # Call placement and termination
    Ending("00", Outcome.OK, "The session ended as it should."),
    Ending("01", Outcome.NOT_A_FAX, "The call was answered after a ring, and no fax signal came."),
    Ending(
        "02",
        Outcome.MODEM_FAILED,
        "The modem took something for an order to abort, or waited in vain for a command or data; check flow control.",
    ),
    Ending("03", Outcome.NO_DIAL_TONE, "No current flows on the telephone line: check its cable."),
    Ending("04", Outcome.NO_ANSWER, "The telephone rang at the other side, and nobody answered."),
    Ending("05", Outcome.NOT_A_FAX, "The call was answered without the tone of a fax machine."),
    # Phase A
    Ending("10", Outcome.NO_ANSWER, "The call was not established, for a reason that the modem does not tell."),
    Ending("11", Outcome.NO_ANSWER, "No fax machine answered within the time that T.30 gives it."),
    # Phase B of the station that sends
    Ending("20", Outcome.NO_RESPONSE, "Before the first page something went wrong that the modem does not tell."),
    Ending("21", Outcome.INCOMPATIBLE, "The other machine can neither receive nor be polled now."),
    Ending("22", Outcome.FAR_END_DISCONNECTED, "The other machine sent no usable command before the page, or left."),
    Ending("23", Outcome.PROTOCOL_ERROR, "The other machine sent a command that fits nothing that was asked of it."),
    Ending("24", Outcome.NO_RESPONSE, "The other machine's answer before the page could not be read."),
    Ending("25", Outcome.NO_RESPONSE, "How the page would be sent was said three times, without an answer."),
    Ending(
        "26", Outcome.NO_RESPONSE, "The other machine repeated its abilities three times: it does not hear this one."
    ),
    Ending("27", Outcome.TRAINING_FAILED, "Training failed down to the lowest speed that is allowed."),
    Ending("28", Outcome.PROTOCOL_ERROR, "The other machine's answer to the training was none that T.30 knows there."),
    # Phase C of the station that sends
    Ending(
        "40",
        Outcome.FAR_END_HUNG_UP,
        "While a page went out the connection was lost, or something failed that the modem does not tell.",
    ),
    Ending(
        "41", Outcome.MODEM_FAILED, "The modem could not read the page that it was given: bytes were lost on the way."
    ),
    Ending("42", Outcome.MODEM_FAILED, "The modem could not convert the page for the other machine."),
    Ending("43", Outcome.MODEM_FAILED, "The modem did not get page data in time; raise the speed of the port."),
    Ending(
        "44", Outcome.MODEM_FAILED, "The modem found an unknown command in the page data; try another flow control."
    ),
    Ending("45", Outcome.MODEM_FAILED, "A line of the page is not as long as was agreed: bytes were lost on the way."),
    Ending("46", Outcome.MODEM_FAILED, "The page is longer than was agreed."),
    Ending("47", Outcome.MODEM_FAILED, "The page is not coded as was agreed."),
    # Phase D of the station that sends
    Ending("50", Outcome.NO_RESPONSE, "After a page something went wrong that the modem does not tell."),
    Ending("51", Outcome.NO_RESPONSE, "The other machine's answer to a page could not be read."),
    Ending("52", Outcome.NO_RESPONSE, "The other machine did not confirm a page, though asked three times (MPS)."),
    Ending("53", Outcome.PROTOCOL_ERROR, "The other machine's answer to a page was none that T.30 knows there (MPS)."),
    Ending(
        "54", Outcome.NO_RESPONSE, "The other machine did not confirm the last page, though asked three times (EOP)."
    ),
    Ending("55", Outcome.PROTOCOL_ERROR, "The other machine's answer to the last page was none that T.30 knows (EOP)."),
    Ending("56", Outcome.NO_RESPONSE, "The other machine did not confirm a document, though asked three times (EOM)."),
    Ending(
        "57", Outcome.PROTOCOL_ERROR, "The other machine's answer to a document was none that T.30 knows there (EOM)."
    ),
    Ending("58", Outcome.PAGE_REFUSED, "Somebody at the other machine asked to talk instead of going on (PIN, PIP)."),
    # Phase B of the station that receives
    Ending("70", Outcome.NO_COMMAND, "Before the first page something went wrong that the modem does not tell."),
    Ending("71", Outcome.NO_COMMAND, "The sender's answer before the page could not be read."),
    Ending("72", Outcome.FAR_END_DISCONNECTED, "The sender's command before the page could not be read, or it left."),
    Ending("73", Outcome.NO_COMMAND, "A page was announced, and did not come."),
    Ending("74", Outcome.NO_COMMAND, "Another document was announced, and did not come."),
    # Phase C of the station that receives
    Ending(
        "90",
        Outcome.FAR_END_HUNG_UP,
        "While a page came something failed that the modem does not tell, or the computer fetched it too late.",
    ),
    Ending("91", Outcome.FAR_END_HUNG_UP, "No line of the page ended for five seconds: the signal was lost."),
    Ending("92", Outcome.FAR_END_HUNG_UP, "A page with error correction came damaged beyond repair."),
    Ending(
        "93",
        Outcome.MODEM_FAILED,
        "Page data came faster than the computer took them; raise the speed of the port.",
    ),
    # Phase D of the station that receives
    Ending("A0", Outcome.NO_COMMAND, "After a page something went wrong that the modem does not tell."),
    Ending("A1", Outcome.PROTOCOL_ERROR, "The sender's answer after a page was none that T.30 knows there."),
    Ending(
        "A2",
        Outcome.FAR_END_DISCONNECTED,
        "The sender left after a page, or gave a command that T.30 does not know there.",
    ),
    Ending("A3", Outcome.FAR_END_DISCONNECTED, "Somebody was asked to talk instead of going on, and nobody did."),
    # Makers' own: LSI
    Ending("12", Outcome.NOT_A_FAX, "A modem answered with V.8's tone, and nothing followed."),
    Ending("13", Outcome.NOT_A_FAX, "A modem answered with its tone, and nothing followed."),
    Ending("14", Outcome.NOT_A_FAX, "V.8 came to its end, and no fax signal followed."),
    Ending("15", Outcome.TRAINING_FAILED, "V.34 was trained, and no fax signal followed; try without V.34."),
    Ending("16", Outcome.TRAINING_FAILED, "V.34 could not be trained; try without V.34."),
    # Agere
    Ending("E0", Outcome.MODEM_FAILED, "The modem got no command for ten seconds."),
    # Everex
    Ending("128", Outcome.TRAINING_FAILED, "The lowest speed allowed is more than the other machine has; lower it."),
    Ending("129", Outcome.INCOMPATIBLE, "The other machine has V.29 only, and this modem was told to do without."),
    Ending("130", Outcome.INCOMPATIBLE, "The other machine cannot receive."),
    Ending("131", Outcome.MODEM_FAILED, "The modem took something for an order to abort; check flow control."),
    Ending("132", Outcome.MODEM_FAILED, "The modem could not convert the page for the other machine."),
    Ending("133", Outcome.INCOMPATIBLE, "The other machine cannot receive now."),
    Ending("134", Outcome.MODEM_FAILED, "The modem waited half a minute for the signal to hand over a page."),
    Ending("135", Outcome.NOTHING_TO_POLL, "The other machine has nothing to be polled."),
)
_ALIASES: Final = {"100": "A0", "101": "A1", "102": "A2", "103": "A3", "94": "92"}
"Class 2's numbers for what T.32 numbers otherwise."

ENDINGS: Final[Mapping[str, Ending]] = {ending.code: ending for ending in _ROWS}

_WHEN_POLLING: Final = {
    "21": Ending("21", Outcome.NOTHING_TO_POLL, "The other machine has no document to be polled."),
}

_GROUPS: Final = {
    "0": (Outcome.MODEM_FAILED, "The call was ended"),
    "1": (Outcome.NO_ANSWER, "The call was not established"),
    "2": (Outcome.NO_RESPONSE, "The two machines did not come to terms before a page could go out"),
    "4": (Outcome.MODEM_FAILED, "A page could not be sent to its end"),
    "5": (Outcome.NO_RESPONSE, "The other machine did not confirm a page"),
    "7": (Outcome.NO_COMMAND, "The two machines did not come to terms before a page could come"),
    "9": (Outcome.FAR_END_HUNG_UP, "A page did not come to its end"),
    "A": (Outcome.NO_COMMAND, "The sender did not say what follows a page"),
}
"By a code's first digit: the phase and the direction."
_NO_GROUP: Final = (Outcome.MODEM_FAILED, "The modem ended the session")


def ending_of(code: str, *, polls: bool = False) -> Ending:
    """What a code means as the modem wrote it; one that no table has goes by its group. `polls`: we asked to poll."""
    name = code.strip().upper()
    name = name.lstrip("0").rjust(2, "0") if name.isdigit() else name
    name = _ALIASES.get(name, name)
    if polls and name in _WHEN_POLLING:
        return _WHEN_POLLING[name]
    if name in ENDINGS:
        return ENDINGS[name]
    group = "A" if name.startswith("10") and len(name) == 3 else name[:1] if len(name) == 2 else ""
    outcome, what = _GROUPS.get(group, _NO_GROUP)
    return Ending(name, outcome, f"{what}; the modem's code for the reason is {code.strip() or 'empty'}.")
