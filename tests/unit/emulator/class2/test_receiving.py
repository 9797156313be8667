"""A DTE receives through a modem of Class 2, 2.0 and 2.1, as the standards have it."""

from __future__ import annotations

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Coding
from tests.scenarios.bench import page
from tests.unit.emulator.class2.bench import HERE, Desk, HandDte, at_desk, drawn, read, with_far_end

PAGES = [page(lines=60, seed=seed) for seed in (1, 2, 3)]


def test_three_pages_in_class_2() -> None:
    got: list[Bitmap] = []

    async def test(desk: Desk) -> None:
        far = desk.side(CallSettings(station_id="200 200", ecm=False, codings=frozenset({Coding.MH})))

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", '+FLID="100 100"', "+FCR=1")
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            await dte.expect('{+FCON}{+FTSI:"             200 200"}{+FDCS:1,5,0,2,0,0,0,0}{OK}')
            for number, sent in enumerate(PAGES):
                await dte.send("AT+FDR<CR>")
                await dte.expect("{+FCFR}{CONNECT}" if number == 0 else "{CONNECT}")
                got.append(read(await dte.page(), sent))
                last = number == len(PAGES) - 1
                await dte.expect(f"{{+FPTS:1,60,0,0}}{{+FET:{2 if last else 0}}}{{OK}}")
            await dte.send("AT+FDR<CR>")
            await dte.expect("{+FHNG:0}{OK}")

        await with_far_end(desk, far, here, lambda: far.send(PAGES, HERE))
        assert far.result is not None
        assert far.result.outcome.value == "ok"
        assert got == PAGES

    at_desk(test)


@pytest.mark.parametrize("service_class", ["2", "2.0"])
@pytest.mark.parametrize(
    ("coding", "ecm", "lines"),
    [
        (Coding.MH, False, 200),
        (Coding.MR, False, 200),
        (Coding.MH, True, 900),  # two blocks
        (Coding.MR, True, 200),
        (Coding.MMR, True, 200),  # which needs error correction
    ],
)
def test_codings_and_error_correction(service_class: str, coding: Coding, ecm: bool, lines: int) -> None:
    pages = [drawn(lines, seed, runs=240) for seed in (1, 2)]
    got: list[Bitmap] = []

    async def test(desk: Desk) -> None:
        far = desk.side(CallSettings(station_id="200 200", ecm=ecm, codings=frozenset({coding})))

        async def here(dte: HandDte) -> None:
            offer = "+FDCC" if service_class == "2" else "+FCC"
            await dte.set_up(
                service_class, f"{offer}=1,5,0,2,3,{int(ecm) * (2 if service_class == '2' else 1)}", "+FCR=1"
            )
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            await dte.receive_until("{OK}")
            for sent in pages:
                await dte.send("AT+FDR<CR>")
                await dte.receive_until("{CONNECT}")
                got.append(read(await dte.page(), sent, coding))
                said = await dte.receive_until("{OK}")
                assert f":1,{lines:X},".encode() in said or f":1,{lines},".encode() in said
            await dte.send("AT+FDR<CR>")
            await dte.expect("{+FHNG:0}{OK}" if service_class == "2" else "{+FHS:00}{OK}")

        await with_far_end(desk, far, here, lambda: far.send(pages, HERE))
        assert far.result is not None
        assert far.result.outcome.value == "ok"
        assert got == pages

    at_desk(test)
