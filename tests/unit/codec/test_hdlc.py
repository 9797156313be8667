"""Frames to a stream and back: against the standard's examples, a plain coder, and a line that does its worst."""

from __future__ import annotations

from itertools import accumulate, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec import hdlc
from faxmodem.codec.fcs import fcs
from faxmodem.errors import CodecError
from tests.unit.codec import plain

FLAG = "01111110"
RCP = bytes.fromhex("ff 03 86")
RCP_ON_LINE = "111110111" + "11000000001100001" + "1001011011010011"

# Many ones, for these are what zeros are inserted into.
OCTET = st.sampled_from([0xFF, 0x00, 0x7E, 0xFE, 0x7F, 0x1F, 0xF8, 0x10]) | st.integers(0, 255)
FRAMES = st.lists(st.lists(OCTET, min_size=3, max_size=40).map(bytes), max_size=6)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def fcd(number: int, size: int = 256, *, seed: int = 0) -> bytes:
    return bytes((0xFF, 0x03, 0x06, number)) + Random(f"{seed}/{number}").randbytes(size)


def plain_frame(frame: bytes) -> str:
    """A frame's bits on the line, by counting ones."""
    bits, ones = "", 0
    for bit in plain.unlink(frame + fcs(frame)):
        bits += bit
        ones = ones + 1 if bit == "1" else 0
        if ones == 5:
            bits += "0"
            ones = 0
    return bits


def received(*bits: str, pieces: tuple[int, ...] = ()) -> list[bytes | None]:
    """What the decoder makes of bits on the line, zeros behind them up to the octet, cut at some places."""
    return fed(plain.link("".join(bits)), list(pieces))


def fed(octets: bytes, cuts: list[int]) -> list[bytes | None]:
    decoder = hdlc.Decoder()
    places = [0, *sorted(cut for cut in cuts if cut < len(octets)), len(octets)]
    return [frame for begin, end in pairwise(places) for frame in decoder.feed(octets[begin:end])]


# The example frames of T.30 with the FCS that each has on the line.
@pytest.mark.parametrize(
    ("frame", "check"),
    [
        ("ff 13 84", "ea 7d"),
        ("ff 13 44", "e6 bb"),
        ("ff 13 8c", "a2 f1"),
        ("ff 13 2f", "33 66"),
        ("ff 13 fa", "13 e7"),
        ("ff 03 86", "69 cb"),
        ("ff 13 80 00 6e b8 00", "b5 27"),
        ("ff 13 83 00 62 f8 44", "9c dd"),
        ("ff 13 bf 4f 00 00 ff", "56 d3"),
        ("ff 13 bf 2f 01 02 23", "3f 3f"),
        ("ff 03 43 33 32 31 30 20 35 35 35 20 36 31 34 20 31 2b 20 20 20 20 20", "f1 5b"),
    ],
)
def test_check_sequence(frame: str, check: str) -> None:
    assert fcs(bytes.fromhex(frame)) == bytes.fromhex(check)


# --- coding


def test_rcp_bit_for_bit() -> None:
    block = hdlc.encode([RCP] * 3, opening_flags=3, closing_flags=1)
    bits = FLAG * 3 + (RCP_ON_LINE + FLAG) * 3
    assert plain.unlink(block.octets) == bits + "1" * (-len(bits) % 8)


@given(frames=FRAMES, opening=st.integers(1, 9), closing=st.integers(1, 4))
def test_equal_to_the_plain_coder(frames: list[bytes], opening: int, closing: int) -> None:
    bits = FLAG * opening + "".join(plain_frame(frame) + FLAG for frame in frames) + FLAG * (closing - 1)
    block = hdlc.encode(frames, opening_flags=opening, closing_flags=closing)
    assert plain.unlink(block.octets) == bits + "1" * (-len(bits) % 8)


