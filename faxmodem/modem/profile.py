"""Firmware profiles: what is said to a modem and how long it may take, as TOML.

A profile is a file that states only how it differs from the one that it inherits from. The driver has no command
and no time of its own.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from faxmodem.errors import ProfileError, SettingError
from faxmodem.modem import profile_file
from faxmodem.modem.quirks import MEASURED, RATE_LOCKS, Quirk
from faxmodem.transport.base import Flow

Command = Annotated[str, Field(pattern=r"^AT[ -~]*$", max_length=60)]
"A command line without its <CR>."
Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10)]
Baud = Annotated[int, Field(ge=300, le=921_600)]
Measure = Annotated[float, Field(gt=0, le=65536, allow_inf_nan=False)]
"Of a quirk: seconds, octets or bit/s."
V34_BAUD: Final = 57600
"Of the port, at least: 33600 bit/s of data take 42000 there, with start and stop bits."


IDENTIFYING: Final = (
    *("ATI0", "ATI3", "+FCLASS=?", "+FMM?", "+GMM", "ATI6", "ATI1", "ATI2", "ATI4", "ATI7", "ATI9", "ATI5", "ATI8"),
    *("+FMI?", "+FMR?", "+GMI", "+GMR", "+FMFR?", "+FMDL?", "+FREV?"),
)
"The commands by which a firmware may be recognised, in the order in which they are asked."


def _is_regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return text


def _is_asked(command: str) -> str:
    if command not in IDENTIFYING:
        raise ValueError(f"is none of the commands that are asked: {', '.join(IDENTIFYING)}")
    return command


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


ServiceClass = Literal["1", "1.0", "2", "2.0", "2.1"]
"A service class for facsimile; 0 is for data, 8 for voice."


class Port(_Table):
    """The rate of the port, in bit/s; between a USB modem and its driver there is none."""

    baud: Baud | None = None
    "At which the modem is talked to, if the user names no other. None: the one at which the port was opened."
    minimum: Baud | None = None
    "The firmware fails at less."


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
    unblock: Steps = ()
    "Before a number is dialled, on a modem with `Quirk.DIAL_BLOCKING`."
    dial: Command
    answer: Command
    hang_up: tuple[Command, ...]
    "Tried in turn until one is answered OK."

    off_hook: Command
    "Takes the line without a sound, for a call that is to be answered without a tone."
    open_call: Steps
    "Before a dial command without number, for a call that somebody has dialled by telephone: no dial tone comes."
    adaptive: dict[ServiceClass, tuple[Command, ...]] = {}
    "Before `answer`, by service class: the modem is to find out whether fax, data or voice calls, and say so."
    online: Command | None = None
    "Said after the result DATA, on modems that wait for it before they go online."

    def adaptive_in(self, service_class: str) -> tuple[Command, ...]:
        """What turns adaptive answering on in this service class."""
        return next((commands for name, commands in self.adaptive.items() if name == service_class), ())

    @field_validator("dial")
    @classmethod
    def _takes_one_number(cls, value: str) -> str:
        if value.count("{number}") != 1 or value.count("{") != 1 or value.count("}") != 1:
            raise ValueError("must hold {number} once and no other braces")
        return value


class CallerReports(_Table):
    """What the modem tells of a caller before the call is answered."""

    enable: tuple[Command, ...] = ()
    "Tried in turn until one is answered OK; only said when callers matter."
    rings: Count
    "The report has come by this ring, or does not come."


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


class PageTiming(_Table):
    """Class 2, 2.0 and 2.1: how long the modem may take for what it does by itself."""

    answer_s: Seconds
    "From ATA until the caller has said what he wants: two tries of the answering tone, and what follows."
    negotiate_s: Seconds
    "For DCS and training, down to the lowest rate, before a page."
    xon_s: Seconds
    "Class 2: from CONNECT to the XON that asks for page data; then they are sent without."
    start_s: Seconds
    "For received data after DC2; then DC1 is tried, or the reverse."
    data_gap_s: Seconds
    "With error correction, between two pieces of page data either way: blocks are repeated meanwhile."
    status_s: Seconds
    "For what follows page data, beyond what these take on the line; and between two pieces of what is received."
    abort_s: Seconds
    "For the end of a session that is aborted."


class Classes(_Table):
    """Which service classes the firmware has, and which is the best to use."""

    prefer: Annotated[tuple[ServiceClass, ...], Field(min_length=1)]
    "Those that the driver may use, the best first."
    why: str = ""
    "The reason for this order."
    listed: tuple[str, ...] = ()
    "The firmware's own list, as +FCLASS=? tells it."


class Rates(_Table):
    """The codes of +FTM and +FRM that the firmware has."""

    transmits: tuple[int, ...]
    receives: tuple[int, ...]


Grade = Literal["A", "B", "C"]
"A: read in a program's source or in a dump of a live device. B: one manual or report. C: inferred from a sibling."


class QuirkNote(_Table):
    """That a firmware has a quirk, and how that is known."""

    value: Measure | None = None
    "The quirk's measure, where it has one."
    applies: bool = True
    "False: the family that this profile inherits from has the quirk, this firmware has not."
    why: str = ""
    source: str = ""
    evidence: Grade = "C"


Regex = Annotated[str, AfterValidator(_is_regex)]
Asked = Annotated[str, AfterValidator(_is_asked)]


class Match(_Table):
    """One way to recognise the firmware: everything that it states must hold."""

    usb: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")], ...] = ()
    "One of these is the port's USB vendor and product."
    answers: dict[Asked, Regex] = {}
    "By identification command, as ATI3 or +FMM?: found in one line of its answer."
    unless: dict[Asked, Regex] = {}
    "Found in none of the lines of that command's answer."

    @model_validator(mode="after")
    def _states_something(self) -> Match:
        if not (self.usb or self.answers):
            raise ValueError("must state an answer or a USB id")
        return self


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
    "Any of these will do. None: chosen by name only, or by the service classes of an unknown modem. Never inherited."
    identity: dict[str, tuple[str, ...]] = {}
    "What the firmware answers to identification commands, line by line; the emulator says the same."
    port: Port = Port()
    at: AtCommands
    rates: Rates | None = None
    "None: not known. They go before `at.assumed_rates`, and what the modem lists goes before them."
    caller_id: CallerReports
    flow: FlowControl
    silence: Silences
    retries: Retries
    timing: Timing
    class2: PageTiming
    quirks: dict[Quirk, QuirkNote] = {}

    @field_validator("quirks")
    @classmethod
    def _measures_what_has_a_measure(cls, quirks: dict[Quirk, QuirkNote]) -> dict[Quirk, QuirkNote]:
        for quirk, note in quirks.items():
            if note.applies and (note.value is None) is (quirk in MEASURED):
                if quirk in MEASURED:
                    raise ValueError(f"holds {quirk.value} without a value, which is its measure")
                raise ValueError(f"holds {quirk.value} with a value, and that quirk has no measure")
        return quirks

    @model_validator(mode="after")
    def _sends_with_a_flow_control_that_works(self) -> Profile:
        broken = {Flow.XONXOFF: Quirk.SOFT_FLOW_BROKEN, Flow.RTSCTS: Quirk.HARD_FLOW_BROKEN}
        quirk = broken.get(self.flow.while_sending)
        if quirk is not None and self.has(quirk):
            raise ValueError(
                f"flow.while_sending is {self.flow.while_sending.value!r}, with which a modem loses data "
                f"that has {quirk.value}"
            )
        return self

    def has(self, quirk: Quirk) -> bool:
        """Whether the firmware has this quirk."""
        note = self.quirks.get(quirk)
        return note is not None and note.applies

    def without_v34(self) -> Profile:
        """The same, but V.34 is not turned on."""
        return self.model_copy(update={"at": self.at.model_copy(update={"v34": None})})

    def at_baud(self, baud: int | None) -> Profile:
        """The same, on a port that the user has opened at this rate; None: he left it to us.

        Raises `SettingError` for a rate with which the firmware fails.
        """
        if baud is None:
            return self
        if self.port.minimum is not None and baud < self.port.minimum:
            raise SettingError(
                f"the port of a modem with the profile {self.id} must run at {self.port.minimum} bit/s or more, "
                f"not at {baud}; leave out the rate (--baud), and the profile's is used"
            )
        return self.running_at(baud)

    def running_at(self, baud: int) -> Profile:
        """The same, with the port at this rate; V.34 is not turned on where that is too slow for it."""
        changed = self.model_copy(update={"port": self.port.model_copy(update={"baud": baud})})
        return changed if baud >= V34_BAUD else changed.without_v34()

    @property
    def locks(self) -> tuple[int, ...]:
        """The rates at which the modem may still talk after a call, in bit/s."""
        return tuple(round(self.measure(quirk)) for quirk in RATE_LOCKS if self.has(quirk))

    def measure(self, quirk: Quirk) -> float:
        """The quirk's measure; 0 for a firmware that does not have it."""
        note = self.quirks.get(quirk)
        return (note.value or 0.0) if note is not None and note.applies else 0.0


