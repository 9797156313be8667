"""`faxmodem emulate`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from faxmodem.cli import options

if TYPE_CHECKING:
    from faxmodem.api import CallOptions
    from faxmodem.cli.display import Display
    from faxmodem.emulator.faults import Fault
    from faxmodem.modem.profile import Profile
    from faxmodem.transport.base import Transport

MODEM_NUMBER: Final = "100"
STATION_NUMBER: Final = "200"
BETWEEN_CALLS_S: Final = 5.0
"Line time from the end of one call of the station to the next."
LEAVING_S: Final = 3.0
"Line time that the modem stays after the last call: the program that drives it has still to hang up."


def emulate(
    port: Annotated[
        str | None, typer.Option("--port", metavar="PORT", help="serial port with a null-modem cable to the DTE")
    ] = None,
    pty: Annotated[
        list[Path] | None,
        typer.Option(
            "--pty",
            metavar="LINK",
            help="make a pty, and LINK as a symbolic link to it; given twice: two modems on one line",
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="NAME", help="which modem to be, for each modem; see faxmodem profiles"),
    ] = None,
    answer: Annotated[
        Path | None,
        typer.Option("--answer", metavar="DIR", help="a fax station answers at every number, and stores faxes in DIR"),
    ] = None,
    call: Annotated[
        str | None, typer.Option("--call", metavar="NUMBER", help="a fax station calls the modem, whose number this is")
    ] = None,
    send: Annotated[
        list[Path] | None, typer.Option("--send", metavar="FILE", help="what the station sends; may be repeated")
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=0, help="end after N calls; 0: never")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="KIND:NAME=VALUE,...",
            help="what the line does, as bit-errors:share=1e-4 or hang-up:at_s=20; may be repeated",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="of what is left to chance on the line")] = 0,
    pace: Annotated[float, typer.Option("--pace", metavar="N", min=1.0, help="how many times real speed")] = 1.0,
    baud: options.Baud = None,
    station_id: options.StationId = "STATION",
    max_rate: options.MaxRate = 14400,
    ecm: options.Ecm = True,
    coding: options.Codings = None,
    as_json: options.Json = False,
) -> None:
    """Be a fax modem, at the other end of a null-modem cable or a pty, with a telephone line and a fax machine on it.

    Any program that drives a fax modem may open the port. Runs until stopped (Ctrl-C), or for --count calls.
    """
    from faxmodem.cli.display import display
    from faxmodem.cli.running import run
    from faxmodem.emulator.fault_words import parse_fault
    from faxmodem.errors import SettingError
    from faxmodem.modem.profile import load_profile

    links, names = pty or [], profile or []
    if (port is not None) == bool(links) or len(links) > 2:
        raise SettingError("say where the modem is to be: either --port PORT, or --pty LINK once or twice")
    if (answer is not None) + (call is not None) + (len(links) == 2) > 1 or (call is not None) != bool(send):
        raise SettingError("behind one modem a station may answer (--answer DIR) or call (--call NUMBER --send FILE)")
    if len(names) > max(1, len(links)):
        raise SettingError(f"there are {len(names)} profiles for {max(1, len(links))} modem(s)")
    number = call or MODEM_NUMBER
    numbers = {"modem": number, "station": STATION_NUMBER}
    faults = [parse_fault(text, numbers) for text in fault or ()]
    modems = [load_profile(name) for name in names] + [load_profile("faxmodem")] * (max(1, len(links)) - len(names))

    with display(as_json=as_json) as shown:
        told: CallOptions = {
            "station_id": station_id,
            "max_rate": max_rate,
            "ecm": ecm,
            "codings": options.codings(coding),
            "profile": "class1",
            "listeners": shown.listeners,
            "on_transition": shown.transition,
            "on_progress": shown.page,
        }
        station = _Station(answer, number, tuple(send or ()), count, pace, told, shown)
        bench = _Bench(port, links, baud, modems, (number, STATION_NUMBER), faults, seed, pace)
        code = run(partial(bench.run, station))
    raise typer.Exit(code)


@dataclass(frozen=True, slots=True)
class _Station:
    """The fax machine at the other end of the telephone line."""

    folder: Path | None
    number: str
    files: tuple[Path, ...]
    count: int
    pace: float
    options: CallOptions
    shown: Display

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return self.folder is not None or bool(self.files)

    async def live(self, port: str, stop: anyio.Event) -> int:
        """Answer, or call, as often as is wanted; gives the exit code of the first call that failed."""
        told: CallOptions = {**self.options, "stop": stop}
        if self.folder is not None:
            from faxmodem.api import receive_async

            results = await receive_async(
                port, self.folder, count=self.count or sys.maxsize, on_fax=self.shown.result, **told
            )
            return next((r.explanation.exit_code for r in results if not r.ok), 0)
        return await self._call(port, stop, told)

    async def _call(self, port: str, stop: anyio.Event, told: CallOptions) -> int:
        from faxmodem.api import send_async

        code = made = 0
        while not stop.is_set() and (made < self.count or not self.count):
            result = await send_async(port, self.number, self.files, **told)
            self.shown.result(result)
            code = code or result.explanation.exit_code
            made += 1
            if made != self.count:
                with anyio.move_on_after(BETWEEN_CALLS_S / self.pace):
                    await stop.wait()
        return code if self.count else 0


@dataclass(frozen=True, slots=True)
class _Bench:
    """The modem or modems, and the line."""

    port: str | None
    links: Sequence[Path]
    baud: int | None
    profiles: Sequence[Profile]
    numbers: tuple[str, str]
    faults: Sequence[Fault]
    seed: int
    pace: float

    async def run(self, station: _Station, stop: anyio.Event) -> int:
        """Be there until stopped, until the port is gone, or until the station has made its calls."""
        from faxmodem.emulator.pair import emulated_line
        from faxmodem.emulator.pty import PtyTransport
        from faxmodem.emulator.settings import DceSettings
        from faxmodem.errors import PortError

        async with AsyncExitStack() as stack:
            ends: list[Transport] = await self._dte_ends(stack)
            settings = [DceSettings.of_profile(profile) for profile in self.profiles]
            behind = PtyTransport() if station.there else None
            if behind is not None:
                stack.push_async_callback(behind.aclose)
                ends.append(behind)
                settings.append(DceSettings())
            line = emulated_line(
                *ends,
                numbers=self.numbers[: len(ends)],
                pace=self.pace,
                faults=self.faults,
                seed=self.seed,
                settings=settings,
            )
            exchange = await stack.enter_async_context(line)
            for profile, end in zip(self.profiles, ends, strict=False):
                typer.echo(f"{profile.name} at {end.name}", err=True)
            code = 0
            async with anyio.create_task_group() as tasks:

                async def until_gone() -> None:
                    await exchange.gone[0].wait()
                    raise PortError(f"the port {ends[0].name} is gone; the modem was there until now")

                tasks.start_soon(until_gone)
                if behind is None:
                    await stop.wait()
                else:
                    code = await station.live(behind.slave_path, stop)
                    with anyio.move_on_after(LEAVING_S / self.pace):
                        await stop.wait()
                tasks.cancel_scope.cancel()
            return code

    async def _dte_ends(self, stack: AsyncExitStack) -> list[Transport]:
        """The modems' side of what the DTE opens."""
        from faxmodem.emulator.pty import PtyTransport
        from faxmodem.transport.base import DEFAULT_BAUD
        from faxmodem.transport.serial_port import open_serial

        ends: list[Transport] = []
        if self.port is not None:
            ends.append(await open_serial(self.port, baud=self.baud or self.profiles[0].port.baud or DEFAULT_BAUD))
        ends += [PtyTransport(link=link) for link in self.links]
        for end in ends:
            stack.push_async_callback(end.aclose)
            await end.set_dtr(True)  # DSR and DCD of the DTE: the modem is there
        return ends
