"""The listening history: what it comes to, as tables, and its plays, as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from musicdiff_job.core.play_counts import Listening
from musicdiff_job.core.plays import Line, NotALine, Play
from musicdiff_job.report.csv_text import csv_row
from musicdiff_job.report.text import Block, Cell, Column, Fit, Lines, Table, Tone, count, duration, moment
from musicdiff_job.report.unmatched import track_name

COLUMNS = ("played_at", "spotify_id", "title", "artists", "album", "isrc", "duration_ms", "context")
"""The CSV's."""
GAPS_SHOWN = 5


def listening_blocks(found: Listening, now: datetime) -> tuple[Block, ...]:
    """Counts, then the months, the tracks and the artists, then what is missing."""
    sums = (
        f"{count(found.plays, 'play')} of {count(found.distinct_tracks, 'track')} by "
        f"{count(found.distinct_artists, 'artist')}, {duration(found.seconds)} if each was heard to its end",
        f"from {moment(found.first, now)} to {moment(found.last, now)}",
    )
    months = Table(
        (Column("Month"), Column("Plays", number=True)),
        tuple((one.month, f"{one.plays:,}") for one in found.months),
    )
    tracks = Table(
        (Column("Plays", number=True), Column("Track", fit=Fit.CUT)),
        tuple((f"{one.plays:,}", track_name(one.title, one.artists) or one.id) for one in found.tracks),
    )
    artists = Table(
        (Column("Plays", number=True), Column("Artist", fit=Fit.CUT)),
        tuple((f"{one.plays:,}", one.name) for one in found.artists),
    )
    return Lines(sums), months, tracks, artists, Lines(tuple(_flaws(found)))


def _flaws(found: Listening) -> Iterator[Cell]:
    if found.gap_count:
        yield Cell(f"{count(found.gap_count, 'gap')}: more was played between two runs than Spotify shows", Tone.BUSY)
    for gap in found.gaps[-GAPS_SHOWN:]:
        since = f"between {gap.after} and" if gap.after else "before"
        yield Cell(f"  {since} {gap.before} plays may be missing", Tone.BUSY)
    if found.not_understood:
        lines = count(found.not_understood, "line")
        yield Cell(f"{lines} of the history cannot be understood; they are left alone and not counted", Tone.BAD)


def play_csv(lines: Iterable[Line | NotALine]) -> Iterator[str]:
    """The plays as rows of CSV, the heading first, one text for each. Several artists are separated by semicolons."""
    yield csv_row(COLUMNS)
    for line in lines:
        if isinstance(line, Play):
            length = "" if line.duration_ms is None else str(line.duration_ms)
            yield csv_row(
                (
                    line.played_at, line.track, line.title, "; ".join(line.artists), line.album, line.isrc or "",
                    length, line.context or "",
                )
            )  # fmt: skip