def load_profile(name_or_path: str | Path = "class1") -> Profile:
    """Read a profile: by path if it ends in .toml, else by name from the user's folder or from those that came along.

    Raises `ProfileError` naming the file, the key and what is allowed there.
    """
    file = _find(name_or_path)
    keys = profile_file.read(file, _find)
    try:
        profile = Profile.model_validate(keys)
    except ValidationError as error:
        raise ProfileError(f"{file}: {'; '.join(profile_file.explain(error, Profile))}") from error
    if profile.id != file.stem:
        raise ProfileError(f"{file}: id must be the file's name, {file.stem!r}, not {profile.id!r}")
    return profile


def profile_names() -> list[str]:
    """The names that `load_profile` knows, sorted."""
    return sorted({file.stem for folder in profile_folders() for file in folder.glob("*.toml")})


def all_profiles() -> dict[str, Profile]:
    """Every profile that there is, by id; one of the user's goes before a shipped one. Raises `ProfileError`."""
    return {name: load_profile(name) for name in profile_names()}


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
    known = profile_names()
    likely = difflib.get_close_matches(name, known, n=3) or known
    raise ProfileError(
        f"there is no firmware profile {name!r}; give the path of a .toml file, or one of {', '.join(likely)}; "
        "`faxmodem profiles` lists them all"
    )
