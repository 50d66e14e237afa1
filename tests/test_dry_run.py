"""A dry run reads and plans as a real one does, and writes nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from memory_stage import MemoryStore, WatchedTarget
from memory_target import MemoryDeezer
from told_clock import BEGIN

from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.errors import CheckpointUnwritable, NotFound
from musicdiff_job.core.model import PlaylistId, TargetContents, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import Play, key
from musicdiff_job.dry_run import DryHistory, DryStore, DryTarget
from musicdiff_job.playback.folder import FolderHistory


def begin() -> tuple[MemoryDeezer, WatchedTarget, DryTarget, PlaylistId]:
    deezer = MemoryDeezer()
    playlist = deezer.create_by_hand("Gym", [1, 2, 3])
    deezer.like_by_hand(5)
    real = WatchedTarget(deezer)
    return deezer, real, DryTarget(real), PlaylistId(str(playlist))


def ids(contents: TargetContents) -> list[str]:
    return [track.id for track in contents.tracks]


def tracks(text: str) -> tuple[TargetId, ...]:
    return tuple(TargetId(one) for one in text)


def test_reads_go_through() -> None:
    _, real, dry, playlist = begin()
    assert dry.batch == real.batch
    assert (dry.account(), dry.credential()) == (real.account(), real.credential())
    assert (dry.playlists(), dry.header(playlist)) == (real.playlists(), real.header(playlist))
    assert (dry.tracks(playlist), dry.favourites()) == (real.tracks(playlist), real.favourites())
    with pytest.raises(NotFound):
        dry.tracks(PlaylistId("404"))


def test_changes_are_shown_and_never_written() -> None:
    _, real, dry, playlist = begin()
    changes: list[Change] = [
        AddTracks(playlist, tracks("45")),
        RemoveTracks(playlist, tracks("2")),
        ReorderTracks(playlist, tracks("5431")),
        LikeTrack(TargetId("6")),
        UnlikeTrack(TargetId("5")),
        UpdatePlaylist(playlist, title="New"),
        DeletePlaylist(playlist),
    ]
    assert [dry.apply(change) for change in changes] == [Written()] * len(changes)
    assert ids(dry.tracks(playlist)) == list("5431")
    assert ids(dry.favourites()) == ["6"]
    assert real.writes == []
    assert ids(real.tracks(playlist)) == list("123")


def test_a_playlist_that_would_be_created_can_be_filled_and_read() -> None:
    _, real, dry, _ = begin()
    first, second = dry.apply(CreatePlaylist("A")), dry.apply(CreatePlaylist("A"))
    assert isinstance(first, Created)
    assert isinstance(second, Created)
    assert first.complete
    assert first.playlist != second.playlist
    dry.apply(AddTracks(first.playlist, tracks("12")))
    assert ids(dry.tracks(first.playlist)) == list("12")
    assert ids(dry.tracks(second.playlist)) == []
    assert real.playlists() == dry.playlists()


def test_hidden_entries_stay_hidden() -> None:
    deezer, _, dry, playlist = begin()
    deezer.hide_by_hand(int(playlist), 2)
    dry.apply(AddTracks(playlist, tracks("9")))
    assert (ids(dry.tracks(playlist)), dry.tracks(playlist).hidden) == (["1", "3", "9"], 1)


def test_a_dry_store_reads_and_saves_nothing() -> None:
    paused = Checkpoint(paused=Pause("2026-11-21T12:00:00Z", "me"))
    real = MemoryStore(paused)

    def refuse(checkpoint: Checkpoint) -> None:
        raise CheckpointUnwritable("read-only")

    real.on_save = refuse
    dry = DryStore(real)
    assert dry.peek() == paused
    with dry.lease("run", datetime(2027, 1, 1, tzinfo=UTC)) as lease:
        lease.prove_writable()
        assert lease.load() == paused
        lease.save(Checkpoint())
        assert lease.load() == paused
    with DryStore(MemoryStore()).lease("run", BEGIN) as lease:
        assert lease.load() == Checkpoint()


def test_a_dry_history_reads_and_appends_nothing(tmp_path: Path) -> None:
    first, second = (Play(played_at=f"2026-11-2{day}T12:00:00.000Z", track="t") for day in (1, 2))
    real = FolderHistory(tmp_path)
    dry = DryHistory(real)
    assert dry.is_empty() and dry.place == real.place
    real.append([first])
    dry.append([second])
    assert not dry.is_empty()
    assert dry.holding([first, second]) == {key(first)}
    assert list(dry.read(Period())) == list(real.read(Period())) == [first]
