import os
import termios
from pathlib import Path

import anyio
import pytest

from faxmodem.emulator.pty import PtyTransport
from faxmodem.errors import PortError
from faxmodem.transport.base import ControlLines, Flow
from faxmodem.transport.misread import misread
from faxmodem.transport.serial_port import open_serial
from tests.unit.transport.contract import ALL_BYTES, receive_exactly, run_real

XOFF, XON = b"\x13", b"\x11"


def test_any_program_may_open_the_slave_and_finds_it_raw() -> None:
    async def main() -> None:
        dce = PtyTransport()
        dte = os.open(dce.slave_path, os.O_RDWR | os.O_NOCTTY)
        os.write(dte, ALL_BYTES)
        assert await receive_exactly(dce, 256) == ALL_BYTES
        await dce.send(ALL_BYTES)
        assert os.read(dte, 1000) == ALL_BYTES
        assert not termios.tcgetattr(dte)[3] & termios.ECHO
        os.close(dte)
        await dce.aclose()

    run_real(main)


def test_the_modem_outlives_its_dte() -> None:
    async def main() -> None:
        dce = PtyTransport()
        for _ in range(2):
            dte = await open_serial(dce.slave_path)
            await dte.send(b"AT\r")
            assert await receive_exactly(dce, 3) == b"AT\r"
            await dte.aclose()
        with anyio.move_on_after(0.01) as scope:
            await dce.receive()
        assert scope.cancelled_caught
        await dce.aclose()

    run_real(main)


def test_a_dte_that_is_not_read_has_to_wait() -> None:
    async def main() -> None:
        dce = PtyTransport()
        dte = await open_serial(dce.slave_path)
        page = ALL_BYTES * 400
        with anyio.move_on_after(0.02) as scope:
            await dte.send(page)
        assert scope.cancelled_caught
        taken = bytearray()
        with anyio.move_on_after(0.02):
            while True:
                taken += await dce.receive()
        assert page.startswith(taken)
        assert 0 < len(taken) < len(page)
        await dte.aclose()
        await dce.aclose()

    run_real(main)


def test_xoff_of_the_dte_stops_the_modem_and_is_no_data() -> None:
    async def main() -> None:
        dce = PtyTransport()
        await dce.set_flow(Flow.XONXOFF)
        dte = await open_serial(dce.slave_path)
        await dte.send(b"A" + XOFF + b"T")
        assert await receive_exactly(dce, 2) == b"AT"
        with anyio.move_on_after(0.02) as scope:
            await dce.send(b"held")
        assert scope.cancelled_caught

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(dce.send, b"OK")
            await dte.send(XON + b"!")
            assert await dce.receive() == b"!"
        assert await receive_exactly(dte, 2) == b"OK"
        await dte.aclose()
        await dce.aclose()

    run_real(main)


def test_leaving_xonxoff_and_closing_both_end_a_stop() -> None:
    async def main() -> None:
        dce = PtyTransport()
        dte = await open_serial(dce.slave_path)
        await dce.set_flow(Flow.XONXOFF)
        await dte.send(XOFF + b"!")
        await dce.receive()
        await dce.set_flow(Flow.NONE)
        await dce.send(b"OK")
        assert await receive_exactly(dte, 2) == b"OK"

        await dce.set_flow(Flow.XONXOFF)
        await dte.send(XOFF + b"!")
        await dce.receive()

        async def send() -> None:
            with pytest.raises(PortError, match="is closed"):
                await dce.send(b"never")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await anyio.sleep(0.01)
            await dce.aclose()
        await dte.aclose()

    run_real(main)


def test_there_are_no_control_lines() -> None:
    async def main() -> None:
        dce = PtyTransport()
        assert await dce.control_lines() == ControlLines()
        await dce.aclose()

    run_real(main)


def test_a_link_leads_to_the_slave_and_goes_when_the_modem_goes(tmp_path: Path) -> None:
    link = tmp_path / "modem"
    link.symlink_to("/dev/pts/of-a-modem-that-crashed")

    async def main() -> None:
        dce = PtyTransport(link=link)
        assert dce.name == str(link)
        assert str(link.readlink()) == dce.slave_path
        dte = await open_serial(str(link))
        await dte.aclose()
        await dce.aclose()
        assert not link.is_symlink()

    run_real(main)


def test_a_link_of_somebody_else_stays(tmp_path: Path) -> None:
    link = tmp_path / "modem"

    async def main() -> None:
        first, second = PtyTransport(link=link), PtyTransport(link=link)
        await first.aclose()
        assert str(link.readlink()) == second.slave_path
        await second.aclose()

    run_real(main)


def test_a_file_in_the_place_of_the_link_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "modem").touch()
    with pytest.raises(PortError, match="cannot be made: File exists"):
        PtyTransport(link=tmp_path / "modem")


def test_a_modem_with_one_rate_is_read_at_that_rate_alone() -> None:
    async def main() -> None:
        dce = PtyTransport()
        dte = await open_serial(dce.slave_path, baud=115200)
        await dce.set_baud(19200)
        await dte.send(b"ATZ\r")
        assert await dce.receive() == misread(b"ATZ\r", 115200, 19200)
        await dce.send(b"OK")
        assert await receive_exactly(dte, len(misread(b"OK", 19200, 115200))) == misread(b"OK", 19200, 115200)

        await dte.set_baud(19200)
        await dte.send(b"ATZ\r")
        assert await dce.receive() == b"ATZ\r"
        await dce.send(b"OK")
        assert await receive_exactly(dte, 2) == b"OK"

        await dce.set_baud(None)
        await dte.set_baud(None)
        await dte.send(b"ATZ\r")
        assert await dce.receive() == b"ATZ\r"
        await dte.aclose()
        await dce.aclose()

    run_real(main)


def test_any_program_may_set_the_rate() -> None:
    async def main() -> None:
        dce = PtyTransport()
        await dce.set_baud(9600)
        dte = os.open(dce.slave_path, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(dte)
        for speed, heard in ((termios.B9600, b"AT"), (termios.B4800, misread(b"AT", 4800, 9600))):
            attributes[4] = attributes[5] = speed
            termios.tcsetattr(dte, termios.TCSANOW, attributes)
            os.write(dte, b"AT")
            assert await receive_exactly(dce, len(heard)) == heard
        os.close(dte)
        await dce.aclose()

    run_real(main)
