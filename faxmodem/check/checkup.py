"""A modem's checkup: what is measured in which order, and what of it goes onto its card."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio

from faxmodem.check.alone import by_rate, goes_off_hook, measure_alone, steps_alone
from faxmodem.check.bench import BenchModem
from faxmodem.check.calls import Clock, Route, make_call
from faxmodem.check.card import Card, Finding, Grade
from faxmodem.check.crossing import Line
from faxmodem.check.manners import measure_manners
from faxmodem.check.pair import measure_pair
from faxmodem.errors import ModemError
from faxmodem.modem.base import Modem, ModemIdentity
from faxmodem.modem.dial_rules import DialRules
from faxmodem.modem.opening import set_up
from faxmodem.modem.profile import Profile, ServiceClass
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Transport

RAW_CLASSES: Final[Sequence[ServiceClass]] = ("1", "1.0")
"In which signals can be made one at a time; in class 1.0 a call might become one of V.34."

OpenPort = Callable[[], Awaitable[Transport]]
"Raises `PortError`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A modem that is to be checked, or to help with that."""

    port: str
    open_port: OpenPort
    profile: Profile
    service_classes: Sequence[ServiceClass]
    "Those in which it may be used, the best first."
    listed: Sequence[str] = ()
    "The service classes that it tells."
    asked: ServiceClass | None = None
    "The only one that it is to be used in."

    @property
    def raw_class(self) -> ServiceClass | None:
        """In which its signals can be measured; None for a modem that makes them only in its own calls."""
        usable = (self.asked,) if self.asked else (*self.service_classes, *self.listed)
        return next((name for name in RAW_CLASSES if name in usable), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done beside the measurements of the modem alone."""

    far: Subject | None = None
    number: str | None = None
    "By which the modem reaches the far one; None: they are wired together, without an exchange."
    back: str | None = None
    "The other way."
    dial_rules: DialRules = field(default_factory=DialRules)
    quick: bool = False
    "Only the lowest and the highest modulation, and calls at the highest."

    def __post_init__(self) -> None:
        """Raises `DialError` for a number that is not to be dialled: better now than after some minutes."""
        for number in (self.number, self.back):
            if number is not None:
                self.dial_rules.dial_string(number)


@dataclass(slots=True)
class _Known:
    """What is known of a modem by now."""

    subject: Subject
    profile: Profile
    identity: ModemIdentity = field(default_factory=ModemIdentity)
    is_measured: bool = True
    "Alone; False: it makes no signals without a call."

    def transmits(self) -> frozenset[Modulation]:
        """The modulations that it sends."""
        return self.identity.transmits or _ANY

    def receives(self) -> frozenset[Modulation]:
        """The modulations that it receives."""
        return self.identity.receives or _ANY


_ANY: Final = frozenset(Modulation) - {Modulation.V34}


async def check_up(near: Subject, plan: Plan, clock: Clock, tell: Callable[[Finding], object]) -> Card:
    """Measure all that can be measured; `tell` is shown each finding as it is made. Leaves the modems on hook.

    Raises `PortError`; whatever the modem does wrong is on the card.
    """
    findings: list[Finding] = []

    def note(finding: Finding) -> None:
        findings.append(finding)
        tell(finding)

    known = _Known(near, near.profile)
    others = _Known(plan.far, plan.far.profile) if plan.far is not None else None
    async with _opened_port(near) as port:
        modem = BenchModem(port, near.profile)
        works = await _alone(modem, known, plan, note)
        if works and plan.far is not None and others is not None:
            async with _opened_port(plan.far) as far_port:
                far_modem = BenchModem(far_port, plan.far.profile)
                await _pair(Line(modem, far_modem, plan.number, plan.dial_rules), known, others, plan, note)
                others.profile = far_modem.profile
        known.profile = modem.profile
    if works and others is not None:
        await _calls(known, others, plan, clock, note)
    return Card(
        port=near.port,
        modem=known.identity.title,
        profile=near.profile.id,
        service_class=near.service_classes[0],
        far_port=plan.far.port if plan.far else "",
        findings=tuple(findings),
    )


async def _alone(modem: BenchModem, known: _Known, plan: Plan, note: Callable[[Finding], object]) -> bool:
    """What takes one modem; False if it is of no use at all."""
    subject = known.subject
    try:
        for finding in await measure_manners(modem, subject.listed):
            note(finding)
        if subject.raw_class is None:
            known.identity = (await set_up(modem.transport, modem.profile, subject.service_classes)).identity
            note(_unmeasured(subject.service_classes[0]))
            return True
        known.identity = await modem.set_up(subject.raw_class)
        if (why := await goes_off_hook(modem)) is not None:
            known.is_measured = False
            note(why)
            return True
        async for finding in measure_alone(modem, known.transmits(), known.receives(), quick=plan.quick):
            note(finding)
    except ModemError as error:
        note(Finding(topic="port", what="the modem", measured=f"fails: {error}", grade=Grade.BAD))
        return False
    return True


def _unmeasured(service_class: str) -> Finding:
    return Finding(
        topic="line",
        what="signals without a call",
        measured=f"cannot be measured: in class {service_class} the modem runs T.30 by itself",
        allowed="class 1 makes them one at a time; whole calls need a second modem (--far)",
    )


async def _pair(line: Line, known: _Known, others: _Known, plan: Plan, note: Callable[[Finding], object]) -> None:
    """What takes two modems in class 1."""
    raw, far = known.subject.raw_class, others.subject
    try:
        if raw is None or far.raw_class is None:
            others.identity = (await set_up(line.far.transport, line.far.profile, far.service_classes)).identity
            return
        others.identity = await line.far.set_up(far.raw_class)
        await line.near.set_up(raw)
    except ModemError as error:
        note(Finding(topic="pair", what="the two modems", measured=f"not measured: {error}", grade=Grade.BAD))
        return
    there = known.transmits() & others.receives()
    back = others.transmits() & known.receives()
    alone = () if known.is_measured else steps_alone(known.transmits(), known.receives(), quick=plan.quick)
    try:
        async for finding in measure_pair(line, there, back, quick=plan.quick, alone=alone):
            note(finding)
    except ModemError as error:
        note(Finding(topic="pair", what="the end of the call", measured=f"failed: {error}", grade=Grade.BAD))


# --- calls ------------------------------------------------------------------------------------------------------------


async def _calls(known: _Known, others: _Known, plan: Plan, clock: Clock, note: Callable[[Finding], object]) -> None:
    """Faxes both ways: at each modulation, and with whatever the two agree on if they are left alone."""
    ways = (("to the far modem", known, others, plan.number), ("from the far modem", others, known, plan.back))
    with TemporaryDirectory(prefix="faxmodem-check-") as folder:
        for way, caller, called, number in ways:
            for modulation, ecm in _tried(caller, called, quick=plan.quick):
                best = modulation is None
                route = Route(
                    way=way,
                    caller=partial(_opened, caller, best=best),
                    called=partial(_opened, called, best=best),
                    number=number,
                    dial_rules=plan.dial_rules,
                )
                note(await make_call(route, modulation, Path(folder), clock, ecm=ecm))


def _tried(caller: _Known, called: _Known, *, quick: bool) -> list[tuple[Modulation | None, bool]]:
    """The modulations of the calls, and whether with error correction; None: whatever the two agree on."""
    common = by_rate(caller.transmits() & called.receives())
    if not caller.subject.raw_class:  # it chooses between modulations of one rate by itself
        common = list({modulation.rate_bps: modulation for modulation in common}.values())
    if quick:
        return [(modulation, False) for modulation in common[-1:]]
    return [*((modulation, False) for modulation in common), (None, True)]


async def _opened(known: _Known, *, best: bool) -> Modem:
    """The modem as it is used in calls: in its best class, or in the one in which it can be told how to send."""
    subject = known.subject
    classes = subject.service_classes if best or not subject.raw_class else (subject.raw_class,)
    transport = await subject.open_port()
    try:
        return await set_up(transport, known.profile, classes)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await transport.aclose()
        raise


@asynccontextmanager
async def _opened_port(subject: Subject) -> AsyncIterator[Transport]:
    """The port, for as long as the context lasts."""
    transport = await subject.open_port()
    try:
        yield transport
    finally:
        with anyio.CancelScope(shield=True):
            await transport.aclose()
