"""Whole calls over an emulated line with a modem that has a quirk, and a driver that is told of it or is not."""

from __future__ import annotations

import inspect
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio

from faxmodem.call.fax import CallSettings, FaxResult
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages
from faxmodem.emulator.faults import Fault
from faxmodem.emulator.line import Line, LineSettings
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.base import Modem
from faxmodem.modem.matching import usable_classes
from faxmodem.modem.opening import set_up
from faxmodem.modem.profile import Profile, QuirkNote, load_profile
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.memory import MemoryTransport
from tests.scenarios.bench import CALLED, CALLER, Side, name_of, page, running, watched_line

Keys = Mapping[str, Any]
"A profile's keys, as in its file."

PAGES: Final = (page(seed=1), page(seed=2))
PLAIN: Final = CallSettings(ecm=False)
LEAD_S: Final = 30.0
"How long before the call the far end is switched on."
FAR_END_S: Final = 60.0
"How long the far end is given to notice that a call is over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What became of a call: of the last one, if it took several."""

    sent: FaxResult
    received: FaxResult | None
    pages: tuple[Bitmap, ...]
    "As the receiver stored them."
    expected: tuple[Bitmap, ...]
    "As the sender put them on the line."
    signals: Counter[str]
    "How often each frame that awaits an answer, each rate and each step was on the line."
    seconds: float
    on_hook: bool

    @property
    def is_good(self) -> bool:
        """Whether every page arrived as it was, and both modems are free again."""
        return bool(self.sent.ok and self.received and self.received.ok and self.is_identical and self.on_hook)

    @property
    def is_identical(self) -> bool:
        """Whether the pages are those that were sent, bit for bit."""
        return self.pages == self.expected


Harm = Callable[[Call], bool]
"Whether a call has suffered in a particular way."


def ends_with(outcome: Outcome) -> Harm:
    """The sender's call fails, for this reason."""
    return lambda call: call.sent.outcome is outcome


def fails(call: Call) -> bool:
    """The document does not get through."""
    return not call.sent.ok


def page_lost(call: Call) -> bool:
    """The sender believes that all has arrived, and it has not."""
    return call.sent.ok and not call.is_identical


def repeats(name: str, times: int) -> Harm:
    """A frame has to go out so often, or oftener."""
    return lambda call: call.signals[name] >= times


def goes_without(name: str) -> Harm:
    """A signal never comes about."""
    return lambda call: call.signals[name] == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A call between a modem that is looked at and one that keeps to the standard."""

    receives: bool = False
    "The modem that is looked at is the receiver's."
    base: str = "class1"
    "The profile that its own differs from."
    firmware: Keys = field(default_factory=dict)
    "What its profile says in any case."
    far: str = "class1"
    "The profile of the other modem, ..."
    far_firmware: Keys = field(default_factory=dict)
    "... and what it says beside."
    settings: CallSettings = PLAIN
    pages: Sequence[Bitmap] = PAGES
    number: str = CALLED
    calls: int = 1
    "The last of them is looked at."
    faults: tuple[Fault, ...] = ()
    delay_s: float = LineSettings().delay_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Scene):
    """A quirk, the call in which it shows, and what it does there to a driver that is not told."""

    quirk: Quirk
    harm: Harm
    value: float | None = None
    cure: Keys = field(default_factory=dict)
    "What the profile says beside the quirk's name."

    def profile(self, *, told: bool) -> Profile:
        """What the driver knows of the modem."""
        named = {"quirks": {self.quirk: QuirkNote(value=self.value)}}
        return _changed(self.base, _merged(self.firmware, self.cure, named) if told else self.firmware)


class Port(MemoryTransport):
    """A DTE's end of a cable that is there for the next call as well, to a modem that words things in its own way."""

    def __init__(self, transport: MemoryTransport) -> None:
        super().__init__(transport._end, transport._peer)
        self.command = b""
        "What was sent last, but for data."
        self.oddities = 0
        "How often the modem has done something in its own way."

    async def send(self, data: bytes) -> None:
        """Give bytes to the modem, unless it loses them."""
        if data.startswith((b"AT", b"\x18", b"\x10\x04")):
            self.command = data
        if (reply := self.lost(data)) is None:
            await super().send(data)
        else:
            self.oddities += 1
            self._end.take(reply)

    async def receive(self) -> bytes:
        """What the modem says, in its own words."""
        data = await super().receive()
        worded = self.worded(data)
        self.oddities += worded != data
        return worded

    async def aclose(self) -> None:
        """Keep it open."""

    def lost(self, _data: bytes) -> bytes | None:
        """What comes instead, if the modem does not get to see what is sent."""
        return None

    def worded(self, data: bytes) -> bytes:
        """What the modem makes of what any other would say."""
        return data


