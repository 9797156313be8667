"""Whose a non-standard frame (NSF, NSC, NSS) is: country, maker, and the station's name that many put into it.

The first octets are a country code and a provider code of T.35. Before 2003 T.30 did not say in which order their bits
are sent, so both are read. What a maker's facilities mean is not asked: nothing here is ever answered with NSS.

T.30 (09/2005) §5.3.6.2.7; T.35 (02/2000) annex A for the countries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faxmodem.codec.fcs import REVERSED

if TYPE_CHECKING:
    from faxmodem.t30.fif import NonStandard

COUNTRIES = {
    0x00: "Japan",
    0x04: "Germany",
    0x09: "Australia",
    0x0A: "Austria",
    0x0F: "Belgium",
    0x20: "Canada",
    0x26: "China",
    0x31: "Denmark",
    0x3C: "Finland",
    0x3D: "France",
    0x59: "Italy",
    0x61: "Korea (Republic)",
    0x7B: "Netherlands",
    0x82: "Norway",
    0xA0: "Spain",
    0xA5: "Sweden",
    0xA6: "Switzerland",
    0xB4: "United Kingdom",
    0xB5: "United States",
    0xFE: "Taiwan",
}
"Those seen on fax machines."

PROVIDERS = {
    (0x00, b"\x00\x0e"): "Panasonic",
    (0x00, b"\x00\x11"): "Canon",
    (0x00, b"\x00\x21"): "Oki",
    (0x00, b"\x00\x25"): "Ricoh",
    (0x00, b"\x00\x26"): "Konica",
    (0x00, b"\x00\x31"): "Sharp",
    (0x00, b"\x00\x45"): "Muratec",
    (0x00, b"\x00\x51"): "Sanyo",
    (0x00, b"\x00\x56"): "Brother",
    (0x00, b"\x00\x59"): "Fujitsu",
    (0x00, b"\x00\x61"): "Casio",
    (0x04, b"\x81\x0e"): "mgetty",
    (0xB5, b"\x00\x20"): "Conexant",
    (0xB5, b"\x00\x48"): "Hayes",
    (0xB5, b"\x00\x4a"): "Lucent",
    (0xB5, b"\x00\x62"): "Brooktrout",
    (0xB5, b"\x00\x64"): "GammaLink",
    (0xB5, b"\x00\x66"): "Castelle",
    (0xB5, b"\x00\x6c"): "Hewlett-Packard",
    (0xB5, b"\x00\x6e"): "Microsoft",
    (0xB5, b"\x00\xaa"): "HylaFAX",
}
"By country and provider code as T.35 prints them: the commonest. A hint for people; nothing is decided by it."

MIN_NAME = 4
"A shorter run of letters is more likely chance than a name."

_RUN = re.compile(rb"[\x20-\x7e]{%d,}" % MIN_NAME)


@dataclass(frozen=True, slots=True)
class Maker:
    """What a non-standard frame tells of the machine; "" for what it does not tell."""

    name: str
    "The maker, or the program."
    country: str
    station: str
    "The longest text in the frame: a model, or the name its owner gave it."

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.name, self.station and f"'{self.station}'", self.country)))


def mirrored(octets: bytes) -> bytes:
    """The same octets, each with its bits in the opposite order."""
    return octets.translate(REVERSED)


def country_code(link_octet: int) -> int:
    """The country code that a link octet means in either bit order; T.30's own order if it means none that is known."""
    printed = REVERSED[link_octet]
    return link_octet if printed not in COUNTRIES and link_octet in COUNTRIES else printed


def country_name(code: int) -> str:
    """The T.35 country of a non-standard frame, or "" where it is not among those seen on fax machines."""
    return COUNTRIES.get(code, "")


def describe(frame: NonStandard) -> Maker | None:
    """Tell whose frame it is; None if it tells nothing. Never raises, whatever came."""
    country, name = _provider(frame)
    maker = Maker(name=name, country=country_name(country), station=_longest_text(frame.data[2:]))
    return maker if any((maker.name, maker.country, maker.station)) else None


def _provider(frame: NonStandard) -> tuple[int, str]:
    """Country and maker, "" if unknown. Each code may have its own order of bits: there are makers that mix them."""
    countries = (frame.country, mirrored(bytes((frame.country,)))[0])
    providers = (mirrored(frame.data[:2]), frame.data[:2])
    known = ((country, PROVIDERS.get((country, provider), "")) for country in countries for provider in providers)
    return next((found for found in known if found[1]), (frame.country, ""))


def _longest_text(data: bytes) -> str:
    """The longest run of printable ASCII in either bit order, without the blanks around it; "" if all are short."""
    runs = (run.strip().decode("ascii") for octets in (mirrored(data), data) for run in _RUN.findall(octets))
    return max((run for run in runs if len(run) >= MIN_NAME), key=len, default="")
