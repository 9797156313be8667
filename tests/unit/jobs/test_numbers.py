"""Every enumeration against the numbers of faxcomex.h, written out."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import pytest

from faxmodem.jobs.enumerations import (
    AccountEventsType,
    CoverpageType,
    DeviceReceiveMode,
    PriorityType,
    ProviderStatus,
    ReceiptType,
    ScheduleType,
    ServerEventsType,
)
from faxmodem.jobs.status import JobExtendedStatus, JobOperations, JobStatus, JobType

TABLES: dict[type[IntEnum | IntFlag], dict[str, int]] = {
    JobStatus: {
        "fjsPENDING": 1,
        "fjsINPROGRESS": 2,
        "fjsFAILED": 8,
        "fjsPAUSED": 16,
        "fjsNOLINE": 32,
        "fjsRETRYING": 64,
        "fjsRETRIES_EXCEEDED": 128,
        "fjsCOMPLETED": 256,
        "fjsCANCELED": 512,
        "fjsCANCELING": 1024,
        "fjsROUTING": 2048,
    },
    JobExtendedStatus: {
        "fjesNONE": 0,
        "fjesDISCONNECTED": 1,
        "fjesINITIALIZING": 2,
        "fjesDIALING": 3,
        "fjesTRANSMITTING": 4,
        "fjesANSWERED": 5,
        "fjesRECEIVING": 6,
        "fjesLINE_UNAVAILABLE": 7,
        "fjesBUSY": 8,
        "fjesNO_ANSWER": 9,
        "fjesBAD_ADDRESS": 10,
        "fjesNO_DIAL_TONE": 11,
        "fjesFATAL_ERROR": 12,
        "fjesCALL_DELAYED": 13,
        "fjesCALL_BLACKLISTED": 14,
        "fjesNOT_FAX_CALL": 15,
        "fjesPARTIALLY_RECEIVED": 16,
        "fjesHANDLED": 17,
        "fjesCALL_COMPLETED": 18,
        "fjesCALL_ABORTED": 19,
        "fjesPROPRIETARY": 16777216,
    },
    JobOperations: {
        "fjoVIEW": 1,
        "fjoPAUSE": 2,
        "fjoRESUME": 4,
        "fjoRESTART": 8,
        "fjoDELETE": 16,
        "fjoRECIPIENT_INFO": 32,
        "fjoSENDER_INFO": 64,
    },
    JobType: {"fjtSEND": 0, "fjtRECEIVE": 1, "fjtROUTING": 2},
    PriorityType: {"fptLOW": 0, "fptNORMAL": 1, "fptHIGH": 2},
    ScheduleType: {"fstNOW": 0, "fstSPECIFIC_TIME": 1, "fstDISCOUNT_PERIOD": 2},
    ReceiptType: {"frtNONE": 0, "frtMAIL": 1, "frtMSGBOX": 4},
    CoverpageType: {"fcptNONE": 0, "fcptLOCAL": 1, "fcptSERVER": 2},
    DeviceReceiveMode: {"fdrmNO_ANSWER": 0, "fdrmAUTO_ANSWER": 1, "fdrmMANUAL_ANSWER": 2},
    ProviderStatus: {
        "fpsSUCCESS": 0,
        "fpsSERVER_ERROR": 1,
        "fpsBAD_GUID": 2,
        "fpsBAD_VERSION": 3,
        "fpsCANT_LOAD": 4,
        "fpsCANT_LINK": 5,
        "fpsCANT_INIT": 6,
    },
    ServerEventsType: {
        "fsetNONE": 0,
        "fsetIN_QUEUE": 1,
        "fsetOUT_QUEUE": 2,
        "fsetCONFIG": 4,
        "fsetACTIVITY": 8,
        "fsetQUEUE_STATE": 16,
        "fsetIN_ARCHIVE": 32,
        "fsetOUT_ARCHIVE": 64,
        "fsetFXSSVC_ENDED": 128,
        "fsetDEVICE_STATUS": 256,
        "fsetINCOMING_CALL": 512,
    },
    AccountEventsType: {
        "faetNONE": 0,
        "faetIN_QUEUE": 1,
        "faetOUT_QUEUE": 2,
        "faetIN_ARCHIVE": 4,
        "faetOUT_ARCHIVE": 8,
        "faetFXSSVC_ENDED": 16,
    },
}


@pytest.mark.parametrize("enumeration", TABLES, ids=lambda enumeration: enumeration.__name__)
def test_numbers_and_both_names(enumeration: type[IntEnum | IntFlag]) -> None:
    numbers = TABLES[enumeration]
    assert [int(member) for member in enumeration.__members__.values()] == list(numbers.values())
    assert list(enumeration.__annotations__) == list(numbers)
    for windows_name, member in zip(numbers, enumeration.__members__.values(), strict=True):
        assert getattr(enumeration, windows_name) is member
        assert windows_name.lstrip("abcdefghijklmnopqrstuvwxyz") == member.name


def test_the_short_name_is_the_canonical_one() -> None:
    assert JobStatus.fjsINPROGRESS is JobStatus.INPROGRESS
    assert JobStatus.fjsINPROGRESS.name == "INPROGRESS"
    assert repr(JobExtendedStatus.fjesBUSY) == "<JobExtendedStatus.BUSY: 8>"


def test_a_waiting_job_combines_state_and_modifier() -> None:
    assert [JobStatus.PENDING | JobStatus.NOLINE, JobStatus.RETRYING | JobStatus.PAUSED] == [33, 80]
    assert JobStatus.NOLINE in JobStatus(96)


def test_an_extended_code_of_the_device_itself_stays_a_number() -> None:
    assert JobExtendedStatus.of(0x40000802) == 0x40000802
    assert type(JobExtendedStatus.of(0x40000802)) is int
    assert JobExtendedStatus.of(8) is JobExtendedStatus.BUSY
