"""`faxmodem loopback`."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import anyio
import typer
from anyio import to_thread

from faxmodem.cli import options

if TYPE_CHECKING:
    from faxmodem.call.fax import FaxResult
    from faxmodem.cli.display import Terminal
    from faxmodem.codec.bitmap import Bitmap
    from faxmodem.modem.profile import Profile


def loopback(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="default: a built-in sample")] = None,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="folder for what is received")] = Path(
        "loopback"
    ),
    resolution: options.Resolution = options.ResolutionName.FINE,
    rendering: options.Rendering = options.RenderingName.AUTO,
    max_rate: options.MaxRate = 14400,
    pace: Annotated[float, typer.Option("--pace", metavar="N", min=1.0, help="how many times real speed")] = 100.0,
    sender_profile: Annotated[
        str, typer.Option("--sender-profile", metavar="NAME", help="which modem the sender has; see faxmodem profiles")
    ] = "faxmodem",
    receiver_profile: Annotated[
        str, typer.Option("--receiver-profile", metavar="NAME", help="which modem the receiver has")
    ] = "faxmodem",
    modem_class: options.Class = options.ModemClass.AUTO,
) -> None:
    """Send files through two emulated modems to ourselves, and compare what arrives. Needs no hardware."""
    from faxmodem.api import RESOLUTIONS
    from faxmodem.cli.display import Terminal, bars
    from faxmodem.cli.running import run
    from faxmodem.documents.sample import sample_page
    from faxmodem.documents.tiff import write_pages
    from faxmodem.modem.profile import load_profile

    profiles = load_profile(sender_profile), load_profile(receiver_profile)
    with ExitStack() as stack:
        paths = list(files or [])
        if not paths:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            paths = [folder / "sample.tif"]
            write_pages(paths[0], [sample_page(RESOLUTIONS[resolution.value])])
        console, progress = stack.enter_context(bars())
        sender, receiver = Terminal(console, progress, "sender"), Terminal(console, progress, "receiver")

        async def work(stop: anyio.Event) -> int:
            drawn = {"resolution": resolution.value, "rendering": rendering.value}
            bench = _Bench(paths, output, drawn, max_rate, pace, profiles, modem_class.value)
            return await bench.run(sender, receiver, stop)

        code = run(work)
    raise typer.Exit(code)


class _Bench:
    """Two drivers, two emulated modems on ptys, and the line between them."""

    def __init__(
        self,
        paths: list[Path],
        output: Path,
        drawn: dict[str, str],
        max_rate: int,
        pace: float,
        profiles: tuple[Profile, Profile],
        service_class: str,
    ) -> None:
        self._paths = paths
        self._profiles = profiles
        self._class = service_class
        self._output = output
        self._drawn = drawn
        self._max_rate = max_rate
        self._pace = pace
        self._sent: dict[int, str] = {}

    async def run(self, sender: Terminal, receiver: Terminal, stop: anyio.Event) -> int:
        """Make the call, show it, and say whether what came is what was sent."""
        from faxmodem.api import receive_async, send_async
        from faxmodem.emulator.pair import emulated_line
        from faxmodem.emulator.pty import PtyTransport
        from faxmodem.emulator.settings import DceSettings

        near, far = PtyTransport(), PtyTransport()
        modems = [DceSettings.of_profile(profile) for profile in self._profiles]
        arrived: list[FaxResult] = []

        async def answer() -> None:
            arrived.extend(
                await receive_async(
                    far.slave_path,
                    self._output,
                    station_id="RECEIVER",
                    profile=self._profiles[1],
                    service_class=self._class,
                    on_transition=receiver.transition,
                    on_progress=receiver.page,
                    on_fax=receiver.result,
                    stop=stop,
                )
            )

        async with emulated_line(near, far, pace=self._pace, settings=modems), anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            result = await send_async(
                near.slave_path,
                "200",
                self._paths,
                station_id="SENDER",
                profile=self._profiles[0],
                service_class=self._class,
                resolution=self._drawn["resolution"],
                rendering=self._drawn["rendering"],
                max_rate=self._max_rate,
                on_transition=sender.transition,
                on_progress=sender.page,
                on_page=self._note,
                stop=stop,
            )
            sender.result(result)
            if not result.ok:
                stop.set()
        for end in (near, far):
            await end.aclose()
        if not result.ok or not arrived or arrived[0].path is None:
            return result.explanation.exit_code or 1
        return await to_thread.run_sync(self._compare, arrived[0].path)

    def _note(self, number: int, page: Bitmap) -> None:
        self._sent[number] = _fingerprint(page)

    def _compare(self, path: Path) -> int:
        from faxmodem.documents.preview import write_preview
        from faxmodem.documents.tiff import read_pages

        picture = path.with_suffix(".png")
        came: dict[int, str] = {}
        for number, page in enumerate(read_pages(path), 1):
            came[number] = _fingerprint(page)
            if number == 1:
                write_preview(page, picture)
        typer.echo(f"{picture} shows page 1")
        if came != self._sent:
            wrong = [number for number in sorted({*came, *self._sent}) if came.get(number) != self._sent.get(number)]
            typer.echo(f"NOT identical: page {', '.join(map(str, wrong))} differs from what was sent", err=True)
            return 1
        count = len(came)
        typer.echo(f"identical: {count} page{'' if count == 1 else 's'} arrived pel for pel as sent")
        return 0


def _fingerprint(page: Bitmap) -> str:
    shape = f"{page.width} {page.lines} {page.resolution.label} ".encode()
    return hashlib.sha256(shape + page.rows.tobytes()).hexdigest()
