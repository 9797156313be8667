"""A coded page in blocks of frames (T.4 Annex A)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.call.blocks import Block, coded_frame, is_rcp
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.frames import Frame

RCP = bytes.fromhex("ff 03 86")


@pytest.mark.parametrize("octets", [64, 256])
@pytest.mark.parametrize(
    ("length", "sizes"),
    [
        (0, [1]),
        (1, [1]),
        (64, [1]),
        (BLOCK_FRAMES * 64, [64]),
        (BLOCK_FRAMES * 256, [256]),
        (BLOCK_FRAMES * 256 + 1, [256, 1]),
        (3 * BLOCK_FRAMES * 256, [256, 256, 256]),
    ],
)
def test_how_many_frames_a_page_has(length: int, sizes: list[int], octets: int) -> None:
    if octets == 64:
        sizes = [min(BLOCK_FRAMES, left) for left in range(max(1, -(-length // 64)), 0, -BLOCK_FRAMES)]
    page = b"\x55" * length
    blocks = [Block.of(page, number, octets) for number in range(len(sizes))]
    assert [len(block.pieces) for block in blocks] == sizes
    assert [block.more for block in blocks] == [True] * (len(sizes) - 1) + [False]
    assert {len(piece) for block in blocks for piece in block.pieces} == {octets}
    assert b"".join(piece for block in blocks for piece in block.pieces).rstrip(b"\0") == page
    assert [block.begin for block in blocks] == [number * BLOCK_FRAMES * octets for number in range(len(sizes))]


def test_a_burst_is_octets_for_the_modem() -> None:
    """Address, control without its final bit, FCF, number, data; three times the end of the block."""
    block = Block.of(bytes(range(130)), 0, 64)
    assert block.burst(()) == [
        b"\xff\x03\x06\x00" + bytes(range(64)),
        b"\xff\x03\x06\x01" + bytes(range(64, 128)),
        b"\xff\x03\x06\x02" + bytes([128, 129]) + bytes(62),
        *[RCP] * 3,
    ]


def test_only_the_frames_that_were_asked_for_go_once_more() -> None:
    block = Block.of(bytes(range(130)), 0, 64)
    whole = block.burst(())
    assert block.burst((2, 0)) == [whole[2], whole[0], *[RCP] * 3]
    assert block.burst((0,), twice=True) == [whole[0], whole[0], *[RCP] * 3]
    assert block.burst((1, *range(3, 256))) == [whole[1], *[RCP] * 3]  # a PPR has the bits behind the last frame set


@given(st.binary(max_size=64 * 5), st.integers(0, 255))
def test_a_frame_comes_back(data: bytes, number: int) -> None:
    octets = Frame.of(Fcf.FCD, CodedFrame(number, data[:256]), final=False).build()
    assert coded_frame(octets) == CodedFrame(number, data[:256])
    assert not is_rcp(octets)


@given(st.binary(max_size=300))
def test_octets_that_are_no_frame_are_none(octets: bytes) -> None:
    frame = coded_frame(octets)
    assert frame is None or (octets[0] == 0xFF and octets[2] == Fcf.FCD and len(frame.data) <= 256)


@pytest.mark.parametrize("octets", ["", "ff 03", "ff 13 2f", "ff 03 06", "ff 03 86", "ff 03 06 00" + " 00" * 257])
def test_frames_without_data_of_a_page(octets: str) -> None:
    assert coded_frame(bytes.fromhex(octets)) is None


def test_the_end_of_a_block_is_known() -> None:
    assert is_rcp(RCP)
    assert not is_rcp(RCP[:2])
