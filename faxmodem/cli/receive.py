"""`faxmodem receive`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import anyio
import typer

from faxmodem.cli import options

ANSWERING = "Answering"
"Heading in the help."


def _caller_and_rings(text: str) -> tuple[str, int]:
    caller, equals, rings = text.rpartition("=")
    if not (caller and equals and rings.isdecimal() and int(rings) > 0):
        raise typer.BadParameter(f"--rings-for takes CALLER=N with N at least 1, as +4930*=1, not {text!r}")
    return caller, int(rings)


def receive(
    port: options.Port,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="folder for the received faxes")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="calls to answer before ending")] = 1,
    rings: Annotated[
        int, typer.Option("--rings", rich_help_panel=ANSWERING, metavar="N", min=1, help="rings before answering")
    ] = 1,
    serve: Annotated[
        list[Path] | None,
        typer.Option("--serve", metavar="FILE", help="give this to whoever calls to poll; may be repeated"),
    ] = None,
    selective: options.Selective = "",
    password: options.Password = "",
    max_bad_lines: options.MaxBadLines = 15.0,
    max_bad_run: options.MaxBadRun = 3.0,
    ecm: options.Ecm = True,
    coding: options.Codings = None,
    station_id: options.StationId = "",
    max_rate: options.MaxRate = 14400,
    modem_class: options.Class = options.ModemClass.AUTO,
    profile: options.Profile = "auto",
    baud: options.Baud = None,
    as_json: options.Json = False,
    record: options.Record = None,
    rings_for: Annotated[
        list[str] | None,
        typer.Option(
            "--rings-for",
            rich_help_panel=ANSWERING,
            metavar="CALLER=N",
            help="rings for some callers, as +4930*=1; the first that fits counts; may be repeated",
        ),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option(
            "--reject",
            rich_help_panel=ANSWERING,
            metavar="CALLER",
            help="never answer these: a number or name with * and ?, or withheld; may be repeated",
        ),
    ] = None,
    caller_id: Annotated[
        bool,
        typer.Option(
            "--caller-id", rich_help_panel=ANSWERING, help="have the modem report callers, as rules by caller do too"
        ),
    ] = False,
    did_digits: Annotated[
        int,
        typer.Option(
            "--did-digits",
            rich_help_panel=ANSWERING,
            metavar="N",
            min=0,
            max=20,
            help="answer as soon as so many dialled digits are told, on lines that do (DID)",
        ),
    ] = 0,
    now: Annotated[
        bool,
        typer.Option(
            "--now", rich_help_panel=ANSWERING, help="take the call at once: somebody has answered and hears a fax"
        ),
    ] = False,
    silent: Annotated[
        bool, typer.Option("--silent", rich_help_panel=ANSWERING, help="answer without the tone (Class 1 only)")
    ] = False,
    on_data: Annotated[
        str,
        typer.Option(
            "--on-data",
            rich_help_panel=ANSWERING,
            metavar="PROGRAM",
            help="give data calls to this program, with the port as its standard input and output",
        ),
    ] = "",
    on_voice: Annotated[
        str,
        typer.Option("--on-voice", rich_help_panel=ANSWERING, metavar="PROGRAM", help="the same for voice calls"),
    ] = "",
) -> None:
    """Answer calls and store each fax as a TIFF file, whose path is printed.

    A fax that breaks off is kept as well, in a file that ends in .partial.tif.
    """
    from faxmodem.api import receive_async
    from faxmodem.call.sink import CopyQuality
    from faxmodem.cli.display import display
    from faxmodem.cli.running import recording, run
    from faxmodem.modem.ringing import RingRules

    rules = RingRules(
        rings=rings,
        by_caller=tuple(map(_caller_and_rings, rings_for or ())),
        reject=tuple(reject or ()),
        did_digits=did_digits,
        asks_for_caller=caller_id,
    )
    with display(as_json=as_json) as shown, recording(record) as sink:

        async def work(stop: anyio.Event) -> int:
            results = await receive_async(
                port,
                output,
                count=count,
                rings=rules,
                at_once=now,
                silent=silent,
                on_data=shlex.split(on_data),
                on_voice=shlex.split(on_voice),
                serve=serve or (),
                selective=selective,
                password=password,
                quality=CopyQuality(poor_share=max_bad_lines / 100, longest_run_mm=max_bad_run),
                ecm=ecm,
                codings=options.codings(coding),
                station_id=station_id,
                max_rate=max_rate,
                profile=profile,
                service_class=modem_class.value,
                baud=baud,
                record=sink,
                on_fax=shown.result,
                listeners=shown.listeners,
                on_transition=shown.transition,
                on_progress=shown.page,
                stop=stop,
            )
            codes = [result.explanation.exit_code for result in results]
            codes += [130] if len(results) < count else []
            return next((code for code in codes if code), 0)

        code = run(work)
    raise typer.Exit(code)
