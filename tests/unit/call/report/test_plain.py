"""Every record that a session takes or gives survives the way through JSON."""

from __future__ import annotations

import json
import math
from enum import Enum
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.call.report.journal import Input, Step
from faxmodem.call.report.plain import from_plain, printable, to_plain
from faxmodem.errors import ReportError
from faxmodem.t30 import events
from faxmodem.t30.frames import Frame
from faxmodem.t30.procedure import Settings
from faxmodem.t30.states import State
from faxmodem.t30.timers import Limits
from faxmodem.t30.transitions import Transition
from tests.unit.call.report.calls import make, needs_all
from tests.unit.t30.helpers import called, calling, deterministic

RECORDS = [(union, kind) for union in (Input, events.Command, Transition) for kind in get_args(union)]


def through_json(hint: Any, value: object) -> Any:  # noqa: ANN401 - any annotation
    return from_plain(hint, json.loads(json.dumps(to_plain(value), allow_nan=False)))


def test_no_record_of_a_session_is_left_out() -> None:
    declared = {
        kind
        for module in (events,)
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == events.__name__
    }
    tested = {kind for _, kind in RECORDS}
    assert {kind for kind in declared if not issubclass(kind, Enum)} <= tested


@pytest.mark.parametrize(("union", "kind"), RECORDS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_record_survives(union: Any, kind: Any) -> None:  # noqa: ANN401 - every record
    value = make(kind)
    assert through_json(union, value) == value


@pytest.mark.parametrize("settings", [calling(), called(), calling(station_id="1 & 2", limits=Limits(call_s=math.inf))])
def test_settings_survive(settings: Settings) -> None:
    assert through_json(Settings, settings) == settings


def test_a_step_survives() -> None:
    step = Step(at=1.25, what=events.Moved(), state=State.SENDING_PAGE, until=3.5, count=9, noted={"octets": 77})
    assert through_json(Step, step) == step


@deterministic
@given(code=st.integers(0, 255), fif=st.binary(max_size=40), final=st.booleans())
def test_any_frame_survives(code: int, fif: bytes, final: bool) -> None:
    frame = Frame(code, fif, final)
    assert through_json(events.Event, events.FrameReceived(frame)) == events.FrameReceived(frame)


def test_what_has_a_default_may_be_missing() -> None:
    plain = to_plain(calling())
    assert isinstance(plain, dict)
    needed = {name: plain[name] for name in needs_all(Settings)}
    assert from_plain(Settings, needed) == Settings(calling=True, first_page=calling().first_page)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"type": "Sent", "colour": "red"}, "colour"),
        ({"type": "Exploded"}, "Exploded"),
        ({}, "record"),
        (17, "record"),
        (None, "record"),
        ({"type": ["Sent"]}, "record"),
        ({"type": "TrainingReceived"}, "good"),
        ({"type": "TrainingReceived", "good": 1}, "bool"),
        ({"type": "FrameReceived", "frame": {"type": "Frame", "hex": "00 01"}}, "frame"),
        ({"type": "FrameReceived", "frame": {"type": "Frame", "hex": "no hex"}}, "hex"),
        ({"type": "FrameReceived", "frame": "ff 13 8c"}, "frame"),
        ({"type": "Failed", "outcome": "MARTIANS"}, "MARTIANS"),
        ({"type": "BlockReceived", "frames": {"1": 2}}, "list"),
        ({"type": "PageStored", "verdict": "GOOD", "size": 1.5}, "int"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(plain: object, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        from_plain(events.Event, plain)


@pytest.mark.parametrize("number", [10**400, True, "12", None, [], 1e300])
def test_a_time_is_a_number_of_reasonable_size(number: object) -> None:
    with pytest.raises(ReportError, match="float"):
        from_plain(float, number)


def test_what_no_report_holds_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="object"):
        to_plain(object())


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert printable("a\x1b[31mb\n\u202e") == "a·[31mb··"
