"""What a reviewed plan lets through. Pure.

The job works a collection out anew when it carries a plan out, in smaller steps perhaps: a batch that was refused is
halved, a playlist is found that was created by a run that died. So a change is permitted when it is planned or a part
of what is planned, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Sequence

from musicdiff_job.core.model import FAVOURITE_LISTS, PlaylistId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    AnyChange,
    CreatePlaylist,
    DeletePlaylist,
    EditSource,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.plan_file import CollectionPlan


def permits(plan: CollectionPlan, bound: Sequence[PlaylistId], change: AnyChange) -> bool:
    """Whether the plan of a collection lets a change through. ``bound`` are the playlists that stand for the
    collection now, in their order; those that the plan did not know are the ones that it creates."""
    made = [playlist for playlist in bound if playlist not in plan.shown and playlist not in FAVOURITE_LISTS]
    name = dict(zip(made, plan.created, strict=False))
    creates = [one for one in plan.changes if isinstance(one, CreatePlaylist)]
    match change:
        case CreatePlaylist():
            return len(made) < len(creates) and change == creates[len(made)]
        case AddTracks(playlist, tracks):
            return set(tracks) <= set(_planned(plan, name.get(playlist, playlist), AddTracks))
        case RemoveTracks(playlist, tracks):
            return set(tracks) <= set(_planned(plan, name.get(playlist, playlist), RemoveTracks))
        case ReorderTracks(playlist, tracks):
            return _is_planned_order(plan, name.get(playlist, playlist), tracks)
        case UpdatePlaylist(playlist=playlist):
            named = name.get(playlist, playlist)
            planned = [one for one in plan.changes if isinstance(one, UpdatePlaylist) and one.playlist == named]
            made_as = creates[plan.created.index(named)] if named in plan.created else None
            return _is_part_of(change, made_as, planned)
        case DeletePlaylist() | LikeTrack() | UnlikeTrack():
            return change in plan.changes
        case EditSource():
            return False  # no target makes it


def _planned(
    plan: CollectionPlan, playlist: PlaylistId, kind: type[AddTracks] | type[RemoveTracks]
) -> tuple[TargetId, ...]:
    planned = (one for one in plan.changes if isinstance(one, kind) and one.playlist == playlist)
    return tuple(track for one in planned for track in one.tracks)


def _is_planned_order(plan: CollectionPlan, playlist: PlaylistId, tracks: Sequence[TargetId]) -> bool:
    """Whether this is the planned order, or that order without additions that the target has refused."""
    planned = [one.tracks for one in plan.changes if isinstance(one, ReorderTracks) and one.playlist == playlist]
    if playlist in plan.created:
        planned.insert(0, _planned(plan, playlist, AddTracks))
    if not planned:
        return False
    there = set(tracks)
    kept = tuple(track for track in planned[-1] if track in there)
    return tuple(tracks) == kept and set(planned[-1]) - there <= set(_planned(plan, playlist, AddTracks))


def _is_part_of(change: UpdatePlaylist, create: CreatePlaylist | None, updates: Sequence[UpdatePlaylist]) -> bool:
    """Whether this sets nothing but what a playlist is to be created or updated with: some ways of creating one take
    only a title, and the rest follows."""
    planned: list[CreatePlaylist | UpdatePlaylist] = [*([create] if create is not None else []), *updates]
    return (
        (change.title is None or change.title in [one.title for one in planned])
        and (change.description is None or change.description in [one.description for one in planned])
        and (change.public is None or change.public in [one.public for one in planned])
    )
