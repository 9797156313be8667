"""Documents are fetched with modems of any service class, alone and behind one that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import get_args

import anyio
import pytest
from _pytest.mark import ParameterSet

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.call.report.replay import replay
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.line import Line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.profile import ServiceClass
from faxmodem.t30.outcomes import Outcome
from tests.matrix.calls import END_S, GENERIC, PAGES
from tests.scenarios.bench import CALLED, CALLER, Side, running

DIALECTS: tuple[ServiceClass, ...] = ("1", "2", "2.0")
"Classes 1.0 and 2.1 are these with more in them."


def pairs() -> Iterator[ParameterSet]:
    """Each class with each; those that say nothing new where there is time for hundreds of calls."""
    for caller, called in product(get_args(ServiceClass), repeat=2):
        told = caller in DIALECTS and called in DIALECTS
        yield pytest.param(caller, called, marks=() if told else pytest.mark.soak)


def fetch(caller: ServiceClass, called: ServiceClass, folder: Path, *, sends: int) -> tuple[FaxResult, FaxResult]:
    """Send so many pages, and fetch `PAGES`, in one call."""

    async def main() -> tuple[FaxResult | None, FaxResult | None]:
        line = Line()
        near, far = (
            Side(
                line,
                number,
                settings=CallSettings(station_id=number),
                dce=DceSettings.of_profile(GENERIC),
                profile=GENERIC,
                service_class=service_class,
            )
            for number, service_class in ((CALLER, caller), (CALLED, called))
        )
        with anyio.fail_after(END_S):
            async with running(near, far), anyio.create_task_group() as calls:
                calls.start_soon(partial(far.receive, folder / "received.tif", serves=PAGES))
                if sends:
                    calls.start_soon(partial(near.send, PAGES[:sends], poll_into=folder / "polled.tif"))
                else:
                    calls.start_soon(partial(near.poll, folder / "polled.tif"))
        assert (near.left_on_hook, far.left_on_hook) == (True, True)
        return near.result, far.result

    results = run_virtual(main)
    for result in results:
        assert result is not None
        assert result.report is not None
        assert replay(result.report) == []
    return results[0], results[1]  # type: ignore[return-value]  # asserted above


@pytest.mark.parametrize("sends", [0, 2])
@pytest.mark.parametrize(("caller", "called"), list(pairs()))
def test_a_document_is_fetched(caller: ServiceClass, called: ServiceClass, sends: int, tmp_path: Path) -> None:
    ours, theirs = fetch(caller, called, tmp_path, sends=sends)
    assert (ours.outcome, theirs.outcome) == (Outcome.OK, Outcome.OK), ours.message
    assert (ours.pages_sent, ours.pages_received) == (sends, len(PAGES)) == (theirs.pages_received, theirs.pages_sent)
    assert list(read_pages(tmp_path / "polled.tif")) == PAGES
    if sends:
        assert list(read_pages(tmp_path / "received.tif")) == PAGES[:sends]
