"""The code words, and what coder and decoder make of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.tables import BLACK, PENDING, WHITE, WINDOW_BITS, run_codes, window_codes

COLOURS = pytest.mark.parametrize("words", [WHITE, BLACK], ids=["white", "black"])


@COLOURS
def test_every_run_of_the_standard_has_a_word(words: Mapping[int, str]) -> None:
    assert list(words) == [*range(64), *range(64, 2561, 64)]


@COLOURS
def test_no_word_begins_another(words: Mapping[int, str]) -> None:
    assert not any(longer.startswith(word) for word, longer in permutations(words.values(), 2))


@COLOURS
def test_words_leave_only_the_eight_zeros_free(words: Mapping[int, str]) -> None:
    assert sum(2 ** -len(word) for word in words.values()) == 255 / 256
    assert not any(word.startswith("00000000") for word in words.values())


def test_legal_data_never_hold_eleven_zeros() -> None:
    words = [*WHITE.values(), *BLACK.values()]
    tail = max(len(word) - len(word.rstrip("0")) for word in words)
    head = max(len(word) - len(word.lstrip("0")) for word in words)
    assert tail + head == 10


def test_long_make_up_codes_are_the_same_for_both_colours() -> None:
    assert [WHITE[run] for run in range(1792, 2561, 64)] == [BLACK[run] for run in range(1792, 2561, 64)]


@pytest.mark.parametrize(
    ("colour", "run", "word"),
    [
        (0, 0, "00110101"),
        (0, 1728, "01001101100110101"),
        (1, 1728, "00000011001010000110111"),
        (1, 2, "11"),
        (0, 2623, "00000001111100110100"),
    ],
)
def test_runs_are_coded_as_the_standard_prints_them(colour: int, run: int, word: str) -> None:
    codes = run_codes()
    bits = int(codes.bits[colour, run])
    assert f"{int(codes.code[colour, run]):0{bits}b}"[::-1] == word


def _look(state: int, window: str) -> tuple[int, int, int, list[int]]:
    """Read one window as the decoder's table should: bits, pels, state and ends of runs."""
    words = [{word: run for run, word in colour.items()} for colour in (WHITE, BLACK)]
    at = pels = 0
    ends: list[int] = []
    while True:
        colour = state & 1
        word = next((window[at:end] for end in range(at + 2, len(window) + 1) if window[at:end] in words[colour]), None)
        if word is None:
            return at, pels, state, ends
        at += len(word)
        pels += words[colour][word]
        if words[colour][word] < 64:
            ends.append(pels)
            state = colour ^ 1
        else:
            state = colour | 2


@given(state=st.integers(0, 3), window=st.text("01", min_size=WINDOW_BITS, max_size=WINDOW_BITS))
def test_a_window_is_read_word_by_word(state: int, window: str) -> None:
    table = window_codes()
    entry = state << WINDOW_BITS | int(window[::-1], 2)
    bits, pels, behind, ends = _look(state, window)
    assert (table.bits[entry], table.pels[entry], table.state[entry]) == (bits, pels, behind << WINDOW_BITS)
    assert table.ends[: table.turns[entry], entry].tolist() == ends


def test_a_make_up_code_owes_a_terminating_code() -> None:
    table = window_codes()
    entry = int(WHITE[1728][::-1], 2)  # zeros behind it
    assert table.state[entry] >= PENDING
    assert table.turns[entry] == 0
