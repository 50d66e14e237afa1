"""A year of simulated runs; ``MUSICDIFF_TORTURE`` makes it one run every half hour of it."""

from __future__ import annotations

import os
from pathlib import Path

from year import live

WHOLE = bool(os.environ.get("MUSICDIFF_TORTURE"))


def test_a_year_keeps_to_its_calendar_and_to_its_bounds(tmp_path: Path) -> None:
    year = live(tmp_path, seed=1, every=30 if WHOLE else None)
    assert year.rested > year.runs / 10
    assert year.punctual > year.runs / 2
    # The history of runs fills up in the first months; after that only the library makes it grow.
    assert set(year.sizes) == {1, 6, 12}
    assert year.sizes[12] < (1.2 if WHOLE else 2) * year.sizes[6]
