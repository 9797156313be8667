"""Send and receive faxes through serial fax modems.

    import faxmodem

    result = faxmodem.send("/dev/ttyACM0", "+1 555 010 0200", "letter.pdf", on_status=print)
    print(result.message)

Everything that may be relied on is named in `__all__`; it is imported when it is first used, so that this is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faxmodem.api import poll as poll
    from faxmodem.api import poll_async as poll_async
    from faxmodem.api import receive as receive
    from faxmodem.api import receive_async as receive_async
    from faxmodem.api import send as send
    from faxmodem.api import send_async as send_async
    from faxmodem.call.progress import Progress as Progress
    from faxmodem.call.result import FaxResult as FaxResult
    from faxmodem.call.sink import CopyQuality as CopyQuality
    from faxmodem.errors import DialError as DialError
    from faxmodem.errors import DocumentError as DocumentError
    from faxmodem.errors import FaxModemError as FaxModemError
    from faxmodem.errors import ModemError as ModemError
    from faxmodem.errors import PortError as PortError
    from faxmodem.errors import ProfileError as ProfileError
    from faxmodem.errors import SettingError as SettingError
    from faxmodem.jobs.notification import JobEvents as JobEvents
    from faxmodem.jobs.notification import JobListener as JobListener
    from faxmodem.jobs.status import FaxJobStatus as FaxJobStatus
    from faxmodem.jobs.status import JobExtendedStatus as JobExtendedStatus
    from faxmodem.jobs.status import JobOperations as JobOperations
    from faxmodem.jobs.status import JobStatus as JobStatus
    from faxmodem.jobs.status import JobType as JobType
    from faxmodem.t30.outcomes import Outcome as Outcome
    from faxmodem.t30.timers import Limits as Limits

_HOMES = {
    "faxmodem.api": ("poll", "poll_async", "receive", "receive_async", "send", "send_async"),
    "faxmodem.call.result": ("FaxResult",),
    "faxmodem.call.progress": ("Progress",),
    "faxmodem.call.sink": ("CopyQuality",),
    "faxmodem.errors": (
        "DialError",
        "DocumentError",
        "FaxModemError",
        "ModemError",
        "PortError",
        "ProfileError",
        "SettingError",
    ),
    "faxmodem.jobs.notification": ("JobEvents", "JobListener"),
    "faxmodem.jobs.status": ("FaxJobStatus", "JobExtendedStatus", "JobOperations", "JobStatus", "JobType"),
    "faxmodem.t30.outcomes": ("Outcome",),
    "faxmodem.t30.timers": ("Limits",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "CopyQuality",
    "DialError",
    "DocumentError",
    "FaxJobStatus",
    "FaxModemError",
    "FaxResult",
    "JobEvents",
    "JobExtendedStatus",
    "JobListener",
    "JobOperations",
    "JobStatus",
    "JobType",
    "Limits",
    "ModemError",
    "Outcome",
    "PortError",
    "ProfileError",
    "Progress",
    "SettingError",
    "poll",
    "poll_async",
    "receive",
    "receive_async",
    "send",
    "send_async",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
