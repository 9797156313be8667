"""Each quirk of Class 2 firmware, as the DTE or the far end gets to see it; and copy quality, which some concern."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.coding import decode
from faxmodem.codec.fcs import REVERSED
from faxmodem.codec.geometry import Coding
from faxmodem.codec.mh import mh_encode
from faxmodem.emulator.class2.lines import to_bits, to_octets
from faxmodem.emulator.settings import DceSettings
from faxmodem.modem.quirks import Quirk
from tests.scenarios.bench import page
from tests.unit.emulator.class2.bench import (
    HERE,
    THERE,
    Desk,
    HandDte,
    at_desk,
    bare,
    dce_settings,
    drawn,
    read,
    with_far_end,
)

PAGE = page(lines=60, seed=1)
MIXED = drawn(300, 1)


def received(
    settings: DceSettings,
    service_class: str = "2",
    coding: Coding = Coding.MH,
    ecm: bool = False,
    sent: Bitmap = PAGE,
) -> tuple[bytes, bytes]:
    """What a DTE gets of one page of a Class 1 end: its data, and what is said behind them."""
    got: list[bytes] = []

    async def test(desk: Desk) -> None:
        far = desk.side(CallSettings(station_id="200 200", ecm=ecm, codings=frozenset({coding})))

        async def here(dte: HandDte) -> None:
            offer = "+FDCC" if service_class == "2" else "+FCC"
            await dte.set_up(service_class, "+FCR=1", f"{offer}=1,5,0,2,3,{1 + (service_class == '2') if ecm else 0}")
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            await dte.receive_until("{OK}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{CONNECT}")
            got.append(await dte.page())
            got.append(await dte.receive_until("{OK}"))
            await dte.send("AT+FDR<CR>")
            got[-1] += await dte.receive_until("{OK}")

        await with_far_end(desk, far, here, lambda: far.send([sent], HERE))

    at_desk(test, settings=settings)
    return got[0], got[1]


def sent(
    settings: DceSettings,
    data: Callable[[Bitmap], bytes] = bare,
    *,
    wanted: str = "1,5,0,2,0,0,0,0",
    refuse: bool = False,
    xon: str = "<XON>",
) -> tuple[bytes, bytes]:
    """What a far Class 2 DTE without a quirk gets of one page, and what ours is told behind it."""
    got: list[bytes] = []

    async def test(desk: Desk) -> None:
        other = desk.second()

        async def there() -> None:
            await other.set_up("2", "+FCR=1", "+FDCC=1,5,0,2,3,2")
            await other.expect("{RING}")
            await other.send("ATA<CR>")
            await other.receive_until("{OK}")
            await other.send("AT+FDR<CR>")
            await other.receive_until("{CONNECT}")
            got.append(await other.page())
            await other.receive_until("{OK}")
            if refuse:
                await other.at("+FPTS=2")
            await other.send("AT+FDR<CR>")
            await other.receive_until("{OK}")

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", f"+FDCC={wanted}")
            await dte.send(f"ATD{THERE}<CR>")
            await dte.receive_until("{OK}")
            await dte.send("AT+FDT<CR>")
            await dte.receive_until("{CONNECT}" + xon)
            await dte.data(data(PAGE), b"\x10\x03")
            await dte.expect("{OK}")
            await dte.send("AT+FET=2<CR>")
            got.append(await dte.receive_until("{OK}"))

        await with_far_end(desk, other, here, there)

    at_desk(test, settings=settings)
    return got[0], got[1]


def test_no_xon() -> None:
    assert b"+FHNG:0" in sent(dce_settings(Quirk.NO_XON), xon="")[1]


@pytest.mark.parametrize("service_class", ["2", "2.0"])
def test_mirrored_pages(service_class: str) -> None:
    straight, _ = received(dce_settings(), service_class)
    got, _ = received(dce_settings(Quirk.MIRRORED_PAGES), service_class)
    assert read(straight, PAGE) == PAGE
    assert got == (straight.translate(REVERSED) if service_class == "2" else straight)


def test_no_rtc() -> None:
    assert read(sent(dce_settings(Quirk.NO_RTC), mh_encode)[0], PAGE) == PAGE


@pytest.mark.parametrize(
    ("quirk", "coding", "ecm"), [(Quirk.NO_2D, Coding.MR, False), (Quirk.NO_MMR, Coding.MMR, True)]
)
def test_codings_that_are_claimed_only(quirk: Quirk, coding: Coding, ecm: bool) -> None:
    good, _ = received(dce_settings(), coding=coding, ecm=ecm, sent=MIXED)
    assert read(good, MIXED, coding) == MIXED
    bad, _ = received(dce_settings(quirk), coding=coding, ecm=ecm, sent=MIXED)
    assert read(bad, MIXED, coding) != MIXED


def test_sent_codings_that_are_claimed_only() -> None:
    data, _ = sent(dce_settings(Quirk.NO_2D), lambda p: bare(p, Coding.MR), wanted="1,5,0,2,1,0,0,0")
    assert read(data, PAGE, Coding.MR) != PAGE


def test_first_line_lost() -> None:
    quirk = dce_settings(Quirk.FIRST_LINE_LOST, measure=100)
    without = read(sent(quirk)[0], PAGE)
    assert without.lines == PAGE.lines - 1
    assert read(sent(quirk, lambda p: bytes(100) + bare(p))[0], PAGE) == PAGE


def test_refused_page_ends_ok() -> None:
    assert sent(dce_settings(Quirk.REFUSED_PAGE_ENDS_OK), refuse=True)[1] == b"\r\n+FHNG:0\r\n"


def test_session_before_dial(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FDIS=1,5,0,2,0,0,0,0")
            await dte.send(f"ATD{THERE}<CR>")
            await dte.receive_until("{OK}")
            await dte.at("+FDIS=0,1,0,2,0,0,0,0")
            await dte.send("AT+FDT<CR>")
            await dte.expect("{+FDCS:1,5,0,2,0,0,0,0}{CONNECT}<XON>")
            await dte.send("<DLE><CAN>")
            await dte.receive_until("{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))

    at_desk(test, settings=dce_settings(Quirk.SESSION_BEFORE_DIAL))


def test_speed_is_minimum(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(CallSettings(station_id="1", max_rate_bps=9600))

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FDCC=1,5,0,2,0,0,0,0")
            await dte.send(f"ATD{THERE}<CR>")
            await dte.receive_until("{+FHNG:21}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))

    at_desk(test, settings=dce_settings(Quirk.SPEED_IS_MINIMUM))


def test_polling_broken(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FCR=1", "+FSPL=1")
            await dte.send(f"ATD{THERE}<CR>")
            assert b"+FPOLL" in await dte.receive_until("{+FHNG:21}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif", serves=[PAGE]))

    at_desk(test, settings=dce_settings(Quirk.POLLING_BROKEN))


def test_error_correction_that_is_never_confirmed() -> None:
    async def test(desk: Desk) -> None:
        far = desk.side()

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FCR=1", "+FDCC=1,5,0,2,0,2")
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            await dte.receive_until("{OK}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{CONNECT}")
            await dte.page()
            await dte.receive_until("{OK}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{OK}")

        await with_far_end(desk, far, here, lambda: far.send([PAGE], HERE))
        assert far.result is not None
        assert far.result.outcome.value == "no_response"

    at_desk(test, settings=dce_settings(Quirk.NO_ECM))


# -- copy quality


def test_counts_are_hexadecimal_in_class_2_0() -> None:
    assert b"+FPTS:1,60,0,0" in received(dce_settings())[1]
    assert b"+FPS:1,3C,0,0,0" in received(dce_settings(), service_class="2.0")[1]


def spoilt(bitmap: Bitmap) -> bytes:
    """The page with every sixth line damaged: still ended by EOLs, but with codes that do not add up."""
    bits = to_bits(mh_encode(bitmap, rtc=False))
    lines = bits.split("000000000001")[1:]
    for number in range(0, len(lines), 6):
        lines[number] = "1011" + lines[number]
    joined = "".join("000000000001" + line for line in lines)
    return to_octets(joined + "0" * (-len(joined) % 8))


@pytest.mark.parametrize(
    ("command", "status"),
    [("+FCQ=0", 1), ("+FCQ=1", 2)],
)
def test_copy_quality(command: str, status: int) -> None:

    async def test(desk: Desk) -> None:
        other = desk.second()

        async def there() -> None:
            await other.set_up("2")
            await other.send(f"ATD{HERE}<CR>")
            await other.receive_until("{OK}")
            await other.send("AT+FDT<CR>")
            await other.receive_until("{CONNECT}<XON>")
            await other.data(spoilt(PAGE), b"\x10\x03")
            await other.expect("{OK}")
            await other.send("AT+FET=2<CR>")
            await other.receive_until(f"{{+FPTS:{status}}}")
            await other.receive_until("{OK}")
            if status == 2:
                await other.at("+FK", "{+FHNG:2}{OK}")

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FCR=1", command)
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            await dte.receive_until("{OK}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{CONNECT}")
            bad = decode(await dte.page(), Coding.MH, width=PAGE.width, resolution=PAGE.resolution).bad_lines
            assert bad == 10
            await dte.expect(f"{{+FPTS:{status},60,{'10,1' if status == 2 else '0,0'}}}{{+FET:2}}{{OK}}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{OK}")

        await with_far_end(desk, other, here, there)

    at_desk(test)
