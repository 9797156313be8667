"""What an action, which carries out one command of a session, sees of the runner that started it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from faxmodem.t30 import events

# Any: each action takes the one kind of command that it stands for.
Action = Callable[[Any], Awaitable[events.Event]]
Actions = Mapping[type[events.Command], Action]
"How each command is carried out."

Work = Callable[[], Coroutine[object, object, object]]


class Desk(Protocol):
    """Where actions are done."""

    @property
    def remote_id(self) -> str:
        """The far end's station id, "" until it has told one."""
        ...

    def note(self, event: events.Event) -> None:
        """Tell the session of something that happens while its command goes on, and is still wanted."""
        ...

    def meanwhile(self, work: Work) -> None:
        """Start what goes on beside the commands that follow, and ends with the call at the latest."""
        ...

    async def beside(self, command: events.Command, action: Action) -> events.Event:
        """Do `action` beside this command and those that follow; what comes of it may move the session on."""
        ...
