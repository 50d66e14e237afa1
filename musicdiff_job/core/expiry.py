"""How long Spotify's consent lasts.

A refresh token dies six months after the user's consent, whatever happens in between, and no answer of the service
says when (documented, Spotify's announcement of June 2026); so the day of consent is remembered by the user's
``SPOTIFY_AUTHORIZED_AT``.
"""

from __future__ import annotations

import calendar
from datetime import date

MONTHS = 6


def consent_ends(authorized_at: date) -> date:
    """Six calendar months later; the last day of the month where there is no such day."""
    year, month = divmod(authorized_at.year * 12 + authorized_at.month - 1 + MONTHS, 12)
    day = min(authorized_at.day, calendar.monthrange(year, month + 1)[1])
    return authorized_at.replace(year=year, month=month + 1, day=day)
