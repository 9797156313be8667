"""What a modem that runs T.30 itself is asked once, and what it is told before each call."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from faxmodem.errors import ModemError
from faxmodem.modem.base import CallFailed, ModemIdentity, Station
from faxmodem.modem.class2 import subparameters
from faxmodem.modem.class2.dialect import Dialect
from faxmodem.modem.class2.subparameters import Ranges, SubParameters
from faxmodem.modem.dialogue import Dialogue
from faxmodem.modem.identify import parse_classes, query
from faxmodem.modem.profile import Profile
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.fif import ID_LENGTH
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.outcomes import Outcome

log = logging.getLogger("faxmodem.modem")

ASSUMED: Final = Ranges(tuple(map(frozenset, ({0, 1}, range(6), {0}, range(3), {0}, {0}, {0}, range(8), {0}))))
"Of a modem that does not tell its abilities: what all have."
RETRY_BR: Final = 3
"For a modem that refuses its rate, as those do that know no V.17: 9600 bit/s."
INCH_VR: Final = 0x64
"Bits of VR for 300 and for 400 dots or lines to the inch."


async def identify(dialogue: Dialogue, dialect: Dialect) -> tuple[ModemIdentity, Ranges]:
    """Who the modem says it is, and what it can be told: less what its profile knows to be broken."""
    at, profile = dialogue.profile.at, dialogue.profile
    answers: dict[str, str] = {}
    for command in dict.fromkeys((*at.identify, *(f"AT{name}" for name in dialect.identify))):
        if text := await _text(dialogue, command):
            answers[command.removeprefix("AT") if command.startswith("AT+") else command] = text
    classes = parse_classes(await _text(dialogue, at.classes))
    listed = await _text(dialogue, f"AT{dialect.abilities}=?")
    ranges = without_what_is_broken(Ranges.parse(listed, hexadecimal=dialect.hexadecimal) or ASSUMED, profile)
    if dialogue.baud is not None:
        ranges = ranges.limited(br=range(dialogue.baud * 8 // 10 // 2400))  # on the port each octet takes ten bits
    able = ranges.to_capabilities(dialect.service_class)
    addresses = dialect.addressing is not None
    able = replace(able, subaddress=addresses, password=addresses, selective_polling=addresses)
    rates = able.modulations | (frozenset({Modulation.V34}) if able.v8 else frozenset())
    return ModemIdentity(answers=answers, classes=classes, transmits=rates, receives=rates, abilities=able), ranges


async def _text(dialogue: Dialogue, command: str) -> str:
    """The answer to a query in one line, empty if there is none."""
    return " ".join(await query(dialogue, command) or ())


def without_what_is_broken(ranges: Ranges, profile: Profile) -> Ranges:
    """What the modem can be told, but for what it claims without being able to."""
    if profile.has(Quirk.NO_2D):
        ranges = ranges.limited(df=())  # who offers MMR offers MR
    if profile.has(Quirk.NO_MMR):
        ranges = ranges.limited(df=range(3))
    if profile.has(Quirk.NO_ECM):
        ranges = ranges.limited(ec=(), df=range(3))
    if profile.has(Quirk.NO_FINE_INCH):
        ranges = ranges.limited(vr=0x7F & ~INCH_VR)
    return ranges


async def prepare(dialogue: Dialogue, dialect: Dialect, ranges: Ranges, station: Station) -> SubParameters:
    """Tell the modem all that it must know before it dials or answers; gives what it offers then.

    What firmware is known to refuse is done without. Raises `ModemError` if it refuses what it must know, and
    `CallFailed` if it cannot do what the station wants.
    """
    profile = dialogue.profile
    await dialogue.run(dialect.settings)
    await _try(dialogue, f'AT{dialect.station_id}="{_quotable(station.station_id)}"')
    offer = await _offer(dialogue, dialect, ranges, station)
    for command in _wishes(dialect, profile, station):
        await _try(dialogue, command)
    await _set_polling(dialogue, dialect, station)
    return offer


async def _offer(dialogue: Dialogue, dialect: Dialect, ranges: Ranges, station: Station) -> SubParameters:
    """Set what our DIS or DTC says, and what our DCS may."""
    wanted = subparameters.of_capabilities(station.offers, dialect.service_class)
    fastest = max(0, station.max_rate_bps // 2400 - 1)
    offer = ranges.fit(replace(wanted, br=min(fastest, subparameters.HIGHEST_BR), st=0))
    lowest = dialogue.profile.has(Quirk.SPEED_IS_MINIMUM)
    taken = await _set_abilities(dialogue, dialect, replace(offer, br=0) if lowest else offer)
    offer = offer if lowest else taken
    early = dialogue.profile.has(Quirk.SESSION_BEFORE_DIAL)
    if early and station.calling and not station.polls:
        # No page can be asked for later, and the modem takes the most: what most pages are is better for all of them.
        offer = replace(offer, vr=offer.vr & 1, wd=0)
    if lowest or early:
        await _try(dialogue, f"AT{dialect.session}={offer.text(hexadecimal=dialect.hexadecimal)}")
    return offer


async def _set_abilities(dialogue: Dialogue, dialect: Dialect, offer: SubParameters) -> SubParameters:
    for tried in (offer, replace(offer, br=min(offer.br, RETRY_BR))):
        command = f"AT{dialect.abilities}={tried.text(hexadecimal=dialect.hexadecimal)}"
        reply = await dialogue.ask(command)
        if reply.ok:
            return tried
    raise ModemError(
        f"the modem answered {command} with {reply.result.text!r} instead of OK; what it would offer is not known"
    )


def _wishes(dialect: Dialect, profile: Profile, station: Station) -> Iterator[str]:
    """Commands that a modem may refuse."""
    # We look at what comes ourselves, and say so; a modem that lets nobody say so has to look itself.
    yield dialect.quality[profile.has(Quirk.REFUSES_PAGE_STATUS)]
    address = station.addressing
    if dialect.addressing is not None:
        texts = (address.subaddress, address.selective, address.password)
        yield from (
            f'AT{name}="{_quotable(text)}"' for name, text in zip(dialect.addressing, texts, strict=True) if text
        )
    elif address.subaddress or address.selective or address.password:
        log.warning("a subaddress, selector or password is left out: a modem has no command for it in class 2")


async def _set_polling(dialogue: Dialogue, dialect: Dialect, station: Station) -> None:
    """Ask for the far end's document, or lay ours ready, or neither."""
    broken = dialogue.profile.has(Quirk.POLLING_BROKEN)
    if station.polls:
        await _try(dialogue, f'AT{dialect.polling_id}="{_quotable(station.station_id)}"')
        if broken or not (station.sends or await poll(dialogue, dialect)):
            raise CallFailed(
                Outcome.INCOMPATIBLE,
                f"this modem cannot fetch documents by polling in class {dialect.service_class}; try class 1",
            )
    has_document = station.offers.has_document and not station.calling
    if has_document and (broken or not await _try(dialogue, f"AT{dialect.has_document}=1")):
        log.warning("the modem cannot give documents to who polls them in class %s", dialect.service_class)


async def poll(dialogue: Dialogue, dialect: Dialect) -> bool:
    """Have the modem ask for the far end's document when it can next; whoever sends first must not ask before."""
    return await _try(dialogue, f"AT{dialect.polls}=1")


async def _try(dialogue: Dialogue, command: str) -> bool:
    """Whether the modem takes a command without which it goes as well."""
    reply = await dialogue.ask(command)
    if not reply.ok:
        log.debug("%s: the modem answered %s with %s", dialogue.transport.name, command, reply.result.text)
    return reply.ok


def _quotable(text: str) -> str:
    """A text that cannot end its quotes or the command."""
    return "".join(c for c in text if c.isascii() and c.isprintable() and c not in '"\\')[:ID_LENGTH]
