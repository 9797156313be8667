"""Scenarios: whole calls as data, each played in virtual time and held to what it says must come of it.

A file holds the scenarios of one topic, a table each. Everything but `about` may be left out:

    about   what happens, in a sentence
    near    which of our stacks is under test: "sender" or "receiver"; without it both, and the line between them
    far     the script of the far end (`tests.scenarios.station`); needs `near`
    pages   the pages of the document: "fine", "standard 2048x100 sparse"; "broken" cannot be drawn
    arrived the pages that the receiver has, where they differ from these in their shape
    seed    of what is left to chance on the line
    faults  what the line does: records of `faxmodem.emulator.faults`, as { kind = "Echo", delay_s = 0.5 }
    dce     settings of the modems, as in `DceSettings`
    words   result codes that the modems word differently, as { BUSY = "DELAYED" }
    call    settings of our stacks, as in `CallSettings`
    limits  time limits, as in `Limits`
    act     what is done to a side, and when: { do = "cancel", to = "sender", at = "CFR + 1.5" }
    number  what is dialled
    disk    octets that fit on the receiver's disk
    line    what must cross the line: frames after which their sender listens ("DCS!": not whole), and fast carriers
    sender, receiver    what must come of that side; a side without it must do well

The last two hold `outcome`, `exit_code`, `chain` (the job's status and extended status, step by step), `pages`
(confirmed or stored), `kept` (pages in the receiver's file), `bad_lines` (of each of these) and `on_hook`.
"""

from __future__ import annotations

import asyncio
import errno
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import anyio
from PIL import Image, ImageSequence
from PIL.TiffImagePlugin import TiffImageFile

from faxmodem.call.fax import CallSettings
from faxmodem.call.sink import PARTIAL
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import FaxTiffWriter, Tag, read_pages
from faxmodem.emulator import faults as line_faults
from faxmodem.emulator.faults import Fate, Fault, Refused
from faxmodem.emulator.history import CallStep, Record
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.t30.timers import Limits
from tests.scenarios.bench import CALLED, CALLER, RECEIVED_WELL, SENT_WELL, Side, name_of, page, running, watched_line
from tests.scenarios.station import Station, parse

FOLDER: Final = Path(__file__).parent
NUMBERS: Final = {"sender": CALLER, "receiver": CALLED}
WELL: Final = {"sender": SENT_WELL, "receiver": RECEIVED_WELL}
LINES: Final = 100
"Lines of a page, if a scenario does not care: some 3 s at 14400 bit/s."
END_S: Final = 600.0
"No scenario takes so long."
GRACE_S: Final = 5.0
"For the far end to notice that the call is over."

_MOMENT: Final = re.compile(r"(\S+?)(?:#(\d+))?(?: \+ ([\d.]+))?")
_PAGE: Final = re.compile(r"(standard|fine|superfine)(?: (\d+)x(\d+))?( sparse)?")
_RESOLUTIONS: Final = {resolution.label: resolution for resolution in Resolution}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What comes, or must come, of a side."""

    outcome: str = "ok"
    exit_code: int = 0
    chain: str = ""
    pages: int = 0
    kept: int = 0
    bad_lines: Sequence[int] = ()
    on_hook: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done to a side at some moment: so many seconds after something has crossed the line."""

    do: str
    to: str
    after: str
    nth: int
    delay_s: float

    @classmethod
    def of(cls, *, do: str, to: str, at: str) -> Act:
        """`at`: "CFR + 1.5", "MCF#2", "start + 1"."""
        match = _MOMENT.fullmatch(at)
        if match is None or to not in NUMBERS:
            raise ValueError(f"no such moment: {at!r}, or side: {to!r}")
        return cls(do=do, to=to, after=match[1], nth=int(match[2] or 1), delay_s=float(match[3] or 0))

    def carry_out(self, side: Side) -> None:
        """Do it."""
        match self.do:
            case "cancel":
                side.stop.set()
            case "freeze":
                side.dce.freeze()
            case "unplug":
                side.dte.unplug()
            case "cut":
                if side.end._call is not None:
                    side.end._call.drop_at(side.end.line.clock.now())
            case _:
                raise ValueError(f"nothing is called {self.do!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A call as data."""

    name: str
    about: str
    near: tuple[str, ...] = ("sender", "receiver")
    far: Sequence[str] = ()
    pages: Sequence[Bitmap | None] = ()
    seed: int = 0
    faults: Sequence[Fault] = ()
    dce: DceSettings = field(default_factory=DceSettings)
    words: Mapping[str, str] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)  # Any: as TOML has it
    limits: Limits = field(default_factory=Limits)
    act: Act | None = None
    disk: int | None = None
    number: str = CALLED
    line: str = ""
    arrived: Sequence[str] = ()
    endings: Mapping[str, Ending]

    def __str__(self) -> str:
        return self.name


