"""What a person decides about a track's counterpart, as transitions of the checkpoint.

A person's word stands until ``clear_match`` takes it back: ``set_match`` names the counterpart (or says that there is
none), ``reject_match`` rules one candidate out and leaves the rest to the matcher. Every transition also makes the
collections that hold the track due, so that the next run acts on it.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import UsageError
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method, Reason, Unmatched
from musicdiff_job.core.model import SourceId, TargetId, Track

BY_COMMAND = "command"
"""``MatchRecord.override`` of a decision made with ``match set``."""


def set_match(checkpoint: Checkpoint, source: SourceId, target: TargetId | None, now: str) -> Checkpoint:
    """``target`` is the counterpart of ``source``; None says that it has none and shall not be looked for.

    The track need not be known yet: the decision waits for it. A target that was rejected before no longer is.
    """
    known = _record(checkpoint, source)
    decision = Match(target, Method.OVERRIDE, 1.0) if target is not None else Unmatched(Reason.REJECTED)
    record = MatchRecord(
        track=known.track,
        decision=decision,
        decided_at=now,
        rejected=tuple(kept for kept in known.rejected if kept != target),
        override=BY_COMMAND,
        matcher=MATCHER_VERSION,
    )
    return _decided(checkpoint, source, record)


def reject_match(checkpoint: Checkpoint, source: SourceId, target: TargetId | None) -> Checkpoint:
    """``target`` is not the counterpart of ``source`` and shall never be again; None means the present one.

    If it is the present one, or none was found, the track is decided anew; what a person has said of it otherwise
    stands. Raises ``UsageError`` when ``target`` is None and the track has no counterpart.
    """
    known = _record(checkpoint, source)
    present = TargetId(known.decision.target) if isinstance(known.decision, Match) else None
    refused = target if target is not None else present
    if refused is None:
        raise UsageError(
            f"{source} has no counterpart to reject",
            f"Name the Deezer track that is wrong: `musicdiff-job match reject {source} DEEZER`",
        )
    rejected = known.rejected if refused in known.rejected else (*known.rejected, refused)
    if present != refused and (present is not None or known.override):
        record = msgspec.structs.replace(known, rejected=rejected)
    else:
        record = MatchRecord(track=known.track, rejected=rejected)
    return _decided(checkpoint, source, record)


def clear_match(checkpoint: Checkpoint, source: SourceId) -> Checkpoint:
    """Forget what is known of the track's counterpart, a person's words included; it is matched from scratch.

    Raises ``UsageError`` when nothing is known.
    """
    if source not in checkpoint.matches:
        raise UsageError(f"nothing is known of {source}", "`musicdiff-job explain` finds tracks by title")
    return _decided(checkpoint, source, MatchRecord(track=_record(checkpoint, source).track))


def _record(checkpoint: Checkpoint, source: SourceId) -> MatchRecord:
    return checkpoint.matches.get(source) or MatchRecord(track=Track(id=source, title=""))


def _decided(checkpoint: Checkpoint, source: SourceId, record: MatchRecord) -> Checkpoint:
    return checkpoint.touch(frozenset({source}), by_person=True).with_matches({source: record})
