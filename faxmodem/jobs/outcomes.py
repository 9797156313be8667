"""What each way a call can end means: for people, for a shell script, and for the status of the job.

One table. Exit codes are unique: 0 for success, 10 to 16 the call was not established, 20 to 29 the two machines did
not come to an end, 30 and 31 limits of time, 40 to 43 port and modem, 50 and 51 files, 70 a bug that was caught,
130 canceled. 1 and 2 stay free for what never became a call: an uncaught error and wrong usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faxmodem.jobs.status import JobExtendedStatus, JobStatus, JobType
from faxmodem.t30.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be known about one outcome."""

    outcome: Outcome
    exit_code: int
    "Exit code of a command whose call ended so."
    extended: JobExtendedStatus
    "Extended status of the job; a reception that has pages shows PARTIALLY_RECEIVED instead."
    sentence: str
    "What happened."
    cause: str
    "What is behind it as a rule."
    advice: str
    "What to try."
    retry: bool = True
    "A send job may try again by itself."

    @property
    def code(self) -> str:
        """Stable name for programs."""
        return self.outcome.value


_ROWS = (
    Row(
        Outcome.OK,
        0,
        JobExtendedStatus.CALL_COMPLETED,
        "The fax went through: every page was confirmed.",
        "Both machines did as they should.",
        "Nothing is left to do.",
        retry=False,
    ),
    Row(
        Outcome.BUSY,
        10,
        JobExtendedStatus.BUSY,
        "The line of the other side is busy.",
        "It is in a call, or several senders want it at the same time.",
        "Try again in some minutes.",
    ),
    Row(
        Outcome.NO_ANSWER,
        11,
        JobExtendedStatus.NO_ANSWER,
        "Nobody answered the call.",
        "The other machine is switched off, out of paper, or set to be answered by hand.",
        "Check the number and try again later; some machines need a longer wait for the answer.",
    ),
    Row(
        Outcome.NO_DIAL_TONE,
        12,
        JobExtendedStatus.NO_DIAL_TONE,
        "There is no dial tone on the telephone line.",
        "The cable is loose, another telephone is off hook, or a PBX uses a tone that the modem does not know.",
        "Check the cable; behind a PBX, turn off the wait for a dial tone (ATX3).",
    ),
    Row(
        Outcome.BAD_NUMBER,
        13,
        JobExtendedStatus.BAD_ADDRESS,
        "The modem does not accept the telephone number.",
        "The number is empty, or holds characters or a length that the modem refuses.",
        "Correct the number: digits, and between them only what the modem's manual allows.",
        retry=False,
    ),
    Row(
        Outcome.DELAYED,
        14,
        JobExtendedStatus.CALL_DELAYED,
        "The modem will not call this number again yet.",
        "Calls to it failed too often in a row; national rules make the modem wait.",
        "Wait some minutes to two hours, according to the country, and send again.",
        retry=False,
    ),
    Row(
        Outcome.BLACKLISTED,
        15,
        JobExtendedStatus.CALL_BLACKLISTED,
        "The number is blocked and is not dialed.",
        "The modem blocked it after too many failed calls, or it is reserved, such as an emergency number.",
        "Check the number; when it is right, reset the modem or switch it off and on.",
        retry=False,
    ),
    Row(
        Outcome.NOT_A_FAX,
        16,
        JobExtendedStatus.NOT_FAX_CALL,
        "The other side is not a fax machine.",
        "A person, an answering machine or a data modem is on the line.",
        "Check the number by calling it from a telephone: a fax machine answers with a whistle.",
    ),
    Row(
        Outcome.FAR_END_HUNG_UP,
        20,
        JobExtendedStatus.DISCONNECTED,
        "The connection broke off before the last page was confirmed.",
        "The other side hung up, or the line was cut.",
        "Try again; when it breaks at the same place each time, lower the speed.",
    ),
    Row(
        Outcome.FAR_END_DISCONNECTED,
        21,
        JobExtendedStatus.DISCONNECTED,
        "The other machine ended the call by itself (DCN).",
        "It is out of paper or memory, somebody pressed stop, or it did not like what it was offered.",
        "Try again; ask the other side what its machine shows.",
    ),
    Row(
        Outcome.INCOMPATIBLE,
        22,
        JobExtendedStatus.FATAL_ERROR,
        "The two machines have no common way to transfer a page.",
        "The other machine has no receiver, only modes that this side lacks, or no subaddresses.",
        "Allow every speed, leave out a subaddress that it may not know, and try again.",
    ),
    Row(
        Outcome.NOTHING_TO_POLL,
        23,
        JobExtendedStatus.FATAL_ERROR,
        "A document was to be fetched by polling, and there is none.",
        "One of the machines is set to polling, and the other holds no document for it.",
        "To fetch one, ask the other side to lay it ready for polling; to send or receive as usual, turn polling off.",
        retry=False,
    ),
    Row(
        Outcome.POLL_REFUSED,
        29,
        JobExtendedStatus.FATAL_ERROR,
        "The document that was to be fetched by polling is not given to this caller.",
        "Its password, or the selector of the document, is wrong or missing.",
        "Ask whoever holds the document for its password and its selector.",
        retry=False,
    ),
    Row(
        Outcome.TRAINING_FAILED,
        24,
        JobExtendedStatus.FATAL_ERROR,
        "No speed works on this line: every training failed.",
        "The line is noisy, or voice over IP distorts the modem tones.",
        "Try again; use another line, or a slower highest speed from the start.",
    ),
    Row(
        Outcome.NO_RESPONSE,
        25,
        JobExtendedStatus.FATAL_ERROR,
        "The other machine does not respond any more.",
        "A command was sent three times without an answer: the line became too bad or the machine is stuck.",
        "Try again at a lower speed.",
    ),
    Row(
        Outcome.PAGE_REFUSED,
        26,
        JobExtendedStatus.FATAL_ERROR,
        "A page was refused as unreadable, again and again.",
        "Noise on the line damages the picture.",
        "Send at a lower speed, or over another line.",
    ),
    Row(
        Outcome.NO_COMMAND,
        27,
        JobExtendedStatus.DISCONNECTED,
        "The sender fell silent in the middle of the call.",
        "It hung up without a word, or the line became too bad.",
        "Ask the sender to try again.",
    ),
    Row(
        Outcome.PROTOCOL_ERROR,
        28,
        JobExtendedStatus.FATAL_ERROR,
        "The other machine did something that the fax protocol does not foresee.",
        "Its program has a fault, or damaged signals were taken for others.",
        "Try again; when it stays so, report it with a recording of the session.",
    ),
    Row(
        Outcome.STALLED,
        30,
        JobExtendedStatus.FATAL_ERROR,
        "Nothing moved any more, and the call was given up.",
        "The modem or the other machine hangs.",
        "Try again; when it stays so, switch the modem off and on.",
    ),
    Row(
        Outcome.TOO_LONG,
        31,
        JobExtendedStatus.FATAL_ERROR,
        "The call took longer than it may, and was ended.",
        "The document is very long, or the speed very low.",
        "Send fewer pages in one call, use the standard resolution, or raise the limit.",
    ),
    Row(
        Outcome.PORT_UNAVAILABLE,
        40,
        JobExtendedStatus.LINE_UNAVAILABLE,
        "The serial port cannot be opened.",
        "The name is wrong, the modem is not plugged in, another program holds it, or permission is missing.",
        "Check the name of the port, close other programs, and see that you may use serial ports (group dialout).",
    ),
    Row(
        Outcome.PORT_LOST,
        41,
        JobExtendedStatus.LINE_UNAVAILABLE,
        "The serial port vanished during the call.",
        "The modem was unplugged, or its USB connection failed.",
        "Plug the modem in, at best without a hub, and try again.",
    ),
    Row(
        Outcome.MODEM_NOT_FOUND,
        42,
        JobExtendedStatus.LINE_UNAVAILABLE,
        "No fax modem of a known kind answers at the port.",
        "The port belongs to another device, the modem is off, or it lacks fax class 1.",
        "Check the port with the probe command, and switch the modem off and on.",
    ),
    Row(
        Outcome.MODEM_FAILED,
        43,
        JobExtendedStatus.FATAL_ERROR,
        "The modem stopped working in the middle of the call.",
        "Its firmware hangs, or bytes were lost between computer and modem.",
        "Switch the modem off and on; check flow control and the speed of the port.",
    ),
    Row(
        Outcome.DOCUMENT_FAILED,
        50,
        JobExtendedStatus.FATAL_ERROR,
        "The document, or a page of it, cannot be read.",
        "The file is damaged, protected, or was changed during the call.",
        "Open the file in a viewer, save it anew as PDF or TIFF, and send that.",
        retry=False,
    ),
    Row(
        Outcome.STORAGE_FAILED,
        51,
        JobExtendedStatus.FATAL_ERROR,
        "A received page could not be written to disk, and was not confirmed to its sender.",
        "The disk is full, or the folder may not be written to.",
        "Make room or choose another folder, and ask the sender to send again.",
        retry=False,
    ),
    Row(
        Outcome.INTERNAL_ERROR,
        70,
        JobExtendedStatus.FATAL_ERROR,
        "faxmodem itself failed.",
        "This is a bug.",
        "Please report it, with the log and a recording of the session.",
        retry=False,
    ),
    Row(
        Outcome.CANCELED,
        130,
        JobExtendedStatus.CALL_ABORTED,
        "The call was canceled on this side.",
        "Somebody asked for it, or the program was told to end.",
        "Nothing is left to do; start again when you like.",
        retry=False,
    ),
)

