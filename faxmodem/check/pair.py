"""What two modems make of each other's signals: frames, data at each modulation, carriers that nobody asked for.

The card is the near modem's. Where it is not to be known which of the two is to blame, the finding says no more than
what was seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final

import anyio
import numpy as np

from faxmodem.check.alignment import Alignment, align
from faxmodem.check.alone import AFTER_ABORT_S, OFF_BY_S, by_rate, judge_abort, slowest_and_fastest
from faxmodem.check.bench import BenchModem, Timed, attempted, refused, rounded_up, together
from faxmodem.check.card import Finding, Grade, Suggestion
from faxmodem.check.crossing import (
    CARRIER_S,
    LEAD_S,
    RECEIVE_FRAME,
    DataCrossing,
    Line,
    cross_data,
    cross_frame,
)
from faxmodem.check.frames import FRAMES, HEAD, SPECIAL, Arrival, judge_frame, lateness_s
from faxmodem.errors import ModemError
from faxmodem.modem.at import ResultCode
from faxmodem.modem.dialogue import Busy
from faxmodem.modem.identify import RATE_CODES
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.modulations import Modulation

USUAL_FLAGS_S: Final = 0.2
"From the begin of V.21 to CONNECT: eight flags."
LATE_S: Final = 0.25
DATA_S: Final = 1.0
HELD_S: Final = 0.05
"Of data that are missing at their begin before they are said to be lost."
GONE_S: Final = 1.0
"From the end of a carrier to the result that tells of it."
BEGIN_ANEW_S: Final = 4.5
"By then a far end that had no answer begins anew: T4 of 3 s +-15 %, and the flags (T.30 (09/2005) §5.4.3.1)."
TRIES: Final = 4
"How many calls are made in which measurements are lost."

Measurement = Callable[[Line], Awaitable[list[Finding]]]


async def measure_pair(
    line: Line,
    there: Collection[Modulation],
    back: Collection[Modulation],
    *,
    quick: bool = False,
    alone: Sequence[Callable[[BenchModem], Awaitable[list[Finding]]]] = (),
) -> AsyncIterator[Finding]:
    """Each finding as it is made, of two modems that are set up. Leaves both on hook.

    `alone`: what is to be measured of the near one first, as that could not be done without a call.
    `there`: the modulations that the near one sends and the far one receives; `back`: the other way.
    """
    ordered = slowest_and_fastest if quick else by_rate
    steps: list[Measurement] = [partial(_near_alone, step=step) for step in alone]
    steps += _steps(ordered(there), ordered(back), FRAMES[:1] if quick else FRAMES)
    call = _Call(line)
    try:
        for step in steps:
            for finding in await attempted("pair", partial(call.do, step)):
                yield finding
            if call.is_hopeless:
                return
    finally:
        with anyio.CancelScope(shield=True):
            await line.close()


def _steps(there: list[Modulation], back: list[Modulation], frames: Sequence[bytes]) -> list[Measurement]:
    """Whatever may leave the near modem in a bad state goes last."""
    data = [
        partial(_data, near_sends=near_sends, modulation=modulation, short=short)
        for near_sends, modulations in ((True, there), (False, back))
        for modulation in modulations
        for short in (False, True)[: 1 + modulation.has_short_training]
    ]
    return [
        partial(_frames, near_sends=False, frames=frames),
        partial(_frames, near_sends=True, frames=frames),
        *data,
        *(partial(_frame_awaited, modulation=m) for m in back[-1:]),
        *(partial(_silence_awaited, modulation=m) for m in back[:1]),
        *(partial(_data_awaited, modulation=m) for m in back[-1:]),
        *(partial(_reception_aborted, modulation=m) for m in back[:1]),
    ]


async def _near_alone(line: Line, *, step: Callable[[BenchModem], Awaitable[list[Finding]]]) -> list[Finding]:
    return await step(line.near)


class _Call:
    """The call that measurements go on in; it is made again when one of them has lost it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._is_up = False
        self._tries_left = TRIES

    @property
    def is_hopeless(self) -> bool:
        """Whether there will be no other call."""
        return self._tries_left == 0

    async def do(self, step: Measurement) -> list[Finding]:
        """Make a measurement in the call. Raises `ModemError`."""
        if not self._is_up:
            await self._open()
        try:
            return await step(self._line)
        except ModemError:
            self._is_up = False
            self._tries_left -= 1
            await self._line.close()
            raise

    async def _open(self) -> None:
        try:
            await self._line.open(HEAD)
        except ModemError:
            self._tries_left = 0
            raise
        self._is_up = True


