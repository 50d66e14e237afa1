"""An export as the source: from the files to Deezer, to the fixed point, and over to the next export."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from export_files import Files, account_data, exportify_app, exportify_net, write_folder, write_zip
from rig import Rig, Watcher, open_rig

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import (
    LIKED,
    CollectionHead,
    CollectionId,
    Kind,
    Page,
    SkipReason,
    TargetId,
    Unreadable,
)
from musicdiff_job.core.plan import AddTracks, CreatePlaylist, LikeTrack, RemoveTracks, ReorderTracks
from musicdiff_job.export.source import ExportSource
from musicdiff_job.sandbox.spotify_albums import albums_of, artist_id
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world, synthetic_world

BOTH = frozenset({Kind.PLAYLIST, Kind.LIKED})


def exported(folder: Path, path: Path, **settings: Any) -> AbstractContextManager[Rig]:
    """A rig that is fed from an export, without credentials for Spotify."""
    return open_rig(
        folder,
        **settings,
        SPOTIFY_CLIENT_ID="",
        SPOTIFY_REFRESH_TOKEN="",
        MUSICDIFF_SOURCE_KIND="export",
        MUSICDIFF_SOURCE_PATH=str(path),
    )


@pytest.fixture(scope="module")
def world() -> SpotifyAccount:
    return demo_world(playlists=2, liked=12)


def playlist(name: str, *dates: str) -> str:
    items = [
        f'{{"track": {{"trackName": "{date}", "artistName": "A", "albumName": "", "trackUri": "spotify:track:{n}"}}, '
        f'"addedDate": "{date}"}}'
        for n, date in enumerate(dates)
    ]
    return f'{{"name": "{name}", "items": [{", ".join(items)}]}}'


def source(folder: Path, *playlists: str, **files: bytes) -> ExportSource:
    text = f'{{"playlists": [{", ".join(playlists)}]}}'
    return ExportSource(write_folder(folder, {"Playlist1.json": text.encode(), **files}))


def heads(source: ExportSource) -> dict[CollectionId, CollectionHead]:
    return {head.id: head for head in source.library(BOTH).heads}


# What it says


def test_heads_and_pages(world: SpotifyAccount, tmp_path: Path) -> None:
    found = ExportSource(write_zip(tmp_path / "x.zip", account_data(world), "Spotify Account Data/"))
    library = found.library(BOTH)
    assert library.complete
    liked, *playlists = library.heads
    own = [one for one in world.playlists() if one.owner_id == world.user_id]
    assert (liked.id, liked.kind, liked.total) == (LIKED, Kind.LIKED, 12)
    assert [(head.name, head.description, head.total, head.collaborative) for head in playlists] == [
        (one.name, one.description, len(one.entries), one.collaborative) for one in own
    ]
    page = found.page(playlists[0], 0)
    assert isinstance(page, Page)
    assert (page.total, page.more, len(page.entries)) == (len(own[0].entries), False, len(own[0].entries))
    assert [entry.skipped for entry in page.entries if entry.skipped] == [
        SkipReason.LOCAL, SkipReason.EPISODE, SkipReason.REMOVED,
    ]  # fmt: skip
    assert found.unchanged(playlists[0])
    assert {head.kind for head in found.library(frozenset({Kind.LIKED})).heads} == {Kind.LIKED}


def test_a_page_may_begin_anywhere(tmp_path: Path) -> None:
    found = source(tmp_path, playlist("Gym", "2020-01-01", "2020-01-02"))
    _, head = heads(found).values()
    page = found.page(head, 1)
    assert isinstance(page, Page)
    assert (page.offset, page.total, [entry.added_at for entry in page.entries]) == (1, 2, ["2020-01-02"])


def test_liked_songs_that_the_export_does_not_hold_are_unreadable_and_not_empty(tmp_path: Path) -> None:
    found = source(tmp_path, playlist("Gym"))
    head = heads(found)[LIKED]
    assert head.total is None
    assert found.page(head, 0) == Unreadable("the export says nothing about it", expected=True)


def test_without_playlist_files_playlists_are_not_gone(world: SpotifyAccount, tmp_path: Path) -> None:
    files = account_data(world)
    found = ExportSource(write_folder(tmp_path, {"YourLibrary.json": files["YourLibrary.json"]}))
    with pytest.raises(ConfigError, match="holds no playlists"):
        found.library(BOTH)
    assert [head.id for head in found.library(frozenset({Kind.LIKED})).heads] == [LIKED]


def test_ids_come_from_names_and_namesakes_are_told_apart_by_their_age(tmp_path: Path) -> None:
    old, new = playlist("Mix", "2019-01-01", "2026-01-01"), playlist("Mix", "2024-01-01")
    undated = playlist("Mix")
    found = [
        {head.snapshot: head.id for head in source(tmp_path / str(n), *lists).library(frozenset({Kind.PLAYLIST})).heads}
        for n, lists in enumerate([(old, new, undated), (new, playlist("Other"), undated, old)])
    ]
    assert len(found[0]) == 3
    assert found[1].items() >= found[0].items()


def test_a_snapshot_changes_with_the_entries_and_with_nothing_else(tmp_path: Path) -> None:
    dates = ("2020-01-01", "2020-01-02")
    lists = [playlist("Mix", *dates), playlist("Mix", *dates).replace("2020-01-01", "2020-05-05"), playlist("Mix")]
    first, dated, other = (
        source(tmp_path / str(n), one).library(frozenset({Kind.PLAYLIST})).heads[0] for n, one in enumerate(lists)
    )
    assert first == dated
    assert first.id == other.id
    assert first.snapshot != other.snapshot


def test_the_account_is_the_owner_where_the_export_tells_one(world: SpotifyAccount, tmp_path: Path) -> None:
    files = account_data(world)
    one = ExportSource(write_zip(tmp_path / "my_spotify_data.zip", files))
    two = ExportSource(write_zip(tmp_path / "my_spotify_data (1).zip", files))
    assert one.account() == two.account() == f"export:{world.user_id}"
    assert one.credential() == two.credential()
    other = ExportSource(write_folder(tmp_path / "other", {**files, "Userdata.json": b'{"username": "other"}'}))
    assert other.credential() != one.credential()


def test_without_an_owner_the_account_is_the_place(world: SpotifyAccount, tmp_path: Path) -> None:
    here, there = (ExportSource(write_folder(tmp_path / name, exportify_net(world))) for name in ("here", "there"))
    assert here.account() == f"export:{tmp_path / 'here'}"
    assert here.credential() != there.credential()
    assert here.credential() == ExportSource(tmp_path / "here").credential()


# Runs


def old_account_data(world: SpotifyAccount) -> Files:
    return account_data(world, old=True)


def wrong(rig: Rig) -> list[str]:
    """The matches that are of another recording than the known one. Tracks with ids of their own are not known."""
    rows, truth = rig.sandbox.catalogue.deezer_by_id, rig.sandbox.catalogue.spotify
    found = []
    for source, record in rig.checkpoint().matches.items():
        if isinstance(record.decision, Match) and source in truth and truth[source].deezer_id in rows:
            taken, right = rows[int(record.decision.target)], rows[truth[source].deezer_id]
            if taken.id != right.id and (taken.isrc or taken.title) != (right.isrc or right.title):
                found.append(f"{truth[source].name}: {taken.title} instead of {right.title}")
    return found


@pytest.mark.parametrize(
    ("write", "share"),
    [(account_data, 0.9), (old_account_data, 0.9), (exportify_app, 0.95), (exportify_net, 0.9)],
)
def test_an_export_is_mirrored_to_the_fixed_point_without_spotify(
    world: SpotifyAccount, tmp_path: Path, write: Callable[[SpotifyAccount], Files], share: float
) -> None:
    path = write_zip(tmp_path / "export.zip", write(world))
    with exported(tmp_path, path) as rig:
        first = rig.run()
        assert (first.outcome, first.errors, first.api_calls["spotify"]) == ("changed", (), 0)
        assert first.totals.matched >= share * (first.totals.matched + first.totals.unmatched)
        assert len(wrong(rig)) <= (1 - share) * first.totals.matched, wrong(rig)
        before, watcher = rig.sandbox.deezer.state(), Watcher()
        again = rig.run(watcher=watcher)
        assert (again.outcome, again.errors, watcher.changes) == ("in_sync", (), [])
        assert again.api_calls == {"spotify": 0, "deezer": 1, "auth": 1}
        assert rig.sandbox.deezer.state() == before


def test_an_updated_export_changes_only_what_changed(world: SpotifyAccount, tmp_path: Path) -> None:
    account = world.copy()
    first, second = account.playlists()[:2]
    path = write_zip(tmp_path / "my_spotify_data.zip", account_data(account), "Spotify Account Data/")
    with exported(tmp_path, path) as rig:
        rig.run()
        before = rig.playlists()
        new = next(track for track in before[second.name] if track not in before[first.name])
        mirrors = rig.checkpoint().mirrors.values()
        placed = {pair.target: pair.source for one in mirrors for part in one.parts for pair in part.base}
        account.add_track(first.id, placed[TargetId(str(new))])
        account.add_playlist("Brand new", [entry.track_id for entry in account.liked()[:3]])
        account.unlike(account.liked()[0].track_id)
        # A new download has a new name.
        newer = write_zip(tmp_path / "my_spotify_data (1).zip", account_data(account), "Spotify Account Data/")
        watcher = Watcher()
        done = rig.run(env={"MUSICDIFF_SOURCE_PATH": str(newer)}, watcher=watcher)
        assert (done.outcome, done.errors) == ("changed", ())
        changed = {result.name for result in watcher.results}
        assert changed == {first.name, "Brand new", "Liked Songs"}
        after = rig.playlists()
        assert after[first.name] == [*before[first.name], new]
        assert {name for name in before if after[name] != before[name]} == {first.name}
        assert not any(isinstance(change, ReorderTracks | LikeTrack | RemoveTracks) for change in watcher.changes)
        assert sum(isinstance(change, CreatePlaylist) for change in watcher.changes) == 1
        assert sum(len(change.tracks) for change in watcher.changes if isinstance(change, AddTracks)) <= 4
        assert rig.run(env={"MUSICDIFF_SOURCE_PATH": str(newer)}).outcome == "in_sync"


def test_a_spoilt_export_leaves_everything_as_it_is(world: SpotifyAccount, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", account_data(world))
    with exported(tmp_path, path) as rig:
        rig.run()
        before = rig.sandbox.deezer.state()
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        spoilt = rig.run()
        assert (spoilt.outcome, spoilt.exit_code) == ("config", 78)
        assert "export.zip: cannot be read" in spoilt.errors[0].message
        assert "Download it again" in spoilt.errors[0].hint
        files = account_data(world)
        del files["YourLibrary.json"]
        write_zip(path, files)
        assert rig.run().outcome == "in_sync"
        assert rig.sandbox.deezer.state() == before
        path.write_bytes(whole)
        assert rig.run().outcome == "in_sync"
        assert rig.sandbox.deezer.state() == before


def test_a_playlist_that_is_gone_is_kept_at_first(world: SpotifyAccount, tmp_path: Path) -> None:
    account = world.copy()
    folder = write_folder(tmp_path / "export", account_data(account))
    with exported(tmp_path, folder) as rig:
        rig.run()
        gone = account.playlists()[0]
        account.delete_playlist(gone.id)
        shutil.rmtree(folder)
        write_folder(folder, account_data(account))
        done = rig.run()
        assert done.outcome == "in_sync"
        assert next(one for one in done.collections if one.name == gone.name).state == "skipped"
        assert gone.name in rig.playlists()


def test_the_export_of_another_account_is_refused(world: SpotifyAccount, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export", account_data(world))
    with exported(tmp_path, folder) as rig:
        rig.run()
        (folder / "Userdata.json").write_text('{"username": "somebody"}')
        refused = rig.run()
        assert (refused.outcome, refused.exit_code) == ("auth", 77)
        assert "export:somebody" in refused.errors[0].message


# Albums and artists


def test_saved_albums_and_followed_artists_of_an_export_become_favourites(tmp_path: Path) -> None:
    world = synthetic_world(0, 0, 0, albums=3)
    known = [albums_of(world.catalogue)[saved.album_id] for saved in world.albums()]
    library = {
        "tracks": [],
        "albums": [{"artist": one.artist, "album": one.name, "uri": f"spotify:album:{one.id}"} for one in known[:-1]]
        + [{"artist": known[-1].artist, "album": known[-1].name}],
        "artists": [{"name": known[0].artist, "uri": f"spotify:artist:{artist_id(known[0].artist)}"}],
    }
    path = write_folder(tmp_path / "export", {"YourLibrary.json": json.dumps(library).encode()})
    environment = {"MUSICDIFF_SYNC_ENTITIES": "albums,artists"}
    with exported(tmp_path, path, **environment) as rig:
        first = rig.run()
        assert (first.outcome, first.errors) == ("changed", ())
        held = rig.sandbox.deezer.library()
        assert set(held.albums) == {one.deezer_id for one in known}
        assert [rig.sandbox.catalogue.artists[key].name for key in held.artists] == [known[0].artist]
        assert rig.run().outcome == "in_sync"
        # What an export does not speak of is no empty shelf.
        (path / "YourLibrary.json").write_bytes(b'{"tracks": []}')
        rig.run()
        assert set(rig.sandbox.deezer.library().albums) == {one.deezer_id for one in known}
