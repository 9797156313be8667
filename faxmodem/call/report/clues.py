"""Patterns in a call that show why it ended as it did; `diagnosis` has the table of what each of them means.

Each pattern gives the evidence for it, or None where it does not fit. It may claim only what its evidence shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from faxmodem.call.report.evidence import Entry, Evidence, entries_of, slower_than
from faxmodem.call.report.journal import Cancel
from faxmodem.call.report.plain import Plain
from faxmodem.call.report.story import Kind, Moment, counted
from faxmodem.jobs.outcomes import explain
from faxmodem.t30 import events
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.states import State
from faxmodem.t30.timers import Timer
from faxmodem.t30.transitions import Phase

Change = Mapping[str, Plain]
"""Settings of the next try: `max_rate` (bit/s), `avoid` (modulation systems), `ecm`, `t4_s`, and `needs`, what somebody
must find out or do first: "password", "document", "number", "line"."""

REPEATED_SHARE: Final = 0.1
"From this share of the image time on, repeats are worth a lower rate."
SHORT_TRIES: Final = 2
"One bad training is chance."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a pattern found."""

    evidence: Sequence[Entry]
    change: Change = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    "For the blanks in the sentences of its case."


Clue = Callable[[Evidence], Finding | None]


def _found(evidence: Sequence[Entry], *, needed: bool = True, **change: Plain) -> Finding | None:
    """A finding, if there is evidence for it."""
    ordered = sorted(evidence, key=lambda entry: entry.at)
    kept = {name: value for name, value in change.items() if value is not None}
    return Finding(evidence=ordered, change=kept) if ordered or not needed else None


def _slower(evidence: Evidence) -> int | None:
    """The next rate to try: below the last one that was in force."""
    rates = [s.modulation.rate_bps for s in evidence.story.spans if s.modulation is not None]
    return slower_than(min(rates[-1], evidence.settings.max_rate_bps)) if rates else None


# --- phases A and B --------------------------------------------------------------------------------------------------


def bug(evidence: Evidence) -> Finding | None:
    """An input that the session refused."""
    entries = [Entry(s.at, f"{type(s.what).__name__}: {s.error}") for s in evidence.steps if s.error]
    entries += [Entry(evidence.story.end, evidence.detail)] if evidence.detail else []
    return _found(entries)


def not_connected(evidence: Evidence) -> Finding | None:
    """What the modem said of a call that was not established, or T0."""
    needs = {Outcome.BAD_NUMBER: "number", Outcome.BLACKLISTED: "number", Outcome.NO_DIAL_TONE: "line"}
    outcome = evidence.facts.outcome
    found = _found(
        evidence.marks(Moment.CALL) + evidence.timeouts(Timer.T0),
        needs=needs.get(outcome) if outcome else None,
    )
    row = explain(outcome or Outcome.NO_ANSWER)
    return found and Finding(evidence=found.evidence, change=found.change, values={"row": row})


def only_noise(evidence: Evidence) -> Finding | None:
    """Damaged frames."""
    return _found(evidence.damaged() and [*evidence.damaged(), *evidence.timeouts(Timer.T1)], needs="line")


def flags_without_frames(evidence: Evidence) -> Finding | None:
    """Flags."""
    return _found(evidence.flags() and [*evidence.flags(), *evidence.timeouts(Timer.T1)], needs="line")


def silence(evidence: Evidence) -> Finding | None:
    """No frame at all."""
    return _found(
        [*evidence.timeouts(Timer.T1), *evidence.marks(Moment.CALL, bad=False)] if not evidence.heard else [],
        needs="number" if evidence.settings.calling else None,
    )


def no_receiver(evidence: Evidence) -> Finding | None:
    """A DIS without bit 10."""
    if evidence.last_offer() is None or evidence.offers("receives"):
        return None
    return _found(evidence.heard_of(Fcf.DIS), needs="number")


