"""How one collection's work ended: its tally, its memory, its line in the summary."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.errors import CheckpointUnwritable, JobError, LostLease
from musicdiff_job.core.model import CollectionHead, Entry, SourceId, TargetId, Track
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.session import Session


@dataclass(slots=True)
class Tally:
    """What was done to one collection in this run."""

    added: int = 0
    removed: int = 0
    reordered: bool = False
    updated: bool = False
    created: int = 0
    notes: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    """What is told by this run and not remembered."""
    done: list[Change] = field(default_factory=list)
    sources: tuple[SourceId, ...] = ()
    """The source's tracks, once they are read."""
    entries: tuple[Entry, ...] = ()
    """All that the source lists, likewise."""
    shown: dict[TargetId, Track] = field(default_factory=dict)
    """What the target's lists showed."""
    hidden: int = 0
    """How many entries the target's last list counted and did not show."""
    returned: int = 0
    """Tracks that were added to the source's list, or removed from it."""

    def count(self, change: Change) -> None:
        """One more change has been made."""
        self.done.append(change)
        match change:
            case AddTracks(tracks=tracks):
                self.added += len(tracks)
            case RemoveTracks(tracks=tracks):
                self.removed += len(tracks)
            case LikeTrack():
                self.added += 1
            case ReorderTracks():
                self.reordered = True
            case UpdatePlaylist():
                self.updated = True
            case UnlikeTrack():
                self.removed += 1
            case CreatePlaylist():
                self.created += 1
            case DeletePlaylist():
                pass

    def note(self, text: str) -> None:
        """Something that a person should know; told once."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.done) or self.returned > 0


def name_of(track: Track) -> str:
    """A track, an album or an artist as people name it; of many artists the first two."""
    return f"{', '.join(track.artists[:2])} - {track.title}" if track.artists else track.title


def ended(
    session: Session, head: CollectionHead, state: CollectionState, reason: str, tally: Tally
) -> CollectionResult:
    """A collection on which no work is possible, for a reason that stands in its memory."""
    known = session.mirror(head)
    failures = {CollectionState.FAILED: known.failures + 1, CollectionState.PENDING: known.failures}.get(state, 0)
    # The snapshot is remembered for what would end the same way next time, so that it is not asked again and again.
    settled = state not in (CollectionState.FAILED, CollectionState.PENDING)
    snapshot = head.snapshot if settled else known.snapshot
    session.put(
        msgspec.structs.replace(
            known,
            state=state,
            reason=reason,
            failures=failures,
            snapshot=snapshot,
            reading=None,
            verified_at=session.now_text() if state is CollectionState.SKIPPED else known.verified_at,
            rule=session.job.policy.fingerprint(head),
        )
    )
    return result_of(session.mirror(head), state, reason, tally)


def left_off(
    session: Session, head: CollectionHead, state: CollectionState, error: JobError, tally: Tally
) -> CollectionResult:
    """A collection that an error ended: what it got done stays in the checkpoint."""
    known = session.mirror(head)
    failures = known.failures + 1 if state is CollectionState.FAILED else known.failures
    session.put(msgspec.structs.replace(known, state=state, reason=error.message, failures=failures))
    if not isinstance(error, CheckpointUnwritable | LostLease):
        session.save()
    return result_of(session.mirror(head), state, error.message, tally)


def result_of(mirror: Mirror, state: CollectionState, reason: str, tally: Tally | None = None) -> CollectionResult:
    """A collection's line in the summary."""
    tally = tally or Tally()
    return CollectionResult(
        id=mirror.id,
        kind=mirror.kind,
        name=mirror.name,
        state=state,
        reason=reason,
        added=tally.added,
        removed=tally.removed,
        reordered=tally.reordered,
        entries=mirror.entries,
        matched=mirror.matched,
        unmatched=len(mirror.waiting),
        skipped=mirror.skipped,
        duplicates=mirror.duplicates,
        hand_added=len(mirror.hand_added),
        left_out=len(mirror.left_out),
        created=tally.created,
        notes=(*tally.news, *tally.notes) or mirror.notes,
    )
