from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from faxmodem.jobs.status import (
    PROPERTIES,
    FaxJobStatus,
    JobExtendedStatus,
    JobOperations,
    JobStatus,
    JobType,
    _snapshot,
    to_json,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def snapshot() -> FaxJobStatus:
    return _snapshot(
        available_operations=JobOperations.VIEW | JobOperations.DELETE,
        caller_id="",
        csid="  +49 30 1234 ",
        current_page=1,
        device_id=4,
        extended_status="",
        extended_status_code=4,
        job_type=JobType.SEND,
        pages=3,
        retries=0,
        routing_information="",
        scheduled_time=None,
        size=1234,
        status=JobStatus.INPROGRESS,
        transmission_end=None,
        transmission_start=NOON,
        tsid="+1 555 0100",
    )


def test_the_seventeen_properties() -> None:
    assert list(PROPERTIES) == sorted(PROPERTIES)
    assert PROPERTIES == (
        "available_operations",
        "caller_id",
        "csid",
        "current_page",
        "device_id",
        "extended_status",
        "extended_status_code",
        "job_type",
        "pages",
        "retries",
        "routing_information",
        "scheduled_time",
        "size",
        "status",
        "transmission_end",
        "transmission_start",
        "tsid",
    )


def test_a_client_makes_no_status() -> None:
    sentence = "a FaxJobStatus is not made or altered by its reader"
    with pytest.raises(TypeError, match=sentence):
        FaxJobStatus(status=JobStatus.COMPLETED)
    with pytest.raises(TypeError, match=sentence):
        FaxJobStatus()
    with pytest.raises(TypeError, match=sentence):
        dataclasses.replace(snapshot(), pages=4)


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_status_does_not_change(name: str) -> None:
    status = snapshot()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(status, name, getattr(status, name))
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(status, name)
    assert not hasattr(status, "__dict__")


def test_equal_by_value_and_hashable() -> None:
    assert snapshot() == snapshot()
    assert {snapshot(), snapshot()} == {snapshot()}
    assert snapshot() != _snapshot(snapshot(), current_page=2)


def test_copies_and_pickles_are_equal() -> None:
    status = snapshot()
    for twin in (
        copy.copy(status),
        copy.deepcopy(status),
        *(pickle.loads(pickle.dumps(status, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),  # noqa: S301
    ):
        assert twin == status
        assert type(twin.status) is JobStatus
        assert type(twin.extended_status_code) is JobExtendedStatus


def test_texts_are_stripped_and_harmless() -> None:
    assert snapshot().csid == "+49 30 1234"
    assert _snapshot(snapshot(), csid="\x1b[2Jfax\r\n\x00").csid == "[2Jfax"


def test_times_are_utc_or_none() -> None:
    berlin = timezone(timedelta(hours=1))
    status = _snapshot(snapshot(), transmission_start=datetime(2026, 3, 1, 13, tzinfo=berlin))
    assert status == snapshot()
    assert status.transmission_start is not None
    assert status.transmission_start.tzinfo is UTC
    with pytest.raises(ValueError, match="transmission_end needs a time with a time zone, not 2026-03-01T12:00:00"):
        _snapshot(status, transmission_end=NOON.replace(tzinfo=None))


def test_the_extended_code_is_open() -> None:
    assert snapshot().extended_status_code is JobExtendedStatus.TRANSMITTING
    raw = _snapshot(snapshot(), extended_status_code=0x40000802, extended_status="paper jam")
    assert (raw.extended_status_code, raw.extended_status) == (0x40000802, "paper jam")
    assert to_json(raw)["extended_status_code"] == {"name": None, "value": 0x40000802}


def test_a_first_snapshot_needs_every_property() -> None:
    with pytest.raises(TypeError, match=re.escape("a job status has 17 properties")):
        _snapshot(pages=3)


def test_json() -> None:
    assert json.loads(json.dumps(to_json(snapshot()))) == {
        "available_operations": {"name": "VIEW|DELETE", "value": 0x11},
        "caller_id": "",
        "csid": "+49 30 1234",
        "current_page": 1,
        "device_id": 4,
        "extended_status": "",
        "extended_status_code": {"name": "TRANSMITTING", "value": 4},
        "job_type": {"name": "SEND", "value": 0},
        "pages": 3,
        "retries": 0,
        "routing_information": "",
        "scheduled_time": None,
        "size": 1234,
        "status": {"name": "INPROGRESS", "value": 2},
        "transmission_end": None,
        "transmission_start": "2026-03-01T12:00:00+00:00",
        "tsid": "+1 555 0100",
    }


@pytest.mark.parametrize(
    ("value", "name"),
    [(33, "PENDING|NOLINE"), (80, "RETRYING|PAUSED"), (96, "RETRYING|NOLINE"), (128, "RETRIES_EXCEEDED")],
)
def test_json_names_the_state_before_its_modifier(value: int, name: str) -> None:
    assert to_json(_snapshot(snapshot(), status=JobStatus(value)))["status"] == {"name": name, "value": value}


def test_json_of_no_operations() -> None:
    status = _snapshot(snapshot(), available_operations=JobOperations(0))
    assert to_json(status)["available_operations"] == {"name": "", "value": 0}
