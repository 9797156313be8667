"""Identification and parameters of Class 2, 2.0 and 2.1, typed by hand."""

from __future__ import annotations

import pytest

from faxmodem.modem.quirks import Quirk
from tests.unit.emulator.class2.bench import Desk, at_desk, dce_settings, with_second

ERROR = "{ERROR}"


def dialogue(service_class: str, steps: list[tuple[str, str]], *quirks: Quirk) -> None:
    async def test(desk: Desk) -> None:
        async def here() -> None:
            await desk.dte.set_up(service_class)
            for command, answer in steps:
                await desk.dte.at(command, answer)

        await with_second(desk, here)

    at_desk(test, settings=dce_settings(*quirks))


def test_class_2_parameters() -> None:
    dialogue(
        "2",
        [
            ("+FCLASS?", "{2}{OK}"),
            ("+FCLASS=?", "{0,1,1.0,2,2.0,2.1}{OK}"),
            ("+FDCC=?", "{(0,1),(0-5),(0-2),(0-2),(0,1,3),(0-2),(0),(0-7)}{OK}"),
            ("+FDIS?", "{1,5,0,2,0,0,0,0}{OK}"),
            ("+FDIS=0,3", "{OK}"),
            ("+FDIS?", "{0,3,0,2,0,0,0,0}{OK}"),
            ("+FDCC?", "{1,5,0,2,0,0,0,0}{OK}"),
            ("+FDCC=,4,,,1", "{OK}"),
            ("+FDIS?", "{1,4,0,2,1,0,0,0}{OK}"),  # +FDCC is copied
            ("+FDIS=2", ERROR),
            ("+FDIS=0,9", ERROR),
            ("+FDIS=0,A", ERROR),
            ("+FDCS?", "{0,0,0,0,0,0,0,0}{OK}"),
            ('+FLID="aB 12 ;x"', "{OK}"),
            ("+FLID?", '{"aB 12 ;x"}{OK}'),
            ('+FLID="123456789012345678901"', ERROR),
            ("+FLID=12", ERROR),
            ('+FCIG="77"', "{OK}"),
            ("+FCR?", "{0}{OK}"),
            ("+FPHCTO?", "{30}{OK}"),
            ("+FPHCTO=255", "{OK}"),
            ("+FPHCTO=256", ERROR),
            ("+FBADMUL?", "{20}{OK}"),
            ("+FCQ=?", "{(0-2)}{OK}"),
            ("+FBUF?", "{1024,768,512,0}{OK}"),
            ("+FDFFC=?", "{(0)}{OK}"),
            ("+FAXERR?", "{0}{OK}"),
            ("+FMFR?", "{faxmodem}{OK}"),
            ("+FPTS=2", ERROR),  # no page has come
            ("+FDT", ERROR),
            ("+FDR", ERROR),
            ("+FET=0", ERROR),
            ("+FK", "{OK}"),
            ("+FCC?", ERROR),
            ("+FNR=1,1,1,1", ERROR),
            ("+FTM=96", ERROR),
        ],
    )


@pytest.mark.parametrize("service_class", ["2.0", "2.1"])
def test_class_2_0_parameters(service_class: str) -> None:
    dialogue(
        service_class,
        [
            ("+FCC=?", "{(00-7F),(0-5),(0-2),(0-2),(0,1,3),(0,1),(0),(0-7)}{OK}"),
            ("+FCC=3F,5,2,2,3,1,0,7", "{OK}"),
            ("+FIS?", "{3F,5,2,2,3,1,0,7}{OK}"),
            ("+FCS?", "{0,0,0,0,0,0,0,0}{OK}"),
            ("+FNR?", "{0,0,0,0}{OK}"),
            ("+FNR=1,1,1,0", "{OK}"),
            ("+FNR?", "{1,1,1,0}{OK}"),
            ("+FCT?", "{1E}{OK}"),
            ("+FCT=FF", "{OK}"),
            ("+FCT=?", "{(0-FF)}{OK}"),
            ("+FRQ=5A,3", "{OK}"),
            ("+FCQ=?", "{(0-1),(0)}{OK}"),
            ("+FCQ?", "{1,0}{OK}"),
            ("+FAP=1,1,1", "{OK}"),
            ('+FSA="42"', "{OK}"),
            ("+FSA?", '{"42"}{OK}'),
            ('+FNS="B5 00 20"', "{OK}"),
            ('+FNS="41"', "{OK}"),
            ("+FNS?", '{"B5002041"}{OK}'),
            ('+FNS=""', "{OK}"),
            ("+FNS?", '{""}{OK}'),
            ("+FBS?", "{400,2000}{OK}"),
            ("+FHS?", "{00}{OK}"),
            ("+FIE=1;+FPP=0;+FLO=2;+FPR=8", "{OK}"),
            ("+FIP", "{OK}"),
            ("+FCC?;+FCT?", "{1,5,0,2,0,0,0,0}{1E}{OK}"),
            ("+FPS=2", ERROR),
            ("+FDCC?", ERROR),
            ("+FKS", "{OK}"),
        ],
    )


def test_other_classes_know_none_of_it() -> None:
    for service_class in ("0", "1", "1.0"):
        dialogue(
            service_class,
            [
                *((command, ERROR) for command in ("+FDCC?", "+FCC?", "+FDR", "+FDT", '+FLID="1"')),
                ("+FMFR?", "{faxmodem}{OK}"),
                ("+FMI?", "{faxmodem}{OK}"),
            ],
        )


def test_a_reset_takes_all_back() -> None:
    dialogue(
        "2", [("+FCR=1;+FDCC=0,0", "{OK}"), ("&FE0+FCLASS=2", "{OK}"), ("+FCR?;+FDCC?", "{0}{1,5,0,2,0,0,0,0}{OK}")]
    )


def test_page_status_may_not_be_settable() -> None:
    dialogue("2", [("+FPTS=1", ERROR)], Quirk.REFUSES_PAGE_STATUS)
