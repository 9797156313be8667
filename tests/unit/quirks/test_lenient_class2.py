"""What modems of Class 2, 2.0 and 2.1 do in their own way and no profile has to tell, in a whole call."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import pytest

from faxmodem.call.fax import CallSettings
from faxmodem.codec.bitmap import Bitmap, Resolution
from faxmodem.codec.geometry import Coding
from faxmodem.emulator.faults import BitErrors
from faxmodem.modem.class2.dialect import DC2
from tests.scenarios.bench import CALLER, page
from tests.unit.quirks.harness import Port, Scene
from tests.unit.quirks.test_lenient import OK, carried

CLASSES: Final = ("class2", "class2.0", pytest.param("class2.1", marks=pytest.mark.soak))
MIXED: Final = (page(seed=1), page(seed=2, resolution=Resolution.STANDARD), page(seed=3))
"Behind each but the last comes EOM: the next is of another kind."
CORRECTED: Final = CallSettings()


class Reworded(Port):
    """Says some things in another form."""

    forms: tuple[tuple[bytes, bytes], ...]

    def worded(self, data: bytes) -> bytes:
        """In that form."""
        for pattern, form in self.forms:
            data = re.sub(pattern, form, data)
        return data


class InHexadecimal(Reworded):
    """Lists in hexadecimal and with leading zeros, whatever the class; as Eicon and Agere."""

    forms = ((rb"(?<=[:,(-])([0-7])(?=[,)\r-])", rb"0\1"),)

    def worded(self, data: bytes) -> bytes:
        """The lists, but not the pages."""
        return super().worded(data) if data.startswith((b"\r\n+F", b"\r\n(")) else data


class NoPlus(Reworded):
    """Reports without their plus and ids with half of their quotes; as U.S. Robotics."""

    forms = ((rb"\r\n\+(F[A-Z]+:)", rb"\r\n\1"), (rb'"\r\n', b"\r\n"))


class Talkative(Reworded):
    """Tells of CED, and of CONNECT before it is known what the caller wants; as Rockwell and Exar."""

    forms = ((rb"\r\n(\+FCON?\r\n)", rb"\r\nCED\r\n\r\nFAX\r\n\r\nCONNECT\r\n\r\n\1"),)


class CountsOtherwise(Reworded):
    """Lines in decimal in 2.0, and in hexadecimal in Class 2; as U.S. Robotics."""

    forms = ((rb"(\+FPS:\d),3C,", rb"\1,60,"), (rb"(\+FPTS:\d),60,", rb"\1,3C,"))


class NoStatus(Reworded):
    """No page status, neither of pages that come nor, behind the last, of pages that go."""

    forms = ((rb"\r\n\+FP(TS|S):1[^\r]*\r\n", b""),)


class NoStatusAtTheEnd(NoStatus):
    """The hang-up code 0 alone behind the last page."""

    def worded(self, data: bytes) -> bytes:
        """Only there."""
        return super().worded(data) if self.command.startswith((b"AT+FET=2", b"AT+FDR")) else data


class BitsReversed(Port):
    """Page data come with the most significant bit first, whatever +FBOR says; as nearly all of Class 2."""

    async def send(self, data: bytes) -> None:
        """Have the modem do that."""
        ordered = re.sub(rb"(\+FBOR?)=0", rb"\1=1", data)
        self.oddities += ordered != data
        await super().send(ordered)


class DeafToDc2(Port):
    """Data begin after DC1 only, as SP-2388-A has it."""

    def lost(self, data: bytes) -> bytes | None:
        """It means nothing."""
        return b"" if data == DC2 else None


class OkAfterEom(Port):
    """OK to +FDR between two documents; as Practical Peripherals."""

    between = False

    def worded(self, data: bytes) -> bytes:
        """As it is."""
        self.between = self.between or b"+FET:1" in data
        return data

    def lost(self, data: bytes) -> bytes | None:
        """It has to be said again."""
        if not (self.between and data.startswith(b"AT+FDR")):
            return None
        self.between = False
        return OK


@pytest.mark.parametrize("base", CLASSES)
@pytest.mark.parametrize("receives", [False, True], ids=["sending", "receiving"])
@pytest.mark.parametrize("port", [InHexadecimal, NoPlus])
def test_reports_are_read_in_any_form(port: type[Port], base: str, *, receives: bool) -> None:
    scene = Scene(base=base, receives=receives, settings=replace(CORRECTED, station_id="+1 234"))
    assert carried(scene, port).is_good


@pytest.mark.parametrize("base", CLASSES)
@pytest.mark.parametrize("port", [Talkative, CountsOtherwise, NoStatus, DeafToDc2])
def test_a_reception_goes_well(port: type[Port], base: str) -> None:
    assert carried(Scene(base=base, receives=True), port).is_good


def test_a_last_page_without_status_is_confirmed() -> None:
    assert carried(Scene(base="class2"), NoStatusAtTheEnd).is_good


@pytest.mark.parametrize("base", CLASSES)
def test_documents_follow_each_other(base: str) -> None:
    assert carried(Scene(base=base, receives=True, pages=MIXED), OkAfterEom).is_good


@pytest.mark.parametrize("base", CLASSES)
@pytest.mark.parametrize("coding", list(Coding))
@pytest.mark.parametrize(
    "pages", [(page(seed=1), page(seed=2)), (page(20, runs=1), page(seed=2))], ids=["full", "empty"]
)
def test_the_order_of_bits_is_found_out(base: str, coding: Coding, pages: tuple[Bitmap, ...]) -> None:
    settings = replace(CORRECTED, codings=frozenset({coding}), ecm=coding is Coding.MMR)
    assert carried(Scene(base=base, receives=True, settings=settings, pages=pages), BitsReversed).is_good


@pytest.mark.parametrize("base", CLASSES)
def test_the_order_of_bits_is_found_out_behind_a_page_that_cannot_be_read(base: str) -> None:
    noise = BitErrors(sender=CALLER, share=0.05, from_s=9.7, until_s=11.5)
    call = carried(Scene(base=base, receives=True, faults=(noise,)), BitsReversed)
    assert call.signals["RTN"] == 1
    assert call.is_good
