from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from deezer_stage import ARL, CATALOGUE, ITS_COPY, UNREADABLE, Stage
from hypothesis import given
from hypothesis import strategies as st

from musicdiff_job.sandbox.catalogue import deezer_album_id, deezer_artist_id
from musicdiff_job.sandbox.deezer_account import DeezerAccount, DeezerSwitches
from musicdiff_job.sandbox.server import SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount

MINE, SECRET, THEIRS = 7_000_000_001, 7_000_000_002, 7_000_000_003
EXISTS = {"ERROR_DATA_EXISTS": "This song already exists in this playlist"}
WRONG = {"REQUEST_ERROR": "Wrong parameters"}
NOT_ALLOWED = {"PERMISSION_ERROR": "not allowed to access this playlist"}
NO_PLAYLIST = {"DATA_ERROR": "playlist::getData : no data"}
NO_SONG = {"DATA_ERROR": "song::getData : no data"}
UNKNOWN = {"GATEWAY_ERROR": "Undefined or invalid output"}
STALE = {"VALID_TOKEN_REQUIRED": "Invalid CSRF token"}
LOGGED_OUT = {"NEED_USER_AUTH_REQUIRED": "Require user auth"}


def stage(**switches: Any) -> Stage:
    """A signed-in account with the playlist Mine (100 to 104), a private one and somebody else's."""
    at = Stage(DeezerSwitches(**{"id_types": "int", **switches}))
    at.account.create_by_hand("Mine", range(100, 105), description="about")
    at.account.create_by_hand("Secret", [100], public=False)
    at.account.follow_by_hand("Theirs", [100, 101], creator_id=7)
    at.sign_in()
    return at


def pairs(*ids: int) -> list[list[int]]:
    return [[track, 0] for track in ids]


# Signing in


def test_the_first_call_gives_a_session_and_a_token_that_belong_together() -> None:
    at = Stage(DeezerSwitches(id_types="int"))
    found = at.sign_in()
    assert (found["USER"]["USER_ID"], found["USER"]["LOVEDTRACKS_ID"], found["COUNTRY"]) == (
        42,
        at.account.loved_id,
        "FR",
    )
    assert found["SESSION_ID"] == at.cookies["sid"]
    assert at.ok("deezer.ping")["SESSION"] == at.cookies["sid"]
    again = at.sign_in()
    assert (again["SESSION_ID"], again["checkForm"]) == (found["SESSION_ID"], found["checkForm"])
    assert at.gw("deezer.getUserData", http="GET", csrf="")["results"]["checkForm"] == at.csrf


def test_an_invalid_arl_is_no_error_but_signs_in_nobody() -> None:
    at = Stage()
    at.cookies = {"arl": "b" * 192}
    found = at.sign_in()
    assert found["USER"]["USER_ID"] == 0
    assert found["checkForm"]
    assert at.gw("song.getFavoriteIds", {"nb": 10})["error"] == LOGGED_OUT
    assert at.gw("playlist.create", {"title": "x"})["error"] == LOGGED_OUT
    assert at.ok("song.getData", {"SNG_ID": 100})["SNG_TITLE"] == "Song 00"
    assert at.account.writes() == ()


def test_another_arl_on_an_old_session_opens_a_new_one() -> None:
    at = Stage()
    at.cookies = {"arl": "b" * 192}
    at.sign_in()
    at.cookies["arl"] = ARL
    assert at.sign_in()["USER"]["USER_ID"] != 0


def test_a_revoked_arl_ends_the_session_it_opened() -> None:
    at = stage()
    at.account.credentials.revoke_arl(ARL)
    assert at.gw("song.getFavoriteIds", {})["error"] == LOGGED_OUT
    assert at.sign_in()["USER"]["USER_ID"] == 0


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({}, STALE),
        ({"stale_csrf": "GATEWAY_ERROR"}, {"GATEWAY_ERROR": "invalid api token"}),
    ],
)
def test_a_dead_session_asks_for_a_new_token(switches: dict[str, Any], error: dict[str, str]) -> None:
    at = stage(**switches)
    assert at.gw("playlist.getSongs", {"playlist_id": MINE})["error"] == []
    at.account.expire_sessions()
    failed = at.gw("playlist.getSongs", {"playlist_id": MINE})
    assert failed == {"error": error, "results": {}}
    at.sign_in()
    assert at.gw("playlist.getSongs", {"playlist_id": MINE})["error"] == []
    at.time.now += 10_801
    assert at.gw("playlist.getSongs", {"playlist_id": MINE})["error"] == error


