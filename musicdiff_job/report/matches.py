"""The tracks that have a counterpart, how it was found, and what speaks against it; as text, and as CSV."""

from __future__ import annotations

from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.doubt import Doubt, badness, doubts
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.links import source_link, target_link
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.report.csv_text import csv_row
from musicdiff_job.report.explain import METHODS
from musicdiff_job.report.text import Cell, Tone, moment
from musicdiff_job.report.unmatched import described, track_name

COLUMNS = (
    "spotify_id", "title", "artists", "album", "isrc", "deezer_id", "deezer_link", "method", "score", "runner_up",
    "runner_up_score", "decided_at", "doubts",
)  # fmt: skip
"""The CSV's."""


class MatchLine(msgspec.Struct, frozen=True):
    """A source track with its counterpart. ``deezer`` is what Deezer says of it where that was kept, ``by_you`` whether
    a person decided it, ``doubts`` why a person should look at it, the worst first."""

    id: str
    title: str
    artists: tuple[str, ...]
    album: str
    isrc: str | None
    duration_ms: int | None
    link: str
    deezer_id: str
    deezer_link: str
    deezer: Track | None
    method: str
    score: float
    runner_up: str | None
    runner_up_link: str | None
    runner_up_score: float | None
    decided_at: str
    by_you: bool
    doubts: tuple[str, ...]


def match_lines(checkpoint: Checkpoint, rules: Rules, *, doubtful: bool = False) -> tuple[MatchLine, ...]:
    """All matches, by artist and title; on demand the doubtful ones alone, the worst first."""
    found = [(source, record, doubts(record, rules)) for source, record in checkpoint.matches.items()]
    if doubtful:
        found = sorted((one for one in found if one[2]), key=lambda one: badness(one[1], one[2]))
    lines = [
        _line(source, record, record.decision, reasons)
        for source, record, reasons in found
        if isinstance(record.decision, Match)
    ]
    return tuple(lines if doubtful else sorted(lines, key=lambda one: (_name(one).casefold(), one.id)))


def _line(source: SourceId, record: MatchRecord, found: Match, reasons: tuple[Doubt, ...]) -> MatchLine:
    track, runner_up = record.track, found.runner_up
    return MatchLine(
        id=source,
        title=track.title,
        artists=track.artists,
        album=track.album,
        isrc=track.isrc,
        duration_ms=track.duration_ms,
        link=source_link(source),
        deezer_id=found.target,
        deezer_link=target_link(found.target),
        deezer=found.taken,
        method=found.method.value,
        score=round(found.score, 3),
        runner_up=runner_up,
        runner_up_link=target_link(runner_up) if runner_up else None,
        runner_up_score=round(found.runner_up_score, 3) if runner_up else None,
        decided_at=record.decided_at,
        by_you=bool(record.override),
        doubts=tuple(one.reason for one in reasons),
    )


def _name(line: MatchLine) -> str:
    return track_name(line.title, line.artists) or line.id


def match_text(lines: tuple[MatchLine, ...], now: datetime, *, doubtful: bool = False) -> tuple[Cell | str, ...]:
    """A few lines for each match: what it is, its counterpart, how that was found and when, and every doubt.

    No table, because a name and two addresses side by side fit no terminal.
    """
    if not lines:
        return ("No match is doubtful." if doubtful else "No track has a counterpart yet.",)
    told: list[Cell | str] = []
    for line in lines:
        how = next(words for method, words in METHODS.items() if method.value == line.method)
        told.append(_name(line))
        told += [Cell(f"  ? {reason}", Tone.BUSY) for reason in line.doubts]
        told.append(Cell(f"  {line.link}", Tone.FAINT))
        when = f", {moment(line.decided_at, now)}" if line.decided_at else ""
        told.append(f"  {line.score:.2f}  {how}{when}")
        if line.deezer is not None:
            told.append(f"        {described(line.deezer)}")
        told.append(Cell(f"        {line.deezer_link}", Tone.FAINT))
        if line.runner_up_link is not None:
            told.append(f"  {line.runner_up_score:.2f}  the next best other recording")
            told.append(Cell(f"        {line.runner_up_link}", Tone.FAINT))
    return tuple(told)


def match_csv(lines: tuple[MatchLine, ...]) -> str:
    """The matches as CSV with a heading. Several artists, and several doubts, are separated by semicolons."""
    rows = [csv_row(COLUMNS)]
    for line in lines:
        runner_up_score = "" if line.runner_up_score is None else f"{line.runner_up_score:.3f}"
        cells = (
            line.id, line.title, "; ".join(line.artists), line.album, line.isrc or "", line.deezer_id,
            line.deezer_link, line.method, f"{line.score:.3f}", line.runner_up or "", runner_up_score, line.decided_at,
            "; ".join(line.doubts),
        )  # fmt: skip
        rows.append(csv_row(cells))
    return "".join(rows)
