"""Edits of the Spotify account: what each does to entries, order, snapshots and time stamps."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from musicdiff_job.sandbox.catalogue import Catalogue, SpotifyTrack
from musicdiff_job.sandbox.spotify_library import EPOCH, CatalogueTrack, Episode, Gone, LocalFile, base62_id
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world, synthetic_world

IDS = [base62_id("test track", number) for number in range(6)]
SMALL = Catalogue([SpotifyTrack(i, f"Song {n}", ("Band",), "Album", 200_000) for n, i in enumerate(IDS)], ())


@pytest.fixture
def account() -> SpotifyAccount:
    return SpotifyAccount(SMALL)


def ids_of(account: SpotifyAccount, playlist_id: str) -> list[str]:
    playlist = account.playlist(playlist_id)
    assert playlist is not None
    return [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]


def snapshot(account: SpotifyAccount, playlist_id: str) -> str:
    playlist = account.playlist(playlist_id)
    assert playlist is not None
    return playlist.snapshot


def test_entries_are_inserted_moved_and_removed_by_position(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine", IDS[:3])
    account.add_track(mine, IDS[3])
    account.add_track(mine, IDS[4], position=0)
    assert ids_of(account, mine) == [IDS[4], *IDS[:4]]
    account.move(mine, 0, 4)
    assert ids_of(account, mine) == [*IDS[:4], IDS[4]]
    account.move(mine, 3, 0)
    assert ids_of(account, mine) == [IDS[3], *IDS[:3], IDS[4]]
    account.remove_at(mine, 1)
    assert ids_of(account, mine) == [IDS[3], IDS[1], IDS[2], IDS[4]]


def test_a_copy_is_equal_and_lives_its_own_life(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine", IDS[:3])
    account.like(IDS[0])
    twin = account.copy()
    assert (twin.playlists(), twin.liked(), twin.user_id) == (account.playlists(), account.liked(), account.user_id)
    twin.remove_at(mine, 0)
    twin.unlike(IDS[0])
    assert ids_of(account, mine) == IDS[:3]
    assert len(account.liked()) == 1
    account.remove_at(mine, 0)
    account.unlike(IDS[0])
    assert twin.playlists() == account.playlists()


def test_a_track_may_stand_twice(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine", [IDS[0], IDS[0]])
    account.add_track(mine, IDS[0])
    assert ids_of(account, mine) == [IDS[0]] * 3


def test_other_contents(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine", IDS[:2])
    account.add_local_file(mine, "A", "B", "C", 61, position=0)
    account.add_episode(mine, "One", "Show")
    account.null_track(mine, 1)
    account.add_track(mine, IDS[5], dated=False)
    playlist = account.named("Mine")
    kinds = [type(entry.content) for entry in playlist.entries]
    assert kinds == [LocalFile, Gone, CatalogueTrack, Episode, CatalogueTrack]
    assert playlist.entries[-1].added_at is None
    assert playlist.entries[1].added_at is not None


def test_every_edit_of_entries_changes_the_snapshot_of_that_playlist_only(account: SpotifyAccount) -> None:
    mine, other = account.add_playlist("Mine", IDS[:3]), account.add_playlist("Other", IDS[:3])
    untouched = snapshot(account, other)
    seen = [snapshot(account, mine)]
    account.add_track(mine, IDS[3])
    seen.append(snapshot(account, mine))
    account.remove_at(mine, 3)
    seen.append(snapshot(account, mine))
    account.move(mine, 0, 1)
    seen.append(snapshot(account, mine))
    account.null_track(mine, 0)
    seen.append(snapshot(account, mine))
    account.rename(mine, "Renamed")
    seen.append(snapshot(account, mine))
    account.set_description(mine, "new")
    seen.append(snapshot(account, mine))
    assert len(set(seen)) == len(seen)
    assert snapshot(account, other) == untouched


def test_header_edits_can_leave_the_snapshot() -> None:
    account = SpotifyAccount(SMALL, header_edits_change_snapshot=False)
    mine = account.add_playlist("Mine", IDS[:1])
    before = snapshot(account, mine)
    account.rename(mine, "Other name")
    account.set_public(mine, True)
    assert (snapshot(account, mine), account.named("Other name").public) == (before, True)
    account.hide_total(mine)
    assert (snapshot(account, mine), account.named("Other name").total_hidden) == (before, True)


def test_liked_songs_are_newest_first(account: SpotifyAccount) -> None:
    for track in IDS[:3]:
        account.like(track)
    account.like(IDS[0])
    assert [liked.track_id for liked in account.liked()] == [IDS[0], IDS[2], IDS[1]]
    stamps = [liked.added_at for liked in account.liked()]
    assert stamps == sorted(stamps, reverse=True)
    account.unlike(IDS[2])
    assert [liked.track_id for liked in account.liked()] == [IDS[0], IDS[1]]


def test_who_may_read(account: SpotifyAccount) -> None:
    own = account.add_playlist("Own")
    foreign = account.follow_foreign_playlist("Foreign", IDS[:1], collaborative=True)
    invited = account.follow_foreign_playlist("Invited", IDS[:1], contributes=True)
    readable = {playlist.id for playlist in account.playlists() if account.readable(playlist)}
    assert readable == {own, invited}
    account.delete_playlist(foreign)
    assert account.playlist(foreign) is None


def test_unknown_things_are_refused(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine", IDS[:1])
    with pytest.raises(KeyError):
        account.add_track(mine, "nothing")
    with pytest.raises(KeyError):
        account.add_track("nowhere", IDS[0])
    with pytest.raises(IndexError):
        account.remove_at(mine, 5)
    with pytest.raises(KeyError):
        account.named("Nobody's")
    assert ids_of(account, mine) == IDS[:1]


def test_the_same_edits_give_equal_accounts() -> None:
    first, second = demo_world(7), demo_world(7)
    assert first.playlists() == second.playlists()
    assert first.liked() == second.liked()
    assert demo_world(8).playlists() != first.playlists()


def test_the_demo_world_has_what_makes_life_hard() -> None:
    account = demo_world(playlists=5, liked=30)
    kinds = {type(entry.content) for playlist in account.playlists() for entry in playlist.entries}
    assert kinds == {CatalogueTrack, LocalFile, Episode, Gone}
    owners = {playlist.owner_id for playlist in account.playlists()}
    assert owners == {"listener", "another-listener", "spotify"}
    assert any(playlist.collaborative for playlist in account.playlists())
    assert account.named("Empty for now").entries == ()
    assert len(account.playlists()) == 5 + 4
    assert len(account.liked()) == 30


@pytest.mark.parametrize("whole_albums", [False, True])
def test_the_synthetic_world_has_the_size_asked_for(whole_albums: bool) -> None:
    account = synthetic_world(8, 40, 25, seed=3, whole_albums=whole_albums)
    assert [len(playlist.entries) for playlist in account.playlists()] == [40] * 8
    assert len(account.liked()) == 25
    every = [ids_of(account, playlist.id) for playlist in account.playlists()]
    assert all(len(set(ids)) == 40 for ids in every)
    albums = {tuple(entry.tracks[:2]) for entry in account.catalogue.playlists if entry.kind == "album"}
    assert ((every[0][0], every[0][1]) in albums) is whole_albums


def test_edits_from_several_threads_are_all_kept(account: SpotifyAccount) -> None:
    mine = account.add_playlist("Mine")

    def add(track: str) -> None:
        for _ in range(50):
            account.add_track(mine, track)

    threads = [threading.Thread(target=add, args=(track,)) for track in IDS[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids_of(account, mine)) == sorted(IDS[:4] * 50)


def test_the_last_fifty_plays_are_remembered_newest_first_by_when_they_ended(account: SpotifyAccount) -> None:
    for minute in (5, 1, 3, *range(10, 58)):
        account.play(IDS[minute % 6], EPOCH + timedelta(minutes=minute))
    at = [played.played_at for played in account.played()]
    assert len(at) == 50 and at == sorted(at, reverse=True)
    assert at[-2:] == ["2026-11-01T00:05:00.000Z", "2026-11-01T00:03:00.000Z"]
    copy = account.copy()
    copy.play(IDS[0], EPOCH + timedelta(hours=2), "spotify:album:x")
    assert copy.played()[0].context == "spotify:album:x"
    assert [played.played_at for played in account.played()] == at
    with pytest.raises(KeyError):
        account.play("unknown", EPOCH)