def test_a_token_works_with_its_own_sid_only() -> None:
    at = stage()
    body = {"playlist_id": MINE}
    assert at.gw("playlist.getSongs", body, cookies={"arl": ARL})["error"] == STALE
    assert at.gw("playlist.getSongs", body, csrf="null")["error"] == STALE
    loose = stage(csrf_bound_to_sid=False)
    assert loose.gw("playlist.getSongs", body, cookies={"arl": ARL})["error"] == []
    assert loose.gw("playlist.getSongs", body, cookies={"arl": ARL}, csrf="made up")["error"] == STALE


# Errors


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("playlist.getEverything", {}, UNKNOWN),
        ("", {}, UNKNOWN),
        ("song.addFavorites", {"IDS": [100]}, UNKNOWN),
        ("song.removeFavorites", {"IDS": [100]}, UNKNOWN),
        ("favorite_album.add", {"ALB_ID": 1}, UNKNOWN),
        ("deezer.pageProfile", {"USER_ID": 42, "tab": "history", "nb": 1}, WRONG),
        ("deezer.pageProfile", {"USER_ID": 42}, WRONG),
        ("deezer.pageProfile", {"USER_ID": 7, "tab": "playlists"}, {"DATA_ERROR": "deezer::pageProfile : no data"}),
        ("deezer.pagePlaylist", {"PLAYLIST_ID": 5}, NO_PLAYLIST),
        ("playlist.getSongs", {"PLAYLIST_ID": "five"}, WRONG),
        ("playlist.getSongs", {}, WRONG),
        ("song.getData", {"SNG_ID": 5}, NO_SONG),
        ("song.getListData", {"SNG_IDS": "100"}, WRONG),
        ("playlist.create", {}, WRONG),
        ("playlist.create", {"title": ""}, WRONG),
        ("playlist.create", {"title": "x", "status": 3}, WRONG),
        ("playlist.create", {"title": "x", "songs": pairs(100, 100)}, EXISTS),
        ("playlist.create", {"title": "x", "songs": pairs(5)}, NO_SONG),
        ("playlist.update", {"PLAYLIST_ID": MINE, "description": "only"}, WRONG),
        ("playlist.update", {"PLAYLIST_ID": THEIRS, "title": "x"}, NOT_ALLOWED),
        ("playlist.delete", {"PLAYLIST_ID": THEIRS}, NOT_ALLOWED),
        ("playlist.delete", {"PLAYLIST_ID": 6_999_999_999}, NOT_ALLOWED),
        ("playlist.delete", {"PLAYLIST_ID": 5}, NO_PLAYLIST),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(110, 100)}, EXISTS),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(110, 110)}, EXISTS),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(110, 5)}, NO_SONG),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(-110)}, WRONG),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": [110]}, WRONG),
        ("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": []}, WRONG),
        ("playlist.addSongs", {"PLAYLIST_ID": THEIRS, "songs": pairs(110)}, NOT_ALLOWED),
        ("playlist.deleteSongs", {"PLAYLIST_ID": MINE}, WRONG),
        ("playlist.updateOrder", {"PLAYLIST_ID": MINE, "order": [100, 101]}, WRONG),
        ("playlist.updateOrder", {"PLAYLIST_ID": MINE, "order": [104, 103, 102, 101, 100, 110]}, WRONG),
        ("playlist.addFavorite", {"PARENT_PLAYLIST_ID": THEIRS}, NOT_ALLOWED),
        ("playlist.deleteFavorite", {"PLAYLIST_ID": MINE}, NO_PLAYLIST),
        ("favorite_song.add", {"SNG_ID": 5}, NO_SONG),
        ("favorite_song.add", {"SNG_ID": True}, WRONG),
    ],
)
def test_a_failure_is_an_error_object_and_changes_nothing(
    method: str, body: dict[str, Any], error: dict[str, str]
) -> None:
    at = stage()
    before = at.account.state()
    assert at.gw(method, body) == {"error": error, "results": {}}
    assert at.account.state() == before
    assert at.account.write_counts() == {}


