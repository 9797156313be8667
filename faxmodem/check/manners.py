"""How a modem takes commands, and how fast both sides of the port are. Nothing of it needs a telephone line."""

from __future__ import annotations

from collections.abc import Collection
from statistics import median
from typing import Final

import anyio

from faxmodem.check.bench import BenchModem, Timed
from faxmodem.check.card import Finding, Grade
from faxmodem.modem import recovery
from faxmodem.modem.at import ResultCode
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.line_time import SILENCE_S

TOPIC: Final = "port"
ROUNDS: Final = 20
QUICK_S: Final = 0.05
"An answer to AT that takes longer eats up the 75 ms between two signals (T.30 (09/2005) §5, notes 3 and 4)."
SLOW_S: Final = 0.2
NAP_S: Final = 0.005
PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
"Between a result and the next command, as they are tried."
ANSWER_S: Final = 1.0


async def measure_manners(modem: BenchModem, listed: Collection[str]) -> list[Finding]:
    """All of it; `listed`: the service classes that the modem tells. Leaves it in command state.

    Raises `ModemTimeout` if no modem answers.
    """
    await modem.transport.set_dtr(True)
    await recovery.revive(modem.dialogue)
    return [
        *await _pauses(modem),
        await _answers(modem),
        await _own_reaction(modem),
        *await _classes(modem, listed),
    ]


async def _pauses(modem: BenchModem) -> list[Finding]:
    """How soon a command may follow a result."""
    findings = [await _pause_after(modem, "AT", Quirk.WAITS_BETWEEN_COMMANDS)]
    findings.append(await _pause_after(modem, "AT+FCLASS=0", Quirk.DEAF_AFTER_STATE_CHANGE))
    return findings


async def _pause_after(modem: BenchModem, first: str, quirk: Quirk) -> Finding:
    for pause_s in PAUSES:
        await modem.ask(first, ANSWER_S)
        await anyio.sleep(pause_s)
        if (await modem.ask("AT", ANSWER_S)).code is ResultCode.OK:
            break
    else:
        return Finding(
            topic=TOPIC,
            what=f"a command after {first}",
            measured=f"is lost even {PAUSES[-1]:.0f} s later",
            grade=Grade.BAD,
        )
    suggests = modem.learn(quirk, f"a command right after {first} is lost", pause_s) if pause_s else ()
    return Finding(
        topic=TOPIC,
        what=f"a command after {first}",
        measured=f"is taken after {1000 * pause_s:.0f} ms" if pause_s else "is taken at once",
        value=pause_s,
        unit="s",
        allowed="at once",
        grade=Grade.BAD if suggests else Grade.GOOD,
        suggests=suggests,
    )


async def _answers(modem: BenchModem) -> Finding:
    """How long AT takes."""
    came = [await modem.ask("AT", ANSWER_S) for _ in range(ROUNDS)]
    times = [each.seconds for each in came]
    middle, worst = median(times), max(times)
    grade = Grade.GOOD if worst <= QUICK_S else Grade.POOR if middle <= SLOW_S else Grade.BAD
    missing = sum(each.code is not ResultCode.OK for each in came)
    return Finding(
        topic=TOPIC,
        what="AT is answered",
        measured=f"within {_ms(middle)}, at most {_ms(worst)}" + (f"; {missing} of {ROUNDS} not OK" * bool(missing)),
        value=middle,
        unit="s",
        allowed=_ms(QUICK_S),
        grade=Grade.BAD if missing else grade,
    )


async def _own_reaction(modem: BenchModem) -> Finding:
    """From a result's arrival to our next command: what this computer adds to every turn of the line."""
    delays: list[float] = []
    for _ in range(ROUNDS):
        due = anyio.current_time() + NAP_S
        await anyio.sleep(NAP_S)  # as long as it takes to be woken, whatever for
        await modem.dialogue.write("AT")
        delays.append(anyio.current_time() - due)
        await modem.finish(ANSWER_S)
    latency_s = modem.transport.latency_s or 0.0
    worst = max(0.0, max(delays) - modem.profile.measure(Quirk.WAITS_BETWEEN_COMMANDS)) + latency_s
    return Finding(
        topic=TOPIC,
        what="this computer reacts",
        measured=f"within {_ms(worst)}" + (f", {_ms(latency_s)} of it the network" if latency_s else ""),
        value=worst,
        unit="s",
        allowed=f"{_ms(SILENCE_S)} between two signals",
        grade=Grade.GOOD if worst <= SILENCE_S / 2 else Grade.POOR if worst <= SILENCE_S else Grade.BAD,
    )


async def _classes(modem: BenchModem, listed: Collection[str]) -> list[Finding]:
    """Classes that the modem has and does not tell, if they are better than those that it tells."""
    findings: list[Finding] = []
    if not listed or modem.profile.has(Quirk.CLASS_UNLISTED):
        return findings
    for name in modem.profile.classes.prefer:
        if name in listed:
            break
        if not _is_ok(await modem.ask(f"AT+FCLASS={name}", ANSWER_S)):
            continue
        findings.append(
            Finding(
                topic=TOPIC,
                what=f"service class {name}",
                measured="is taken, and not listed",
                allowed=", ".join(listed),
                grade=Grade.POOR,
                suggests=modem.learn(Quirk.CLASS_UNLISTED, f"class {name} is taken, and +FCLASS=? does not list it"),
            )
        )
        break
    await modem.ask("AT+FCLASS=0", ANSWER_S)
    return findings


def _is_ok(came: Timed) -> bool:
    return came.code is ResultCode.OK


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"
