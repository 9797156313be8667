"""How fast is the framing of error-corrected blocks, and how much of a core does a 33600 bit/s line take?"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.measure import environment, row, seconds
from faxmodem.codec import hdlc
from faxmodem.modem.at import stuff

LINE_BPS = 33600
OPENING_FLAGS = LINE_BPS // 40
PIECES = (32, 256, 4096)
"Octets that a port gives at a time."

DATA: dict[str, Callable[[int], bytes]] = {
    "random": Random(0).randbytes,
    "zeros": bytes,
    "ones": lambda size: b"\xff" * size,  # a zero after every five: the most that can be inserted
}


def main() -> None:
    """Print a line for each kind of data, direction and size of the pieces."""
    environment("numpy", "faxmodem")
    for name, data in DATA.items():
        frames = [bytes((0xFF, 0x03, 0x06, number)) + data(256) for number in range(256)]
        octets = hdlc.encode(frames, opening_flags=OPENING_FLAGS).octets
        line_s = len(octets) * 8 / LINE_BPS
        work = {
            "encode": lambda frames=frames: hdlc.encode(frames, opening_flags=OPENING_FLAGS),
            "double DLE": lambda octets=octets: stuff(octets),
            "decode": lambda octets=octets: decode(octets, len(octets)),
        } | {f"decode by {size}": lambda octets=octets, size=size: decode(octets, size) for size in PIECES}
        for direction, run in work.items():
            median, best = seconds(run, runs=21)
            row(
                case=f"hdlc {direction}, {name}",
                octets=256 * len(frames),
                median_s=median,
                min_s=best,
                mb_per_s=256 * len(frames) / median / 1e6,
                core_percent=100 * median / line_s,
            )


def decode(octets: bytes, size: int) -> None:
    """Feed a stream in pieces."""
    decoder = hdlc.Decoder()
    for at in range(0, len(octets), size):
        decoder.feed(octets[at : at + size])


if __name__ == "__main__":
    main()
