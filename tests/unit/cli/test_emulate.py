"""`faxmodem emulate`: a modem on a pty for a program at the other end, and the fax machine behind it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
import numpy as np
import pytest

from faxmodem.api import open_modem
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.modem.class1 import Class1Modem
from tests.unit.cli.command import faxmodem

LIMIT_S = 30.0
PACE = "100"
PROGRAM = "import sys; from faxmodem.cli.main import main; sys.argv[0] = 'faxmodem'; main()"


@pytest.fixture
def fax(tmp_path: Path) -> Path:
    """Two short pages."""
    pels = np.zeros((200, 1728), np.bool_)
    pels[20:24, 100:1600] = pels[180:184, 100:1600] = True
    path = tmp_path / "fax.tif"
    write_pages(path, [Bitmap.from_pels(pels, Resolution.FINE), Bitmap.from_pels(pels[::-1], Resolution.FINE)])
    return path


@contextmanager
def emulating(folder: Path, *args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, at the link `modem`; its lines of JSON come out of it at the end."""
    link = folder / "modem"
    told = ["emulate", "--pty", str(link), "--pace", PACE, *map(str, args)]
    command = [sys.executable, "-c", PROGRAM, *told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            until = time.monotonic() + LIMIT_S
            while not link.is_symlink():
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(LIMIT_S)
            finally:
                process.kill()


def results(process: subprocess.Popen[str]) -> list[dict[str, object]]:
    """What came of the station's calls."""
    out, _ = process.communicate(timeout=LIMIT_S)
    return [line["result"] for line in map(json.loads, out.splitlines()) if "result" in line]


def test_the_station_answers_and_keeps_what_comes(fax: Path, tmp_path: Path) -> None:
    with emulating(tmp_path, "--answer", "in", "--count", "1", "--json") as process:
        done = faxmodem(
            "send", "--port", tmp_path / "modem", "--to", "555", "--no-header", "--profile", "class1", fax, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        (result,) = results(process)
        assert process.returncode == 0
    assert result["ok"]
    assert list(read_pages(tmp_path / str(result["path"]))) == list(read_pages(fax))


def test_the_station_calls_until_it_has_made_its_calls(fax: Path, tmp_path: Path) -> None:
    with emulating(tmp_path, "--call", "555", "--send", fax, "--count", "1", "--json") as process:
        done = faxmodem("receive", "--port", tmp_path / "modem", "--output", "got", "--profile", "class1", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (result,) = results(process)
        assert process.returncode == 0
    assert result["pages_sent"] == 2
    (came,) = (tmp_path / "got").glob("*.tif")
    assert len(list(read_pages(came))) == 2


def test_a_fault_is_done_to_the_call(fax: Path, tmp_path: Path) -> None:
    with emulating(tmp_path, "--answer", "in", "--fault", "refusal:refused=busy"):
        done = faxmodem("send", "--port", tmp_path / "modem", "--to", "555", "--profile", "class1", fax, cwd=tmp_path)
    assert done.returncode == 10
    assert "busy" in done.stderr


def test_two_modems_on_one_line_ring_each_other(tmp_path: Path) -> None:
    second = tmp_path / "second"

    async def ring() -> None:
        near = await open_modem(str(tmp_path / "modem"), profile="class1")
        far = await open_modem(str(second), profile="class1")
        assert isinstance(near, Class1Modem)
        try:
            with anyio.fail_after(LIMIT_S):
                async with anyio.create_task_group() as call:
                    call.start_soon(near.dial, "2")
                    await far.wait_for_ring()
                    call.cancel_scope.cancel()
        finally:
            await near.aclose()
            await far.aclose()

    with emulating(tmp_path, "--pty", second):
        anyio.run(ring)


def test_it_ends_and_takes_its_link_away_when_it_is_told_to(tmp_path: Path) -> None:
    with emulating(tmp_path) as process:
        process.terminate()
        process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert not (tmp_path / "modem").is_symlink()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "either --port PORT, or --pty LINK"),
        (["--port", "/dev/x", "--pty", "m"], "either --port PORT, or --pty LINK"),
        (["--pty", "m", "--call", "5"], "call (--call NUMBER --send FILE)"),
        (["--pty", "m", "--send", "fax.tif"], "call (--call NUMBER --send FILE)"),
        (["--pty", "m", "--answer", "d", "--call", "5", "--send", "fax.tif"], "a station may answer"),
        (["--pty", "m", "--pty", "n", "--answer", "d"], "a station may answer"),
        (["--pty", "m", "--profile", "class1", "--profile", "class1"], "2 profiles for 1 modem"),
        (["--pty", "m", "--profile", "none"], "there is no firmware profile 'none'"),
        (["--pty", "m", "--fault", "rain"], "there is no fault 'rain'"),
    ],
)
def test_what_cannot_be_is_a_sentence(args: Sequence[str], words: str, tmp_path: Path) -> None:
    done = faxmodem("emulate", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_something_else_at_the_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("mine")
    done = faxmodem("emulate", "--pty", "m", cwd=tmp_path)
    assert done.returncode == 40
    assert (tmp_path / "m").read_text() == "mine"
