"""The tracks without a counterpart, with the best candidates that were turned down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.links import source_link, target_link
from musicdiff_job.core.match import Scored, Unmatched
from musicdiff_job.core.model import CollectionId, SourceId
from musicdiff_job.report.text import Cell, Tone, clean, distance, named


class Candidate(msgspec.Struct, frozen=True):
    """A Deezer track that was considered and turned down; ``why`` is the largest difference in words."""

    id: str
    title: str
    artists: tuple[str, ...]
    album: str
    score: float
    why: str
    link: str


class UnmatchedLine(msgspec.Struct, frozen=True):
    """A source track without a counterpart. ``collections`` are the names of those that wait for it."""

    id: str
    title: str
    artists: tuple[str, ...]
    album: str
    isrc: str | None
    link: str
    reason: str
    tries: int
    decided_at: str
    retry_at: str | None
    collections: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def track_name(title: str, artists: tuple[str, ...]) -> str:
    """``Artist, Artist - Title``, as a name is shown."""
    return named(f"{', '.join(artists)} - {title}" if artists else title)


def unmatched_lines(checkpoint: Checkpoint) -> tuple[UnmatchedLine, ...]:
    """All tracks that ended without a counterpart, by artist and title."""
    waiting = _waiting(checkpoint.mirrors)
    lines = (
        _line(source, record, record.decision, waiting.get(source, ()))
        for source, record in checkpoint.matches.items()
        if isinstance(record.decision, Unmatched)
    )
    return tuple(sorted(lines, key=lambda line: (track_name(line.title, line.artists).casefold(), line.id)))


def _waiting(mirrors: Mapping[CollectionId, Mirror]) -> dict[SourceId, tuple[str, ...]]:
    names: dict[SourceId, tuple[str, ...]] = {}
    for mirror in mirrors.values():
        for source in mirror.waiting:
            names[source] = (*names.get(source, ()), mirror.name)
    return names


def _line(source: SourceId, record: MatchRecord, decision: Unmatched, names: tuple[str, ...]) -> UnmatchedLine:
    track = record.track
    return UnmatchedLine(
        id=source,
        title=track.title,
        artists=track.artists,
        album=track.album,
        isrc=track.isrc,
        link=source_link(source),
        reason=decision.reason.value,
        tries=record.tries,
        decided_at=record.decided_at,
        retry_at=record.retry_at,
        collections=names,
        candidates=tuple(_candidate(scored) for scored in decision.best),
    )


def _candidate(scored: Scored) -> Candidate:
    track = scored.track
    return Candidate(
        id=track.id,
        title=track.title,
        artists=track.artists,
        album=track.album,
        score=round(scored.score, 3),
        why=why_not(scored),
        link=target_link(track.id),
    )


def why_not(scored: Scored) -> str:
    """The one thing that speaks most against a candidate, in words; "" when nothing does."""
    if scored.refused:
        return scored.refused
    if not scored.track.readable:
        return "not available in your country"
    worst = max(scored.penalties, key=lambda penalty: penalty.weight * penalty.value, default=None)
    if worst is None or worst.weight * worst.value <= 0:
        return ""
    return worst.note or worst.name


def unmatched_text(lines: tuple[UnmatchedLine, ...], now: datetime) -> tuple[Cell | str, ...]:
    """A few lines for each track: what it is, why it has no counterpart, and the candidates with their links.

    No table, because a name, an address and a reason side by side fit no terminal.
    """
    if not lines:
        return ("Every track has its counterpart.",)
    told: list[Cell | str] = []
    for line in lines:
        retry = f"; next try {distance(line.retry_at, now)}" if line.retry_at else ""
        told.append(track_name(line.title, line.artists) or line.id)
        told.append(Cell(f"  {line.reason}{retry}", Tone.BUSY))
        told.append(Cell(f"  {line.link}", Tone.FAINT))
        for found in line.candidates:
            why = f": {clean(found.why)}" if found.why else ""
            told.append(f"  {found.score:.2f}  {track_name(found.title, found.artists)}{why}")
            told.append(Cell(f"        {found.link}", Tone.FAINT))
    return tuple(told)
