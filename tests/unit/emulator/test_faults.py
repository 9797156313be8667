"""A line with faults: what each does to a call, and that the same seed does it again."""

from __future__ import annotations

import math

import pytest

from faxmodem.emulator.faults import BitErrors, BitOffset, Echo, Fate, Fault, FrameFault, Gap, HangUp, Impairments
from faxmodem.emulator.history import CallStep, FramePassed, Record, SignalPassed, Step
from faxmodem.emulator.line import LineSettings
from faxmodem.emulator.signals import Signal
from tests.unit.emulator.dialogue import Bench, on_bench

FRAME = "<FF 13 83 00 62><DLE><ETX>"


async def send_frame(bench: Bench) -> None:
    await bench.caller.at("+FTH=3", "{CONNECT}")
    await bench.caller.send(FRAME)
    await bench.caller.expect("{OK}")


async def send_data(bench: Bench, octets: int = 1200) -> None:
    await bench.caller.at("+FTM=96", "{CONNECT}")
    await bench.caller.send(f"<00 x {octets}><DLE><ETX>")
    await bench.caller.expect("{OK}")


async def receive_data(bench: Bench) -> bytes:
    """Everything up to <DLE><ETX>."""
    await bench.called.expect("{CONNECT}")
    return await bench.called.receive_until("<DLE><ETX>{NO CARRIER}")


def test_a_damaged_frame_comes_with_error() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await send_frame(bench)
        await bench.called.expect("{CONNECT}<FF 13 83 00 38 DD 7F><DLE><ETX>{ERROR}")
        await bench.called.at("+FRS=1")  # ERROR does not wait for the end of the carrier
        await bench.called.send("AT+FRH=3<CR>")
        await send_frame(bench)
        await bench.called.expect("{CONNECT}{frame FF13830062}{OK}")
        fates = [r.fate for r in bench.line.history if isinstance(r, FramePassed) and r.who == "100"]
        assert fates == [Fate.DAMAGED, Fate.WHOLE]

    on_bench(test, faults=[FrameFault(sender="100", fate=Fate.DAMAGED, nth=(0,))])


def test_a_lost_frame_leaves_only_flags() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await send_frame(bench)
        await bench.called.expect("{CONNECT}{NO CARRIER}")

    on_bench(test, faults=[FrameFault(sender="100", fate=Fate.LOST, nth=(0,))])


