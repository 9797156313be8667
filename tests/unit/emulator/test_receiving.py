"""+FRM, +FRH and +FRS: what the DTE gets, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.emulator.dialogue import CLEAN, Bench, Dte, on_bench

DCS = "<FF 13 83 00 62><DLE><ETX>"


async def send_frame(dte: Dte, frame: str) -> None:
    await dte.at("+FTH=3", "{CONNECT}")
    await dte.send(f"<{frame}><DLE><ETX>")
    await dte.expect("{OK}")


async def send_data(dte: Dte, code: int, data: str = "<00 x 300>") -> None:
    await dte.at(f"+FTM={code}", "{CONNECT}")
    await dte.send(f"{data}<DLE><ETX>")
    await dte.expect("{OK}")


def test_a_frame_comes_with_its_check_octets() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        began = bench.line.clock.now()
        await bench.caller.send("AT+FTH=3<CR>")
        assert await bench.called.expect("{CONNECT}") - began == pytest.approx(0.02 + 8 * 8 / 300 + 0.01)
        await bench.caller.expect("{CONNECT}")
        await bench.caller.send("<FF 13 10 10 13><DLE><ETX>")
        await bench.called.expect("{frame FF 13 10 13}")
        sent = await bench.caller.expect("{OK}")
        assert await bench.called.expect("{OK}") - sent == pytest.approx(0.02, abs=0.001)

    on_bench(test)


def test_check_octets_may_be_kept_back() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await send_frame(bench.caller, "FF 13 2F")
        await bench.called.expect("{CONNECT}<FF 13 2F><DLE><ETX>{OK}")

    on_bench(test, settings=replace(CLEAN, fcs_delivered=False))


@pytest.mark.parametrize("holds", [True, False])
def test_the_final_ok_waits_for_the_end_of_the_carrier(holds: bool) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 13 2F><DLE><ETX>")
        await bench.called.expect("{CONNECT}")
        framed = await bench.called.expect("{frame FF 13 2F}")
        told = await bench.called.expect("{OK}")
        assert told - framed == pytest.approx((8 / 300 if holds else 0) + 0.01, abs=0.002)

    on_bench(test, settings=replace(CLEAN, hold_final_ok=holds))


def test_after_a_frame_that_is_not_final_the_dte_asks_again() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 03 43 00><DLE><ETX>")
        await bench.caller.expect("{CONNECT}")
        await bench.called.expect("{CONNECT}{frame FF034300}{OK}")
        await bench.called.send("AT+FRH=3<CR>")
        await bench.called.expect("{CONNECT}")
        await bench.caller.send(DCS)
        await bench.called.expect("{frame FF13830062}{OK}")

    on_bench(test)


@pytest.mark.parametrize(("depth", "kept"), [(0, 0), (1, 1), (3, 2)])
def test_frames_that_nobody_asked_for_are_kept_as_far_as_the_queue_goes(depth: int, kept: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 03 43 00><DLE><ETX>")
        await bench.caller.expect("{CONNECT}")
        await bench.caller.send(DCS)
        await bench.caller.expect("{OK}")
        await bench.line.clock.sleep(1)
        for frame in ("FF034300", "FF13830062")[:kept]:
            await bench.called.at("+FRH=3", f"{{CONNECT}}{{frame {frame}}}{{OK}}")
        await bench.called.at("S7=2")
        await bench.called.at("+FRH=3", "{NO CARRIER}")

    on_bench(test, settings=replace(CLEAN, frame_queue=depth))


def test_a_modem_without_a_queue_loses_the_frame_that_has_begun() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 03 43 00 00 00 00 00><DLE><ETX>")
        await bench.line.clock.sleep(0.1)
        await bench.called.at("+FRH=3", "{CONNECT}")
        await bench.caller.expect("{CONNECT}")
        await bench.caller.send(DCS)
        await bench.called.expect("{frame FF13830062}{OK}")

    on_bench(test, settings=replace(CLEAN, frame_queue=0))


def test_own_transmission_forgets_what_was_kept_and_hears_nothing() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await send_frame(bench.caller, "FF 13 83 00 62")
        await bench.called.at("+FTH=3", "{CONNECT}")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 03 43 00><DLE><ETX>")  # both talk at once
        await bench.called.send("<FF 03 40 00 00 00 00 00 00><DLE><ETX>")
        await bench.caller.expect("{CONNECT}")
        await bench.called.expect("{CONNECT}")
        await bench.called.send("<DLE><ETX>")
        await bench.called.expect("{OK}")
        await bench.called.at("+FRH=3", "{CONNECT}")  # flags still run
        await bench.caller.send(DCS)
        await bench.called.expect("{frame FF13830062}{OK}")

    on_bench(test)


def test_nothing_comes_within_s7() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("S7=3")
        for action in ("+FRH=3", "+FRM=96"):
            began = bench.line.clock.now()
            assert await bench.caller.at(action, "{NO CARRIER}") - began == pytest.approx(3.01)

    on_bench(test)


@pytest.mark.parametrize("code", [24, 48, 72, 73, 96, 97, 121, 145])
def test_connect_when_trained_and_the_data_as_they_are(code: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send(f"AT+FRM={code}<CR>")
        await send_data(bench.caller, code, "<01 10 10 FF 00>")
        await bench.called.expect("{CONNECT}<01 10 10 FF 00><DLE><ETX>{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize(("asked", "sent"), [(145, 96), (96, 72), (145, 121), (96, 145), (48, 24)])
def test_another_modulation_is_told(asked: int, sent: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send(f"AT+FRM={asked}<CR>")
        began = bench.line.clock.now()
        await bench.caller.send(f"AT+FTM={sent}<CR>")
        assert await bench.called.expect("{+FCERROR}") - began == pytest.approx(0.02 + 0.05 + 0.01)

    on_bench(test)


async def train_long(bench: Bench, code: int) -> None:
    await bench.called.send(f"AT+FRM={code}<CR>")
    await send_data(bench.caller, code)
    await bench.called.expect("{CONNECT}<00 x 300><DLE><ETX>{NO CARRIER}")


def test_short_training_means_nothing_before_a_long_one() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("S7=4")
        await bench.called.send("AT+FRM=146<CR>")
        await send_data(bench.caller, 146)
        await bench.called.expect("{NO CARRIER}")
        await train_long(bench, 145)
        await bench.called.send("AT+FRM=146<CR>")
        await send_data(bench.caller, 146, "<AA BB>")
        await bench.called.expect("{CONNECT}<AA BB><DLE><ETX>{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize(("asked", "sent"), [(145, 146), (146, 145)])
def test_the_other_training_is_not_decoded(asked: int, sent: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await train_long(bench, 145)
        await bench.called.at("S7=6")
        await bench.called.send(f"AT+FRM={asked}<CR>")
        await send_data(bench.caller, sent)
        await bench.called.expect("{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize(("late_s", "heard"), [(0.0, True), (0.03, True), (0.2, False)])
def test_a_training_whose_beginning_was_missed(late_s: float, heard: bool) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("S7=3")
        await bench.caller.at("+FTM=145", "{CONNECT}")
        await bench.line.clock.sleep(late_s)
        await bench.called.send("AT+FRM=145<CR>")
        await bench.caller.send("<00 x 200><DLE><ETX>")
        await bench.called.expect("{CONNECT}<00 x 200><DLE><ETX>{NO CARRIER}" if heard else "{NO CARRIER}")

    on_bench(test)


def test_v21_instead_of_data() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=145<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.called.expect("{+FCERROR}")
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.send(DCS)
        await bench.called.expect("{CONNECT}{frame FF13830062}{OK}")
        await bench.called.at("+FAR=1")
        await bench.called.send("AT+FRM=145<CR>")
        await bench.caller.expect("{OK}")
        await send_frame(bench.caller, "FF 13 83 00 62")
        await bench.called.expect("{+FRH:3}{CONNECT}{frame FF13830062}{OK}")

    on_bench(test)


def test_a_fast_carrier_instead_of_frames() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("V0", "0<CR>")
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.called.expect("+F4<CR>")

    on_bench(test)


def test_a_carrier_without_frames_is_no_carrier() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<DLE><ETX>")
        await bench.called.expect("{CONNECT}{NO CARRIER}")

    on_bench(test)


@pytest.mark.parametrize("action", ["+FRH=3", "+FRM=96", "+FRS=255"])
def test_any_octet_ends_the_wait_and_is_swallowed(action: str) -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await bench.connect()
        await dte.send(f"AT{action}<CR><LF>")  # a line feed belongs to its carriage return
        await dte.send("<XOFF><XON>")  # these are no octets in this sense
        await dte.expect_nothing(0.5)
        await dte.send("<CAN>")
        await dte.expect("{OK}")
        await dte.at(action, "")
        await dte.send("AT+FCLASS?<CR>")  # its A ends the wait; the rest is no command line
        await dte.expect("{OK}")
        await dte.expect_nothing(0.5)
        await dte.at("+FCLASS?", "{1}{OK}")

    on_bench(test)


def test_an_octet_while_data_flow_ends_them() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<55 x 480><00>")
        await bench.called.expect("{CONNECT}<55 x 240>")
        await bench.called.send("<CAN>")
        await bench.called.expect("<DLE><ETX>{OK}")
        await bench.called.at("+FRH=3", "{+FCERROR}")

    on_bench(test)


def test_an_octet_after_connect_ends_a_frame() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.called.expect("{CONNECT}")
        await bench.called.send("<CAN>")
        await bench.called.expect("<DLE><ETX>{OK}")

    on_bench(test)


def test_silence_is_counted_from_the_end_of_the_carrier() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.called.send("AT+FRS=20<CR>")
        await bench.caller.send("<00 x 600><DLE><ETX>")
        gone = await bench.caller.expect("{OK}")
        assert await bench.called.expect("{OK}") - gone == pytest.approx(0.02 + 0.2, abs=0.001)
        began = bench.line.clock.now()
        assert await bench.called.at("+FRS=7") - began == pytest.approx(0.08)

    on_bench(test)


def test_xoff_from_the_dte_holds_received_data() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("&K4")
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<55 x 1000><00>")
        await bench.called.expect("{CONNECT}<55 x 240>")
        await bench.called.send("<XOFF>")
        await bench.called.expect_nothing(0.5)
        await bench.called.send("<XON>")
        await bench.called.expect("<55 x 240>")

    on_bench(test)


def test_data_that_the_dte_does_not_take_are_lost_in_the_end() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("&K4")
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<55 x 2000><DLE><ETX>")
        await bench.called.expect("{CONNECT}")
        await bench.called.send("<XOFF>")
        await bench.caller.expect("{OK}")
        await bench.line.clock.sleep(1.0)
        await bench.called.send("<XON>")
        await bench.called.expect("<55 x 1000><DLE><ETX>{NO CARRIER}")

    on_bench(test, settings=replace(CLEAN, receive_buffer=1000))
