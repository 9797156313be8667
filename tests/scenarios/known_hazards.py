"""What real modems, lines and machines are known to do, and where it is shown that they do us no harm.

The numbers are those that `hazards` in the scenarios names. Beside each stands the test that shows it, if that is no
scenario, or why none can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Hazard:
    """One thing that goes wrong out there."""

    what: str
    test: str = ""
    "A test that shows it, as pytest names it; empty: scenarios do."
    not_here: str = ""
    "Why it is not shown."


_MODEM: Final = "tests/unit/modem/"
_QUIRKS: Final = "tests/unit/quirks/"

SERIAL: Final[Mapping[str, Hazard]] = {
    "2": Hazard("RTS is dropped too late, or ignored", _QUIRKS + "test_class1.py::test_harm_and_cure"),
    "4": Hazard("XON/XOFF does not work", _QUIRKS + "test_class1.py::test_harm_and_cure"),
    "7": Hazard("a small buffer, and nobody stops the DTE", _QUIRKS + "test_class1.py::test_harm_and_cure"),
    "13": Hazard("commands after a reset are lost", _QUIRKS + "test_lenient.py::test_a_call_goes_well"),
    "14": Hazard("commands close to each other are lost", _QUIRKS + "test_class1.py::test_harm_and_cure"),
}

CLASS_1: Final[Mapping[str, Hazard]] = {
    "18": Hazard("lines that nobody asked for, in the middle of a session"),
    "25": Hazard("frames come without their FCS"),
    "26": Hazard("good frames are reported as bad", _QUIRKS + "test_lenient.py::test_a_call_goes_well"),
    "27": Hazard("DLE inside a frame is not doubled", _QUIRKS + "test_lenient.py::test_frames_are_read_in_any_shape"),
    "28": Hazard("the address of a frame is missing", _QUIRKS + "test_lenient.py::test_frames_are_read_in_any_shape"),
    "29": Hazard("the bits of frames are reversed", _QUIRKS + "test_lenient.py::test_frames_are_read_in_any_shape"),
    "30": Hazard("+FCERROR right after a frame, whose carrier is not off yet"),
    "31": Hazard("+FCERROR or NO CARRIER for +FRH=3", _QUIRKS + "test_lenient.py::test_a_call_goes_well"),
    "32": Hazard("CONNECT for any carrier, then NO CARRIER", _QUIRKS + "test_class1.py::test_harm_and_cure"),
    "33": Hazard("CONNECT long before the modem has trained"),
    "34": Hazard("+FTS takes longer than it says", _MODEM + "test_silences.py::test_a_silence_may_be_a_pause"),
    "35": Hazard("commands joined by a semicolon are not all obeyed", not_here="no command is joined to another"),
    "36": Hazard("+FRS resets the modem", _QUIRKS + "test_class1.py::test_harm_and_cure"),
    "37": Hazard("ones before the zeros of a training check"),
    "38": Hazard("a page where a training check is due"),
    "39": Hazard("a carrier that is lost for a moment"),
    "40": Hazard("our own echo"),
    "41": Hazard("both ends send at once"),
    "42": Hazard("no OK when an action is aborted", _QUIRKS + "test_lenient.py::test_a_call_goes_well"),
    "43": Hazard("results given twice", _QUIRKS + "test_lenient.py::test_a_call_goes_well"),
    "44": Hazard(
        "a V.34 call that ends without OK",
        _MODEM + "test_v34.py::test_hanging_up_a_modem_that_ends_the_session_without_a_word",
    ),
    "45": Hazard(
        "V.34 that trains again and again",
        "tests/unit/t30/test_v34.py::test_the_modems_see_to_the_rate_so_there_is_no_ctc",
    ),
    "46": Hazard("a text behind CONNECT"),
    "47": Hazard("a line before CONNECT"),
}

T30: Final[Mapping[str, Hazard]] = {
    "72": Hazard("a line by satellite"),
    "72b": Hazard("a receiver that leaves after its third FTT"),
    "73": Hazard("V.17 never works, V.29 does"),
    "74": Hazard("long and short training taken for each other"),
    "75": Hazard("a receiver that says RTN to every page, or as good-bye"),
    "76": Hazard("pages twice because an answer was lost"),
    "77": Hazard("nothing comes after EOM"),
    "78": Hazard("DCS again because CFR was lost"),
    "79": Hazard("MMR selected without error correction"),
    "80": Hazard("A3 selected, lines of A4 sent"),
    "80b": Hazard("MMR and JBIG selected at once"),
    "81": Hazard("PPS counts no frame as 00 or as FF"),
    "82": Hazard("PPS after the fourth PPR, where CTC or EOR is due"),
    "83": Hazard("CRP for PPS"),
    "84": Hazard("the first PPS is missed"),
    "85": Hazard("the first frame of a burst is never heard"),
    "86": Hazard("PPR that asks for nothing"),
    "87": Hazard("RNR for ever"),
    "88": Hazard("minutes of flags before a block"),
    "89": Hazard("fewer than three RCP"),
    "90": Hazard("error correction announced, plain data sent"),
    "91": Hazard("rates in a DIS that there are not"),
    "92": Hazard("the country of NSF in either order of bits"),
    "93": Hazard("names that are short, reversed, or no numbers"),
    "94": Hazard("DCN in the middle"),
    "95": Hazard("a fax is called sent although it is not"),
    "96": Hazard("JBIG pages lose their bottom"),
    "97": Hazard(
        "V.34 without error correction",
        "tests/unit/t30/test_v34.py::test_v34_means_error_correction_whatever_else_is_said",
    ),
    "98": Hazard("MCF comes again where DIS is due"),
    "99": Hazard("a network that loses a burst in each second"),
    "100": Hazard("V.21 is not recognised behind an exchange", not_here="a matter of the modem's own registers"),
    "108": Hazard("no room for a page"),
}

HAZARDS: Final = {**SERIAL, **CLASS_1, **T30}
