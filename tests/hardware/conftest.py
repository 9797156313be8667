"""Which modems are plugged in: `pytest tests/hardware -m hardware --modem PORT [--far PORT2 --number N --back N]`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("modems that are plugged in")
    group.addoption("--modem", metavar="PORT", help="port of the modem under test")
    group.addoption("--far", metavar="PORT", help="port of a second modem, which the first can call")
    group.addoption("--number", default="200", metavar="N", help="what the first dials to reach the second (200)")
    group.addoption("--back", default="100", metavar="N", help="what the second dials to reach the first (100)")
    group.addoption("--modem-class", metavar="CLASS", help="service class of the first; default: as its profile has it")
    group.addoption("--far-class", metavar="CLASS", help="service class of the second")


def _option(request: pytest.FixtureRequest, name: str) -> str | None:
    value: str | None = request.config.getoption(name, default=None)
    return value


@pytest.fixture
def modem_port(request: pytest.FixtureRequest) -> str:
    """The port of the modem under test."""
    port = _option(request, "--modem")
    if port is None:
        pytest.skip("no modem: give --modem PORT on the command line of pytest tests/hardware -m hardware")
    return port


@pytest.fixture
def far_port(request: pytest.FixtureRequest) -> str:
    """The port of the second modem."""
    port = _option(request, "--far")
    if port is None:
        pytest.skip("no second modem: give --far PORT on the command line of pytest tests/hardware -m hardware")
    return port


@pytest.fixture
def numbers(request: pytest.FixtureRequest) -> dict[str, str]:
    """What each side dials to reach the other."""
    return {"sender": _option(request, "--number") or "", "receiver": _option(request, "--back") or ""}


@pytest.fixture
def classes(request: pytest.FixtureRequest) -> dict[str, str]:
    """The service class of each side's modem."""
    return {
        "sender": _option(request, "--modem-class") or "auto",
        "receiver": _option(request, "--far-class") or "auto",
    }
