"""What modems do in their own way and no profile has to tell: the driver copes unasked, in a whole call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import anyio
import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.fcs import REVERSED, fcs
from faxmodem.emulator.faults import Fate, FrameFault
from faxmodem.modem.at import stuff
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import StationId
from faxmodem.t30.frames import Frame
from faxmodem.transport.memory import MemoryTransport
from tests.scenarios.bench import CALLED
from tests.unit.quirks.harness import PLAIN, Call, Port, Scene, carry

FRAME: Final = re.compile(rb"(\xff[\x03\x13](?:[^\x10]|\x10\x10)*?)(?=\x10\x03)", re.DOTALL)
"A frame of V.21 on its way to the DTE, stuffed, with its FCS."
OK: Final = b"\r\nOK\r\n"
UNANSWERED: Final = {
    False: FrameFault(sender=CALLED, fate=Fate.LOST, nth=(1,)),
    True: FrameFault(sender=CALLED, fate=Fate.LOST, nth=(0,)),
}
"What is lost so that the end that is looked at waits in vain: the CFR for a sender, its own DIS for a receiver."


class Words(Port):
    """Results in other words, or oftener than once."""

    said: tuple[bytes, bytes]
    after: bytes = b""
    "What the command must begin with."

    def worded(self, data: bytes) -> bytes:
        """The one for the other."""
        return data.replace(*self.said) if self.command.startswith(self.after) else data


class SaysAllTwice(Words):
    """OK comes twice."""

    said = (OK, OK + OK)


class SaysOkToResetTwice(SaysAllTwice):
    """OK comes twice when the modem is reset."""

    after = b"ATZ"


class AnswersAbortWithConnect(Words):
    """CONNECT for OK when a reception is aborted."""

    said = (OK, b"\r\nCONNECT\r\n")
    after = b"\x18"


class AnswersAbortNotAtAll(Words):
    """Nothing for OK when a reception is aborted."""

    said = (OK, b"")
    after = b"\x18"


class EndsV34WithNoCarrier(Words):
    """NO CARRIER for OK at the end of V.34."""

    said = (OK, b"\r\nNO CARRIER\r\n")
    after = b"\x10\x04"


class ErrorOnHook(Words):
    """ERROR to ATH."""

    said = (OK, b"\r\nERROR\r\n")
    after = b"ATH"


class CallsFramesBad(Words):
    """ERROR behind frames whose FCS is good."""

    said = (OK, b"\r\nERROR\r\n")
    after = b"AT+FRH"


class PutsNamesBeforeValues(Words):
    """Lists have the command's name before them, and parentheses around."""

    said = (b"24,48", b"+FTM: (24,48")
    after = b"AT+FTM=?"


class Refuses(Port):
    """ERROR to commands that any modem has."""

    refused: tuple[bytes, ...]
    reply = b"\r\nERROR\r\n"

    def lost(self, data: bytes) -> bytes | None:
        """The modem never sees them."""
        return self.reply if data.startswith(self.refused) else None


class HasNoSilence(Refuses):
    """Neither +FTS nor +FRS."""

    refused = (b"AT+FTS", b"AT+FRS")


class TellsNoRates(Refuses):
    """No test form of actions."""

    refused = (b"AT+FTM=?", b"AT+FRM=?")


class HearsOnTheSecondTry(Port):
    """Every other +FRH=3 ends at once, for no reason."""

    reply: bytes
    nth = 0

    def lost(self, data: bytes) -> bytes | None:
        """The first, the third and so on."""
        if not data.startswith(b"AT+FRH"):
            return None
        self.nth += 1
        return self.reply if self.nth % 2 else None


class HearsAnotherCarrier(HearsOnTheSecondTry):
    """V.21 is taken for something else at first."""

    reply = b"\r\n+FCERROR\r\n"


class HearsNone(HearsOnTheSecondTry):
    """V.21 is not heard at first."""

    reply = b"\r\nNO CARRIER\r\n"


