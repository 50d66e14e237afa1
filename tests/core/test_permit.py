"""What a plan lets through: what it says, and parts of that."""

from __future__ import annotations

import pytest
from sync_world import ids

from musicdiff_job.core.model import FAVOURITES, CollectionId, PlaylistId, TargetHead, TargetId
from musicdiff_job.core.permit import permits
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
from musicdiff_job.core.plan_file import CollectionPlan

OLD, MADE, LATER, NEW, NEWER = (PlaylistId(name) for name in ("7", "70", "71", "new-1", "new-2"))


def of(*changes: Change, created: tuple[PlaylistId, ...] = ()) -> CollectionPlan:
    shown = {OLD: TargetHead(OLD, "Gym", 3), FAVOURITES: None}
    return CollectionPlan(
        id=CollectionId("spotify:playlist:gym"), name="Gym", changes=changes, names={}, shown=shown, created=created,
        memory="",
    )  # fmt: skip


EXISTING = of(
    AddTracks(OLD, ids("ab")), AddTracks(OLD, ids("c")), RemoveTracks(OLD, ids("xy")), ReorderTracks(OLD, ids("cabz")),
    UpdatePlaylist(OLD, title="Fit", public=True), DeletePlaylist(OLD), LikeTrack(TargetId("l")),
    UnlikeTrack(TargetId("u")),
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        *EXISTING.changes,
        AddTracks(OLD, ids("bc")),
        RemoveTracks(OLD, ids("y")),
        ReorderTracks(OLD, ids("cbz")),
        UpdatePlaylist(OLD, title="Fit"),
        UpdatePlaylist(OLD, public=True),
    ],
    ids=str,
)
def test_what_is_planned_and_parts_of_it(change: Change) -> None:
    assert permits(EXISTING, (OLD, FAVOURITES), change)


@pytest.mark.parametrize(
    "change",
    [
        AddTracks(OLD, ids("ad")),
        AddTracks(OLD, ids("x")),
        AddTracks(MADE, ids("a")),
        RemoveTracks(OLD, ids("xa")),
        RemoveTracks(MADE, ids("x")),
        ReorderTracks(OLD, ids("acbz")),
        ReorderTracks(OLD, ids("cab")),
        ReorderTracks(OLD, ids("cabzq")),
        ReorderTracks(MADE, ids("cabz")),
        UpdatePlaylist(OLD, title="Gym"),
        UpdatePlaylist(OLD, public=False),
        UpdatePlaylist(OLD, description=""),
        UpdatePlaylist(MADE, title="Fit"),
        CreatePlaylist("Gym"),
        DeletePlaylist(MADE),
        LikeTrack(TargetId("u")),
        UnlikeTrack(TargetId("l")),
    ],
    ids=str,
)
def test_nothing_else(change: Change) -> None:
    assert not permits(EXISTING, (OLD,), change)


def test_an_order_that_is_not_planned_is_not_permitted_for_a_playlist_that_was_there() -> None:
    assert not permits(of(AddTracks(OLD, ids("ab"))), (OLD,), ReorderTracks(OLD, ids("ab")))


# Playlists that the plan creates

MAKING = of(
    CreatePlaylist("Gym (1/2)", "words"), CreatePlaylist("Gym (2/2)"), AddTracks(NEWER, ids("cd")),
    AddTracks(NEW, ids("ab")), ReorderTracks(NEWER, ids("dc")), UpdatePlaylist(NEW, title="Gym (1/3)"),
    created=(NEW, NEWER),
)  # fmt: skip


def test_playlists_are_created_in_their_order_and_once() -> None:
    first, second = MAKING.changes[:2]
    assert permits(MAKING, (OLD,), first)
    assert not permits(MAKING, (OLD,), second)
    assert permits(MAKING, (OLD, MADE), second)
    assert not permits(MAKING, (OLD, MADE), first)
    assert not permits(MAKING, (OLD, MADE, LATER), second)
    assert not permits(MAKING, (OLD,), CreatePlaylist("Gym (1/2)", "words", public=True))


@pytest.mark.parametrize(
    "change",
    [
        AddTracks(MADE, ids("a")),
        AddTracks(LATER, ids("cd")),
        ReorderTracks(LATER, ids("dc")),
        ReorderTracks(LATER, ids("c")),
        ReorderTracks(MADE, ids("ab")),
        UpdatePlaylist(MADE, title="Gym (1/3)"),
        UpdatePlaylist(MADE, description="words", public=False),
        UpdatePlaylist(LATER, description="", public=False),
    ],
    ids=str,
)
def test_what_was_created_is_what_the_plan_calls_new(change: Change) -> None:
    assert permits(MAKING, (OLD, FAVOURITES, MADE, LATER), change)


@pytest.mark.parametrize(
    "change",
    [
        AddTracks(MADE, ids("c")),
        AddTracks(NEW, ids("z")),
        ReorderTracks(LATER, ids("cd")),
        ReorderTracks(MADE, ids("ba")),
        UpdatePlaylist(MADE, description="other"),
        UpdatePlaylist(LATER, public=True),
        UpdatePlaylist(LATER, title="Gym (1/3)"),
    ],
    ids=str,
)
def test_what_was_created_gets_nothing_else(change: Change) -> None:
    assert not permits(MAKING, (OLD, MADE, LATER), change)
