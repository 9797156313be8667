# ruff: noqa: N815 -- fptNORMAL and its like are spelled as in Windows' headers
"""The smaller enumerations of Windows' fax service, for queue, documents, devices and events; numbers of faxcomex.h.

A member has a short name (`PriorityType.HIGH`) and its name in Windows (`PriorityType.fptHIGH`). Those of
the job status itself are in `faxmodem.jobs.status`.
"""

from __future__ import annotations

from enum import Enum, IntEnum, IntFlag
from typing import ClassVar, TypeVar

E = TypeVar("E", bound=type[Enum])


def windows_names(enumeration: E) -> E:
    """Give an enumeration the Windows names that it declares: `fptLOW: ClassVar[PriorityType]` becomes its `LOW`.

    Type checkers would take `fptLOW = LOW` for one more member, and no `match` over the members would be complete.
    """
    for name in enumeration.__annotations__:
        setattr(enumeration, name, enumeration[name.lstrip("abcdefghijklmnopqrstuvwxyz")])
    return enumeration


@windows_names
class PriorityType(IntEnum):
    """Which of the waiting jobs goes first. FAX_PRIORITY_TYPE_ENUM."""

    LOW = 0
    NORMAL = 1
    HIGH = 2

    fptLOW: ClassVar[PriorityType]
    fptNORMAL: ClassVar[PriorityType]
    fptHIGH: ClassVar[PriorityType]


@windows_names
class ScheduleType(IntEnum):
    """When a job may be sent. FAX_SCHEDULE_TYPE_ENUM."""

    NOW = 0
    SPECIFIC_TIME = 1
    "Not before the given time."
    DISCOUNT_PERIOD = 2
    "Within the hours of the lower tariff."

    fstNOW: ClassVar[ScheduleType]
    fstSPECIFIC_TIME: ClassVar[ScheduleType]
    fstDISCOUNT_PERIOD: ClassVar[ScheduleType]


@windows_names
class ReceiptType(IntFlag):
    """How the sender is told of the result. FAX_RECEIPT_TYPE_ENUM; it has no member 2."""

    NONE = 0
    MAIL = 1
    MSGBOX = 4

    frtNONE: ClassVar[ReceiptType]
    frtMAIL: ClassVar[ReceiptType]
    frtMSGBOX: ClassVar[ReceiptType]


@windows_names
class CoverpageType(IntEnum):
    """Where the template of the cover page is. FAX_COVERPAGE_TYPE_ENUM."""

    NONE = 0
    LOCAL = 1
    SERVER = 2

    fcptNONE: ClassVar[CoverpageType]
    fcptLOCAL: ClassVar[CoverpageType]
    fcptSERVER: ClassVar[CoverpageType]


@windows_names
class DeviceReceiveMode(IntEnum):
    """Whether a device takes calls. FAX_DEVICE_RECEIVE_MODE_ENUM."""

    NO_ANSWER = 0
    AUTO_ANSWER = 1
    "By itself, after so many rings."
    MANUAL_ANSWER = 2
    "When told to."

    fdrmNO_ANSWER: ClassVar[DeviceReceiveMode]
    fdrmAUTO_ANSWER: ClassVar[DeviceReceiveMode]
    fdrmMANUAL_ANSWER: ClassVar[DeviceReceiveMode]


@windows_names
class ProviderStatus(IntEnum):
    """Whether the driver of a device could be loaded. FAX_PROVIDER_STATUS_ENUM."""

    SUCCESS = 0
    SERVER_ERROR = 1
    BAD_GUID = 2
    BAD_VERSION = 3
    CANT_LOAD = 4
    CANT_LINK = 5
    CANT_INIT = 6

    fpsSUCCESS: ClassVar[ProviderStatus]
    fpsSERVER_ERROR: ClassVar[ProviderStatus]
    fpsBAD_GUID: ClassVar[ProviderStatus]
    fpsBAD_VERSION: ClassVar[ProviderStatus]
    fpsCANT_LOAD: ClassVar[ProviderStatus]
    fpsCANT_LINK: ClassVar[ProviderStatus]
    fpsCANT_INIT: ClassVar[ProviderStatus]


@windows_names
class ServerEventsType(IntFlag):
    """Which events a listener wants. FAX_SERVER_EVENTS_TYPE_ENUM."""

    NONE = 0x000
    IN_QUEUE = 0x001
    "Incoming jobs: added, changed, removed."
    OUT_QUEUE = 0x002
    "Outgoing jobs: added, changed, removed."
    CONFIG = 0x004
    ACTIVITY = 0x008
    QUEUE_STATE = 0x010
    IN_ARCHIVE = 0x020
    OUT_ARCHIVE = 0x040
    FXSSVC_ENDED = 0x080
    DEVICE_STATUS = 0x100
    INCOMING_CALL = 0x200

    fsetNONE: ClassVar[ServerEventsType]
    fsetIN_QUEUE: ClassVar[ServerEventsType]
    fsetOUT_QUEUE: ClassVar[ServerEventsType]
    fsetCONFIG: ClassVar[ServerEventsType]
    fsetACTIVITY: ClassVar[ServerEventsType]
    fsetQUEUE_STATE: ClassVar[ServerEventsType]
    fsetIN_ARCHIVE: ClassVar[ServerEventsType]
    fsetOUT_ARCHIVE: ClassVar[ServerEventsType]
    fsetFXSSVC_ENDED: ClassVar[ServerEventsType]
    fsetDEVICE_STATUS: ClassVar[ServerEventsType]
    fsetINCOMING_CALL: ClassVar[ServerEventsType]


@windows_names
class AccountEventsType(IntFlag):
    """Which events of one user's account a listener wants; not the numbers of `ServerEventsType`.

    FAX_ACCOUNT_EVENTS_TYPE_ENUM.
    """

    NONE = 0x00
    IN_QUEUE = 0x01
    OUT_QUEUE = 0x02
    IN_ARCHIVE = 0x04
    OUT_ARCHIVE = 0x08
    FXSSVC_ENDED = 0x10

    faetNONE: ClassVar[AccountEventsType]
    faetIN_QUEUE: ClassVar[AccountEventsType]
    faetOUT_QUEUE: ClassVar[AccountEventsType]
    faetIN_ARCHIVE: ClassVar[AccountEventsType]
    faetOUT_ARCHIVE: ClassVar[AccountEventsType]
    faetFXSSVC_ENDED: ClassVar[AccountEventsType]
