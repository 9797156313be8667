"""`faxmodem receive` at a soft modem, called by efax behind another one: real signals, real time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import read_pages
from tests.peer.ahead import ahead
from tests.peer.command import Ended, faxmodem
from tests.peer.efax import HEADER_LINES, Efax, efax_calls
from tests.peer.pages import light_page
from tests.peer.softmodems import soft_modems

pytestmark = pytest.mark.peer


class Received(NamedTuple):
    """One call: what the command said, what efax saw and sent, and what lies in the folder."""

    ended: Ended
    efax: Efax
    sent: list[Bitmap]
    files: list[Path]


def receive_from_efax(folder: Path, pages: list[Bitmap], *options: str) -> Received:
    faxes = folder / "faxes"
    with (
        soft_modems() as modems,
        faxmodem("receive", "--port", modems.b, "--output", faxes, "--station-id", "+1 555 0200", *options) as command,
        efax_calls(modems.a, pages, folder / "efax") as efax,
    ):
        ended = command.end()
        assert efax.end() == 0, efax.said
    return Received(ended, efax, pages, list(faxes.glob("*.tif")))


def below_header(path: Path) -> list[Bitmap]:
    """The pages without what efax has put above them, which must be white."""
    pages = []
    for page in read_pages(path):
        header = HEADER_LINES[page.resolution]
        assert not page.rows[:header].any()
        pages.append(Bitmap(rows=page.rows[header:], width=page.width, resolution=page.resolution))
    return pages


@ahead
def three_pages_from_efax(folder: Path) -> Received:
    return receive_from_efax(folder, [light_page(number) for number in (1, 2, 3)])


def test_three_pages_arrive_pel_for_pel(three_pages_from_efax: Received) -> None:
    ended, _, sent, files = three_pages_from_efax
    assert (ended.code, ended.errors) == (0, "")
    assert [str(file) for file in files] == [ended.result["path"]]
    assert below_header(files[0]) == sent
    assert ended.result["pages"] == 3
    assert ended.statuses[-1]["size"] == files[0].stat().st_size


def test_both_stations_know_what_the_other_is(three_pages_from_efax: Received) -> None:
    ended, efax, _, _ = three_pages_from_efax
    assert efax.session() == "196lpi 14.4k"
    assert efax.remote_id() == "+1 555 0200"
    assert (ended.statuses[-1]["csid"], ended.statuses[-1]["tsid"]) == ("+1 555 0200", "100 100")


def test_every_status_of_the_job_is_told(three_pages_from_efax: Received) -> None:
    ended = three_pages_from_efax.ended
    assert ended.chain() == [
        ("INPROGRESS", "INITIALIZING", 0),
        ("INPROGRESS", "ANSWERED", 0),
        ("INPROGRESS", "RECEIVING", 0),
        ("INPROGRESS", "RECEIVING", 1),
        ("INPROGRESS", "RECEIVING", 2),
        ("INPROGRESS", "RECEIVING", 3),
        ("INPROGRESS", "CALL_COMPLETED", 3),
        ("ROUTING", "CALL_COMPLETED", 3),
    ]
    assert [status["pages"] for status in ended.statuses] == sorted(status["pages"] for status in ended.statuses)


@ahead
def standard_page_from_efax(folder: Path) -> Received:
    return receive_from_efax(folder, [light_page(1, Resolution.STANDARD, lines=700)])


@ahead
def page_at_9600_from_efax(folder: Path) -> Received:
    return receive_from_efax(folder, [light_page(1, lines=700)], "--max-rate", "9600")


@ahead
def page_at_4800_from_efax(folder: Path) -> Received:
    return receive_from_efax(folder, [light_page(1, lines=700)], "--max-rate", "4800")


@pytest.mark.parametrize(
    ("call", "session"),
    [
        ("standard_page_from_efax", "98lpi 14.4k"),
        ("page_at_9600_from_efax", "196lpi 9600"),
        ("page_at_4800_from_efax", "196lpi 4800"),
    ],
    indirect=["call"],
)
def test_one_page_at_another_resolution_or_rate(call: Received, session: str) -> None:
    ended, efax, sent, files = call
    assert ended.code == 0
    assert efax.session() == session
    assert below_header(files[0]) == sent