class GivesUpHearing(HearsOnTheSecondTry):
    """The modem's own time is over."""

    reply = OK


class DeafAfterReset(Port):
    """Takes nothing for three seconds after ATZ."""

    until = 0.0

    def lost(self, data: bytes) -> bytes | None:
        """What comes too early."""
        now = anyio.current_time()
        if now < self.until:
            return b""
        if data.startswith(b"ATZ"):
            self.until = now + 3.0
        return None


class InVoiceStream(Port):
    """Another program has left it in a voice stream."""

    ended = False

    def lost(self, data: bytes) -> bytes | None:
        """Whatever comes before the stream is ended, with the line in which it is."""
        if self.ended:
            return None
        self.ended = b"\x10\x03" in data and b"\x10^" in data
        return b""


class Frames(Port):
    """Frames come in another shape."""

    shown: Callable[[bytes], bytes]

    def worded(self, data: bytes) -> bytes:
        """With each frame in that shape."""
        if not self.command.startswith((b"AT+FRH", b"ATD")):
            return data
        return FRAME.sub(lambda found: type(self).shown(found[1].replace(b"\x10\x10", b"\x10")), data)


class BitsReversed(Frames):
    """The first bit on the line is the most significant."""

    shown = staticmethod(lambda frame: stuff(frame.translate(REVERSED)))


class NoAddress(Frames):
    """Without its first octet."""

    shown = staticmethod(lambda frame: stuff(frame[1:]))


class NoFcs(Frames):
    """Without its last two octets."""

    shown = staticmethod(lambda frame: stuff(frame[:-2]))


class DleNotDoubled(Frames):
    """As it is."""

    shown = staticmethod(lambda frame: frame)


def awkward_id(fcf: Fcf, *, x: bool) -> str:
    """A station whose name makes a frame that holds a DLE, or has one in its FCS, and no pair with a meaning."""
    for number in map(str, range(10_000)):
        frame = Frame.of(fcf, StationId(number), x=x, final=False).build()
        if re.search(rb"\x10[^\x03\x10\x1a]", frame + fcs(frame)):
            return number
    raise AssertionError("there is none")


def carried(scene: Scene, port: type[Port]) -> Call:
    """The call, in which the modem must have done something in its own way."""
    made: list[Port] = []

    def make(transport: MemoryTransport) -> Port:
        made.append(port(transport))
        return made[-1]

    call = carry(scene, port=make)
    assert made[0].oddities
    return call


@pytest.mark.parametrize("receives", [False, True], ids=["sending", "receiving"])
@pytest.mark.parametrize(
    "port",
    [
        SaysAllTwice,
        SaysOkToResetTwice,
        AnswersAbortWithConnect,
        AnswersAbortNotAtAll,
        ErrorOnHook,
        CallsFramesBad,
        PutsNamesBeforeValues,
        HasNoSilence,
        TellsNoRates,
        HearsAnotherCarrier,
        HearsNone,
        GivesUpHearing,
        DeafAfterReset,
        InVoiceStream,
    ],
)
def test_a_call_goes_well(port: type[Port], *, receives: bool) -> None:
    assert carried(Scene(receives=receives, faults=(UNANSWERED[receives],)), port).is_good


def test_v34_may_end_with_no_carrier() -> None:
    scene = Scene(base="class1.0", far="class1.0", settings=CallSettings())
    assert carried(scene, EndsV34WithNoCarrier).is_good


@pytest.mark.parametrize("receives", [False, True], ids=["sending", "receiving"])
@pytest.mark.parametrize("port", [BitsReversed, NoAddress, NoFcs, DleNotDoubled])
def test_frames_are_read_in_any_shape(port: type[Port], *, receives: bool) -> None:
    number = awkward_id(Fcf.TSI, x=True) if receives else awkward_id(Fcf.CSI, x=False)
    call = carried(Scene(receives=receives, settings=replace(PLAIN, station_id=number)), port)
    assert call.is_good
    assert call.received is not None
    assert (call.received if receives else call.sent).remote_id == number
