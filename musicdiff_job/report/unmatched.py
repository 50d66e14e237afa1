"""The tracks without a counterpart, with the best candidates that were turned down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.links import source_link, target_link
from musicdiff_job.core.match import Penalty, Reason, Scored, Unmatched
from musicdiff_job.core.model import CollectionId, Item, SourceId, TargetId, Track, item_of
from musicdiff_job.report.text import Cell, Tone, clean, count, distance, moment, named

ORDER = (
    Reason.AMBIGUOUS,
    Reason.UNCONFIRMED,
    Reason.BELOW_THRESHOLD,
    Reason.REFUSED,
    Reason.UNREADABLE,
    Reason.ONLY_OTHER_VERSIONS,
    Reason.UNANSWERED,
    Reason.NOT_FOUND,
    Reason.NO_TITLE,
    Reason.REJECTED,
)
"""In which the reasons are listed: first where a person has something to choose from, last what a person decided."""


class Candidate(msgspec.Struct, frozen=True):
    """What on Deezer was considered and turned down; ``why`` is the largest difference in words, ``penalties`` are
    all of them, ``refused`` says why it could never be taken, "" if it could."""

    id: str
    title: str
    artists: tuple[str, ...]
    album: str
    duration_ms: int | None
    isrc: str | None
    readable: bool
    score: float
    why: str
    refused: str
    penalties: tuple[Penalty, ...]
    link: str
    size: int | None = None
    year: int | None = None


class UnmatchedLine(msgspec.Struct, frozen=True):
    """A source track, album or artist without a counterpart. ``collections`` are the names of those that wait for it,
    ``rejected`` what a person has ruled out on Deezer."""

    id: str
    title: str
    artists: tuple[str, ...]
    album: str
    duration_ms: int | None
    explicit: bool | None
    isrc: str | None
    link: str
    reason: str
    by_you: bool
    tries: int
    decided_at: str
    retry_at: str | None
    rejected: tuple[TargetId, ...]
    collections: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def track_name(title: str, artists: tuple[str, ...]) -> str:
    """``Artist, Artist - Title``, as a name is shown."""
    return named(f"{', '.join(artists)} - {title}" if artists else title)


def length(milliseconds: int | None) -> str:
    """``3:07``; ``?`` when unknown."""
    if milliseconds is None:
        return "?"
    return f"{milliseconds // 60_000}:{milliseconds // 1000 % 60:02}"


def described(track: Track) -> str:
    """``Artist - Title (Album, 3:07)``, ``Artist - Album (12 tracks, 2001)`` or the artist's name."""
    details = particulars(item_of(track.id), track.album, track.duration_ms, track.size, track.year)
    return f"{track_name(track.title, track.artists)}{f' ({details})' if details else ''}"


def particulars(item: Item, album: str, duration_ms: int | None, size: int | None, year: int | None) -> str:
    """What tells one item from others of its name."""
    match item:
        case Item.TRACK:
            return f"{named(album) or 'no album'}, {length(duration_ms)}"
        case Item.ALBUM:
            told = (count(size, "track") if size is not None else "", str(year or ""))
            return ", ".join(part for part in told if part)
        case Item.ARTIST:
            return ""


def unmatched_lines(checkpoint: Checkpoint) -> tuple[UnmatchedLine, ...]:
    """All tracks that ended without a counterpart, by reason in the order of ``ORDER``, artist and title."""
    waiting = _waiting(checkpoint.mirrors)
    lines = (
        _line(source, record, record.decision, waiting.get(source, ()))
        for source, record in checkpoint.matches.items()
        if isinstance(record.decision, Unmatched)
    )
    return tuple(sorted(lines, key=_order))


def _order(line: UnmatchedLine) -> tuple[int, str, str]:
    return ORDER.index(Reason(line.reason)), track_name(line.title, line.artists).casefold(), line.id


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
        duration_ms=track.duration_ms,
        explicit=track.explicit,
        isrc=track.isrc,
        link=source_link(source),
        reason=decision.reason.value,
        by_you=bool(record.override),
        tries=record.tries,
        decided_at=record.decided_at,
        retry_at=record.retry_at,
        rejected=(*record.rejected, *(record.terms.rejected if record.terms else ())),
        collections=names,
        candidates=tuple(_candidate(scored, decision.reason) for scored in decision.best),
    )


def _candidate(scored: Scored, reason: Reason) -> Candidate:
    track = scored.track
    return Candidate(
        id=track.id,
        title=track.title,
        artists=track.artists,
        album=track.album,
        duration_ms=track.duration_ms,
        isrc=track.isrc,
        readable=track.readable,
        score=round(scored.score, 3),
        why=why_not(scored, reason),
        refused=scored.refused,
        penalties=scored.penalties,
        link=target_link(track.id),
        size=track.size,
        year=track.year,
    )


def why_not(scored: Scored, reason: Reason) -> str:
    """The one thing that speaks most against a candidate, in words; "" when nothing does. ``reason`` is why the track
    has no counterpart."""
    if scored.refused:
        return scored.refused
    if not scored.track.readable:
        return "not available in your country"
    if reason is Reason.AMBIGUOUS:
        return "another recording is as good"
    if reason is Reason.REFUSED:
        return "Deezer did not take it"
    worst = max(scored.penalties, key=lambda penalty: penalty.weight * penalty.value, default=None)
    if worst is None or worst.weight * worst.value <= 0:
        return ""
    return worst.note or worst.name


def unmatched_text(lines: tuple[UnmatchedLine, ...], now: datetime, *, dated: bool = False) -> tuple[Cell | str, ...]:
    """A few lines for each track: what it is, why it has no counterpart, and the candidates with their links; when the
    next try is, on demand by its date.

    No table, because a name, an address and a reason side by side fit no terminal.
    """
    if not lines:
        return ("Every track has its counterpart.",)
    told: list[Cell | str] = []
    for line in lines:
        when = moment if dated else distance
        retry = f"; next try {when(line.retry_at, now)}" if line.retry_at else ""
        told.append(track_name(line.title, line.artists) or line.id)
        told.append(Cell(f"  {line.reason}{retry}", Tone.BUSY))
        told.append(Cell(f"  {line.link}", Tone.FAINT))
        if line.rejected:
            told.append(f"  rejected by you: {', '.join(map(target_link, line.rejected))}")
        for found in line.candidates:
            why = f": {clean(found.why)}" if found.why else ""
            details = particulars(item_of(found.id), found.album, found.duration_ms, found.size, found.year)
            about = f" ({details})" if details else ""
            told.append(f"  {found.score:.2f}  {track_name(found.title, found.artists)}{about}{why}")
            told.append(Cell(f"        {found.link}", Tone.FAINT))
    return tuple(told)
