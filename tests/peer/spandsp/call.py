"""Whole calls with a spandsp machine at one end: our stack at the other one, or a second machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import anyio

from faxmodem.call.carrying import Clock
from faxmodem.call.fax import CallSettings, FaxResult, Outgoing, receive_fax, send_fax
from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.emulator.virtual import run_virtual
from faxmodem.jobs.notification import Notifier
from faxmodem.modem.base import ModemIdentity
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import load_profile
from faxmodem.t30.modulations import Modulation
from tests.peer.spandsp.exchange import Exchange
from tests.peer.spandsp.line import AudioLine, Impairments
from tests.peer.spandsp.terminal import Report, Terminal, TerminalSettings
from tests.scenarios.bench import EPOCH, LISTENERS_GRACE_S, Document

LINE_LIMIT_S: Final = 3600.0
"For a call that does not end by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The line of a call."""

    to_terminal: Impairments = field(default_factory=Impairments)
    "To the machine; between two machines, from the caller to the called."
    to_modem: Impairments = field(default_factory=Impairments)
    "The other way."
    seed: int = 0
    modem_receives_at_most_bps: int | None = None
    "Carriers that are faster reach the modem in noise."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What came of a call of ours with a machine."""

    ours: FaxResult
    terminal: Report
    pages: list[Bitmap]
    "As they were stored by who received them."
    line_s: float
    "From the connection to the machine's phase E."
    modem_log: list[str]

    def story(self) -> str:
        """What happened, for who looks at a failed test."""
        said = f"ours: {self.ours.outcome.name}, {self.ours.message}\nmachine: {self.terminal.explanation}"
        return "\n".join([said, self.terminal.ladder(), *self.terminal.log, *self.modem_log])


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinesCall:
    """What came of a call between two machines."""

    caller: Report
    called: Report
    pages: list[Bitmap]
    line_s: float
    "From the connection to the called machine's phase E, when it has heard DCN."


class MakeCall(Protocol):
    """`send_to_machine` or `receive_from_machine`."""

    def __call__(
        self,
        pages: Sequence[Bitmap],
        folder: Path,
        settings: CallSettings,
        machine: TerminalSettings,
        *,
        wire: Wire | None = None,
        modulations: frozenset[Modulation] = frozenset(Modulation),
        verbose: bool = False,
    ) -> Call: ...


def send_to_machine(
    pages: Sequence[Bitmap],
    folder: Path,
    settings: CallSettings,
    machine: TerminalSettings,
    *,
    wire: Wire | None = None,
    modulations: frozenset[Modulation] = frozenset(Modulation),
    verbose: bool = False,
) -> Call:
    """We call a machine and send it pages. `modulations`: what our driver thinks its modem can do."""
    stored = folder / "machine.tif"
    make_terminal = partial(Terminal, machine, calling=False, stores=stored, verbose=verbose)

    async def main() -> Call:
        exchange = _exchange(make_terminal, wire or Wire(), verbose=verbose)

        async def open_modem() -> Class1Modem:
            return await _opened(exchange, modulations)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exchange.run)
            fax = Outgoing(job_id="out", number=machine.ident, open_document=lambda: Document(pages))
            notifier = Notifier()
            with anyio.fail_after(LINE_LIMIT_S):
                result = await send_fax(fax, open_modem, settings, notifier=notifier, clock=_clock())
                await exchange.over.wait()
            tasks.cancel_scope.cancel()
        assert notifier.close(LISTENERS_GRACE_S)
        return _end(exchange, result, stored)

    return run_virtual(main)


def receive_from_machine(
    pages: Sequence[Bitmap],
    folder: Path,
    settings: CallSettings,
    machine: TerminalSettings,
    *,
    wire: Wire | None = None,
    modulations: frozenset[Modulation] = frozenset(Modulation),
    verbose: bool = False,
) -> Call:
    """A machine calls us and sends pages. `modulations`: what our driver thinks its modem can do."""
    sent, stored = folder / "sent.tif", folder / "ours.tif"
    write_pages(sent, pages)
    make_terminal = partial(Terminal, machine, calling=True, sends=sent, verbose=verbose)

    async def main() -> Call:
        exchange = _exchange(make_terminal, wire or Wire(), verbose=verbose)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exchange.run)
            modem = await _opened(exchange, modulations)
            notifier = Notifier()
            with anyio.fail_after(LINE_LIMIT_S):
                tasks.start_soon(exchange.ring)
                ring = await modem.wait_for_ring()
                result = await receive_fax(
                    modem, ring, stored, settings, job_id="in", notifier=notifier, clock=_clock()
                )
                await exchange.over.wait()
            await modem.aclose()
            tasks.cancel_scope.cancel()
        assert notifier.close(LISTENERS_GRACE_S)
        return _end(exchange, result, result.path or stored)

    return run_virtual(main)


def machine_to_machine(
    pages: Sequence[Bitmap],
    folder: Path,
    caller: TerminalSettings,
    called: TerminalSettings,
    *,
    wire: Wire | None = None,
    verbose: bool = False,
) -> MachinesCall:
    """A machine calls another one and sends it pages."""
    sent, stored = folder / "sent.tif", folder / "machine.tif"
    write_pages(sent, pages)
    wire = wire or Wire()
    line: AudioLine | None = None

    def clock() -> float:
        return line.time_s if line else 0.0

    a = Terminal(caller, calling=True, clock=clock, sends=sent, verbose=verbose)
    b = Terminal(called, calling=False, clock=clock, stores=stored, verbose=verbose)
    line = AudioLine(a, b, a_to_b=wire.to_terminal, b_to_a=wire.to_modem, seed=wire.seed)
    while (a.active or b.active) and line.time_s < LINE_LIMIT_S:
        line.step()
    a.free()
    b.free()
    ended_s = line.time_s if b.report.ended_s is None else b.report.ended_s
    return MachinesCall(caller=a.report, called=b.report, pages=_stored(stored), line_s=ended_s)


def call_time(
    pages: Sequence[Bitmap], folder: Path, caller: TerminalSettings, called: TerminalSettings | None = None
) -> float:
    """Seconds that two machines need for these pages on a clean line, from the connection to the DCN."""
    call = machine_to_machine(pages, folder, caller, called or caller)
    assert call.caller.ok, call.caller.explanation
    assert call.called.ok, call.called.explanation
    assert call.pages == list(pages)
    return call.line_s


class _Modem(Class1Modem):
    """Our driver, with a narrower idea of what its modem can do than the modem itself has."""

    def __init__(self, exchange: Exchange, modulations: frozenset[Modulation]) -> None:
        super().__init__(exchange.modem, load_profile("class1"))
        self._modulations = modulations

    @property
    def identity(self) -> ModemIdentity:
        identity = super().identity
        return replace(
            identity,
            transmits=identity.transmits & self._modulations,
            receives=identity.receives & self._modulations,
        )


def _exchange(make_terminal: partial[Terminal], wire: Wire, *, verbose: bool) -> Exchange:
    return Exchange(
        lambda clock: make_terminal(clock=clock),
        to_modem=wire.to_modem,
        to_terminal=wire.to_terminal,
        seed=wire.seed,
        receives_at_most_bps=wire.modem_receives_at_most_bps,
        verbose=verbose,
    )


async def _opened(exchange: Exchange, modulations: frozenset[Modulation]) -> Class1Modem:
    modem = _Modem(exchange, modulations)
    await modem.set_up()
    return modem


def _end(exchange: Exchange, ours: FaxResult, stored: Path) -> Call:
    """Let go of the library's objects; that completes the machine's file, too."""
    terminal = exchange.terminal
    if terminal is None:
        exchange.modem.free()
        raise AssertionError(f"the call did not come about: {ours.message}")
    terminal.free()
    exchange.modem.free()
    report = terminal.report
    return Call(
        ours=ours,
        terminal=report,
        pages=_stored(stored),
        line_s=exchange.line_s if report.ended_s is None else report.ended_s,
        modem_log=exchange.modem.log,
    )


def _stored(path: Path) -> list[Bitmap]:
    return list(read_pages(path)) if path.exists() else []


def _clock() -> Clock:
    loop = asyncio.get_running_loop()  # not anyio.current_time: pages are stored in a thread
    return lambda: EPOCH + timedelta(seconds=loop.time())
