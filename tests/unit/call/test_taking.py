"""A call that is none of a fax goes to a program, together with the port."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import anyio
import pytest

from faxmodem.call.taking import LentPort, hand_over
from faxmodem.modem.base import NotFax, OtherCall
from faxmodem.modem.callerid import caller_info

CALL = NotFax(OtherCall.DATA, "CONNECT 9600")
CALLER = caller_info(["NMBR = 030\x1b123", "NAME = EICHE", "NDID = 4711"])
TELLS = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('FAXMODEM')}))"
TALKS = "import sys; sys.stdout.write('login: '); sys.stdout.flush(); sys.stderr.write(sys.stdin.readline())"
WAITS = "import time; print('up', flush=True); time.sleep(60)"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def port(descriptor: int | None) -> LentPort:
    return LentPort(name="/dev/modem", baud=57600, descriptor=descriptor)


def test_the_program_finds_the_call_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAXMODEM_PASSWORD", "secret")
    reader, writer = os.pipe()
    anyio.run(hand_over, CALL, CALLER, port(writer), {OtherCall.DATA: python(TELLS)})
    assert not os.get_blocking(writer), "the port is as it was"
    assert json.loads(os.read(reader, 4096)) == {
        "FAXMODEM_CALL": "data",
        "FAXMODEM_RESULT": "CONNECT 9600",
        "FAXMODEM_PORT": "/dev/modem",
        "FAXMODEM_BAUD": "57600",
        "FAXMODEM_CALLER": "030123",
        "FAXMODEM_CALLER_NAME": "EICHE",
        "FAXMODEM_CALLED": "4711",
    }
    os.close(reader)
    os.close(writer)


def test_the_program_talks_over_the_port(capfd: pytest.CaptureFixture[str]) -> None:
    far, near = os.openpty()
    os.set_blocking(near, False)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hand_over, CALL, CALLER, port(near), {OtherCall.DATA: python(TALKS)})
            await anyio.wait_readable(far)
            assert os.read(far, 100) == b"login: "
            os.write(far, b"me\n")

    anyio.run(main)
    assert capfd.readouterr().err == "me\n"
    os.close(far)
    os.close(near)


def test_a_program_is_told_to_end_with_the_call() -> None:
    reader, writer = os.pipe()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hand_over, CALL, CALLER, port(writer), {OtherCall.DATA: python(WAITS)})
            await anyio.wait_readable(reader)
            tasks.cancel_scope.cancel()

    with anyio.from_thread.start_blocking_portal() as portal:  # a loop of its own, with a limit
        portal.start_task_soon(main).result(timeout=20)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("program", [["/no/such/program"], [str(Path(__file__))], []])
def test_a_program_that_cannot_be_run_does_no_harm(program: list[str], caplog: pytest.LogCaptureFixture) -> None:
    anyio.run(hand_over, CALL, CALLER, port(None), {OtherCall.DATA: program, OtherCall.VOICE: ["/bin/false"]})
    assert ("cannot be run" in caplog.text) is bool(program)


def test_the_exit_code_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    anyio.run(hand_over, CALL, CALLER, port(None), {OtherCall.DATA: python("raise SystemExit(7)")})
    assert "ended with exit code 7" in caplog.text
