"""A modem that runs T.30 itself: Class 2, 2.0 or 2.1, as its dialect and its profile say.

What the telephone line and the far end do comes back as `SessionEnded`, `CallFailed` and `LineDropped`; what the modem
does wrong is a `ModemError`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import anyio

from faxmodem.errors import LocalProtocolError, ModemError
from faxmodem.modem.at_modem import AtModem
from faxmodem.modem.base import Answering, CallFailed, ModemIdentity, PageModem, SessionEnded, Station, Told
from faxmodem.modem.class2 import preparing
from faxmodem.modem.class2.dialect import DIALECTS
from faxmodem.modem.class2.exchange import Exchange
from faxmodem.modem.class2.receiving import Receiving
from faxmodem.modem.class2.sending import Sending
from faxmodem.modem.class2.subparameters import SubParameters
from faxmodem.modem.dialogue import Busy
from faxmodem.modem.profile import Profile, Step
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.verdicts import ANSWER_FAILURES, DIAL_FAILURES, Failures, check_call
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.base import Transport

_Half = TypeVar("_Half", Sending, Receiving)

UNTOLD_DIS: Final = SubParameters(br=1)
"Of a far end of which the modem tells nothing but that it is there: what every machine can."


class Class2Modem(AtModem, PageModem):
    """`PageModem` over a transport, as its profile says."""

    CLASSES = ("2.1", "2.0", "2")

    def __init__(self, transport: Transport, profile: Profile, service_class: str | None = None) -> None:
        super().__init__(transport, profile, service_class)
        self._dialect = DIALECTS[self.service_class]
        self._exchange = Exchange(self._dialogue, profile, self._dialect)
        self._ranges = preparing.without_what_is_broken(preparing.ASSUMED, profile)
        self._offer = SubParameters()
        self._calls = True
        self._up = False
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None

    # Set-up and call control

    async def set_up(self) -> ModemIdentity:
        """Find, reset, configure and identify the modem. Raises `ClassRefused` if it has not this class."""
        self._leave_call()
        await self._configure()
        if flow := self._dialect.flow.get(self._profile.flow.while_sending):
            await self._dialogue.run((Step(command=flow, optional=True),))
        self._identity, self._ranges = await preparing.identify(self._dialogue, self._dialect)
        self._exchange.able = self._identity.receives
        return self._identity

    async def _select_class(self) -> None:
        await super()._select_class()
        await self._dialogue.follow_lock(Quirk.RATE_LOCKED)

    async def prepare(self, station: Station) -> None:
        """Tell the modem all that it must know before it dials or answers."""
        if self._picked_up is Answering.ADAPTIVE:
            return  # it is answering already
        await self.settle()
        self._exchange.polls = station.polls
        self._offer = await preparing.prepare(self._dialogue, self._dialect, self._ranges, station)

    async def dial(self, number: str, told: Told) -> None:
        """Call `number`; returns when the far end has said what it can do. "": the call has been dialled already."""
        command = await self._dial_command(number)
        self._enter_call(calls=True)
        await self._exchange.write(command, Busy.RECEIVE)
        await self._await_call(DIAL_FAILURES, self._timing.dial_s, told)

    async def answer(self, told: Told) -> None:
        """Take the call; returns when the caller has said what he wants."""
        picked_up, self._picked_up = self._picked_up, None
        if picked_up is not Answering.ADAPTIVE:
            await self.settle()
            self._enter_call(calls=False)
            await self._exchange.write(self._profile.at.answer, Busy.RECEIVE)
        else:
            self._enter_call(calls=False)
        await self._await_call(ANSWER_FAILURES, self._profile.class2.answer_s, told)

    async def _await_call(self, failures: Failures, within_s: float, told: Told) -> None:
        reports = self._exchange.reports()
        result = await self._exchange.result(reports, within_s, told, connect_ends=False)
        self._dialogue.busy = Busy.IDLE  # after CONNECT too
        if self._exchange.ended is not None:
            raise self._exchange.ended if reports.connected else self._not_connected(self._exchange.ended)
        if reports.not_a_fax:
            raise CallFailed(Outcome.NOT_A_FAX, f"no fax machine is at the other end ({result.text})")
        if not reports.connected:
            check_call(failures, result)
        self._exchange.check(result)
        self._up = True
        if self._calls and Fcf.DIS not in reports.lists:
            reports.assume(Fcf.DIS, UNTOLD_DIS)
            self._exchange.tell(reports, told)

    def _not_connected(self, ended: SessionEnded) -> CallFailed:
        """A session that ended before it began: a call that did not come about."""
        outcome = ended.outcome
        if outcome is Outcome.OK or (outcome is Outcome.NO_ANSWER and not self._calls):
            outcome = Outcome.NO_ANSWER if self._calls else Outcome.NOT_A_FAX
        return CallFailed(outcome, f"{ended} ({ended.code})")

    def _enter_call(self, *, calls: bool) -> None:
        self._off_hook = True
        self._calls = calls
        self._up = False
        self._exchange.begin()
        self._exchange.answers = not calls
        self._sending = Sending(self._exchange, self._ranges, self._offer)
        self._receiving = Receiving(self._exchange)

    def _leave_call(self) -> None:
        self._up = False
        self._sending = self._receiving = None

    async def hang_up(self) -> None:
        """Leave the modem on hook, whatever it was doing. Raises `ModemTimeout` if it cannot be reached."""
        with anyio.CancelScope(shield=True):
            # The end of a page that is cut off ends the session as well.
            aborts = self._up and self._exchange.ended is None and self._dialogue.busy is not Busy.PAGE
            self._leave_call()
            if aborts:
                with suppress(ModemError):
                    await self.settle()
                    await self._dialogue.ask(self._dialect.abort, self._profile.class2.abort_s)
            await super().hang_up()

    # Pages

    async def poll_next(self) -> None:
        """The page that is begun next is our last, and behind it (EOM) the far end's document is wanted."""
        await self.settle()
        await preparing.poll(self._dialogue, self._dialect)

    async def begin_page(self, parameters: Parameters, told: Told) -> Parameters:
        """Have a page negotiated, and wait until the modem takes its data; gives what is in force."""
        sending = self._in_call(self._sending)
        await self.settle()
        return await sending.begin_page(parameters, told)

    async def send_page(
        self, data: bytes, parameters: Parameters, *, on_progress: Callable[[int], None] = lambda _sent: None
    ) -> None:
        """Send the coded page (link order, without RTC or EOFB); returns when the modem has taken everything."""
        await self._in_call(self._sending).send_page(data, parameters, on_progress)

    async def end_page(self, command: Fcf, told: Told) -> Frame:
        """Say what follows the page (MPS, EOM, EOP); gives the far end's answer: MCF, RTP, RTN, PIP or PIN."""
        return await self._in_call(self._sending).end_page(command, told)

    async def receive_page(
        self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
    ) -> Frame:
        """Let the modem answer the page before, and receive the next; gives the post-page command that followed."""
        receiving = self._in_call(self._receiving)
        await self.settle()
        return await receiving.receive_page(told, on_begin, on_data)

    async def answer_page(self, answer: Fcf) -> None:
        """Settle what the modem is to answer for the page that has come: MCF, RTP or RTN."""
        receiving = self._in_call(self._receiving)
        await self.settle()
        await receiving.answer_page(answer)

    @staticmethod
    def _in_call(half: _Half | None) -> _Half:
        if half is None:
            raise LocalProtocolError("there is no call: dial or answer first")
        return half
