from __future__ import annotations

import pytest

from faxmodem.modem.identify import RATE_CODES, modulations, parse_classes, parse_rates
from faxmodem.t30.modulations import Modulation

ALL = frozenset(RATE_CODES)
SLOW = modulations([24, 48, 72, 96])


@pytest.mark.parametrize(
    ("answer", "rates"),
    [
        ("24,48,72,73,74,96,97,98,121,122,145,146", ALL),
        ("(3,24,48,72,73,74,96,97,98,121,122,145,146)", ALL),
        ("+FTM: (24,48,72,96)", SLOW),
        ("+FTM=24,48,72,96", SLOW),
        ("3-146", ALL),
        ("24-48, 72-96", SLOW | {Modulation.V17_7200}),
        ("24 , 48", modulations([24, 48])),
        ("", frozenset()),
        ("?", frozenset()),
    ],
)
def test_rates_in_all_forms(answer: str, rates: frozenset[Modulation]) -> None:
    assert parse_rates(answer) == rates


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        ("0,1,1.0", ("0", "1", "1.0")),
        ("(0,1,2,2.0,2.1,8)", ("0", "1", "2", "2.0", "2.1", "8")),
        ("+FCLASS: (0, 1)", ("0", "1")),
        ("", ()),
    ],
)
def test_classes_in_all_forms(answer: str, classes: tuple[str, ...]) -> None:
    assert parse_classes(answer) == classes
