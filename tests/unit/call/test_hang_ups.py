"""Calls that fail with a modem of Class 2 or 2.0: with which hang-up code, and what the user is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.emulator.faults import BitErrors, Fate, Fault, FrameFault, Gap, HangUp, Refusal, Refused
from faxmodem.jobs.status import JobStatus
from faxmodem.modem.class2.hang_up_codes import ending_of
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.memory import MemoryTransport
from tests.scenarios.bench import CALLED, CALLER, page
from tests.unit.quirks.harness import PAGES, PLAIN, Port, Scene, carry

ONE: Final = PAGES[:1]
MIXED: Final = (page(seed=1), page(seed=2, resolution=Resolution.STANDARD))
"Behind the first comes EOM."
LONG: Final = (page(1700, seed=1), page(seed=2))
"The first takes two blocks."
CORRECTED: Final = CallSettings()
IN_2_0: Final = {"100": "A0", "102": "A2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A call that fails, and how that is told."""

    name: str
    faults: tuple[Fault, ...]
    code: str
    "As Class 2 writes it; or a result code."
    outcome: Outcome
    exit_code: int
    settings: CallSettings = PLAIN
    pages: Sequence[Bitmap] = PAGES


def refused(why: Refused) -> tuple[Fault, ...]:
    return (Refusal(sender=CALLER, refused=why),)


def noise(share: float, *, from_s: float = 0.0) -> tuple[Fault, ...]:
    """What the caller sends by a fast carrier is damaged. In these calls pages begin ten seconds after the answer."""
    return (BitErrors(sender=CALLER, share=share, from_s=from_s),)


def hangs_up_in(carrier: int) -> tuple[Fault, ...]:
    return (HangUp(sender=CALLER, carrier=carrier, at_s=0.5),)


TCF, PAGE, MPS = 1, 2, 3
"The caller's carriers; 0 is DCS."
NO_CFR: Final = (FrameFault(sender=CALLED, fate=Fate.LOST, nth=(1, 2, 3)),)
CALLED_FALLS_SILENT: Final = (Gap(sender=CALLED, at_s=10.0),)
CALLER_FALLS_SILENT: Final = (Gap(sender=CALLER, at_s=12.3),)

