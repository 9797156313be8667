"""What a modem's result code says of a call: that it does not come about, or that it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from faxmodem.modem.at import Result, ResultCode
from faxmodem.modem.base import CallFailed, LineDropped
from faxmodem.t30.outcomes import Outcome

Failures = Mapping[ResultCode, tuple[Outcome, str]]

DIAL_FAILURES: Final[Failures] = {
    ResultCode.OK: (Outcome.NO_ANSWER, "nobody answered with a fax signal"),
    ResultCode.NO_CARRIER: (Outcome.NO_ANSWER, "nobody answered with a fax signal"),
    ResultCode.NO_ANSWER: (Outcome.NO_ANSWER, "nobody answered"),
    ResultCode.BUSY: (Outcome.BUSY, "the line is busy"),
    ResultCode.NO_DIAL_TONE: (Outcome.NO_DIAL_TONE, "there is no dial tone"),
    ResultCode.ERROR: (Outcome.BAD_NUMBER, "the modem does not take the number"),
    ResultCode.DELAYED: (Outcome.DELAYED, "the modem will not dial this number again so soon"),
    ResultCode.BLACKLISTED: (Outcome.BLACKLISTED, "the modem has put this number on its black list"),
    ResultCode.DIALING_DISABLED: (Outcome.BLACKLISTED, "the modem has been told not to dial"),
    ResultCode.DATA: (Outcome.NOT_A_FAX, "a data modem answered"),
    ResultCode.VOICE: (Outcome.NOT_A_FAX, "a voice answered"),
}
ANSWER_FAILURES: Final[Failures] = {
    ResultCode.NO_CARRIER: (Outcome.FAR_END_HUNG_UP, "the caller has gone"),
    ResultCode.ERROR: (Outcome.FAR_END_HUNG_UP, "there is no call any more"),
    ResultCode.DATA: (Outcome.NOT_A_FAX, "a data modem called"),
    ResultCode.VOICE: (Outcome.NOT_A_FAX, "a voice called"),
}


def check_call(failures: Failures, result: Result) -> None:
    """Raises `CallFailed` for a result among `failures`."""
    if failure := failures.get(result.code):
        outcome, why = failure
        raise CallFailed(outcome, f"{why} ({result.text})")


def check_on_line(command: str, result: Result) -> None:
    """Raises `LineDropped` for a result that a transmission cannot have while the call is up."""
    if result.code not in (ResultCode.OK, ResultCode.CONNECT):
        raise on_hook(command, result)


def on_hook(command: str, result: Result) -> LineDropped:
    """What to raise when the modem turns out to be on hook."""
    return LineDropped(f"the modem answered {command} with {result.text}: the far end has hung up, or the line is lost")
