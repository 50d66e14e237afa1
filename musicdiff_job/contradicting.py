"""Where hand edits flow back: what the source dropped and a person moved on the target, which contradict each other.

Such an entry stays on the target, as one that is still agreed on, until a person has decided. The question itself is
asked when all hand edits are known (``flowing_back``).
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from musicdiff_job import asking
from musicdiff_job.core.checkpoint import Part
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.diff import Difference
from musicdiff_job.core.flow_back import moved
from musicdiff_job.core.model import CollectionHead, TargetContents, TargetId
from musicdiff_job.session import Session


def moved_by_hand(part: Part, contents: TargetContents) -> frozenset[TargetId]:
    """The entries of the base that a person has moved; none while changes are in flight, which may be what moved
    them."""
    if part.in_flight:
        return frozenset()
    return moved([pair.target for pair in part.base], [TargetId(track.id) for track in contents.tracks])


def spare(
    session: Session, head: CollectionHead, difference: Difference, part: Part, moved: Collection[TargetId]
) -> Difference:
    """The difference without the removals that contradict a move on the target, unless a person has decided for the
    source. After a decision for the target they are that person's own additions."""
    mirror = session.mirror(head)
    if not session.job.policy.flows_back(head) or len(mirror.parts) != 1:
        return difference
    flow = mirror.flow
    asked = frozenset(flow.disputed if flow is not None else ())
    decision = asking.decision(session, head, ConflictKind.CONTRADICTION)
    spared = [track for track in difference.remove if track in asked or track in moved]
    if decision is Side.SPOTIFY:
        spared = [track for track in spared if track not in asked]
    theirs = {track for track in spared if decision is Side.DEEZER and track in asked}
    ours = tuple(pair for pair in part.base if pair.target in spared and pair.target not in theirs)
    mirrored = len(difference.order) - len(difference.hand_added)
    return msgspec.structs.replace(
        difference,
        remove=tuple(track for track in difference.remove if track not in spared),
        base=(*difference.base, *ours),
        hand_added=(*difference.hand_added, *(track for track in spared if track in theirs)),
        order=(
            *difference.order[:mirrored],
            *(pair.target for pair in ours),
            *difference.order[mirrored:],
            *(track for track in spared if track in theirs),
        ),
    )
