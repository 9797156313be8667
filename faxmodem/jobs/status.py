# ruff: noqa: N815 -- fjsINPROGRESS and its like are spelled as in Windows' headers
"""The status of a fax job: an immutable snapshot, shaped like Windows' IFaxJobStatus, and the types of its properties.

Every enumeration has the numbers of faxcomex.h. A member has a short name (`JobStatus.INPROGRESS`) and its name in
Windows (`JobStatus.fjsINPROGRESS`), which is the same member.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from typing import ClassVar, TypeAlias, TypedDict, Unpack, final

from faxmodem.jobs.enumerations import windows_names


@windows_names
class JobStatus(IntFlag):
    """Where a job stands in its queue: one state, and for a waiting send job perhaps a modifier.

    FAX_JOB_STATUS_ENUM. The modifiers PAUSED and NOLINE occur with PENDING and RETRYING only.
    """

    PENDING = 0x001
    "Queued, waiting to be served."
    INPROGRESS = 0x002
    "Being sent or received."
    FAILED = 0x008
    "Reception failed and left nothing worth keeping. A send job ends in RETRIES_EXCEEDED instead."
    PAUSED = 0x010
    "Modifier: held until it is resumed."
    NOLINE = 0x020
    "Modifier: no line is free; sent as soon as one is."
    RETRYING = 0x040
    "The last attempt failed; another follows after the retry delay. Not final."
    RETRIES_EXCEEDED = 0x080
    "The last attempt failed and none follows."
    COMPLETED = 0x100
    "Sent, every page confirmed."
    CANCELED = 0x200
    "Ended because this side wanted it."
    CANCELING = 0x400
    "Told to end, still on the line."
    ROUTING = 0x800
    "Received, wholly or in part, and handed on: the end of a successful reception."

    fjsPENDING: ClassVar[JobStatus]
    fjsINPROGRESS: ClassVar[JobStatus]
    fjsFAILED: ClassVar[JobStatus]
    fjsPAUSED: ClassVar[JobStatus]
    fjsNOLINE: ClassVar[JobStatus]
    fjsRETRYING: ClassVar[JobStatus]
    fjsRETRIES_EXCEEDED: ClassVar[JobStatus]
    fjsCOMPLETED: ClassVar[JobStatus]
    fjsCANCELED: ClassVar[JobStatus]
    fjsCANCELING: ClassVar[JobStatus]
    fjsROUTING: ClassVar[JobStatus]


@windows_names
class JobExtendedStatus(IntEnum):
    """What the device is doing for the job, or why the job failed.

    FAX_JOB_EXTENDED_STATUS_ENUM. A device may report codes of its own, so a code is read with `of`.
    """

    NONE = 0
    DISCONNECTED = 1
    "The call was dropped."
    INITIALIZING = 2
    DIALING = 3
    TRANSMITTING = 4
    ANSWERED = 5
    "We took the call; whether it is a fax is not known yet."
    RECEIVING = 6
    LINE_UNAVAILABLE = 7
    "The device cannot be had: another program holds it, or it is gone."
    BUSY = 8
    NO_ANSWER = 9
    BAD_ADDRESS = 10
    "The number is not valid."
    NO_DIAL_TONE = 11
    FATAL_ERROR = 12
    "The fax protocol failed."
    CALL_DELAYED = 13
    "Too many busy tones: the country's rules forbid another try now."
    CALL_BLACKLISTED = 14
    "The number is blocked or reserved."
    NOT_FAX_CALL = 15
    PARTIALLY_RECEIVED = 16
    "Some pages of an incoming fax are there, not all."
    HANDLED = 17
    CALL_COMPLETED = 18
    CALL_ABORTED = 19
    PROPRIETARY = 0x01000000
    "Obsolete; a code outside this enumeration needs no mark."

    fjesNONE: ClassVar[JobExtendedStatus]
    fjesDISCONNECTED: ClassVar[JobExtendedStatus]
    fjesINITIALIZING: ClassVar[JobExtendedStatus]
    fjesDIALING: ClassVar[JobExtendedStatus]
    fjesTRANSMITTING: ClassVar[JobExtendedStatus]
    fjesANSWERED: ClassVar[JobExtendedStatus]
    fjesRECEIVING: ClassVar[JobExtendedStatus]
    fjesLINE_UNAVAILABLE: ClassVar[JobExtendedStatus]
    fjesBUSY: ClassVar[JobExtendedStatus]
    fjesNO_ANSWER: ClassVar[JobExtendedStatus]
    fjesBAD_ADDRESS: ClassVar[JobExtendedStatus]
    fjesNO_DIAL_TONE: ClassVar[JobExtendedStatus]
    fjesFATAL_ERROR: ClassVar[JobExtendedStatus]
    fjesCALL_DELAYED: ClassVar[JobExtendedStatus]
    fjesCALL_BLACKLISTED: ClassVar[JobExtendedStatus]
    fjesNOT_FAX_CALL: ClassVar[JobExtendedStatus]
    fjesPARTIALLY_RECEIVED: ClassVar[JobExtendedStatus]
    fjesHANDLED: ClassVar[JobExtendedStatus]
    fjesCALL_COMPLETED: ClassVar[JobExtendedStatus]
    fjesCALL_ABORTED: ClassVar[JobExtendedStatus]
    fjesPROPRIETARY: ClassVar[JobExtendedStatus]

    @classmethod
    def of(cls, code: int) -> JobExtendedStatus | int:
        """The member with this number, or the number itself when it is a device's own code. Never raises."""
        try:
            return cls(code)
        except ValueError:
            return code


