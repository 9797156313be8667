"""Seconds on the line, against counts made by hand and against what is really coded."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec import hdlc
from faxmodem.codec.fcs import fcs, inserted_zeros
from faxmodem.codec.geometry import Coding
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import CodedFrame
from faxmodem.t30.frames import Frame
from faxmodem.t30.line_time import frames_s, page_s, tcf_s, training_s
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.parameters import Parameters

MCF, MPS = bytes.fromhex("ff 13 8c"), bytes.fromhex("ff 13 4f")
RCP = bytes.fromhex("ff 03 86")


@pytest.mark.parametrize(
    ("octets", "zeros"),
    [(b"", 0), (b"\x00\x1e", 0), (b"\x1f", 1), (b"\xf8\x03", 1), (b"\xff\xff", 3), (b"\x7e\x7e", 2), (b"\x1f\x1f", 2)],
)
def test_a_zero_follows_five_ones(octets: bytes, zeros: int) -> None:
    assert inserted_zeros(octets) == zeros


@given(st.binary(max_size=200))
def test_zeros_are_those_that_the_codec_inserts(data: bytes) -> None:
    frame = b"\xff\x03\x00" + data
    bits = 8 * len(frame + fcs(frame)) + 2 * 8 + inserted_zeros(frame + fcs(frame))
    assert len(hdlc.encode([frame], opening_flags=1, closing_flags=1).octets) == math.ceil(bits / 8)


def test_frames_at_300_bits_a_second() -> None:
    # FF 13 8C and its FCS: 40 bits, two zeros inserted, a flag behind; a second of flags before
    assert frames_s([MCF]) == pytest.approx(1.0 + 50 / 300)
    assert frames_s([MCF, MCF]) == pytest.approx(1.0 + 100 / 300)
    assert frames_s([MCF], v34=True) < 0.5


@pytest.mark.parametrize(
    ("modulation", "long_ms", "short_ms"),
    [
        (Modulation.V27TER_2400, 943, 943),
        (Modulation.V27TER_4800, 708, 708),
        (Modulation.V29_7200, 233, 233),
        (Modulation.V29_9600, 233, 233),
        *((modulation, 1393, 142) for modulation in Modulation if modulation.system == "V.17"),
    ],
)
def test_trainings(modulation: Modulation, long_ms: int, short_ms: int) -> None:
    assert round(1000 * training_s(modulation)) == pytest.approx(long_ms, abs=1)
    assert round(1000 * training_s(modulation, short=True)) == pytest.approx(short_ms, abs=1)
    assert tcf_s(modulation) == pytest.approx(0.075 + long_ms / 1000 + 1.5, abs=0.001)


def test_every_modulation_has_its_training() -> None:
    assert all(training_s(modulation, short=short) > 0 for modulation in Modulation for short in (False, True))
    assert tcf_s(Modulation.V34) == 0.0


def test_a_page_without_error_correction() -> None:
    parameters = Parameters(modulation=Modulation.V17_14400)
    commands_s = 3 * 0.075 + frames_s([MPS]) + frames_s([MCF])
    assert page_s(parameters, 18000) == pytest.approx(0.1425 + 10.0 + commands_s)
    assert page_s(parameters, 18000, inserted=14400) == page_s(parameters, 18000)


@pytest.mark.parametrize("octets", [64, 256])
@pytest.mark.parametrize("length", [0, 1, 5000, 64 * 256, 64 * 256 + 1, 200_000])
def test_blocks_take_as_long_as_they_are(length: int, octets: int) -> None:
    """Within a thousandth: what the codec makes of the very frames, and the commands between them."""
    data = random.Random(30).randbytes(length)
    modulation = Modulation.V17_14400
    parameters = Parameters(modulation=modulation, coding=Coding.MMR, ecm_octets=octets)
    pieces = [data[at : at + octets].ljust(octets, b"\0") for at in range(0, max(1, length), octets)]
    real_s = 0.0
    for at in range(0, len(pieces), 256):
        block = pieces[at : at + 256]
        frames = [Frame.of(Fcf.FCD, CodedFrame(n, piece), final=False).build() for n, piece in enumerate(block)]
        coded = hdlc.encode([*frames, RCP, RCP, RCP], opening_flags=round(0.2 * 14400 / 8), closing_flags=1)
        pps = bytes.fromhex("ff 13 bf 4f 00 00 ff")
        exchange_s = frames_s([pps]) + frames_s([MCF]) + 3 * 0.075
        real_s += len(coded.octets) * 8 / 14400 + training_s(modulation, short=True) + exchange_s
    assert page_s(parameters, length, inserted_zeros(data)) == pytest.approx(real_s, rel=0.002)


def test_in_v34_the_commands_are_quick() -> None:
    parameters = Parameters(modulation=Modulation.V34, ecm_octets=256)
    slow = replace(parameters, modulation=Modulation.V17_14400)
    assert page_s(parameters, 0) < page_s(slow, 0) - 1.5
