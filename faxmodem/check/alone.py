"""What can be measured of one modem, with nobody at the other end of the line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from functools import partial
from typing import Final

from faxmodem.check.bench import BenchModem, Sent, Timed, attempted, refused, rounded_up
from faxmodem.check.card import Finding, Grade, Suggestion
from faxmodem.check.flow import measure_flow
from faxmodem.errors import ModemError
from faxmodem.modem.at import DLE_ETX, ResultCode, stuff
from faxmodem.modem.dialogue import Busy
from faxmodem.modem.identify import RATE_CODES, query
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.line_time import training_s
from faxmodem.t30.modulations import Modulation

OFF_BY_S: Final = 0.05
"How far a silence may be off: half of its own 75 ms with the tolerance of 20 ms, and the port's own time."
TRAINING_SLACK_S: Final = 0.6
"CONNECT comes after the training, and the echo protection tone that some send before it takes 0.2 s."
EARLY_S: Final = 0.1
"Of data that must be missing from the line before they are said to be lost."
ABORT_S: Final = 0.2
AFTER_ABORT_S: Final = 0.3
FRAME_S: Final = 2.0
"From +FTH to CONNECT: 1 s of flags, and as much again."
SAMPLE_S: Final = 0.25
"How long data are on the line, to see when they end: so few that any buffer holds them."

FRAME: Final = bytes([0xFF, 0x13, 0x20]) + b"\x10" * 8

Measurement = Callable[[BenchModem], Awaitable[list[Finding]]]


async def goes_off_hook(modem: BenchModem) -> Finding | None:
    """Take the line; None if signals can be made without a call, else why not, with the modem on hook."""
    went = await modem.ask("ATH1")
    said = f"the modem says {went} to ATH1"
    if went.code is ResultCode.OK:
        silent = await _timed_silence(modem, "AT+FTS=8", 0.08)
        if silent.code is not None:
            return None
        said = f"the modem says {silent} to +FTS=8 without a call"
    await modem.hang_up()
    return Finding(
        topic="line",
        what="signals without a call",
        measured=f"cannot be measured: {said}",
        allowed="a second modem (--far) will do",
    )


async def measure_alone(
    modem: BenchModem, transmits: Collection[Modulation], receives: Collection[Modulation], *, quick: bool = False
) -> AsyncIterator[Finding]:
    """Each finding as it is made, of a modem that is set up and off hook. Leaves it on hook."""
    try:
        for step in (*steps_alone(transmits, receives, quick=quick), _frames):
            for finding in await attempted("line", partial(_off_hook, modem, step)):
                yield finding
    finally:
        await modem.hang_up()


def by_rate(modulations: Collection[Modulation]) -> list[Modulation]:
    """Those that the stations choose from, the slowest first."""
    usable = set(modulations) - {Modulation.V34}
    return sorted(usable, key=lambda modulation: (modulation.rate_bps, modulation.system))


def steps_alone(
    transmits: Collection[Modulation], receives: Collection[Modulation], *, quick: bool = False
) -> list[Measurement]:
    """What needs nobody at the other end, in a call or without; what may leave the modem in a bad state goes last."""
    sends, hears = (slowest_and_fastest(m) if quick else by_rate(m) for m in (transmits, receives))
    return [
        *(partial(_silence, command="AT+FTS", tens_of_ms=n) for n in (8, 20, 100)),
        partial(_silence, command="AT+FRS", tens_of_ms=10),
        _class_kept,
        *(partial(_connect, modulation=m, short=False) for m in sends),
        *(partial(_connect, modulation=m, short=True) for m in sends if m.has_short_training),
        *(partial(measure_flow, modulation=m) for m in sends[-1:]),
        partial(_abort, command="AT+FRH=3"),
        *(partial(_abort, command=f"AT+FRM={RATE_CODES[m][0]}") for m in hears[-1:]),
    ]


def slowest_and_fastest(modulations: Collection[Modulation]) -> list[Modulation]:
    """Of those that the stations choose from, as `by_rate`."""
    ordered = by_rate(modulations)
    return list(dict.fromkeys(ordered[:1] + ordered[-1:]))


async def _off_hook(modem: BenchModem, step: Measurement) -> list[Finding]:
    """A measurement, after which the modem is off hook and in its class again."""
    try:
        return await step(modem)
    except ModemError:
        await modem.hang_up()
        await modem.ask(f"AT+FCLASS={modem.service_class}")
        await modem.ask("ATH1")
        raise


# --- silences ---------------------------------------------------------------------------------------------------------


async def _silence(modem: BenchModem, *, command: str, tens_of_ms: int) -> list[Finding]:
    """How exact +FTS and +FRS are; to the latter, silence that was there before may count."""
    asked = tens_of_ms / 100
    what = f"{command[2:]}={tens_of_ms}"
    done = await _timed_silence(modem, f"{command}={tens_of_ms}", asked)
    if done.code is not ResultCode.OK:  # the driver then pauses by itself
        return [refused("silence", what, done, Grade.POOR)]
    least = 0.0 if command == "AT+FRS" else asked - OFF_BY_S
    return [
        Finding(
            topic="silence",
            what=what,
            measured=f"{1000 * done.seconds:.0f} ms",
            value=done.seconds,
            unit="s",
            allowed=f"{1000 * least:.0f} to {1000 * (asked + OFF_BY_S):.0f} ms",
            grade=Grade.GOOD if least <= done.seconds <= asked + OFF_BY_S else Grade.POOR,
        )
    ]


async def _timed_silence(modem: BenchModem, command: str, seconds: float) -> Timed:
    await modem.dialogue.write(command, Busy.RECEIVE)
    return await modem.finish(seconds + 2.0)


async def _class_kept(modem: BenchModem) -> list[Finding]:
    """Whether the modem is still in its class after +FRS."""
    lines = await query(modem.dialogue, "AT+FCLASS?")
    if not lines or modem.service_class in lines[-1]:
        return []
    suggests = modem.learn(Quirk.FRS_RESETS, f"after +FRS the modem is in class {lines[-1]}")
    await modem.ask(f"AT+FCLASS={modem.service_class}")
    await modem.ask("ATH1")
    return [
        Finding(
            topic="silence",
            what="the class after +FRS",
            measured=f"{lines[-1]}: the modem has left class {modem.service_class}",
            allowed=modem.service_class,
            grade=_quirky(suggests),
            suggests=suggests,
        )
    ]


# --- sending ----------------------------------------------------------------------------------------------------------


async def _connect(modem: BenchModem, *, modulation: Modulation, short: bool) -> list[Finding]:
    """How long +FTM takes to CONNECT, and the modem to send what it was given."""
    what = f"+FTM, {modulation}{' short' if short else ''}"
    data = b"\x55" * round(SAMPLE_S * modulation.rate_bps / 8)
    sent = await modem.transmit(modulation, data, short=short)
    if sent.connect.code is not ResultCode.CONNECT:
        return [refused("sending", what, sent.connect)]
    training = training_s(modulation, short=short)
    late = sent.connect.seconds > training + TRAINING_SLACK_S
    findings = [
        Finding(
            topic="sending",
            what=what,
            measured=f"CONNECT after {sent.connect.seconds:.2f} s",
            value=sent.connect.seconds,
            unit="s",
            allowed=f"{training:.2f} s of training, and {TRAINING_SLACK_S:.1f} s",
            grade=Grade.POOR if late else Grade.GOOD,
        )
    ]
    if sent.end.code is ResultCode.OK:
        is_early = sent.training_left_s > 0 and sent.on_line_s < SAMPLE_S - EARLY_S
    else:  # if the end of the data was lost with them, it is not once they wait
        again = await modem.transmit(modulation, data, short=short, wait_s=sent.training_left_s)
        is_early = sent.training_left_s > 0 and again.end.code is ResultCode.OK
        if not is_early:
            findings.append(refused("sending", f"the end of {what}", sent.end))
    return [*findings, *(_early(modem, what, sent) if is_early else ())]


def _early(modem: BenchModem, what: str, sent: Sent) -> list[Finding]:
    """Data were gone before there was anything on the line to carry them: of interest once."""
    early_s = rounded_up(sent.training_left_s)
    why = "data given right after CONNECT are gone before the training is over"
    suggests = modem.learn(Quirk.EARLY_CONNECT, why, early_s)
    if not suggests:
        return []
    return [
        Finding(
            topic="sending",
            what=f"{what}: the first data",
            measured=f"gone {early_s:.2f} s before the training can be over",
            value=early_s,
            unit="s",
            allowed="data wait for the end of the training",
            grade=Grade.BAD,
            suggests=suggests,
        )
    ]


async def _frames(modem: BenchModem) -> list[Finding]:
    """How long +FTH takes."""
    started = await modem.start("AT+FTH=3", Busy.TRANSMIT)
    if started.code is not ResultCode.CONNECT:
        await modem.settle()
        return [refused("sending", "+FTH", started)]
    await modem.dialogue.send(stuff(FRAME) + DLE_ETX)
    ended = await modem.finish()
    good = ended.code is ResultCode.OK and started.seconds < FRAME_S
    return [
        Finding(
            topic="sending",
            what="+FTH",
            measured=f"CONNECT after {started.seconds:.2f} s, {ended} {ended.seconds:.2f} s after the frame",
            value=started.seconds,
            unit="s",
            allowed=f"CONNECT within {FRAME_S:.0f} s, OK",
            grade=Grade.GOOD if good else Grade.BAD,
        )
    ]


# --- leaving off ------------------------------------------------------------------------------------------------------


async def _abort(modem: BenchModem, *, command: str) -> list[Finding]:
    """What the modem says when it is told to leave off."""
    what = f"the abort of {command[2:]}"
    if modem.profile.has(Quirk.CAN_HANGS):
        return []
    began = await modem.start(command, Busy.RECEIVE, within_s=0.5)
    if began.code is not None:
        await modem.settle()
        return [refused("leaving off", what, began, Grade.NOTE)]
    return [await judge_abort(modem, what)]


async def judge_abort(modem: BenchModem, what: str) -> Finding:
    """End what goes on, and see what the modem says to that."""
    ended = await modem.abort()
    suggests: tuple[Suggestion, ...] = ()
    measured = f"{ended} after {1000 * ended.seconds:.0f} ms" if ended.code else str(ended)
    if ended.code is ResultCode.CONNECT:
        if ended.seconds <= ABORT_S:  # later, it is the carrier's
            suggests = modem.learn(Quirk.CAN_HANGS, "an abort by CAN is answered with CONNECT")
        await modem.hang_up()
        await modem.ask("ATH1")
    elif ended.code is None:
        suggests = modem.abort_answered_within(0.0, "an abort has no answer")
        await modem.settle()
    else:
        more = await modem.hears(AFTER_ABORT_S)
        if more.code is not None:
            measured += f", and {more} {1000 * more.seconds:.0f} ms later"
            suggests = modem.learn(Quirk.LATE_FCERROR, f"{more} comes after the answer to an abort")
        await modem.settle()
        if ended.seconds > modem.profile.timing.abort_ok_s:
            late_s = rounded_up(ended.seconds)
            suggests += modem.abort_answered_within(late_s, f"an abort is answered after {ended.seconds:.2f} s")
    slow = ended.seconds > ABORT_S
    return Finding(
        topic="leaving off",
        what=what,
        measured=measured,
        value=ended.seconds,
        unit="s",
        allowed=f"OK within {1000 * ABORT_S:.0f} ms",
        grade=Grade.BAD if suggests else Grade.POOR if slow else Grade.GOOD,
        suggests=suggests,
    )


def _quirky(suggests: tuple[Suggestion, ...]) -> Grade:
    """The grade of a quirk: of no interest if the profile knows it."""
    return Grade.BAD if suggests else Grade.NOTE