@windows_names
class JobOperations(IntFlag):
    """What may be done to a job in its present state. FAX_JOB_OPERATIONS_ENUM."""

    VIEW = 0x01
    PAUSE = 0x02
    RESUME = 0x04
    RESTART = 0x08
    DELETE = 0x10
    "May be canceled."
    RECIPIENT_INFO = 0x20
    SENDER_INFO = 0x40

    fjoVIEW: ClassVar[JobOperations]
    fjoPAUSE: ClassVar[JobOperations]
    fjoRESUME: ClassVar[JobOperations]
    fjoRESTART: ClassVar[JobOperations]
    fjoDELETE: ClassVar[JobOperations]
    fjoRECIPIENT_INFO: ClassVar[JobOperations]
    fjoSENDER_INFO: ClassVar[JobOperations]


@windows_names
class JobType(IntEnum):
    """Which way the pages go. FAX_JOB_TYPE_ENUM; the older JT_ numbers of winfax.h are one higher."""

    SEND = 0
    RECEIVE = 1
    ROUTING = 2
    "Received earlier, being handed on; no modem is at work."

    fjtSEND: ClassVar[JobType]
    fjtRECEIVE: ClassVar[JobType]
    fjtROUTING: ClassVar[JobType]


@final
@dataclasses.dataclass(frozen=True, slots=True, init=False)
class FaxJobStatus:
    """How a job stood at one moment: never changed, equal by value, safe to keep and to hand between threads.

    You do not make one, you receive it, as with Windows' IFaxJobStatus: a listener or a tracker hands it out.
    """

    available_operations: JobOperations
    caller_id: str
    "Receiving: the caller's number and perhaps name. Empty: the network gave none."
    csid: str
    "The called station's id: the far end's when sending, our own when receiving. Empty: not known yet."
    current_page: int
    "The page on the line now, from 1; 0: none yet."
    device_id: int
    "The device at work for the job; 0: none at the moment."
    extended_status: str
    "The text of a device's own extended code; empty for every member of `JobExtendedStatus`."
    extended_status_code: JobExtendedStatus | int
    "What the device is doing, or why the job failed."
    job_type: JobType
    pages: int
    "Sending: pages of the document, 0: not known. Receiving: pages stored so far."
    retries: int
    "Attempts after the first one."
    routing_information: str
    "Receiving: where the fax is to go, as far as the call told it."
    scheduled_time: datetime | None
    "Sending: when the job is due; None: at once."
    size: int
    "Bytes of the TIFF file; receiving: so far."
    status: JobStatus
    transmission_end: datetime | None
    "When the last connection ended; None: it is still up, or there was none."
    transmission_start: datetime | None
    "When the call was answered; None: it was not yet, or not at all."
    tsid: str
    "The transmitting station's id: our own when sending, the far end's when receiving."

    def __init__(self, *_args: object, **_values: object) -> None:
        raise TypeError("a FaxJobStatus is not made or altered by its reader: it is handed to a listener by faxmodem")


