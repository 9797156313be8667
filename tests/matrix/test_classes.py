"""Every service class sends to every service class."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.geometry import Coding
from faxmodem.modem.profile import ServiceClass
from faxmodem.t30.outcomes import Outcome
from tests.matrix.calls import PAGES, End, call

CLASSES: list[ServiceClass] = list(get_args(ServiceClass))
WAYS = {
    "plain": CallSettings(station_id="100", ecm=False, codings=frozenset({Coding.MH})),
    "MR": CallSettings(station_id="100", ecm=False, codings=frozenset({Coding.MH, Coding.MR})),
    "blocks": CallSettings(station_id="100"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("receiver", CLASSES)
@pytest.mark.parametrize("sender", CLASSES)
def test_three_pages_arrive_pel_for_pel(sender: ServiceClass, receiver: ServiceClass, way: str, tmp_path: Path) -> None:
    came = call(End(sender), End(receiver), tmp_path, settings=WAYS[way])
    assert came.sent is not None
    assert came.received is not None
    assert (came.sent.outcome, came.sent.pages) == (Outcome.OK, 3), came.sent.message
    assert (came.received.outcome, came.received.pages) == (Outcome.OK, 3), came.received.message
    assert came.pages == PAGES
    assert came.on_hook == (True, True)
