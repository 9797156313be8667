"""`faxmodem send` and `faxmodem receive`, each at a soft modem."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from faxmodem.codec.bitmap import Bitmap
from faxmodem.documents.tiff import read_pages, write_pages
from tests.peer.ahead import ahead
from tests.peer.command import Ended, faxmodem, run
from tests.peer.efax import GETS_THROUGH_S
from tests.peer.pages import light_page
from tests.peer.softmodems import soft_modems

pytestmark = pytest.mark.peer

NOT_YET: Final = (10, 12)
"Exit codes of a call that the other modem does not take: it is being reset, or was within the last 5 s."


class BothOurs(NamedTuple):
    sender: Ended
    receiver: Ended
    pages: list[Bitmap]


@ahead
def from_faxmodem_to_faxmodem(folder: Path) -> BothOurs:
    pages = [light_page(1), light_page(2)]
    document = folder / "pages.tif"
    write_pages(document, pages)
    with soft_modems() as modems, faxmodem("receive", "--port", modems.b, "--output", folder / "faxes") as receiver:
        due = time.monotonic() + GETS_THROUGH_S
        while True:
            sender = run("send", "--port", modems.a, "--to", "200", "--no-header", document)
            if sender.code not in NOT_YET or time.monotonic() > due:
                return BothOurs(sender, receiver.end(), pages)


def test_pages_arrive_pel_for_pel(from_faxmodem_to_faxmodem: BothOurs) -> None:
    sender, receiver, pages = from_faxmodem_to_faxmodem
    assert (sender.code, receiver.code) == (0, 0)
    assert list(read_pages(receiver.result["path"])) == pages
