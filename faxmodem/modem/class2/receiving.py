"""Pages that come through a modem that runs T.30 itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from faxmodem.errors import ModemError, ModemTimeout
from faxmodem.modem.at import Data, EndOfData, Result, ResultCode
from faxmodem.modem.base import Told
from faxmodem.modem.class2.bit_order import Straightened
from faxmodem.modem.class2.dialect import ANSWERS, DC1, DC2, STATUS_CODES
from faxmodem.modem.class2.exchange import Exchange
from faxmodem.modem.class2.reports import Reports
from faxmodem.modem.dialogue import INTERMEDIATE, Busy
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.parameters import Parameters

log = logging.getLogger("faxmodem.modem")

RECEIVE_PAGE: Final = "AT+FDR"
TRIES: Final = 3
"Of +FDR: between two documents some modems answer OK first."


class Receiving:
    """The pages of one call."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._dialogue = exchange.dialogue
        self._profile = exchange.profile
        self._limits = exchange.profile.class2
        self._reverse: bool | None = None
        self._answer = Fcf.MCF
        "What the modem would say to the page that came."

    async def receive_page(
        self, told: Told, on_begin: Callable[[Parameters], None], on_data: Callable[[bytes], None]
    ) -> Frame:
        """Let the modem answer the page before, and receive the next; gives the post-page command that followed."""
        for _ in range(TRIES):
            result, reports = await self._exchange.command(
                RECEIVE_PAGE, self._limits.negotiate_s, told, data_follow=True
            )
            if result.code is ResultCode.CONNECT:
                break
            if reports.post_page is not None:  # a page of which nothing came
                return self._followed_by(reports, result)
            self._exchange.check(result)
        else:
            raise ModemError(f"the modem answered {RECEIVE_PAGE} with {result.text} instead of CONNECT, {TRIES} times")
        chosen = self._exchange.chosen
        if chosen is None:
            raise ModemError("the modem has received a page and does not say how it is coded (+FDCS, +FCS)")
        on_begin(chosen)
        pieces = Straightened(self._reverse, chosen, on_data)
        reports = self._exchange.reports()
        gap_s = self._limits.data_gap_s if chosen.ecm else self._limits.status_s
        result = await self._take_page(pieces, reports, told, gap_s)
        pieces.finish()
        self._reverse = pieces.reverse
        return self._followed_by(reports, result)

    async def _take_page(self, pieces: Straightened, reports: Reports, told: Told, gap_s: float) -> Result:
        """Ask for the data until they come, and take them; gives the result behind them."""
        starts = [DC2, DC1]  # some know nothing of DC2, and to any other DC1 is an XON
        await self._dialogue.send(starts.pop(0))
        while True:
            try:
                event = await self._dialogue.event(self._limits.start_s if starts else gap_s)
            except ModemTimeout:
                if not starts:
                    raise
                await self._dialogue.send(starts.pop(0))
                continue
            if isinstance(event, Data):
                starts.clear()
                pieces.feed(event.data)
            elif isinstance(event, EndOfData):
                return await self._exchange.result(reports, self._limits.status_s, told)
            elif isinstance(event, Result) and event.code not in INTERMEDIATE:
                self._exchange.note(reports)
                return event
            else:
                await self._exchange.take(event, reports)

    def _followed_by(self, reports: Reports, result: Result) -> Frame:
        """The post-page command. Raises `SessionEnded` or `LineDropped` if there was none."""
        if reports.post_page is None:
            self._exchange.check_alive()
            if result.code is not ResultCode.ERROR:
                self._exchange.check(result)
            raise ModemError(
                f"the modem ended {RECEIVE_PAGE} with {result.text} and does not say what follows the page"
            )
        status = reports.page_status
        bad = result.code is ResultCode.ERROR if status is None else ANSWERS.get(status, Fcf.MCF) is Fcf.RTN
        self._answer = Fcf.RTN if bad else ANSWERS.get(status or 1, Fcf.MCF)
        return Frame.of(self._exchange.dialect.post_page.get(reports.post_page, Fcf.MPS))

    async def answer_page(self, answer: Fcf) -> None:
        """Settle what the modem is to answer, where that is not what it would answer by itself."""
        if answer is self._answer or answer not in STATUS_CODES:
            return
        if not self._profile.has(Quirk.REFUSES_PAGE_STATUS):
            command = f"AT{self._exchange.dialect.page_status}={STATUS_CODES[answer]}"
            result, _reports = await self._exchange.command(command, self._profile.timing.command_s, busy=Busy.COMMAND)
            if result.code is ResultCode.OK:
                self._answer = answer
                return
            if result.code is not ResultCode.ERROR:
                self._exchange.check(result)
        log.warning(
            "%s: the modem answers a page with %s that is to be answered with %s",
            *(self._dialogue.transport.name, self._answer.name, answer.name),
        )
