"""`faxmodem profiles`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from faxmodem.modem.profile import Profile


def profiles(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME | check FILE",
            help="NAME: show that profile, or TOML file, in full; check FILE: check a profile of your own",
        ),
    ] = None,
) -> None:
    """List the firmware profiles; or show one in full; or check one of your own."""
    match words or []:
        case []:
            _list()
        case ["check", file]:
            _check(Path(file))
        case [name] if name != "check":
            _show(name)
        case _:
            raise typer.BadParameter("give no words, or NAME, or check FILE")


def _list() -> None:
    from rich.console import Console
    from rich.table import Table

    from faxmodem.modem.profile import all_profiles

    table = Table("Name", "Modem", "Classes", "Confidence", "Quirks")
    for profile in all_profiles().values():
        quirks = sum(note.applies for note in profile.quirks.values())
        table.add_row(
            profile.id, profile.name, ", ".join(profile.classes.prefer), profile.confidence, str(quirks or "")
        )
    Console().print(table)


def _show(name: str) -> None:
    from faxmodem.modem.profile import load_profile

    for line in _lines(load_profile(name)):
        typer.echo(line)


def _check(file: Path) -> None:
    """Say whether the file is valid, and whether its own answers would select it."""
    from faxmodem.modem.matching import answers_of, choose
    from faxmodem.modem.profile import all_profiles, load_profile

    profile = load_profile(file.with_suffix(".toml"))
    typer.echo(f"{file} is valid: {profile.name}, classes {', '.join(profile.classes.prefer)}")
    if profile.match and profile.identity:
        usb = next((usb for match in profile.match for usb in match.usb), "")
        everyone = {**all_profiles(), profile.id: profile}
        chosen = choose(everyone, answers_of(profile), profile.classes.listed, usb)
        if chosen.profile.id != profile.id:
            typer.echo(f"note: a modem with the answers of its [identity] is taken for {chosen.profile.id}")


def _lines(profile: Profile) -> list[str]:
    """A profile as lines of text."""
    classes = profile.classes
    lines = [
        f"{profile.id}: {profile.name}",
        f"  chip         {profile.chip}" * bool(profile.chip),
        f"  confidence   {profile.confidence}",
        f"  source       {profile.source}" * bool(profile.source),
        f"  prefers      {', '.join(classes.prefer)}" + f" ({classes.why})" * bool(classes.why),
        f"  lists        {', '.join(classes.listed)}" * bool(classes.listed),
        f"  flow         {profile.flow.while_sending.value} while sending",
    ]
    for match in profile.match:
        terms = [f"{command} = {pattern}" for command, pattern in match.answers.items()]
        terms += [f"{command} not {pattern}" for command, pattern in match.unless.items()]
        terms += [f"USB {' or '.join(match.usb)}"] * bool(match.usb)
        lines.append(f"  recognised   {' and '.join(terms)}")
    lines += [f"  says         {command}: {' / '.join(answer)}" for command, answer in profile.identity.items()]
    for quirk, note in profile.quirks.items():
        value = "" if note.value is None else f" ({note.value:g})"
        lines.append(f"  {'quirk' if note.applies else 'no quirk':<12} {quirk.value}{value}: {note.why}")
        lines.append(f"               evidence {note.evidence}: {note.source}")
    return [line for line in lines if line]