def scenarios() -> Iterator[Scenario]:
    """All that there are."""
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            for name, table in tomllib.load(file).items():
                try:
                    yield scenario(f"{path.stem}/{name}", **table)
                except (KeyError, TypeError, ValueError) as error:
                    raise ValueError(f"scenario {name} in {path}: {error}") from error


def scenario(name: str, **table: Any) -> Scenario:  # noqa: ANN401 - as TOML has it
    """The scenario that a table describes. Raises TypeError and ValueError for what it cannot mean."""
    for _ in parse(line.removeprefix("forever ") for line in table.get("far", ())):
        pass  # a script that nobody can play is an error now and not in the middle of a call
    near = (table.pop("near"),) if "near" in table else tuple(NUMBERS)
    pages = [_page(text, number) for number, text in enumerate(table.pop("pages", ["fine"]))]
    if "act" in table:
        table["act"] = Act.of(**table["act"])
    endings = {}
    for side in near:
        told = dict(table.pop(side, {}))
        if told.get("outcome", "ok") == "ok":
            told = {"chain": WELL[side], "pages": len(pages), **told}
        endings[side] = Ending(**{"kept": told.get("pages", 0) if side == "receiver" else 0, **told})
    return Scenario(
        name=name,
        near=near,
        pages=pages,
        faults=[_fault(**fault) for fault in table.pop("faults", ())],
        dce=DceSettings(**{key: _frozen(value) for key, value in table.pop("dce", {}).items()}),
        limits=Limits(**table.pop("limits", {})),
        endings=endings,
        **table,
    )


def _page(text: str, number: int) -> Bitmap | None:
    if text == "broken":
        return None
    match = _PAGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no page")
    width, lines = int(match[2] or 1728), int(match[3] or LINES)
    runs = 4 if match[4] else 60
    return page(lines, width=width, resolution=_RESOLUTIONS[match[1]], seed=number, runs=runs)


def _fault(*, kind: str, **values: Any) -> Fault:  # noqa: ANN401 - as TOML has it
    made_of: dict[str, Callable[[Any], Any]] = {"sender": NUMBERS.get, "fate": Fate, "refused": Refused}
    fault = getattr(line_faults, kind)(**{k: made_of.get(k, _frozen)(value) for k, value in values.items()})
    assert isinstance(fault, Fault)
    return fault


def _frozen(value: Any) -> Any:  # noqa: ANN401 - as TOML has it
    return tuple(value) if isinstance(value, list) else value


