"""Which firmware a modem has, judged by what it answers. No port, no clock.

A profile says in its `match` entries how its firmware is recognised. The entry that states most and holds wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from faxmodem.errors import ProfileError
from faxmodem.modem.profile import IDENTIFYING, Match, Profile, ServiceClass
from faxmodem.modem.quirks import Quirk

GENERIC: Final = "generic"
"The profile of a modem that lists no service class for facsimile."

Answers = Mapping[str, tuple[str, ...]]
"The lines that each command brought; none for one that was refused. A command that is missing was not asked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The profile that a modem is to have."""

    profile: Profile
    reason: str
    known: bool
    "False: it is the generic one of a service class."


class _Verdict(Enum):
    HOLDS = auto()
    FAILS = auto()
    OPEN = auto()
    "It may still hold, if a command is asked that was not."


Score = tuple[bool, int, bool]
"Whether there is more than a guess, how many terms agree, whether the USB id is among them."


@dataclass(frozen=True, slots=True)
class _Case:
    """That a profile may be the one."""

    score: Score
    "What it counts for, once it holds."
    profile: Profile
    match: Match

    @property
    def terms(self) -> str:
        """What was compared."""
        commands = [
            *self.match.answers,
            *(command for command in self.match.unless if command not in self.match.answers),
        ]
        return " and ".join(commands + ["the USB id"] * bool(self.match.usb))


def choose(profiles: Mapping[str, Profile], answers: Answers, classes: Iterable[str] = (), usb: str = "") -> Choice:
    """The profile whose match states most and holds, or the generic one of the modem's best service class.

    Those of low confidence count only by their USB id, or where no other holds. Raises `ProfileError` when two profiles
    agree equally well.
    """
    cases = sorted(_cases(profiles, answers, usb, _Verdict.HOLDS), key=lambda case: case.score, reverse=True)
    if not cases:
        return _unknown(profiles, tuple(classes))
    best = cases[0]
    equals = [case for case in cases[1:] if case.score == best.score and case.profile.id != best.profile.id]
    if equals:
        raise ProfileError(_ambiguous(best, equals[0]))
    return Choice(profile=best.profile, reason=f"{best.terms} agree with it", known=True)


def next_query(profiles: Mapping[str, Profile], answers: Answers, usb: str = "") -> str | None:
    """The command that is to be asked next, as its answer may make another profile the best; None when none can."""
    best = max((case.score for case in _cases(profiles, answers, usb, _Verdict.HOLDS)), default=(False, 0, False))
    wanted = {
        command
        for case in _cases(profiles, answers, usb, _Verdict.OPEN)
        if case.score > best
        for command in (*case.match.answers, *case.match.unless)
        if command not in answers
    }
    return min(wanted, key=IDENTIFYING.index, default=None)


def _cases(profiles: Mapping[str, Profile], answers: Answers, usb: str, wanted: _Verdict) -> Iterator[_Case]:
    for profile in profiles.values():
        for match in profile.match:
            if _judge(match, answers, usb) is wanted:
                told = [command for command in match.unless if answers.get(command, ("not asked yet",))]
                terms = len(match.answers) + len(told) + bool(match.usb)
                yield _Case((profile.confidence != "low" or bool(match.usb), terms, bool(match.usb)), profile, match)


def _judge(match: Match, answers: Answers, usb: str) -> _Verdict:
    if match.usb and usb not in match.usb:
        return _Verdict.FAILS
    terms = [(command, pattern, True) for command, pattern in match.answers.items()]
    terms += [(command, pattern, False) for command, pattern in match.unless.items()]
    asked = [term for term in terms if term[0] in answers]
    if any(_found(pattern, answers[command]) is not wanted for command, pattern, wanted in asked):
        return _Verdict.FAILS
    return _Verdict.HOLDS if len(asked) == len(terms) else _Verdict.OPEN


def _found(pattern: str, lines: Iterable[str]) -> bool:
    return any(re.search(pattern, line) for line in lines)


def _unknown(profiles: Mapping[str, Profile], classes: tuple[str, ...]) -> Choice:
    """The generic profile of the best class that is listed."""
    generic = profiles[GENERIC]
    name = next((name for name in generic.classes.prefer if name in classes), None)
    if name is None:
        reason = "unknown: no profile agrees with what it answers, and it lists no service class for facsimile"
        return Choice(profile=generic, reason=reason, known=False)
    reason = f"unknown: no profile agrees with what it answers; Class {name} is the best that it lists"
    return Choice(profile=profiles[f"class{name}"], reason=reason, known=False)


def _ambiguous(one: _Case, other: _Case) -> str:
    """Who is meant, and what would tell them apart."""
    mine, theirs = one.profile.identity, other.profile.identity
    apart = [command for command in IDENTIFYING if mine.get(command) != theirs.get(command)]
    advice = (
        f"their answers to {', '.join(apart)} differ" if apart else "nothing that they state of their answers differs"
    )
    return (
        f"two firmware profiles match this modem equally well: {one.profile.id} (by {one.terms}) and "
        f"{other.profile.id} (by {other.terms}); one of them needs another term in its [[match]] ({advice}), "
        "or name the profile"
    )


def answers_of(profile: Profile) -> Answers:
    """What a modem with this firmware answers, as far as the profile tells; the rest it refuses."""
    told = {**profile.identity, "+FCLASS=?": (",".join(profile.classes.listed),)}
    return {command: told.get(command, ()) for command in IDENTIFYING}


def usable_classes(profile: Profile, listed: Iterable[str]) -> tuple[ServiceClass, ...]:
    """The classes that the profile prefers and the modem has, the best first; all of them if it lists none at all."""
    known = frozenset(listed)
    if not known or profile.has(Quirk.CLASS_UNLISTED):
        return profile.classes.prefer
    return tuple(name for name in profile.classes.prefer if name in known)
