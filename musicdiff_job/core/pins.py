"""What a plan rests on: pinning it when the plan is made, and saying what has moved when it is to be carried out. Pure.

Given equal pins, the job would plan the same again: they are all that it looks at. One thing may differ and yet not
have *moved*: what an earlier try to carry out the same plan has done. Nobody else has written then, and the collection
is either unfinished or in step as it was to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.match import Reason, Unmatched
from musicdiff_job.core.model import CollectionHead, CollectionId, PlaylistId, SourceId, TargetHead, TargetId
from musicdiff_job.core.override_file import Overrides
from musicdiff_job.core.plan import PLACEHOLDER, AnyChange, CreatePlaylist
from musicdiff_job.core.plan_file import CollectionPlan, MirrorPlan, Plan, UndoPlan, identity, target_of
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.schedule import changed_on_target, unfinished
from musicdiff_job.core.summary import CollectionState

Listing = Mapping[PlaylistId, TargetHead]


def memory_of(checkpoint: Checkpoint, collection: CollectionId, run: str = "") -> str:
    """A fingerprint of what the checkpoint remembers of a collection and the job's decisions depend on: what was
    agreed on, what is in flight, and a person's decisions; with ``run`` also what that run removed."""
    mirror = checkpoint.mirrors.get(collection)
    told: list[object] = [
        [one.id, one.decision] for one in checkpoint.conflicts.values() if one.collection == collection and one.decision
    ]
    if mirror is not None:
        parts = [(one.playlist, one.created, one.base, one.in_flight, one.title, one.header) for one in mirror.parts]
        known: list[object] = [
            parts,
            mirror.left_out,
            mirror.hand_added,
            mirror.restored,
            mirror.snapshot,
            mirror.creating,
        ]
        known += [mirror.flow] if mirror.flow is not None else []
        told += known if any(known) else []  # one that was only seen says no more than none
    if run:
        told += [one for one in checkpoint.images if (one.run, one.collection) == (run, collection)]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def shown_of(
    checkpoint: Checkpoint, later: Checkpoint, collection: CollectionId, listing: Listing
) -> dict[PlaylistId, TargetHead | None]:
    """How the target shows the playlists that stand for a collection, before planning and after."""
    mirrors = (known.mirrors.get(collection) for known in (checkpoint, later))
    bound = dict.fromkeys(part.playlist for mirror in mirrors if mirror is not None for part in mirror.parts)
    return {playlist: listing.get(playlist) for playlist in bound if not playlist.startswith(PLACEHOLDER)}


def created_of(later: Checkpoint, collection: CollectionId) -> tuple[PlaylistId, ...]:
    """The names of the playlists that planning has created for a collection, in its order."""
    mirror = later.mirrors.get(collection)
    parts = mirror.parts if mirror is not None else ()
    return tuple(part.playlist for part in parts if part.playlist.startswith(PLACEHOLDER))


def namesakes_of(
    checkpoint: Checkpoint,
    changes: Iterable[AnyChange],
    shown: Mapping[PlaylistId, TargetHead | None],
    collection: CollectionId,
    listing: Listing,
) -> dict[str, tuple[PlaylistId, ...]]:
    """The account's playlists of every title that is to be created or adopted for a collection."""
    mirror = checkpoint.mirrors.get(collection)
    bound = {part.playlist for part in mirror.parts} if mirror is not None else set()
    titles = [change.title for change in changes if isinstance(change, CreatePlaylist)]
    titles += [head.title for playlist, head in shown.items() if head is not None and playlist not in bound]
    return {title: _called(title, listing) for title in titles}


def _called(title: str, listing: Listing) -> tuple[PlaylistId, ...]:
    return tuple(
        sorted(head.id for head in listing.values() if head.is_called(title) and head.owned and not head.loved)
    )


def worked_since(checkpoint: Checkpoint, plan: Plan) -> str:
    """The last run that has written to the target since the plan was made, other than to carry it out; "" for none."""
    ids = [run.run_id for run in checkpoint.runs]
    since = checkpoint.runs[ids.index(plan.after) + 1 :] if plan.after in ids else checkpoint.runs
    return next((run.run_id for run in reversed(since) if run.writes and run.plan != identity(plan)), "")


def mirror_moves(
    one: MirrorPlan,
    plan: Plan,
    checkpoint: Checkpoint,
    heads: Mapping[CollectionId, CollectionHead],
    listing: Listing,
    policy: Policy,
) -> Iterator[str]:
    """What has moved of a collection since its plan was made, the source's side first."""
    head = heads.get(one.id)
    if head is None and one.snapshot is not None:
        yield "it is no longer on Spotify"
        return
    if head is not None:
        yield from _source_moves(one, head, policy)
    if memory_of(checkpoint, one.id) == one.memory:
        yield from target_moves(one, listing)
        yield from _namesake_moves(one, listing)
        return
    mirror = checkpoint.mirrors.get(one.id)
    if other := worked_since(checkpoint, plan):
        yield f"the run {other} has written to Deezer since"
    elif mirror is None or not (unfinished(mirror) or _ended_as_planned(one, mirror)):
        yield "what is remembered of it was changed by `resolve`, `match` or `reset`"
    elif not unfinished(mirror) and not is_done(one, checkpoint, listing):
        yield "it was edited on Deezer"


