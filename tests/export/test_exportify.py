"""Both kinds of Exportify, in every language and form that they have had."""

from __future__ import annotations

import pytest
from export_files import ENGLISH, GERMAN, JAPANESE, exportify_app, exportify_net, saved_albums

from musicdiff_job.core.errors import ConfigError
from musicdiff_job.core.model import SkipReason, Track
from musicdiff_job.export import exportify
from musicdiff_job.export.lists import ExportedList, SavedAlbum
from musicdiff_job.sandbox.catalogue import Catalogue, SpotifyTrack
from musicdiff_job.sandbox.world import SpotifyAccount

ID = "7ouMYWpwJ422jRcDASZB7P"
SONG = SpotifyTrack(
    ID, 'He said "no", twice', ("Tyler, The Creator", "Muse"), "Album, the", 366213, "GBAHT0500600", 2005, explicit=True
)
FULL = Track(ID, SONG.name, SONG.artists, SONG.album, 366213, "GBAHT0500600", explicit=True)


@pytest.fixture
def account() -> SpotifyAccount:
    account = SpotifyAccount(Catalogue([SONG], []))
    made = account.add_playlist("My Mix", [ID])
    account.add_local_file(made, "My Band", "Rehearsals", "Take 3: loud", 201)
    account.add_episode(made, "An episode", "A Podcast")
    return account


def read(text: str | bytes, name: str = "file name") -> ExportedList:
    text = text if isinstance(text, str) else text.decode("utf-8-sig")
    return exportify.playlist(exportify.sheet(text, "x.csv"), name, "x.csv")


@pytest.mark.parametrize("header", [ENGLISH, GERMAN, JAPANESE], ids=["en", "de", "ja"])
@pytest.mark.parametrize("playable", [False, True])
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_exportify_app(
    account: SpotifyAccount, header: tuple[str, ...], playable: bool, named: bool, newline: str, mark: str
) -> None:
    text = exportify_app(account, header, playable=playable, named=named)["my_mix.csv"].decode()
    found = read((mark + text.replace("\n", newline)).encode())
    song, local, episode = found.entries
    assert song.track == FULL
    assert song.added_at == account.playlists()[0].entries[0].added_at
    assert (local.skipped, local.label) == (SkipReason.LOCAL, "My Band - Take 3: loud")
    assert (episode.skipped, episode.label) == (SkipReason.EPISODE, "An episode")
    assert found.name == ("My Mix" if named else "file name")
    assert found.began == song.added_at


def test_a_language_without_the_isrc_column_is_known_by_its_uris(account: SpotifyAccount) -> None:
    header = tuple(f"column {number}" for number in range(19))
    assert read(exportify_app(account, header)["my_mix.csv"]).entries[0].track == FULL


@pytest.mark.parametrize("header", [ENGLISH, GERMAN])
def test_an_empty_list_is_one(header: tuple[str, ...]) -> None:
    assert read(",".join(f'"{cell}"' for cell in header) + "\n").entries == ()


def test_more_columns_change_nothing(account: SpotifyAccount) -> None:
    text = exportify_app(account)["my_mix.csv"].decode()
    lines = text.splitlines()
    # The audio features of what has none are left out, in the row but not in the header.
    longer = [lines[0] + ',"Tempo","Energy"', lines[1] + ',"120","0.5"', *lines[2:]]
    assert read("\n".join(longer)) == read(text)


@pytest.mark.parametrize("name", ["Added At", "Explicit", "ISRC", "Track Duration (ms)", "Album Name"])
def test_columns_may_be_missing(account: SpotifyAccount, name: str) -> None:
    text = exportify_app(account)["my_mix.csv"].decode().replace(f'"{name}"', '"other"', 1)
    found = read(text).entries[0].track
    assert found is not None
    assert (found.id, found.title, found.artists) == (ID, FULL.title, FULL.artists)


def test_exportify_net(account: SpotifyAccount) -> None:
    (entry,) = read(exportify_net(account)["My_Mix.csv"]).entries
    assert entry.track == Track(ID, SONG.name, SONG.artists, SONG.album, 366213, explicit=True)
    assert entry.added_at is not None


def test_exportify_net_of_before(account: SpotifyAccount) -> None:
    (entry,) = read(exportify_net(account, old=True)["My_Mix.csv"]).entries
    assert entry.track is not None
    assert (entry.track.id, entry.track.duration_ms) == (ID, 366213)
    # A comma separates the artists and stands in their names: nothing tells them apart.
    assert entry.track.artists == ("Tyler", "The Creator", "Muse")


def test_undefined_stands_for_what_is_missing() -> None:
    row = f"spotify:track:{ID}{',undefined' * 9},,,"
    text = "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,"
    (entry,) = read(f"{text}Added At,Genres,Record Label,Danceability\n{row}\n").entries
    assert entry.track == Track(ID, "undefined")
    assert entry.added_at is None


def test_a_row_without_a_uri_was_removed() -> None:
    (entry,) = read("Track URI,Track Name,Artist Name(s)\n,Gone,Muse\n").entries
    assert (entry.skipped, entry.label) == (SkipReason.REMOVED, "Gone")


def test_impossible_values_are_none() -> None:
    text = "Track URI,Track Name,Artist Name(s),Duration (ms),ISRC,Explicit\n"
    (entry,) = read(f"{text}spotify:track:{ID},T,A,{'9' * 400},DUM_22832,perhaps\n").entries
    assert entry.track == Track(ID, "T", ("A",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "x.csv: is empty"),
        ("a,b,c\n1,2,3\n", "no column of track URIs"),
        ("Track URI;Track Name;Artist Name(s)\nx;y;z\n", "no column of track URIs"),
        ("Track URI,Track Name,Artist Name(s)\nspotify:track:1,T,A,more\n", "line 2 has 4 cells, the header 3"),
        (f"Track URI,Track Name,Artist Name(s)\nspotify:track:{ID},T\n", "line 2: has 2 cells, too few"),
        ("Track URI,Track Name,Artist Name(s)\n\nhttps://x/1,T,A\n", "line 3: 'https://x/1' is no Spotify URI"),
        (f'Track URI,Track Name,Artist Name(s)\nspotify:track:{ID},"T,A\n', "line 2 is not CSV"),
        ('Track URI,Track Name,Artist Name(s)\n"x"y,T,A\n', "line 2 is not CSV"),
        ("Track URI,Track Name,Artist Name(s)\n" + "x" * 200_000, "line 2 is not CSV"),
        ("ISRC,x\n", "no column of track URIs"),
    ],
)
def test_what_is_none_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert told in str(caught.value)
    assert "x.csv" in str(caught.value)
    assert caught.value.hint


def test_the_saved_albums() -> None:
    sheet = exportify.sheet(saved_albums().decode(), "saved_albums.csv")
    assert exportify.is_album_sheet(sheet)
    (album,) = exportify.albums(sheet)
    assert album == SavedAlbum("0eFHYz8NmK75zSplL5qlfM", "Absolution", "Muse, Inc", "2020-01-01T00:00:00Z")
    renamed = sheet._replace(header=["?"] * 9)
    assert exportify.is_album_sheet(renamed)


def test_playlists_are_no_albums(account: SpotifyAccount) -> None:
    for files in (exportify_app(account), exportify_net(account), exportify_net(account, old=True)):
        for text in files.values():
            assert not exportify.is_album_sheet(exportify.sheet(text.decode("utf-8-sig"), "x.csv"))
