"""What our own DIS says of our modem."""

from __future__ import annotations

from itertools import chain, combinations, product

import pytest

from faxmodem.t30.capabilities import Capabilities
from faxmodem.t30.modulations import Modulation
from faxmodem.t30.procedure import Settings

M = Modulation
V27_FALLBACK = {M.V27TER_2400}
V27 = {M.V27TER_2400, M.V27TER_4800}
V29 = {M.V29_7200, M.V29_9600}
V17 = {M.V17_7200, M.V17_9600, M.V17_12000, M.V17_14400}

ALL_SETS = [frozenset(some) for some in chain.from_iterable(combinations(M, size) for size in range(len(M) + 1))]
LIMITS_BPS = (2400, 4800, 7200, 9600, 12000, 14400)


def test_our_dis_never_offers_what_the_modem_lacks() -> None:
    for ours, limit in product(ALL_SETS, LIMITS_BPS):
        settings = Settings(calling=False, first_page=None, receives=ours, max_rate_bps=limit)
        said = Capabilities.from_bits(settings.offer().to_bits()).modulations
        assert said <= ours | V27_FALLBACK
        assert all(modulation.rate_bps <= limit for modulation in said)


@pytest.mark.parametrize("ours", [V27_FALLBACK, V27, V27 | V29, V27 | V29 | V17], ids=["2400", "V.27", "V.29", "V.17"])
def test_our_dis_offers_all_that_a_usual_modem_has(ours: set[Modulation]) -> None:
    settings = Settings(calling=False, first_page=None, receives=frozenset(ours))
    assert Capabilities.from_bits(settings.offer().to_bits()).modulations == ours
