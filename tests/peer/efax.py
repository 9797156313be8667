"""efax, an independent Class 1 fax program, at the far end: MH only, no error correction, up to 14400 bit/s."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from faxmodem.codec.bitmap import Bitmap, Resolution

HEADER_LINES: Final = {Resolution.STANDARD: 6, Resolution.FINE: 20}
"What efax puts above each page that it sends; with a blank header they are white."
GETS_THROUGH_S: Final = 40.0
"For the called modem to take calls, and for the call to be answered."

_NOT_YET = re.compile(r'response "(NO DIALTONE|BUSY)"')
_MODEM: Final = (
    "-o1",
    "-kH",
    "-iE&D2S7=120",
)  # Class 1, hang up at the end; no reset, after which it would refuse calls


@dataclass(frozen=True, slots=True)
class Efax:
    """efax in one call."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(errors="replace")

    def end(self, within_s: float = 30.0) -> int:
        """Wait until it ends by itself; gives its exit code, 0 if all pages went across."""
        return self.process.wait(within_s)

    def session(self) -> str:
        """Resolution and rate of the call, as efax writes them."""
        return " ".join(re.findall(r"session +(\S+) +(\S+)bps", self.said)[-1])

    def remote_id(self) -> str:
        """What the other station called itself."""
        return str(re.findall(r"remote ID -> +(.*)", self.said)[-1]).strip()

    def bad_lines(self) -> list[int]:
        """Of each page received."""
        return [int(bad) for bad in re.findall(r"received \d+ lines, (\d+) errors", self.said)]

    def pages(self) -> list[Bitmap]:
        """The pages that it received, decoded by libtiff."""
        return [_read(path) for path in sorted(self.log.parent.glob("page.0*")) if path.stat().st_size]


@contextmanager
def efax_answers(port: str, folder: Path, station_id: str = "200 200") -> Iterator[Efax]:
    """efax that waits for one call, and stores its pages in `folder`."""
    folder.mkdir()
    # -w and S0=1: the modem answers by itself, on the first ring
    options = ("-w", "-iS0=1", "-r", str(folder / "page"))
    with _efax(port, folder / "answer.log", station_id, *options) as efax:
        _wait_until(lambda: "waiting for activity" in efax.said, 10.0)
        yield efax


@contextmanager
def efax_calls(port: str, pages: Sequence[Bitmap], folder: Path, station_id: str = "100 100") -> Iterator[Efax]:
    """efax whose call has been answered, and that sends `pages`. While the far end takes no calls it dials again."""
    folder.mkdir()
    files = [_write(page, folder / f"page{number}.tif") for number, page in enumerate(pages, 1)]
    due = time.monotonic() + GETS_THROUGH_S
    while True:
        with _efax(port, folder / "call.log", station_id, "-h", " ", "-t", "T200", *map(str, files)) as efax:
            _wait_until(lambda: efax.process.poll() is not None or "CONNECT" in efax.said, GETS_THROUGH_S)
            if not _NOT_YET.search(efax.said) or time.monotonic() > due:
                yield efax
                return
        time.sleep(1.0)


@contextmanager
def _efax(port: str, log: Path, station_id: str, *options: str) -> Iterator[Efax]:
    command = ["efax", "-d", port, "-l", station_id, "-vewinchrt", *_MODEM, *options]
    with (
        log.open("wb") as sink,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink) as process,
    ):
        try:
            yield Efax(process, log)
        finally:
            process.kill()


def _wait_until(holds: Callable[[], bool], within_s: float) -> None:
    due = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < due, "efax does not come to its point"
        time.sleep(0.1)


def _write(page: Bitmap, path: Path) -> Path:
    """Write a page as efax reads it: not coded, and the directory before the pels, as Pillow does it."""
    dpi = page.resolution.x_dpi, page.resolution.y_dpi
    Image.fromarray(~page.pels()).save(path, compression="raw", dpi=dpi)
    return path


def _read(path: Path) -> Bitmap:
    with Image.open(path) as image:
        lines_per_inch = round(image.info["dpi"][1])
        resolution = next(known for known in Resolution if known.y_dpi == lines_per_inch)
        return Bitmap.from_pels(~np.asarray(image), resolution)