PROPERTIES = tuple(field.name for field in dataclasses.fields(FaxJobStatus))
"The names of the 17 properties, in alphabetical order."


class _Properties(TypedDict, total=False):
    """The properties once more, as the keyword arguments of `_snapshot`."""

    available_operations: JobOperations
    caller_id: str
    csid: str
    current_page: int
    device_id: int
    extended_status: str
    extended_status_code: JobExtendedStatus | int
    job_type: JobType
    pages: int
    retries: int
    routing_information: str
    scheduled_time: datetime | None
    size: int
    status: JobStatus
    transmission_end: datetime | None
    transmission_start: datetime | None
    tsid: str


def _snapshot(previous: FaxJobStatus | None = None, /, **changes: Unpack[_Properties]) -> FaxJobStatus:
    """The snapshot after `previous`, which differs from it by `changes`. Only `faxmodem.jobs.tracker` calls this.

    Texts are stripped of padding and of what cannot be printed, times become UTC. Raises ValueError for a time
    without a zone, and TypeError when there is no previous snapshot and a property is missing.
    """
    values: dict[str, object] = {} if previous is None else {name: getattr(previous, name) for name in PROPERTIES}
    values.update(changes)
    if values.keys() != set(PROPERTIES):
        raise TypeError(f"a job status has {len(PROPERTIES)} properties: {values.keys() ^ set(PROPERTIES)} do not fit")
    status = object.__new__(FaxJobStatus)
    for name, value in values.items():
        object.__setattr__(status, name, _normal(name, value))
    return status


def printable(text: str) -> str:
    """`text` without padding, and with a space for what a terminal must not get.

    A station id is what a stranger's machine sent: padded to 20 characters, and perhaps an escape sequence.
    """
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _normal(name: str, value: object) -> object:
    match value:
        case str():
            return printable(value)
        case datetime():
            if value.utcoffset() is None:
                raise ValueError(f"{name} needs a time with a time zone, not {value.isoformat()}")
            return value.astimezone(UTC)
        case int() if name == "extended_status_code":
            return JobExtendedStatus.of(value)
        case _:
            return value


JsonProperty: TypeAlias = "int | str | dict[str, int | str | None] | None"

_MODIFIERS = JobStatus.PAUSED | JobStatus.NOLINE


def to_json(status: FaxJobStatus) -> dict[str, JsonProperty]:
    """The 17 properties as plain values for `json.dumps`.

    An enumeration becomes `{"name": ..., "value": ...}`: the names of a bit combination are joined by "|", state before
    modifier; the name of a device's own extended code is None. A time becomes ISO 8601 in UTC.
    """
    return {name: _plain(name, getattr(status, name)) for name in PROPERTIES}


def _plain(name: str, value: int | str | datetime | None) -> JsonProperty:
    match value:
        case JobStatus():
            return _named(value, *(value & ~_MODIFIERS), *(value & _MODIFIERS))
        case JobOperations():
            return _named(value, *value)
        case IntEnum():
            return _named(value, value)
        case int() if name == "extended_status_code":
            return {"name": None, "value": value}
        case datetime():
            return value.isoformat()
        case _:
            return value


def _named(value: int, *members: IntFlag | IntEnum) -> dict[str, int | str | None]:
    return {"name": "|".join(str(member.name) for member in members), "value": int(value)}
