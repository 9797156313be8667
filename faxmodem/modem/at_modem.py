"""What the drivers of all service classes have in common: set-up, waiting for a ring, and going on hook."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import ClassVar, Final, TypeGuard

import anyio

from faxmodem.errors import ClassRefused, ModemError, ModemTimeout, PortError
from faxmodem.modem import recovery
from faxmodem.modem.at import Event, Result, ResultCode, Text
from faxmodem.modem.base import Answering, ModemIdentity, NotFax, OtherCall, Ring
from faxmodem.modem.callerid import is_report
from faxmodem.modem.dial import dial_string
from faxmodem.modem.dialogue import Busy, Dialogue
from faxmodem.modem.profile import Profile
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.ringing import RingCounter, RingRules
from faxmodem.modem.verdicts import ANSWER_FAILURES, check_call
from faxmodem.transport.base import HasDescriptor, Transport

log = logging.getLogger("faxmodem.modem")

STALE_RING_S: Final = 3.0
"After a ring that nobody minded, an answer so late may find no caller any more: the next ring is waited for."
REPORT_PAUSE_S: Final = 0.2
"Between two lines of a report about the caller, at most."


class AtModem:
    """A modem that takes AT commands."""

    CLASSES: ClassVar[tuple[str, ...]]
    "The service classes that the driver knows; the first goes with a profile that prefers none of them."

    def __init__(self, transport: Transport, profile: Profile, service_class: str | None = None) -> None:
        """`service_class`: one of `CLASSES`; None: the one of them that the profile prefers."""
        preferred = next((name for name in profile.classes.prefer if name in self.CLASSES), self.CLASSES[0])
        self._service_class: Final = service_class or preferred
        self._transport = transport
        self._profile = profile
        self._timing = profile.timing
        self._dialogue = Dialogue(transport, profile)
        self._identity = ModemIdentity()
        self._off_hook = False
        self._picked_up: Answering | None = None
        self._reports_callers = False

    @property
    def identity(self) -> ModemIdentity:
        """What `set_up` found out."""
        return self._identity

    @property
    def service_class(self) -> str:
        """The service class in which the modem is used."""
        return self._service_class

    async def _configure(self) -> None:
        """Find the modem, reset it, and bring it into its service class."""
        at = self._profile.at
        self._reports_callers = False
        self._picked_up = None
        await self._transport.set_dtr(True)
        await self._dialogue.unlock()
        await recovery.revive(self._dialogue)
        await self._dialogue.run(at.reset)
        await self._dialogue.unlock()  # it may have been found at another rate
        await anyio.sleep(self._timing.after_reset_s)
        await recovery.revive(self._dialogue)
        await self._dialogue.run(at.init)
        await self._select_class()
        await self._dialogue.run((*at.configure, *self._profile.flow.setup))

    async def _select_class(self) -> None:
        select = f"AT+FCLASS={self.service_class}"
        if not (await self._dialogue.ask(select)).ok:
            classes = " ".join((await self._dialogue.ask(self._profile.at.classes)).lines)
            raise ClassRefused(
                f"the modem refuses {select}, so it is no Class {self.service_class} fax modem; "
                f"the classes that it lists are {classes or 'none'}"
            )

    async def settle(self) -> None:
        """Bring the modem back to command state after an action that was cancelled. Raises `ModemTimeout`."""
        await recovery.settle(self._dialogue)

    @property
    def descriptor(self) -> int | None:
        """The port's, for a program that is to have the port while nothing is done here; None: it has none."""
        try:
            return self._transport.fileno() if isinstance(self._transport, HasDescriptor) else None
        except OSError:
            return None

    @property
    def baud(self) -> int | None:
        """The port's rate in bit/s; None: the one at which it was opened."""
        return self._dialogue.baud

    async def wait_for_ring(self, rings: RingRules | int = 1) -> Ring:
        """Wait until the telephone has rung so often, or as the rules say, with some seconds between at most.

        What the modem said of a call shortly before, while it was set up or the last call ended, counts as well.
        """
        rules = RingRules(rings=rings) if isinstance(rings, int) else rings
        if anyio.current_time() - self._dialogue.looked_at > self._timing.ring_gap_s:
            await self._dialogue.forget()  # a ring that waited in the port belongs to a caller who may have given up
        await self.settle()
        if rules.wants_caller:
            await self._report_callers()
        counter = RingCounter(rules, self._profile.caller_id.rings)
        heard_at = self._overheard(counter)
        while not counter.is_enough or anyio.current_time() - heard_at > STALE_RING_S:
            patience_s = heard_at + self._timing.ring_gap_s - anyio.current_time() if counter.begun else None
            try:
                event = await self._dialogue.event(patience_s)
            except ModemTimeout:
                counter.forget()
                continue
            if _tells_of_call(event):
                heard_at = anyio.current_time()
                counter.hear(event.text, rings=isinstance(event, Result))
                if isinstance(event, Text):
                    await self._rest_of_report(counter)
        self._dialogue.overheard.clear()
        return Ring(info=counter.caller)

    async def _report_callers(self) -> None:
        """Have the modem report callers, once after each set-up; where it does not know how, they stay unknown."""
        if self._reports_callers:
            return
        self._reports_callers = True
        for command in self._profile.caller_id.enable:
            if (await self._dialogue.ask(command)).ok:
                return
        log.warning("%s: the modem takes no command to report callers; it may do so all the same", self._transport.name)

    def _overheard(self, counter: RingCounter) -> float:
        """Count what was said of a call before somebody listened, if it is not too old; gives when it was said."""
        heard_at = now = anyio.current_time()
        for at, event in self._dialogue.overheard:
            if now - at <= self._timing.ring_gap_s:
                heard_at = at
                counter.hear(event.text, rings=isinstance(event, Result))
        return heard_at

    async def _rest_of_report(self, counter: RingCounter) -> None:
        """The lines of a report come together: it is not acted upon before they are all there."""
        while True:
            try:
                event = await self._dialogue.event(REPORT_PAUSE_S)
            except ModemTimeout:
                return
            if _tells_of_call(event):
                counter.hear(event.text, rings=isinstance(event, Result))

    async def pick_up(self, how: Answering) -> None:
        """Take the call in another way than `answer` does, which is called next and goes on from there.

        Raises `NotFax`, after which the call is up, `CallFailed`, and `ModemError` if the modem cannot do it.
        """
        await self.settle()
        self._off_hook = True
        if how is Answering.SILENT:
            await self._pick_up_silently()
        else:
            await self._find_out_who_calls()
        self._picked_up = how

    async def _pick_up_silently(self) -> None:
        """Take the line without a sound."""
        raise ModemError(
            f"in Class {self.service_class} the modem runs T.30 itself, and always answers with its tone; "
            "a call is answered silently in Class 1 only"
        )

    async def _find_out_who_calls(self) -> None:
        """Answer adaptively. What the modem says first of a fax call is left to be read by who goes on with it."""
        commands = self._profile.at.adaptive_in(self.service_class)
        if not commands:
            raise ModemError(
                f"the profile {self._profile.id} knows no way to have the modem tell other calls from fax calls "
                f"in Class {self.service_class}; take all calls for fax calls"
            )
        for command in commands:
            if not (await self._dialogue.ask(command)).ok:
                raise ModemError(
                    f"the modem refuses {command}, so it cannot tell data and voice calls from fax calls; "
                    "take all calls for fax calls"
                )
        await self._dialogue.write(self._profile.at.answer, Busy.RECEIVE)
        verdict = await self._verdict()
        match verdict:
            case Result(ResultCode.FAX):
                pass
            case Result(ResultCode.DATA):
                raise NotFax(OtherCall.DATA, await self._go_online())
            case Result(ResultCode.VOICE, text):
                raise NotFax(OtherCall.VOICE, text)
            case Result(ResultCode.CONNECT, text) if "FAX" not in text:
                raise NotFax(OtherCall.DATA, text)
            case Result(ResultCode.NO_CARRIER | ResultCode.ERROR):
                check_call(ANSWER_FAILURES, verdict)
            case _:
                self._dialogue.unread(verdict)

    async def _verdict(self) -> Event:
        """The first that the modem says of a call that it answers: a result, or a report as +FCON or +F34: 14,1."""
        until = anyio.current_time() + self._timing.answer_s
        while True:
            event = await self._dialogue.event(until - anyio.current_time())
            match event:
                case Result(code) if code is not ResultCode.RING:
                    return event
                case Text(text) if text.startswith("+F"):
                    return event

    async def _go_online(self) -> str:
        """Wait, after DATA, for the two data modems to agree; gives the result with their rate."""
        if self._profile.at.online is not None:
            await self._dialogue.write(self._profile.at.online, Busy.RECEIVE)
        self._dialogue.busy = Busy.RECEIVE
        result = await self._dialogue.result(self._timing.answer_s)
        check_call(ANSWER_FAILURES, result)
        return result.text

    async def _dial_command(self, number: str) -> str:
        """What to say to call `number`; "": to go on with a call that somebody has dialled. Raises `DialError`."""
        dialled = dial_string(number) if number else ""
        if self._profile.has(Quirk.NO_AT_SIGN):
            dialled = dialled.replace("@", "")
        await self.settle()
        if not number:
            await self._dialogue.run(self._profile.at.open_call)
        elif self._profile.has(Quirk.DIAL_BLOCKING):
            await self._dialogue.run(self._profile.at.unblock)
        return self._profile.at.dial.format(number=dialled)

    async def hang_up(self) -> None:
        """Leave the modem on hook, whatever it was doing. Raises `ModemTimeout` if it cannot be reached."""
        with anyio.CancelScope(shield=True):  # a line left open costs its owner money; every wait in here is bounded
            self._off_hook = False
            self._picked_up = None
            self._dialogue.overheard.clear()  # what rang until now was this call
            await recovery.hang_up(self._dialogue)

    async def aclose(self) -> None:
        """Hang up if a call may be up, and close the port."""
        try:
            if self._off_hook:
                await self.hang_up()
            if self._dialogue.locked:
                await self._free_rate()
        finally:
            with anyio.CancelScope(shield=True):
                await self._transport.aclose()

    async def _free_rate(self) -> None:
        """Leave a modem that holds the port at a rate of its own to the next program as one that recognises others."""
        with anyio.CancelScope(shield=True), suppress(ModemError, PortError):
            await self.settle()
            await self._dialogue.ask("AT+FCLASS=0")


def _tells_of_call(event: Event) -> TypeGuard[Result | Text]:
    """Whether the modem says something of a call that rings."""
    if isinstance(event, Result):
        return event.code is ResultCode.RING
    return isinstance(event, Text) and is_report(event.text)
