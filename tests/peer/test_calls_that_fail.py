"""What becomes of calls over soft modems in which somebody does not do his part: the truth, and in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from faxmodem.documents.tiff import read_pages, write_pages
from tests.peer.ahead import ahead
from tests.peer.command import Command, Ended, faxmodem, run
from tests.peer.efax import Efax, efax_answers, efax_calls
from tests.peer.pages import dense_page, light_page
from tests.peer.softmodems import HEARS_CALLS_AGAIN_S, SoftModems, soft_modems

pytestmark = pytest.mark.peer

INTO_THE_PAGE_S: Final = 4.0
"Of some 36 that the dense page takes."

Mishap = Callable[[SoftModems, Efax, Command], object]


def in_page(command: Command) -> None:
    """Wait until the call is in the middle of its first page."""
    command.until(lambda status: status["current_page"] == 1)
    time.sleep(INTO_THE_PAGE_S)


def dense_document(folder: Path) -> Path:
    document = folder / "dense.tif"
    write_pages(document, [dense_page(), light_page(2)])
    return document


def sending_until(mishap: Mishap, folder: Path) -> Ended:
    """Send, and let something happen in the middle of a page."""
    with (
        soft_modems() as modems,
        efax_answers(modems.b, folder / "efax") as efax,
        faxmodem("send", "--port", modems.a, "--to", "200", "--no-header", dense_document(folder)) as command,
    ):
        in_page(command)
        mishap(modems, efax, command)
        return command.end()


def receiving_until(mishap: Mishap, folder: Path) -> Ended:
    """Receive, and let something happen in the middle of a page."""
    with (
        soft_modems() as modems,
        faxmodem("receive", "--port", modems.b, "--output", folder / "faxes") as command,
        efax_calls(modems.a, [dense_page(), light_page(2)], folder / "efax") as efax,
    ):
        in_page(command)
        mishap(modems, efax, command)
        return command.end()


@ahead
def receiver_falls_silent(folder: Path) -> Ended:
    return sending_until(lambda _modems, efax, _command: efax.process.kill(), folder)


@ahead
def line_dies_while_sending(folder: Path) -> Ended:
    return sending_until(lambda modems, _efax, _command: modems.cut_line(), folder)


@ahead
def nobody_answers(folder: Path) -> Ended:
    with soft_modems() as modems:
        return run("send", "--port", modems.a, "--to", "200", dense_document(folder))


class Canceled(NamedTuple):
    """A sending that was canceled, and what the modem was good for after that."""

    ended: Ended
    probe_code: int
    next_call: Ended


@ahead
def canceled_while_sending(folder: Path) -> Canceled:
    with soft_modems() as modems:
        command_line = ("send", "--port", modems.a, "--to", "200")
        with (
            efax_answers(modems.b, folder / "first"),
            faxmodem(*command_line, dense_document(folder)) as command,
        ):
            in_page(command)
            command.interrupt()
            ended = command.end()
        with faxmodem("probe", modems.a, limit_s=20) as probe:
            probe.until(lambda found: "classes" in found)
            probe_code = probe.end().code
        time.sleep(HEARS_CALLS_AGAIN_S)
        document = folder / "page.tif"
        write_pages(document, [light_page(1, lines=300)])
        with efax_answers(modems.b, folder / "second"):
            return Canceled(ended, probe_code, run(*command_line, document))


@ahead
def receiver_hangs_up(folder: Path) -> Ended:
    return sending_until(lambda _modems, efax, _command: efax.process.terminate(), folder)


@ahead
def sender_falls_silent(folder: Path) -> Ended:
    return receiving_until(lambda _modems, efax, _command: efax.process.kill(), folder)


@ahead
def line_dies_while_receiving(folder: Path) -> Ended:
    return receiving_until(lambda modems, _efax, _command: modems.cut_line(), folder)


@ahead
def canceled_while_receiving(folder: Path) -> Ended:
    return receiving_until(lambda _modems, _efax, command: command.interrupt(), folder)


@pytest.mark.parametrize(
    ("call", "code", "outcome", "last_status", "within_s"),
    [
        # The modem gives up after 45 to 60 s.
        ("nobody_answers", 11, "no_answer", ("RETRIES_EXCEEDED", "NO_ANSWER", 0), 75),
        ("receiver_hangs_up", 20, "far_end_hung_up", ("RETRIES_EXCEEDED", "DISCONNECTED", 1), 10),
        # What is left of the page has to go out; then MPS is sent three times.
        ("receiver_falls_silent", 25, "no_response", ("RETRIES_EXCEEDED", "FATAL_ERROR", 1), 80),
        ("line_dies_while_sending", 25, "no_response", ("RETRIES_EXCEEDED", "FATAL_ERROR", 1), 80),
        # The sender's modem goes on, with fill.
        ("sender_falls_silent", 27, "no_command", ("FAILED", "DISCONNECTED", 1), 60),
        ("line_dies_while_receiving", 27, "no_command", ("FAILED", "DISCONNECTED", 1), 40),
        ("canceled_while_receiving", 130, "canceled", ("CANCELED", "CALL_ABORTED", 1), 15),
    ],
    indirect=["call"],
)
def test_a_call_ends_in_time_and_says_why(
    call: Ended, code: int, outcome: str, last_status: tuple[str, str, int], within_s: float
) -> None:
    assert (call.code, call.result["outcome"]) == (code, outcome), call
    assert call.chain()[-1] == last_status
    assert call.took_s < within_s


def test_what_came_of_a_page_is_kept_when_the_sender_falls_silent(sender_falls_silent: Ended) -> None:
    path = Path(sender_falls_silent.result["path"])
    assert path.name.endswith(".partial.tif")
    (page,) = read_pages(path)
    begun = dense_page()
    assert 0 < page.lines < begun.lines
    header = 20
    same = (page.rows[header:] == begun.rows[: page.lines - header]).all(axis=1)
    assert same[:50].all()


def test_a_cancel_ends_in_the_modem_on_hook_and_fit_for_the_next_call(canceled_while_sending: Canceled) -> None:
    ended, probe_code, next_call = canceled_while_sending
    assert ended.code == 130
    assert ended.chain()[-3:] == [
        ("INPROGRESS", "TRANSMITTING", 1),
        ("CANCELING", "TRANSMITTING", 1),
        ("CANCELED", "CALL_ABORTED", 1),
    ]
    assert ended.took_s < 20  # the modem sends first what it has taken in, up to 8 kB
    assert probe_code == 0
    assert next_call.code == 0, next_call
