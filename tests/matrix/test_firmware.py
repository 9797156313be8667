"""Every firmware of which we have a profile sends to a plain Class 1 modem, and receives, in each class that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from faxmodem.modem.profile import load_profile, profile_folders
from faxmodem.t30.outcomes import Outcome
from tests.matrix.calls import PAGES, Came, End, call

PLAIN = End("1", load_profile("class1"))
SHIPPED = [load_profile(file) for file in sorted(profile_folders()[-1].glob("*.toml"))]


def ends() -> Iterator[ParameterSet]:
    """Each firmware in the class that it prefers; in its other classes where there is time for hundreds of calls."""
    for profile in SHIPPED:
        first, *others = (End(service_class, profile) for service_class in profile.classes.prefer)
        yield pytest.param(first, id=str(first))
        for other in others:
            yield pytest.param(other, id=str(other), marks=pytest.mark.soak)


ENDS = list(ends())


def check(came: Came) -> None:
    assert came.sent is not None
    assert came.received is not None
    assert (came.sent.outcome, came.sent.pages) == (Outcome.OK, 3), came.sent.message
    assert (came.received.outcome, came.received.pages) == (Outcome.OK, 3), came.received.message
    assert came.pages == PAGES
    assert came.on_hook == (True, True)


@pytest.mark.parametrize("end", ENDS)
def test_as_sender(end: End, tmp_path: Path) -> None:
    check(call(end, PLAIN, tmp_path))


@pytest.mark.parametrize("end", ENDS)
def test_as_receiver(end: End, tmp_path: Path) -> None:
    check(call(PLAIN, end, tmp_path))