def unknown_address(evidence: Evidence) -> Finding | None:
    """A subaddress or a selector is to go along, and the DIS has no bit for it."""
    ours = evidence.settings.addressing
    subaddress = "polled_subaddress" if evidence.settings.first_page is None else "subaddress"
    unknown = (ours.subaddress and not evidence.offers(subaddress)) or (
        ours.selective and not evidence.offers("selective_polling")
    )
    return _found(evidence.heard_of(Fcf.DIS)) if unknown else None


def nothing_in_common(evidence: Evidence) -> Finding | None:
    """A DIS or DTC that led to no choice."""
    return _found(
        evidence.heard_of(Fcf.DIS, Fcf.DTC), max_rate=14400 if evidence.settings.max_rate_bps < 14400 else None
    )


def has_no_document(evidence: Evidence) -> Finding | None:
    """We poll, and the DIS is without bit 9."""
    if not evidence.settings.polls or evidence.offers("has_document"):
        return None
    return _found(evidence.heard_of(Fcf.DIS), needs="document")


def was_polled(evidence: Evidence) -> Finding | None:
    """A DTC."""
    return _found(evidence.heard_of(Fcf.DTC), needs="document")


def refused_poller(evidence: Evidence) -> Finding | None:
    """We hold the document, and did not give it."""
    return _found(evidence.heard_of(Fcf.PWD, Fcf.SEP, Fcf.DTC)) if not evidence.settings.calling else None


def _refused_before_training(evidence: Evidence) -> tuple[list[Entry], list[Entry]] | None:
    """Our DCS or DTC and the DCN that came in place of an answer, before any page."""
    asked = evidence.sent_of(Fcf.DCS, Fcf.DTC)
    refused = evidence.heard_of(Fcf.DCN)
    if not asked or not refused or evidence.story.of(Kind.DATA) or any(t.good for t in evidence.facts.trainings):
        return None
    return asked, refused


def password_missing(evidence: Evidence) -> Finding | None:
    """DCN in answer to a DTC, from a station that knows passwords and was given none."""
    refusal = _refused_before_training(evidence)
    asked, said = evidence.sent_of(Fcf.DTC), evidence.sent_of(Fcf.PWD)
    if refusal is None or not asked or said or not evidence.offers("password"):
        return None
    return _found([*asked, *refusal[1]], needs="password")


def password_wrong(evidence: Evidence) -> Finding | None:
    """DCN where an answer was due, after a password or an address."""
    refusal = _refused_before_training(evidence)
    said = evidence.sent_of(Fcf.PWD, Fcf.SID, Fcf.SUB, Fcf.SEP, Fcf.PSA)
    return _found([*refusal[0], *said, *refusal[1]], needs="password") if refusal and said else None


def dcs_refused(evidence: Evidence) -> Finding | None:
    """DCN in answer to our first command."""
    refusal = _refused_before_training(evidence)
    return _found([*refusal[0], *refusal[1]]) if refusal else None


def dcn_at_once(evidence: Evidence) -> Finding | None:
    """DCN before we sent anything."""
    return None if evidence.sent else _found(evidence.heard_of(Fcf.DCN))


def caller_left(evidence: Evidence) -> Finding | None:
    """DCN in answer to our DIS."""
    if evidence.settings.calling or evidence.heard_of(Fcf.DCS, Fcf.DTC):
        return None
    return _found(evidence.heard_of(Fcf.DCN) and [*evidence.sent_of(Fcf.DIS)[-1:], *evidence.heard_of(Fcf.DCN)])


def slow_answers(evidence: Evidence) -> Finding | None:
    """Answers that came late, and T4."""
    slow = list(evidence.answer_delays())
    return _found([*slow, *evidence.timeouts(Timer.T4)], t4_s=4.5) if slow and evidence.timeouts(Timer.T4) else None


