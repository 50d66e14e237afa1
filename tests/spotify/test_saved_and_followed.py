"""Saved albums and followed artists as the source lists and reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from spotify_stage import PlainDoor, StillClock

from musicdiff_job.core.errors import BadAnswer
from musicdiff_job.core.model import ALBUMS, ARTISTS, CollectionHead, Kind, Page, SkipReason, Unreadable, bare_id
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.sandbox.faults import ALWAYS, Fault, Status, WrongJson
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_albums import albums_of, artists_of
from musicdiff_job.sandbox.world import synthetic_world
from musicdiff_job.spotify import decode
from musicdiff_job.spotify.auth import TokenRefresher
from musicdiff_job.spotify.client import SpotifySource

SHELVES = [Kind.ALBUMS, Kind.ARTISTS]
PATHS = {Kind.ALBUMS: "/me/albums", Kind.ARTISTS: "/me/following"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(synthetic_world(0, 0, 0, albums=130, artists=120)) as served:
        yield served


@pytest.fixture
def source(sandbox: Sandbox) -> Iterator[SpotifySource]:
    sandbox.log.forget()
    sandbox.faults.clear()
    door, clock, redactor, grants = PlainDoor(), StillClock(), Redactor(), sandbox.grants
    tokens = TokenRefresher(
        door, clock, redactor, f"{sandbox.url}/spotify/accounts", grants.client_id, Secret(grants.client_secret),
        Secret(grants.refresh_token), None, None,
    )  # fmt: skip
    with closing(SpotifySource(door, clock, redactor, tokens, f"{sandbox.url}/spotify/v1", None)) as made:
        yield made


def head(source: SpotifySource, kind: Kind) -> CollectionHead:
    (found,) = source.library(frozenset({kind})).heads
    return found


def read_all(source: SpotifySource, of: CollectionHead) -> list[Page]:
    pages: list[Page] = []
    while not pages or pages[-1].more:
        entries = [entry for page in pages for entry in page.entries]
        last = entries[-1].track if entries else None
        page = source.page(of, len(entries), bare_id(last.id) if last else "")
        assert isinstance(page, Page), page
        pages.append(page)
    return pages


def asked(sandbox: Sandbox) -> int:
    calls = sum(call.service == "spotify" for call in sandbox.log.all())
    sandbox.log.forget()
    return calls


@pytest.mark.parametrize(("kind", "looks", "pages"), [(Kind.ALBUMS, 10, 4), (Kind.ARTISTS, 50, 3)])
def test_listed_by_one_call_and_read_to_the_end(
    sandbox: Sandbox, source: SpotifySource, kind: Kind, looks: int, pages: int
) -> None:
    found = head(source, kind)
    assert asked(sandbox) == 1
    assert (found.id, found.total) == {
        Kind.ALBUMS: (ALBUMS, 130),
        Kind.ARTISTS: (ARTISTS, 120),
    }[kind]
    read = read_all(source, found)
    assert (len(read[0].entries), len(read)) == (looks, pages)
    assert asked(sandbox) == pages - 1, "the first page came with the head"
    assert {page.total for page in read} == {found.total}
    account = sandbox.spotify
    ids = [saved.album_id for saved in account.albums()] if kind is Kind.ALBUMS else list(account.artists())
    item = "album" if kind is Kind.ALBUMS else "artist"
    assert [entry.track and entry.track.id for page in read for entry in page.entries] == [f"{item}:{i}" for i in ids]
    assert source.unchanged(found)


def test_what_an_album_says(sandbox: Sandbox, source: SpotifySource) -> None:
    entry = read_all(source, head(source, Kind.ALBUMS))[0].entries[0]
    saved = sandbox.spotify.albums()[0]
    album = albums_of(sandbox.catalogue)[saved.album_id]
    track = entry.track
    assert track is not None and entry.added_at == saved.added_at
    assert (track.title, track.artists, track.size, track.year) == (
        album.name,
        (album.artist,),
        album.size,
        album.year or None,
    )
    assert track.upc == album.upc.lstrip("0")


def test_what_an_artist_says(sandbox: Sandbox, source: SpotifySource) -> None:
    track = read_all(source, head(source, Kind.ARTISTS))[0].entries[0].track
    first = sandbox.spotify.artists()[0]
    assert track is not None and (track.title, track.artists) == (artists_of(sandbox.catalogue)[first], ())


@pytest.mark.parametrize("kind", SHELVES)
def test_a_change_changes_the_snapshot(sandbox: Sandbox, source: SpotifySource, kind: Kind) -> None:
    account = sandbox.spotify
    before = head(source, kind)
    assert head(source, kind) == before
    if kind is Kind.ALBUMS:
        last = account.albums()[-1].album_id
        account.unsave_album(last)
        after = head(source, kind)
        account.save_album(last)
    else:
        last = account.artists()[-1]
        account.unfollow_artist(last)
        after = head(source, kind)
        account.follow_artist(last)
    assert after.snapshot != before.snapshot and not source.unchanged(after)


@pytest.mark.parametrize("kind", SHELVES)
@pytest.mark.parametrize("effect", [Status(403), Status(404), WrongJson({"items": None, "artists": []})])
def test_what_is_refused_says_nothing_and_loses_nothing_else(
    sandbox: Sandbox, source: SpotifySource, kind: Kind, effect: Any
) -> None:
    sandbox.misbehave(Fault(effect, "spotify", path=PATHS[kind], count=ALWAYS))
    library = source.library(frozenset(SHELVES))
    assert library.complete
    refused = next(one for one in library.heads if one.kind is kind)
    assert (refused.snapshot, refused.total) == ("", None)
    assert all(one.total for one in library.heads if one.kind is not kind)
    assert isinstance(source.page(refused, 0), Unreadable)
    assert not source.unchanged(refused)


@pytest.mark.parametrize("kind", SHELVES)
def test_a_row_in_a_form_that_is_not_known_is_no_removed_one(kind: Kind) -> None:
    row: dict[str, Any] = {"name": "without an id"}
    listed = {"items": [{"album": row} if kind is Kind.ALBUMS else row], "total": 1, "next": None}
    body = {"artists": listed} if kind is Kind.ARTISTS else listed
    found, page = decode.shelf(kind, body)
    assert page is None and found.total == 1
    with pytest.raises(BadAnswer):
        decode.shelf_page(kind, body, 0)


def test_a_null_row_holds_its_place() -> None:
    page = decode.shelf_page(Kind.ALBUMS, {"items": [None], "total": 1, "next": None}, 0)
    assert [entry.skipped for entry in page.entries] == [SkipReason.REMOVED]


@pytest.mark.parametrize("kind", SHELVES)
@pytest.mark.parametrize("body", [None, [], {}, {"items": 5}, {"artists": {"items": {}}}, {"items": [], "total": "9"}])
def test_no_list_is_a_bad_answer(kind: Kind, body: object) -> None:
    with pytest.raises(BadAnswer):
        decode.shelf_page(kind, body, 0)


@pytest.mark.parametrize(
    ("date", "year"), [("2001-03-07", 2001), ("2001", 2001), ("0000", None), ("", None), (None, None), ("soon", None)]
)
def test_years(date: object, year: int | None) -> None:
    album = decode.album({"id": "a1", "release_date": date})
    assert album is not None and album.year == year


@pytest.mark.parametrize(
    ("upc", "plain"), [("0724384960650", "724384960650"), ("00724384960650", "724384960650"), ("", None), ("x", None)]
)
def test_bar_codes_lose_their_leading_zeros(upc: str, plain: str | None) -> None:
    album = decode.album({"id": "a1", "external_ids": {"upc": upc}})
    assert album is not None and album.upc == plain


def named(read: Callable[[object], Any], body: object) -> Any:
    found = read(body)
    return found and found.id


def test_ids_come_from_the_uri_where_they_must() -> None:
    assert named(decode.album, {"uri": "spotify:album:abc"}) == "album:abc"
    assert named(decode.artist, {"uri": "spotify:artist:abc"}) == "artist:abc"
    assert named(decode.album, {"id": "../me"}) is None and named(decode.artist, {"uri": "spotify:album:abc"}) is None
