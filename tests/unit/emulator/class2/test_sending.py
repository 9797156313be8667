"""A DTE sends through a modem of Class 2, 2.0 and 2.1, as the standards have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faxmodem.codec.geometry import Coding
from tests.scenarios.bench import page
from tests.unit.emulator.class2.bench import Desk, HandDte, at_desk, bare, drawn, stored, with_far_end

PAGES = [page(lines=60, seed=seed) for seed in (1, 2, 3)]


def test_three_pages_in_class_2(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", '+FLID="100 100"', "+FDCC=1,5,0,2,0,0,0,0")
            await dte.send("ATDT200<CR>")
            await dte.expect('{+FCON}{+FCSI:"             200 200"}{+FDIS:1,5,2,2,3,2,0,0}{OK}')
            await dte.at("+FDIS=1,3,0,2,0,0,0,0")
            for number, sent in enumerate(PAGES):
                await dte.send("AT+FDT<CR>")
                if number == 0:
                    await dte.expect("{+FDCS:1,3,0,2,0,0,0,0}")
                await dte.expect("{CONNECT}<XON>")
                await dte.data(bare(sent), b"\x10\x03")
                await dte.expect("{OK}")
                last = number == len(PAGES) - 1
                await dte.send(f"AT+FET={2 if last else 0}<CR>")
                await dte.expect("{+FPTS:1}{+FHNG:0}{OK}" if last else "{+FPTS:1}{OK}")
            await dte.at("+FDIS?", "{1,5,0,2,0,0,0,0}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert stored(far) == PAGES
        assert far.result is not None
        assert far.result.outcome.value == "ok"

    at_desk(test)


def test_three_pages_in_class_2_0(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            await dte.set_up("2.0", '+FLI="100 100"', "+FNR=1,1,1,1", "+FCC=1,5,0,2,0,0,0,0")
            await dte.send("ATDT200<CR>")
            await dte.expect('{+FCO}{+FCI:"             200 200"}{+FIS:77,5,2,2,3,1,0,0}{OK}')
            for number, sent in enumerate(PAGES):
                await dte.send("AT+FDT<CR>")
                if number == 0:
                    await dte.expect("{+FCS:1,5,0,2,0,0,0,0}")
                await dte.expect("{CONNECT}")
                last = number == len(PAGES) - 1
                await dte.data(bare(sent), b"\x10." if last else b"\x10,")
                await dte.expect("{+FHS:00}{OK}" if last else "{OK}")
                await dte.at("+FPS?", "{1}{OK}")
            await dte.at("+FHS?", "{00}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert stored(far) == PAGES

    at_desk(test)


@pytest.mark.parametrize(
    ("service_class", "coding", "wanted"),
    [
        ("2", Coding.MR, "1,5,0,2,1,0,0,0"),
        ("2", Coding.MMR, "1,5,0,2,3,2,0,0"),
        ("2", Coding.MH, "1,5,0,2,0,1,0,0"),
        ("2.0", Coding.MR, "1,3,0,2,1,1,0,0"),
        ("2.1", Coding.MMR, "1,5,0,2,3,1,0,0"),
    ],
)
def test_codings_and_error_correction(service_class: str, coding: Coding, wanted: str, tmp_path: Path) -> None:
    lines = 900 if coding is Coding.MH else 200  # several blocks with error correction
    pages = [drawn(lines, seed, runs=240) for seed in (1, 2)]

    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            names = ("+FDCC", "+FDCS") if service_class == "2" else ("+FCC", "+FCS")
            await dte.set_up(service_class, f"{names[0]}={wanted}")
            await dte.send("ATD200<CR>")
            await dte.receive_until("{OK}")
            for number, sent in enumerate(pages):
                await send_page(dte, service_class, bare(sent, coding), last=number == len(pages) - 1)
            await dte.at(f"{names[1]}?", f"{{{wanted}}}{{OK}}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert stored(far) == pages

    at_desk(test)


async def send_page(dte: HandDte, service_class: str, octets: bytes, *, last: bool) -> None:
    await dte.send("AT+FDT<CR>")
    await dte.receive_until("{CONNECT}<XON>" if service_class == "2" else "{CONNECT}")
    if service_class == "2":
        await dte.data(octets, b"\x10\x03")
        await dte.expect("{OK}")
        await dte.send(f"AT+FET={2 if last else 0}<CR>")
        await dte.expect("{+FPTS:1}{+FHNG:0}{OK}" if last else "{+FPTS:1}{OK}")
    else:
        await dte.data(octets, b"\x10." if last else b"\x10,")
        await dte.expect("{+FHS:00}{OK}" if last else "{OK}")