def v17_fails(evidence: Evidence) -> Finding | None:
    """Trainings without success, all at V.17, and one of them refused."""
    failed = evidence.failed_trainings()
    elsewhere = [span for span in failed if span.modulation is None or span.modulation.system != "V.17"]
    if len(failed) < SHORT_TRIES or elsewhere or all(span.good is None for span in failed):
        return None
    found = _found([*entries_of(failed), *evidence.heard_of(Fcf.DCN)[-1:]], max_rate=9600, avoid=["V.17"])
    return found and Finding(evidence=found.evidence, change=found.change, values={"count": len(failed)})


def training_fails(evidence: Evidence) -> Finding | None:
    """Trainings refused."""
    failed = [span for span in evidence.failed_trainings() if span.good is False]
    if len(failed) < SHORT_TRIES:
        return None
    found = _found(
        [*entries_of(failed), *evidence.heard_of(Fcf.DCN)[-1:], *evidence.marks(Moment.TROUBLE)],
        max_rate=_slower(evidence),
        needs=None if _slower(evidence) else "line",
    )
    return found and Finding(evidence=found.evidence, change=found.change, values={"count": len(failed)})


def dis_repeated(evidence: Evidence) -> Finding | None:
    """DIS in answer to DCS and TCF."""
    sent = evidence.sent_of(Fcf.DCS)
    again = [entry for entry in evidence.heard_of(Fcf.DIS) if sent and entry.at > sent[0].at]
    return _found([*sent, *again]) if again and evidence.last_state is State.AWAIT_CFR else None


def no_answer_to_training(evidence: Evidence) -> Finding | None:
    """DCS and TCF without any answer."""
    if evidence.last_state not in (State.AWAIT_CFR, State.NEGOTIATING):
        return None
    return _found(
        [*evidence.sent_of(Fcf.DCS), *evidence.timeouts(Timer.T4), *evidence.marks(Moment.TROUBLE)],
        max_rate=_slower(evidence),
    )


def answers_damaged(evidence: Evidence) -> Finding | None:
    """Damaged frames shortly before the end."""
    damaged = [entry for entry in evidence.damaged() if entry.at > evidence.settled_at - 30.0]
    return _found(damaged and [*damaged, *evidence.timeouts(Timer.T4, Timer.T2)], needs="line")


# --- phases C and D --------------------------------------------------------------------------------------------------


def ecm_gives_up(evidence: Evidence) -> Finding | None:
    """PPRs, and then CTC, EOR or ERR."""
    asked = evidence.heard_of(Fcf.PPR) + evidence.sent_of(Fcf.PPR)
    given_up = evidence.heard_of(Fcf.ERR, Fcf.EOR) + evidence.sent_of(Fcf.CTC, Fcf.EOR)
    if not asked or not given_up:
        return None
    found = _found([*asked, *given_up, *evidence.timeouts(Timer.T4)], max_rate=_slower(evidence))
    return found and Finding(evidence=found.evidence, change=found.change, values={"count": len(asked)})


def refused_without_ecm(evidence: Evidence) -> Finding | None:
    """RTN or PIN, where error correction could have been had."""
    refused = evidence.heard_of(Fcf.RTN, Fcf.PIN)
    pages = evidence.facts.pages
    if not refused or not pages or pages[-1].ecm or not evidence.offers("ecm") or evidence.settings.ecm:
        return None
    return _found([*entries_of(evidence.story.of(Kind.DATA)[-3:]), *refused], ecm=True)


def refused(evidence: Evidence) -> Finding | None:
    """RTN or PIN, from either side."""
    refused = evidence.heard_of(Fcf.RTN, Fcf.PIN) + evidence.sent_of(Fcf.RTN, Fcf.PIN)
    return _found(refused and [*entries_of(evidence.story.of(Kind.DATA)[-3:]), *refused], max_rate=_slower(evidence))


def left_after_refusal(evidence: Evidence) -> Finding | None:
    """DCN or a lost line after RTN or PIN, and no page since."""
    refused = evidence.heard_of(Fcf.RTN, Fcf.PIN)
    data = evidence.story.of(Kind.DATA)
    if not refused or not data or data[-1].end > refused[-1].at:
        return None
    last = [entry for entry in _departure(evidence) if entry.at >= refused[-1].at]
    return _found(last and [*refused, *last], max_rate=_slower(evidence))


