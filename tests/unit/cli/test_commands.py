"""The command line as people and programs meet it: exit codes, one sentence for an error, lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from faxmodem.cli.display import _WORDS
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.documents.tiff import read_pages, write_pages
from faxmodem.jobs.status import PROPERTIES
from faxmodem.t30.transitions import Transition
from tests.unit.cli.command import faxmodem

LIMIT_S = 60.0


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A fax of one short page with a frame and a bar."""
    pels = np.zeros((300, 1728), np.bool_)
    pels[20:24, 100:1600] = pels[280:284, 100:1600] = True
    pels[60:200, 400:700] = True
    path = tmp_path / "page.tif"
    write_pages(path, [Bitmap.from_pels(pels, Resolution.FINE)])
    return path


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["send", "--port", "/dev/no-such-port", "--to", "1", "page.tif"], 40, "no such port"),
        (["send", "--port", "/dev/no-such-port", "--to", "1;ATZ", "page.tif"], 13, "';'"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "none.pdf"], 50, "none.pdf"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "--max-rate", "9601", "page.tif"], 2, "9600"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "--station-id", "x" * 21, "page.tif"], 2, "20"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "--profile", "none", "page.tif"], 2, "class1"),
        (["send", "--to", "1", "page.tif"], 2, "--port"),
        (["send", "--port", "/dev/no-such-port", "--to", "9,911", "page.tif"], 15, "emergency"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "--dial-rules", "none", "page.tif"], 2, "none"),
        (["send", "--port", "/dev/no-such-port", "page.tif"], 2, "--open-call"),
        (["send", "--port", "/dev/no-such-port", "--to", "1", "--open-call", "page.tif"], 2, "not both"),
        (["receive", "--port", "/dev/null", "--output", "faxes", "--rings-for", "1"], 2, "CALLER=N"),
        (["receive", "--port", "/dev/null", "--output", "faxes", "--silent", "--on-data", "x"], 2, "silent"),
        (["receive", "--port", "/dev/no-such-port", "--output", "faxes"], 40, "no such port"),
        (["receive", "--port", "/dev/null", "--output", "faxes"], 40, "no serial port"),
        (["receive", "--port", "/dev/null", "--output", "page.tif"], 2, "page.tif is a file"),
        (["probe", "/dev/no-such-port"], 40, "no such port"),
        (["probe", "/dev/no-such-port", "--record", "no/such/folder"], 50, "recording"),
        (["loopback", "none.pdf"], 50, "none.pdf"),
    ],
)
@pytest.mark.usefixtures("page")
def test_an_error_is_a_sentence_and_an_exit_code(args: Sequence[str], code: int, words: str, tmp_path: Path) -> None:
    done = faxmodem(*args, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_send_ends_its_json_with_the_result(page: Path, tmp_path: Path) -> None:
    done = faxmodem("send", "--port", "/dev/no-such-port", "--to", "1", "--json", page, cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["status"]["name"] for line in lines] == ["PENDING", "INPROGRESS", "RETRIES_EXCEEDED"]
    assert [line["extended_status_code"]["name"] for line in lines] == ["NONE", "INITIALIZING", "LINE_UNAVAILABLE"]
    assert all(set(PROPERTIES) <= set(line) for line in lines)
    assert lines[-1]["result"]["exit_code"] == done.returncode == 40
    assert not any("result" in line for line in lines[:-1])


def test_the_loopback_delivers_and_compares(page: Path, tmp_path: Path) -> None:
    done = faxmodem("loopback", page, page, "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "identical: 2 pages arrived pel for pel as sent" in done.stdout
    (received,) = (tmp_path / "out").glob("*.tif")
    (picture,) = (tmp_path / "out").glob("*.png")
    assert str(received.relative_to(tmp_path)) in done.stdout
    assert str(picture.relative_to(tmp_path)) in done.stdout
    assert len(list(read_pages(received))) == 2
    for phase in "ABCDE":
        assert f"sender   phase {phase}" in done.stderr
        assert f"receiver phase {phase}" in done.stderr


def test_every_transition_has_words() -> None:
    assert set(_WORDS) == set(Transition.__args__)


def test_import_and_help_leave_heavy_modules_alone() -> None:
    heavy = "numpy PIL pypdfium2 serial pydantic construct"
    check = (
        "import sys, faxmodem\n"
        "from faxmodem.cli.main import app\n"
        f"print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert done.stdout.split() == []
