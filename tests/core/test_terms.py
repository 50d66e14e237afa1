"""What a person prefers among copies."""

from __future__ import annotations

import pytest

from musicdiff_job.core.model import Track
from musicdiff_job.core.terms import Preference


@pytest.mark.parametrize(
    ("prefer", "copy", "unmet"),
    [
        (Preference(), Track("1", "Song", album="Any", explicit=True), 0),
        (Preference("The Hits"), Track("1", "Song", album="the hits (Deluxe Edition)"), 0),
        (Preference("The Hits"), Track("1", "Song", album="Singles"), 1),
        (Preference("The Hits"), Track("1", "Song"), 1),
        (Preference("深夜"), Track("1", "Song", album="深夜"), 0),
        (Preference(explicit=False), Track("1", "Song", explicit=True), 1),
        (Preference(explicit=False), Track("1", "Song"), 0),
        (Preference(explicit=True), Track("1", "Song"), 1),
        (Preference("The Hits", explicit=True), Track("1", "Song", album="Singles", explicit=False), 2),
    ],
)
def test_wishes_that_a_copy_does_not_fulfil(prefer: Preference, copy: Track, unmet: int) -> None:
    assert prefer.unmet(copy) == unmet