def _departure(evidence: Evidence) -> list[Entry]:
    """How the far end went."""
    return evidence.heard_of(Fcf.DCN) + evidence.marks(Moment.TROUBLE)


_POST_MESSAGE = (Fcf.MPS, Fcf.EOM, Fcf.EOP, Fcf.PPS, Fcf.RR, Fcf.CTC, Fcf.EOR)


def no_answer_to_page(evidence: Evidence) -> Finding | None:
    """A post-message command without an answer."""
    if evidence.last_state.phase is not Phase.D:
        return None
    return _found(
        [
            *evidence.sent_of(*_POST_MESSAGE)[-3:],
            *evidence.timeouts(Timer.T4)[-3:],
            *evidence.marks(Moment.TROUBLE),
        ],
        max_rate=_slower(evidence),
    )


def left_after_page(evidence: Evidence) -> Finding | None:
    """DCN or a lost line where the answer to a page of ours was due."""
    data = evidence.story.of(Kind.DATA)
    if evidence.last_state.phase is not Phase.D or not data or not data[-1].ours:
        return None
    command = evidence.sent_of(*_POST_MESSAGE)[-1:] or entries_of(data[-1:])
    last = _departure(evidence)
    return _found(last and [*command, *last])


def sender_left(evidence: Evidence) -> Finding | None:
    """DCN or a lost line where a page, or the command behind it, was due."""
    if evidence.last_state not in _RECEIVING:
        return None
    last = _departure(evidence)
    found = _found(last and [*entries_of(evidence.story.spans[-2:]), *last])
    return found and Finding(evidence=found.evidence, values={"state": evidence.last_state.label})


_RECEIVING = (
    *(State.RECEIVING_PAGE, State.RECEIVING_BLOCK, State.AWAIT_COMMAND, State.AWAIT_PPS, State.AWAIT_RR),
    *(State.AWAITING_PAGE, State.AWAITING_NEXT_PAGE),
)


def cut_in_page(evidence: Evidence) -> Finding | None:
    """A lost line while page data was on it."""
    lost = evidence.marks(Moment.TROUBLE)
    data = evidence.story.of(Kind.DATA)
    if evidence.last_state.phase is not Phase.C or not lost or not data:
        return None
    return Finding(evidence=[*entries_of(data[-1:]), *lost], values={"page": data[-1].page})


def cut(evidence: Evidence) -> Finding | None:
    """A lost line."""
    lost = evidence.marks(Moment.TROUBLE, Moment.CALL)
    found = _found(lost and [*entries_of(evidence.story.spans[-1:]), *lost])
    return found and Finding(evidence=found.evidence, values={"state": evidence.last_state.label})


def no_command(evidence: Evidence) -> Finding | None:
    """T2."""
    ran_out = evidence.timeouts(Timer.T2)[-1:]
    found = _found(ran_out and [*entries_of(evidence.story.spans[-1:]), *ran_out])
    return found and Finding(evidence=found.evidence, values={"state": evidence.last_state.label})


def impossible_choice(evidence: Evidence) -> Finding | None:
    """The DCS or CTC that came, and the DIS that it did not heed."""
    return _found(evidence.sent_of(Fcf.DIS, Fcf.DTC)[-1:] + evidence.heard_of(Fcf.DCS, Fcf.CTC)[-1:])


def busy_for_ever(evidence: Evidence) -> Finding | None:
    """RNR."""
    return _found(evidence.heard_of(Fcf.RNR) and [*evidence.heard_of(Fcf.RNR), *evidence.timeouts(Timer.T5)])


def stalled(evidence: Evidence) -> Finding | None:
    """One of our own limits."""
    limits = evidence.timeouts(Timer.PROGRESS, Timer.CALL, Timer.STEP)
    found = _found(limits and [*entries_of(evidence.story.spans[-2:]), *limits])
    values = {"state": evidence.last_state.label, "lasted": f"{evidence.settled_at:.0f} s"}
    return found and Finding(evidence=found.evidence, values=values)


