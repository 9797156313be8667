"""The rate of the port: a modem that talks at another one is found, and one that changes it by itself is followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from io import StringIO
from typing import Final, TypeVar

import anyio
import pytest

from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import ModemError, ModemTimeout, SettingError
from faxmodem.modem.base import Modem
from faxmodem.modem.class2.driver import Class2Modem
from faxmodem.modem.detect import OTHER_BAUDS, detect
from faxmodem.modem.opening import open_on
from faxmodem.modem.profile import Profile, load_profile
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from faxmodem.transport.recorder import Recorder

T = TypeVar("T")

OPENED_AT: Final = 115200
CLASS_1: Final = load_profile("class1")
CLASS_2: Final = load_profile("class2")


def told(base: Profile, keys: Mapping[str, object]) -> Profile:
    """A profile that says something more than another."""
    return Profile.model_validate({**base.model_dump(), **keys})


LOCKED: Final = told(CLASS_2, {"classes": {"prefer": ["2", "1"]}, "quirks": {Quirk.RATE_LOCKED: {"value": 19200}}})


def at_port(settings: DceSettings, work: Callable[[MemoryTransport], Awaitable[T]]) -> T:
    """What `work` gives at the port of an emulated modem, opened at the usual rate."""
    results: list[T] = []

    async def main() -> None:
        dte, dce = null_modem_pair(name="COM1", bauds=(OPENED_AT, None))
        async with emulated_line(dce, numbers=("100",), settings=settings):
            results.append(await work(dte))

    try:
        run_virtual(main)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return results[0]


@pytest.mark.parametrize("baud", OTHER_BAUDS)
def test_a_modem_is_found_at_another_rate_and_used_there(baud: int) -> None:
    async def opened(port: MemoryTransport) -> tuple[Modem, float]:
        began = anyio.current_time()
        found = await detect(port, bauds=OTHER_BAUDS)
        assert found.profile.port.baud == baud
        took_s = anyio.current_time() - began
        return await open_on(port, bauds=OTHER_BAUDS), took_s

    modem, took_s = at_port(DceSettings(baud=baud), opened)
    assert modem.baud == baud
    assert modem.identity.title.startswith("faxmodem")
    assert took_s < 15


@pytest.mark.parametrize(("baud", "fastest"), [(9600, 7200), (19200, 14400)])
def test_no_rate_on_the_line_is_faster_than_the_port(baud: int, fastest: int) -> None:
    def opened(profile: Profile) -> Modem:
        return at_port(DceSettings.of_profile(profile), lambda port: open_on(port, profile=profile, baud=baud))

    identity = opened(CLASS_1).identity
    for rates in (identity.transmits, identity.receives):
        assert max(rate.rate_bps for rate in rates) == fastest
    modem = opened(CLASS_2)
    assert isinstance(modem, Class2Modem)
    assert max(modem._ranges.groups[1]) == fastest // 2400 - 1


def test_v34_is_left_out_where_the_port_is_too_slow_for_it() -> None:
    profile = load_profile("class1.0")
    assert profile.at.v34 is not None
    assert profile.at_baud(57600).at.v34 == profile.at.v34
    assert profile.at_baud(38400).at.v34 is None


def test_what_was_tried_is_said_of_a_modem_that_answers_at_none() -> None:
    with pytest.raises(
        ModemTimeout, match="neither at the port's rate nor at 57600, 38400, 19200 or 9600 bit/s; check"
    ):
        at_port(DceSettings(baud=1200), lambda port: open_on(port, bauds=OTHER_BAUDS))
    with pytest.raises(ModemTimeout, match="no modem answers ATE0Q0V1 on COM1 A; check"):
        at_port(DceSettings(baud=19200), open_on)


def test_a_modem_that_answers_at_once_is_not_looked_for_elsewhere() -> None:
    sink = StringIO()

    async def opened(port: MemoryTransport) -> Modem:
        return await open_on(Recorder(port, sink, clock=anyio.current_time), bauds=OTHER_BAUDS)

    assert at_port(DceSettings(), opened).baud is None
    assert "baud" not in sink.getvalue()


def test_the_profile_says_at_which_rate_and_the_user_goes_before_it() -> None:
    profile = told(CLASS_1, {"port": {"baud": 19200}})

    def opened(baud: int | None) -> Modem:
        return at_port(DceSettings(), lambda port: open_on(port, profile=profile, baud=baud))

    assert opened(None).baud == 19200
    assert opened(57600).baud == 57600


def test_a_rate_with_which_the_firmware_fails_is_refused() -> None:
    profile = load_profile("icplus-ip568x")
    assert profile.at_baud(None).port.baud == 57600
    assert profile.at_baud(115200).port.baud == 115200
    with pytest.raises(SettingError, match="must run at 57600 bit/s or more, not at 19200; leave out"):
        at_port(DceSettings(), lambda port: open_on(port, profile=profile, baud=19200))
    with pytest.raises(ModemError, match="must run at 57600 bit/s or more, not at 19200"):
        at_port(DceSettings.of_profile(profile), lambda port: open_on(port, baud=19200))


def test_a_modem_that_locks_the_rate_is_followed_and_let_go() -> None:
    sink = StringIO()

    async def main(port: MemoryTransport) -> tuple[int | None, int | None]:
        recorded = Recorder(port, sink, clock=anyio.current_time)
        locked = await open_on(recorded, profile=LOCKED)
        baud = locked.baud
        await port.set_baud(None)  # another program opens the port, at its own rate
        other = await open_on(recorded, profile=LOCKED, service_class="1")
        return baud, other.baud

    assert at_port(DceSettings.of_profile(LOCKED), main) == (19200, None)
    said = [line.split(" ", 1)[1] for line in sink.getvalue().splitlines() if "baud" in line or "FCLASS=" in line]
    assert said[:2] == ["DTE AT+FCLASS=2<CR>", "DTE <baud 19200>"]
    found, back = [place for place, line in enumerate(said) if "baud" in line][1:]
    assert (said[found], said[back]) == ("DTE <baud 19200>", "DTE <baud default>")
    assert said[back + 1] == "DTE AT+FCLASS=1<CR>"


def test_the_modem_is_left_as_one_that_recognises_the_rate() -> None:
    sink = StringIO()

    async def main(port: MemoryTransport) -> None:
        modem = await open_on(Recorder(port, sink, clock=anyio.current_time), profile=LOCKED)
        await modem.aclose()

    at_port(DceSettings.of_profile(LOCKED), main)
    last = [line.split(" ", 1)[1] for line in sink.getvalue().splitlines()][-2:]
    assert last == ["DTE AT+FCLASS=0<CR>", "DCE <CR><LF>OK<CR><LF>"]


def test_the_modem_is_reached_for_hanging_up_though_it_has_changed_its_rate_unseen() -> None:
    locked = LOCKED.model_copy(update={"quirks": {}})

    async def main(port: MemoryTransport) -> str:
        modem = await open_on(port, profile=LOCKED)
        await modem._dialogue.set_baud(57600)  # type: ignore[union-attr] # as if +FCLASS=2 had been cut off
        await modem.hang_up()
        return str(modem.baud)

    assert at_port(DceSettings.of_profile(LOCKED), main) == "19200"
    with pytest.raises(ModemTimeout):
        at_port(DceSettings.of_profile(LOCKED), lambda port: open_on(port, profile=locked))