class Play:
    """One scenario being played; afterwards, what came of it."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.sides: dict[str, Side] = {}
        self.station: Station | None = None
        self.history: list[Record] = []
        self._path = folder / "fax.tif"
        self._act = scenario.act
        self._seen = 0

    def run(self) -> None:
        """Play it, in virtual time."""
        with _disk(self.scenario.disk):
            run_virtual(self._play)

    async def _play(self) -> None:
        scenario = self.scenario
        line = watched_line(self._passed, faults=scenario.faults, seed=scenario.seed)
        self.history = line.history
        settings = {"limits": scenario.limits, **scenario.call}
        for name in scenario.near:
            own = CallSettings(**{"station_id": name.upper(), **settings})
            self.sides[name] = Side(line, NUMBERS[name], settings=own, dce=scenario.dce, words=scenario.words)
        with anyio.fail_after(END_S):
            async with running(*self.sides.values()), anyio.create_task_group() as far:
                self._reached("start")
                for name in NUMBERS.keys() - set(scenario.near):
                    calls = CALLED if name == "sender" else None
                    pages = [bitmap for bitmap in scenario.pages if bitmap is not None]
                    self.station = Station(line.subscribe(NUMBERS[name]), scenario.far, calls=calls, pages=pages)
                    far.start_soon(self.station.run)
                async with anyio.create_task_group() as calls_:
                    if "receiver" in self.sides:
                        calls_.start_soon(self.sides["receiver"].receive, self._path)
                    if "sender" in self.sides:
                        calls_.start_soon(self.sides["sender"].send, scenario.pages, scenario.number)
                await anyio.sleep(GRACE_S)
                far.cancel_scope.cancel()

    def _passed(self, record: Record) -> None:
        if (name := name_of(record)) is not None:
            self._reached(name)

    def _reached(self, moment: str) -> None:
        act = self._act
        if act is None or moment != act.after:
            return
        self._seen += 1
        if self._seen == act.nth:
            asyncio.get_running_loop().call_later(act.delay_s, lambda: act.carry_out(self.sides[act.to]))

    # -- what came of it

    def line(self) -> str:
        """What crossed the line."""
        names = (name_of(record) for record in self.history if not isinstance(record, CallStep))
        return " ".join(name for name in names if name)

    def ending(self, name: str) -> Ending:
        """What came of a side."""
        side = self.sides[name]
        result = side.result
        assert result is not None
        assert result.status == side.statuses[-1]
        return Ending(
            outcome=result.outcome.value,
            exit_code=result.explanation.exit_code,
            chain=side.chain,
            pages=result.pages,
            kept=len(self.kept) if name == "receiver" else 0,
            bad_lines=_bad_lines(result.path) if result.path and any(_bad_lines(result.path)) else (),
            on_hook=side.left_on_hook,
        )

    @property
    def kept(self) -> list[Bitmap]:
        """The pages in the receiver's file."""
        result = self.sides["receiver"].result
        assert result is not None
        if result.path is None:
            return []
        assert result.path == (self._path if result.ok else self._path.with_name(self._path.stem + PARTIAL))
        return list(read_pages(result.path))

    def sent(self) -> list[Bitmap]:
        """The pages as they went on the line, each once."""
        if "sender" in self.sides:
            return [bitmap for _, bitmap in sorted(self.sides["sender"].sent.items())]
        return [bitmap for bitmap in self.scenario.pages if bitmap is not None]

    def arrived(self) -> list[Bitmap]:
        """The pages that the receiver has, each once."""
        pages = self.kept if self.station is None or "receiver" in self.sides else self.station.received
        return [bitmap for number, bitmap in enumerate(pages) if not number or bitmap != pages[number - 1]]


def _bad_lines(path: Path) -> list[int]:
    """How many lines of each page were bad."""
    with Image.open(path, formats=["TIFF"]) as image:
        assert isinstance(image, TiffImageFile)
        return [int(image.tag_v2[Tag.BAD_FAX_LINES]) for _ in ImageSequence.Iterator(image)]


@contextmanager
def _disk(octets: int | None) -> Iterator[None]:
    """Let a file have so many octets before the disk is full."""

    class SmallDisk(FaxTiffWriter):
        def _write(self, at: int, data: bytes) -> None:
            if octets is not None and at + len(data) > octets:
                raise OSError(errno.ENOSPC, "No space left on device")
            super()._write(at, data)

    with patch("faxmodem.call.sink.FaxTiffWriter", SmallDisk):
        yield
