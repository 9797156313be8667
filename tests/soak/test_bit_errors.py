"""Many calls drawn by lot over lines that flip bits: what is confirmed is there, and every call comes to an end.

Some of them run with all other tests, the rest with `-m soak`.
"""

from __future__ import annotations

import os
from collections import Counter
from difflib import SequenceMatcher
from functools import cache
from typing import Final

import pytest

from faxmodem.call.sink import CopyQuality
from faxmodem.codec.bitmap import Bitmap
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.outcomes import Outcome
from tests.soak.trial import LIMITS, Page, Played, Trial, play

SHARES: Final = (1e-5, 1e-4, 5e-4)
CALLS: Final = int(os.environ.get("FAXMODEM_SOAK_CALLS", "200"))
QUICK: Final = 2
"Of these calls run with all other tests."
QUALITY: Final = CopyQuality()
GETS_THROUGH: Final = {
    (1e-5, True): 0.99,
    (1e-4, True): 0.9,
    (5e-4, True): 0.3,
    (1e-5, False): 0.98,
    (1e-4, False): 0.9,
}
"Least share of the calls that are to go well: by bit errors, with and without error correction."
LOST_TO_LINE: Final = {
    Outcome.OK,
    Outcome.TRAINING_FAILED,
    Outcome.PAGE_REFUSED,
    Outcome.NO_RESPONSE,
    Outcome.FAR_END_DISCONNECTED,
    Outcome.FAR_END_HUNG_UP,
}
"How a sender may end on such a line."


@pytest.mark.parametrize(
    "trial",
    [
        pytest.param(trial, marks=pytest.mark.soak if trial.seed >= QUICK else ())
        for trial in (Trial(share, ecm, seed) for ecm in (True, False) for share in SHARES for seed in range(CALLS))
    ],
    ids=str,
)
def test_what_is_confirmed_is_there(trial: Trial) -> None:
    outcome(trial)


@pytest.mark.soak
@pytest.mark.parametrize(("share", "ecm"), GETS_THROUGH)
def test_most_calls_get_through(share: float, ecm: bool) -> None:
    ends = Counter(outcome(Trial(share, ecm, seed)) for seed in range(CALLS))
    assert ends[Outcome.OK] >= GETS_THROUGH[share, ecm] * CALLS, ends


@cache
def outcome(trial: Trial) -> Outcome:
    """How the sender's end of a call ended that is as it should be."""
    played = play(trial)
    try:
        check_ends(played)
        check_stored(played, corrected=trial.ecm)
    except AssertionError as error:
        error.add_note(played.story())
        raise
    return played.sender.outcome


def check_ends(played: Played) -> None:
    assert played.on_hook
    assert played.longest_silence_s <= LIMITS.t1_s
    assert played.sender.outcome in LOST_TO_LINE
    assert played.sender.ok <= played.receiver.ok
    assert played.sender.pages_sent <= played.receiver.pages_received <= len(played.kept) <= len(played.pages)
    assert played.sender.ok == (played.sender.pages_sent == len(played.pages))
    assert played.receiver.ok <= (played.receiver.pages_received == len(played.pages))


def check_stored(played: Played, *, corrected: bool) -> None:
    """The pages that were stored are those that were sent, but for the damage that they admit to."""
    for number, (kept, sent) in enumerate(
        zip(played.kept[: played.receiver.pages_received], played.pages, strict=False)
    ):
        confirmed = number < played.sender.pages_sent
        if not corrected:
            check_quality(kept)
            check_damage(kept, sent)
        elif confirmed or played.receiver.ok or Fcf.EOR not in played.commands:
            assert kept.bitmap == sent
            assert (kept.bad_lines, kept.longest_bad_run) == (0, 0)
        # else the sender has said that it goes on without what is missing


def check_quality(kept: Page) -> None:
    """A page that was stored could be confirmed."""
    assert kept.bad_lines <= QUALITY.poor_share * kept.bitmap.lines
    assert kept.longest_bad_run <= QUALITY.longest_run_mm * kept.bitmap.resolution.lines_per_mm


def check_damage(kept: Page, sent: Bitmap) -> None:
    """The bad lines that were counted are those that differ.

    A group of two-dimensional lines (four at most) may be wrong unnoticed, and a few lines of a bad group be right by
    luck. An EOL that is hit makes one line of two, a new one two of one.
    """
    assert (kept.bitmap.width, kept.bitmap.resolution) == (sent.width, sent.resolution)
    assert abs(kept.bitmap.lines - sent.lines) <= kept.bad_lines + 1
    wrong = kept.bitmap.lines - lines_in_common(kept.bitmap, sent)
    assert abs(wrong - kept.bad_lines) <= 4 + kept.bad_lines // 2


def lines_in_common(kept: Bitmap, sent: Bitmap) -> int:
    """How many lines of a page came, in their order."""
    came, went = ([row.tobytes() for row in bitmap.rows] for bitmap in (kept, sent))
    return sum(match.size for match in SequenceMatcher(None, came, went, autojunk=False).get_matching_blocks())
