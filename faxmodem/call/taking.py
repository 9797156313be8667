"""Taking a call in another way than with a tone, as a fax; and what becomes of a call that is none of a fax."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import anyio
from anyio.abc import Process

from faxmodem.call.carrying import Carried
from faxmodem.errors import FaxModemError, ModemError, PortError
from faxmodem.modem.base import Answering, CallFailed, FaxModem, Modem, NotFax, OtherCall, PageModem, Station
from faxmodem.modem.callerid import CallerInfo
from faxmodem.t30.outcomes import Outcome

log = logging.getLogger("faxmodem.call")

TERM_S: Final = 5.0
"For a program to end that is asked to."
KEPT_BACK: Final = ("FAXMODEM_PASSWORD",)
"Of our own environment."

HandOver = Callable[[NotFax], Awaitable[None]]
"Takes over a call that is none of a fax, and returns when it is over."

Program = Sequence[str]
"A program and its arguments; no shell reads them."


async def picks_up(call: Carried, modem: Modem, how: Answering, station: Station, hand_over: HandOver | None) -> bool:
    """Take the call as it is to be taken; False if no fax is in it: the job has then ended, and the modem hung up."""
    try:
        if isinstance(modem, PageModem):
            await modem.prepare(station)
        await modem.pick_up(how)
    except (CallFailed, ModemError, PortError) as error:
        try:
            if isinstance(error, NotFax) and hand_over is not None:
                await hand_over(error)
        finally:
            await _hang_up(modem)
        call.end(_why_not_taken(error), error)
        return False
    return True


async def _hang_up(modem: FaxModem) -> None:
    try:
        await modem.hang_up()
    except (ModemError, PortError) as error:
        log.warning("%s", error)


def _why_not_taken(error: FaxModemError) -> Outcome:
    if isinstance(error, CallFailed):
        return error.outcome
    return Outcome.PORT_LOST if isinstance(error, PortError) else Outcome.MODEM_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class LentPort:
    """The port as the program gets it."""

    name: str
    "The device, or the URL."
    baud: int
    descriptor: int | None
    "Becomes the program's standard input and output; None: there is none, and the program has to do with the name."


async def hand_over(call: NotFax, caller: CallerInfo, port: LentPort, programs: Mapping[OtherCall, Program]) -> None:
    """Run the program for calls of this kind, if there is one, until it ends; cancelled, it is told to end.

    It finds in its environment FAXMODEM_CALL (data or voice), FAXMODEM_RESULT (what the modem said last),
    FAXMODEM_PORT, FAXMODEM_BAUD, FAXMODEM_CALLER, FAXMODEM_CALLER_NAME and FAXMODEM_CALLED.
    """
    program = programs.get(call.call)
    if not program:
        log.info("nothing is to be done with a %s call", call.call.value)
        return
    told = {
        "FAXMODEM_CALL": call.call.value,
        "FAXMODEM_RESULT": call.result,
        "FAXMODEM_PORT": port.name,
        "FAXMODEM_BAUD": str(port.baud),
        "FAXMODEM_CALLER": caller.number,
        "FAXMODEM_CALLER_NAME": caller.name,
        "FAXMODEM_CALLED": caller.called,
    }
    ours = {name: value for name, value in os.environ.items() if name not in KEPT_BACK}
    with _lent(port.descriptor):
        try:
            process = await anyio.open_process(
                list(program), stdin=port.descriptor, stdout=port.descriptor, stderr=None, env={**ours, **told}
            )
        except OSError as error:
            log.warning("%s cannot be run for a %s call: %s", program[0], call.call.value, error.strerror)
            return
        await _ends(process)
    log.info("%s ended with exit code %s", program[0], process.returncode)


async def _ends(process: Process) -> None:
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            with anyio.CancelScope(shield=True):
                process.terminate()
                with anyio.move_on_after(TERM_S):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()


@contextmanager
def _lent(descriptor: int | None) -> Iterator[None]:
    """A descriptor as other programs expect it: one that blocks."""
    if descriptor is None:
        yield
        return
    os.set_blocking(descriptor, True)
    try:
        yield
    finally:
        os.set_blocking(descriptor, False)
