"""The dashboard's words for times, names and addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.report.text import clean, shortened

NAME_COLUMNS = 80
"""A name on the page is cut there; whoever wants all of it has the link."""
BRIEF_COLUMNS = 40
"""And there where it only tells links apart for who cannot see them."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_LINK = re.compile(
    r"https://(?:open\.spotify\.com|www\.deezer\.com)/(?:track|album|artist|playlist)/-?[A-Za-z0-9]{1,40}"
)


def linked(address: str) -> str:
    """The address, if it is one of a track, an album, an artist or a playlist at one of the two services; else ""."""
    return address if _LINK.fullmatch(address) else ""


def name(text: str, columns: int = NAME_COLUMNS) -> str:
    """A name, cleaned and cut."""
    return shortened(clean(text).strip(), columns)


def brief(text: str) -> str:
    """A name, cut shorter."""
    return name(text, BRIEF_COLUMNS)


def stamp(iso: str | None, now: datetime) -> str:
    """``21 Nov, 12:00`` in UTC, with its year where that is another one; ``never``; what is no time as it is."""
    if not iso:
        return "never"
    try:
        then = from_iso(iso).astimezone(UTC)
    except ValueError:
        return iso
    year = "" if then.year == now.year else f" {then.year}"
    return f"{then.day} {MONTHS[then.month - 1]}{year}, {then:%H:%M}"


def period(month: str) -> str:
    """``Nov 2026`` for ``2026-11``."""
    year, _, number = month.partition("-")
    return f"{MONTHS[int(number) - 1]} {year}"
