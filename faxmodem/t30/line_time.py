"""How long what a call sends is on the line: pure arithmetic, for a forecast before it and for a comparison after it.

Nothing here knows of delays: those of the network, of the modems and of the programs at both ends come on top.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from faxmodem.codec.fcs import bits_on_line, fcs
from faxmodem.t30.blocks import BLOCK_FRAMES
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import PartialPage
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.tcf import TCF_S

if TYPE_CHECKING:
    from faxmodem.t30.parameters import Parameters

V21_BPS: Final = 300
PREAMBLE_S: Final = 1.0
"Flags before the frames of a V.21 transmission: 1 s +-15 % (T.30 (09/2005) §5.3.1)."
SILENCE_S: Final = 0.075
"Between V.21 and a fast carrier, and between two stations: 75 +-20 ms (T.30 (09/2005) §5, notes 3 and 4)."
BLOCK_FLAGS_S: Final = 0.2
"Flags before the first frame of a block (T.4 (07/2003) Annex A)."
RCPS: Final = 3
"How often the end of a block is told (T.4 (07/2003) Annex A)."

CONTROL_BPS: Final = 1200
CONTROL_START_S: Final = 0.2
"""V.34: its control channel carries the frames; how long that takes to come up depends on the modems. About; the same
for every way to send a page, so that it decides nothing."""

_FLAG_BITS: Final = 8
_V29_S: Final = (128 + 384 + 48) / 2400
_V17_LONG_S: Final = (256 + 2976 + 64 + 48) / 2400
_V17_SHORT_S: Final = (256 + 38 + 48) / 2400
_V27TER_SYMBOLS: Final = 50 + 1074 + 8

_TRAINING_S: Final = {
    # long, short
    Modulation.V27TER_2400: (_V27TER_SYMBOLS / 1200, _V27TER_SYMBOLS / 1200),
    Modulation.V27TER_4800: (_V27TER_SYMBOLS / 1600, _V27TER_SYMBOLS / 1600),
    Modulation.V29_7200: (_V29_S, _V29_S),
    Modulation.V29_9600: (_V29_S, _V29_S),
    Modulation.V17_7200: (_V17_LONG_S, _V17_SHORT_S),
    Modulation.V17_9600: (_V17_LONG_S, _V17_SHORT_S),
    Modulation.V17_12000: (_V17_LONG_S, _V17_SHORT_S),
    Modulation.V17_14400: (_V17_LONG_S, _V17_SHORT_S),
    Modulation.V34: (0.16, 0.16),
}
"""In symbols over symbols a second, as the tables of segments in V.27ter (without the protection against echoes), V.29
(without its silence) and V.17 give them. V.34: the primary channel resynchronises, S, PP and B1; about."""


def frames_s(frames: Iterable[bytes], *, v34: bool = False) -> float:
    """One transmission of frames (address to FIF), from its first flag to its last."""
    bits = sum(_frame_bits(frame) for frame in frames)
    return CONTROL_START_S + bits / CONTROL_BPS if v34 else PREAMBLE_S + bits / V21_BPS


def training_s(modulation: Modulation, *, short: bool = False) -> float:
    """From the begin of a carrier to its first bit of data."""
    return _TRAINING_S[modulation][short]


def tcf_s(modulation: Modulation) -> float:
    """A training check with the silence before it (T.30 (09/2005) §5.3.6.1.3). V.34 has none."""
    return 0.0 if modulation is Modulation.V34 else SILENCE_S + training_s(modulation) + TCF_S


def page_s(parameters: Parameters, octets: int, inserted: int = 0) -> float:
    """One page that comes through at once, from the silence before its carrier to the end of its MCF.

    `octets`: of the coded page, with its fill. `inserted`: the zeros that error correction inserts into them.
    """
    modulation = parameters.modulation
    carrier_s = SILENCE_S + training_s(modulation, short=True)
    if not parameters.ecm:
        return carrier_s + octets * 8 / modulation.rate_bps + _exchange_s(_MPS, v34=False)
    frames = max(1, -(-octets // parameters.ecm_octets))
    blocks = -(-frames // BLOCK_FRAMES)
    bits = frames * (parameters.ecm_octets * 8 + _FCD_BITS) + inserted
    around_s = carrier_s + BLOCK_FLAGS_S + RCPS * _frame_bits(_RCP) / modulation.rate_bps
    return bits / modulation.rate_bps + blocks * (around_s + _exchange_s(_PPS, v34=modulation is Modulation.V34))


def _frame_bits(frame: bytes) -> int:
    """A frame with its FCS, inserted zeros, and the flag behind it."""
    return bits_on_line(frame + fcs(frame)) + _FLAG_BITS


def _exchange_s(command: bytes, *, v34: bool) -> float:
    """A post-message command and MCF, with the silences before them."""
    return 2 * SILENCE_S + frames_s([command], v34=v34) + frames_s([_MCF], v34=v34)


_MPS: Final = Frame.of(Fcf.MPS, x=True).build()
_PPS: Final = Frame.of(Fcf.PPS, PartialPage(Fcf.MPS, page=0, block=0, frames=BLOCK_FRAMES), x=True).build()
_MCF: Final = Frame.of(Fcf.MCF).build()
_RCP: Final = Frame.of(Fcf.RCP, final=False).build()
_FCD_BITS: Final = 8 * (4 + 2) + 1 + _FLAG_BITS
"An FCD frame around its data: address, control, FCF, number, FCS, flag, and the zero that the address's ones need."
