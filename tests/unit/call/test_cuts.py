"""A call that is cut at any moment, in any way: it ends, it ends truthfully, and it leaves the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.history import FramePassed
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemError, PortError
from faxmodem.jobs.status import JobStatus
from faxmodem.t30.outcomes import Outcome
from tests.scenarios.bench import CALLED, CALLER, Side, name_of, page, running, watched_line

PAGES = [page(15, seed=number) for number in range(2)]
LAST_S = 27.0
"The call is over by then."
STEP_S = 2.1
ALL_LIMITS_S = 300.0
GRACE_S = 20.0
"For a receiver that has not heard a ring until then, none comes."

FINAL = {
    JobStatus.COMPLETED,
    JobStatus.RETRIES_EXCEEDED,
    JobStatus.CANCELED,
    JobStatus.ROUTING,
    JobStatus.FAILED,
}


def cut_the_line(side: Side) -> None:
    if side.end._call is not None:
        side.end._call.drop_at(side.end.line.clock.now())


def kill_the_modem(side: Side) -> None:
    side.dce.freeze()


def unplug(side: Side) -> None:
    side.dte.unplug()


def cancel(side: Side) -> None:
    side.stop.set()


CUTS: list[tuple[Callable[[Side], None], str]] = [
    (cut_the_line, "sender"),
    *((how, who) for how in (kill_the_modem, unplug, cancel) for who in ("sender", "receiver")),
]


@pytest.mark.parametrize(("how", "who"), CUTS, ids=lambda value: getattr(value, "__name__", value))
def test_a_call_cut_at_any_moment_ends_truthfully(how: Callable[[Side], None], who: str, tmp_path: Path) -> None:
    ends: set[bool] = set()
    first = STEP_S * CUTS.index((how, who)) / len(CUTS)  # each kind of cut at moments of its own
    for number in range(int(LAST_S / STEP_S)):
        at = first + number * STEP_S
        path = tmp_path / f"{number}.tif"
        try:
            sides = one_call(how, who, at, path)
            ends.add(check(sides, path, frozen=who if how is kill_the_modem else None))
        except Exception as error:
            raise AssertionError(f"{how.__name__} of the {who} at {at:.3f} s: {error!r}") from error
    assert ends == {True, False}  # the last cuts came too late to do harm, and the others did not


def one_call(how: Callable[[Side], None], who: str, at: float, path: Path) -> dict[str, Side]:
    async def main() -> dict[str, Side]:
        line = watched_line()
        sender = Side(line, CALLER, settings=CallSettings(station_id="SENDER"))
        receiver = Side(line, CALLED, settings=CallSettings(station_id="RECEIVER"))
        sides = {"sender": sender, "receiver": receiver}

        async def receive() -> None:
            try:
                await receiver.receive(path)
            except (PortError, ModemError):  # while there was no call
                assert not receiver.statuses

        async def cut() -> None:
            await anyio.sleep(at)
            how(sides[who])

        with anyio.fail_after(ALL_LIMITS_S):
            async with running(sender, receiver), anyio.create_task_group() as receiving:
                receiving.start_soon(cut)
                receiving.start_soon(receive)
                await sender.send(PAGES)
                await anyio.sleep(GRACE_S)
                if not receiver.statuses:
                    receiving.cancel_scope.cancel()
        return sides

    return run_virtual(main)


def check(sides: dict[str, Side], path: Path, *, frozen: str | None) -> bool:
    """Whether the fax went through, if all is as it must be."""
    sender, receiver = sides["sender"], sides["receiver"]
    for name, side in sides.items():
        assert side.left_on_hook or name == frozen
        if side.result is None:
            assert (name, side.statuses) == ("receiver", [])
            continue
        assert side.result.status == side.statuses[-1]
        assert side.result.status.status in FINAL
        assert side.result.outcome is not Outcome.INTERNAL_ERROR
    assert sender.result is not None
    confirmations = [r for r in sender.end.line.history if isinstance(r, FramePassed) and name_of(r) == "MCF"]
    stored = receiver.result.pages if receiver.result else 0
    assert sender.result.pages <= min(len(confirmations), stored)
    assert sender.result.ok <= (sender.result.pages == len(PAGES))
    if receiver.result is not None and receiver.result.ok:
        assert receiver.result.path == path
        assert list(read_pages(path)) == PAGES
    elif receiver.result is not None and stored:
        assert receiver.result.path is not None
        assert list(read_pages(receiver.result.path))[:stored] == PAGES[:stored]
    return sender.result.ok
