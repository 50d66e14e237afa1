"""Favourite albums and artists through both of Deezer's services, and the questions about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from deezer_doors import OpenDoor

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import FAVOURITE_ALBUMS, FAVOURITE_ARTISTS, FAVOURITE_LISTS, PlaylistId, TargetId
from musicdiff_job.core.plan import LikeTrack, UnlikeTrack, Written
from musicdiff_job.core.questions import AlbumById, AlbumByUpc, AlbumSearch, AlbumsOf, ArtistSearch
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import decode
from musicdiff_job.deezer.catalogue import DeezerCatalogue
from musicdiff_job.deezer.gateway import DeezerGateway
from musicdiff_job.deezer.rest import DeezerRest
from musicdiff_job.ports import Target
from musicdiff_job.sandbox.catalogue import DeezerAlbum
from musicdiff_job.sandbox.faults import Fault, Status, WrongJson
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox

Recorded = Callable[[str], Any]


@pytest.fixture(params=["rest", "gateway"])
def target(request: pytest.FixtureRequest, sandbox: Sandbox, door: OpenDoor) -> Iterator[Target]:
    if request.param == "rest":
        rest = DeezerRest(door, Redactor(), f"{sandbox.url}/deezer/api", Secret(SANDBOX_ACCESS_TOKEN), None)
        with closing(rest):
            yield rest
    else:
        with closing(
            DeezerGateway(door, Redactor(), f"{sandbox.url}/deezer/gw-light.php", Secret(SANDBOX_ARL))
        ) as gateway:
            yield gateway


@pytest.fixture
def catalogue(sandbox: Sandbox, door: OpenDoor) -> Iterator[DeezerCatalogue]:
    with closing(DeezerCatalogue(door, Redactor(), f"{sandbox.url}/deezer/api")) as catalogue:
        yield catalogue


@pytest.fixture
def album(sandbox: Sandbox) -> DeezerAlbum:
    """An album with everything, in the order of the catalogue."""
    return next(
        album
        for album in sandbox.catalogue.albums.values()
        if len(album.tracks) > 5 and album.release_date and album.title.isascii() and album.artist.isascii()
    )


def liked(sandbox: Sandbox, which: PlaylistId) -> list[int]:
    library = sandbox.deezer.library()
    return list(library.albums if which == FAVOURITE_ALBUMS else library.artists)


@pytest.mark.parametrize("which", [FAVOURITE_ALBUMS, FAVOURITE_ARTISTS])
def test_liked_listed_and_unliked(sandbox: Sandbox, target: Target, which: PlaylistId) -> None:
    item = FAVOURITE_LISTS[which]
    there = sandbox.catalogue.albums if which == FAVOURITE_ALBUMS else sandbox.catalogue.artists
    some = list(there)[:120]
    sandbox.deezer.shelve_by_hand(**{f"{item}s": some})
    one, two = list(there)[200:202]
    for key in (one, two):
        assert target.apply(LikeTrack(TargetId(f"{item}:{key}"))) == Written()
    assert target.apply(UnlikeTrack(TargetId(f"{item}:{some[3]}"))) == Written()
    expected = [*some[:3], *some[4:], one, two]
    assert liked(sandbox, which) == expected
    found = target.favourites(which)
    assert [row.id for row in found.tracks] == [f"{item}:{key}" for key in expected]
    assert found.hidden == 0
    assert [row.title for row in found.tracks[:3]] == [
        getattr(there[key], "title", None) or getattr(there[key], "name", "") for key in expected[:3]
    ]
    assert not sandbox.deezer.library().loved().entries, "the favourite tracks are another list"


@pytest.mark.parametrize("which", [FAVOURITE_ALBUMS, FAVOURITE_ARTISTS])
def test_an_answer_that_is_not_understood_is_no_empty_list(sandbox: Sandbox, target: Target, which: PlaylistId) -> None:
    sandbox.deezer.shelve_by_hand(albums=list(sandbox.catalogue.albums)[:1])
    target.account()
    sandbox.misbehave(Fault(WrongJson({"data": None, "results": {}}), count=9))
    with pytest.raises(BadAnswer):
        target.favourites(which)


def test_albums_are_described_as_well_as_the_service_does(sandbox: Sandbox, target: Target, album: DeezerAlbum) -> None:
    sandbox.deezer.shelve_by_hand(albums=[album.id], artists=[album.artist_id])
    (row,) = target.favourites(FAVOURITE_ALBUMS).tracks
    assert (row.title, row.artists, row.size) == (album.title, (album.artist,), len(album.tracks))
    assert row.artist_id == str(album.artist_id)
    (artist,) = target.favourites(FAVOURITE_ARTISTS).tracks
    assert (artist.title, artist.artists) == (album.artist, ())


# Questions


def test_a_bar_code_finds_its_album(catalogue: DeezerCatalogue, album: DeezerAlbum, sandbox: Sandbox) -> None:
    (found,) = catalogue.ask(AlbumByUpc(str(album.id)))
    assert (found.id, found.title, found.artists[0]) == (f"album:{album.id}", album.title, album.artist)
    assert (found.upc, found.size, found.year) == (str(album.id), len(album.tracks), int(album.release_date[:4]))
    assert sandbox.log.all()[-1].path == f"/album/upc:{album.id:012d}"
    assert catalogue.ask(AlbumByUpc("99999999")) == ()


def test_an_id_finds_its_album(catalogue: DeezerCatalogue, album: DeezerAlbum) -> None:
    assert catalogue.ask(AlbumById(str(album.id))) == catalogue.ask(AlbumByUpc(str(album.id)))
    assert catalogue.ask(AlbumById("1")) == ()


def test_searches(catalogue: DeezerCatalogue, album: DeezerAlbum) -> None:
    found = {row.id: row for row in catalogue.ask(AlbumSearch(f"{album.title} {album.artist}"))}
    row = found[f"album:{album.id}"]
    assert (row.size, row.upc, row.year, row.artist_id) == (len(album.tracks), None, None, str(album.artist_id))
    artists = [row.id for row in catalogue.ask(ArtistSearch(album.artist))]
    assert f"artist:{album.artist_id}" in artists
    assert catalogue.ask(ArtistSearch(" ")) == () == catalogue.ask(AlbumSearch(""))


def test_an_artists_albums_are_said_to_be_the_artists(catalogue: DeezerCatalogue, album: DeezerAlbum) -> None:
    rows = catalogue.ask(AlbumsOf(str(album.artist_id), "Whoever", ("x",)))
    assert f"album:{album.id}" in {row.id for row in rows}
    assert {(row.artists, row.artist_id, row.size) for row in rows} == {(("Whoever",), str(album.artist_id), None)}


def test_trouble_is_not_an_empty_answer(sandbox: Sandbox, catalogue: DeezerCatalogue) -> None:
    sandbox.misbehave(Fault(WrongJson({"title": "no id"})), Fault(Status(400, body="{}"), skip=1))
    with pytest.raises(BadAnswer):
        catalogue.ask(AlbumById("5"))
    with pytest.raises(BadAnswer):
        catalogue.ask(AlbumSearch("love"))


# Recorded answers


def test_recorded_favourites(recorded: Recorded) -> None:
    albums = list(map(decode.album, decode.page(recorded("user-favourite-albums")).rows))
    first = albums[0]
    assert first is not None and (first.id, first.title, first.artists) == ("album:357404", "OK Cowboy", ("Vitalic",))
    assert (first.size, first.year, first.artist_id, first.upc, first.readable) == (13, 2005, "641", None, True)
    assert all(row and row.title and row.artists and row.size for row in albums)
    artists = list(map(decode.artist, decode.page(recorded("user-favourite-artists")).rows))
    assert artists[0] is not None and (artists[0].id, artists[0].title) == ("artist:243", "Wax Tailor")
    assert all(row and row.title and row.rank for row in artists)


def test_a_recorded_album(recorded: Recorded) -> None:
    found = decode.album(recorded("album-full-2026"))
    assert found is not None and (found.title, found.artists, found.upc) == (
        "Discovery",
        ("Daft Punk",),
        "724384960650",
    )
    assert (found.size, found.year, found.explicit) == (14, 2001, False)


@pytest.mark.parametrize("date", ["0000-00-00", "1900-01-01", "", None, 2001, "soon", "20010307"])
def test_what_is_no_date(date: object) -> None:
    found = decode.album({"id": 5, "release_date": date})
    assert found is not None and found.year is None


@pytest.mark.parametrize("row", [None, [], {}, {"id": 0}, {"id": "x"}, {"ALB_ID": True, "ART_ID": -1}])
def test_rows_without_an_id_are_none(row: object) -> None:
    readers = (decode.album, decode.artist, decode.gateway_album, decode.gateway_artist)
    assert [read(row) for read in readers] == [None] * 4
