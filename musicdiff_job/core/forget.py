"""What ``reset`` forgets, as transitions of the checkpoint.

Forgetting never touches Deezer, and it never forgets which playlist mirrors which collection: a playlist that is no
longer known to be ours would be mirrored a second time. Only those of a detached mirror are forgotten: they are gone,
or nobody's any more, and what is left of them is adopted by its title. Without its base, a mirror takes everything
that is not in the source for somebody's own addition, and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.model import CollectionId
from musicdiff_job.core.summary import CollectionState


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
