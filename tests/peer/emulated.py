"""Our emulated modem as a command with a pty, and a fax station behind it, for programs that drive a modem."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faxmodem.documents.tiff import read_pages
from tests.peer.command import Command, faxmodem

MODEM_NUMBER: Final = "100"
STATION_NUMBER: Final = "200"
PACE: Final = "3"
"Times real speed: what these programs wait for comes earlier, never later."
LIMIT_S: Final = 60.0
HEADER_LINES: Final = 60
"At most, above the page that a station sends."
WIDTH, ROWS, MARGIN = 1728, 300, 10


def draw(path: Path, seed: int) -> NDArray[np.bool_]:
    """A page of bars as a PBM file; gives its pels, black is true."""
    dice = random.Random(seed)
    page = Image.new("1", (WIDTH, ROWS), 1)
    for _ in range(80):
        left, top = dice.randrange(WIDTH), dice.randrange(ROWS)
        page.paste(dice.randrange(2), (left, top, left + dice.randrange(1, 300), top + dice.randrange(1, 60)))
    page.paste(1, (0, ROWS - MARGIN, WIDTH, ROWS))
    page.save(path, format="PPM")
    return ~np.asarray(page)


def pels_of(path: Path) -> list[NDArray[np.bool_]]:
    """The pages of a TIFF file."""
    return [page.pels() for page in read_pages(path)]


def same_below_header(got: NDArray[np.bool_], page: NDArray[np.bool_]) -> bool:
    """Whether this is the page, with nothing but the station's header above it."""
    added = len(got) - len(page)
    return 0 <= added < HEADER_LINES and np.array_equal(got[added:], page)


@contextmanager
def emulated(folder: Path, *options: str | Path, pace: str = PACE) -> Iterator[tuple[Command, str]]:
    """The emulated modem for one call, and the path of its device."""
    link = folder / "modem"
    with faxmodem("emulate", "--pty", link, "--count", "1", "--pace", pace, *options, limit_s=LIMIT_S) as command:
        wait_until(link.is_symlink)
        yield command, str(link.readlink())


@contextmanager
def started(command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Path]:
    """A program in `folder` that is killed when the block ends; gives its log."""
    log = folder / "program.log"
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield log
        finally:
            process.kill()


def run(command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program in `folder` to its end; gives what it says. It is killed if it takes too long."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
    )
    return done.stdout.decode(errors="replace")


def wait_until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait for something that a program does."""
    due = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < due, "it does not come to that"
        time.sleep(0.1)
