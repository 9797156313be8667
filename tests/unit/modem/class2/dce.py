"""A modem of Class 2, 2.0 or 2.1 played from a script, against the driver, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

import anyio

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import PortError
from faxmodem.modem.base import Station
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.modem.profile import Profile, QuirkNote, load_profile
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from faxmodem.transport.memory import null_modem_pair
from tests.unit.modem.dce import Dce, Script

T = TypeVar("T")

PROFILES: Final = {name: load_profile(f"class{name}") for name in ("2", "2.0", "2.1")}
CLASSES: Final = tuple(PROFILES)
RANGES: Final = "(0,1),(0-5),(0-2),(0-2),(0,1),(0),(0),(0-7)"
DLE_ETX: Final = b"\x10\x03"
XON: Final = b"\x11"
CAN: Final = b"\x18"
ALL_RATES: Final = frozenset(BY_DCS_BITS.values())

OFFER: Final = Capabilities(
    modulations=ALL_RATES,
    codings=frozenset(Coding),
    ecm=True,
    resolutions=frozenset({Resolution.STANDARD, Resolution.FINE}),
    scan_times=0b111,
)
CALLER: Final = Station(calling=True, station_id="+1 234", offers=OFFER)
CALLED: Final = Station(calling=False, station_id="+5 678", offers=OFFER)
FINE_PAGE: Final = Parameters(modulation=Modulation.V17_14400, resolution=Resolution.FINE)
PAGE: Final = Parameters(modulation=Modulation.V17_14400)


def with_quirks(name: str, *quirks: Quirk, value: float | None = None) -> Profile:
    """The generic profile of a class, with these quirks."""
    notes = {quirk: QuirkNote(value=value) for quirk in quirks}
    return PROFILES[name].model_copy(update={"quirks": notes})


def conversing(driver: Callable[[Class2Modem], Awaitable[T]], script: Script, *, profile: Profile = PROFILES["2"]) -> T:
    """Run the driver against the script; gives what the driver gives. The script must have heard everything."""

    async def main() -> T:
        dte_end, dce_end = null_modem_pair()
        dce = Dce(dce_end)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(script, dce)
                result = await driver(Class2Modem(dte_end, profile))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        with suppress(PortError):
            await dce.hears_nothing(0.001)
        return result

    return run_virtual(main)


@dataclass
class Told:
    """Frames as the driver tells them."""

    frames: list[Frame] = field(default_factory=list)

    def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)

    @property
    def names(self) -> list[str]:
        """What they are."""
        return [frame.fcf.name for frame in self.frames if frame.fcf]


def steps(*script: str | bytes | float) -> Script:
    """A script: "AT..." is heard, bytes are heard too, other text is said; a number is a pause, "<" leads what is sent.

    Several texts in one step are separated by "|".
    """

    async def play(dce: Dce) -> None:
        for step in script:
            if isinstance(step, bytes):
                if step.startswith(b"<"):
                    await dce.sends(step[1:])
                else:
                    await dce.hears_bytes(step)
            elif isinstance(step, str):
                await (dce.hears(step) if step.startswith("AT") else dce.says(*step.split("|")))
            else:
                await anyio.sleep(step)

    return play


def in_turn(*scripts: Script) -> Script:
    """One script after the other."""

    async def play(dce: Dce) -> None:
        for script in scripts:
            await script(dce)

    return play


SETTINGS: Final = {
    "2": ("AT+FCR=1", "AT+FBOR=0", "AT+FPHCTO=255"),
    "2.0": ("AT+FCR=1", "AT+FBO=0", "AT+FNR=1,1,1,0", "AT+FNR=1,1,1,1", "AT+FIE=0", "AT+FCT=60", "AT+FAP=1,1,1"),
}
SETTINGS_2_1: Final = SETTINGS["2.0"]


def prepares(
    name: str,
    *rest: str,
    station: Station = CALLER,
    offer: str = "1,5,0,0,0,0,0,0",
    session: str = "",
    quality: str = "",
    refuses: str = "-",
) -> Script:
    """The commands before a call and `rest`, all taken but those that begin with `refuses`."""
    two = name == "2"
    commands = [
        *SETTINGS.get(name, SETTINGS_2_1),
        f'AT{"+FLID" if two else "+FLI"}="{station.station_id}"',
        f"AT{'+FDCC' if two else '+FCC'}={offer}",
        *([f"AT{'+FDIS' if two else '+FIS'}={session}"] if session else []),
        f"AT+FCQ={quality or ('0' if two else '0,0')}",
        *rest,
    ]

    async def play(dce: Dce) -> None:
        for command in commands:
            await dce.hears(command)
            await dce.says("ERROR" if command.startswith(refuses) else "OK")

    return play
