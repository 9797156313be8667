"""`faxmodem send` through a soft modem to efax behind another one: real signals, real time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from faxmodem.api import send
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import write_pages
from faxmodem.t30.outcomes import Outcome
from tests.peer.ahead import ahead
from tests.peer.command import Ended, run
from tests.peer.efax import Efax, efax_answers
from tests.peer.pages import drawn, light_page, pdf
from tests.peer.softmodems import soft_modems

pytestmark = pytest.mark.peer


class Sent(NamedTuple):
    """One call: what the command said, what efax saw, and what was to go across."""

    ended: Ended
    efax: Efax
    pages: list[Bitmap]


def send_to_efax(folder: Path, document: Path, *options: str) -> tuple[Ended, Efax]:
    with soft_modems() as modems, efax_answers(modems.b, folder / "efax") as efax:
        ended = run("send", "--port", modems.a, "--to", "200", "--station-id", "+1 555 0100", *options, document)
        assert efax.end() == 0, efax.said
        return ended, efax


@ahead
def three_pages_to_efax(folder: Path) -> Sent:
    document = pdf(folder / "letter.pdf", pages=3)
    ended, efax = send_to_efax(folder, document, "--no-header")
    return Sent(ended, efax, drawn(document, Resolution.FINE))


def test_three_pages_arrive_pel_for_pel(three_pages_to_efax: Sent) -> None:
    ended, efax, pages = three_pages_to_efax
    assert (ended.code, ended.errors) == (0, "")
    assert ended.result == {
        "ok": True,
        "outcome": "ok",
        "exit_code": 0,
        "message": "The fax went through: every page was confirmed.",
        "advice": "Nothing is left to do.",
        "pages": 3,
        "pages_sent": 3,
        "pages_received": 0,
        "told": {},
        "remote_id": "200 200",
        "path": None,
    }
    assert efax.bad_lines() == [0, 0, 0]
    assert efax.pages() == pages


def test_both_stations_know_what_the_other_is(three_pages_to_efax: Sent) -> None:
    ended, efax, _ = three_pages_to_efax
    assert efax.session() == "196lpi 14.4k"
    assert efax.remote_id() == "+1 555 0100"
    assert (ended.statuses[-1]["csid"], ended.statuses[-1]["tsid"]) == ("200 200", "+1 555 0100")


def test_every_status_of_the_job_is_told(three_pages_to_efax: Sent) -> None:
    assert three_pages_to_efax.ended.chain() == [
        ("PENDING", "NONE", 0),
        ("INPROGRESS", "INITIALIZING", 0),
        ("INPROGRESS", "DIALING", 0),
        ("INPROGRESS", "TRANSMITTING", 0),
        ("INPROGRESS", "TRANSMITTING", 1),
        ("INPROGRESS", "TRANSMITTING", 2),
        ("INPROGRESS", "TRANSMITTING", 3),
        ("INPROGRESS", "CALL_COMPLETED", 3),
        ("COMPLETED", "CALL_COMPLETED", 3),
    ]


class SentByProgram(NamedTuple):
    """One call of a program that uses the library."""

    outcome: Outcome
    efax: Efax
    shown: dict[int, Bitmap]


@ahead
def pages_with_header_to_efax(folder: Path) -> SentByProgram:
    shown: dict[int, Bitmap] = {}
    with soft_modems() as modems, efax_answers(modems.b, folder / "efax") as efax:
        document = pdf(folder / "letter.pdf", pages=2)
        result = send(modems.a, "200", document, station_id="+1 555 0100", on_page=shown.__setitem__)
        assert efax.end() == 0, efax.said
    return SentByProgram(result.outcome, efax, shown)


def test_what_a_program_is_shown_with_the_header_is_what_arrives(pages_with_header_to_efax: SentByProgram) -> None:
    outcome, efax, shown = pages_with_header_to_efax
    assert outcome is Outcome.OK
    assert list(shown) == [1, 2]
    assert all(page.rows[:30].any() for page in shown.values())  # there is a header
    assert efax.pages() == list(shown.values())


def send_one_page(folder: Path, *options: str, resolution: Resolution) -> Sent:
    document = folder / "page.tif"
    pages = [light_page(1, resolution, lines=700)]
    write_pages(document, pages)
    ended, efax = send_to_efax(folder, document, "--no-header", *options)
    return Sent(ended, efax, pages)


@ahead
def standard_page_to_efax(folder: Path) -> Sent:
    return send_one_page(folder, resolution=Resolution.STANDARD)


@ahead
def page_at_9600_to_efax(folder: Path) -> Sent:
    return send_one_page(folder, "--max-rate", "9600", resolution=Resolution.FINE)


@ahead
def page_at_4800_to_efax(folder: Path) -> Sent:
    return send_one_page(folder, "--max-rate", "4800", resolution=Resolution.FINE)


@pytest.mark.parametrize(
    ("call", "session"),
    [
        ("standard_page_to_efax", "98lpi 14.4k"),
        ("page_at_9600_to_efax", "196lpi 9600"),
        ("page_at_4800_to_efax", "196lpi 4800"),
    ],
    indirect=["call"],
)
def test_one_page_at_another_resolution_or_rate(call: Sent, session: str) -> None:
    ended, efax, pages = call
    assert ended.code == 0
    assert efax.session() == session
    assert efax.pages() == pages
