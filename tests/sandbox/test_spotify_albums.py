"""The albums and artists that the sandbox's Spotify makes of its tracks."""

from __future__ import annotations

import pytest

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack, SpotifyTrack, load_catalogue
from musicdiff_job.sandbox.spotify_albums import album_id, albums_of, artist_id, artists_of
from musicdiff_job.sandbox.world import SpotifyAccount, demo_world, synthetic_world


def spotify(number: int, album: str = "First", artist: str = "Band", deezer: int = 0) -> SpotifyTrack:
    return SpotifyTrack(
        f"s{number}", f"Song {number}", (artist, "Guest"), album, 1000, year=1990 + number, deezer_id=deezer
    )


def deezer(number: int, album: str = "FIRST", artist: str = "Band") -> DeezerTrack:
    return DeezerTrack(number, f"Song {number}", f"Song {number}", "", artist, album, 1)


def test_an_album_is_the_tracks_of_one_title_and_main_artist() -> None:
    found = albums_of(Catalogue([spotify(1), spotify(2), spotify(3, "Second"), spotify(4, artist="Other")], ()))
    assert [len(album.tracks) for album in found.values()] == [2, 1, 1]
    first = found[album_id("Band", "First")]
    assert (first.name, first.artist, first.size, first.year, first.upc) == ("First", "Band", 2, 1992, "")


def test_it_has_bar_code_and_size_of_its_counterpart() -> None:
    catalogue = Catalogue([spotify(1, deezer=11)], [deezer(11), deezer(12)])
    (album,) = albums_of(catalogue).values()
    (twin,) = catalogue.albums.values()
    assert (album.deezer_id, album.size, int(album.upc)) == (twin.id, 2, twin.id)


@pytest.mark.parametrize("other", [deezer(11, album="Second"), deezer(11, artist="Other")])
def test_an_album_of_another_name_is_no_counterpart(other: DeezerTrack) -> None:
    (album,) = albums_of(Catalogue([spotify(1, deezer=11)], [other])).values()
    assert (album.deezer_id, album.upc, album.size) == (0, "", 1)


def test_every_credited_name_is_an_artist() -> None:
    assert artists_of(Catalogue([spotify(1)], ())) == {artist_id("Band"): "Band", artist_id("Guest"): "Guest"}


def test_the_catalogue_has_as_many_as_large_libraries_need() -> None:
    known = [album for album in albums_of(load_catalogue()).values() if album.deezer_id]
    assert len(known) > 2000 and sum(len(album.tracks) >= 10 for album in known) >= 25


def test_a_library_that_was_asked_for() -> None:
    account = synthetic_world(1, 5, 10, albums=40, artists=20)
    assert (len(account.albums()), len(account.artists())) == (40, 20)
    assert account.copy().albums() == account.albums() and account.copy().artists() == account.artists()
    demo = demo_world(albums=3, artists=2)
    assert (len(demo.albums()), len(demo.artists())) == (3, 2)


def test_what_a_person_does() -> None:
    account = SpotifyAccount(Catalogue([spotify(1), spotify(2, "Second")], ()))
    first, second = albums_of(account.catalogue)
    account.save_album(first)
    account.save_album(second)
    account.save_album(first)
    assert [saved.album_id for saved in account.albums()] == [first, second]
    account.unsave_album(first)
    assert [saved.album_id for saved in account.albums()] == [second]
    account.follow_artist(artist_id("Guest"))
    account.follow_artist(artist_id("Band"))
    assert account.artists() == tuple(sorted([artist_id("Guest"), artist_id("Band")]))
    account.unfollow_artist(artist_id("Guest"))
    assert account.artists() == (artist_id("Band"),)
    with pytest.raises(KeyError):
        account.save_album("unknown")
    with pytest.raises(KeyError):
        account.follow_artist("unknown")
