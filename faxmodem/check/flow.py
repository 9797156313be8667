"""How much a modem takes ahead of the line, and whether it stops us in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from faxmodem.check.bench import BenchModem, refused
from faxmodem.check.card import Finding, Grade, Suggestion
from faxmodem.modem.at import DLE_ETX, XOFF, ResultCode, stuff
from faxmodem.modem.dialogue import Busy
from faxmodem.modem.identify import RATE_CODES
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.modulations import Modulation
from faxmodem.transport.base import Flow

TOPIC: Final = "flow control"
MOST_AHEAD: Final = 16384
"Octets that are given at most to a modem that stops nobody."
PIECE: Final = 64
STUCK_S: Final = 0.3
"A port that takes nothing for so long is held by the modem."
STREAM_S: Final = 4.0
LOST: Final = 0.1
"The share of data that must be missing from the line before they are said to be lost."
BURSTS: Final = (512, 1024, 2048, 4096)
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
BROKEN: Final = {Flow.XONXOFF: Quirk.SOFT_FLOW_BROKEN, Flow.RTSCTS: Quirk.HARD_FLOW_BROKEN}


@dataclass(frozen=True, slots=True)
class _Stop:
    """How the modem stopped us, and how much it held then."""

    how: str
    held: int


async def measure_flow(modem: BenchModem, *, modulation: Modulation) -> list[Finding]:
    """Which kinds of flow control work, in the order of the profile's liking; what serves if none does."""
    wanted = modem.profile.flow.while_sending
    findings: list[Finding] = []
    works: list[Flow] = []
    for flow in sorted(BROKEN, key=lambda flow: flow is not wanted):
        finding, good = await _try(modem, flow, modulation)
        findings.append(finding)
        works += [flow] * good
    if not works:
        findings += await _burst(modem, modulation)
    chosen = works[0] if works else Flow.NONE
    if chosen is not wanted and (works or any(finding.suggests for finding in findings)):
        suggests = modem.send_with(chosen, f"{wanted.value} does not stop us in time")
        findings.append(
            Finding(
                topic=TOPIC,
                what="the profile's choice",
                measured=f"{wanted.value}, which does not work",
                allowed=chosen.value,
                grade=Grade.BAD,
                suggests=suggests,
            )
        )
    await _configure(modem, chosen if works else wanted)
    return findings


async def _configure(modem: BenchModem, flow: Flow) -> None:
    control = modem.profile.flow.model_copy(update={"while_sending": flow})
    await modem.dialogue.run(control.setup)


async def _try(modem: BenchModem, flow: Flow, modulation: Modulation) -> tuple[Finding, bool]:
    """Whether the modem stops us by this kind of flow control, and keeps what it is given."""
    await _configure(modem, flow)
    stop = await _fill(modem, flow, modulation)
    if stop is None:
        return _finding(flow, f"does not stop us within {MOST_AHEAD} octets", Grade.NOTE), False
    data = _noise(round(STREAM_S * modulation.rate_bps / 8))
    sent = await modem.transmit(modulation, data, flow=flow, wait_s=modem.profile.measure(Quirk.EARLY_CONNECT))
    if sent.connect.code is not ResultCode.CONNECT:
        return refused(TOPIC, f"+FTM, {modulation}", sent.connect), False
    lost_s = STREAM_S + modem.profile.measure(Quirk.EARLY_CONNECT) - sent.on_line_s
    measured = f"{stop.how} with {stop.held} octets held"
    if sent.end.code is ResultCode.OK and lost_s <= LOST * STREAM_S:
        return _finding(flow, measured, Grade.GOOD, held=stop.held), True
    lost = min(len(data), round(lost_s * modulation.rate_bps / 8))
    said = f"{measured}, and {lost} of {len(data)} octets are lost all the same"
    suggests = modem.learn(BROKEN[flow], f"{stop.how}, and data are lost all the same")
    return _finding(flow, said, Grade.POOR, held=stop.held, suggests=suggests), False


