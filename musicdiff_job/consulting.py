"""What only a person may decide about a collection: opening the question, and carrying the answer out.

A question has a stable id, so it is told once; it closes when it has been answered and carried out, or when its cause
is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from musicdiff_job.binding import conflict_id, question
from musicdiff_job.core import decide
from musicdiff_job.core.checkpoint import ConflictKind, Pair, Side
from musicdiff_job.core.diff import Difference
from musicdiff_job.core.model import CollectionHead, PlaylistId, TargetContents
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.session import Session


def hand_edits(session: Session, head: CollectionHead, kind: ConflictKind) -> HandEdits:
    """How hand edits of this kind are treated now: as set, unless the conflict about them has been decided."""
    edits = session.job.policy.edits_for(head)
    conflict = session.checkpoint.conflicts.get(conflict_id(head, kind))
    if edits is not HandEdits.ASK or conflict is None or conflict.decision is None:
        return edits
    return HandEdits.OVERWRITE if conflict.decision is Side.SPOTIFY else HandEdits.KEEP


def stops(
    session: Session,
    head: CollectionHead,
    work: Mapping[PlaylistId, Difference],
    contents: Mapping[PlaylistId, TargetContents],
) -> bool:
    """The guard: whether the plan would remove too much, and nobody has agreed to it yet."""
    key = conflict_id(head, ConflictKind.MASS_REMOVAL)
    known = session.checkpoint.conflicts.get(key)
    placed = {pair.target for part in session.mirror(head).parts for pair in part.base}
    entries = max(len(placed), sum(len(seen.tracks) for seen in contents.values()))
    # What only moves to another part of the same collection stays.
    stays = {pair.target for one in work.values() for pair in one.base}
    going = {track for one in work.values() for track in one.remove} - stays
    share = session.job.policy.max_removals
    if decide.is_mass_removal(len(going & placed), len(placed), share):
        # Many entries of others must not hide that most of ours would go.
        going, entries = going & placed, len(placed)
    elif not decide.is_mass_removal(len(going), entries, share):
        session.checkpoint = session.checkpoint.without_conflict(key)
        return False
    if known is not None and known.decision is Side.SPOTIFY:
        return False  # the conflict is closed when the removals have been seen to be done
    _open(
        session,
        head,
        ConflictKind.MASS_REMOVAL,
        f"{len(going)} of {entries} entries would be removed; take spotify to remove them, "
        "deezer to keep them as if added by hand",
    )
    return True


def spare(session: Session, head: CollectionHead, desired: Sequence[Pair]) -> None:
    """Carry out "take deezer" for a mass removal: what the source no longer wants is not ours any more."""
    key = conflict_id(head, ConflictKind.MASS_REMOVAL)
    known = session.checkpoint.conflicts.get(key)
    if known is None or known.decision is not Side.DEEZER:
        return
    wanted = {pair.target for pair in desired}
    mirror = session.mirror(head)
    parts = tuple(
        msgspec.structs.replace(part, base=tuple(pair for pair in part.base if pair.target in wanted))
        for part in mirror.parts
    )
    spared = [pair.target for part in mirror.parts for pair in part.base if pair.target not in wanted]
    # Else the settings for what was added by hand would have them removed, or asked about, all the same.
    restored = () if session.job.policy.edits_for(head) is HandEdits.KEEP else spared
    session.put(msgspec.structs.replace(mirror, parts=parts, restored=(*mirror.restored, *restored)))
    session.checkpoint = session.checkpoint.without_conflict(key)


def ask(session: Session, head: CollectionHead, work: Mapping[PlaylistId, Difference]) -> None:
    """Open the questions about edits made by hand, where the settings say to ask."""
    for kind, count, what in (
        (ConflictKind.HAND_REMOVED, sum(len(one.ask_removed) for one in work.values()), "removed from"),
        (ConflictKind.HAND_ADDED, sum(len(one.ask_added) for one in work.values()), "added to"),
    ):
        if count:
            entries = "entry was" if count == 1 else "entries were"
            message = (
                f"{count} {entries} {what} the Deezer playlist by hand; take spotify to undo it, deezer to keep it"
            )
            _open(session, head, kind, message)


def close(session: Session, head: CollectionHead, work: Mapping[PlaylistId, Difference]) -> None:
    """With the collection in step: close what was decided, and what has lost its cause."""
    asks = session.job.policy.edits_for(head) is HandEdits.ASK
    restored = session.mirror(head).restored
    stands = {
        ConflictKind.MASS_REMOVAL: True,
        ConflictKind.HAND_REMOVED: asks and any(one.left_out for one in work.values()),
        ConflictKind.HAND_ADDED: asks and any(set(one.hand_added).difference(restored) for one in work.values()),
    }
    for kind, caused in stands.items():
        conflict = session.checkpoint.conflicts.get(conflict_id(head, kind))
        if conflict is not None and (conflict.decision is not None or not caused):
            session.checkpoint = session.checkpoint.without_conflict(conflict.id)


def _open(session: Session, head: CollectionHead, kind: ConflictKind, message: str) -> None:
    session.checkpoint = session.checkpoint.with_conflict(question(session, head, kind, message))
