"""A fax machine: spandsp's own T.30, with its own modems, ECM, MH, MR and MMR."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, string_at
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faxmodem.codec.geometry import Coding
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from tests.peer.spandsp.library import (
    BLOCK,
    Compressions,
    Encoding,
    FrameSeen,
    LogMessage,
    Modems,
    PhaseEnd,
    PhaseEvent,
    Resolutions,
    Sizes,
    Stats,
    spandsp,
)

if TYPE_CHECKING:
    from ctypes import Array, c_int16

ALL_PAGES: Final = -1
ANY_SIZE: Final = Sizes.WIDTH_215_MM | Sizes.WIDTH_255_MM | Sizes.WIDTH_303_MM | Sizes.UNLIMITED | Sizes.A4 | Sizes.B4
SHOWN: Final = 72
"Characters of a frame in a ladder."
LOG_LEVEL: Final = 5
"SPAN_LOG_FLOW: what the protocol does."


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """What the machine can do."""

    ident: str = "200"
    ecm: bool = False
    codings: frozenset[Coding] = frozenset(Coding)
    modems: Modems = Modems.V27TER | Modems.V29 | Modems.V17
    resolutions: Resolutions = Resolutions.STANDARD | Resolutions.FINE | Resolutions.SUPERFINE | Resolutions.R8
    sizes: Sizes = ANY_SIZE
    minimum_scan_ms: int = 0
    not_ready: int = 0
    "How often it says RNR before it takes a page."


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReport:
    """What the machine says of a page, or of the last one."""

    rate_bps: int
    ecm: bool
    coding: Coding
    bad_lines: int
    octets: int
    "Of the coded page."
    ecm_retries: int
    "Of the call so far."


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLogged:
    """An HDLC frame on V.21, as the machine saw it."""

    at_s: float
    received: bool
    octets: bytes

    @property
    def fcf(self) -> Fcf | None:
        """What the frame is; None for one that T.30 does not know."""
        return Fcf.of(self.octets[2]) if len(self.octets) > 2 else None

    @property
    def way(self) -> str:
        """`<` for what the machine received, `>` for what it sent."""
        return "<" if self.received else ">"

    def __str__(self) -> str:
        shown = str(Frame.parse(self.octets)) if len(self.octets) > 2 else self.octets.hex(" ")
        return f"{self.at_s:8.2f} {self.way} {shown[:SHOWN]}{'...' if shown[SHOWN:] else ''}"


@dataclass(slots=True)
class Report:
    """What became of a call, as the machine tells it."""

    completion: int | None = None
    "T30_ERR_...; 0 is good; None: the call has not come to its phase E."
    ended_s: float | None = None
    "Time of the line at its phase E."
    pages: list[PageReport] = field(default_factory=list)
    pages_sent: int = 0
    pages_received: int = 0
    ident: str = ""
    "Who the far end says it is."
    frames: list[FrameLogged] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    "What spandsp says of its own doings; only if asked."

    @property
    def ok(self) -> bool:
        """True if the machine says that all went well."""
        return self.completion == 0

    @property
    def explanation(self) -> str:
        """The machine's word for how the call ended."""
        if self.completion is None:
            return "the call did not come to its end"
        return str(spandsp().t30_completion_code_to_str(self.completion).decode())

    def modulation(self) -> Modulation:
        """What the last DCS selected."""
        selected = [frame for frame in self.frames if frame.fcf is Fcf.DCS][-1].octets[4]
        return BY_DCS_BITS[sum((selected >> bit & 1) << 5 - bit for bit in (2, 3, 4, 5))]

    def ladder(self) -> str:
        """The frames, one a line; frames of a block are counted."""
        lines: list[str] = []
        for fcf, group in groupby(self.frames, key=lambda frame: frame.fcf):
            frames = list(group)
            if fcf is Fcf.FCD:
                lines.append(f"{frames[0].at_s:8.2f} {frames[0].way} FCD x {len(frames)}")
            else:
                lines += map(str, frames)
        return "\n".join(lines)