def is_done(one: MirrorPlan, checkpoint: Checkpoint, listing: Listing) -> bool:
    """Whether an earlier try to carry the plan out has brought this collection to its end, and it is still there."""
    mirror = checkpoint.mirrors.get(one.id)
    if mirror is None or unfinished(mirror) or memory_of(checkpoint, one.id) == one.memory:
        return False
    untouched = not any(changed_on_target(part, listing.get(part.playlist)) for part in mirror.parts)
    return _ended_as_planned(one, mirror) and untouched


def _ended_as_planned(one: MirrorPlan, mirror: Mirror) -> bool:
    if one.snapshot is None:
        return mirror.state is CollectionState.DETACHED
    return mirror.state is CollectionState.IN_SYNC and mirror.snapshot == one.snapshot


def _source_moves(one: MirrorPlan, head: CollectionHead, policy: Policy) -> Iterator[str]:
    if one.snapshot is None:
        yield "it is on Spotify again"
        return
    if head.name != one.name:
        yield f"it was renamed on Spotify, to {head.name!r}"
    elif head.snapshot != one.snapshot:
        yield "it was edited on Spotify"
    if (head.description, head.public) != (one.description, one.public):
        yield "its description or its privacy was changed on Spotify"
    if not policy.selects(head):
        yield "the settings no longer select it"
    elif policy.fingerprint(head) != one.rule:
        yield "the settings that shape it have changed"


def target_moves(one: CollectionPlan, listing: Listing) -> Iterator[str]:
    """What has moved of a collection's playlists on the target."""
    for playlist, then in one.shown.items():
        now = listing.get(playlist)
        if then is None or now is None:
            if then is not now:
                title = then.title if then is not None else listing[playlist].title
                yield f"its playlist {title!r} is {'gone from' if now is None else 'again on'} Deezer"
        elif now.title != then.title:
            yield f"its playlist {then.title!r} was renamed on Deezer, to {now.title!r}"
        elif None not in (now.public, then.public) and now.public != then.public:
            yield f"its playlist {then.title!r} was made {'public' if now.public else 'private'} on Deezer"
        elif _was_edited(then, now):
            yield f"its playlist {then.title!r} was edited on Deezer"


def _was_edited(then: TargetHead, now: TargetHead) -> bool:
    """Whether two listings show different entries; what one of them does not know says nothing."""
    return (
        then.count != now.count
        or bool(then.fingerprint and now.fingerprint and then.fingerprint != now.fingerprint)
        or bool(then.modified and now.modified and then.modified != now.modified)
    )


def _namesake_moves(one: MirrorPlan, listing: Listing) -> Iterator[str]:
    for title, then in one.namesakes.items():
        now = _called(title, listing)
        if set(now) - set(then):
            yield f"a playlist called {title!r} has appeared on Deezer"
        elif set(then) - set(now) - one.shown.keys():
            yield f"a playlist called {title!r} is gone from Deezer"


def undo_moves(one: CollectionPlan, plan: UndoPlan, checkpoint: Checkpoint, listing: Listing) -> Iterator[str]:
    """What has moved of a collection since its undo was planned."""
    if memory_of(checkpoint, one.id, plan.run) == one.memory:
        yield from target_moves(one, listing)
    elif other := worked_since(checkpoint, plan):
        yield f"the run {other} has written to Deezer since"


def match_moves(
    plan: MirrorPlan,
    records: Mapping[SourceId, MatchRecord],
    checkpoint: Checkpoint,
    overrides: Overrides,
) -> tuple[SourceId, ...]:
    """The source tracks of a collection whose counterpart is another one by now, or none, or open again."""
    return tuple(
        source
        for source, planned in plan.counterparts.items()
        if not _still_holds(source, planned, records.get(source), checkpoint.matches.get(source), overrides)
    )


def refused_since(found: MatchRecord | None, known: MatchRecord) -> bool:
    """Whether the target has refused the counterpart since the plan was made."""
    refused = isinstance(known.decision, Unmatched) and known.decision.reason is Reason.REFUSED
    return refused and (found is None or known.tries > found.tries)


def _still_holds(
    source: SourceId,
    planned: TargetId | None,
    found: MatchRecord | None,
    known: MatchRecord | None,
    overrides: Overrides,
) -> bool:
    """``found`` is what planning decided anew, ``known`` what the checkpoint says."""
    if source in overrides.tracks:
        return overrides.tracks[source] == planned
    if not overrides.is_obeyed(source, found or known):
        return False  # the file says something else by now
    if planned is not None and known is not None and planned in known.rejected:
        return False
    if known is None or known.decision is None:
        return found is not None
    if refused_since(found, known):
        return True  # an earlier try has found out; the others can be placed all the same
    # A track that had no counterpart may have got one by planning; a person's word that there is none stands.
    return target_of(known) == planned or (found is not None and target_of(known) is None and not known.override)
