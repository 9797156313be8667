"""Faxes between two modems, both ways and at every modulation: what in the end matters of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import numpy as np
from anyio import to_thread

from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, receive_fax, send_fax
from faxmodem.call.stop import stoppable
from faxmodem.check.bench import together
from faxmodem.check.card import Finding, Grade
from faxmodem.check.crossing import BETWEEN_CALLS_S
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Resolution
from faxmodem.documents.tiff import read_pages
from faxmodem.errors import DocumentError, ModemError, PortError
from faxmodem.jobs.notification import Notifier
from faxmodem.modem.base import Modem, Ring
from faxmodem.modem.dial_rules import DialRules
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.transitions import BlockRepeated, PageRefused, Trained, Transition

TOPIC: Final = "calls"
PAGES: Final = 2
LINES: Final = 120
WIDTH: Final = 1728
LISTENERS_S: Final = 2.0

OpenModem = Callable[[], Awaitable[Modem]]
"Opens a port and sets its modem up. Raises `PortError`, `ModemError`."
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From one modem to another."""

    way: str
    "As people say it."
    caller: OpenModem
    called: OpenModem
    number: str | None
    "None: they are wired together, without an exchange."
    dial_rules: DialRules = field(default_factory=DialRules)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a call had to do twice."""

    trainings: int = 0
    "That failed."
    frames: int = 0
    pages: int = 0

    def after(self, transition: Transition) -> Tally:
        """With what has happened now."""
        match transition:
            case Trained(good=False):
                return replace(self, trainings=self.trainings + 1)
            case BlockRepeated(frames=frames):
                return replace(self, frames=self.frames + frames)
            case PageRefused():
                return replace(self, pages=self.pages + 1)
            case _:
                return self

    @property
    def text(self) -> str:
        """In words; "" if nothing had to be done twice."""
        parts = (
            (self.trainings, "trainings failed"),
            (self.frames, "frames sent again"),
            (self.pages, "pages refused"),
        )
        return ", ".join(f"{count} {what}" for count, what in parts if count)


class _Document:
    """The pages of every call."""

    pages: int = PAGES

    def bitmaps(self) -> list[Bitmap]:
        return [_page(number) for number in range(PAGES)]

    def close(self) -> None:
        """There is nothing to let go of."""


def _page(seed: int) -> Bitmap:
    """A page with some sixty runs of pels in a line, different in each line."""
    turns = np.random.default_rng(seed).random((LINES, WIDTH)) < 60 / WIDTH
    return Bitmap.from_pels(np.cumsum(turns, axis=1) % 2 == 1, Resolution.FINE)


async def make_call(
    route: Route, modulation: Modulation | None, folder: Path, clock: Clock, *, ecm: bool = False
) -> Finding:
    """Send pages from one modem to the other; `modulation`: the only one that may be used, None: any."""
    modulations = frozenset(Modulation) if modulation is None else frozenset({modulation})
    rate_bps = 14400 if modulation is None else min(14400, modulation.rate_bps)
    settings = CallSettings(ecm=ecm, modulations=modulations, max_rate_bps=rate_bps, dial_rules=route.dial_rules)
    receives = CallSettings(ecm=ecm)
    name = ("any modulation" if modulation is None else str(modulation)) + ", ECM" * ecm
    tally = Tally()

    def on_transition(transition: Transition) -> None:
        nonlocal tally
        tally = tally.after(transition)

    ready = anyio.Event()
    over = anyio.Event()
    path = folder / f"{route.way}-{name}.tif".replace("/", "-").replace(" ", "-")
    try:
        came, (sent, seconds) = await together(
            partial(_receive, route, path, receives, clock, ready, over),
            partial(_send, route, settings, clock, ready, over, on_transition),
        )
    except (ModemError, PortError) as error:
        return Finding(topic=TOPIC, what=f"{route.way}, {name}", measured=f"failed: {error}", grade=Grade.BAD)
    return await _judge(f"{route.way}, {name}", sent, came, tally, seconds)


async def _send(
    route: Route,
    settings: CallSettings,
    clock: Clock,
    ready: anyio.Event,
    over: anyio.Event,
    on_transition: Callable[[Transition], None],
) -> tuple[FaxResult, float]:
    """How the call ended, and how long it took."""
    await ready.wait()
    if route.number is not None:
        await anyio.sleep(BETWEEN_CALLS_S)
    began = anyio.current_time()
    document = _Document()
    fax = Outgoing(job_id="check", number=route.number, open_document=lambda: document)
    notifier = Notifier()
    try:
        result = await send_fax(
            fax, route.caller, settings, notifier=notifier, clock=clock, on_transition=on_transition
        )
        return result, anyio.current_time() - began
    finally:
        over.set()
        await _close(notifier)


async def _receive(
    route: Route, path: Path, settings: CallSettings, clock: Clock, ready: anyio.Event, over: anyio.Event
) -> FaxResult | None:
    """Answer the call; None if none comes."""
    modem = await route.called()
    try:
        ready.set()
        ring = await _ring(route, modem, over)
        if ring is None:
            return None
        notifier = Notifier()
        try:
            return await receive_fax(modem, ring, path, settings, job_id="check", notifier=notifier, clock=clock)
        finally:
            await _close(notifier)
    finally:
        with anyio.CancelScope(shield=True):
            await modem.aclose()


async def _ring(route: Route, modem: Modem, over: anyio.Event) -> Ring | None:
    """The call that comes; None if the caller has given up."""
    if route.number is None:
        return Ring()
    with anyio.CancelScope() as waiting:
        return await stoppable(modem.wait_for_ring, over, waiting.cancel)
    return None


async def _close(notifier: Notifier) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(notifier.close, LISTENERS_S)


async def _judge(what: str, sent: FaxResult, came: FaxResult | None, tally: Tally, seconds: float) -> Finding:
    """What to think of a call."""
    pages = await to_thread.run_sync(_stored, came.path) if came is not None and came.path is not None else []
    expected = _Document().bitmaps()
    identical = pages == expected
    if not sent.ok:
        measured, grade = f"failed: {sent.message}", Grade.BAD
    elif not identical:
        wrong = sum(page not in expected for page in pages) + max(0, PAGES - len(pages))
        measured, grade = f"{wrong} of {PAGES} pages are not what was sent", Grade.BAD
    else:
        used = sent.parameters.modulation if sent.parameters else "unknown rate"
        measured, grade = f"identical, {used}, {seconds:.0f} s", Grade.GOOD
    if tally.text:
        measured += f"; {tally.text}"
        grade = Grade.POOR if grade is Grade.GOOD else grade
    return Finding(
        topic=TOPIC,
        what=what,
        measured=measured,
        value=seconds,
        unit="s",
        allowed=f"{PAGES} pages as they were sent",
        grade=grade,
    )


def _stored(path: Path) -> list[Bitmap]:
    with suppress(DocumentError):
        return list(read_pages(path))
    return []