SENDING: Final = (
    Trouble(name="busy", faults=refused(Refused.BUSY), code="BUSY", outcome=Outcome.BUSY, exit_code=10),
    Trouble(
        name="nobody", faults=refused(Refused.NO_ANSWER), code="NO ANSWER", outcome=Outcome.NO_ANSWER, exit_code=11
    ),
    Trouble(
        name="no line",
        faults=refused(Refused.NO_DIAL_TONE),
        code="NO DIALTONE",
        outcome=Outcome.NO_DIAL_TONE,
        exit_code=12,
    ),
    Trouble(name="no fax", faults=(Gap(sender=CALLED),), code="10", outcome=Outcome.NO_ANSWER, exit_code=11),
    Trouble(name="dropped in training", faults=hangs_up_in(TCF), code="20", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(name="DCS unanswered", faults=NO_CFR, code="25", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(name="not heard", faults=(Gap(sender=CALLER),), code="25", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(name="no training", faults=noise(0.05), code="27", outcome=Outcome.TRAINING_FAILED, exit_code=24),
    Trouble(
        name="no training after a bad page",
        faults=noise(0.01, from_s=9.5),
        code="27",
        outcome=Outcome.TRAINING_FAILED,
        exit_code=24,
    ),
    Trouble(
        name="dropped in a page", faults=hangs_up_in(PAGE), code="40", outcome=Outcome.FAR_END_HUNG_UP, exit_code=20
    ),
    Trouble(name="dropped after a page", faults=hangs_up_in(MPS), code="50", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(name="far end gives up", faults=CALLER_FALLS_SILENT, code="51", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(name="MPS unanswered", faults=CALLED_FALLS_SILENT, code="52", outcome=Outcome.NO_RESPONSE, exit_code=25),
    Trouble(
        name="EOP unanswered",
        faults=CALLED_FALLS_SILENT,
        pages=ONE,
        code="54",
        outcome=Outcome.NO_RESPONSE,
        exit_code=25,
    ),
    Trouble(
        name="EOM unanswered",
        faults=CALLED_FALLS_SILENT,
        pages=MIXED,
        code="56",
        outcome=Outcome.NO_RESPONSE,
        exit_code=25,
    ),
    Trouble(
        name="beyond correction",
        faults=noise(0.002, from_s=9.5),
        settings=CORRECTED,
        code="50",
        outcome=Outcome.NO_RESPONSE,
        exit_code=25,
    ),
)
RECEIVING: Final = (
    Trouble(name="no fax", faults=(Gap(sender=CALLED),), code="1", outcome=Outcome.NOT_A_FAX, exit_code=16),
    Trouble(name="dropped in training", faults=hangs_up_in(TCF), code="70", outcome=Outcome.NO_COMMAND, exit_code=27),
    Trouble(name="not heard", faults=(Gap(sender=CALLER),), code="70", outcome=Outcome.NO_COMMAND, exit_code=27),
    Trouble(name="no training", faults=noise(0.05), code="72", outcome=Outcome.FAR_END_DISCONNECTED, exit_code=21),
    Trouble(name="dropped after a page", faults=hangs_up_in(MPS), code="100", outcome=Outcome.NO_COMMAND, exit_code=27),
    Trouble(
        name="sender falls silent", faults=CALLER_FALLS_SILENT, code="100", outcome=Outcome.NO_COMMAND, exit_code=27
    ),
    Trouble(
        name="sender gives up",
        faults=CALLED_FALLS_SILENT,
        code="102",
        outcome=Outcome.FAR_END_DISCONNECTED,
        exit_code=21,
    ),
    Trouble(
        name="beyond correction",
        faults=noise(0.002, from_s=9.5),
        settings=CORRECTED,
        code="102",
        outcome=Outcome.FAR_END_DISCONNECTED,
        exit_code=21,
    ),
)


class Overheard(Port):
    """A cable on which it is noted how sessions and calls end."""

    def __init__(self, transport: MemoryTransport) -> None:
        super().__init__(transport)
        self.codes: list[str] = []

    def worded(self, data: bytes) -> bytes:
        """As it is."""
        found = re.findall(rb"\r\n(?:\+FH(?:NG|S):([0-9A-F]+)|(BUSY|NO ANSWER|NO DIALTONE))\r\n", data)
        self.codes += [(code or word).decode() for code, word in found]
        return data


@pytest.mark.parametrize("base", ["class2", "class2.0"])
@pytest.mark.parametrize(
    ("trouble", "receives"),
    [
        *(pytest.param(trouble, False, id=f"sending-{trouble.name}") for trouble in SENDING),
        *(pytest.param(trouble, True, id=f"receiving-{trouble.name}") for trouble in RECEIVING),
    ],
)
def test_a_call_that_fails(trouble: Trouble, base: str, *, receives: bool) -> None:
    made: list[Overheard] = []

    def make(transport: MemoryTransport) -> Port:
        made.append(Overheard(transport))
        return made[-1]

    scene = Scene(base=base, receives=receives, faults=trouble.faults, settings=trouble.settings, pages=trouble.pages)
    call = carry(scene, port=make)
    result = call.received if receives else call.sent
    assert result is not None
    is_word = not trouble.code.isdigit()
    code = trouble.code if base == "class2" or is_word else IN_2_0.get(trouble.code, trouble.code.zfill(2))
    assert [code for port in made for code in port.codes] == [code]
    assert result.outcome is trouble.outcome
    assert result.explanation.exit_code == trouble.exit_code
    assert result.status.status is not JobStatus.COMPLETED
    assert (f"({code})" if is_word else ending_of(code).sentence) in result.message
    assert call.on_hook


@pytest.mark.soak
@pytest.mark.parametrize("base", ["class2", "class2.0"])
@pytest.mark.parametrize("receives", [False, True], ids=["sending", "receiving"])
def test_blocks_may_be_repeated_for_longer_than_anything_else_takes(base: str, *, receives: bool) -> None:
    scene = Scene(base=base, receives=receives, faults=noise(0.0001, from_s=9.5), settings=CORRECTED, pages=LONG)
    call = carry(scene)
    assert call.is_good
    assert call.signals["PPR"] > 3


@pytest.mark.parametrize("base", ["class2", "class2.0"])
def test_a_sender_that_goes_when_a_document_has_come_does_no_harm(base: str) -> None:
    call = carry(Scene(base=base, receives=True, faults=CALLED_FALLS_SILENT, pages=MIXED))
    assert call.received is not None
    assert call.received.ok
    assert call.received.message == call.received.explanation.sentence
