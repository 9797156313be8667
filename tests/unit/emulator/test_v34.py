"""V.8 and V.34 half duplex in class 1.0: what the DTEs write and read, what is on the line, what goes wrong."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from faxmodem.emulator.dle import stuff_duplex, take_duplex
from faxmodem.emulator.faults import BitErrors, Fate, Fault, FrameFault, Gap, HangUp, NoV8, V34Limit
from faxmodem.emulator.history import FramePassed, SignalPassed
from faxmodem.emulator.line import LineSettings
from faxmodem.emulator.signals import Signal, V34Rates
from tests.unit.emulator.dialogue import CLEAN, Bench, on_bench, together

V34 = "E0&K0+FCLASS=1.0;+F34=14,1,2"
ON_V34 = "{+F34:14,2}{CONNECT}"
CONTROL = "<DLE><6D><DLE><7D><DLE><6F>"
PRIMARY = "<DLE><6B><DLE><7D>"

# One block of two frames, the second of which has every octet that must be shielded.
CALLER = f"""
    -      DTE ATDT5551234<CR>
    7.98   DCE {ON_V34}
    -      DCE <FF 13 80 00 EE><DLE><ETX>                  # DIS
    -      DTE <FF 13 83 00 46><DLE><ETX>                  # DCS
    -      DCE <FF 13 84><DLE><ETX>                        # CFR
    -      DTE <DLE><6B>
    -      DCE {PRIMARY}
    -      DTE <FF 03 06 00><41 x 256><DLE><ETX>
    -      DTE <FF 03 06 01 10 10 10 51 10 53 10 1A 03 04><DLE><ETX>
    -      DTE <FF 03 86><DLE><ETX>
    -      DTE <DLE><6D>
    -      DCE {CONTROL}
    -      DTE <FF 10 53 BF 2F 00 00 01><DLE><ETX>         # PPS-EOP
    -      DCE <FF 10 53 8C><DLE><ETX>                     # MCF
    -      DTE <FF 10 53 FB><DLE><ETX>                     # DCN
    -      DTE <DLE><04>
    -      DCE {{OK}}
    -      DTE ATH<CR>
    -      DCE {{OK}}
"""
CALLED = f"""
    2.24   DCE {{RING}}
    -      DTE ATA<CR>
    7.98   DCE {ON_V34}
    -      DTE <FF 13 80 00 EE><DLE><ETX>
    -      DCE <FF 10 53 83 00 46><DLE><ETX>
    -      DTE <FF 13 84><DLE><ETX>
    -      DCE {PRIMARY}
    -      DCE <FF 03 06 00><41 x 256><DLE><ETX>
    -      DCE <FF 03 06 01 10 10 10 51 10 53 10 10 10 10 03 04><DLE><ETX>
    -      DCE <FF 03 86><DLE><ETX>
    -      DCE {CONTROL}
    -      DCE <FF 10 53 BF 2F 00 00 01><DLE><ETX>
    -      DTE <FF 13 8C><DLE><ETX>
    -      DCE <FF 10 53 FB><DLE><ETX>
    -      DCE <DLE><04>{{NO CARRIER}}
