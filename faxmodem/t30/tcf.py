"""The training check: 1.5 s of zeros, and the receiver's verdict on what came.

T.30 (09/2005) §5.3.6.1.3 leaves the criterion to the receiver. Ours asks for a second without an error, as most
machines do, and tolerates what precedes and follows it: senders put ones before the zeros and noise comes behind.
"""

from __future__ import annotations

import re

from faxmodem.t30.modulations import Modulation

TCF_S = 1.5
"Length of the zeros; T.30 allows 10 % either way."
GOOD_RUN_S = 1.0
"The longest run of zeros must last this long ..."
GOOD_RUN_WITH_ECM_S = 0.5
"""... or this long where errors are corrected: a frame of 256 octets takes 0.14 s at 14400 bit/s, and to send again
those that are hit costs less than a training at a lower rate."""
MAX_NOISE = 0.1
"... and, unless the whole 1.5 s are clean, this share of the octets at most may be something else."
MAX_OCTETS = 10_000
"What a receiver collects at most: a sender that skips the training sends its page here."

_ZEROS = re.compile(rb"\0+")


def tcf_octets(modulation: Modulation) -> int:
    """How many zero octets a TCF at this modulation has."""
    return int(TCF_S * modulation.rate_bps / 8)


def is_good(data: bytes, modulation: Modulation, *, ecm: bool = False) -> bool:
    """True if the octets received as TCF show that the channel carries this rate."""
    octets_per_s = modulation.rate_bps / 8
    runs = [match.end() - match.start() for match in _ZEROS.finditer(data)]
    longest = max(runs, default=0)
    if longest < (GOOD_RUN_WITH_ECM_S if ecm else GOOD_RUN_S) * octets_per_s:
        return False
    heard = data.lstrip(b"\xff")  # ones that fill the time until the sender's data starts
    noise = len(heard) - sum(runs)
    return noise <= MAX_NOISE * len(heard) or longest >= tcf_octets(modulation) * 0.9
