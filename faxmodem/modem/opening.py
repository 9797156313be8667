"""From a port to a modem that is ready for calls: which profile, which service class, which driver."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from faxmodem.errors import ClassRefused, ModemError, ProfileError, SettingError
from faxmodem.modem.base import Modem
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.detect import Detection, detect
from faxmodem.modem.profile import Profile, ServiceClass
from faxmodem.transport.base import Transport

log = logging.getLogger("faxmodem.modem")


async def open_on(
    transport: Transport,
    *,
    profile: Profile | None = None,
    service_class: ServiceClass | None = None,
    usb: str = "",
    baud: int | None = None,
    bauds: Sequence[int] = (),
    v34: bool = True,
) -> Modem:
    """The modem at a port, set up for calls.

    `profile`: None: the one that knows the modem, which is asked. `service_class`: None: the first that the profile
    prefers and the modem takes. `usb`: the port's vendor and product, as '0572:1340'; empty where there is no USB.
    `baud`: the rate, in bit/s, at which the user has opened the port; None: he left that to the profile. `bauds`: those
    to try if a modem that is asked who it is does not answer. `v34`: False: a modem that has it does without.

    Raises `PortError`, `ModemError` and `SettingError`; the port is then still open.
    """
    if profile is not None:
        classes = profile.classes.prefer if service_class is None else [service_class]
        return await set_up(transport, (profile if v34 else profile.without_v34()).at_baud(baud), classes)
    try:
        found = await detect(transport, usb=usb, bauds=bauds)
    except ProfileError as error:
        raise ModemError(f"which profile is right for the modem on {transport.name} is not clear: {error}") from error
    log.info("%s: profile %s: %s", transport.name, found.profile.id, found.reason)
    try:
        known = found.profile.at_baud(baud)
    except SettingError as error:
        raise ModemError(str(error)) from error
    return await set_up(transport, known if v34 else known.without_v34(), to_try(found, service_class))


def to_try(found: Detection, service_class: ServiceClass | None = None) -> Sequence[ServiceClass]:
    """The classes in which a modem may be used, the best first, or the one that is asked for. Raises `ModemError`."""
    classes = found.service_classes if service_class is None else (service_class,)
    if not classes:
        raise ModemError(
            f"the modem lists the service classes {', '.join(found.classes)}, and none of them is of use for fax; "
            "name one with service_class (--class) to try it all the same"
        )
    return classes


async def set_up(transport: Transport, profile: Profile, classes: Sequence[ServiceClass]) -> Modem:
    """Set the modem up in the first of these classes that it takes; there must be one. Raises `ModemError`."""
    *others, last = classes
    for name in others:
        try:
            return await _set_up_in(name, transport, profile)
        except ClassRefused as error:
            log.warning("%s", error)
    return await _set_up_in(last, transport, profile)


async def _set_up_in(service_class: ServiceClass, transport: Transport, profile: Profile) -> Modem:
    modem = _driver(service_class, transport, profile)
    await modem.set_up()
    log.info("%s: set up in Class %s with profile %s", transport.name, service_class, profile.id)
    return modem


def _driver(service_class: ServiceClass, transport: Transport, profile: Profile) -> Modem:
    if service_class in Class1Modem.CLASSES:
        return Class1Modem(transport, profile, service_class)
    from faxmodem.modem.class2.driver import Class2Modem

    return Class2Modem(transport, profile, service_class)
