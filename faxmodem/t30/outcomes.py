"""How a call ended, as one numbered vocabulary.

Sentences, causes, advice, job status and exit codes of each hang on this enumeration in `faxmodem.jobs.outcomes`.
"""

from enum import Enum


class Outcome(Enum):
    """The end of a call. The values are stable: programs may store and compare them."""

    OK = "ok"
    "Every page was confirmed by the receiver."

    # Phase A: the call was not established.
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIAL_TONE = "no_dial_tone"
    BAD_NUMBER = "bad_number"
    DELAYED = "delayed"
    BLACKLISTED = "blacklisted"
    NOT_A_FAX = "not_a_fax"
    "Someone or something answered (or called) that does not speak T.30: a voice, a data modem, silence until T1."

    # The far end left, in an orderly way (DCN) or not.
    FAR_END_HUNG_UP = "far_end_hung_up"
    "The line dropped or the carrier did not come back, before the last page was confirmed."
    FAR_END_DISCONNECTED = "far_end_disconnected"
    "DCN came where an answer or a command was due."

    # Phases B to D.
    INCOMPATIBLE = "incompatible"
    "The two stations have no common mode, or the far end has no receiver."
    NOTHING_TO_POLL = "nothing_to_poll"
    "One station asked the other for a document (DTC), and there is none."
    POLL_REFUSED = "poll_refused"
    "The polled station does not give its document to this caller: a password or selector is wrong or missing."
    TRAINING_FAILED = "training_failed"
    "Every rate down to the lowest was tried and refused (FTT)."
    NO_RESPONSE = "no_response"
    "A command was sent three times and not answered."
    PAGE_REFUSED = "page_refused"
    "The receiver refused the same page (RTN, PIN) as often as we are willing to repeat it."
    NO_COMMAND = "no_command"
    "Receiving: after a page or an answer nothing came within T2."
    PROTOCOL_ERROR = "protocol_error"
    "The far end did what T.30 does not allow: a DCS that selects what our DIS did not offer."

    # This side.
    CANCELED = "canceled"
    STALLED = "stalled"
    "Nothing moved for longer than the progress limit."
    TOO_LONG = "too_long"
    "The whole call took longer than its limit."
    PORT_UNAVAILABLE = "port_unavailable"
    "The serial port could not be opened."
    PORT_LOST = "port_lost"
    "The serial port vanished during the call."
    MODEM_NOT_FOUND = "modem_not_found"
    "No modem answers at the port, or it is no Class 1 modem."
    MODEM_FAILED = "modem_failed"
    "The modem stopped to answer, or answered nonsense, during the call."
    DOCUMENT_FAILED = "document_failed"
    "A page of the document could not be read or drawn."
    STORAGE_FAILED = "storage_failed"
    "A received page could not be written to disk; it was not confirmed."
    INTERNAL_ERROR = "internal_error"
    "A bug in faxmodem."
