"""HylaFAX, an independent program of every class, at our emulated modem: faxsend and faxgetty by hand, without queue.

The package cannot be there beside mgetty-fax. The environment variable HYLAFAX names the folder where it is unpacked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.peer.emulated import (
    MODEM_NUMBER,
    ROWS,
    STATION_NUMBER,
    draw,
    emulated,
    pels_of,
    run,
    same_below_header,
    started,
)

ROOT: Final = Path(os.environ.get("HYLAFAX", "/"))
LIBRARY: Final = ROOT / "usr/lib/hylafax"
FAXSEND: Final = LIBRARY / "bin/faxsend"
FAXGETTY: Final = ROOT / "usr/sbin/faxgetty"
PROTOTYPES: Final = ROOT / "var/spool/hylafax/config"
ENV: Final = {"LD_LIBRARY_PATH": str(LIBRARY), "PATH": "/usr/bin:/bin"}
USER: Final = "uucp"
"Whose the spool area has to be."
FOLDERS: Final = (
    "bin",
    "client",
    "dev",
    "docq",
    "doneq",
    "etc",
    "info",
    "locks",
    "log",
    "recvq",
    "sendq",
    "status",
    "tmp",
)
SEQUENCES: Final = ("log/seqf", "recvq/seqf", "sendq/seqf")
CONFIG: Final = """
CountryCode: 1
AreaCode: 555
LongDistancePrefix: 1
InternationalPrefix: 011
FAXNumber: 5551234
LocalIdentifier: "HYLAFAX"
RingsBeforeAnswer: 1
PageChop: none
TagLineFormat: ""
SessionTracing: 0xFFF
UUCPLockDir: {spool}/locks
FaxRcvdCmd: bin/none
"""
JOB: Final = {
    "state": 6,
    "killtime": 2_100_000_000,
    "maxdials": 1,
    "maxtries": 1,
    "totpages": 2,
    "pagewidth": 215,
    "pagelength": 297,
    "resolution": 196,
    "desiredbr": 13,
    "desiredec": 2,
    "desireddf": 4,
    "external": STATION_NUMBER,
    "number": STATION_NUMBER,
    "jobid": 1,
    "groupid": 1,
    "jobtype": "facsimile",
    "mailaddr": "peer",
    "sender": "peer",
    "owner": "peer",
    "client": "localhost",
    "pagechop": "none",
    "pagehandling": "21S21P",  # fine, A4; another page, no other page
    "fax": "0::docq/pages.tif",
}

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not FAXSEND.exists() or not FAXGETTY.exists(), reason="no Debian package hylafax-server"),
    pytest.mark.skipif(not shutil.which("tiffcp"), reason="no Debian package libtiff-tools"),
    pytest.mark.skipif(os.geteuid() != 0, reason="HylaFAX changes its user: only for root"),
]


def spool(folder: Path, prototype: str, device: str) -> Path:
    """A spool area for one modem, whose configuration is the one that HylaFAX has for its class."""
    area = folder / "spool"
    for name in FOLDERS:
        (area / name).mkdir(parents=True)
    for name in SEQUENCES:
        (area / name).write_text("0")
    config = (PROTOTYPES / prototype).read_text() + CONFIG.format(spool=area)
    (area / f"etc/config.{modem_id(device)}").write_text(config)
    return area


def modem_id(device: str) -> str:
    """What HylaFAX calls a device."""
    return os.path.relpath(device, "/dev").replace("/", "_")


def give_away(area: Path) -> None:
    """Give a spool area to HylaFAX's user, with the way to it."""
    for path in (area, *area.rglob("*")):
        shutil.chown(path, USER, USER)
    for path in (area.parent, area.parent.parent, area.parent.parent.parent):
        path.chmod(path.stat().st_mode | 0o011)


def log_of(area: Path) -> str:
    """What HylaFAX has logged of its session."""
    return "".join(path.read_text(errors="replace") for path in sorted(area.glob("log/c*")))


def to_tiff(folder: Path, names: list[str], into: str) -> None:
    """Make one file of pages as HylaFAX wants them: MH, white is 0, and in one strip. It looks at no tag for that."""
    for name in names:
        with Image.open(folder / f"{name}.pbm") as page:
            white_is_0 = ImageOps.invert(page.convert("L")).convert("1")
        white_is_0.save(folder / f"{name}.tif", compression="group3", dpi=(204, 196), tiffinfo={278: ROWS})
        subprocess.run(["tiffset", "-s", "262", "0", f"{name}.tif"], cwd=folder, check=True)
    pages = [f"{name}.tif" for name in names]
    layout = ["-c", "g3:1d", "-f", "lsb2msb", "-r", str(ROWS)]
    subprocess.run(["tiffcp", *layout, *pages, into], cwd=folder, check=True)


@pytest.mark.parametrize("prototype", ["class2", "class2.1"])
def test_faxsend(prototype: str, tmp_path: Path) -> None:
    """In MMR, which HylaFAX makes of MH. Where it takes the last EOL for RTC it leaves out the line behind."""
    pages = [draw(tmp_path / f"{number}.pbm", number) for number in (1, 2)]
    to_tiff(tmp_path, ["1", "2"], "pages.tif")
    with emulated(tmp_path, "--answer", tmp_path / "got") as (command, device):
        area = spool(tmp_path, prototype, device)
        shutil.copy(tmp_path / "pages.tif", area / "docq")
        job = {**JOB, "modem": modem_id(device)}
        (area / "sendq/q1").write_text("".join(f"{key}:{value}\n" for key, value in job.items()))
        give_away(area)
        said = run([FAXSEND, "-l", "-p", "-m", modem_id(device), "sendq/q1"], area, ENV)
        assert command.end().code == 0, said + log_of(area)
    assert "npages:2\n" in (area / "sendq/q1").read_text(), log_of(area)
    (fax,) = (tmp_path / "got").glob("*.tif")
    for got, page in zip(pels_of(fax), pages, strict=True):
        assert len(got) in (ROWS - 1, ROWS)
        assert np.array_equal(got, page[: len(got)])


@pytest.mark.parametrize("prototype", ["class2", "class2.0"])
def test_faxgetty(prototype: str, tmp_path: Path) -> None:
    """Without error correction: with it the far end would use MMR, of which HylaFAX gets one line in Class 2."""
    pages = [draw(tmp_path / f"{number}.pbm", number) for number in (1, 2)]
    to_tiff(tmp_path, ["1", "2"], "pages.tif")
    with emulated(tmp_path, "--call", MODEM_NUMBER, "--send", tmp_path / "pages.tif", "--no-ecm") as (command, device):
        area = spool(tmp_path, prototype, device)
        give_away(area)
        with started([FAXGETTY, "-p", "-q", area, os.path.relpath(device, "/dev")], tmp_path, ENV):
            assert command.end().code == 0, log_of(area)
    (fax,) = area.glob("recvq/*.tif")
    for got, page in zip(pels_of(fax), pages, strict=True):
        assert same_below_header(got, page)
