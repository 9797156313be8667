"""What a DTE can set in Class 2, 2.0 and 2.1, with its ranges and defaults.

SP-2388-A §8.5; T.32 (08/95) §8.5. Numbers are decimal in Class 2 and hexadecimal in 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from faxmodem.emulator.class2.dialect import CLASS_2, CLASS_2_0, Dialect
from faxmodem.modem.class2.subparameters import SubParameters

ID_LENGTH: Final = 20
LONGEST_NON_STANDARD: Final = 90
"Octets that +FNS takes."


@dataclass(frozen=True, slots=True)
class Numbers:
    """A command that stores numbers."""

    allowed: tuple[range, ...]
    default: tuple[int, ...]


def _one(size: int, default: int = 0) -> Numbers:
    return Numbers((range(size),), (default,))


_ONLY_ZERO: Final = _one(1)

_NUMBERS_2: Final = {
    "+FAA": _one(2),
    "+FBADLIN": _one(256),
    "+FBADMUL": _one(256, 20),
    "+FBOR": _one(4),
    "+FBUG": _one(2),
    "+FCQ": _one(3),
    "+FCR": _one(2),
    "+FCTCRTY": _one(256),
    "+FDFFC": _ONLY_ZERO,
    "+FLNFC": _ONLY_ZERO,
    "+FLPL": _one(2),
    "+FMINSP": _one(6),
    "+FPHCTO": _one(256, 30),
    "+FRBC": _ONLY_ZERO,
    "+FREL": _one(2),
    "+FSPL": _one(2),
    "+FTBC": _ONLY_ZERO,
    "+FVRFC": _ONLY_ZERO,
    "+FWDFC": _ONLY_ZERO,
}
_NUMBERS_2_0: Final = {
    "+FAA": _one(2),
    "+FAP": Numbers((range(2),) * 3, (0,) * 3),
    "+FBO": _one(4),
    "+FBU": _one(2),
    "+FCQ": Numbers((range(2), range(1)), (1, 0)),
    "+FCR": _one(2),
    "+FCT": _one(256, 30),
    "+FEA": _one(2),
    "+FFC": Numbers((range(1),) * 4, (0,) * 4),
    "+FIE": _one(2),
    "+FLP": _one(2),
    "+FMS": _one(6),
    "+FNR": Numbers((range(2),) * 4, (0,) * 4),
    "+FPP": _ONLY_ZERO,
    "+FRQ": Numbers((range(101), range(256)), (85, 0)),
    "+FRY": _one(256),
    "+FSP": _one(2),
}
_TEXTS: Final = {CLASS_2: ("+FLID", "+FCIG"), CLASS_2_0: ("+FLI", "+FPI", "+FSA", "+FPA", "+FPW")}
_FOR_ONE_CALL: Final = ("+FSA", "+FPA", "+FPW", "+FSP", "+FSPL", "+FLP", "+FLPL")
"Back at their defaults when a session is over."

_DEFAULT: Final = SubParameters(vr=1, br=5, ln=2)
_ABLE: Final = {
    # what +FDCC and +FCC may hold; in writing, and as values
    CLASS_2: (
        "(0,1),(0-5),(0-2),(0-2),(0,1,3),(0-2),(0),(0-7)",
        (range(2), range(6), range(3), range(3), (0, 1, 3), range(3), (0,), range(8)),
    ),
    CLASS_2_0: (
        "(00-7F),(0-5),(0-2),(0-2),(0,1,3),(0,1),(0),(0-7)",
        (range(0x80), range(6), range(3), range(3), (0, 1, 3), range(2), (0,), range(8)),
    ),
}


class FaxParameters:
    """The values of one dialect that are in force."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._table: Mapping[str, Numbers] = MappingProxyType(_NUMBERS_2 if dialect is CLASS_2 else _NUMBERS_2_0)
        self.reset()

    def reset(self) -> None:
        """Back to the factory's values."""
        self._numbers = {name: numbers.default for name, numbers in self._table.items()}
        self.texts = dict.fromkeys(_TEXTS[self._dialect], "")
        self.non_standard = b""
        self.standing = self.session = _DEFAULT
        self.current = SubParameters()
        self.last_code = ""
        "Why the last session ended, as it was reported."

    def session_over(self) -> None:
        """What holds for one session is taken back. T.32 (08/95) §8.5.1.2, §8.5.1.5."""
        self.session = self.standing
        for name in _FOR_ONE_CALL:
            if name in self._numbers:
                self._numbers[name] = self._table[name].default
            if name in self.texts:
                self.texts[name] = ""

    # -- numbers

    def __contains__(self, name: str) -> bool:
        return name in self._table

    @property
    def names(self) -> Iterable[str]:
        """Of all parameters that are numbers."""
        return self._table.keys()

    def __getitem__(self, name: str) -> int:
        """The first value of a parameter."""
        return self._numbers[name][0]

    def values(self, name: str) -> tuple[int, ...]:
        """All values of a parameter."""
        return self._numbers[name]

    def set_numbers(self, name: str, text: str) -> bool:
        """Set a parameter as typed; values left out keep what they were. False: out of range."""
        values = self._merged(text, self._numbers[name], self._table[name].allowed)
        if values is None:
            return False
        self._numbers[name] = values
        return True

    def read(self, name: str) -> str:
        """The values as they are told."""
        return ",".join(map(self._dialect.number, self._numbers[name]))

    def test(self, name: str) -> str:
        """The ranges as they are told."""
        ends = (
            (self._dialect.number(values[0]), self._dialect.number(values[-1])) for values in self._table[name].allowed
        )
        return ",".join(f"({low}-{high})" if low != high else f"({low})" for low, high in ends)

    # -- lists

    def list_of(self, name: str) -> SubParameters:
        """The list behind +FDCC, +FDIS, +FDCS and their like."""
        lists = {
            self._dialect.session: self.session,
            self._dialect.standing: self.standing,
            self._dialect.current: self.current,
        }
        return lists[name]

    def set_list(self, name: str, text: str) -> bool:
        """Set +FDCC (and +FDIS with it) or +FDIS. False: out of range."""
        known = self.list_of(name)
        values = self._merged(text, known.values()[:8], _ABLE[self._dialect][1])
        if values is None:
            return False
        self.session = SubParameters(*values)
        if name == self._dialect.standing:
            self.standing = self.session
        return True

    def test_list(self) -> str:
        """What +FDCC=? tells."""
        return _ABLE[self._dialect][0]

    def written(self, chosen: SubParameters) -> str:
        """A list as it is told."""
        return chosen.text(hexadecimal=self._dialect.hexadecimal)

    # -- texts

    def set_text(self, name: str, text: str) -> bool:
        """Set a station id or the like, which stands in quotes. False: too long, or no quotes."""
        if len(text) < 2 or text[0] != '"' or text[-1] != '"' or len(text) > ID_LENGTH + 2:
            return False
        self.texts[name] = text[1:-1]
        return True

    def add_non_standard(self, text: str) -> bool:
        """Add octets, in hexadecimal within quotes, to those of +FNS; none clear it. False: too many, or no octets."""
        try:
            octets = bytes.fromhex(text.strip('"'))
        except ValueError:
            return False
        if len(self.non_standard) + len(octets) > LONGEST_NON_STANDARD:
            return False
        self.non_standard = self.non_standard + octets if octets else b""
        return True

    def _merged(
        self, text: str, known: tuple[int, ...], allowed: tuple[range | tuple[int, ...], ...]
    ) -> tuple[int, ...] | None:
        fields = text.split(",")
        if len(fields) > len(allowed):
            return None
        values = list(known)
        for place, field in enumerate(fields):
            if not field and len(fields) > 1:
                continue
            value = _number(field, 16 if self._dialect.hexadecimal else 10)
            if value is None or value not in allowed[place]:
                return None
            values[place] = value
        return tuple(values)


def _number(text: str, base: int) -> int | None:
    try:
        return int(text, base) if text.isalnum() else None
    except ValueError:
        return None
