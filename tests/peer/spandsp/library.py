"""libspandsp 0.0.6 through ctypes: the functions, callbacks and structures that the rig uses, declared once."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int16, c_size_t, c_uint8, c_void_p
from enum import IntEnum, IntFlag
from functools import cache
from typing import Any, Final

SAMPLE_RATE: Final = 8000
BLOCK: Final = 160
"Samples that cross the line at a time."
BLOCK_S: Final = BLOCK / SAMPLE_RATE

Samples = c_int16 * BLOCK

AtTx = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(c_uint8), c_size_t)
ModemControl = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_void_p)  # the last is a text or a number in a pointer
T38Packet = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(c_uint8), c_int, c_int)
PhaseEvent = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
PhaseEnd = CFUNCTYPE(None, c_void_p, c_void_p, c_int)
FrameSeen = CFUNCTYPE(None, c_void_p, c_void_p, c_int, POINTER(c_uint8), c_int)
LogMessage = CFUNCTYPE(None, c_int, c_char_p)


class ModemOperation(IntEnum):
    """What a modem tells its host (at_modem_control_operation_e)."""

    CALL = 0
    ANSWER = 1
    HANGUP = 2
    OFFHOOK = 3
    ONHOOK = 4
    DTR = 5
    RTS = 6
    CTS = 7


class CallEvent(IntEnum):
    """What the host tells a modem (at_call_event_e)."""

    ALERTING = 1
    CONNECTED = 2
    ANSWERED = 3
    BUSY = 4
    NO_DIALTONE = 5
    NO_ANSWER = 6
    HANGUP = 7


class Modems(IntFlag):
    """Modulations that a terminal supports."""

    V27TER = 0x01
    V29 = 0x02
    V17 = 0x04


class Compressions(IntFlag):
    """Codings that a terminal supports."""

    MH = 0x02
    MR = 0x04
    MMR = 0x08


class Resolutions(IntFlag):
    """Resolutions that a terminal supports."""

    STANDARD = 0x01
    FINE = 0x02
    SUPERFINE = 0x04
    R8 = 0x20000
    R16 = 0x40000
    INCH_300 = 0x100000
    INCH_400 = 0x200000


class Sizes(IntFlag):
    """Page sizes that a terminal supports."""

    WIDTH_215_MM = 0x01
    WIDTH_255_MM = 0x02
    WIDTH_303_MM = 0x04
    UNLIMITED = 0x10000
    A4 = 0x20000
    B4 = 0x40000
    LETTER = 0x80000
    LEGAL = 0x100000


class Encoding(IntEnum):
    """How a terminal says that pages crossed the line, and how it is told to store them (t4_image_compression_t)."""

    MH = 1
    MR = 2
    MMR = 3


class Stats(Structure):
    """t30_stats_t."""

    _fields_ = [
        (name, c_int)
        for name in (
            *("bit_rate", "error_correcting_mode", "pages_tx", "pages_rx", "pages_in_file"),
            *("x_resolution", "y_resolution", "width", "length", "image_size", "encoding"),
            *("bad_rows", "longest_bad_row_run", "error_correcting_mode_retries", "current_status"),
        )
    ]

    bit_rate: int
    error_correcting_mode: int
    pages_tx: int
    pages_rx: int
    encoding: int
    bad_rows: int
    image_size: int
    error_correcting_mode_retries: int


_Audio = POINTER(c_int16)
_FUNCTIONS: Final[Mapping[str, tuple[Any, tuple[Any, ...]]]] = {  # Any: ctypes has no public type for its types
    "t31_init": (c_void_p, (c_void_p, AtTx, c_void_p, ModemControl, c_void_p, T38Packet, c_void_p)),
    "t31_free": (c_int, (c_void_p,)),
    "t31_set_transmit_on_idle": (None, (c_void_p, c_int)),
    "t31_call_event": (None, (c_void_p, c_int)),
    "t31_at_rx": (c_int, (c_void_p, c_char_p, c_int)),
    "t31_rx": (c_int, (c_void_p, _Audio, c_int)),
    "t31_tx": (c_int, (c_void_p, _Audio, c_int)),
    "t31_get_logging_state": (c_void_p, (c_void_p,)),
    "fax_init": (c_void_p, (c_void_p, c_int)),
    "fax_free": (c_int, (c_void_p,)),
    "fax_set_transmit_on_idle": (None, (c_void_p, c_int)),
    "fax_get_t30_state": (c_void_p, (c_void_p,)),
    "fax_rx": (c_int, (c_void_p, _Audio, c_int)),
    "fax_tx": (c_int, (c_void_p, _Audio, c_int)),
    "t30_call_active": (c_int, (c_void_p,)),
    "t30_terminate": (None, (c_void_p,)),
    "t30_completion_code_to_str": (c_char_p, (c_int,)),
    "t30_get_logging_state": (c_void_p, (c_void_p,)),
    "t30_get_rx_ident": (c_char_p, (c_void_p,)),
    "t30_get_transfer_statistics": (None, (c_void_p, POINTER(Stats))),
    "t30_set_ecm_capability": (c_int, (c_void_p, c_int)),
    "t30_set_minimum_scan_line_time": (c_int, (c_void_p, c_int)),
    "t30_set_phase_d_handler": (None, (c_void_p, PhaseEvent, c_void_p)),
    "t30_set_phase_e_handler": (None, (c_void_p, PhaseEnd, c_void_p)),
    "t30_set_real_time_frame_handler": (None, (c_void_p, FrameSeen, c_void_p)),
    "t30_set_receiver_not_ready": (c_int, (c_void_p, c_int)),
    "t30_set_rx_encoding": (c_int, (c_void_p, c_int)),
    "t30_set_rx_file": (None, (c_void_p, c_char_p, c_int)),
    "t30_set_supported_compressions": (c_int, (c_void_p, c_int)),
    "t30_set_supported_image_sizes": (c_int, (c_void_p, c_int)),
    "t30_set_supported_modems": (c_int, (c_void_p, c_int)),
    "t30_set_supported_resolutions": (c_int, (c_void_p, c_int)),
    "t30_set_tx_file": (None, (c_void_p, c_char_p, c_int, c_int)),
    "t30_set_tx_ident": (c_int, (c_void_p, c_char_p)),
    "span_log_set_level": (c_int, (c_void_p, c_int)),
    "span_log_set_message_handler": (None, (c_void_p, LogMessage)),
}


def missing() -> str:
    """What has to be installed, as one would say it; "" if the library is there."""
    try:
        spandsp()
    except OSError:
        return "needs the Debian package libspandsp2"
    return ""


@cache
def spandsp() -> ctypes.CDLL:
    """The library. Raises OSError if it is not installed."""
    library = ctypes.CDLL("libspandsp.so.2")
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
