"""What a listening history comes to: counts by month, and what was played most.

Only counters are kept, so a history of any length can be counted line by line, wherever it comes from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from musicdiff_job.core.plays import Gap, Line, NotALine, Play, moment_of, moment_text

GAPS_KEPT = 100
"""Gaps that are listed; more are counted."""


class Period(msgspec.Struct, frozen=True):
    """From ``since`` on and before ``until``, both as a line's times are written; "" for no bound."""

    since: str = ""
    until: str = ""

    def holds(self, line: Line) -> bool:
        """Whether the line belongs to it."""
        at = moment_of(line)
        return at >= self.since and (not self.until or at < self.until)

    def touches(self, month: str) -> bool:
        """Whether something of the month (``2026-11``) may belong to it."""
        return month >= self.since[:7] and (not self.until or month <= self.until[:7])


class TopTrack(msgspec.Struct, frozen=True):
    """A track, how often it was played, and its name as it was last."""

    id: str
    title: str
    artists: tuple[str, ...]
    plays: int


class TopArtist(msgspec.Struct, frozen=True):
    """An artist, by name, and how many plays they are credited with."""

    name: str
    plays: int


class MonthCount(msgspec.Struct, frozen=True):
    """The plays of a month."""

    month: str
    plays: int


class Listening(msgspec.Struct, frozen=True):
    """What a history comes to. ``seconds`` adds the tracks' lengths up, as if each had been heard to its end.
    ``gap_count`` counts all gaps, ``gaps`` are the latest. ``not_understood`` counts lines that are none."""

    plays: int
    seconds: int
    first: str | None
    last: str | None
    distinct_tracks: int
    distinct_artists: int
    months: tuple[MonthCount, ...]
    tracks: tuple[TopTrack, ...]
    artists: tuple[TopArtist, ...]
    gap_count: int
    gaps: tuple[Gap, ...]
    not_understood: int


def read_period(since: str | None, until: str | None) -> Period:
    """A period as people write it: a year, a month, a day or a time, in UTC unless it says otherwise. ``until`` a year,
    month or day means to the end of it. Raises ValueError."""
    return Period(_bounds(since)[0] if since else "", _bounds(until)[1] if until else "")


def count_plays(lines: Iterable[Line | NotALine], top: int) -> Listening:
    """Count a history; ``top`` is how many tracks and artists are named."""
    tracks: Counter[str] = Counter()
    artists: Counter[str] = Counter()
    months: Counter[str] = Counter()
    names: dict[str, tuple[str, tuple[str, ...]]] = {}
    gaps: list[Gap] = []
    milliseconds = not_understood = gap_count = 0
    first: str | None = None
    last: str | None = None
    for line in lines:
        match line:
            case Play():
                identity = line.track or f"{line.title}\0{line.artists}"
                tracks[identity] += 1
                names[identity] = line.title, line.artists
                artists.update(dict.fromkeys(line.artists, 1))
                months[line.played_at[:7]] += 1
                milliseconds += line.duration_ms or 0
                first = min(first or line.played_at, line.played_at)
                last = max(last or line.played_at, line.played_at)
            case Gap():
                gap_count += 1
                gaps = [*gaps, line][-GAPS_KEPT:]
            case NotALine():
                not_understood += 1
    return Listening(
        plays=tracks.total(),
        seconds=milliseconds // 1000,
        first=first,
        last=last,
        distinct_tracks=len(tracks),
        distinct_artists=len(artists),
        months=tuple(MonthCount(month, plays) for month, plays in sorted(months.items())),
        tracks=tuple(
            TopTrack("" if "\0" in identity else identity, *names[identity], plays)
            for identity, plays in _most(tracks, top)
        ),
        artists=tuple(TopArtist(name, plays) for name, plays in _most(artists, top)),
        gap_count=gap_count,
        gaps=tuple(gaps),
        not_understood=not_understood,
    )


def within(lines: Iterable[Line | NotALine], period: Period) -> Iterator[Line | NotALine]:
    """Those of a period, and those of which nobody knows."""
    return (line for line in lines if isinstance(line, NotALine) or period.holds(line))


def _most(counts: Counter[str], top: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:top]


def _bounds(text: str) -> tuple[str, str]:
    """The first moment of what ``text`` names, and the first one after it."""
    if found := re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", text):
        month, day = (int(part) if part else None for part in found.groups()[1:])
        begin = datetime(int(found[1]), 1 if month is None else month, 1 if day is None else day, tzinfo=UTC)
        if day is not None:
            end = begin + timedelta(days=1)
        elif month is not None:
            end = (begin + timedelta(days=31)).replace(day=1)
        else:
            end = begin.replace(year=begin.year + 1)
        return moment_text(begin), moment_text(end)
    moment = datetime.fromisoformat(text)
    at = moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return at, at
