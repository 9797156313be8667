"""Firmware profiles: what is said to a modem and how long it may take, as TOML.

A profile is a file that states only how it differs from the one that it inherits from. The driver has no command
and no time of its own.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from faxmodem.errors import ProfileError
from faxmodem.modem.quirks import Quirk
from faxmodem.transport.base import Flow

Command = Annotated[str, Field(pattern=r"^AT[ -~]*$", max_length=60)]
"A command line without its <CR>."
Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10)]


def _is_regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return text


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Table):
    """A command and a pause after it; either may be missing. A string in TOML is a command alone."""

    command: Command | None = None
    optional: bool = False
    "The modem may refuse it."
    pause_s: Seconds = 0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"command": value} if isinstance(value, str) else value


Steps = tuple[Step, ...]


class AtCommands(_Table):
    """The commands of set-up and call control."""

    probe: Command
    "Asked until the modem answers OK; makes its answers readable."
    reset: Steps
    init: Steps
    identify: tuple[Command, ...]
    "Asked for `ModemIdentity.answers`; those refused are left out."
    classes: Command
    configure: Steps
    "After the class is selected, which on some modems resets what was set before."
    v34: Command | None = None
    "Class 1.0: turns V.34 on (T.31 (08/95) Amd 1 §B.6.1); a modem that refuses it is used without."
    transmit_rates: Command
    receive_rates: Command
    assumed_rates: tuple[int, ...]
    "Codes of +FTM and +FRM for a modem that does not list its own."
    dial: Command
    answer: Command
    hang_up: tuple[Command, ...]
    "Tried in turn until one is answered OK."

    @field_validator("dial")
    @classmethod
    def _takes_one_number(cls, value: str) -> str:
        if value.count("{number}") != 1 or value.count("{") != 1 or value.count("}") != 1:
            raise ValueError("must hold {number} once and no other braces")
        return value


class FlowControl(_Table):
    """Who stops whom. Only while page data go out: to XON/XOFF the control field 13h of a frame would be an XOFF."""

    while_sending: Flow
    none: Steps
    xonxoff: Steps
    rtscts: Steps

    @property
    def setup(self) -> Steps:
        """The commands that prepare the modem for `while_sending`."""
        return {Flow.NONE: self.none, Flow.XONXOFF: self.xonxoff, Flow.RTSCTS: self.rtscts}[self.while_sending]


class Silences(_Table):
    """What makes and awaits the silence between two signals (T.30 (09/2005) §5, notes 3 and 4: 75 ms)."""

    after_receiving: Steps
    "Before anything is sent: the far end's carrier must be gone."
    before_data: Steps
    "Between frames of ours and our data."
    before_frames: Steps
    "Between data or frames of ours and frames."
    before_eop: Steps
    "The same, when the frame is EOP."
    before_retry: Steps
    "Before +FRM is tried again that was answered +FCERROR: the V.21 carrier is not off yet."


class Retries(_Table):
    """How often is tried again what a modem may refuse for no good reason."""

    wrong_carrier: Count
    "+FRM answered with +FCERROR."
    on_hook: Count
    "An action answered with ERROR, which means on hook on most modems and little on some."


class Timing(_Table):
    """Pauses, and how long to wait for what."""

    before_command_s: Seconds
    probe_s: Seconds
    "For the answer to a probe; it is asked several times."
    command_s: Seconds
    "For the final result of a command that does nothing on the line."
    after_reset_s: Seconds
    dtr_low_s: Seconds
    after_dtr_s: Seconds
    escape_guard_s: Seconds
    "Before and after +++."
    abort_ok_s: Seconds
    "For the OK to an abort character; 0: the modem gives none."
    end_data_ok_s: Seconds
    "For the OK when data that are being sent are cut off."
    dial_s: Seconds
    answer_s: Seconds
    hang_up_s: Seconds
    silence_s: Seconds
    "For a silence on the line; then it is sent without."
    transmit_connect_s: Seconds
    "From +FTM or +FTH to CONNECT."
    stall_s: Seconds
    "How long the modem may take no data, beyond what a full buffer lasts on the line."
    sent_ok_s: Seconds
    "For the OK after all data, beyond what these take on the line."
    carrier_s: Seconds
    "From +FRH or +FRM to CONNECT or NO CARRIER; more than S7."
    frame_s: Seconds
    "From CONNECT to the end of a frame and its result."
    data_gap_s: Seconds
    "Between pieces of received data, and from their end to the result."
    retry_pause_s: Seconds
    "Before an action is repeated that failed at once."
    ring_gap_s: Seconds
    "Between two RING of one call."


ServiceClass = Literal["1", "1.0", "2", "2.0", "2.1"]
"A service class for facsimile; 0 is for data, 8 for voice."


class Classes(_Table):
    """Which service classes the firmware has, and which is the best to use."""

    prefer: Annotated[tuple[ServiceClass, ...], Field(min_length=1)]
    "Those that the driver may use, the best first."
    why: str = ""
    "The reason for this order."
    listed: tuple[str, ...] = ()
    "The firmware's own list, as +FCLASS=? tells it."


Grade = Literal["A", "B", "C"]
"A: read in a program's source or in a dump of a live device. B: one manual or report. C: inferred from a sibling."


class QuirkNote(_Table):
    """That a firmware has a quirk, and how that is known."""

    value: Seconds | None = None
    "The quirk's measure, where it has one."
    applies: bool = True
    "False: the family that this profile inherits from has the quirk, this firmware has not."
    why: str = ""
    source: str = ""
    evidence: Grade = "C"


Regex = Annotated[str, AfterValidator(_is_regex)]


class Match(_Table):
    """One way to recognise the firmware: everything that it states must hold."""

    usb: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")], ...] = ()
    "One of these is the port's USB vendor and product."
    answers: dict[str, Regex] = {}
    "By identification command, as ATI3 or +FMM?: found in one line of its answer."
    unless: dict[str, Regex] = {}
    "Found in none of the lines of that command's answer."


class Profile(_Table):
    """All that driver and emulator know about one firmware."""

    format: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    name: Annotated[str, Field(min_length=1)]
    chip: str = ""
    source: str = ""
    "Where the facts come from that no quirk below states."
    confidence: Literal["high", "medium", "low"] = "low"
    classes: Classes
    match: tuple[Match, ...] = ()
    "Any of these will do. None: chosen by name only, or by the service classes of an unknown modem."
    identity: dict[str, tuple[str, ...]] = {}
    "What the firmware answers to identification commands, line by line; the emulator says the same."
    at: AtCommands
    flow: FlowControl
    silence: Silences
    retries: Retries
    timing: Timing
    quirks: dict[Quirk, QuirkNote] = {}

    def has(self, quirk: Quirk) -> bool:
        """Whether the firmware has this quirk."""
        note = self.quirks.get(quirk)
        return note is not None and note.applies

    def measure(self, quirk: Quirk) -> float:
        """The quirk's measure; 0 for a firmware that does not have it."""
        note = self.quirks.get(quirk)
        return (note.value or 0.0) if note is not None and note.applies else 0.0


