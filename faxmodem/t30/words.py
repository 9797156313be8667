"""Frames in words: one line each, for people who read what happened on a line."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from faxmodem.codec.geometry import Resolution
from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import NEEDS_ECM, Bits, BitsKind
from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import (
    ADDRESS_KINDS,
    Address,
    CodedFrame,
    ContinueToCorrect,
    EndOfRetransmission,
    NonStandard,
    Opaque,
    PartialPage,
    PartialPageRequest,
    Record,
    StationId,
)
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from faxmodem.t30.nsf import describe
from faxmodem.t30.parameters import WIDTH_PLACES, length_of, resolution_of, scan_time_of

MAX_OCTETS = 24
"More octets of a field that nobody can read are not shown."

_SECRET = frozenset({Fcf.PWD, Fcf.SID})
"Reports are passed around; both are used as passwords."

_METRIC = {
    Resolution.STANDARD: "standard 3.85 lines/mm",
    Resolution.FINE: "fine 7.7 lines/mm",
    Resolution.SUPERFINE: "superfine 15.4 lines/mm",
}
_LABELS = {
    # fields of DIS, DTC and DCS whose names say too little or too much
    "v8": "V.8",
    "t37_store_and_forward": "T.37",
    "t38_real_time": "T.38",
    "mobile_3g": "3G mobile",
    "prefers_64_octets": "frames of 64 octets preferred",
    "has_document": "has a document to be polled",
    "two_dimensional": "MR",
    "ecm": "ECM",
    "t6": "MMR",
    "t43": "T.43",
    "g726": "voice",
    "polled_subaddress": "PSA",
    "selective_polling": "SEP",
    "subaddress": "SUB",
    "password": "PWD",
    "sender_id": "SID",
    "isp": "ISP",
    "ira": "IRA",
    "prefers_inch": "inches preferred",
    "prefers_metric": "millimetres preferred",
    "jpeg": "JPEG",
    "jbig": "JBIG",
    "jbig_any_stripe": "JBIG with stripes of any height",
    "mrc_mode": "mixed raster content",
    "t45": "T.45",
    "jbig2_profile": "JBIG2",
    "bft": "binary files",
    "r600": "600x600",
    "r1200": "1200x1200",
    "r300x600": "300x600",
    "r400x800": "400x800",
    "r600x1200": "600x1200",
    "fine_or_200": _METRIC[Resolution.FINE],
    "superfine_or_200x400": _METRIC[Resolution.SUPERFINE],
    "r300": "300x300",
    "r16_or_400": "R16 or 400x400",
    "letter": "letter",
    "legal": "legal",
}
_TOLD_FIRST = (
    *("fine_or_200", "superfine_or_200x400", "r300", "r16_or_400"),
    *("two_dimensional", "t6", "ecm", "prefers_64_octets"),
)
_TOLD_OTHERWISE = frozenset(
    {"receives", "rates", "rate", "widths", "width", "lengths", "length", "scan_times", "scan_time", "ecm_64_octets"}
    | {"superfine_halves_scan_time", "inch", *_TOLD_FIRST}
    | {f"extend_{bit}" for bit in range(24, 129, 8)}
)
_LENGTHS = {0b00: "", 0b10: "B4 length", 0b01: "any length", 0b11: "any length"}
_WIDTHS_OFFERED = ("", "B4", "B4 A3")
_WIDTHS_SELECTED = ("", "B4", "A3")


def words(frame: Frame, *, v34: bool = False, block_frames: int = 256) -> str:
    """Say in one line what a frame says. Never raises, whatever the frame holds.

    `v34`: the call is a V.34 one, whose DCS names no rate. `block_frames`: how many frames the block of a PPR had, for
    the bits beyond them mean nothing.
    """
    if frame.fcf is None:
        return f"unknown frame 0x{frame.code:02X} {_hex(frame.fif)}".rstrip()
    name = frame.fcf.name.replace("_", "-")
    try:
        record = frame.record()
    except RemoteProtocolError:
        return f"{name} cut short: {_hex(frame.fif) or 'no field'}"
    if frame.fcf in _SECRET and isinstance(record, StationId):
        return f"{name} of {len(record.text)} characters"
    if isinstance(record, PartialPageRequest):
        return f"{name}: {_wanted(record, block_frames)}"
    if isinstance(record, Bits):
        return f"{name}: {_offer(record) if record.kind is BitsKind.CAPABILITIES else _selection(record, v34=v34)}"
    return f"{name}{_record(record)}"


def _record(record: Record) -> str:
    """What follows the name of a frame."""
    match record:
        case StationId(text):
            return f" '{text}'"
        case NonStandard(_, data):
            return f": {describe(record) or 'unknown maker'}, {len(data) + 1} octets"
        case PartialPage(command, page, block, frames):
            return f"-{_command(command)} page {page} block {block}, {_count(frames)}"
        case EndOfRetransmission(command):
            return f"-{_command(command)}"
        case CodedFrame(number, data):
            return f" {number}, {len(data)} octets"
        case ContinueToCorrect(bits):
            return f" {record.modulation or _unknown_rate(bits)}"
        case Address(kind, text):
            return f" {ADDRESS_KINDS.get(kind, f'kind {kind}')} '{_printable(text)}'"
        case Opaque(data) if data:
            return f" {_hex(data)}"
    return ""


def _hex(octets: bytes) -> str:
    shown = octets[:MAX_OCTETS].hex(" ")
    return f"{shown} and {len(octets) - MAX_OCTETS} more" if len(octets) > MAX_OCTETS else shown


def _printable(octets: bytes) -> str:
    return "".join(letter if letter.isprintable() else "." for letter in octets.decode("latin-1"))


def _command(command: int) -> str:
    """The post-message command inside PPS and EOR."""
    if not command:
        return "NULL"
    fcf = Fcf.of(command)
    return fcf.name.replace("_", "-") if fcf is not None else f"0x{command:02X}"


def _count(frames: int) -> str:
    return f"{frames} frame" if frames == 1 else f"{frames} frames"


def _wanted(request: PartialPageRequest, block_frames: int) -> str:
    numbers = sorted(number for number in request.frames if number < block_frames)
    if not numbers:
        return "no frame wanted again"
    return f"{_count(len(numbers))} wanted again ({', '.join(_ranges(numbers))})"


def _ranges(numbers: Iterable[int]) -> Iterable[str]:
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}"


# --- DIS, DTC, DCS ---------------------------------------------------------------------------------------------------


def _offer(bits: Bits) -> str:
    """What a DIS or DTC offers."""
    remote = Capabilities.from_bits(bits)
    fastest = max(remote.modulations, key=lambda modulation: modulation.rate_bps)
    times = [remote.scan_time_ms(resolution) for resolution in _METRIC]
    while len(times) > 1 and times[-1] == times[-2]:
        times.pop()
    parts = [
        "" if remote.receives else "cannot receive",
        f"{fastest.system} up to {fastest.rate_bps} bit/s",
        *_labels(bits, _TOLD_FIRST),
        _WIDTHS_OFFERED[WIDTH_PLACES[bits["widths"]]],
        _LENGTHS[bits["lengths"]],
        f"{'/'.join(map(str, times))} ms/line",
        *_labels(bits, _others(bits)),
    ]
    return ", ".join(filter(None, parts))


def _selection(bits: Bits, *, v34: bool) -> str:
    """What a DCS selects, be it allowed or not."""
    resolution = resolution_of(bits)
    ecm = f"ECM {64 if bits['ecm_64_octets'] else 256}" if bits["ecm"] else ""
    parts = [
        str(Modulation.V34 if v34 else BY_DCS_BITS.get(bits["rate"]) or _unknown_rate(bits)),
        _METRIC.get(resolution, resolution.label),
        *(_labels(bits, ("two_dimensional", "t6")) or ["MH"]),
        ecm,
        _WIDTHS_SELECTED[WIDTH_PLACES[bits["width"]]],
        _LENGTHS[length_of(bits).code],
        f"{scan_time_of(bits)} ms/line",
        *_labels(bits, _others(bits)),
    ]
    return ", ".join(filter(None, parts))


def _others(bits: Bits) -> list[str]:
    return [name for name in bits.names() if name not in _TOLD_OTHERWISE]


def _labels(bits: Bits, names: Iterable[str]) -> list[str]:
    """The fields among `names` that are set. Those that need error correction and lack it are told apart."""
    lacking = NEEDS_ECM if not bits["ecm"] else frozenset()
    return [
        _LABELS.get(name, name.replace("_", " ")) + (" without ECM" if name in lacking else "")
        for name in names
        if bits[name]
    ]


def _unknown_rate(bits: Bits) -> str:
    return f"unknown rate {bits['rate']:04b}"