def _ends(line: Line, *, near_sends: bool) -> tuple[BenchModem, BenchModem]:
    return (line.near, line.far) if near_sends else (line.far, line.near)


def _way(*, near_sends: bool) -> str:
    return "to the far modem" if near_sends else "from the far modem"


# --- frames -----------------------------------------------------------------------------------------------------------


async def _frames(line: Line, *, near_sends: bool, frames: Sequence[bytes]) -> list[Finding]:
    """Frames of all octets, and how soon their flags are told of."""
    sender, receiver = _ends(line, near_sends=near_sends)
    arrivals: list[Arrival] = []
    late_s: list[float] = []
    for frame in frames:
        crossing = await cross_frame(sender, receiver, frame)
        arrivals.append(judge_frame(frame, crossing))
        if crossing.connect.code is ResultCode.CONNECT:
            late_s.append(lateness_s(frame, crossing))
    worst = next((each for grade in (Grade.BAD, Grade.POOR) for each in arrivals if each.grade is grade), arrivals[0])
    way = _way(near_sends=near_sends)
    findings = [
        Finding(
            topic="frames",
            what=f"V.21 frames of all octets {way}",
            measured=worst.text,
            allowed="as they were sent",
            grade=worst.grade,
        )
    ]
    return findings + ([] if near_sends or not late_s else [_flags(line.near, max(late_s))])


def _flags(modem: BenchModem, late_s: float) -> Finding:
    excess_s = late_s - USUAL_FLAGS_S
    suggests: tuple[Suggestion, ...] = ()
    if excess_s > LATE_S:
        suggests = modem.learn(Quirk.LATE_FLAGS, f"flags are told of after {late_s:.2f} s", rounded_up(excess_s))
    return Finding(
        topic="frames",
        what="flags of the far modem",
        measured=f"CONNECT after {late_s:.2f} s",
        value=late_s,
        unit="s",
        allowed=f"{USUAL_FLAGS_S + LATE_S:.2f} s",
        grade=Grade.BAD if suggests else Grade.NOTE if excess_s > LATE_S else Grade.GOOD,
        suggests=suggests,
    )


# --- data -------------------------------------------------------------------------------------------------------------


def pattern(modulation: Modulation) -> bytes:
    """Data that look like nothing else at any other place, with what DLE and flow control have to do with in it."""
    octets = bytearray(np.random.default_rng(0).bytes(round(DATA_S * modulation.rate_bps / 8)))
    middle = len(octets) // 2
    octets[middle : middle + len(SPECIAL)] = SPECIAL
    octets[-1] |= 1  # no fill, for which a modem would wait
    return bytes(octets)


async def _data(line: Line, *, near_sends: bool, modulation: Modulation, short: bool) -> list[Finding]:
    """Whether data arrive as they were sent, from the first bit to the last."""
    sender, receiver = _ends(line, near_sends=near_sends)
    data = pattern(modulation)
    # As in a call: DCS goes before a long training, and CFR before a short one. Some modems cannot go from one rate to
    # another of the same modulation without V.21 between the two.
    await cross_frame(*((receiver, sender) if short else (sender, receiver)), HEAD)
    crossing = await cross_data(sender, receiver, modulation, data, short=short)
    what = f"{modulation}{' short' if short else ''} {_way(near_sends=near_sends)}"
    if crossing.sent.end.code is not ResultCode.OK:
        return [refused("data", what, crossing.sent.end)]
    if crossing.connect.code is not ResultCode.CONNECT:
        return [refused("data", what, crossing.connect)]
    found = align(data, crossing.octets)
    return [_arrived(line, what, crossing, found, near_sends=near_sends), *_carrier_loss(what, crossing, near_sends)]


