"""Why a call ended as it did: a table of patterns, of which the first that fits counts.

A cause is said only as far as the evidence goes; where none is known, that is said. The advice is for people, `change`
is the same for programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from faxmodem.call.report import clues
from faxmodem.call.report.clues import Change, Clue
from faxmodem.call.report.evidence import Entry, Evidence, entries_of
from faxmodem.call.report.facts import Facts
from faxmodem.call.report.journal import Step
from faxmodem.call.report.story import Moment, Story
from faxmodem.jobs.outcomes import explain
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.procedure import Settings

MOST_ENTRIES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a report says of a call's end."""

    cause: str
    evidence: tuple[Entry, ...] = ()
    advice: str = ""
    change: Change = field(default_factory=dict)
    retry: bool = False
    "Another try may help."


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One known way for a call to go wrong."""

    outcomes: frozenset[Outcome]
    "Empty: any that is not OK."
    clue: Clue
    cause: str
    advice: str


def diagnose(settings: Settings, steps: Sequence[Step], story: Story, facts: Facts, detail: str = "") -> Diagnosis:
    """The diagnosis of a call."""
    evidence = Evidence(settings, steps, story, facts, detail)
    outcome = facts.outcome
    if outcome is None:
        return Diagnosis(
            cause="The journal stops before the end of the call; how it ended is unknown.", evidence=_last(evidence)
        )
    for case in REMARKS if outcome is Outcome.OK else CASES:
        applies = not case.outcomes or outcome in case.outcomes
        if applies and (found := case.clue(evidence)) is not None:
            return Diagnosis(
                cause=case.cause.format(**found.values),
                evidence=tuple(found.evidence[-MOST_ENTRIES:]),
                advice=case.advice.format(**found.values),
                change=found.change,
                retry=explain(outcome).retry and outcome is not Outcome.OK,
            )
    if outcome is Outcome.OK:
        return Diagnosis(cause="The call went as it should.")
    row = explain(outcome)
    return Diagnosis(
        cause=f"{row.sentence} What led to it cannot be seen in the journal.",
        evidence=_last(evidence),
        advice=row.advice,
        retry=row.retry,
    )


def _last(evidence: Evidence) -> tuple[Entry, ...]:
    """What was heard and seen last, where nothing better is known."""
    told = entries_of(evidence.story.spans[-3:]) + evidence.marks(*Moment)[-3:]
    return tuple(sorted(told, key=lambda entry: entry.at))


def _outcomes(*outcomes: Outcome) -> frozenset[Outcome]:
    return frozenset(outcomes)


_GONE = _outcomes(Outcome.FAR_END_DISCONNECTED, Outcome.FAR_END_HUNG_UP)
_SILENT = _outcomes(Outcome.NO_RESPONSE)
_HERE = _outcomes(
    *(Outcome.PORT_UNAVAILABLE, Outcome.PORT_LOST, Outcome.MODEM_NOT_FOUND, Outcome.MODEM_FAILED),
    *(Outcome.DOCUMENT_FAILED, Outcome.STORAGE_FAILED),
)

CASES: tuple[Case, ...] = (
    Case(
        outcomes=_outcomes(Outcome.INTERNAL_ERROR),
        clue=clues.bug,
        cause="faxmodem met something in this call that it was not made for.",
        advice="Please report it, with this file.",
    ),
    Case(
        outcomes=_outcomes(Outcome.CANCELED),
        clue=clues.canceled,
        cause="The call was canceled on this side, while {state}.",
        advice="Nothing is left to do; start again when you like.",
    ),
    Case(
        outcomes=_HERE,
        clue=clues.this_side,
        cause="{row.sentence} That was while {state}.",
        advice="{row.advice}",
    ),
    Case(
        outcomes=_outcomes(
            *(Outcome.BUSY, Outcome.NO_ANSWER, Outcome.NO_DIAL_TONE, Outcome.BAD_NUMBER),
            *(Outcome.DELAYED, Outcome.BLACKLISTED, Outcome.NOT_A_FAX),
        ),
        clue=clues.not_connected,
        cause="{row.sentence}",
        advice="{row.advice}",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOT_A_FAX) | _SILENT,
        clue=lambda evidence: None if evidence.heard else clues.only_noise(evidence),
        cause="Signals like those of a fax machine came, but not one of them was whole.",
        advice="The line is bad, or another kind of modem is there: try another line.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOT_A_FAX),
        clue=clues.flags_without_frames,
        cause="Something that sounds like a fax machine was there, but it never identified itself.",
        advice="Try again; if it stays so, try another line.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOT_A_FAX),
        clue=lambda evidence: None if evidence.settings.calling else clues.silence(evidence),
        cause="Somebody called, and no fax machine was to be heard.",
        advice="It may have been a person who dialled a wrong number; nothing can be done here.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOT_A_FAX),
        clue=clues.silence,
        cause="The call was up, and no fax machine was to be heard.",
        advice="Check the number by calling it from a telephone: a fax machine answers with a whistle.",
    ),
    Case(
        outcomes=_outcomes(Outcome.INCOMPATIBLE),
        clue=clues.no_receiver,
        cause="The far end says in its DIS that it cannot receive.",
        advice="Check the number; the machine there may be out of paper, or be set to send only.",
    ),
    Case(
        outcomes=_outcomes(Outcome.INCOMPATIBLE),
        clue=clues.unknown_address,
        cause="The far end knows neither subaddresses nor selectors of the kind that this call names.",
        advice="Leave the subaddress or the selector out, or ask the other side what its machine understands.",
    ),
    Case(
        outcomes=_outcomes(Outcome.INCOMPATIBLE),
        clue=clues.nothing_in_common,
        cause="The far end's DIS has nothing that this side may use.",
        advice="Allow every speed and the standard resolution.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOTHING_TO_POLL),
        clue=clues.has_no_document,
        cause="The far end's DIS says that it holds no document to be fetched.",
        advice="Ask the other side to put its document up for polling.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NOTHING_TO_POLL),
        clue=clues.was_polled,
        cause="The far end asked for a document (DTC), and none is held for it here.",
        advice="Ask the other side to turn polling off, or put a document up here.",
    ),
    Case(
        outcomes=_outcomes(Outcome.POLL_REFUSED),
        clue=clues.refused_poller,
        cause="The far end asked for our document and did not give the password or selector that is set here.",
        advice="Tell the other side the password and the selector, if it may have the document.",
    ),
    Case(
        outcomes=_GONE | _outcomes(Outcome.POLL_REFUSED),
        clue=clues.password_wrong,
        cause="The far end left as soon as it had our password or address, and gave no reason: one may be wrong.",
        advice="Check the password, subaddress and selector with the other side.",
    ),
    Case(
        outcomes=_GONE | _outcomes(Outcome.POLL_REFUSED),
        clue=clues.password_missing,
        cause="The far end left when it was asked for its document. It knows passwords and was given none: it may want "
        "one; it does not say.",
        advice="Ask the other side whether it wants a password, and what its machine shows.",
    ),
    Case(
        outcomes=_GONE | _SILENT,
        clue=clues.v17_fails,
        cause="{count} trainings in a row brought no confirmation, all of them at V.17, and then the far end was gone.",
        advice="Begin at 9600 bit/s with V.29: machines that cannot train at V.17 often can at V.29, and many leave "
        "after three failures.",
    ),
    Case(
        outcomes=_GONE | _SILENT | _outcomes(Outcome.TRAINING_FAILED),
        clue=clues.training_fails,
        cause="{count} trainings in a row failed, the last of them at the lowest rate that was tried.",
        advice="Begin at a lower rate, so that fewer trainings fail; if there is none, use another line.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.dcs_refused,
        cause="The far end left (DCN) when it was told how the pages would come, before any training was good. "
        "It does not say why.",
        advice="Ask what its machine shows: it may lack paper or memory, or want a password; else try a lower rate.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.caller_left,
        cause="The caller left (DCN) when it had heard what this side can do. It does not say why.",
        advice="Nothing can be done here; the caller may have been canceled, or need something that is not offered.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.dcn_at_once,
        cause="The far end left (DCN) before it had been sent anything. It does not say why.",
        advice="Ask the other side what its machine shows: paper, memory, a list of senders it accepts.",
    ),
    Case(
        outcomes=_outcomes(Outcome.PAGE_REFUSED, Outcome.STALLED) | _GONE | _SILENT,
        clue=clues.ecm_gives_up,
        cause="Frames of a block were asked for again {count} times (PPR) and it was not complete in the end.",
        advice="Begin at a lower rate: at this one the line damages too many frames.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.left_after_refusal,
        cause="The far end refused a page (RTN) and left instead of taking it again.",
        advice="Try a lower rate; some machines send RTN when they mean that they are done.",
    ),
    Case(
        outcomes=_outcomes(Outcome.PAGE_REFUSED),
        clue=clues.refused_without_ecm,
        cause="The far end refused the page as unreadable, and error correction was switched off here.",
        advice="Allow error correction: the far end has it.",
    ),
    Case(
        outcomes=_outcomes(Outcome.PAGE_REFUSED),
        clue=clues.refused,
        cause="The page was refused as unreadable each time that it was sent.",
        advice="Send at a lower rate, or over another line.",
    ),
    Case(
        outcomes=_SILENT | _outcomes(Outcome.NO_COMMAND),
        clue=clues.slow_answers,
        cause="The far end answers so late that its answers and our repeats meet; so it is on lines by satellite.",
        advice="Wait longer for answers.",
    ),
    Case(
        outcomes=_SILENT | _outcomes(Outcome.NO_COMMAND),
        clue=clues.answers_damaged,
        cause="The far end was there to the last, but its frames came damaged.",
        advice="The line is noisy towards us: try again, or use another line.",
    ),
    Case(
        outcomes=_SILENT,
        clue=clues.dis_repeated,
        cause="The far end answered DCS and TCF with its DIS, as one does that has not heard or understood them.",
        advice="The line towards the far end is bad, or our level too low: try again, or use another line.",
    ),
    Case(
        outcomes=_SILENT,
        clue=clues.no_answer_to_training,
        cause="The far end identified itself but answered none of our trainings.",
        advice="Begin at a lower rate: it may not hear this modulation at all.",
    ),
    Case(
        outcomes=_SILENT,
        clue=clues.no_answer_to_page,
        cause="The far end answered no more after the page. Whether it has the page is unknown.",
        advice="Ask whether the page arrived before it is sent again; if not, try a lower rate.",
    ),
    Case(
        outcomes=_outcomes(Outcome.NO_COMMAND),
        clue=clues.no_command,
        cause="The sender fell silent: T2 ran out while {state}.",
        advice="Ask the sender to try again.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.sender_left,
        cause="The sender left while {state}, before it had said that its document was complete.",
        advice="Ask the sender to try again; what had come is kept.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.left_after_page,
        cause="The far end left after a page and before it was confirmed. Whether it has the page is unknown.",
        advice="Ask whether the page arrived before it is sent again.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.cut_in_page,
        cause="The line was cut while page {page} crossed it.",
        advice="Try again; when it breaks at the same place each time, lower the rate.",
    ),
    Case(
        outcomes=_GONE,
        clue=clues.cut,
        cause="The line was cut while {state}.",
        advice="Try again.",
    ),
    Case(
        outcomes=_outcomes(Outcome.PROTOCOL_ERROR),
        clue=clues.impossible_choice,
        cause="The far end selected what this side never offered.",
        advice="Try again; when it stays so, the program of the far end has a fault: report it with this file.",
    ),
    Case(
        outcomes=_outcomes(Outcome.STALLED),
        clue=clues.busy_for_ever,
        cause="The far end said that it was busy (RNR) until the time for that ran out (T5).",
        advice="Its paper or memory may be at an end; try again later.",
    ),
    Case(
        outcomes=_outcomes(Outcome.TOO_LONG),
        clue=clues.stalled,
        cause="The call reached its limit after {lasted}, while {state}.",
        advice="Send fewer pages in one call, or raise the limit.",
    ),
    Case(
        outcomes=_outcomes(Outcome.STALLED),
        clue=clues.stalled,
        cause="Nothing moved any more, while {state}.",
        advice="Try again; when it stays so, switch the modem off and on.",
    ),
    Case(
        outcomes=frozenset(),
        clue=clues.modem_ended,
        cause="{row.sentence} The modem, which runs the procedure itself, ended the call while {state} and says: "
        "{code}.",
        advice="{row.advice}",
    ),
)

REMARKS: tuple[Case, ...] = (
    Case(
        outcomes=frozenset(),
        clue=clues.came_down,
        cause="The fax went through, but only after {count}, for which {lost_s} s were lost.",
        advice="Begin with {fits} next time.",
    ),
    Case(
        outcomes=frozenset(),
        clue=clues.many_repeats,
        cause="The fax went through, but {repeated_s} s went into repeats of what the line had damaged.",
        advice="A lower rate, or error correction where it was off, may be faster in the end.",
    ),
    Case(
        outcomes=frozenset(),
        clue=clues.bad_lines,
        cause="The fax came, with some lines damaged.",
        advice="Error correction avoids that, if the sender has it.",
    ),
)
