"""Frames in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.t30.bits import MAX_OCTETS
from faxmodem.t30.fcf import X_IS_FIXED, Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.words import words
from tests.unit.t30.examples import deterministic

LINES = [
    ("FF 13 80 00 6E B8 00", "DIS: V.17 up to 14400 bit/s, fine 7.7 lines/mm, any length, 20/10 ms/line"),
    (
        "FF 13 80 00 EE FA C4 80 95",
        (
            "DIS: V.17 up to 14400 bit/s, fine 7.7 lines/mm, superfine 15.4 lines/mm, R16 or 400x400, MR, MMR, ECM, "
            "B4 A3, any length, 0 ms/line, millimetres preferred"
        ),
    ),
    (
        "FF 13 81 41 02 81 80 84 C0 03",
        "DTC: V.27ter up to 2400 bit/s, frames of 64 octets preferred, B4, 20 ms/line, T.37, PSA, SEP, SUB, PWD",
    ),
    ("FF 13 80 00 01 80 44 80 82", "DIS: cannot receive"),
    (
        "FF 13 80 20 03 80 40",
        "DIS: V.27ter up to 2400 bit/s, MMR without ECM, 20 ms/line, V.8, has a document to be polled",
    ),
    ("FF 13 83 00 62 F8 44", "DCS: V.17 14400 bit/s, fine 7.7 lines/mm, MMR, ECM 256, any length, 0 ms/line"),
    ("FF 13 83 00 46 70", "DCS: V.29 9600 bit/s, fine 7.7 lines/mm, MH, 0 ms/line"),
    ("FF 13 83 00 82 81 8C 80 0A", "DCS: V.27ter 2400 bit/s, 300x300, MR, ECM 64, B4, 20 ms/line"),
    ("FF 13 83 00 12 02 00", "DCS: unknown rate 0010, standard 3.85 lines/mm, MH, A3, 20 ms/line"),
    ("FF 13 83", "DCS: V.27ter 2400 bit/s, standard 3.85 lines/mm, MH, 20 ms/line"),
    ("FF 13 8C", "MCF"),
    ("FF 13 9F", "PRI-EOM"),
    ("FF 13 CA 01 02", "FNV 01 02"),
    ("FF 13 13 00 20", "CTC V.17 14400 bit/s"),
    ("FF 13 13 00 10", "CTC unknown rate 0010"),
    ("FF 13 13 00", "CTC cut short: 00"),
    ("FF 13 BF 2F 01 02 23", "PPS-EOP page 1 block 2, 36 frames"),
    ("FF 13 BF 00 00 00 00", "PPS-NULL page 0 block 0, 1 frame"),
    ("FF 13 BF 9F FF FF FF", "PPS-PRI-EOM page 255 block 255, 256 frames"),
    ("FF 13 BF 10 00 00 00", "PPS-0x10 page 0 block 0, 1 frame"),
    ("FF 13 BF", "PPS cut short: no field"),
    ("FF 13 CF 4F", "EOR-MPS"),
    ("FF 13 CF 00", "EOR-NULL"),
    ("FF 13 BC 70" + "00" * 31, "PPR: 3 frames wanted again (4-6)"),
    ("FF 13 BC 03 80" + "00" * 30, "PPR: 3 frames wanted again (0-1, 15)"),
    ("FF 13 BC 01" + "00" * 31, "PPR: 1 frame wanted again (0)"),
    ("FF 13 BC" + "00" * 32, "PPR: no frame wanted again"),
    ("FF 03 06 07" + "AA" * 64, "FCD 7, 64 octets"),
    ("FF 03 86", "RCP"),
    ("FF 03 43 33 32 31 30 20 35 35 35 20 36 31 34 20 31 2B 20 20 20 20 20", "TSI '+1 416 555 0123'"),
    ("FF 03 C2 34 33 32 31", "SUB '1234'"),
    ("FF 03 C1 34 33 32 31 30", "PWD of 5 characters"),
    ("FF 03 A3 34 33 32 31", "SID of 4 characters"),
    ("FF 03 20 20 81 70", "NSF: mgetty, Germany, 3 octets"),
    ("FF 03 20 11 00 00", "NSF: unknown maker, 3 octets"),
    ("FF 03 63 00 01 03 61 07 62", "TSA e-mail 'a.b'"),
    ("FF 03 63 00 0F 01 61", "TSA kind 15 'a'"),
    ("FF 03 24 00 02 01 61", "CSA URL 'a'"),
    ("FF 03 E1 00 03 01 61", "CIA IPv4 'a'"),
    ("FF 03 11 00 04 01 61", "ISP IPv6 'a'"),
    ("FF 03 E3 00 05 01 61", "IRA telephone 'a'"),
    ("FF 13 10 01", "unknown frame 0x10 01"),
    ("FF 13 11", "ISP cut short: no field"),
    ("FF 13 4B" + "AB" * 30, "TK " + "ab " * 24 + "and 6 more"),
]


@pytest.mark.parametrize(("octets", "line"), LINES)
def test_lines(octets: str, line: str) -> None:
    said = words(Frame.parse(bytes.fromhex(octets)))
    assert said.startswith(line) if line.endswith("cannot receive") else said == line


def test_a_dcs_in_a_v34_call() -> None:
    frame = Frame.parse(bytes.fromhex("FF 13 83 00 42 F8 44"))
    assert words(frame, v34=True).startswith("DCS: V.34, fine")


def test_bits_of_a_ppr_beyond_the_block_mean_nothing() -> None:
    frame = Frame.parse(bytes.fromhex("FF 13 BC 02" + "FF" * 31))
    assert words(frame, block_frames=8) == "PPR: 1 frame wanted again (1)"


@pytest.mark.parametrize("number", range(1, 8 * MAX_OCTETS + 1))
@pytest.mark.parametrize("fcf", [Fcf.DIS, Fcf.DTC, Fcf.DCS])
def test_every_bit_changes_the_line_but_for_those_that_carry_no_meaning(fcf: Fcf, number: int) -> None:
    def said(*numbers: int) -> str:
        return words(Frame(fcf, sum(1 << (set_bit - 1) for set_bit in numbers).to_bytes(MAX_OCTETS, "little")))

    base = {10, 11, 24, 27}  # V.29, with error correction
    # The bits that announce an octet, and: that it receives and the unit of what is standard; V.27ter below V.29, V.33.
    silent = {*range(24, 129, 8), *((10, 44) if fcf is Fcf.DCS else (12, 13))}
    assert (said(*base) != said(*(base ^ {number}))) is (number not in silent)


@pytest.mark.parametrize("fcf", Fcf)
def test_every_signal_is_named(fcf: Fcf) -> None:
    for x in (False, True):
        code = fcf | x if fcf not in X_IS_FIXED else fcf
        assert words(Frame(code)).split()[0].rstrip(":") == fcf.name.replace("_", "-")


@deterministic
@given(st.integers(0, 255), st.binary(max_size=90), st.booleans(), st.integers(0, 300))
def test_never_raises_and_is_one_line(code: int, fif: bytes, v34: bool, block_frames: int) -> None:
    said = words(Frame(code, fif), v34=v34, block_frames=block_frames)
    assert said.strip() == said
    assert said.isprintable()
