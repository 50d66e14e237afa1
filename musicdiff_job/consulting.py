"""What only a person may decide about a collection: when to ask, and carrying the answer out.

A question closes when it has been answered and carried out, or when its cause is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from musicdiff_job import asking
from musicdiff_job.core import decide
from musicdiff_job.core.checkpoint import Pair
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.diff import Difference
from musicdiff_job.core.model import CollectionHead, PlaylistId, TargetContents
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.session import Session


def hand_edits(session: Session, head: CollectionHead, kind: ConflictKind) -> HandEdits:
    """How hand edits of this kind are treated now: as set, unless the conflict about them has been decided."""
    edits = session.job.policy.edits_for(head)
    decision = asking.decision(session, head, kind)
    if edits is not HandEdits.ASK or decision is None:
        return edits
    return HandEdits.OVERWRITE if decision is Side.SPOTIFY else HandEdits.KEEP


def stops(
    session: Session,
    head: CollectionHead,
    work: Mapping[PlaylistId, Difference],
    contents: Mapping[PlaylistId, TargetContents],
) -> bool:
    """The guard: whether the plan would remove too much, and nobody has agreed to that many removals yet."""
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
        asking.close(session, head, ConflictKind.MASS_REMOVAL)
        return False
    message = (
        f"{len(going)} of {entries} entries would be removed; take spotify to remove them, "
        "deezer to keep them as if added by hand"
    )
    asking.ask(session, head, ConflictKind.MASS_REMOVAL, message, len(going))
    # A decision to remove is closed when the removals have been seen to be done.
    return asking.decision(session, head, ConflictKind.MASS_REMOVAL) is not Side.SPOTIFY


def spare(session: Session, head: CollectionHead, desired: Sequence[Pair]) -> None:
    """Carry out "take deezer" for a mass removal: what the source no longer wants is not ours any more, and stays."""
    if asking.decision(session, head, ConflictKind.MASS_REMOVAL) is not Side.DEEZER:
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
    asking.close(session, head, ConflictKind.MASS_REMOVAL)


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
            asking.ask(session, head, kind, message)


def ask_titles(session: Session, head: CollectionHead, titles: Mapping[str, bool]) -> None:
    """Open the question about titles that a person changed on the target, where the settings say to ask. ``titles`` are
    those that differ from the source's, and whether that is news; without news an open question stays open."""
    asks = session.job.policy.edits_for(head) is HandEdits.ASK
    decision = asking.decision(session, head, ConflictKind.RENAMED)
    if not asks or not titles or decision is Side.DEEZER:
        asking.close(session, head, ConflictKind.RENAMED)
    elif decision is None and any(titles.values()):
        shown = " and ".join(repr(title) for title in titles)
        message = f"its playlist was renamed to {shown} on Deezer; take spotify to undo it, deezer to keep it"
        asking.ask(session, head, ConflictKind.RENAMED, message)


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
        if not caused or asking.decision(session, head, kind) is not None:
            asking.close(session, head, kind)
