"""Every frame as bytes -> object and object -> bytes; nothing that comes over a line may raise but the one error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.errors import RemoteProtocolError
from faxmodem.t30.bits import Bits, BitsKind
from faxmodem.t30.fcf import X_BIT, X_IS_FIXED, Fcf
from faxmodem.t30.fif import (
    Address,
    CodedFrame,
    ContinueToCorrect,
    EndOfRetransmission,
    NonStandard,
    Opaque,
    PartialPage,
    PartialPageRequest,
    Record,
    StationId,
    decode,
    encode,
)
from faxmodem.t30.frames import Frame
from faxmodem.t30.modulations import BY_DCS_BITS, Modulation
from faxmodem.t30.nsf import country_name
from tests.unit.t30.examples import deterministic


def selection(**values: int) -> Bits:
    return Bits.compose(BitsKind.SELECTION, values)


def both_ways(octets: str, fcf: Fcf, record: Record | None = None, *, x: bool = False, final: bool = True) -> None:
    """Bytes -> object and object -> bytes."""
    data = bytes.fromhex(octets)
    parsed = Frame.parse(data)
    assert (parsed.fcf, parsed.x, parsed.final) == (fcf, x, final)
    assert parsed.record() == (record or Opaque())
    assert Frame.of(fcf, record, x=x, final=final) == parsed
    assert parsed.build() == data


BARE = [
    ("FF 13 84", Fcf.CFR, False),
    ("FF 13 44", Fcf.FTT, False),
    ("FF 13 8C", Fcf.MCF, False),
    ("FF 13 8D", Fcf.MCF, True),
    ("FF 13 4C", Fcf.RTN, False),
    ("FF 13 CC", Fcf.RTP, False),
    ("FF 13 2F", Fcf.EOP, True),
    ("FF 13 4F", Fcf.MPS, True),
    ("FF 13 8F", Fcf.EOM, True),
    ("FF 13 FA", Fcf.DCN, False),
    ("FF 13 FB", Fcf.DCN, True),
    ("FF 13 1A", Fcf.CRP, False),
    ("FF 13 1B", Fcf.CRP, True),
    ("FF 13 6F", Fcf.RR, True),
    ("FF 13 EC", Fcf.RNR, False),
    ("FF 13 C4", Fcf.CTR, False),
    ("FF 13 1C", Fcf.ERR, False),
]


@pytest.mark.parametrize(("octets", "fcf", "x"), BARE)
def test_frames_without_a_field(octets: str, fcf: Fcf, x: bool) -> None:
    both_ways(octets, fcf, x=x)


def test_frame_of_the_message_channel() -> None:
    both_ways("FF 03 86", Fcf.RCP, final=False)


def test_dis_of_a_real_machine() -> None:
    bits = Bits.compose(
        BitsKind.CAPABILITIES,
        {"receives": 1, "rates": 0b1101, "fine_or_200": 1, "lengths": 0b01, "scan_times": 0b110, "extend_24": 1},
    )
    both_ways("FF 13 80 00 6E B8 00", Fcf.DIS, bits)


def test_dcs_with_error_correction() -> None:
    bits = selection(receives=1, rate=0b0001, fine_or_200=1, length=0b01, scan_time=0b111, ecm=1, t6=1)
    both_ways("FF 13 83 00 62 F8 44", Fcf.DCS, bits, x=True)


def test_dcs_of_three_octets() -> None:
    bits = selection(receives=1, rate=0b1000, fine_or_200=1, scan_time=0b111)
    both_ways("FF 13 83 00 46 70", Fcf.DCS, bits, x=True)


def test_tsi() -> None:
    octets = "FF 03 43 33 32 31 30 20 35 35 35 20 36 31 34 20 31 2B 20 20 20 20 20"
    both_ways(octets, Fcf.TSI, StationId("+1 416 555 0123"), x=True, final=False)


def test_ctc() -> None:
    record = ContinueToCorrect(Bits.parse(BitsKind.SELECTION, bytes.fromhex("00 20")))
    assert record.bits["rate"] == 0b0001
    both_ways("FF 13 13 00 20", Fcf.CTC, record, x=True)


@pytest.mark.parametrize("modulation", BY_DCS_BITS.values())
def test_ctc_names_every_modulation(modulation: Modulation) -> None:
    record = ContinueToCorrect.at(modulation)
    fif = encode(Fcf.CTC, record)
    assert (len(fif), decode(Fcf.CTC, fif), record.modulation) == (2, record, modulation)


def test_ctc_at_an_unknown_rate() -> None:
    record = decode(Fcf.CTC, b"\x00\x3c")
    assert isinstance(record, ContinueToCorrect)
    assert record.modulation is None


@pytest.mark.parametrize(
    ("octets", "record"),
    [
        ("FF 13 BF 4F 00 00 FF", PartialPage(Fcf.MPS, page=0, block=0, frames=256)),
        ("FF 13 BF 2F 01 02 23", PartialPage(Fcf.EOP, page=1, block=2, frames=36)),
        ("FF 13 BF 00 00 00 00", PartialPage(0, page=0, block=0, frames=1)),
        ("FF 13 BF 8F FF FF 00", PartialPage(Fcf.EOM, page=255, block=255, frames=1)),
    ],
)
def test_pps(octets: str, record: PartialPage) -> None:
    both_ways(octets, Fcf.PPS, record, x=True)


def test_a_burst_of_no_frame_is_sent_as_00() -> None:
    assert Frame.of(Fcf.PPS, PartialPage(Fcf.MPS, page=0, block=0, frames=0)).fif == bytes.fromhex("4F 00 00 00")


def test_page_counter_of_pps_counts_modulo_256() -> None:
    assert Frame.of(Fcf.PPS, PartialPage(Fcf.MPS, page=256, block=257, frames=1)).fif == bytes.fromhex("4F 00 01 00")


def test_ppr() -> None:
    wanted = PartialPageRequest(frozenset({0, 9, 255}))
    both_ways("FF 13 BC 01 02" + "00" * 29 + "80", Fcf.PPR, wanted)
    both_ways("FF 13 BC" + "FF" * 32, Fcf.PPR, PartialPageRequest(frozenset(range(256))))


def test_eor() -> None:
    both_ways("FF 13 CF 2F", Fcf.EOR, EndOfRetransmission(Fcf.EOP), x=True)
    both_ways("FF 13 CF 00", Fcf.EOR, EndOfRetransmission(0), x=True)


def test_fcd() -> None:
    both_ways("FF 03 06 07" + "AA" * 64, Fcf.FCD, CodedFrame(7, b"\xaa" * 64), final=False)


def test_address_frame() -> None:
    both_ways("FF 03 63 00 01 03 61 40 62", Fcf.TSA, Address(1, b"a@b"), x=True, final=False)
    part = Address(2, b"https:", sequence=1, more=True)
    both_ways("FF 03 24 01 04 01 7F", Fcf.CSA, Address(4, b"\x7f", sequence=1), final=False)
    both_ways("FF 03 E1 81 02 06 68 74 74 70 73 3A", Fcf.CIA, part, x=True, final=False)


def test_an_address_whose_length_is_wrong_is_taken_as_it_came() -> None:
    assert decode(Fcf.CSA, b"\x00\x01\x09a@b") == Address(1, b"a@b")
    assert decode(Fcf.CSA, b"\x00\x01\x83a@b tail") == Address(1, b"a@b")


def test_an_address_is_cut_to_what_a_frame_takes() -> None:
    fif = encode(Fcf.IRA, Address(1, b"x" * 100))
    assert fif[2:] == b"\x4d" + b"x" * 77


# --- FCF -------------------------------------------------------------------------------------------------------------

# As T.30 prints them, in hexadecimal: most significant bit first, X = 0 where it varies.
_TABLE = """
DIS 01 CSI 02 NSF 04
DTC 81 CIG 82 PWD 83 NSC 84 SEP 85 PSA 86 CIA 87 ISP 88
DCS 41 TSI 42 SUB 43 NSS 44 SID 45 TSA 46 IRA 47
CFR 21 FTT 22 CTR 23 CSA 24
FCD 60 RCP 61
EOM 71 MPS 72 EOR 73 EOP 74 RR 76 EOS 78 PRI_EOM 79 PRI_MPS 7A PRI_EOP 7C PPS 7D
MCF 31 RTN 32 RTP 33 PIN 34 PIP 35 PID 36 RNR 37 ERR 38 PPR 3D FDM 3F
CTC 48 FNV 53 TR 56 TNR 57 CRP 58 DCN 5F
TK D2 RK 52 DES 05 DEC C9 DER CA DNK 59
"""
PRINTED = {Fcf[name]: int(code, 16) for name, code in zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True)}
ONLY_ONE_SENSE = frozenset(
    {Fcf.DIS, Fcf.CSI, Fcf.NSF, Fcf.DTC, Fcf.CIG, Fcf.PWD, Fcf.NSC, Fcf.SEP, Fcf.PSA, Fcf.CIA, Fcf.ISP}
    | {Fcf.TK, Fcf.RK, Fcf.DES, Fcf.DEC, Fcf.DER}
)


def test_every_code_is_the_printed_one_mirrored() -> None:
    assert set(PRINTED) == set(Fcf)
    assert {fcf: int(f"{code:08b}"[::-1], 2) for fcf, code in PRINTED.items()} == {fcf: int(fcf) for fcf in Fcf}


def test_signals_with_a_fixed_x_bit() -> None:
    assert X_IS_FIXED == ONLY_ONE_SENSE


@pytest.mark.parametrize("fcf", Fcf)
def test_every_signal_in_both_senses_of_x(fcf: Fcf) -> None:
    record = selection(receives=1) if fcf is Fcf.DCS else next(record for record in RECORDS if _carried(fcf, record))
    for x in (False, True):
        frame = Frame.of(fcf, record, x=x)
        assert Frame.parse(frame.build()) == frame
        assert frame.fcf is fcf
        assert frame.record() == record
        assert frame.x == (bool(fcf & X_BIT) if fcf in ONLY_ONE_SENSE else x)
        assert str(frame).startswith(fcf.name.replace("_", "-"))


def _carried(fcf: Fcf, record: Record) -> bool:
    try:
        encode(fcf, record)
    except TypeError:
        return False
    return True


RECORDS: tuple[Record, ...] = (
    Opaque(b"xyz"),
    StationId("123"),
    NonStandard(0xB5, b"\x00\xaa"),
    Bits.compose(BitsKind.CAPABILITIES, {"receives": 1}),
    PartialPage(Fcf.MPS, 1, 2, 3),
    PartialPageRequest(frozenset({3})),
    EndOfRetransmission(Fcf.EOM),
    CodedFrame(3, b"abc"),
    ContinueToCorrect(Bits.parse(BitsKind.SELECTION, b"\x00\x20")),
    Address(1, b"abc"),
)


def test_an_unknown_code_is_no_signal() -> None:
    frame = Frame.parse(bytes.fromhex("FF 13 10 01"))
    assert frame.fcf is None
    assert frame.record() == Opaque(b"\x01")
    assert str(frame) == "FCF 0x10 01"


def test_a_record_of_another_frame_is_our_bug() -> None:
    with pytest.raises(TypeError, match="DCS carries Bits, not StationId"):
        Frame.of(Fcf.DCS, StationId("1"))
    with pytest.raises(TypeError, match="DIS carries Bits, not Opaque"):
        Frame.of(Fcf.DIS)


# --- what a line may bring -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", ["", "FF", "FF 13", "FE 13 84", "FF 12 84", "00", "7E FF 13 84"])
def test_no_frame_at_all(octets: str) -> None:
    with pytest.raises(RemoteProtocolError, match=r"not a T\.30 frame"):
        Frame.parse(bytes.fromhex(octets))


@pytest.mark.parametrize(
    ("fcf", "fif"),
    [
        (Fcf.PPS, "4F 00 00"),
        (Fcf.PPR, "00" * 31),
        (Fcf.EOR, ""),
        (Fcf.CTC, "00"),
        (Fcf.NSF, ""),
        (Fcf.FCD, ""),
        (Fcf.TSA, "00 01"),
    ],
)
def test_a_field_that_is_too_short(fcf: Fcf, fif: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"{fcf.name} came with a field of"):
        decode(fcf, bytes.fromhex(fif))


@pytest.mark.parametrize(("fcf", "fif"), [(Fcf.PPS, "4F 00 00 00 AA"), (Fcf.PPR, "01" + "00" * 40), (Fcf.MCF, "00")])
def test_octets_beyond_the_field_are_tolerated(fcf: Fcf, fif: str) -> None:
    decode(fcf, bytes.fromhex(fif))


def _take_apart(data: bytes) -> None:
    try:
        frame = Frame.parse(data)
        assert frame.build() == data
        assert str(frame)
        frame.record()
    except RemoteProtocolError:
        pass


@deterministic
@given(st.binary(max_size=100))
def test_arbitrary_bytes(data: bytes) -> None:
    _take_apart(data)


@deterministic
@given(st.sampled_from([0x03, 0x13]), st.integers(0, 255), st.binary(max_size=80))
def test_arbitrary_fields(control: int, code: int, fif: bytes) -> None:
    _take_apart(bytes((0xFF, control, code)) + fif)


@deterministic
@given(st.sampled_from(list(Fcf)), st.binary(max_size=80))
def test_what_can_be_read_can_be_written_and_read_again(fcf: Fcf, fif: bytes) -> None:
    try:
        record = decode(fcf, fif)
    except RemoteProtocolError:
        return
    if isinstance(record, StationId) and not record.text.isascii():
        return  # read leniently, never sent
    again = decode(fcf, encode(fcf, record))
    assert again == record


# --- station ids -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"3210", "0123"),
        (b"", ""),
        (b" " * 20, ""),
        (b"321   ", "123"),
        (b"   321", "123"),
        (b"0987654321" * 3, "1234567890" * 2),
        (b"3\x0021\r\n", "12 3"),
        (b"\xfcX", "X\xfc"),
        (b"\x80\xa0\xad1", "1"),
    ],
)
def test_ids_are_read_leniently(octets: bytes, text: str) -> None:
    assert decode(Fcf.CSI, octets) == StationId(text)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b" " * 20),
        ("+1 23", b"32 1+" + b" " * 15),
        ("12345678901234567890123", b"09876543210987654321"),
        ("Caf\xe9 1", b"1 ?faC" + b" " * 14),
        ("1\r\n2", b"2  1" + b" " * 16),
    ],
)
def test_ids_are_written_as_twenty_characters_last_one_first(text: str, octets: bytes) -> None:
    assert encode(Fcf.TSI, StationId(text)) == octets


@pytest.mark.parametrize("fcf", [Fcf.CSI, Fcf.TSI, Fcf.CIG, Fcf.SUB, Fcf.SEP, Fcf.PWD, Fcf.SID, Fcf.PSA])
def test_every_frame_with_an_id(fcf: Fcf) -> None:
    record = StationId("+49 30 1234")
    assert Frame.of(fcf, record).record() == record


# --- non-standard facilities -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "code", "name"),
    [
        (0xAD, 0xB5, "United States"),
        (0xB5, 0xB5, "United States"),
        (0x64, 0x26, "China"),
        (0x26, 0x26, "China"),
        (0x86, 0x61, "Korea (Republic)"),
        (0x61, 0x61, "Korea (Republic)"),
        (0x2D, 0xB4, "United Kingdom"),
        (0xB4, 0xB4, "United Kingdom"),
        (0xBC, 0x3D, "France"),
        (0x3D, 0x3D, "France"),
        (0x20, 0x04, "Germany"),
        (0x00, 0x00, "Japan"),
        (0x55, 0xAA, ""),
    ],
)
def test_country_in_either_bit_order(link: int, code: int, name: str) -> None:
    assert decode(Fcf.NSF, bytes((link, 1, 2))) == NonStandard(code, b"\x01\x02")
    assert country_name(code) == name


def test_nsf_is_written_in_the_printed_order() -> None:
    both_ways("FF 03 20 AD 00 55", Fcf.NSF, NonStandard(0xB5, b"\x00\x55"), final=False)