TABLE: Mapping[Outcome, Row] = {row.outcome: row for row in _ROWS}


def explain(outcome: Outcome) -> Row:
    """What is to be known about `outcome`."""
    return TABLE[outcome]


def final_status(
    outcome: Outcome, job_type: JobType, *, pages_stored: int, retries_left: int
) -> tuple[JobStatus, JobExtendedStatus]:
    """The status and extended status of a job whose call ended with `outcome`.

    `pages_stored` matters to a reception only: its pages are kept and routed, unless it was canceled here.
    `retries_left` matters to a send job only, which is RETRYING as long as it may try again.
    """
    row = TABLE[outcome]
    if outcome is Outcome.CANCELED:
        return JobStatus.CANCELED, row.extended
    if job_type is not JobType.SEND:
        if outcome is Outcome.OK:
            return JobStatus.ROUTING, row.extended
        if pages_stored > 0:
            return JobStatus.ROUTING, JobExtendedStatus.PARTIALLY_RECEIVED
        return JobStatus.FAILED, row.extended
    if outcome is Outcome.OK:
        return JobStatus.COMPLETED, row.extended
    return JobStatus.RETRYING if row.retry and retries_left > 0 else JobStatus.RETRIES_EXCEEDED, row.extended


_RULE = """\
A send job ends as COMPLETED or CANCELED; after a failure it is RETRYING where the table says "again" and retries are
left, and RETRIES_EXCEEDED otherwise. A receive job ends as ROUTING when its pages are there (or none, if the caller has
fetched a document instead), as CANCELED, or as FAILED; after a failure with pages stored it is ROUTING with
PARTIALLY_RECEIVED, and those pages are kept.
"""


def to_markdown() -> str:
    """The table and the rule of `final_status` for the manual, which a test compares with it."""
    head = ["Exit", "Outcome", "What happened", "Likely cause", "What to try", "Extended status", "Again"]
    lines = [head, ["---:", *["---"] * (len(head) - 1)]]
    for row in TABLE.values():
        again = "again" if row.retry else ""
        lines.append(
            [str(row.exit_code), f"`{row.code}`", row.sentence, row.cause, row.advice, row.extended.name, again]
        )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n" + _RULE
