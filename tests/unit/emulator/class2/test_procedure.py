"""What goes otherwise than straight through: refusals, holds, aborts, timeouts, polls."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.fcs import REVERSED
from faxmodem.codec.geometry import Coding
from faxmodem.emulator.history import FramePassed
from faxmodem.t30.frames import Frame
from tests.scenarios.bench import page
from tests.unit.emulator.class2.bench import (
    HERE,
    THERE,
    Desk,
    HandDte,
    at_desk,
    bare,
    dce_settings,
    read,
    stored,
    with_far_end,
    with_second,
)

PLAIN = CallSettings(station_id="200 200", ecm=False, codings=frozenset({Coding.MH}))
PAGE = page(lines=60, seed=1)


def frames(desk: Desk, who: str) -> list[str]:
    """The last frame of each transmission of one end."""
    return [
        str(Frame.parse(record.frame)).split()[0]
        for record in desk.line.history
        if isinstance(record, FramePassed) and record.who == who and record.frame[1] == 0x13
    ]


async def begin_sending(dte: HandDte, service_class: str = "2", *commands: str) -> None:
    await dte.set_up(service_class, *commands)
    await dte.send(f"ATD{THERE}<CR>")
    await dte.receive_until("{OK}")
    await dte.send("AT+FDT<CR>")
    await dte.receive_until("{CONNECT}<XON>" if service_class == "2" else "{CONNECT}")


async def begin_receiving(dte: HandDte, service_class: str = "2", *commands: str) -> None:
    await dte.set_up(service_class, "+FCR=1", *commands)
    await dte.expect("{RING}")
    await dte.send("ATA<CR>")
    await dte.receive_until("{OK}")


@pytest.mark.parametrize("service_class", ["2", "2.0"])
def test_the_dte_refuses_a_page(service_class: str) -> None:
    """+FPTS=2 makes RTN of the held answer; the page comes again, after a new training."""
    status = "+FPTS" if service_class == "2" else "+FPS"

    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)
        got = []

        async def here(dte: HandDte) -> None:
            await begin_receiving(dte, service_class)
            for answer in (2, 1):
                await dte.send("AT+FDR<CR>")
                await dte.receive_until("{CONNECT}")
                got.append(read(await dte.page(), PAGE))
                await dte.receive_until("{OK}")
                await dte.at(f"{status}={answer}")
            await dte.send("AT+FDR<CR>")
            await dte.expect("{+FHNG:0}{OK}" if service_class == "2" else "{+FHS:00}{OK}")

        await with_far_end(desk, far, here, lambda: far.send([PAGE], HERE))
        assert got == [PAGE, PAGE]
        assert frames(desk, HERE) == ["DIS", "CFR", "RTN", "CFR", "MCF"]

    at_desk(test)


@pytest.mark.parametrize("service_class", ["2", "2.0"])
def test_the_far_end_refuses_a_page(service_class: str) -> None:
    async def test(desk: Desk) -> None:
        other = desk.second()
        got = []

        async def there() -> None:
            await begin_receiving(other)
            for answer in (2, 1):
                await other.send("AT+FDR<CR>")
                await other.receive_until("{CONNECT}")
                got.append(read(await other.page(), PAGE))
                await other.receive_until("{OK}")
                await other.at(f"+FPTS={answer}")
            await other.at("+FDR", "{+FHNG:0}{OK}")

        async def here(dte: HandDte) -> None:
            await begin_sending(dte, service_class)
            if service_class == "2":
                await dte.data(bare(PAGE), b"\x10\x03")
                await dte.expect("{OK}")
                await dte.at("+FET=2", "{+FPTS:2}{OK}")
                await dte.at("+FDT", "{+FDCS:1,4,0,2,0,0,0,0}{CONNECT}<XON>")
                await dte.data(bare(PAGE), b"\x10\x03")
                await dte.expect("{OK}")
                await dte.at("+FET=2", "{+FPTS:1}{+FHNG:0}{OK}")
            else:
                await dte.data(bare(PAGE), b"\x10.")
                await dte.expect("{ERROR}")
                await dte.at("+FPS?", "{2}{OK}")
                await dte.at("+FDT", "{CONNECT}")
                await dte.data(bare(PAGE), b"\x10.")
                await dte.expect("{+FHS:00}{OK}")

        await with_far_end(desk, other, here, there)
        assert got == [PAGE, PAGE]

    at_desk(test)


def test_the_answer_to_a_page_is_held_until_the_dte_lets_it_go() -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_receiving(dte)
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{CONNECT}")
            await dte.page()
            await dte.receive_until("{OK}")
            await anyio.sleep(5.0)
            assert "MCF" not in frames(desk, HERE)
            await dte.at("+FDR", "{+FHNG:0}{OK}")

        await with_far_end(desk, far, here, lambda: far.send([PAGE], HERE))
        assert frames(desk, THERE).count("EOP") == 2  # it asked again meanwhile
        assert far.result is not None
        assert far.result.outcome.value == "ok"

    at_desk(test)


def test_a_dte_that_never_gives_fdr_loses_the_call() -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_receiving(dte)
            await anyio.sleep(120.0)
            await dte.at("+FDR", "{+FHNG:70}{OK}")
            await dte.at("+FAXERR?", "{70}{OK}")
            await dte.at("+FDR", "{ERROR}")

        await with_far_end(desk, far, here, lambda: far.send([PAGE], HERE))
        assert far.result is not None
        assert far.result.outcome.value == "no_response"

    at_desk(test)


@pytest.mark.parametrize("service_class", ["2", "2.0"])
def test_what_a_dte_that_falls_silent_in_a_page_gets(service_class: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_sending(dte, service_class)
            await dte.data(bare(PAGE), b"")
            await dte.expect("<CAN>")
            await dte.data(b"", b"\x10\x03")
            await dte.expect("{+FPTS:1}{+FHNG:50}{OK}" if service_class == "2" else "{+FHS:02}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert frames(desk, HERE)[-2:] == (["EOP", "DCN"] if service_class == "2" else ["DCS", "DCN"])

    at_desk(test)


def test_what_a_dte_gets_that_does_not_say_what_follows_a_page(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_sending(dte, "2", "+FPHCTO=100")
            await dte.data(bare(PAGE), b"\x10\x03")
            began = await dte.expect("{OK}")
            await anyio.sleep(9.0)
            assert "EOP" not in frames(desk, HERE)
            await anyio.sleep(began + 20.0 - dte.now())
            await dte.at("+FET=2", "{+FPTS:1}{+FHNG:50}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert stored(far) == [PAGE]

    at_desk(test)


@pytest.mark.parametrize(
    ("service_class", "kill", "end"), [("2", "+FK", "{+FHNG:2}{OK}"), ("2.0", "+FKS", "{+FHS:02}{OK}")]
)
def test_the_dte_ends_the_session(service_class: str, kill: str, end: str, tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await dte.set_up(service_class)
            await dte.send(f"ATD{THERE}<CR>")
            await dte.receive_until("{OK}")
            await dte.at(kill, end)
            await dte.at(kill)

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert frames(desk, HERE) == ["DCN"]

    at_desk(test)


def test_can_ends_a_reception() -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_receiving(dte)
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{CONNECT}")
            await dte.send("<12>")
            await anyio.sleep(1.0)
            await dte.send("<CAN>")
            await dte.receive_until("<10 03>{+FHNG:2}{OK}")

        await with_far_end(desk, far, here, lambda: far.send([page(lines=400, seed=1)], HERE))
        assert far.result is not None
        assert far.result.outcome.value != "ok"

    at_desk(test)


def test_can_ends_a_transmission(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_sending(dte)
            await dte.data(bare(PAGE), b"\x10\x18")
            await dte.expect("{+FHNG:2}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))

    at_desk(test)


def test_no_call() -> None:
    async def test(desk: Desk) -> None:
        async def here() -> None:
            await desk.dte.set_up("2", "S7=20")
            await desk.dte.at("D5553000", "{BUSY}")
            busy = desk.second()
            await desk.dte.at(f"D{THERE}", "{NO ANSWER}")
            await desk.dte.send(f"ATD{THERE}<CR>")
            await anyio.sleep(3.0)
            await desk.dte.send("x")
            await desk.dte.expect("{NO CARRIER}")
            busy.end.lift()
            await desk.dte.at(f"D{THERE}", "{BUSY}")

        await with_second(desk, here)

    at_desk(test)


def test_an_answer_without_a_fax() -> None:
    async def test(desk: Desk) -> None:
        other = desk.second()

        async def here() -> None:
            await desk.dte.set_up("2.0", "S7=20")
            await desk.dte.send(f"ATD{THERE}<CR>")
            await anyio.sleep(4.0)
            other.end.lift()
            await desk.dte.expect("{+FHS:11}{OK}")
            other.end.hang_up()

        await with_second(desk, here)

    at_desk(test)


@pytest.mark.parametrize("service_class", ["2", "2.0"])
def test_a_document_is_polled(service_class: str) -> None:
    """We serve, and a second modem polls."""

    async def test(desk: Desk) -> None:
        other = desk.second()
        got = []
        polls, serves = ("+FSPL=1", "+FLPL=1") if service_class == "2" else ("+FSP=1", "+FLP=1")

        async def there() -> None:
            await other.set_up(service_class, "+FCR=1", polls)
            await other.send(f"ATD{HERE}<CR>")
            said = await other.receive_until("{OK}")
            assert (b"+FPOLL" if service_class == "2" else b"+FPO") in said
            await other.send("AT+FDR<CR>")
            await other.receive_until("{CONNECT}")
            got.append(read(await other.page(), PAGE))
            await other.receive_until("{OK}")
            await other.at("+FDR", "{+FHNG:0}{OK}" if service_class == "2" else "{+FHS:00}{OK}")
            await other.at(f"{polls.partition('=')[0]}?", "{0}{OK}")

        async def here(dte: HandDte) -> None:
            await dte.set_up(service_class, serves, *(["+FNR=1,1,1,1"] if service_class == "2.0" else []))
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            said = await dte.receive_until("{OK}")
            assert (b"+FDTC:" if service_class == "2" else b"+FTC:") in said
            await dte.send("AT+FDT<CR>")
            await dte.receive_until("{CONNECT}<XON>" if service_class == "2" else "{CONNECT}")
            if service_class == "2":
                await dte.data(bare(PAGE), b"\x10\x03")
                await dte.expect("{OK}")
                await dte.at("+FET=2", "{+FPTS:1}{+FHNG:0}{OK}")
            else:
                await dte.data(bare(PAGE), b"\x10.")
                await dte.expect("{+FHS:00}{OK}")

        await with_far_end(desk, other, here, there)
        assert got == [PAGE]

    at_desk(test)


def test_nothing_to_poll(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await dte.set_up("2", "+FCR=1", "+FSPL=1")
            await dte.send(f"ATD{THERE}<CR>")
            await dte.receive_until("{+FHNG:21}{OK}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))

    at_desk(test)


def test_the_order_of_bits_can_be_turned() -> None:
    async def test(desk: Desk) -> None:
        other = desk.second()
        got = []

        async def there() -> None:
            await begin_receiving(other, "2.0", "+FBO=1")
            await other.send("AT+FDR<CR>")
            await other.receive_until("{CONNECT}")
            got.append(read((await other.page()).translate(REVERSED), PAGE))
            await other.receive_until("{OK}")
            await other.at("+FDR", "{+FHS:00}{OK}")

        async def here(dte: HandDte) -> None:
            await begin_sending(dte, "2", "+FBOR=1")
            await dte.data(bare(PAGE).translate(REVERSED), b"\x10\x03")
            await dte.expect("{OK}")
            await dte.at("+FET=2", "{+FPTS:1}{+FHNG:0}{OK}")

        await with_far_end(desk, other, here, there)
        assert got == [PAGE]

    at_desk(test)


def test_addresses_frames_and_non_standard_facilities_are_reported() -> None:
    async def test(desk: Desk) -> None:
        other = desk.second()

        async def there() -> None:
            await other.set_up("2.0", '+FSA="42"', '+FPW="secret"', '+FNS="B50020"', '+FLI="12"')
            await other.send(f"ATD{HERE}<CR>")
            await other.receive_until("{OK}")
            await other.send("AT+FDT<CR>")
            await other.receive_until("{CONNECT}")
            await other.data(bare(PAGE), b"\x10;")  # EOM
            await other.expect("{OK}")
            await other.send("AT+FDT<CR>")
            await other.receive_until("{CONNECT}")
            await other.data(bare(PAGE), b"\x10.")
            await other.expect("{+FHS:00}{OK}")

        async def here(dte: HandDte) -> None:
            await dte.set_up("2.1", "+FCR=1", "+FAP=1,1,1", "+FNR=1,1,1,1", "+FBU=1")
            await dte.expect("{RING}")
            await dte.send("ATA<CR>")
            said = await dte.receive_until("{OK}")
            for report in (b"+FNS:B5 00 20", b'+FTI:"' + b"12".rjust(20) + b'"', b'+FSA:"42"', b'+FPW:"secret"'):
                assert report in said
            assert b"+FHT:FF 13 80" in said
            assert b"+FHR:FF 13 83" in said
            for code in (1, 2):
                await dte.send("AT+FDR<CR>")
                said = await dte.receive_until("{CONNECT}")
                assert b"+FCFR" in said
                await dte.page()
                assert f"+FET:{code}".encode() in await dte.receive_until("{OK}")
            await dte.send("AT+FDR<CR>")
            await dte.receive_until("{+FHS:00}{OK}")

        await with_far_end(desk, other, here, there)

    at_desk(test)


def test_hanging_up_ends_the_session_without_a_word(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        far = desk.side(PLAIN)

        async def here(dte: HandDte) -> None:
            await begin_sending(dte)
            await dte.data(bare(PAGE), b"\x10\x03")
            await dte.expect("{OK}")
            await dte.at("H")
            await dte.at("+FET=2", "{ERROR}")

        await with_far_end(desk, far, here, lambda: far.receive(tmp_path / "got.tif"))
        assert far.result is not None
        assert far.result.outcome.value != "ok"

    at_desk(test)


def test_numbers_instead_of_words() -> None:
    async def test(desk: Desk) -> None:
        async def here() -> None:
            await desk.dte.set_up("2")
            await desk.dte.send("ATV0<CR>")
            await desk.dte.expect("0<CR>")
            await desk.dte.send("AT+FCR?<CR>")
            await desk.dte.expect("0<CR><LF>0<CR>")

        await with_second(desk, here)

    at_desk(test, settings=dce_settings())
