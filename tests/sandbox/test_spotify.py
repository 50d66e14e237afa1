"""The sandbox's Spotify against the contract: cohorts, permissions, paging, filters, errors; and real spotipy on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import spotipy
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4
from sandbox_stage import IDS, ORIGIN, WITHOUT_ISRC, Stage, stage_account

from musicdiff_job.sandbox.http import Request
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import SCOPES
from musicdiff_job.sandbox.spotify_render import Cohort

LEGACY = [Cohort.GRACE, Cohort.EXTENDED]
EVERY = list(Cohort)


def message(answer: Any) -> str:
    text = answer["error"]["message"]
    assert isinstance(text, str)
    return text


# Cohorts


@pytest.mark.parametrize("cohort", LEGACY)
def test_legacy_apps_use_the_old_names(cohort: Cohort) -> None:
    stage = Stage(cohort)
    listed = stage.get("/me/playlists")["items"][0]
    assert listed["tracks"]["total"] == 8
    assert "items" not in listed
    page = stage.get(f"/playlists/{stage.id('Own')}/tracks")
    assert all("track" in entry and "item" not in entry for entry in page["items"])
    full = stage.get(f"/playlists/{stage.id('Own')}")
    assert full["tracks"]["items"] == page["items"]
    assert page["items"][0]["track"]["track"] is True
    assert page["items"][0]["track"]["available_markets"]
    assert stage.get("/me")["product"] == "premium"


def test_restricted_apps_use_the_new_names_and_lose_fields() -> None:
    stage = Stage()
    listed = stage.get("/me/playlists")["items"][0]
    assert listed["items"]["total"] == 8
    assert "tracks" not in listed
    entry = stage.get(f"/playlists/{stage.id('Own')}/items")["items"][0]
    assert entry.keys() == {"added_at", "added_by", "is_local", "item", "primary_color", "video_thumbnail"}
    assert not {"available_markets", "popularity", "linked_from", "track"} & entry["item"].keys()
    assert entry["item"]["external_ids"] == {"isrc": "ZZAAA0000000"}
    assert stage.get("/me").keys() == {
        "account_id", "display_name", "external_urls", "href", "id", "images", "type", "uri",
    }  # fmt: skip


def test_path_and_entry_key_vary_independently() -> None:
    stage = Stage(entry_key="track")
    entry = stage.get(f"/playlists/{stage.id('Own')}/items")["items"][0]
    assert "track" in entry
    assert "item" not in entry


@pytest.mark.parametrize(
    "path",
    ["/playlists/{own}/tracks", "/tracks?ids=" + IDS[0], "/me/tracks/contains", "/users/x/playlists", "/markets"],
)
def test_removed_paths_are_forbidden_for_restricted_apps_only(path: str) -> None:
    restricted = Stage()
    own = restricted.id("Own")
    assert restricted.get(path.format(own=own), 403) == {"error": {"status": 403, "message": "Forbidden"}}
    legacy = Stage(Cohort.EXTENDED)
    if "tracks?" in path or path.endswith("{own}/tracks"):
        legacy.get(path.format(own=legacy.id("Own")))


@pytest.mark.parametrize("cohort", EVERY)
def test_liked_songs_keep_their_key_in_every_cohort(cohort: Cohort) -> None:
    page = Stage(cohort).get("/me/tracks")
    assert [row["track"]["id"] for row in page["items"]] == [IDS[3], IDS[2], IDS[1], IDS[0]]
    assert all(row["added_at"].endswith("Z") for row in page["items"])


# Listings and contents


@pytest.mark.parametrize("cohort", EVERY)
def test_spotify_owned_lists_are_null_and_count(cohort: Cohort) -> None:
    stage = Stage(cohort)
    page = stage.get("/me/playlists")
    names = [playlist and playlist["name"] for playlist in page["items"]]
    assert names == ["Own", "Shared", "Foreign", "Invited", None, "Empty"]
    assert page["total"] == 6
    assert stage.get(f"/playlists/{stage.id('Discover')}", 404)["error"]["status"] == 404


def test_descriptions_are_escaped_and_empty_ones_null() -> None:
    listed = Stage().get("/me/playlists")["items"]
    assert listed[0]["description"] == "Tom &amp; &quot;Jerry&#x27;s&quot;"
    assert listed[1]["description"] is None
    assert listed[5]["images"] is None


def test_a_hidden_total_is_null() -> None:
    stage = Stage()
    stage.account.hide_total(stage.id("Own"))
    assert stage.get("/me/playlists")["items"][0]["items"]["total"] is None


@pytest.mark.parametrize("cohort", EVERY)
def test_items_of_others_are_forbidden_unless_invited(cohort: Cohort) -> None:
    stage = Stage(cohort)
    stage.get(f"/playlists/{stage.id('Foreign')}/items", 403)
    assert stage.get(f"/playlists/{stage.id('Invited')}/items")["total"] == 3


def test_playlists_of_others_have_no_contents_for_restricted_apps() -> None:
    restricted, legacy = Stage(), Stage(Cohort.GRACE)
    assert "items" not in restricted.get(f"/playlists/{restricted.id('Foreign')}")
    assert restricted.get(f"/playlists/{restricted.id('Invited')}")["items"]["total"] == 3
    assert legacy.get(f"/playlists/{legacy.id('Foreign')}")["tracks"]["total"] == 3


def test_every_kind_of_entry_keeps_its_position() -> None:
    stage = Stage()
    page = stage.get(f"/playlists/{stage.id('Own')}/items?additional_types=track,episode")
    entries = page["items"]
    assert page["total"] == len(entries) == 8
    assert [entry["item"] and entry["item"]["name"] for entry in entries] == [
        "Song 0", None, "Song 2", "Song 3", "Song 4", "Take 3: loud & clear", "Pilot", "Song 8",
    ]  # fmt: skip
    local = entries[5]
    assert local["is_local"] is local["item"]["is_local"] is True
    assert local["item"]["uri"] == "spotify:local::Tapes:Take+3:+loud+%26+clear:201"
    assert (local["item"]["id"], local["item"]["external_ids"], local["item"]["duration_ms"]) == (None, {}, 201_000)
    assert entries[6]["item"]["type"] == "episode"
    assert entries[6]["item"]["show"]["name"] == "Show"
    assert entries[7]["added_at"] is entries[7]["added_by"] is None
    assert entries[7]["item"]["external_ids"] == {}


@pytest.mark.parametrize("cohort", EVERY)
def test_episodes_come_disguised_when_not_asked_for(cohort: Cohort) -> None:
    stage = Stage(cohort)
    entry = stage.get(f"/playlists/{stage.id('Own')}/items")["items"][6]
    disguised = entry.get("item") or entry["track"]
    assert disguised["uri"].startswith("spotify:episode:")
    assert (disguised["type"], disguised["track"], disguised["episode"]) == ("episode", True, False)
    assert disguised["is_playable"] is False
    assert "album" in disguised


def test_playability_is_told_only_with_a_market() -> None:
    stage = Stage()
    assert "is_playable" not in stage.get(f"/tracks/{IDS[0]}")
    assert stage.get(f"/tracks/{IDS[0]}?market=FR")["is_playable"] is True


def test_tracks_by_id() -> None:
    stage = Stage(Cohort.GRACE)
    assert stage.get(f"/tracks/{IDS[2]}")["name"] == "Song 2"
    several = stage.get(f"/tracks/?ids={IDS[2]},{'0' * 22},{IDS[0]}")["tracks"]
    assert [track and track["id"] for track in several] == [IDS[2], None, IDS[0]]
    stage.get(f"/tracks?ids={','.join([IDS[0]] * 51)}", 400)
    assert stage.get(f"/tracks/{'0' * 22}", 404)["error"]["message"] == "Resource not found"
    stage.get("/tracks/short", 400)


# Paging


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_paging_by_next_gives_every_entry_once_and_stays_on_its_origin(limit: int) -> None:
    stage = Stage()
    whole = stage.get(f"/playlists/{stage.id('Own')}/items?limit=50")["items"]
    at: str | None = f"/playlists/{stage.id('Own')}/items?limit={limit}"
    seen: list[Any] = []
    while at is not None:
        page = stage.get(at)
        assert page["offset"] == len(seen)
        assert page["total"] == len(whole)
        seen += page["items"]
        at = page["next"]
        assert at is None or at.startswith(f"{ORIGIN}/playlists/")
    assert seen == whole


def test_links_carry_the_filter_and_lead_back() -> None:
    stage = Stage()
    page = stage.get(f"/playlists/{stage.id('Own')}/items?limit=2&offset=3&fields=items(added_at),next,previous")
    assert "fields=items%28added_at%29" in page["next"]
    following = stage.get(page["next"])
    assert following.keys() == {"items", "next", "previous"}
    assert "offset=3&" in following["previous"]
    assert "offset=1&" in page["previous"]


def test_the_embedded_page_holds_100_and_goes_on_at_the_entries() -> None:
    stage = Stage()
    long = stage.account.add_playlist("Long", IDS * 12)
    embedded = stage.get(f"/playlists/{long}")["items"]
    assert (len(embedded["items"]), embedded["limit"], embedded["total"]) == (100, 100, 108)
    assert f"/playlists/{long}/items?offset=100" in embedded["next"]
    filtered = stage.get(f"/playlists/{long}?fields=items(next)")
    assert "fields" not in filtered["items"]["next"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/me/playlists?limit=51", "Invalid limit"),
        ("/me/playlists?limit=0", "Invalid limit"),
        ("/me/playlists?limit=many", "Invalid limit"),
        ("/me/playlists?offset=-1", "Invalid offset"),
        ("/me/playlists?offset=100001", "Invalid offset"),
        ("/me/tracks?limit=51", "Invalid limit"),
        ("/playlists/{own}/items?limit=51", "Invalid limit"),
        ("/playlists/{own}/tracks?limit=101", "Invalid limit"),
    ],
)
def test_limits(path: str, wrong: str) -> None:
    stage = Stage(Cohort.GRACE)
    assert message(stage.get(path.format(own=stage.id("Own")), 400)) == wrong
    stage.get(f"/playlists/{stage.id('Own')}/tracks?limit=100")
    assert stage.get("/me/playlists?offset=100000")["items"] == []


# Filters


def test_a_filter_keeps_what_it_names_and_nothing_else() -> None:
    stage = Stage()
    path = f"/playlists/{stage.id('Own')}?fields="
    snapshot = stage.account.named("Own").snapshot
    assert stage.get(f"{path}snapshot_id") == {"snapshot_id": snapshot}
    assert stage.get(f"{path}snapshot_id,name,owner.id,items.total,tracks.total") == {
        "snapshot_id": snapshot,
        "name": "Own",
        "owner": {"id": "listener"},
        "items": {"total": 8},
    }


def test_a_filter_for_the_old_key_empties_the_new_entries() -> None:
    stage = Stage()
    page = stage.get(f"/playlists/{stage.id('Own')}/items?fields=items(track(id))")
    assert page == {"items": [{}] * 8}
    both = stage.get(f"/playlists/{stage.id('Own')}/items?fields=items(item(id),track(id))")
    assert both["items"][0] == {"item": {"id": IDS[0]}}
    assert both["items"][1] == {"item": None}


def test_a_filter_that_cannot_be_parsed_is_refused() -> None:
    stage = Stage()
    stage.get(f"/playlists/{stage.id('Own')}?fields=items(", 400)


# Permissions


def test_tokens() -> None:
    stage = Stage()
    assert message(stage.get("/me", 401, token="wrong")) == "Invalid access token"
    stage.grants.expire_access_tokens()
    assert message(stage.get("/me", 401)) == "The access token expired"
    response = stage.api.handle(Request("GET", "/me", origin=ORIGIN))
    assert response.status == 401
    assert b"No token provided" in response.body
    basic = stage.api.handle(Request("GET", "/me", headers={"authorization": "Basic abc"}, origin=ORIGIN))
    assert basic.status == 400


def test_missing_scopes_hide_or_forbid() -> None:
    bare = Stage(scope="")
    assert message(bare.get("/me/tracks", 403)) == "Insufficient client scope"
    bare.get(f"/playlists/{bare.id('Own')}/items", 403)
    assert [p and p["name"] for p in bare.get("/me/playlists")["items"]] == ["Foreign", None, "Empty"]
    private = Stage(scope="playlist-read-private")
    assert [p and p["name"] for p in private.get("/me/playlists")["items"]] == ["Own", "Foreign", None, "Empty"]
    assert bare.get("/me")["id"] == "listener"


def test_it_only_reads() -> None:
    stage = Stage()
    before = stage.account.playlists()
    for method in ("POST", "PUT", "DELETE"):
        stage.get(f"/playlists/{stage.id('Own')}/items", 403, method=method)
    assert stage.account.playlists() == before
    stage.get("/nowhere", 404)


# spotipy 2.26 over real HTTP


@pytest.fixture(params=EVERY)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(stage_account(), cohort=request.param) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    with requests.Session() as session:
        spotify = spotipy.Spotify(auth=sandbox.grants.issue_access_token(), requests_session=session)
        spotify.prefix = sandbox.environment()["MUSICDIFF_SPOTIFY_API_URL"] + "/"
        yield spotify


def test_spotipy_reads_a_whole_library(sandbox: Sandbox, client: Any) -> None:
    assert client.me()["id"] == sandbox.spotify.user_id
    page = client.current_user_playlists(limit=4)
    names = [playlist and playlist["name"] for playlist in page["items"]]
    while page["next"]:
        page = client.next(page)
        names += [playlist and playlist["name"] for playlist in page["items"]]
    assert names == ["Own", "Shared", "Foreign", "Invited", None, "Empty"]
    own = sandbox.spotify.named("Own")
    assert client.playlist(own.id, fields="snapshot_id") == {"snapshot_id": own.snapshot}
    page = client.playlist_items(own.id, limit=3)
    entries = page["items"]
    while page["next"]:
        page = client.next(page)
        entries += page["items"]
    key = "item" if sandbox.api.cohort is Cohort.RESTRICTED else "track"
    assert [entry[key] and entry[key]["uri"].split(":")[1] for entry in entries] == [
        "track", None, "track", "track", "track", "local", "episode", "track",
    ]  # fmt: skip
    assert client.current_user_saved_tracks(limit=50)["total"] == 4
    assert client.track(WITHOUT_ISRC)["external_ids"] == {}


def test_spotipy_meets_the_walls(sandbox: Sandbox, client: Any) -> None:
    with pytest.raises(spotipy.SpotifyException) as refused:
        client.playlist_items(sandbox.spotify.named("Foreign").id)
    assert refused.value.http_status == 403
    with pytest.raises(spotipy.SpotifyException) as too_many:
        client.playlist_items(sandbox.spotify.named("Own").id, limit=100)
    assert too_many.value.http_status == 400
    if sandbox.api.cohort is Cohort.RESTRICTED:
        with pytest.raises(spotipy.SpotifyException):
            client.tracks(IDS[:2])
    else:
        assert len(client.tracks(IDS[:2])["tracks"]) == 2


# What was played last

PLAYED = "/me/player/recently-played"
NOON = datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=UTC)


def play(stage: Stage, *minutes: int, context: str | None = None) -> None:
    for minute in minutes:
        stage.account.play(IDS[minute % len(IDS)], NOON + timedelta(minutes=minute), context)


def milliseconds(minute: int) -> str:
    return str(round((NOON + timedelta(minutes=minute)).timestamp() * 1000))


@pytest.mark.parametrize("cohort", EVERY)
def test_plays_come_newest_first_under_one_key_in_every_cohort(cohort: Cohort) -> None:
    stage = Stage(cohort)
    play(stage, 1, 2)
    play(stage, 3, context=f"spotify:playlist:{stage.id('Own')}")
    page = stage.get(f"{PLAYED}?limit=2")
    assert page.keys() == {"items", "next", "cursors", "limit", "href"}, "there is no total"
    first, second = page["items"]
    assert (first["track"]["id"], first["played_at"]) == (IDS[3], "2026-11-21T12:03:00.123Z")
    assert first["context"]["type"] == "playlist" and first["context"]["uri"].endswith(stage.id("Own"))
    assert second["context"] is None
    assert page["cursors"] == {"after": milliseconds(3), "before": milliseconds(2)}
    assert page["next"] == f"{ORIGIN}{PLAYED}?before={milliseconds(2)}&limit=2"
    (third,) = stage.get(page["next"])["items"]
    assert third["track"]["id"] == IDS[1]


def test_beyond_the_last_fifty_plays_there_is_nothing_although_the_link_leads_there() -> None:
    stage = Stage()
    play(stage, *range(60))
    page = stage.get(f"{PLAYED}?limit=50")
    assert len(page["items"]) == 50 and page["next"]
    beyond = stage.get(page["next"])
    assert (beyond["items"], beyond["next"], beyond["cursors"]) == ([], None, None)
    assert len(stage.get(PLAYED)["items"]) == 20


def test_plays_after_and_before_a_time() -> None:
    stage = Stage()
    play(stage, *range(10))
    after = stage.get(f"{PLAYED}?after={milliseconds(7)}")["items"]
    before = stage.get(f"{PLAYED}?before={milliseconds(2)}")["items"]
    assert [row["played_at"][14:16] for row in after] == ["09", "08"]
    assert [row["played_at"][14:16] for row in before] == ["01", "00"]


def test_a_play_that_comes_late_stands_in_its_place() -> None:
    stage = Stage()
    play(stage, 1, 3)
    play(stage, 2)
    assert [row["played_at"][14:16] for row in stage.get(PLAYED)["items"]] == ["03", "02", "01"]


@pytest.mark.parametrize("wrong", ["limit=51", "limit=0", "after=1&before=2", "after=x", "before=-1"])
def test_wrong_questions_about_plays(wrong: str) -> None:
    assert message(Stage().get(f"{PLAYED}?{wrong}", 400))


def test_plays_need_their_scope() -> None:
    stage = Stage(scope="playlist-read-private user-library-read")
    assert message(stage.get(PLAYED, 403)) == "Insufficient client scope"


# Albums and artists


def test_albums_come_newest_first_with_their_tracks_but_without_isrcs() -> None:
    stage = Stage()
    (row,) = stage.get("/me/albums")["items"]
    assert row.keys() == {"added_at", "album"}
    assert (row["album"]["name"], row["album"]["total_tracks"]) == ("Album", 9)
    assert len(row["album"]["tracks"]["items"]) == 9
    assert all("external_ids" not in track for track in row["album"]["tracks"]["items"])
    assert not {"label", "popularity", "available_markets"} & row["album"].keys()
    assert "label" in Stage(Cohort.GRACE).get("/me/albums")["items"][0]["album"]
    assert stage.get("/me/albums?limit=51", 400)["error"]["message"] == "Invalid limit"


def test_artists_are_paged_by_the_last_one_and_never_by_number() -> None:
    stage = Stage()
    first = stage.get("/me/following?type=artist&limit=1")["artists"]
    assert (first["total"], len(first["items"])) == (2, 1)
    assert first["cursors"]["after"] == first["items"][0]["id"]
    again = stage.get("/me/following?type=artist&limit=1&offset=1")["artists"]
    assert again["items"] == first["items"]
    last = stage.get(first["next"])["artists"]
    assert last["next"] is None and last["cursors"]["after"] is None
    assert {first["items"][0]["name"], last["items"][0]["name"]} == {"Band", "Guest"}
    stage.get("/me/following", 400)


@pytest.mark.parametrize(
    ("path", "scope"), [("/me/albums", "user-library-read"), ("/me/following?type=artist", "user-follow-read")]
)
def test_albums_and_artists_need_their_scopes(path: str, scope: str) -> None:
    stage = Stage(scope=SCOPES.replace(scope, ""))
    assert message(stage.get(path, 403)) == "Insufficient client scope"
    Stage(scope=scope).get(path)


@pytest.mark.parametrize("cohort", EVERY)
def test_what_asks_whether_something_is_saved_is_gone(cohort: Cohort) -> None:
    Stage(cohort).get("/me/albums/contains?ids=1", 403 if cohort is Cohort.RESTRICTED else 404)


# The published OpenAPI description


@cache
def description() -> Any:
    reference = os.environ.get("MUSICDIFF_REFERENCE_DATA")
    path = Path(reference or "").parent / "recorded" / "spotify" / "fixed-spotify-open-api.yml"
    if not reference or not path.is_file():
        pytest.skip("MUSICDIFF_REFERENCE_DATA has no OpenAPI description beside it")
    loaded = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    schemas = loaded["components"]["schemas"]
    # What the real service does and the description does not say (the reference's own README lists it).
    entry = schemas["PlaylistTrackObject"]["properties"]
    for key in ("item", "track"):
        del entry[key]["discriminator"]  # It names the schema "track", which does not exist under that name.
    nullable(entry, "added_at", "added_by", "item", "track")
    for playlist in ("SimplifiedPlaylistObject", "PlaylistObject"):
        nullable(schemas[playlist]["properties"], "public", "images", "description")
    nullable(schemas["PlaylistTracksRefObject"]["properties"], "total")
    nullable(schemas["PagingPlaylistObject"]["allOf"][1]["properties"]["items"], "items")
    for name in ("AlbumBase", "ShowBase"):
        lost = {"available_markets", "publisher", "total_tracks"}  # the last one only in local files' albums
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field not in lost]
    nullable(schemas["PlayHistoryObject"]["properties"], "context")

    # The last page says that nothing follows by null; the description does so in words only.
    nullable(schemas["CursorPagingObject"]["properties"], "next")
    nullable(schemas["CursorObject"]["properties"], "after")
    lost = {"label", "popularity"}  # restricted apps (documented in the migration guide)
    schemas["AlbumObject"]["required"] = [one for one in schemas["AlbumObject"]["required"] if one not in lost]
    nullable(schemas["TrackObject"]["properties"], "id", "href", "uri")
    nullable(schemas["SimplifiedArtistObject"]["properties"], "id", "href", "uri")
    local_album = schemas["AlbumBase"]["properties"]
    nullable(local_album, "album_type", "id", "href", "uri", "release_date", "release_date_precision")
    return loaded


def nullable(properties: Any, *names: str) -> None:
    for name in names:
        properties[name] = {"nullable": True, "anyOf": [properties[name], {"nullable": True, "enum": [None]}]}


def wrong(value: Any, schema: str) -> list[str]:
    root = Resource.from_contents(description(), default_specification=DRAFT4)
    validator = OAS30Validator(
        {"$ref": f"urn:spotify#/components/schemas/{schema}"}, registry=Registry().with_resource("urn:spotify", root)
    )
    return [f"{'/'.join(map(str, error.path))}: {error.message}"[:300] for error in validator.iter_errors(value)]


@pytest.mark.parametrize("cohort", EVERY)
@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/me", "PrivateUserObject"),
        ("/me/playlists", "PagingPlaylistObject"),
        ("/playlists/{own}", "PlaylistObject"),
        ("/playlists/{own}?additional_types=track,episode", "PlaylistObject"),
        ("/playlists/{own}/items?additional_types=track,episode", "PagingPlaylistTrackObject"),
        ("/me/tracks?market=FR", "PagingSavedTrackObject"),
        ("/me/albums", "PagingSavedAlbumObject"),
        ("/tracks/{track}", "TrackObject"),
        ("/me/player/recently-played", "CursorPagingPlayHistoryObject"),
    ],
)
def test_answers_fit_the_published_description(path: str, schema: str, cohort: Cohort) -> None:
    stage = Stage(cohort)
    if "additional_types" not in path:
        # Disguised episodes fit no schema: that is what the clients that met them complain of.
        stage.account.remove_at(stage.id("Own"), 6)
    play(stage, 1)
    play(stage, 2, context=f"spotify:playlist:{stage.id('Own')}")
    assert wrong(stage.get(path.format(own=stage.id("Own"), track=IDS[0])), schema) == []


@pytest.mark.parametrize("cohort", EVERY)
@pytest.mark.parametrize("limit", [1, 50])
def test_followed_artists_fit_the_published_description(cohort: Cohort, limit: int) -> None:
    answer = Stage(cohort).get(f"/me/following?type=artist&limit={limit}")
    assert answer.keys() == {"artists"} and answer["artists"]["items"]
    assert wrong(answer["artists"], "CursorPagingSimplifiedArtistObject") == []


def test_errors_fit_the_published_description_and_wrong_types_would_not() -> None:
    stage = Stage()
    assert wrong(stage.get("/me", 401, token="wrong")["error"], "ErrorObject") == []
    page = stage.get("/me/tracks")
    page["items"][0]["track"]["duration_ms"] = "long"
    assert wrong(page, "PagingSavedTrackObject") != []
