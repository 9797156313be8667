"""Two modems on one line: the call between them, and one signal at a time from the one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio

from faxmodem.check.bench import ANSWER_S, BenchModem, Sent, Timed, together
from faxmodem.errors import ModemError
from faxmodem.modem.at import DLE_ETX, Result, ResultCode, stuff
from faxmodem.modem.dial_rules import DialRules
from faxmodem.modem.dialogue import Busy
from faxmodem.modem.identify import RATE_CODES
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.modulations import Modulation

V21_BPS: Final = 300
LEAD_S: Final = 0.3
"How long a receiver listens before the other sends."
RING_S: Final = 60.0
CALL_S: Final = 90.0
TRIES: Final = 3
BETWEEN_CALLS_S: Final = 6.0
"Exchanges, and some modems, need a while for themselves before there is another call."
CARRIER_S: Final = 8.0
"From the command to receive to CONNECT."

SEND_FRAMES: Final = "AT+FTH=3"
RECEIVE_FRAME: Final = "AT+FRH=3"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCrossing:
    """A V.21 frame, on both sides."""

    sent: Timed
    "From the command to the OK behind the frame, or to what came instead of it."
    asked_at: float
    "When the sender was told to send."
    sent_at: float
    "When the OK came."
    connect: Timed
    "From the receiver's command to its CONNECT."
    heard_at: float
    "When that came."
    octets: bytes
    verdict: Timed
    "From CONNECT on."


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCrossing:
    """A carrier with data, on both sides."""

    sent: Sent
    connect: Timed
    heard_at: float
    "When the receiver's CONNECT came."
    octets: bytes
    end: Timed
    ended_at: float


@dataclass(frozen=True, slots=True)
class _FrameSent:
    end: Timed
    asked_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class _FrameHeard:
    connect: Timed
    octets: bytes
    verdict: Timed
    at: float


def _frame_crossing(sent: _FrameSent, heard: _FrameHeard) -> FrameCrossing:
    return FrameCrossing(
        sent=sent.end,
        asked_at=sent.asked_at,
        sent_at=sent.ended_at,
        connect=heard.connect,
        heard_at=heard.at,
        octets=heard.octets,
        verdict=heard.verdict,
    )


class Line:
    """A call between two modems that are set up."""

    def __init__(
        self, near: BenchModem, far: BenchModem, number: str | None, dial_rules: DialRules | None = None
    ) -> None:
        """`number`: by which the near modem reaches the far one; None: they are wired together, without an exchange.

        Raises `DialError`.
        """
        self.near = near
        self.far = far
        self.number = number
        self._dialled = (dial_rules or DialRules()).dial_string(number) if number is not None else ""

    async def open(self, frame: bytes) -> FrameCrossing:
        """Make the call; the far modem sends a frame, by what its ATA and the near one's ATD imply.

        Raises `ModemError` if the two do not find each other after some tries.
        """
        for _ in range(TRIES - 1):
            try:
                return await self._open(frame)
            except ModemError:
                await self.close()
                await anyio.sleep(BETWEEN_CALLS_S)
        return await self._open(frame)

    async def _open(self, frame: bytes) -> FrameCrossing:
        answered, called = await together(partial(self._answer, frame), self._call)
        return _frame_crossing(answered, called)

    async def close(self) -> None:
        """Both on hook. Raises `ModemTimeout`."""
        try:
            await self.near.hang_up()
        finally:
            await self.far.hang_up()

    async def _answer(self, frame: bytes) -> _FrameSent:
        far = self.far
        if self.number is not None and not await _rings(far):
            raise ModemError(f"the far modem does not ring within {RING_S:.0f} s; is {self.number} its number?")
        connect = await far.start(far.profile.at.answer, Busy.RECEIVE, within_s=CALL_S)
        asked_at = anyio.current_time()
        if connect.code is not ResultCode.CONNECT:
            raise ModemError(f"the far modem says {connect} to {far.profile.at.answer}")
        far.dialogue.busy = Busy.TRANSMIT
        await far.dialogue.send(stuff(frame) + DLE_ETX)
        return _FrameSent(await far.finish(), asked_at, anyio.current_time())

    async def _call(self) -> _FrameHeard:
        near, at = self.near, self.near.profile.at
        if self.number is None:
            await near.dialogue.run(at.open_call)
        command = at.dial.format(number=self._dialled)
        connect = await near.start(command, Busy.RECEIVE, data_follow=True, within_s=CALL_S)
        if connect.code is not ResultCode.CONNECT:
            advice = "" if self._dialled else "; if there is an exchange between the modems, give their numbers"
            raise ModemError(f"the modem says {connect} to {command}{advice}")
        return await _rest_of_frame(near, connect)


async def _rings(modem: BenchModem) -> bool:
    """Wait for the telephone to ring."""
    with anyio.move_on_after(RING_S):
        while True:
            event = await modem.dialogue.event(None)
            if isinstance(event, Result) and event.code is ResultCode.RING:
                return True
    return False


async def cross_frame(sender: BenchModem, receiver: BenchModem, frame: bytes) -> FrameCrossing:
    """Send a frame by +FTH while the other listens by +FRH. Raises `ModemError`."""

    async def send() -> _FrameSent:
        await anyio.sleep(LEAD_S)
        asked_at = anyio.current_time()
        return _FrameSent(await _send_frame(sender, frame), asked_at, anyio.current_time())

    async def receive() -> _FrameHeard:
        connect = await receiver.start(RECEIVE_FRAME, Busy.RECEIVE, data_follow=True, within_s=CARRIER_S)
        return await _rest_of_frame(receiver, connect)

    return _frame_crossing(*await together(send, receive))


async def _send_frame(sender: BenchModem, frame: bytes) -> Timed:
    connect = await sender.start(SEND_FRAMES, Busy.TRANSMIT)
    if connect.code is not ResultCode.CONNECT:
        await sender.settle()
        return connect
    await sender.dialogue.send(stuff(frame) + DLE_ETX)
    return await sender.finish()


async def _rest_of_frame(receiver: BenchModem, connect: Timed) -> _FrameHeard:
    at = anyio.current_time()
    if connect.code is not ResultCode.CONNECT:
        await receiver.settle()
        return _FrameHeard(connect, b"", connect, at)
    octets, verdict = await receiver.collect(ANSWER_S)
    return _FrameHeard(connect, octets, verdict, at)


async def cross_data(
    sender: BenchModem, receiver: BenchModem, modulation: Modulation, data: bytes, *, short: bool = False
) -> DataCrossing:
    """Send data by +FTM, as a driver with the sender's profile does, while the other listens by +FRM.

    Raises `ModemError`.
    """

    async def send() -> Sent:
        await anyio.sleep(LEAD_S)
        flow, wait_s = sender.profile.flow.while_sending, sender.profile.measure(Quirk.EARLY_CONNECT)
        return await sender.transmit(modulation, data, short=short, flow=flow, wait_s=wait_s)

    async def receive() -> tuple[Timed, bytes, Timed, float, float]:
        command = f"AT+FRM={RATE_CODES[modulation][short]}"
        connect = await receiver.start(command, Busy.RECEIVE, data_follow=True, within_s=CARRIER_S)
        heard_at = anyio.current_time()
        if connect.code is not ResultCode.CONNECT:
            await receiver.settle()
            return connect, b"", connect, heard_at, heard_at
        octets, end = await receiver.collect(len(data) * 8 / modulation.rate_bps + ANSWER_S)
        return connect, octets, end, heard_at, heard_at + end.seconds

    sent, (connect, octets, end, heard_at, ended_at) = await together(send, receive)
    return DataCrossing(sent=sent, connect=connect, heard_at=heard_at, octets=octets, end=end, ended_at=ended_at)