def _arrived(line: Line, what: str, crossing: DataCrossing, found: Alignment | None, *, near_sends: bool) -> Finding:
    after_s = crossing.heard_at - crossing.sent.connected_at
    suggests: tuple[Suggestion, ...] = ()
    grade = Grade.GOOD
    if found is None:
        measured, grade = f"{len(crossing.octets)} octets came, none of them as sent", Grade.BAD
    else:
        measured = _compared(found, crossing.sent.modulation.rate_bps)
        if not found.is_whole:
            grade = Grade.POOR if found.wrong == 0 and not found.reversed and not found.lost_at_end else Grade.BAD
        lost_s = found.lost_at_start / crossing.sent.modulation.rate_bps
        if lost_s > HELD_S:
            suggests = _waits_longer(line, lost_s, near_sends=near_sends)
            grade = Grade.BAD if suggests else Grade.POOR
    return Finding(
        topic="data",
        what=what,
        measured=f"{measured}; CONNECT {after_s:.2f} s after the sender's",
        value=after_s,
        unit="s",
        allowed="as they were sent",
        grade=grade,
        suggests=suggests,
    )


def _waits_longer(line: Line, lost_s: float, *, near_sends: bool) -> tuple[Suggestion, ...]:
    """Have the sender wait for what was lost on top of what it waits already; a suggestion only for our own."""
    sender, _ = _ends(line, near_sends=near_sends)
    wait_s = rounded_up(sender.profile.measure(Quirk.EARLY_CONNECT) + lost_s)
    suggests = sender.learn(Quirk.EARLY_CONNECT, f"the first {lost_s:.2f} s of data did not arrive", wait_s)
    return suggests if near_sends else ()


def _compared(found: Alignment, rate_bps: int) -> str:
    if found.is_whole:
        return "all right" + f", {found.shift} bits off the sender's octets" * bool(found.shift)
    faults = (
        (found.lost_at_start, f"the first {found.lost_at_start / rate_bps:.2f} s missing"),
        (found.lost_at_end, f"the last {found.lost_at_end / rate_bps:.3f} s missing"),
        (found.wrong, f"{found.wrong} bits wrong"),
        (found.reversed, "bits of each octet reversed"),
    )
    return ", ".join(text for is_so, text in faults if is_so)


def _carrier_loss(what: str, crossing: DataCrossing, near_sends: bool) -> list[Finding]:
    """How soon the near modem tells that the far one's carrier is gone, where that is worth a word."""
    late_s = crossing.ended_at - crossing.sent.ended_at
    good = crossing.end.code is ResultCode.NO_CARRIER and late_s <= GONE_S
    if near_sends or good:
        return []
    said = f"{crossing.end} {late_s:.2f} s after it" if crossing.end.code else str(crossing.end)
    return [
        Finding(
            topic="data",
            what=f"the end of {what}",
            measured=said,
            value=late_s,
            unit="s",
            allowed=f"NO CARRIER within {GONE_S:.0f} s",
            grade=Grade.POOR,
        )
    ]


# --- carriers that nobody asked for -----------------------------------------------------------------------------------


async def _data_awaited(line: Line, *, modulation: Modulation) -> list[Finding]:
    """+FRM while V.21 is on the line."""
    near, what = line.near, "+FRM meets V.21"

    async def receive() -> Timed:
        code = RATE_CODES[modulation][0]
        came = await near.start(f"AT+FRM={code}", Busy.RECEIVE, data_follow=True, within_s=CARRIER_S)
        if came.code is ResultCode.FCERROR:  # as in a call, the frame is received then
            came_then = await near.start(RECEIVE_FRAME, Busy.RECEIVE, data_follow=True, within_s=CARRIER_S)
            if came_then.code is ResultCode.CONNECT:
                await near.collect(CARRIER_S)
        elif came.code is ResultCode.FRH_3:  # it goes on with +FRH=3 by itself (+FAR=1)
            await near.collect(CARRIER_S)
        return came

    _, came = await together(partial(_far_frame, line), receive)
    suggests: tuple[Suggestion, ...] = ()
    if came.code is None:
        suggests = near.learn(Quirk.FRM_SILENT, "+FRM says nothing of another carrier", BEGIN_ANEW_S)
    await near.settle()
    if came.code in (ResultCode.FCERROR, ResultCode.FRH_3):
        return [_finding(what, came, "+FCERROR", Grade.GOOD)]
    known = near.profile.has(Quirk.FRM_SILENT) and came.code is None
    grade = Grade.BAD if suggests else Grade.NOTE if known else Grade.POOR
    return [_finding(what, came, "+FCERROR", grade, suggests)]


