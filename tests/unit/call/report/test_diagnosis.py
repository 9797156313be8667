"""Why a call ended: for each known way to go wrong its cause, the evidence that shows it, and what to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from faxmodem.call.report.diagnosis import CASES, REMARKS, Case
from faxmodem.call.report.report import Report
from faxmodem.t30 import events
from faxmodem.t30.addressing import Addressing
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.timers import Limits
from tests.unit.call.report.calls import ECM, Play, good_call
from tests.unit.t30.helpers import ANY, called, calling, dcs, dis, far, from_caller, sent_fcfs

NO_ECM = replace(ANY, ecm=False)
UP = events.CallConnected()
HEARD = events.FlagsHeard()


def connected() -> Play:
    return Play()(UP)


def trained() -> Play:
    return Play().identified().answered(Fcf.CFR)


def plain_page() -> Play:
    """A page without error correction has gone out."""
    return Play().identified(NO_ECM).answered(Fcf.CFR).page()


def polling() -> Play:
    return Play(calling(None, polls=True))(UP)


def receiving() -> Play:
    return Play(called())(UP).obey()


def receives_page() -> Play:
    return receiving()(dcs(), events.TrainingReceived(good=True)).obey()(events.Moved())


def failing_trainings(times: int) -> Play:
    play = Play().identified()
    for _ in range(times):
        play.answered(Fcf.FTT).trained_to()
    return play


def refused(play: Play, times: int) -> Play:
    for number in range(times):
        if number:
            play.trained_to().answered(Fcf.CFR).page()
        play.answered(Fcf.RTN)
    return play


def asked_for_ever() -> Play:
    """Four PPRs, CTC, and four more at each rate, down to EOR."""
    play = trained()
    for _ in range(40):
        if isinstance(play.command, events.SendBlock):
            play.page().asked_again(0, 1, 2)
        elif Fcf.EOR in sent_fcfs([play.command] if play.command else []):
            return play.obey().answered(Fcf.ERR)
        else:
            play.obey().answered(Fcf.CTR)
    raise AssertionError("nobody gives up")


def busy() -> Play:
    play = trained().page().answered(Fcf.RNR)
    for _ in range(100):
        if play.session.outcome is not None:
            break
        due = play.session.deadline()
        assert due is not None
        if due <= play.now + 2.0:
            play.expire()
        elif isinstance(play.command, events.Listen):
            play.answered(Fcf.RNR)
        else:
            play.obey()
    return play


def wants_document(*, password: bool) -> Play:
    play = polling()
    bits = {"has_document": 1, "password": int(password)}
    return play(dis(ECM, **bits)).obey()


FAILURES: list[tuple[str, Callable[[], Play], str, str, dict[str, Any]]] = [
    # what happens, how, words of the cause, words of the evidence, what to change
    ("busy", lambda: Play()(events.CallNotConnected(Outcome.BUSY)), "busy", "no connection: busy", {}),
    (
        "no dial tone",
        lambda: Play()(events.CallNotConnected(Outcome.NO_DIAL_TONE)),
        "no dial tone",
        "no_dial_tone",
        {"needs": "line"},
    ),
    ("nobody answers", lambda: Play().expire(), "Nobody answered", "T0 ran out", {}),
    ("silence", lambda: connected().expire(), "no fax machine was to be heard", "T1 ran out", {"needs": "number"}),
    ("silent caller", lambda: Play(called())(UP).expire_while(events.Listen), "Somebody called", "T1", {}),
    ("flags", lambda: connected()(HEARD).expire(), "never identified itself", "flags", {"needs": "line"}),
    (
        "noise",
        lambda: connected()(HEARD, events.FrameDamaged()).expire(),
        "not one of them was whole",
        "a damaged frame",
        {"needs": "line"},
    ),
    (
        "no receiver",
        lambda: connected()(far(Fcf.DIS, Bits.compose(BitsKind.CAPABILITIES, {"rates": 0b1100}))),
        "cannot receive",
        "the far end: DIS",
        {"needs": "number"},
    ),
    (
        "no subaddresses",
        lambda: Play(calling(addressing=Addressing(subaddress="77")))(UP)(dis(replace(ECM, subaddress=False))),
        "knows neither subaddresses",
        "the far end: DIS",
        {},
    ),
    ("nothing to poll", lambda: polling()(dis(ECM)), "holds no document", "DIS", {"needs": "document"}),
    (
        "we are polled",
        lambda: receiving()(far(Fcf.DTC, Bits.compose(BitsKind.CAPABILITIES, {}))),
        "none is held",
        "DTC",
        {"needs": "document"},
    ),
    (
        "poll without password",
        lambda: wants_document(password=True).answered(Fcf.DCN),
        "may want one",
        "DCN",
        {"needs": "password"},
    ),
    ("DCN at once", lambda: connected()(far(Fcf.DCN)), "before it had been sent anything", "DCN", {}),
    ("DCN for DCS", lambda: Play().identified().answered(Fcf.DCN), "before any training was good", "DCS", {}),
    ("caller leaves", lambda: receiving()(from_caller(Fcf.DCN)), "The caller left", "DCN", {}),
    (
        "V.17 fails and it leaves",
        lambda: failing_trainings(1).answered(Fcf.FTT)(events.LineLost()),
        "all of them at V.17",
        "V.17 12000 bit/s: bad",
        {"max_rate": 9600, "avoid": ["V.17"]},
    ),
    (
        "V.17 fails, V.29 is not answered",
        lambda: failing_trainings(2)(events.LineLost()),
        "2 trainings in a row failed",
        "V.17 12000 bit/s: bad",
        {"max_rate": 7200},
    ),
    (
        "no rate works",
        lambda: failing_trainings(8),
        "8 trainings in a row",
        "V.27ter 2400 bit/s: bad",
        {"needs": "line"},
    ),
    (
        "no answer to DCS",
        lambda: Play().identified().expire_while(events.Listen),
        "none of our trainings",
        "T4 ran out while waiting for CFR",
        {"max_rate": 12000},
    ),
    (
        "DIS for ever",
        lambda: Play().identified()(dis(ECM)).trained_to()(dis(ECM)).trained_to()(dis(ECM)),
        "with its DIS",
        "DIS",
        {},
    ),
    (
        "answers damaged",
        lambda: Play().identified()(events.FrameDamaged()).expire_while(events.Listen),
        "its frames came damaged",
        "a damaged frame",
        {"needs": "line"},
    ),
    ("RTN thrice", lambda: refused(plain_page(), 3), "refused as unreadable", "RTN", {"max_rate": 7200}),
    (
        "RTN and gone",
        lambda: refused(plain_page(), 1)(events.LineLost()),
        "left instead of taking it again",
        "RTN",
        {"max_rate": 12000},
    ),
    ("PPR for ever", asked_for_ever, "asked for again", "PPR", {}),
    (
        "EOP unanswered",
        lambda: trained().page().expire_while(events.Listen),
        "no more after the page",
        "T4",
        {"max_rate": 12000},
    ),
    ("DCN for MCF", lambda: trained().page().answered(Fcf.DCN), "before it was confirmed", "DCN", {}),
    ("line lost for MCF", lambda: trained().page()(events.LineLost()), "before it was confirmed", "lost", {}),
    ("line lost in page", lambda: trained()(events.Moved(), events.LineLost()), "while page 1 crossed", "lost", {}),
    ("line lost in phase B", lambda: connected()(events.LineLost()), "cut while waiting for DIS", "lost", {}),
    ("sender falls silent", lambda: receives_page()(events.PageReceived()).expire(), "fell silent", "T2 ran out", {}),
    (
        "sender leaves",
        lambda: receives_page()(events.PageReceived(), from_caller(Fcf.DCN)),
        "The sender left",
        "DCN",
        {},
    ),
    ("busy for ever", busy, "busy", "T5 ran out", {}),
    ("DCS of another world", lambda: receiving()(dcs(jbig=1, ecm=1)), "never offered", "DCS", {}),
    (
        "too long",
        lambda: Play(calling(limits=Limits(call_s=20.0)))(UP).expire(),
        "limit after 20 s, while waiting for DIS",
        "call ran out",
        {},
    ),
    (
        "stalled",
        lambda: Play(calling(limits=Limits(progress_s=20.0)))(UP).expire(),
        "Nothing moved any more",
        "progress ran out",
        {},
    ),
    ("canceled", lambda: connected().cancel(), "canceled on this side, while waiting for DIS", "canceled", {}),
    (
        "modem dies",
        lambda: Play().identified()(events.Failed(Outcome.MODEM_FAILED)),
        "The modem stopped",
        "failed on",
        {},
    ),
    ("disk is full", lambda: receives_page()(events.Failed(Outcome.STORAGE_FAILED)), "written to disk", "storage", {}),
]


def one(name: str) -> Report:
    return next(play() for told, play, *_ in FAILURES if told == name).end()


@pytest.mark.parametrize(("name", "play", "cause", "evidence", "change"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_failure_is_explained(
    name: str, play: Callable[[], Play], cause: str, evidence: str, change: dict[str, Any]
) -> None:
    report = play().end()
    assert report.facts.outcome not in (None, Outcome.OK), name
    diagnosis = report.diagnosis
    assert cause in diagnosis.cause
    assert any(evidence in entry.text for entry in diagnosis.evidence), diagnosis.evidence
    assert [entry.at for entry in diagnosis.evidence] == sorted(entry.at for entry in diagnosis.evidence)
    assert diagnosis.change == change
    assert diagnosis.advice


def test_the_evidence_lies_within_the_call() -> None:
    for _, play, *_ in FAILURES:
        report = play().end()
        assert all(0 <= entry.at <= report.story.end for entry in report.diagnosis.evidence)


def test_a_password_that_was_given() -> None:
    play = Play(calling(addressing=Addressing(password="1234")))  # noqa: S106 - of nobody
    report = play.identified(replace(ECM, password=True)).answered(Fcf.DCN).end()
    assert "password or address" in report.diagnosis.cause
    assert report.diagnosis.change == {"needs": "password"}
    assert "1234" not in str(report.diagnosis)


def test_answers_that_come_late() -> None:
    play = Play()(UP, HEARD, dis(ECM)).trained_to()(HEARD, after=2.8)
    report = play(far(Fcf.CFR)).page().expire_while(events.Listen).end()
    assert "so late" in report.diagnosis.cause
    assert report.diagnosis.change == {"t4_s": 4.5}


def test_a_page_refused_where_error_correction_was_to_be_had() -> None:
    play = Play(calling(ecm=False)).identified(ECM).answered(Fcf.CFR).page()
    report = refused(play, 3).end()
    assert "switched off here" in report.diagnosis.cause
    assert report.diagnosis.change == {"ecm": True}


def test_a_bug_shows_itself() -> None:
    play = connected()(events.Failed(Outcome.INTERNAL_ERROR))
    while not play.session.done:
        play.obey()
    assert play.report("KeyError: 'x'").diagnosis.evidence[-1].text == "KeyError: 'x'"


@pytest.mark.parametrize(
    ("report", "words", "change"),
    [
        (lambda: good_call(), "as it should", {}),
        (
            lambda: failing_trainings(1).answered(Fcf.CFR).page().answered(Fcf.MCF).end(),
            "1 failed training",
            {"max_rate": 12000},
        ),
        (
            lambda: failing_trainings(2).answered(Fcf.CFR).page().answered(Fcf.MCF).end(),
            "2 failed trainings",
            {"max_rate": 9600, "avoid": ["V.17"]},
        ),
        (
            lambda: trained().page().asked_again(1).page().answered(Fcf.MCF).end(),
            "11 s went into repeats",
            {"max_rate": 12000},
        ),
    ],
)
def test_a_call_that_went_well_may_go_better(report: Callable[[], Report], words: str, change: dict[str, Any]) -> None:
    diagnosis = report().diagnosis
    assert words in diagnosis.cause
    assert diagnosis.change == change
    assert not diagnosis.retry


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    assert "unknown" in connected().report().diagnosis.cause
    report = connected()(events.Failed(Outcome.POLL_REFUSED)).end()
    assert "cannot be seen in the journal" in report.diagnosis.cause


def test_every_failure_has_a_row_of_its_own() -> None:
    covered = frozenset[Outcome]().union(*(case.outcomes for case in CASES))
    assert covered == frozenset(Outcome) - {Outcome.OK}


@pytest.mark.parametrize("case", [*CASES, *REMARKS], ids=lambda case: case.cause[:30])
def test_sentences_end_with_a_stop(case: Case) -> None:
    for text in (case.cause, case.advice):
        assert text.endswith((".", "}"))
