"""The bits of DIS, DTC and DCS, declared once.

Bit 1 is the first bit of the first octet on the line, the least significant of the link byte. A field of several
bits is read in order of bit number, as T.30 prints it: bits 11-14 "1101" are the number 0b1101.

T.30 (09/2005) table 2 and its notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from types import MappingProxyType

from construct import BitsInteger, BitsSwapped, Bitwise, Container, Struct

MAX_OCTETS = 16
MIN_OCTETS = 3

_FIELDS: tuple[tuple[int, int, str, str], ...] = (
    # first bit, width, name in DIS and DTC, name in DCS ("": the bit has no meaning there and is sent as 0)
    (1, 1, "t37_store_and_forward", "t37_store_and_forward"),
    (3, 1, "t38_real_time", "t38_real_time"),
    (4, 1, "mobile_3g", "mobile_3g"),
    (6, 1, "v8", ""),
    (7, 1, "prefers_64_octets", ""),
    (9, 1, "has_document", ""),
    (10, 1, "receives", "receives"),
    (11, 4, "rates", "rate"),
    (15, 1, "fine_or_200", "fine_or_200"),
    (16, 1, "two_dimensional", "two_dimensional"),
    (17, 2, "widths", "width"),
    (19, 2, "lengths", "length"),
    (21, 3, "scan_times", "scan_time"),
    (24, 1, "extend_24", "extend_24"),
    (26, 1, "uncompressed", "uncompressed"),
    (27, 1, "ecm", "ecm"),
    (28, 1, "", "ecm_64_octets"),
    (31, 1, "t6", "t6"),
    (32, 1, "extend_32", "extend_32"),
    (33, 1, "field_not_valid", "field_not_valid"),
    (34, 1, "multiple_selective_polling", ""),
    (35, 1, "polled_subaddress", ""),
    (36, 1, "t43", "t43"),
    (37, 1, "plane_interleave", "plane_interleave"),
    (38, 1, "g726", "g726"),
    (39, 1, "extended_voice", ""),
    (40, 1, "extend_40", "extend_40"),
    (41, 1, "superfine_or_200x400", "superfine_or_200x400"),
    (42, 1, "r300", "r300"),
    (43, 1, "r16_or_400", "r16_or_400"),
    (44, 1, "prefers_inch", "inch"),
    (45, 1, "prefers_metric", ""),
    (46, 1, "superfine_halves_scan_time", ""),
    (47, 1, "selective_polling", ""),
    (48, 1, "extend_48", "extend_48"),
    (49, 1, "subaddress", "subaddress"),
    (50, 1, "password", "sender_id"),
    (51, 1, "has_data_file", ""),
    (53, 1, "bft", "bft"),
    (54, 1, "dtm", "dtm"),
    (55, 1, "edi", "edi"),
    (56, 1, "extend_56", "extend_56"),
    (57, 1, "btm", "btm"),
    (59, 1, "has_character_document", ""),
    (60, 1, "character_mode", "character_mode"),
    (62, 1, "mixed_mode", "mixed_mode"),
    (64, 1, "extend_64", "extend_64"),
    (65, 1, "processable_mode_26", ""),
    (66, 1, "digital_network", "digital_network"),
    (67, 1, "duplex", "duplex"),
    (68, 1, "jpeg", "jpeg"),
    (69, 1, "full_colour", "full_colour"),
    (70, 1, "", "preferred_huffman_tables"),
    (71, 1, "twelve_bit_components", "twelve_bit_components"),
    (72, 1, "extend_72", "extend_72"),
    (73, 1, "no_subsampling", "no_subsampling"),
    (74, 1, "custom_illuminant", "custom_illuminant"),
    (75, 1, "custom_gamut", "custom_gamut"),
    (76, 1, "letter", "letter"),
    (77, 1, "legal", "legal"),
    (78, 1, "jbig", "jbig"),
    (79, 1, "jbig_any_stripe", "jbig_any_stripe"),
    (80, 1, "extend_80", "extend_80"),
    (81, 1, "hkm", "hkm"),
    (82, 1, "rsa", "rsa"),
    (83, 1, "override", "override"),
    (84, 1, "hfx40", "hfx40"),
    (85, 1, "cipher_2", "cipher_2"),
    (86, 1, "cipher_3", "cipher_3"),
    (87, 1, "hfx40i_hash", "hfx40i_hash"),
    (88, 1, "extend_88", "extend_88"),
    (89, 1, "hash_2", "hash_2"),
    (90, 1, "hash_3", "hash_3"),
    (92, 3, "mrc_mode", "mrc_mode"),
    (95, 1, "mrc_page_stripe", "mrc_page_stripe"),
    (96, 1, "extend_96", "extend_96"),
    (97, 1, "colour_300_or_400", "colour_300_or_400"),
    (98, 1, "colour_100", "colour_100"),
    (99, 1, "simple_bft", "simple_bft"),
    (100, 1, "extended_bft", ""),
    (101, 1, "isp", ""),
    (102, 1, "ira", "ira"),
    (104, 1, "extend_104", "extend_104"),
    (105, 1, "r600", "r600"),
    (106, 1, "r1200", "r1200"),
    (107, 1, "r300x600", "r300x600"),
    (108, 1, "r400x800", "r400x800"),
    (109, 1, "r600x1200", "r600x1200"),
    (110, 1, "colour_600", "colour_600"),
    (111, 1, "colour_1200", "colour_1200"),
    (112, 1, "extend_112", "extend_112"),
    (113, 1, "double_sided_alternate", "double_sided_alternate"),
    (114, 1, "double_sided_continuous", "double_sided_continuous"),
    (115, 1, "bw_mrc", ""),
    (116, 1, "t45", "t45"),
    (117, 2, "shared_memory", "shared_memory"),
    (119, 1, "mrc_ycc", "mrc_ycc"),
    (120, 1, "extend_120", "extend_120"),
    (121, 1, "t38_flow_control", ""),
    (122, 1, "large_k", ""),
    (123, 1, "internet_aware", "internet_aware"),
    (124, 3, "jbig2_profile", "jbig2_profile"),
    (127, 1, "sycc_jpeg", "sycc_jpeg"),
    (128, 1, "extend_128", "extend_128"),
)

NEEDS_ECM = frozenset(
    {"t6", "t43", "g726", "has_data_file", "bft", "dtm", "edi", "btm", "has_character_document", "character_mode"}
    | {"mixed_mode", "processable_mode_26", "jpeg", "jbig", "jbig_any_stripe", "mrc_mode", "bw_mrc", "t45", "sycc_jpeg"}
)
"What may be offered or chosen together with bit 27 only (notes to bits 31, 36 and others)."


class BitsKind(Enum):
    """Which column of the table a field of bits is read by."""

    CAPABILITIES = "capabilities"
    "DIS and DTC: what a station can do."
    SELECTION = "selection"
    "DCS: what the sender has chosen."


def _name(row: tuple[int, int, str, str], kind: BitsKind) -> str:
    return row[2] if kind is BitsKind.CAPABILITIES else row[3]


def _layout(kind: BitsKind) -> tuple[tuple[str, int], ...]:
    """(name, width) of every bit from 1 to 128; a bit without a name in this column is called after its number."""
    fields = {row[0]: (_name(row, kind), row[1]) for row in _FIELDS}
    names: list[tuple[str, int]] = []
    bit = 1
    while bit <= 8 * MAX_OCTETS:
        name, width = fields.get(bit, ("", 1))
        names.append((name or f"bit_{bit}", width))
        bit += width
    return tuple(names)


_LAYOUTS = {kind: _layout(kind) for kind in BitsKind}
_STRUCTS = {
    kind: BitsSwapped(Bitwise(Struct(*(name / BitsInteger(width) for name, width in layout))))
    for kind, layout in _LAYOUTS.items()
}
_LAST_BITS = {
    kind: dict(zip((name for name, _width in layout), accumulate(width for _name, width in layout), strict=True))
    for kind, layout in _LAYOUTS.items()
}
FIELD_NAMES = {kind: frozenset(name for name, _width in layout) for kind, layout in _LAYOUTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """The FIF of a DIS, DTC or DCS: every field by name, those that are 0 included."""

    kind: BitsKind
    fields: Mapping[str, int]
    octets: int
    "How many octets the frame had, or will have."

    def __getitem__(self, name: str) -> int:
        return self.fields[name]

    @classmethod
    def parse(cls, kind: BitsKind, fif: bytes) -> Bits:
        """Read a FIF of any length; octets that were not sent count as 0, those beyond the table are cut off.

        T.30 (09/2005) §5.3.6.2: a station ignores what it does not know.
        """
        octets = min(len(fif), MAX_OCTETS)
        parsed: Container[int] = _STRUCTS[kind].parse(fif[:octets].ljust(MAX_OCTETS, b"\0"))
        fields = {name: int(parsed[name]) for name, _width in _LAYOUTS[kind]}
        return cls(kind=kind, fields=MappingProxyType(fields), octets=octets)

    @classmethod
    def compose(cls, kind: BitsKind, values: Mapping[str, int]) -> Bits:
        """Make a FIF from the fields that are not 0; length and extend bits follow from the last of them.

        Raises KeyError for a name that this column of the table does not have.
        """
        unknown = values.keys() - FIELD_NAMES[kind]
        if unknown:
            raise KeyError(f"{kind.name} has no field {', '.join(sorted(unknown))}")
        fields = {name: 0 for name, _width in _LAYOUTS[kind]} | dict(values)
        last = max((bit for name, bit in _LAST_BITS[kind].items() if fields[name]), default=1)
        octets = min(MAX_OCTETS, max(MIN_OCTETS, last // 8 + 1))  # an extend bit announces the octet behind its own
        fields |= {f"extend_{8 * octet}": 1 for octet in range(MIN_OCTETS, octets)}
        return cls(kind=kind, fields=MappingProxyType(fields), octets=octets)

    def encode(self) -> bytes:
        """The FIF in link order, `octets` long."""
        built: bytes = _STRUCTS[self.kind].build(dict(self.fields))
        return built[: self.octets]

    def needs_ecm(self) -> tuple[str, ...]:
        """The fields that are set and that T.30 allows with error correction only."""
        return tuple(name for name in self.names() if name in NEEDS_ECM)

    def names(self) -> tuple[str, ...]:
        """The fields that are set, in order of bit number: for people and logs."""
        return tuple(name for name, _width in _LAYOUTS[self.kind] if self.fields[name])
