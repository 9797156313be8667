from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peer.ahead import Begun, begin
from tests.peer.softmodems import missing


@pytest.fixture(scope="session")
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """The calls of all tests that were selected, under way."""
    if reason := missing("iaxmodem", "efax"):
        pytest.skip(reason)
    wanted = {name for item in request.session.items for name in _asked_for(item)}
    with begin(wanted, tmp_path_factory.mktemp) as calls:
        yield calls


@pytest.fixture
def call(request: pytest.FixtureRequest, begun: Begun) -> object:
    """What came of the call that an indirect parameter names."""
    return begun[request.param].result()


def _asked_for(item: pytest.Item) -> Iterator[str]:
    """The fixtures that a test has, and the call that its parameter names."""
    if isinstance(item, pytest.Function):
        yield from item.fixturenames
        if hasattr(item, "callspec"):  # a parametrized one
            yield str(item.callspec.params.get("call"))
