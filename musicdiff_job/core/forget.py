"""What ``reset`` forgets, and what a run does by itself, as transitions of the checkpoint.

Forgetting never touches Deezer, and it never forgets which playlist mirrors which collection: a playlist that is no
longer known to be ours would be mirrored a second time. Only those of a detached mirror are forgotten: they are gone,
or nobody's any more, and what is left of them is adopted by its title. Without its base, a mirror takes everything
that is not in the source for somebody's own addition, and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.model import CollectionId, SourceId
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.core.timestamps import from_iso, past

UNUSED_KEPT = timedelta(days=180)
"""For how long a match outlives its track's place in the library, and what is known of a playlist the playlist: people
put back what they took out."""


def forget_bases(checkpoint: Checkpoint, chosen: Callable[[Mirror], bool]) -> tuple[Checkpoint, tuple[str, ...]]:
    """Forget what both sides agreed on in the chosen collections, and their open conflicts; the names of those."""
    found = {mirror.id: mirror for mirror in checkpoint.mirrors.values() if chosen(mirror)}
    kept = {key: one for key, one in checkpoint.conflicts.items() if one.collection not in found}
    forgotten: dict[CollectionId, Mirror] = {key: _without_base(mirror) for key, mirror in found.items()}
    changed = msgspec.structs.replace(checkpoint, mirrors={**checkpoint.mirrors, **forgotten}, conflicts=kept)
    return changed, tuple(mirror.name for mirror in found.values())


def forget_matches(checkpoint: Checkpoint) -> tuple[Checkpoint, int]:
    """Forget what was matched, and how many tracks that were; every collection becomes due. A person's words
    (``match set``, ``match reject``) stay."""
    kept = {
        source: record if record.override else MatchRecord(track=record.track, rejected=record.rejected)
        for source, record in checkpoint.matches.items()
        if record.override or record.rejected
    }
    mirrors = {key: msgspec.structs.replace(mirror, snapshot="") for key, mirror in checkpoint.mirrors.items()}
    forgotten = len(checkpoint.matches) - sum(bool(record.override) for record in kept.values())
    return msgspec.structs.replace(checkpoint, matches=kept, mirrors=mirrors), forgotten


def forget_unused(checkpoint: Checkpoint, now: datetime) -> Checkpoint:
    """Without the matches that no collection holds, if they were decided more than ``UNUSED_KEPT`` ago, and without
    the collections that have been gone from the source for as long: else the document would grow with every track and
    every playlist that was ever seen. A person's words stay. To be called when all is in step, for what is still being
    read is in no base yet. What a list holds twice counts once, so the second may be looked up again."""
    mirrors = {key: one for key, one in checkpoint.mirrors.items() if not _is_long_gone(one, now)}
    held: set[SourceId] = set()
    for mirror in mirrors.values():
        held.update(pair.source for part in mirror.parts for pair in part.base)
        held.update(pair.source for pair in mirror.left_out)
        held.update(mirror.waiting)
        reading = mirror.reading.entries if mirror.reading else ()
        held.update(SourceId(entry.track.id) for entry in reading if entry.track is not None)
    kept = {
        source: record
        for source, record in checkpoint.matches.items()
        if source in held or record.override or record.rejected or not _is_old(record, now)
    }
    if len(kept) == len(checkpoint.matches) and len(mirrors) == len(checkpoint.mirrors):
        return checkpoint
    return msgspec.structs.replace(checkpoint, matches=kept, mirrors=mirrors)


def _is_long_gone(mirror: Mirror, now: datetime) -> bool:
    """Whether nothing is left to know of a collection: should it come back, it is looked at afresh all the same."""
    gone = past(mirror.missing_since, now) if mirror.state is CollectionState.DETACHED else None
    return gone is not None and gone < now - UNUSED_KEPT


def _is_old(record: MatchRecord, now: datetime) -> bool:
    try:
        return bool(record.decided_at) and from_iso(record.decided_at) < now - UNUSED_KEPT
    except ValueError:
        return False  # nobody knows when


def forget_all(checkpoint: Checkpoint) -> Checkpoint:
    """An empty checkpoint, except for what the services must be spared: calls made lately, and when to call again."""
    return Checkpoint(ledgers=checkpoint.ledgers, not_before=checkpoint.not_before)


def _without_base(mirror: Mirror) -> Mirror:
    if mirror.state is CollectionState.DETACHED:
        return Mirror(id=mirror.id, kind=mirror.kind, name=mirror.name, restored=mirror.restored)
    parts = tuple(
        msgspec.structs.replace(part, base=(), in_flight=(), acknowledged=0, fingerprint="", count=-1, modified=0)
        for part in mirror.parts
    )
    return Mirror(
        id=mirror.id,
        kind=mirror.kind,
        name=mirror.name,
        parts=parts,
        creating=mirror.creating,
        restored=mirror.restored,
    )
