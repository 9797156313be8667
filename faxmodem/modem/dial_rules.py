"""How numbers are dialled from here, and which are not dialled at all. No port, no clock."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from faxmodem.errors import DialError, SettingError
from faxmodem.modem.dial import PAUSES, dial_string

EMERGENCY: Final = (
    *("112", "911", "999", "000", "111", "110", "113", "114", "115", "117", "118", "119", "120", "122", "108", "133"),
    *("144", "155", "158", "190", "191", "192", "193", "995", "997", "998", "061", "062", "10111", "10177", "1122"),
)
"""Police, fire brigade and ambulance of one country or another. Left out are those that are too common as extensions:
15, 17, 18, and 100 to 104; who lives where they are in use names them."""

ACCESS_DIGITS: Final = 4
"Digits before a pause that may be an access code; more of them are a number, and what follows goes to who answers."
OUTSIDE_LINE: Final = "09"
"Digits that get an outside line on many a PBX, also without a pause and without our being told."

Digits = Annotated[str, Field(pattern=r"^[0-9]*$", max_length=8)]
Prefix = Annotated[str, Field(pattern=r"^[0-9*#W,@!]*$", max_length=16)]
Pattern = Annotated[str, Field(pattern=r"^\+?[0-9*?]+$", max_length=40)]

_MODES: Final = {"modem": "", "tone": "T", "pulse": "P"}
_SERVICE_CODES: Final = (re.compile(r"[*#][0-9]{2}[#*]?"), re.compile(r"[*#][0-9]{3}[#*]?"))
"Before a number: withholds our own, turns call waiting off."


class NumberBlocked(DialError):
    """A number that is not dialled: an emergency number, or one that the dial rules block."""


class DialRules(BaseModel):
    """The numbering of the place where the modem stands. Without a word of it, numbers are dialled as they are written.

    Canonical numbers, as +49 30 1234567, are put into the form that is dialled here; others are dialled as they are,
    with what gets an outside line before them, unless they are extensions or hold a pause.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: Digits = ""
    "Our country code, as 49."
    area: Digits = ""
    "Our area code without the prefix, as 30."
    international: Digits = ""
    "Before country codes, as 00 or 011. Without it a + is left to the modem."
    long_distance: Digits = ""
    "Before area codes, as 0 or 1."
    local_with_area: bool = False
    "Local numbers are dialled with the area code, too."
    outside: Prefix = ""
    "What gets an outside line, as 0W or 9,: W waits for a dial tone, a comma two seconds."
    extension_digits: Annotated[int, Field(ge=0, le=10)] = 0
    "Numbers of so many digits or fewer are extensions: dialled without `outside`."
    dialling: Literal["modem", "tone", "pulse"] = "modem"
    "modem: as its profile says."
    suffix: Prefix = ""
    "After every outside number, as #."
    emergency: tuple[Digits, ...] = EMERGENCY
    "Takes the place of the list that comes along."
    blocked: tuple[Pattern, ...] = ()
    "Numbers not to be dialled, as 0900* or +49900*: * stands for anything, ? for one digit."
    allowed: tuple[Pattern, ...] = ()
    "Numbers to be dialled although they are blocked; an emergency number only if it stands here as it is written."

    @model_validator(mode="after")
    def _are_complete(self) -> DialRules:
        if self.area and not self.country:
            raise ValueError("area needs country")
        if self.country and not self.international:
            raise ValueError("country needs international: what is dialled before a country code")
        return self

    def dial_string(self, number: str) -> str:
        """What to dial for `number`. Raises `DialError`, and its child `NumberBlocked`."""
        written = dial_string(number)
        dialled = self._dialled(written)
        self._check(number, written, dialled)
        return dialled if dialled == written else dial_string(dialled)

    # How it is dialled

    def _dialled(self, written: str) -> str:
        mode, plain = (written[0], written[1:]) if written[0] in "PT" else (_MODES[self.dialling], written)
        if plain.startswith("+") and self.country:
            return f"{mode}{self.outside}{self._from_here(plain)}{self.suffix}"
        is_extension = sum(character.isdecimal() for character in plain) <= self.extension_digits
        if is_extension or PAUSES.intersection(plain):
            return mode + plain
        return f"{mode}{self.outside}{plain}{self.suffix}"

    def _from_here(self, canonical: str) -> str:
        """A canonical number in its local, long-distance or international form."""
        national = canonical.removeprefix(f"+{self.country}")
        if national == canonical:
            return self.international + canonical.removeprefix("+")
        if not self.area or not national.startswith(self.area):
            return self.long_distance + national
        return national if self.local_with_area else national.removeprefix(self.area)

    # What is not dialled

    def _check(self, number: str, written: str, dialled: str) -> None:
        reached = {digits for text in (written, dialled) for digits in _reached(text)}
        forms = {form for digits in reached for form in self._forms(digits)}
        if written.startswith("+"):
            forms.update(self._meant_by(written))
        guessed = {digits[1:] for digits in reached if digits[0] in OUTSIDE_LINE}
        if (forms | guessed).intersection(self.emergency) and written not in self.allowed:
            raise NumberBlocked(
                f"{number!r} dials an emergency number, which no fax machine has, and is not dialled; "
                f"if it is an extension that has one, add {written!r} to `allowed` of the dial rules"
            )
        if _any_fits(self.blocked, forms) and not _any_fits(self.allowed, forms):
            raise NumberBlocked(f"{number!r} is not dialled: `blocked` of the dial rules has it")

    def _forms(self, digits: str) -> Iterator[str]:
        """The numbers that dialled digits may mean, without prefixes and in canonical form."""
        yield digits
        outside = re.sub("[^0-9]", "", self.outside)
        for inner in {digits, digits.removeprefix(outside)}:
            yield inner
            if not self.country:
                continue
            if inner.startswith(self.international):
                yield from self._meant_by("+" + inner.removeprefix(self.international))
            if inner.startswith(self.long_distance):
                yield from self._meant_by(f"+{self.country}{inner.removeprefix(self.long_distance)}")
            yield from self._meant_by(f"+{self.country}{self.area}{inner}")

    def _meant_by(self, canonical: str) -> Iterator[str]:
        """A canonical number, and what is left of it nearer to where it leads."""
        yield canonical
        for known in (f"+{self.country}", f"+{self.country}{self.area}"):
            if self.country and canonical.startswith(known):
                yield self.long_distance + canonical.removeprefix(known)
                yield canonical.removeprefix(known)


