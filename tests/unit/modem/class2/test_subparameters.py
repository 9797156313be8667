"""The list VR,BR,WD,LN,DF,EC,BF,ST: read from any writing, and to T.30's words and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.geometry import WIDTHS, Coding, Resolution
from faxmodem.modem.class2 import subparameters as sub
from faxmodem.modem.class2.subparameters import Ranges, SubParameters
from faxmodem.t30.capabilities import Capabilities, PageLength, Parameters
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation

CLASSES = ("2", "2.0", "2.1")
LISTS = st.builds(
    SubParameters,
    vr=st.integers(0, 0x7F),
    br=st.integers(0, 13),
    wd=st.integers(0, 2),
    ln=st.integers(0, 2),
    df=st.sampled_from([0, 1, 3]),
    ec=st.integers(0, 2),
    st=st.integers(0, 7),
)


@pytest.mark.parametrize(
    "text",
    [
        "1,5,0,2,0,0,0,3",
        "+FDIS:1,5,0,2,0,0,0,3",
        "+FDCS: 1, 5, 0, 2, 0, 0, 0, 3",
        "FIS:1,5,0,2,0,0,0,3",
        "(1,5,0,2,0,0,0,3)",
        "1,5,,2,,,,3",
        "1,5,0,2,0,0,0,3,0",
        "01,05,00,02,00,00,00,03",
    ],
)
@pytest.mark.parametrize("hexadecimal", [False, True])
def test_every_writing_is_read(text: str, hexadecimal: bool) -> None:
    assert SubParameters.parse(text, hexadecimal=hexadecimal) == SubParameters(1, 5, 0, 2, 0, 0, 0, 3)


def test_missing_values_are_0_and_high_ones_the_highest() -> None:
    assert SubParameters.parse("1,5", hexadecimal=False) == SubParameters(1, 5)
    assert SubParameters.parse("200,99,9,9,99,9,999,9,999", hexadecimal=False) == SubParameters(
        0x7F, 13, 4, 2, 15, 4, 0x7F, 7, 0x7F
    )


def test_letters_make_a_list_hexadecimal() -> None:
    assert SubParameters.parse("+FCS:7F,D,0,2,3,1,0,0", hexadecimal=False) == SubParameters(0x7F, 13, 0, 2, 3, 1)
    assert SubParameters.parse("10,5", hexadecimal=True) == SubParameters(0x10, 5)
    assert SubParameters.parse("10,5", hexadecimal=False) == SubParameters(10, 5)


@pytest.mark.parametrize("text", ["", "OK", "1", "+FCON", '"1234"', "1;5;0", "1,x,0", "+FDIS:"])
def test_other_lines_are_no_list(text: str) -> None:
    assert SubParameters.parse(text, hexadecimal=False) is None


@given(LISTS, st.booleans())
def test_a_list_comes_back_from_its_text(values: SubParameters, hexadecimal: bool) -> None:
    assert SubParameters.parse(values.text(hexadecimal=hexadecimal), hexadecimal=hexadecimal) == values


@given(st.text(max_size=60), st.booleans())
def test_nothing_makes_reading_raise(text: str, hexadecimal: bool) -> None:
    for prefix in ("", "+FDIS:", "+FDCC:("):
        SubParameters.parse(prefix + text, hexadecimal=hexadecimal)
        Ranges.parse(prefix + text, hexadecimal=hexadecimal)


@given(LISTS, st.sampled_from(CLASSES))
def test_any_list_is_a_dis_and_a_dcs(values: SubParameters, service_class: str) -> None:
    sub.to_capabilities(values, service_class).to_bits()
    sub.to_parameters(values, service_class).to_bits()


@pytest.mark.parametrize("service_class", CLASSES)
@pytest.mark.parametrize("modulation", [m for m in Modulation if m.system != "V.29"])
@pytest.mark.parametrize("coding", list(Coding))
@pytest.mark.parametrize("ecm_octets", [0, 64, 256])
def test_a_dcs_comes_back(service_class: str, modulation: Modulation, coding: Coding, ecm_octets: int) -> None:
    corrects = ecm_octets or coding is Coding.MMR or modulation is Modulation.V34
    chosen = Parameters(
        modulation=modulation,
        coding=coding,
        ecm_octets=(ecm_octets if service_class == "2" else 256) or 256 if corrects else 0,
        resolution=Resolution.FINE,
        width=WIDTHS[1],
        length=PageLength.UNLIMITED,
        scan_time_ms=0 if corrects else 10,
    )
    assert sub.to_parameters(sub.of_parameters(chosen, service_class), service_class) == chosen


def test_7200_and_9600_are_v29_where_one_end_has_no_v17() -> None:
    slow = frozenset(m for m in BY_DCS_BITS.values() if m.system != "V.17")
    assert sub.to_parameters(SubParameters(br=3), "2").modulation is Modulation.V17_9600
    assert sub.to_parameters(SubParameters(br=3), "2", slow).modulation is Modulation.V29_9600
    assert sub.to_parameters(SubParameters(br=5), "2", slow).modulation is Modulation.V17_14400
    assert sub.to_parameters(SubParameters(br=9), "2.1").modulation is Modulation.V34


@pytest.mark.parametrize("resolution", [r for r in Resolution if r is not Resolution.INCH_400])
def test_class_2_0_has_a_bit_for_each_resolution(resolution: Resolution) -> None:
    chosen = Parameters(modulation=Modulation.V29_9600, resolution=resolution, width=resolution.widths[0])
    assert sub.to_parameters(sub.of_parameters(chosen, "2.0"), "2.0").resolution is resolution


def test_class_2_says_fine_of_all_but_standard() -> None:
    chosen = Parameters(modulation=Modulation.V29_9600, resolution=Resolution.INCH_200)
    assert sub.of_parameters(chosen, "2").vr == 1
    assert sub.to_parameters(SubParameters(1, 3), "2").resolution is Resolution.FINE


@pytest.mark.parametrize("service_class", CLASSES)
def test_a_dis_comes_back(service_class: str) -> None:
    offer = Capabilities(
        has_document=True,
        modulations=frozenset(BY_DCS_BITS.values()),
        codings=frozenset({Coding.MH, Coding.MR}),
        ecm=True,
        resolutions=frozenset({Resolution.STANDARD, Resolution.FINE}),
        widths=WIDTHS[:2],
        lengths=(PageLength.A4, PageLength.B4, PageLength.UNLIMITED),
        scan_times=0b011,
    )
    said = sub.of_capabilities(offer, service_class)
    assert said == SubParameters(1, 5, 1, 2, 1, 2 if service_class == "2" else 1, 0, 2)
    assert sub.to_capabilities(said, service_class, has_document=True) == offer


def test_error_correction_is_numbered_by_class() -> None:
    small = Capabilities(ecm=True, ecm_prefers_64=True)
    assert sub.of_capabilities(small, "2").ec == 1
    assert sub.of_capabilities(small, "2.0").ec == 1
    assert sub.to_capabilities(SubParameters(ec=1), "2").ecm_prefers_64
    assert not sub.to_capabilities(SubParameters(ec=1), "2.0").ecm_prefers_64


def test_mmr_is_not_offered_without_error_correction() -> None:
    both = Capabilities(codings=frozenset(Coding))
    assert sub.of_capabilities(both, "2.0").df == 1


@pytest.mark.parametrize(
    ("st_code", "standard", "fine"), [(0, 0, 0), (2, 10, 5), (4, 20, 10), (6, 40, 20), (7, 40, 40)]
)
def test_scan_times_are_those_of_the_standard(st_code: int, standard: int, fine: int) -> None:
    told = sub.to_capabilities(SubParameters(st=st_code), "2")
    assert (told.scan_time_ms(Resolution.STANDARD), told.scan_time_ms(Resolution.FINE)) == (standard, fine)
    assert sub.to_parameters(SubParameters(1, 3, st=st_code), "2").scan_time_ms == fine


@pytest.mark.parametrize(
    "text",
    [
        "(0,1),(0-5),(0-2),(0-2),(0,1),(0),(0),(0-7)",
        "+FDCC: (0,1), (0-5), (0-2), (0-2), (0,1), (0), (0), (0-7)",
        "(0,1),(0-5),(0-2),(0-2),(0,1),0,0,(0-7)",
        "(0,1),(0-5),(0-2),(0-2),(0,1),,,(0-7)",
        "(00,01),(00-05),(00-02),(00-02),(00,01),(00),(00),(00-07),(00)",
    ],
)
def test_ranges_are_read_in_every_writing(text: str) -> None:
    ranges = Ranges.parse(text, hexadecimal=False)
    assert ranges is not None
    able = ranges.to_capabilities("2")
    assert able.codings == {Coding.MH, Coding.MR}
    assert able.resolutions == {Resolution.STANDARD, Resolution.FINE}
    assert able.widths == WIDTHS
    assert not able.ecm
    assert able.modulations == frozenset(BY_DCS_BITS.values())


def test_hexadecimal_ranges() -> None:
    ranges = Ranges.parse("(00-7F),(0-D),(0-4),(0-2),(0,1,3),(0,1),(00),(0-7),(00-03)", hexadecimal=True)
    assert ranges is not None
    able = ranges.to_capabilities("2.1")
    assert able.resolutions == frozenset(Resolution) - {Resolution.INCH_400}
    assert able.codings == frozenset(Coding)
    assert able.ecm
    assert able.v8
    assert able.widths == WIDTHS


def test_what_is_asked_for_is_what_the_modem_has() -> None:
    ranges = Ranges.parse("(0,1,2),(0-3),(0),(0-2),(0,1),(0),(0),(0,5,7)", hexadecimal=False)
    assert ranges is not None
    assert ranges.fit(SubParameters(0x13, 5, 2, 2, 3, 2, 0, 6)) == SubParameters(3, 3, 0, 2, 1, 0, 0, 5)


@pytest.mark.parametrize("text", ["", "OK", "(0,1)", "(0-x),(1-5)", "(0-1-2),(3)", "ERROR"])
def test_other_answers_are_no_ranges(text: str) -> None:
    assert Ranges.parse(text, hexadecimal=False) is None
