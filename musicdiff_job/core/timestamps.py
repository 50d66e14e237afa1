"""Times as text: ISO-8601 in UTC, seconds precision, with a ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def to_iso(moment: datetime) -> str:
    """``2026-11-21T12:00:00Z`` for an aware time."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def past(text: str | None, now: datetime) -> datetime | None:
    """When something happened, by the time that was written down then. None when none was, and when it lies in the
    future: then the clock was ahead and has been set back since, and nobody knows when it was."""
    moment = from_iso(text) if text else None
    return moment if moment is not None and moment <= now else None


def from_iso(text: str) -> datetime:
    """The aware time that ``to_iso`` wrote; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is not in the years 1 to 9999") from None


def from_http(date: str) -> datetime | None:
    """The aware time of an HTTP ``Date`` header (``Sat, 21 Nov 2026 12:00:00 GMT``); None for anything else."""
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
