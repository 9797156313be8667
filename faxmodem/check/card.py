"""What was measured of a modem: records, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Grade(Enum):
    """How a measurement stands beside what is allowed."""

    GOOD = "good"
    POOR = "poor"
    "Calls will go through, with luck or with the settings that the card suggests."
    BAD = "bad"
    "Calls will fail without the settings that the card suggests, or at all."
    NOTE = "note"
    "Neither good nor bad."


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A setting for the modem's profile."""

    table: str
    "As TOML has it: `quirks.early_connect`."
    key: str
    value: str | float | bool
    why: str

    @property
    def name(self) -> tuple[str, str]:
        """Which setting it is."""
        return self.table, self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measurement."""

    topic: str
    what: str
    measured: str
    "For people."
    value: float | None = None
    "For programs: seconds, octets or a share, as `unit` says."
    unit: str = ""
    allowed: str = ""
    grade: Grade = Grade.NOTE
    suggests: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that was measured of one modem."""

    port: str
    modem: str
    "Who it says it is."
    profile: str
    service_class: str
    far_port: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What the findings suggest, each setting once: the last word on it, as that was said knowing those before."""
        return tuple({each.name: each for finding in self.findings for each in finding.suggests}.values())

    @property
    def worst(self) -> Grade:
        """The worst grade that was given."""
        grades = {finding.grade for finding in self.findings}
        return next((grade for grade in (Grade.BAD, Grade.POOR) if grade in grades), Grade.GOOD)

    def to_json(self) -> dict[str, Any]:
        """The card as plain data; enumerations by their values."""
        plain = asdict(self)
        for told, finding in zip(plain["findings"], self.findings, strict=True):
            told["grade"] = finding.grade.value
        return {**plain, "worst": self.worst.value, "suggestions": [asdict(each) for each in self.suggestions]}

    def profile_lines(self) -> list[str]:
        """The suggested settings as a part of a profile, in TOML."""
        tables: dict[str, list[Suggestion]] = {}
        for suggestion in self.suggestions:
            tables.setdefault(suggestion.table, []).append(suggestion)
        return [line for table, settings in tables.items() for line in _toml(table, settings)]


def _toml(table: str, settings: Iterable[Suggestion]) -> Iterator[str]:
    yield f"[{table}]"
    for setting in settings:
        value = f"{setting.key} = {_literal(setting.value)}"
        if not table.startswith("quirks."):
            yield f"{value}  # {setting.why}"
            continue
        yield value
        yield f"why = {_literal(setting.why)}"
        yield 'source = "measured on this modem"'
        yield 'evidence = "A"'
    yield ""


def _literal(value: str | float | bool) -> str:
    """A value in TOML; texts are plain, in which JSON writes the same."""
    return json.dumps(value) if isinstance(value, str | bool) else f"{value:g}"
