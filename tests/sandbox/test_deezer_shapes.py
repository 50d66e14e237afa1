"""The fake public API against answers of the real one: same keys, same types, file by file.

A recording may be years old. What Deezer has added or dropped since stands in ``SINCE``; everything else must agree,
and an entry there that explains nothing fails too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from deezer_stage import TOKEN, UNREADABLE, Stage, row

from musicdiff_job.sandbox.catalogue import Catalogue, deezer_album_id, deezer_artist_id
from musicdiff_job.sandbox.deezer_rest import DeezerRest

ALBUM = deezer_album_id("The Numbers", "Counting")
ARTIST = deezer_artist_id("The Numbers")
MINE, EMPTY = 7_000_000_001, 7_000_000_002


class Ask(NamedTuple):
    """The request that gets the fake to answer as in the recording; ``token`` False asks without one."""

    method: str
    path: str
    params: dict[str, str | int] = {}  # noqa: RUF012 - never changed
    token: bool = True


class Since(NamedTuple):
    """Key paths that the real service gained, or lost, after the recording."""

    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


def paths(*names: str) -> frozenset[str]:
    return frozenset(names)


ASKS = {
    "album-full.json": Ask("GET", f"/album/{ALBUM}"),
    "album-full-2026.json": Ask("GET", f"/album/{ALBUM}"),
    "album-with-versions.json": Ask("GET", f"/album/{ALBUM}"),
    "album-tracks-past-end.json": Ask("GET", f"/album/{ALBUM}/tracks", {"index": 30}),
    "album-tracks-with-isrc.json": Ask("GET", f"/album/{ALBUM}/tracks", {"limit": 30}),
    "authenticated-paging-page1.json": Ask("GET", "/user/me/tracks", {"limit": 2}),
    "authenticated-paging-page2.json": Ask("GET", "/user/me/tracks", {"limit": 2, "index": 2}),
    "error-404-string.json": Ask("GET", "/does-not-exists"),
    "error-500.json": Ask("GET", "/genre/-1"),
    "error-800.json": Ask("GET", "/track/-1"),
    "error-without-code.json": Ask("GET", "/episode/-1"),
    "favourite-add-true.json": Ask("POST", "/user/me/tracks", {"track_id": 110}),
    "favourite-remove-true.json": Ask("DELETE", "/user/me/tracks", {"track_id": 100}),
    "follow-false.json": Ask("POST", "/user/me/followings", {"user_id": 27}),
    "playlist-add-tracks-true.json": Ask("POST", f"/playlist/{EMPTY}/tracks", {"songs": "100,101,102"}),
    "playlist-create.json": Ask("POST", "/user/me/playlists", {"title": "My Awesome Playlist"}),
    "playlist-delete-tracks-true.json": Ask("DELETE", f"/playlist/{MINE}/tracks", {"songs": "100,101,102"}),
    "playlist-hidden-entries.json": Ask("GET", f"/playlist/{MINE}", token=False),
    "playlist-read-after-create.json": Ask("GET", f"/playlist/{EMPTY}"),
    "playlist-reorder-true.json": Ask(
        "POST", f"/playlist/{MINE}/tracks", {"order": ",".join(str(track) for track in range(129, 99, -1))}
    ),
    "playlist-tracks-2026.json": Ask("GET", f"/playlist/{MINE}/tracks", {"limit": 1}, token=False),
    "playlist-tracks-page.json": Ask("GET", f"/playlist/{MINE}/tracks", token=False),
    "playlist-unreadable-tracks.json": Ask("GET", f"/playlist/{MINE}", token=False),
    "playlist-with-isrc-2026.json": Ask("GET", f"/playlist/{MINE}", token=False),
    "search-artist-and-album-fields.json": Ask(
        "GET", "/search", {"q": 'artist:"Numbers" album:"Counting"', "limit": 30}
    ),
    "search-artist-field.json": Ask("GET", "/search", {"q": 'artist:"Numbers"'}),
    "search-empty-2026.json": Ask("GET", "/search/artist", {"q": "something very complicated without results"}),
    "search-free-text.json": Ask("GET", "/search", {"q": "Counting"}),
    "search-misspelt-page1.json": Ask("GET", "/search", {"q": "Counting", "limit": 2}),
    "search-misspelt-page2.json": Ask("GET", "/search", {"q": "Counting", "limit": 4, "index": 1}),
    "search-strict.json": Ask("GET", "/search", {"q": "Counting", "strict": "on"}),
    "search-with-isrc-2026.json": Ask("GET", "/search", {"q": "Song 01", "limit": 1}),
    "track-alternative.json": Ask("GET", "/search", {"q": "Far Live Gone"}),
    "track-full.json": Ask("GET", "/track/100"),
    "track-full-2026.json": Ask("GET", "/track/100"),
    "track-title-respelt.json": Ask("GET", "/track/100"),
    "track-two-main-artists.json": Ask("GET", "/track/300"),
    "user-favourite-albums.json": Ask("GET", "/user/me/albums"),
    "user-favourite-artists.json": Ask("GET", "/user/me/artists"),
    "user-favourite-tracks.json": Ask("GET", "/user/me/tracks"),
    "user-favourite-tracks-2026.json": Ask("GET", "/user/me/tracks", {"limit": 1}),
    "user-me.json": Ask("GET", "/user/me"),
    "user-permissions.json": Ask("GET", "/user/me/permissions"),
    "user-playlists-with-loved.json": Ask("GET", "/user/me/playlists"),
    "write-false.json": Ask("POST", "/user/me/playlists", {"playlist_id": MINE}),
}
NO_EVIDENCE = {"error-404-dataexception.json"}
"""Probably written by hand, as its README says."""

PLAYLIST_2019 = paths("md5_image", "picture_type", "tracks.data[].md5_image", "tracks.data[].album.md5_image")
PLAYLIST_2022 = paths("add_date", "mod_date")
ROWS_2025 = paths("tracks.data[].isrc", "tracks.data[].album.upc")
EMBEDDED_ALBUM = frozenset(
    f"tracks.data[].album{key}"
    for key in (
        "", ".id", ".title", ".cover", ".cover_small", ".cover_medium", ".cover_big", ".cover_xl", ".md5_image",
        ".tracklist", ".type",
    )
)  # fmt: skip
SINCE = {
    "album-full.json": Since(paths("md5_image", "tracks.data[].md5_image") | EMBEDDED_ALBUM, lost=paths("rating")),
    "album-with-versions.json": Since(EMBEDDED_ALBUM),
    "album-tracks-with-isrc.json": Since(paths("data[].md5_image")),
    "authenticated-paging-page1.json": Since(lost=paths("checksum")),
    "authenticated-paging-page2.json": Since(lost=paths("checksum")),
    "playlist-hidden-entries.json": Since(PLAYLIST_2022 | ROWS_2025),
    "playlist-read-after-create.json": Since(PLAYLIST_2022),
    "playlist-tracks-page.json": Since(paths("data[].isrc", "data[].album.upc")),
    "playlist-unreadable-tracks.json": Since(PLAYLIST_2019 | PLAYLIST_2022 | ROWS_2025),
    "search-artist-and-album-fields.json": Since(paths("data[].isrc")),
    "search-artist-field.json": Since(paths("data[].isrc", "data[].md5_image", "data[].album.md5_image")),
    "search-free-text.json": Since(paths("data[].isrc")),
    "search-misspelt-page1.json": Since(paths("data[].isrc")),
    "search-misspelt-page2.json": Since(paths("data[].isrc")),
    "search-strict.json": Since(paths("data[].isrc")),
    # A radio's list has no total; the fake serves the same row from a search.
    "track-alternative.json": Since(paths("total", "data[].isrc", "data[].md5_image", "data[].album.md5_image")),
    "track-full.json": Since(paths("md5_image", "track_token", "album.md5_image")),
    "track-title-respelt.json": Since(paths("bpm", "track_token")),
    "track-two-main-artists.json": Since(paths("track_token")),
    "user-favourite-tracks.json": Since(lost=paths("checksum")),
    "user-playlists-with-loved.json": Since(
        paths("data[].add_date", "data[].mod_date", "data[].md5_image", "data[].picture_type"), lost=paths("checksum")
    ),
}


def recordings() -> Path | None:
    folder = os.environ.get("MUSICDIFF_REFERENCE_DATA")
    recorded = Path(folder).parent / "recorded" / "deezer" if folder else None
    return recorded if recorded is not None and recorded.is_dir() else None


def stage() -> Stage:
    at = Stage()
    at.account.create_by_hand("Mine", range(100, 130))
    at.account.create_by_hand("Empty")
    at.account.follow_by_hand("Theirs", [UNREADABLE], creator_id=7)
    at.account.like_by_hand(100, 101, 102)
    at.call("POST", "/user/me/albums", album_id=ALBUM)
    at.call("POST", "/user/me/artists", artist_id=ARTIST)
    return at


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key path with its type; rows of a list are one, whole and broken numbers too."""
    if isinstance(value, dict):
        yield path, "object"
        for key, child in value.items():
            yield from shape(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, "list"
        for child in value:
            yield from shape(child, f"{path}[]")
    elif isinstance(value, bool):
        yield path, "flag"
    else:
        yield path, "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize("name", sorted(ASKS))
def test_the_fake_answers_with_the_recorded_keys_and_types(name: str) -> None:
    folder = recordings()
    if folder is None:
        pytest.skip("MUSICDIFF_REFERENCE_DATA is not set or has no recorded/deezer beside it.")
    real = json.loads((folder / name).read_text())["response"]
    ask = ASKS[name]
    response = stage().raw(ask.method, ask.path, ask.params, token=TOKEN if ask.token else None)
    fake = dict(shape(json.loads(response.body)))
    recorded = dict(shape(real["json"]))
    gained = {path for path in fake if path not in recorded}
    lost = {path for path in recorded if path not in fake}
    assert (gained, lost) == tuple(map(set, SINCE.get(name, Since())))
    assert {path: fake[path] for path in fake if path in recorded} == {
        path: recorded[path] for path in recorded if path in fake
    }
    assert response.status == real["status"]
    if "content-type" in real["headers"]:
        assert response.headers["Content-Type"] == real["headers"]["content-type"]
    if "cache-control" in real["headers"]:
        assert response.headers["Cache-Control"] == real["headers"]["cache-control"]


@pytest.mark.parametrize(
    "name",
    [
        "error-404-string.json",
        "error-500.json",
        "error-800.json",
        "error-without-code.json",
        "favourite-add-true.json",
        "favourite-remove-true.json",
        "follow-false.json",
        "playlist-add-tracks-true.json",
        "playlist-delete-tracks-true.json",
        "playlist-reorder-true.json",
        "search-empty-2026.json",
        "user-permissions.json",
        "write-false.json",
    ],
)
def test_where_nothing_personal_stands_the_bodies_are_equal(name: str) -> None:
    folder = recordings()
    if folder is None:
        pytest.skip("MUSICDIFF_REFERENCE_DATA is not set or has no recorded/deezer beside it.")
    ask = ASKS[name]
    response = stage().raw(ask.method, ask.path, ask.params)
    assert json.loads(response.body) == json.loads((folder / name).read_text())["response"]["json"]


def test_every_recording_is_compared() -> None:
    folder = recordings()
    if folder is None:
        pytest.skip("MUSICDIFF_REFERENCE_DATA is not set or has no recorded/deezer beside it.")
    assert {file.name for file in folder.glob("*.json")} == set(ASKS) | NO_EVIDENCE


def test_what_was_never_recorded_is_in_no_row() -> None:
    at = Stage()
    bare = row(400, "Bare", "Nobody", "", absent=("album", "isrc", "rank", "explicit", "duration", "contributors"))
    dated = row(401, "Dated", "Nobody", "Some", absent=("release_date", "title_version"))
    at.rest = DeezerRest(at.account, Catalogue((), [bare, dated]), at.switches, monotonic=at.time)
    at.account.like_by_hand(400)
    at.account.create_by_hand("Mine", [400])
    playlist = next(iter(at.account.read().playlists.values())).id
    gone = {"album", "isrc", "rank", "explicit_lyrics", "explicit_content_lyrics", "duration", "contributors"}
    for shown in (
        at.get("/track/400"),
        at.get("/search", q="Bare")["data"][0],
        at.get(f"/artist/{bare.artist_id}/top")["data"][-1],
        at.get(f"/playlist/{playlist}/tracks")["data"][0],
        at.get("/user/me/tracks")["data"][0],
    ):
        assert shown["title"] == "Bare"
        assert gone.isdisjoint(shown)
    full = at.get("/track/401")
    assert {"release_date", "title_version"}.isdisjoint(full)
    assert full["album"]["title"] == "Some" and "release_date" not in full["album"]
    assert [album["title"] for album in at.get(f"/artist/{bare.artist_id}/albums")["data"]] == ["Some"]
