"""The collections and where each stands, from the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.forecast import EVERY_RUN, forecast
from musicdiff_job.core.model import Kind
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.report.run import state_cell
from musicdiff_job.report.text import Column, Fit, Table, distance, number

UNSELECTED = frozenset({CollectionState.SKIPPED, CollectionState.DETACHED})
IN_STEP = frozenset({CollectionState.IN_SYNC, CollectionState.CHANGED})


class CollectionLine(msgspec.Struct, frozen=True):
    """One collection in ``status --json`` and ``playlists --json``; for the times ahead see ``core.forecast``.

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
    next_look_at: str | None
    next_look_reason: str
    next_due_at: str | None
    next_due_reason: str


def entries_of(mirror: Mirror) -> int:
    """How many entries the source has, by the best knowledge: a reading under way knows the total before the end."""
    return max(mirror.entries, mirror.reading.total if mirror.reading else 0)


def placed_of(mirror: Mirror) -> int:
    """How many entries the target holds for us: seen there, or acknowledged and not seen yet."""
    return sum(
        len({pair.target for pair in part.base} | part.added_in_flight(acknowledged=True)) for part in mirror.parts
    )


def collection_line(mirror: Mirror, policy: Policy, now: datetime) -> CollectionLine:
    """What the checkpoint knows of one collection."""
    ahead = forecast(mirror, policy, now)
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
        next_look_at=to_iso(ahead.look_at) if ahead.look_at else None,
        next_look_reason=ahead.look_reason,
        next_due_at=to_iso(ahead.due_at) if ahead.due_at else None,
        next_due_reason=ahead.due_reason,
    )


def collection_lines(checkpoint: Checkpoint, policy: Policy, now: datetime) -> tuple[CollectionLine, ...]:
    """All collections: the liked songs, then playlists by name."""
    lines = (collection_line(mirror, policy, now) for mirror in checkpoint.mirrors.values())
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
            Column("Next", fit=Fit.WRAP),
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
                _next(line, now),
                "; ".join(filter(None, (*_whys(line), *line.notes))),
            )
            for line in lines
        ),
        nothing="No collection is known yet; the first run finds them.",
    )


def _next(line: CollectionLine, now: datetime) -> str:
    """When a run looks at it, and when it is worked on in any case."""
    if line.next_look_at is None:
        return "-"
    if is_held(line):
        return distance(line.next_look_at, now)
    if line.next_due_at is None:
        return "when changed"
    ahead = from_iso(line.next_due_at) > now
    return f"when changed, or {distance(line.next_due_at, now)}" if ahead else "next run"


def _whys(line: CollectionLine) -> tuple[str, ...]:
    return (line.reason, line.next_look_reason) if is_held(line) else (line.reason,)


def is_held(line: CollectionLine) -> bool:
    """Whether a rule keeps runs from looking at it for now."""
    return line.selected and line.next_look_reason != EVERY_RUN
