"""Scenarios: whole calls as data, each played in virtual time and held to what it says must come of it.

A file holds the scenarios of one topic, a table each. Everything but `about` may be left out:

    about   what happens, in a sentence
    hazards the numbers of what it shows of real lines and machines (`tests.scenarios.known_hazards`)
    near    which of our stacks is under test: "sender" or "receiver"; without it both, and the line between them
    far     the script of the far end (`tests.scenarios.script`); needs `near`
    pages   the pages of the document: "fine", "standard 2048x100 sparse", "fine alike" with lines like those above
            them, as MR and MMR like it; "broken" cannot be drawn
    arrived the pages that the receiver has, where they differ from these in their shape
    polls   the receiver calls and polls the sender, who answers; "after": the sender calls and sends, then it polls
    serves  the pages that the receiver holds for a sender that polls afterwards
    number  what is dialled, if not the number of the other end
    call    settings of our stacks, as in `CallSettings`; if not set, no error correction, and MH alone
    limits  time limits, as in `Limits`
    quality when a page is good enough, as in `CopyQuality`
    disk    octets that fit on the receiver's disk
    disk_s  how long it takes to store a page there
    dce     settings of the modems, as in `DceSettings`
    words   result codes that the modems word differently, as { BUSY = "DELAYED" }
    delay_s what a signal needs from one end of the line to the other
    faults  what the line does: records of `faxmodem.emulator.faults`, as { kind = "Echo", delay_s = 0.5 }
    seed    of what is left to chance on the line
    act     what is done to a side, and when: { do = "cancel", to = "sender", at = "CFR + 1.5" }
    line    what must cross the line: frames after which their sender listens ("DCS!": not whole), and fast carriers
    sender, receiver    what must come of that side; a side without it must do well

`sender` and `receiver` hold `outcome`, `exit_code`, `chain` (the job's status and extended status, step by step),
`pages` (sent and confirmed, or stored), `polled` (the same of what went the other way afterwards), `kept` (pages in the
file of this side), `whole` (that file is a complete fax), `bad_lines` (of each of its pages), `told` (what the far end
has told, by frame, with its `name`; if not set, anything) and `on_hook`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from faxmodem.call.fax import CallSettings
from faxmodem.call.sink import CopyQuality
from faxmodem.codec.bitmap import Bitmap, Coding, Resolution
from faxmodem.emulator import faults as line_faults
from faxmodem.emulator.faults import Fate, Fault, Refused
from faxmodem.emulator.line import LineSettings
from faxmodem.emulator.settings import DceSettings
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.timers import Limits
from tests.scenarios.bench import (
    CALLED,
    CALLER,
    POLLED_WELL,
    RECEIVED_WELL,
    SENT_AND_POLLED_WELL,
    SENT_WELL,
    SERVED_WELL,
    Side,
    page,
)
from tests.scenarios.script import check

FOLDER: Final = Path(__file__).parent
NUMBERS: Final = {"sender": CALLER, "receiver": CALLED}
LINES: Final = 100
"Lines of a page, if a scenario does not care: some 3 s at 14400 bit/s."
SERVED_SEED: Final = 100
"The pages that a receiver serves are others than those that it gets."

_MOMENT: Final = re.compile(r"(\S+?)(?:#(\d+))?(?: \+ ([\d.]+))?")
_PAGE: Final = re.compile(r"(\S+)(?: (\d+)x(\d+))?(?: (sparse|alike))?")
_RESOLUTIONS: Final = {resolution.label: resolution for resolution in Resolution}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What comes, or must come, of a side."""

    outcome: str = "ok"
    exit_code: int = 0
    chain: str = ""
    pages: int = 0
    polled: int = 0
    kept: int = 0
    whole: bool = False
    bad_lines: Sequence[int] = ()
    told: Mapping[str, str] | None = None
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
    hazards: Sequence[str] = ()
    near: tuple[str, ...] = ("sender", "receiver")
    far: Sequence[str] = ()
    pages: Sequence[Bitmap | None] = ()
    arrived: Sequence[str] = ()
    polls: bool | str = False
    serves: Sequence[Bitmap] = ()
    number: str = ""
    call: CallSettings = field(default_factory=CallSettings)
    limits: Limits = field(default_factory=Limits)
    quality: CopyQuality = field(default_factory=CopyQuality)
    disk: int | None = None
    disk_s: float = 0.0
    dce: DceSettings = field(default_factory=DceSettings)
    words: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = LineSettings().delay_s
    faults: Sequence[Fault] = ()
    seed: int = 0
    act: Act | None = None
    line: str = ""
    endings: Mapping[str, Ending]

    def __str__(self) -> str:
        return self.name

    @property
    def caller(self) -> str:
        """Which side calls."""
        return "receiver" if self.polls is True else "sender"


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All that there are."""
    return tuple(_scenarios())


def _scenarios() -> Iterator[Scenario]:
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            for name, table in tomllib.load(file).items():
                try:
                    yield scenario(f"{path.stem}/{name}", **table)
                except (KeyError, TypeError, ValueError) as error:
                    raise ValueError(f"scenario {name} in {path}: {error}") from error


def scenario(name: str, **table: Any) -> Scenario:  # noqa: ANN401 - as TOML has it
    """The scenario that a table describes. Raises TypeError and ValueError for what it cannot mean."""
    check(table.get("far", ()))
    if table.get("polls", False) not in (True, False, "after"):
        raise ValueError(f'polls is true or "after", not {table["polls"]!r}')
    near = (table.pop("near"),) if "near" in table else tuple(NUMBERS)
    pages = [_page(text, number) for number, text in enumerate(table.pop("pages", ["fine"]))]
    serves = [_page(text, number) for number, text in enumerate(table.pop("serves", ()), SERVED_SEED)]
    if "act" in table:
        table["act"] = Act.of(**table["act"])
    polls = table.get("polls", False)
    endings = {side: _ending(side, polls, len(pages), len(serves), table.pop(side, {})) for side in near}
    return Scenario(
        name=name,
        near=near,
        pages=pages,
        serves=[page for page in serves if page is not None],
        call=_settings(**table.pop("call", {})),
        limits=Limits(**table.pop("limits", {})),
        quality=CopyQuality(**table.pop("quality", {})),
        dce=DceSettings(**{key: _frozen(value) for key, value in table.pop("dce", {}).items()}),
        faults=[_fault(**fault) for fault in table.pop("faults", ())],
        endings=endings,
        **table,
    )


def _ending(side: str, polls: bool | str, pages: int, serves: int, told: Mapping[str, Any]) -> Ending:
    """What must come of a side: what is told, and what goes without saying."""
    values = dict(told)
    if values.get("outcome", "ok") == "ok":
        well = {
            ("sender", False): SENT_WELL,
            ("sender", True): SERVED_WELL,
            ("sender", "after"): SENT_AND_POLLED_WELL,
            ("receiver", False): RECEIVED_WELL,
            ("receiver", True): POLLED_WELL,
            ("receiver", "after"): RECEIVED_WELL,
        }
        values = {"chain": well[side, polls], "pages": pages, "polled": serves, "whole": True} | values
    own = values.get("pages" if side == "receiver" else "polled", 0)
    values = {"kept": own} | values
    return Ending(**values | {"whole": bool(values.get("whole")) and values["kept"] > 0})


def _settings(
    *,
    codings: Sequence[str] = ("MH",),
    ecm: bool = False,
    addressing: Mapping[str, str] | None = None,
    door: Mapping[str, str] | None = None,
    **others: Any,  # noqa: ANN401 - as TOML has it
) -> CallSettings:
    return CallSettings(
        codings=frozenset(Coding(name) for name in codings),
        ecm=ecm,
        addressing=Addressing(**addressing or {}),
        door=Door(**door or {}),
        **others,
    )


def _page(text: str, number: int) -> Bitmap | None:
    if text == "broken":
        return None
    match = _PAGE.fullmatch(text)
    if match is None or match[1] not in _RESOLUTIONS:
        raise ValueError(f"{text!r} is no page")
    resolution = _RESOLUTIONS[match[1]]
    width, lines = int(match[2] or resolution.widths[0]), int(match[3] or LINES)
    drawn = page(lines, width=width, resolution=resolution, seed=number, runs=4 if match[4] == "sparse" else 60)
    return replace(drawn, rows=np.repeat(drawn.rows, 8, axis=0)[:lines]) if match[4] == "alike" else drawn


def _fault(*, kind: str, **values: Any) -> Fault:  # noqa: ANN401 - as TOML has it
    made_of: dict[str, Callable[[Any], Any]] = {"sender": NUMBERS.get, "fate": Fate, "refused": Refused}
    fault = getattr(line_faults, kind)(**{k: made_of.get(k, _frozen)(value) for k, value in values.items()})
    assert isinstance(fault, Fault)
    return fault


def _frozen(value: Any) -> Any:  # noqa: ANN401 - as TOML has it
    return tuple(value) if isinstance(value, list) else value
