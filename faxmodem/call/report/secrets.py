"""Passwords, kept out of reports: each becomes a token, the same one wherever it stands.

A replay compares a password that came with the one that was asked for; with tokens in their place it comes to the same
result.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast

from faxmodem.t30 import fif
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.transitions import Note, RemoteTold

_FRAMES: Final = (Fcf.PWD, Fcf.SID)
_NOTES: Final = (Note.PASSWORD, Note.SENDER_ID)
_FIELD: Final = "password"

T = TypeVar("T")


class Mask:
    """Knows the passwords of one call, and what each is called in its report."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def over(self, value: T) -> T:
        """The same value without a password in it."""
        return cast("T", self._over(value))

    def _token(self, password: str) -> str:
        password = password.strip()
        return self._tokens.setdefault(password, f"#{len(self._tokens) + 1}") if password else ""

    def _over(self, value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
        match value:
            case Frame() if value.fcf in _FRAMES:
                return self._frame(value)
            case RemoteTold(note, text) if note in _NOTES:
                return RemoteTold(note, self._token(text))
            case tuple():
                return tuple(self._over(item) for item in value)
            case _ if is_dataclass(value) and not isinstance(value, type):
                return self._record(value)
        return value

    def _frame(self, frame: Frame) -> Frame:
        record = frame.record()
        if frame.fcf is None or not isinstance(record, fif.StationId):
            return frame
        return replace(frame, fif=fif.encode(frame.fcf, fif.StationId(self._token(record.text))))

    def _record(self, value: Any) -> Any:  # noqa: ANN401 - any of our records
        changed = {}
        for field in fields(value):
            before = getattr(value, field.name)
            after = self._token(before) if field.name == _FIELD and isinstance(before, str) else self._over(before)
            if after is not before and after != before:
                changed[field.name] = after
        return replace(value, **changed) if changed else value
