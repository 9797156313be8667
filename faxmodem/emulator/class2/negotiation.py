"""What a session may do, by what the DTE has set; and how it sends, by that and by what the far end can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.emulator.class2.dialect import Dialect
from faxmodem.emulator.class2.parameters import FaxParameters
from faxmodem.modem.class2 import subparameters as sub
from faxmodem.modem.class2.subparameters import SubParameters
from faxmodem.t30.addressing import Addressing
from faxmodem.t30.capabilities import Capabilities, PageInfo, Parameters, ladder
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.procedure import Settings
from faxmodem.t30.timers import Limits

SOME_PAGE: Final = PageInfo(width=1728, resolution=Resolution.STANDARD, lines=0)
"Stands for a page of the DTE, of which nothing is known before it comes."
FAST: Final = frozenset(modulation for modulation in Modulation if modulation is not Modulation.V34)

_DENSER: Final = {Coding.MH: (Coding.MH,), Coding.MR: (Coding.MR, Coding.MH), Coding.MMR: tuple(reversed(Coding))}
_DF: Final[Mapping[int, Coding]] = {0: Coding.MH, 1: Coding.MR, 3: Coding.MMR}
_DF_OF: Final = {coding: df for df, coding in _DF.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DceSession(Settings):
    """A session as the DTE has set it up."""

    holds_out: Capabilities
    "What our DIS or DTC says."

    def offer(self) -> Capabilities:
        """What our DIS or DTC says that we can receive."""
        return self.holds_out


def session_settings(
    parameters: FaxParameters, dialect: Dialect, service_class: str, *, number: str | None, speed_is_minimum: bool
) -> DceSession:
    """A session to begin; `number`: as typed after D, None to answer."""
    told = parameters.session
    fastest, slowest = told.rate_bps, 2400 * (parameters[dialect.least_speed] + 1)
    if speed_is_minimum:
        slowest = max(parameters.standing.rate_bps, slowest)
        fastest = max(modulation.rate_bps for modulation in FAST)
    usable = frozenset(modulation for modulation in FAST if slowest <= modulation.rate_bps <= fastest)
    calling, polls = number is not None, bool(parameters[dialect.poll]) and bool(parameters["+FCR"])
    serves = bool(parameters[dialect.has_document])
    addresses = parameters.values("+FAP") if "+FAP" in parameters else (0, 0, 0)
    texts = parameters.texts
    return DceSession(
        calling=calling,
        first_page=None if polls or not (calling or serves) else SOME_PAGE,
        polls=calling and bool(parameters["+FCR"]),  # behind the DTE's document it may want to poll all the same
        addressing=Addressing(
            subaddress=texts.get("+FSA", ""), selective=texts.get("+FPA", ""), password=texts.get("+FPW", "")
        ),
        number=number or "",
        station_id=texts[dialect.poller_id if polls and texts[dialect.poller_id] else dialect.station_id],
        transmits=usable,
        receives=usable,
        max_rate_bps=fastest,
        limits=Limits(page_tries=1000),  # how often a page is sent is the DTE's to say
        holds_out=_offer(
            told if not speed_is_minimum else replace(told, br=5),
            service_class,
            receives=bool(parameters["+FCR"]),
            has_document=serves and not calling,
            addresses=addresses,
        ),
    )


def _offer(
    told: SubParameters, service_class: str, *, receives: bool, has_document: bool, addresses: tuple[int, ...]
) -> Capabilities:
    able = sub.to_capabilities(told, service_class, has_document=has_document)
    best = _DF.get(told.df, Coding.MR)
    subaddress, selective, password = map(bool, addresses)
    return replace(
        able,
        receives=receives,
        codings=frozenset(_DENSER[best]),
        subaddress=subaddress,
        selective_polling=selective,
        password=password,
    )


def agree(
    wanted: SubParameters, remote: Capabilities, service_class: str, settings: DceSession
) -> tuple[Parameters, SubParameters]:
    """How the pages will be sent: as the DTE wants it, as far as the far end can. With the list that says so.

    T.32 (08/95) §8.3.3: the DCE sends a DCS of what both have.
    """
    theirs = sub.of_capabilities(remote, service_class)
    ec = wanted.ec if theirs.ec else 0
    codings = [
        coding
        for coding in _DENSER[_DF.get(wanted.df, Coding.MR)]
        if coding in remote.codings and (ec or coding is not Coding.MMR)
    ]
    both = SubParameters(
        vr=_highest(wanted.vr & theirs.vr),
        br=min(wanted.br, theirs.br),
        wd=min(wanted.wd, theirs.wd),
        ln=min(wanted.ln, theirs.ln),
        df=_DF_OF[codings[0] if codings else Coding.MH],
        ec=ec,
        st=theirs.st,
    )
    steps = ladder(remote.modulations & settings.transmits, max_rate_bps=settings.max_rate_bps)
    slow = [step for step in steps if step.rate_bps <= wanted.rate_bps] or steps[-1:]
    parameters = sub.to_parameters(both, service_class, frozenset(steps))
    if slow:
        parameters = replace(parameters, modulation=slow[0])
    if ec and remote.ecm_prefers_64 and service_class != "2":
        parameters = replace(parameters, ecm_octets=64)
    return parameters, sub.of_parameters(parameters, service_class)


def _highest(bits: int) -> int:
    return 1 << bits.bit_length() - 1 if bits else 0
