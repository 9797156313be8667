"""`faxmodem probe`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from faxmodem.cli import options

if TYPE_CHECKING:
    from faxmodem.errors import ModemError
    from faxmodem.modem.base import ModemIdentity
    from faxmodem.modem.detect import Detection
    from faxmodem.modem.profile import Profile
    from faxmodem.t30.modulations import Modulation
    from faxmodem.transport.base import Transport

WIDTH = 11
"Of the first column."


def probe(
    port: Annotated[str, typer.Argument(metavar="PORT", help="serial port: a device or a URL")],
    profile: options.Profile = "auto",
    modem_class: options.Class = options.ModemClass.AUTO,
    baud: options.Baud = None,
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
    record: options.Record = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE.toml", help="write what was found as a firmware profile to start from"),
    ] = None,
) -> None:
    """Ask the modem at a port who it is and what it can do, and say how it will be used."""
    from faxmodem.cli.running import recording
    from faxmodem.errors import SettingError
    from faxmodem.modem.profile import load_profile

    if save is not None and not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*\.toml", save.name):
        raise SettingError(f"a profile's file is named as in my-modem.toml, with small letters, not {save.name!r}")
    named = None if profile == "auto" else load_profile(profile)
    with recording(record) as sink:

        async def ask() -> _Findings:
            from faxmodem.api import opened_port

            async with opened_port(port, baud=baud, record=sink) as transport:
                findings = await _find_out(transport, port, named, modem_class, baud)
                await transport.aclose()
                return findings

        findings = anyio.run(ask)
    if save is not None:
        _save(findings.detection, save)
    if as_json:
        typer.echo(json.dumps(_facts(findings), ensure_ascii=False))
    else:
        for line in _lines(findings):
            typer.echo(line)
    if findings.problem is not None:
        raise findings.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    """What was found at a port."""

    port: str
    detection: Detection
    identity: ModemIdentity | None = None
    "None: the modem could not be set up."
    service_class: str = ""
    why_class: str = ""
    baud: int | None = None
    "The port's rate where it is not the usual one."
    problem: ModemError | None = None
    latency_s: float | None = None
    "There and back to a remote port."


async def _find_out(
    transport: Transport, port: str, named: Profile | None, modem_class: options.ModemClass, baud: int | None
) -> _Findings:
    """Ask for all there is to know, and set the modem up as for a call."""
    from anyio import to_thread

    from faxmodem.api import SERVICE_CLASSES, other_bauds
    from faxmodem.errors import ModemError
    from faxmodem.modem.detect import detect
    from faxmodem.modem.opening import set_up, to_try
    from faxmodem.transport.naming import usb_id

    usb, bauds = await to_thread.run_sync(usb_id, port), await to_thread.run_sync(other_bauds, port, baud)
    found = await detect(transport, usb=usb, thorough=True, bauds=bauds)
    if named is not None:
        found = replace(found, profile=named, reason="it was named", known=True)
    asked = SERVICE_CLASSES[modem_class.value]
    try:
        modem = await set_up(transport, found.profile.at_baud(baud), to_try(found, asked))
    except ModemError as error:
        return _Findings(port=port, detection=found, problem=error, latency_s=transport.latency_s)
    return _Findings(
        port=port,
        latency_s=transport.latency_s,
        detection=found,
        identity=modem.identity,
        baud=modem.baud,
        service_class=modem.service_class,
        why_class=_why_class(found, modem.service_class, asked),
    )


def _facts(findings: _Findings) -> dict[str, object]:
    """The same for programs."""
    found, identity = findings.detection, findings.identity
    return {
        "port": findings.port,
        "usb": found.usb,
        "latency_s": findings.latency_s,
        "baud": findings.baud,
        "title": _title(findings),
        "profile": {
            "id": found.profile.id,
            "name": found.profile.name,
            "known": found.known,
            "reason": found.reason,
            "confidence": found.profile.confidence,
        },
        "service_class": findings.service_class,
        "service_class_reason": findings.why_class,
        "classes": found.classes,
        "transmits": [] if identity is None else list(map(str, _by_rate(identity.transmits))),
        "receives": [] if identity is None else list(map(str, _by_rate(identity.receives))),
        "answers": found.answers,
    }


def _lines(findings: _Findings) -> Iterator[str]:
    """The same for people."""
    found, identity = findings.detection, findings.identity
    yield _line("modem", _title(findings) + f", USB {found.usb}" * bool(found.usb))
    if findings.latency_s is not None:
        yield _line("distance", f"{findings.latency_s * 1000:.1f} ms there and back")
    if findings.baud is not None:
        yield _line("rate", f"{findings.baud} bit/s at the port")
    yield _line("profile", f"{found.profile.id} ({found.profile.name}): {found.reason}")
    if findings.service_class:
        yield _line("class", f"{findings.service_class}: {findings.why_class}")
    yield _line("classes", ", ".join(found.classes) or "not told")
    if identity is not None and (identity.transmits or identity.receives):
        yield _line("transmits", ", ".join(map(str, _by_rate(identity.transmits))))
        yield _line("receives", ", ".join(map(str, _by_rate(identity.receives))))
    for command, answer in found.answers.items():
        if answer:
            yield _line(command, " / ".join(answer))
    if not found.known:
        yield (
            "No profile knows this modem; the generic one will often do. With --save my-modem.toml its answers are "
            "written as a profile to start from, and to send in."
        )


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDTH}}{text}"


def _title(findings: _Findings) -> str:
    return "unknown modem" if findings.identity is None else findings.identity.title


def _why_class(found: Detection, used: str, asked: str | None) -> str:
    """Why the modem is used in that class."""
    if asked is not None:
        return "it was asked for"
    if used != found.service_classes[0]:
        return f"the modem refuses Class {found.service_classes[0]}"
    classes = found.profile.classes
    return f"the first of {', '.join(classes.prefer)} that the modem has" + f" ({classes.why})" * bool(classes.why)


def _by_rate(modulations: Iterable[Modulation]) -> list[Modulation]:
    return sorted(modulations, key=lambda modulation: modulation.rate_bps)


def _save(found: Detection, path: Path) -> None:
    from faxmodem.errors import DocumentError
    from faxmodem.modem.sketch import sketch

    try:
        path.write_text(sketch(found, path.stem), encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"the profile {path} cannot be written: {error.strerror}") from error