def test_somebody_elses_private_playlist_names_the_caller() -> None:
    at = stage()
    hidden = at.account.follow_by_hand("Hidden", [100], creator_id=7, public=False)
    error = {"PERMISSION_ERROR": f"42 is not allowed to access {hidden}"}
    assert at.gw("deezer.pagePlaylist", {"playlist_id": hidden})["error"] == error


@pytest.mark.parametrize("body", [b"songs=100", b"[1]", b'"text"', b"{"])
def test_a_body_must_be_a_json_object(body: bytes) -> None:
    at = stage()
    assert at.gw("playlist.addSongs", raw=body)["error"] == WRONG


def test_forms_work_for_creating_and_deleting_alone() -> None:
    at = stage()
    form = {"title": "Form", "description": "", "status": "1"}
    created = at.gw("playlist.create", raw=b"title=Form", form=form)["results"]
    assert at.account.playlist(created).public is False
    assert at.gw("playlist.addSongs", raw=b"songs=1", form={"songs": "1"})["error"] == WRONG
    assert at.gw("playlist.delete", raw=b"x", form={"playlist_id": str(created)})["results"] is True


def test_only_the_sign_in_may_be_a_get() -> None:
    assert stage().gw("playlist.getSongs", {"playlist_id": MINE}, http="GET")["error"] == WRONG


# Reading


def test_a_profile_lists_own_loved_and_followed_playlists() -> None:
    at = stage()
    at.account.like_by_hand(100)
    tab = at.ok("deezer.pageProfile", {"USER_ID": 42, "tab": "playlists", "nb": 2000})["TAB"]["playlists"]
    assert tab["total"] == 4
    rows = tab["data"]
    assert [row["TITLE"] for row in rows] == ["Secret", "Mine", "Loved Tracks", "Theirs"]
    assert [row["TYPE"] for row in rows] == ["0", "0", "4", "0"]
    assert [row["STATUS"] for row in rows] == [1, 0, 0, 0]
    assert [row["PARENT_USER_ID"] for row in rows] == [42, 42, 42, 7]
    assert [row["NB_SONG"] for row in rows] == [1, 5, 1, 2]
    assert all("CHECKSUM" in row and "DESCRIPTION" not in row for row in rows)
    short = at.ok("deezer.pageProfile", {"user_id": "42", "tab": "playlists", "nb": 1})["TAB"]["playlists"]
    assert (len(short["data"]), short["total"]) == (1, 4)
    loved = at.ok("deezer.pageProfile", {"user_id": "42", "tab": "loved", "nb": 10})["TAB"]["loved"]
    assert [row["SNG_ID"] for row in loved["data"]] == [100]
    bare = stage(profile_checksum=False)
    tab = bare.ok("deezer.pageProfile", {"USER_ID": 42, "tab": "playlists", "nb": 2000})["TAB"]["playlists"]
    assert not any("CHECKSUM" in row for row in tab["data"])


def test_a_private_playlist_is_visible_here_and_not_on_rest() -> None:
    at = stage()
    page = at.ok("deezer.pagePlaylist", {"playlist_id": SECRET, "header": True, "start": 0, "nb": 1})
    assert (page["DATA"]["TITLE"], page["DATA"]["STATUS"], page["SONGS"]["total"]) == ("Secret", 1, 1)
    assert at.get(f"/playlist/{SECRET}", token=None)["error"]["code"] == 200


def test_a_playlists_page_carries_its_whole_header() -> None:
    at = stage()
    page = at.ok("deezer.pagePlaylist", {"playlist_id": MINE, "nb": 2, "start": 1})
    assert (page["DATA"]["DESCRIPTION"], page["DATA"]["NB_SONG"]) == ("about", 5)
    assert [row["SNG_ID"] for row in page["SONGS"]["data"]] == [101, 102]
    assert page["DATA"]["CHECKSUM"] == page["SONGS"]["checksum"]
    assert page["DATA"]["CHECKSUM"] == at.get(f"/playlist/{MINE}")["checksum"]
    assert page["DATA"]["DATE_MOD"] == "2023-11-14 22:13:20"