def this_side(evidence: Evidence) -> Finding | None:
    """What failed on this side."""
    failed = evidence.marks(Moment.TROUBLE) + evidence.timeouts(Timer.STEP)
    why = [Entry(evidence.settled_at, evidence.detail)] if evidence.detail else []
    found = _found([*failed, *why])
    outcome = evidence.facts.outcome
    if found is None or outcome is None:
        return None
    return Finding(evidence=found.evidence, values={"row": explain(outcome), "state": evidence.last_state.label})


def modem_ended(evidence: Evidence) -> Finding | None:
    """A modem that runs T.30 itself, and says how its session ended."""
    said = [(step.at, step.what) for step in evidence.steps if isinstance(step.what, events.Released)]
    outcome = evidence.facts.outcome
    if not said or outcome is None:
        return None
    at, last = said[-1]
    found = [*entries_of(evidence.story.spans[-2:]), *evidence.marks(Moment.TROUBLE)]
    values = {"row": explain(outcome), "code": last.code, "state": evidence.last_state.label}
    return Finding(evidence=found or [Entry(at, f"the modem ended the session: {last.code}")], values=values)


def canceled(evidence: Evidence) -> Finding | None:
    """Our own wish."""
    found = _found(
        [Entry(step.at, "canceled on this side") for step in evidence.steps if isinstance(step.what, Cancel)]
    )
    return found and Finding(evidence=found.evidence, values={"state": evidence.last_state.label})


# --- calls that went well, but not as well as they might -------------------------------------------------------------


def came_down(evidence: Evidence) -> Finding | None:
    """Trainings that failed before one that was good."""
    trainings = evidence.story.of(Kind.TRAINING)
    bad = [span for span in trainings if span.good is False]
    good = [span for span in trainings if span.good]
    if not bad or not good or good[-1].modulation is None or bad[0].begin > good[-1].begin:
        return None
    fits = good[-1].modulation
    if any(span.modulation is fits for span in bad):  # it was not the modulation
        return None
    avoid: list[Plain] = ["V.17"]
    fell = all(span.modulation is not None and span.modulation.system == "V.17" for span in bad)
    found = _found(
        entries_of([*bad, good[-1]]), max_rate=fits.rate_bps, avoid=avoid if fell and fits.system != "V.17" else None
    )
    lost_s = good[-1].begin - bad[0].begin
    return found and Finding(
        evidence=found.evidence,
        change=found.change,
        values={"count": counted(len(bad), "failed training"), "lost_s": round(lost_s), "fits": fits},
    )


def many_repeats(evidence: Evidence) -> Finding | None:
    """Page data that crossed the line again."""
    times = evidence.facts.times
    if not times.image_s or times.repeated_s < REPEATED_SHARE * times.image_s:
        return None
    again = [span for span in evidence.story.of(Kind.DATA) if span.again]
    lacks_ecm = not evidence.facts.pages[-1].ecm and evidence.offers("ecm") and not evidence.settings.ecm
    rates = [span.modulation.rate_bps for span in evidence.story.of(Kind.DATA) if span.modulation is not None]
    came_down = min(rates) if rates and min(rates) < rates[0] else _slower(evidence)
    found = _found(entries_of(again), max_rate=came_down, ecm=True if lacks_ecm else None)
    return found and Finding(
        evidence=found.evidence, change=found.change, values={"repeated_s": f"{times.repeated_s:.0f}"}
    )


def bad_lines(evidence: Evidence) -> Finding | None:
    """Received pages with bad lines."""
    bad = [page for page in evidence.facts.pages if page.bad_lines]
    entries = [
        Entry(evidence.story.end, f"page {page.page}: {page.bad_lines} of {page.lines} lines bad") for page in bad
    ]
    return _found(entries, ecm=True if not evidence.settings.ecm else None)
