"""spandsp's Class 1 modem (T.31) as a port: our driver's octets go into its AT interpreter, its answers come out."""

from __future__ import annotations

import re
from collections.abc import Callable
from ctypes import c_void_p, cast, string_at
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.lowlevel import checkpoint

from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow, Transport
from tests.peer.spandsp.library import (
    BLOCK,
    AtTx,
    CallEvent,
    LogMessage,
    ModemControl,
    ModemOperation,
    T38Packet,
    spandsp,
)

if TYPE_CHECKING:
    from ctypes import Array, c_int16

PIECE: Final = 256
"Octets given to the modem at a time: it says that its 4096 are nearly full when 1024 are left."
LOG_LEVEL: Final = 5
SHOWN: Final = 40
"Octets of a piece of the dialogue in the log."

_RECEIVE: Final = re.compile(rb"AT\+FRM=(\d+)\r")
_RATES: Final = {24: 2400, 48: 4800, 72: 7200, 73: 7200, 74: 7200, 96: 9600, 97: 9600, 98: 9600} | {
    121: 12000,
    122: 12000,
    145: 14400,
    146: 14400,
}


class SoftModem(Transport):
    """The DTE's end of the modem's port, and the modem's end of a telephone line."""

    def __init__(self, on_operation: Callable[[ModemOperation, str], None], *, verbose: bool = False) -> None:
        """`on_operation`: is told when the modem dials (with the number), answers or hangs up."""
        self._api = api = spandsp()
        self._on_operation = on_operation
        self._said = bytearray()
        self._speaks = anyio.Event()
        self._takes = anyio.Event()
        self._clear_to_send = True
        self._flow = Flow.NONE
        self._closed = False
        self._command = b""
        self.receiving_bps: int | None = None
        "The rate of the page carrier that it has found and is receiving."
        self._verbose = verbose
        self.log: list[str] = []
        "The dialogue, with seconds since the program began, and what spandsp says of its doings; only if asked."
        # spandsp keeps no reference to these
        self._callbacks = AtTx(self._at_tx), ModemControl(self._control), T38Packet(lambda *_: 0)
        at_tx, control, t38 = self._callbacks
        self._modem = api.t31_init(None, at_tx, None, control, None, t38, None)
        api.t31_set_transmit_on_idle(self._modem, 1)
        if verbose:
            self._logger = LogMessage(lambda _level, text: self.log.append(text.decode(errors="replace").rstrip()))
            logging = api.t31_get_logging_state(self._modem)
            api.span_log_set_level(logging, LOG_LEVEL)
            api.span_log_set_message_handler(logging, self._logger)

    # The line's side

    def speak(self, block: Array[c_int16]) -> None:
        """Fill a block with what the modem sends next."""
        self._api.t31_tx(self._modem, block, BLOCK)

    def listen(self, block: Array[c_int16]) -> None:
        """Take what has arrived."""
        self._api.t31_rx(self._modem, block, BLOCK)

    def tell(self, event: CallEvent) -> None:
        """Tell the modem how its call stands."""
        self._api.t31_call_event(self._modem, event)

    # The DTE's side

    @property
    def name(self) -> str:
        """What people call it."""
        return "spandsp"

    async def receive(self) -> bytes:
        """Wait for what the modem says."""
        await checkpoint()
        while not self._said:
            self._check()
            await self._speaks.wait()
        self._check()
        data = bytes(self._said)
        self._said.clear()
        return data

    async def send(self, data: bytes) -> None:
        """Give bytes to the modem, and wait as long as it is not ready for more."""
        await checkpoint()
        for start in range(0, len(data), PIECE):
            while not self._clear_to_send and self._flow is not Flow.NONE:
                self._check()
                await self._takes.wait()
            self._check()
            piece = data[start : start + PIECE]
            self._note(piece)
            self._api.t31_at_rx(self._modem, piece, len(piece))

    async def set_flow(self, flow: Flow) -> None:
        """Change flow control. The modem has one signal; with either kind it holds, with none it is not looked at."""
        self._check()
        self._flow = flow
        self._ring_takes()

    async def set_baud(self, baud: int | None) -> None:
        """Do nothing: octets go straight into the modem."""

    async def set_dtr(self, on: bool) -> None:
        """Do nothing: the modem has no such line."""

    async def set_rts(self, on: bool) -> None:
        """Do nothing: the modem has no such line."""

    async def send_break(self) -> None:
        """Do nothing: there is no line."""

    async def control_lines(self) -> ControlLines:
        """What the modem shows: CTS alone."""
        self._check()
        return ControlLines(cts=self._clear_to_send)

    async def discard(self) -> None:
        """Throw away what the modem has said and nobody has read."""
        self._check()
        self._said.clear()

    async def aclose(self) -> None:
        """Close the port. The modem goes on until `free`."""
        self._closed = True
        self._ring_speaks()
        self._ring_takes()

    def free(self) -> None:
        """End the modem."""
        self._closed = True
        if self._modem is not None:
            self._api.t31_free(self._modem)
            self._modem = None

    def _check(self) -> None:
        if self._closed:
            raise PortError("the port of the spandsp modem is closed")

    def _tell(self, who: str, octets: bytes) -> None:
        if self._verbose:
            more = f" ... {len(octets)} octets" if len(octets) > SHOWN else ""
            self.log.append(f"{anyio.current_time():8.2f} {who} {octets[:SHOWN]!r}{more}")

    def _note(self, sent: bytes) -> None:
        self._tell("DTE", sent)
        if sent.endswith(b"\r"):
            self._command = sent
            self.receiving_bps = None

    # What spandsp calls; it may be in the middle of `send`, or of a block of audio

    def _at_tx(self, _at: int, _user: int, octets: Any, length: int) -> int:  # noqa: ANN401 - a pointer
        said = string_at(octets, length)
        self._said += said
        self._tell("DCE", said)
        if b"CONNECT" in said and (asked := _RECEIVE.fullmatch(self._command)):
            self.receiving_bps = _RATES[int(asked[1])]
        self._ring_speaks()
        return 0

    def _control(self, _modem: int, _user: int, operation: int, value: int | None) -> int:
        if operation == ModemOperation.CTS:
            self._clear_to_send = bool(value)
            self._ring_takes()
        elif operation in (ModemOperation.CALL, ModemOperation.ANSWER, ModemOperation.HANGUP):
            number = (
                string_at(cast(value, c_void_p)).decode("latin-1") if operation == ModemOperation.CALL and value else ""
            )
            self._on_operation(ModemOperation(operation), number)
        return 0

    def _ring_speaks(self) -> None:
        self._speaks.set()
        self._speaks = anyio.Event()

    def _ring_takes(self) -> None:
        self._takes.set()
        self._takes = anyio.Event()
