"""What a modem reports of the session that it runs, read leniently: as T.30 frames, page status and hang-up code.

SP-2388-A (08/91) for Class 2, T.32 (08/95) for Class 2.0 and 2.1, whose names for the same reports differ. Makers
quote ids or not, forget a quote or the plus, pad with blanks, and add reports of their own, which are let go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from faxmodem.modem.class2 import subparameters
from faxmodem.modem.class2.dialect import Dialect
from faxmodem.modem.class2.subparameters import SubParameters
from faxmodem.t30.capabilities import Parameters
from faxmodem.t30.fcf import Fcf
from faxmodem.t30.fif import ID_LENGTH, StationId
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import Modulation


class _Report(Enum):
    """A report that is no frame by itself."""

    CONNECTED = auto()
    HAS_DOCUMENT = auto()
    SUBADDRESS = auto()
    SELECTOR = auto()
    PASSWORD = auto()
    PAGE_STATUS = auto()
    POST_PAGE = auto()
    HANG_UP = auto()
    VOICE = auto()
    DATA = auto()


_NAMES: Final[Mapping[str, Fcf | _Report]] = {
    **dict.fromkeys(("FCON", "FCO"), _Report.CONNECTED),
    **dict.fromkeys(("FPOLL", "FPO"), _Report.HAS_DOCUMENT),
    **dict.fromkeys(("FVOICE", "FVO"), _Report.VOICE),
    "FDM": _Report.DATA,
    **dict.fromkeys(("FDIS", "FIS"), Fcf.DIS),
    **dict.fromkeys(("FDTC", "FTC"), Fcf.DTC),
    **dict.fromkeys(("FDCS", "FCS"), Fcf.DCS),
    **dict.fromkeys(("FCSI", "FCI"), Fcf.CSI),
    **dict.fromkeys(("FTSI", "FTI"), Fcf.TSI),
    **dict.fromkeys(("FCIG", "FPI"), Fcf.CIG),
    **dict.fromkeys(("FNSF", "FNF"), Fcf.NSF),
    **dict.fromkeys(("FNSS", "FNS"), Fcf.NSS),
    **dict.fromkeys(("FNSC", "FNC"), Fcf.NSC),
    "FCFR": Fcf.CFR,
    "FSA": _Report.SUBADDRESS,
    "FPA": _Report.SELECTOR,
    "FPW": _Report.PASSWORD,
    **dict.fromkeys(("FPTS", "FPS"), _Report.PAGE_STATUS),
    "FET": _Report.POST_PAGE,
    **dict.fromkeys(("FHNG", "FHS"), _Report.HANG_UP),
}
"No name of one class means another thing in the other."
_LINE: Final = re.compile(r"\+?(F[A-Z]+)\s*(?:[:/=]\s*(.*))?", re.IGNORECASE)

_ORDER: Final = {
    fcf: place
    for place, together in enumerate(
        (
            (Fcf.NSF, Fcf.CSI),
            (Fcf.DIS,),
            (Fcf.NSC, Fcf.CIG, Fcf.SEP, Fcf.PSA, Fcf.PWD),
            (Fcf.DTC,),
            (Fcf.NSS, Fcf.TSI, Fcf.SUB, Fcf.SID),
            (Fcf.DCS,),
            (Fcf.CFR,),
        )
    )
    for fcf in together
}
"How the frames follow each other on the line; the reports may come in any order."
_IDS: Final = frozenset({Fcf.CSI, Fcf.TSI, Fcf.CIG})
_NON_STANDARD: Final = frozenset({Fcf.NSF, Fcf.NSS, Fcf.NSC})
_LISTS: Final = frozenset({Fcf.DIS, Fcf.DTC, Fcf.DCS})
_WITH_DTC: Final = {_Report.SELECTOR: Fcf.SEP, _Report.SUBADDRESS: Fcf.PSA, _Report.PASSWORD: Fcf.PWD}
_WITH_DCS: Final = {_Report.SUBADDRESS: Fcf.SUB, _Report.PASSWORD: Fcf.SID}
"T.30 (09/2005) §5.3.6.1: the same words name other frames behind a DTC than behind a DCS."
MAX_FRAMES: Final = 64
"Reports that are kept of one command."


@dataclass(slots=True)
class Reports:
    """What the modem has reported since the last command was given."""

    dialect: Dialect
    usable: frozenset[Modulation] = frozenset(Modulation)
    "What both ends can, as far as it is known."
    connected: bool = False
    "A fax machine is there."
    has_document: bool = False
    "The far end may be polled."
    not_a_fax: bool = False
    "It is a voice or a data modem."
    page_status: int | None = None
    post_page: int | None = None
    hang_up: str | None = None
    lists: dict[Fcf, SubParameters] = field(default_factory=dict)
    "The last DIS, DTC and DCS that were told of."
    _new: list[Fcf] = field(default_factory=list)
    "Those of them that `frames` has not given yet."
    _frames: list[Frame] = field(default_factory=list)
    _texts: dict[_Report, str] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Read a line; nothing makes this raise, and what is no report is let go."""
        match = _LINE.fullmatch(line.strip())
        kind = _NAMES.get(match[1].upper()) if match else None
        if match is None or kind is None:
            return
        value = (match[2] or "").strip()
        if isinstance(kind, Fcf):
            self._take_frame(kind, value)
        else:
            self._take_report(kind, value)

    @property
    def chosen(self) -> Parameters | None:
        """What the DCS says."""
        told = self.lists.get(Fcf.DCS)
        return subparameters.to_parameters(told, self.dialect.service_class, self.usable) if told else None

    @property
    def has_frames(self) -> bool:
        """Whether there is something that `frames` has not given yet."""
        return bool(self._new or self._frames)

    def frames(self) -> list[Frame]:
        """The frames that the new reports stand for, in the order in which T.30 sends them."""
        frames = self._frames + self._addressing() + [self._frame_of_list(fcf) for fcf in self._new]
        self._frames, self._new = [], []
        return sorted(frames, key=lambda frame: _ORDER[frame.fcf] if frame.fcf else 0)

    def assume(self, fcf: Fcf, told: SubParameters) -> None:
        """Take a DIS, DTC or DCS for reported."""
        self.connected = True
        self.lists[fcf] = told
        if fcf not in self._new:
            self._new.append(fcf)

    def _take_frame(self, fcf: Fcf, value: str) -> None:
        frame: Frame | None = None
        if fcf in _LISTS:
            if (told := SubParameters.parse(value, hexadecimal=self.dialect.hexadecimal)) is not None:
                self.assume(fcf, told)
        elif fcf in _IDS:
            frame = Frame.of(fcf, StationId(_unquoted(value)), final=False)
        elif fcf in _NON_STANDARD:
            octets = _octets(value)
            frame = Frame(int(fcf), octets, final=False) if octets else None
        else:
            frame = Frame.of(fcf)
        if frame is not None and len(self._frames) < MAX_FRAMES:
            self._frames.append(frame)

    def _take_report(self, kind: _Report, value: str) -> None:
        match kind:
            case _Report.CONNECTED:
                self.connected = True
            case _Report.HAS_DOCUMENT:
                self.connected = self.has_document = True
                if Fcf.DIS in self.lists:
                    self.assume(Fcf.DIS, self.lists[Fcf.DIS])
            case _Report.VOICE | _Report.DATA:
                self.not_a_fax = True
            case _Report.SUBADDRESS | _Report.SELECTOR | _Report.PASSWORD:
                self._texts[kind] = _unquoted(value)
            case _Report.PAGE_STATUS:
                self.page_status = _first_number(value)
            case _Report.POST_PAGE:
                self.post_page = _first_number(value)
            case _Report.HANG_UP:
                self.hang_up = value[:8]

    def _addressing(self) -> list[Frame]:
        """The texts that go with a DTC, or else with a DCS: they are kept until it is known which."""
        fcfs = _WITH_DTC if Fcf.DTC in self._new else _WITH_DCS if Fcf.DCS in self._new else {}
        if not fcfs:
            return []
        texts, self._texts = self._texts, {}
        return [Frame.of(fcfs[kind], StationId(text), final=False) for kind, text in texts.items() if kind in fcfs]

    def _frame_of_list(self, fcf: Fcf) -> Frame:
        """DIS, DTC or DCS. Of what no report tells, the far end is taken to have what the modem could use."""
        if fcf is Fcf.DCS and self.chosen is not None:
            return Frame.of(fcf, self.chosen.to_bits())
        told = self.lists[fcf]
        has_document = self.has_document and fcf is Fcf.DIS
        able = subparameters.to_capabilities(told, self.dialect.service_class, has_document=has_document)
        addresses = fcf is Fcf.DIS and self.dialect.addressing is not None
        able = replace(able, subaddress=addresses, password=addresses, selective_polling=addresses)
        return Frame.of(fcf, able.to_bits())


def _unquoted(value: str) -> str:
    """An id: with quotes, with one of them, or with none."""
    return value.strip().strip('"').strip()[:ID_LENGTH]


def _octets(value: str) -> bytes:
    """Hexadecimal octets, with blanks between them or not; none if it is anything else."""
    digits = re.sub(r'[\s",]', "", value)
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""


def _first_number(value: str) -> int | None:
    """Codes are of one digit, which is the same in either base; what follows are counts, which modems get wrong."""
    match = re.match(r"\D{0,2}(\d{1,2})\b", value)
    return int(match[1]) if match else None
