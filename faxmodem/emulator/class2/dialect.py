"""The words of Class 2 (SP-2388-A) and of Class 2.0 and 2.1 (T.32): what is reported, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from faxmodem.modem.class2 import subparameters as sub
from faxmodem.t30.bits import Bits
from faxmodem.t30.capabilities import Capabilities, Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import NonStandard, StationId
from faxmodem.t30.frames import Frame

CLASSES: Final = ("2", "2.0", "2.1")

DLE: Final = 0x10
ETX: Final = 0x03
CAN: Final = 0x18
XON: Final = b"\x11"
DC1, DC2 = 0x11, 0x12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dialect:
    """How one of the two standards words what it says."""

    hexadecimal: bool
    "Numbers in reports."
    connected: str
    polled: str
    "The far end has a document."
    ended: str
    status: str
    "Of a page."
    words: Mapping[Fcf, str]
    "The name of the report of each frame that has one."
    session: str
    "The commands for what is used in the session, ..."
    standing: str
    "... for what it is set to between sessions, ..."
    current: str
    "... and to read what was agreed on."
    xon: bool
    "XON follows the CONNECT to +FDT."
    ppm_in_stream: Mapping[int, Fcf]
    "Codes behind DLE that end a page and say what follows."
    timeout: str
    "The parameter that bounds how long the DTE may be silent in phase C ..."
    timeout_unit_s: float
    "... and its unit."
    bit_order: str
    kill: str
    poll: str
    has_document: str
    station_id: str
    poller_id: str
    least_speed: str
    frame_reports: str
    aligned: str
    last_code: str

    def number(self, value: int) -> str:
        """A number of a report."""
        return f"{value:X}" if self.hexadecimal else str(value)


CLASS_2: Final = Dialect(
    hexadecimal=False,
    connected="+FCON",
    polled="+FPOLL",
    ended="+FHNG",
    status="+FPTS",
    words=MappingProxyType(
        {
            Fcf.DIS: "+FDIS",
            Fcf.DTC: "+FDTC",
            Fcf.DCS: "+FDCS",
            Fcf.CSI: "+FCSI",
            Fcf.TSI: "+FTSI",
            Fcf.CIG: "+FCIG",
            Fcf.NSF: "+FNSF",
            Fcf.NSS: "+FNSS",
            Fcf.NSC: "+FNSC",
        }
    ),
    session="+FDIS",
    standing="+FDCC",
    current="+FDCS",
    xon=True,
    ppm_in_stream=MappingProxyType({}),
    timeout="+FPHCTO",
    timeout_unit_s=0.1,
    bit_order="+FBOR",
    kill="+FK",
    poll="+FSPL",
    has_document="+FLPL",
    station_id="+FLID",
    poller_id="+FCIG",
    least_speed="+FMINSP",
    frame_reports="+FBUG",
    aligned="+FREL",
    last_code="+FAXERR",
)

CLASS_2_0: Final = Dialect(
    hexadecimal=True,
    connected="+FCO",
    polled="+FPO",
    ended="+FHS",
    status="+FPS",
    words=MappingProxyType(
        {
            Fcf.DIS: "+FIS",
            Fcf.DTC: "+FTC",
            Fcf.DCS: "+FCS",
            Fcf.CSI: "+FCI",
            Fcf.TSI: "+FTI",
            Fcf.CIG: "+FPI",
            Fcf.NSF: "+FNF",
            Fcf.NSS: "+FNS",
            Fcf.NSC: "+FNC",
            Fcf.SUB: "+FSA",
            Fcf.SEP: "+FPA",
            Fcf.PWD: "+FPW",
            Fcf.SID: "+FPW",
        }
    ),
    session="+FIS",
    standing="+FCC",
    current="+FCS",
    xon=False,
    ppm_in_stream=MappingProxyType({0x2C: Fcf.MPS, 0x3B: Fcf.EOM, 0x2E: Fcf.EOP}),
    timeout="+FCT",
    timeout_unit_s=1.0,
    bit_order="+FBO",
    kill="+FKS",
    poll="+FSP",
    has_document="+FLP",
    station_id="+FLI",
    poller_id="+FPI",
    least_speed="+FMS",
    frame_reports="+FBU",
    aligned="+FEA",
    last_code="+FHS",
)

PPM_CODES: Final = {Fcf.MPS: 0, Fcf.EOM: 1, Fcf.EOP: 2}
_PRI_PPM: Final = {Fcf.PRI_MPS: Fcf.MPS, Fcf.PRI_EOM: Fcf.EOM, Fcf.PRI_EOP: Fcf.EOP}
PPR_CODES: Final = {Fcf.MCF: 1, Fcf.RTN: 2, Fcf.RTP: 3, Fcf.PIN: 4, Fcf.PIP: 5}
GOOD_PPRS: Final = (1, 3, 5)

_NR_GROUPS: Final = {
    # place in +FNR=rpr,tpr,idr,nsr
    **dict.fromkeys((Fcf.DIS, Fcf.DTC), 0),
    Fcf.DCS: 1,
    **dict.fromkeys((Fcf.CSI, Fcf.TSI, Fcf.CIG), 2),
    **dict.fromkeys((Fcf.NSF, Fcf.NSS, Fcf.NSC), 3),
}
_AP_GROUPS: Final = {Fcf.SUB: 0, Fcf.SEP: 1, Fcf.PWD: 2, Fcf.SID: 2}


def dialect_of(service_class: str) -> Dialect:
    """The dialect of one of `CLASSES`."""
    return CLASS_2 if service_class == "2" else CLASS_2_0


def ppm_code(command: Fcf, service_class: str) -> int:
    """What +FET: says of a post-page command; the codes of interrupts differ."""
    plain = _PRI_PPM.get(command)
    if plain is None:
        return PPM_CODES.get(command, 0)
    return PPM_CODES[plain] + (4 if service_class == "2" else 3)


def report(dialect: Dialect, service_class: str, frame: Frame) -> str | None:
    """What is reported of this frame; None if nothing is."""
    name = dialect.words.get(frame.fcf) if frame.fcf is not None else None
    if name is None:
        return None
    match frame.record():
        case StationId(text):
            return f'{name}:"{text.rjust(20)}"' if frame.fcf not in _AP_GROUPS else f'{name}:"{text}"'
        case NonStandard():
            return f"{name}:{frame.fif.hex(' ').upper()}"
        case Bits() as bits:
            return f"{name}:{_list_of(frame.fcf, bits, service_class).text(hexadecimal=dialect.hexadecimal)}"
        case _:
            return None


def _list_of(fcf: Fcf | None, bits: Bits, service_class: str) -> sub.SubParameters:
    if fcf is Fcf.DCS:
        return sub.of_parameters(Parameters.from_bits(bits), service_class)
    return sub.of_capabilities(Capabilities.from_bits(bits), service_class)


def is_wanted(frame: Frame, negotiation: tuple[int, ...], addresses: tuple[int, ...]) -> bool:
    """Whether +FNR and +FAP have this frame reported. T.32 (08/95) §8.5.1.11, §8.5.1.8."""
    if frame.fcf in _AP_GROUPS:
        return bool(addresses[_AP_GROUPS[frame.fcf]])
    return frame.fcf not in _NR_GROUPS or bool(negotiation[_NR_GROUPS[frame.fcf]])
