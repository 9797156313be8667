"""The commands of Class 2, 2.0 and 2.1, and the one fax session that they work on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import anyio

from faxmodem.emulator.at_commands import Command, Verb
from faxmodem.emulator.calls import is_fax
from faxmodem.emulator.class2.codes import ABORTED
from faxmodem.emulator.class2.dialect import CLASS_2, CLASS_2_0, CLASSES, Dialect, dialect_of
from faxmodem.emulator.class2.floor import Go
from faxmodem.emulator.class2.front_end import FrontEnd
from faxmodem.emulator.class2.parameters import FaxParameters
from faxmodem.emulator.class2.session import FaxSession
from faxmodem.emulator.core import Aborted, Core
from faxmodem.emulator.results import Result
from faxmodem.modem.quirks import Quirk
from faxmodem.t30.fcf import Fcf

IDENTITY: Final[Mapping[str, str]] = {"+FMFR": "+FMI", "+FMDL": "+FMM", "+FREV": "+FMR"}
"Class 2's questions who the DCE is, and those of the other classes that have the same answer."

_PPM: Final = {"0": Fcf.MPS, "1": Fcf.EOM, "2": Fcf.EOP}
_INTERRUPTS: Final = {"4": "0", "5": "1", "6": "2"}
"+FET of a page behind which an operator is wanted: none is here, and the command goes out without it."
_PAGE_STATUSES: Final = ("1", "2", "3", "4", "5")

Order = Callable[[str], Awaitable[Result]]


class FaxService:
    """What a DCE does in the classes in which it runs T.30 itself."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._front = FrontEnd(core)
        self._parameters = {dialect: FaxParameters(dialect) for dialect in (CLASS_2, CLASS_2_0)}
        self._session: FaxSession | None = None
        self._begun = anyio.Event()
        self._orders: Mapping[Dialect, Mapping[str, Order]] = {
            CLASS_2: {"+FDT": self._send, "+FDR": self._receive, "+FET": self._end_page, "+FK": self._kill},
            CLASS_2_0: {"+FDT": self._send, "+FDR": self._receive, "+FKS": self._kill, "+FIP": self._initialise},
        }

    async def run(self) -> None:
        """Run sessions as they begin, one after the other."""
        while True:
            await self._begun.wait()
            self._begun = anyio.Event()
            session = self._session
            if session is not None:
                await session.run()
                self._core.ring()

    # -- what the rest of the DCE must know

    @property
    def applies(self) -> bool:
        """Whether the DCE is in one of these classes now."""
        return self._core.registers.service_class in CLASSES

    @property
    def in_session(self) -> bool:
        """Whether a session runs: the line and its receiver are its own."""
        session = self._session
        return session is not None and not session.ended.is_set()

    def line_cleared(self) -> None:
        """The far end is gone."""
        if self._session is not None:
            self._session.line_cleared()

    def drop(self) -> None:
        """The DTE has hung up: the session ends without a word."""
        if self._session is not None:
            self._session.drop()

    def reset(self) -> None:
        """Back to the factory's values."""
        for parameters in self._parameters.values():
            parameters.reset()

    def knows(self, command: Command) -> bool:
        """Whether this is a command of the class that the DCE is in."""
        return self.applies and (command.name in self._names or command.name in self._orders[self._dialect])

    # -- the call

    async def dial(self, text: str) -> Result:
        """Call, up to the far end's DIS; or, to poll, up to its DCS. SP-2388-A §8.2.1; T.32 (08/95) §8.2.1."""
        return await self._call(text)

    async def answer(self) -> Result:
        """Answer, up to the caller's DCS or DTC. SP-2388-A §8.2.2; T.32 (08/95) §8.2.2."""
        if self._own["+FAA"] and (other := await self._find_out()) is not None:
            return other
        return await self._call(None)

    async def _find_out(self) -> Result | None:
        """Adaptive answering: None if a fax calls, else what becomes of the call."""
        self._core.go_off_hook()
        try:
            if await is_fax(self._core):
                return None
        except Aborted:
            self._core.go_on_hook()
            return Result.NO_CARRIER
        self._core.registers.enter("0")
        await self._core.report(Result.DATA)
        return Result.CONNECT

    async def _call(self, number: str | None) -> Result:
        if self._session is not None:
            await self._session.ended.wait()
        self._session = FaxSession(
            self._core,
            self._front,
            self._dialect,
            self._core.registers.service_class,
            self._own,
            number=number,
        )
        self._front.take_line()
        self._session.floor.begin()
        self._begun.set()
        return await self._settled(self._session)

    async def _settled(self, session: FaxSession) -> Result:
        result = await session.floor.settled()
        if result is not None:
            return result
        if session.is_connected:
            session.kill(ABORTED)
            return await session.floor.settled() or Result.OK
        self.drop()
        return Result.NO_CARRIER

    # -- commands

    async def execute(self, command: Command) -> Result:
        """Do one command of the class that the DCE is in."""
        orders = self._orders[self._dialect]
        if command.name in orders and command.verb in (Verb.DO, Verb.SET):
            return await orders[command.name](command.value)
        if command.name in orders:
            return Result.OK if command.verb is Verb.TEST else Result.ERROR
        match command.verb:
            case Verb.SET:
                return Result.OK if self._set(command.name, command.value) else Result.ERROR
            case Verb.READ:
                text = self._read(command.name)
            case Verb.TEST:
                text = self._test(command.name)
            case Verb.DO:
                text = None
        if text is None:
            return Result.ERROR
        self._core.tell(text)
        return Result.OK

    async def _send(self, value: str) -> Result:
        """+FDT: send a page, in Class 2 perhaps with some parameters changed. SP-2388-A §8.3.3."""
        if not self._take_page_parameters(value):
            return Result.ERROR
        return await self._go(Go.SEND)

    async def _receive(self, _value: str) -> Result:
        """+FDR: receive a page; what the page before it is answered with goes out now. T.32 (08/95) §8.3.4."""
        return await self._go(Go.RECEIVE)

    async def _go(self, go: Go) -> Result:
        session = self._take_floor()
        if session is None or session.ended.is_set():
            return self._end_told(session)
        if not session.may(go):
            session.floor.withdraw()
            return Result.ERROR
        session.floor.allow(go)
        return await self._settled(session)

    def _take_floor(self) -> FaxSession | None:
        """The session, if there is one to talk to; what it had to report is told."""
        session = self._session
        if session is None or session.is_dropped:
            return None
        session.floor.begin()
        return session

    def _end_told(self, session: FaxSession | None) -> Result:
        """The result of a command that comes when the session is over: OK if that is told with it."""
        self._session = None
        return Result.OK if session is not None and session.floor.reported else Result.ERROR

    async def _end_page(self, value: str) -> Result:
        """+FET: say what follows the page. SP-2388-A §8.3.5."""
        command = _PPM.get(_INTERRUPTS.get(value, value))
        if command is None or not self._may_end_page():
            return Result.ERROR
        session = self._take_floor()
        if session is None or session.ended.is_set():
            return self._end_told(session)
        session.command = command
        session.floor.tell()
        return await self._settled(session)

    def _may_end_page(self) -> bool:
        """Whether a page has been given of which it is not said yet what follows it."""
        session = self._session
        return session is None or session.ended.is_set() or (session.floor.go is Go.SEND and session.command is None)

    async def _kill(self, _value: str) -> Result:
        """+FK, +FKS: end the session in an orderly way. T.32 (08/95) §8.3.5."""
        session = self._take_floor()
        if session is None or session.ended.is_set():
            self._end_told(session)
            return Result.OK
        session.kill(ABORTED)
        return await session.floor.settled() or Result.OK

    async def _initialise(self, _value: str) -> Result:
        """+FIP: back to the factory's values of this class. T.32 (08/95) §8.3.6."""
        if self.in_session:
            return Result.ERROR
        self._own.reset()
        return Result.OK

    # -- parameters

    @property
    def _dialect(self) -> Dialect:
        return dialect_of(self._core.registers.service_class)

    @property
    def _own(self) -> FaxParameters:
        return self._parameters[self._dialect]

    @property
    def _names(self) -> frozenset[str]:
        dialect, own = self._dialect, self._own
        told = {dialect.session, dialect.standing, dialect.current, dialect.status, dialect.last_code}
        return frozenset(told | set(own.texts) | set(own.names) | {_BUFFERS[dialect]} | set(_ONLY_IN.get(dialect, ())))

    def _set(self, name: str, value: str) -> bool:
        own, dialect = self._own, self._dialect
        if name == dialect.standing:
            return own.set_list(name, value)
        if name == dialect.session:
            if self.in_session and self._core.settings.has(Quirk.SESSION_BEFORE_DIAL):
                return True
            return own.set_list(name, value)
        if name == "+FNS":
            return own.add_non_standard(value)
        if name == dialect.status:
            return self._set_status(value)
        if name in own.texts:
            return own.set_text(name, value)
        return name in own and own.set_numbers(name, value)

    def _set_status(self, value: str) -> bool:
        """What the page that has come is to be answered with, while it is not answered yet."""
        session = self._session
        refused = self._core.settings.has(Quirk.REFUSES_PAGE_STATUS)
        if session is None or session.ended.is_set() or refused or value not in _PAGE_STATUSES:
            return False
        session.response = int(value)
        return True

    def _read(self, name: str) -> str | None:
        own, dialect = self._own, self._dialect
        if name in (dialect.session, dialect.standing, dialect.current):
            return own.written(own.list_of(name))
        if name == dialect.status:
            return str(self._session.response) if self._session is not None else "0"
        if name == dialect.last_code:
            return own.last_code or ("00" if dialect.hexadecimal else "0")
        if name in own.texts:
            return f'"{own.texts[name]}"'
        if name == "+FNS":
            return f'"{own.non_standard.hex().upper()}"'
        if name == _BUFFERS[dialect]:
            return self._buffers()
        return own.read(name) if name in own else None

    def _test(self, name: str) -> str | None:
        own, dialect = self._own, self._dialect
        if name in (dialect.session, dialect.standing):
            return own.test_list()
        if name in own.texts:
            return "(20)(20-7E)"
        if name == dialect.status:
            return "(1-5)"
        return own.test(name) if name in own else None

    def _buffers(self) -> str:
        """Of pages to send: size, levels of XOFF and XON; in 2.0 the sizes of both ways."""
        settings, dialect = self._core.settings, self._dialect
        size = settings.transmit_buffer
        sizes = (size, size * 3 // 4, size // 2, 0) if dialect is CLASS_2 else (size, settings.receive_buffer)
        return ",".join(map(dialect.number, sizes))

    def _take_page_parameters(self, value: str) -> bool:
        """+FDT=DF,VR,WD,LN of Class 2."""
        if not value:
            return True
        df, vr, wd, ln = ([*value.split(","), "", "", ""])[:4]
        fits = self._dialect is CLASS_2 and value.count(",") < 4
        return fits and self._own.set_list(self._dialect.session, f"{vr},,{wd},{ln},{df}")


_BUFFERS: Final = {CLASS_2: "+FBUF", CLASS_2_0: "+FBS"}
_ONLY_IN: Final = {CLASS_2_0: ("+FNS",)}
