"""`faxmodem check`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import anyio
import typer

from faxmodem.cli import options

if TYPE_CHECKING:
    from faxmodem.check.card import Card, Finding
    from faxmodem.check.checkup import Subject
    from faxmodem.modem.detect import Detection
    from faxmodem.transport.base import Transport

BAD_MODEM: Final = 61
CANCELED: Final = 130
VERDICTS: Final = {
    "good": "Good: calls will go through.",
    "poor": "Poor: calls will go through, with luck or with the settings above.",
    "bad": "Bad: calls will fail without the settings above, or at all.",
}
COLOURS: Final = {"good": "green", "poor": "yellow", "bad": "red", "note": "blue"}


def check(
    port: Annotated[str, typer.Argument(metavar="PORT", help="serial port of the modem: a device or a URL")],
    far: Annotated[
        str | None, typer.Option("--far", metavar="PORT2", help="port of a second modem, to call and to be called by")
    ] = None,
    number: Annotated[
        str | None,
        typer.Option(
            "--number", metavar="NUMBER", help="what to dial for the second one; default: a cable joins the two"
        ),
    ] = None,
    back: Annotated[
        str | None, typer.Option("--back", metavar="NUMBER", help="what the second one dials for the first")
    ] = None,
    profile: options.Profile = "auto",
    far_profile: Annotated[
        str, typer.Option("--far-profile", metavar="NAME", help="firmware profile of the second modem")
    ] = "auto",
    modem_class: options.Class = options.ModemClass.AUTO,
    baud: options.Baud = None,
    quick: Annotated[bool, typer.Option("--quick", help="only the lowest and the highest modulation")] = False,
    dial_rules: options.DialRules = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the card as JSON")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="write the card to FILE, as JSON")
    ] = None,
    save_profile: Annotated[
        Path | None,
        typer.Option(
            "--save-profile", metavar="FILE.toml", help="write a firmware profile with the suggested settings"
        ),
    ] = None,
    record: options.Record = None,
) -> None:
    """Measure what a modem does beside what it should do; with a second one, also by faxes both ways.

    Takes some minutes. Exit code 61: something is so bad that calls fail without the settings that are suggested.
    """
    from faxmodem.cli.running import recording, run
    from faxmodem.errors import SettingError

    if far is None and (number is not None or back is not None or far_profile != "auto"):
        raise SettingError("--number, --back and --far-profile need a second modem: give its port with --far")
    if (number is None) is not (back is None):
        raise SettingError("--number and --back go together: over an exchange each modem dials the other in its turn")
    if save_profile is not None and not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*\.toml", save_profile.name):
        raise SettingError(
            f"a profile's file is named as in my-modem.toml, with small letters, not {save_profile.name!r}"
        )
    with recording(record) as sink, _shown() as show:

        async def measure(stop: anyio.Event) -> tuple[Card, Detection] | None:
            from faxmodem.call.stop import stoppable

            with anyio.CancelScope() as scope:
                return await stoppable(work, stop, scope.cancel)
            return None

        async def work() -> tuple[Card, Detection]:
            from faxmodem.api import now, opened_port
            from faxmodem.check.checkup import Plan, check_up
            from faxmodem.modem.dial_rules import load_dial_rules

            opened = partial(opened_port, baud=baud, record=sink)
            rules = load_dial_rules(dial_rules)
            plan = Plan(number=number, back=back, dial_rules=rules, quick=quick)  # which looks at the numbers
            near, found = await _subject(port, opened, profile, modem_class, baud)
            if far is not None:
                unrecorded = partial(opened_port, baud=baud, record=None)
                other, _ = await _subject(far, unrecorded, far_profile, modem_class, baud)
                plan = replace(plan, far=other)
            return await check_up(near, plan, now, show), found

        done = run(measure)
    if done is None:
        raise typer.Exit(CANCELED)
    card, found = done
    _give(card, found, as_json=as_json, report=report, save_profile=save_profile)
    raise typer.Exit(BAD_MODEM if card.worst.value == "bad" else 0)


async def _subject(
    port: str,
    opened: Callable[..., AbstractAsyncContextManager[Transport]],
    profile: str,
    asked: options.ModemClass,
    baud: int | None,
) -> tuple[Subject, Detection]:
    """Who is at a port. Raises `PortError`, `ModemError`, `ProfileError`, `SettingError`."""
    from anyio import to_thread

    from faxmodem.api import SERVICE_CLASSES, other_bauds
    from faxmodem.check.checkup import Subject
    from faxmodem.modem.detect import detect
    from faxmodem.modem.opening import to_try
    from faxmodem.modem.profile import load_profile
    from faxmodem.transport.naming import usb_id

    named = None if profile == "auto" else load_profile(profile)
    usb, bauds = await to_thread.run_sync(usb_id, port), await to_thread.run_sync(other_bauds, port, baud)
    async with opened(port) as transport:
        found = await detect(transport, usb=usb, bauds=bauds)
        await transport.aclose()
    if named is not None:
        found = replace(found, profile=named, reason="it was named", known=True)

    async def open_port() -> Transport:
        async with opened(port) as transport:
            return transport

    service_class = SERVICE_CLASSES[asked.value]
    subject = Subject(
        port=port,
        open_port=open_port,
        profile=found.profile.at_baud(baud),
        service_classes=to_try(found, service_class),
        listed=found.classes,
        asked=service_class,
    )
    return subject, found


@contextmanager
def _shown() -> Iterator[Callable[[Finding], None]]:
    """Shows each finding as it is made, on standard error."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)

    def show(finding: Finding) -> None:
        colour = COLOURS[finding.grade.value]
        text = escape(f"{finding.topic}: {finding.what}: {finding.measured}")
        console.print(f"[{colour}]{finding.grade.value}[/{colour}] {text}", highlight=False, soft_wrap=True)

    if not console.is_terminal:
        yield show
        return
    with console.status("measuring"):
        yield show


def _give(card: Card, found: Detection, *, as_json: bool, report: Path | None, save_profile: Path | None) -> None:
    """Print the card and write the files that are wanted."""
    from faxmodem.modem.sketch import sketch

    text = json.dumps(card.to_json(), ensure_ascii=False)
    if report is not None:
        _write(report, f"{text}\n", "card")
    if save_profile is not None:
        settings = "\n".join(card.profile_lines())
        _write(save_profile, f"{sketch(found, save_profile.stem)}\n{settings}", "profile")
    if as_json:
        typer.echo(text)
    else:
        _print(card)


def _print(card: Card) -> None:
    """The card for people."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{card.modem} at {card.port}, profile {card.profile}", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("", "", "measured", "allowed"):
        table.add_column(heading)
    topic = ""
    for finding in card.findings:
        if finding.topic != topic:
            topic = finding.topic
            table.add_section()
        grade = Text(finding.grade.value, COLOURS[finding.grade.value])
        table.add_row(grade, Text(finding.what), Text(finding.measured), Text(finding.allowed))
    Console(file=sys.stdout).print(table)
    if card.suggestions:
        typer.echo("Settings for the modem's profile (--save-profile my-modem.toml writes one that has them):\n")
        for line in card.profile_lines():
            typer.echo(line)
    typer.echo(VERDICTS[card.worst.value])


def _write(path: Path, text: str, what: str) -> None:
    from faxmodem.errors import DocumentError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"the {what} {path} cannot be written: {error.strerror}") from error
