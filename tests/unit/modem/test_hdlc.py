from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.fcs import REVERSED, is_whole
from faxmodem.modem.hdlc import FrameMender

CFR = bytes.fromhex("ff 13 84")
CFR_ON_THE_LINK = bytes.fromhex("ff 13 84 ea 7d")
DCN = bytes.fromhex("ff 13 fa")
DCN_ON_THE_LINK = bytes.fromhex("ff 13 fa 13 e7")
MCF_ON_THE_LINK = bytes.fromhex("ff 13 8c a2 f1")


def crc16_x25(octets: bytes) -> bytes:
    """The FCS in link order, bit by bit as ISO/IEC 13239 has it."""
    register = 0xFFFF
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return (register ^ 0xFFFF).to_bytes(2, "little")


@pytest.mark.parametrize("octets", [CFR_ON_THE_LINK, DCN_ON_THE_LINK, MCF_ON_THE_LINK])
def test_fcs_of_frames_seen_on_a_line(octets: bytes) -> None:
    assert is_whole(octets)
    assert crc16_x25(octets[:-2]) == octets[-2:]


@given(st.binary(min_size=3, max_size=40), st.integers(0, 7), st.data())
def test_fcs_is_found_and_any_bit_error_noticed(frame: bytes, bit: int, data: st.DataObject) -> None:
    octets = frame + crc16_x25(frame)
    assert is_whole(octets)
    damaged = bytearray(octets)
    damaged[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << bit
    assert not is_whole(bytes(damaged))


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(
    "octets",
    [
        CFR_ON_THE_LINK,
        CFR_ON_THE_LINK[1:],
        CFR_ON_THE_LINK[:1] + CFR_ON_THE_LINK[2:],
        CFR_ON_THE_LINK.translate(REVERSED),
    ],
    ids=["as it should be", "without address", "without control field", "bits reversed"],
)
def test_a_good_fcs_proves_the_frame(octets: bytes, trusted: bool) -> None:
    assert FrameMender().mend(octets, trusted=trusted) == CFR


@pytest.mark.parametrize("octets", [DCN, DCN[1:], DCN[:1] + DCN[2:], DCN.translate(REVERSED)])
def test_without_fcs_the_modem_is_believed(octets: bytes) -> None:
    assert FrameMender().mend(octets, trusted=True) == DCN
    assert FrameMender().mend(octets, trusted=False) is None


def test_a_modem_that_delivers_the_fcs_is_not_believed_against_it() -> None:
    mender = FrameMender()
    assert mender.mend(CFR_ON_THE_LINK, trusted=True) == CFR
    assert mender.mend(b"\xff\x13\x85\xea\x7d", trusted=True) is None


@given(st.binary(max_size=60), st.booleans())
def test_any_octets_are_a_headed_frame_or_damaged(octets: bytes, trusted: bool) -> None:
    frame = FrameMender().mend(octets, trusted=trusted)
    assert frame is None or len(frame) >= 3
