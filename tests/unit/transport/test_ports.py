import pytest
from serial.tools.list_ports_common import ListPortInfo

from faxmodem.transport.ports import PortInfo, list_ports


def port(device: str, **facts: object) -> ListPortInfo:
    info = ListPortInfo(device, skip_link_detection=True)
    for name, value in facts.items():
        setattr(info, name, value)
    return info


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[ListPortInfo]:
    ports: list[ListPortInfo] = []
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    return ports


def test_a_known_usb_modem(found: list[ListPortInfo]) -> None:
    found.append(
        port(
            "/dev/ttyACM0",
            vid=0x0572,
            pid=0x1340,
            manufacturer="Conexant",
            product="USB Modem",
            description="USB Modem",
            serial_number="12345678",
        )
    )
    assert list_ports() == [
        PortInfo(
            device="/dev/ttyACM0",
            description="Conexant USB Modem",
            usb_id="0572:1340",
            serial_number="12345678",
            likely_modem=True,
            reason="USB id of a Conexant modem",
        )
    ]


def test_a_port_that_says_nothing(found: list[ListPortInfo]) -> None:
    found.append(port("/dev/ttyS0"))
    (only,) = list_ports()
    assert (only.description, only.usb_id, only.serial_number, only.likely_modem) == ("", None, None, False)
    assert "built-in" in only.reason


@pytest.mark.parametrize(
    ("product", "likely", "reason"),
    [
        ("V.92 Faxmodem", True, "calls itself a modem"),
        ("LTE Modem", False, "mobile"),
        ("Mobile Broadband Modem", False, "mobile"),
        ("FT232R USB UART", False, "adapter"),
    ],
)
def test_a_name_tells(found: list[ListPortInfo], product: str, likely: bool, reason: str) -> None:
    found.append(port("/dev/ttyUSB0", vid=0x1234, pid=1, product=product, description=product))
    (only,) = list_ports()
    assert only.likely_modem is likely
    assert reason in only.reason


def test_a_modem_of_a_maker_of_much_else(found: list[ListPortInfo]) -> None:
    found += [port("/dev/ttyACM0", vid=0x05AC, pid=0x1401), port("/dev/ttyACM1", vid=0x05AC, pid=0x1402)]
    assert [info.likely_modem for info in list_ports()] == [True, False]


def test_likely_modems_come_first(found: list[ListPortInfo]) -> None:
    found += [port("/dev/ttyS1"), port("/dev/ttyS0"), port("/dev/ttyUSB9", vid=0x0BAF, pid=0x0303)]
    assert [info.device for info in list_ports()] == ["/dev/ttyUSB9", "/dev/ttyS0", "/dev/ttyS1"]
