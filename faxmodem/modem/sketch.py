"""A profile to start from for a modem that no profile knows: its answers in the form of a profile's file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from faxmodem.modem.detect import Detection
from faxmodem.modem.profile import IDENTIFYING

TELLING: Final = (("ATI0",), ("ATI3",), ("+FMM?", "+GMM", "+FMDL?"))
"Answers that tell most firmwares from others; of those that stand together the first that there is."

_TOLD_BY_CLASSES: Final = "+FCLASS=?"


def sketch(found: Detection, profile_id: str) -> str:
    """The text of a profile of this id that recognises the modem, and inherits from the one that was chosen for it.

    It is valid as it stands, and holds every answer that the modem has given.
    """
    return "\n".join(
        (*_head(found, profile_id), "", *_classes(found), *_port(found), *_match(found), "", *_identity(found), "")
    )


def _head(found: Detection, profile_id: str) -> Iterator[str]:
    names = [found.answers.get(command, ())[:1] for command in ("+FMI?", "+GMI", "+FMM?", "+GMM", "ATI3")]
    title = " ".join(dict.fromkeys(line for lines in names for line in lines))
    yield "# What a modem has answered. What it does in its own way goes into [quirks]."
    yield ""
    yield f"inherits = {_text(found.profile.id)}"
    yield f"id = {_text(profile_id)}"
    yield f"name = {_text(title or 'unknown fax modem')}"
    yield 'confidence = "medium"'


def _classes(found: Detection) -> Iterator[str]:
    if found.service_classes and found.classes:
        yield "[classes]"
        yield f"prefer = {_list(found.service_classes)}"
        yield f"listed = {_list(found.classes)}"
        yield ""


def _port(found: Detection) -> Iterator[str]:
    if (baud := found.profile.port.baud) is not None:
        yield "[port]"
        yield f"baud = {baud}"
        yield ""


def _match(found: Detection) -> Iterator[str]:
    telling = [next((command for command in group if found.answers.get(command)), None) for group in TELLING]
    commands = [command for command in telling if command is not None]
    commands = commands or [command for command in IDENTIFYING if found.answers.get(command)][:1]
    if not commands and not found.usb:
        yield "# It answers nothing by which it could be recognised: this profile has to be named with --profile."
        return
    yield "[[match]]"
    if found.usb:
        yield f"usb = {_list([found.usb])}"
    if commands:
        terms = [(command, f"^{re.escape(found.answers[command][0])}$") for command in commands]
        yield f"answers = {{ {', '.join(f'{_text(command)} = {_text(pattern)}' for command, pattern in terms)} }}"


def _identity(found: Detection) -> Iterator[str]:
    """The answers; those that are no identification follow as comments."""
    yield "[identity]"
    answered = [command for command, lines in found.answers.items() if lines and command != _TOLD_BY_CLASSES]
    for command in sorted(answered, key=lambda command: command not in IDENTIFYING):
        line = f"{_text(command)} = {_list(found.answers[command])}"
        yield line if command in IDENTIFYING else f"# {line}"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """A string of TOML: answers are plain ASCII, in which JSON writes the same."""
    return json.dumps(text)
