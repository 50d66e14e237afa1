"""Which files make up an export, and what it says nothing about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export_files import Files, account_data, exportify_app, exportify_net, saved_albums, write_folder, write_zip

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.export import library
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world


@pytest.fixture(scope="module")
def account() -> SpotifyAccount:
    return demo_world(playlists=4, liked=5)


def own(account: SpotifyAccount) -> list[str]:
    return [one.name for one in account.playlists() if one.owner_id == account.user_id]


def test_account_data_in_a_zip_or_a_folder_is_one_library(account: SpotifyAccount, tmp_path: Path) -> None:
    files = account_data(account)
    found = library.read(write_zip(tmp_path / "my_spotify_data.zip", files, "Spotify Account Data/"))
    assert found == library.read(write_folder(tmp_path / "folder", files))
    assert found.playlists is not None
    assert found.liked is not None
    assert [one.name for one in found.playlists] == own(account)
    assert len(found.liked) == 5
    assert (len(found.albums or ()), len(found.artists or ()), found.owner) == (1, 1, account.user_id)


def test_playlists_come_in_the_order_of_their_numbers(account: SpotifyAccount, tmp_path: Path) -> None:
    many = SpotifyAccount(account.catalogue)
    for number in range(12):
        many.add_playlist(f"List {number}")
    found = library.read(write_folder(tmp_path, account_data(many, each=1)))
    assert [one.name for one in found.playlists or ()] == own(many)


@pytest.mark.parametrize("missing", ["Playlist1.json", "Playlist2.json"])
def test_a_number_that_is_missing_is_a_torn_export(account: SpotifyAccount, tmp_path: Path, missing: str) -> None:
    files = account_data(account, each=2)
    assert "Playlist3.json" in files
    del files[missing]
    with pytest.raises(ConfigError, match=f"lacks {missing}"):
        library.read(write_folder(tmp_path, files))


def test_a_playlist_file_without_a_number(tmp_path: Path) -> None:
    files = {"Playlist.json": b'{"playlists": [{"name": "Old", "items": []}]}'}
    (one,) = library.read(write_folder(tmp_path, files)).playlists or ()
    assert one.name == "Old"


def test_what_is_not_there_is_not_empty(account: SpotifyAccount, tmp_path: Path) -> None:
    files = account_data(account)
    lists = library.read(write_folder(tmp_path / "a", {"Playlist1.json": files["Playlist1.json"]}))
    assert (lists.liked, lists.albums, lists.artists, lists.owner) == (None, None, None, "")
    saved = library.read(write_folder(tmp_path / "b", {"YourLibrary.json": files["YourLibrary.json"]}))
    assert saved.playlists is None
    assert saved.liked is not None


@pytest.mark.parametrize("name", ["Playlist1.json", "YourLibrary.json", "Userdata.json"])
@pytest.mark.parametrize("wrapped", [write_zip, write_folder], ids=["zip", "folder"])
def test_a_file_that_cannot_be_read_is_named(
    account: SpotifyAccount, tmp_path: Path, name: str, wrapped: object
) -> None:
    files = account_data(account)
    half = files[name][: len(files[name]) // 2]
    path = (write_zip if wrapped is write_zip else write_folder)(tmp_path / "export", {**files, name: half})
    with pytest.raises(ConfigError, match=rf"source\.path: export: {name}: line \d+ is not JSON"):
        library.read(path)


def test_exportify_in_a_zip(account: SpotifyAccount, tmp_path: Path) -> None:
    files = {**exportify_app(account), "saved_albums.csv": saved_albums()}
    found = library.read(write_zip(tmp_path / "spotify_playlists.zip", files))
    assert found.liked is not None
    assert len(found.liked) == 5
    assert len(found.albums or ()) == 1
    assert sorted(one.name for one in found.playlists or ()) == sorted(name.lower() for name in own(account))


def test_exportify_net_names_its_files_after_the_playlists(account: SpotifyAccount, tmp_path: Path) -> None:
    found = library.read(write_folder(tmp_path, exportify_net(account)))
    names = {one.name for one in account.playlists()}
    assert {one.name for one in found.playlists or ()} == names
    assert found.liked is None


@pytest.mark.parametrize("name", ["liked.csv", "Liked_Songs.csv", "LIKED SONGS.CSV"])
def test_liked_songs_are_known_by_their_name(account: SpotifyAccount, tmp_path: Path, name: str) -> None:
    files = {name: exportify_app(account)["liked.csv"]}
    found = library.read(write_folder(tmp_path, files))
    assert found.playlists == ()
    assert len(found.liked or ()) == 5


def test_a_second_list_of_that_name_is_a_playlist(account: SpotifyAccount, tmp_path: Path) -> None:
    text = exportify_app(account)["liked.csv"]
    found = library.read(write_folder(tmp_path, {"Liked.csv": text, "liked.csv": text}))
    assert [one.name for one in found.playlists or ()] == ["liked"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds neither"),
        ({"notes.txt": b"x"}, "holds neither"),
        ({"endsong_0.json": b"[]"}, "the listening history, but no library"),
        ({"ReadMeFirst_TechnicalLogInformation.pdf": b"x"}, "the technical log"),
        ({"my_spotify_data.zip": b"x"}, "Name the zip itself"),
        ({"Playlist1.json": b'{"playlists": []}', "gym.csv": b"x"}, "both Spotify's account data and CSV files"),
        ({"budget.csv": b"a,b\n1,2\n"}, r"budget\.csv: is no playlist"),
    ],
)
def test_what_is_no_export_says_what_to_do(tmp_path: Path, files: Files, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        library.read(write_folder(tmp_path, files))
    assert caught.value.hint


def test_a_file_name_that_utf8_cannot_spell(account: SpotifyAccount, tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.csv").write_bytes(exportify_app(account)["liked.csv"])
    (one,) = library.read(tmp_path).playlists or ()
    assert json.dumps(one.name, ensure_ascii=False).encode()
