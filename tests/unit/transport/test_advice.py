import errno
import grp
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from serial import SerialException

from faxmodem.transport.advice import power_cycle, undriven_modems, why_not_opened
from tests.unit.transport.tree import Tree

RULE = 'ATTRS{idVendor}=="0572", ATTRS{idProduct}=="1329", ENV{ID_MM_DEVICE_IGNORE}="1"'


def told(tree: Tree, name: str, number: int) -> str:
    return why_not_opened(tree.path(name), OSError(number, os.strerror(number)), tree.machine)


# -- no such port


def test_a_port_that_does_not_exist_is_told_with_those_that_do(tree: Tree) -> None:
    assert told(tree, "ttyACM0", errno.ENOENT) == (
        "there is no such port; if it was there before, it was unplugged. Ports that exist: none"
    )
    tree.add_uart("ttyS0")
    tree.add_modem("ttyACM1")
    message = told(tree, "ttyACM0", errno.ENOENT)
    assert message.endswith(f"Ports that exist: {tree.path('ttyACM1')}, {tree.path('ttyS0')}")


def test_a_modem_that_the_kernel_has_no_driver_for(tree: Tree) -> None:
    tree.plug_in("0baf:0303", socket="1-1")
    tree.plug_in("0572:1329", socket="1-2", driver=False)
    assert undriven_modems(tree.machine) == ["0572:1329"]
    assert told(tree, "ttyACM0", errno.ENOENT) == (
        "the modem 0572:1329 is plugged in, but the kernel has no driver for it: `sudo modprobe cdc_acm`"
    )


# -- in use


def test_a_port_in_use_is_told_with_who_uses_it(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    tree.run(7, "minicom", "ttyACM0")
    tree.run(8, "sh")
    for number in (errno.EBUSY, errno.EAGAIN):
        assert told(tree, "ttyACM0", number) == "minicom (pid 7) uses this port; end it or choose another port"
    tree.run(9, "cu", "ttyACM0")
    assert told(tree, "ttyACM0", errno.EBUSY).startswith("minicom (pid 7) and cu (pid 9) use this port")


def test_who_uses_a_port_may_not_show(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    tree.run(os.getpid(), "faxmodem", "ttyACM0")
    assert told(tree, "ttyACM0", errno.EBUSY) == "another program uses this port; end it or choose another port"


def test_modem_manager_is_kept_away_by_a_rule(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    tree.run(612, "ModemManager", "ttyACM0")
    message = told(tree, "ttyACM0", errno.EBUSY)
    assert message.startswith("ModemManager uses this port; to keep it away, put the line " + RULE)
    assert "udevadm" in message


def test_modem_manager_is_suspected_when_nobody_else_is(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    tree.run(612, "ModemManager")
    assert told(tree, "ttyACM0", errno.EBUSY).startswith("ModemManager is running and may be using this port")
    tree.run(7, "minicom", "ttyACM0")
    assert "ModemManager" not in told(tree, "ttyACM0", errno.EBUSY)


def test_the_rule_for_a_port_that_is_not_on_usb(tree: Tree) -> None:
    tree.add_uart("ttyS0")
    tree.run(612, "ModemManager", "ttyS0")
    assert 'KERNEL=="ttyS0", ENV{ID_MM_DEVICE_IGNORE}="1"' in told(tree, "ttyS0", errno.EBUSY)


# -- no permission


@pytest.fixture
def guarded(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a user reads who is not in the port's group, in it on paper only, or in it."""

    def ask(*members: str, groups: tuple[int, ...] = (), mode: int = 0o660) -> str:
        tree.add_modem("ttyACM0")
        node = Path(tree.path("ttyACM0"))
        node.chmod(mode)
        group = grp.struct_group(("dialout", "x", node.stat().st_gid, list(members)))
        monkeypatch.setattr(grp, "getgrgid", lambda _gid: group)
        monkeypatch.setattr(os, "getgroups", lambda: list(groups))
        monkeypatch.setattr(os, "getegid", lambda: 4711)
        monkeypatch.setattr("faxmodem.transport.advice._user", lambda: "ann")
        return told(tree, "ttyACM0", errno.EACCES)

    return ask


def test_a_user_outside_the_group(guarded: Callable[..., str]) -> None:
    assert guarded("bob") == (
        "no permission to open this port; its group is dialout: `sudo usermod -aG dialout $USER`, "
        "then log out and in again"
    )


def test_a_user_who_joined_the_group_after_he_logged_in(guarded: Callable[..., str]) -> None:
    assert "were not yet when you logged in: log out and in again" in guarded("bob", "ann")


def test_a_user_in_the_group_who_is_refused_all_the_same(guarded: Callable[..., str]) -> None:
    assert "a container or a security module forbids it" in guarded(groups=(os.getgid(),))


def test_a_port_that_no_group_may_use(guarded: Callable[..., str]) -> None:
    assert 'only its owner may; a udev rule changes that: KERNEL=="ttyACM0", GROUP="dialout"' in guarded(mode=0o600)


def test_a_node_that_vanishes_while_it_is_looked_at(tree: Tree) -> None:
    assert told(tree, "ttyACM0", errno.EPERM).endswith("ask the administrator for it")


# -- the rest


def test_every_error_has_a_sentence(tree: Tree) -> None:
    for number in errno.errorcode:
        message = told(tree, "ttyACM0", number)
        assert message
        assert message.isprintable()


def test_an_error_is_known_by_the_one_that_it_came_from() -> None:
    error = SerialException("could not open port")
    error.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert "nobody listens" in why_not_opened("socket://localhost:1", error)


def test_a_wedged_modem_on_usb_is_pulled_out(tree: Tree) -> None:
    tree.add_modem("ttyACM0")
    tree.add_uart("ttyS0")
    assert power_cycle("usb:0572:1329", tree.machine).endswith("or try `sudo usbreset 0572:1329`")
    for name in (tree.path("ttyS0"), "usb:none", "socket://localhost:1", "null modem"):
        assert power_cycle(name, tree.machine) == "switch it off and on"
