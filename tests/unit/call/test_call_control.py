"""Calls that people have begun, callers who are treated in their own ways, and numbers that are not dialled.

In virtual time over two emulated modems; a telephone stands beside each of them, on the same line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from faxmodem import api
from faxmodem.call import taking
from faxmodem.call.fax import FaxResult
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.emulator import line
from faxmodem.emulator.dce import Dce
from faxmodem.emulator.history import CallStep, SignalPassed, Step
from faxmodem.emulator.line import Line, Subscriber
from faxmodem.emulator.settings import DceSettings
from faxmodem.emulator.signals import Signal
from faxmodem.emulator.virtual import run_virtual
from faxmodem.errors import SettingError
from faxmodem.jobs.status import JobExtendedStatus
from faxmodem.modem.base import NotFax, OtherCall
from faxmodem.modem.callerid import CallerInfo
from faxmodem.modem.dial_rules import DialRules
from faxmodem.modem.ringing import RingRules
from faxmodem.t30.outcomes import Outcome
from faxmodem.transport.memory import MemoryTransport, null_modem_pair
from tests.scenarios.bench import EPOCH, page

PAGES = [page(20)]
SETTINGS = DceSettings(classes=("0", "1", "1.0", "2", "2.0", "2.1"))
PROFILES = ("class1", "class1.0", "class2", "class2.0", "class2.1")
NEAR, FAR = "/dev/near", "/dev/far"
RULES = DialRules(country="49", area="30", international="00", long_distance="0", blocked=("0900*",))


class Socket(Subscriber):
    """A socket in the wall with a modem and a telephone: the line is held as long as either is off hook."""

    held = False

    def take(self) -> None:
        """Lift the telephone."""
        self.held = True
        self.lift()

    def hang_up(self) -> None:
        """Hang the modem up."""
        if not self.held:
            super().hang_up()

    async def put_down(self, after_s: float) -> None:
        """Put the telephone down, the modem being off hook by then."""
        await anyio.sleep(after_s)
        assert self.off_hook
        self.held = False


class Bench:
    """Two ports with a modem each, and the telephones beside them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._ports: dict[str, MemoryTransport] = {}
        self.line: Line
        self.near: Socket
        self.far: Socket
        self.opened: list[str] = []

    def run(self, test: Callable[[], Awaitable[None]]) -> None:
        run_virtual(lambda: self._main(test))

    async def _main(self, test: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        self._monkeypatch.setattr(api, "open_serial", self._open)
        self._monkeypatch.setattr(api, "now", lambda: EPOCH + timedelta(seconds=loop.time()))
        self.line = Line()
        self._monkeypatch.setattr(line, "Subscriber", Socket)
        near, far = self.line.subscribe("100"), self.line.subscribe("200")
        assert isinstance(near, Socket)
        assert isinstance(far, Socket)
        self.near, self.far = near, far
        async with anyio.create_task_group() as self.meanwhile:
            tasks = self.meanwhile
            for name, end in ((NEAR, self.near), (FAR, self.far)):
                dte, dce = null_modem_pair(name=name)
                self._ports[name] = dte
                tasks.start_soon(Dce(dce, end, settings=SETTINGS).run)
            await test()
            tasks.cancel_scope.cancel()

    async def _open(self, port: str, *, baud: int) -> MemoryTransport:  # noqa: ARG002
        self.opened.append(port)
        return self._ports[port]

    def steps(self) -> list[Step]:
        return [record.step for record in self.line.history if isinstance(record, CallStep)]

    def signals(self, who: str) -> list[Signal]:
        passed = [record for record in self.line.history if isinstance(record, SignalPassed)]
        return [record.signal for record in passed if record.who == who]

    def at(self, step: Step) -> float:
        return next(record.at for record in self.line.history if isinstance(record, CallStep) and record.step is step)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.tif"
    write_pages(path, PAGES)
    return path


async def both(sending: Awaitable[FaxResult], receiving: Awaitable[list[FaxResult]]) -> tuple[FaxResult, FaxResult]:
    received: list[FaxResult] = []

    async def receive() -> None:
        received.extend(await receiving)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(receive)
        sent = await sending
    return sent, received[0]


def send(number: str | None, document: Path, *, profile: str = "class1", **options: Any) -> Awaitable[FaxResult]:  # noqa: ANN401 - the library says which
    return api.send_async(NEAR, number, document, header=False, profile=profile, **options)


def receive(folder: Path, *, profile: str = "class1", **options: Any) -> Awaitable[list[FaxResult]]:  # noqa: ANN401 - the library says which
    return api.receive_async(FAR, folder, profile=profile, **options)


def arrived(sent: FaxResult, received: FaxResult) -> bool:
    assert (sent.outcome, received.outcome) == (Outcome.OK, Outcome.OK)
    return received.path is not None and list(read_pages(received.path)) == PAGES


# -- calls that people have begun


@pytest.mark.parametrize("profile", PROFILES)
def test_a_fax_goes_into_a_call_that_somebody_has_dialled(
    bench: Bench, document: Path, tmp_path: Path, profile: str
) -> None:
    async def test() -> None:
        bench.near.take()
        assert bench.near.dial("200")
        bench.meanwhile.start_soon(bench.near.put_down, 10)
        assert arrived(*await both(send(None, document, profile=profile), receive(tmp_path / "in")))
        assert bench.steps().count(Step.DIALLED) == 1

    bench.run(test)


@pytest.mark.parametrize(
    ("profile", "silent"), [*((profile, False) for profile in PROFILES), ("class1", True), ("class1.0", True)]
)
def test_a_call_that_somebody_has_answered_is_taken_at_once(
    bench: Bench, document: Path, tmp_path: Path, profile: str, silent: bool
) -> None:
    async def person() -> None:
        with anyio.fail_after(60):
            while not bench.far.is_engaged:  # noqa: ASYNC110 - a telephone that rings tells nobody but people
                await anyio.sleep(0.1)
        await anyio.sleep(8)
        bench.far.take()
        await anyio.sleep(2)
        bench.meanwhile.start_soon(bench.far.put_down, 5)

    async def taken() -> list[FaxResult]:
        await person()
        return await receive(tmp_path / "in", profile=profile, at_once=True, silent=silent)

    async def test() -> None:
        assert arrived(*await both(send("200", document), taken()))
        tones = {Signal.CED, Signal.ANSAM}.intersection(bench.signals("200"))
        assert bool(tones) is not silent

    bench.run(test)


def test_a_call_that_rings_may_be_answered_silently(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test() -> None:
        assert arrived(*await both(send("200", document), receive(tmp_path / "in", silent=True)))
        assert Signal.CED not in bench.signals("200")

    bench.run(test)


def test_a_modem_that_runs_t30_itself_is_never_silent(bench: Bench, tmp_path: Path) -> None:
    async def test() -> None:
        (result,) = await receive(tmp_path / "in", profile="class2", at_once=True, silent=True)
        assert result.outcome is Outcome.MODEM_FAILED
        assert "always answers with its tone" in result.message
        assert not bench.far.off_hook

    bench.run(test)


def test_nobody_in_a_call_that_is_taken_at_once(bench: Bench, tmp_path: Path) -> None:
    async def test() -> None:
        (result,) = await receive(tmp_path / "in", at_once=True)
        assert result.outcome is Outcome.NOT_A_FAX
        assert not bench.far.off_hook

    bench.run(test)


# -- adaptive answering


@pytest.mark.parametrize("profile", PROFILES)
def test_a_fax_is_received_although_others_may_call(bench: Bench, document: Path, tmp_path: Path, profile: str) -> None:
    async def test() -> None:
        programs: Any = {"profile": profile, "on_data": ["/bin/false"], "on_voice": ["/bin/false"]}
        assert arrived(*await both(send("200", document), receive(tmp_path / "in", **programs)))

    bench.run(test)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_data_call_goes_to_its_program_and_the_next_fax_is_received(
    bench: Bench, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    handed: list[tuple[OtherCall, str, str, str]] = []

    async def program(
        call: NotFax, caller: CallerInfo, port: taking.LentPort, programs: dict[OtherCall, taking.Program]
    ) -> None:
        assert programs == {OtherCall.DATA: ["/bin/answer", "-x"], OtherCall.VOICE: ()}
        assert bench.far.off_hook, "the call is up"
        handed.append((call.call, call.result, caller.best, port.name))
        await anyio.sleep(300)  # longer than any action of a fax session may take

    monkeypatch.setattr(api, "hand_over", program)

    async def data_call_then_fax() -> FaxResult:
        await anyio.sleep(5)
        bench.near.take()
        assert bench.near.dial("200")
        with anyio.fail_after(60):
            while not handed:  # noqa: ASYNC110 - the telephone at this end does not listen
                await anyio.sleep(0.1)
        await anyio.sleep(320)
        bench.near.held = False
        bench.near.hang_up()
        await anyio.sleep(20)
        return await send("200", document)

    async def test() -> None:
        results: list[FaxResult] = []

        async def receiving() -> None:
            results.extend(await receive(tmp_path / "in", profile=profile, count=2, on_data=["/bin/answer", "-x"]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receiving)
            sent = await data_call_then_fax()
        assert handed == [(OtherCall.DATA, "CONNECT", "", FAR)]
        other, fax = results
        assert other.outcome is Outcome.NOT_A_FAX
        assert other.status.extended_status_code is JobExtendedStatus.NOT_FAX_CALL
        assert other.message == "a data call came (CONNECT)"
        assert other.path is None
        assert arrived(sent, fax)

    bench.run(test)


def test_settings_that_exclude_each_other(bench: Bench, tmp_path: Path) -> None:
    async def test() -> None:
        excluding: list[dict[str, Any]] = [
            {"silent": True, "on_data": ["x"]},
            {"at_once": True, "count": 2},
            {"rings": RingRules(rings=0)},
        ]
        for options in excluding:
            with pytest.raises(SettingError):
                await receive(tmp_path / "in", **options)
        assert bench.opened == []

    bench.run(test)


# -- by caller


@pytest.mark.parametrize(
    ("rules", "rings"),
    [
        (RingRules(rings=3), 3),
        (RingRules(rings=3, by_caller=(("10?", 1),)), 1),
        (RingRules(rings=3, by_caller=(("30?", 1), ("*", 2))), 2),
        (RingRules(reject=("666",)), 1),
    ],
)
def test_callers_are_answered_after_their_number_of_rings(
    bench: Bench, document: Path, tmp_path: Path, rules: RingRules, rings: int
) -> None:
    async def test() -> None:
        sent, received = await both(send("200", document), receive(tmp_path / "in", rings=rules))
        assert arrived(sent, received)
        assert received.status.caller_id == ("100" if rules.needs_caller else "")
        rung_s = bench.line.settings.first_ring_s + (rings - 1) * bench.line.settings.ring_interval_s
        assert bench.at(Step.ANSWERED) - bench.at(Step.RANG) == pytest.approx(rung_s, abs=0.5)

    bench.run(test)


def test_a_rejected_caller_is_not_answered(bench: Bench, document: Path, tmp_path: Path) -> None:
    async def test() -> None:
        stop = anyio.Event()
        results: list[FaxResult] = []

        async def receiving() -> None:
            results.extend(await receive(tmp_path / "in", rings=RingRules(reject=("100",)), stop=stop))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receiving)
            sent = await send("200", document)
            stop.set()
        assert sent.outcome is Outcome.NO_ANSWER
        assert results == []
        assert Step.ANSWERED not in bench.steps()

    bench.run(test)


# -- numbers


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("9,911", Outcome.BLACKLISTED),
        ("0W112", Outcome.BLACKLISTED),
        ("+49 900 123456", Outcome.BLACKLISTED),
        ("", Outcome.BAD_NUMBER),
        ("12x", Outcome.BAD_NUMBER),
    ],
)
def test_what_is_not_dialled_does_not_open_the_modem(
    bench: Bench, document: Path, tmp_path: Path, number: str, outcome: Outcome
) -> None:
    async def test() -> None:
        sent = await send(number, document, dial_rules=RULES)
        assert sent.outcome is outcome
        polled = await api.poll_async(NEAR, number, tmp_path / "in", profile="class1", dial_rules=RULES)
        assert polled.outcome is outcome
        assert repr(number) in polled.message
        if outcome is Outcome.BLACKLISTED:
            assert sent.status.extended_status_code is JobExtendedStatus.CALL_BLACKLISTED
        assert bench.opened == []

    bench.run(test)


def test_a_canonical_number_is_dialled_as_it_is_from_here(
    bench: Bench, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[str] = []
    dial = Subscriber.dial

    def watched(end: Subscriber, number: str) -> bool:
        dialled.append(number)
        return dial(end, number)

    monkeypatch.setattr(Subscriber, "dial", watched)
    rules = tmp_path / "rules.toml"
    rules.write_text('country = "49"\ninternational = "00"\nlong_distance = "0"\noutside = "0,"\n')

    async def test() -> None:
        assert arrived(*await both(send("+49 30 1234567", document, dial_rules=rules), receive(tmp_path / "in")))
        assert dialled == ["00301234567"]

    bench.run(test)


def test_dial_rules_with_a_mistake_are_told_before_anything_happens(
    bench: Bench, document: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("outsid = '0'")

    async def test() -> None:
        with pytest.raises(SettingError, match="outsid is unknown"):
            await send("1", document, dial_rules=rules)

    bench.run(test)
