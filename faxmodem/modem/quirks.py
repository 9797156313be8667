"""What real firmware does in its own way, by name. The driver copes with each, the emulator shows each.

A profile names the quirks of its family, each with a reason and a source. Nothing else in driver or emulator depends
on a model.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Quirk(StrEnum):
    """A deviation. Its value is the key in a profile's [quirks]; where it has a measure, the profile gives `value`."""

    # Command line and port
    WAITS_BETWEEN_COMMANDS = "waits_between_commands"
    "Loses commands that come less than `value` seconds after the result of the one before."
    DEAF_AFTER_STATE_CHANGE = "deaf_after_state_change"
    "Takes no command for `value` seconds after +FCLASS, ATH, ATZ, NO CARRIER, BUSY and the abort of an action."
    CLASS_UNLISTED = "class_unlisted"
    "Does not list a class that it has: `classes.prefer` counts, whatever +FCLASS=? says."
    DIAL_BLOCKING = "dial_blocking"
    "Answers ATD of a number that failed before with DELAYED, until the commands in `at.unblock` clear that."
    NO_AT_SIGN = "no_at_sign"
    "Takes no dial string with an @ in it."

    # Class 1 and 1.0
    EARLY_CONNECT = "early_connect"
    "+FTM: CONNECT comes `value` seconds before the training is over, and data given meanwhile are lost."
    LATE_FLAGS = "late_flags"
    "+FRH: CONNECT comes `value` seconds later than flags are usually recognised, so that an answer seems late."
    CONNECT_ON_ANY_CARRIER = "connect_on_any_carrier"
    "+FRH=3: CONNECT for any carrier, then NO CARRIER."
    FRM_SILENT = "frm_silent"
    "+FRM says nothing if another carrier comes or none, until it is aborted; to wait longer than `value` s is no use."
    CAN_HANGS = "can_hangs"
    "A <CAN> that ends a reception is answered with CONNECT, and nothing after it is; any other octet does no harm."
    LATE_FCERROR = "late_fcerror"
    "A +FCERROR of an aborted reception comes after its OK."
    FRS_RESETS = "frs_resets"
    "+FRS drops the call's state: the class is lost."
    OK_MEANS_NO_V34 = "ok_means_no_v34"
    "OK to ATD: V.8 and V.34 did not work out; the call may go on without."
    SMALL_BUFFER = "small_buffer"
    "Takes `value` octets of page data ahead of the line and has no flow control: what comes beyond is lost."
    SOFT_FLOW_BROKEN = "soft_flow_broken"
    "Sends XOFF, and loses data all the same."
    HARD_FLOW_BROKEN = "hard_flow_broken"
    "Drops RTS, and loses data all the same."

    # Class 2, 2.0 and 2.1
    RATE_LOCKED = "rate_locked"
    "From +FCLASS=2 until class 0 or a reset, talks at `value` bit/s and with XON/XOFF, whatever the DTE's rate was."
    RATE_LOCKED_ON_ANSWER = "rate_locked_on_answer"
    "The same, at `value` bit/s, but only once a call that it answers in Class 2 is up."
    NO_XON = "no_xon"
    "Class 2: sends no XON after the CONNECT to +FDT."
    MIRRORED_PAGES = "mirrored_pages"
    "Class 2: gives the octets of a received page with their bits in reverse, whatever +FBOR says."
    NO_RTC = "no_rtc"
    "Sends pages without RTC: the DTE has to give it."
    SESSION_BEFORE_DIAL = "session_before_dial"
    "+FDIS and +FIS are obeyed before ATD only."
    SPEED_IS_MINIMUM = "speed_is_minimum"
    "The speed in +FDCC or +FCC is taken for the lowest one."
    NO_2D = "no_2d"
    "Claims MR, and damages it."
    NO_MMR = "no_mmr"
    "Claims MMR, and damages it."
    NO_ECM = "no_ecm"
    "Claims error correction, and never confirms what it receives with it."
    NO_FINE_INCH = "no_fine_inch"
    "Claims 300 and 400 dpi, and damages them."
    FIRST_LINE_LOST = "first_line_lost"
    "Loses the first line of a page unless `value` octets of zeros go before it."
    POLLING_BROKEN = "polling_broken"
    "Claims to poll, and fails."
    REFUSED_PAGE_ENDS_OK = "refused_page_ends_ok"
    "Class 2: a refused page ends the session with code 0, and without a page status."
    REFUSES_PAGE_STATUS = "refuses_page_status"
    "Answers ERROR to +FPTS= and +FPS=: a page that it took for good cannot be refused."


RATE_LOCKS: Final = (Quirk.RATE_LOCKED, Quirk.RATE_LOCKED_ON_ANSWER)

MEASURED: Final = frozenset(
    {
        Quirk.DEAF_AFTER_STATE_CHANGE,
        Quirk.EARLY_CONNECT,
        Quirk.LATE_FLAGS,
        Quirk.FRM_SILENT,
        Quirk.SMALL_BUFFER,
        Quirk.FIRST_LINE_LOST,
        Quirk.WAITS_BETWEEN_COMMANDS,
        *RATE_LOCKS,
    }
)
"The quirks that mean nothing without their `value`; the others have none."
