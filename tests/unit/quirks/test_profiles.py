"""The quirks that profiles name: each belongs to a service class that the firmware has."""

from __future__ import annotations

from typing import Final

import pytest

from faxmodem.modem.profile import Profile, load_profile, profile_folders
from faxmodem.modem.quirks import Quirk
from tests.unit.quirks.harness import quirks_below

SHIPPED: Final = [load_profile(file) for file in sorted(profile_folders()[-1].glob("*.toml"))]

CLASS_1: Final = frozenset({"1", "1.0"})
CLASS_2: Final = frozenset({"2", "2.0", "2.1"})
BELONGS_TO: Final = {
    **dict.fromkeys(quirks_below("Command line and port"), CLASS_1 | CLASS_2),
    **dict.fromkeys(quirks_below("Class 1 and 1.0"), CLASS_1),
    **dict.fromkeys(quirks_below("Class 2, 2.0 and 2.1"), CLASS_2),
    Quirk.OK_MEANS_NO_V34: frozenset({"1.0"}),
    Quirk.NO_XON: frozenset({"2"}),
    Quirk.MIRRORED_PAGES: frozenset({"2"}),
    Quirk.REFUSED_PAGE_ENDS_OK: frozenset({"2"}),
    Quirk.NO_FINE_INCH: frozenset({"2.0", "2.1"}),
}
"The classes in which each quirk can be met."


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda profile: profile.id)
def test_each_is_of_a_class_that_the_firmware_has(profile: Profile) -> None:
    classes = {*profile.classes.listed, *profile.classes.prefer}
    assert {quirk for quirk in Quirk if profile.has(quirk) and not BELONGS_TO[quirk] & classes} == set()


def test_each_is_named_by_some_firmware() -> None:
    unnamed = {quirk for quirk in Quirk if not any(profile.has(quirk) for profile in SHIPPED)}
    assert unnamed == {Quirk.SMALL_BUFFER}  # what a measurement alone can tell