class Station(Side):
    """A stack whose driver has a profile of its own, whatever its modem is."""

    def __init__(
        self,
        line: Line,
        number: str,
        profile: Profile,
        dce: DceSettings,
        port: Callable[[MemoryTransport], Port],
        settings: CallSettings,
    ) -> None:
        super().__init__(line, number, settings=settings, dce=dce)
        self.dte = port(self.dte)
        self._profile = profile
        self._classes = usable_classes(profile, dce.listed)

    async def open_modem(self) -> Modem:
        """The modem, set up in the best class that the profile thinks it has."""
        return await set_up(self.dte, self._profile, self._classes)


def carry(
    scene: Scene,
    profile: Profile | None = None,
    dce: DceSettings | None = None,
    port: Callable[[MemoryTransport], Port] = Port,
) -> Call:
    """Make the call. `profile`: what the driver knows; `dce`: what the modem is; otherwise both are as `scene` says."""
    firmware = _changed(scene.base, scene.firmware)
    plain = _changed(scene.far, scene.far_firmware)

    async def main(folder: Path) -> Call:
        line = watched_line(faults=scene.faults, delay_s=scene.delay_s)
        ends = [
            (profile or firmware, dce or DceSettings.of_profile(firmware), port),
            (plain, DceSettings.of_profile(plain), Port),
        ]
        near, far = (
            Station(line, number, *end, scene.settings)
            for number, end in zip((CALLER, CALLED), reversed(ends) if scene.receives else ends, strict=True)
        )
        async with running(near, far), anyio.create_task_group() as tasks:
            tasks.start_soon(far.receive, folder / "fax.tif")
            await anyio.sleep(LEAD_S)
            for _ in range(scene.calls):
                begun = anyio.current_time()
                await near.send(scene.pages, scene.number)
            seconds = anyio.current_time() - begun
            with anyio.move_on_after(FAR_END_S):
                while far.result is None:  # noqa: ASYNC110 - nobody tells
                    await anyio.sleep(1)
            tasks.cancel_scope.cancel()
        assert near.result is not None
        stored = far.result.path if far.result is not None else None
        return Call(
            sent=near.result,
            received=far.result,
            pages=tuple(read_pages(stored)) if stored is not None else (),
            expected=tuple(near.sent[number] for number in sorted(near.sent)),
            signals=Counter(name for record in line.history if (name := name_of(record)) is not None),
            seconds=seconds,
            on_hook=near.left_on_hook and far.left_on_hook,
        )

    with tempfile.TemporaryDirectory() as folder:
        return run_virtual(lambda: main(Path(folder)))


def check(case: Case) -> None:
    """The call suffers as the case says from a quirk that the driver does not know of, and not from one that it knows.

    A modem that turns out not to have the quirk suffers nothing from a driver that expects it.
    """
    modem = DceSettings.of_profile(case.profile(told=True))
    untold = carry(case, case.profile(told=False), modem)
    assert case.harm(untold), f"{case.quirk.value} does no such harm: {untold}"
    for dce in (modem, replace(modem, quirks={})):
        told = carry(case, case.profile(told=True), dce)
        assert told.is_good, f"{case.quirk.value}: {told}"
        assert not case.harm(told), f"{case.quirk.value} does harm all the same: {told}"


def _changed(name: str, keys: Keys) -> Profile:
    return Profile.model_validate(_merged(load_profile(name).model_dump(), keys))


def _merged(*tables: Keys) -> dict[str, Any]:
    """Tables merge, all else replaces."""
    merged: dict[str, Any] = {}
    for table in tables:
        for key, value in table.items():
            if isinstance(below := merged.get(key), Mapping) and isinstance(value, Mapping):
                merged[key] = _merged(below, value)
            else:
                merged[key] = value
    return merged


def quirks_below(*headings: str) -> set[Quirk]:
    """The quirks that stand below these headings in their list."""
    parts = re.split(r"^    # (.+)$", inspect.getsource(Quirk), flags=re.MULTILINE)
    below = dict(zip(parts[1::2], parts[2::2], strict=True))
    named = re.compile(r'^    [A-Z0-9_]+ = "(.+)"$', re.MULTILINE)
    return {Quirk(value) for heading in headings for value in named.findall(below[heading])}
