"""Detection: what is asked, how answers of all kinds are read, and which class and driver follow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faxmodem.errors import ClassRefused, ModemError, ModemTimeout
from faxmodem.modem.detect import QUERY_S, Detection, detect
from faxmodem.modem.matching import answers_of, choose
from faxmodem.modem.opening import open_on, set_up, to_try
from faxmodem.modem.profile import IDENTIFYING, Profile, ServiceClass, load_profile
from faxmodem.modem.quirks import Quirk
from faxmodem.modem.sketch import sketch
from faxmodem.transport.memory import MemoryTransport
from tests.unit.modem.firmware import Firmware, said, talk

GENERIC = {name: load_profile(name) for name in ("generic", "class1", "class1.0", "class2", "class2.0", "class2.1")}


def made(name: str, base: str = "class1", quirks: Mapping[Quirk, object] | None = None, **keys: object) -> Profile:
    """A profile with high confidence."""
    told = {**GENERIC[base].model_dump(), "id": name, "name": name, "confidence": "high", **keys}
    return Profile.model_validate({**told, "quirks": quirks or {}})


ACME = made("acme", match=[{"answers": {"ATI0": "^56000$", "ATI3": "^ACME"}}])
ACME_V2 = made("acme-v2", match=[{"answers": {"ATI0": "^56000$", "ATI3": "^ACME", "ATI6": "V2"}}])
PAGER = made("pager", "class2", match=[{"answers": {"+FMDL?": "^PAGER"}}])
STICK = made("stick", match=[{"usb": ["1234:5678"], "answers": {"ATI0": "^56000$"}}])
PROFILES = {**GENERIC, **{profile.id: profile for profile in (ACME, ACME_V2, PAGER, STICK)}}


def found(answers: Mapping[str, bytes], *, usb: str = "", echo: bool = False) -> Detection:
    return talk(Firmware(answers, echo=echo), lambda port: detect(port, profiles=PROFILES, usb=usb))


CLASSES = {"+FCLASS=?": said("0,1,1.0,2")}
IS_ACME = {**CLASSES, "ATI0": said("56000"), "ATI3": said("ACME FAX")}


# -- what is asked


def test_only_what_may_still_decide_is_asked() -> None:
    known = Firmware({**IS_ACME, "ATI6": said("V1")})
    result = talk(known, lambda port: detect(port, profiles=PROFILES))
    assert (result.profile, result.known, result.reason) == (ACME, True, "ATI0 and ATI3 agree with it")
    assert known.heard == ["+FCLASS=?", "ATI0", "ATI3", "ATI6"]
    assert result.classes == ("0", "1", "1.0", "2")
    assert result.answers["ATI6"] == ("V1",)


def test_the_second_query_decides() -> None:
    assert found({**IS_ACME, "ATI6": said("Rev V2.1", "12.05.99")}).profile is ACME_V2


def test_the_usb_id_is_heeded() -> None:
    answers = {**CLASSES, "ATI0": said("56000")}
    assert found(answers, usb="1234:5678").profile is STICK
    assert not found(answers).known


def test_all_is_asked_of_a_modem_that_is_to_be_known_through_and_through() -> None:
    firmware = Firmware({**IS_ACME, "+FTM=?": said("24,48"), "+FDCC=?": said("(0-1),(0-5)")})
    result = talk(firmware, lambda port: detect(port, profiles=PROFILES, thorough=True))
    assert set(IDENTIFYING) <= set(firmware.heard)
    assert result.answers["+FTM=?"] == ("24,48",)
    assert result.answers["+FDCC=?"] == ("(0-1),(0-5)",)
    assert result.answers["ATI9"] == ()


def test_a_class_is_entered_for_what_is_answered_in_it_only() -> None:
    class InClass(Firmware):
        def _reply(self, command: str) -> bytes:
            if "AT+FCLASS=" in command and "?" not in command:
                self.answers = {**CLASSES, **({"+FMDL?": said("PAGER 2000")} if command.endswith("2") else {})}
            return super()._reply(command)

    firmware = InClass(CLASSES)
    assert talk(firmware, lambda port: detect(port, profiles=PROFILES)).profile is PAGER
    assert firmware.commands[-1] == "AT+FCLASS=0"


# -- how answers are read


@pytest.mark.parametrize(
    "answer",
    [
        said("56000"),
        said("", "56000"),
        said("garbage", "56000"),
        b"56000\r\n\r\n\r\nOK\r\n",
        said("  56000 "),
        b"\xff\x00\r\n56000\r\nOK\r\n",
        b"\r\n56000\r\n",
    ],
)
@pytest.mark.parametrize("echo", [False, True])
def test_an_answer_in_all_its_forms(answer: bytes, echo: bool) -> None:
    assert found({**IS_ACME, "ATI0": answer}, echo=echo).profile is ACME


@pytest.mark.parametrize("answer", ["+FMDL: PAGER", "+FMDL=PAGER", "PAGER"])
def test_the_commands_name_before_the_value_is_taken_off(answer: str) -> None:
    result = found({**CLASSES, "+FMDL?": said(answer)})
    assert result.profile is PAGER
    assert result.answers["+FMDL?"] == ("PAGER",)


@pytest.mark.parametrize("answer", [said("+FCLASS=0,1"), said("(0,1)"), said("+FCLASS: (0, 1)"), said("0", "1")])
def test_the_list_of_classes_in_all_its_forms(answer: bytes) -> None:
    assert found({"+FCLASS=?": answer}).classes == ("0", "1")


@pytest.mark.parametrize("answer", [said(end="ERROR"), said("56000", end="ERROR"), said(), said("5600"), b"", b"560"])
def test_a_modem_without_a_good_answer_is_unknown(answer: bytes) -> None:
    result = found({**IS_ACME, "ATI0": answer})
    assert not result.known
    assert result.profile.id == "class1.0"


def test_a_modem_that_falls_silent_is_asked_no_more() -> None:
    class Dying(Firmware):
        def _reply(self, command: str) -> bytes:
            return b"" if self.heard[-1:] == ["ATI3"] else super()._reply(command)

    firmware = Dying(IS_ACME)
    result = talk(firmware, lambda port: detect(port, profiles=PROFILES, thorough=True))
    assert result.profile is ACME
    assert set(result.answers) > set(IDENTIFYING)


def test_a_modem_that_loses_what_comes_at_once_is_asked_again() -> None:
    class Slow(Firmware):
        ready_at = 0.0

        def _reply(self, command: str) -> bytes:
            if anyio.current_time() < self.ready_at:
                return b""
            self.ready_at = anyio.current_time() + 0.4
            return super()._reply(command)

    assert talk(Slow(IS_ACME), lambda port: detect(port, profiles=PROFILES)).profile is ACME


def test_an_interview_comes_to_an_end() -> None:
    async def work(port: MemoryTransport) -> float:
        await detect(port, profiles=PROFILES, thorough=True)
        return anyio.current_time()

    mute = Firmware(dict.fromkeys((*IDENTIFYING, "+FTM=?", "+FRM=?"), b"") | CLASSES)
    assert QUERY_S < talk(mute, work) < 60


def test_a_silent_port_is_an_error() -> None:
    with pytest.raises(ModemTimeout, match="no modem answers"):
        talk(Firmware(deaf=True), lambda port: detect(port, profiles=PROFILES))


@settings(max_examples=60)
@given(answers=st.dictionaries(st.sampled_from(IDENTIFYING), st.binary(max_size=60)))
def test_whatever_a_modem_says_it_is_unknown_or_itself(answers: dict[str, bytes]) -> None:
    result = found({command: answer.translate(None, b"567P") for command, answer in answers.items()})
    assert not result.known


# -- which class


def opened(
    firmware: Firmware, profile: Profile | None = None, service_class: ServiceClass | None = None
) -> tuple[str, str]:
    """The class and the selecting commands that came to it."""

    async def work(port: MemoryTransport) -> str:
        modem = await open_on(port, profile=profile, service_class=service_class)
        return modem.service_class

    used = talk(firmware, work)
    return used, " ".join(
        command for command in firmware.commands if command.startswith("AT+FCLASS=") and "?" not in command
    )


PREFERS = {"prefer": ("1.0", "1"), "listed": ("0", "1", "1.0")}


def test_the_first_class_that_the_profile_prefers_is_used() -> None:
    both = made("both", classes=PREFERS)
    assert opened(Firmware(), both) == ("1.0", "AT+FCLASS=1.0")
    assert opened(Firmware(refused=frozenset({"AT+FCLASS=1.0"})), both) == ("1", "AT+FCLASS=1.0 AT+FCLASS=1")
    assert opened(Firmware(), both, "1") == ("1", "AT+FCLASS=1")


def test_a_class_that_is_asked_for_is_not_replaced() -> None:
    with pytest.raises(ClassRefused, match=r"refuses AT\+FCLASS=1\.0"):
        opened(Firmware(refused=frozenset({"AT+FCLASS=1.0"})), made("both", classes=PREFERS), "1.0")


def detection(profile: Profile, *classes: str) -> Detection:
    return Detection(profile=profile, reason="", known=True, classes=classes, answers={})


def test_only_classes_that_the_modem_lists_are_tried() -> None:
    both = made("both", classes=PREFERS)
    assert to_try(detection(both, "0", "1")) == ("1",)
    assert to_try(detection(both)) == ("1.0", "1")
    assert to_try(detection(both, "0", "1"), "2") == ("2",)
    unlisted = made("unlisted", classes=PREFERS, quirks={Quirk.CLASS_UNLISTED: {}})
    assert to_try(detection(unlisted, "0", "1")) == ("1.0", "1")
    with pytest.raises(ModemError, match=r"lists the service classes 0, 8, and none"):
        to_try(detection(both, "0", "8"))


def test_a_modem_that_takes_no_class_is_an_error() -> None:
    refused = frozenset({"AT+FCLASS=1", "AT+FCLASS=1.0"})
    with pytest.raises(ClassRefused, match=r"refuses AT\+FCLASS=1,"):
        talk(Firmware(refused=refused), lambda port: set_up(port, GENERIC["class1.0"], ("1.0", "1")))


def test_the_modem_is_asked_when_no_profile_is_named() -> None:
    answers = {"+FCLASS=?": said("0,1"), "ATI0": said("nobody knows me")}
    assert opened(Firmware(answers)) == ("1", "AT+FCLASS=1")


def test_two_profiles_for_one_modem_are_the_modems_fault_and_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = ACME.model_copy(update={"id": "twin"})
    monkeypatch.setattr("faxmodem.modem.detect.all_profiles", lambda: {**PROFILES, "twin": twin})
    with pytest.raises(ModemError, match=r"not clear: two firmware profiles match .* acme .* twin "):
        opened(Firmware(IS_ACME))


# -- a profile to start from


@pytest.mark.parametrize(
    "answers",
    [
        {"ATI0": ('14\\4"00',), "ATI3": ("New (Modem) [1.0]+", "second line"), "+FMM?": ("X",), "+FTM=?": ("24,48",)},
        {"ATI9": ("only this",)},
        {},
    ],
)
@pytest.mark.parametrize("usb", ["", "1234:abcd"])
def test_what_was_found_becomes_a_profile_that_recognises_the_modem(
    answers: dict[str, tuple[str, ...]], usb: str, tmp_path: Path
) -> None:
    base = GENERIC["class1.0"]
    told = Detection(profile=base, reason="unknown", known=False, classes=("0", "1.0"), answers=answers, usb=usb)
    file = tmp_path / "my-modem.toml"
    file.write_text(sketch(told, "my-modem"))
    profile = load_profile(file)
    assert profile.at == base.at
    assert profile.classes.prefer == ("1.0",)
    assert profile.classes.listed == ("0", "1.0")
    assert profile.identity == {command: lines for command, lines in answers.items() if command in IDENTIFYING}
    if answers or usb:
        choice = choose({**PROFILES, "my-modem": profile}, answers_of(profile), ("0", "1.0"), usb)
        assert choice.profile is profile
    else:
        assert profile.match == ()
