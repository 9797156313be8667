"""The report of one call, and the file that it is kept in.

The journal is what counts: everything else in the file is derived from it, for programs and people that only read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Final, NoReturn

from faxmodem.call.report.diagnosis import Diagnosis, diagnose
from faxmodem.call.report.facts import Facts, gather
from faxmodem.call.report.journal import RecordedSession, Step
from faxmodem.call.report.plain import Plain, from_plain, printable, to_plain
from faxmodem.call.report.secrets import Mask
from faxmodem.call.report.story import Story, tell
from faxmodem.errors import ReportError
from faxmodem.t30.procedure import Settings

VERSION: Final = metadata.version("faxmodem")
KIND: Final = "faxmodem call report"
FORMAT: Final = 1
"Goes up when an older program could misread what a newer one writes."
MAX_OCTETS: Final = 32 * 1024 * 1024
"The longest call, three hours of small frames, fills a tenth of it."
LONGEST_S: Final = 7 * 86400.0
MAX_TEXT: Final = 2000


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a call was, from its first input to the last."""

    began: datetime
    "Time of day when the call began, with its zone."
    settings: Settings
    steps: tuple[Step, ...]
    detail: str = ""
    "What exactly went wrong on this side."
    service_class: str = ""
    "In which the modem worked, as '1' or '2.0'."
    program: str = VERSION
    "Version of the program that made the call."

    @classmethod
    def of(cls, session: RecordedSession, *, began: datetime, detail: str = "", service_class: str = "") -> Report:
        """The report of a session as it stands; passwords are left out (see `secrets`)."""
        mask = Mask()
        return cls(
            began=began,
            settings=mask.over(session.settings),
            steps=mask.over(tuple(session.journal)),
            detail=detail[:MAX_TEXT],
            service_class=service_class,
        )

    @cached_property
    def story(self) -> Story:
        """What was on the line."""
        return tell(self.steps, by_reports=self.settings.page_level)

    @cached_property
    def facts(self) -> Facts:
        """The call in numbers."""
        return gather(self.settings, self.steps, self.story)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Why it ended as it did, and what the next try should change."""
        return diagnose(self.settings, self.steps, self.story, self.facts, self.detail)

    def summary(self) -> dict[str, Plain]:
        """What is derived from the journal, as JSON has it."""
        return {"facts": _untyped(to_plain(self.facts)), "diagnosis": _untyped(to_plain(self.diagnosis))}

    def to_json(self) -> str:
        """The text of the file; one entry of the journal a line."""
        head = {
            "kind": KIND,
            "format": FORMAT,
            "program": self.program,
            "began": self.began.isoformat(),
            "service_class": self.service_class,
            **self.summary(),
            "detail": self.detail,
            "settings": to_plain(self.settings),
        }
        lines = [f"{_dumps(key)}: {_dumps(value)}" for key, value in head.items()]
        journal = ",\n".join(_dumps(_sparse(step)) for step in self.steps)
        return "{\n" + ",\n".join([*lines, f'"journal": [\n{journal}\n]']) + "\n}\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read a report. Raises `ReportError` for anything else."""
        try:
            data = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ReportError("this is no call report: it is not JSON, or was cut short") from error
        if not isinstance(data, dict) or data.get("kind") != KIND:
            raise ReportError("this is no call report of faxmodem")
        number, program = data.get("format"), printable(str(data.get("program", "?"))[:40])
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise ReportError("this call report has no valid format number")
        if number > FORMAT:
            raise ReportError(
                f"this call report has format {number}, written by faxmodem {program}; this is faxmodem "
                f"{VERSION}, which knows formats up to {FORMAT}: use a newer program"
            )
        try:
            return cls(
                began=_time(data.get("began")),
                settings=from_plain(Settings, data.get("settings"), "settings"),
                steps=tuple(_steps(data.get("journal"))),
                detail=from_plain(str, data.get("detail", ""), "detail")[:MAX_TEXT],
                service_class=from_plain(str, data.get("service_class", ""), "service_class")[:MAX_TEXT],
                program=program,
            )
        except ReportError as error:
            raise ReportError(
                f"this call report, written by faxmodem {program}, is damaged or of another version: {error}"
            ) from error

    def write(self, path: str | Path) -> None:
        """Write the file; whoever looks finds the whole of it or none. Raises `ReportError`."""
        path = Path(path)
        draft = path.with_name(path.name + ".part")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(self.to_json())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ReportError(f"the call report {path} cannot be written: {error.strerror}") from error

    @classmethod
    def read(cls, path: str | Path) -> Report:
        """Read the file. Raises `ReportError`."""
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_OCTETS + 1)
        except OSError as error:
            raise ReportError(f"the call report {path} cannot be read: {error.strerror}") from error
        if len(data) > MAX_OCTETS:
            raise ReportError(f"{path} is larger than any call report ({MAX_OCTETS} bytes)")
        try:
            return cls.from_json(data)
        except ReportError as error:
            raise ReportError(f"{path}: {error}") from error


def _steps(plain: object) -> Iterator[Step]:
    if not isinstance(plain, list):
        raise ReportError("the journal is missing")
    for number, item in enumerate(plain):
        step: Step = from_plain(Step, item, f"journal[{number}]")
        for moment in (step.at, step.until or 0.0):
            if not 0 <= moment <= LONGEST_S:
                raise ReportError(f"journal[{number}]: no call has a moment {moment:g} s after its start")
        yield step


def _time(plain: object) -> datetime:
    try:
        time = datetime.fromisoformat(from_plain(str, plain, "began"))
    except ValueError as error:
        raise ReportError("began: a time of day was expected") from error
    if time.tzinfo is None:
        raise ReportError("began: a time of day with its zone was expected")
    return time


def _sparse(step: Step) -> Plain:
    """A step without the fields that say nothing."""
    plain = to_plain(step)
    assumed = {"type": "Step", "count": 1}
    return {
        key: value
        for key, value in (plain.items() if isinstance(plain, dict) else ())
        if value not in ("", [], {}, None) and assumed.get(key) != value
    }


def _untyped(plain: Plain) -> Plain:
    """Derived values are not read back: without the names of their classes."""
    if isinstance(plain, dict):
        return {key: _untyped(value) for key, value in plain.items() if key != "type"}
    return [_untyped(item) for item in plain] if isinstance(plain, list) else plain


def _dumps(plain: Plain) -> str:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