class Terminal:
    """The machine in one call. Free it after that: only then is the file that it receives complete."""

    def __init__(
        self,
        settings: TerminalSettings,
        *,
        calling: bool,
        clock: Callable[[], float],
        sends: Path | None = None,
        stores: Path | None = None,
        verbose: bool = False,
    ) -> None:
        """`sends`: a TIFF file; `stores`: where to write one. `clock`: seconds of line time."""
        self._api = api = spandsp()
        self._clock = clock
        self.report = Report()
        self._fax = api.fax_init(None, int(calling))
        self._t30 = api.fax_get_t30_state(self._fax)
        api.fax_set_transmit_on_idle(self._fax, 1)
        # spandsp keeps no reference to these
        self._callbacks = PhaseEvent(self._page_done), PhaseEnd(self._ended), FrameSeen(self._frame)
        self._set_up(settings)
        if sends is not None:
            api.t30_set_tx_file(self._t30, str(sends).encode(), ALL_PAGES, ALL_PAGES)
        if stores is not None:
            api.t30_set_rx_file(self._t30, str(stores).encode(), ALL_PAGES)
        if verbose:
            self._log = LogMessage(lambda _level, text: self.report.log.append(text.decode(errors="replace").rstrip()))
            logging = api.t30_get_logging_state(self._t30)
            api.span_log_set_level(logging, LOG_LEVEL)
            api.span_log_set_message_handler(logging, self._log)

    def _set_up(self, settings: TerminalSettings) -> None:
        api, t30 = self._api, self._t30
        api.t30_set_tx_ident(t30, settings.ident.encode())
        api.t30_set_ecm_capability(t30, int(settings.ecm))
        api.t30_set_supported_compressions(t30, sum(Compressions[coding.name] for coding in settings.codings))
        api.t30_set_supported_modems(t30, settings.modems)
        api.t30_set_supported_resolutions(t30, settings.resolutions)
        api.t30_set_supported_image_sizes(t30, settings.sizes)
        api.t30_set_minimum_scan_line_time(t30, settings.minimum_scan_ms)
        api.t30_set_receiver_not_ready(t30, settings.not_ready)
        api.t30_set_rx_encoding(t30, Encoding.MMR)  # of the file, whatever crosses the line
        page_done, ended, frame = self._callbacks
        api.t30_set_phase_d_handler(t30, page_done, None)
        api.t30_set_phase_e_handler(t30, ended, None)
        api.t30_set_real_time_frame_handler(t30, frame, None)

    @property
    def active(self) -> bool:
        """False once the machine has hung up."""
        return bool(self._api.t30_call_active(self._t30))

    def speak(self, block: Array[c_int16]) -> None:
        """Fill a block with what the machine sends next."""
        made = self._api.fax_tx(self._fax, block, BLOCK)
        if made < BLOCK:
            ctypes.memset(ctypes.addressof(block) + 2 * made, 0, 2 * (BLOCK - made))

    def listen(self, block: Array[c_int16]) -> None:
        """Take what has arrived."""
        self._api.fax_rx(self._fax, block, BLOCK)

    def drop(self) -> None:
        """Tell the machine that the line is dead."""
        self._api.t30_terminate(self._t30)

    def free(self) -> None:
        """End everything, and complete the file."""
        if self._fax is not None:
            self._api.fax_free(self._fax)
            self._fax = self._t30 = None

    def _stats(self) -> Stats:
        stats = Stats()
        self._api.t30_get_transfer_statistics(self._t30, byref(stats))
        return stats

    def _page_done(self, _t30: int, _user: int, _event: int) -> int:
        stats = self._stats()
        self.report.pages.append(
            PageReport(
                rate_bps=stats.bit_rate,
                ecm=bool(stats.error_correcting_mode),
                coding=Coding[Encoding(stats.encoding).name],
                bad_lines=stats.bad_rows,
                octets=stats.image_size,
                ecm_retries=stats.error_correcting_mode_retries,
            )
        )
        return 0

    def _ended(self, _t30: int, _user: int, completion: int) -> None:
        if self.report.completion is not None:
            return
        stats = self._stats()
        self.report.pages_sent, self.report.pages_received = stats.pages_tx, stats.pages_rx
        self.report.completion, self.report.ended_s = completion, self._clock()
        self.report.ident = (self._api.t30_get_rx_ident(self._t30) or b"").decode(errors="replace")

    def _frame(self, _t30: int, _user: int, received: int, octets: Any, length: int) -> None:  # noqa: ANN401 - a pointer
        self.report.frames.append(
            FrameLogged(at_s=self._clock(), received=bool(received), octets=string_at(octets, length))
        )
