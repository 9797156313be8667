"""The `faxmodem` command in a process of its own, as a user or a script starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from threading import Timer
from typing import Any, Final

FAXMODEM: Final = Path(sysconfig.get_path("scripts")) / "faxmodem"
LIMIT_S: Final = 150.0
"For a command: then it is killed, so that its exit code is -9."

Status = dict[str, Any]  # Any: a line of JSON
"What `--json` says of a job at one moment."


@dataclass
class Command:
    """A run of the command with `--json`."""

    process: subprocess.Popen[str]
    statuses: list[Status] = field(default_factory=list)
    "What it has said and we have read so far."

    def until(self, holds: Callable[[Status], bool]) -> None:
        """Read until a status comes for which `holds` is true."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.statuses.append(json.loads(line))
            if holds(self.statuses[-1]):
                return
        raise AssertionError(f"the command ended before that: {self.statuses[-1:]} {self._errors()}")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        """Wait until it ends."""
        began = time.monotonic()
        assert self.process.stdout is not None
        self.statuses += map(json.loads, self.process.stdout)
        errors = self._errors()
        return Ended(self.process.wait(), self.statuses, errors, time.monotonic() - began)

    def _errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a command."""

    code: int
    statuses: list[Status]
    errors: str
    took_s: float
    "From the moment at which we began to wait for the end."

    @property
    def result(self) -> Status:
        """What the last status says came of the call."""
        result: Status = self.statuses[-1]["result"]
        return result

    def chain(self) -> list[tuple[str, str, int]]:
        """Status, extended status and current page; those that are the same one after the other stand there once."""
        seen = [
            (said["status"]["name"], said["extended_status_code"]["name"], said["current_page"])
            for said in self.statuses
        ]
        return [row for row, _ in groupby(seen)]


@contextmanager
def faxmodem(*arguments: str | Path, limit_s: float = LIMIT_S) -> Iterator[Command]:
    """Start the command; it is killed if it is not through after `limit_s`, or when the block ends."""
    command = [FAXMODEM, *arguments, "--json"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        limit = Timer(limit_s, process.kill)
        limit.start()
        try:
            yield Command(process)
        finally:
            limit.cancel()
            process.kill()


def run(*arguments: str | Path, limit_s: float = LIMIT_S) -> Ended:
    """Run the command from its beginning to its end."""
    with faxmodem(*arguments, limit_s=limit_s) as command:
        return command.end()
