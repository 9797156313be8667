"""Finding out which modem is at a port: it is asked only what may still decide, or all there is to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import anyio
from anyio import to_thread

from faxmodem.errors import ModemError
from faxmodem.modem import recovery
from faxmodem.modem.dialogue import Dialogue
from faxmodem.modem.identify import parse_classes, query
from faxmodem.modem.matching import GENERIC, choose, next_query, usable_classes
from faxmodem.modem.profile import IDENTIFYING, Profile, QuirkNote, ServiceClass, all_profiles
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Transport

QUERY_S: Final = 2.0
"For the answer to a query; a modem that knows it has the answer at hand."
PAUSE_S: Final = 0.5
"Between a result and the next query, for a modem that has left one unanswered: some lose what comes at once."
INTERVIEW_S: Final = 40.0
"For all queries: a modem that leaves many of them unanswered is not asked on."

OTHER_BAUDS: Final = (57600, 38400, 19200, 9600)
"Of the port, in bit/s, for a modem that is too old for the usual one, or fixed at another."

FIRST: Final = ("+FCLASS=?", "ATI0", "ATI3")
"Asked of each modem: most need nothing else."

_CLASS_2_0: Final = ("+FMI?", "+FMM?", "+FMR?", "+FCC=?")
IN_CLASS: Final[Mapping[str, tuple[str, ...]]] = {
    "1": ("+FTM=?", "+FRM=?", "+FTH=?", "+FRH=?"),
    "2": ("+FMFR?", "+FMDL?", "+FREV?", "+FDCC=?"),
    "2.0": _CLASS_2_0,
    "2.1": _CLASS_2_0,
}
"Queries that some modems answer in that service class only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What was found out about a modem, and what follows from it."""

    profile: Profile
    reason: str
    "Why that profile, as a phrase."
    known: bool
    "False: no profile knows the modem, and the generic one of its best class serves."
    classes: tuple[str, ...]
    "The service classes that the modem lists; none if it does not tell."
    answers: Mapping[str, tuple[str, ...]]
    "The lines that each query brought; none for one that was refused."
    usb: str = ""
    "Vendor and product, as '0572:1340'; empty where there is no USB."

    @property
    def service_classes(self) -> tuple[ServiceClass, ...]:
        """The classes that may be used, the best first; none for a modem that has no fax."""
        return usable_classes(self.profile, self.classes)


async def detect(
    transport: Transport,
    *,
    profiles: Mapping[str, Profile] | None = None,
    usb: str = "",
    thorough: bool = False,
    bauds: Sequence[int] = (),
) -> Detection:
    """Ask a modem in whatever state who it is; it is left in command state and on its own settings but for the echo.

    `profiles`: those to choose from, by id; None: all. `thorough`: ask for everything, also for what decides nothing.
    `bauds`: rates in bit/s to try where the modem does not answer at the port's.

    Raises `ModemTimeout` when no modem answers, `ProfileError` when two profiles know it equally well.
    """
    known = profiles if profiles is not None else await to_thread.run_sync(all_profiles)
    interview = _Interview(transport, known[GENERIC])
    baud = await interview.begin(bauds)
    for command in FIRST:
        await interview.ask(command)
    while (decisive := next_query(known, interview.answers, usb)) is not None:
        await interview.ask(decisive)
    if thorough:
        in_class = [command for name in interview.classes for command in IN_CLASS.get(name, ())]
        for command in (*IDENTIFYING, *in_class):
            await interview.ask(command)
    await interview.end()
    choice = choose(known, interview.answers, interview.classes, usb)
    return Detection(
        profile=_at(baud, choice.profile),
        reason=choice.reason,
        known=choice.known,
        classes=interview.classes,
        answers=interview.answers,
        usb=usb,
    )


def _at(baud: int | None, profile: Profile) -> Profile:
    """The profile for a modem that was found at another rate than the port's, unless it says itself which one is right.

    A modem whose port is locked takes the port's own again after a reset.
    """
    if baud is None or baud in profile.locks or profile.port.baud is not None:
        return profile
    return profile.running_at(baud)


class _Interview:
    """The questions to one modem, and what it says to them. Once it falls silent it is asked no more."""

    def __init__(self, transport: Transport, generic: Profile) -> None:
        timing = generic.timing.model_copy(update={"command_s": QUERY_S})
        profile = generic.model_copy(update={"timing": timing})
        unhurried = {Quirk.WAITS_BETWEEN_COMMANDS: QuirkNote(value=PAUSE_S)}
        self._patient = profile.model_copy(update={"quirks": unhurried})
        self._dialogue = Dialogue(transport, profile)
        self._within = 0.0
        self._class = ""
        self.answers: dict[str, tuple[str, ...]] = {}

    @property
    def classes(self) -> tuple[str, ...]:
        """The service classes that the modem lists."""
        return parse_classes(",".join(self.answers.get("+FCLASS=?", ())))

    async def begin(self, bauds: Sequence[int]) -> int | None:
        """Bring the modem to command state; gives its rate, if it is another than the port's. Raises `ModemTimeout`."""
        self._dialogue.other_bauds = bauds
        await self._dialogue.transport.set_dtr(True)
        await recovery.revive(self._dialogue)
        self._within = anyio.current_time() + INTERVIEW_S
        return self._dialogue.baud

    async def ask(self, command: str) -> None:
        """Ask, and again in each class in which the modem may know the answer; nothing is asked twice."""
        if command in self.answers:
            return
        lines = await self._query(command)
        for name in self.classes:
            if not lines and command in IN_CLASS.get(name, ()) and await self._enter(name):
                lines = await self._query(command)
        self.answers[command] = lines

    async def end(self) -> None:
        """Leave the class that was entered to ask, and give the port its rate back."""
        if self._class:
            await self._enter("0")
        await self._dialogue.set_baud(None)

    async def _enter(self, name: str) -> bool:
        if self._class != name and await self._obeys(f"AT+FCLASS={name}"):
            self._class = name
        return self._class == name

    async def _obeys(self, command: str) -> bool:
        if anyio.current_time() >= self._within:
            return False
        try:
            return (await self._dialogue.ask(command)).ok
        except ModemError:
            self._within = 0.0
            return False

    async def _query(self, command: str) -> tuple[str, ...]:
        line = command if command.startswith("AT") else f"AT{command}"
        lines = await self._try(line)
        if lines is None and self._dialogue.profile is not self._patient:
            self._dialogue.profile = self._patient
            lines = await self._try(line)
        return lines or ()

    async def _try(self, line: str) -> tuple[str, ...] | None:
        if anyio.current_time() >= self._within:
            return None
        try:
            return await query(self._dialogue, line)
        except ModemError:
            self._within = 0.0
            return None