def test_songs_carry_what_a_matcher_needs() -> None:
    at = stage()
    row = at.ok("song.getData", {"sng_id": "300"})
    assert (row["ISRC"], row["DURATION"], row["EXPLICIT_LYRICS"]) == ("ZZAAA0000300", "480", "1")
    assert [artist["ART_NAME"] for artist in row["ARTISTS"]] == ["Laroi", "Bieber"]
    gone = at.ok("song.getData", {"sng_id": UNREADABLE})
    assert (gone["SNG_TITLE"], gone["VERSION"], gone["FILESIZE"]) == ("Far", "(Live)", "0")
    assert gone["FALLBACK"]["SNG_ID"] == ITS_COPY
    assert row["FILESIZE"] != "0"
    assert "FALLBACK" not in row


@given(st.integers(1, 9), st.one_of(st.none(), st.integers(1, 7)), st.sets(st.integers(0, 29), max_size=9))
def test_positions_advance_by_rows_and_filtered_count(nb: int, cap: int | None, hidden: set[int]) -> None:
    at = stage(gateway_songs_cap=cap)
    every = at.account.create_by_hand("All", range(100, 130))
    at.account.hide_by_hand(every, *(100 + n for n in hidden))
    start, seen = 0, []
    while start < 30:
        page = at.ok("playlist.getSongs", {"PLAYLIST_ID": every, "nb": nb, "start": start})
        assert page["count"] == len(page["data"])
        assert page["total"] == 30
        seen += [row["SNG_ID"] for row in page["data"]]
        advanced = len(page["data"]) + page["filtered_count"]
        assert page.get("next") == (start + advanced if start + advanced < 30 else None)
        start += advanced
    assert seen == [100 + n for n in range(30) if n not in hidden]


def test_all_means_all_up_to_the_cap() -> None:
    body = {"PLAYLIST_ID": MINE, "nb": -1}
    assert len(stage().ok("playlist.getSongs", body)["data"]) == 5
    capped = stage(gateway_songs_cap=3).ok("playlist.getSongs", body)
    assert (len(capped["data"]), capped["next"]) == (3, 3)


def test_favourites_come_oldest_first_and_short_without_nb() -> None:
    at = stage()
    at.account.like_by_hand(*range(129, 99, -1))
    ids = list(range(129, 99, -1))
    assert [row["SNG_ID"] for row in at.ok("song.getFavoriteIds", {"nb": 100, "start": 0})["data"]] == ids
    short = at.ok("song.getFavoriteIds", {})
    assert ([row["SNG_ID"] for row in short["data"]], short["total"]) == (ids[:25], 30)
    listed = at.ok("favorite_song.getList", {"user_id": 42, "start": 5, "nb": 3, "tab": "loved"})
    assert [row["SNG_ID"] for row in listed["data"]] == ids[5:8]
    assert listed["data"][0]["ISRC"] == "ZZAAA0000124"


def test_list_data_drops_ids_that_do_not_exist() -> None:
    found = stage().ok("song.getListData", {"SNG_IDS": [101, 5, "100"]})
    assert ([row["SNG_ID"] for row in found["data"]], found["count"]) == ([101, 100], 2)


def test_types_of_ids_are_a_switch() -> None:
    def types(id_types: str) -> set[type]:
        at = stage(id_types=id_types)
        page = at.ok("playlist.getSongs", {"playlist_id": MINE, "nb": -1})
        return {type(row["SNG_ID"]) for row in page["data"]} | {type(row["ALB_ID"]) for row in page["data"]}

    assert types("int") == {int}
    assert types("string") == {str}
    assert types("mixed") == {int, str}


# Writing


def test_the_life_of_a_playlist() -> None:
    at = stage()
    created = at.ok(
        "playlist.create", {"title": "New", "description": "d", "status": 1, "songs": [[100, 0], ["101", 0]]}
    )
    assert created == 7_000_000_004
    assert at.account.playlist(created).public is False
    body = {"PLAYLIST_ID": str(created)}
    assert at.ok("playlist.addSongs", {**body, "songs": [["102", 0], [103]], "offset": -1}) is True
    assert at.ok("playlist.addSongs", {**body, "songs": [[104, 0]], "offset": 0}) is True
    assert at.ok("playlist.deleteSongs", {**body, "songs": [[101, 1], [129, 0]]}) is True
    assert at.ok("playlist.updateOrder", {**body, "position": 0, "order": ["104", "103", "102", "100"]}) is True
    assert at.account.state().playlists["New"] == (104, 103, 102, 100)
    assert at.ok("playlist.delete", body) is True
    assert "New" not in at.account.state().playlists
    assert at.account.write_counts() == {"create": 1, "add": 2, "remove": 1, "reorder": 1, "delete": 1}


