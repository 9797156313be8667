"""The emulator as each firmware: asked who it is, it is known, and the class is one that it takes."""

from __future__ import annotations

import pytest

from faxmodem.emulator.pair import emulated_line
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.virtual import run_virtual
from faxmodem.modem.detect import Detection, detect
from faxmodem.modem.opening import set_up, to_try
from faxmodem.modem.profile import Profile
from faxmodem.transport.memory import null_modem_pair
from tests.profiles.test_matching import RECOGNISED, SHIPPED, usb_of


@pytest.mark.parametrize("firmware", RECOGNISED, ids=lambda profile: profile.id)
def test_an_emulated_firmware_is_known_and_set_up(firmware: Profile) -> None:
    async def main() -> tuple[Detection, str]:
        dte, dce = null_modem_pair()
        async with emulated_line(dce, numbers=("100",), settings=DceSettings.of_profile(firmware)):
            found = await detect(dte, profiles=SHIPPED, usb=usb_of(firmware))
            modem = await set_up(dte, found.profile, to_try(found))
            return found, modem.service_class

    found, service_class = run_virtual(main)
    assert found.profile is firmware
    assert service_class == found.service_classes[0]
