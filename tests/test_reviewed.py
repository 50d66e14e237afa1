"""A target that asks before every write."""

from __future__ import annotations

import pytest
from memory_stage import WatchedTarget
from memory_target import MemoryDeezer

from musicdiff_job.core.errors import StalePlan
from musicdiff_job.core.match import ByIsrc
from musicdiff_job.core.model import PlaylistId, TargetId
from musicdiff_job.core.plan import AddTracks, Change, RemoveTracks, Written
from musicdiff_job.reviewed import ClosedCatalogue, ReviewedTarget


def test_reads_go_through_and_writes_are_asked_for() -> None:
    deezer = MemoryDeezer()
    playlist = PlaylistId(str(deezer.create_by_hand("Gym", [1, 2])))
    deezer.like_by_hand(5)
    real = WatchedTarget(deezer)
    asked: list[Change] = []

    def ask(change: Change) -> None:
        asked.append(change)
        if isinstance(change, RemoveTracks):
            raise StalePlan("no")

    target = ReviewedTarget(real, ask)
    assert target.batch == real.batch
    assert (target.account(), target.credential()) == (real.account(), real.credential())
    assert (target.playlists(), target.header(playlist)) == (real.playlists(), real.header(playlist))
    assert (target.tracks(playlist), target.favourites()) == (real.tracks(playlist), real.favourites())
    add, remove = AddTracks(playlist, (TargetId("3"),)), RemoveTracks(playlist, (TargetId("1"),))
    assert target.apply(add) == Written()
    with pytest.raises(StalePlan):
        target.apply(remove)
    assert (asked, real.writes) == ([add, remove], [add])


def test_a_closed_catalogue_is_not_asked() -> None:
    with pytest.raises(StalePlan, match="looked up"):
        ClosedCatalogue().ask(ByIsrc("USAAA2600001"))