def test_an_update_replaces_the_whole_header() -> None:
    at = stage()
    assert at.ok("playlist.update", {"PLAYLIST_ID": MINE, "title": "Renamed", "status": 1}) is True
    changed = at.account.playlist(MINE)
    assert (changed.title, changed.description, changed.public) == ("Renamed", "", False)
    assert at.ok("playlist.update", {"PLAYLIST_ID": MINE, "title": "Renamed", "description": "d"}) is True
    changed = at.account.playlist(MINE)
    assert (changed.description, changed.public) == ("d", True)
    assert list(changed.entries) == [100, 101, 102, 103, 104]


@pytest.mark.parametrize(
    ("public_status", "status", "public", "collaborative"),
    [(0, 0, True, False), (0, 1, False, False), (0, 2, True, True), (1, 0, False, False), (1, 1, True, False)],
)
def test_the_polarity_of_status_is_a_switch(public_status: int, status: int, public: bool, collaborative: bool) -> None:
    at = stage(public_status=public_status)
    created = at.ok("playlist.create", {"title": "x", "status": status, "songs": False})
    made = at.account.playlist(created)
    assert (made.public, made.collaborative) == (public, collaborative)
    assert at.ok("deezer.pagePlaylist", {"playlist_id": created})["DATA"]["STATUS"] == status