def _reached(text: str) -> Iterator[str]:
    """The digits of each number that a dial string may reach: pauses may divide access codes from it, or its digits."""
    modeless = re.sub("[PT]", "", text)
    for shown in {modeless, *(code.sub(",", modeless) for code in _SERVICE_CODES)}:
        parts = re.findall("[0-9]+", shown)
        for first in range(len(parts)):
            if len("".join(parts[:first])) > ACCESS_DIGITS:
                break
            for last in range(first, len(parts)):
                yield "".join(parts[first : last + 1])


def _any_fits(patterns: tuple[str, ...], forms: set[str]) -> bool:
    return any(fnmatchcase(form, pattern) for pattern in patterns for form in forms)


def load_dial_rules(path: Path | None = None) -> DialRules:
    """Read dial rules from a TOML file. None: from the user's own, `dial_rules.toml`, or else there are none.

    Raises `SettingError` naming the file, the key and what is wrong with it.
    """
    file = path or user_dial_rules()
    if path is None and not file.is_file():
        return DialRules()
    try:
        keys = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"the dial rules {file} cannot be read as TOML: {error}") from error
    try:
        return DialRules.model_validate(keys)
    except ValidationError as error:
        raise SettingError(f"the dial rules {file}: {'; '.join(_explain(error))}") from error


def user_dial_rules() -> Path:
    """Where the user's own dial rules lie."""
    import platformdirs

    return platformdirs.user_config_path("faxmodem") / "dial_rules.toml"


def _explain(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        key = ".".join(map(str, detail["loc"]))
        if detail["type"] == "extra_forbidden":
            yield f"{key} is unknown; allowed are {', '.join(DialRules.model_fields)}"
        else:
            message = detail["msg"].removeprefix("Value error, ")
            yield f"{key}: {message}, not {detail['input']!r}" if key else message
