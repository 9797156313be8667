"""Plays a scenario, and tells what came of it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

import anyio
from anyio.abc import TaskGroup
from PIL import Image, ImageSequence
from PIL.TiffImagePlugin import TiffImageFile

from faxmodem.call.fax import FaxResult
from faxmodem.call.sink import PARTIAL, PageSink
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import FaxTiffWriter, Tag, read_pages
from faxmodem.emulator.history import CallStep, Record
from faxmodem.emulator.line import Line
from faxmodem.emulator.virtual import run_virtual
from faxmodem.t30.events import PageStored
from tests.scenarios.bench import Side, name_of, running, watched_line
from tests.scenarios.scenario import NUMBERS, Ending
from tests.scenarios.scenario import Scenario as Scenario
from tests.scenarios.scenario import scenario as scenario
from tests.scenarios.scenario import scenarios as scenarios
from tests.scenarios.station import Station

END_S: Final = 900.0
"No scenario takes so long."
GRACE_S: Final = 5.0
"For the far end to notice that the call is over."


class Play:
    """One scenario being played; afterwards, what came of it."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.sides: dict[str, Side] = {}
        self.station: Station | None = None
        self.history: list[Record] = []
        self._folder = folder
        self._seen = 0

    def run(self) -> None:
        """Play it, in virtual time."""
        with _disk(self.scenario.disk, self.scenario.disk_s):
            run_virtual(self._play)

    async def _play(self) -> None:
        scenario = self.scenario
        line = watched_line(self._passed, faults=scenario.faults, seed=scenario.seed, delay_s=scenario.delay_s)
        self.history = line.history
        for name in scenario.near:
            given = scenario.call
            own = replace(given, limits=scenario.limits, station_id=given.station_id or name.upper())
            self.sides[name] = Side(line, NUMBERS[name], settings=own, dce=scenario.dce, words=scenario.words)
        with anyio.fail_after(END_S):
            async with running(*self.sides.values()), anyio.create_task_group() as far:
                self._reached("start")
                for name in NUMBERS.keys() - set(scenario.near):
                    self.station = self._station(name, line)
                    far.start_soon(self.station.run)
                async with anyio.create_task_group() as calls:
                    self._start(calls)
                await anyio.sleep(GRACE_S)
                far.cancel_scope.cancel()

    def _station(self, name: str, line: Line) -> Station:
        """The scripted machine in place of a side."""
        scenario = self.scenario
        (near,) = scenario.near
        pages = [bitmap for bitmap in scenario.pages if bitmap is not None] if name == "sender" else scenario.serves
        calls = NUMBERS[near] if name == scenario.caller else None
        return Station(line.subscribe(NUMBERS[name]), scenario.far, calls=calls, pages=pages)

    def _start(self, calls: TaskGroup) -> None:
        """Begin what the sides have to do."""
        scenario, quality = self.scenario, self.scenario.quality
        number = scenario.number or NUMBERS["sender" if scenario.caller == "receiver" else "receiver"]
        if (side := self.sides.get("sender")) is not None:
            sender, path = side, self._path("sender")
            polled = path if scenario.polls == "after" else None
            if scenario.caller == "sender":
                calls.start_soon(lambda: sender.send(scenario.pages, number, poll_into=polled, quality=quality))
            else:
                calls.start_soon(lambda: sender.receive(path, serves=scenario.pages, quality=quality))
        if (side := self.sides.get("receiver")) is not None:
            receiver, stored = side, self._path("receiver")
            if scenario.caller == "sender":
                calls.start_soon(lambda: receiver.receive(stored, serves=scenario.serves, quality=quality))
            else:
                calls.start_soon(lambda: receiver.poll(stored, number, quality=quality))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.tif"

    def _passed(self, record: Record) -> None:
        if (name := name_of(record)) is not None:
            self._reached(name)

    def _reached(self, moment: str) -> None:
        act = self.scenario.act
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
        assert result.path in (None, self._path(name), self._path(name).with_name(f"{name}{PARTIAL}"))
        given, got = result.pages_sent, result.pages_received
        return Ending(
            outcome=result.outcome.value,
            exit_code=result.explanation.exit_code,
            chain=side.chain,
            pages=given if name == "sender" else got,
            polled=got if name == "sender" else given,
            kept=len(self._kept(name)),
            whole=result.path == self._path(name),
            bad_lines=_bad_lines(result.path) if result.path and any(_bad_lines(result.path)) else (),
            told=None if self.scenario.endings[name].told is None else _told(result),
            on_hook=side.left_on_hook,
        )

    def _kept(self, name: str) -> list[Bitmap]:
        """The pages in the file of a side."""
        result = self.sides[name].result
        return [] if result is None or result.path is None else list(read_pages(result.path))

    def sent(self) -> list[Bitmap]:
        """The pages as they went on the line, each once, then those that were polled afterwards."""
        scenario = self.scenario
        sender, receiver = (self.sides[name].result if name in self.sides else None for name in ("sender", "receiver"))
        pages, polled = [bitmap for bitmap in scenario.pages if bitmap is not None], list(scenario.serves)
        if sender is not None and scenario.caller == "sender":
            pages = [bitmap for _, bitmap in sorted(self.sides["sender"].sent.items())]
        elif sender is not None:  # it gives them to those who poll, if they do
            pages = pages[: sender.pages_sent]
        return pages + (polled if receiver is None else polled[: receiver.pages_sent])

    def arrived(self) -> list[Bitmap]:
        """The pages that came to the receiver, each once, then those that came to a sender that polled."""
        pages: list[Bitmap] = []
        for name in ("receiver", "sender"):
            if name in self.sides:
                pages += _each_once(self._kept(name))
            elif self.station is not None:
                pages += _each_once(self.station.received)
        return pages


def _told(result: FaxResult) -> dict[str, str]:
    """What the far end has told: its name, and the rest by frame."""
    return {"name": result.remote_id} | {note.value: text for note, text in result.notes.items()}


def _each_once(pages: Sequence[Bitmap]) -> list[Bitmap]:
    return [bitmap for number, bitmap in enumerate(pages) if not number or bitmap != pages[number - 1]]


def _bad_lines(path: Path) -> list[int]:
    """How many lines of each page were bad."""
    with Image.open(path, formats=["TIFF"]) as image:
        assert isinstance(image, TiffImageFile)
        return [int(image.tag_v2[Tag.BAD_FAX_LINES]) for _ in ImageSequence.Iterator(image)]


@contextmanager
def _disk(octets: int | None, seconds: float) -> Iterator[None]:
    """Let a file have so many octets before the disk is full, and a page so many seconds to be stored."""

    class SmallDisk(FaxTiffWriter):
        def _write(self, at: int, data: bytes) -> None:
            if octets is not None and at + len(data) > octets:
                raise OSError(errno.ENOSPC, "No space left on device")
            super()._write(at, data)

    class SlowSink(PageSink):
        async def store(self) -> PageStored:
            await anyio.sleep(seconds)
            return await super().store()

    with patch("faxmodem.call.sink.FaxTiffWriter", SmallDisk), patch("faxmodem.call.fax.PageSink", SlowSink):
        yield
