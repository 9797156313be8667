"""A modem that answers queries as it is told, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import PortError
from faxmodem.modem.profile import IDENTIFYING
from faxmodem.transport.memory import MemoryTransport, null_modem_pair

T = TypeVar("T")


@dataclass
class Firmware:
    """A modem that answers queries as it is told, and says OK to all else."""

    answers: Mapping[str, bytes] = field(default_factory=dict)
    "By command without AT, the bytes that it sends; b'' for nothing at all."
    refused: frozenset[str] = frozenset()
    echo: bool = False
    deaf: bool = False
    heard: list[str] = field(default_factory=list)
    "What it was asked, without what set-up and recovery say."
    commands: list[str] = field(default_factory=list)

    async def live(self, dce: MemoryTransport) -> None:
        """Answer for as long as there is a port."""
        with suppress(PortError):
            await self._serve(dce)

    async def _serve(self, dce: MemoryTransport) -> None:
        line = b""
        while not self.deaf:
            line += (await dce.receive()).translate(None, b"\x10\x03\x04\x11\x18")
            while b"\r" in line:
                command, _, line = line.partition(b"\r")
                if self.echo:
                    await dce.send(command + b"\r\r\n")
                await dce.send(self._reply(command.decode("latin-1").upper()))

    def _reply(self, command: str) -> bytes:
        self.commands.append(command)
        name = command.removeprefix("AT")
        name = command if name.startswith("I") else name
        if name in IDENTIFYING:
            self.heard.append(name)
        if command in self.refused:
            return b"\r\nERROR\r\n"
        return self.answers.get(name, b"\r\nERROR\r\n" if name in IDENTIFYING else b"\r\nOK\r\n")


def said(*lines: str, end: str = "OK") -> bytes:
    return b"".join(f"\r\n{line}\r\n".encode() for line in (*lines, end))


def talk(firmware: Firmware, work: Callable[[MemoryTransport], Awaitable[T]]) -> T:
    """What `work` gives at the other end of the cable."""

    results: list[T] = []

    async def main() -> T:
        dte, dce = null_modem_pair()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(firmware.live, dce)
            try:
                results.append(await work(dte))
            finally:
                tasks.cancel_scope.cancel()
        return results[0]

    try:
        return run_virtual(main)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
