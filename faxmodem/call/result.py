"""How a fax ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from faxmodem.call.report.report import Report
from faxmodem.jobs.outcomes import Row, explain
from faxmodem.jobs.status import FaxJobStatus, JobType
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from faxmodem.t30.transitions import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class FaxResult:
    """How a fax ended."""

    outcome: Outcome
    status: FaxJobStatus
    "The job's last status."
    job_id: str
    pages_sent: int = 0
    "Pages that the far end confirmed, those that it polled among them."
    pages_received: int = 0
    "Pages stored, those that were polled among them."
    remote_id: str = ""
    "Station id that the far end told."
    path: Path | None = None
    "The file of what was received or polled; None when not even a part of a page came."
    detail: str = ""
    "What exactly went wrong on this side."
    notes: Mapping[Note, str] = field(default_factory=dict)
    "What the far end told beside its name."
    parameters: Parameters | None = None
    "How the last pages crossed the line; None when it did not come to that."
    report: Report | None = None
    "All that happened in the call; None when it did not come to one."
    forecast_s: float = 0.0
    "How long the last document would take on the line, as it was forecast when these parameters were chosen."

    @property
    def pages(self) -> int:
        """Pages of the job: confirmed by the receiver, or stored."""
        return self.pages_sent if self.status.job_type is JobType.SEND else self.pages_received

    @property
    def served(self) -> bool:
        """The far end called to poll, and has fetched pages of our document."""
        return self.status.job_type is JobType.RECEIVE and self.pages_sent > 0

    @property
    def ok(self) -> bool:
        """True only if every page was confirmed (sending) or the sender said that it was the last (receiving)."""
        return self.outcome is Outcome.OK

    @property
    def explanation(self) -> Row:
        """What happened, why as a rule, and what to try."""
        return explain(self.outcome)

    @property
    def message(self) -> str:
        """What happened, in a sentence or two."""
        detail = "" if self.ok else self.detail  # a sender may just go away when all that it had has come
        return detail or self.explanation.sentence