async def _far_frame(line: Line) -> Timed:
    await anyio.sleep(LEAD_S)
    started = await line.far.start("AT+FTH=3", Busy.TRANSMIT)
    if started.code is ResultCode.CONNECT:
        await line.far.dialogue.send(HEAD + b"\x10\x03")
        return await line.far.finish()
    await line.far.settle()
    return started


async def _frame_awaited(line: Line, *, modulation: Modulation) -> list[Finding]:
    """+FRH while a fast carrier is on the line."""
    near, what = line.near, f"+FRH meets {modulation}"

    async def receive() -> tuple[Timed, Timed]:
        came = await near.start(RECEIVE_FRAME, Busy.RECEIVE, data_follow=True, within_s=LEAD_S + 3 * DATA_S)
        then = (await near.collect(CARRIER_S))[1] if came.code is ResultCode.CONNECT else came
        return came, then

    _, (came, then) = await together(partial(_far_data, line, modulation, DATA_S), receive)
    await near.settle()
    if came.code is ResultCode.CONNECT:
        suggests = near.learn(Quirk.CONNECT_ON_ANY_CARRIER, f"+FRH=3 says CONNECT to {modulation}, then {then}")
        return [_finding(what, came, "+FCERROR, or nothing", Grade.BAD if suggests else Grade.NOTE, suggests)]
    good = came.code in (ResultCode.FCERROR, None)
    return [_finding(what, came, "+FCERROR, or nothing", Grade.GOOD if good else Grade.POOR)]


async def _far_data(line: Line, modulation: Modulation, seconds: float) -> None:
    await anyio.sleep(LEAD_S)
    far = line.far
    data = pattern(modulation) * round(seconds / DATA_S)
    await far.transmit(modulation, data, flow=far.profile.flow.while_sending)


async def _silence_awaited(line: Line, *, modulation: Modulation) -> list[Finding]:
    """+FRS while a carrier is on the line: the silence counts from its end."""
    near, units = line.near, 20
    if near.profile.has(Quirk.FRS_RESETS):
        return []

    async def send() -> float:
        await _far_data(line, modulation, DATA_S)
        return anyio.current_time()

    async def wait() -> tuple[Timed, float]:
        await anyio.sleep(2 * LEAD_S)
        await near.dialogue.write(f"AT+FRS={units}", Busy.RECEIVE)
        return await near.finish(CARRIER_S), anyio.current_time()

    gone_at, (came, quiet_at) = await together(send, wait)
    asked_s, took_s = units / 100, quiet_at - gone_at
    if came.code is not ResultCode.OK:
        return [refused("silence", f"+FRS={units} after {modulation}", came, Grade.POOR)]
    return [
        Finding(
            topic="silence",
            what=f"+FRS={units} after {modulation}",
            measured=f"OK {1000 * took_s:.0f} ms after the sender's",
            value=took_s,
            unit="s",
            allowed=f"{1000 * asked_s:.0f} ms, {1000 * 2 * OFF_BY_S:.0f} more or less",
            grade=Grade.GOOD if abs(took_s - asked_s) <= 2 * OFF_BY_S else Grade.POOR,
        )
    ]


async def _reception_aborted(line: Line, *, modulation: Modulation) -> list[Finding]:
    """The abort of +FRM while data come."""
    near, what = line.near, "the abort of +FRM while data come"
    if near.profile.has(Quirk.CAN_HANGS):
        return []

    async def receive() -> Finding:
        code = RATE_CODES[modulation][0]
        came = await near.start(f"AT+FRM={code}", Busy.RECEIVE, data_follow=True, within_s=CARRIER_S)
        if came.code is not ResultCode.CONNECT:
            await near.settle()
            return refused("leaving off", what, came)
        await near.hears(AFTER_ABORT_S)  # data, for a while
        return await judge_abort(near, what)

    await cross_frame(near, line.far, HEAD)  # for the same reason as in _data
    _, finding = await together(partial(_far_data, line, modulation, 3 * DATA_S), receive)
    return [finding]


def _finding(what: str, came: Timed, allowed: str, grade: Grade, suggests: tuple[Suggestion, ...] = ()) -> Finding:
    measured = str(came) if came.code is None else f"{came} after {came.seconds:.2f} s"
    return Finding(topic="carriers", what=what, measured=measured, allowed=allowed, grade=grade, suggests=suggests)
