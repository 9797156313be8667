"""Records anew what `tests/transcripts` replays: `python -m tests.peer.record_transcripts`.

To be done when the driver gives other commands than before, and looked through before it is committed.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from faxmodem.documents.tiff import write_pages
from tests.peer.command import Ended, faxmodem, run
from tests.peer.efax import efax_answers, efax_calls
from tests.peer.softmodems import soft_modems
from tests.transcripts.replay import OUR_ID, PAGE_LINES, PAGES, TRANSCRIPTS

PACKAGES: Final = ("iaxmodem", "efax")


def record_sending(folder: Path, transcript: Path) -> Ended:
    document = folder / "pages.tif"
    write_pages(document, PAGES)
    options = ("--profile", "class1", "--to", "200", "--station-id", OUR_ID, "--no-header", "--record", transcript)
    with soft_modems() as modems, efax_answers(modems.b, folder / "answering") as efax:
        ended = run("send", "--port", modems.a, *options, document)
        assert efax.end() == 0
        assert efax.pages() == PAGES
        return ended


def record_receiving(folder: Path, transcript: Path) -> Ended:
    options = ("--profile", "class1", "--output", folder, "--station-id", OUR_ID, "--record", transcript)
    with (
        soft_modems() as modems,
        faxmodem("receive", "--port", modems.b, *options) as command,
        efax_calls(modems.a, PAGES, folder / "calling"),
    ):
        return command.end()


def main() -> None:
    with TemporaryDirectory() as name:
        for record, what, verb in (
            (record_sending, "iaxmodem_send_efax", "send"),
            (record_receiving, "iaxmodem_receive_efax", "receive"),
        ):
            transcript = Path(name) / f"{what}.txt"
            ended = record(Path(name), transcript)
            assert ended.code == 0, ended
            head = (
                f"# faxmodem {verb} at an iaxmodem; behind a second one, over a relay on loopback, efax.\n"
                f"# {len(PAGES)} pages of {PAGE_LINES} lines, fine, V.17 at 14400 bit/s; in real time.\n"
                f"# {_versions()}. Made by `python -m tests.peer.record_transcripts`.\n"
            )
            (TRANSCRIPTS / transcript.name).write_text(head + transcript.read_text())


def _versions() -> str:
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${Version}, ", *PACKAGES]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip(", ")


if __name__ == "__main__":
    main()
