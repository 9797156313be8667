"""Pages that go out through a modem that runs T.30 itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import anyio

from faxmodem.codec.geometry import Coding
from faxmodem.errors import ModemError
from faxmodem.modem.at import CAN, XON, Control, Event, Result, ResultCode
from faxmodem.modem.base import Told
from faxmodem.modem.class2 import subparameters
from faxmodem.modem.class2.dialect import ANSWERS
from faxmodem.modem.class2.exchange import Exchange
from faxmodem.modem.class2.reports import Reports
from faxmodem.modem.class2.subparameters import Ranges, SubParameters
from faxmodem.modem.dialogue import INTERMEDIATE, Busy
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.streaming import stream
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.parameters import Parameters
from faxmodem.transport.base import Flow

log = logging.getLogger("faxmodem.modem")

SEND_PAGE: Final = "AT+FDT"
TRIES: Final = 3
"Of +FDT: some modems answer OK first."
SLOWEST_BPS: Final = 2400
DRAIN_FACTOR: Final = 1.5
"How much longer than its bits a page may take on the line: fill, and blocks that are sent again."

_EOL: Final = "000000000001"


def _octets(bits: str) -> bytes:
    return int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")


RTC: Final = {Coding.MH: _octets(_EOL * 6), Coding.MR: _octets((_EOL + "1") * 6), Coding.MMR: b""}
"T.4 (07/2003) §4.1.4 and §4.2.4. What ends MMR stays the modem's: zeros may not stand before it."


class Sending:
    """The pages of one call."""

    def __init__(self, exchange: Exchange, ranges: Ranges, in_force: SubParameters) -> None:
        """`in_force`: what the modem was told before the call."""
        self._exchange = exchange
        self._dialogue = exchange.dialogue
        self._profile = exchange.profile
        self._limits = exchange.profile.class2
        self._ranges = ranges
        self._in_force = in_force
        self._octets = 0

    async def begin_page(self, parameters: Parameters, told: Told) -> Parameters:
        """Have a page negotiated, and wait until the modem takes its data; gives what is in force."""
        as_before = await self._ask_for(parameters)
        for _ in range(TRIES):
            result, reports = await self._exchange.command(SEND_PAGE, self._limits.negotiate_s, told)
            self._exchange.check(result)
            if result.code is ResultCode.CONNECT:
                break
        else:
            raise ModemError(f"the modem answered {SEND_PAGE} with {result.text} instead of CONNECT, {TRIES} times")
        if self._exchange.dialect.asks_for_data and not self._profile.has(Quirk.NO_XON):
            await self._await_xon()
        chosen = reports.chosen or (self._exchange.chosen if as_before else None) or parameters
        self._exchange.chosen = chosen
        return chosen

    async def _ask_for(self, parameters: Parameters) -> bool:
        """Tell the modem what the page is to be like, if it is to be another; True if it is as the one before."""
        dialect = self._exchange.dialect
        wanted = self._ranges.fit(subparameters.of_parameters(parameters, dialect.service_class))
        if wanted == self._in_force:
            return True
        if not self._profile.has(Quirk.SESSION_BEFORE_DIAL):
            command = f"AT{dialect.session}={wanted.text(hexadecimal=dialect.hexadecimal)}"
            result, _reports = await self._exchange.command(command, self._profile.timing.command_s, busy=Busy.COMMAND)
            if result.code is not ResultCode.ERROR:
                self._exchange.check(result)
            else:  # it goes by what it was told before the call, and says what that comes to
                log.warning("%s: the modem refuses %s", self._dialogue.transport.name, command)
        self._in_force = wanted
        return False

    async def _await_xon(self) -> None:
        """Wait for the modem to ask for data; one that does not in time gets them all the same."""
        reports = self._exchange.reports()
        with anyio.move_on_after(self._limits.xon_s):
            while (event := await self._dialogue.event(None)) != Control(XON[0]):
                if _ends(event):
                    await self._stopped(event, reports)
                await self._exchange.take(event, reports)

    async def send_page(self, data: bytes, parameters: Parameters, on_progress: Callable[[int], None]) -> None:
        """Send the coded page; returns when the modem has taken everything."""
        before = self._zeros(parameters.coding)
        after = RTC[parameters.coding] if self._profile.has(Quirk.NO_RTC) else b""
        octets = before + data + after
        self._octets = len(octets)

        def moved(sent: int) -> None:
            on_progress(min(max(sent - len(before), 0), len(data)))

        reports = self._exchange.reports()

        async def until() -> Event:
            """What makes it useless to go on."""
            while True:
                event = await self._dialogue.event(None)
                if _ends(event):
                    return event
                await self._exchange.take(event, reports)
                if reports.hang_up is not None:
                    return event

        await self._dialogue.set_flow(self._dialogue.flow_of_data)
        rate_bps = _slowest_bps(parameters.modulation)
        held_s = self._limits.data_gap_s if parameters.ecm else 0.0
        stop, _sent = await stream(self._dialogue, octets, rate_bps / 8, moved, until=until, held_s=held_s)
        if stop is not None:
            await self._dialogue.set_flow(Flow.NONE)
            await self._stopped(stop, reports)

    def _zeros(self, coding: Coding) -> bytes:
        """Zeros before the first EOL, where they are fill."""
        lost = 0 if coding is Coding.MMR else int(self._profile.measure(Quirk.FIRST_LINE_LOST))
        return bytes(lost)

    async def _stopped(self, stop: Event, reports: Reports) -> None:
        """The modem takes no more data. Raises what that comes to."""
        if not isinstance(stop, Result):
            await self._exchange.take(stop, reports)  # CAN is answered: the modem waits for that
            stop = await self._exchange.result(reports, self._limits.abort_s)
        self._exchange.note(reports)
        self._exchange.check(stop)
        raise ModemError(f"the modem ended {SEND_PAGE} with {stop.text} before it had the whole page")

    async def end_page(self, command: Fcf, told: Told) -> Frame:
        """Say what follows the page; gives the far end's answer."""
        self._exchange.check_alive()
        end = self._exchange.dialect.page_ends[command]
        chosen = self._exchange.chosen
        rate_bps = _slowest_bps(chosen.modulation) if chosen is not None else SLOWEST_BPS
        within_s = self._octets * 8 / rate_bps * DRAIN_FACTOR + self._limits.status_s
        if chosen is not None and chosen.ecm:
            within_s += self._limits.data_gap_s
        reports = self._exchange.reports()
        await self._dialogue.send(end.octets, within_s)
        result = await self._exchange.result(reports, within_s, told)
        await self._dialogue.set_flow(Flow.NONE)  # not before: it also holds back what still waits in the port
        if end.command:
            self._exchange.check(result)
            result, reports = await self._exchange.command(end.command, within_s, told)
        if self._exchange.ended is not None:
            return Frame.of(self._last_word(command, reports, result))
        if result.code not in (ResultCode.OK, ResultCode.ERROR):
            self._exchange.check(result)
        status = reports.page_status if reports.page_status is not None else await self._ask_status()
        return Frame.of(_meaning(status) if status is not None else _BY_RESULT[result.code])

    def _last_word(self, command: Fcf, reports: Reports, result: Result) -> Fcf:
        """The answer to a page with which the session has ended. Raises `SessionEnded` if there was none."""
        ended = self._exchange.ended
        if ended is None or ended.outcome is not Outcome.OK:
            raise ended or RuntimeError("the session goes on")
        if reports.page_status is not None:
            return _meaning(reports.page_status)
        if result.code is ResultCode.ERROR:
            return Fcf.RTN
        # What some modems leave unsaid is that the last page was confirmed, what others do is that any was refused.
        told_by_result = bool(self._exchange.dialect.status_query)
        if command is Fcf.EOP and (told_by_result or not self._profile.has(Quirk.REFUSED_PAGE_ENDS_OK)):
            return Fcf.MCF
        raise self._exchange.end(ended.code, Outcome.PAGE_REFUSED)

    async def _ask_status(self) -> int | None:
        """The page status that was not told, where it can be asked for."""
        query = self._exchange.dialect.status_query
        if not query:
            return None
        reports = self._exchange.reports()
        reply = await self._dialogue.ask(query)
        for line in reply.lines:
            reports.take(line if ":" in line else f"{self._exchange.dialect.page_status}:{line}")
        return reports.page_status


_BY_RESULT: Final = {ResultCode.OK: Fcf.MCF, ResultCode.ERROR: Fcf.RTN}


def _ends(event: Event) -> bool:
    """Whether the modem takes no more data."""
    return event == Control(CAN[0]) or (isinstance(event, Result) and event.code not in INTERMEDIATE)


def _meaning(status: int) -> Fcf:
    """A page status; of one that no standard has, as of all, the odd ones are good."""
    return ANSWERS.get(status, Fcf.MCF if status % 2 else Fcf.RTN)


def _slowest_bps(modulation: Modulation) -> int:
    """The rate at which page data go at least; V.34 settles on its own."""
    return SLOWEST_BPS if modulation is Modulation.V34 else modulation.rate_bps
