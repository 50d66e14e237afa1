"""What a checkpoint must be beyond its types, so that no run stumbles over it halfway.

Theory. The checksum says that a document is as it was written, the types say that it has the right shape. Neither says
that it makes sense, and a document that was edited, its checksum made good, or written by a faulty version, need not.
Such a one is refused as a whole, like a damaged one: its times are read much later, as text, and what is bound twice
would be written by two collections in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.timestamps import from_iso


def flaw(checkpoint: Checkpoint) -> str:
    """What makes no sense, in words; "" when all does."""
    return next(_flaws(checkpoint), "")


def _flaws(checkpoint: Checkpoint) -> Iterator[str]:
    for text in _times(checkpoint):
        try:
            from_iso(text)
        except ValueError:
            yield f"{text[:40]!r} is not a time in UTC"
    names = [(str(key), str(mirror.id)) for key, mirror in checkpoint.mirrors.items()]
    names += [(key, conflict.id) for key, conflict in checkpoint.conflicts.items()]
    yield from (f"{inner[:80]!r} stands under the name {outer[:80]!r}" for outer, inner in names if outer != inner)
    parts = [part for mirror in checkpoint.mirrors.values() for part in mirror.parts]
    for playlist, times in Counter(part.playlist for part in parts).items():
        if times > 1:
            yield f"playlist {playlist[:40]!r} is the mirror of two collections, or of one twice"
    for part in parts:
        if not 0 <= part.acknowledged <= len(part.in_flight):
            yield f"of {len(part.in_flight)} changes in flight {part.acknowledged} are confirmed"
    for flow in (mirror.flow for mirror in checkpoint.mirrors.values() if mirror.flow is not None):
        if not 0 <= flow.acknowledged <= len(flow.sent):
            yield f"of {len(flow.sent)} edits sent to Spotify {flow.acknowledged} are confirmed"
    if checkpoint.failed_runs < 0:
        yield "less than no runs have failed"
    for service, ledger in checkpoint.ledgers.items():
        if any(calls < 0 for calls in ledger.values()):
            yield f"the ledger of {service[:40]!r} counts less than no calls"


def _times(checkpoint: Checkpoint) -> set[str]:
    """Every time that somebody will read as one. Many are equal: a set is a tenth of what there is."""
    found: set[str | None] = {checkpoint.last_success_at, checkpoint.look.at if checkpoint.look else None}
    for mirror in checkpoint.mirrors.values():
        found.update((mirror.synced_at, mirror.verified_at, mirror.seen_at, mirror.tried_at))
        found.update((mirror.retry_at, mirror.missing_since, mirror.checked_at))
        if mirror.flow is not None:
            found.update(one.retry_at for one in mirror.flow.stay)
    found.update(record.retry_at for record in checkpoint.matches.values())
    for closed in checkpoint.not_before.values():
        found.update((closed.until, closed.since))
    found.update(image.taken_at for image in checkpoint.images)
    for run in checkpoint.runs:
        found.update((run.started_at, run.finished_at))
    return {text for text in found if text is not None}
