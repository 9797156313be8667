"""Calls played by hand into a recorded session, and samples of every record there is."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from faxmodem.call.report.journal import RecordedSession
from faxmodem.call.report.report import Report
from faxmodem.codec.geometry import Coding
from faxmodem.t30 import events
from faxmodem.t30.capabilities import Capabilities, PageInfo
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import PartialPageRequest, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.procedure import Settings
from tests.unit.t30.helpers import ANY, PAGE, calling, dis, far

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ECM = replace(ANY, ecm=True, codings=frozenset(Coding))


class Play:
    """A recorded session whose modem and far end are played by the test. Time begins where no clock begins."""

    def __init__(self, settings: Settings | None = None, *, now: float = 98765.4321) -> None:
        self.session = RecordedSession(settings or calling(station_id="+1 555 0123"))
        self.now = now
        self.command: events.Command | None = None
        self.session.start(now)
        self._take()

    def __call__(self, *happened: events.Event, after: float = 1.0) -> Play:
        """Let these things happen, each `after` seconds behind the one before."""
        for event in happened:
            self.now += after
            self.session.receive(event, self.now)
            self._take()
        return self

    def expire(self, times: int = 1) -> Play:
        """Let the next timer run out, so many times."""
        for _ in range(times):
            due = self.session.deadline()
            assert due is not None
            self.now = due
            self.session.expire(due)
            self._take()
        return self

    def expire_while(self, kind: type[events.Command]) -> Play:
        """Let timers run out for as long as the modem does such a thing, and do what comes of it otherwise."""
        for _ in range(20):
            if self.session.done:
                break
            if isinstance(self.command, kind):
                self.expire()
            else:
                self.obey()
        return self

    def cancel(self) -> Play:
        self.session.cancel(self.now)
        self._take()
        return self

    def obey(self) -> Play:
        """Have the modem do what it was told, without trouble."""
        match self.command:
            case events.SendFrames() | events.SendTraining():
                return self(events.Sent(), after=2.0)
            case events.Choose(candidates):
                return self(events.Chosen(candidates[0], 10.0), after=0.1)
            case events.HangUp():
                return self(events.HungUp())
        raise AssertionError(f"nothing is to be done about {self.command}")

    def end(self) -> Report:
        """Carry out DCN and hang-up; gives the report."""
        while not self.session.done:
            self.obey()
        return self.report()

    def report(self, detail: str = "") -> Report:
        return Report.of(self.session, began=BEGAN, detail=detail)

    def _take(self) -> None:
        for command in self.session.commands():
            if not isinstance(command, events.StorePage | events.StoreBlock):
                self.command = command
        self.session.transitions()

    # --- the parts of a call -----------------------------------------------------------------------------------------

    def identified(self, capabilities: Capabilities = ECM, **bits: int) -> Play:
        """The far end answers and tells its DIS; DCS and TCF go out."""
        self(events.CallConnected(), events.FlagsHeard())
        self(far(Fcf.CSI, StationId("+49 30 1234"), final=False), dis(capabilities, **bits))
        return self.trained_to()

    def trained_to(self) -> Play:
        """Choose, DCS and TCF, as far as they are due."""
        while isinstance(self.command, events.Choose | events.SendFrames | events.SendTraining):
            self.obey()
        return self

    def answered(self, fcf: Fcf) -> Play:
        """The far end answers with one frame."""
        return self(events.FlagsHeard(), far(fcf), after=1.2)

    def page(self, *, octets: int = 20_000, next_page: PageInfo | None = None, frames: int = 80) -> Play:
        """A page, or the burst of a block, goes out, and the command behind it."""
        for part in range(1, 11):
            self.session.note(octets=octets * part // 10)
            self(events.Moved())
        block = isinstance(self.command, events.SendBlock)
        self(events.BlockSent(frames, more=False, next_page=next_page) if block else events.PageSent(next_page))
        return self.obey()

    def asked_again(self, *numbers: int) -> Play:
        """PPR."""
        return self(events.FlagsHeard(), far(Fcf.PPR, PartialPageRequest(frozenset(numbers))), after=0.6)


def good_call(pages: int = 1, *, capabilities: Capabilities = ECM) -> Report:
    """A call that goes as it should."""
    play = Play().identified(capabilities).answered(Fcf.CFR)
    for number in range(1, pages + 1):
        play.page(next_page=PAGE if number < pages else None).answered(Fcf.MCF)
    return play.end()


def sample(hint: Any) -> Any:  # noqa: ANN401 - any annotation
    """Some value for an annotation; every optional thing is there, every collection has a member."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return sample(next(kind for kind in arguments if kind is not type(None)))
    if origin in (tuple, frozenset):
        return origin([sample(arguments[0])])
    if hint is Frame:
        return Frame.of(Fcf.CSI, StationId('<"&> 1'), x=True, final=False)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if is_dataclass(hint):
        return make(hint)
    simple: dict[Any, Any] = {bool: True, int: 7, float: 2.25, str: "§ text", bytes: b"\0\xff"}
    return simple[hint]


def make(kind: Any) -> Any:  # noqa: ANN401 - any record
    """A record with a value in every field."""
    hints = get_type_hints(kind)
    return kind(**{field.name: sample(hints[field.name]) for field in fields(kind)})


def needs_all(kind: Any) -> list[str]:  # noqa: ANN401 - any record
    """The fields of a record that have no default."""
    return [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
