"""V.34 in class 1.0: the codes of the stream, the driver against a played modem and against emulated ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.emulator.faults import BitErrors, Fault, HangUp, NoV8, V34Limit
from faxmodem.emulator.pair import Exchange, emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import LocalProtocolError, ModemTimeout
from faxmodem.modem.at import Data, Decoder, DleCommand, Event, Result, ResultCode, Text, stuff_duplex
from faxmodem.modem.base import CallFailed, Heard, LineDropped, Link
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import Profile, load_profile
from faxmodem.modem.v34 import Channel, Code, Ended, Frame, Stream
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.base import Flow
from faxmodem.transport.memory import null_modem_pair
from tests.unit.modem.dce import DLE_ETX, SET_UP, Dce, Script, converse
from tests.unit.modem.dce import PROFILE as CLASS1

PROFILE = load_profile("class1.0")
V34 = Modulation.V34
DIS, DCS = bytes.fromhex("ff 13 80 00 6e 78"), bytes.fromhex("ff 13 83 00 22 00")
CSI, TSI = (bytes.fromhex(head) + b"%20s" % b"4321 03" for head in ("ff 03 40", "ff 03 43"))
CFR, MCF, PPS, DCN = (bytes.fromhex(frame) for frame in ("ff 13 84", "ff 13 8c", "ff 13 bf 2f 00 00 ff", "ff 13 fb"))
RCP = bytes.fromhex("ff 03 86")
BLOCK = [bytes((0xFF, 0x03, 0x06, n)) + bytes((n ^ k) & 0xFF for k in range(256)) for n in range(256)]

CTRL = b"\x10\x6d\x10\x7d\x10\x6e"
PRI = b"\x10\x6b\x10\x7d"
BEL = b"\x10\x07"
EOT = b"\x10\x04"


def shown(frame: bytes) -> bytes:
    return stuff_duplex(frame) + DLE_ETX


# The decoder of at.py


def decoded(*pieces: bytes) -> list[Event]:
    """What a stream gives after ATA, in any pieces; data that come in pieces are joined."""
    decoder = Decoder()
    decoder.sent("ATA")
    events: list[Event] = []
    for piece in (b"\r\n+F34: 14,1\r\n\r\nCONNECT\r\n", *pieces):
        for event in decoder.feed(piece):
            if isinstance(event, Data) and events and isinstance(events[-1], Data):
                events[-1] = Data(events[-1].data + event.data)
            else:
                events.append(event)
    assert events[:2] == [Result(ResultCode.V34, "+F34: 14,1"), Result(ResultCode.CONNECT, "CONNECT")]
    return events[2:]


def test_data_and_commands_are_told_apart() -> None:
    octets = bytes(range(256))
    assert decoded(shown(octets), b"\x10\x1a", BEL, CTRL) == [
        *(Data(octets), DleCommand(0x03), Data(b"\x10\x10"), DleCommand(0x07)),
        *(DleCommand(0x6D), DleCommand(0x7D), DleCommand(0x6E)),
    ]


@pytest.mark.parametrize("text", ["OK", "ERROR", "NO CARRIER"])
def test_a_result_between_two_frames_ends_the_stream(text: str) -> None:
    said = f"\r\n{text}\r\n".encode()
    assert decoded(said)[0] == Result(ResultCode[text.replace(" ", "_")], text)
    assert decoded(shown(CFR), said, b"\r\nRING\r\n")[2:] == [
        Result(ResultCode[text.replace(" ", "_")], text),
        Result(ResultCode.RING, "RING"),
    ]
    assert decoded(b"\xff" + said, DLE_ETX) == [Data(b"\xff" + said), DleCommand(0x03)]


def test_after_eot_there_are_lines_again() -> None:
    assert decoded(EOT + b"\r\nNO CARRIER\r\n") == [DleCommand(0x04), Result(ResultCode.NO_CARRIER, "NO CARRIER")]


def test_flow_control_between_frames_is_no_data() -> None:
    assert decoded(b"\x13\x11", shown(CFR), b"\x11", CTRL)[0] == Data(CFR)


def test_a_query_does_not_begin_a_stream() -> None:
    decoder = Decoder()
    decoder.sent("AT+F34=?")
    events = decoder.feed(b"\r\n(0-14),(0-14),(0-2)\r\n\r\nOK\r\nx")
    assert events == [Text("(0-14),(0-14),(0-2)"), Result(ResultCode.OK, "OK")]


PIECES = [shown(CFR), shown(BLOCK[16]), CTRL, PRI, BEL, b"\x10", b"\x11", b"\r\nO", EOT]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.data())
def test_any_pieces_give_the_same(stream: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    assert decoded(*pieces) == decoded(octets)


@given(st.binary(max_size=400))
def test_whatever_comes_is_read(octets: bytes) -> None:
    stream = Stream(33600, 1200)
    frames = [came.octets for event in decoded(octets) if isinstance(came := stream.feed(event), Frame)]
    assert sum(len(frame or b"") for frame in frames) <= len(octets)


# What the stream means


def meant(*octets: bytes) -> list[Frame | Channel | Ended]:
    stream = Stream(33600, 1200)
    return [came for event in decoded(*octets) if (came := stream.feed(event)) is not None]


@pytest.mark.parametrize(
    ("octets", "came"),
    [
        (shown(CFR), [Frame(CFR)]),
        (shown(CFR) + shown(DCN), [Frame(CFR), Frame(DCN)]),
        (CFR + BEL, [Frame(None)]),
        (BEL, [Frame(None)]),
        (b"\xff" + DLE_ETX, [Frame(None)]),
        (DLE_ETX, []),
        (PRI, [Channel.PRIMARY]),
        (CTRL, [Channel.CONTROL]),
        (b"\x10\x6b", []),
        (b"\xff\x03" + CTRL + shown(CFR), [Channel.CONTROL, Frame(CFR)]),
        (b"\x10\x69", []),
        (b"\x10\x55", []),
        (b"\x10\x70", []),
        (EOT, [Ended("<DLE><EOT>")]),
        (b"\r\nNO CARRIER\r\n", [Ended("NO CARRIER")]),
        (b"\xff" * 2000 + DLE_ETX, [Frame(b"\xff" * 1024)]),
    ],
)
def test_meaning(octets: bytes, came: list[Frame | Channel | Ended]) -> None:
    assert meant(octets) == came


def test_each_rate_has_its_code() -> None:
    stream = Stream(0, 0)
    for code in range(0x70, 0x7E):
        stream.feed(DleCommand(code))
        assert stream.primary_rate_bps == 2400 * (code - 0x6F)
    for code, rate in ((Code.CONTROL_1200, 1200), (0x6F, 2400)):
        stream.feed(DleCommand(code))
        assert stream.control_rate_bps == rate


# Against a played modem


async def nothing(_modem: Class1Modem) -> None:
    """Dialling is all."""


def on_v34(driver: Callable[[Class1Modem], Awaitable[Any]], script: Script, profile: Profile = PROFILE) -> Any:  # noqa: ANN401 - whatever the driver gives
    """What the driver does once a V.34 link is up."""

    async def dials(modem: Class1Modem) -> Any:  # noqa: ANN401
        assert await modem.dial("5") is Link.V34
        return await driver(modem)

    async def takes_the_call(dce: Dce) -> None:
        await dce.hears("ATDT5")
        await dce.says("+F34:14,1", "CONNECT")
        await script(dce)

    return converse(dials, takes_the_call, profile=profile)


def said(*octets: bytes) -> Script:
    async def script(dce: Dce) -> None:
        for piece in octets:
            await dce.sends(piece)

    return script


def receives_frame(modem: Class1Modem) -> Awaitable[bytes | Heard]:
    return modem.receive_frame()


@pytest.mark.parametrize(
    ("octets", "heard"),
    [
        (shown(CFR), CFR),
        (CTRL + shown(CFR), CFR),  # some report the channel at once
        (CFR + BEL, Heard.DAMAGED),
        (b"\x10\x69" + CTRL + shown(CFR), CFR),
        (PRI, Heard.NO_CARRIER),
        (CFR[:2], Heard.DAMAGED),  # and no more for ten seconds
    ],
)
def test_what_comes_of_a_frame(octets: bytes, heard: bytes | Heard) -> None:
    assert on_v34(receives_frame, said(octets)) == heard


HUNG_UP = b"\r\nNO CARRIER\r\n"


@pytest.mark.parametrize("octets", [EOT, EOT + HUNG_UP, HUNG_UP, b"\xff\x13" + HUNG_UP])
def test_the_end_is_a_dropped_line_for_good(octets: bytes) -> None:
    async def driver(modem: Class1Modem) -> None:
        for _ in range(2):
            with pytest.raises(LineDropped):
                await modem.receive_frame()
        with pytest.raises(LineDropped):
            await modem.send_frames([DCN])
        with pytest.raises(LineDropped):
            await modem.send_block(V34, [RCP])

    on_v34(driver, said(octets))


def test_flags_are_told_as_the_frame_begins() -> None:
    async def driver(modem: Class1Modem) -> float:
        begun: list[float] = []
        await modem.receive_frame(lambda: begun.append(anyio.current_time()))
        (at,) = begun
        return anyio.current_time() - at

    async def script(dce: Dce) -> None:
        await dce.sends(CFR[:1])
        await anyio.sleep(2)
        await dce.sends(CFR[1:] + DLE_ETX)

    assert on_v34(driver, script) == pytest.approx(2.0)


def test_frames_take_their_time_on_the_line() -> None:
    async def driver(modem: Class1Modem) -> float:
        begun = anyio.current_time()
        await modem.send_frames([TSI, DCS])
        return anyio.current_time() - begun

    async def script(dce: Dce) -> None:
        await dce.hears_bytes(shown(TSI) + shown(DCS))

    assert on_v34(driver, script) == pytest.approx((len(TSI) + len(DCS)) * 8 / 1200, rel=0.1)


def test_an_answer_that_comes_while_we_send_is_kept() -> None:
    async def driver(modem: Class1Modem) -> bytes | Heard:
        await modem.send_frames([TSI, DCS])
        return await modem.receive_frame()

    assert on_v34(driver, _then_hears(said(shown(CFR)), shown(TSI) + shown(DCS))) == CFR


def _then_hears(script: Script, octets: bytes) -> Script:
    async def both(dce: Dce) -> None:
        await script(dce)
        await dce.hears_bytes(octets)

    return both


def test_a_block_goes_by_the_primary_channel() -> None:
    async def driver(modem: Class1Modem) -> list[int]:
        counts: list[int] = []
        assert modem.primary_rate_bps == 33600
        await modem.send_block(V34, [*BLOCK[15:21], RCP], on_progress=counts.append)
        assert modem.primary_rate_bps == 31200
        return counts

    async def script(dce: Dce) -> None:
        await dce.hears_bytes(b"\x10\x6b")
        await dce.hears_nothing(3)
        await dce.sends(b"\x10\x6b")
        await dce.hears_nothing(0.1)
        await dce.sends(b"\x10\x7c")
        await dce.hears_bytes(b"".join(map(shown, [*BLOCK[15:21], RCP])) + b"\x10\x6d")
        await dce.hears_nothing(20)
        await dce.sends(b"\x10\x6d\x10\x7c\x10\x6e")

    assert on_v34(driver, script) == [1, 2, 3, 4, 5, 6, 7]


def test_a_modem_that_never_gives_the_primary_channel() -> None:
    async def script(dce: Dce) -> None:
        await dce.hears_bytes(b"\x10\x6b")

    with pytest.raises(ModemTimeout, match="primary channel"):
        on_v34(lambda modem: modem.send_block(V34, [RCP]), script)


def test_a_modem_that_leaves_the_primary_channel_by_itself_ends_the_block() -> None:
    async def driver(modem: Class1Modem) -> int:
        counts = [0]
        await modem.send_block(V34, BLOCK, on_progress=counts.append)
        await modem.send_frames([PPS])
        return counts[-1]

    async def script(dce: Dce) -> None:
        await dce.hears_bytes(b"\x10\x6b")
        await dce.sends(PRI)
        await dce.hears_bytes(shown(BLOCK[0]))
        await dce.sends(b"\x13" + CTRL)
        await anyio.sleep(1)
        await dce.sends(b"\x11")
        assert b"\x10\x6d" not in await dce.hears_up_to(shown(PPS))

    assert 1 <= on_v34(driver, script) < 200


def test_a_block_comes_by_the_primary_channel() -> None:
    frames: list[bytes | None] = []

    async def driver(modem: Class1Modem) -> Heard:
        return await modem.receive_block(V34, frames.append)

    heard = on_v34(driver, said(PRI, shown(BLOCK[17]), BLOCK[18] + BEL, shown(RCP), CTRL))
    assert heard is Heard.NO_CARRIER
    assert frames == [BLOCK[17], None, RCP]


def test_a_command_instead_of_a_block_is_kept_for_the_next() -> None:
    async def driver(modem: Class1Modem) -> list[bytes | Heard]:
        return [await modem.receive_block(V34, no_frame), await modem.receive_frame()]

    assert on_v34(driver, said(shown(DCS))) == [Heard.WRONG_CARRIER, DCS]


def no_frame(frame: bytes | None) -> None:
    raise AssertionError(frame)


def test_a_block_whose_end_does_not_come() -> None:
    async def driver(modem: Class1Modem) -> list[bytes | Heard]:
        return [await modem.receive_block(V34, lambda _: None), await modem.receive_frame()]

    async def script(dce: Dce) -> None:
        await dce.sends(PRI + shown(RCP))
        await anyio.sleep(20)
        await dce.sends(shown(RCP) + CTRL + shown(PPS))

    assert on_v34(driver, script) == [Heard.NO_CARRIER, PPS]


@pytest.mark.parametrize(("wanted_bps", "code"), [(33600, 0x7D), (14_400, 0x75), (10_000, 0x73), (100, 0x70)])
def test_a_lower_rate_is_asked_for(wanted_bps: int, code: int) -> None:
    async def driver(modem: Class1Modem) -> int:
        await modem.limit_primary_rate(wanted_bps)
        return modem.primary_rate_bps

    async def script(dce: Dce) -> None:
        await dce.hears_bytes(bytes((0x10, code, 0x10, 0x6C)))
        await dce.sends(b"\x10\x6d\x10\x71\x10\x6e")

    assert on_v34(driver, script) == 4800


@pytest.mark.parametrize("result", ["OK", "NO CARRIER", "ERROR"])
def test_hanging_up_ends_the_session_first(result: str) -> None:
    async def script(dce: Dce) -> None:
        await dce.hears_bytes(EOT)
        await anyio.sleep(5)
        await dce.says(result)
        await dce.does("AT", "ATH0")

    on_v34(Class1Modem.hang_up, script)


def test_hanging_up_a_modem_that_ends_the_session_without_a_word() -> None:
    async def script(dce: Dce) -> None:
        await dce.hears_bytes(EOT)
        await dce.hears_nothing(5)
        await dce.hears_bytes(EOT)
        await dce.does("AT", "ATH0")

    on_v34(Class1Modem.hang_up, script)


def test_hanging_up_behind_half_a_pair() -> None:
    async def driver(modem: Class1Modem) -> None:
        await modem._transport.send(b"\x10")
        await modem.hang_up()
        with pytest.raises(LineDropped, match="hung up"):
            await modem.receive_frame()

    async def script(dce: Dce) -> None:
        await dce.hears_bytes(b"\x10" + EOT)  # data 10h and 04h
        await dce.hears_bytes(EOT)
        await dce.says("OK")
        await dce.does("AT", "ATH0")

    on_v34(driver, script)


@pytest.mark.parametrize(
    "action",
    [
        lambda modem: modem.send_data(V34, bytes(10)),
        lambda modem: modem.send_data(Modulation.V29_9600, bytes(10)),
        lambda modem: modem.receive_data(V34, lambda _: None),
        lambda modem: modem.send_block(Modulation.V17_14400, [RCP]),
        lambda modem: modem.receive_block(Modulation.V17_14400, lambda _: None),
        lambda modem: modem.send_frames([TSI]),
    ],
)
def test_a_v34_link_carries_frames_and_blocks_only(action: Callable[[Class1Modem], Awaitable[Any]]) -> None:
    with pytest.raises(LocalProtocolError):
        on_v34(action, said())


@pytest.mark.parametrize(
    "action",
    [
        lambda modem: modem.send_block(V34, [RCP]),
        lambda modem: modem.receive_block(V34, lambda _: None),
        lambda modem: modem.send_data(V34, bytes(10)),
        lambda modem: modem.limit_primary_rate(9600),
    ],
)
def test_v34_needs_its_link(action: Callable[[Class1Modem], Awaitable[Any]]) -> None:
    with pytest.raises(LocalProtocolError):
        converse(action, said())


def test_v34_that_comes_to_nothing_is_a_failed_call() -> None:
    async def script(dce: Dce) -> None:
        await dce.hears("ATDT5")
        await dce.says("+F34:14,1", "NO CARRIER")

    with pytest.raises(CallFailed) as failed:
        converse(lambda modem: modem.dial("5"), script, profile=PROFILE)
    assert failed.value.outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize("taken", [True, False])
def test_set_up_turns_v34_on(taken: bool) -> None:
    async def script(dce: Dce) -> None:
        commands = [command.replace("+FCLASS=1", "+FCLASS=1.0") for command in SET_UP]
        first_rate = commands.index("AT+FCLASS=?")
        for command in [*commands[:first_rate], "AT+F34=14,1,0", *commands[first_rate:]]:
            await dce.hears(command)
            await dce.says("OK" if taken or "F34" not in command else "ERROR")

    identity = converse(Class1Modem.set_up, script, profile=PROFILE)
    assert (V34 in identity.transmits) is taken
    assert (V34 in identity.receives) is taken
    assert Modulation.V29_9600 in identity.transmits


def test_the_generic_profile_leaves_v34_off() -> None:
    assert CLASS1.at.v34 is None
    assert CLASS1.classes.prefer == ("1",)


# Against emulated modems


Part = Callable[[Class1Modem], Coroutine[Any, Any, Any]]  # Any: as anyio's start_soon has it


@asynccontextmanager
async def two_modems(
    *faults: Fault, profiles: Sequence[Profile] = (PROFILE, PROFILE), settings: DceSettings | None = None
) -> AsyncIterator[tuple[Class1Modem, Class1Modem, Exchange]]:
    (a, a_dce), (b, b_dce) = null_modem_pair(), null_modem_pair()
    async with emulated_line(a_dce, b_dce, faults=faults, settings=settings) as exchange:
        calling, called = Class1Modem(a, profiles[0]), Class1Modem(b, profiles[1])
        await calling.set_up()
        await called.set_up()
        yield calling, called, exchange


async def answers(modem: Class1Modem, link: Link = Link.V34) -> None:
    await modem.wait_for_ring()
    assert await modem.answer() is link


def on_line(caller: Part, called: Part, *faults: Fault, flow: Flow | None = None) -> None:
    """Run both ends of a V.34 call, each from the moment when its link is up; both hang up after it."""
    profile = PROFILE
    if flow is not None:
        profile = PROFILE.model_copy(update={"flow": PROFILE.flow.model_copy(update={"while_sending": flow})})

    async def takes(modem: Class1Modem) -> None:
        await answers(modem)
        await called(modem)
        await modem.hang_up()

    async def main() -> None:
        async with (
            two_modems(*faults, profiles=(profile, profile)) as (calling, answering, _),
            anyio.create_task_group() as group,
        ):
            group.start_soon(takes, answering)
            assert await calling.dial("200") is Link.V34
            await caller(calling)
            await calling.hang_up()

    run_virtual(main)


async def sends_fax(modem: Class1Modem) -> None:
    assert [await modem.receive_frame(), await modem.receive_frame()] == [CSI, DIS]
    await modem.send_frames([TSI, DCS])
    assert await modem.receive_frame() == CFR
    await modem.send_block(V34, [*BLOCK, RCP, RCP, RCP])
    await modem.send_frames([PPS])
    assert await modem.receive_frame() == MCF
    await modem.send_frames([DCN])


async def receives_fax(modem: Class1Modem) -> None:
    await modem.send_frames([CSI, DIS])
    assert [await modem.receive_frame(), await modem.receive_frame()] == [TSI, DCS]
    await modem.send_frames([CFR])
    frames: list[bytes | None] = []
    assert await modem.receive_block(V34, frames.append) is Heard.NO_CARRIER
    assert frames == [*BLOCK, RCP, RCP, RCP]
    assert await modem.receive_frame() == PPS
    await modem.send_frames([MCF])
    assert await modem.receive_frame() == DCN
    with pytest.raises(LineDropped):
        await modem.receive_frame()


@pytest.mark.parametrize("flow", Flow)
def test_a_fax_goes_through(flow: Flow) -> None:
    on_line(sends_fax, receives_fax, flow=flow)


def test_the_line_time_of_a_block_is_that_of_its_bits() -> None:
    async def sends(modem: Class1Modem) -> None:
        begun = anyio.current_time()
        await modem.send_block(V34, BLOCK)
        assert anyio.current_time() - begun < 1.06 * 260 * 256 * 8 / 33600 + 0.8
        await modem.send_frames([DCN])

    async def receives(modem: Class1Modem) -> None:
        await modem.receive_block(V34, lambda _: None)
        assert await modem.receive_frame() == DCN

    on_line(sends, receives)


def test_bit_errors_come_as_damaged_frames_and_are_mended_by_another_block() -> None:
    async def sends(modem: Class1Modem) -> None:
        await modem.send_block(V34, BLOCK)
        missing = await modem.receive_frame()
        while isinstance(missing, bytes) and len(missing) > 4:
            await modem.send_block(V34, [BLOCK[n] for n in missing[4:]])
            missing = await modem.receive_frame()
        assert missing == MCF

    async def receives(modem: Class1Modem) -> None:
        got: dict[int, bytes] = {}
        damaged = 0

        def take(frame: bytes | None) -> None:
            nonlocal damaged
            damaged += frame is None
            if frame is not None:
                got[frame[3]] = frame

        while len(got) < len(BLOCK):
            await modem.receive_block(V34, take)
            missing = [n for n in range(len(BLOCK)) if n not in got]
            await modem.send_frames([bytes.fromhex("ff 13 bc 00") + bytes(missing)] if missing else [MCF])
        assert damaged > 20
        assert [got[n] for n in range(256)] == BLOCK
        with pytest.raises(LineDropped):
            await modem.receive_frame()

    on_line(sends, receives, BitErrors(sender="100", share=1e-4))


def test_both_send_at_once() -> None:
    async def talks(modem: Class1Modem) -> None:
        await modem.send_frames([DIS])
        assert await modem.receive_frame() == DIS
        await modem.send_frames([MCF])
        assert await modem.receive_frame() == MCF

    on_line(talks, talks)


def test_the_rate_follows_the_line() -> None:
    async def sends(modem: Class1Modem) -> None:
        assert modem.primary_rate_bps == 33600
        await modem.send_block(V34, BLOCK[:20])
        await anyio.sleep(10)
        await modem.send_block(V34, BLOCK[:20])
        assert modem.primary_rate_bps == 14400
        await modem.send_frames([DCN])

    async def receives(modem: Class1Modem) -> None:
        await modem.receive_block(V34, lambda _: None)
        assert modem.primary_rate_bps == 33600
        await modem.receive_block(V34, lambda _: None)
        assert modem.primary_rate_bps == 14400
        assert await modem.receive_frame() == DCN

    on_line(sends, receives, V34Limit(rate_bps=15_000, from_s=12.0))


@pytest.mark.parametrize("asks", ["caller", "called"])
def test_either_end_slows_down(asks: str) -> None:
    async def slows(modem: Class1Modem) -> None:
        await modem.limit_primary_rate(9600)
        assert modem.primary_rate_bps == 9600
        await modem.send_frames([MCF])
        assert await modem.receive_frame() == MCF

    async def is_slowed(modem: Class1Modem) -> None:
        assert await modem.receive_frame() == MCF
        await modem.send_frames([MCF])
        assert modem.primary_rate_bps == 9600

    on_line(*((slows, is_slowed) if asks == "caller" else (is_slowed, slows)))


async def talks_on(modem: Class1Modem) -> None:
    """Sends and receives all that there is."""
    while True:
        await modem.send_frames([CSI, DIS])
        await modem.send_block(V34, BLOCK[:30])
        with anyio.move_on_after(1.0):
            await modem.receive_frame()


async def takes_blocks(modem: Class1Modem) -> None:
    while True:
        await modem.receive_block(V34, lambda _: None)


def until_dropped(part: Part) -> Part:
    async def drops(modem: Class1Modem) -> None:
        with pytest.raises(LineDropped):
            await part(modem)

    return drops


@pytest.mark.parametrize("at_s", [6.0, 6.1, 6.2, 6.35, 6.5, 6.7, 7.0, 8.0, 8.4, 8.6, 9.0, 9.5])
def test_a_line_that_is_dropped_at_any_time(at_s: float) -> None:
    on_line(until_dropped(talks_on), until_dropped(takes_blocks), HangUp(at_s=at_s))


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.4, 0.6, 0.8, 1.5, 2.6, 3.0])
def test_a_far_end_that_hangs_up_at_any_time(after_s: float) -> None:
    async def leaves(modem: Class1Modem) -> None:
        with anyio.move_on_after(after_s):
            await takes_blocks(modem)

    on_line(until_dropped(talks_on), leaves)


@pytest.mark.parametrize("after_s", [0.5, 1.0, 2.0, 3.0, 4.0, 5.0])
@pytest.mark.parametrize("leaver", ["caller", "called"])
def test_a_far_end_that_hangs_up_before_the_link_is_up(leaver: str, after_s: float) -> None:
    async def takes(modem: Class1Modem) -> None:
        await modem.wait_for_ring()
        if leaver == "called":
            with anyio.move_on_after(after_s):
                await modem.answer()
        else:
            with pytest.raises(CallFailed):
                await modem.answer()
        await modem.hang_up()

    async def main() -> None:
        async with two_modems() as (calling, called, _), anyio.create_task_group() as group:
            group.start_soon(takes, called)
            if leaver == "called":
                with pytest.raises(CallFailed):
                    await calling.dial("200")
            else:
                with anyio.move_on_after(after_s + 2.0):  # the called end has heard a ring by then
                    await calling.dial("200")
            await calling.hang_up()

    run_virtual(main)


CANCELLED = [0.0, 0.01, 0.06, 0.2, 0.35, 1.0, 2.0, 2.4, 2.6]


async def sends_all(modem: Class1Modem) -> None:
    await modem.send_frames([TSI, DCS])
    await modem.send_block(V34, BLOCK[:25])
    await modem.send_frames([PPS])


async def slows_down(modem: Class1Modem) -> None:
    await modem.limit_primary_rate(4800)


async def waits_for_block(modem: Class1Modem) -> None:
    await modem.receive_block(V34, lambda _: None)


@pytest.mark.parametrize("flow", [Flow.XONXOFF, Flow.NONE])
@pytest.mark.parametrize("after_s", CANCELLED)
@pytest.mark.parametrize("action", [sends_all, slows_down, waits_for_block, receives_frame])
def test_after_any_cancelled_action_frames_get_through(action: Part, after_s: float, flow: Flow) -> None:
    heard: list[bytes | Heard] = []
    blocks: list[bytes | None] = []

    async def cancels(modem: Class1Modem) -> None:
        with anyio.move_on_after(after_s):
            await action(modem)
        await modem.send_frames([DCN])
        assert await modem.receive_frame() == MCF

    async def listens(modem: Class1Modem) -> None:
        while DCN not in heard:
            heard.append(await modem.receive_frame())
            if heard[-1] is Heard.NO_CARRIER:
                await modem.receive_block(V34, blocks.append)
        await modem.send_frames([MCF])
        with pytest.raises(LineDropped):
            await modem.receive_frame()

    on_line(cancels, listens, flow=flow)
    assert not {frame for frame in heard if isinstance(frame, bytes)} - {TSI, DCS, PPS, DCN}
    assert not {frame for frame in blocks if frame is not None} - set(BLOCK)


@pytest.mark.parametrize("after_s", CANCELLED)
@pytest.mark.parametrize("action", [sends_all, slows_down, waits_for_block, receives_frame])
def test_after_any_cancelled_action_the_line_is_freed_at_once(action: Part, after_s: float) -> None:
    async def cancels(modem: Class1Modem) -> None:
        with anyio.move_on_after(after_s):
            await action(modem)
        begun = anyio.current_time()
        await modem.hang_up()
        assert anyio.current_time() - begun < 1.5

    on_line(cancels, until_dropped(takes_blocks))


@pytest.mark.parametrize("after_s", [3.0, 4.5, 5.3, 5.8, 6.3, 7.0, 8.9, 9.36, 9.38, 9.39, 9.4])
def test_cancelled_set_up_leaves_the_line_free(after_s: float) -> None:
    async def takes(modem: Class1Modem) -> None:
        await answers(modem)
        await receives_fax(modem)
        await modem.hang_up()

    async def main() -> None:
        async with two_modems() as (calling, called, _):
            with anyio.move_on_after(20):
                async with anyio.create_task_group() as group:
                    group.start_soon(takes, called)
                    with anyio.move_on_after(after_s - anyio.current_time()):
                        await calling.dial("200")
                    begun = anyio.current_time()
                    await calling.hang_up()
                    assert anyio.current_time() - begun < 3.0
                    group.cancel_scope.cancel()
            await called.hang_up()
            await anyio.sleep(10)
            async with anyio.create_task_group() as group:
                group.start_soon(takes, called)
                assert await calling.dial("200") is Link.V34
                await sends_fax(calling)
                await calling.hang_up()

    run_virtual(main)


PLAIN = PROFILE.model_copy(update={"at": PROFILE.at.model_copy(update={"v34": None})})


@pytest.mark.parametrize(
    ("profiles", "faults"),
    [
        ((PROFILE, PROFILE), (NoV8(),)),
        ((PROFILE, PROFILE), (NoV8(sender="200"),)),
        ((PROFILE, CLASS1), ()),
        ((CLASS1, PROFILE), ()),
        ((PLAIN, PROFILE), ()),
        ((PROFILE, PLAIN), ()),
    ],
)
def test_where_v34_does_not_come_about_the_link_is_v21(
    profiles: tuple[Profile, Profile], faults: tuple[Fault, ...]
) -> None:
    async def takes(modem: Class1Modem) -> None:
        await answers(modem, Link.V21)
        await modem.send_frames([CSI, DIS])
        assert await modem.receive_frame() == DCN
        await modem.hang_up()

    async def main() -> None:
        async with two_modems(*faults, profiles=profiles) as (calling, called, _), anyio.create_task_group() as group:
            group.start_soon(takes, called)
            assert await calling.dial("200") is Link.V21
            assert [await calling.receive_frame(), await calling.receive_frame()] == [CSI, DIS]
            assert calling.primary_rate_bps == 0
            await calling.send_frames([DCN])
            await calling.hang_up()

    run_virtual(main)


def test_a_modem_without_v34_serves_the_profile_that_wants_it() -> None:
    async def main() -> None:
        async with two_modems(settings=replace(DceSettings(), takes_v34=False)) as (calling, _, _exchange):
            assert V34 not in calling.identity.transmits
            assert Modulation.V17_14400 in calling.identity.transmits

    run_virtual(main)


def test_after_a_v34_call_comes_one_in_v21() -> None:
    """Nothing of the session is left in the driver."""

    async def takes(modem: Class1Modem) -> None:
        await answers(modem)
        await receives_fax(modem)
        await modem.hang_up()
        await answers(modem, Link.V21)
        await modem.send_frames([DIS])
        await modem.hang_up()

    async def main() -> None:
        async with two_modems(NoV8(call=1)) as (calling, called, _), anyio.create_task_group() as group:
            group.start_soon(takes, called)
            await calling.dial("200")
            await sends_fax(calling)
            await calling.hang_up()
            assert calling.primary_rate_bps == 33600
            await anyio.sleep(10)
            assert await calling.dial("200") is Link.V21
            assert await calling.receive_frame() == DIS
            assert calling.primary_rate_bps == 0
            await calling.hang_up()

    run_virtual(main)