@given(frames=FRAMES, opening=st.integers(1, 9))
def test_frame_ends_are_where_the_closing_flags_end(frames: list[bytes], opening: int) -> None:
    sizes = [len(plain_frame(frame) + FLAG) for frame in frames]
    block = hdlc.encode(frames, opening_flags=opening, closing_flags=3)
    ends = list(accumulate(sizes, initial=8 * opening))[1:]
    assert block.frame_ends == tuple((end + 7) // 8 for end in ends)


@pytest.mark.parametrize(("opening", "closing"), [(0, 1), (1, 0), (-1, 2)])
def test_frames_need_flags(opening: int, closing: int) -> None:
    with pytest.raises(CodecError, match="between flags"):
        hdlc.encode([RCP], opening_flags=opening, closing_flags=closing)


# --- decoding


@given(
    frames=FRAMES,
    lead=st.text("01", max_size=7),
    opening=st.integers(1, 9),
    closing=st.integers(1, 4),
    cuts=CUTS,
)
def test_round_trip_at_any_bit_offset_in_any_pieces(
    frames: list[bytes], lead: str, opening: int, closing: int, cuts: list[int]
) -> None:
    block = hdlc.encode(frames, opening_flags=opening, closing_flags=closing)
    octets = plain.link(lead + plain.unlink(block.octets) + "1" * 9)
    assert fed(octets, cuts) == frames


@pytest.mark.parametrize("size", [256, 64])
@pytest.mark.parametrize("piece", [1, 7, 256, 100_000])
def test_a_block_in_pieces(size: int, piece: int) -> None:
    frames = [fcd(number, size) for number in range(0, 256, 16 if piece == 1 else 1)] + [RCP] * 3
    octets = hdlc.encode(frames, opening_flags=45).octets
    assert fed(octets, list(range(0, len(octets), piece))) == frames


@given(octets=st.lists(OCTET, max_size=400).map(bytes), cuts=CUTS)
def test_any_octets_give_the_same_in_any_pieces(octets: bytes, cuts: list[int]) -> None:
    assert fed(octets, cuts) == hdlc.Decoder().feed(octets)


GOOD = plain_frame(RCP)
LONG = plain_frame(fcd(0)[:100])
BROKEN_FCS = RCP_ON_LINE[:-1] + "0"
BROKEN_ADDRESS = "0" + RCP_ON_LINE[1:]
LONGEST, TOO_LONG = fcd(0), fcd(0) + b"\x00"

STREAMS = {
    "shared flag": ((FLAG, GOOD, FLAG, GOOD, FLAG), [RCP, RCP]),
    "a flag each": ((FLAG, GOOD, FLAG, FLAG, GOOD, FLAG), [RCP, RCP]),
    "flags that share a zero": (("0111111011111101111110", GOOD, "011111101111110", GOOD, FLAG), [RCP, RCP]),
    "no flag before": ((GOOD, FLAG, GOOD, FLAG), [RCP]),
    "no flag behind": ((FLAG, GOOD, FLAG, GOOD), [RCP]),
    "idle before and between": (("1" * 50, FLAG, GOOD, FLAG, "1" * 50, FLAG, GOOD, FLAG, "1" * 50), [RCP, RCP]),
    "idle after an opening flag": ((FLAG, "1" * 5000, FLAG, GOOD, FLAG), [RCP]),
    "seven ones end a frame": ((FLAG, LONG[:-20], "1111111", FLAG, GOOD, FLAG), [None, RCP]),
    "ones for ever end a frame": ((FLAG, LONG[:-20], "1" * 5000), [None]),
    "ones to the end of the carrier end a frame": ((FLAG, LONG[:-20], "1" * 14 + "1" * (-len(LONG) % 8)), [None]),
    "no frame after an abort": ((FLAG, LONG[:-20], "1111111", "0", GOOD, FLAG), [None]),
    "wrong FCS": ((FLAG, BROKEN_FCS, FLAG, GOOD, FLAG), [None, RCP]),
    "glued frames": ((FLAG, LONG, GOOD, FLAG, GOOD, FLAG), [None, RCP]),
    "not of whole octets": ((FLAG, LONG[:-3], FLAG, GOOD, FLAG), [None, RCP]),
    "the longest frame": ((FLAG, plain_frame(LONGEST), FLAG), [LONGEST]),
    "too long": ((FLAG, plain_frame(TOO_LONG), FLAG, GOOD, FLAG), [None, RCP]),
    "without end": ((FLAG, LONG, "01" * 5000), [None]),
    "without end, then flags": ((FLAG, LONG, "01" * 5000, FLAG, GOOD, FLAG), [None, RCP]),
    "wrong address": ((FLAG, BROKEN_ADDRESS, FLAG, GOOD, FLAG), [RCP]),
    "another address, but whole": ((FLAG, plain_frame(b"\x03\x03\x86"), FLAG), [b"\x03\x03\x86"]),
    "too short": ((FLAG, plain_frame(b"\xff\x03"), FLAG, "1111101111", FLAG, "0", FLAG, GOOD, FLAG), [RCP]),
}


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("offset", range(8))
def test_streams(stream: str, offset: int) -> None:
    bits, frames = STREAMS[stream]
    assert received("0" * offset, *bits) == frames
    assert received("0" * offset, *bits, pieces=tuple(range(2000))) == frames


def test_of_each_wrong_bit_just_the_frames_that_have_it_are_lost() -> None:
    frames = [fcd(number, 20) for number in range(3)]
    block = FLAG + "".join(plain_frame(frame) + FLAG for frame in frames)
    ends = list(accumulate((len(plain_frame(frame) + FLAG) for frame in frames), initial=len(FLAG)))
    for place, bit in enumerate(block):
        spoilt = block[:place] + "10"[int(bit)] + block[place + 1 :]
        whole = [
            frame
            for number, frame in enumerate(frames)
            if not ends[number] - len(FLAG) <= place < ends[number + 1]  # with the flags on both its sides
        ]
        assert [frame for frame in received(spoilt) if frame] == whole


def test_errors_in_bursts_make_no_frame_that_was_not_sent() -> None:
    frames = [fcd(number, 64) for number in range(16)]
    octets = hdlc.encode(frames, opening_flags=4).octets
    for seed in range(200):
        dice = Random(seed)
        spoilt = bytearray(octets)
        for _ in range(8):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        heard = hdlc.Decoder().feed(bytes(spoilt))
        assert {frame for frame in heard if frame} <= set(frames)
        assert len(heard) <= 16 + 8  # an error may make a flag, and two frames of one


def test_noise_gives_few_damaged_frames() -> None:
    """A hundred seconds of noise at 14400 bit/s."""
    noise = Random(0).randbytes(180_000)
    assert 0 < hdlc.Decoder().feed(hdlc.FLAG + noise).count(None) < 30


@pytest.mark.parametrize("octet", [0x00, 0xFF, 0x55, 0x7E, 0x1F, 0x3F])
def test_memory_is_bounded(octet: int) -> None:
    decoder = hdlc.Decoder()
    decoder.feed(plain.link(FLAG + GOOD + "0"))
    for _ in range(20):
        decoder.feed(bytes([octet]) * 5000)
        assert len(decoder._bits) < 3000
    assert decoder.feed(hdlc.encode([RCP], opening_flags=1).octets)[-1:] == [RCP]
