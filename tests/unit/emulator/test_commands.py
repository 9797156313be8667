"""The DCE between calls: what it answers to command lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faxmodem.transport.base import Flow
from tests.unit.emulator.dialogue import CLEAN, Bench, on_bench

IDENTITY = {
    "ATI3": ("ACME fax",),
    "+FMI?": ("ACME",),
    "+FMM?": ("A1",),
    "+FMR?": ("7",),
    "+GMI": ("ACME",),
    "+GMM": ("A1",),
    "+GMR": ("7",),
}


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", "{OK}"),
        ("+FCLASS?", "{1}{OK}"),
        ("+FCLASS=?", "{0,1,1.0}{OK}"),
        ("+FCLASS=2", "{ERROR}"),
        ("+FCLASS=1.0;+FCLASS?", "{1.0}{OK}"),
        ("+FTM=?", "{24,48,72,73,74,96,97,98,121,122,145,146}{OK}"),
        ("+FRM=?", "{24,48,72,96}{OK}"),
        ("+FTH=?;+FRH=?", "{3}{3}{OK}"),
        ("+FTS=?", "{0-255}{OK}"),
        ("+FRS=?", "{0-255}{OK}"),
        ("+FAR=?;+FAR?", "{(0-1)}{0}{OK}"),
        ("+FIT=?", "{(0-255),(0-1)}{OK}"),
        ("+FIT=10,1;+FIT?", "{10,1}{OK}"),
        ("+FCL=3;+FCL?", "{3}{OK}"),
        ("+FLO=?", "{(0-2)}{OK}"),
        ("+IFC=2,2;+IFC?", "{+IFC: 2,2}{OK}"),
        ("+ICF=3,0;+IPR=115200;+FPR=0", "{OK}"),
        ("+FMI?;+FMM?;+FMR?", "{ACME}{A1}{7}{OK}"),
        ("+GMI;+GMM;+GMR", "{ACME}{A1}{7}{OK}"),
        ("I3", "{ACME fax}{OK}"),
        ("I9", "{OK}"),
        ("I10", "{ERROR}"),
        ("Q0V1X4L2M1&C1&D2&S0&K3\\Q3", "{OK}"),
        ("S7=90S7?S0?", "{090}{000}{OK}"),
        ("S40?", "{ERROR}"),
        ("E5", "{ERROR}"),
        ("H0", "{OK}"),
        ("H7", "{ERROR}"),
        ("O", "{NO CARRIER}"),
        ("+FNR=1,1,1,1", "{ERROR}"),
        ("#CID=1", "{ERROR}"),
        ("S7=91%%S7=92", "{ERROR}"),
    ],
)
def test_command_and_answer(command: str, answer: str) -> None:
    settings = replace(
        CLEAN,
        identity=IDENTITY,
        receives=(24, 48, 72, 96),
    )

    async def test(bench: Bench) -> None:
        await bench.caller.at(command, answer)

    on_bench(test, settings=settings)


def test_commands_of_a_firmware_s_own() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("&H1", "{OK}")
        await dte.at("!4886=00", "{OK}")
        await dte.at("&H2", "{ERROR}")
        assert bench.cables[0]._end.flow is Flow.RTSCTS

    on_bench(test, settings=replace(CLEAN, commands={"AT&H1": Flow.RTSCTS, "AT!4886=00": None}))


@pytest.mark.parametrize("action", ["+FTS=1", "+FRS=1", "+FTM=96", "+FRM=96", "+FTH=3", "+FRH=3"])
def test_actions_need_the_line_and_the_class(action: str) -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at(action, "{ERROR}")
        await dte.at("H1+FCLASS=0")
        await dte.at("+FCLASS=0H1", "{ERROR}")  # only a semicolon ends an extended command
        await dte.at(action, "{ERROR}")
        await dte.at("+FCLASS=1")
        await dte.at("+FTM=33", "{ERROR}")
        await dte.at("+FTS=256", "{ERROR}")
        await dte.at("+FTH=4", "{ERROR}")
        await dte.at("+FRM=", "{ERROR}")
        await dte.at("+FTH", "{ERROR}")

    on_bench(test)


def test_actions_stand_last_but_silence_may_lead() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        await bench.caller.at("+FTH=3;+FTS=1", "{ERROR}")
        began = bench.line.clock.now()
        came = await bench.caller.at("+FTS=8;+FTH=3", "{CONNECT}")
        assert came - began == pytest.approx(0.08 + 1.0, abs=0.02)

    on_bench(test)


def test_echo_and_forms_of_results() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.send("xxat<CR>")  # what stands before AT is noise
        await dte.expect("at<CR><CR><LF>OK<CR><LF>")
        await dte.send("A/")
        await dte.expect("A/<CR><LF>OK<CR><LF>")
        await dte.send("ATE1X<08>S7?<CR>")
        await dte.expect("ATE1X<08 20 08>S7?<CR>{060}{OK}")
        await dte.send("ATE0V0<CR><LF>")
        await dte.expect("ATE0V0<CR>0<CR>")
        await dte.at("S7?", "060<CR><LF>0<CR>")
        await dte.at("+FNO", "4<CR>")
        await dte.send("ATV1S3=33<CR>")
        await dte.expect("!<LF>OK!<LF>")
        await dte.send("AT!")
        await dte.expect("!<LF>OK!<LF>")
        await dte.send("ATS3=13!")
        await dte.expect("{OK}")
        await dte.at("Q1", "")
        await dte.at("S7?", "{060}")
        await dte.at("Q0")
        await dte.at("Z")
        await dte.send("AT+FCLASS?<CR>")
        await dte.expect("AT+FCLASS?<CR>{0}{OK}")

    on_bench(test, set_up="")


def test_every_octet_may_come_alone() -> None:
    async def test(bench: Bench) -> None:
        for octet in b"AT+FCLASS?\r":
            await bench.caller.transport.send(bytes([octet]))
            await bench.line.clock.sleep(0.01)
        await bench.caller.expect("{1}{OK}")

    on_bench(test)


def test_a_lone_dte_that_forgets_the_line_loses_it() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("+FIT=10,1")
        await dte.at("H1")
        await bench.line.clock.sleep(9.5)
        await dte.at("+FTS=1")
        await bench.line.clock.sleep(10.5)
        await dte.at("+FTS=1", "{ERROR}")
        await dte.at("+FCLASS?", "{1}{OK}")
        await dte.at("+FIT=10,0")
        await dte.at("H1")
        await bench.line.clock.sleep(10.5)
        await dte.at("+FCLASS?", "{0}{OK}")

    on_bench(test)
