"""Six months after the consent."""

from __future__ import annotations

from datetime import date

import pytest

from musicdiff_job.core.expiry import consent_ends


@pytest.mark.parametrize(
    ("consent", "end"),
    [
        (date(2026, 6, 1), date(2026, 12, 1)),
        (date(2026, 7, 15), date(2027, 1, 15)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 6, 30)),
    ],
)
def test_the_end_of_a_consent(consent: date, end: date) -> None:
    assert consent_ends(consent) == end
