"""A year of simulated runs; ``MUSICDIFF_TORTURE`` makes it one run every half hour of it."""

from __future__ import annotations

import os
from pathlib import Path

from year import live

WHOLE = bool(os.environ.get("MUSICDIFF_TORTURE"))
PER_ENTRY = 800
"""Bytes of plain text that an entry of the library, with what was lately in it, may take in the checkpoint."""


def test_a_year_keeps_to_its_calendar_and_to_its_bounds(tmp_path: Path) -> None:
    year = live(tmp_path, seed=1, every=30 if WHOLE else None)
    assert year.rested > year.runs / 10
    assert year.punctual > year.runs / 2
    assert year.limited and year.expired
    assert set(year.sizes) == {1, 6, 12}
    # The history of runs fills up in the first months, the matches of what was lately in the library in the first half
    # year. After that only the library makes it grow.
    grown = year.parts[12]["library"] / year.parts[6]["library"]
    assert year.sizes[12] < (1.2 if WHOLE else 2) * max(1, grown) * year.sizes[6]
    for parts in year.parts.values():
        assert parts["mirrors"] + parts["matches"] < PER_ENTRY * parts["library"]
