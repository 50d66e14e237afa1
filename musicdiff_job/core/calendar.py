"""When a rule lets a collection be worked on: its daily window, and the rest after a look. Pure; time is an argument.

Theory. A window goes by the wall clock of its own zone, on the days that the clock is changed too. An hour that comes
twice is inside the window twice; a window that falls wholly into the hour that is skipped is had right after it, for as
long as it would have been, so that it opens every day of the year.

The rest counts from the minute in which the run began that found the collection in step, not from the second in which
it was done with it. So a clock that starts a run at the same minute of each day finds the collection due on every one
of them; else each would be a little late, and the next one would come too early.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from musicdiff_job.core.policy import Rule, Window
from musicdiff_job.core.timestamps import past

DAY_MINUTES = 24 * 60
MINUTE = timedelta(minutes=1)
LOOKED_AHEAD = timedelta(days=3)
"""A window opens within this time, whatever is done to the clock: one zone has skipped a whole day."""


class Hold(msgspec.Struct, frozen=True):
    """Nothing may be done before ``until`` (aware, a whole minute unless the rest is none), because of ``reason``."""

    until: datetime
    reason: str


def held(rule: Rule, checked_at: str | None, now: datetime) -> Hold | None:
    """What the rule's ``every`` and ``window`` say about working on a collection now; None when they allow it.
    ``checked_at`` is when the run began that last found it in step, None for what no rest is due after."""
    rested = _rested(rule, checked_at, now)
    if rule.window is None:
        return Hold(rested, f"not before {_told(rested)}") if rested > now else None
    opening = opens(rule.window, rested)
    if opening <= now:
        return None
    if within(rule.window, now):
        return Hold(opening, f"not before {_told(opening)}")
    return Hold(opening, f"outside its time window, which opens {_told(opening)}")


def within(window: Window, now: datetime) -> bool:
    """Whether a time is inside a daily window."""
    wall = _wall(now, window)
    minute = wall.hour * 60 + wall.minute
    if window.start <= window.end:
        inside = window.start <= minute < window.end
    else:
        inside = minute >= window.start or minute < window.end
    return inside or _made_up_for(window, now)


def opens(window: Window, now: datetime) -> datetime:
    """The first moment from ``now`` on that is inside the window: ``now`` itself, or a whole minute, in UTC."""
    if within(window, now):
        return now
    this = now.astimezone(UTC).replace(second=0, microsecond=0)
    wall = _wall(this, window)
    guess = this + timedelta(minutes=(window.start - wall.hour * 60 - wall.minute) % DAY_MINUTES)
    if len({_wall(at, window).utcoffset() for at in (this - 2 * timedelta(days=1), this, guess)}) == 1:
        return guess
    # The clock is changed around now: too few days a year for anything but trying each minute.
    later = this + MINUTE
    while later < this + LOOKED_AHEAD and not within(window, later):
        later += MINUTE
    return later


def _rested(rule: Rule, checked_at: str | None, now: datetime) -> datetime:
    """When the rest is over; ``now`` when there is none, or it is over already."""
    begun = past(checked_at, now)
    if rule.every is None or begun is None:
        return now
    return max(now, begun.replace(second=0, microsecond=0) + timedelta(seconds=rule.every))


def _made_up_for(window: Window, now: datetime) -> bool:
    """Whether a window that the clock has skipped is being had now."""
    wall = _wall(now, window)
    before, after = _wall(now - 2 * timedelta(days=1), window).utcoffset(), wall.utcoffset()
    if before is None or after is None or after <= before:
        return False
    length = timedelta(minutes=(window.end - window.start) % DAY_MINUTES or DAY_MINUTES)
    for days in (0, 1):
        midnight = datetime.combine(wall.date() - timedelta(days=days), time())
        start = midnight + timedelta(minutes=window.start)
        if _exists(start, window) or _exists(start + length - MINUTE, window):
            continue
        if _moment(start, window) <= now < _moment(start, window) + length:
            return True
    return False


def _exists(wall: datetime, window: Window) -> bool:
    return _wall(_moment(wall, window), window).replace(tzinfo=None) == wall


def _moment(wall: datetime, window: Window) -> datetime:
    """When a wall clock shows this; a time that it skips counts on from before the skip (PEP 495)."""
    return (wall.replace(tzinfo=ZoneInfo(window.timezone)) if window.timezone else wall).astimezone(UTC)


def _wall(now: datetime, window: Window) -> datetime:
    return now.astimezone(ZoneInfo(window.timezone) if window.timezone else None)


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
