"""pySerial's RFC 2217 port, made quick enough for a fax modem."""

from __future__ import annotations

import struct
from collections.abc import Callable
from socket import socket
from threading import Condition
from typing import TYPE_CHECKING, Final

from serial import PortNotOpenError, SerialException, rfc2217

if TYPE_CHECKING:
    from serial.rfc2217 import TelnetSubnegotiation


_BAUD: Final = struct.Struct("!I")


class RemoteSerial(rfc2217.Serial):
    """A port of a terminal server.

    pySerial looks for the server's answer to a setting every 50 ms, and sends all settings again when one changes; T.30
    leaves a fax modem's program less than that. Here an answer counts when it comes, and a change is sent alone.
    """

    _socket: socket | None
    _rfc2217_options: dict[str, TelnetSubnegotiation]
    _network_timeout: float
    _ignore_set_control_answer: bool
    _xonxoff: bool
    _rtscts: bool
    _baudrate: int
    _rfc2217_port_settings: dict[str, TelnetSubnegotiation]

    def open(self) -> None:
        """Connect and negotiate. Raises `SerialException`."""
        self._told = Condition()
        self._lost = False
        self._flow: bytes | None = None
        self._told_baud = self._baudrate
        super().open()

    def close(self) -> None:
        """Close the connection, also one that the server has broken off: pySerial forgets to."""
        connection = self._socket
        super().close()
        if connection is not None:
            connection.close()

    def rfc2217_set_control(self, value: bytes) -> None:
        """Change one thing, and wait until the server has. Raises `SerialException`, or ValueError if it refuses."""
        if self._ignore_set_control_answer:
            super().rfc2217_set_control(value)
        else:
            self._request(self._rfc2217_options["control"], value)

    def rfc2217_send_purge(self, value: bytes) -> None:
        """Throw away what the server holds, and wait until it has."""
        self._request(self._rfc2217_options["purge"], value)

    def make_round_trip(self) -> None:
        """Ask for the flow control that is set, and await the answer. Raises `SerialException` if none comes."""
        asked = self._rfc2217_options["control"]
        with self._told:
            asked.set(rfc2217.SET_CONTROL_REQ_FLOW_SETTING)
            self._await(lambda: asked.state != rfc2217.REQUESTED)  # pySerial takes the answer for a refusal

    def _request(self, option: TelnetSubnegotiation, value: bytes) -> None:
        if not self.is_open:
            raise PortNotOpenError
        with self._told:
            option.set(value)
            self._await(option.is_ready)

    def _await(self, answered: Callable[[], bool]) -> None:
        if not self._told.wait_for(lambda: self._lost or answered(), self._network_timeout) or self._lost:
            raise SerialException("the port server does not answer")

    def _reconfigure_port(self) -> None:
        if self._flow is None:
            super()._reconfigure_port()  # type: ignore[misc] # the stubs leave it out
        wanted = rfc2217.SET_CONTROL_USE_NO_FLOW_CONTROL
        if self._xonxoff:
            wanted = rfc2217.SET_CONTROL_USE_SW_FLOW_CONTROL
        elif self._rtscts:
            wanted = rfc2217.SET_CONTROL_USE_HW_FLOW_CONTROL
        if self._flow not in (None, wanted):
            self.rfc2217_set_control(wanted)
        if self._flow is not None and self._told_baud != self._baudrate:
            self._request(self._rfc2217_port_settings["baudrate"], _BAUD.pack(self._baudrate))
        self._flow = wanted
        self._told_baud = self._baudrate

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        with self._told:
            super()._telnet_process_subnegotiation(suboption)  # type: ignore[misc] # the stubs leave it out
            self._told.notify_all()

    def _telnet_read_loop(self) -> None:
        try:
            super()._telnet_read_loop()  # type: ignore[misc] # the stubs leave it out
        finally:
            with self._told:
                self._lost = True
                self._told.notify_all()