def load_profile(name_or_path: str | Path = "class1") -> Profile:
    """Read a profile: by path if it ends in .toml, else by name from the user's folder or from those that came along.

    Raises `ProfileError` naming the file, the key and what is allowed there.
    """
    file = _find(name_or_path)
    try:
        profile = Profile.model_validate(_read(file, seen=()))
    except ValidationError as error:
        raise ProfileError(f"{file}: {'; '.join(_explain(error))}") from error
    if profile.id != file.stem:
        raise ProfileError(f"{file}: id must be the file's name, {file.stem!r}, not {profile.id!r}")
    return profile


def profile_names() -> list[str]:
    """The names that `load_profile` knows, sorted."""
    return sorted({file.stem for folder in profile_folders() for file in folder.glob("*.toml")})


def profile_folders() -> list[Path]:
    """Where profiles are looked for: the user's own folder goes first."""
    import platformdirs

    package = Path(__file__).resolve().parents[1]
    installed = package / "firmware_profiles"
    shipped = installed if installed.is_dir() else package.parent / "firmware_profiles"  # a source tree
    return [platformdirs.user_config_path("faxmodem") / "firmware_profiles", shipped]


def _find(name_or_path: str | Path) -> Path:
    if str(name_or_path).endswith(".toml"):
        return Path(name_or_path)
    name = str(name_or_path)
    if re.fullmatch(r"[\w.-]+", name):
        for folder in profile_folders():
            if (file := folder / f"{name}.toml").is_file():
                return file
    raise ProfileError(
        f"there is no firmware profile {name!r}; give the path of a .toml file, or one of {', '.join(profile_names())}"
    )


def _read(file: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The file's own keys over those that it inherits."""
    try:
        own = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{file} cannot be read as TOML: {error}") from error
    parent = own.pop("inherits", None)
    if parent is None:
        return own
    if not isinstance(parent, str):
        raise ProfileError(f"{file}: inherits must be the name of a profile, not {parent!r}")
    if file in seen:
        raise ProfileError(f"{file}: inherits from itself by way of {parent!r}")
    return _merge(_read(_find(parent), (*seen, file)), own)


def _merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge, all else replaces."""
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _explain(error: ValidationError) -> Iterator[str]:
    """What is wrong with each key."""
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"])
        match detail["type"]:
            case "missing":
                yield f"{key} is missing"
            case "extra_forbidden":
                yield f"{key} is unknown; allowed there are {', '.join(_allowed(detail['loc']))}"
            case _:
                yield f"{key}: {detail['msg']}, not {detail['input']!r}"


def _allowed(loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the table in which `loc` stands, the likeliest first."""
    table: type[BaseModel] = Profile
    for part in loc[:-1]:
        if isinstance(part, str):
            annotation = table.model_fields[part].annotation
            inside = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
            table = next(kind for kind in inside if issubclass(kind, BaseModel))
    likely = difflib.get_close_matches(str(loc[-1]), table.model_fields, n=1)
    return likely + [key for key in table.model_fields if key not in likely]
