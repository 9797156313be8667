"""Send and receive faxes: the library's face. Each function is there twice, to be awaited and to be waited for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TextIO, TypeVar

import anyio
from anyio import to_thread

from faxmodem.call.fax import CallSettings, FaxResult, OnTransition, Outgoing, receive_fax, send_fax
from faxmodem.call.feed import OnPage
from faxmodem.call.runner import Progress
from faxmodem.call.sink import CopyQuality
from faxmodem.call.stop import stoppable
from faxmodem.codec.bitmap import Bitmap
from faxmodem.codec.geometry import Resolution
from faxmodem.documents.bilevel import Rendering
from faxmodem.documents.document import open_documents
from faxmodem.documents.header import HeaderLine, draw_header
from faxmodem.errors import SettingError
from faxmodem.jobs.notification import JobListener, Notifier
from faxmodem.jobs.status import FaxJobStatus
from faxmodem.modem.base import CarrierModem, Ring
from faxmodem.modem.class1 import Class1Modem
from faxmodem.modem.profile import Profile, load_profile
from faxmodem.t30.fif import ID_LENGTH
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome
from faxmodem.t30.timers import Limits
from faxmodem.transport.base import Transport
from faxmodem.transport.recorder import Recorder
from faxmodem.transport.serial_port import open_serial

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
    station_id = station_id.strip()
    if len(station_id) > ID_LENGTH or not (station_id.isascii() and station_id.isprintable()):
        raise SettingError(
            f"a station id has at most {ID_LENGTH} plain letters, digits, blanks and signs, as in '+1 555 010 0200'; "
            f"this one does not: {station_id!r}"
        )
    return station_id


def _settings(station_id: str, max_rate: int, limits: Limits | None) -> CallSettings:
    if not any(modulation.rate_bps == max_rate for modulation in Modulation):
        rates = ", ".join(str(rate) for rate in sorted({modulation.rate_bps for modulation in Modulation}))
        raise SettingError(f"the highest rate must be one of {rates} bit/s, not {max_rate}")
    return CallSettings(station_id=check_station_id(station_id), max_rate_bps=max_rate, limits=limits or Limits())


async def open_modem(
    port: str, *, profile: str | Profile = "class1", baud: int = 115200, record: TextIO | None = None
) -> Class1Modem:
    """Open a port and set its modem up. Raises `PortError`, `ModemError`, `ProfileError`.

    `port`: a device name or a URL (`socket://HOST:PORT`, `rfc2217://HOST:PORT`, `loop://`). `record`: what crosses the
    port is written there as text.
    """
    if not isinstance(profile, Profile):
        profile = load_profile(profile)
    transport: Transport = await open_serial(port, baud=baud)
    if record is not None:
        began = anyio.current_time()
        transport = Recorder(transport, record, clock=lambda: anyio.current_time() - began)
    modem = Class1Modem(transport, profile)
    try:
        await modem.set_up()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await modem.aclose()
        raise
    return modem


async def send_async(
    port: str,
    number: str,
    files: Sequence[str | Path] | str | Path,
    *,
    station_id: str = "",
    resolution: str = "fine",
    rendering: str = "auto",
    header: bool = True,
    max_rate: int = 14400,
    profile: str | Profile = "class1",
    baud: int = 115200,
    limits: Limits | None = None,
    record: TextIO | None = None,
    on_status: Callable[[FaxJobStatus], object] | None = None,
    listeners: Sequence[JobListener] = (),
    on_progress: Callable[[Progress], None] | None = None,
    on_transition: OnTransition | None = None,
    on_page: OnPage | None = None,
    stop: anyio.Event | None = None,
) -> FaxResult:
    """Send files as one fax, and say how it ended; look at `ok` of the result.

    `resolution`: standard, fine or superfine. `rendering`: auto, text or photo. `header`: draw date, station id,
    receiver and page number on top of each page. `max_rate`: bit/s. `on_status` and `listeners` are told each status of
    the job, in a thread of their own; `on_transition` and `on_progress` what happens in the call, in its own task, and
    `on_page` is shown each page as it goes on the line. Setting `stop`, or cancelling the task, ends the call in an
    orderly way.

    Raises `SettingError` for a setting out of range and `ProfileError`; whatever happens after that is in the result.
    """
    settings = _settings(station_id, max_rate, limits)
    paths = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
    lines_as = _choose(RESOLUTIONS, resolution, "resolution")
    drawn_as = _choose(RENDERINGS, rendering, "rendering")
    if not isinstance(profile, Profile):
        profile = load_profile(profile)
    began = now()

    def heading(page: Bitmap, number_of_page: int, total: int) -> Bitmap:
        line = HeaderLine(when=began, station_id=settings.station_id, receiver=number, page=number_of_page, total=total)
        return draw_header(page, line.text())

    fax = Outgoing(
        job_id=new_job_id(began),
        number=number,
        open_document=partial(open_documents, paths, resolution=lines_as, rendering=drawn_as),
        heading=heading if header else None,
        on_page=on_page,
        size=sum(path.stat().st_size for path in paths if path.is_file()),
    )
    notifier = Notifier(*listeners, on_status=on_status)
    try:
        return await send_fax(
            fax,
            partial(open_modem, port, profile=profile, baud=baud, record=record),
            settings,
            notifier=notifier,
            clock=now,
            stop=stop,
            on_progress=on_progress,
            on_transition=on_transition,
        )
    finally:
        await _let_listeners_finish(notifier)


async def receive_async(
    port: str,
    output: str | Path,
    *,
    count: int = 1,
    rings: int = 1,
    station_id: str = "",
    max_rate: int = 14400,
    profile: str | Profile = "class1",
    baud: int = 115200,
    limits: Limits | None = None,
    quality: CopyQuality | None = None,
    record: TextIO | None = None,
    on_fax: Callable[[FaxResult], object] | None = None,
    on_status: Callable[[FaxJobStatus], object] | None = None,
    listeners: Sequence[JobListener] = (),
    on_progress: Callable[[Progress], None] | None = None,
    on_transition: OnTransition | None = None,
    stop: anyio.Event | None = None,
) -> list[FaxResult]:
    """Answer `count` calls, each after `rings` rings, and store each fax as a TIFF file in the folder `output`.

    `on_fax` is called after each call, with what `receive_async` gives at the end for all of them. A fax that broke off
    is kept, in a file that ends in `.partial.tif`. Setting `stop` ends a call in an orderly way, and the waiting.

    Raises `SettingError`, `ProfileError`; `PortError` and `ModemError` when there is no modem to wait at.
    """
    settings = _settings(station_id, max_rate, limits)
    if count < 1 or rings < 1:
        raise SettingError("the numbers of calls and of rings must be at least 1")
    folder = _folder(output)
    results: list[FaxResult] = []
    modem = await open_modem(port, profile=profile, baud=baud, record=record)
    notifier = Notifier(*listeners, on_status=on_status)
    try:
        while len(results) < count and (ring := await _wait_for_ring(modem, rings, stop)) is not None:
            job_id = new_job_id(now())
            result = await receive_fax(
                modem,
                ring,
                folder / f"fax-{job_id}.tif",
                settings,
                job_id=job_id,
                notifier=notifier,
                clock=now,
                quality=quality,
                stop=stop,
                on_progress=on_progress,
                on_transition=on_transition,
            )
            results.append(result)
            if on_fax is not None:
                on_fax(result)
            if result.outcome in _MODEM_SUSPECT and len(results) < count:
                await modem.set_up()
        return results
    finally:
        with anyio.CancelScope(shield=True):
            await modem.aclose()
        await _let_listeners_finish(notifier)


def _folder(output: str | Path) -> Path:
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SettingError(f"received faxes go into a folder, and {folder} is a file")
    return folder


_MODEM_SUSPECT = (Outcome.MODEM_FAILED, Outcome.PORT_LOST, Outcome.INTERNAL_ERROR)
"After these the modem must show that it is alive before it waits for another call."


async def _wait_for_ring(modem: CarrierModem, rings: int, stop: anyio.Event | None) -> Ring | None:
    """The next call; None when `stop` was set."""
    with anyio.CancelScope() as waiting:
        return await stoppable(partial(modem.wait_for_ring, rings), stop, waiting.cancel)
    return None


async def _let_listeners_finish(notifier: Notifier) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(notifier.close, LISTENERS_GRACE_S)


_P = ParamSpec("_P")
_T = TypeVar("_T")
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
receive = _waited_for(receive_async)
