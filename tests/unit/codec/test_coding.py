"""One shape for all codings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxmodem.codec.bitmap import Bitmap, DecodedPage
from faxmodem.codec.coding import decode, encode, k_of
from faxmodem.codec.geometry import Coding, Resolution
from faxmodem.errors import CodecError
from tests.unit.codec import plain
from tests.unit.codec.pictures import bitmaps, golden


@pytest.mark.parametrize("coding", Coding)
@given(page=bitmaps(), min_line_bits=st.sampled_from([0, 96]))
def test_round_trip(coding: Coding, page: Bitmap, min_line_bits: int) -> None:
    data = encode(page, coding, min_line_bits=min_line_bits)
    assert decode(data, coding, width=page.width, resolution=page.resolution) == DecodedPage(bitmap=page)


@pytest.mark.parametrize(("resolution", "k"), [(r, 2 if r is Resolution.STANDARD else 4) for r in Resolution])
def test_k_goes_by_the_resolution(resolution: Resolution, k: int) -> None:
    page = Bitmap(rows=golden().rows, width=64, resolution=resolution)
    assert k_of(resolution) == k
    assert encode(page, Coding.MR) == plain.link(plain.encode_mr(page, k=k))


def test_codings_are_what_they_are_called() -> None:
    page = golden()
    assert encode(page, Coding.MH) == plain.link(plain.encode(page))
    assert encode(page, Coding.MMR) == plain.link(plain.encode_mmr(page))


def test_fill_is_for_codings_with_eols() -> None:
    page = golden()
    assert encode(page, Coding.MH, min_line_bits=96) == plain.link(plain.encode(page, min_line_bits=96))
    assert encode(page, Coding.MR, min_line_bits=96) == plain.link(plain.encode_mr(page, k=4, min_line_bits=96))
    assert encode(page, Coding.MMR, min_line_bits=96) == encode(page, Coding.MMR)


@pytest.mark.parametrize("coding", Coding)
def test_width_must_be_positive(coding: Coding) -> None:
    with pytest.raises(CodecError, match="at least 1 pel"):
        decode(b"", coding, width=0, resolution=Resolution.FINE)
