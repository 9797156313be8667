"""Waiting for a port that was unplugged."""

from __future__ import annotations

import os
from typing import Final

import anyio
from anyio import to_thread

from faxmodem.errors import PortError
from faxmodem.transport.devices import THIS_MACHINE, Machine
from faxmodem.transport.naming import find_port, is_url

LOOK_S: Final = 0.5
"Between two looks for a port; a modem takes longer to start."


async def wait_for_port(name: str, machine: Machine = THIS_MACHINE, *, look_s: float = LOOK_S) -> None:
    """Wait until the port of this name (`faxmodem.transport.naming`) is there and may be opened.

    A remote one is taken to be there; whether it is, connecting shows.
    """
    while not await to_thread.run_sync(_is_there, name, machine):  # noqa: ASYNC110 - no event on all systems
        await anyio.sleep(look_s)


def _is_there(name: str, machine: Machine) -> bool:
    if is_url(name):
        return True
    try:
        device = find_port(name, machine)
    except PortError:  # not there, or its twin is as well
        return False
    return os.access(device, os.R_OK | os.W_OK)  # a new device belongs to root until udev has seen to it
