"""+FTM, +FTH and +FTS: what goes on the line, when, and what the DTE is told."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from faxmodem.emulator.history import FramePassed, SignalPassed
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.signals import BY_CODE, FAST_CODES
from faxmodem.transport.base import Flow
from tests.unit.emulator.dialogue import CLEAN, Bench, on_bench


def signals(bench: Bench, who: str = "100") -> list[SignalPassed]:
    return [r for r in bench.line.history if isinstance(r, SignalPassed) and r.who == who and not r.signal.is_tone]


def frames(bench: Bench, who: str = "100") -> list[bytes]:
    return [r.frame for r in bench.line.history if isinstance(r, FramePassed) and r.who == who]


@pytest.mark.parametrize("code", FAST_CODES)
def test_training_and_data_take_their_time(code: int) -> None:
    signal = BY_CODE[code]
    octets = signal.rate_bps * 3 // 16  # a TCF: 1.5 s of zeros

    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        began = bench.line.clock.now()
        assert await bench.caller.at(f"+FTM={code}", "{CONNECT}") - began == pytest.approx(0.01)
        await bench.caller.send(f"<00 x {octets}><DLE><ETX>")
        ended = await bench.caller.expect("{OK}")
        assert ended - began == pytest.approx(signal.training_s + 1.5 + 0.01)
        (sent,) = signals(bench)
        assert (sent.signal, sent.octets) == (signal, octets)
        assert sent.end - sent.begin == pytest.approx(signal.training_s + 1.5)

    on_bench(test)


def test_the_turn_off_sequence_looks_like_ones_to_the_far_end() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        began = bench.line.clock.now()
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<00 x 120><DLE><ETX>")
        assert await bench.caller.expect("{OK}") - began == pytest.approx(0.234 + 0.1 + 0.02 + 0.01)
        await bench.called.expect("{CONNECT}<00 x 120><FF x 24><DLE><ETX>{NO CARRIER}")

    on_bench(test, settings=DceSettings())


def test_connect_may_come_when_training_is_over() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        began = bench.line.clock.now()
        assert await bench.caller.at("+FTM=145", "{CONNECT}") - began == pytest.approx(1.403)

    on_bench(test, settings=replace(CLEAN, connect_when_training=False))


def test_ones_until_the_first_octet_and_after_five_seconds_error() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1")
        connected = await dte.at("+FTM=96", "{CONNECT}")
        assert await dte.expect("{ERROR}") - connected == pytest.approx(5.01)
        await dte.at("+FTM=96", "{CONNECT}")
        await bench.line.clock.sleep(4.9)
        await dte.send("<55><DLE><ETX>")
        await dte.expect("{OK}")
        silent, late = signals(bench)
        assert silent.octets == pytest.approx((5.01 - 0.234) * 1200, abs=2)
        assert late.octets == pytest.approx((4.91 - 0.234) * 1200, abs=2)

    on_bench(test)


def test_an_underrun_after_another_octet_than_zero_ends_the_carrier_with_ok() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1")
        began = bench.line.clock.now()
        await dte.at("+FTM=96", "{CONNECT}")
        await dte.send("<00 x 119><01>")
        assert await dte.expect("{OK}") - began == pytest.approx(0.234 + 0.1 + 0.01)
        assert signals(bench)[0].octets == 120
        await dte.send("<00><DLE><ETX>")  # too late: noise before a command line
        await dte.at("")

    on_bench(test)


def test_an_underrun_after_zero_is_filled_with_zeros_for_five_seconds() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1")
        await dte.at("+FTM=96", "{CONNECT}")
        await dte.send("<FF><00>")
        await bench.line.clock.sleep(4.5)
        await dte.send("<00>")
        await bench.line.clock.sleep(4.5)
        await dte.send("<AA><DLE><ETX>")
        await dte.expect("{OK}")
        began = bench.line.clock.now()
        await dte.at("+FTM=96", "{CONNECT}")
        await dte.send("<00>")
        assert await dte.expect("{ERROR}") - began == pytest.approx(0.234 + 1 / 1200 + 5.0 + 0.01, abs=0.01)
        filled, given_up = signals(bench)
        assert filled.octets == pytest.approx((9.01 - 0.234) * 1200, abs=3)
        assert given_up.octets == pytest.approx(5.0 * 1200, abs=5)

    on_bench(test)


def test_a_late_dte_is_waited_for_with_the_zeros_that_the_far_end_gets() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<01 00>")
        await bench.line.clock.sleep(0.734)
        await bench.caller.send("<02><DLE><ETX>")
        await bench.caller.expect("{OK}")
        filled = signals(bench)[-1].octets - 3
        assert filled == pytest.approx(0.5 * 1200, abs=14)
        await bench.called.expect(f"{{CONNECT}}<01><00 x {filled + 1}><02><DLE><ETX>{{NO CARRIER}}")

    on_bench(test)


def test_dle_rules_and_what_follows_the_end() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<41 10 10 42 10 1A 43 10 55 44 11 13 03 10 03>AT+FCLASS=0<CR>")
        await bench.caller.expect("{OK}")
        await bench.called.expect("{CONNECT}A<10 10>BCD<11 13 03><DLE><ETX>{NO CARRIER}")
        await bench.caller.at("+FCLASS?", "{1}{OK}")

    on_bench(test)


def test_pairs_of_dle_with_fdd() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.caller.at("+FDD=1")
        await bench.called.at("+FDD=1")
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<10 1A 10 10 10 03>")
        await bench.caller.expect("{OK}")
        await bench.called.expect("{CONNECT}<10 1A 10 10><DLE><ETX>{NO CARRIER}")

    on_bench(test)


def test_frames_follow_the_preamble_at_three_hundred_bits() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1")
        began = bench.line.clock.now()
        assert await dte.at("+FTH=3", "{CONNECT}") - began == pytest.approx(1.01)
        await dte.send("<FF 03 40 00 00><DLE><ETX>")
        await dte.expect("{CONNECT}")
        await dte.send("<FF 13 2F><DLE><ETX>")
        await dte.expect("{OK}")
        assert frames(bench) == [b"\xff\x03\x40\x00\x00", b"\xff\x13\x2f"]
        first, last = (r for r in bench.line.history if isinstance(r, FramePassed))
        assert first.begin - began == pytest.approx(1.01, abs=0.06)
        # 7 octets with FCS; one zero inserted after the five ones in a row of the address, and what the FCS needs
        assert 57 <= (first.end - first.begin) * 300 <= 59
        assert (last.begin - first.end) * 300 == pytest.approx(24, abs=8)
        (carrier,) = signals(bench)
        assert carrier.end - last.end == pytest.approx(8 / 300)

    on_bench(test)


def test_connect_may_come_before_the_preamble() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        began = bench.line.clock.now()
        assert await bench.caller.at("+FTH=3", "{CONNECT}") - began == pytest.approx(0.01)
        await bench.caller.send("<FF 13 2F><DLE><ETX>")
        await bench.caller.expect("{OK}")
        (frame,) = (r for r in bench.line.history if isinstance(r, FramePassed))
        assert frame.begin - began >= 1.0

    on_bench(test, settings=replace(CLEAN, connect_when_flagging=True))


def test_a_dte_that_sends_no_frame_in_five_seconds() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1")
        connected = await dte.at("+FTH=3", "{CONNECT}")
        assert await dte.expect("{ERROR}") - connected == pytest.approx(5.01)
        await dte.at("+FTH=3", "{CONNECT}")
        await dte.send("<FF 03 40><DLE><ETX>")
        connected = await dte.expect("{CONNECT}")
        assert await dte.expect("{ERROR}") - connected == pytest.approx(5.01)
        assert frames(bench) == [b"\xff\x03\x40"]
        assert len(signals(bench)) == 2

    on_bench(test)


def test_an_empty_frame_ends_the_flags() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<DLE><ETX>")
        await bench.caller.expect("{OK}")
        assert frames(bench) == []
        assert len(signals(bench)) == 1

    on_bench(test)


def test_the_pause_between_signals() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("H1")
        began = bench.line.clock.now()
        assert await bench.caller.at("+FTS=7") - began == pytest.approx(0.08)

    on_bench(test)


@pytest.mark.parametrize(("command", "flow"), [("&K4", Flow.XONXOFF), ("&K3", Flow.RTSCTS), ("&K0", Flow.NONE)])
def test_a_fast_dte_is_held_back_and_nothing_is_lost(command: str, flow: Flow) -> None:
    page = bytes(range(256)).replace(b"\x10", b"\x10\x10") * 60 + b"\x00\x10\x03"
    wanted = b"\r\nCONNECT\r\n" + page + b"\r\nNO CARRIER\r\n"
    levels: list[int] = []

    async def test(bench: Bench) -> None:
        dte = bench.caller
        await bench.connect()
        await dte.at(command)
        await dte.transport.set_flow(flow)
        await bench.called.send("AT+FRM=96<CR>")
        await dte.at("+FTM=96", "{CONNECT}")
        began = bench.line.clock.now()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.called.expect_octets, wanted)
            for start in range(0, len(page), 64):
                await dte.transport.send(page[start : start + 64])
                levels.append(len(bench.exchange.dces[0]._core.dte.typed))
            lead_s = (60 * 256 + 1) / 1200 - (bench.line.clock.now() - began)
        held = 1024 + (2 * 4096 if flow is Flow.NONE else 64)  # only a full cable stops a DTE without flow control
        assert lead_s <= (held + 256) / 1200

    on_bench(test)
    assert max(levels) <= 1024 + 4096 if flow is Flow.NONE else max(levels) <= 1024


def test_xoff_and_xon_on_the_wire() -> None:
    async def test(bench: Bench) -> None:
        dte = bench.caller
        await dte.at("H1&K4")
        await dte.at("+FTM=96", "{CONNECT}")
        await dte.send("<00 x 700>")
        await dte.send("<00 x 100>")
        await dte.expect("<XOFF>")
        await dte.expect_nothing(0.2)
        await dte.expect("<XON>")
        await dte.send("<DLE><ETX>")
        await dte.expect("{OK}")

    on_bench(test)
