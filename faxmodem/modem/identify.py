"""Who the modem is and what it can do, read leniently: no two makers word it alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from faxmodem.errors import ModemTimeout
from faxmodem.modem.at import ResultCode
from faxmodem.modem.base import ModemIdentity
from faxmodem.modem.dialogue import INTERMEDIATE, Dialogue
from faxmodem.modem.recovery import settle
from faxmodem.t30.modulations import Modulation

RATE_CODES: Final[dict[Modulation, tuple[int, int]]] = {
    Modulation.V27TER_2400: (24, 24),
    Modulation.V27TER_4800: (48, 48),
    Modulation.V29_7200: (72, 72),
    Modulation.V29_9600: (96, 96),
    Modulation.V17_7200: (73, 74),
    Modulation.V17_9600: (97, 98),
    Modulation.V17_12000: (121, 122),
    Modulation.V17_14400: (145, 146),
}
"The codes of +FTM and +FRM for long and for short training (T.31 (08/95) §8.3.3)."

MAX_ANSWER: Final = 200
"Characters of a line of identification that are kept."


async def identify(dialogue: Dialogue, *, v34: bool = False) -> ModemIdentity:
    """Ask who the modem is, then for the rates of both directions: they differ on some modems.

    `v34`: it is among them if the profile has a command that turns it on and the modem takes that; it works in both.
    """
    at, rates = dialogue.profile.at, dialogue.profile.rates
    answers: dict[str, str] = {}
    for command in at.identify:
        if text := await _query(dialogue, command):
            answers[command.removeprefix("AT") if command.startswith("AT+") else command] = text
    transmits, receives = (rates.transmits, rates.receives) if rates else (at.assumed_rates, at.assumed_rates)
    fast = await _turn_on_v34(dialogue) if v34 else frozenset()
    classes = parse_classes(await _query(dialogue, at.classes))
    sent = parse_rates(await _query(dialogue, at.transmit_rates)) or modulations(transmits)
    received = parse_rates(await _query(dialogue, at.receive_rates)) or modulations(receives)
    return ModemIdentity(
        answers=answers,
        classes=classes,
        transmits=_bearable(sent | fast, dialogue.baud),
        receives=_bearable(received | fast, dialogue.baud),
    )


def _bearable(rates: frozenset[Modulation], baud: int | None) -> frozenset[Modulation]:
    """Those for which the port is fast enough: there each octet takes ten bits."""
    return rates if baud is None else frozenset(rate for rate in rates if rate.rate_bps * 10 <= baud * 8)


def parse_classes(text: str) -> tuple[str, ...]:
    """The service classes of a +FCLASS=? answer: with or without parentheses or prefix, separated by anything."""
    return tuple(re.findall(r"\d+(?:\.\d+)?", _without_prefix(text)))


def parse_rates(text: str) -> frozenset[Modulation]:
    """The modulations of a +FTM=? or +FRM=? answer: lists and ranges of codes; empty if there is none."""
    codes: set[int] = set()
    for first, last in re.findall(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?", _without_prefix(text)):
        codes.update(range(int(first), int(last or first) + 1))
    return modulations(codes)


def modulations(codes: Iterable[int]) -> frozenset[Modulation]:
    """The modulations whose long training is among the codes."""
    known = set(codes)
    return frozenset(modulation for modulation, (long, _) in RATE_CODES.items() if long in known)


async def _turn_on_v34(dialogue: Dialogue) -> frozenset[Modulation]:
    """V.34, if the modem is to have it and does."""
    command = dialogue.profile.at.v34
    taken = command is not None and (await dialogue.ask(command)).ok
    return frozenset({Modulation.V34}) if taken else frozenset()


async def query(dialogue: Dialogue, command: str) -> tuple[str, ...] | None:
    """The lines that a query brings, the command's name before them taken off; none if refused, None if not answered.

    Some answer without a final OK: what came is taken for the answer when nothing follows it. Raises `ModemTimeout`
    if the modem takes no command after that.
    """
    lines: list[str] = []
    await dialogue.write(command)
    try:
        result = await dialogue.result(dialogue.profile.timing.command_s, skip=INTERMEDIATE, lines=lines)
    except ModemTimeout:
        await settle(dialogue)
        if not lines:
            return None
    else:
        lines = lines if result.code is ResultCode.OK else []
    if command.startswith("AT+"):
        lines = [_without_prefix(line) for line in lines]
    return tuple(line[:MAX_ANSWER] for line in lines if line)


async def _query(dialogue: Dialogue, command: str) -> str:
    """The answer in one line; "" if there is none."""
    return " ".join(await query(dialogue, command) or ())[:MAX_ANSWER]


def _without_prefix(text: str) -> str:
    """Without a leading "+FTM:" or "+FTM="."""
    return re.sub(r"^\+?[FG][A-Z]+\s*[:=]\s*", "", text)