@pytest.mark.parametrize(
    ("rule", "error", "left"),
    [
        ("refuse", EXISTS, (100, 101, 102, 103, 104)),
        ("partial_error", EXISTS, (100, 101, 102, 103, 104, 110, 111)),
        ("partial_true", [], (100, 101, 102, 103, 104, 110, 111)),
    ],
)
def test_a_duplicate_in_a_batch(rule: str, error: Any, left: tuple[int, ...]) -> None:
    at = stage(duplicate_add=rule)
    answer = at.gw("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(110, 100, 111)})
    assert answer["error"] == error
    assert at.account.state().playlists["Mine"] == left


def test_limits() -> None:
    at = stage(gateway_add_cap=3, playlist_limit=8, favourites_limit=1)
    add = {"PLAYLIST_ID": MINE}
    full = {"ITEMS_LIMIT_EXCEEDED": "Items limit exceeded"}
    assert at.gw("playlist.addSongs", {**add, "songs": pairs(110, 111, 112, 113)})["error"] == WRONG
    assert at.ok("playlist.addSongs", {**add, "songs": pairs(110, 111, 112)}) is True
    assert at.gw("playlist.addSongs", {**add, "songs": pairs(113)})["error"] == full
    assert at.ok("favorite_song.add", {"SNG_ID": 100}) is True
    assert at.gw("favorite_song.add", {"SNG_ID": 101})["error"] == full


def test_favourites_one_by_one() -> None:
    at = stage()
    for track in (102, 100, 101):
        assert at.ok("favorite_song.add", {"SNG_ID": track}) is True
    assert at.ok("favorite_song.remove", {"sng_id": "100"}) is True
    assert at.account.state().favourites == (102, 101)


@pytest.mark.parametrize(
    ("rule", "error", "results"), [("true", [], True), ("false", [], False), ("error", EXISTS, {})]
)
def test_liking_again(rule: str, error: Any, results: Any) -> None:
    at = stage(readd_favourite=rule)
    at.account.like_by_hand(100)
    assert at.gw("favorite_song.add", {"SNG_ID": 100}) == {"error": error, "results": results}


@pytest.mark.parametrize(
    ("methods", "singular", "plural"), [("singular", [], UNKNOWN), ("plural", UNKNOWN, []), ("both", [], [])]
)
def test_which_favourite_methods_exist_is_a_switch(methods: str, singular: Any, plural: Any) -> None:
    at = stage(favourite_methods=methods)
    assert at.gw("favorite_song.add", {"SNG_ID": 100})["error"] == singular
    assert at.gw("song.addFavorites", {"IDS": ["102", 101]})["error"] == plural
    assert at.gw("song.removeFavorites", {"IDS": [102]})["error"] == plural
    assert at.gw("favorite_song.remove", {"SNG_ID": 100})["error"] == singular
    assert at.account.state().favourites == (() if plural else (101,))


def test_following_and_shelves() -> None:
    at = stage()
    album, artist = deezer_album_id("The Numbers", "Counting"), deezer_artist_id("The Numbers")
    assert at.ok("playlist.deleteFavorite", {"PLAYLIST_ID": THEIRS}) is True
    assert at.ok("playlist.addFavorite", {"PARENT_PLAYLIST_ID": THEIRS}) is True
    for kind, key, one in (("album", "ALB_ID", album), ("artist", "ART_ID", artist)):
        body = {"user_id": 42, "tab": f"{kind}s", "nb": 10}
        assert at.ok(f"{kind}.addFavorite", {key: one}) is True
        assert [row[key] for row in at.ok("deezer.pageProfile", body)["TAB"][f"{kind}s"]["data"]] == [one]
        assert at.ok(f"{kind}.deleteFavorite", {key: one}) is True
        assert at.ok("deezer.pageProfile", body)["TAB"][f"{kind}s"]["total"] == 0


def test_writes_that_come_too_fast_are_throttled_and_reads_are_not() -> None:
    at = stage(write_interval=1.0)
    assert at.ok("favorite_song.add", {"SNG_ID": 100}) is True
    at.time.now += 0.9
    removing = at.gw("favorite_song.remove", {"SNG_ID": 100})
    assert removing == {"error": {"QUOTA_ERROR": "Quota exceeded on playlist delete songs"}, "results": {}}
    assert at.gw("favorite_song.add", {"SNG_ID": 101})["error"] == {
        "QUOTA_ERROR": "Quota exceeded on playlist add songs"
    }
    assert at.ok("song.getFavoriteIds", {"nb": 9})["total"] == 1
    at.time.now += 0.2
    assert at.ok("favorite_song.remove", {"SNG_ID": 100}) is True
    assert len(at.account.writes()) == 2


def test_reads_can_lag_behind_writes() -> None:
    at = stage(read_lag=1)
    assert at.ok("playlist.addSongs", {"PLAYLIST_ID": MINE, "songs": pairs(110)}) is True
    assert at.ok("playlist.getSongs", {"PLAYLIST_ID": MINE, "nb": 0})["total"] == 5
    assert at.ok("playlist.getSongs", {"PLAYLIST_ID": MINE, "nb": 0})["total"] == 6


def test_both_services_show_one_account() -> None:
    at = stage()
    at.call("POST", f"/playlist/{MINE}/tracks", songs="110")
    assert at.ok("playlist.getSongs", {"PLAYLIST_ID": MINE, "nb": 0})["total"] == 6
    at.ok("favorite_song.add", {"SNG_ID": 111})
    assert [row["id"] for row in at.get("/user/me/tracks")["data"]] == [111]
    loved = at.ok("playlist.getSongs", {"PLAYLIST_ID": at.account.loved_id, "nb": -1})
    assert [row["SNG_ID"] for row in loved["data"]] == [111]


# Over real HTTP


@pytest.fixture
def served() -> Iterator[Sandbox]:
    with Sandbox(SpotifyAccount(CATALOGUE), DeezerAccount(42), switches=DeezerSwitches()) as sandbox:
        yield sandbox


def test_a_cookie_jar_is_all_a_client_needs(served: Sandbox) -> None:
    url = f"{served.url}/deezer/gw-light.php"

    def post(client: httpx.Client, method: str, token: str, body: dict[str, Any]) -> Any:
        query = {"method": method, "input": "3", "api_version": "1.0", "api_token": token}
        return client.post(url, params=query, json=body).json()

    with httpx.Client(cookies={"arl": SANDBOX_ARL}) as client:
        token = post(client, "deezer.getUserData", "null", {})["results"]["checkForm"]
        created = post(client, "playlist.create", token, {"title": "Mix", "songs": pairs(100)})["results"]
        assert (
            post(client, "playlist.addSongs", token, {"PLAYLIST_ID": created, "songs": pairs(101)})["results"] is True
        )
        served.deezer.expire_sessions()
        assert post(client, "playlist.addSongs", token, {"PLAYLIST_ID": created, "songs": pairs(102)}) == {
            "error": STALE,
            "results": {},
        }
    assert served.deezer.state().playlists == {"Mix": (100, 101)}
    assert json.dumps(served.deezer.write_counts()) == '{"create": 1, "add": 1}'
