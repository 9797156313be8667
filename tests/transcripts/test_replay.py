"""The stack against modems that were real, or are as one would write them down."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.jobs.status import JobExtendedStatus, JobStatus
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.transcript import format_exchange, parse_transcript
from tests.transcripts.replay import PAGES, TRANSCRIPTS, receive, replay, said_by_dte, send, transcript

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.txt"))
EFAX_HEADER_LINES = 20


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "pages.tif"
    write_pages(path, PAGES)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_is_the_same_after_writing_and_reading(name: str) -> None:
    exchanges = transcript(name)
    assert exchanges
    assert parse_transcript("".join(map(format_exchange, exchanges))) == exchanges


def test_sending_goes_through_again_byte_for_byte(document: Path) -> None:
    recorded = transcript("iaxmodem_send_efax")
    result, statuses, again = replay(recorded, partial(send, document, "200"))
    assert said_by_dte(again) == said_by_dte(recorded)
    assert (result.outcome, result.pages, result.remote_id) == (Outcome.OK, 3, "200 200")
    assert statuses[-1].status == JobStatus.COMPLETED
    assert [status.current_page for status in statuses] == sorted(status.current_page for status in statuses)


def test_receiving_goes_through_again_byte_for_byte(tmp_path: Path) -> None:
    recorded = transcript("iaxmodem_receive_efax")
    result, statuses, again = replay(recorded, partial(receive, tmp_path / "fax.tif"))
    assert said_by_dte(again) == said_by_dte(recorded)
    assert (result.outcome, result.pages, result.remote_id) == (Outcome.OK, 3, "100 100")
    assert statuses[-1].status == JobStatus.ROUTING
    assert result.path == tmp_path / "fax.tif"
    below_header = [
        Bitmap(rows=page.rows[EFAX_HEADER_LINES:], width=page.width, resolution=page.resolution)
        for page in read_pages(result.path)
    ]
    assert below_header == PAGES


@pytest.mark.parametrize(
    ("name", "outcome", "extended"),
    [
        ("busy", Outcome.BUSY, JobExtendedStatus.BUSY),
        ("no_dial_tone", Outcome.NO_DIAL_TONE, JobExtendedStatus.NO_DIAL_TONE),
    ],
)
def test_a_call_that_is_not_answered(name: str, outcome: Outcome, extended: JobExtendedStatus, document: Path) -> None:
    written = transcript(name)
    result, statuses, again = replay(written, partial(send, document, "555 0199"))
    assert said_by_dte(again) == said_by_dte(written)
    assert result.outcome is outcome
    assert statuses[-1].status == JobStatus.RETRIES_EXCEEDED
    assert statuses[-1].extended_status_code == extended