def test_a_repeated_frame_is_there_twice() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await send_frame(bench)
        await bench.called.expect_nothing(1)
        await bench.called.at("+FRH=3", "{CONNECT}{frame FF13830062}{OK}")

    async def twice(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        await send_frame(bench)
        await bench.called.expect("{CONNECT}{frame FF13830062}{OK}")

    fault = FrameFault(sender="100", fate=Fate.REPEATED, nth=(0,))
    on_bench(test, faults=[fault])
    on_bench(twice, faults=[fault])


def test_every_share_of_frames_is_met_by_the_dice() -> None:
    impairments = Impairments([FrameFault(fate=Fate.LOST, share=0.25)], seed=3)
    fates = [impairments.frame(0, "100", n) for n in range(4000)]
    assert fates.count(Fate.LOST) == pytest.approx(1000, abs=90)


@pytest.mark.parametrize("share", [1e-4, 1e-2, 0.5])
def test_bit_errors_are_as_frequent_as_asked(share: float) -> None:
    impairments = Impairments([BitErrors(share=share)], seed=1)
    octets = b"".join(impairments.data(0, "100", 0.0, bytes(200)) for _ in range(100))
    flipped = int.from_bytes(octets, "little").bit_count()
    assert flipped == pytest.approx(160_000 * share, abs=5 * math.sqrt(160_000 * share))


def test_bit_errors_only_in_their_time_and_direction() -> None:
    impairments = Impairments([BitErrors(sender="100", call=1, share=1.0, from_s=2.0, until_s=3.0)])
    assert impairments.data(1, "100", 2.5, b"\x0f") == b"\xf0"
    assert impairments.data(1, "100", 1.9, b"\x0f") == b"\x0f"
    assert impairments.data(1, "100", 3.0, b"\x0f") == b"\x0f"
    assert impairments.data(1, "200", 2.5, b"\x0f") == b"\x0f"
    assert impairments.data(0, "100", 2.5, b"\x0f") == b"\x0f"


def test_data_arrive_with_errors() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await send_data(bench)
        got = (await receive_data(bench)).replace(b"\x10\x10", b"\x10")
        assert len(got) == 1200
        assert 60 < int.from_bytes(got, "little").bit_count() < 140

    on_bench(test, faults=[BitErrors(share=0.01)])


def test_octets_need_not_be_cut_where_they_were() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<01 80 00 x 1><00 x 300><DLE><ETX>")
        await bench.caller.expect("{OK}")
        assert await receive_data(bench) == b"\x0f\x00\x04" + bytes(300)

    on_bench(test, faults=[BitOffset(sender="100", bits=3)])


def test_a_carrier_that_is_lost_in_the_middle_of_data() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at("S7=1")
        await bench.called.send("AT+FRM=96<CR>")
        await send_data(bench)
        assert await receive_data(bench) == bytes(480)  # whole slices before the gap, and what of one is
        await bench.called.at("+FRM=96", "{NO CARRIER}")

    on_bench(test, faults=[Gap(sender="100", carrier=0, at_s=0.234 + 0.4)])


@pytest.mark.parametrize(("fcl", "got"), [(0, 600), (1, 600), (3, 960)])
def test_a_short_gap_is_bridged_if_the_dte_allows(fcl: int, got: int) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.at(f"+FCL={fcl}")
        await bench.called.send("AT+FRM=96<CR>")
        await send_data(bench)
        assert len(await receive_data(bench)) == got

    on_bench(test, faults=[Gap(sender="100", carrier=0, at_s=0.234 + 0.5, duration_s=0.2)])


def test_a_frame_that_meets_silence_is_lost_and_the_next_is_not() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        answered = next(r.at for r in bench.line.history if isinstance(r, CallStep) and r.step is Step.ANSWERED)
        await bench.line.clock.sleep_until(answered + 9.0)
        await bench.called.send("AT+FRH=3<CR>")
        await bench.caller.at("+FTH=3", "{CONNECT}")
        await bench.caller.send("<FF 03 43 00><DLE><ETX>")
        await bench.caller.expect("{CONNECT}")
        await bench.called.expect("{CONNECT}{NO CARRIER}")
        await bench.called.send("AT+FRH=3<CR>")
        await bench.line.clock.sleep(1)
        await bench.caller.send(FRAME)
        await bench.called.expect("{CONNECT}{frame FF13830062}{OK}")

    on_bench(test, faults=[Gap(at_s=10.0, duration_s=0.3)])


@pytest.mark.parametrize(
    ("fault", "at"),
    [(HangUp(at_s=10.0), 10.0), (HangUp(sender="100", carrier=0, at_s=1.0), None)],
)
def test_the_exchange_drops_the_call(fault: HangUp, at: float | None) -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRM=96<CR>")
        await bench.caller.at("+FTM=96", "{CONNECT}")
        await bench.caller.send("<00 x 3600>")
        await bench.called.expect("{CONNECT}")
        await bench.caller.expect("{NO CARRIER}")
        dropped = next(r.at for r in bench.line.history if isinstance(r, CallStep) and r.step is Step.DROPPED)
        answered = next(r.at for r in bench.line.history if isinstance(r, CallStep) and r.step is Step.ANSWERED)
        began = next(r.begin for r in bench.line.history if isinstance(r, SignalPassed) and r.signal is Signal.V29_9600)
        assert dropped == pytest.approx(answered + at if at is not None else began + 1.0)
        assert bench.line.clock.now() == pytest.approx(dropped + 0.5, abs=0.02)
        got = await bench.called.receive_until("<DLE><ETX>{NO CARRIER}{NO CARRIER}")
        assert got == bytes(len(got))
        for dte in (bench.caller, bench.called):
            await dte.at("+FRH=3", "{ERROR}")

    on_bench(test, faults=[fault])


def test_the_sender_hears_its_own_echo() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await send_frame(bench)
        await bench.caller.at("+FRH=3", "{CONNECT}{frame FF13830062}{OK}")
        await bench.called.at("+FRH=3", "{CONNECT}{frame FF13830062}{OK}")

    on_bench(test, faults=[Echo(sender="100", delay_s=0.6)])


def test_a_long_way_makes_everything_late() -> None:
    async def test(bench: Bench) -> None:
        await bench.connect()
        await bench.called.send("AT+FRH=3<CR>")
        began = bench.line.clock.now()
        await bench.caller.send("AT+FTH=3<CR>")
        assert await bench.called.expect("{CONNECT}") - began == pytest.approx(0.6 + 64 / 300 + 0.01)

    on_bench(test, line_settings=LineSettings(delay_s=0.6))


def _story(faults: list[Fault], seed: int) -> list[bytes | Record]:
    """What the DTE got and what crossed the line."""
    found: list[bytes | Record] = []

    async def test(bench: Bench) -> None:
        await bench.connect()
        for _ in range(3):
            await bench.called.send("AT+FRM=96<CR>")
            await send_data(bench, 600)
            found.append(await receive_data(bench))
            await send_frame(bench)
            await bench.called.at("+FRS=1")
        found.extend(bench.line.history)

    on_bench(test, faults=faults, seed=seed)
    return found


def test_the_same_seed_tells_the_same_story() -> None:
    faults: list[Fault] = [BitErrors(share=0.002), FrameFault(sender="100", fate=Fate.LOST, share=0.5)]
    stories = [_story(faults, seed) for seed in (7, 7, 8)]
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]
