"""Send, poll and receive faxes: the library's face. Each function is there twice: to be awaited, to be waited for."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TextIO, TypedDict, TypeVar, Unpack, get_args

import anyio
from anyio import to_thread

from faxmodem.call.fax import CallSettings, FaxResult, OnTransition, Outgoing, poll_fax, receive_fax, send_fax
from faxmodem.call.feed import Heading, OnPage
from faxmodem.call.progress import OnProgress
from faxmodem.call.sink import CopyQuality
from faxmodem.call.standby import Standby
from faxmodem.call.taking import LentPort, Program, hand_over
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.documents.bilevel import Rendering
from faxmodem.documents.document import open_documents
from faxmodem.documents.header import HeaderLine, draw_header
from faxmodem.errors import ReportError, SettingError
from faxmodem.jobs.notification import JobListener, Notifier
from faxmodem.jobs.status import FaxJobStatus
from faxmodem.modem.base import Answering, Modem, OtherCall, Ring
from faxmodem.modem.detect import OTHER_BAUDS
from faxmodem.modem.dial_rules import DialRules, load_dial_rules
from faxmodem.modem.opening import open_on
from faxmodem.modem.profile import Profile, ServiceClass, load_profile
from faxmodem.modem.ringing import RingRules
from faxmodem.t30.addressing import Addressing, Door
from faxmodem.t30.fif import ID_LENGTH
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.timers import Limits
from faxmodem.transport.base import DEFAULT_BAUD, Transport
from faxmodem.transport.naming import has_rate, usb_id
from faxmodem.transport.recorder import Recorder
from faxmodem.transport.serial_port import open_serial

log = logging.getLogger("faxmodem.api")

LISTENERS_GRACE_S = 2.0
"How long a finished call waits for listeners that are still busy with its events."


def now() -> datetime:
    """The time of day, with the zone of this machine."""
    return datetime.now(UTC).astimezone()


def new_job_id(at: datetime) -> str:
    """An id for a job that begins at `at`: sorts by time, and does not repeat."""
    return f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def check_station_id(station_id: str) -> str:
    """A station id without surrounding blanks. Raises `SettingError` for one that no T.30 frame can carry."""
    return _check_text("a station id", station_id, "'+1 555 010 0200'")


def _check_text(what: str, text: str, example: str = "'1234'") -> str:
    text = text.strip()
    if len(text) > ID_LENGTH or not (text.isascii() and text.isprintable()):
        raise SettingError(
            f"{what} has at most {ID_LENGTH} plain letters, digits, blanks and signs, as in {example}; "
            f"this one does not: {text!r}"
        )
    return text


class CallOptions(TypedDict, total=False):
    """What every call can be told; all of it may be left out."""

    station_id: str
    "Our own number, as the far end shows it: at most 20 characters."
    max_rate: int
    "The highest rate in bit/s, of those that the stations choose from (2400 to 14400); less than that is without V.34."
    ecm: bool
    "Error correction, where the far end has it too (True)."
    codings: Sequence[str]
    "Some of MH, MR and MMR (all); MH is always among them."
    limits: Limits
    dial_rules: str | Path | DialRules | None
    """How numbers are dialled from here, and which are not: a TOML file. None: the user's own, `dial_rules.toml` in his
    configuration folder, if it is there; else all numbers but emergency ones are dialled as they are written."""
    profile: str | Profile
    "Firmware profile of the modem: a name, or the path of a TOML file; auto: the modem is asked who it is."
    service_class: str
    "1, 1.0, 2, 2.0 or 2.1; auto: the first that the profile prefers and the modem has."
    baud: int | None
    "Speed of the serial port in bit/s; None: the profile's, else 115200, or the one at which the modem answers."
    record: TextIO | None
    "What crosses the port is written there as text."
    on_status: Callable[[FaxJobStatus], object] | None
    "Is told each status of the job, in a thread of its own, as `listeners` are."
    listeners: Sequence[JobListener]
    on_progress: OnProgress | None
    "Is told how a page moves, in the task of the call."
    on_transition: OnTransition | None
    "Is told what happens in the call, in its task."
    stop: anyio.Event | None
    "Setting it ends the call in an orderly way; so does cancelling the task."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """`CallOptions`, checked and complete."""

    station_id: str = ""
    max_rate: int = 14400
    ecm: bool = True
    codings: Sequence[str] = tuple(coding.value for coding in Coding)
    limits: Limits = field(default_factory=Limits)
    dial_rules: str | Path | DialRules | None = None
    profile: str | Profile = "auto"
    service_class: str = "auto"
    baud: int | None = None
    record: TextIO | None = None
    on_status: Callable[[FaxJobStatus], object] | None = None
    listeners: Sequence[JobListener] = ()
    on_progress: OnProgress | None = None
    on_transition: OnTransition | None = None
    stop: anyio.Event | None = None

    def settings(self, addressing: Addressing | None = None, door: Door | None = None) -> CallSettings:
        """What the call is told. Raises `SettingError`."""
        if self.max_rate not in RATES:
            rates = ", ".join(map(str, RATES))
            raise SettingError(f"the highest rate must be one of {rates} bit/s, not {self.max_rate}")
        return CallSettings(
            station_id=check_station_id(self.station_id),
            max_rate_bps=self.max_rate,
            ecm=self.ecm,
            codings=frozenset(_choose(CODINGS, name, "coding") for name in self.codings),
            addressing=addressing or Addressing(),
            door=door or Door(),
            limits=self.limits,
            dial_rules=_dial_rules(self.dial_rules),
        )

    def opener(self, port: str) -> Callable[[], Coroutine[Any, Any, Modem]]:
        """What opens the modem at `port`. Raises `ProfileError`, `SettingError`."""
        _choose(SERVICE_CLASSES, self.service_class, "service class")
        profile = _profile(self.profile)
        if profile is not None:
            profile.at_baud(self.baud)
        return partial(
            open_modem,
            port,
            profile=profile or "auto",
            service_class=self.service_class,
            baud=self.baud,
            record=self.record,
            v34=self.ecm and self.max_rate == max(RATES),  # V.34 knows no call without error correction, and no limit
        )

    def notifier(self) -> Notifier:
        """What tells the listeners."""
        return Notifier(*self.listeners, on_status=self.on_status)


async def open_modem(
    port: str,
    *,
    profile: str | Profile = "auto",
    service_class: str = "auto",
    baud: int | None = None,
    record: TextIO | None = None,
    v34: bool = True,
) -> Modem:
    """Open a port and set its modem up. Raises `PortError`, `ModemError`, `ProfileError`, `SettingError`.

    `port`: a device name or a URL (`socket://HOST:PORT`, `rfc2217://HOST:PORT`, `loop://`). `profile`: a firmware
    profile, its name or its file; auto: the modem is asked who it is. `service_class`: 1, 1.0, 2, 2.0 or 2.1; auto: the
    first that the profile prefers and the modem has. `baud`: the port's rate in bit/s; None: the profile's, else
    115200, or the one at which the modem answers. `record`: what crosses the port is written there as text. `v34`:
    False: a modem that has V.34 does without.
    """
    chosen, in_class = _profile(profile), _choose(SERVICE_CLASSES, service_class, "service class")
    async with opened_port(port, baud=baud, record=record) as transport:
        usb = "" if chosen is not None else await to_thread.run_sync(usb_id, port)
        bauds = await to_thread.run_sync(other_bauds, port, baud)
        return await open_on(
            transport, profile=chosen, service_class=in_class, usb=usb, baud=baud, bauds=bauds, v34=v34
        )


def other_bauds(port: str, baud: int | None) -> Sequence[int]:
    """The rates at which to look for a modem that does not answer; none if the user said which is right."""
    return OTHER_BAUDS if baud is None and has_rate(port) else ()


@asynccontextmanager
async def opened_port(port: str, *, baud: int | None, record: TextIO | None) -> AsyncIterator[Transport]:
    """A port that stays open, unless what is done with it first fails. Raises `PortError`."""
    transport: Transport = await open_serial(port, baud=baud or DEFAULT_BAUD)
    if record is not None:
        began = anyio.current_time()
        transport = Recorder(transport, record, clock=lambda: anyio.current_time() - began)
    try:
        yield transport
    except BaseException:
        with anyio.CancelScope(shield=True):
            await transport.aclose()
        raise


def _dial_rules(rules: str | Path | DialRules | None) -> DialRules:
    """The dial rules that are meant. Raises `SettingError`."""
    if isinstance(rules, DialRules):
        return rules
    return load_dial_rules(None if rules is None else Path(rules))


def _profile(profile: str | Profile) -> Profile | None:
    """The profile that was named, or None if the modem is to be asked who it is. Raises `ProfileError`."""
    if isinstance(profile, Profile):
        return profile
    return None if profile == "auto" else load_profile(profile)


async def send_async(
    port: str,
    number: str | None,
    files: Sequence[str | Path] | str | Path,
    *,
    resolution: str = "fine",
    rendering: str = "auto",
    header: bool = True,
    subaddress: str = "",
    password: str = "",
    poll_into: str | Path | None = None,
    report: str | Path | None = None,
    on_page: OnPage | None = None,
    **options: Unpack[CallOptions],
) -> FaxResult:
    """Send files as one fax, and say how it ended; look at `ok` of the result.

    `port`: a device name or a URL. `number`: None: a person has dialled it by telephone, and a fax machine is on the
    line. `resolution`: standard, fine, superfine and the other names of `Resolution`; a TIFF
    that is a fax keeps its own. `rendering`: auto, text or photo. `header`: draw date, station id, receiver and page
    number on top of each page. `subaddress`, `password`: for a receiver that knows them (SUB, SID). `poll_into`: a
    folder; when all is sent, the document that the far end holds is fetched in the same call. `report`: a file for the
    report of the call, as JSON. `on_page` is shown each page as it goes on the line. The rest is as in `CallOptions`.

    Raises `SettingError` for a setting out of range and `ProfileError`; whatever happens after that is in the result.
    """
    chosen = _Options(**options)
    addressing = Addressing(
        subaddress=_check_text("a subaddress", subaddress), password=_check_text("a password", password)
    )
    settings, opener = chosen.settings(addressing), chosen.opener(port)
    paths = _paths(files)
    drawn = partial(
        open_documents,
        paths,
        resolution=_choose(RESOLUTIONS, resolution, "resolution"),
        rendering=_choose(RENDERINGS, rendering, "rendering"),
    )
    began = now()
    job_id = new_job_id(began)
    fax = Outgoing(
        job_id=job_id,
        number=number,
        open_document=drawn,
        heading=_heading(began, settings.station_id, number or "") if header else None,
        on_page=on_page,
        size=sum(path.stat().st_size for path in paths if path.is_file()),
    )
    notifier = chosen.notifier()
    try:
        result = await send_fax(
            fax,
            opener,
            settings,
            notifier=notifier,
            clock=now,
            poll_into=None if poll_into is None else _folder(poll_into) / f"fax-{job_id}.tif",
            stop=chosen.stop,
            on_progress=chosen.on_progress,
            on_transition=chosen.on_transition,
        )
    finally:
        await _let_listeners_finish(notifier)
    await _keep_report(result, None if report is None else Path(report))
    return result


async def poll_async(
    port: str,
    number: str | None,
    output: str | Path,
    *,
    selective: str = "",
    subaddress: str = "",
    password: str = "",
    report: str | Path | None = None,
    quality: CopyQuality | None = None,
    **options: Unpack[CallOptions],
) -> FaxResult:
    """Call a far end, fetch the document that it holds, and store it as a TIFF file in the folder `output`.

    `number`: None: a person has dialled it by telephone, and a fax machine is on the line. `selective` and `subaddress`
    say which document is wanted (SEP, PSA), `password` that we may have it (PWD). `report`: a file for the report of
    the call, which otherwise lies beside the document. The rest is as in `CallOptions`. A document that broke off is
    kept, in a file that ends in `.partial.tif`.

    Raises `SettingError` and `ProfileError`; whatever happens after that is in the result.
    """
    chosen = _Options(**options)
    addressing = Addressing(
        selective=_check_text("a selector", selective),
        subaddress=_check_text("a subaddress", subaddress),
        password=_check_text("a password", password),
    )
    settings, opener = chosen.settings(addressing), chosen.opener(port)
    job_id = new_job_id(now())
    path = _folder(output) / f"fax-{job_id}.tif"
    notifier = chosen.notifier()
    try:
        result = await poll_fax(
            number,
            path,
            opener,
            settings,
            job_id=job_id,
            notifier=notifier,
            clock=now,
            quality=quality,
            stop=chosen.stop,
            on_progress=chosen.on_progress,
            on_transition=chosen.on_transition,
        )
    finally:
        await _let_listeners_finish(notifier)
    await _keep_report(result, path.with_suffix(".json") if report is None else Path(report))
    return result


async def receive_async(
    port: str,
    output: str | Path,
    *,
    count: int = 1,
    rings: int | RingRules = 1,
    at_once: bool = False,
    silent: bool = False,
    on_data: Program = (),
    on_voice: Program = (),
    serve: Sequence[str | Path] | str | Path = (),
    selective: str = "",
    password: str = "",
    quality: CopyQuality | None = None,
    on_fax: Callable[[FaxResult], object] | None = None,
    **options: Unpack[CallOptions],
) -> list[FaxResult]:
    """Answer `count` calls, each after `rings` rings, and store each fax as a TIFF file in the folder `output`.

    `rings`: how many, or rules by caller. `at_once`: a person has answered by telephone and hears a fax: the call is
    taken without waiting for a ring. `silent`: answer without the tone. `on_data`, `on_voice`: programs with their
    arguments, for calls that the modem finds to be data or voice; they get the port as `faxmodem.call.taking` says, and
    the outcome of such a call is NOT_A_FAX.

    `serve`: files that are given to whoever calls to poll, if he names `password` and `selective` where these are set
    (PWD, SEP). `on_fax` is called after each call, with what `receive_async` gives at the end for all of them. The rest
    is as in `CallOptions`; `stop` ends the waiting, too. A port that is unplugged is waited for, unless it is one that
    cannot come back under a name that is known. A fax that broke off is kept, in a file that ends in
    `.partial.tif`. The report of each call lies beside its fax, as JSON.

    Raises `SettingError`, `ProfileError`; `DocumentError` when `serve` cannot be read; `PortError` and `ModemError`
    when there is no modem to wait at.
    """
    chosen = _Options(**options)
    door = Door(selective=_check_text("a selector", selective), password=_check_text("a password", password))
    settings, standby = chosen.settings(door=door), Standby(port, chosen.opener, chosen.stop)
    rules = rings if isinstance(rings, RingRules) else RingRules(rings=rings)
    if count < 1 or rules.rings < 1:
        raise SettingError("the numbers of calls and of rings must be at least 1")
    answering = _answering(silent=silent, adaptive=bool(on_data or on_voice))
    if at_once and count > 1:
        raise SettingError("a call that is taken at once is one: leave out count, or wait for rings")
    folder, served = _folder(output), _paths(serve)
    document = partial(open_documents, served, resolution=Resolution.FINE, rendering=Rendering.AUTO) if served else None
    if document is not None:
        (await to_thread.run_sync(document)).close()  # better known now than when somebody calls
    results: list[FaxResult] = []
    await standby.start()
    notifier = chosen.notifier()
    suspect = False
    try:
        while len(results) < count:
            ring = (
                Ring()
                if at_once
                else await standby.until_call(lambda modem: modem.wait_for_ring(rules), doubtful=suspect)
            )
            if ring is None:
                break
            modem = standby.modem
            began = now()
            job_id = new_job_id(began)
            result = await receive_fax(
                modem,
                ring,
                folder / f"fax-{job_id}.tif",
                settings,
                job_id=job_id,
                notifier=notifier,
                clock=now,
                answering=answering,
                hand_over=partial(
                    hand_over,
                    caller=ring.info,
                    port=LentPort(
                        name=standby.port,
                        baud=modem.baud or chosen.baud or DEFAULT_BAUD,
                        descriptor=modem.descriptor,
                    ),
                    programs={OtherCall.DATA: on_data, OtherCall.VOICE: on_voice},
                ),
                serve=document,
                heading=_heading(began, settings.station_id, ""),
                quality=quality,
                stop=chosen.stop,
                on_progress=chosen.on_progress,
                on_transition=chosen.on_transition,
            )
            await _keep_report(result, folder / f"fax-{job_id}.json")
            results.append(result)
            if on_fax is not None:
                on_fax(result)
            suspect = result.outcome in _MODEM_SUSPECT or answering is Answering.ADAPTIVE
        return results
    finally:
        await standby.aclose()
        await _let_listeners_finish(notifier)


async def _keep_report(result: FaxResult, path: Path | None) -> None:
    """Write the report of a call. Where that is not possible the fax is what it is all the same."""
    if result.report is None or path is None:
        return
    try:
        await to_thread.run_sync(result.report.write, path)
    except ReportError as error:
        log.warning("%s", error)


def _paths(files: Sequence[str | Path] | str | Path) -> list[Path]:
    return [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]


def _heading(began: datetime, station_id: str, receiver: str) -> Heading:
    """What draws the header line of each page of a call."""

    def heading(page: Bitmap, number_of_page: int, total: int) -> Bitmap:
        line = HeaderLine(when=began, station_id=station_id, receiver=receiver, page=number_of_page, total=total)
        return draw_header(page, line.text())

    return heading


def _folder(output: str | Path) -> Path:
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SettingError(f"received faxes go into a folder, and {folder} is a file")
    return folder


_MODEM_SUSPECT = (Outcome.MODEM_FAILED, Outcome.PORT_LOST, Outcome.INTERNAL_ERROR)
"After these the modem must show that it is alive before it waits for another call."


def _answering(*, silent: bool, adaptive: bool) -> Answering | None:
    """How calls are taken, if not as usual. Raises `SettingError`."""
    if silent and adaptive:
        raise SettingError(
            "to find out who calls, the modem answers with a tone: leave out silent, or on_data and on_voice"
        )
    return Answering.SILENT if silent else Answering.ADAPTIVE if adaptive else None


async def _let_listeners_finish(notifier: Notifier) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(notifier.close, LISTENERS_GRACE_S)


_P = ParamSpec("_P")
_T = TypeVar("_T")
SERVICE_CLASSES: Mapping[str, ServiceClass | None] = {"auto": None, **{name: name for name in get_args(ServiceClass)}}
RATES = tuple(sorted({modulation.rate_bps for modulation in Modulation if modulation is not Modulation.V34}))
CODINGS = {coding.value: coding for coding in Coding}
RESOLUTIONS = {resolution.label: resolution for resolution in Resolution}
RENDERINGS = {rendering.value: rendering for rendering in Rendering}


def _choose(choices: Mapping[str, _T], value: str, what: str) -> _T:
    if value not in choices:
        raise SettingError(f"the {what} must be one of {', '.join(choices)}, not {value!r}")
    return choices[value]


def _waited_for(work: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, _T]:
    """The same function for programs without an event loop."""

    @wraps(work)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        return anyio.run(partial(work, *args, **kwargs))

    run.__name__ = run.__qualname__ = work.__name__.removesuffix("_async")
    run.__doc__ = f"As `{work.__name__}`, for programs without an event loop.\n\n{work.__doc__}"
    return run


send = _waited_for(send_async)
poll = _waited_for(poll_async)
receive = _waited_for(receive_async)