async def _burst(modem: BenchModem, modulation: Modulation) -> list[Finding]:
    """How many octets a modem takes that stops nobody."""
    await _configure(modem, Flow.NONE)
    early_s = modem.profile.measure(Quirk.EARLY_CONNECT)
    for octets in BURSTS:
        sent = await modem.transmit_at_once(modulation, _noise(octets), wait_s=early_s)
        if sent.connect.code is not ResultCode.CONNECT:
            return [refused(TOPIC, f"+FTM, {modulation}", sent.connect)]
        carried = round(max(0.0, sent.on_line_s - early_s) * modulation.rate_bps / 8)
        if carried < (1 - LOST) * octets:
            held = max(PIECE, int(carried * (1 - LOST)) // PIECE * PIECE)
            suggests = modem.learn(Quirk.SMALL_BUFFER, f"of {octets} octets {carried} got onto the line", float(held))
            return [
                _finding(
                    Flow.NONE,
                    f"about {carried} octets are held, and what comes beyond is lost",
                    Grade.BAD if suggests else Grade.NOTE,
                    held,
                    suggests,
                )
            ]
    return [_finding(Flow.NONE, f"more than {BURSTS[-1]} octets are held", Grade.NOTE, BURSTS[-1])]


async def _fill(modem: BenchModem, flow: Flow, modulation: Modulation) -> _Stop | None:
    """Give data as fast as the port takes them until the modem stops us; None if it does not."""
    started = await modem.start(f"AT+FTM={RATE_CODES[modulation][0]}", Busy.TRANSMIT)
    if started.code is not ResultCode.CONNECT:
        await modem.settle()
        return None
    await anyio.sleep(modem.profile.measure(Quirk.EARLY_CONNECT))
    begun = anyio.current_time()
    noise = stuff(_noise(MOST_AHEAD))
    given = 0
    stop: _Stop | None = None
    heard = bytearray()

    async def listen() -> None:
        while True:
            heard.extend(await modem.transport.receive())

    async with anyio.create_task_group() as ears:
        ears.start_soon(listen)
        while given < MOST_AHEAD and stop is None:
            with anyio.move_on_after(STUCK_S) as patience:
                await modem.transport.send(noise[given : given + PIECE])
                given += PIECE
                await checkpoint()
            gone = round((anyio.current_time() - begun) * modulation.rate_bps / 8)
            how = "the port takes no more" if patience.cancelled_caught else await _stopped(modem, flow, heard)
            stop = _Stop(how, max(0, given - gone)) if how else None
        ears.cancel_scope.cancel()
    with anyio.move_on_after(given * 8 / modulation.rate_bps + STUCK_S):
        await modem.transport.send(DLE_ETX)
    await modem.finish(given * 8 / modulation.rate_bps + 5.0)
    return stop


async def _stopped(modem: BenchModem, flow: Flow, heard: bytearray) -> str:
    """How the modem has stopped us by this kind of flow control; "" if it has not."""
    if flow is Flow.XONXOFF:
        return "XOFF comes" if XOFF in heard else ""
    return "CTS falls" if (await modem.transport.control_lines()).cts is False else ""


def _noise(octets: int) -> bytes:
    """Data without a meaning to anybody: no octet is 0, DLE, XON or XOFF."""
    return (_PRINTABLE * (octets // len(_PRINTABLE) + 1))[:octets]


def _finding(
    flow: Flow, measured: str, grade: Grade, held: int | None = None, suggests: tuple[Suggestion, ...] = ()
) -> Finding:
    what = "no flow control" if flow is Flow.NONE else {"xonxoff": "XON/XOFF", "rtscts": "RTS/CTS"}[flow.value]
    return Finding(
        topic=TOPIC,
        what=what,
        measured=measured,
        value=None if held is None else float(held),
        unit="" if held is None else "octets",
        allowed="a stop before anything is lost",
        grade=grade,
        suggests=suggests,
    )
