"""The collections and where each stands, from the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.model import Kind
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.report.run import state_cell
from musicdiff_job.report.text import Column, Fit, Table, distance, number

UNSELECTED = frozenset({CollectionState.SKIPPED, CollectionState.DETACHED})
IN_STEP = frozenset({CollectionState.IN_SYNC, CollectionState.CHANGED})


class CollectionLine(msgspec.Struct, frozen=True):
    """One collection in ``status --json`` and ``playlists --json``.

    ``reason`` says why it is in this state, or why it is not selected. ``placed`` counts the entries that the target
    holds for us. ``playlists`` are the Deezer playlists it is mirrored to.
    """

    id: str
    kind: Kind
    name: str
    selected: bool
    state: CollectionState
    reason: str
    entries: int
    matched: int
    unmatched: int
    skipped: int
    duplicates: int
    placed: int
    left_out: int
    hand_added: int
    playlists: tuple[str, ...]
    synced_at: str | None
    verified_at: str | None
    tried_at: str | None
    failures: int
    missing_since: str | None
    notes: tuple[str, ...]


def entries_of(mirror: Mirror) -> int:
    """How many entries the source has, by the best knowledge: a reading under way knows the total before the end."""
    return max(mirror.entries, mirror.reading.total if mirror.reading else 0)


def placed_of(mirror: Mirror) -> int:
    """How many entries the target holds for us: seen there, or acknowledged and not seen yet."""
    return sum(
        len({pair.target for pair in part.base} | part.added_in_flight(acknowledged=True)) for part in mirror.parts
    )


def collection_line(mirror: Mirror) -> CollectionLine:
    """What the checkpoint knows of one collection."""
    return CollectionLine(
        id=mirror.id,
        kind=mirror.kind,
        name=mirror.name,
        selected=mirror.state not in UNSELECTED,
        state=mirror.state,
        reason=mirror.reason,
        entries=entries_of(mirror),
        matched=mirror.matched,
        unmatched=len(mirror.waiting),
        skipped=mirror.skipped,
        duplicates=mirror.duplicates,
        placed=placed_of(mirror),
        left_out=len(mirror.left_out),
        hand_added=len(mirror.hand_added),
        playlists=tuple(part.playlist for part in mirror.parts),
        synced_at=mirror.synced_at,
        verified_at=mirror.verified_at,
        tried_at=mirror.tried_at,
        failures=mirror.failures,
        missing_since=mirror.missing_since,
        notes=mirror.notes,
    )


def collection_lines(checkpoint: Checkpoint) -> tuple[CollectionLine, ...]:
    """All collections: the liked songs, then playlists by name."""
    lines = map(collection_line, checkpoint.mirrors.values())
    return tuple(sorted(lines, key=lambda line: (line.kind is not Kind.LIKED, line.name.casefold(), line.id)))


def collections_table(lines: Iterable[CollectionLine], now: datetime) -> Table:
    """A row for each collection."""
    return Table(
        columns=(
            Column("Collection", fit=Fit.CUT),
            Column("State"),
            Column("Entries", number=True),
            Column("Placed", number=True),
            Column("Unmatched", number=True),
            Column("Synced"),
            Column("Why", fit=Fit.WRAP),
        ),
        rows=tuple(
            (
                line.name or line.id,
                state_cell(line.state),
                number(line.entries),
                number(line.placed),
                number(line.unmatched),
                distance(line.synced_at, now),
                "; ".join(filter(None, (line.reason, *line.notes))),
            )
            for line in lines
        ),
        nothing="No collection is known yet; the first run finds them.",
    )
