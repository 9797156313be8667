"""mgetty and its sendfax, independent programs of Class 2 and 2.0, at our emulated modem."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from tests.peer.emulated import (
    MODEM_NUMBER,
    STATION_NUMBER,
    draw,
    emulated,
    pels_of,
    run,
    same_below_header,
    started,
    wait_until,
)

SENDFAX: Final = Path("/usr/sbin/sendfax")
"HylaFAX has a program of this name too, in another folder."
MGETTY: Final = Path("/sbin/mgetty")
INCOMING: Final = Path("/var/spool/fax/incoming")
"mgetty stores faxes nowhere else."
CLASSES: Final = pytest.mark.parametrize("service_class", ["cls2", "c2.0"])

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not SENDFAX.exists() or not shutil.which("pbm2g3"), reason="no Debian package mgetty-fax"),
    pytest.mark.skipif(os.geteuid() != 0, reason="mgetty has its locks, logs and faxes below /var: only for root"),
]


@CLASSES
def test_sendfax(service_class: str, tmp_path: Path) -> None:
    pages = [draw(tmp_path / f"{number}.pbm", number) for number in (1, 2)]
    for number in (1, 2):
        coded = subprocess.run(["pbm2g3", f"{number}.pbm"], cwd=tmp_path, capture_output=True, check=True).stdout
        (tmp_path / f"{number}.g3").write_bytes(coded)
    with emulated(tmp_path, "--answer", tmp_path / "got") as (command, device):
        line = os.path.relpath(device, "/dev")
        said = run([SENDFAX, "-v", "-C", service_class, "-l", line, STATION_NUMBER, "1.g3", "2.g3"], tmp_path)
        assert command.end().code == 0, said
    (fax,) = (tmp_path / "got").glob("*.tif")
    for got, page in zip(pels_of(fax), pages, strict=True):
        assert np.array_equal(got, page)


@CLASSES
@pytest.mark.skipif(not MGETTY.exists(), reason="no Debian package mgetty")
def test_mgetty_receives(service_class: str, tmp_path: Path) -> None:
    pages = [draw(tmp_path / f"{number}.pbm", number) for number in (1, 2)]
    files = [argument for number in (1, 2) for argument in ("--send", str(tmp_path / f"{number}.tif"))]
    for number in (1, 2):
        Image.open(tmp_path / f"{number}.pbm").save(tmp_path / f"{number}.tif", dpi=(204, 196))
    before = {*INCOMING.iterdir()}
    try:
        with emulated(tmp_path, "--call", MODEM_NUMBER, *files) as (command, device):
            options = ("-F", "-C", service_class, "-n", "1", "-s", "38400", os.path.relpath(device, "/dev"))
            with started([MGETTY, *options], tmp_path):
                assert command.end().code == 0
                wait_until(lambda: len({*INCOMING.iterdir()} - before) == len(pages))
        faxes = sorted({*INCOMING.iterdir()} - before)
        for fax, page in zip(faxes, pages, strict=True):
            decoded = tmp_path / "decoded.pbm"
            decoded.write_bytes(subprocess.run(["g32pbm", fax], capture_output=True, check=True).stdout)
            with Image.open(decoded) as got:
                assert same_below_header(~np.asarray(got), page)
    finally:
        for fax in {*INCOMING.iterdir()} - before:
            fax.unlink()
