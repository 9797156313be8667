"""The facsimile control field: which signal a frame is.

Values are in link order (the first bit on the line is the least significant), so T.30's printed `0000 0001` for
DIS is 0x80 here. Bit 0x01 of the link byte is the X bit (T.30 (09/2005) §5.3.6.1): where X is free the value has X = 0,
where T.30 fixes it the value carries it.
"""

from __future__ import annotations

from enum import IntEnum

X_BIT = 0x01
"Set by the station that has received a valid DIS, clear at the other; DIS and DTC are told apart by it."


class Fcf(IntEnum):
    """Every facsimile control field of T.30 (09/2005) §5.3.6.1."""

    # Initial identification, called to calling station: 0000 xxxx
    DIS = 0x80
    CSI = 0x40
    NSF = 0x20

    # Command to send, from a station that wants to receive: 1000 xxxx
    DTC = 0x81
    CIG = 0x41
    NSC = 0x21
    PWD = 0xC1
    SEP = 0xA1
    PSA = 0x61
    CIA = 0xE1
    ISP = 0x11

    # Command to receive: X100 xxxx
    DCS = 0x82
    TSI = 0x42
    NSS = 0x22
    SUB = 0xC2
    SID = 0xA2
    TSA = 0x62
    IRA = 0xE2

    # Pre-message response: X010 xxxx
    CFR = 0x84
    FTT = 0x44
    CTR = 0xC4
    CSA = 0x24

    # In-message procedure of error correction, on the message channel: X110 xxxx
    FCD = 0x06
    RCP = 0x86

    # Post-message command: X111 xxxx
    EOM = 0x8E
    MPS = 0x4E
    EOR = 0xCE
    EOP = 0x2E
    RR = 0x6E
    EOS = 0x1E
    PRI_EOM = 0x9E
    PRI_MPS = 0x5E
    PRI_EOP = 0x3E
    PPS = 0xBE

    # Post-message response: X011 xxxx
    MCF = 0x8C
    RTN = 0x4C
    RTP = 0xCC
    PIN = 0x2C
    PIP = 0xAC
    PID = 0x6C
    RNR = 0xEC
    ERR = 0x1C
    PPR = 0xBC
    FDM = 0xFC

    # Other line control: X101 xxxx and X100 1000
    DCN = 0xFA
    CRP = 0x1A
    CTC = 0x12
    FNV = 0xCA
    TR = 0x6A
    TNR = 0xEA

    # Security (Annexes G and H). PSS and DTR share their codes with EOS and ISP; the procedure tells them apart.
    TK = 0x4B
    RK = 0x4A
    DES = 0xA0
    DEC = 0x93
    DER = 0x53
    DNK = 0x9A
    PSS = EOS
    DTR = ISP

    @classmethod
    def of(cls, code: int) -> Fcf | None:
        """The signal that a received link byte means, whatever its X bit; None for a code that T.30 does not know."""
        return _BY_CODE[code]


_EXACT = {int(fcf): fcf for fcf in Fcf}
_BY_CODE = tuple(_EXACT.get(code) or _EXACT.get(code & ~X_BIT) for code in range(256))

X_IS_FIXED = frozenset(
    fcf for fcf in Fcf if fcf & X_BIT or fcf & 0x0F == 0 or fcf in (Fcf.RK,)
)  # 0000 xxxx and 1000 xxxx, and the codes that only one side can send
