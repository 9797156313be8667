"""Reports of calls whose modem ran the procedure itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from faxmodem.call.report.ladder import ladder
from faxmodem.call.report.picture import draw
from faxmodem.call.report.report import Report
from faxmodem.call.report.story import Kind, Moment
from faxmodem.call.report.text import heading
from faxmodem.modem.base import Told
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from tests.unit.call.test_page_level import (
    FAR_END,
    PAGES,
    Came,
    Scripted,
    coming_to,
    ended,
    incoming,
    poll,
    receive,
    send,
)


def report_of(came: Came) -> Report:
    assert came.result is not None
    assert came.result.report is not None
    return came.result.report


def crossed(report: Report) -> list[str]:
    """What was on the line, in order: `we DCS`, `far end MCF`, `we page 1`."""
    whole = []
    for span in report.story.spans:
        side = "we" if span.ours else "far end"
        names = [str(frame).split()[0] for frame in span.frames]
        names += [f"TCF {'good' if span.good else 'bad'}"] if span.kind is Kind.TRAINING else []
        names += [f"page {span.page}"] if span.kind is Kind.DATA else []
        whole += [f"{side} {name}" for name in names]
    return whole


def test_who_said_what_when_pages_are_sent() -> None:
    came = send(Scripted(answers=[Fcf.RTN]), PAGES[:1])
    report = report_of(came)
    assert crossed(report) == [
        *("far end CSI", "far end DIS", "we DCS", "we TCF good", "we page 1", "we EOP", "far end RTN"),
        *("we DCS", "we TCF good", "we page 1", "we EOP", "far end MCF"),
    ]
    (page,) = report.facts.pages
    assert (page.modulations, page.bursts, page.refusals, page.requests, page.done) == (
        (str(Modulation.V17_14400), str(Modulation.V17_12000)),
        2,
        1,
        0,
        True,
    )
    assert page.octets == len(came.modem.sent[1][1])


def test_who_said_what_when_pages_come(tmp_path: Path) -> None:
    report = report_of(receive(Scripted(coming=incoming(PAGES[:2])), tmp_path))
    assert crossed(report) == [
        *("far end TSI", "far end SUB", "far end DCS", "far end TCF good"),
        *("far end page 1", "far end MPS", "we MCF", "far end page 2", "far end EOP", "we MCF"),
    ]
    assert report.diagnosis.cause == "The call went as it should."


class ComesDown(Scripted):
    """Its first training fails."""

    async def begin_page(self, parameters: Parameters, told: Told) -> Parameters:
        told(Frame.of(Fcf.DCS, parameters.to_bits()))
        return await super().begin_page(replace(parameters, modulation=Modulation.V29_9600), told)


def test_a_training_that_failed_stands_before_the_next() -> None:
    report = report_of(send(ComesDown(), PAGES[:1]))
    assert crossed(report)[2:6] == ["we DCS", "we TCF bad", "we DCS", "we TCF good"]
    assert [training.good for training in report.facts.trainings] == [False, True]
    assert report.diagnosis.change == {"max_rate": 9600, "avoid": ["V.17"]}


def test_what_the_modem_has_said_itself(tmp_path: Path) -> None:
    class Confirms(Scripted):
        async def receive_page(
            self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
        ) -> Frame:
            if len(self._coming) == 1:
                told(Frame.of(Fcf.CFR))
            return await super().receive_page(told, on_begin, on_data)

    report = report_of(receive(Confirms(coming=incoming(PAGES[:1])), tmp_path))
    assert crossed(report)[2:6] == ["far end DCS", "far end TCF good", "we CFR", "far end page 1"]


def test_the_ladder_goes_in_the_order_of_the_call() -> None:
    report = report_of(send(Scripted(), PAGES[:2]))
    text = "\n".join(line.text for line in ladder(report.story))
    places = [
        text.index(word) for word in ("dialling", "DIS:", "the call is up", "chosen", "DCS:", "TCF at", "page 1:")
    ]
    assert places == sorted(places)
    assert "silence" not in text, "what the modem does not tell of is not known to be none"
    assert "Class 2)" in heading(report)[1]
    assert ET.fromstring(draw(report)).tag.endswith("svg")  # noqa: S314 - our own picture


def test_the_service_class_is_read_back() -> None:
    report = report_of(send(Scripted(), PAGES[:1]))
    again = Report.from_json(report.to_json())
    assert (again.service_class, again.settings.page_level) == ("2", True)


@pytest.mark.parametrize(
    ("at", "outcome", "words"),
    [
        (2, Outcome.TRAINING_FAILED, "says: +FHNG:27"),
        (3, Outcome.NO_RESPONSE, "says: +FHNG:27"),
        (10, Outcome.NO_RESPONSE, "answered no more after the page"),
        (4, Outcome.FAR_END_HUNG_UP, "left after a page"),
        (1, Outcome.PROTOCOL_ERROR, "while dialling and says: +FHNG:27"),
    ],
)
def test_why_a_modem_ended_the_call(at: int, outcome: Outcome, words: str) -> None:
    report = report_of(send(Scripted(at=at, trouble=ended(outcome, "+FHNG:27"))))
    assert words in report.diagnosis.cause
    assert any("the modem ended the session: +FHNG:27" in entry.text for entry in report.diagnosis.evidence)


def test_a_command_that_was_not_answered_was_said() -> None:
    report = report_of(send(Scripted(at=4, trouble=ended(Outcome.NO_RESPONSE, "+FHNG:52"))))
    assert crossed(report)[-1] == "we MPS"


def test_a_sender_that_left(tmp_path: Path) -> None:
    report = report_of(receive(coming_to(at=4, trouble=ended()), tmp_path))
    assert "The sender left while waiting for the next page" in report.diagnosis.cause


def test_a_page_that_broke_off(tmp_path: Path) -> None:
    class Breaks(Scripted):
        async def receive_page(
            self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
        ) -> Frame:
            came: list[bytes] = []

            def breaks(piece: bytes) -> None:
                came.append(piece)
                on_data(piece)
                if len(came) > 2:
                    raise ended(Outcome.FAR_END_HUNG_UP, "+FHNG:90")

            return await super().receive_page(told, on_begin, breaks)

    report = report_of(receive(Breaks(coming=incoming()), tmp_path))
    (span,) = report.story.of(Kind.DATA)
    assert (span.ours, span.octets, span.whole) == (False, 300, False)
    assert report.facts.outcome is Outcome.FAR_END_HUNG_UP


def test_a_poll_that_is_refused(tmp_path: Path) -> None:
    report = report_of(poll(Scripted(far_end=replace(FAR_END, has_document=True)), tmp_path))
    assert "not given to this caller" in report.diagnosis.cause
    assert not [mark for mark in report.story.marks if mark.moment is Moment.SILENCE]
