"""What the DTE can set: S registers, parameters with their ranges, the service class, flow control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from faxmodem.transport.base import Flow


@dataclass(frozen=True, slots=True)
class Parameter:
    """A command that stores numbers: what each may be, and what they are after a reset."""

    allowed: tuple[range, ...]
    default: tuple[int, ...]

    @property
    def test_reply(self) -> str:
        """What `=?` is answered, e.g. `(0-255),(0-1)`."""
        return ",".join(f"({values[0]}-{values[-1]})" for values in self.allowed)


def _one(size: int, default: int = 0) -> Parameter:
    return Parameter((range(size),), (default,))


PARAMETERS: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "E": _one(2, 1),
        "V": _one(2, 1),
        "Q": _one(2),
        "X": _one(5, 4),
        "L": _one(4, 1),
        "M": _one(4, 1),
        "T": _one(1),
        "P": _one(1),
        "&C": _one(2, 1),
        "&D": _one(4, 2),
        "&K": _one(7, 3),
        "&S": _one(2),
        "\\Q": _one(4, 3),
        "+IFC": Parameter((range(3), range(3)), (2, 2)),
        "+ICF": Parameter((range(7), range(4)), (3, 3)),
        "+IPR": _one(921_601),
        "+F34": Parameter((range(15), range(15), range(3), range(15), range(15)), (0, 0, 0, 0, 0)),
        "+FAA": _one(2),
        "+FAE": _one(2),
        "+FAR": _one(2),
        "+FCL": _one(256),
        "+FDD": _one(2),
        "+FIT": Parameter((range(256), range(2)), (0, 0)),
        "+FLO": _one(3, 1),
        "+FPR": _one(256),
        "+VCID": _one(2),
    }
)

_FLOWS: Final[Mapping[str, Mapping[int, Flow]]] = MappingProxyType(
    {
        "&K": {0: Flow.NONE, 3: Flow.RTSCTS, 4: Flow.XONXOFF},
        "\\Q": {0: Flow.NONE, 1: Flow.XONXOFF, 2: Flow.RTSCTS, 3: Flow.RTSCTS},
        "+FLO": {0: Flow.NONE, 1: Flow.XONXOFF, 2: Flow.RTSCTS},
        "+IFC": {0: Flow.NONE, 1: Flow.XONXOFF, 2: Flow.RTSCTS},
    }
)

BAUDS: Final = (300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
"The rates, in bit/s, at which +IPR fixes the port."

S_REGISTERS: Final = range(32)
_S_DEFAULTS: Final[Mapping[int, int]] = MappingProxyType(
    {2: 43, 3: 13, 4: 10, 5: 8, 6: 2, 7: 60, 8: 2, 9: 6, 10: 14, 11: 95, 12: 50}
)


class Registers:
    """The values that are in force."""

    def __init__(self, flow: Flow) -> None:
        self._default_flow = flow
        self.reset()

    def reset(self) -> None:
        """Back to the factory's values."""
        self.service_class = "0"
        self.locked: int | None = None
        "The rate at which the port is held by `Quirk.RATE_LOCKED`, or its like, in bit/s."
        self.flow = self._default_flow
        self._values = {name: parameter.default for name, parameter in PARAMETERS.items()}
        self._s = [_S_DEFAULTS.get(number, 0) for number in S_REGISTERS]

    def enter(self, service_class: str) -> None:
        """Take up a service class; data modems recognise the DTE's rate."""
        self.service_class = service_class
        if service_class == "0":
            self.locked = None

    def lock(self, baud: int) -> None:
        """Hold the port at this rate and at XON/XOFF."""
        self.locked = baud
        self.flow = Flow.XONXOFF

    def choose_flow(self, flow: Flow) -> None:
        """Change flow control, where the firmware leaves the choice."""
        if self.locked is None:
            self.flow = flow

    @property
    def baud(self) -> int | None:
        """The rate that is fixed, by firmware or by +IPR; None: the DTE's is recognised. V.250 §6.2.10."""
        return self.locked or (self["+IPR"] if self["+IPR"] in BAUDS else None)

    def __getitem__(self, name: str) -> int:
        """The value of a parameter (its first, if it has several), or of an S register: `registers["S7"]`."""
        if name.startswith("S"):
            return self._s[int(name[1:])]
        return self._values[name][0]

    def values(self, name: str) -> tuple[int, ...]:
        """All values of a parameter."""
        return self._values[name]

    def ring(self, count: int) -> None:
        """Set S1, which counts rings."""
        self._s[1] = count

    def set(self, name: str, text: str) -> bool:
        """Set a parameter or register as typed; values left out keep what they were. False: out of range."""
        if name.startswith("S"):
            return self._set_register(int(name[1:]), text)
        parameter = PARAMETERS[name]
        fields = text.split(",")
        if len(fields) > len(parameter.allowed):
            return False
        values = list(self._values[name])
        for place, field in enumerate(fields):
            if not field and len(fields) > 1:
                continue
            if not field.isdecimal() or int(field) not in parameter.allowed[place]:
                return False
            values[place] = int(field)
        self._values[name] = tuple(values)
        self.choose_flow(_FLOWS.get(name, {}).get(values[-1], self.flow))
        return True

    def _set_register(self, number: int, text: str) -> bool:
        if number not in S_REGISTERS or not text.isdecimal() or int(text) > 255:
            return False
        self._s[number] = int(text)
        return True
