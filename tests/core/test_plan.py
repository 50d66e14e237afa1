"""Changes as values: they can be compared, stored and read back as what they were."""

from __future__ import annotations

import msgspec
import pytest

from musicdiff_job.core.model import PlaylistId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)

P, T = PlaylistId("7"), TargetId("1")

CHANGES: tuple[Change, ...] = (
    CreatePlaylist("Gym", "words", True),
    CreatePlaylist("Gym"),
    UpdatePlaylist(P, title="Gym"),
    UpdatePlaylist(P, description="", public=False),
    AddTracks(P, (T,)),
    RemoveTracks(P, (T,)),
    ReorderTracks(P, (T,)),
    DeletePlaylist(P),
    LikeTrack(T),
    UnlikeTrack(T),
)


@pytest.mark.parametrize("change", CHANGES, ids=repr)
def test_a_change_comes_back_as_it_was_stored(change: Change) -> None:
    assert msgspec.json.decode(msgspec.json.encode(change), type=Change) == change


def test_clearing_a_field_is_not_leaving_it() -> None:
    cleared = msgspec.json.decode(msgspec.json.encode(UpdatePlaylist(P, description="", public=False)), type=Change)
    assert isinstance(cleared, UpdatePlaylist)
    assert (cleared.title, cleared.description, cleared.public) == (None, "", False)


def test_changes_of_one_shape_are_told_apart() -> None:
    same = (AddTracks(P, (T,)), RemoveTracks(P, (T,)), ReorderTracks(P, (T,)))
    assert len({msgspec.json.encode(change) for change in same}) == 3
    assert len(set(CHANGES)) == len(CHANGES)


@pytest.mark.parametrize("receipt", [Created(P, complete=False), Written(), Refused("no", already=True)], ids=repr)
def test_a_receipt_comes_back_as_it_was(receipt: Receipt) -> None:
    assert msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt) == receipt