"""


def shielded(dialogue: str) -> str:
    """The control field of final frames as a DCE shows it; a DTE need not shield without XON/XOFF."""
    return dialogue.replace("DCE <FF 13", "DCE <FF 10 53")


def without_times(dialogue: str) -> str:
    return "\n".join(f"- {line.split(maxsplit=1)[1]}" for line in dialogue.strip().splitlines())


def signals(bench: Bench) -> list[tuple[str, Signal]]:
    return [(r.who, r.signal) for r in bench.line.history if isinstance(r, SignalPassed)]


def signal(bench: Bench, who: str, wanted: Signal) -> list[SignalPassed]:
    passed = [r for r in bench.line.history if isinstance(r, SignalPassed)]
    return [r for r in passed if (r.who, r.signal) == (who, wanted)]


async def connect(bench: Bench, caller: str = ON_V34, called: str = ON_V34) -> None:
    await bench.caller.send("ATD200<CR>")
    await bench.called.expect("{RING}")
    await bench.called.send("ATA<CR>")
    await bench.caller.expect(caller)
    await bench.called.expect(called)


async def take_primary(bench: Bench, code: str = "7D") -> None:
    await bench.caller.send("<DLE><6B>")
    await bench.caller.expect(f"<DLE><6B><DLE><{code}>")
    await bench.called.expect(f"<DLE><6B><DLE><{code}>")


async def leave_primary(bench: Bench) -> None:
    await bench.caller.send("<DLE><6D>")
    await bench.caller.expect(CONTROL)
    await bench.called.expect(CONTROL)


async def both_sides_send(bench: Bench) -> None:
    """The control channel is up, both ways."""
    await bench.caller.send("<FF 03 01><DLE><ETX>")
    await bench.called.send("<FF 03 02><DLE><ETX>")
    await bench.caller.expect("<FF 03 02><DLE><ETX>")
    await bench.called.expect("<FF 03 01><DLE><ETX>")


def test_a_whole_call() -> None:
    async def test(bench: Bench) -> None:
        await together((bench.caller, shielded(CALLER)), (bench.called, shielded(CALLED)))
        assert [s for s in signals(bench) if s[1] is not Signal.CNG] == [
            ("200", Signal.ANSAM),
            ("100", Signal.CM),
            ("100", Signal.CJ),
            ("200", Signal.JM),
            ("100", Signal.V34_CONTROL),
            ("200", Signal.V34_CONTROL),
            ("100", Signal.V34_PRIMARY),
            ("100", Signal.V34_CONTROL),
            ("200", Signal.V34_CONTROL),
        ]
        (block,) = signal(bench, "100", Signal.V34_PRIMARY)
        for who in ("100", "200"):
            before, after = signal(bench, who, Signal.V34_CONTROL)
            assert before.end < block.begin
            assert block.end < after.begin
        facsimile = [r.frame[2] for r in bench.line.history if isinstance(r, FramePassed)]
        assert facsimile == [0x80, 0x83, 0x84, 0xBF, 0x8C, 0xFB]

    on_bench(test, set_up=V34)


def test_the_same_call_by_satellite() -> None:
    async def test(bench: Bench) -> None:
        await together(
            *((dte, without_times(shielded(play))) for dte, play in ((bench.caller, CALLER), (bench.called, CALLED)))
        )

    on_bench(test, set_up=V34, line_settings=LineSettings(delay_s=0.3))


def test_v8_takes_plausible_time() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        (ansam,), (cm,), (jm,) = (
            signal(bench, who, s) for who, s in (("200", Signal.ANSAM), ("100", Signal.CM), ("200", Signal.JM))
        )
        assert cm.begin - ansam.begin == pytest.approx(1.02)
        assert 0.3 < jm.end - jm.begin < 1.0
        assert cm.end < jm.end

    on_bench(test, set_up=V34)


@pytest.mark.parametrize(
    ("caller", "called", "said"),
    [
        ("14,1", "14,1", "14,1"),
        ("14,1,2", "14,1,1", "14,1"),
        ("14,1,2", "14,1,2", "14,2"),
        ("14,1", "5,1", "5,1"),
        ("7,3", "14,7", "7,1"),
    ],
)
def test_rates_are_what_both_want(caller: str, called: str, said: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at(f"+F34={caller}")
        await bench.called.at(f"+F34={called}")
        await connect(bench, *[f"{{+F34:{said}}}{{CONNECT}}"] * 2)

    on_bench(test, set_up="E0&K0+FCLASS=1.0")


def test_rates_in_common() -> None:
    wide, narrow, high = (
        V34Rates(primary_bps=most, least_bps=least, control_bps=1200)
        for most, least in ((33600, 2400), (9600, 2400), (33600, 12000))
    )
    assert wide.common(narrow) == narrow
    assert wide.common(high) == high
    assert narrow.common(high) is None


async def connects_in_v21(bench: Bench) -> None:
    await bench.caller.send("ATD200<CR>")
    await bench.called.expect("{RING}")
    await bench.called.at("A", "{CONNECT}")
    await bench.called.send("<FF 13 80><DLE><ETX>")
    await bench.called.expect("{OK}")
    await bench.caller.expect("{CONNECT}{frame FF1380}{OK}")


@pytest.mark.parametrize("side", ["caller", "called"])
@pytest.mark.parametrize("off", ["+FCLASS=1", "+F34=0", "+F34=3,2;+F34=1,1"])
def test_without_v34_at_one_end_the_call_is_in_v21(side: str, off: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("+F34=14,3")
        await bench.called.at("+F34=14,3")
        await {"caller": bench.caller, "called": bench.called}[side].at(off)
        await connects_in_v21(bench)
        assert not any(s.modulation for _, s in signals(bench))

    on_bench(test, set_up="E0&K0+FCLASS=1.0")


@pytest.mark.parametrize("sender", ["100", "200", None])
def test_v8_that_fails_leads_to_v21(sender: str | None) -> None:
    async def test(bench: Bench) -> None:
        await connects_in_v21(bench)
        (ansam,) = signal(bench, "200", Signal.ANSAM)
        assert signal(bench, "100", Signal.CM)
        if sender != "200":
            assert ansam.end - ansam.begin == pytest.approx(4.0)

    on_bench(test, set_up=V34, faults=[NoV8(sender=sender)])


def test_a_modem_without_v34_refuses_the_command() -> None:
    async def test(bench: Bench) -> None:
        for command in ("+F34=14,1", "+F34?", "+F34=?"):
            await bench.caller.at(command, "{ERROR}")

    on_bench(test, settings=replace(CLEAN, takes_v34=False), set_up="E0")


def test_the_command() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("+F34=?", "{(0-14),(0-14),(0-2),(0-14),(0-14)}{OK}")
        await bench.caller.at("+F34?", "{0,0,0,0,0}{OK}")
        await bench.caller.at("+F34=14,1,2")
        await bench.caller.at("+F34?", "{14,1,2,0,0}{OK}")
        await bench.caller.at("+F34=15", "{ERROR}")

    on_bench(test, set_up="E0")


def test_both_ends_send_at_once() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await both_sides_send(bench)
        a, b = (r for r in bench.line.history if isinstance(r, FramePassed))
        assert a.begin < b.end
        assert b.begin < a.end

    on_bench(test, set_up=V34)


def test_the_control_channel_runs_at_its_rate() -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.at("+F34=14,1,1")
        await connect(bench, *["{+F34:14,1}{CONNECT}"] * 2)
        began = bench.line.clock.now()
        await bench.caller.send("<FF 03 01><00 x 145><DLE><ETX>")
        arrived = await bench.called.expect("<FF 03 01><00 x 145><DLE><ETX>")
        assert arrived - began == pytest.approx(1.0 + 0.02, abs=0.01)  # 150 octets at 1200 bit/s, and the way

    on_bench(test, set_up=V34)


async def send_block(bench: Bench, frames: int) -> list[bytes]:
    """A block of frames each way through; gives what arrived of it, frame by frame, with the code of its end."""
    await take_primary(bench)
    for number in range(frames):
        await bench.caller.send(f"<FF 03 06 {number:02X}><55 x 256><DLE><ETX>".replace("06 10>", "06 10 10>"))
    await bench.caller.send("<DLE><6D>")
    await bench.caller.expect(CONTROL)
    arrived = await bench.called.receive_until(CONTROL)
    ends = [n for n in range(len(arrived) - 1) if arrived[n] == 0x10 and arrived[n + 1] in (0x03, 0x07)]
    return [arrived[a:b] for a, b in itertools.pairwise([0, *(end + 2 for end in ends)])]


def test_bit_errors_damage_frames_of_the_primary_channel() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await both_sides_send(bench)
        frames = await send_block(bench, 15)
        assert len(frames) == 15
        bad = [frame for frame in frames if frame.endswith(b"\x10\x07")]
        assert 3 <= len(bad) <= 12
        good = [frame[4:-2] for frame in frames if frame.endswith(b"\x10\x03")]
        assert set(good) == {b"\x55" * 256}
        await both_sides_send(bench)  # which the errors leave alone

    on_bench(test, set_up=V34, faults=[BitErrors(sender="100", share=3e-4)])


def test_a_damaged_frame_of_the_control_channel() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.caller.send("<FF 03 01><DLE><ETX><FF 03 02><DLE><ETX><FF 03 03><DLE><ETX>")
        await bench.called.expect("<FF 03 5B><DLE><07><FF 03 03><DLE><ETX>")

    faults = [FrameFault(fate=Fate.DAMAGED, nth=(0,)), FrameFault(fate=Fate.LOST, nth=(1,))]
    on_bench(test, set_up=V34, faults=faults)


def test_a_dte_slows_the_primary_channel_down() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.called.send("<DLE><73><DLE><6C>")
        for dte in (bench.caller, bench.called):
            await dte.expect("<DLE><6D><DLE><73><DLE><6F>")
        await take_primary(bench, "73")
        await bench.caller.send("<FF 03 86><DLE><ETX><DLE><6D>")
        await bench.called.expect("<FF 03 86><DLE><ETX><DLE><6D><DLE><73><DLE><6F>")

    on_bench(test, set_up=V34)


def test_a_line_that_gets_worse_slows_the_primary_channel_down() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await take_primary(bench)
        await leave_primary(bench)
        await bench.line.clock.sleep_until(20)
        await take_primary(bench, "75")
        await bench.caller.send("<DLE><6D>")
        for dte in (bench.caller, bench.called):
            await dte.expect("<DLE><6D><DLE><75><DLE><6F>")

    on_bench(test, set_up=V34, faults=[V34Limit(rate_bps=15_000, from_s=12.0)])


def test_a_line_that_is_bad_from_the_start() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench, *["{+F34:4,2}{CONNECT}"] * 2)

    on_bench(test, set_up=V34, faults=[V34Limit(sender="200", rate_bps=9600)])


def test_a_dte_has_the_control_channel_retrained() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.caller.send("<DLE><69>")
        await bench.caller.expect(CONTROL)
        await bench.called.expect("<DLE><69>" + CONTROL)
        await both_sides_send(bench)

    on_bench(test, set_up=V34)


def test_a_channel_that_is_there_is_reported_again() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.caller.send("<DLE><6D>")
        await bench.caller.expect(CONTROL)
        await take_primary(bench)
        await bench.caller.send("<DLE><6B>")
        await bench.caller.expect(PRIMARY)
        await leave_primary(bench)
        await both_sides_send(bench)

    on_bench(test, set_up=V34)


def test_a_frame_without_end_is_dropped_with_its_channel() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await take_primary(bench)
        await bench.caller.send("<FF 03 06 00 41>")
        await leave_primary(bench)
        await both_sides_send(bench)

    on_bench(test, set_up=V34)


@pytest.mark.parametrize("sender", ["100", "200"])
def test_a_carrier_that_is_interrupted_is_trained_again(sender: str) -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        for dte in (bench.caller, bench.called):
            assert (await dte.receive_until(CONTROL)) in (b"\x10\x69", b"")
        await both_sides_send(bench)

    on_bench(test, set_up=V34, faults=[Gap(sender=sender, carrier=0, at_s=5.0, duration_s=0.3)])


def test_a_far_end_that_falls_silent_ends_the_session() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.called.send("<DLE><04>")
        await bench.called.expect("{OK}")
        await bench.caller.expect("<DLE><69><DLE><04>{NO CARRIER}", within=6)
        await bench.caller.at("+FTS=1")  # the line is still there
        await bench.called.at("+FTS=1")

    on_bench(test, set_up=V34)


@pytest.mark.parametrize("after_s", [0.5, 1.5, 1.9, 2.2, 4.0])
@pytest.mark.parametrize("leaver", ["caller", "called"])
def test_hanging_up_before_v34_is_there(leaver: str, after_s: float) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.send("ATA<CR>")
        await bench.line.clock.sleep(after_s)
        left, stays = (bench.caller, bench.called) if leaver == "caller" else (bench.called, bench.caller)
        await left.send("<CAN>")
        await left.expect("{NO CARRIER}", within=0.1)
        await stays.expect("{NO CARRIER}", within=70)
        await stays.at("+FTS=1", "{ERROR}")  # on hook

    on_bench(test, set_up=V34)


@pytest.mark.parametrize("channel", ["control", "primary"])
@pytest.mark.parametrize("leaver", ["caller", "called"])
def test_hanging_up_in_v34(leaver: str, channel: str) -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        if channel == "primary":
            await take_primary(bench)
            await bench.caller.send("<FF 03 06 00 41>")
        left, stays = (bench.caller, bench.called) if leaver == "caller" else (bench.called, bench.caller)
        await left.send("<DLE><04>")
        await left.expect("{OK}", within=1)
        await left.at("H")
        await stays.expect("<DLE><04>{NO CARRIER}", within=3)
        await stays.at("")

    on_bench(test, set_up=V34)


@pytest.mark.parametrize("at_s", [0.5, 1.5, 2.2, 4.0, 5.9, 6.5, 7.0])
def test_a_call_that_is_dropped(at_s: float) -> None:
    async def test(bench: Bench) -> None:
        await bench.caller.send("ATD200<CR>")
        await bench.called.expect("{RING}")
        await bench.called.send("ATA<CR>")
        for dte in (bench.caller, bench.called):
            heard = await dte.receive_until("{NO CARRIER}")
            assert heard.endswith(b"\x10\x04") is (b"CONNECT" in heard)
            await dte.at("+FTS=1", "{ERROR}")

    faults: list[Fault] = [HangUp(at_s=at_s)]
    on_bench(test, set_up=V34, faults=faults)


def test_xon_and_xoff_come_between_the_data() -> None:
    async def test(bench: Bench) -> None:
        await connect(bench)
        await bench.caller.send("<FF 03 01><DLE><ETX>")
        await bench.called.send("<XOFF>")
        await bench.called.expect_nothing(1)
        await bench.called.send("<FF XON 03 02 10 51><DLE><ETX>".replace(" XON ", "><XON><"))
        await bench.called.expect("<FF 03 01><DLE><ETX>")
        await bench.caller.expect("<FF 03 02 10 51><DLE><ETX>")

    on_bench(test, set_up="E0&K4+FCLASS=1.0;+F34=14,1,2")


def test_pairs_of_dle_are_shortened_if_the_dte_likes() -> None:
    async def test(bench: Bench) -> None:
        await bench.called.at("+FDD=1")
        await connect(bench)
        await bench.caller.send("<FF 03 10 1A 10 10><DLE><ETX>")
        await bench.called.expect("<FF 03 10 1A 10 10><DLE><ETX>")

    on_bench(test, set_up=V34)


def test_the_escapes_of_the_stream() -> None:
    octets = bytes(range(256)) * 2
    buffer = bytearray(stuff_duplex(octets) + b"\x10\x6b\x10")
    taken = iter(lambda: take_duplex(buffer), None)
    found = list(taken)
    assert b"".join(token for token in found if isinstance(token, bytes)) == octets
    assert found[-1] == 0x6B
    assert buffer == b"\x10"  # half a pair
    assert not {0x11, 0x13} & set(stuff_duplex(octets))
