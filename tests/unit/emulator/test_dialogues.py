"""A whole call of two pages, as the two DTEs write and read it, with its times."""

from __future__ import annotations

import itertools

import pytest

from faxmodem.emulator.history import FramePassed, SignalPassed
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.signals import Signal
from tests.unit.emulator.dialogue import Bench, on_bench, parse, together

# Times are those of the line: dial tone and seven digits until 1.23 s, the first ring a second later, CED from 2.44 to
# 5.04 s, flags from 5.12 s on.
CALLER = """
    -      DTE AT+FCLASS=1<CR>
    0.03   DCE {OK}
    -      DTE ATDT5551234<CR>
    5.36   DCE {CONNECT}                                              # 64 bits of flags heard
    -      DCE {frame FF 03 20 B5 00}{OK}                             # NSF
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 03 40 31 32 33 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20}{OK}   # CSI
    -      DTE AT+FRH=3<CR>
    7.11   DCE {CONNECT}{frame FF 13 80 00 EE F8 44}{OK}              # DIS
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 03 43 39 38 37 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20><DLE><ETX>          # TSI
    -      DCE {CONNECT}
    -      DTE <FF 13 83 00 46 78><DLE><ETX>                          # DCS
    -      DCE {OK}
    -      DTE AT+FTS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTM=145<CR>
    9.65   DCE {CONNECT}
    -      DTE <00 x 2700><DLE><ETX>                                  # TCF: training 1.393 s, data 1.5 s
    12.56  DCE {OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 84}{OK}                          # CFR
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTM=146<CR>
    -      DCE {CONNECT}
    -      DTE <00 80><A5 x 3596><00 08><DLE><ETX>                    # 2 s of page
    -      DCE {OK}
    -      DTE AT+FTS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 4F><DLE><ETX>                                   # MPS
    -      DCE {OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 8C}{OK}                          # MCF
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTM=146<CR>
    -      DCE {CONNECT}
    -      DTE <00 80><10 10 x 1798><00 08><DLE><ETX>                 # each of these octets is a DLE
    -      DCE {OK}
    -      DTE AT+FTS=9<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 2F><DLE><ETX>                                   # EOP
    -      DCE {OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 8C}{OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 FB><DLE><ETX>                                   # DCN
    23.74  DCE {OK}
    -      DTE ATH0<CR>
    -      DCE {OK}
"""

CALLED = """
    2.24   DCE {RING}
    -      DTE ATA<CR>
    6.13   DCE {CONNECT}
    -      DTE <FF 03 20 B5 00><DLE><ETX>
    -      DCE {CONNECT}
    -      DTE <FF 03 40 31 32 33 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20><DLE><ETX>
    -      DCE {CONNECT}
    -      DTE <FF 13 80 00 EE F8 44><DLE><ETX>
    -      DCE {OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 03 43 39 38 37 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20}{OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 83 00 46 78}{OK}
    -      DTE AT+FRM=145<CR>
    11.06  DCE {CONNECT}<00 x 2700><FF x 36><DLE><ETX>{NO CARRIER}
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 84><DLE><ETX>
    -      DCE {OK}
    -      DTE AT+FRM=146<CR>
    -      DCE {CONNECT}<00 80><A5 x 3596><00 08><FF x 36><DLE><ETX>{NO CARRIER}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 4F}{OK}
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 8C><DLE><ETX>
    -      DCE {OK}
    -      DTE AT+FRM=146<CR>
    -      DCE {CONNECT}<00 80><10 10 x 1798><00 08><FF x 36><DLE><ETX>{NO CARRIER}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 2F}{OK}
    -      DTE AT+FRS=7<CR>
    -      DCE {OK}
    -      DTE AT+FTH=3<CR>
    -      DCE {CONNECT}
    -      DTE <FF 13 8C><DLE><ETX>
    -      DCE {OK}
    -      DTE AT+FRH=3<CR>
    -      DCE {CONNECT}{frame FF 13 FB}{OK}
    -      DTE ATH0<CR>
    -      DCE {OK}
"""

CARRIERS = [
    ("200", Signal.V21),
    ("100", Signal.V21),
    ("100", Signal.V17_14400_LONG),
    ("200", Signal.V21),
    ("100", Signal.V17_14400_SHORT),
    ("100", Signal.V21),
    ("200", Signal.V21),
    ("100", Signal.V17_14400_SHORT),
    ("100", Signal.V21),
    ("200", Signal.V21),
    ("100", Signal.V21),
]


def test_a_call_of_two_pages() -> None:
    async def test(bench: Bench) -> None:
        await together((bench.caller, CALLER), (bench.called, CALLED))
        passed = [r for r in bench.line.history if isinstance(r, SignalPassed) and not r.signal.is_tone]
        assert [(r.who, r.signal) for r in passed] == CARRIERS
        for before, after in itertools.pairwise(passed):
            assert after.begin > before.end + 0.02, "two carriers at once"
            if before.who == after.who:
                # T.30 (09/2005) cl. 5 notes 3 and 4: 75 ms, give or take 20, between V.21 and a fast carrier
                assert 0.055 <= after.begin - before.end <= 0.14
        facsimile = [r.frame[2] for r in bench.line.history if isinstance(r, FramePassed)]
        assert facsimile == [0x20, 0x40, 0x80, 0x43, 0x83, 0x84, 0x4F, 0x8C, 0x2F, 0x8C, 0xFB]

    on_bench(test, settings=DceSettings())


def without_times(dialogue: str) -> str:
    return "\n".join(f"- {line.split(maxsplit=1)[1]}" for line in dialogue.strip().splitlines())


@pytest.mark.parametrize("pace", [0.5, 5.0, 20.0])
def test_the_same_call_on_a_line_of_another_pace(pace: float) -> None:
    async def test(bench: Bench) -> None:
        await together((bench.caller, without_times(CALLER)), (bench.called, without_times(CALLED)))
        passed = [r for r in bench.line.history if isinstance(r, SignalPassed) and not r.signal.is_tone]
        assert [(r.who, r.signal) for r in passed] == CARRIERS

    on_bench(test, pace=pace, settings=DceSettings())


def test_the_notation() -> None:
    (step,) = parse("0.5 DCE {OK}<00 x 2><DLE><ETX>x # remark")
    assert (step.at, step.who, step.octets) == (0.5, "DCE", b"\r\nOK\r\n\x00\x00\x10\x03x")
    (step,) = parse("- DTE <10 10 x 3>{frame FF 13 FA}")
    assert step.octets == b"\x10\x10" * 3 + b"\xff\x13\xfa\x13\xe7\x10\x03"
